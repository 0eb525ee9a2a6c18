/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what calls about processes, memory, time and privileges take. */
#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "values-tables.h"

static const struct tl_constant clone_flags[] = {
	C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), C(CLONE_SIGHAND), C(CLONE_PIDFD), C(CLONE_PTRACE), C(CLONE_VFORK),
	C(CLONE_PARENT), C(CLONE_THREAD), C(CLONE_NEWNS), C(CLONE_SYSVSEM), C(CLONE_SETTLS), C(CLONE_PARENT_SETTID),
	C(CLONE_CHILD_CLEARTID), C(CLONE_DETACHED), C(CLONE_UNTRACED), C(CLONE_CHILD_SETTID), C(CLONE_NEWCGROUP),
	C(CLONE_NEWUTS), C(CLONE_NEWIPC), C(CLONE_NEWUSER), C(CLONE_NEWPID), C(CLONE_NEWNET), C(CLONE_IO),
};
static const struct tl_constant clone3_flags[] = {
	C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), C(CLONE_SIGHAND), C(CLONE_PIDFD), C(CLONE_PTRACE), C(CLONE_VFORK),
	C(CLONE_PARENT), C(CLONE_THREAD), C(CLONE_NEWNS), C(CLONE_SYSVSEM), C(CLONE_SETTLS), C(CLONE_PARENT_SETTID),
	C(CLONE_CHILD_CLEARTID), C(CLONE_UNTRACED), C(CLONE_CHILD_SETTID), C(CLONE_NEWCGROUP), C(CLONE_NEWUTS),
	C(CLONE_NEWIPC), C(CLONE_NEWUSER), C(CLONE_NEWPID), C(CLONE_NEWNET), C(CLONE_IO), { "CLONE_NEWTIME", 0x80 },
	{ "CLONE_CLEAR_SIGHAND", 1ULL << 32 }, { "CLONE_INTO_CGROUP", 1ULL << 33 }, { "CLONE_AUTOREAP", 1ULL << 34 },
	{ "CLONE_NNP", 1ULL << 35 }, { "CLONE_PIDFD_AUTOKILL", 1ULL << 36 }, { "CLONE_EMPTY_MNTNS", 1ULL << 37 },
};
/* What setns and unshare take. */
static const struct tl_constant namespaces[] = {
	C(CLONE_VM), C(CLONE_FS), C(CLONE_FILES), C(CLONE_SIGHAND), C(CLONE_THREAD), C(CLONE_SYSVSEM),
	C(CLONE_NEWNS), C(CLONE_NEWCGROUP), C(CLONE_NEWUTS), C(CLONE_NEWIPC), C(CLONE_NEWUSER), C(CLONE_NEWPID),
	C(CLONE_NEWNET), { "CLONE_NEWTIME", 0x80 }, { "UNSHARE_EMPTY_MNTNS", 0x100000 },
};

static const struct tl_constant ptrace_requests[] = {
	C(PTRACE_TRACEME), C(PTRACE_PEEKTEXT), C(PTRACE_PEEKDATA), { "PTRACE_PEEKUSER", 3 }, C(PTRACE_POKETEXT),
	C(PTRACE_POKEDATA), { "PTRACE_POKEUSER", 6 }, C(PTRACE_CONT), C(PTRACE_KILL), C(PTRACE_SINGLESTEP),
	C(PTRACE_GETREGS), C(PTRACE_SETREGS), C(PTRACE_GETFPREGS), C(PTRACE_SETFPREGS), C(PTRACE_ATTACH),
	C(PTRACE_DETACH), { "PTRACE_GETFPXREGS", 18 }, { "PTRACE_SETFPXREGS", 19 }, { "PTRACE_OLDSETOPTIONS", 21 },
	C(PTRACE_SYSCALL), { "PTRACE_GET_THREAD_AREA", 25 }, { "PTRACE_SET_THREAD_AREA", 26 },
	{ "PTRACE_ARCH_PRCTL", 30 }, { "PTRACE_SYSEMU", 31 }, { "PTRACE_SYSEMU_SINGLESTEP", 32 },
	{ "PTRACE_SINGLEBLOCK", 33 }, C(PTRACE_SETOPTIONS), C(PTRACE_GETEVENTMSG), C(PTRACE_GETSIGINFO),
	C(PTRACE_SETSIGINFO), C(PTRACE_GETREGSET), C(PTRACE_SETREGSET), C(PTRACE_SEIZE), C(PTRACE_INTERRUPT),
	C(PTRACE_LISTEN), C(PTRACE_PEEKSIGINFO), C(PTRACE_GETSIGMASK), C(PTRACE_SETSIGMASK),
	C(PTRACE_SECCOMP_GET_FILTER), { "PTRACE_SECCOMP_GET_METADATA", 0x420d }, { "PTRACE_GET_SYSCALL_INFO", 0x420e },
	{ "PTRACE_GET_RSEQ_CONFIGURATION", 0x420f }, { "PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG", 0x4210 },
	{ "PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG", 0x4211 }, { "PTRACE_SET_SYSCALL_INFO", 0x4212 },
};

