/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TraceLeft's own records: what was lost, and the whole balance. */
#include "encode-cache.h"
#include "escape.h"
#include "put.h"

static const struct {
	const char *name;
	size_t offset;
} columns[] = {
	{ "seen", offsetof(struct tl_counters, seen) },
	{ "filtered", offsetof(struct tl_counters, filtered) },
	{ "aggregated", offsetof(struct tl_counters, aggregated) },
	{ "emitted", offsetof(struct tl_counters, emitted) },
	{ "lost", offsetof(struct tl_counters, lost) },
	{ "received", offsetof(struct tl_counters, received) },
	{ "malformed", offsetof(struct tl_counters, malformed) },
	{ "delivered", offsetof(struct tl_counters, delivered) },
};

static const struct tl_ledger_source session_source = {
	.event_type = tl_session_event_type,
	.counters = tl_session_counters,
	.refusal = tl_session_refusal,
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static uint64_t column(const struct tl_counters *counters, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)counters + columns[i].offset, sizeof(value));
	return value;
}

static void put_counters_json(struct tl_buffer *b, const struct tl_counters *counters)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (i)
			tl_put_char(b, ',');
		tl_put_char(b, '"');
		tl_put_text(b, columns[i].name);
		TL_PUT_LITERAL(b, "\":");
		tl_put_u64(b, column(counters, i));
	}
}

static void put_events_json(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source)
{
	const struct tl_event_type *type;
	const char *before = "";

	for (size_t i = 0; (type = source->event_type(s, i)); i++) {
		struct tl_counters counters = { 0 };

		if (source->counters(s, type, &counters) < 0)
			continue;
		tl_put_text(b, before);
		before = ",";
		TL_PUT_LITERAL(b, "{\"name\":\"");
		tl_escape_json(b, type->name, strnlen(type->name, sizeof(type->name)));
		TL_PUT_LITERAL(b, "\",");
		put_counters_json(b, &counters);
		tl_put_char(b, '}');
	}
}

static void put_refusals_json(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source)
{
	const char *name;
	uint64_t count = 0;

	for (size_t i = 0; (name = source->refusal(s, i, &count)); i++) {
		TL_PUT_LITERAL(b, "{\"name\":\"");
		tl_escape_json(b, name, strlen(name));
		TL_PUT_LITERAL(b, "\",\"count\":");
		tl_put_u64(b, count);
		TL_PUT_LITERAL(b, "},");
	}
	if (!b->failed && b->size && b->data[b->size - 1] == ',')
		b->size--;
}

void tl_encode_ledger_json(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source)
{
	struct tl_counters total = { 0 };

	if (source->counters(s, NULL, &total) < 0)
		return;
	TL_PUT_LITERAL(b, ",\"ledger\":{\"total\":{");
	put_counters_json(b, &total);
	TL_PUT_LITERAL(b, "},\"events\":[");
	put_events_json(b, s, source);
	TL_PUT_LITERAL(b, "],\"refusals\":[");
	put_refusals_json(b, s, source);
	TL_PUT_LITERAL(b, "]}");
}

static void put_time_json(struct tl_buffer *b, const char *key, uint64_t ns)
{
	if (!ns || !tl_room(b, TL_TIME_SIZE + 16))
		return;
	tl_put_text(b, key);
	if (tl_room(b, TL_TIME_SIZE + 1)) {
		tl_time_text(tl_end(b), ns);
		b->size += TL_TIME_SIZE;
		tl_put_char(b, '"');
	}
}

static void put_lost_json(struct tl_buffer *b, const struct tl_lost *lost)
{
	const char *stage = lost->stage ? lost->stage : "ring";

	TL_PUT_LITERAL(b, ",\"count\":");
	tl_put_u64(b, lost->count);
	TL_PUT_LITERAL(b, ",\"seq_first\":");
	tl_put_u64(b, lost->seq_first);
	TL_PUT_LITERAL(b, ",\"seq_last\":");
	tl_put_u64(b, lost->seq_last);
	TL_PUT_LITERAL(b, ",\"stage\":\"");
	tl_escape_json(b, stage, strlen(stage));
	tl_put_char(b, '"');
	put_time_json(b, ",\"first\":\"", lost->time_first);
	put_time_json(b, ",\"last\":\"", lost->time_last);
}

void tl_encode_record_json(struct tl_buffer *b, const struct tl_event *event)
{
	if (event->kind == TL_EVENT_LOST && event->lost)
		put_lost_json(b, event->lost);
	else if (event->kind == TL_EVENT_LEDGER && event->session)
		tl_encode_ledger_json(b, event->session, &session_source);
}

/* ---- Text ---- */

static void put_counter(struct tl_buffer *b, const char *before, const char *name, uint64_t value)
{
	tl_put_text(b, before);
	tl_put_text(b, name);
	tl_put_char(b, ' ');
	tl_put_u64(b, value);
}

/* The sum of all events, as whoever asks for the record has it, or as the
 * kernel part has it; and what was refused besides events. One line, as all. */
void tl_encode_ledger_text(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source,
			   const char *note)
{
	struct tl_counters sum = { 0 };
	const char *refusal, *before = "; refused: ";
	uint64_t count = 0;

	TL_PUT_LITERAL(b, "ledger: ");
	if (note) {
		tl_escape_text(b, note, strlen(note));
	} else if (source->counters(s, NULL, &sum) >= 0) {
		put_counter(b, "", "seen", sum.seen);
		put_counter(b, " = ", "filtered", sum.filtered - (sum.received - sum.malformed - sum.delivered));
		put_counter(b, " + ", "aggregated", sum.aggregated);
		put_counter(b, " + ", "emitted", sum.emitted);
		put_counter(b, " + ", "lost", sum.lost);
		put_counter(b, "; ", "received", sum.received);
		put_counter(b, ", ", "malformed", sum.malformed);
		put_counter(b, ", ", "delivered", sum.delivered);
	}
	for (size_t i = 0; (refusal = source->refusal(s, i, &count)); i++) {
		if (!count)
			continue;
		put_counter(b, before, refusal, count);
		before = ", ";
	}
	tl_put_char(b, '\n');
}

static void put_lost_text(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_lost *lost = event->lost;

	TL_PUT_LITERAL(b, "lost ");
	tl_put_u64(b, lost->count);
	tl_put_text(b, lost->count == 1 ? " event on cpu " : " events on cpu ");
	tl_put_u64(b, event->cpu);
	TL_PUT_LITERAL(b, " (sequence ");
	tl_put_u64(b, lost->seq_first);
	tl_put_char(b, '-');
	tl_put_u64(b, lost->seq_last);
	if (lost->stage) {
		TL_PUT_LITERAL(b, ", ");
		tl_put_text(b, lost->stage);
	}
	TL_PUT_LITERAL(b, ")\n");
}

void tl_encode_record_text(struct tl_buffer *b, const struct tl_event *event)
{
	if (event->kind == TL_EVENT_LOST && event->lost) {
		put_lost_text(b, event);
		return;
	}
	if (event->kind == TL_EVENT_LEDGER && event->session) {
		tl_encode_ledger_text(b, event->session, &session_source, event->note);
		return;
	}
	tl_escape_text(b, event->type->name, strnlen(event->type->name, sizeof(event->type->name)));
	if (event->note) {
		TL_PUT_LITERAL(b, ": ");
		tl_escape_text(b, event->note, strlen(event->note));
	}
	tl_put_char(b, '\n');
}
