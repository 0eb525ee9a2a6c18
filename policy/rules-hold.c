// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "key-table.h"
#include "policy.h"
#include "rules-by.h"
#include "rules-hold.h"
#include "util.h"

#define BYTES_MAX (8UL << 20) /* of keys */
#define SAMPLES 4096 /* hashes that a rule counts; power of two */
#define SAMPLE_TRIES 8

struct sample {
	uint64_t hash;
	uint64_t count; /* 0: free */
};

/* A key's period, and the events that it let through. */
struct window {
	uint64_t begun; /* ns UTC */
	uint64_t passed;
};

struct tl_hold {
	const struct tl_policy_rule *rule;
	struct sample *samples; /* SAMPLES of them; NULL: all pass */
	struct tl_by limited, distinct; /* the latter with the field behind `by` */
	struct tl_key_table limits, values;
	struct window rest; /* of keys without room */
	uint64_t swept; /* when old windows were forgotten last */
};

/* ---- Life ---- */

static int add_by(struct tl_by *by, const struct tl_policy_rule *rule, bool with_distinct)
{
	for (size_t i = 0; i < rule->n_by && by->n < TL_BY_MAX; i++) {
		by->fields[by->n] = rule->by_fields[i];
		by->names[by->n++] = rule->by[i];
	}
	if (with_distinct && by->n < TL_BY_MAX) {
		by->fields[by->n] = rule->distinct_field;
		by->names[by->n++] = rule->distinct;
	}
	return tl_by_prepare(by);
}

int tl_hold_new(const struct tl_policy_rule *rule, struct tl_hold **ret)
{
	struct tl_hold *h;
	int r = 0;

	if (rule->sample <= 1 && !rule->limit && !rule->distinct_field)
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->rule = rule;
	h->limits = h->values = (struct tl_key_table){ .max = rule->keys,
						       .max_bytes = BYTES_MAX,
						       .value_size = sizeof(struct window) };
	if (rule->sample > 1) {
		h->samples = calloc(SAMPLES, sizeof(*h->samples));
		r = h->samples ? 0 : -ENOMEM;
	}
	if (r >= 0 && rule->limit)
		r = add_by(&h->limited, rule, false);
	if (r >= 0 && rule->distinct_field)
		r = add_by(&h->distinct, rule, true);
	if (r < 0) {
		tl_hold_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

struct tl_hold *tl_hold_free(struct tl_hold *h)
{
	if (!h)
		return NULL;
	free(h->samples);
	tl_by_done(&h->limited);
	tl_by_done(&h->distinct);
	tl_key_table_done(&h->limits);
	tl_key_table_done(&h->values);
	free(h);
	return NULL;
}

/* ---- Samples ---- */

/* One in N of a hash, the first one included. A hash that finds no place among
 * those that are counted takes one: rather too many events than too few. */
static bool is_sampled(struct sample *samples, uint64_t hash, uint32_t one_in)
{
	size_t first = (hash ^ hash >> 32) & (SAMPLES - 1);
	struct sample *sample = &samples[first];

	for (size_t i = 0; i < SAMPLE_TRIES; i++) {
		struct sample *s = &samples[(first + i) & (SAMPLES - 1)];

		if (s->count && s->hash == hash)
			return s->count++ % one_in == 0;
		if (!s->count) {
			sample = s;
			break;
		}
	}
	*sample = (struct sample){ .hash = hash, .count = 1 };
	return true;
}

/* ---- Windows ---- */

struct period {
	uint64_t now, length; /* length 0: for ever */
};

/* A clock that was set back begins anew, too. */
static bool is_over(const struct window *w, const struct period *p)
{
	return p->length && (p->now >= w->begun + p->length || p->now + p->length < w->begun);
}

static bool goes_on(const void *value, const void *period)
{
	return !is_over(value, period);
}

/* The key's window, begun anew if its time is over. NULL: no room. */
static struct window *window_of(struct tl_hold *h, struct tl_key_table *t, const struct tl_by *by,
				const struct period *p)
{
	bool is_new;
	struct window *w = tl_key_table_get(t, by->key.data, by->key.size, &is_new);

	if (!w && p->length && p->now - h->swept >= p->length) {
		h->swept = p->now;
		tl_key_table_sweep(t, goes_on, p);
		w = tl_key_table_get(t, by->key.data, by->key.size, &is_new);
	}
	if (w && (is_new || is_over(w, p)))
		*w = (struct window){ .begun = p->now };
	return w;
}

static bool is_within_limit(struct tl_hold *h, const struct tl_event *event, uint64_t *overflow)
{
	const struct period p = { event->time, h->rule->limit_per };
	struct window *w = NULL;

	if (tl_by_make(&h->limited, event) >= 0)
		w = window_of(h, &h->limits, &h->limited, &p);
	if (!w) {
		++*overflow;
		w = &h->rest;
		if (is_over(w, &p))
			*w = (struct window){ .begun = p.now };
	}
	return w->passed++ < h->rule->limit;
}

static bool is_distinct(struct tl_hold *h, const struct tl_event *event, uint64_t *overflow)
{
	const struct period p = { event->time, h->rule->every };
	struct window *w = NULL;

	if (tl_by_make(&h->distinct, event) >= 0)
		w = window_of(h, &h->values, &h->distinct, &p);
	if (w)
		return w->passed++ == 0;
	++*overflow;
	return true;
}

bool tl_hold_passes(struct tl_hold *h, const struct tl_event *event, uint64_t *overflow)
{
	if (h->samples && !is_sampled(h->samples, event->hash, h->rule->sample))
		return false;
	if (h->rule->distinct_field && !is_distinct(h, event, overflow))
		return false;
	return !h->rule->limit || is_within_limit(h, event, overflow);
}