static const struct tl_constant wait_options[] = {
	C(WNOHANG), C(WUNTRACED), C(WEXITED), C(WCONTINUED), C(WNOWAIT), { "__WNOTHREAD", 0x20000000 },
	{ "__WALL", 0x40000000 }, { "__WCLONE", 0x80000000 }, C(WSTOPPED),
};
static const struct tl_constant waitid_types[] = { { "P_ALL", 0 }, { "P_PID", 1 }, { "P_PGID", 2 }, { "P_PIDFD", 3 } };

static const struct tl_constant prots[] = {
	C(PROT_NONE), C(PROT_READ), C(PROT_WRITE), C(PROT_EXEC), { "PROT_SEM", 8 }, C(PROT_GROWSDOWN), C(PROT_GROWSUP),
};
static const struct tl_constant map_types[] = {
	C(MAP_SHARED), C(MAP_PRIVATE), { "MAP_SHARED_VALIDATE", 3 }, { "MAP_DROPPABLE", 8 },
};
static const struct tl_constant mmap_flags[] = {
	C(MAP_FIXED), C(MAP_ANONYMOUS), { "MAP_32BIT", 0x40 }, C(MAP_NORESERVE), C(MAP_POPULATE), C(MAP_NONBLOCK),
	C(MAP_GROWSDOWN), C(MAP_DENYWRITE), C(MAP_EXECUTABLE), C(MAP_LOCKED), C(MAP_STACK), C(MAP_HUGETLB),
	C(MAP_SYNC), C(MAP_FIXED_NOREPLACE), { "MAP_ANON", 0x20 }, /* above: the size of huge pages */
};
static const struct tl_constant mremap_flags[] = {
	C(MREMAP_MAYMOVE), C(MREMAP_FIXED), { "MREMAP_DONTUNMAP", 4 },
};
static const struct tl_constant madvise_advices[] = {
	C(MADV_NORMAL), C(MADV_RANDOM), C(MADV_SEQUENTIAL), C(MADV_WILLNEED), C(MADV_DONTNEED), C(MADV_FREE),
	C(MADV_REMOVE), C(MADV_DONTFORK), C(MADV_DOFORK), C(MADV_MERGEABLE), C(MADV_UNMERGEABLE), C(MADV_HUGEPAGE),
	C(MADV_NOHUGEPAGE), C(MADV_DONTDUMP), C(MADV_DODUMP), C(MADV_WIPEONFORK), C(MADV_KEEPONFORK),
	{ "MADV_COLD", 20 }, { "MADV_PAGEOUT", 21 }, { "MADV_POPULATE_READ", 22 }, { "MADV_POPULATE_WRITE", 23 },
	{ "MADV_DONTNEED_LOCKED", 24 }, { "MADV_COLLAPSE", 25 }, { "MADV_HWPOISON", 100 }, { "MADV_SOFT_OFFLINE", 101 },
	{ "MADV_GUARD_INSTALL", 102 }, { "MADV_GUARD_REMOVE", 103 },
};
static const struct tl_constant msync_flags[] = { C(MS_ASYNC), C(MS_INVALIDATE), C(MS_SYNC) };
static const struct tl_constant mlock_flags[] = { { "MLOCK_ONFAULT", 1 } };
static const struct tl_constant mlockall_flags[] = { C(MCL_CURRENT), C(MCL_FUTURE), { "MCL_ONFAULT", 4 } };
static const struct tl_constant pkey_rights[] = { { "PKEY_DISABLE_ACCESS", 1 }, { "PKEY_DISABLE_WRITE", 2 } };
static const struct tl_constant shadow_stack_flags[] = { { "SHADOW_STACK_SET_TOKEN", 1 } };
static const struct tl_constant mempolicy_modes[] = {
	{ "MPOL_DEFAULT", 0 }, { "MPOL_PREFERRED", 1 }, { "MPOL_BIND", 2 }, { "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 }, { "MPOL_PREFERRED_MANY", 5 }, { "MPOL_WEIGHTED_INTERLEAVE", 6 },
};
static const struct tl_constant mempolicy_mode_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 }, { "MPOL_F_RELATIVE_NODES", 1 << 14 }, { "MPOL_F_STATIC_NODES", 1 << 15 },
};
static const struct tl_constant mempolicy_flags[] = {
	{ "MPOL_F_NODE", 1 }, { "MPOL_F_ADDR", 2 }, { "MPOL_F_MEMS_ALLOWED", 4 },
};
static const struct tl_constant mbind_flags[] = { { "MPOL_MF_STRICT", 1 }, { "MPOL_MF_MOVE", 2 }, { "MPOL_MF_MOVE_ALL", 4 } };

