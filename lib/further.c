// SPDX-License-Identifier: LGPL-2.1-or-later
#include "further.h"

#include <string.h>

#include "fnv.h"

_Static_assert(TL_FURTHER_TABLE > TL_FURTHER_MAX, "there is always a free place");

static uint64_t hash_of(const struct tl_endpoint *end)
{
	uint64_t hash = tl_fnv1a(TL_FNV_BASIS, &end->family, sizeof(end->family));

	hash = tl_fnv1a(hash, &end->port, sizeof(end->port));
	hash = tl_fnv1a(hash, end->address, sizeof(end->address));
	return end->path.flags & TL_VALUE_PRESENT ? tl_fnv1a(hash, end->path.data, end->path.size) : hash;
}

static bool is_same(const struct tl_endpoint *a, const struct tl_endpoint *b)
{
	bool has_path = a->path.flags & TL_VALUE_PRESENT;

	if (a->family != b->family || a->port != b->port || memcmp(a->address, b->address, sizeof(a->address)) ||
	    has_path != !!(b->path.flags & TL_VALUE_PRESENT))
		return false;
	return !has_path ||
	       (a->path.size == b->path.size && !memcmp(a->path.data, b->path.data, a->path.size));
}

void tl_further_begin(struct tl_further *f, const struct tl_endpoint *first)
{
	f->n = 0;
	f->first = first;
	memset(f->table, 0, sizeof(f->table));
}

void tl_further_add(struct tl_further *f, const struct tl_endpoint *end)
{
	uint64_t hash = hash_of(end);
	uint16_t *place = &f->table[hash & (TL_FURTHER_TABLE - 1)];

	if (f->n == TL_FURTHER_MAX || is_same(f->first, end))
		return;
	while (*place) {
		if (is_same(&f->ends[*place - 1], end))
			return;
		place = &f->table[++hash & (TL_FURTHER_TABLE - 1)];
	}
	f->ends[f->n++] = *end;
	*place = (uint16_t)f->n;
}
