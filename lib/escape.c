/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "escape.h"
#include "put.h"

enum notation { NOTATION_JSON, NOTATION_VALUE, NOTATION_TEXT };

#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* Non-zero where one of eight bytes is a control character, DEL, not ASCII, '"' or '\\'. */
static inline uint64_t special8(uint64_t v)
{
	uint64_t quote = v ^ (ONES * '"'), backslash = v ^ (ONES * '\\'), del = v ^ (ONES * 0x7f);

	return (((v - ONES * 0x20) & ~v) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) |
		((del - ONES) & ~del) | v) & HIGHS;
}

static inline bool special1(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == '"' || c == '\\';
}

#ifdef __SSE2__
/* Bit per byte of 16, as special8. */
static inline unsigned special16(__m128i v)
{
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: not ASCII, too */
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, quote), _mm_or_si128(backslash, del)));
}
#endif

static inline size_t copy_bytes(char *p, const char *s, size_t i, size_t n)
{
	for (; i < n && !special1((unsigned char)s[i]); i++)
		p[i] = s[i];
	return i;
}

/* Less than 16 bytes; two words that overlap, if they are clean. */
static inline size_t copy_short(char *p, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t first, last;

		memcpy(&first, s, 8);
		memcpy(&last, s + n - 8, 8);
		if (!(special8(first) | special8(last))) {
			memcpy(p, &first, 8);
			memcpy(p + n - 8, &last, 8);
			return n;
		}
	} else if (n >= 4) {
		uint32_t first, last;

		memcpy(&first, s, 4);
		memcpy(&last, s + n - 4, 4);
		if (!special8((uint64_t)last << 32 | first)) {
			memcpy(p, &first, 4);
			memcpy(p + n - 4, &last, 4);
			return n;
		}
	}
	return copy_bytes(p, s, 0, n);
}

/* Copies clean bytes from s to p, where there is room for n + 16; returns how many. */
static inline size_t copy_clean(char *p, const char *s, size_t n)
{
	size_t i = 0;

	if (n < 16)
		return copy_short(p, s, n);
#ifdef __SSE2__
	for (;; i = i + 32 <= n ? i + 16 : n - 16) { /* the last block may overlap the one before */
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s + i));
		unsigned special = special16(v);

		_mm_storeu_si128((__m128i *)(void *)(p + i), v);
		if (special)
			return i + (unsigned)__builtin_ctz(special);
		if (i + 16 == n)
			return n;
	}
#else
	for (; i + 8 <= n; i += 8) {
		uint64_t v;

		memcpy(&v, s + i, 8);
		if (special8(v))
			break;
		memcpy(p + i, &v, 8);
	}
	return copy_bytes(p, s, i, n);
#endif
}

static unsigned utf8_length(const unsigned char *s, size_t n, uint32_t *ret_code)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned length = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t code;

	if (!length || n < length)
		return 0;
	code = s[0] & (0x7fU >> length);
	for (unsigned i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return length;
}

static bool dangerous(uint32_t code)
{
	return code <= 0x9f || /* C1 controls */
	       code == 0x061c || code == 0x200e || code == 0x200f || /* marks of direction */
	       (code >= 0x2028 && code <= 0x202e) || /* separators, embeddings, overrides */
	       (code >= 0x2066 && code <= 0x2069) || /* isolates */
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) || /* byte order, annotations */
	       (code & 0xfffe) == 0xfffe || (code >= 0xe0000 && code <= 0xe007f); /* noncharacters, tags */
}

