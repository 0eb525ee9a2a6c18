// SPDX-License-Identifier: GPL-2.0-or-later
#include "block.h"
#include "util.h"

void tl_block_done(struct tl_block *b)
{
	free(b->ranges);
	tl_buffer_done(&b->body);
	*b = (struct tl_block){ 0 };
}

static struct tl_block_range *range_of(struct tl_block *b, uint32_t cpu, uint32_t declared)
{
	struct tl_block_range *ranges;

	for (uint32_t i = 0; i < b->n_ranges; i++)
		if (b->ranges[i].cpu == cpu && b->ranges[i].declared == declared)
			return &b->ranges[i];
	if (b->n_ranges == TL_BLOCK_RANGES_MAX)
		return NULL;
	ranges = reallocarray(b->ranges, b->n_ranges + 1, sizeof(*ranges));
	if (!ranges)
		return NULL;
	b->ranges = ranges;
	ranges += b->n_ranges++;
	*ranges = (struct tl_block_range){
		.cpu = cpu, .declared = declared, .seq_first = UINT64_MAX, .time_first = UINT64_MAX
	};
	return ranges;
}

static int note(struct tl_block *b, uint32_t cpu, uint32_t declared, const struct tl_lost *what)
{
	struct tl_block_range *range = range_of(b, cpu, declared);

	if (!range)
		return -ENOMEM;
	range->count += what->count;
	range->seq_first = MIN(range->seq_first, what->seq_first);
	range->seq_last = MAX(range->seq_last, what->seq_last);
	range->time_first = MIN(range->time_first, what->time_first);
	range->time_last = MAX(range->time_last, what->time_last);
	return 0;
}

int tl_block_note(struct tl_block *b, const struct tl_event *event)
{
	const struct tl_lost one = {
		.count = 1,
		.seq_first = event->seq,
		.seq_last = event->seq,
		.time_first = event->time,
		.time_last = event->time,
	};
	int r;

	/* What counts something else than events cannot be added to them. */
	if (event->kind == TL_EVENT_LOST && event->lost && !event->lost->unit)
		return note(b, event->cpu, 1, event->lost);
	if (event->kind >= TL_EVENT_LOST)
		return 0;
	r = note(b, event->cpu, 0, &one);
	b->events += r >= 0;
	return r;
}
