// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "columns.h"
#include "json-put.h"
#include "put.h"
#include "status.h"
#include "util.h"

static void put_counters(struct tl_buffer *b, struct tl_session *s, const struct tl_event_type *type)
{
	struct tl_counters c = { 0 };

	if (tl_session_counters(s, type, &c) < 0)
		return;
	tl_json_open(b, "counters", '{');
	tl_columns_json(b, &c, tl_counter_columns);
	tl_json_close(b, '}');
}

static void put_rules(struct tl_buffer *b, const struct tl_generation *g)
{
	const struct tl_ledger_rule *rules = tl_policy_ledger(g->policy);

	tl_json_open(b, "rules", '[');
	for (size_t i = 0; i < g->policy->n_rules; i++) {
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", rules[i].name);
		tl_put_char(b, ',');
		tl_columns_json(b, &rules[i], tl_rule_columns);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

static void put_policy(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_policy *p = facts->generation->policy;

	tl_json_open(b, "policy", '{');
	tl_json_open(b, "files", '[');
	for (size_t i = 0; i < p->n_files; i++)
		tl_json_string(b, NULL, p->files[i]);
	tl_json_close(b, ']');
	tl_json_unsigned(b, "rules", p->n_rules);
	tl_json_unsigned(b, "targets", p->n_targets);
	tl_json_unsigned(b, "outputs", p->n_outputs);
	tl_json_unsigned(b, "generation", facts->generation->number);
	tl_json_unsigned(b, "loaded", facts->generation->loaded);
	if (facts->refused[0])
		tl_json_string(b, "error", facts->refused);
	tl_json_close(b, '}');
}

static void put_events(struct tl_buffer *b, struct tl_session *s)
{
	const struct tl_event_type *type;

	tl_json_open(b, "events", '[');
	for (size_t i = 0; (type = tl_session_event_type(s, i)); i++) {
		const char *attach = tl_session_attach_kind(s, type);

		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", type->name);
		tl_json_string(b, "attach", attach ? attach : "");
		put_counters(b, s, type);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

static void put_targets(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_policy *p = facts->generation->policy;

	tl_json_open(b, "targets", '[');
	for (size_t i = 0; i < p->n_targets; i++) {
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", p->targets[i].name);
		tl_json_number(b, "tasks", i < facts->n_tasks ? facts->tasks[i] : -1);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

static void put_output(struct tl_buffer *b, const struct tl_sink *s)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "name", s->name);
	tl_json_string(b, "type", s->ops->type);
	if (s->path)
		tl_json_string(b, "path", s->path);
	tl_json_unsigned(b, "accepted", s->counters.accepted);
	tl_json_unsigned(b, "delivered", s->counters.delivered);
	tl_json_unsigned(b, "lost", s->counters.lost);
	tl_json_unsigned(b, "waiting", tl_sink_waiting(s));
	tl_json_unsigned(b, "bytes", s->counters.bytes);
	tl_json_unsigned(b, "rotations", s->counters.rotations);
	tl_json_unsigned(b, "torn", s->counters.torn);
	if (s->seal.number) {
		tl_json_unsigned(b, "seal_number", s->seal.number);
		tl_json_string(b, "seal", s->seal.hash);
	}
	if (s->error)
		tl_json_string(b, "error", s->why);
	tl_json_close(b, '}');
}

static void put_refusals(struct tl_buffer *b, struct tl_session *s)
{
	uint64_t count = 0;
	const char *name;

	tl_json_open(b, "refusals", '[');
	for (size_t i = 0; (name = tl_session_refusal(s, i, &count)); i++) {
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", name);
		tl_json_unsigned(b, "count", count);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

void tl_status_put(struct tl_buffer *b, const struct tl_status_facts *facts)
{
	const struct tl_generation *g = facts->generation;

	tl_json_open(b, NULL, '{');
	tl_json_string(b, "version", TL_VERSION);
	tl_json_unsigned(b, "pid", (uint64_t)getpid());
	tl_json_unsigned(b, "started", facts->started);
	tl_json_string(b, "state", facts->state);
	tl_json_string(b, "cgroups", tl_session_cgroups(g->session));
	put_policy(b, facts);
	put_counters(b, g->session, NULL);
	tl_json_unsigned(b, "unaudited", tl_session_unaudited(g->session));
	put_events(b, g->session);
	put_rules(b, g);
	put_targets(b, facts);
	tl_json_open(b, "outputs", '[');
	for (size_t i = 0; i < g->outputs.n; i++)
		put_output(b, g->outputs.sink[i]);
	tl_json_close(b, ']');
	put_refusals(b, g->session);
}

void tl_status_finish(struct tl_buffer *b, uint64_t now)
{
	tl_json_unsigned(b, "updated", now);
	TL_PUT_LITERAL(b, "}\n");
}
