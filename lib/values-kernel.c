/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what calls into subsystems take: bpf, modules, keys, ipc, io_uring. */
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/kexec.h>
#include <linux/landlock.h>
#include <linux/membarrier.h>
#include <linux/module.h>
#include <linux/perf_event.h>
#include <linux/quota.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "put.h"
#include "values-tables.h"

static const struct tl_constant bpf_cmds[] = {
	C(BPF_MAP_CREATE), C(BPF_MAP_LOOKUP_ELEM), C(BPF_MAP_UPDATE_ELEM), C(BPF_MAP_DELETE_ELEM),
	C(BPF_MAP_GET_NEXT_KEY), C(BPF_PROG_LOAD), C(BPF_OBJ_PIN), C(BPF_OBJ_GET), C(BPF_PROG_ATTACH),
	C(BPF_PROG_DETACH), { "BPF_PROG_TEST_RUN", 10 }, C(BPF_PROG_GET_NEXT_ID), C(BPF_MAP_GET_NEXT_ID),
	C(BPF_PROG_GET_FD_BY_ID), C(BPF_MAP_GET_FD_BY_ID), C(BPF_OBJ_GET_INFO_BY_FD), C(BPF_PROG_QUERY),
	C(BPF_RAW_TRACEPOINT_OPEN), C(BPF_BTF_LOAD), C(BPF_BTF_GET_FD_BY_ID), C(BPF_TASK_FD_QUERY),
	C(BPF_MAP_LOOKUP_AND_DELETE_ELEM), C(BPF_MAP_FREEZE), C(BPF_BTF_GET_NEXT_ID), { "BPF_MAP_LOOKUP_BATCH", 24 },
	{ "BPF_MAP_LOOKUP_AND_DELETE_BATCH", 25 }, { "BPF_MAP_UPDATE_BATCH", 26 }, { "BPF_MAP_DELETE_BATCH", 27 },
	{ "BPF_LINK_CREATE", 28 }, { "BPF_LINK_UPDATE", 29 }, { "BPF_LINK_GET_FD_BY_ID", 30 },
	{ "BPF_LINK_GET_NEXT_ID", 31 }, { "BPF_ENABLE_STATS", 32 }, { "BPF_ITER_CREATE", 33 }, { "BPF_LINK_DETACH", 34 },
	{ "BPF_PROG_BIND_MAP", 35 }, { "BPF_TOKEN_CREATE", 36 }, { "BPF_PROG_STREAM_READ_BY_FD", 37 },
	{ "BPF_PROG_ASSOC_STRUCT_OPS", 38 },
};

