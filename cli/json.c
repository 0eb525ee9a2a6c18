// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "cli.h"
#include "json-scan.h"
#include "json.h"

#define CHUNK_FIRST ((size_t)8 * 1024) /* what a line of an event needs */
#define CHUNK_LAST ((size_t)1024 * 1024)

/* All of a tree lies in a few pieces of memory. The first one begins with this, and the root follows it. */
struct arena {
	struct chunk *more;
	char *at;
	size_t left;
	size_t next; /* size of the chunk to come */
	_Alignas(max_align_t) struct tl_json root;
};

struct chunk {
	struct chunk *more;
	_Alignas(max_align_t) char data[];
};

struct reader {
	const char *at, *end;
	struct arena *arena;
};

static struct arena *arena_new(void)
{
	struct arena *a = malloc(CHUNK_FIRST);

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->at = (char *)(a + 1);
	a->left = CHUNK_FIRST - sizeof(*a);
	a->next = 2 * CHUNK_FIRST;
	return a;
}

static struct arena *arena_of(struct tl_json *root)
{
	return (struct arena *)((char *)root - offsetof(struct arena, root));
}

/* Memory that is not initialised. */
static void *take(struct arena *a, size_t size)
{
	void *p;

	size = (size + 7) & ~(size_t)7;
	if (size > a->left) {
		size_t room = MAX(a->next, size);
		struct chunk *c = malloc(sizeof(*c) + room);

		if (!c)
			return NULL;
		c->more = a->more;
		a->more = c;
		a->at = c->data;
		a->left = room;
		a->next = MIN(2 * a->next, CHUNK_LAST);
	}
	p = a->at;
	a->at += size;
	a->left -= size;
	return p;
}

static char *take_text(struct arena *a, const char *text, size_t n)
{
	char *copy = take(a, n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, n);
	copy[n] = 0;
	return copy;
}

static struct tl_json *take_node(struct arena *a)
{
	struct tl_json *j = take(a, sizeof(*j));

	if (j)
		memset(j, 0, sizeof(*j));
	return j;
}

static int read_value(struct reader *r, unsigned depth, struct tl_json *j);

static void skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
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

static bool has_control(const char *text, size_t n)
{
	bool control = false;

	for (size_t i = 0; i < n; i++)
		control |= (unsigned char)text[i] < 0x20;
	return control;
}

/* Text up to `end` with escapes in it, to p. */
static int unescape(struct reader *r, const char *end, char *p)
{
	while (r->at < end) {
		const char *backslash = memchr(r->at, '\\', (size_t)(end - r->at));
		size_t n = (size_t)((backslash ? backslash : end) - r->at);
		int e;

		memcpy(p, r->at, n);
		p += n;
		r->at += n;
		if (!backslash)
			break;
		r->at++;
		e = read_escape(r, &p);
		if (e < 0)
			return e;
	}
	*p = 0;
	return 0;
}

/* Behind the opening quote. */
static int read_string(struct reader *r, char **ret)
{
	const char *end = r->at;
	bool escaped = false;
	char *text;
	int e = 0;

	while ((end = tl_scan_special(end, r->end)) < r->end && *end == '\\') {
		escaped = true;
		end += 2;
		if (end > r->end)
			return -EINVAL;
	}
	if (end >= r->end || has_control(r->at, (size_t)(end - r->at)))
		return -EINVAL;
	/* An escape is never longer than what it stands for. */
	text = escaped ? take(r->arena, (size_t)(end - r->at) + 1) : take_text(r->arena, r->at, (size_t)(end - r->at));
	if (!text)
		return -ENOMEM;
	if (escaped)
		e = unescape(r, end, text);
	if (e < 0)
		return e;
	r->at = end + 1;
	*ret = text;
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
		char *name = NULL;

		if (j->type == TL_JSON_OBJECT) {
			if (!skip_char(r, '"'))
				return -EINVAL;
			e = read_string(r, &name);
			if (e < 0)
				return e;
			if (!skip_char(r, ':'))
				return -EINVAL;
		}
		*last = take_node(r->arena);
		if (!*last)
			return -ENOMEM;
		(*last)->name = name;
		e = read_value(r, depth + 1, *last);
		if (e < 0)
			return e;
		last = &(*last)->next;
	} while (skip_char(r, ','));
	return skip_char(r, closing) ? 0 : -EINVAL;
}

