/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict reader of one JSON value (RFC 8259, valid UTF-8, no control
 * characters, no key twice in an object is not looked at) that tells the path
 * of every scalar: "a.b" for {"a":[{"b":1}]}. */
#ifndef TRACELEFT_JSON_CHECK_H
#define TRACELEFT_JSON_CHECK_H

#include <stdbool.h>
#include <string.h>

struct json_check {
	const char *p, *end;
	char path[512];
	void (*scalar)(const char *path, const char *text, size_t n, void *userdata);
	void *userdata;
	unsigned depth;
};

static inline bool json_value(struct json_check *c);

static inline bool json_take(struct json_check *c, char want)
{
	if (c->p >= c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

static inline bool json_utf8(struct json_check *c)
{
	const unsigned char *s = (const unsigned char *)c->p;
	unsigned n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc2 || s[0] > 0xf4 || (size_t)(c->end - c->p) < n)
		return false;
	for (unsigned i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f) || (s[0] == 0xc2 && s[1] < 0xa0))
		return false;
	c->p += n;
	return true;
}

static inline bool json_escape(struct json_check *c)
{
	c->p++;
	if (c->p >= c->end)
		return false;
	if (*c->p == 'u') {
		c->p++;
		for (unsigned i = 0; i < 4; i++, c->p++)
			if (c->p >= c->end || !strchr("0123456789abcdefABCDEF", *c->p))
				return false;
		return true;
	}
	return strchr("\"\\/bfnrt", *c->p++) != NULL;
}

static inline bool json_string(struct json_check *c)
{
	if (!json_take(c, '"'))
		return false;
	while (c->p < c->end && *c->p != '"') {
		unsigned char byte = (unsigned char)*c->p;

		if (byte < 0x20 || byte == 0x7f)
			return false;
		if (byte >= 0x80) {
			if (!json_utf8(c))
				return false;
		} else if (byte == '\\') {
			if (!json_escape(c))
				return false;
		} else {
			c->p++;
		}
	}
	return json_take(c, '"');
}

static inline bool json_number(struct json_check *c)
{
	json_take(c, '-');
	if (json_take(c, '0'))
		return true;
	if (c->p >= c->end || *c->p < '1' || *c->p > '9')
		return false;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return true;
}

static inline bool json_members(struct json_check *c)
{
	size_t n = strlen(c->path);

	if (json_take(c, '}'))
		return true;
	do {
		const char *key = c->p + 1;

		if (!json_string(c) || n + (size_t)(c->p - key) + 2 > sizeof(c->path))
			return false;
		c->path[n] = '.';
		memcpy(c->path + n + !!n, key, (size_t)(c->p - 1 - key));
		c->path[n + !!n + (size_t)(c->p - 1 - key)] = 0;
		if (!json_take(c, ':') || !json_value(c))
			return false;
		c->path[n] = 0;
	} while (json_take(c, ','));
	return json_take(c, '}');
}

static inline bool json_elements(struct json_check *c)
{
	if (json_take(c, ']'))
		return true;
	do {
		if (!json_value(c))
			return false;
	} while (json_take(c, ','));
	return json_take(c, ']');
}

static inline bool json_word(struct json_check *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n))
		return false;
	c->p += n;
	return true;
}

static inline bool json_value(struct json_check *c)
{
	const char *start = c->p;
	bool ok;

	if (c->p >= c->end || ++c->depth > 32)
		return false;
	if (*c->p == '{' || *c->p == '[') {
		c->p++;
		ok = *start == '{' ? json_members(c) : json_elements(c);
		c->depth--;
		return ok;
	}
	ok = *c->p == '"' ? json_string(c) :
	     *c->p == 'n' ? json_word(c, "null") :
	     *c->p == 't' ? json_word(c, "true") :
	     *c->p == 'f' ? json_word(c, "false") :
			    json_number(c);
	c->depth--;
	if (ok && c->scalar)
		c->scalar(c->path, start, (size_t)(c->p - start), c->userdata);
	return ok;
}

/* Whether the n bytes are one object and a newline. */
static inline bool json_line(const char *text, size_t n,
			     void (*scalar)(const char *path, const char *value, size_t size, void *userdata),
			     void *userdata)
{
	struct json_check c = { .p = text, .end = text + n, .scalar = scalar, .userdata = userdata };

	return n > 2 && text[0] == '{' && json_value(&c) && c.p == c.end - 1 && *c.p == '\n';
}

#endif