static const struct tl_constant futex_ops[] = {
	C(FUTEX_WAIT), C(FUTEX_WAKE), C(FUTEX_FD), C(FUTEX_REQUEUE), C(FUTEX_CMP_REQUEUE), C(FUTEX_WAKE_OP),
	C(FUTEX_LOCK_PI), C(FUTEX_UNLOCK_PI), C(FUTEX_TRYLOCK_PI), C(FUTEX_WAIT_BITSET), C(FUTEX_WAKE_BITSET),
	C(FUTEX_WAIT_REQUEUE_PI), C(FUTEX_CMP_REQUEUE_PI), { "FUTEX_LOCK_PI2", 13 }, C(FUTEX_WAIT_PRIVATE),
	C(FUTEX_WAKE_PRIVATE), C(FUTEX_REQUEUE_PRIVATE), C(FUTEX_CMP_REQUEUE_PRIVATE), C(FUTEX_WAKE_OP_PRIVATE),
	C(FUTEX_LOCK_PI_PRIVATE), C(FUTEX_UNLOCK_PI_PRIVATE), C(FUTEX_TRYLOCK_PI_PRIVATE),
	C(FUTEX_WAIT_BITSET_PRIVATE), C(FUTEX_WAKE_BITSET_PRIVATE), C(FUTEX_WAIT_REQUEUE_PI_PRIVATE),
	C(FUTEX_CMP_REQUEUE_PI_PRIVATE), { "FUTEX_LOCK_PI2_PRIVATE", 141 },
};
static const struct tl_constant futex_flags[] = { C(FUTEX_PRIVATE_FLAG), C(FUTEX_CLOCK_REALTIME) };
static const struct tl_constant futex_bits[] = { { "FUTEX_BITSET_MATCH_ANY", UINT32_MAX } };
static const struct tl_constant dumpable[] = {
	{ "SUID_DUMP_DISABLE", 0 }, { "SUID_DUMP_USER", 1 }, { "SUID_DUMP_ROOT", 2 },
};
static const struct tl_constant futex2_sizes[] = {
	{ "FUTEX2_SIZE_U8", 0 }, { "FUTEX2_SIZE_U16", 1 }, { "FUTEX2_SIZE_U32", 2 }, { "FUTEX2_SIZE_U64", 3 },
};
static const struct tl_constant futex2_flags[] = {
	{ "FUTEX2_NUMA", 4 }, { "FUTEX2_MPOL", 8 }, { "FUTEX2_PRIVATE", 128 },
};

static const struct tl_constant clock_ids[] = {
	C(CLOCK_REALTIME), C(CLOCK_MONOTONIC), C(CLOCK_PROCESS_CPUTIME_ID), C(CLOCK_THREAD_CPUTIME_ID),
	C(CLOCK_MONOTONIC_RAW), C(CLOCK_REALTIME_COARSE), C(CLOCK_MONOTONIC_COARSE), C(CLOCK_BOOTTIME),
	C(CLOCK_REALTIME_ALARM), C(CLOCK_BOOTTIME_ALARM), { "CLOCK_SGI_CYCLE", 10 }, C(CLOCK_TAI),
};
static const struct tl_constant timer_flags[] = { C(TIMER_ABSTIME) };
static const struct tl_constant itimers[] = { { "ITIMER_REAL", 0 }, { "ITIMER_VIRTUAL", 1 }, { "ITIMER_PROF", 2 } };

