// SPDX-License-Identifier: GPL-2.0-or-later
/* What trace does with an event: filter, then count or write. */
#include <time.h>

#include "process.h"
#include "trace.h"
#include "util.h"

static const tl_encoder encoders[] = {
	[TL_TRACE_TEXT] = tl_encode_text,
	[TL_TRACE_JSON] = tl_encode_json,
	[TL_TRACE_PROTO] = tl_encode_proto,
};

/* Returns an enum tl_fate. */
static int write_line(struct tl_trace *t, struct tl_trace_channel *channel, const struct tl_event *event,
		      const struct tl_annotation *annotation, bool is_event)
{
	struct tl_annotation chained = { 0 };

	if (annotation)
		chained = *annotation;
	chained.chain = &channel->chain;
	if (tl_chain_reserve(&channel->chain, event) < 0 ||
	    encoders[t->settings.format](&channel->output.records.text, event, &chained) < 0)
		return TL_FATE_LOST;
	tl_chain_note(&channel->chain, event, annotation);
	/* A failure stays in the output, which counts what it was given. */
	tl_output_end(&channel->output, is_event);
	return TL_FATE_DELIVERED;
}

/* One of our own, for everybody. */
static void write_own(struct tl_trace *t, const struct tl_event *event, const struct tl_annotation *annotation)
{
	write_line(t, &t->main, event, annotation, false);
	for (size_t i = 0; i < t->n_channels; i++)
		if (t->channels[i].output.fd >= 0)
			write_line(t, &t->channels[i], event, annotation, false);
}

static int count_or_write(struct tl_trace *t, struct tl_trace_channel *channel, const struct tl_event *event,
			  const struct tl_annotation *annotation)
{
	if (!t->settings.summary)
		return write_line(t, channel, event, annotation, true);
	return tl_summary_add(&t->summary, event) < 0 ? TL_FATE_LOST : TL_FATE_AGGREGATED;
}

/* A result goes out at once, so that what became of it is known. */
static void write_result(struct tl_trace *t, struct tl_trace_channel *channel, const struct tl_event *event,
			 const struct tl_annotation *annotation)
{
	if (t->settings.summary)
		return; /* its events are in the table */
	tl_output_flush(&channel->output);
	if (write_line(t, channel, event, annotation, false) == TL_FATE_DELIVERED && !channel->output.error)
		t->results++;
	else
		t->lost_results += annotation->count;
}

struct delivery {
	struct tl_trace *trace;
	const struct tl_event *event; /* as the library gave it */
	const struct tl_trace_channel *first; /* that has the event; NULL: none yet */
	int fate; /* once there is one */
};

static struct tl_trace_channel *channel_of(struct tl_trace *t, const struct tl_policy_rule *rule)
{
	struct tl_trace_channel *channel = t->n_channels && rule->n_outputs ? &t->channels[rule->outputs[0]] : &t->main;

	return channel->output.fd >= 0 ? channel : &t->main;
}

/* All rules of a policy go to the one output: the first that keeps an event
 * writes it. Those of an aggregation spec go to its channels, each with its
 * own stream and group. */
static int deliver(const struct tl_policy_rule *rule, const struct tl_event *event,
		   const struct tl_annotation *annotation, void *userdata)
{
	struct delivery *d = userdata;
	struct tl_trace_channel *channel = channel_of(d->trace, rule);
	struct tl_annotation ours = *annotation;

	ours.target_names = d->trace->target_names;
	ours.n_target_names = d->trace->n_target_names;
	if (annotation->result) {
		write_result(d->trace, channel, event, &ours);
		return 0;
	}
	if (!d->first) {
		d->first = channel;
		d->fate = count_or_write(d->trace, channel, d->event, &ours);
	} else if (d->trace->settings.spec && !d->trace->settings.summary) {
		d->trace->copies += write_line(d->trace, channel, d->event, &ours, true) == TL_FATE_DELIVERED;
	}
	return 0;
}

/* Returns an enum tl_fate. */
static int deliver_by_policy(struct tl_trace *t, const struct tl_event *event)
{
	struct delivery d = { .trace = t, .event = event };
	struct tl_event for_rules = *event;
	int r;

	if (t->every_target) {
		for_rules.targets = t->every_target;
		for_rules.n_target_words = (uint32_t)t->n_every_target;
	}
	r = tl_policy_filter(t->policy, &for_rules, deliver, &d);
	if (d.first || r < 0)
		return d.first ? d.fate : TL_FATE_LOST;
	/* The table has every event that some rule wants. */
	return t->settings.summary && r == TL_FATE_AGGREGATED ? count_or_write(t, &t->main, event, NULL) : r;
}

