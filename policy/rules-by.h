/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What events are grouped by: the values of some fields, as one string of
 * bytes, and a bounded table of such keys. Used by policy/rules*.c only.
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

/* ---- The table ---- */

struct tl_key_entry {
	uint64_t hash;
	uint32_t key_size;
	uint32_t value_size;
	_Alignas(8) char data[]; /* value, key */
};

struct tl_key_table {
	struct tl_key_entry **entries; /* n of them, in the order of their coming */
	size_t n, allocated;
	uint32_t *slots; /* 1 + index of the entry; n_slots, a power of two */
	size_t n_slots;
	size_t bytes; /* of entries */
	size_t max, max_bytes;
	uint32_t value_size;
};

/* Finds the key's value, or adds a zeroed one. NULL: no room. */
void *tl_key_table_get(struct tl_key_table *t, const void *key, size_t size, bool *ret_new);
/* Its value; NULL: it is not there. */
const void *tl_key_table_find(const struct tl_key_table *t, const void *key, size_t size);
/* Forgets those for which `keep` says no; NULL: all. */
void tl_key_table_sweep(struct tl_key_table *t, bool (*keep)(const void *value, const void *userdata),
			const void *userdata);
void tl_key_table_done(struct tl_key_table *t);

static inline void *tl_key_value_of(struct tl_key_entry *e)
{
	return e->data;
}

static inline const char *tl_key_of(const struct tl_key_entry *e)
{
	return e->data + ((e->value_size + 7) & ~7U);
}

#endif
