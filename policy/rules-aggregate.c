// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "event-copy.h"
#include "key-table.h"
#include "policy.h"
#include "process.h"
#include "rules-aggregate.h"
#include "rules-by.h"
#include "util.h"

#define BYTES_MAX (8UL << 20) /* of keys, and again of events that are kept for them */

struct count {
	uint64_t n;
	uint64_t first, last; /* ns UTC */
	uint64_t bytes;
	const struct tl_event_type *type; /* of all of them; NULL: several */
	struct tl_event *event; /* the first or the last one; NULL: none is kept */
};

struct tl_aggregate {
	const struct tl_policy_rule *rule;
	struct tl_by by;
	struct tl_key_table table;
	struct count rest; /* of keys without room */
	size_t bytes; /* of the events that are kept */
	uint64_t begun; /* of the period; 0: nothing has come yet */
	struct tl_buffer text; /* of a result's key */
};

/* ---- Life ---- */

int tl_aggregate_new(const struct tl_policy_rule *rule, struct tl_aggregate **ret)
{
	struct tl_aggregate *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->rule = rule;
	a->table = (struct tl_key_table){ .max = rule->keys,
					  .max_bytes = BYTES_MAX,
					  .value_size = sizeof(struct count) };
	for (size_t i = 0; i < rule->n_by; i++) {
		a->by.fields[i] = rule->by_fields[i];
		a->by.names[i] = rule->by[i];
	}
	a->by.n = rule->n_by;
	if (tl_by_prepare(&a->by) < 0) {
		tl_aggregate_free(a);
		return -ENOMEM;
	}
	*ret = a;
	return 0;
}

static void forget(struct tl_aggregate *a)
{
	for (size_t i = 0; i < a->table.n; i++)
		tl_event_copy_free(((struct count *)tl_key_value_of(a->table.entries[i]))->event);
	tl_event_copy_free(a->rest.event);
	tl_key_table_sweep(&a->table, NULL, NULL);
	a->rest = (struct count){ 0 };
	a->bytes = 0;
	a->begun = 0;
}

struct tl_aggregate *tl_aggregate_free(struct tl_aggregate *a)
{
	if (!a)
		return NULL;
	forget(a);
	tl_key_table_done(&a->table);
	tl_by_done(&a->by);
	tl_buffer_done(&a->text);
	free(a);
	return NULL;
}

/* ---- Counting ---- */

static uint64_t bytes_of(const struct tl_event *event)
{
	return (event->type->flags & TL_TYPE_RETURNS_BYTES) && event->ret > 0 ? (uint64_t)event->ret : 0;
}

/* The event that stands for all of its key. Without room for it the counts do. */
static void keep_event(struct tl_aggregate *a, struct count *c, const struct tl_event *event)
{
	size_t size;
	bool wanted = a->rule->emit == TL_EMIT_LAST || (a->rule->emit == TL_EMIT_FIRST && !c->n);

	if (!wanted)
		return;
	if (c->event) {
		a->bytes -= tl_event_copy_size(c->event);
		c->event = tl_event_copy_free(c->event);
	}
	size = tl_event_copy_size(event);
	if (a->bytes + size > BYTES_MAX)
		return;
	c->event = tl_event_copy(event);
	a->bytes += c->event ? size : 0;
}

static void count(struct count *c, const struct tl_event *event)
{
	c->type = !c->n || c->type == event->type ? event->type : NULL;
	c->first = c->n ? MIN(c->first, event->time) : event->time;
	c->last = MAX(c->last, event->time);
	c->bytes += bytes_of(event);
	c->n++;
}

int tl_aggregate_make_key(struct tl_aggregate *a, const struct tl_event *event)
{
	int r = tl_by_make(&a->by, event);

	if (r < 0)
		a->by.key.size = 0;
	return r;
}

bool tl_aggregate_add(struct tl_aggregate *a, const struct tl_event *event)
{
	struct count *c = NULL;
	bool is_new;

	if (!a->begun)
		a->begun = event->time;
	if (tl_aggregate_make_key(a, event) >= 0)
		c = tl_key_table_get(&a->table, a->by.key.data, a->by.key.size, &is_new);
	if (!c) {
		count(&a->rest, event);
		return true;
	}
	keep_event(a, c, event);
	count(c, event);
	return false;
}