static const struct tl_constant rlimits[] = {
	{ "RLIMIT_CPU", 0 }, { "RLIMIT_FSIZE", 1 }, { "RLIMIT_DATA", 2 }, { "RLIMIT_STACK", 3 }, { "RLIMIT_CORE", 4 },
	{ "RLIMIT_RSS", 5 }, { "RLIMIT_NPROC", 6 }, { "RLIMIT_NOFILE", 7 }, { "RLIMIT_MEMLOCK", 8 }, { "RLIMIT_AS", 9 },
	{ "RLIMIT_LOCKS", 10 }, { "RLIMIT_SIGPENDING", 11 }, { "RLIMIT_MSGQUEUE", 12 }, { "RLIMIT_NICE", 13 },
	{ "RLIMIT_RTPRIO", 14 }, { "RLIMIT_RTTIME", 15 },
};
static const struct tl_constant rusage_whos[] = {
	{ "RUSAGE_SELF", 0 }, { "RUSAGE_CHILDREN", (uint64_t)-1 }, { "RUSAGE_BOTH", (uint64_t)-2 }, { "RUSAGE_THREAD", 1 },
};
static const struct tl_constant priority_whichs[] = { { "PRIO_PROCESS", 0 }, { "PRIO_PGRP", 1 }, { "PRIO_USER", 2 } };
static const struct tl_constant ioprio_whos[] = {
	{ "IOPRIO_WHO_PROCESS", 1 }, { "IOPRIO_WHO_PGRP", 2 }, { "IOPRIO_WHO_USER", 3 },
};
static const struct tl_constant sched_policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 }, { "SCHED_BATCH", 3 }, { "SCHED_ISO", 4 },
	{ "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 }, { "SCHED_EXT", 7 }, { "SCHED_NORMAL", 0 },
};
static const struct tl_constant sched_flags[] = { { "SCHED_RESET_ON_FORK", 0x40000000 } };

static const struct tl_constant sigmask_hows[] = { { "SIG_BLOCK", 0 }, { "SIG_UNBLOCK", 1 }, { "SIG_SETMASK", 2 } };
static const struct tl_constant pidfd_flags[] = {
	{ "PIDFD_NONBLOCK", 04000 }, { "PIDFD_THREAD", 0200 },
};
static const struct tl_constant pidfd_signal_flags[] = {
	{ "PIDFD_SIGNAL_THREAD", 1 }, { "PIDFD_SIGNAL_THREAD_GROUP", 2 }, { "PIDFD_SIGNAL_PROCESS_GROUP", 4 },
};