static const struct tl_constant keyctl_cmds[] = {
	C(KEYCTL_GET_KEYRING_ID), C(KEYCTL_JOIN_SESSION_KEYRING), C(KEYCTL_UPDATE), C(KEYCTL_REVOKE), C(KEYCTL_CHOWN),
	C(KEYCTL_SETPERM), C(KEYCTL_DESCRIBE), C(KEYCTL_CLEAR), C(KEYCTL_LINK), C(KEYCTL_UNLINK), C(KEYCTL_SEARCH),
	C(KEYCTL_READ), C(KEYCTL_INSTANTIATE), C(KEYCTL_NEGATE), C(KEYCTL_SET_REQKEY_KEYRING), C(KEYCTL_SET_TIMEOUT),
	C(KEYCTL_ASSUME_AUTHORITY), C(KEYCTL_GET_SECURITY), C(KEYCTL_SESSION_TO_PARENT), C(KEYCTL_REJECT),
	C(KEYCTL_INSTANTIATE_IOV), C(KEYCTL_INVALIDATE), C(KEYCTL_GET_PERSISTENT), C(KEYCTL_DH_COMPUTE),
	{ "KEYCTL_PKEY_QUERY", 24 }, { "KEYCTL_PKEY_ENCRYPT", 25 }, { "KEYCTL_PKEY_DECRYPT", 26 },
	{ "KEYCTL_PKEY_SIGN", 27 }, { "KEYCTL_PKEY_VERIFY", 28 }, { "KEYCTL_RESTRICT_KEYRING", 29 },
	{ "KEYCTL_MOVE", 30 }, { "KEYCTL_CAPABILITIES", 31 }, { "KEYCTL_WATCH_KEY", 32 },
};
static const struct tl_constant keyrings[] = {
	C(KEY_SPEC_THREAD_KEYRING), C(KEY_SPEC_PROCESS_KEYRING), C(KEY_SPEC_SESSION_KEYRING), C(KEY_SPEC_USER_KEYRING),
	C(KEY_SPEC_USER_SESSION_KEYRING), C(KEY_SPEC_GROUP_KEYRING), C(KEY_SPEC_REQKEY_AUTH_KEY),
	C(KEY_SPEC_REQUESTOR_KEYRING),
};
static const struct tl_constant key_rights[] = {
	{ "KEY_POS_VIEW", 0x01000000 },	  { "KEY_POS_READ", 0x02000000 }, { "KEY_POS_WRITE", 0x04000000 },
	{ "KEY_POS_SEARCH", 0x08000000 }, { "KEY_POS_LINK", 0x10000000 }, { "KEY_POS_SETATTR", 0x20000000 },
	{ "KEY_USR_VIEW", 0x00010000 },	  { "KEY_USR_READ", 0x00020000 }, { "KEY_USR_WRITE", 0x00040000 },
	{ "KEY_USR_SEARCH", 0x00080000 }, { "KEY_USR_LINK", 0x00100000 }, { "KEY_USR_SETATTR", 0x00200000 },
	{ "KEY_GRP_VIEW", 0x00000100 },	  { "KEY_GRP_READ", 0x00000200 }, { "KEY_GRP_WRITE", 0x00000400 },
	{ "KEY_GRP_SEARCH", 0x00000800 }, { "KEY_GRP_LINK", 0x00001000 }, { "KEY_GRP_SETATTR", 0x00002000 },
	{ "KEY_OTH_VIEW", 0x00000001 },	  { "KEY_OTH_READ", 0x00000002 }, { "KEY_OTH_WRITE", 0x00000004 },
	{ "KEY_OTH_SEARCH", 0x00000008 }, { "KEY_OTH_LINK", 0x00000010 }, { "KEY_OTH_SETATTR", 0x00000020 },
};
static const struct tl_constant key_request_keyrings[] = {
	C(KEY_REQKEY_DEFL_NO_CHANGE), C(KEY_REQKEY_DEFL_DEFAULT), C(KEY_REQKEY_DEFL_THREAD_KEYRING),
	C(KEY_REQKEY_DEFL_PROCESS_KEYRING), C(KEY_REQKEY_DEFL_SESSION_KEYRING), C(KEY_REQKEY_DEFL_USER_KEYRING),
	C(KEY_REQKEY_DEFL_USER_SESSION_KEYRING), C(KEY_REQKEY_DEFL_GROUP_KEYRING),
	C(KEY_REQKEY_DEFL_REQUESTOR_KEYRING),
};
static const struct tl_constant key_move_flags[] = { { "KEYCTL_MOVE_EXCL", 1 } };

/* A keyring that has a name, or a key's number, which is decimal where calls return it. */
static void key_serial_text(struct tl_buffer *out, uint64_t value)
{
	int32_t serial = (int32_t)value;

	for (size_t i = 0; i < COUNT(keyrings); i++) {
		if ((int32_t)keyrings[i].value != serial)
			continue;
		tl_put_text(out, keyrings[i].name);
		return;
	}
	tl_put_i64(out, serial);
}

