/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire format of protobuf: numbers and lengths behind tags. */
#ifndef TRACELEFT_PROTO_WIRE_H
#define TRACELEFT_PROTO_WIRE_H

#include <endian.h>

#include "put.h"

#define TL_VARINT_MAX 10 /* bytes */

enum tl_wire { TL_WIRE_VARINT = 0, TL_WIRE_FIXED64 = 1, TL_WIRE_BYTES = 2, TL_WIRE_FIXED32 = 5 };

static inline char *tl_w_varint(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static inline size_t tl_varint_size(uint64_t v)
{
	return v ? (size_t)(63 - __builtin_clzll(v)) / 7 + 1 : 1;
}

static inline uint64_t tl_zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t tl_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ -(v & 1));
}

static inline void tl_put_varint(struct tl_buffer *b, uint64_t v)
{
	if (tl_room(b, TL_VARINT_MAX))
		tl_ended(b, tl_w_varint(tl_end(b), v));
}

static inline void tl_put_tag(struct tl_buffer *b, uint32_t field, enum tl_wire wire)
{
	tl_put_varint(b, (uint64_t)field << 3 | wire);
}

static inline void tl_put_fixed64(struct tl_buffer *b, uint32_t field, uint64_t v)
{
	tl_put_tag(b, field, TL_WIRE_FIXED64);
	v = htole64(v);
	tl_put(b, &v, sizeof(v));
}

static inline void tl_put_number(struct tl_buffer *b, uint32_t field, uint64_t v)
{
	tl_put_tag(b, field, TL_WIRE_VARINT);
	tl_put_varint(b, v);
}

static inline void tl_put_bytes(struct tl_buffer *b, uint32_t field, const void *data, size_t n)
{
	tl_put_tag(b, field, TL_WIRE_BYTES);
	tl_put_varint(b, n);
	tl_put(b, data, n);
}

/* Something with its length in front: returns what tl_wire_close() is given. */
static inline size_t tl_wire_open(struct tl_buffer *b)
{
	tl_put_char(b, 0);
	return b->size;
}

/* The length takes one byte mostly; what needs more moves the rest. */
static inline void tl_wire_close(struct tl_buffer *b, size_t start)
{
	size_t n = b->size - start, more = tl_varint_size(n) - 1;

	if (b->failed || (more && !tl_room(b, more)))
		return;
	if (more)
		memmove(b->data + start + more, b->data + start, n);
	tl_w_varint(b->data + start - 1, n);
	b->size += more;
}

/* ---- Reading; nothing that is read is trusted ---- */

struct tl_wire_reader {
	const unsigned char *at, *end;
};

/* False: there is none, or it is longer than 64 bits. */
static inline bool tl_read_varint(struct tl_wire_reader *r, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < TL_VARINT_MAX && r->at + i < r->end; i++) {
		unsigned char byte = r->at[i];

		if (i == TL_VARINT_MAX - 1 && byte > 1)
			return false;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		r->at += i + 1;
		*ret = v;
		return true;
	}
	return false;
}

/* A field: its number, and its value as a number or as bytes. */
struct tl_wire_field {
	uint32_t number;
	enum tl_wire wire;
	uint64_t value;
	struct tl_wire_reader bytes;
};

static inline bool tl_read_field(struct tl_wire_reader *r, struct tl_wire_field *ret)
{
	uint64_t tag;
	uint32_t fixed32;

	if (!tl_read_varint(r, &tag) || tag >> 3 == 0 || tag >> 3 >= 1U << 29)
		return false;
	ret->number = (uint32_t)(tag >> 3);
	ret->wire = (enum tl_wire)(tag & 7);
	switch (ret->wire) {
	case TL_WIRE_VARINT:
		return tl_read_varint(r, &ret->value);
	case TL_WIRE_FIXED64:
		if (r->end - r->at < 8)
			return false;
		memcpy(&ret->value, r->at, 8);
		ret->value = le64toh(ret->value);
		r->at += 8;
		return true;
	case TL_WIRE_FIXED32:
		if (r->end - r->at < 4)
			return false;
		memcpy(&fixed32, r->at, 4);
		ret->value = le32toh(fixed32);
		r->at += 4;
		return true;
	case TL_WIRE_BYTES:
		if (!tl_read_varint(r, &ret->value) || ret->value > (uint64_t)(r->end - r->at))
			return false;
		ret->bytes = (struct tl_wire_reader){ r->at, r->at + ret->value };
		r->at = ret->bytes.end;
		return true;
	}
	return false; /* groups are of the past */
}

#endif