static const struct tl_constant prctl_options[] = {
	C(PR_SET_PDEATHSIG), C(PR_GET_PDEATHSIG), C(PR_GET_DUMPABLE), C(PR_SET_DUMPABLE), C(PR_GET_UNALIGN),
	C(PR_SET_UNALIGN), C(PR_GET_KEEPCAPS), C(PR_SET_KEEPCAPS), C(PR_GET_FPEMU), C(PR_SET_FPEMU), C(PR_GET_FPEXC),
	C(PR_SET_FPEXC), C(PR_GET_TIMING), C(PR_SET_TIMING), C(PR_SET_NAME), C(PR_GET_NAME), C(PR_GET_ENDIAN),
	C(PR_SET_ENDIAN), C(PR_GET_SECCOMP), C(PR_SET_SECCOMP), C(PR_CAPBSET_READ), C(PR_CAPBSET_DROP), C(PR_GET_TSC),
	C(PR_SET_TSC), C(PR_GET_SECUREBITS), C(PR_SET_SECUREBITS), C(PR_SET_TIMERSLACK), C(PR_GET_TIMERSLACK),
	C(PR_TASK_PERF_EVENTS_DISABLE), C(PR_TASK_PERF_EVENTS_ENABLE), C(PR_MCE_KILL), C(PR_MCE_KILL_GET), C(PR_SET_MM),
	C(PR_SET_CHILD_SUBREAPER), C(PR_GET_CHILD_SUBREAPER), C(PR_SET_NO_NEW_PRIVS), C(PR_GET_NO_NEW_PRIVS),
	C(PR_GET_TID_ADDRESS), C(PR_SET_THP_DISABLE), C(PR_GET_THP_DISABLE), C(PR_MPX_ENABLE_MANAGEMENT),
	C(PR_MPX_DISABLE_MANAGEMENT), C(PR_SET_FP_MODE), C(PR_GET_FP_MODE), C(PR_CAP_AMBIENT),
	{ "PR_SVE_SET_VL", 50 }, { "PR_SVE_GET_VL", 51 }, { "PR_GET_SPECULATION_CTRL", 52 },
	{ "PR_SET_SPECULATION_CTRL", 53 }, { "PR_PAC_RESET_KEYS", 54 }, { "PR_SET_TAGGED_ADDR_CTRL", 55 },
	{ "PR_GET_TAGGED_ADDR_CTRL", 56 }, { "PR_SET_IO_FLUSHER", 57 }, { "PR_GET_IO_FLUSHER", 58 },
	{ "PR_SET_SYSCALL_USER_DISPATCH", 59 }, { "PR_PAC_SET_ENABLED_KEYS", 60 }, { "PR_PAC_GET_ENABLED_KEYS", 61 },
	{ "PR_SCHED_CORE", 62 }, { "PR_SME_SET_VL", 63 }, { "PR_SME_GET_VL", 64 }, { "PR_SET_MDWE", 65 },
	{ "PR_GET_MDWE", 66 }, { "PR_SET_MEMORY_MERGE", 67 }, { "PR_GET_MEMORY_MERGE", 68 }, { "PR_GET_AUXV", 0x41555856 },
	{ "PR_RISCV_V_SET_CONTROL", 69 }, { "PR_RISCV_V_GET_CONTROL", 70 }, { "PR_RISCV_SET_ICACHE_FLUSH_CTX", 71 },
	{ "PR_PPC_GET_DEXCR", 72 }, { "PR_PPC_SET_DEXCR", 73 }, { "PR_GET_SHADOW_STACK_STATUS", 74 },
	{ "PR_SET_SHADOW_STACK_STATUS", 75 }, { "PR_LOCK_SHADOW_STACK_STATUS", 76 },
	{ "PR_TIMER_CREATE_RESTORE_IDS", 77 }, { "PR_FUTEX_HASH", 78 }, { "PR_RSEQ_SLICE_EXTENSION", 79 }, { "PR_SET_VMA", 0x53564d41 },
	{ "PR_SET_PTRACER", 0x59616d61 },
};
static const struct tl_constant arch_prctls[] = {
	C(ARCH_SET_GS), C(ARCH_SET_FS), C(ARCH_GET_FS), C(ARCH_GET_GS), C(ARCH_GET_CPUID), C(ARCH_SET_CPUID),
	{ "ARCH_GET_XCOMP_SUPP", 0x1021 }, { "ARCH_GET_XCOMP_PERM", 0x1022 }, { "ARCH_REQ_XCOMP_PERM", 0x1023 },
	{ "ARCH_GET_XCOMP_GUEST_PERM", 0x1024 }, { "ARCH_REQ_XCOMP_GUEST_PERM", 0x1025 },
	{ "ARCH_XCOMP_TILECFG", 17 }, { "ARCH_XCOMP_TILEDATA", 18 }, { "ARCH_MAP_VDSO_X32", 0x2001 },
	{ "ARCH_MAP_VDSO_32", 0x2002 }, { "ARCH_MAP_VDSO_64", 0x2003 }, { "ARCH_GET_UNTAG_MASK", 0x4001 },
	{ "ARCH_ENABLE_TAGGED_ADDR", 0x4002 }, { "ARCH_GET_MAX_TAG_BITS", 0x4003 }, { "ARCH_FORCE_TAGGED_SVA", 0x4004 },
	{ "ARCH_SHSTK_ENABLE", 0x5001 }, { "ARCH_SHSTK_DISABLE", 0x5002 }, { "ARCH_SHSTK_LOCK", 0x5003 },
	{ "ARCH_SHSTK_UNLOCK", 0x5004 }, { "ARCH_SHSTK_STATUS", 0x5005 },
};

static const struct tl_constant capabilities[] = {
	C(CAP_CHOWN), C(CAP_DAC_OVERRIDE), C(CAP_DAC_READ_SEARCH), C(CAP_FOWNER), C(CAP_FSETID), C(CAP_KILL),
	C(CAP_SETGID), C(CAP_SETUID), C(CAP_SETPCAP), C(CAP_LINUX_IMMUTABLE), C(CAP_NET_BIND_SERVICE),
	C(CAP_NET_BROADCAST), C(CAP_NET_ADMIN), C(CAP_NET_RAW), C(CAP_IPC_LOCK), C(CAP_IPC_OWNER), C(CAP_SYS_MODULE),
	C(CAP_SYS_RAWIO), C(CAP_SYS_CHROOT), C(CAP_SYS_PTRACE), C(CAP_SYS_PACCT), C(CAP_SYS_ADMIN), C(CAP_SYS_BOOT),
	C(CAP_SYS_NICE), C(CAP_SYS_RESOURCE), C(CAP_SYS_TIME), C(CAP_SYS_TTY_CONFIG), C(CAP_MKNOD), C(CAP_LEASE),
	C(CAP_AUDIT_WRITE), C(CAP_AUDIT_CONTROL), C(CAP_SETFCAP), C(CAP_MAC_OVERRIDE), C(CAP_MAC_ADMIN), C(CAP_SYSLOG),
	C(CAP_WAKE_ALARM), C(CAP_BLOCK_SUSPEND), C(CAP_AUDIT_READ), { "CAP_PERFMON", 38 }, { "CAP_BPF", 39 },
	{ "CAP_CHECKPOINT_RESTORE", 40 },
};

