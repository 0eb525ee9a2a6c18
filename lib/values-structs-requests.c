/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What calls are asked for in a structure; keys and rights of System V's queues, memory and semaphores. */
#include <linux/io_uring.h>

#include "values-structs.h"

/* ---- System V ---- */

/* struct ipc64_perm, up to the mode; what may be set of it, or all. */
static void put_rights(struct tl_buffer *out, const struct tl_bytes *bytes, const char *key, bool is_set)
{
	tl_put_text(out, key);
	put_signed(out, "={uid=", (uint64_t)(int32_t)member(bytes, 4, 4));
	put_signed(out, ", gid=", (uint64_t)(int32_t)member(bytes, 8, 4));
	put_decoded(out, ", mode=", "mode", member(bytes, 20, 2));
	if (!is_set) {
		put_signed(out, ", key=", member(bytes, 0, 4));
		put_signed(out, ", cuid=", (uint64_t)(int32_t)member(bytes, 12, 4));
		put_signed(out, ", cgid=", (uint64_t)(int32_t)member(bytes, 16, 4));
	}
	tl_put_char(out, '}');
}

/* A member behind the rights, which are of 36 or 48 bytes: counted in words, for those of 32 bits
 * from `i32`; a time has two words there. */
static uint64_t behind(const struct tl_bytes *bytes, size_t width, size_t i, size_t i32)
{
	return width == 8 ? member(bytes, 48 + 8 * i, 8) : member(bytes, 36 + 4 * i32, 4);
}

static void put_pids(struct tl_buffer *out, const struct tl_bytes *bytes, const char *first, const char *second,
		     size_t at)
{
	put_signed(out, first, (uint64_t)(int32_t)member(bytes, at, 4));
	put_signed(out, second, (uint64_t)(int32_t)member(bytes, at + 4, 4));
}

static void put_memory(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, width == 8 ? 96 : 76))
		return;
	put_rights(out, bytes, "{shm_perm", false);
	put_signed(out, ", shm_segsz=", behind(bytes, width, 0, 0));
	put_pids(out, bytes, ", shm_cpid=", ", shm_lpid=", width == 8 ? 80 : 64);
	put_signed(out, ", shm_nattch=", behind(bytes, width, 5, 9));
	put_signed(out, ", shm_atime=", behind(bytes, width, 1, 1));
	put_signed(out, ", shm_dtime=", behind(bytes, width, 2, 3));
	put_signed(out, ", shm_ctime=", behind(bytes, width, 3, 5));
	tl_put_char(out, '}');
}

static void shmid_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_memory(out, bytes, 8);
}

static void shmid_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_memory(out, bytes, 4);
}

static void shm_set_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 24))
		return;
	put_rights(out, bytes, "{shm_perm", true);
	tl_put_char(out, '}');
}

static void put_queue(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, width == 8 ? 104 : 80))
		return;
	put_rights(out, bytes, "{msg_perm", false);
	put_signed(out, ", msg_stime=", behind(bytes, width, 0, 0));
	put_signed(out, ", msg_rtime=", behind(bytes, width, 1, 2));
	put_signed(out, ", msg_ctime=", behind(bytes, width, 2, 4));
	put_signed(out, ", msg_qnum=", behind(bytes, width, 4, 7));
	put_signed(out, ", msg_qbytes=", behind(bytes, width, 5, 8));
	put_pids(out, bytes, ", msg_lspid=", ", msg_lrpid=", width == 8 ? 96 : 72);
	tl_put_char(out, '}');
}

static void msqid_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue(out, bytes, 8);
}

static void msqid_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue(out, bytes, 4);
}

static void put_queue_set(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, width == 8 ? 96 : 72))
		return;
	put_rights(out, bytes, "{msg_perm", true);
	put_signed(out, ", msg_qbytes=", behind(bytes, width, 5, 8));
	tl_put_char(out, '}');
}

static void msg_set_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue_set(out, bytes, 8);
}

static void msg_set_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue_set(out, bytes, 4);
}

static void put_semaphores(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, width == 8 ? 88 : 56))
		return;
	put_rights(out, bytes, "{sem_perm", false);
	put_signed(out, ", sem_otime=", behind(bytes, width, 0, 0));
	put_signed(out, ", sem_ctime=", behind(bytes, width, 2, 2));
	put_signed(out, ", sem_nsems=", behind(bytes, width, 4, 4));
	tl_put_char(out, '}');
}

static void semid_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_semaphores(out, bytes, 8);
}

static void semid_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_semaphores(out, bytes, 4);
}