unsigned tl_utf8_harmless(const char *s, size_t n)
{
	uint32_t code = 0;
	unsigned length = n ? utf8_length((const unsigned char *)s, n, &code) : 0;

	return length && !dangerous(code) ? length : 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char *write_escape(char *p, unsigned char c, enum notation notation)
{
	if (notation == NOTATION_JSON)
		*p++ = '\\';
	p = TL_W_LITERAL(p, "\\x");
	return tl_w_bytes(p, tl_hex_pairs + c * 2, 2);
}

static char *write_text(char *p, unsigned char c)
{
	static const char from[5] = "\n\t\r\"\\", to[5] = "ntr\"\\";
	const char *at = memchr(from, c, sizeof(from));

	if (!at)
		return write_escape(p, c, NOTATION_TEXT);
	*p++ = '\\';
	*p++ = to[at - from];
	return p;
}

/* One special byte, or the bytes of one character, at s; adds what it took to *taken. */
static char *write_special(char *p, const char *s, size_t n, enum notation notation, size_t *taken, bool *escaped)
{
	unsigned char c = (unsigned char)s[0];
	unsigned length = c >= 0x80 ? tl_utf8_harmless(s, n) : 0;

	*taken += length ? length : 1;
	if (length)
		return tl_w_bytes(p, s, length);
	if (notation == NOTATION_TEXT)
		return write_text(p, c);
	if (c == '"' || (c == '\\' && !(n >= 4 && s[1] == 'x' && is_hex(s[2]) && is_hex(s[3])))) {
		if (notation == NOTATION_JSON)
			*p++ = '\\';
		*p++ = (char)c;
		return p;
	}
	*escaped = true;
	return write_escape(p, c, notation);
}

static inline bool escape(struct tl_buffer *b, const char *s, size_t n, enum notation notation)
{
	bool escaped = false;
	size_t i = 0;

	if (!tl_room(b, n + 32))
		return false;
	for (;;) {
		char *p = tl_end(b);
		size_t clean = copy_clean(p, s + i, n - i);

		i += clean;
		p += clean;
		tl_ended(b, p);
		if (i == n)
			return escaped;
		/* A run of special ones: room for each, and for what may follow. */
		do {
			if (!tl_room(b, n - i + 32))
				return escaped;
			p = write_special(tl_end(b), s + i, n - i, notation, &i, &escaped);
			tl_ended(b, p);
		} while (i < n && special1((unsigned char)s[i]));
		if (!tl_room(b, n - i + 32))
			return escaped;
	}
}

bool tl_escape_json(struct tl_buffer *b, const char *s, size_t n)
{
	return escape(b, s, n, NOTATION_JSON);
}

bool tl_string_json(struct tl_buffer *b, const char *s, size_t n)
{
	size_t clean;
	bool escaped = false;
	char *p;

	if (!tl_room(b, n + 32))
		return false;
	p = tl_end(b);
	*p++ = '"';
	clean = copy_clean(p, s, n);
	p += clean;
	if (clean < n) {
		tl_ended(b, p);
		escaped = escape(b, s + clean, n - clean, NOTATION_JSON);
		if (!tl_room(b, 1))
			return escaped;
		p = tl_end(b);
	}
	*p++ = '"';
	tl_ended(b, p);
	return escaped;
}

bool tl_escape_value(struct tl_buffer *b, const char *s, size_t n)
{
	return escape(b, s, n, NOTATION_VALUE);
}

void tl_escape_text(struct tl_buffer *b, const char *s, size_t n)
{
	escape(b, s, n, NOTATION_TEXT);
}

void tl_quote_json(struct tl_buffer *b, const char *s, size_t n)
{
	size_t i = 0;

	if (!tl_room(b, n + 32))
		return;
	for (;;) {
		char *p = tl_end(b);
		size_t clean = copy_clean(p, s + i, n - i);

		i += clean;
		p += clean;
		while (i < n && special1((unsigned char)s[i])) {
			tl_ended(b, p);
			if (!tl_room(b, n - i + 32))
				return;
			p = tl_end(b);
			if (s[i] == '"' || s[i] == '\\')
				*p++ = '\\';
			*p++ = s[i++];
		}
		tl_ended(b, p);
		if (i == n)
			return;
		if (!tl_room(b, n - i + 32))
			return;
	}
}
