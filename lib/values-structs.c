/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures in user memory, as x86-64 lays them out. */
#include <linux/sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "values-structs.h"
#include "wire.h"

#define UTIME_NOW_NS ((1L << 30) - 1L)
#define UTIME_OMIT_NS ((1L << 30) - 2L)

/* Two words of `width` bytes. */
static void put_time_of(struct tl_buffer *out, const struct tl_bytes *bytes, size_t at, size_t width,
			const char *fraction)
{
	put_signed(out, "{tv_sec=", width == 4 ? (uint64_t)(int32_t)member(bytes, at, 4) : member(bytes, at, 8));
	put_signed(out, fraction, width == 4 ? (uint64_t)(int32_t)member(bytes, at + 4, 4) : member(bytes, at + 8, 8));
	tl_put_char(out, '}');
}

static void put_limit(struct tl_buffer *out, const char *key, uint64_t limit)
{
	tl_put_text(out, key);
	if (limit == UINT64_MAX) {
		TL_PUT_LITERAL(out, "RLIM64_INFINITY");
	} else if (limit > 1024 && limit % 1024 == 0) {
		tl_put_u64(out, limit / 1024);
		TL_PUT_LITERAL(out, "*1024");
	} else {
		tl_put_u64(out, limit);
	}
}

/* ---- Times ---- */

static void timespec_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_time_of(out, bytes, 0, 8, ", tv_nsec=");
}

static void timeval_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_time_of(out, bytes, 0, 8, ", tv_usec=");
}

static void timespec_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 8))
		put_time_of(out, bytes, 0, 4, ", tv_nsec=");
}

static void timeval_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 8))
		put_time_of(out, bytes, 0, 4, ", tv_usec=");
}

/* Times of access and modification; some nanoseconds mean something else. */
static void put_time_pair(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width, const char *fraction)
{
	bool is_nano = fraction[5] == 'n';

	if (!whole(out, bytes, 4 * width))
		return;
	tl_put_char(out, '[');
	for (size_t at = 0; at < 4 * width; at += 2 * width) {
		uint64_t ns = member(bytes, at + width, width);

		if (at)
			TL_PUT_LITERAL(out, ", ");
		if (is_nano && ns == UTIME_NOW_NS)
			TL_PUT_LITERAL(out, "UTIME_NOW");
		else if (is_nano && ns == UTIME_OMIT_NS)
			TL_PUT_LITERAL(out, "UTIME_OMIT");
		else
			put_time_of(out, bytes, at, width, fraction);
	}
	tl_put_char(out, ']');
}

static void timespec_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_time_pair(out, bytes, 8, ", tv_nsec=");
}

static void timespec_pair_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_time_pair(out, bytes, 4, ", tv_nsec=");
}

static void timeval_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_time_pair(out, bytes, 8, ", tv_usec=");
}

static void timeval_pair_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_time_pair(out, bytes, 4, ", tv_usec=");
}

static void put_timer(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width, const char *fraction)
{
	if (!whole(out, bytes, 4 * width))
		return;
	TL_PUT_LITERAL(out, "{it_interval=");
	put_time_of(out, bytes, 0, width, fraction);
	TL_PUT_LITERAL(out, ", it_value=");
	put_time_of(out, bytes, 2 * width, width, fraction);
	tl_put_char(out, '}');
}

static void itimerspec_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timer(out, bytes, 8, ", tv_nsec=");
}

static void itimerspec_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timer(out, bytes, 4, ", tv_nsec=");
}

static void itimerval_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timer(out, bytes, 8, ", tv_usec=");
}

static void itimerval_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timer(out, bytes, 4, ", tv_usec=");
}

/* ---- Files ---- */

