/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a handler is written against. A handler is called after the main
 * program has decided that an event is wanted and has begun its record; it
 * adds what the event's arguments point to in user memory and sends the
 * record. It never looks at its context, so the same code runs behind a
 * tracepoint, a kretprobe or an fexit hook, and it uses no kernel types, so it
 * needs no relocation against the running kernel.
 *
 *	#include "handler.h"
 *	TL_DESCRIPTION("traceleft-handler 1\n" "event openat\n" ...);
 *	TL_HANDLER
 *	{
 *		struct tl_call *call = tl_handler_begin();
 *		if (!call)
 *			return 0;
 *		tl_capture_string(call, 2, 4096);
 *		return tl_handler_end(call);
 *	}
 */
#ifndef TRACELEFT_HANDLER_H
#define TRACELEFT_HANDLER_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps.h"
#include "wire.h"

#define TL_DESCRIPTION(text) const char tl_description[] SEC(".traceleft") = text

#define TL_HANDLER              \
	char LICENSE[] SEC("license") = "GPL"; \
	SEC("raw_tp")           \
	int tl_handler(void *ctx)

#define tl_handler_begin() tl_call_mine()
#define tl_handler_end(call) tl_call_send(ctx, call)

/* Largest capture of one argument; with path and header it fits TL_RECORD_MAX. */
#define TL_CAPTURE_MAX 4096

/* Begins a section at the end of the record. There is room for two captures
 * behind TL_RECORD_MAX, see struct tl_call, so no reader needs to check. */
static __always_inline struct tl_section *tl_section_begin(struct tl_call *call, __u8 type, __u8 index)
{
	struct tl_section *section = (struct tl_section *)(call->data + tl_clamp(call->record.size, TL_RECORD_MAX));

	section->type = type;
	section->index = index;
	section->flags = 0;
	section->size = 0;
	return section;
}

static __always_inline char *tl_section_data(struct tl_section *section)
{
	return (char *)(section + 1);
}

/* A section that begins behind TL_RECORD_MAX is not part of the record. */
static __always_inline void tl_section_end(struct tl_call *call, struct tl_section *section, __u32 size)
{
	section->size = size;
	if (call->record.size < TL_RECORD_MAX)
		call->record.size += sizeof(*section) + ((size + 7) & ~7U);
}

/* `position` is 1..6 everywhere below and a constant. */
static __always_inline void tl_capture_string(struct tl_call *call, __u32 position, __u32 max)
{
	const void *from = (const void *)call->record.args[position - 1];
	struct tl_section *section;
	long n;

	if (!from)
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	n = bpf_probe_read_user_str(tl_section_data(section), max, from);
	if (n < 0) {
		section->flags |= TL_SECTION_FAULT;
		n = 0;
	} else if (n >= max) {
		/* Full to the last byte: cut, or it just fits. */
		char next = 0;

		if (bpf_probe_read_user(&next, 1, (const char *)from + max - 1) == 0 && next)
			section->flags |= TL_SECTION_TRUNCATED;
	}
	tl_section_end(call, section, (__u32)n & (2 * TL_CAPTURE_MAX - 1));
}

static __always_inline void tl_capture_bytes(struct tl_call *call, __u32 position, __u64 length, __u32 max)
{
	const void *from = (const void *)call->record.args[position - 1];
	struct tl_section *section;
	__u32 n = length;

	if (!from)
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	if (length > max) {
		section->flags |= TL_SECTION_TRUNCATED;
		n = max;
	}
	if (n && bpf_probe_read_user(tl_section_data(section), tl_clamp(n, TL_CAPTURE_MAX), from) < 0) {
		section->flags |= TL_SECTION_FAULT;
		n = 0;
	}
	tl_section_end(call, section, n);
}

/* As many units of `unit` bytes as an argument says, or, for length_arg 0, the
 * result; then none if the call failed. */
static __always_inline void tl_capture_buffer(struct tl_call *call, __u32 position, __u32 length_arg, __u32 unit,
					      __u32 max)
{
	__s64 length = length_arg ? (__s64)call->record.args[length_arg - 1] : call->record.ret;

	if (!length_arg && length < 0)
		return;
	tl_capture_bytes(call, position, unit > 1 ? (__u64)(__u32)length * unit : (__u64)length, max);
}

static __always_inline void tl_capture_struct(struct tl_call *call, __u32 position, __u32 size)
{
	tl_capture_bytes(call, position, size, size);
}

/* Bytes of a user or group in memory: those of i386's older call, `number`, are of 16 bits. */
static __always_inline __u32 tl_id_size(const struct tl_call *call, __u32 number)
{
	return call->record.abi == TL_ABI_I386 && call->record.nr == number ? 2 : 4;
}

/* Bytes of a long in the memory of programs of the call's ABI: of what the kernel reads
 * as one, for x32's are of 64 bits, unlike its addresses. */
static __always_inline __u64 tl_long_width(const struct tl_call *call)
{
	__u64 width = call->record.abi == TL_ABI_I386 ? 4 : 8;

	/* One value for the compiler, or it makes a loop for each. */
	asm volatile("" : "+r"(width));
	return width;
}

/* A bit for each of as many numbers as an argument says, in whole words of the call's ABI. */
static __always_inline void tl_capture_bits(struct tl_call *call, __u32 position, __u32 length_arg, __u32 max)
{
	__u64 word = 8 * tl_long_width(call);
	__s32 bits = call->record.args[length_arg - 1];

	if (bits >= 0)
		tl_capture_bytes(call, position, ((bits + word - 1) & ~(word - 1)) / 8, max);
}

