/* SPDX-License-Identifier: GPL-2.0 */
/* How the tests of a filter are gone through: compiled for the kernel, and for
 * the tests that compare it with what conditions mean elsewhere. */
#ifndef TRACELEFT_CHECK_H
#define TRACELEFT_CHECK_H

#ifdef __bpf__
#include "kernel.h"
#include "maps.h"
#define TL_CHECK_INLINE static __always_inline
#define tl_check_at(at) tl_clamp(at, TL_RECORD_MAX)
#define TL_ANYWHERE
#else
#include "wire.h"
#define TL_CHECK_INLINE static inline
#define tl_check_at(at) ((at) < TL_RECORD_MAX ? (at) : TL_RECORD_MAX)
#define TL_ANYWHERE __attribute__((aligned(1)))
#endif

/* Where the parts of a record begin. In map memory: there the verifier does not
 * follow what a value may be. */
struct tl_parts {
	__u32 offset[TL_PARTS]; /* 0: it is not there, but for the header */
	__u32 at; /* the section that is looked at */
	__u32 pad;
};

#define TL_CHECK_SECTIONS 16 /* that are looked at */

/* Those that only sockets have, and what calls on them ask for. */
TL_CHECK_INLINE __u32 tl_part_of_socket(const struct tl_section *section, __u32 address)
{
	if (section->type == TL_SECTION_SOCKET)
		return TL_PART_SOCKET;
	if (section->type == TL_SECTION_TRAFFIC)
		return TL_PART_TRAFFIC;
	if (section->type == TL_SECTION_DNS)
		return TL_PART_DNS;
	if (section->type == TL_SECTION_ARG && section->index == address)
		return TL_PART_ADDRESS;
	return TL_PART_OTHER;
}

/* address: the argument with an address; 0: none. */
TL_CHECK_INLINE __u32 tl_part_of(const struct tl_section *section, __u32 address)
{
	if (section->type == TL_SECTION_FILE && section->index == TL_PATH_FILE)
		return TL_PART_FILE;
	if (section->type == TL_SECTION_PATH && section->index == TL_PATH_FILE)
		return TL_PART_PATH;
	if (section->type == TL_SECTION_PATH && section->index == TL_PATH_TARGET)
		return TL_PART_TARGET;
	return tl_part_of_socket(section, address);
}

/* Is it a path that is not what the reader makes of it, but for its order? */
TL_CHECK_INLINE int tl_part_is_odd(const struct tl_section *section)
{
	return section->type == TL_SECTION_PATH &&
	       section->flags & (TL_SECTION_TRUNCATED | TL_SECTION_FAULT | TL_SECTION_PSEUDO);
}

/* `data` are `size` bytes of a record, and TL_RECORD_MAX and some more can be read. address:
 * see tl_part_of(). */
TL_CHECK_INLINE void tl_parts_find(struct tl_parts *parts, const __u8 *data, __u32 size, __u32 address)
{
	for (int i = 0; i < TL_PARTS; i++)
		parts->offset[i] = 0;
	parts->at = sizeof(struct tl_record);
	for (int i = 0; i < TL_CHECK_SECTIONS; i++) {
		__u32 at = parts->at;
		const struct tl_section *section = (const struct tl_section *)(data + tl_check_at(at));

		if (at >= size)
			break;
		at += sizeof(*section);
		parts->offset[tl_part_of(section, address) & (TL_PARTS - 1)] = tl_part_is_odd(section) ? 0 : at;
		parts->at = at + ((section->size + 7) & ~7U);
	}
	/* There are more: one of them may be what no filter leaves out. */
	if (parts->at < size)
		parts->offset[TL_PART_DNS] = size;
	parts->offset[TL_PART_HEADER] = 0;
}

/* Fields and ends of texts begin anywhere. A program loads what is not aligned like anything
 * else; in C that has to be said. */
typedef __u16 tl_loose_u16 TL_ANYWHERE;
typedef __u32 tl_loose_u32 TL_ANYWHERE;
typedef __u64 tl_loose_u64 TL_ANYWHERE;

TL_CHECK_INLINE __u64 tl_check_number(const struct tl_check *check, const __u8 *at)
{
	__u64 value = *(const tl_loose_u32 *)at | (__u64) * (const tl_loose_u32 *)(at + 4) << 32;

	value <<= check->left & 63;
	return check->is_signed ? (__u64)((__s64)value >> (check->right & 63)) : value >> (check->right & 63);
}

/* Do the data of the section that begin at `at` end with the text, or are they that? */
TL_CHECK_INLINE int tl_check_text(const struct tl_filter *filter, const struct tl_check *check, const __u8 *data,
				  __u32 at)
{
	const struct tl_check_text *text = &filter->texts[check->low & (TL_CHECK_TEXTS - 1)];
	__u32 size = ((const struct tl_section *)(data + tl_check_at(at - sizeof(struct tl_section))))->size;
	__u64 differences = check->kind == TL_CHECK_WHOLE ? size != text->size : size < text->size;
	const __u8 *from = data + tl_check_at(at + size - (__u32)text->size);

#pragma GCC unroll 8
	for (int i = 0; i < TL_CHECK_TEXT_WORDS; i++)
		differences |= (*(const tl_loose_u64 *)(from + 8 * i) ^ text->word[i]) & text->mask[i];
	return !differences;
}

/* The test to go on with, or the answer: TL_CHECK_MET, _UNMET. The first one is number 0. */
TL_CHECK_INLINE __u32 tl_check_next(const struct tl_filter *filter, const struct tl_check *check, const __u8 *data,
				    const struct tl_parts *parts)
{
	__u32 at = parts->offset[check->part & (TL_PARTS - 1)];
	__u64 value;
	int truth;

	if (check->part && !at)
		return TL_CHECK_MET;
	if (check->kind >= TL_CHECK_END) {
		truth = tl_check_text(filter, check, data, at);
	} else {
		value = tl_check_number(check, data + tl_check_at(at + check->offset));
		if (check->kind == TL_CHECK_BITS) {
			truth = (value & check->low) == check->low;
		} else {
			value ^= (__u64)check->is_signed << 63;
			truth = check->low <= value && value <= check->high;
		}
	}
	return truth ? check->if_true : check->if_false;
}

#endif
