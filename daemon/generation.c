// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "fnv.h"
#include "generation.h"
#include "log.h"
#include "message-ids.h"
#include "put.h"
#include "rates.h"
#include "record.h"
#include "util.h"

enum tl_status tl_status_of(int r, enum tl_status status)
{
	return tl_is_momentary(r) || r == -ENOBUFS ? TL_STATUS_SYSTEM : status;
}

static int fail(struct tl_failure *why, int r, enum tl_status status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static int fail(struct tl_failure *why, int r, enum tl_status status, const char *format, ...)
{
	va_list ap;

	status = why->status = tl_status_of(r, status);
	va_start(ap, format);
	vsnprintf(why->text, sizeof(why->text), format, ap);
	va_end(ap);
	tl_log_id(LOG_ERR, status == TL_STATUS_CONFIG ? TL_MESSAGE_POLICY_BROKEN : TL_MESSAGE_CANNOT_AUDIT, "%s",
		  why->text);
	return r;
}

/* ---- Policy ---- */

/* "FILE:LINE:COLUMN: MESSAGE"; a file as a whole has no place in it. */
static void put_problem(const struct tl_problem *p, char *ret, size_t size)
{
	const char *file = p->file ? p->file : "policy";

	if (p->line)
		snprintf(ret, size, "%s:%u:%u: %s", file, p->line, p->column, p->message);
	else
		snprintf(ret, size, "%s: %s", file, p->message);
}

static void log_problem(const struct tl_problem *p)
{
	char text[1024];

	put_problem(p, text, sizeof(text));
	tl_log(p->warning ? LOG_WARNING : LOG_ERR, "%s", text);
}

/* The first error says it all where there is one only. */
static int policy_failure(const struct tl_problems *problems, int r, struct tl_failure *why)
{
	const struct tl_problem *first = NULL;
	const char *hint = "";
	char text[320];

	for (size_t i = 0; i < problems->n && !first; i++)
		if (!problems->problem[i].warning)
			first = &problems->problem[i];
	if (!first)
		return fail(why, r, TL_STATUS_CONFIG, "the policy cannot be read: %s", strerror(-r));
	put_problem(first, text, sizeof(text));
	/* Root without the capability to override that. */
	if (r == -EACCES)
		hint = "; it has to be owned by root";
	else if (problems->n_errors > 1)
		hint = " (and more; traceleft check lists them)";
	return fail(why, r, TL_STATUS_CONFIG, "the policy cannot be used: %s%s", text, hint);
}

static uint64_t hash_policy(const struct tl_policy *p)
{
	uint64_t hash = TL_FNV_BASIS;

	for (size_t i = 0; i < p->n_texts; i++) {
		hash = tl_fnv1a(hash, p->files[i], strlen(p->files[i]) + 1);
		hash = tl_fnv1a(hash, p->texts[i].data, p->texts[i].size);
	}
	return hash;
}

static int load_policy(const struct tl_setup *setup, struct tl_generation *g, struct tl_failure *why)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = { 0 };
	int r = tl_policy_load(setup->policy, &g->policy, &problems);

	for (size_t i = 0; i < problems.n; i++)
		log_problem(&problems.problem[i]);
	if (r < 0)
		return policy_failure(&problems, r, why);
	if (!g->policy->n_rules)
		return fail(why, -EINVAL, TL_STATUS_CONFIG, "the policy has no rules: there would be nothing to audit");
	g->policy_hash = hash_policy(g->policy);
	return 0;
}

/* ---- Events ---- */

static int deliver(const struct tl_policy_rule *rule, const struct tl_event *event,
		   const struct tl_annotation *annotation, void *userdata)
{
	struct tl_generation *g = userdata;

	for (size_t i = 0; i < rule->n_outputs; i++)
		tl_sink_write(g->outputs.sink[rule->outputs[i]], event, annotation);
	if (g->tails && g->tails->first)
		tl_tails_write(g->tails, event, annotation);
	return 0;
}