static void open_how_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 24))
		return;
	put_decoded(out, "{flags=", "open_flags", WORD(bytes, 0));
	if (WORD(bytes, 0) >> 32) { /* flags of 64 bits, unlike those of open() */
		tl_put_char(out, '|');
		tl_put_hex(out, WORD(bytes, 0) >> 32 << 32);
	}
	if (WORD(bytes, 1)) {
		TL_PUT_LITERAL(out, ", mode=");
		tl_put_octal(out, WORD(bytes, 1));
	}
	put_decoded(out, ", resolve=", "resolve_flags", WORD(bytes, 2));
	if (bytes->size > 24 || bytes->flags & TL_VALUE_TRUNCATED)
		TL_PUT_LITERAL(out, ", ...");
	tl_put_char(out, '}');
}

static void mount_attr_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 32))
		return;
	put_decoded(out, "{attr_set=", "mount_attributes", WORD(bytes, 0));
	put_decoded(out, ", attr_clr=", "mount_attributes", WORD(bytes, 1));
	put_decoded(out, ", propagation=", "mount_flags", WORD(bytes, 2));
	tl_put_text(out, ", userns_fd=");
	tl_put_u64(out, WORD(bytes, 3));
	tl_put_char(out, '}');
}

/* Two descriptors that pipe(2) or socketpair(2) wrote. */
static void fd_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 8))
		return;
	tl_put_char(out, '[');
	tl_put_i64(out, (int32_t)member(bytes, 0, 4));
	TL_PUT_LITERAL(out, ", ");
	tl_put_i64(out, (int32_t)member(bytes, 4, 4));
	tl_put_char(out, ']');
}

static void int_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 4))
		return;
	tl_put_char(out, '[');
	tl_put_i64(out, (int32_t)member(bytes, 0, 4));
	tl_put_char(out, ']');
}

/* An offset that the call moved on. */
static void put_offset(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, width))
		return;
	put_signed(out, "[", member(bytes, 0, width));
	tl_put_char(out, ']');
}

static void offset_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_offset(out, bytes, 8);
}

static void offset_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_offset(out, bytes, 4);
}

static void errno_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 4))
		return;
	put_decoded(out, "[", "errno", member(bytes, 0, 4));
	tl_put_char(out, ']');
}

/* Numbers of processors or descriptors, a bit each. */
static void bits_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	bool first = true;

	tl_put_char(out, '[');
	for (size_t i = 0; i < (size_t)bytes->size * 8; i++) {
		if (!((unsigned char)bytes->data[i / 8] >> i % 8 & 1))
			continue;
		if (!first)
			tl_put_char(out, ' ');
		first = false;
		tl_put_u64(out, i);
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? " ...]" : "]");
}

/* What wait(2) says of a child, as its macros do. */
static void wait_status_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	int status = (int)member(bytes, 0, 4);

	if (!whole(out, bytes, 4))
		return;
	if (WIFEXITED(status)) {
		put_signed(out, "[{WIFEXITED(s) && WEXITSTATUS(s) == ", (uint64_t)WEXITSTATUS(status));
	} else if (WIFSTOPPED(status)) {
		put_decoded(out, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ", "signal", (uint64_t)WSTOPSIG(status));
	} else if (WIFSIGNALED(status)) {
		put_decoded(out, "[{WIFSIGNALED(s) && WTERMSIG(s) == ", "signal", (uint64_t)WTERMSIG(status));
		tl_put_text(out, WCOREDUMP(status) ? " && WCOREDUMP(s)" : "");
	} else if (WIFCONTINUED(status)) {
		TL_PUT_LITERAL(out, "[{WIFCONTINUED(s)");
	} else {
		TL_PUT_LITERAL(out, "[{");
		tl_put_hex(out, (unsigned)status);
	}
	TL_PUT_LITERAL(out, "}]");
}

/* Packed on x86-64: the data begin at 4. */
static void epoll_event_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 12))
		return;
	put_decoded(out, "{events=", "epoll_events", member(bytes, 0, 4));
	TL_PUT_LITERAL(out, ", data={u32=");
	tl_put_u64(out, member(bytes, 4, 4));
	TL_PUT_LITERAL(out, ", u64=");
	tl_put_u64(out, member(bytes, 4, 8));
	TL_PUT_LITERAL(out, "}}");
}