static const struct tl_constant reboot_cmds[] = {
	C(LINUX_REBOOT_CMD_RESTART), C(LINUX_REBOOT_CMD_HALT), C(LINUX_REBOOT_CMD_CAD_ON), C(LINUX_REBOOT_CMD_CAD_OFF),
	C(LINUX_REBOOT_CMD_POWER_OFF), C(LINUX_REBOOT_CMD_RESTART2), C(LINUX_REBOOT_CMD_SW_SUSPEND),
	C(LINUX_REBOOT_CMD_KEXEC),
};
static const struct tl_constant reboot_magics[] = {
	C(LINUX_REBOOT_MAGIC1), C(LINUX_REBOOT_MAGIC2), C(LINUX_REBOOT_MAGIC2A), C(LINUX_REBOOT_MAGIC2B),
	C(LINUX_REBOOT_MAGIC2C),
};
static const struct tl_constant kexec_flags[] = {
	C(KEXEC_ON_CRASH), C(KEXEC_PRESERVE_CONTEXT), { "KEXEC_UPDATE_ELFCOREHDR", 4 }, { "KEXEC_CRASH_HOTPLUG_SUPPORT", 8 },
};
static const struct tl_constant kexec_file_flags[] = {
	C(KEXEC_FILE_UNLOAD), C(KEXEC_FILE_ON_CRASH), C(KEXEC_FILE_NO_INITRAMFS), { "KEXEC_FILE_DEBUG", 8 },
	{ "KEXEC_FILE_NO_CMA", 16 }, { "KEXEC_FILE_FORCE_DTB", 32 },
};
static const struct tl_constant module_flags[] = {
	C(MODULE_INIT_IGNORE_MODVERSIONS), C(MODULE_INIT_IGNORE_VERMAGIC), { "MODULE_INIT_COMPRESSED_FILE", 4 },
};
static const struct tl_constant delete_module_flags[] = { { "O_NONBLOCK", 04000 }, { "O_TRUNC", 01000 } };

static const struct tl_constant seccomp_ops[] = {
	C(SECCOMP_SET_MODE_STRICT), C(SECCOMP_SET_MODE_FILTER), C(SECCOMP_GET_ACTION_AVAIL), C(SECCOMP_GET_NOTIF_SIZES),
};
static const struct tl_constant seccomp_flags[] = {
	C(SECCOMP_FILTER_FLAG_TSYNC), C(SECCOMP_FILTER_FLAG_LOG), C(SECCOMP_FILTER_FLAG_SPEC_ALLOW),
	C(SECCOMP_FILTER_FLAG_NEW_LISTENER), C(SECCOMP_FILTER_FLAG_TSYNC_ESRCH),
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20 },
};
static const struct tl_constant landlock_create_flags[] = {
	C(LANDLOCK_CREATE_RULESET_VERSION), { "LANDLOCK_CREATE_RULESET_ERRATA", 2 },
};
static const struct tl_constant landlock_rules[] = { C(LANDLOCK_RULE_PATH_BENEATH), { "LANDLOCK_RULE_NET_PORT", 2 } };
static const struct tl_constant landlock_restrict_flags[] = {
	{ "LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF", 1 }, { "LANDLOCK_RESTRICT_SELF_LOG_NEW_EXEC_ON", 2 },
	{ "LANDLOCK_RESTRICT_SELF_LOG_SUBDOMAINS_OFF", 4 }, { "LANDLOCK_RESTRICT_SELF_TSYNC", 8 },
};
static const struct tl_constant random_flags[] = { C(GRND_NONBLOCK), C(GRND_RANDOM), { "GRND_INSECURE", 4 } };
static const struct tl_constant perf_flags[] = {
	C(PERF_FLAG_FD_NO_GROUP), C(PERF_FLAG_FD_OUTPUT), C(PERF_FLAG_PID_CGROUP), C(PERF_FLAG_FD_CLOEXEC),
};
static const struct tl_constant userfaultfd_flags[] = {
	{ "O_CLOEXEC", 02000000 }, { "O_NONBLOCK", 04000 }, { "UFFD_USER_MODE_ONLY", 1 },
};
static const struct tl_constant membarrier_cmds[] = {
	{ "MEMBARRIER_CMD_QUERY", 0 }, { "MEMBARRIER_CMD_GLOBAL", 1 }, { "MEMBARRIER_CMD_GLOBAL_EXPEDITED", 2 },
	{ "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED", 4 }, { "MEMBARRIER_CMD_PRIVATE_EXPEDITED", 8 },
	{ "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED", 16 }, { "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE", 32 },
	{ "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE", 64 }, { "MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ", 128 },
	{ "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ", 256 }, { "MEMBARRIER_CMD_GET_REGISTRATIONS", 512 },
};
static const struct tl_constant rseq_flags[] = { { "RSEQ_FLAG_UNREGISTER", 1 } };
static const struct tl_constant syslog_actions[] = {
	{ "SYSLOG_ACTION_CLOSE", 0 }, { "SYSLOG_ACTION_OPEN", 1 }, { "SYSLOG_ACTION_READ", 2 },
	{ "SYSLOG_ACTION_READ_ALL", 3 }, { "SYSLOG_ACTION_READ_CLEAR", 4 }, { "SYSLOG_ACTION_CLEAR", 5 },
	{ "SYSLOG_ACTION_CONSOLE_OFF", 6 }, { "SYSLOG_ACTION_CONSOLE_ON", 7 }, { "SYSLOG_ACTION_CONSOLE_LEVEL", 8 },
	{ "SYSLOG_ACTION_SIZE_UNREAD", 9 }, { "SYSLOG_ACTION_SIZE_BUFFER", 10 },
};