/* A record of our own, to everybody. */
static void deliver_own(struct tl_generation *g, const struct tl_event *event)
{
	tl_outputs_write(&g->outputs, event);
	if (g->tails)
		tl_tails_write(g->tails, event, tl_outputs_annotation(event));
}

static void flush_all(struct tl_generation *g)
{
	tl_outputs_flush(&g->outputs);
	if (g->tails)
		tl_tails_flush(g->tails);
}

/* An event that the rules could not be asked about. */
static void declare_lost(struct tl_generation *g, const struct tl_event *event)
{
	struct tl_lost lost = {
		.count = 1,
		.seq_first = event->seq,
		.seq_last = event->seq,
		.time_first = event->time,
		.time_last = event->time,
		.stage = "rules",
	};

	tl_generation_lost(g, event->cpu, &lost);
}

static int on_event(const struct tl_event *event, void *userdata)
{
	struct tl_generation *g = userdata;
	int r;

	if (event->kind >= TL_EVENT_LOST) {
		deliver_own(g, event);
		return 0;
	}
	if (g->tails && g->tails->rates && !(event->flags & TL_EVENT_AGAIN))
		tl_rates_count(g->tails->rates, event);
	r = tl_policy_filter(g->policy, event, deliver, g);
	if (r >= 0)
		return r;
	declare_lost(g, event);
	return TL_FATE_LOST;
}

/* ---- Session ---- */

static enum tl_status status_of(int r, bool loading)
{
	switch (r) {
	case -EPERM:
	case -EACCES:
		return TL_STATUS_NOT_PERMITTED;
	case -EOPNOTSUPP:
		return TL_STATUS_UNAVAILABLE;
	case -ENOENT:
	case -EBADMSG:
		return loading ? TL_STATUS_NO_FILE : TL_STATUS_SOFTWARE;
	default:
		return TL_STATUS_SOFTWARE;
	}
}

static int session_failure(const struct tl_generation *g, int r, bool loading, struct tl_failure *why)
{
	const char *hint = "";

	if (loading && r == -ENOENT)
		hint = "; is TraceLeft installed completely?";
	if (r == -EPERM && !loading)
		hint = "; is the kernel locked down, or a capability missing?";
	return fail(why, r, status_of(r, loading), "%s%s", tl_session_error(g->session), hint);
}

static int make_session(const struct tl_setup *setup, struct tl_generation *g, const struct tl_generation *old,
			struct tl_failure *why)
{
	struct tl_options options = { .buffer = g->policy->limit_buffer, .attach = setup->attach };
	int r;

	r = tl_session_new(&options, &g->session);
	if (r < 0)
		return session_failure(g, r, false, why);
	r = tl_policy_apply(g->policy, g->session);
	if (r >= 0)
		r = tl_policy_apply_filters(g->policy, g->session);
	if (r >= 0)
		r = tl_policy_apply_counts(g->policy, g->session);
	if (r < 0)
		return session_failure(g, r, true, why);
	r = old ? tl_session_set_predecessor(g->session, old->session) : 0;
	if (r < 0)
		return session_failure(g, r, false, why);
	tl_session_set_callback(g->session, on_event, g);
	return 0;
}

bool tl_generation_flush(struct tl_generation *g, bool all)
{
	uint64_t now = tl_now();
	int r = tl_policy_collect(g->policy, g->session, now, all);

	if (r < 0)
		tl_log(LOG_ERR, "cannot collect what was counted: %s", strerror(-r));
	if (r <= 0 || all)
		tl_policy_flush(g->policy, now, all, deliver, g);
	flush_all(g);
	return r == 1;
}

size_t tl_generation_events(const struct tl_generation *g)
{
	const struct tl_event_type *type;
	size_t n = 0;

	for (size_t i = 0; (type = tl_session_event_type(g->session, i)); i++)
		n += tl_session_attach_kind(g->session, type) ? 1 : 0;
	return n;
}

