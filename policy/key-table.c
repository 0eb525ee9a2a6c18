// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "key-table.h"

/* Slots are chosen by its lower bits. */
static uint64_t hash_of(const void *data, size_t size)
{
	uint64_t hash = tl_fnv1a(TL_FNV_BASIS, data, size);

	return hash ^ hash >> 32;
}

static int grow_slots(struct tl_key_table *t)
{
	size_t n = t->n_slots ? 2 * t->n_slots : 64;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		size_t at = t->entries[i]->hash & (n - 1);

		while (slots[at])
			at = (at + 1) & (n - 1);
		slots[at] = (uint32_t)i + 1;
	}
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	return 0;
}

static struct tl_key_entry *add(struct tl_key_table *t, uint64_t hash, const void *key, size_t size)
{
	size_t value = (t->value_size + 7U) & ~7U, all = sizeof(struct tl_key_entry) + value + size;
	struct tl_key_entry *e, **grown;

	if (t->n >= t->max || t->bytes + all > t->max_bytes)
		return NULL;
	if (t->n == t->allocated) {
		grown = reallocarray(t->entries, t->allocated * 2 + 16, sizeof(*grown));
		if (!grown)
			return NULL;
		t->entries = grown;
		t->allocated = t->allocated * 2 + 16;
	}
	e = calloc(1, all);
	if (!e)
		return NULL;
	e->hash = hash;
	e->key_size = (uint32_t)size;
	e->value_size = t->value_size;
	if (size)
		memcpy(e->data + value, key, size);
	t->bytes += all;
	t->entries[t->n++] = e;
	return e;
}

/* The slot of the key, or the free one where it would be. There is one. */
static size_t slot_of(const struct tl_key_table *t, uint64_t hash, const void *key, size_t size)
{
	size_t at;

	for (at = hash & (t->n_slots - 1); t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
		const struct tl_key_entry *e = t->entries[t->slots[at] - 1];

		if (e->hash == hash && e->key_size == size && (!size || memcmp(tl_key_of(e), key, size) == 0))
			break;
	}
	return at;
}

void *tl_key_table_find(const struct tl_key_table *t, const void *key, size_t size)
{
	size_t at = t->n_slots ? slot_of(t, hash_of(key, size), key, size) : 0;

	return t->n_slots && t->slots[at] ? tl_key_value_of(t->entries[t->slots[at] - 1]) : NULL;
}

void *tl_key_table_get(struct tl_key_table *t, const void *key, size_t size, bool *ret_new)
{
	uint64_t hash = hash_of(key, size);
	struct tl_key_entry *e;
	size_t at;

	if (2 * (t->n + 1) > t->n_slots && grow_slots(t) < 0)
		return NULL;
	at = slot_of(t, hash, key, size);
	if (t->slots[at]) {
		*ret_new = false;
		return tl_key_value_of(t->entries[t->slots[at] - 1]);
	}
	e = add(t, hash, key, size);
	if (!e)
		return NULL;
	t->slots[at] = (uint32_t)t->n;
	*ret_new = true;
	return tl_key_value_of(e);
}

void tl_key_table_sweep(struct tl_key_table *t, bool (*keep)(const void *value, const void *userdata),
			const void *userdata)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tl_key_entry *e = t->entries[i];

		if (keep && keep(tl_key_value_of(e), userdata)) {
			t->entries[kept++] = e;
			continue;
		}
		t->bytes -= sizeof(*e) + ((e->value_size + 7U) & ~7U) + e->key_size;
		free(e);
	}
	if (kept == t->n)
		return;
	memset(t->slots, 0, t->n_slots * sizeof(*t->slots));
	t->n = kept;
	for (size_t i = 0; i < kept; i++) {
		size_t at = t->entries[i]->hash & (t->n_slots - 1);

		while (t->slots[at])
			at = (at + 1) & (t->n_slots - 1);
		t->slots[at] = (uint32_t)i + 1;
	}
}

void tl_key_table_done(struct tl_key_table *t)
{
	tl_key_table_sweep(t, NULL, NULL);
	free(t->entries);
	free(t->slots);
	*t = (struct tl_key_table){ 0 };
}
