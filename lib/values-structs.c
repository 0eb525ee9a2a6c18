/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures in user memory, as x86-64 lays them out. */
#include <signal.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "put.h"
#include "values-tables.h"

#define UTIME_NOW_NS ((1L << 30) - 1L)
#define UTIME_OMIT_NS ((1L << 30) - 2L)

/* A member's value; 0 beyond what was captured. */
static uint64_t member(const struct tl_bytes *bytes, size_t offset, size_t size)
{
	uint64_t v = 0;

	if (offset + size <= bytes->size)
		memcpy(&v, bytes->data + offset, size);
	return v;
}

#define WORD(bytes, i) member(bytes, (size_t)(i) * 8, 8)

/* Whether there is all of it; otherwise shows the bytes that there are. */
static bool whole(struct tl_buffer *out, const struct tl_bytes *bytes, size_t size)
{
	if (bytes->size >= size)
		return true;
	tl_string_text(out, bytes);
	return false;
}

static void put_decoded(struct tl_buffer *out, const char *key, const char *decoder, uint64_t value)
{
	tl_put_text(out, key);
	tl_value_text(out, tl_decoder_find(decoder), value);
}

static void put_signed(struct tl_buffer *out, const char *key, uint64_t value)
{
	tl_put_text(out, key);
	tl_put_i64(out, (int64_t)value);
}

static void put_time(struct tl_buffer *out, const struct tl_bytes *bytes, size_t word, const char *fraction)
{
	put_signed(out, "{tv_sec=", WORD(bytes, word));
	put_signed(out, fraction, WORD(bytes, word + 1));
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
		put_time(out, bytes, 0, ", tv_nsec=");
}

static void timeval_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_time(out, bytes, 0, ", tv_usec=");
}

/* Times of access and modification; some nanoseconds mean something else. */
static void timespec_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 32))
		return;
	tl_put_char(out, '[');
	for (size_t i = 0; i < 4; i += 2) {
		uint64_t ns = WORD(bytes, i + 1);

		if (i)
			TL_PUT_LITERAL(out, ", ");
		if (ns == UTIME_NOW_NS)
			TL_PUT_LITERAL(out, "UTIME_NOW");
		else if (ns == UTIME_OMIT_NS)
			TL_PUT_LITERAL(out, "UTIME_OMIT");
		else
			put_time(out, bytes, i, ", tv_nsec=");
	}
	tl_put_char(out, ']');
}

static void timeval_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 32))
		return;
	tl_put_char(out, '[');
	put_time(out, bytes, 0, ", tv_usec=");
	TL_PUT_LITERAL(out, ", ");
	put_time(out, bytes, 2, ", tv_usec=");
	tl_put_char(out, ']');
}

static void itimerspec_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 32))
		return;
	TL_PUT_LITERAL(out, "{it_interval=");
	put_time(out, bytes, 0, ", tv_nsec=");
	TL_PUT_LITERAL(out, ", it_value=");
	put_time(out, bytes, 2, ", tv_nsec=");
	tl_put_char(out, '}');
}

static void itimerval_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 32))
		return;
	TL_PUT_LITERAL(out, "{it_interval=");
	put_time(out, bytes, 0, ", tv_usec=");
	TL_PUT_LITERAL(out, ", it_value=");
	put_time(out, bytes, 2, ", tv_usec=");
	tl_put_char(out, '}');
}

/* ---- Files ---- */

static void open_how_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 24))
		return;
	put_decoded(out, "{flags=", "open_flags", WORD(bytes, 0));
	if (WORD(bytes, 1))
		put_decoded(out, ", mode=", "mode", WORD(bytes, 1));
	put_decoded(out, ", resolve=", "resolve_flags", WORD(bytes, 2));
	if (bytes->size > 24 || bytes->flags & TL_VALUE_TRUNCATED)
		TL_PUT_LITERAL(out, ", ...");
	tl_put_char(out, '}');
}

