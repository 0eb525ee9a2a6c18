/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks on their way to a collector: in memory, and from there into the spool
 * if there is one. The oldest goes first. */
#ifndef TRACELEFT_DAEMON_HTTP_QUEUE_H
#define TRACELEFT_DAEMON_HTTP_QUEUE_H

#include "spool.h"

struct tl_queued; /* a block in memory */

/* Zero-initialised is empty and without a spool. */
struct tl_http_queue {
	struct tl_queued *first, **end; /* in memory */
	size_t bytes; /* of those */
	struct tl_spool *spool; /* owned; NULL: none, or not open yet */
	bool from_spool; /* the last one that was given out */
};

/* Returns the events that stay in the spool. */
uint64_t tl_http_queue_done(struct tl_http_queue *q);

/* Puts a block at the end; takes it over. -ENOMEM: it is still the caller's. */
int tl_http_queue_add(struct tl_http_queue *q, struct tl_block *block);

/* Moves what is in memory to the spool. Returns 0 when all is there; -EDQUOT: no
 * room yet; or what the disk says. */
int tl_http_queue_store(struct tl_http_queue *q);

/* The oldest block; the caller's. It counts as under way until tl_http_queue_sent().
 * -ENODATA: there is none. *ret_error: what the disk says of the spool, 0: nothing. */
int tl_http_queue_next(struct tl_http_queue *q, struct tl_block *ret, int *ret_error);

/* What was under way is done with. */
void tl_http_queue_sent(struct tl_http_queue *q);

#endif