int tl_generation_started(struct tl_generation *g, int r, struct tl_failure *why)
{
	if (r < 0)
		return session_failure(g, r, false, why);
	/* A daemon that audits nothing would be a lie. */
	if (!tl_generation_events(g))
		return fail(why, -EOPNOTSUPP, TL_STATUS_UNAVAILABLE,
			    "no handler could be attached: nothing would be audited; see traceleft check --explain");
	g->loaded = tl_now();
	return 0;
}

/* ---- Life ---- */

static void generation_freep(struct tl_generation **g)
{
	tl_generation_free(*g);
}

int tl_generation_prepare(const struct tl_setup *setup, struct tl_generation *old, struct tl_generation **ret,
			  struct tl_failure *ret_why)
{
	_cleanup_(generation_freep) struct tl_generation *g = calloc(1, sizeof(*g));
	int r;

	*ret_why = (struct tl_failure){ .status = TL_STATUS_OK };
	if (!g)
		return fail(ret_why, -ENOMEM, TL_STATUS_SYSTEM, "no memory");
	g->number = old ? old->number + 1 : 1;
	g->tails = setup->tails;
	r = load_policy(setup, g, ret_why);
	if (r < 0)
		return r;
	r = make_session(setup, g, old, ret_why);
	if (r < 0)
		return r;
	r = tl_outputs_open(&g->outputs, g->policy, old ? old->policy : NULL, old ? &old->outputs : NULL, setup->event);
	if (r < 0)
		return fail(ret_why, r, r == -EOPNOTSUPP ? TL_STATUS_CONFIG : TL_STATUS_CANNOT_CREATE,
			    "an output cannot be used, see above: %s", tl_file_explain(r));
	*ret = TAKE_PTR(g);
	return 0;
}

/* The next process may have more memory, or descriptors. */
static bool is_for_now(int r)
{
	return r < 0 && tl_status_of(r, TL_STATUS_OK) == TL_STATUS_SYSTEM;
}

/* It goes on with one that was found, or negative. */
static int go_on(struct tl_generation *g, struct tl_store *store)
{
	int r = tl_store_adopt(store, g->session);

	if (is_for_now(r)) /* the next process is told again what it had not written whole */
		tl_outputs_come_again(&g->outputs);
	if (r == -ENOENT || is_for_now(r))
		return r;
	if (r < 0)
		tl_log(LOG_WARNING, "the session of the process before this one ends, and a new one begins: %s",
		       tl_session_error(g->session));
	g->goes_on = r >= 0;
	g->has_gap = r > 0;
	if (g->goes_on)
		tl_outputs_come_again(&g->outputs);
	return r;
}

int tl_generation_new(const struct tl_setup *setup, struct tl_store *store, struct tl_generation **ret,
		      struct tl_failure *ret_why)
{
	_cleanup_(generation_freep) struct tl_generation *g = NULL;
	int r = tl_generation_prepare(setup, NULL, &g, ret_why), adopted;

	if (r < 0)
		return r;
	adopted = go_on(g, store);
	if (is_for_now(adopted))
		return fail(ret_why, adopted, TL_STATUS_SYSTEM, "cannot go on with the session of the process before this one: %s",
			    tl_session_error(g->session));
	if (adopted < 0 && adopted != -ENOENT) { /* half of it may be in there */
		g = tl_generation_free(g);
		r = tl_generation_prepare(setup, NULL, &g, ret_why);
	}
	if (r >= 0)
		r = tl_generation_started(g, g->goes_on ? 0 : tl_session_start(g->session), ret_why);
	if (r >= 0)
		*ret = TAKE_PTR(g);
	return r;
}

