// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of a report: rows, and the names that go with each. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "report.h"

#define ROWS_MAX ((size_t)1 << 18) /* of a table */
#define ROWS_BYTES_MAX ((size_t)64 << 20)
#define NAMES_MAX (((size_t)1 << 18) - 1)
#define NAMES_BYTES_MAX ((size_t)64 << 20)
#define PAIRS_MAX ((size_t)1 << 20) /* half of the slots */
#define PAIRS_FIRST ((size_t)1 << 10)

const struct tl_report_title tl_report_titles[TL_REPORT_TABLES] = {
	[TL_REPORT_EXECUTABLE] = { "executable", "Executables", "EXECUTABLE", { "actions", "users" } },
	[TL_REPORT_USER] = { "user", "Users", "USER", { "actions", "executables" } },
	[TL_REPORT_PATH] = { "path", "Paths", "PATH", { "actions", "executables" } },
	[TL_REPORT_DESTINATION] = { "destination", "Destinations", "DESTINATION", { "actions", "executables" } },
	[TL_REPORT_FAILURE] = { "failure", "Failures", "FAILURE", { "objects", "executables" } },
};

int tl_report_tables_init(struct tl_report *r)
{
	for (size_t i = 0; i < TL_REPORT_TABLES; i++)
		r->table[i].keys = (struct tl_key_table){ .max = ROWS_MAX,
							  .max_bytes = ROWS_BYTES_MAX,
							  .value_size = sizeof(struct tl_report_row) };
	r->names.keys = (struct tl_key_table){ .max = NAMES_MAX,
					       .max_bytes = NAMES_BYTES_MAX,
					       .value_size = sizeof(uint32_t) };
	r->pairs.pair = calloc(PAIRS_FIRST, sizeof(*r->pairs.pair));
	if (!r->pairs.pair)
		return -ENOMEM;
	r->pairs.n_slots = PAIRS_FIRST;
	return 0;
}

/* ---- Counts that are let go when there is no more room ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The one in the middle; sorts them. */
static uint64_t middle(uint64_t *counts, size_t n)
{
	qsort(counts, n, sizeof(*counts), by_number);
	return counts[n / 2];
}

static const struct tl_report_row *row_of(const struct tl_report_table *t, size_t i)
{
	return tl_key_value_of(t->keys.entries[i]);
}

static bool keep_row(const void *value, const void *userdata)
{
	return ((const struct tl_report_row *)value)->events > *(const uint64_t *)userdata;
}

/* Lets the rarer half of the rows go. */
static int prune_rows(struct tl_report_table *t)
{
	size_t n = t->keys.n;
	_cleanup_free_ uint64_t *counts = reallocarray(NULL, n + 1, sizeof(*counts));
	uint64_t limit, most = 0;

	if (!counts || !n)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		counts[i] = row_of(t, i)->events;
	limit = middle(counts, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t events = row_of(t, i)->events;

		if (events > limit)
			continue;
		t->cut_rows++;
		t->cut_events += events;
		most = MAX(most, events);
	}
	t->short_by += most;
	tl_key_table_sweep(&t->keys, keep_row, &limit);
	return 0;
}

/* ---- Pairs ---- */

/* 3 bits of the table, 36 of the row, 1 of the detail, 24 of the name. */
static uint64_t pair_key(enum tl_report_by by, uint64_t row, enum tl_report_detail detail, uint32_t name)
{
	return (uint64_t)by << 61 | (row & ((UINT64_C(1) << 36) - 1)) << 25 | (uint64_t)detail << 24 | name;
}

/* Its place, or the free one where it would be. */
static struct tl_report_pair *find_pair(struct tl_report_pair *pair, size_t n_slots, uint64_t key)
{
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (n_slots - 1);

	while (pair[at].events && pair[at].key != key)
		at = (at + 1) & (n_slots - 1);
	return &pair[at];
}

/* Moves those with more than `limit` events to a table of n_slots. */
static int move_pairs(struct tl_report_pairs *p, size_t n_slots, uint64_t limit)
{
	struct tl_report_pair *grown = calloc(n_slots, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	p->n = 0;
	for (size_t i = 0; i < p->n_slots; i++) {
		if (p->pair[i].events <= limit)
			continue;
		*find_pair(grown, n_slots, p->pair[i].key) = p->pair[i];
		p->n++;
	}
	free(p->pair);
	p->pair = grown;
	p->n_slots = n_slots;
	return 0;
}

static int prune_pairs(struct tl_report_pairs *p)
{
	_cleanup_free_ uint64_t *counts = reallocarray(NULL, p->n, sizeof(*counts));
	uint64_t limit;
	size_t n = 0;

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_slots && n < p->n; i++)
		if (p->pair[i].events)
			counts[n++] = p->pair[i].events;
	limit = middle(counts, n);
	p->short_by += limit;
	return move_pairs(p, p->n_slots, limit);
}

static int add_pair(struct tl_report_pairs *p, uint64_t key, uint64_t events)
{
	struct tl_report_pair *pair = find_pair(p->pair, p->n_slots, key);
	int r = 0;

	if (!pair->events && 2 * (p->n + 1) > p->n_slots) {
		r = p->n >= PAIRS_MAX ? prune_pairs(p) : move_pairs(p, 2 * p->n_slots, 0);
		if (r < 0)
			return r;
		pair = find_pair(p->pair, p->n_slots, key);
	}
	p->n += !pair->events;
	pair->key = key;
	pair->events += events;
	return 0;
}

