/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures of signals and queues, of other processes' memory, handles of files, the clock's adjustment. */
#include <signal.h>
#include <sys/timex.h>

#include "values-structs.h"

/* ---- Signals ---- */

static const struct tl_constant signal_codes[] = {
	C(SI_USER), C(SI_KERNEL), C(SI_QUEUE), C(SI_TIMER), C(SI_MESGQ), C(SI_ASYNCIO), C(SI_SIGIO), C(SI_TKILL),
};
static const struct tl_constant child_codes[] = {
	C(CLD_EXITED), C(CLD_KILLED), C(CLD_DUMPED), C(CLD_TRAPPED), C(CLD_STOPPED), C(CLD_CONTINUED),
};

/* union sigval */
static void put_value(struct tl_buffer *out, const char *key, const char *pointer_key, uint64_t value)
{
	put_signed(out, key, (uint64_t)(int32_t)value);
	put_decoded(out, pointer_key, "pointer", value);
}

static void put_sender(struct tl_buffer *out, const struct tl_bytes *bytes, size_t at)
{
	put_signed(out, ", si_pid=", (uint64_t)(int32_t)member(bytes, at, 4));
	put_signed(out, ", si_uid=", (uint64_t)(int32_t)member(bytes, at + 4, 4));
}

/* From `at` on it depends on who has sent it; addresses are of `width` bytes. */
static void put_signal(struct tl_buffer *out, const struct tl_bytes *bytes, size_t at, size_t width)
{
	static const struct tl_decoder codes = ENUM("", signal_codes), of_children = ENUM("", child_codes);
	uint64_t number = member(bytes, 0, 4);
	int32_t code = (int32_t)member(bytes, 8, 4);
	bool is_child = number == SIGCHLD && code > 0 && code != SI_KERNEL;

	if (!whole(out, bytes, 32))
		return;
	if (!number) { /* waitid(2) has found nobody */
		TL_PUT_LITERAL(out, "{}");
		return;
	}
	put_decoded(out, "{si_signo=", "signal", number);
	TL_PUT_LITERAL(out, ", si_code=");
	tl_value_text(out, is_child ? &of_children : &codes, (uint64_t)(int64_t)code);
	if (member(bytes, 4, 4))
		put_decoded(out, ", si_errno=", "errno", member(bytes, 4, 4));
	if (is_child) {
		put_sender(out, bytes, at);
		put_decoded(out, ", si_status=", code == CLD_EXITED ? "decimal" : "signal", member(bytes, at + 8, 4));
	} else if (code == SI_TIMER) {
		put_signed(out, ", si_timerid=", member(bytes, at, 4));
		put_signed(out, ", si_overrun=", member(bytes, at + 4, 4));
		put_value(out, ", si_int=", ", si_ptr=", member(bytes, at + 8, width));
	} else if (code > 0) { /* the kernel itself */
		put_decoded(out, ", si_addr=", "pointer", member(bytes, at, width));
	} else {
		put_sender(out, bytes, at);
		if (code != SI_USER && code != SI_TKILL)
			put_value(out, ", si_int=", ", si_ptr=", member(bytes, at + 8, width));
	}
	tl_put_char(out, '}');
}

static void siginfo_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_signal(out, bytes, 16, 8);
}

static void siginfo_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_signal(out, bytes, 12, 4);
}

static void put_sigevent(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const struct tl_constant ways[] = {
		{ "SIGEV_SIGNAL", 0 }, { "SIGEV_NONE", 1 }, { "SIGEV_THREAD", 2 }, { "SIGEV_THREAD_ID", 4 }
	};
	static const struct tl_decoder way = ENUM("", ways);
	uint64_t notify = member(bytes, width + 4, 4);

	if (!whole(out, bytes, width + 12))
		return;
	put_value(out, "{sigev_value={sival_int=", ", sival_ptr=", member(bytes, 0, width));
	put_decoded(out, "}, sigev_signo=", notify == 0 || notify == 4 ? "signal" : "decimal", member(bytes, width, 4));
	TL_PUT_LITERAL(out, ", sigev_notify=");
	tl_value_text(out, &way, notify);
	if (notify == 4)
		put_signed(out, ", sigev_notify_thread_id=", (uint64_t)(int32_t)member(bytes, width + 8, 4));
	tl_put_char(out, '}');
}

static void sigevent_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_sigevent(out, bytes, 8);
}

static void sigevent_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_sigevent(out, bytes, 4);
}

/* ---- Queues, memory, files ---- */

static void put_queue(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const struct tl_constant flags[] = { { "O_NONBLOCK", 04000 } };
	static const struct tl_decoder decoder = FLAGS("", flags);
	static const char *const keys[] = { ", mq_maxmsg=", ", mq_msgsize=", ", mq_curmsgs=" };

	if (!whole(out, bytes, 4 * width))
		return;
	TL_PUT_LITERAL(out, "{mq_flags=");
	tl_value_text(out, &decoder, member(bytes, 0, width));
	for (size_t i = 0; i < COUNT(keys); i++) {
		uint64_t value = member(bytes, (i + 1) * width, width);

		put_signed(out, keys[i], width == 4 ? (uint64_t)(int32_t)value : value);
	}
	tl_put_char(out, '}');
}