/* What epoll_wait(2) returned. */
static void epoll_events_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	tl_put_char(out, '[');
	for (size_t at = 0; at + 12 <= bytes->size; at += 12) {
		struct tl_bytes one = { .data = bytes->data + at, .size = 12 };

		if (at)
			TL_PUT_LITERAL(out, ", ");
		epoll_event_text(out, &one);
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void pollfds_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	tl_put_char(out, '[');
	for (size_t at = 0; at + 8 <= bytes->size; at += 8) {
		if (at)
			TL_PUT_LITERAL(out, ", ");
		TL_PUT_LITERAL(out, "{fd=");
		tl_put_i64(out, (int32_t)member(bytes, at, 4));
		put_decoded(out, ", events=", "poll_events", member(bytes, at + 4, 2));
		if (member(bytes, at + 6, 2))
			put_decoded(out, ", revents=", "poll_events", member(bytes, at + 6, 2));
		tl_put_char(out, '}');
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void sembufs_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant flags[] = { { "IPC_NOWAIT", 04000 }, { "SEM_UNDO", 0x1000 } };
	static const struct tl_decoder decoder = FLAGS("", flags);

	tl_put_char(out, '[');
	for (size_t at = 0; at + 6 <= bytes->size; at += 6) {
		put_signed(out, at ? ", {sem_num=" : "{sem_num=", member(bytes, at, 2));
		put_signed(out, ", sem_op=", (uint64_t)(int16_t)member(bytes, at + 2, 2));
		TL_PUT_LITERAL(out, ", sem_flg=");
		tl_value_text(out, &decoder, member(bytes, at + 4, 2));
		tl_put_char(out, '}');
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

/* Users or groups; all bits set is none. */
static void put_ids(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	const uint64_t none = (1ULL << (8 * width)) - 1;

	tl_put_char(out, '[');
	for (size_t at = 0; at + width <= bytes->size; at += width) {
		uint64_t id = member(bytes, at, width);

		if (at)
			TL_PUT_LITERAL(out, ", ");
		tl_put_i64(out, id == none ? -1 : (int64_t)id);
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void ids_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_ids(out, bytes, 4);
}

static void ids_text_16(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_ids(out, bytes, 2);
}

/* ---- Processes ---- */

static void rlimit_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 16))
		return;
	put_limit(out, "{rlim_cur=", WORD(bytes, 0));
	put_limit(out, ", rlim_max=", WORD(bytes, 1));
	tl_put_char(out, '}');
}

static void rlimit_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const keys[] = { "{rlim_cur=", ", rlim_max=" };

	if (!whole(out, bytes, 8))
		return;
	for (size_t i = 0; i < COUNT(keys); i++) {
		uint64_t limit = member(bytes, i * 4, 4);

		if (limit < UINT32_MAX) {
			put_limit(out, keys[i], limit);
		} else {
			tl_put_text(out, keys[i]);
			TL_PUT_LITERAL(out, "RLIM_INFINITY");
		}
	}
	tl_put_char(out, '}');
}

/* struct clone_args, from flags to what there is of it. */
static void clone_args_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct {
		const char *name, *decoder;
	} members[] = {
		{ ", pidfd=", "pointer" },	{ ", child_tid=", "pointer" }, { ", parent_tid=", "pointer" },
		{ ", exit_signal=", "signal" }, { ", stack=", "pointer" },     { ", stack_size=", "pointer" },
		{ ", tls=", "pointer" },	{ ", set_tid=", "pointer" },   { ", set_tid_size=", "unsigned" },
		{ ", cgroup=", "unsigned" },
	};

	if (!whole(out, bytes, 64))
		return;
	put_decoded(out, "{flags=", "clone3_flags", WORD(bytes, 0));
	for (size_t i = 0; i < COUNT(members) && (i + 2) * 8 <= bytes->size; i++)
		if ((WORD(bytes, i + 1) && (i || (WORD(bytes, 0) & CLONE_PIDFD))) || i == 3)
			put_decoded(out, members[i].name, members[i].decoder, WORD(bytes, i + 1));
	tl_put_char(out, '}');
}