/* ---- System V ipc ---- */

static const struct tl_constant ipc_cmds[] = {
	{ "IPC_RMID", 0 }, { "IPC_SET", 1 }, { "IPC_STAT", 2 }, { "IPC_INFO", 3 },
};
static const struct tl_constant shm_cmds[] = {
	{ "IPC_RMID", 0 }, { "IPC_SET", 1 }, { "IPC_STAT", 2 }, { "IPC_INFO", 3 }, { "SHM_LOCK", 11 },
	{ "SHM_UNLOCK", 12 }, { "SHM_STAT", 13 }, { "SHM_INFO", 14 }, { "SHM_STAT_ANY", 15 },
};
static const struct tl_constant msg_cmds[] = {
	{ "IPC_RMID", 0 }, { "IPC_SET", 1 }, { "IPC_STAT", 2 }, { "IPC_INFO", 3 }, { "MSG_STAT", 11 },
	{ "MSG_INFO", 12 }, { "MSG_STAT_ANY", 13 },
};
static const struct tl_constant sem_cmds[] = {
	{ "IPC_RMID", 0 }, { "IPC_SET", 1 }, { "IPC_STAT", 2 }, { "IPC_INFO", 3 }, { "GETPID", 11 }, { "GETVAL", 12 },
	{ "GETALL", 13 }, { "GETNCNT", 14 }, { "GETZCNT", 15 }, { "SETVAL", 16 }, { "SETALL", 17 }, { "SEM_STAT", 18 },
	{ "SEM_INFO", 19 }, { "SEM_STAT_ANY", 20 },
};
static const struct tl_constant ipc_version[] = { { "IPC_64", 0x100 } };
#define IPC_COMMAND(decoder, commands)                                                           \
	{ .name = decoder, .kind = TL_DECODE_FLAGS, .mask = 0xfffffeff, .mask_last = true,       \
	  .values = commands, .n_values = COUNT(commands), .flags = ipc_version, .n_flags = 1 }
/* The calls that are one on i386; in the upper half an old caller's version. */
static const struct tl_constant ipc_calls[] = {
	{ "SEMOP", 1 },	 { "SEMGET", 2 }, { "SEMCTL", 3 },  { "SEMTIMEDOP", 4 }, { "MSGSND", 11 },  { "MSGRCV", 12 },
	{ "MSGGET", 13 }, { "MSGCTL", 14 }, { "SHMAT", 21 }, { "SHMDT", 22 },	 { "SHMGET", 23 },  { "SHMCTL", 24 },
};
static const struct tl_constant lsm_attributes[] = {
	{ "LSM_ATTR_UNDEF", 0 },  { "LSM_ATTR_CURRENT", 100 },	 { "LSM_ATTR_EXEC", 101 }, { "LSM_ATTR_FSCREATE", 102 },
	{ "LSM_ATTR_KEYCREATE", 103 }, { "LSM_ATTR_PREV", 104 }, { "LSM_ATTR_SOCKCREATE", 105 },
};
static const struct tl_constant ipc_keys[] = { { "IPC_PRIVATE", 0 } };
static const struct tl_constant shmat_flags[] = { C(SHM_RDONLY), C(SHM_RND), C(SHM_REMAP), C(SHM_EXEC) };
static const struct tl_constant ipc_get_bits[] = {
	{ "IPC_CREAT", 01000 }, { "IPC_EXCL", 02000 }, { "IPC_NOWAIT", 04000 },
};
static const struct tl_constant msg_rcv_flags[] = {
	{ "IPC_NOWAIT", 04000 }, { "MSG_NOERROR", 010000 }, { "MSG_EXCEPT", 020000 }, { "MSG_COPY", 040000 },
};

