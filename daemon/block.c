// SPDX-License-Identifier: GPL-2.0-or-later
#include "block.h"
#include "util.h"

void tl_block_done(struct tl_block *b)
{
	free(b->ranges);
	tl_buffer_done(&b->body);
	*b = (struct tl_block){ 0 };
}

static struct tl_block_range *range_of(struct tl_block *b, uint32_t cpu)
{
	struct tl_block_range *ranges;

	for (uint32_t i = 0; i < b->n_ranges; i++)
		if (b->ranges[i].cpu == cpu)
			return &b->ranges[i];
	if (b->n_ranges == TL_BLOCK_RANGES_MAX)
		return NULL;
	ranges = reallocarray(b->ranges, b->n_ranges + 1, sizeof(*ranges));
	if (!ranges)
		return NULL;
	b->ranges = ranges;
	ranges += b->n_ranges++;
	*ranges = (struct tl_block_range){ .cpu = cpu, .seq_first = UINT64_MAX, .time_first = UINT64_MAX };
	return ranges;
}

int tl_block_note(struct tl_block *b, const struct tl_event *event)
{
	struct tl_block_range *range;

	if (event->kind >= TL_EVENT_LOST)
		return 0;
	range = range_of(b, event->cpu);
	if (!range)
		return -ENOMEM;
	range->count++;
	range->seq_first = MIN(range->seq_first, event->seq);
	range->seq_last = MAX(range->seq_last, event->seq);
	range->time_first = MIN(range->time_first, event->time);
	range->time_last = MAX(range->time_last, event->time);
	b->events++;
	return 0;
}