int tl_trace_event(const struct tl_event *event, void *userdata)
{
	struct tl_trace *t = userdata;
	const struct tl_annotation plain = {
		.target_names = t->target_names,
		.n_target_names = t->n_target_names,
	};
	int fate = TL_FATE_FILTERED;

	if (event->kind >= TL_EVENT_LOST) {
		if (!t->settings.summary)
			write_own(t, event, &plain);
		return 0;
	}
	if (t->where && !tl_expression_eval(t->where, event))
		return TL_FATE_FILTERED;
	if (t->policy)
		fate = deliver_by_policy(t, event);
	if (!t->policy || (fate == TL_FATE_FILTERED && !t->settings.spec && tl_selection_wants(&t->selection, event)))
		fate = count_or_write(t, &t->main, event, &plain);
	return fate;
}

void tl_trace_flush(struct tl_trace *t, bool all)
{
	struct delivery d = { .trace = t };
	struct timespec now;
	uint64_t ns;
	int r;

	if (!t->policy)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ns = tl_timespec_ns(&now);
	r = tl_policy_collect(t->policy, t->session, ns, all);
	if (r < 0)
		tl_print_error("cannot collect what was counted: %s", tl_session_error(t->session));
	if (r <= 0)
		tl_policy_flush(t->policy, ns, all, deliver, &d);
}

void tl_trace_flush_outputs(struct tl_trace *t)
{
	tl_output_flush(&t->main.output);
	for (size_t i = 0; i < t->n_channels; i++)
		if (t->channels[i].output.fd >= 0)
			tl_output_flush(&t->channels[i].output);
}

int tl_trace_error(const struct tl_trace *t)
{
	int error = t->main.output.error;

	for (size_t i = 0; i < t->n_channels && !error; i++)
		error = t->channels[i].output.error;
	return error;
}

static struct tl_ledger_output account_of(const struct tl_output *o)
{
	return (struct tl_ledger_output){
		.name = o->name, .accepted = o->delivered + o->lost, .delivered = o->delivered, .lost = o->lost
	};
}

/* Returns how many. */
static size_t put_accounts(const struct tl_trace *t, struct tl_ledger_output *ret)
{
	size_t n = 0;

	ret[n++] = account_of(&t->main.output);
	for (size_t i = 0; i < t->n_channels; i++)
		if (t->channels[i].output.fd >= 0)
			ret[n++] = account_of(&t->channels[i].output);
	return n;
}

/* In the output for whoever reads that alone; text on a terminal has it on standard error. */
void tl_trace_write_ledger(struct tl_trace *t, bool final)
{
	struct tl_event event = {
		.kind = TL_EVENT_LEDGER,
		.type = tl_event_type_find("ledger"),
		.pid = (uint32_t)getpid(),
		.tid = (uint32_t)getpid(),
		.uid = getuid(),
		.gid = getgid(),
		.euid = geteuid(),
		.egid = getegid(),
		.loginuid = UINT32_MAX,
		.audit_session = UINT32_MAX,
		.comm = "traceleft",
		.process = &tl_process_nobody,
		.session = t->session,
	};
	_cleanup_free_ struct tl_ledger_output *outputs = calloc(t->n_channels + 1, sizeof(*outputs));
	struct tl_ledger_view view = { .outputs = outputs };
	_cleanup_free_ char *note = NULL;
	struct timespec now;
	bool balanced;

	if (!event.type || t->settings.summary || (t->settings.format == TL_TRACE_TEXT && !t->settings.output))
		return;
	tl_trace_flush_outputs(t);
	if (outputs)
		view.n_outputs = put_accounts(t, outputs);
	if (t->policy) {
		view.rules = tl_policy_ledger(t->policy);
		view.n_rules = t->policy->n_rules;
	}
	event.ledger = &view;
	if (final && tl_ledger_sum(t, &note, &balanced) >= 0)
		event.note = note;
	clock_gettime(CLOCK_REALTIME, &now);
	event.time = tl_timespec_ns(&now);
	write_own(t, &event, NULL);
}
