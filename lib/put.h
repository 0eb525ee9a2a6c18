/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing text fast. tl_put_*() append to a buffer and check for room;
 * tl_w_*() write at `p`, where the caller has made room, and return the new
 * end. What does not fit sets `failed` of the buffer, once and for all: check
 * it at the end.
 */
#ifndef TRACELEFT_PUT_H
#define TRACELEFT_PUT_H

#include <string.h>

#include "encode.h"

#define TL_W_U64_MAX 20 /* digits of 2^64-1 */

extern const char tl_digit_pairs[200];
extern const char tl_hex_pairs[512];

static inline bool tl_room(struct tl_buffer *b, size_t n)
{
	return __builtin_expect(b->capacity - b->size >= n, 1) || tl_buffer_reserve(b, n) >= 0;
}

static inline char *tl_end(struct tl_buffer *b)
{
	return b->data + b->size;
}

static inline void tl_ended(struct tl_buffer *b, const char *p)
{
	b->size = (size_t)(p - b->data);
}

#define TL_W_LITERAL(p, literal) ((char *)memcpy((p), "" literal, sizeof(literal) - 1) + sizeof(literal) - 1)

static inline char *tl_w_bytes(char *p, const void *data, size_t n)
{
	return (char *)memcpy(p, data, n) + n;
}

static inline char *tl_w_pair(char *p, uint32_t v)
{
	memcpy(p, tl_digit_pairs + v * 2, 2);
	return p + 2;
}

static inline unsigned tl_digits(uint64_t v)
{
	unsigned n = 1;

	for (;;) {
		if (v < 10)
			return n;
		if (v < 100)
			return n + 1;
		if (v < 1000)
			return n + 2;
		if (v < 10000)
			return n + 3;
		v /= 10000;
		n += 4;
	}
}

static inline char *tl_w_u64(char *p, uint64_t v)
{
	char *end, *at;

	if (v < 10) {
		*p = (char)('0' + v);
		return p + 1;
	}
	end = at = p + tl_digits(v);
	while (v >= 100) {
		at -= 2;
		tl_w_pair(at, (uint32_t)(v % 100));
		v /= 100;
	}
	if (v >= 10)
		tl_w_pair(p, (uint32_t)v);
	else
		*p = (char)('0' + v);
	return end;
}

static inline char *tl_w_i64(char *p, int64_t v)
{
	if (v >= 0)
		return tl_w_u64(p, (uint64_t)v);
	*p++ = '-';
	return tl_w_u64(p, -(uint64_t)v);
}

/* Hexadecimal with all `digits` (even, at most 16) of them. */
static inline char *tl_w_hex_fixed(char *p, uint64_t v, unsigned digits)
{
	for (int shift = (int)digits * 4 - 8; shift >= 0; shift -= 8, p += 2)
		memcpy(p, tl_hex_pairs + ((v >> shift) & 0xff) * 2, 2);
	return p;
}

/* "0x7ffd10", at most 18 characters. */
static inline char *tl_w_hex(char *p, uint64_t v)
{
	int shift = v ? (63 - __builtin_clzll(v)) & ~3 : 0;

	p = TL_W_LITERAL(p, "0x");
	for (; shift >= 0; shift -= 4)
		*p++ = "0123456789abcdef"[(v >> shift) & 15];
	return p;
}

static inline void tl_put(struct tl_buffer *b, const void *data, size_t n)
{
	if (n && tl_room(b, n)) { /* a buffer that holds nothing has no address */
		memcpy(tl_end(b), data, n);
		b->size += n;
	}
}

/* n <= 64 bytes, where 64 can be read: copied whole, because that needs no branch. */
static inline void tl_put_64(struct tl_buffer *b, const char *array, size_t n)
{
	if (tl_room(b, 64)) {
		memcpy(tl_end(b), array, 64);
		b->size += n;
	}
}

#define TL_PUT_LITERAL(b, literal) tl_put((b), "" literal, sizeof(literal) - 1)

static inline void tl_put_char(struct tl_buffer *b, char c)
{
	if (tl_room(b, 1))
		b->data[b->size++] = c;
}

static inline void tl_put_text(struct tl_buffer *b, const char *text)
{
	tl_put(b, text, strlen(text));
}

static inline void tl_put_u64(struct tl_buffer *b, uint64_t v)
{
	if (tl_room(b, TL_W_U64_MAX))
		tl_ended(b, tl_w_u64(tl_end(b), v));
}

static inline void tl_put_i64(struct tl_buffer *b, int64_t v)
{
	if (tl_room(b, TL_W_U64_MAX + 1))
		tl_ended(b, tl_w_i64(tl_end(b), v));
}

static inline void tl_put_hex(struct tl_buffer *b, uint64_t v)
{
	if (tl_room(b, 18))
		tl_ended(b, tl_w_hex(tl_end(b), v));
}

/* C's octal as strace shows modes: 000, 0644. */
void tl_put_octal(struct tl_buffer *b, uint64_t v);

#endif
