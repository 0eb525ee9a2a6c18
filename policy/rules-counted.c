// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "key-table.h"
#include "rules-counted.h"
#include "util.h"

#define EVENTS_MAX 65536 /* bounded by the kernel's tables, which have less */

struct note {
	struct note *next;
	size_t rule;
	size_t size;
	char key[];
};

/* Of an event, by where it stands in the numbering. */
struct place {
	uint64_t seq;
	uint64_t cpu;
};

struct known {
	struct note *notes; /* in the order of rules, the last one first */
	bool incomplete; /* there was no memory for one */
	bool old; /* it was there when counts were collected the last time */
};

struct tl_counted_events {
	struct tl_key_table events; /* struct place -> struct known */
};

int tl_counted_new(struct tl_counted_events **ret)
{
	struct tl_counted_events *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->events = (struct tl_key_table){ .max = EVENTS_MAX,
					   .max_bytes = SIZE_MAX,
					   .value_size = sizeof(struct known) };
	*ret = c;
	return 0;
}

static void free_notes(struct known *known)
{
	while (known->notes) {
		struct note *note = known->notes;

		known->notes = note->next;
		free(note);
	}
}

static bool is_new(const void *value, const void *userdata)
{
	(void)userdata;
	return !((const struct known *)value)->old;
}

void tl_counted_collected(struct tl_counted_events *c)
{
	for (size_t i = 0; i < c->events.n; i++) {
		struct known *known = tl_key_value_of(c->events.entries[i]);

		if (known->old)
			free_notes(known);
	}
	tl_key_table_sweep(&c->events, is_new, NULL);
	for (size_t i = 0; i < c->events.n; i++)
		((struct known *)tl_key_value_of(c->events.entries[i]))->old = true;
}

void tl_counted_free(struct tl_counted_events *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->events.n; i++)
		free_notes(tl_key_value_of(c->events.entries[i]));
	tl_key_table_done(&c->events);
	free(c);
}

static struct known *find(struct tl_counted_events *c, uint64_t seq, uint32_t cpu)
{
	const struct place place = { seq, cpu };

	return tl_key_table_get(&c->events, &place, sizeof(place), &(bool){ false });
}

void tl_counted_begin(struct tl_counted_events *c, const struct tl_event *event)
{
	find(c, event->seq, event->cpu);
}

void tl_counted_note(struct tl_counted_events *c, const struct tl_event *event, size_t rule,
		     const struct tl_aggregate_key *key)
{
	struct known *known = find(c, event->seq, event->cpu);
	struct note *note = malloc(sizeof(*note) + key->size);

	if (!known || !note) {
		if (known)
			known->incomplete = true;
		free(note);
		return;
	}
	*note = (struct note){ .next = known->notes, .rule = rule, .size = key->size };
	if (key->size)
		memcpy(note->key, key->data, key->size);
	known->notes = note;
}

int tl_counted_each(const struct tl_counted_events *c, const struct tl_count *count,
		    int (*call)(size_t rule, const struct tl_aggregate_key *key, const struct tl_count *count,
				void *userdata),
		    void *userdata)
{
	const struct place place = { count->seq, count->cpu };
	const struct known *known = tl_key_table_find(&c->events, &place, sizeof(place));
	int fate = TL_FATE_FILTERED;

	if (!known)
		return TL_FATE_LOST;
	for (const struct note *note = known->notes; note; note = note->next) {
		int r = call(note->rule, &(struct tl_aggregate_key){ note->key, note->size }, count, userdata);

		if (fate != TL_FATE_AGGREGATED)
			fate = r;
	}
	return fate == TL_FATE_FILTERED && known->incomplete ? TL_FATE_LOST : fate;
}
