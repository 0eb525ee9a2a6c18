// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "columns.h"
#include "escape.h"
#include "put.h"
#include "status.h"
#include "util.h"

/* ---- JSON: what comes behind something gets its comma by itself ---- */

static void begin(struct tl_buffer *b, const char *name)
{
	char last = b->size ? b->data[b->size - 1] : '{';

	if (last != '{' && last != '[')
		tl_put_char(b, ',');
	if (!name)
		return;
	tl_put_char(b, '"');
	tl_put_text(b, name);
	TL_PUT_LITERAL(b, "\":");
}

static void open_list(struct tl_buffer *b, const char *name, char bracket)
{
	begin(b, name);
	tl_put_char(b, bracket);
}

static void put_text(struct tl_buffer *b, const char *name, const char *value)
{
	begin(b, name);
	tl_put_char(b, '"');
	tl_escape_json(b, value, strlen(value));
	tl_put_char(b, '"');
}

static void put_number(struct tl_buffer *b, const char *name, uint64_t value)
{
	begin(b, name);
	tl_put_u64(b, value);
}

/* ---- Parts ---- */

static void put_counters(struct tl_buffer *b, struct tl_session *s, const struct tl_event_type *type)
{
	struct tl_counters c = { 0 };

	if (tl_session_counters(s, type, &c) < 0)
		return;
	open_list(b, "counters", '{');
	tl_columns_json(b, &c, tl_counter_columns);
	tl_put_char(b, '}');
}

static void put_rules(struct tl_buffer *b, const struct tl_generation *g)
{
	const struct tl_ledger_rule *rules = tl_policy_ledger(g->policy);

	open_list(b, "rules", '[');
	for (size_t i = 0; i < g->policy->n_rules; i++) {
		open_list(b, NULL, '{');
		put_text(b, "name", rules[i].name);
		tl_put_char(b, ',');
		tl_columns_json(b, &rules[i], tl_rule_columns);
		tl_put_char(b, '}');
	}
	tl_put_char(b, ']');
}

static void put_policy(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_policy *p = facts->generation->policy;

	open_list(b, "policy", '{');
	open_list(b, "files", '[');
	for (size_t i = 0; i < p->n_files; i++)
		put_text(b, NULL, p->files[i]);
	tl_put_char(b, ']');
	put_number(b, "rules", p->n_rules);
	put_number(b, "targets", p->n_targets);
	put_number(b, "outputs", p->n_outputs);
	put_number(b, "generation", facts->generation->number);
	put_number(b, "loaded", facts->generation->loaded);
	if (facts->refused[0])
		put_text(b, "error", facts->refused);
	tl_put_char(b, '}');
}

static void put_events(struct tl_buffer *b, struct tl_session *s)
{
	const struct tl_event_type *type;

	open_list(b, "events", '[');
	for (size_t i = 0; (type = tl_session_event_type(s, i)); i++) {
		const char *attach = tl_session_attach_kind(s, type);

		open_list(b, NULL, '{');
		put_text(b, "name", type->name);
		put_text(b, "attach", attach ? attach : "");
		put_counters(b, s, type);
		tl_put_char(b, '}');
	}
	tl_put_char(b, ']');
}

static void put_targets(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_policy *p = facts->generation->policy;

	open_list(b, "targets", '[');
	for (size_t i = 0; i < p->n_targets; i++) {
		open_list(b, NULL, '{');
		put_text(b, "name", p->targets[i].name);
		begin(b, "tasks");
		tl_put_i64(b, i < facts->n_tasks ? facts->tasks[i] : -1);
		tl_put_char(b, '}');
	}
	tl_put_char(b, ']');
}

static void put_output(struct tl_buffer *b, const struct tl_sink *s)
{
	open_list(b, NULL, '{');
	put_text(b, "name", s->name);
	put_text(b, "type", s->ops->type);
	if (s->path)
		put_text(b, "path", s->path);
	put_number(b, "accepted", s->counters.accepted);
	put_number(b, "delivered", s->counters.delivered);
	put_number(b, "lost", s->counters.lost);
	put_number(b, "waiting", tl_sink_waiting(s));
	put_number(b, "bytes", s->counters.bytes);
	put_number(b, "rotations", s->counters.rotations);
	put_number(b, "torn", s->counters.torn);
	if (s->error)
		put_text(b, "error", s->why);
	tl_put_char(b, '}');
}

static void put_refusals(struct tl_buffer *b, struct tl_session *s)
{
	uint64_t count = 0;
	const char *name;

	open_list(b, "refusals", '[');
	for (size_t i = 0; (name = tl_session_refusal(s, i, &count)); i++) {
		open_list(b, NULL, '{');
		put_text(b, "name", name);
		put_number(b, "count", count);
		tl_put_char(b, '}');
	}
	tl_put_char(b, ']');
}

void tl_status_put(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_generation *g = facts->generation;

	tl_put_char(b, '{');
	put_text(b, "version", TL_VERSION);
	put_number(b, "pid", (uint64_t)getpid());
	put_number(b, "started", facts->started);
	put_text(b, "state", facts->state);
	put_policy(b, facts);
	put_counters(b, g->session, NULL);
	put_number(b, "unaudited", tl_session_unaudited(g->session));
	put_events(b, g->session);
	put_rules(b, g);
	put_targets(b, facts);
	open_list(b, "outputs", '[');
	for (size_t i = 0; i < g->outputs.n; i++)
		put_output(b, g->outputs.sink[i]);
	tl_put_char(b, ']');
	put_refusals(b, g->session);
}

void tl_status_finish(struct tl_buffer *b, uint64_t now)
{
	put_number(b, "updated", now);
	TL_PUT_LITERAL(b, "}\n");
}