/* Bytes that are behind an argument because of the call's command: so many, of which
 * `failed` are there even if it fails. */
static __always_inline __u32 tl_command_size(const struct tl_call *call, __u32 size, __u32 size32, __u32 failed)
{
	if (call->record.abi == TL_ABI_I386)
		size = size32;
	return call->record.ret < 0 && failed < size ? failed : size;
}

/* What the call writes, and only if it succeeds: of a failed one there would be
 * what happens to lie there. */
static __always_inline void tl_capture_output(struct tl_call *call, __u32 position, __u32 size)
{
	if (call->record.ret >= 0)
		tl_capture_bytes(call, position, size, size);
}

/* A handle of a file, struct file_handle, with as many bytes as it says itself. The call
 * that writes one says, where it fails, no more than how many it would take. */
#define TL_HANDLE_MAX 128
static __always_inline void tl_capture_handle(struct tl_call *call, __u32 position, int written)
{
	__u32 length = 0, size = 2 * sizeof(__u32);

	bpf_probe_read_user(&length, sizeof(length), (const void *)call->record.args[position - 1]);
	if (written && call->record.ret < 0)
		size = sizeof(length);
	else if (length <= TL_HANDLE_MAX)
		size += length;
	tl_capture_bytes(call, position, size, 2 * sizeof(__u32) + TL_HANDLE_MAX);
}

/* As many bytes as the call says, where length_arg points to, that it has written. */
static __always_inline void tl_capture_written(struct tl_call *call, __u32 position, __u32 length_arg, __u32 max)
{
	__u32 length = 0;

	if (call->record.ret >= 0 &&
	    bpf_probe_read_user(&length, sizeof(length), (const void *)call->record.args[length_arg - 1]) == 0)
		tl_capture_bytes(call, position, length, max);
}

static __always_inline void tl_capture_sockaddr(struct tl_call *call, __u32 position, __u32 length_arg, int by_pointer)
{
	__u32 length = call->record.args[length_arg - 1];

	if (by_pointer && (!call->record.args[length_arg - 1] ||
			   bpf_probe_read_user(&length, sizeof(length), (const void *)call->record.args[length_arg - 1]) < 0))
		return;
	tl_capture_bytes(call, position, length, TL_ADDRESS_MAX);
}

/* Bytes of an address in the memory of programs of the call's ABI. */
static __always_inline __u64 tl_address_width(const struct tl_call *call)
{
	__u64 width = call->record.abi == TL_ABI_X86_64 ? 8 : 4;

	asm volatile("" : "+r"(width)); /* as in tl_long_width() */
	return width;
}

static __always_inline long tl_read_address(__u64 width, __u64 from, __u32 index, __u64 *ret)
{
	*ret = 0;
	return bpf_probe_read_user(ret, tl_clamp(width, 8), (const void *)(from + width * index));
}

/* Address and size of a set of signals, and behind them the set. */
static __always_inline void tl_capture_mask(struct tl_call *call, __u32 position)
{
	__u64 from = call->record.args[position - 1], width = tl_long_width(call);
	struct tl_section *section;
	__u64 *words;

	if (!from)
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	words = (__u64 *)tl_section_data(section);
	if (tl_read_address(width, from, 0, &words[0]) < 0 || tl_read_address(width, from, 1, &words[1]) < 0) {
		section->flags |= TL_SECTION_FAULT;
		tl_section_end(call, section, 0);
		return;
	}
	if (words[0] && bpf_probe_read_user(&words[2], sizeof(words[2]), (const void *)words[0]) == 0)
		tl_section_end(call, section, 3 * sizeof(words[0]));
	else
		tl_section_end(call, section, 2 * sizeof(words[0]));
}

/* A long of the program and a text of as many bytes as an argument says, or, for
 * length_arg 0, the result; then nothing if the call failed. */
static __always_inline void tl_capture_letter(struct tl_call *call, __u32 position, __u32 length_arg, __u32 max)
{
	__s64 length = length_arg ? (__s64)call->record.args[length_arg - 1] : call->record.ret;

	if (length_arg || length >= 0)
		tl_capture_bytes(call, position, length + tl_long_width(call), max);
}

/* A NULL-terminated array of strings, each with its NUL, one after the other.
 * What is used so far is kept in the section, not in a variable: the verifier
 * would follow the variable's range through every turn. */
#define TL_ARGV_STRINGS 64
static __always_inline void tl_capture_argv(struct tl_call *call, __u32 position, __u32 max)
{
	__u64 from = call->record.args[position - 1], width = tl_address_width(call);
	struct tl_section *section;
	char *data;

	if (!from)
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	data = tl_section_data(section);
	for (__u32 i = 0; i < TL_ARGV_STRINGS; i++) {
		__u64 string;
		long n;

		if (tl_read_address(width, from, i, &string) < 0) {
			section->flags |= TL_SECTION_FAULT;
			break;
		}
		if (!string)
			break;
		if (section->size > max - TL_NAME_MAX || i == TL_ARGV_STRINGS - 1) {
			section->flags |= TL_SECTION_TRUNCATED;
			break;
		}
		n = bpf_probe_read_user_str(data + tl_clamp(section->size, TL_CAPTURE_MAX), TL_NAME_MAX, (const void *)string);
		if (n < 0) {
			section->flags |= TL_SECTION_FAULT;
			break;
		}
		if (n == TL_NAME_MAX)
			section->flags |= TL_SECTION_TRUNCATED;
		section->size += n;
	}
	tl_section_end(call, section, section->size);
}

#include "handler-vectors.h"

#endif
