/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many events of what kind, by which program, in which unit: for `traceleft top`. Nothing
 * of it costs anything while nobody looks. */
#ifndef TRACELEFT_DAEMON_RATES_H
#define TRACELEFT_DAEMON_RATES_H

#include "encode.h"

#define TL_RATES_MAX 1024 /* rows; what is beyond is counted without a name */
#define TL_RATES_TOLD_MAX 128 /* of these, the most frequent */

struct tl_rates;

/* NULL: no memory. since: ns UTC. */
struct tl_rates *tl_rates_new(uint64_t since);
struct tl_rates *tl_rates_free(struct tl_rates *r);

void tl_rates_count(struct tl_rates *r, const struct tl_event *event);

/* Appends a line, and begins anew:
 *
 *	{"nanoseconds": 1000000000, "events": 12, "others": 0,
 *	 "rows": [{"event": "openat", "executable": "/usr/bin/cat", "unit": "x.service", "count": 12}]}
 *
 * others: events that are in no row. The most frequent row is the first. now: ns UTC. */
void tl_rates_put(struct tl_rates *r, struct tl_buffer *b, uint64_t now);

#endif
