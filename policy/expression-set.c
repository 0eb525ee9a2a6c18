// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists behind `in`: found by hash or by halving, however long they are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expression-internal.h"
#include "util.h"

int tl_set_items_add(struct tl_set_items *items, const struct tl_value *value, const struct tl_ip_range *range)
{
	if (items->n == items->allocated) {
		size_t wanted = items->allocated ? 2 * items->allocated : 8;
		bool ranges = items->kind == TL_FIELD_ADDRESS;
		void *grown = ranges ? reallocarray(items->ranges, wanted, sizeof(*items->ranges)) :
				       reallocarray(items->values, wanted, sizeof(*items->values));

		if (!grown)
			return -ENOMEM;
		if (ranges)
			items->ranges = grown;
		else
			items->values = grown;
		items->allocated = wanted;
	}
	if (items->kind == TL_FIELD_ADDRESS)
		items->ranges[items->n++] = *range;
	else
		items->values[items->n++] = *value;
	return 0;
}

void tl_set_items_done(struct tl_set_items *items)
{
	free(items->values);
	free(items->ranges);
	*items = (struct tl_set_items){};
}

static size_t hash_number(__int128 number)
{
	return (size_t)(((uint64_t)number ^ (uint64_t)(number >> 64)) * 0x9e3779b97f4a7c15ULL >> 29);
}

/* Where the number stands, or could. */
static uint32_t *find_number(const struct tl_set *s, __int128 number)
{
	size_t i = hash_number(number) & (s->table_size - 1);

	while (s->places[i] && s->numbers[s->places[i] - 1] != number)
		i = (i + 1) & (s->table_size - 1);
	return &s->places[i];
}

static void size_table(const struct tl_set_items *items, struct tl_set *s)
{
	s->table_size = 4;
	while (s->table_size < 2 * items->n)
		s->table_size *= 2;
}

static int make_numbers(struct tl_arena *a, const struct tl_set_items *items, struct tl_set *s)
{
	size_table(items, s);
	s->numbers = tl_arena_alloc(a, items->n * sizeof(*s->numbers));
	s->places = tl_arena_alloc(a, s->table_size * sizeof(*s->places));
	if (!s->numbers || !s->places)
		return -ENOMEM;
	for (size_t i = 0; i < items->n; i++) {
		uint32_t *place = find_number(s, items->values[i].number);

		if (*place)
			continue;
		s->numbers[s->n++] = items->values[i].number;
		*place = (uint32_t)s->n;
	}
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct tl_ip_range *x = a, *y = b;

	return tl_ip_compare(&x->first, &y->first);
}

static int make_ranges(struct tl_arena *a, const struct tl_set_items *items, struct tl_set *s)
{
	s->ranges = tl_arena_alloc(a, items->n * sizeof(*s->ranges));
	if (!s->ranges)
		return -ENOMEM;
	memcpy(s->ranges, items->ranges, items->n * sizeof(*s->ranges));
	qsort(s->ranges, items->n, sizeof(*s->ranges), compare_ranges);
	for (size_t i = 0; i < items->n; i++) {
		struct tl_ip_range *last = s->n ? &s->ranges[s->n - 1] : NULL, *next = &s->ranges[i];

		if (!last || tl_ip_compare(&last->last, &next->first) < 0)
			s->ranges[s->n++] = *next;
		else if (tl_ip_compare(&last->last, &next->last) < 0)
			last->last = next->last;
	}
	return 0;
}

static size_t hash_text(const struct tl_text *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < text->size; i++)
		hash = (hash ^ (unsigned char)text->data[i]) * 0x100000001b3ULL;
	return (size_t)(hash ^ hash >> 32);
}

static struct tl_text *find_text(const struct tl_set *s, const struct tl_text *text)
{
	size_t i = hash_text(text) & (s->table_size - 1);

	while (s->table[i].data &&
	       (s->table[i].size != text->size || memcmp(s->table[i].data, text->data, text->size) != 0))
		i = (i + 1) & (s->table_size - 1);
	return &s->table[i];
}

static int make_table(struct tl_arena *a, const struct tl_set_items *items, struct tl_set *s)
{
	size_table(items, s);
	s->table = tl_arena_alloc(a, s->table_size * sizeof(*s->table));
	if (!s->table)
		return -ENOMEM;
	for (size_t i = 0; i < items->n; i++)
		*find_text(s, &items->values[i].text) = items->values[i].text;
	s->n = items->n;
	return 0;
}

int tl_set_make(struct tl_arena *a, struct tl_set_items *items, struct tl_set *ret)
{
	struct tl_set set = { .kind = items->kind };
	int r;

	if (items->kind == TL_FIELD_ADDRESS)
		r = make_ranges(a, items, &set);
	else if (items->kind == TL_FIELD_STRING)
		r = make_table(a, items, &set);
	else
		r = make_numbers(a, items, &set);
	if (r >= 0)
		*ret = set;
	return r;
}

static bool has_range(const struct tl_set *s, const struct tl_ip *ip)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tl_ip_compare(&s->ranges[middle].last, ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n && tl_ip_compare(&s->ranges[low].first, ip) <= 0;
}

bool tl_set_has(const struct tl_set *s, const struct tl_value *value)
{
	switch ((enum tl_field_kind)s->kind) {
	case TL_FIELD_ADDRESS:
		return has_range(s, &value->ip);
	case TL_FIELD_STRING:
		return find_text(s, &value->text)->data;
	default:
		return *find_number(s, value->number);
	}
}