static void sem_set_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 24))
		return;
	put_rights(out, bytes, "{sem_perm", true);
	tl_put_char(out, '}');
}

/* ---- Tracing ---- */

static const struct tl_constant ptrace_options[] = {
	{ "PTRACE_O_TRACESYSGOOD", 1 },	  { "PTRACE_O_TRACEFORK", 2 },
	{ "PTRACE_O_TRACEVFORK", 4 },	  { "PTRACE_O_TRACECLONE", 8 },
	{ "PTRACE_O_TRACEEXEC", 16 },	  { "PTRACE_O_TRACEVFORKDONE", 32 },
	{ "PTRACE_O_TRACEEXIT", 64 },	  { "PTRACE_O_TRACESECCOMP", 128 },
	{ "PTRACE_O_EXITKILL", 1 << 20 }, { "PTRACE_O_SUSPEND_SECCOMP", 1 << 21 },
};

static void word_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 8))
		return;
	put_decoded(out, "[", "hex", WORD(bytes, 0));
	tl_put_char(out, ']');
}

static void word_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 4))
		return;
	put_decoded(out, "[", "hex", member(bytes, 0, 4));
	tl_put_char(out, ']');
}

/* ---- Others ---- */

static void xattr_args_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 16))
		return;
	put_decoded(out, "{value=", "pointer", WORD(bytes, 0));
	put_signed(out, ", size=", member(bytes, 8, 4));
	put_decoded(out, ", flags=", "xattr_flags", member(bytes, 12, 4));
	tl_put_char(out, '}');
}

/* Which mount, and of which mount namespace; what of it is wanted, or the mount after which. */
static void mount_request_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 24))
		return;
	put_signed(out, "{size=", member(bytes, 0, 4));
	put_decoded(out, ", mnt_id=", "hex", WORD(bytes, 1));
	put_decoded(out, ", param=", "hex", WORD(bytes, 2));
	tl_put_text(out, member(bytes, 0, 4) > 24 ? ", ...}" : "}");
}

static void futex_waiters_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	tl_put_char(out, '[');
	for (size_t at = 0; at + 24 <= bytes->size; at += 24) {
		put_decoded(out, at ? ", {val=" : "{val=", "hex", member(bytes, at, 8));
		put_decoded(out, ", uaddr=", "pointer", member(bytes, at + 8, 8));
		put_decoded(out, ", flags=", "futex2_flags", member(bytes, at + 16, 4));
		tl_put_char(out, '}');
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void uring_params_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant flags[] = {
		C(IORING_SETUP_IOPOLL),
		C(IORING_SETUP_SQPOLL),
		C(IORING_SETUP_SQ_AFF),
		C(IORING_SETUP_CQSIZE),
		C(IORING_SETUP_CLAMP),
		C(IORING_SETUP_ATTACH_WQ),
		C(IORING_SETUP_R_DISABLED),
		C(IORING_SETUP_SUBMIT_ALL),
		{ "IORING_SETUP_COOP_TASKRUN", 1 << 8 },
		{ "IORING_SETUP_TASKRUN_FLAG", 1 << 9 },
		{ "IORING_SETUP_SQE128", 1 << 10 },
		{ "IORING_SETUP_CQE32", 1 << 11 },
		{ "IORING_SETUP_SINGLE_ISSUER", 1 << 12 },
		{ "IORING_SETUP_DEFER_TASKRUN", 1 << 13 },
		{ "IORING_SETUP_NO_MMAP", 1 << 14 },
		{ "IORING_SETUP_REGISTERED_FD_ONLY", 1 << 15 },
		{ "IORING_SETUP_NO_SQARRAY", 1 << 16 },
		{ "IORING_SETUP_HYBRID_IOPOLL", 1 << 17 },
		{ "IORING_SETUP_CQE_MIXED", 1 << 18 },
	};
	static const struct tl_decoder decoder = FLAGS("", flags);
	uint64_t asked = member(bytes, 8, 4);

	if (!whole(out, bytes, 28))
		return;
	TL_PUT_LITERAL(out, "{flags=");
	tl_value_text(out, &decoder, asked);
	put_signed(out, ", sq_thread_cpu=", member(bytes, 12, 4));
	put_signed(out, ", sq_thread_idle=", member(bytes, 16, 4));
	if (asked & IORING_SETUP_ATTACH_WQ)
		put_signed(out, ", wq_fd=", (uint64_t)(int32_t)member(bytes, 24, 4));
	put_signed(out, ", sq_entries=", member(bytes, 0, 4));
	put_signed(out, ", cq_entries=", member(bytes, 4, 4));
	put_decoded(out, ", features=", "hex", member(bytes, 20, 4));
	TL_PUT_LITERAL(out, ", ...}");
}