/* ---- Counting ---- */

int tl_report_name(struct tl_report *r, const char *name, uint32_t *ret)
{
	bool is_new;
	uint32_t *id = tl_key_table_get(&r->names.keys, name, strlen(name), &is_new);

	if (id && is_new)
		*id = (uint32_t)r->names.keys.n;
	r->names.full |= !id;
	*ret = id ? *id : 0;
	return 0;
}

const char *tl_report_name_text(const struct tl_report *r, uint32_t name, size_t *ret_size)
{
	static const char others[] = "(others)";

	if (!name || name > r->names.keys.n) {
		*ret_size = strlen(others);
		return others;
	}
	*ret_size = r->names.keys.entries[name - 1]->key_size;
	return tl_key_of(r->names.keys.entries[name - 1]);
}

int tl_report_add(struct tl_report *r, enum tl_report_by by, const char *name, const struct tl_report_count *count)
{
	struct tl_report_table *t = &r->table[by];
	struct tl_report_row *row;
	bool is_new;
	int e;

	if (!count->events)
		return 0;
	row = tl_key_table_get(&t->keys, name, strlen(name), &is_new);
	if (!row) {
		e = prune_rows(t);
		row = e < 0 ? NULL : tl_key_table_get(&t->keys, name, strlen(name), &is_new);
		if (!row)
			return -ENOMEM;
	}
	if (is_new) {
		row->id = ++t->next_id;
		row->first = count->first;
	}
	row->events += count->events;
	row->failed += count->failed;
	row->first = MIN(row->first, count->first);
	row->last = MAX(row->last, count->last);
	t->events += count->events;
	for (unsigned i = 0; i < TL_REPORT_DETAILS; i++) {
		e = add_pair(&r->pairs, pair_key(by, row->id, (enum tl_report_detail)i, count->detail[i]),
			     count->events);
		if (e < 0)
			return e;
	}
	return 0;
}

/* ---- Showing ---- */

static int most_first(const void *a, const void *b)
{
	const struct tl_report_shown *x = a, *y = b;
	int r;

	if (x->row->events != y->row->events)
		return x->row->events < y->row->events ? 1 : -1;
	r = memcmp(x->name, y->name, MIN(x->size, y->size));
	return r ? r : (x->size > y->size) - (x->size < y->size);
}

int tl_report_rows(struct tl_report *r, enum tl_report_by by, size_t max, struct tl_report_shown **ret, size_t *ret_n)
{
	const struct tl_key_table *keys = &r->table[by].keys;
	struct tl_report_shown *rows = reallocarray(NULL, keys->n + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < keys->n; i++)
		rows[i] = (struct tl_report_shown){ .name = tl_key_of(keys->entries[i]),
						    .size = keys->entries[i]->key_size,
						    .row = tl_key_value_of(keys->entries[i]) };
	qsort(rows, keys->n, sizeof(*rows), most_first);
	*ret = rows;
	*ret_n = max ? MIN(max, keys->n) : keys->n;
	return 0;
}

static int pair_order(const void *a, const void *b)
{
	const struct tl_report_pair *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Nothing is counted from here on. */
static void sort_pairs(struct tl_report_pairs *p)
{
	size_t n = 0;

	if (p->sorted)
		return;
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->pair[i].events)
			p->pair[n++] = p->pair[i];
	qsort(p->pair, n, sizeof(*p->pair), pair_order);
	p->sorted = true;
}

/* Index of the first pair that is not before the key. */
static size_t lower_bound(const struct tl_report_pairs *p, uint64_t key)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t half = low + (high - low) / 2;

		if (p->pair[half].key < key)
			low = half + 1;
		else
			high = half;
	}
	return low;
}

static bool before(const struct tl_report_part *x, const struct tl_report_part *y)
{
	int r;

	if (x->events != y->events)
		return x->events > y->events;
	r = memcmp(x->name, y->name, MIN(x->size, y->size));
	return r ? r < 0 : x->size < y->size;
}

static size_t insert(struct tl_report_part *parts, size_t n, size_t max, struct tl_report_part part)
{
	size_t at = n;

	while (at && before(&part, &parts[at - 1]))
		at--;
	if (at >= max)
		return n;
	n = MIN(n + 1, max);
	memmove(parts + at + 1, parts + at, (n - 1 - at) * sizeof(*parts));
	parts[at] = part;
	return n;
}

size_t tl_report_parts(struct tl_report *r, enum tl_report_by by, const struct tl_report_row *row,
		       enum tl_report_detail detail, struct tl_report_part *ret, size_t max, size_t *ret_n)
{
	uint64_t key = pair_key(by, row->id, detail, 0), end = key | ((UINT64_C(1) << 24) - 1);
	size_t n = 0, all = 0;

	sort_pairs(&r->pairs);
	for (size_t i = lower_bound(&r->pairs, key); i < r->pairs.n && r->pairs.pair[i].key <= end; i++, all++) {
		struct tl_report_part part = { .events = r->pairs.pair[i].events };

		part.name = tl_report_name_text(r, (uint32_t)(r->pairs.pair[i].key - key), &part.size);
		n = insert(ret, n, max, part);
	}
	*ret_n = n;
	return all;
}
