/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events on their way together: the body of one request, and which events are
 * in it, so that whatever becomes of it can be told exactly.
 */
#ifndef TRACELEFT_DAEMON_BLOCK_H
#define TRACELEFT_DAEMON_BLOCK_H

#include "encode.h"

#define TL_BLOCK_RANGES_MAX 16384 /* twice as many processors as there may be */
#define TL_BLOCK_SIZE_MAX (64U << 20) /* bytes of a body; a longer one is damaged */

/* Events of one processor; or events that are not in the block, but declared as
 * lost by records in it. Also on the disk: fixed sizes, the machine's byte order. */
struct tl_block_range {
	uint32_t cpu;
	uint32_t declared; /* 1: lost */
	uint64_t count;
	uint64_t seq_first, seq_last;
	uint64_t time_first, time_last; /* ns UTC */
};

_Static_assert(sizeof(struct tl_block_range) == 48, "part of the spool's format");

/* Zero-initialised is empty. */
struct tl_block {
	uint32_t kind; /* how to send it, of its owner */
	uint32_t events;
	struct tl_block_range *ranges; /* n_ranges, owned */
	uint32_t n_ranges;
	struct tl_buffer body; /* owned */
};

void tl_block_done(struct tl_block *b);

/* Notes an event, or a record of our own, that was added to the body. -ENOMEM. */
int tl_block_note(struct tl_block *b, const struct tl_event *event);

#endif
