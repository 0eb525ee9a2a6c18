/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events as text that waits to be written, and where each begins and ends. */
#ifndef TRACELEFT_DAEMON_LINES_H
#define TRACELEFT_DAEMON_LINES_H

#include "policy.h"

/* Zero-initialised is empty. */
struct tl_lines {
	struct tl_buffer text;
	uint32_t *sizes; /* bytes of each, n of them; the top bit says that it is an event */
	size_t n, allocated;
	uint64_t events;
};

void tl_lines_done(struct tl_lines *l);

/* Whether such text can be made. */
bool tl_lines_format_known(enum tl_output_format format);

/* Appends the event. -ENOMEM: l is as before. */
int tl_lines_add(struct tl_lines *l, enum tl_output_format format, const struct tl_event *event,
		 const struct tl_annotation *annotation);

/* Takes away what lies whole in the first `bytes`, and the part of the next one
 * if `part`. Returns how many bytes that were; *ret_events: how many events. */
size_t tl_lines_take(struct tl_lines *l, size_t bytes, bool part, uint64_t *ret_events);

#endif
