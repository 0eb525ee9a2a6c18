/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that are several in one: an argument says which, and so which of the
 * others there are and what they mean. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/loop.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <threads.h>

#include "values-tables.h"

#define RESULT 0
#define ALL 0xff
#define BIT(position) (1U << ((position) - 1))
#define FIRST(n) ((1U << (n)) - 1)
/* Of an argument whose bits are all one number. */
#define IN(names, position, bits, number) .calls = names, .selector = position, .mask = bits, .value = (uint32_t)(number)
#define IS(names, position, number) IN(names, position, UINT32_MAX, number)

#define ANY(names) IN(names, RESULT, 0, 0)

#define ERESTART_RESTARTBLOCK 516 /* a signal came: the kernel may go on where it was */

/* `n` bytes behind an argument that the call reads, or, then of no use if it fails, writes. */
#define READ(at, n) .behind = { at, false, n, n, n }
#define WRITTEN(at, n) .behind = { at, false, n, n, 0 }

#define LOCK(cmd, decoder, size32) FCNTL(cmd), .used = ALL, .as = { { 3, decoder } }, .behind = { 3, false, 32, size32, 32 }
#define FCNTL(cmd) IS("fcntl fcntl64", 2, cmd)
#define IOCTL(request, decoder) IS("ioctl", 2, request), .used = ALL, .as = { { 3, decoder } }
#define FUTEX(op) IN("futex futex_time64", 2, 0x7f, op)
/* Those that wait at most until a time; for the newer call it is the same for all programs. */
#define FUTEX_UNTIL(name, op, decoder, size32, arguments, ...) \
	{ IN(name, 2, 0x7f, op), .used = arguments, .as = { { 4, decoder }, __VA_ARGS__ }, .behind = { 4, false, 16, size32, 16 } }
#define FUTEX_TIMED(op, arguments, ...)                                 \
	FUTEX_UNTIL("futex", op, "timespec", 8, arguments, __VA_ARGS__), \
		FUTEX_UNTIL("futex_time64", op, "timespec64", 16, arguments, __VA_ARGS__)
#define BPF(cmd) IS("bpf", 1, cmd)
#define SOCKETCALL(call) IS("socketcall", 1, call)
#define SOCKOPT(level) IS("getsockopt setsockopt", 2, level)
/* One that is no int. */
#define OPTION(level, option, name, decoder) \
	SOCKOPT(level), .also_at = 3, .also = option, .used = ALL, .as = { { 3, name }, { 4, decoder } }
#define PRCTL(option) IS("prctl", 1, option)
#define SECCOMP(operation) IS("seccomp", 1, operation)
#define KEYCTL(operation) IS("keyctl", 1, operation)
#define KEY(operation, arguments, ...) { KEYCTL(operation), .used = FIRST(arguments), .as = { { 2, "key_serial" }, __VA_ARGS__ } }
/* Content of a key, or what is told of it: a secret, so no more than where it is, and how long. */
#define KEY_CONTENT(operation, arguments, ...) KEY(operation, arguments, { 3, "pointer" }, { 4, "unsigned" }, __VA_ARGS__)
#define QUOTACTL(command) IN("quotactl", 1, 0xffffff00, (uint32_t)(command) << 8)
#define PTRACE(request) IS("ptrace", 1, request)
/* What is put to a queue, to memory, to semaphores of System V; of programs of 32 bits by a call that only newer kernels have. */
#define IPC(call, position, cmd, decoder) IS(call, position, cmd), .used = ALL, .as = { { (position) + 1, decoder } }