/* As much as strace shows without being asked. */
static void stat_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	uint64_t mode = member(bytes, 24, 4);

	if (!whole(out, bytes, 144))
		return;
	put_decoded(out, "{st_mode=", "file_mode", mode);
	if (S_ISCHR(mode) || S_ISBLK(mode))
		put_decoded(out, ", st_rdev=", "device", WORD(bytes, 5));
	else
		put_signed(out, ", st_size=", WORD(bytes, 6));
	TL_PUT_LITERAL(out, ", ...}");
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

/* Packed on x86-64: the data begin at 4. */
static void epoll_event_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 12))
		return;
	put_decoded(out, "{events=", "epoll_events", member(bytes, 0, 4));
	TL_PUT_LITERAL(out, ", data=");
	tl_put_hex(out, member(bytes, 4, 8));
	tl_put_char(out, '}');
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
		tl_put_text(out, at ? ", {" : "{");
		tl_put_u64(out, member(bytes, at, 2));
		TL_PUT_LITERAL(out, ", ");
		tl_put_i64(out, (int16_t)member(bytes, at + 2, 2));
		TL_PUT_LITERAL(out, ", ");
		tl_value_text(out, &decoder, member(bytes, at + 4, 2));
		tl_put_char(out, '}');
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

/* Users or groups. */
static void ids_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	tl_put_char(out, '[');
	for (size_t at = 0; at + 4 <= bytes->size; at += 4) {
		if (at)
			TL_PUT_LITERAL(out, ", ");
		tl_put_u64(out, member(bytes, at, 4));
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
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
		if (WORD(bytes, i + 1) || i == 3)
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

/* struct kernel_sigaction: handler, flags, restorer, mask. */
static void sigaction_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant flags[] = {
		{ "SA_RESTORER", 0x04000000 }, { "SA_ONSTACK", 0x08000000 }, { "SA_RESTART", 0x10000000 },
		{ "SA_NODEFER", 0x40000000 }, { "SA_RESETHAND", 0x80000000 }, { "SA_SIGINFO", 4 }, { "SA_NOCLDSTOP", 1 },
		{ "SA_NOCLDWAIT", 2 }, { "SA_UNSUPPORTED", 0x400 }, { "SA_EXPOSE_TAGBITS", 0x800 },
	};
	static const struct tl_decoder decoder = FLAGS("", flags);

	if (!whole(out, bytes, 32))
		return;
	TL_PUT_LITERAL(out, "{sa_handler=");
	if (WORD(bytes, 0) <= 1)
		tl_put_text(out, WORD(bytes, 0) ? "SIG_IGN" : "SIG_DFL");
	else
		tl_put_hex(out, WORD(bytes, 0));
	TL_PUT_LITERAL(out, ", sa_mask=");
	put_sigset(out, WORD(bytes, 3));
	TL_PUT_LITERAL(out, ", sa_flags=");
	tl_value_text(out, &decoder, WORD(bytes, 1));
	if (WORD(bytes, 1) & 0x04000000)
		put_decoded(out, ", sa_restorer=", "pointer", WORD(bytes, 2));
	tl_put_char(out, '}');
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
	NATIVE("timespec", timespec_text),
	NATIVE("timeval", timeval_text),
	NATIVE("timespec_pair", timespec_pair_text),
	NATIVE("timeval_pair", timeval_pair_text),
	NATIVE("itimerspec", itimerspec_text),
	NATIVE("itimerval", itimerval_text),
	BYTES("timespec64", timespec_text),
	BYTES("timespec64_pair", timespec_pair_text),
	BYTES("itimerspec64", itimerspec_text),
	BYTES("rlimit64", rlimit_text),
	BYTES("sembufs", sembufs_text),
	BYTES("ids", ids_text),
	BYTES("open_how", open_how_text),
	NATIVE("stat", stat_text),
	BYTES("mount_attr", mount_attr_text),
	BYTES("fd_pair", fd_pair_text),
	BYTES("int_pointer", int_text),
	BYTES("epoll_event", epoll_event_text),
	BYTES("pollfds", pollfds_text),
	NATIVE("rlimit", rlimit_text),
	BYTES("clone_args", clone_args_text),
	BYTES("sigset", sigset_text),
	NATIVE("sigaction", sigaction_text),
	BYTES("capabilities", capabilities_text),
};

const struct tl_decoder_list tl_decoders_structs = { decoders, COUNT(decoders) };