static int read_number(struct reader *r, struct tl_json *j)
{
	bool integer = true;
	size_t n = 0;
	char *end;

	while (r->at + n < r->end && memchr("+-.0123456789eE", r->at[n], 15)) {
		integer &= r->at[n] >= '0' && r->at[n] <= '9';
		n++;
	}
	j->string = take_text(r->arena, r->at, n);
	if (!j->string)
		return -ENOMEM;
	if (!integer) {
		strtod(j->string, &end);
		if (*end || *j->string == '+' || *j->string == '.')
			return -EINVAL;
	}
	if (!n)
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

/* Into j, which is empty but for its name. */
static int read_value(struct reader *r, unsigned depth, struct tl_json *j)
{
	if (depth > TL_JSON_DEPTH_MAX)
		return -EINVAL;
	if (skip_char(r, '"')) {
		j->type = TL_JSON_STRING;
		return read_string(r, &j->string);
	}
	if (skip_char(r, '{')) {
		j->type = TL_JSON_OBJECT;
		return read_members(r, depth, j);
	}
	if (skip_char(r, '[')) {
		j->type = TL_JSON_ARRAY;
		return read_members(r, depth, j);
	}
	return read_word(r, j);
}

/* The whole text. */
static int read_all(struct arena *a, const char *text, size_t size, struct tl_json *j)
{
	struct reader r = { .at = text, .end = text + size, .arena = a };
	int e = read_value(&r, 0, j);

	if (e < 0)
		return e;
	skip_space(&r);
	return r.at == r.end ? 0 : -EINVAL;
}

int tl_json_parse(const char *text, size_t size, struct tl_json **ret)
{
	struct arena *a = arena_new();
	int e;

	if (!a)
		return -ENOMEM;
	e = read_all(a, text, size, &a->root);
	if (e < 0)
		tl_json_free(&a->root);
	else
		*ret = &a->root;
	return e;
}

struct tl_json *tl_json_free(struct tl_json *j)
{
	struct arena *a = j ? arena_of(j) : NULL;
	struct chunk *more;

	while (a && (more = a->more)) {
		a->more = more->more;
		free(more);
	}
	free(a);
	return NULL;
}

/* ---- Making ---- */

struct tl_json *tl_json_new(void)
{
	struct arena *a = arena_new();

	if (!a)
		return NULL;
	a->root.type = TL_JSON_OBJECT;
	return &a->root;
}

static struct tl_json *add_member(struct tl_json *root, struct tl_json *object, const char *name)
{
	struct tl_json *j = take_node(arena_of(root));

	if (!j)
		return NULL;
	j->name = take_text(arena_of(root), name, strlen(name));
	if (!j->name)
		return NULL;
	j->next = object->child;
	object->child = j;
	return j;
}

int tl_json_add(struct tl_json *root, struct tl_json *object, const char *name, enum tl_json_type type,
		const char *text, struct tl_json **ret)
{
	struct tl_json *j = add_member(root, object, name);

	if (!j)
		return -ENOMEM;
	j->type = type;
	j->string = text ? take_text(arena_of(root), text, strlen(text)) : NULL;
	if (text && !j->string)
		return -ENOMEM;
	if (ret)
		*ret = j;
	return 0;
}

int tl_json_add_parsed(struct tl_json *root, struct tl_json *object, const char *name, const char *text)
{
	struct tl_json *j = add_member(root, object, name);
	int e = j ? read_all(arena_of(root), text, strlen(text), j) : -ENOMEM;

	if (e == -EINVAL) {
		object->child = j->next;
		return e;
	}
	return e;
}

/* ---- Reading ---- */

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