bool tl_generation_holds_back(const struct tl_generation *g)
{
	for (size_t i = 0; i < g->policy->n_rules; i++)
		if (g->policy->rules[i].counts)
			return true;
	for (size_t i = 0; i < g->policy->n_outputs; i++)
		if (g->policy->outputs[i].type == TL_OUTPUT_HTTP)
			return true;
	return false;
}

bool tl_generation_waits(const struct tl_generation *g)
{
	for (size_t i = 0; i < g->outputs.n; i++)
		if (tl_sink_holds(g->outputs.sink[i]))
			return true;
	return false;
}

struct tl_generation *tl_generation_free(struct tl_generation *g)
{
	if (!g)
		return NULL;
	tl_session_free(g->session);
	tl_outputs_done(&g->outputs);
	tl_policy_free(g->policy);
	free(g);
	return NULL;
}

/* ---- Records ---- */

static void write_record(struct tl_generation *g, const struct tl_event *event)
{
	deliver_own(g, event);
	flush_all(g);
}

void tl_generation_record(struct tl_generation *g, enum tl_event_kind kind, const char *note,
			  const struct tl_requester *who)
{
	struct tl_event event;

	tl_record_make(&event, kind, g->session, note);
	event.requester = who;
	write_record(g, &event);
}

void tl_generation_tamper(struct tl_generation *g, const struct tl_tamper *tamper, const char *note,
			  const struct tl_requester *who)
{
	struct tl_event event;

	tl_record_make(&event, TL_EVENT_TAMPER, g->session, note);
	event.requester = who;
	event.tamper = tamper;
	write_record(g, &event);
}

void tl_generation_lost(struct tl_generation *g, uint32_t cpu, const struct tl_lost *lost)
{
	struct tl_event record;

	tl_record_lost(&record, cpu, lost, NULL);
	deliver_own(g, &record);
}

struct tl_ledger_view tl_generation_view(const struct tl_generation *g, struct tl_ledger_output *outputs)
{
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tl_sink *s = g->outputs.sink[i];

		outputs[i] = (struct tl_ledger_output){
			.name = s->name,
			.accepted = s->counters.accepted,
			.delivered = s->counters.delivered,
			.lost = s->counters.lost,
			.waiting = tl_sink_waiting(s),
		};
	}
	return (struct tl_ledger_view){
		.rules = tl_policy_ledger(g->policy),
		.n_rules = g->policy->n_rules,
		.outputs = outputs,
		.n_outputs = g->outputs.n,
	};
}

/* For people: the outputs' part. */
static void put_outputs(struct tl_buffer *b, const struct tl_ledger_view *view)
{
	for (size_t i = 0; i < view->n_outputs; i++) {
		const struct tl_ledger_output *o = &view->outputs[i];

		tl_put_text(b, i ? "; output " : "output ");
		tl_put_text(b, o->name);
		TL_PUT_LITERAL(b, ": ");
		tl_put_u64(b, o->accepted);
		TL_PUT_LITERAL(b, " accepted = ");
		tl_put_u64(b, o->delivered);
		TL_PUT_LITERAL(b, " delivered + ");
		tl_put_u64(b, o->lost);
		TL_PUT_LITERAL(b, " lost + ");
		tl_put_u64(b, o->waiting);
		TL_PUT_LITERAL(b, " waiting");
	}
	tl_put_char(b, 0);
}

void tl_generation_ledger(struct tl_generation *g)
{
	_cleanup_(tl_buffer_done) struct tl_buffer note = { 0 };
	_cleanup_free_ struct tl_ledger_output *outputs = calloc(g->outputs.n + 1, sizeof(*outputs));
	struct tl_ledger_view view = { 0 };
	struct tl_event event;

	tl_outputs_flush(&g->outputs);
	if (outputs)
		view = tl_generation_view(g, outputs);
	put_outputs(&note, &view);
	tl_record_make(&event, TL_EVENT_LEDGER, g->session, note.failed ? NULL : note.data);
	event.ledger = outputs ? &view : NULL;
	write_record(g, &event);
}