/* Flags, and the permissions in octal. */
static void ipc_flags_text(struct tl_buffer *out, uint64_t value)
{
	static const struct tl_constant bits[] = {
		{ "IPC_CREAT", 01000 }, { "IPC_EXCL", 02000 }, { "SHM_HUGETLB", 04000 }, { "SHM_NORESERVE", 010000 },
	};
	uint64_t rest = (uint32_t)value;

	for (size_t i = 0; i < COUNT(bits); i++) {
		if (!(rest & bits[i].value))
			continue;
		tl_put_text(out, bits[i].name);
		tl_put_char(out, '|');
		rest &= ~bits[i].value;
	}
	tl_put_octal(out, rest);
}

/* ---- io_uring ---- */

static const struct tl_constant uring_enter_flags[] = {
	{ "IORING_ENTER_GETEVENTS", 1 }, { "IORING_ENTER_SQ_WAKEUP", 2 }, { "IORING_ENTER_SQ_WAIT", 4 },
	{ "IORING_ENTER_EXT_ARG", 8 }, { "IORING_ENTER_REGISTERED_RING", 16 }, { "IORING_ENTER_ABS_TIMER", 32 },
	{ "IORING_ENTER_EXT_ARG_REG", 64 }, { "IORING_ENTER_NO_IOWAIT", 128 },
};
static const struct tl_constant uring_register_ops[] = {
	{ "IORING_REGISTER_BUFFERS", 0 }, { "IORING_UNREGISTER_BUFFERS", 1 }, { "IORING_REGISTER_FILES", 2 },
	{ "IORING_UNREGISTER_FILES", 3 }, { "IORING_REGISTER_EVENTFD", 4 }, { "IORING_UNREGISTER_EVENTFD", 5 },
	{ "IORING_REGISTER_FILES_UPDATE", 6 }, { "IORING_REGISTER_EVENTFD_ASYNC", 7 }, { "IORING_REGISTER_PROBE", 8 },
	{ "IORING_REGISTER_PERSONALITY", 9 }, { "IORING_UNREGISTER_PERSONALITY", 10 },
	{ "IORING_REGISTER_RESTRICTIONS", 11 }, { "IORING_REGISTER_ENABLE_RINGS", 12 },
	{ "IORING_REGISTER_FILES2", 13 }, { "IORING_REGISTER_FILES_UPDATE2", 14 }, { "IORING_REGISTER_BUFFERS2", 15 },
	{ "IORING_REGISTER_BUFFERS_UPDATE", 16 }, { "IORING_REGISTER_IOWQ_AFF", 17 },
	{ "IORING_UNREGISTER_IOWQ_AFF", 18 }, { "IORING_REGISTER_IOWQ_MAX_WORKERS", 19 },
	{ "IORING_REGISTER_RING_FDS", 20 }, { "IORING_UNREGISTER_RING_FDS", 21 }, { "IORING_REGISTER_PBUF_RING", 22 },
	{ "IORING_UNREGISTER_PBUF_RING", 23 }, { "IORING_REGISTER_SYNC_CANCEL", 24 },
	{ "IORING_REGISTER_FILE_ALLOC_RANGE", 25 }, { "IORING_REGISTER_PBUF_STATUS", 26 },
	{ "IORING_REGISTER_NAPI", 27 }, { "IORING_UNREGISTER_NAPI", 28 }, { "IORING_REGISTER_CLOCK", 29 },
	{ "IORING_REGISTER_CLONE_BUFFERS", 30 }, { "IORING_REGISTER_SEND_MSG_RING", 31 },
	{ "IORING_REGISTER_ZCRX_IFQ", 32 }, { "IORING_REGISTER_RESIZE_RINGS", 33 }, { "IORING_REGISTER_MEM_REGION", 34 },
	{ "IORING_REGISTER_QUERY", 35 }, { "IORING_REGISTER_ZCRX_CTRL", 36 },
};

