/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads JSON into a tree: what a program of ours wrote, but nothing in it is trusted. */
#ifndef TRACELEFT_JSON_H
#define TRACELEFT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TL_JSON_DEPTH_MAX 32

enum tl_json_type {
	TL_JSON_NULL,
	TL_JSON_BOOL,
	TL_JSON_NUMBER,
	TL_JSON_STRING,
	TL_JSON_ARRAY,
	TL_JSON_OBJECT,
};

struct tl_json {
	enum tl_json_type type;
	char *name; /* in an object, NULL elsewhere */
	char *string; /* of a string; of a number its text */
	bool boolean;
	struct tl_json *child; /* first of an array or object */
	struct tl_json *next;
};

/* One value, and nothing but spaces behind it. *ret is the caller's. -EINVAL:
 * this is no JSON, or nested too deep; -ENOMEM. */
int tl_json_parse(const char *text, size_t size, struct tl_json **ret);
/* Frees a whole tree: j is what was parsed or made, no part of it, or NULL. Returns NULL. */
struct tl_json *tl_json_free(struct tl_json *j);

/* An empty object to add to; NULL: no memory. */
struct tl_json *tl_json_new(void);
/* Adds a member to an object of the tree `root`, in front of the others. text: of strings and numbers, else NULL.
 * ret may be NULL. -ENOMEM. */
int tl_json_add(struct tl_json *root, struct tl_json *object, const char *name, enum tl_json_type type,
		const char *text, struct tl_json **ret);
/* Same, of a value that is parsed. -EINVAL: it is no JSON. */
int tl_json_add_parsed(struct tl_json *root, struct tl_json *object, const char *name, const char *text);

/* Member of an object by name; NULL if j is NULL, no object, or has none. */
const struct tl_json *tl_json_get(const struct tl_json *j, const char *name);
/* First element or member of an array or object, NULL if there is none. */
const struct tl_json *tl_json_first(const struct tl_json *j);
/* Member as text (of a string or number), "" if there is none. */
const char *tl_json_get_text(const struct tl_json *j, const char *name);
/* Member as a number, 0 if there is none or it is out of range. */
uint64_t tl_json_get_unsigned(const struct tl_json *j, const char *name);

static inline void tl_json_freep(struct tl_json **j)
{
	tl_json_free(*j);
}

#endif
