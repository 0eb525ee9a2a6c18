// SPDX-License-Identifier: GPL-2.0-or-later
/* From the text of a condition to its words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expression-internal.h"
#include "util.h"

#define NUMBER_ADDRESS_MAX 64
#define NO_UNITS ": there are no units here, times are in ns and sizes in bytes"

static __attribute__((format(printf, 2, 3))) int refuse(struct tl_lexer *l, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(l->why, sizeof(l->why), format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Columns count characters. */
static void take(struct tl_lexer *l, size_t n)
{
	for (; n; n--, l->p++)
		l->column += (*l->p & 0xc0) != 0x80;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- Strings ---- */

/* The character after a backslash at *p; moves behind it. -1: there is none such. */
static int read_escape(const char **p, const char *end)
{
	static const char letters[] = "ntr0\\'\"", values[] = "\n\t\r\0\\'\"";
	const char *found;
	int high, low;

	if (*p == end)
		return -1;
	if (**p == 'x' && end - *p >= 3 && (high = hex_digit((*p)[1])) >= 0 && (low = hex_digit((*p)[2])) >= 0) {
		*p += 3;
		return high << 4 | low;
	}
	found = **p ? strchr(letters, **p) : NULL;
	if (!found)
		return -1;
	(*p)++;
	return (unsigned char)values[found - letters];
}

static int read_string(struct tl_lexer *l, struct tl_token *t)
{
	char quote = *l->p, *out;
	const char *p = l->p + 1;
	size_t n = 0;

	while (p < l->end && *p != quote)
		p += *p == '\\' && p + 1 < l->end ? 2 : 1;
	if (p == l->end)
		return refuse(l, "the string that begins here has no end");
	t->size = (size_t)(p + 1 - l->p);
	out = tl_arena_alloc(l->arena, t->size);
	if (!out)
		return -ENOMEM;
	take(l, 1);
	while (*l->p != quote) {
		const char *next = l->p;
		int c = (unsigned char)*next++;

		if (c == '\\')
			c = read_escape(&next, l->end);
		if (c < 0)
			return refuse(l, "no such escape (there are \\n \\t \\r \\0 \\xHH \\\\ \\' \\\")");
		out[n++] = (char)c;
		take(l, (size_t)(next - l->p));
	}
	take(l, 1);
	t->type = TL_TOKEN_STRING;
	t->text = (struct tl_text){ .data = out, .size = n };
	return 0;
}

/* ---- Numbers, addresses and words ---- */

/* What stands behind a number elsewhere in a policy: "10ms", "1M". */
static bool has_unit(const char *p, size_t size)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "m", "h", "d", "k", "K", "M", "G" };
	size_t digits = 0;

	while (digits < size && is_digit(p[digits]))
		digits++;
	for (size_t i = 0; digits && i < ARRAY_SIZE(units); i++)
		if (size - digits == strlen(units[i]) && memcmp(p + digits, units[i], size - digits) == 0)
			return true;
	return false;
}

static int read_number(struct tl_lexer *l, struct tl_token *t, const char *p, size_t size)
{
	unsigned base = 10;
	uint64_t number = 0;
	size_t i = 0;

	if (size > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		base = 16, i = 2;
	else if (size > 2 && p[0] == '0' && (p[1] == 'o' || p[1] == 'O'))
		base = 8, i = 2;
	else if (size > 1 && p[0] == '0')
		base = 8, i = 1;
	for (; i < size; i++) {
		int digit = hex_digit(p[i]);

		if (digit < 0 || (unsigned)digit >= base)
			return refuse(l, "'%.*s' is no number%s", (int)size, p, has_unit(p, size) ? NO_UNITS : "");
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, (unsigned)digit, &number))
			return refuse(l, "'%.*s' does not fit into 64 bits", (int)size, p);
	}
	t->type = TL_TOKEN_NUMBER;
	t->number = number;
	t->size = size;
	take(l, size);
	return 0;
}

