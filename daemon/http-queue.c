// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "http-queue.h"
#include "util.h"

struct tl_queued {
	struct tl_queued *next;
	struct tl_block block;
};

static size_t size_of(const struct tl_block *b)
{
	return sizeof(struct tl_queued) + b->body.capacity + b->n_ranges * sizeof(*b->ranges);
}

/* Takes the first one out. */
static struct tl_block pop(struct tl_http_queue *q)
{
	_cleanup_free_ struct tl_queued *first = q->first;

	q->first = first->next;
	if (!q->first)
		q->end = NULL;
	q->bytes -= size_of(&first->block);
	return first->block;
}

uint64_t tl_http_queue_done(struct tl_http_queue *q)
{
	uint64_t kept = q->spool ? tl_spool_events(q->spool) : 0;

	while (q->first) {
		struct tl_block block = pop(q);

		tl_block_done(&block);
	}
	q->spool = tl_spool_free(q->spool);
	return kept;
}

int tl_http_queue_add(struct tl_http_queue *q, struct tl_block *block)
{
	struct tl_queued *queued = malloc(sizeof(*queued));

	if (!queued)
		return -ENOMEM;
	*queued = (struct tl_queued){ .block = *block };
	*block = (struct tl_block){ 0 };
	*(q->end ? q->end : &q->first) = queued;
	q->end = &queued->next;
	q->bytes += size_of(&queued->block);
	return 0;
}

int tl_http_queue_store(struct tl_http_queue *q)
{
	while (q->spool && q->first) {
		struct tl_block block;
		int r = tl_spool_add(q->spool, &q->first->block);

		if (r < 0)
			return r;
		block = pop(q);
		tl_block_done(&block);
	}
	return 0;
}

int tl_http_queue_next(struct tl_http_queue *q, struct tl_block *ret, int *ret_error)
{
	int r = q->spool ? tl_spool_peek(q->spool, ret) : -ENODATA;

	*ret_error = r == -ENODATA || r > 0 ? 0 : r;
	q->from_spool = r >= 0;
	if (r >= 0)
		return 0;
	if (!q->first)
		return -ENODATA;
	*ret = pop(q);
	return 0;
}

void tl_http_queue_sent(struct tl_http_queue *q)
{
	if (q->from_spool)
		tl_spool_done(q->spool);
	q->from_spool = false;
}