static void put_sigset(struct tl_buffer *out, uint64_t set)
{
	bool first = true;

	if (__builtin_popcountll(set) > 40) {
		tl_put_char(out, '~');
		set = ~set;
	}
	tl_put_char(out, '[');
	for (; set; set &= set - 1) {
		int number = __builtin_ctzll(set) + 1;
		const char *name = tl_signal_name(number);

		if (!first)
			tl_put_char(out, ' ');
		first = false;
		if (name) {
			tl_put_text(out, name + 3);
		} else if (number == 32) {
			TL_PUT_LITERAL(out, "RTMIN");
		} else {
			TL_PUT_LITERAL(out, "RT_");
			tl_put_i64(out, number - 32);
		}
	}
	tl_put_char(out, ']');
}

static void sigset_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 8))
		put_sigset(out, WORD(bytes, 0));
}

/* The first 32 signals. */
static void old_sigset_number(struct tl_buffer *out, uint64_t value)
{
	put_sigset(out, value & UINT32_MAX);
}

static void old_sigset_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 4))
		old_sigset_number(out, member(bytes, 0, 4));
}

/* struct sigset_argpack; the set is missing if it could not be read. */
static void sigmask_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 16))
		return;
	if (bytes->size >= 24) {
		TL_PUT_LITERAL(out, "{sigmask=");
		put_sigset(out, WORD(bytes, 2));
	} else {
		put_decoded(out, "{sigmask=", "pointer", WORD(bytes, 0));
	}
	TL_PUT_LITERAL(out, ", sigsetsize=");
	tl_put_u64(out, WORD(bytes, 1));
	tl_put_char(out, '}');
}

static void put_action(struct tl_buffer *out, uint64_t handler, uint64_t mask, uint64_t bits, uint64_t restorer)
{
	static const struct tl_constant flags[] = {
		{ "SA_RESTORER", 0x04000000 }, { "SA_ONSTACK", 0x08000000 }, { "SA_RESTART", 0x10000000 },
		{ "SA_NODEFER", 0x40000000 }, { "SA_RESETHAND", 0x80000000 }, { "SA_SIGINFO", 4 }, { "SA_NOCLDSTOP", 1 },
		{ "SA_NOCLDWAIT", 2 }, { "SA_UNSUPPORTED", 0x400 }, { "SA_EXPOSE_TAGBITS", 0x800 },
	};
	static const struct tl_decoder decoder = FLAGS("", flags);

	TL_PUT_LITERAL(out, "{sa_handler=");
	if (handler <= 1)
		tl_put_text(out, handler ? "SIG_IGN" : "SIG_DFL");
	else
		tl_put_hex(out, handler);
	TL_PUT_LITERAL(out, ", sa_mask=");
	put_sigset(out, mask);
	TL_PUT_LITERAL(out, ", sa_flags=");
	tl_value_text(out, &decoder, bits);
	if (bits & 0x04000000)
		put_decoded(out, ", sa_restorer=", "pointer", restorer);
	tl_put_char(out, '}');
}

/* struct kernel_sigaction: handler, flags and restorer of `width` bytes each, mask. */
static void put_sigaction(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (whole(out, bytes, 3 * width + 8))
		put_action(out, member(bytes, 0, width), member(bytes, 3 * width, 8), member(bytes, width, width),
			   member(bytes, 2 * width, width));
}

/* The first kernels' struct: handler, mask, flags and restorer of 32 bits. */
static void old_sigaction_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_action(out, member(bytes, 0, 4), member(bytes, 4, 4), member(bytes, 8, 4), member(bytes, 12, 4));
}

static void sigaction_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_sigaction(out, bytes, 8);
}

static void sigaction_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_sigaction(out, bytes, 4);
}