static int read_address(struct tl_lexer *l, struct tl_token *t, size_t size)
{
	const char *why = NULL;

	if (l->p + size < l->end && l->p[size] == '/')
		for (size++; l->p + size < l->end && is_digit(l->p[size]);)
			size++;
	if (size > NUMBER_ADDRESS_MAX || tl_ip_parse(l->p, size, &t->range, &why) < 0)
		return refuse(l, "'%.*s' is no address%s%s", size > NUMBER_ADDRESS_MAX ? NUMBER_ADDRESS_MAX : (int)size,
			      l->p, why ? ": " : "", why ? why : "");
	t->type = TL_TOKEN_ADDRESS;
	t->size = size;
	take(l, size);
	return 0;
}

static int read_run(struct tl_lexer *l, struct tl_token *t)
{
	bool dots = false, colons = false, hex = true;
	size_t n = 0;

	for (; l->p + n < l->end; n++) {
		char c = l->p[n];

		/* A colon belongs to what can be an address only. */
		if (c == ':' ? !hex : !is_letter(c) && !is_digit(c) && c != '.')
			break;
		dots |= c == '.';
		colons |= c == ':';
		hex &= c == ':' || c == '.' || hex_digit(c) >= 0;
	}
	if (colons || (is_digit(*l->p) && dots))
		return read_address(l, t, n);
	if (is_digit(*l->p))
		return n > NUMBER_ADDRESS_MAX ? refuse(l, "this number does not fit into 64 bits") :
						read_number(l, t, l->p, n);
	t->type = TL_TOKEN_WORD;
	t->size = n;
	take(l, n);
	return 0;
}

/* ---- Signs ---- */

static const struct {
	const char *sign;
	const char *instead; /* what to write; NULL: it is one of ours */
} signs[] = {
	/* longer ones first */
	{ "=~", "matches" }, { "!~", "not matches" }, { "===", "==" }, { "&&", "and" }, { "||", "or" }, { "<>", "!=" },
	{ "==", NULL },	     { "!=", NULL },	      { "<=", NULL },  { ">=", NULL },	{ "<", NULL },	{ ">", NULL },
	{ "(", NULL },	     { ")", NULL },	      { ",", NULL },   { "|", NULL },	{ "-", NULL },	{ "=", "==" },
	{ "!", "not" },	     { "&", "has" },	      { "[", "(" },    { "]", ")" },
};

static int read_sign(struct tl_lexer *l, struct tl_token *t)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if ((size_t)(l->end - l->p) < n || memcmp(l->p, signs[i].sign, n) != 0)
			continue;
		if (signs[i].instead)
			return refuse(l, "'%s' is not known here, write '%s'", signs[i].sign, signs[i].instead);
		t->type = TL_TOKEN_SIGN;
		t->size = n;
		take(l, n);
		return 0;
	}
	if (*l->p == '/')
		return refuse(l, "'/' is not expected here (a string is written in quotes)");
	if (*l->p > ' ' && *l->p <= '~')
		return refuse(l, "'%c' is not expected here", *l->p);
	/* What a word processor makes of a quote. */
	if (l->end - l->p > 2 && memcmp(l->p, "\xe2\x80", 2) == 0 && (uint8_t)l->p[2] >= 0x98 &&
	    (uint8_t)l->p[2] <= 0x9f)
		return refuse(l, "a quote that is none: a string stands in \" or '");
	return refuse(l, "a character that is not expected here");
}

int tl_lexer_next(struct tl_lexer *l, struct tl_token *ret)
{
	while (l->p < l->end && *l->p && strchr(" \t\r\n", *l->p))
		take(l, 1);
	*ret = (struct tl_token){ .type = TL_TOKEN_END, .start = l->p, .column = l->column };
	if (l->p == l->end)
		return 0;
	if (*l->p == '"' || *l->p == '\'')
		return read_string(l, ret);
	if (is_letter(*l->p) || is_digit(*l->p) || *l->p == ':')
		return read_run(l, ret);
	return read_sign(l, ret);
}
