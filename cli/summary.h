/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What trace -c says at the end: per event how often, how many failures, how long, how many bytes. */
#ifndef TRACELEFT_SUMMARY_H
#define TRACELEFT_SUMMARY_H

#include "encode.h"

struct tl_summary_row {
	char name[32];
	uint64_t count, errors;
	uint64_t timed; /* events whose duration is known */
	uint64_t time; /* ns of these */
	uint64_t bytes; /* read or written, where the result says it */
};

struct tl_summary {
	struct tl_summary_row *rows;
	size_t n;
	size_t capacity;
	size_t last; /* row of the event before: mostly the one of the next, too */
};

/* Counts an event. -ENOMEM. */
int tl_summary_add(struct tl_summary *s, const struct tl_event *event);

/* Appends the table, most time first, then most calls. A time that nobody
 * measured is "-"; the column of bytes is there only if there were some. */
int tl_summary_text(struct tl_summary *s, struct tl_buffer *out);
/* Appends one JSON object and a newline. */
int tl_summary_json(struct tl_summary *s, struct tl_buffer *out);

void tl_summary_done(struct tl_summary *s);

#endif
