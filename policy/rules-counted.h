/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules' counts events belong to that the kernel part counts. Used by policy/rules*.c only. */
#ifndef TRACELEFT_RULES_COUNTED_H
#define TRACELEFT_RULES_COUNTED_H

#include "rules-aggregate.h"

struct tl_counted_events;

int tl_counted_new(struct tl_counted_events **ret);
void tl_counted_free(struct tl_counted_events *c);

/* An event that stands for more like it has come: it is known from now on. */
void tl_counted_begin(struct tl_counted_events *c, const struct tl_event *event);
/* A rule has counted it under that key. */
void tl_counted_note(struct tl_counted_events *c, const struct tl_event *event, size_t rule,
		     const struct tl_aggregate_key *key);

/* Calls for each rule that has. Returns an enum tl_fate: aggregated if some call says so, lost if
 * the event is not known or no call could, else filtered. */
int tl_counted_each(const struct tl_counted_events *c, const struct tl_count *count,
		    int (*call)(size_t rule, const struct tl_aggregate_key *key, const struct tl_count *count,
				void *userdata),
		    void *userdata);

/* Counts have been collected. Events that came meanwhile may be about the next ones. */
void tl_counted_collected(struct tl_counted_events *c);

#endif
