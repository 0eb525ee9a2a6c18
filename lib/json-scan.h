/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the lines that tl_encode_json() writes, without a tree: no spaces, no
 * \u. Anything else is refused, not guessed. */
#ifndef TRACELEFT_JSON_SCAN_H
#define TRACELEFT_JSON_SCAN_H

#include <endian.h>

#include "put.h"

struct tl_scan {
	const char *at, *end;
};

/* Part of what is scanned. */
struct tl_span {
	const char *at;
	size_t size;
};

/* The next character; 0 at the end. */
static inline char tl_scan_peek(const struct tl_scan *s)
{
	return s->at < s->end ? *s->at : 0;
}

static inline bool tl_scan_char(struct tl_scan *s, char c)
{
	if (tl_scan_peek(s) != c)
		return false;
	s->at++;
	return true;
}

/* The first quote or backslash from p on, or the end. */
static inline const char *tl_scan_special(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101ULL, highs = ones << 7;

	for (; end - p >= 8; p += 8) {
		uint64_t v, quote, backslash;

		memcpy(&v, p, 8);
		v = le64toh(v);
		quote = v ^ (ones * '"');
		backslash = v ^ (ones * '\\');
		v = (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs;
		if (v)
			return p + __builtin_ctzll(v) / 8;
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* A string; *ret is what stands between its quotes, still escaped. */
static inline bool tl_scan_string(struct tl_scan *s, struct tl_span *ret)
{
	const char *p = s->at + 1;

	if (tl_scan_peek(s) != '"')
		return false;
	while ((p = tl_scan_special(p, s->end)) < s->end && *p != '"')
		p += 2;
	if (p >= s->end)
		return false;
	*ret = (struct tl_span){ s->at + 1, (size_t)(p - s->at - 1) };
	s->at = p + 1;
	return true;
}

/* Appends what a string stands for. */
static inline void tl_scan_unescape(struct tl_buffer *b, struct tl_span text)
{
	static const char escapes[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";

	while (text.size) {
		const char *backslash = memchr(text.at, '\\', text.size), *found;
		size_t clean = backslash ? (size_t)(backslash - text.at) : text.size;

		if (clean)
			tl_put(b, text.at, clean);
		text.at += clean;
		text.size -= clean;
		if (text.size < 2)
			return;
		found = memchr(escapes, text.at[1], sizeof(escapes) - 1);
		tl_put_char(b, found ? meaning[found - escapes] : text.at[1]);
		text.at += 2;
		text.size -= 2;
	}
}

/* An integer: its sign and its amount. */
static inline bool tl_scan_number(struct tl_scan *s, bool *ret_negative, uint64_t *ret)
{
	const char *p = s->at;
	bool negative = p < s->end && *p == '-';
	uint64_t v = 0;

	p += negative;
	if (p >= s->end || *p < '0' || *p > '9')
		return false;
	for (; p < s->end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10U, &v) || __builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
			return false;
	s->at = p;
	*ret_negative = negative;
	*ret = v;
	return true;
}

/* Any value. */
static inline bool tl_scan_skip(struct tl_scan *s)
{
	struct tl_span text;
	unsigned depth = 0;

	do {
		char c = tl_scan_peek(s);

		if (c == '"') {
			if (!tl_scan_string(s, &text))
				return false;
			continue;
		}
		if (!c)
			return false;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && depth)
			depth--;
		else if (!depth && (c == ']' || c == '}' || c == ','))
			return true; /* behind a number or a word */
		s->at++;
	} while (depth || (tl_scan_peek(s) && !strchr(",]}", tl_scan_peek(s))));
	return true;
}

static inline bool tl_scan_null(struct tl_scan *s)
{
	if (s->end - s->at < 4 || memcmp(s->at, "null", 4))
		return false;
	s->at += 4;
	return true;
}

#endif
