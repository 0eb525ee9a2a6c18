// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "fnv.h"
#include "json-put.h"
#include "put.h"
#include "rates.h"
#include "util.h"

#define SLOTS (2 * TL_RATES_MAX) /* a power of two */

struct row {
	uint64_t count;
	char event[64]; /* of longer names the beginning */
	char executable[256];
	char unit[128];
};

struct tl_rates {
	uint64_t since;
	uint64_t events;
	size_t n;
	struct row rows[TL_RATES_MAX];
	uint16_t slots[SLOTS]; /* number of a row, from 1; 0: free */
};

struct tl_rates *tl_rates_new(uint64_t since)
{
	struct tl_rates *r = calloc(1, sizeof(*r));

	if (r)
		r->since = since;
	return r;
}

struct tl_rates *tl_rates_free(struct tl_rates *r)
{
	free(r);
	return NULL;
}

/* Of what fits into a row, with an end. */
static uint64_t hash_text(uint64_t hash, const char *text, size_t size)
{
	return tl_fnv1a(tl_fnv1a(hash, text, strnlen(text, size - 1)), "", 1);
}

static bool same_text(const char *kept, const char *text, size_t size)
{
	return strncmp(kept, text, size - 1) == 0;
}

static bool same(const struct row *row, const char *event, const char *executable, const char *unit)
{
	return same_text(row->event, event, sizeof(row->event)) &&
	       same_text(row->executable, executable, sizeof(row->executable)) &&
	       same_text(row->unit, unit, sizeof(row->unit));
}

static struct row *new_row(struct tl_rates *r, size_t slot)
{
	struct row *row = &r->rows[r->n++];

	r->slots[slot] = (uint16_t)r->n;
	row->count = 0;
	return row;
}

/* NULL: there is no room. */
static struct row *row_of(struct tl_rates *r, const char *event, const char *executable, const char *unit)
{
	const struct row *kinds = r->rows; /* for their sizes */
	uint64_t hash = hash_text(TL_FNV_BASIS, event, sizeof(kinds->event));
	size_t slot;
	struct row *row;

	hash = hash_text(hash, executable, sizeof(kinds->executable));
	hash = hash_text(hash, unit, sizeof(kinds->unit));
	for (slot = hash % SLOTS; r->slots[slot]; slot = (slot + 1) % SLOTS)
		if (same(&r->rows[r->slots[slot] - 1], event, executable, unit))
			return &r->rows[r->slots[slot] - 1];
	if (r->n == TL_RATES_MAX)
		return NULL;
	row = new_row(r, slot);
	snprintf(row->event, sizeof(row->event), "%s", event);
	snprintf(row->executable, sizeof(row->executable), "%s", executable);
	snprintf(row->unit, sizeof(row->unit), "%s", unit);
	return row;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void tl_rates_count(struct tl_rates *r, const struct tl_event *event)
{
	const struct tl_process *process = event->process;
	struct row *row = row_of(r, event->type->name, process ? or_empty(process->executable) : "",
				 process ? or_empty(process->unit) : "");

	r->events++;
	if (row)
		row->count++;
}

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->executable, y->executable);
}

static void put_row(struct tl_buffer *b, const struct row *row)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "event", row->event);
	tl_json_string(b, "executable", row->executable);
	tl_json_string(b, "unit", row->unit);
	tl_json_unsigned(b, "count", row->count);
	tl_json_close(b, '}');
}

void tl_rates_put(struct tl_rates *r, struct tl_buffer *b, uint64_t now)
{
	const size_t told = MIN(r->n, (size_t)TL_RATES_TOLD_MAX);
	uint64_t in_rows = 0;

	qsort(r->rows, r->n, sizeof(*r->rows), compare);
	for (size_t i = 0; i < told; i++)
		in_rows += r->rows[i].count;
	tl_json_open(b, NULL, '{');
	tl_json_unsigned(b, "nanoseconds", now > r->since ? now - r->since : 0);
	tl_json_unsigned(b, "events", r->events);
	tl_json_unsigned(b, "others", r->events - in_rows);
	tl_json_open(b, "rows", '[');
	for (size_t i = 0; i < told; i++)
		put_row(b, &r->rows[i]);
	tl_json_close(b, ']');
	tl_json_close(b, '}');
	tl_put_char(b, '\n');
	r->since = now;
	r->events = r->n = 0;
	memset(r->slots, 0, sizeof(r->slots));
}