/* ---- Landlock: what a process takes from itself ---- */

static const struct tl_constant file_rights[] = {
	{ "LANDLOCK_ACCESS_FS_EXECUTE", 1 << 0 },    { "LANDLOCK_ACCESS_FS_WRITE_FILE", 1 << 1 },
	{ "LANDLOCK_ACCESS_FS_READ_FILE", 1 << 2 },  { "LANDLOCK_ACCESS_FS_READ_DIR", 1 << 3 },
	{ "LANDLOCK_ACCESS_FS_REMOVE_DIR", 1 << 4 }, { "LANDLOCK_ACCESS_FS_REMOVE_FILE", 1 << 5 },
	{ "LANDLOCK_ACCESS_FS_MAKE_CHAR", 1 << 6 },  { "LANDLOCK_ACCESS_FS_MAKE_DIR", 1 << 7 },
	{ "LANDLOCK_ACCESS_FS_MAKE_REG", 1 << 8 },   { "LANDLOCK_ACCESS_FS_MAKE_SOCK", 1 << 9 },
	{ "LANDLOCK_ACCESS_FS_MAKE_FIFO", 1 << 10 }, { "LANDLOCK_ACCESS_FS_MAKE_BLOCK", 1 << 11 },
	{ "LANDLOCK_ACCESS_FS_MAKE_SYM", 1 << 12 },  { "LANDLOCK_ACCESS_FS_REFER", 1 << 13 },
	{ "LANDLOCK_ACCESS_FS_TRUNCATE", 1 << 14 },  { "LANDLOCK_ACCESS_FS_IOCTL_DEV", 1 << 15 },
};
static const struct tl_constant port_rights[] = { { "LANDLOCK_ACCESS_NET_BIND_TCP", 1 },
						  { "LANDLOCK_ACCESS_NET_CONNECT_TCP", 2 } };
static const struct tl_constant scopes[] = { { "LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET", 1 },
					     { "LANDLOCK_SCOPE_SIGNAL", 2 } };
static const struct tl_decoder of_files = FLAGS("", file_rights), of_ports = FLAGS("", port_rights),
			       of_scopes = FLAGS("", scopes);

/* Each kernel knows more of it than the one before. */
static void landlock_rules_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct {
		const char *key;
		const struct tl_decoder *decoder;
	} members[] = {
		{ "{handled_access_fs=", &of_files },
		{ ", handled_access_net=", &of_ports },
		{ ", scoped=", &of_scopes },
	};

	if (!whole(out, bytes, 8))
		return;
	for (size_t i = 0; i < COUNT(members) && (i + 1) * 8 <= bytes->size; i++) {
		tl_put_text(out, members[i].key);
		tl_value_text(out, members[i].decoder, WORD(bytes, i));
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...}" : "}");
}

static void put_allowed(struct tl_buffer *out, const struct tl_bytes *bytes, const struct tl_decoder *decoder,
			const char *key, uint64_t value)
{
	TL_PUT_LITERAL(out, "{allowed_access=");
	tl_value_text(out, decoder, WORD(bytes, 0));
	put_signed(out, key, value);
	tl_put_char(out, '}');
}

static void landlock_path_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 12))
		put_allowed(out, bytes, &of_files, ", parent_fd=", (uint64_t)(int32_t)member(bytes, 8, 4));
}

static void landlock_port_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_allowed(out, bytes, &of_ports, ", port=", WORD(bytes, 1));
}

static const struct tl_decoder decoders[] = {
	LAYOUTS("shmid_ds", shmid_text, shmid_text_32),
	LAYOUTS("msqid_ds", msqid_text, msqid_text_32),
	LAYOUTS("semid_ds", semid_text, semid_text_32),
	BYTES("shm_set", shm_set_text),
	LAYOUTS("msg_set", msg_set_text, msg_set_text_32),
	BYTES("sem_set", sem_set_text),
	FLAGS("ptrace_options", ptrace_options),
	POINTERS("word_pointer", word_text, word_text_32),
	BYTES("xattr_args", xattr_args_text),
	BYTES("mount_request", mount_request_text),
	BYTES("futex_waiters", futex_waiters_text),
	BYTES("uring_params", uring_params_text),
	BYTES("landlock_rules", landlock_rules_text),
	BYTES("landlock_path", landlock_path_text),
	BYTES("landlock_port", landlock_port_text),
};

const struct tl_decoder_list tl_decoders_structs_requests = { decoders, COUNT(decoders) };
