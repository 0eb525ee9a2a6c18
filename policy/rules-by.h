/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What events are grouped by: the values of some fields, as one string of
 * bytes. Used by policy/rules*.c only.
 */
#ifndef TRACELEFT_RULES_BY_H
#define TRACELEFT_RULES_BY_H

#include "expression-internal.h"

#define TL_BY_MAX 16 /* fields */

struct tl_by {
	const struct tl_reference *fields[TL_BY_MAX]; /* borrowed, n of them */
	const char *names[TL_BY_MAX]; /* borrowed */
	size_t n;
	struct tl_buffer key; /* of the last event */
	char *joined; /* TL_JOIN_MAX bytes, if a field is a list */
};

/* Room for lists, where a field is one. -ENOMEM. Before, all but fields, names and n is zero. */
int tl_by_prepare(struct tl_by *by);
void tl_by_done(struct tl_by *by);

/* The event's key, in by->key until the next call. -ENOMEM. */
int tl_by_make(struct tl_by *by, const struct tl_event *event);

/* A key's values for people. Texts are valid until `text` changes, which they
 * are appended to. Values are written to ret, by->n of them. -ENOMEM. */
int tl_by_show(const struct tl_by *by, const char *key, size_t size, struct tl_buffer *text,
	       struct tl_key_value ret[TL_BY_MAX]);

#endif
