/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "escape.h"
#include "put.h"

/* NOTATION_QUOTED: text as it is inside a JSON string. */
enum notation { NOTATION_JSON, NOTATION_VALUE, NOTATION_TEXT, NOTATION_QUOTED };

/* Bytes that are looked at one by one after a special one, before whole words again. */
#define BLOCK 16
#define ESCAPE_MAX 5 /* of one byte */
#define NULS 8 /* that are written at once */
#define NULS_MAX (8 * NULS) /* one after the other, before there has to be room again */

#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* Non-zero where one of eight bytes is a control character, DEL, not ASCII, '"' or '\\'. */
static inline uint64_t special8(uint64_t v)
{
	uint64_t quote = v ^ (ONES * '"'), backslash = v ^ (ONES * '\\'), del = v ^ (ONES * 0x7f);

	return (((v - ONES * 0x20) & ~v) | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) |
		((del - ONES) & ~del) | v) &
	       HIGHS;
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

/* What each byte of ASCII is in JSON, as far as it does not depend on what follows. */
struct piece {
	char text[7];
	uint8_t size; /* ESCAPE_MAX: is escaped */
};

#define PLAIN(c) ((c) >= 0x20 && (c) < 0x7f && !QUOTED(c))
#define QUOTED(c) ((c) == '"' || (c) == '\\')
#define DIGIT(n) ((n) < 10 ? '0' + (n) : 'a' - 10 + (n))
#define PIECE(c)                                                                                        \
	{                                                                                               \
		{ PLAIN(c) ? (c) : '\\', QUOTED(c) ? (c) : '\\', 'x', DIGIT((c) >> 4), DIGIT((c)&15) }, \
			PLAIN(c)  ? 1 :                                                                 \
			QUOTED(c) ? 2 :                                                                 \
				    ESCAPE_MAX                                                          \
	}
#define PIECES_4(c) PIECE(c), PIECE((c) + 1), PIECE((c) + 2), PIECE((c) + 3)
#define PIECES_16(c) PIECES_4(c), PIECES_4((c) + 4), PIECES_4((c) + 8), PIECES_4((c) + 12)

static const struct piece pieces[128] = { PIECES_16(0x00), PIECES_16(0x10), PIECES_16(0x20), PIECES_16(0x30),
					  PIECES_16(0x40), PIECES_16(0x50), PIECES_16(0x60), PIECES_16(0x70) };

static inline char *write_escape(char *p, unsigned char c, enum notation notation)
{
	if (notation == NOTATION_JSON || notation == NOTATION_QUOTED)
		*p++ = '\\';
	p = TL_W_LITERAL(p, "\\x");
	return tl_w_bytes(p, tl_hex_pairs + c * 2, 2);
}

/* What stands for c behind a backslash in C's notation, 0: nothing. */
static inline char text_letter(unsigned char c)
{
	switch (c) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\r':
		return 'r';
	case '"':
	case '\\':
		return (char)c;
	}
	return 0;
}

static inline char *write_text(char *p, unsigned char c, enum notation notation)
{
	char letter = text_letter(c);

	if (!letter)
		return write_escape(p, c, notation);
	*p++ = '\\';
	if (notation == NOTATION_QUOTED) {
		*p++ = '\\';
		if (QUOTED(letter))
			*p++ = '\\';
	}
	*p++ = letter;
	return p;
}

/* A byte at s that is special, and begins no harmless character. */
static inline char *write_special(char *p, const char *s, size_t n, enum notation notation, bool *escaped)
{
	unsigned char c = (unsigned char)s[0];

	if (notation == NOTATION_TEXT || notation == NOTATION_QUOTED)
		return write_text(p, c, notation);
	if (c == '"' || (c == '\\' && !(n >= 4 && s[1] == 'x' && is_hex(s[2]) && is_hex(s[3])))) {
		if (notation == NOTATION_JSON)
			*p++ = '\\';
		*p++ = (char)c;
		return p;
	}
	*escaped = true;
	return write_escape(p, c, notation);
}

/* Whether `pieces` has the byte's text. */
static inline bool has_piece(unsigned char c, enum notation notation)
{
	return notation == NOTATION_JSON   ? c < 0x80 && c != '\\' :
	       notation == NOTATION_QUOTED ? c < 0x80 && !text_letter(c) :
					     false;
}

/* NULs at s, which binary data is full of. */
static inline bool are_nuls(const char *s, size_t n, enum notation notation)
{
	uint64_t word;

	if (n < NULS || s[0] || (notation != NOTATION_JSON && notation != NOTATION_QUOTED))
		return false;
	memcpy(&word, s, NULS);
	return !word;
}

/* As many of them as there are words of them, and no more than NULS_MAX; the first word is. */
static inline size_t write_nuls(char **end, const char *s, size_t n)
{
	size_t i = 0, most = n < NULS_MAX ? n : NULS_MAX;
	char *p = *end;
	uint64_t word;

	do {
		p = TL_W_LITERAL(p, "\\\\x00\\\\x00\\\\x00\\\\x00\\\\x00\\\\x00\\\\x00\\\\x00");
		i += NULS;
		if (i + NULS > most)
			break;
		memcpy(&word, s + i, NULS);
	} while (!word);
	*end = p;
	return i;
}

/* The bytes from i on to the end of a block, or a bit more; returns where that is. */
static inline size_t escape_block(char **end, const char *s, size_t i, size_t n, enum notation notation, bool *escaped)
{
	size_t stop = n - i < BLOCK ? n : i + BLOCK;
	unsigned sizes = 0;
	char *p = *end;

	while (i < stop) {
		unsigned char c = (unsigned char)s[i];
		unsigned length;

		if (are_nuls(s + i, n - i, notation)) {
			i += write_nuls(&p, s + i, n - i);
			sizes |= ESCAPE_MAX;
			continue;
		}
		length = c >= 0x80 ? tl_utf8_harmless(s + i, n - i) : 0;

		if (has_piece(c, notation)) {
			memcpy(p, &pieces[c], sizeof(pieces[c]));
			p += pieces[c].size;
			sizes |= pieces[c].size;
		} else if (length) {
			p = tl_w_bytes(p, s + i, length);
		} else if (special1(c)) {
			p = write_special(p, s + i, n - i, notation, escaped);
		} else {
			*p++ = (char)c;
		}
		i += length ? length : 1;
	}
	*escaped |= sizes >= ESCAPE_MAX;
	*end = p;
	return i;
}

static inline bool escape(struct tl_buffer *b, const char *s, size_t n, enum notation notation)
{
	bool escaped = false;
	size_t i = 0;

	while (i < n) {
		size_t clean;
		char *p;

		if (!tl_room(b, n - i + 16 + (BLOCK + NULS_MAX) * ESCAPE_MAX + sizeof(struct piece)))
			break;
		p = tl_end(b);
		clean = copy_clean(p, s + i, n - i);
		i += clean;
		p += clean;
		if (i < n)
			i = escape_block(&p, s, i, n, notation, &escaped);
		tl_ended(b, p);
	}
	return escaped;
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

void tl_escape_text_json(struct tl_buffer *b, const char *s, size_t n)
{
	escape(b, s, n, NOTATION_QUOTED);
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
