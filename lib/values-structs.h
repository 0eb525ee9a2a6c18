/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of structures in user memory: how lib/values-structs*.c read and write them. */
#ifndef TRACELEFT_VALUES_STRUCTS_H
#define TRACELEFT_VALUES_STRUCTS_H

#include "put.h"
#include "values-tables.h"

/* A member's value; 0 beyond what was captured. */
static inline uint64_t member(const struct tl_bytes *bytes, size_t offset, size_t size)
{
	uint64_t v = 0;

	if (offset + size <= bytes->size)
		memcpy(&v, bytes->data + offset, size);
	return v;
}

#define WORD(bytes, i) member(bytes, (size_t)(i) * 8, 8)

/* Whether there is all of it; otherwise shows the bytes that there are. */
static inline bool whole(struct tl_buffer *out, const struct tl_bytes *bytes, size_t size)
{
	if (bytes->size >= size)
		return true;
	tl_string_text(out, bytes);
	return false;
}

static inline void put_decoded(struct tl_buffer *out, const char *key, const char *decoder, uint64_t value)
{
	tl_put_text(out, key);
	tl_value_text(out, tl_decoder_find(decoder), value);
}

static inline void put_signed(struct tl_buffer *out, const char *key, uint64_t value)
{
	tl_put_text(out, key);
	tl_put_i64(out, (int64_t)value);
}

#endif