static void mq_attr_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue(out, bytes, 8);
}

static void mq_attr_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_queue(out, bytes, 4);
}

/* Where memory is that is not the process's own. */
static void put_vectors(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	tl_put_char(out, '[');
	for (size_t at = 0; at + 2 * width <= bytes->size; at += 2 * width) {
		put_decoded(out, at ? ", {iov_base=" : "{iov_base=", "pointer", member(bytes, at, width));
		TL_PUT_LITERAL(out, ", iov_len=");
		tl_put_u64(out, member(bytes, at + width, width));
		tl_put_char(out, '}');
	}
	tl_put_text(out, bytes->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void vectors_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_vectors(out, bytes, 8);
}

static void vectors_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_vectors(out, bytes, 4);
}

/* Of a call that failed there is at most how many bytes it would take. */
static void file_handle_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	const size_t head = 8;

	if (!whole(out, bytes, 4))
		return;
	TL_PUT_LITERAL(out, "{handle_bytes=");
	tl_put_u64(out, member(bytes, 0, 4));
	if (bytes->size >= head) {
		struct tl_bytes handle = { .data = bytes->data + head,
					   .size = bytes->size - (uint32_t)head,
					   .flags = bytes->flags };

		put_signed(out, ", handle_type=", (uint64_t)(int32_t)member(bytes, 4, 4));
		TL_PUT_LITERAL(out, ", f_handle=");
		tl_string_text(out, &handle);
	}
	tl_put_char(out, '}');
}

/* ---- The clock ---- */

#define TIMEX_WORDS 21

/* struct timex, a word for each member; those that are an int have padding behind them. */
static void put_timex(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const struct tl_constant changes[] = {
		C(ADJ_OFFSET_SINGLESHOT),
		C(ADJ_OFFSET_SS_READ),
		C(ADJ_OFFSET),
		C(ADJ_FREQUENCY),
		C(ADJ_MAXERROR),
		C(ADJ_ESTERROR),
		C(ADJ_STATUS),
		C(ADJ_TIMECONST),
		C(ADJ_TAI),
		C(ADJ_SETOFFSET),
		C(ADJ_MICRO),
		C(ADJ_NANO),
		C(ADJ_TICK),
	};
	static const struct tl_constant states[] = {
		C(STA_PLL),	 C(STA_PPSFREQ),  C(STA_PPSTIME),   C(STA_FLL),	      C(STA_INS),	C(STA_DEL),
		C(STA_UNSYNC),	 C(STA_FREQHOLD), C(STA_PPSSIGNAL), C(STA_PPSJITTER), C(STA_PPSWANDER), C(STA_PPSERROR),
		C(STA_CLOCKERR), C(STA_NANO),	  C(STA_MODE),	    C(STA_CLK),
	};
	static const struct tl_decoder change = FLAGS("", changes), state = FLAGS("", states);
	static const char *const keys[TIMEX_WORDS] = {
		"{modes=",     ", offset=",    ", freq=",      ", maxerror=",	  ", esterror=", ", status=",
		", constant=", ", precision=", ", tolerance=", ", time={tv_sec=", ", tv_usec=",	 "}, tick=",
		", ppsfreq=",  ", jitter=",    ", shift=",     ", stabil=",	  ", jitcnt=",	 ", calcnt=",
		", errcnt=",   ", stbcnt=",    ", tai=",
	};

	if (!whole(out, bytes, TIMEX_WORDS * width))
		return;
	for (size_t i = 0; i < TIMEX_WORDS; i++) {
		bool is_int = width == 4 || i == 0 || i == 5 || i == 14 || i == 20;
		uint64_t value = is_int ? (uint64_t)(int32_t)member(bytes, i * width, 4) : member(bytes, i * width, 8);

		if (i == 0 || i == 5) {
			tl_put_text(out, keys[i]);
			tl_value_text(out, i ? &state : &change, value);
		} else {
			put_signed(out, keys[i], value);
		}
	}
	tl_put_char(out, '}');
}

static void timex_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timex(out, bytes, 8);
}

static void timex_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_timex(out, bytes, 4);
}

static const struct tl_decoder decoders[] = {
	POINTERS("siginfo", siginfo_text, siginfo_text_32),
	POINTERS("sigevent", sigevent_text, sigevent_text_32),
	SMALLER("mq_attr", mq_attr_text, mq_attr_text_32, 32),
	POINTERS("vectors", vectors_text, vectors_text_32),
	BYTES("file_handle", file_handle_text),
	LAYOUTS("timex", timex_text, timex_text_32),
	BYTES("timex64", timex_text),
};

const struct tl_decoder_list tl_decoders_structs_ipc = { decoders, COUNT(decoders) };