static const struct tl_variant variants[] = {
	{ FCNTL(F_DUPFD), .used = ALL, .as = { { 3, "decimal" } } },
	{ FCNTL(F_DUPFD_CLOEXEC), .used = ALL, .as = { { 3, "decimal" } } },
	{ FCNTL(F_GETFD), .used = FIRST(2), .result = "fd_flags", .word = "flags " },
	{ FCNTL(F_SETFD), .used = ALL, .as = { { 3, "fd_flags" } } },
	{ FCNTL(F_GETFL), .used = FIRST(2), .result = "open_flags", .word = "flags " },
	{ FCNTL(F_SETFL), .used = ALL, .as = { { 3, "open_flags" } } },
	{ FCNTL(F_GETOWN), .used = FIRST(2) },
	{ FCNTL(F_SETOWN), .used = ALL, .as = { { 3, "pid" } } },
	{ FCNTL(F_GETSIG), .used = FIRST(2) },
	{ FCNTL(F_SETSIG), .used = ALL, .as = { { 3, "signal" } } },
	{ FCNTL(F_GETLEASE), .used = FIRST(2) },
	{ FCNTL(F_GETPIPE_SZ), .used = FIRST(2) },
	{ FCNTL(F_SETPIPE_SZ), .used = ALL, .as = { { 3, "decimal" } } },
	{ FCNTL(F_GET_SEALS), .used = FIRST(2), .result = "seals", .word = "seals " },
	{ FCNTL(F_ADD_SEALS), .used = ALL, .as = { { 3, "seals" } } },
	{ LOCK(5 /* F_GETLK */, "flock_found", 16) },
	{ LOCK(6 /* F_SETLK */, "flock", 16) },
	{ LOCK(7 /* F_SETLKW */, "flock", 16) },
	{ LOCK(12 /* F_GETLK64 */, "flock64_found", 24) },
	{ LOCK(13 /* F_SETLK64 */, "flock64", 24) },
	{ LOCK(14 /* F_SETLKW64 */, "flock64", 24) },
	{ LOCK(F_OFD_GETLK, "flock64_found", 24) },
	{ LOCK(F_OFD_SETLK, "flock64", 24) },
	{ LOCK(F_OFD_SETLKW, "flock64", 24) },
	{ FCNTL(F_SETOWN_EX), .used = ALL, .as = { { 3, "owner_ex" } }, READ(3, 8) },
	{ FCNTL(F_GETOWN_EX), .used = ALL, .as = { { 3, "owner_ex" } }, WRITTEN(3, 8) },
	{ FCNTL(17 /* F_GETOWNER_UIDS */), .used = ALL, .as = { { 3, "ids" } }, WRITTEN(3, 8) },
	{ FCNTL(F_SETLEASE), .used = ALL, .as = { { 3, "lock_type" } } },
	{ FCNTL(F_NOTIFY), .used = ALL, .as = { { 3, "notify_flags" } } },
	{ FCNTL(1027 /* F_DUPFD_QUERY */), .used = ALL, .as = { { 3, "decimal" } } },
	{ FCNTL(F_GET_RW_HINT), .used = ALL, .as = { { 3, "write_hint" } }, WRITTEN(3, 8) },
	{ FCNTL(F_SET_RW_HINT), .used = ALL, .as = { { 3, "write_hint" } }, READ(3, 8) },
	{ FCNTL(F_GET_FILE_RW_HINT), .used = ALL, .as = { { 3, "write_hint" } }, WRITTEN(3, 8) },
	{ FCNTL(F_SET_FILE_RW_HINT), .used = ALL, .as = { { 3, "write_hint" } }, READ(3, 8) },

	FUTEX_TIMED(FUTEX_WAIT, FIRST(4), { 0 }),
	{ FUTEX(FUTEX_WAKE), .used = FIRST(3) },
	{ FUTEX(FUTEX_FD), .used = FIRST(3) },
	{ FUTEX(FUTEX_REQUEUE), .used = FIRST(5), .as = { { 4, "unsigned" } } },
	{ FUTEX(FUTEX_CMP_REQUEUE), .used = FIRST(6), .as = { { 4, "unsigned" }, { 6, "unsigned" } } },
	{ FUTEX(FUTEX_WAKE_OP), .used = FIRST(6), .as = { { 4, "unsigned" } } },
	FUTEX_TIMED(FUTEX_LOCK_PI, FIRST(2) | BIT(4), { 0 }),
	FUTEX_TIMED(FUTEX_LOCK_PI2, FIRST(2) | BIT(4), { 0 }),
	{ FUTEX(FUTEX_UNLOCK_PI), .used = FIRST(2) },
	{ FUTEX(FUTEX_TRYLOCK_PI), .used = FIRST(2) },
	FUTEX_TIMED(FUTEX_WAIT_BITSET, FIRST(4) | BIT(6), { 6, "futex_bits" }),
	{ FUTEX(FUTEX_WAKE_BITSET), .used = FIRST(3) | BIT(6), .as = { { 6, "futex_bits" } } },
	FUTEX_TIMED(FUTEX_WAIT_REQUEUE_PI, FIRST(5), { 0 }),
	{ FUTEX(FUTEX_CMP_REQUEUE_PI), .used = FIRST(6), .as = { { 4, "unsigned" }, { 6, "unsigned" } } },

	{ BPF(BPF_MAP_CREATE), .used = ALL, .as = { { 2, "bpf_map_create" } } },
	{ BPF(BPF_MAP_LOOKUP_ELEM), .used = ALL, .as = { { 2, "bpf_element" } } },
	{ BPF(BPF_MAP_UPDATE_ELEM), .used = ALL, .as = { { 2, "bpf_element" } } },
	{ BPF(BPF_MAP_DELETE_ELEM), .used = ALL, .as = { { 2, "bpf_element" } } },
	{ BPF(BPF_PROG_LOAD), .used = ALL, .as = { { 2, "bpf_prog_load" } } },
	{ BPF(BPF_OBJ_PIN), .used = ALL, .as = { { 2, "bpf_object" } } },
	{ BPF(BPF_OBJ_GET), .used = ALL, .as = { { 2, "bpf_object" } } },
	{ BPF(BPF_PROG_ATTACH), .used = ALL, .as = { { 2, "bpf_attach" } } },
	{ BPF(BPF_PROG_DETACH), .used = ALL, .as = { { 2, "bpf_attach" } } },

	{ SOCKETCALL(SYS_SOCKET), .used = ALL, .as = { { 2, "call_socket" } } },
	{ SOCKETCALL(SYS_BIND), .used = ALL, .as = { { 2, "call_address" } } },
	{ SOCKETCALL(SYS_CONNECT), .used = ALL, .as = { { 2, "call_address" } } },
	{ SOCKETCALL(SYS_LISTEN), .used = ALL, .as = { { 2, "call_number" } } },
	{ SOCKETCALL(SYS_ACCEPT), .used = ALL, .as = { { 2, "call_accept" } } },
	{ SOCKETCALL(SYS_GETSOCKNAME), .used = ALL, .as = { { 2, "call_accept" } } },
	{ SOCKETCALL(SYS_GETPEERNAME), .used = ALL, .as = { { 2, "call_accept" } } },
	{ SOCKETCALL(SYS_SOCKETPAIR), .used = ALL, .as = { { 2, "call_pair" } } },
	{ SOCKETCALL(SYS_SEND), .used = ALL, .as = { { 2, "call_send" } } },
	{ SOCKETCALL(SYS_RECV), .used = ALL, .as = { { 2, "call_send" } } },
	{ SOCKETCALL(SYS_SENDTO), .used = ALL, .as = { { 2, "call_sendto" } } },
	{ SOCKETCALL(SYS_RECVFROM), .used = ALL, .as = { { 2, "call_recvfrom" } } },
	{ SOCKETCALL(SYS_SHUTDOWN), .used = ALL, .as = { { 2, "call_number" } } },
	{ SOCKETCALL(SYS_SETSOCKOPT), .used = ALL, .as = { { 2, "call_setsockopt" } } },
	{ SOCKETCALL(SYS_GETSOCKOPT), .used = ALL, .as = { { 2, "call_getsockopt" } } },
	{ SOCKETCALL(SYS_SENDMSG), .used = ALL, .as = { { 2, "call_message" } } },
	{ SOCKETCALL(SYS_RECVMSG), .used = ALL, .as = { { 2, "call_message" } } },
	{ SOCKETCALL(SYS_ACCEPT4), .used = ALL, .as = { { 2, "call_accept4" } } },
	{ SOCKETCALL(SYS_RECVMMSG), .used = ALL, .as = { { 2, "call_messages" } } },
	{ SOCKETCALL(SYS_SENDMMSG), .used = ALL, .as = { { 2, "call_messages" } } },

	{ IN("mremap", 4, MREMAP_FIXED | 4 /* MREMAP_DONTUNMAP */, 0), .used = FIRST(4) },

	{ PRCTL(PR_SET_PDEATHSIG), .used = FIRST(2), .as = { { 2, "signal" } } },
	{ PRCTL(PR_GET_PDEATHSIG), .used = FIRST(2), .as = { { 2, "signal_pointer" } }, WRITTEN(2, 4) },
	{ PRCTL(PR_GET_DUMPABLE), .used = FIRST(1), .result = "dumpable" },
	{ PRCTL(PR_SET_DUMPABLE), .used = FIRST(2), .as = { { 2, "dumpable" } } },
	{ PRCTL(PR_GET_KEEPCAPS), .used = FIRST(1) },
	{ PRCTL(PR_SET_KEEPCAPS), .used = FIRST(2), .as = { { 2, "unsigned" } } },
	{ PRCTL(PR_SET_NAME), .used = FIRST(2), .as = { { 2, "string" } }, .behind = { 2, true, 16, 16, 1 } },
	{ PRCTL(PR_GET_NAME), .used = FIRST(2), .as = { { 2, "string" } }, .behind = { 2, true, 16, 16, 0 } },
	{ PRCTL(PR_GET_SECCOMP), .used = FIRST(1) },
	{ PRCTL(PR_SET_SECCOMP), .used = FIRST(3), .as = { { 2, "seccomp_mode" }, { 3, "socket_filter" } },
	  .behind = { 3, false, 16, 8, 16 } },
	{ PRCTL(PR_CAPBSET_READ), .used = FIRST(2), .as = { { 2, "capability" } } },
	{ PRCTL(PR_CAPBSET_DROP), .used = FIRST(2), .as = { { 2, "capability" } } },
	{ PRCTL(PR_GET_SECUREBITS), .used = FIRST(1) },
	{ PRCTL(PR_SET_SECUREBITS), .used = FIRST(2), .as = { { 2, "secure_bits" } } },
	{ PRCTL(PR_SET_TIMERSLACK), .used = FIRST(2), .as = { { 2, "unsigned" } } },
	{ PRCTL(PR_GET_TIMERSLACK), .used = FIRST(1) },
	{ PRCTL(PR_SET_CHILD_SUBREAPER), .used = FIRST(2), .as = { { 2, "unsigned" } } },
	{ PRCTL(PR_GET_CHILD_SUBREAPER), .used = FIRST(2), .as = { { 2, "int_pointer" } }, WRITTEN(2, 4) },
	{ PRCTL(PR_SET_NO_NEW_PRIVS), .used = ALL, .as = { { 2, "unsigned" }, { 3, "unsigned" }, { 4, "unsigned" }, { 5, "unsigned" } } },
	{ PRCTL(PR_GET_NO_NEW_PRIVS), .used = ALL, .as = { { 2, "unsigned" }, { 3, "unsigned" }, { 4, "unsigned" }, { 5, "unsigned" } } },

	{ PRCTL(PR_CAP_AMBIENT), .also_at = 2, .also = PR_CAP_AMBIENT_CLEAR_ALL, .used = ALL, .as = { { 2, "cap_ambient" } } },
	{ PRCTL(PR_CAP_AMBIENT), .used = ALL, .as = { { 2, "cap_ambient" }, { 3, "capability" } } },
	{ PRCTL(PR_SET_SPECULATION_CTRL), .used = FIRST(3), .as = { { 2, "speculation" }, { 3, "speculation_state" } } },
	{ PRCTL(PR_GET_SPECULATION_CTRL), .used = FIRST(2), .as = { { 2, "speculation" } }, .result = "speculation_state", .word = "" },
	{ PRCTL(PR_SET_MM), .used = ALL, .as = { { 2, "memory_field" } } },
	{ PRCTL(PR_SET_PTRACER), .used = FIRST(2), .as = { { 2, "ptracer" } } },
	{ PRCTL(0x53564d41 /* PR_SET_VMA */), .used = ALL, .as = { { 2, "area_command" }, { 4, "unsigned" }, { 5, "string" } },
	  .behind = { 5, true, 80, 80, 1 } },

	{ SECCOMP(1 /* SECCOMP_SET_MODE_FILTER */), .used = ALL, .as = { { 3, "socket_filter" } }, .behind = { 3, false, 16, 8, 16 } },
	{ SECCOMP(2 /* SECCOMP_GET_ACTION_AVAIL */), .used = ALL, .as = { { 3, "seccomp_action" } }, READ(3, 4) },

	KEY(KEYCTL_GET_KEYRING_ID, 3, { 3, "decimal" }),
	{ KEYCTL(KEYCTL_JOIN_SESSION_KEYRING), .used = FIRST(2), .as = { { 2, "string" } }, .behind = { 2, true, 256, 256, 1 } },
	KEY_CONTENT(KEYCTL_UPDATE, 4, { 0 }),
	KEY(KEYCTL_REVOKE, 2, { 0 }),
	KEY(KEYCTL_CHOWN, 4, { 3, "uid" }, { 4, "uid" }),
	KEY(KEYCTL_SETPERM, 3, { 3, "key_rights" }),
	KEY_CONTENT(KEYCTL_DESCRIBE, 4, { 0 }),
	KEY(KEYCTL_CLEAR, 2, { 0 }),
	KEY(KEYCTL_LINK, 3, { 3, "key_serial" }),
	KEY(KEYCTL_UNLINK, 3, { 3, "key_serial" }),
	{ KEYCTL(KEYCTL_SEARCH), .used = ALL, .as = { { 2, "key_serial" }, { 3, "pointer" }, { 4, "string" }, { 5, "key_serial" } },
	  .behind = { 4, true, 256, 256, 1 } },
	KEY_CONTENT(KEYCTL_READ, 4, { 0 }),
	KEY_CONTENT(KEYCTL_INSTANTIATE, 5, { 5, "key_serial" }),
	KEY(KEYCTL_NEGATE, 4, { 3, "unsigned" }, { 4, "key_serial" }),
	{ KEYCTL(KEYCTL_SET_REQKEY_KEYRING), .used = FIRST(2), .as = { { 2, "key_request_keyring" } } },
	KEY(KEYCTL_SET_TIMEOUT, 3, { 3, "unsigned" }),
	KEY(KEYCTL_ASSUME_AUTHORITY, 2, { 0 }),
	KEY_CONTENT(KEYCTL_GET_SECURITY, 4, { 0 }),
	{ KEYCTL(KEYCTL_SESSION_TO_PARENT), .used = FIRST(1) },
	KEY(KEYCTL_REJECT, 5, { 3, "unsigned" }, { 4, "errno" }, { 5, "key_serial" }),
	KEY_CONTENT(KEYCTL_INSTANTIATE_IOV, 5, { 5, "key_serial" }),
	KEY(KEYCTL_INVALIDATE, 2, { 0 }),
	{ KEYCTL(KEYCTL_GET_PERSISTENT), .used = FIRST(3), .as = { { 2, "uid" }, { 3, "key_serial" } } },
	{ KEYCTL(KEYCTL_RESTRICT_KEYRING), .used = FIRST(4), .as = { { 2, "key_serial" }, { 3, "string" }, { 4, "pointer" } },
	  .behind = { 3, true, 256, 256, 1 } },
	KEY(KEYCTL_MOVE, 5, { 3, "key_serial" }, { 4, "key_serial" }, { 5, "key_move_flags" }),
	{ KEYCTL(KEYCTL_CAPABILITIES), .used = FIRST(3), .as = { { 2, "pointer" }, { 3, "unsigned" } } },
	KEY(KEYCTL_WATCH_KEY, 4, { 3, "decimal" }, { 4, "decimal" }),

	{ QUOTACTL(0x800001 /* Q_SYNC */), .used = FIRST(2) },
	{ QUOTACTL(0x800002 /* Q_QUOTAON */), .used = ALL, .as = { { 4, "path" } }, .behind = { 4, true, 256, 256, 1 } },
	{ QUOTACTL(0x800003 /* Q_QUOTAOFF */), .used = FIRST(2) },
	{ QUOTACTL(0x800004 /* Q_GETFMT */), .used = FIRST(2) | BIT(4) },
	{ QUOTACTL(0x800005 /* Q_GETINFO */), .used = FIRST(2) | BIT(4) },
	{ QUOTACTL(0x800006 /* Q_SETINFO */), .used = FIRST(2) | BIT(4) },
	{ IN("kcmp", 3, UINT32_MAX, 0 /* KCMP_FILE */), .used = ALL },
	{ IN("kcmp", 3, UINT32_MAX, 7 /* KCMP_EPOLL_TFD */), .used = ALL, .as = { { 5, "pointer" } } },
	{ ANY("kcmp"), .used = FIRST(3) },
	{ IN("mq_open", 2, O_CREAT, 0), .used = FIRST(2) },

	{ IS("fsconfig", 2, 1 /* FSCONFIG_SET_STRING */), .used = ALL, .as = { { 4, "string" } },
	  .behind = { 4, true, 256, 256, 1 } },
	{ IS("fsconfig", 2, 3 /* FSCONFIG_SET_PATH */), .used = ALL, .as = { { 4, "path" }, { 5, "dirfd" } },
	  .behind = { 4, true, 256, 256, 1 } },
	{ IS("fsconfig", 2, 4 /* FSCONFIG_SET_PATH_EMPTY */), .used = ALL, .as = { { 4, "path" }, { 5, "dirfd" } },
	  .behind = { 4, true, 256, 256, 1 } },
	{ IS("landlock_add_rule", 2, 1 /* LANDLOCK_RULE_PATH_BENEATH */), .used = ALL, .as = { { 3, "landlock_path" } }, READ(3, 12) },
	{ IS("landlock_add_rule", 2, 2 /* LANDLOCK_RULE_NET_PORT */), .used = ALL, .as = { { 3, "landlock_port" } }, READ(3, 16) },

	{ IPC("shmctl", 2, IPC_STAT, "shmid_ds"), .behind = { 3, false, 96, 76, 0 } },
	{ IPC("shmctl", 2, IPC_SET, "shm_set"), READ(3, 24) },
	{ IPC("msgctl", 2, IPC_STAT, "msqid_ds"), .behind = { 3, false, 104, 80, 0 } },
	{ IPC("msgctl", 2, IPC_SET, "msg_set"), .behind = { 3, false, 96, 72, 96 } },
	{ IPC("semctl", 3, IPC_STAT, "semid_ds"), .behind = { 4, false, 88, 56, 0 } },
	{ IPC("semctl", 3, IPC_SET, "sem_set"), READ(4, 24) },

	{ PTRACE(PTRACE_TRACEME), .used = FIRST(1) },
	{ PTRACE(PTRACE_ATTACH), .used = FIRST(2) },
	{ PTRACE(PTRACE_INTERRUPT), .used = FIRST(2) },
	{ PTRACE(PTRACE_KILL), .used = FIRST(2) },
	{ PTRACE(PTRACE_LISTEN), .used = FIRST(2) },
	{ PTRACE(PTRACE_SEIZE), .used = ALL, .as = { { 4, "ptrace_options" } } },
	{ PTRACE(PTRACE_SETOPTIONS), .used = ALL, .as = { { 4, "ptrace_options" } } },
	{ PTRACE(PTRACE_CONT), .used = ALL, .as = { { 4, "signal" } } },
	{ PTRACE(PTRACE_DETACH), .used = ALL, .as = { { 4, "signal" } } },
	{ PTRACE(PTRACE_SYSCALL), .used = ALL, .as = { { 4, "signal" } } },
	{ PTRACE(PTRACE_SINGLESTEP), .used = ALL, .as = { { 4, "signal" } } },
	{ PTRACE(PTRACE_PEEKTEXT), .used = ALL, .as = { { 4, "word_pointer" } }, .behind = { 4, false, 8, 4, 0 } },
	{ PTRACE(PTRACE_PEEKDATA), .used = ALL, .as = { { 4, "word_pointer" } }, .behind = { 4, false, 8, 4, 0 } },
	{ PTRACE(3 /* PTRACE_PEEKUSER */), .used = ALL, .as = { { 4, "word_pointer" } }, .behind = { 4, false, 8, 4, 0 } },
	{ PTRACE(PTRACE_POKETEXT), .used = ALL, .as = { { 4, "hex" } } },
	{ PTRACE(PTRACE_POKEDATA), .used = ALL, .as = { { 4, "hex" } } },
	{ PTRACE(6 /* PTRACE_POKEUSER */), .used = ALL, .as = { { 4, "hex" } } },
	{ PTRACE(PTRACE_GETEVENTMSG), .used = ALL, .as = { { 4, "offset_pointer" } }, .behind = { 4, false, 8, 4, 0 } },
	{ PTRACE(PTRACE_GETSIGINFO), .used = ALL, .as = { { 4, "siginfo" } }, WRITTEN(4, 48) },
	{ PTRACE(PTRACE_SETSIGINFO), .used = ALL, .as = { { 4, "siginfo" } }, READ(4, 48) },
	{ PTRACE(PTRACE_GETSIGMASK), .used = ALL, .as = { { 3, "decimal" }, { 4, "sigset" } }, WRITTEN(4, 8) },
	{ PTRACE(PTRACE_SETSIGMASK), .used = ALL, .as = { { 3, "decimal" }, { 4, "sigset" } }, READ(4, 8) },

	{ IOCTL(TCGETS, "termios"), WRITTEN(3, 36) },
	{ IOCTL(TCSETS, "termios"), READ(3, 36) },
	{ IOCTL(TCSETSW, "termios"), READ(3, 36) },
	{ IOCTL(TCSETSF, "termios"), READ(3, 36) },
	{ IOCTL(0x802c542a /* TCGETS2 */, "termios"), WRITTEN(3, 44) },
	{ IOCTL(0x402c542b /* TCSETS2 */, "termios"), READ(3, 44) },
	{ IOCTL(0x402c542c /* TCSETSW2 */, "termios"), READ(3, 44) },
	{ IOCTL(0x402c542d /* TCSETSF2 */, "termios"), READ(3, 44) },
	{ IOCTL(TIOCGWINSZ, "winsize"), WRITTEN(3, 8) },
	{ IOCTL(TIOCSWINSZ, "winsize"), READ(3, 8) },
	{ IOCTL(TIOCGPGRP, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCGSID, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCOUTQ, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCGPTN, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCGPTLCK, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCGPKT, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCGETD, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(FIONREAD, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(TIOCSPGRP, "int_pointer"), READ(3, 4) },
	{ IOCTL(TIOCSPTLCK, "int_pointer"), READ(3, 4) },
	{ IOCTL(TIOCPKT, "int_pointer"), READ(3, 4) },
	{ IOCTL(TIOCSETD, "int_pointer"), READ(3, 4) },
	{ IOCTL(FIONBIO, "int_pointer"), READ(3, 4) },
	{ IOCTL(FIOASYNC, "int_pointer"), READ(3, 4) },
	{ IOCTL(TIOCSTI, "bytes"), READ(3, 1) },
	{ IOCTL(0x8901 /* FIOSETOWN */, "int_pointer"), READ(3, 4) },
	{ IOCTL(0x8902 /* SIOCSPGRP */, "int_pointer"), READ(3, 4) },
	{ IOCTL(0x8903 /* FIOGETOWN */, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(0x8904 /* SIOCGPGRP */, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(0x8905 /* SIOCATMARK */, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(SIOCGIFNAME, "ifreq_name"), .behind = { 3, false, 40, 32, 20 } },
	{ IOCTL(SIOCGIFINDEX, "ifreq_index"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCGIFFLAGS, "ifreq_flags"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFFLAGS, "ifreq_flags"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFDSTADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFDSTADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFBRDADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFBRDADDR, "ifreq_address"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFNETMASK, "ifreq_address"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFNETMASK, "ifreq_address"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFMTU, "ifreq_mtu"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFMTU, "ifreq_mtu"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCGIFHWADDR, "ifreq_hwaddr"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCSIFHWADDR, "ifreq_hwaddr"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCSIFNAME, "ifreq_newname"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCBRADDIF, "ifreq_index"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(SIOCBRDELIF, "ifreq_index"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(0x400454ca /* TUNSETIFF */, "ifreq_tunnel"), .behind = { 3, false, 40, 32, 40 } },
	{ IOCTL(0x800454d2 /* TUNGETIFF */, "ifreq_tunnel"), .behind = { 3, false, 40, 32, 16 } },
	{ IOCTL(SIOCBRADDBR, "string"), .behind = { 3, true, 16, 16, 1 } },
	{ IOCTL(SIOCBRDELBR, "string"), .behind = { 3, true, 16, 16, 1 } },
	{ IOCTL(FS_IOC_GETFLAGS, "inode_flags"), WRITTEN(3, 4) },
	{ IOCTL(FS_IOC_SETFLAGS, "inode_flags"), READ(3, 4) },
	{ IOCTL(0x80046601 /* FS_IOC32_GETFLAGS */, "inode_flags"), WRITTEN(3, 4) },
	{ IOCTL(0x40046602 /* FS_IOC32_SETFLAGS */, "inode_flags"), READ(3, 4) },
	{ IOCTL(FICLONERANGE, "file_clone_range"), READ(3, 32) },
	{ IOCTL(BLKROGET, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(BLKSSZGET, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(BLKBSZGET, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(BLKPBSZGET, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(RNDGETENTCNT, "int_pointer"), WRITTEN(3, 4) },
	{ IOCTL(BLKROSET, "int_pointer"), READ(3, 4) },
	{ IOCTL(0x80081272 /* BLKGETSIZE64 */, "offset64_pointer"), WRITTEN(3, 8) },
	{ IOCTL(FICLONE, "decimal") },
	{ IOCTL(LOOP_SET_FD, "decimal") },
	{ IOCTL(LOOP_CTL_ADD, "decimal") },
	{ IOCTL(LOOP_CTL_REMOVE, "decimal") },
	{ IOCTL(TIOCSCTTY, "decimal") },
	{ IOCTL(TCSBRK, "decimal") },
	{ IOCTL(0x400454cb /* TUNSETPERSIST */, "decimal") },
	{ IOCTL(0x400454cc /* TUNSETOWNER */, "decimal") },
	{ IS("ioctl", 2, FIOCLEX), .used = FIRST(2) },
	{ IS("ioctl", 2, FIONCLEX), .used = FIRST(2) },
	{ IS("ioctl", 2, TIOCNOTTY), .used = FIRST(2) },
	{ IS("ioctl", 2, TIOCEXCL), .used = FIRST(2) },
	{ IS("ioctl", 2, TIOCNXCL), .used = FIRST(2) },
	{ IS("ioctl", 2, LOOP_CLR_FD), .used = FIRST(2) },
	{ IS("ioctl", 2, LOOP_CTL_GET_FREE), .used = FIRST(2) },

	{ OPTION(SOL_SOCKET, SO_ERROR, "sockopt_name", "errno_pointer") },
	{ OPTION(SOL_SOCKET, SO_LINGER, "sockopt_name", "linger") },
	{ OPTION(SOL_SOCKET, SO_PEERCRED, "sockopt_name", "peer_credentials") },
	{ OPTION(SOL_SOCKET, 20 /* SO_RCVTIMEO_OLD */, "sockopt_name", "timeval") },
	{ OPTION(SOL_SOCKET, 21 /* SO_SNDTIMEO_OLD */, "sockopt_name", "timeval") },
	{ OPTION(SOL_SOCKET, 66 /* SO_RCVTIMEO_NEW */, "sockopt_name", "timeval64") },
	{ OPTION(SOL_SOCKET, 67 /* SO_SNDTIMEO_NEW */, "sockopt_name", "timeval64") },
	{ OPTION(SOL_SOCKET, SO_BINDTODEVICE, "sockopt_name", "string") },
	{ OPTION(SOL_SOCKET, SO_PEERSEC, "sockopt_name", "string") },
	{ OPTION(SOL_SOCKET, SO_PEERNAME, "sockopt_name", "sockaddr") },
	{ OPTION(SOL_SOCKET, SO_PEERGROUPS, "sockopt_name", "ids") },
	{ OPTION(SOL_SOCKET, SO_ATTACH_FILTER, "sockopt_name", "socket_filter") },
	{ SOCKOPT(SOL_SOCKET), .used = ALL },
	{ OPTION(IPPROTO_TCP, TCP_CONGESTION, "tcp_option", "string") },
	{ OPTION(IPPROTO_TCP, TCP_ULP, "tcp_option", "string") },
	{ OPTION(IPPROTO_IP, IP_ADD_MEMBERSHIP, "ip_option", "group_member") },
	{ OPTION(IPPROTO_IP, IP_DROP_MEMBERSHIP, "ip_option", "group_member") },
	{ OPTION(IPPROTO_IP, 64 /* IPT_SO_GET_INFO */, "decimal", "option_value") },
	{ OPTION(IPPROTO_IP, 65 /* IPT_SO_GET_ENTRIES */, "decimal", "option_value") },
	{ OPTION(IPPROTO_IP, 80 /* SO_ORIGINAL_DST */, "decimal", "sockaddr") },
	{ OPTION(IPPROTO_IPV6, 80 /* IP6T_SO_ORIGINAL_DST */, "decimal", "sockaddr") },
	{ SOCKOPT(IPPROTO_TCP), .used = ALL, .as = { { 3, "tcp_option" } } },
	{ SOCKOPT(IPPROTO_IP), .used = ALL, .as = { { 3, "ip_option" } } },
	{ SOCKOPT(IPPROTO_IPV6), .used = ALL, .as = { { 3, "ipv6_option" } } },
	{ SOCKOPT(IPPROTO_UDP), .used = ALL, .as = { { 3, "udp_option" } } },
	{ SOCKOPT(SOL_NETLINK), .used = ALL, .as = { { 3, "netlink_option" } } },
	{ SOCKOPT(SOL_PACKET), .used = ALL, .as = { { 3, "packet_option" } } },
	{ ANY("getsockopt setsockopt"), .used = ALL, .as = { { 3, "decimal" } } },
	{ IS("socket socketpair", 1, AF_INET), .used = ALL, .as = { { 3, "protocol" } } },
	{ IS("socket socketpair", 1, AF_INET6), .used = ALL, .as = { { 3, "protocol" } } },
	{ IS("socket socketpair", 1, AF_NETLINK), .used = ALL, .as = { { 3, "netlink_protocol" } } },
	{ IS("socket socketpair", 1, AF_PACKET), .used = ALL, .as = { { 3, "packet_protocol" } } },

	{ IN("mknod", 2, S_IFMT, S_IFIFO), .used = FIRST(2) },
	{ IN("mknod", 2, S_IFMT, S_IFREG), .used = FIRST(2) },
	{ IN("mknod", 2, S_IFMT, S_IFSOCK), .used = FIRST(2) },
	{ IN("mknodat", 3, S_IFMT, S_IFIFO), .used = FIRST(3) },
	{ IN("mknodat", 3, S_IFMT, S_IFREG), .used = FIRST(3) },
	{ IN("mknodat", 3, S_IFMT, S_IFSOCK), .used = FIRST(3) },

	{ IS("epoll_ctl", 2, EPOLL_CTL_DEL), .used = ALL, .as = { { 4, "pointer" } } },

	/* What was left of the time is told only if a signal came. */
	{ IS("nanosleep clock_nanosleep clock_nanosleep_time64", RESULT, -ERESTART_RESTARTBLOCK), .used = ALL },
	{ IS("nanosleep clock_nanosleep clock_nanosleep_time64", RESULT, -EINTR), .used = ALL },
	{ ANY("nanosleep"), .used = ALL, .as = { { 2, "pointer" } } },
	{ ANY("clock_nanosleep clock_nanosleep_time64"), .used = ALL, .as = { { 4, "pointer" } } },

	/* It says there what size it would take. */
	{ IS("sched_setattr", RESULT, -E2BIG), .used = ALL, .as = { { 2, "pointer" } } },

	{ ANY("umask"), .used = ALL, .result = "umask" },
	{ ANY("sched_getscheduler"), .used = ALL, .result = "sched_policy" },
	{ IS("personality", 1, UINT32_MAX), .used = ALL, .as = { { 1, "hex" } }, .result = "personality", .word = "" },
	{ ANY("personality"), .used = ALL, .result = "personality", .word = "" },

	/* There was nothing to be told: the status is what lay there before. */
	{ IS("wait4 waitpid", RESULT, 0), .used = ALL, .as = { { 2, "pointer" }, { 4, "pointer" } } },
};

/* Of `variants`, in the same order. */
static struct {
	const struct tl_decoder *as[TL_VARIANT_AS], *result;
} found[COUNT(variants)];

static void find_decoders(void)
{
	for (size_t i = 0; i < COUNT(variants); i++) {
		for (size_t k = 0; k < TL_VARIANT_AS && variants[i].as[k].position; k++)
			found[i].as[k] = tl_decoder_find(variants[i].as[k].decoder);
		if (variants[i].result)
			found[i].result = tl_decoder_find(variants[i].result);
	}
}

static bool is_of(const struct tl_variant *variant, const struct tl_event_type *type)
{
	size_t n = strlen(type->name), m;

	for (const char *at = variant->calls; *at; at += m, at += *at == ' ') {
		m = strcspn(at, " ");
		if (m == n && !memcmp(at, type->name, n))
			return true;
	}
	return false;
}

struct tl_variants tl_variants_of(const struct tl_event_type *type)
{
	static once_flag once = ONCE_FLAG_INIT;
	struct tl_variants all = { 0 };

	call_once(&once, find_decoders);
	for (size_t i = 0; i < COUNT(variants); i++) {
		if (!is_of(&variants[i], type))
			continue;
		if (!all.n)
			all.first = &variants[i];
		all.n = (uint16_t)(&variants[i] - all.first) + 1;
	}
	return all;
}

const struct tl_variant *tl_variant_next(const struct tl_event_type *type, const struct tl_variant *before)
{
	for (const struct tl_variant *v = before ? before + 1 : variants; v < variants + COUNT(variants); v++)
		if (is_of(v, type))
			return v;
	return NULL;
}

const struct tl_variant *tl_variant_among(struct tl_variants all, const struct tl_event *event)
{
	for (const struct tl_variant *v = all.first; v < all.first + all.n; v++) {
		uint64_t selector = v->selector ? event->args[v->selector - 1] : (uint64_t)event->ret;

		if (((uint32_t)selector & v->mask) == v->value &&
		    (!v->also_at || (uint32_t)event->args[v->also_at - 1] == v->also) && is_of(v, event->type))
			return v;
	}
	return NULL;
}

const struct tl_decoder *tl_variant_decoder(const struct tl_variant *variant, unsigned position,
					    const struct tl_decoder *otherwise)
{
	for (size_t k = 0; variant && k < TL_VARIANT_AS && variant->as[k].position; k++)
		if (variant->as[k].position == position)
			return found[variant - variants].as[k];
	return otherwise;
}

const struct tl_decoder *tl_variant_result(const struct tl_variant *variant)
{
	return variant ? found[variant - variants].result : NULL;
}
