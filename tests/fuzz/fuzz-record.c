/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record from the ring, whatever is in it: it is refused, or becomes an event
 * that both encoders can write. The first bytes choose what it says it is. */
#include <stdlib.h>

#include "../unit/json-check.h"
#include "encode.h"
#include "paths.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Above any pid that a kernel gives: /proc knows nothing of them. */
#define NOBODY 0x40000000U

static struct tl_session *make_session(void)
{
	struct tl_session *s = calloc(1, sizeof(*s));
	const struct tl_event_type *types;
	size_t n;

	types = tl_event_types(&n);
	if (!s || !(s->text = malloc(TL_TEXT_MAX)) || tl_processes_new(64, NULL, &s->processes) < 0)
		abort();
	for (size_t i = 0; i < n && s->n_events + 1 < TL_EVENTS_MAX; i++)
		s->events[++s->n_events].type = types[i];
	return s;
}

static void encode(const struct tl_event *event)
{
	struct tl_buffer b = { 0 };

	if (tl_encode_json(&b, event, NULL) < 0 || !json_line(b.data, b.size, NULL, NULL))
		abort();
	b.size = 0;
	if (tl_encode_text(&b, event, NULL) < 0 || memchr(b.data, '\n', b.size) != b.data + b.size - 1)
		abort();
	tl_buffer_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tl_session *s;
	struct tl_record *record;

	if (!s)
		s = make_session();
	if (size < sizeof(*record) || size > TL_RECORD_MAX)
		return 0;
	/* A copy of exactly that size, so that reading beyond it is seen. */
	record = malloc(size);
	if (!record)
		abort();
	memcpy(record, data, size);
	record->size = (uint32_t)size;
	record->event = (uint16_t)(1 + record->event % s->n_events);
	record->kind = (uint8_t)(TL_RECORD_EVENT + record->kind % 4);
	record->handler = record->event;
	record->pid |= NOBODY;
	record->set = 0; /* of nobody's: the map of sets is in the kernel */
	if (tl_decode(s, record, size) >= 0)
		encode(&s->event);
	free(record);
	return 0;
}