/* stack_t: address, flags, size; each in a word. */
static void put_stack(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const struct tl_constant flags[] = { { "SS_ONSTACK", 1 }, { "SS_DISABLE", 2 }, { "SS_AUTODISARM", 1U << 31 } };
	static const struct tl_decoder decoder = FLAGS("", flags);

	if (!whole(out, bytes, 3 * width))
		return;
	put_decoded(out, "{ss_sp=", "pointer", member(bytes, 0, width));
	TL_PUT_LITERAL(out, ", ss_flags=");
	tl_value_text(out, &decoder, member(bytes, width, 4));
	put_signed(out, ", ss_size=", member(bytes, 2 * width, width));
	tl_put_char(out, '}');
}

static void stack_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_stack(out, bytes, 8);
}

static void stack_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_stack(out, bytes, 4);
}

/* What capset(2) asks for: two halves of three sets. */
static void capabilities_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const names[] = { "{effective=", ", permitted=", ", inheritable=" };

	if (!whole(out, bytes, 24))
		return;
	for (size_t set = 0; set < 3; set++) {
		uint64_t bits = member(bytes, set * 4, 4) | member(bytes, 12 + set * 4, 4) << 32;
		size_t start;

		tl_put_text(out, names[set]);
		start = out->size;
		for (; bits && bits != UINT64_MAX; bits &= bits - 1) {
			if (out->size > start)
				tl_put_char(out, '|');
			put_decoded(out, "", "capability", (unsigned)__builtin_ctzll(bits));
		}
		if (out->size == start)
			tl_put_text(out, bits ? "~0" : "0");
	}
	tl_put_char(out, '}');
}

static const struct tl_decoder decoders[] = {
	SMALLER("timespec", timespec_text, timespec_text_32, 8),
	SMALLER("timeval", timeval_text, timeval_text_32, 8),
	SMALLER("timespec_pair", timespec_pair_text, timespec_pair_text_32, 16),
	SMALLER("timeval_pair", timeval_pair_text, timeval_pair_text_32, 16),
	SMALLER("itimerspec", itimerspec_text, itimerspec_text_32, 16),
	SMALLER("itimerval", itimerval_text, itimerval_text_32, 16),
	BYTES("timeval64", timeval_text),
	BYTES("timespec64", timespec_text),
	BYTES("timespec64_pair", timespec_pair_text),
	BYTES("itimerspec64", itimerspec_text),
	BYTES("rlimit64", rlimit_text),
	BYTES("sembufs", sembufs_text),
	{ .name = "ids", .kind = TL_DECODE_BYTES, .bytes = ids_text, .bytes16 = ids_text_16 },
	BYTES("open_how", open_how_text),
	BYTES("mount_attr", mount_attr_text),
	BYTES("fd_pair", fd_pair_text),
	BYTES("int_pointer", int_text),
	BYTES("wait_status", wait_status_text),
	SMALLER("offset_pointer", offset_text, offset_text_32, 4),
	BYTES("offset64_pointer", offset_text),
	BYTES("errno_pointer", errno_text),
	BYTES("cpu_set", bits_text),
	BYTES("fd_set", bits_text),
	BYTES("epoll_event", epoll_event_text),
	BYTES("epoll_event_list", epoll_events_text),
	BYTES("pollfds", pollfds_text),
	SMALLER("rlimit", rlimit_text, rlimit_text_32, 8),
	BYTES("clone_args", clone_args_text),
	BYTES("sigset", sigset_text),
	BYTES("sigmask", sigmask_text),
	BYTES("old_sigset", old_sigset_text),
	NUMBER("old_sigset_word", old_sigset_number),
	BYTES("old_sigaction", old_sigaction_text),
	SMALLER_POINTERS("stack", stack_text, stack_text_32, 12),
	SMALLER_POINTERS("sigaction", sigaction_text, sigaction_text_32, 20),
	BYTES("capabilities", capabilities_text),
};

const struct tl_decoder_list tl_decoders_structs = { decoders, COUNT(decoders) };
