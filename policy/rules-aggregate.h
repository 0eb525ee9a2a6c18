/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that become counts: one per key and period. Used by policy/rules*.c only. */
#ifndef TRACELEFT_RULES_AGGREGATE_H
#define TRACELEFT_RULES_AGGREGATE_H

#include "encode.h"

struct tl_policy_rule;
struct tl_aggregate;

int tl_aggregate_new(const struct tl_policy_rule *rule, struct tl_aggregate **ret);
struct tl_aggregate *tl_aggregate_free(struct tl_aggregate *a);

/* Counts the event. Returns whether its key had no room, or no memory, and is counted with the rest. */
bool tl_aggregate_add(struct tl_aggregate *a, const struct tl_event *event);

/* Makes the event's key without counting it. Negative errno: no memory. */
int tl_aggregate_make_key(struct tl_aggregate *a, const struct tl_event *event);

/* The key that was made last, until the next one is. */
struct tl_aggregate_key {
	const char *data;
	size_t size;
};
struct tl_aggregate_key tl_aggregate_last_key(const struct tl_aggregate *a);
/* Counts more events, of that key. Returns as above. */
bool tl_aggregate_add_more(struct tl_aggregate *a, const struct tl_aggregate_key *key, const struct tl_count *more);

/* A period begins, whether or not something comes in it. */
void tl_aggregate_begin(struct tl_aggregate *a, uint64_t now);
/* When the period ends, ns UTC; UINT64_MAX: there is nothing to tell. */
uint64_t tl_aggregate_due(const struct tl_aggregate *a);

/* Calls for each result, with `annotation` completed, and begins anew. Returns
 * how many, or the first error of `emit`; nothing is told twice. */
typedef int (*tl_aggregate_emit)(const struct tl_event *event, const struct tl_annotation *annotation, void *userdata);
int tl_aggregate_flush(struct tl_aggregate *a, const struct tl_annotation *annotation, tl_aggregate_emit emit,
		       void *userdata);

#endif