static void merge(struct count *to, const struct count *c)
{
	to->type = !to->n || to->type == c->type ? c->type : NULL;
	to->first = to->n ? MIN(to->first, c->first) : c->first;
	to->last = MAX(to->last, c->last);
	to->bytes += c->bytes;
	to->n += c->n;
}

struct tl_aggregate_key tl_aggregate_last_key(const struct tl_aggregate *a)
{
	return (struct tl_aggregate_key){ a->by.key.data, a->by.key.size };
}

bool tl_aggregate_add_more(struct tl_aggregate *a, const struct tl_aggregate_key *key, const struct tl_count *more)
{
	const struct count of_more = {
		.n = more->events, .first = more->last, .last = more->last, .bytes = more->bytes, .type = more->type
	};
	struct count *c;
	bool is_new;

	if (!a->begun)
		a->begun = more->last;
	c = tl_key_table_get(&a->table, key->data, key->size, &is_new);
	merge(c ? c : &a->rest, &of_more);
	return !c;
}

void tl_aggregate_begin(struct tl_aggregate *a, uint64_t now)
{
	a->begun = now;
}

uint64_t tl_aggregate_due(const struct tl_aggregate *a)
{
	return a->begun ? a->begun + a->rule->every : UINT64_MAX;
}

/* ---- Results ---- */

static const struct tl_event_type *type_of(const struct count *c)
{
	static const struct tl_event_type several = { .name = "several", .class = TL_CLASS_SYSCALL };

	return c->type ? c->type : &several;
}

static int emit_one(const struct tl_annotation *common, const struct count *c, const char *result,
		    const struct tl_key_value *key, size_t n_key, tl_aggregate_emit emit, void *userdata)
{
	static uint64_t number;
	struct tl_annotation annotation = *common;
	const struct tl_event blank = {
		.kind = TL_EVENT_SYSCALL,
		.type = type_of(c),
		.time = c->last,
		.seq = ++number, /* in its id only */
		.flags = TL_EVENT_RESULT,
		.loginuid = UINT32_MAX,
		.audit_session = UINT32_MAX,
		.process = &tl_process_nobody,
	};

	annotation.result = result;
	annotation.count = c->n;
	annotation.first = c->first;
	annotation.last = c->last;
	annotation.bytes = c->bytes;
	annotation.key = key;
	annotation.n_key = n_key;
	return emit(c->event ? c->event : &blank, &annotation, userdata);
}

static int most_first(const void *a, const void *b)
{
	const struct count *x = tl_key_value_of(*(struct tl_key_entry *const *)a);
	const struct count *y = tl_key_value_of(*(struct tl_key_entry *const *)b);

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* The keys that get a result of their own come first; the others join the rest. */
static size_t choose(struct tl_aggregate *a)
{
	size_t n = a->table.n;

	if (a->rule->emit != TL_EMIT_TOP || n <= a->rule->top)
		return n;
	qsort(a->table.entries, n, sizeof(*a->table.entries), most_first);
	for (size_t i = a->rule->top; i < n; i++)
		merge(&a->rest, tl_key_value_of(a->table.entries[i]));
	return a->rule->top;
}

int tl_aggregate_flush(struct tl_aggregate *a, const struct tl_annotation *annotation, tl_aggregate_emit emit,
		       void *userdata)
{
	static const char *const words[] = {
		[TL_EMIT_COUNT] = "count",
		[TL_EMIT_FIRST] = "first",
		[TL_EMIT_LAST] = "last",
		[TL_EMIT_TOP] = "top",
	};
	size_t n = choose(a);
	int result = (int)n, r;

	for (size_t i = 0; i < n; i++) {
		struct tl_key_entry *e = a->table.entries[i];
		struct tl_key_value key[TL_BY_MAX];
		size_t n_key = a->by.n;

		a->text.size = 0;
		if (tl_by_show(&a->by, tl_key_of(e), e->key_size, &a->text, key) < 0)
			n_key = 0;
		r = emit_one(annotation, tl_key_value_of(e), words[a->rule->emit], key, n_key, emit, userdata);
		if (r < 0 && result >= 0)
			result = r;
	}
	if (a->rest.n) {
		r = emit_one(annotation, &a->rest, "rest", NULL, 0, emit, userdata);
		if (result >= 0)
			result = r < 0 ? r : result + 1;
	}
	forget(a);
	return result;
}
