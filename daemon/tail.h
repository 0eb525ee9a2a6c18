/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Those who watch live: each has an output of its own, which is bounded and
 * waits for nobody, so that whoever reads slowly loses only what is his, and is told.
 */
#ifndef TRACELEFT_DAEMON_TAIL_H
#define TRACELEFT_DAEMON_TAIL_H

#include "expression.h"
#include "sink.h"

#define TL_TAILS_MAX 16 /* at a time, for each may have some megabytes waiting */

struct tl_tail {
	struct tl_tail *next;
	struct tl_sink *sink;
	struct tl_expression *where; /* NULL: everything */
	uint32_t reader; /* pid of who reads it; 0: unknown */
};

/* Zero-initialised is empty. */
struct tl_tails {
	struct tl_tail *first;
	size_t n;
	struct tl_rates *rates; /* of those who want to know how many; NULL: nobody does */
};

struct tl_rates;

struct tl_tail_options {
	int fd; /* non-blocking, borrowed until it is removed */
	bool json; /* not text */
	const char *where; /* NULL: everything */
	uint32_t reader; /* pid, whose own events are left out: reading would make more and more; 0: unknown */
};

/* One more. -EINVAL: the condition is wrong, *ret_error says how; -EUSERS: there are too many; -ENOMEM. */
int tl_tails_add(struct tl_tails *t, const struct tl_tail_options *options, struct tl_tail **ret,
		 struct tl_expression_error *ret_error);
/* Ends it; what still waits in it is dropped. NULL is fine. */
void tl_tails_remove(struct tl_tails *t, struct tl_tail *tail);

/* An event that a rule has kept, to each whose condition it meets. What was lost is told to
 * all, other records of TraceLeft's own to those without a condition. */
void tl_tails_write(const struct tl_tails *t, const struct tl_event *event, const struct tl_annotation *annotation);
void tl_tails_flush(const struct tl_tails *t);

#endif
