// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"
#include "json.h"

struct reader {
	const char *at, *end;
};

static int read_value(struct reader *r, unsigned depth, struct tl_json **ret);

static void skip_space(struct reader *r)
{
	while (r->at < r->end && memchr(" \t\r\n", *r->at, 4))
		r->at++;
}

static bool skip_char(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static int hex4(struct reader *r, uint32_t *ret)
{
	uint32_t v = 0;

	if (r->end - r->at < 4)
		return -EINVAL;
	for (int i = 0; i < 4; i++, r->at++) {
		char c = *r->at;

		if (c >= '0' && c <= '9')
			v = v * 16 + (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + (uint32_t)((c | 32) - 'a' + 10);
		else
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

static char *put_utf8(char *p, uint32_t c)
{
	if (c < 0x80)
		*p++ = (char)c;
	else if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
		*p++ = (char)(0x80 | (c & 63));
	} else {
		if (c < 0x10000)
			*p++ = (char)(0xe0 | c >> 12);
		else {
			*p++ = (char)(0xf0 | c >> 18);
			*p++ = (char)(0x80 | (c >> 12 & 63));
		}
		*p++ = (char)(0x80 | (c >> 6 & 63));
		*p++ = (char)(0x80 | (c & 63));
	}
	return p;
}

/* \uXXXX, and the second half of a pair; what is no character becomes U+FFFD. */
static int read_unicode(struct reader *r, char **p)
{
	uint32_t c, low;
	int e = hex4(r, &c);

	if (e < 0)
		return e;
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
		r->at += 2;
		e = hex4(r, &low);
		if (e < 0)
			return e;
		c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
	}
	if (c == 0 || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	*p = put_utf8(*p, c);
	return 0;
}

static int read_escape(struct reader *r, char **p)
{
	static const char escapes[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (r->at == r->end)
		return -EINVAL;
	if (*r->at == 'u') {
		r->at++;
		return read_unicode(r, p);
	}
	found = memchr(escapes, *r->at++, sizeof(escapes) - 1);
	if (!found)
		return -EINVAL;
	*(*p)++ = meaning[found - escapes];
	return 0;
}

/* Behind the opening quote. */
static int read_string(struct reader *r, char **ret)
{
	const char *end = r->at;
	_cleanup_free_ char *text = NULL;
	char *p;
	int e;

	while (end < r->end && *end != '"')
		end += *end == '\\' ? 2 : 1;
	if (end >= r->end)
		return -EINVAL;
	text = p = malloc((size_t)(end - r->at) + 1); /* an escape is never longer than what it stands for */
	if (!text)
		return -ENOMEM;
	while (*r->at != '"') {
		char c = *r->at++;

		if ((unsigned char)c < 0x20)
			return -EINVAL;
		if (c != '\\') {
			*p++ = c;
			continue;
		}
		e = read_escape(r, &p);
		if (e < 0)
			return e;
	}
	r->at++;
	*p = 0;
	*ret = TAKE_PTR(text);
	return 0;
}

static int read_members(struct reader *r, unsigned depth, struct tl_json *j)
{
	char closing = j->type == TL_JSON_OBJECT ? '}' : ']';
	struct tl_json **last = &j->child;
	int e;

	if (skip_char(r, closing))
		return 0;
	do {
		_cleanup_free_ char *name = NULL;

		if (j->type == TL_JSON_OBJECT) {
			if (!skip_char(r, '"'))
				return -EINVAL;
			e = read_string(r, &name);
			if (e < 0)
				return e;
			if (!skip_char(r, ':'))
				return -EINVAL;
		}
		e = read_value(r, depth + 1, last);
		if (e < 0)
			return e;
		(*last)->name = TAKE_PTR(name);
		last = &(*last)->next;
	} while (skip_char(r, ','));
	return skip_char(r, closing) ? 0 : -EINVAL;
}

static int read_number(struct reader *r, struct tl_json *j)
{
	size_t n = 0;
	char *end;

	while (r->at + n < r->end && memchr("+-.0123456789eE", r->at[n], 15))
		n++;
	j->string = strndup(r->at, n);
	if (!j->string)
		return -ENOMEM;
	strtod(j->string, &end);
	if (!n || *end || *j->string == '+' || *j->string == '.')
		return -EINVAL;
	r->at += n;
	j->type = TL_JSON_NUMBER;
	return 0;
}

static int read_word(struct reader *r, struct tl_json *j)
{
	static const struct {
		const char *word;
		enum tl_json_type type;
		bool boolean;
	} words[] = {
		{ "null", TL_JSON_NULL, false },
		{ "true", TL_JSON_BOOL, true },
		{ "false", TL_JSON_BOOL, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i].word);

		if ((size_t)(r->end - r->at) < n || memcmp(r->at, words[i].word, n) != 0)
			continue;
		r->at += n;
		j->type = words[i].type;
		j->boolean = words[i].boolean;
		return 0;
	}
	return read_number(r, j);
}

static int read_value(struct reader *r, unsigned depth, struct tl_json **ret)
{
	_cleanup_(tl_json_freep) struct tl_json *j = NULL;
	int e;

	if (depth > TL_JSON_DEPTH_MAX)
		return -EINVAL;
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	if (skip_char(r, '"')) {
		j->type = TL_JSON_STRING;
		e = read_string(r, &j->string);
	} else if (skip_char(r, '{')) {
		j->type = TL_JSON_OBJECT;
		e = read_members(r, depth, j);
	} else if (skip_char(r, '[')) {
		j->type = TL_JSON_ARRAY;
		e = read_members(r, depth, j);
	} else
		e = read_word(r, j);
	if (e < 0)
		return e;
	*ret = TAKE_PTR(j);
	return 0;
}

int tl_json_parse(const char *text, size_t size, struct tl_json **ret)
{
	struct reader r = { .at = text, .end = text + size };
	_cleanup_(tl_json_freep) struct tl_json *j = NULL;
	int e = read_value(&r, 0, &j);

	if (e < 0)
		return e;
	skip_space(&r);
	if (r.at != r.end)
		return -EINVAL;
	*ret = TAKE_PTR(j);
	return 0;
}

struct tl_json *tl_json_free(struct tl_json *j)
{
	while (j) {
		struct tl_json *next = j->next;

		tl_json_free(j->child);
		free(j->name);
		free(j->string);
		free(j);
		j = next;
	}
	return NULL;
}

const struct tl_json *tl_json_get(const struct tl_json *j, const char *name)
{
	if (!j || j->type != TL_JSON_OBJECT)
		return NULL;
	for (const struct tl_json *c = j->child; c; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

const struct tl_json *tl_json_first(const struct tl_json *j)
{
	return j ? j->child : NULL;
}

const char *tl_json_get_text(const struct tl_json *j, const char *name)
{
	const struct tl_json *c = tl_json_get(j, name);

	return c && c->string ? c->string : "";
}

uint64_t tl_json_get_unsigned(const struct tl_json *j, const char *name)
{
	const struct tl_json *c = tl_json_get(j, name);
	unsigned long long v;
	char *end;

	if (!c || c->type != TL_JSON_NUMBER || *c->string == '-')
		return 0;
	errno = 0;
	v = strtoull(c->string, &end, 10);
	return errno || *end ? 0 : v;
}