/* ---- Quota ---- */

static const struct tl_constant quota_cmds[] = {
	{ "Q_SYNC", 0x800001 }, { "Q_QUOTAON", 0x800002 }, { "Q_QUOTAOFF", 0x800003 }, { "Q_GETFMT", 0x800004 },
	{ "Q_GETINFO", 0x800005 }, { "Q_SETINFO", 0x800006 }, { "Q_GETQUOTA", 0x800007 }, { "Q_SETQUOTA", 0x800008 },
	{ "Q_GETNEXTQUOTA", 0x800009 }, { "Q_XQUOTAON", 0x5801 }, { "Q_XQUOTAOFF", 0x5802 }, { "Q_XGETQUOTA", 0x5803 },
	{ "Q_XSETQLIM", 0x5804 }, { "Q_XGETQSTAT", 0x5805 }, { "Q_XQUOTARM", 0x5806 }, { "Q_XQUOTASYNC", 0x5807 },
	{ "Q_XGETQSTATV", 0x5808 }, { "Q_XGETNEXTQUOTA", 0x5809 },
};
static const struct tl_constant quota_types[] = { { "USRQUOTA", 0 }, { "GRPQUOTA", 1 }, { "PRJQUOTA", 2 } };

static void quota_cmd_text(struct tl_buffer *out, uint64_t value)
{
	static const struct tl_decoder command = ENUM("", quota_cmds), type = ENUM("", quota_types);

	TL_PUT_LITERAL(out, "QCMD(");
	tl_value_text(out, &command, (uint32_t)value >> 8);
	TL_PUT_LITERAL(out, ", ");
	tl_value_text(out, &type, value & 0xff);
	tl_put_char(out, ')');
}

/* The tables besides the functions make the names known to tl_constant_find(). */
static const struct tl_decoder decoders[] = {
	ENUM("bpf_cmd", bpf_cmds),
	ENUM("keyctl_cmd", keyctl_cmds),
	NUMBER_OF("key_serial", key_serial_text, keyrings),
	FLAGS("key_rights", key_rights),
	ENUM("key_request_keyring", key_request_keyrings),
	FLAGS("key_move_flags", key_move_flags),
	ENUM("reboot_cmd", reboot_cmds),
	ENUM("reboot_magic", reboot_magics),
	FLAGS("kexec_flags", kexec_flags),
	FLAGS("kexec_file_flags", kexec_file_flags),
	FLAGS("module_flags", module_flags),
	FLAGS("delete_module_flags", delete_module_flags),
	ENUM("seccomp_op", seccomp_ops),
	FLAGS("seccomp_flags", seccomp_flags),
	FLAGS("landlock_create", landlock_create_flags),
	ENUM("landlock_rule", landlock_rules),
	FLAGS("landlock_restrict", landlock_restrict_flags),
	FLAGS("random_flags", random_flags),
	FLAGS("perf_flags", perf_flags),
	FLAGS("userfaultfd_flags", userfaultfd_flags),
	ENUM("membarrier_cmd", membarrier_cmds),
	FLAGS("rseq_flags", rseq_flags),
	ENUM("syslog_action", syslog_actions),
	ENUM("ipc_cmd", ipc_cmds),
	ENUM("ipc_call", ipc_calls),
	ENUM("lsm_attr", lsm_attributes),
	IPC_COMMAND("shm_cmd", shm_cmds),
	IPC_COMMAND("msg_cmd", msg_cmds),
	IPC_COMMAND("sem_cmd", sem_cmds),
	ENUM("ipc_key", ipc_keys),
	FLAGS("shmat_flags", shmat_flags),
	FLAGS("msg_rcv_flags", msg_rcv_flags),
	NUMBER_OF("ipc_flags", ipc_flags_text, ipc_get_bits),
	FLAGS("uring_enter_flags", uring_enter_flags),
	ENUM("uring_register_op", uring_register_ops),
	NUMBER_OF("quota_cmd", quota_cmd_text, quota_cmds),
};

const struct tl_decoder_list tl_decoders_kernel = { decoders, COUNT(decoders) };
