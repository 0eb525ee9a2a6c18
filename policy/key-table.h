/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bounded table: values of one size by keys of any bytes. */
#ifndef TRACELEFT_KEY_TABLE_H
#define TRACELEFT_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_key_entry {
	uint64_t hash;
	uint32_t key_size;
	uint32_t value_size;
	_Alignas(8) char data[]; /* value, key */
};

/* Zero, but for the last three. */
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
void *tl_key_table_find(const struct tl_key_table *t, const void *key, size_t size);
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
