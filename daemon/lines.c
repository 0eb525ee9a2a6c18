// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "lines.h"
#include "util.h"

#define IS_EVENT 0x80000000U
#define FIRST 256
#define TEXT_KEPT (512 * 1024) /* more than that was a bad time, which is over */

void tl_lines_done(struct tl_lines *l)
{
	tl_buffer_done(&l->text);
	free(l->sizes);
	*l = (struct tl_lines){ 0 };
}

bool tl_lines_format_known(enum tl_output_format format)
{
	return format == TL_FORMAT_JSON || format == TL_FORMAT_TEXT;
}

static int make_room(struct tl_lines *l)
{
	size_t allocated = l->allocated ? l->allocated * 2 : FIRST;
	uint32_t *sizes;

	if (l->n < l->allocated)
		return 0;
	sizes = reallocarray(l->sizes, allocated, sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	l->sizes = sizes;
	l->allocated = allocated;
	return 0;
}

int tl_lines_add(struct tl_lines *l, enum tl_output_format format, const struct tl_event *event,
		 const struct tl_annotation *annotation)
{
	bool is_event = event->kind < TL_EVENT_LOST;
	size_t start = l->text.size;
	int r = make_room(l);

	if (r < 0)
		return r;
	r = format == TL_FORMAT_TEXT ? tl_encode_text(&l->text, event, annotation) :
				       tl_encode_json(&l->text, event, annotation);
	if (r < 0)
		return r;
	l->sizes[l->n++] = (uint32_t)(l->text.size - start) | (is_event ? IS_EVENT : 0);
	l->events += is_event;
	return 0;
}

/* Nothing is left; memory of a bad time is given back. */
static void empty(struct tl_lines *l)
{
	l->n = l->events = 0;
	l->text.size = 0;
	if (l->text.capacity > TEXT_KEPT)
		tl_lines_done(l);
}

size_t tl_lines_take(struct tl_lines *l, size_t bytes, bool part, uint64_t *ret_events)
{
	size_t i, taken = 0;
	uint64_t events = 0;

	if (bytes == l->text.size) {
		*ret_events = l->events;
		empty(l);
		return bytes;
	}
	for (i = 0; i < l->n; i++) {
		size_t size = l->sizes[i] & ~IS_EVENT;

		if (taken + size > bytes)
			break;
		taken += size;
		events += l->sizes[i] & IS_EVENT ? 1 : 0;
	}
	l->n -= i;
	memmove(l->sizes, l->sizes + i, l->n * sizeof(*l->sizes));
	if (part && l->n) {
		l->sizes[0] -= (uint32_t)(bytes - taken);
		taken = bytes;
	}
	l->text.size -= taken;
	memmove(l->text.data, l->text.data + taken, l->text.size);
	l->events -= events;
	*ret_events = events;
	return taken;
}