static const struct tl_constant personas[] = {
	{ "PER_LINUX", 0 }, { "PER_BSD", 6 }, { "PER_LINUX32", 8 },
};
static const struct tl_constant persona_flags[] = {
	C(UNAME26), C(ADDR_NO_RANDOMIZE), C(FDPIC_FUNCPTRS), C(MMAP_PAGE_ZERO), C(ADDR_COMPAT_LAYOUT),
	C(READ_IMPLIES_EXEC), C(ADDR_LIMIT_32BIT), C(SHORT_INODE), C(WHOLE_SECONDS), C(STICKY_TIMEOUTS),
	C(ADDR_LIMIT_3GB),
};

static const struct tl_constant kcmp_types[] = {
	{ "KCMP_FILE", 0 }, { "KCMP_VM", 1 }, { "KCMP_FILES", 2 }, { "KCMP_FS", 3 }, { "KCMP_SIGHAND", 4 },
	{ "KCMP_IO", 5 }, { "KCMP_SYSVSEM", 6 }, { "KCMP_EPOLL_TFD", 7 },
};

static const struct tl_decoder decoders[] = {
	{ .name = "clone_flags", .kind = TL_DECODE_FLAGS, .mask = 0xff, .mask_last = true, .values = tl_signal_constants,
	  .n_values = 31, .flags = clone_flags, .n_flags = COUNT(clone_flags) },
	{ .name = "clone3_flags", .kind = TL_DECODE_FLAGS, .wide = true, .flags = clone3_flags,
	  .n_flags = COUNT(clone3_flags) },
	FLAGS("namespace_flags", namespaces),
	ENUM("ptrace_request", ptrace_requests),
	FLAGS("wait_options", wait_options),
	ENUM("waitid_type", waitid_types),
	FLAGS("prot", prots),
	FIELD("mmap_flags", 0xf, map_types, mmap_flags),
	FLAGS("mremap_flags", mremap_flags),
	ENUM("madvise_advice", madvise_advices),
	FLAGS("msync_flags", msync_flags),
	FLAGS("mlock_flags", mlock_flags),
	FLAGS("mlockall_flags", mlockall_flags),
	FLAGS("pkey_rights", pkey_rights),
	FLAGS("shadow_stack_flags", shadow_stack_flags),
	FIELD("mempolicy_mode", 0x1fff, mempolicy_modes, mempolicy_mode_flags),
	FLAGS("mempolicy_flags", mempolicy_flags),
	FLAGS("mbind_flags", mbind_flags),
	{ .name = "futex_op", .kind = TL_DECODE_FLAGS, .mask = 0xff, .values = futex_ops, .n_values = COUNT(futex_ops),
	  .flags = futex_flags, .n_flags = COUNT(futex_flags) },
	ENUM("dumpable", dumpable),
	ENUM("futex_bits", futex_bits),
	FIELD("futex2_flags", 3, futex2_sizes, futex2_flags),
	ENUM("clock_id", clock_ids),
	FLAGS("timer_flags", timer_flags),
	ENUM("itimer_which", itimers),
	ENUM("rlimit_resource", rlimits),
	ENUM("rusage_who", rusage_whos),
	ENUM("priority_which", priority_whichs),
	ENUM("ioprio_which", ioprio_whos),
	FIELD("sched_policy", 0x3fffffff, sched_policies, sched_flags),
	ENUM("sigmask_how", sigmask_hows),
	FLAGS("pidfd_flags", pidfd_flags),
	FLAGS("pidfd_signal_flags", pidfd_signal_flags),
	ENUM("prctl_option", prctl_options),
	ENUM("arch_prctl_code", arch_prctls),
	ENUM("capability", capabilities),
	FIELD("personality", 0xff, personas, persona_flags),
	ENUM("kcmp_type", kcmp_types),
};

const struct tl_decoder_list tl_decoders_process = { decoders, COUNT(decoders) };
