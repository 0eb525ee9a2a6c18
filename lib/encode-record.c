/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TraceLeft's own records: what was lost, and the whole balance. */
#include "chain.h"
#include "columns.h"
#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "util.h"

static const struct tl_ledger_source session_source = {
	.event_type = tl_session_event_type,
	.counters = tl_session_counters,
	.refusal = tl_session_refusal,
	.unaudited = tl_session_unaudited,
};

/* ---- JSON ---- */

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
		tl_columns_json(b, &counters, tl_counter_columns);
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

/* How far the output has come on each CPU. */
static void put_streams_json(struct tl_buffer *b, const struct tl_chain *chain)
{
	const char *before = "{\"cpu\":";

	if (!chain)
		return;
	TL_PUT_LITERAL(b, ",\"streams\":[");
	for (uint32_t cpu = 0; cpu < chain->n_cpus; cpu++) {
		if (!chain->last[cpu])
			continue;
		tl_put_text(b, before);
		before = ",{\"cpu\":";
		tl_put_u64(b, cpu);
		TL_PUT_LITERAL(b, ",\"seq\":");
		tl_put_u64(b, chain->last[cpu]);
		tl_put_char(b, '}');
	}
	tl_put_char(b, ']');
}

static void put_balance_json(struct tl_buffer *b, const struct tl_counters *total, uint64_t unaudited)
{
	struct tl_balance balance = tl_balance_of(total);

	TL_PUT_LITERAL(b, ",\"balance\":{\"seen\":");
	tl_put_u64(b, balance.seen);
	TL_PUT_LITERAL(b, ",\"delivered\":");
	tl_put_u64(b, balance.delivered);
	TL_PUT_LITERAL(b, ",\"filtered\":");
	tl_put_u64(b, balance.filtered);
	TL_PUT_LITERAL(b, ",\"aggregated\":");
	tl_put_u64(b, balance.aggregated);
	TL_PUT_LITERAL(b, ",\"lost\":");
	tl_put_u64(b, balance.lost);
	TL_PUT_LITERAL(b, ",\"under_way\":");
	tl_put_i64(b, balance.under_way);
	TL_PUT_LITERAL(b, ",\"unaudited\":");
	tl_put_u64(b, unaudited);
	tl_put_char(b, '}');
}

void tl_encode_ledger_json(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source,
			   const struct tl_ledger_view *view, const struct tl_chain *chain)
{
	struct tl_counters total = { 0 };

	if (source->counters(s, NULL, &total) < 0)
		return;
	TL_PUT_LITERAL(b, ",\"ledger\":{\"total\":{");
	tl_columns_json(b, &total, tl_counter_columns);
	tl_put_char(b, '}');
	put_balance_json(b, &total, source->unaudited(s));
	TL_PUT_LITERAL(b, ",\"events\":[");
	put_events_json(b, s, source);
	tl_put_char(b, ']');
	tl_ledger_view_json(b, view);
	put_streams_json(b, chain);
	TL_PUT_LITERAL(b, ",\"refusals\":[");
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
	if (lost->unit) {
		TL_PUT_LITERAL(b, ",\"counted\":\"");
		tl_escape_json(b, lost->unit, strlen(lost->unit));
		tl_put_char(b, '"');
	}
	put_time_json(b, ",\"first\":\"", lost->time_first);
	put_time_json(b, ",\"last\":\"", lost->time_last);
}

static void put_tamper_times_json(struct tl_buffer *b, const struct tl_tamper *tamper)
{
	put_time_json(b, ",\"first\":\"", tamper->time_first);
	put_time_json(b, ",\"last\":\"", tamper->time_last);
}

void tl_encode_record_json(struct tl_buffer *b, const struct tl_event *event, const struct tl_chain *chain)
{
	if (event->kind == TL_EVENT_LOST && event->lost)
		put_lost_json(b, event->lost);
	else if (event->kind == TL_EVENT_TAMPER && event->tamper)
		put_tamper_times_json(b, event->tamper);
	else if (event->kind == TL_EVENT_LEDGER && event->session)
		tl_encode_ledger_json(b, event->session, &session_source, event->ledger, chain);
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
 * library has it; and what was refused besides events. One line, as all. */
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
		struct tl_balance balance = tl_balance_of(&sum);

		put_counter(b, "", "seen", balance.seen);
		put_counter(b, " = ", "delivered", balance.delivered);
		put_counter(b, " + ", "filtered", balance.filtered);
		put_counter(b, " + ", "aggregated", balance.aggregated);
		put_counter(b, " + ", "lost", balance.lost);
		put_counter(b, " + ", "under way", (uint64_t)MAX(balance.under_way, (int64_t)0));
	}
	for (size_t i = 0; (refusal = source->refusal(s, i, &count)); i++) {
		if (!count)
			continue;
		put_counter(b, before, refusal, count);
		before = ", ";
	}
	tl_put_char(b, '\n');
}

const char *tl_lost_reason(const struct tl_lost *lost)
{
	return lost->stage && strcmp(lost->stage, "outage") == 0 ?
		       "the daemon ended without a stop; what it had not written yet and what has happened since is missing" :
		       "there was no room to find out what to audit";
}

static void put_lost_text(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_lost *lost = event->lost;

	TL_PUT_LITERAL(b, "lost ");
	tl_put_u64(b, lost->count);
	if (lost->unit) {
		tl_put_char(b, ' ');
		tl_put_text(b, lost->unit);
		TL_PUT_LITERAL(b, " (");
		tl_put_text(b, lost->stage ? lost->stage : "");
		TL_PUT_LITERAL(b, "): ");
		tl_put_text(b, tl_lost_reason(lost));
		tl_put_char(b, '\n');
		return;
	}
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
