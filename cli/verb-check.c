// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft check: is a policy right, and what does it come to? */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "cli.h"
#include "conditions.h"
#include "decided.h"
#include "escape.h"
#include "handlers.h"
#include "matches.h"
#include "policy.h"
#include "probe.h"
#include "problems.h"
#include "put.h"

enum { OPTION_EXPLAIN = 256, OPTION_JSON };

static const struct tl_option options[] = {
	{ OPTION_EXPLAIN, "explain", NULL,
	  "the plan: targets and what they match now, rules, events and how they are attached" },
	{ OPTION_JSON, "json", NULL, "problems and plan as one JSON object" },
	{ 0 },
};

/* All events of all rules, once each, and how each is attached. */
struct plan {
	const struct tl_policy *policy;
	const struct tl_event_type **events;
	const char **kinds; /* NULL: unknown */
	int *filters; /* tests in the kernel that each is put to; as tl_filter_make() */
	size_t n;
	int error; /* why the kinds are unknown, 0: they are known */
	struct tl_matches *matches; /* per target of the policy; NULL: unknown */
	int matches_error; /* why */
	const char *cgroups; /* which of them this machine has */
};

static const char *const output_types[] = {
	[TL_OUTPUT_JOURNALD] = "journald",
	[TL_OUTPUT_FILE] = "file",
	[TL_OUTPUT_STDOUT] = "stdout",
	[TL_OUTPUT_HTTP] = "http",
};

static const char *const format_names[] = {
	[TL_FORMAT_JSON] = "json", [TL_FORMAT_TEXT] = "text",	  [TL_FORMAT_PROTO] = "proto",
	[TL_FORMAT_OTLP] = "otlp", [TL_FORMAT_NDJSON] = "ndjson",
};

static bool plan_has(const struct plan *p, const struct tl_event_type *type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->events[i] == type)
			return true;
	return false;
}

static void plan_done(struct plan *p)
{
	free(p->events);
	free(p->kinds);
	free(p->filters);
	if (p->policy)
		tl_matches_free(p->matches, p->policy->n_targets);
}

static int plan_make(const struct tl_policy *policy, struct plan *ret)
{
	_cleanup_free_ char *mount = NULL;
	size_t n = 1;

	for (size_t i = 0; i < policy->n_rules; i++)
		n += policy->rules[i].n_events;
	*ret = (struct plan){ .policy = policy };
	ret->events = calloc(n, sizeof(*ret->events));
	ret->kinds = calloc(n, sizeof(*ret->kinds));
	ret->filters = calloc(n, sizeof(*ret->filters));
	if (!ret->events || !ret->kinds || !ret->filters)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_rules; i++)
		for (size_t j = 0; j < policy->rules[i].n_events; j++)
			if (!plan_has(ret, policy->rules[i].events[j]))
				ret->events[ret->n++] = policy->rules[i].events[j];
	for (size_t i = 0; i < ret->n; i++)
		ret->filters[i] = tl_policy_filter_of(policy, ret->events[i]);
	if (ret->n)
		ret->error = tl_probe_attach(ret->events, ret->n, ret->kinds);
	ret->matches_error = tl_matches_find(policy, &ret->matches);
	ret->cgroups = tl_cgroup_layout_text(tl_cgroup_layout_now(&mount));
	return 0;
}

static const char *kind_of(const struct plan *p, const struct tl_event_type *type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->events[i] == type && p->kinds[i])
			return p->kinds[i];
	return p->error ? "unknown" : "none";
}

static int filter_of(const struct plan *p, const struct tl_event_type *type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->events[i] == type)
			return p->filters[i];
	return 0;
}

/* What the kernel part does with events that no rule can want; NULL: there is nothing to say. */
static const char *filter_text(const struct plan *p, const struct tl_event_type *type)
{
	int n = filter_of(p, type);

	return n > 0 ? "filtered in the kernel" : n < 0 ? "more conditions than the kernel part takes" : NULL;
}

/* Where events that become counts are counted; NULL: they do not all become that. */
static const char *count_text(const struct plan *p, const struct tl_event_type *type)
{
	bool objects = false;

	if (!tl_policy_counts(p->policy, type, &objects))
		return NULL;
	return objects ? "counted in the kernel, each object apart" : "counted in the kernel";
}

/* The rule's events that are filtered; free() it. */
static const struct tl_event_type **filtered_events(const struct plan *p, const struct tl_policy_rule *r, size_t *ret_n)
{
	const struct tl_event_type **types = calloc(r->n_events + 1, sizeof(*types));

	*ret_n = 0;
	for (size_t i = 0; i < r->n_events && types; i++)
		if (filter_of(p, r->events[i]) > 0)
			types[(*ret_n)++] = r->events[i];
	return types;
}

/* ---- Text ---- */

/* Everything is put into one buffer: names come from a file, and are made harmless. */
static void put_value(struct tl_buffer *b, const char *text)
{
	tl_escape_value(b, text, strlen(text));
}

/* An expression may be written on several lines. */
static void put_one_line(struct tl_buffer *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " \t\n");

		tl_escape_value(b, text, n);
		text += n;
		n = strspn(text, " \t\n");
		text += n;
		if (n && *text)
			tl_put_char(b, ' ');
	}
}

static void put_list(struct tl_buffer *b, const char *before, char *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tl_put_text(b, i ? ", " : before);
		put_value(b, items[i]);
	}
}

static void put_target(struct tl_buffer *b, const struct tl_policy_target *t, const struct tl_matches *matches)
{
	tl_put_text(b, "  ");
	put_value(b, t->name);
	tl_put_char(b, ':');
	if (t->everything)
		tl_put_text(b, " everything");
	for (size_t i = 0; i < t->n_pids; i++) {
		tl_put_text(b, i ? ", " : " pid ");
		tl_put_u64(b, t->pids[i]);
	}
	put_list(b, " executable ", t->executables, t->n_executables);
	/* A container is some globs of cgroups, and stands for them. */
	if (t->n_containers)
		put_list(b, " container ", t->containers, t->n_containers);
	else
		put_list(b, " cgroup ", t->cgroups, t->n_cgroups);
	put_list(b, " unit ", t->units, t->n_units);
	tl_conditions_text(b, t);
	tl_put_text(b, t->descendants ? ", and descendants\n" : "\n");
	if (!matches)
		return;
	tl_put_text(b, "    matches now: ");
	tl_matches_text(b, matches);
	tl_put_char(b, '\n');
}

static void put_time(struct tl_buffer *b, uint64_t ns)
{
	tl_put_u64(b, ns % 1000000000 ? ns / 1000000 : ns / 1000000000);
	tl_put_text(b, ns % 1000000000 ? " ms" : " s");
}

/* What becomes of events that it matches, in the order in which it is done; all of it in the reader. */
static void put_keep(struct tl_buffer *b, const struct tl_policy_rule *r)
{
	static const char *const words[] = { "a count", "the first event", "the last event", "the most frequent" };

	if (r->sample) {
		tl_put_text(b, "    one in ");
		tl_put_u64(b, r->sample);
		tl_put_text(b, " of the same hash\n");
	}
	if (r->distinct) {
		tl_put_text(b, "    only new values of ");
		put_one_line(b, r->distinct);
		tl_put_text(b, r->every ? ", new again after " : "");
		if (r->every)
			put_time(b, r->every);
		tl_put_char(b, '\n');
	}
	if (r->limit) {
		tl_put_text(b, "    at most ");
		tl_put_u64(b, r->limit);
		tl_put_text(b, " in ");
		put_time(b, r->limit_per);
		tl_put_char(b, '\n');
	}
	if (r->counts) {
		tl_put_text(b, "    counted, each ");
		put_time(b, r->every);
		tl_put_text(b, ": ");
		tl_put_text(b, words[r->emit]);
		tl_put_char(b, '\n');
	}
	put_list(b, "    by ", r->by, r->n_by);
	if (r->n_by)
		tl_put_char(b, '\n');
}

static void put_event(struct tl_buffer *b, const struct plan *p, const struct tl_event_type *type)
{
	const char *filter = filter_text(p, type), *count = count_text(p, type);

	tl_put_text(b, "    ");
	tl_put_text(b, type->name);
	tl_put_text(b, " (");
	tl_put_text(b, kind_of(p, type));
	if (filter) {
		tl_put_text(b, ", ");
		tl_put_text(b, filter);
	}
	if (count) {
		tl_put_text(b, ", ");
		tl_put_text(b, count);
	}
	tl_put_text(b, ")\n");
}

static void put_rule(struct tl_buffer *b, const struct plan *p, const struct tl_policy_rule *r)
{
	size_t n_types;
	_cleanup_free_ const struct tl_event_type **types = filtered_events(p, r, &n_types);

	tl_put_text(b, "  ");
	put_value(b, r->name);
	tl_put_text(b, ": ");
	if (!r->n_targets)
		tl_put_text(b, "every process");
	for (size_t i = 0; i < r->n_targets; i++) {
		tl_put_text(b, i ? ", " : "");
		put_value(b, p->policy->targets[r->targets[i]].name);
	}
	tl_put_text(b, r->drop ? " -> dropped" : " -> ");
	for (size_t i = 0; i < r->n_outputs && !r->drop; i++) {
		tl_put_text(b, i ? ", " : "");
		put_value(b, p->policy->outputs[r->outputs[i]].name);
	}
	tl_put_text(b, r->final && !r->drop ? ", no rule after it\n" : "\n");
	if (r->where_text) {
		tl_put_text(b, "    where: ");
		put_one_line(b, r->where_text);
		tl_put_char(b, '\n');
	}
	tl_decided_text(b, r, types, n_types);
	put_keep(b, r);
	for (size_t i = 0; i < r->n_events; i++)
		put_event(b, p, r->events[i]);
}

static void put_output(struct tl_buffer *b, const struct tl_policy_output *o)
{
	tl_put_text(b, "  ");
	put_value(b, o->name);
	tl_put_text(b, ": ");
	tl_put_text(b, output_types[o->type]);
	if (o->type != TL_OUTPUT_JOURNALD) {
		tl_put_text(b, ", ");
		tl_put_text(b, format_names[o->format]);
	}
	if (o->path) {
		tl_put_text(b, ", ");
		put_value(b, o->path);
	}
	tl_put_char(b, '\n');
}

static void note_unknown(const char *what, int error)
{
	if (error)
		tl_print_note("%s is not known: %s", what, error == -EPERM ? "that needs root" : strerror(-error));
}

static void put_plan(struct tl_buffer *b, const struct plan *p)
{
	tl_put_text(b, "cgroups: ");
	tl_put_text(b, p->cgroups);
	tl_put_text(b, "\ntargets:\n");
	for (size_t i = 0; i < p->policy->n_targets; i++)
		put_target(b, &p->policy->targets[i], p->matches ? &p->matches[i] : NULL);
	tl_put_text(b, "rules:\n");
	for (size_t i = 0; i < p->policy->n_rules; i++)
		put_rule(b, p, &p->policy->rules[i]);
	tl_put_text(b, "outputs:\n");
	for (size_t i = 0; i < p->policy->n_outputs; i++)
		put_output(b, &p->policy->outputs[i]);
	note_unknown("how events are attached", p->error);
	if (p->policy->n_targets)
		note_unknown("what targets match now", p->matches_error);
}

static void put_verdict(struct tl_buffer *b, const struct tl_policy *p, const struct tl_problems *problems)
{
	put_list(b, "", p->files, p->n_files);
	tl_put_text(b, ": ok: ");
	tl_put_u64(b, p->n_rules);
	tl_put_text(b, p->n_rules == 1 ? " rule, " : " rules, ");
	tl_put_u64(b, p->n_targets);
	tl_put_text(b, p->n_targets == 1 ? " target, " : " targets, ");
	tl_put_u64(b, p->n_outputs);
	tl_put_text(b, p->n_outputs == 1 ? " output, " : " outputs, ");
	tl_put_u64(b, problems->n);
	tl_put_text(b, problems->n == 1 ? " warning\n" : " warnings\n");
}

/* ---- JSON ---- */

static void json_list(struct tl_buffer *b, const char *name, char *const *items, size_t n)
{
	tl_json_open(b, name, '[');
	for (size_t i = 0; i < n; i++)
		tl_json_string(b, NULL, items[i]);
	tl_json_close(b, ']');
}

static void json_target(struct tl_buffer *b, const struct tl_policy_target *t, const struct tl_matches *matches)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "name", t->name);
	tl_json_bool(b, "everything", t->everything);
	tl_json_bool(b, "descendants", t->descendants);
	tl_json_open(b, "pids", '[');
	for (size_t i = 0; i < t->n_pids; i++)
		tl_json_unsigned(b, NULL, t->pids[i]);
	tl_json_close(b, ']');
	json_list(b, "executables", t->executables, t->n_executables);
	json_list(b, "cgroups", t->cgroups, t->n_containers ? 0 : t->n_cgroups);
	json_list(b, "containers", t->containers, t->n_containers);
	json_list(b, "units", t->units, t->n_units);
	tl_conditions_json(b, t);
	if (matches) {
		tl_json_open(b, "matches", '{');
		tl_matches_json(b, matches);
		tl_json_close(b, '}');
	}
	tl_json_close(b, '}');
}

static void json_rule(struct tl_buffer *b, const struct plan *p, const struct tl_policy_rule *r)
{
	size_t n_types;
	_cleanup_free_ const struct tl_event_type **types = filtered_events(p, r, &n_types);

	tl_json_open(b, NULL, '{');
	tl_json_string(b, "name", r->name);
	tl_json_open(b, "targets", '[');
	for (size_t i = 0; i < r->n_targets; i++)
		tl_json_string(b, NULL, p->policy->targets[r->targets[i]].name);
	tl_json_close(b, ']');
	if (r->where_text)
		tl_json_string(b, "where", r->where_text);
	tl_decided_json(b, r, types, n_types);
	tl_json_open(b, "events", '[');
	for (size_t i = 0; i < r->n_events; i++) {
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", r->events[i]->name);
		tl_json_string(b, "attach", kind_of(p, r->events[i]));
		if (filter_text(p, r->events[i]))
			tl_json_string(b, "conditions", filter_text(p, r->events[i]));
		if (count_text(p, r->events[i]))
			tl_json_string(b, "counts", count_text(p, r->events[i]));
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	json_list(b, "tags", r->tags, r->n_tags);
	if (r->severity)
		tl_json_string(b, "severity", r->severity);
	tl_json_open(b, "outputs", '[');
	for (size_t i = 0; i < r->n_outputs; i++)
		tl_json_string(b, NULL, p->policy->outputs[r->outputs[i]].name);
	tl_json_close(b, ']');
	tl_json_bool(b, "final", r->final);
	tl_json_bool(b, "drop", r->drop);
	tl_json_unsigned(b, "sample", r->sample);
	tl_json_unsigned(b, "limit", r->limit);
	tl_json_unsigned(b, "limit_per_ns", r->limit_per);
	if (r->distinct)
		tl_json_string(b, "distinct", r->distinct);
	json_list(b, "by", r->by, r->n_by);
	tl_json_unsigned(b, "every_ns", r->every);
	tl_json_bool(b, "counts", r->counts);
	tl_json_close(b, '}');
}

static void json_output(struct tl_buffer *b, const struct tl_policy_output *o)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "name", o->name);
	tl_json_string(b, "type", output_types[o->type]);
	tl_json_string(b, "format", format_names[o->format]);
	if (o->path)
		tl_json_string(b, "path", o->path);
	tl_json_close(b, '}');
}

static void json_plan(struct tl_buffer *b, const struct plan *p)
{
	tl_json_string(b, "cgroups", p->cgroups);
	tl_json_open(b, "targets", '[');
	for (size_t i = 0; i < p->policy->n_targets; i++)
		json_target(b, &p->policy->targets[i], p->matches ? &p->matches[i] : NULL);
	tl_json_close(b, ']');
	tl_json_open(b, "rules", '[');
	for (size_t i = 0; i < p->policy->n_rules; i++)
		json_rule(b, p, &p->policy->rules[i]);
	tl_json_close(b, ']');
	tl_json_open(b, "outputs", '[');
	for (size_t i = 0; i < p->policy->n_outputs; i++)
		json_output(b, &p->policy->outputs[i]);
	tl_json_close(b, ']');
}

static void json_problems(struct tl_buffer *b, const struct tl_problems *problems)
{
	tl_json_open(b, "problems", '[');
	for (size_t i = 0; i < problems->n; i++) {
		const struct tl_problem *problem = &problems->problem[i];

		tl_json_open(b, NULL, '{');
		tl_json_string(b, "file", problem->file);
		if (problem->line) {
			tl_json_unsigned(b, "line", problem->line);
			tl_json_unsigned(b, "column", problem->column);
		}
		tl_json_string(b, "message", problem->message);
		tl_json_bool(b, "warning", problem->warning);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

/* ---- The verb ---- */

static int print_json(const struct tl_policy *policy, const struct tl_problems *problems, const struct plan *plan)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	int r;

	tl_json_open(&b, NULL, '{');
	tl_json_bool(&b, "ok", policy && !problems->n_errors);
	json_problems(&b, problems);
	if (policy)
		json_list(&b, "files", policy->files, policy->n_files);
	if (policy && plan)
		json_plan(&b, plan);
	tl_json_close(&b, '}');
	r = tl_json_print(&b);
	return policy && !problems->n_errors ? r : TL_EXIT_FAILED;
}

static int print_text(const struct tl_policy *policy, const struct tl_problems *problems, const struct plan *plan)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	tl_problems_print(problems);
	if (!policy || problems->n_errors)
		return TL_EXIT_FAILED;
	if (plan)
		put_plan(&b, plan);
	put_verdict(&b, policy, problems);
	if (b.failed)
		return tl_print_errno(ENOMEM, "check");
	fwrite(b.data, 1, b.size, stdout);
	return tl_finish_stdout(TL_EXIT_OK);
}

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

static int check(const char *path, bool explain, bool json)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = { 0 };
	_cleanup_(policy_freep) struct tl_policy *policy = NULL;
	_cleanup_(plan_done) struct plan plan = { 0 };
	int r = tl_policy_load(path, &policy, &problems);

	if (r < 0 && !problems.n)
		return tl_print_errno(r, "%s", path ? path : TL_POLICY_PATH);
	if (policy && tl_handlers_check(policy, &problems) < 0)
		return tl_print_errno(ENOMEM, "check");
	if (policy && explain && plan_make(policy, &plan) < 0)
		return tl_print_errno(ENOMEM, "check");
	return (json ? print_json : print_text)(policy, &problems, explain ? &plan : NULL);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	bool explain = false, json = false;
	int id;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		if (id == TL_OPTION_BAD)
			return TL_EXIT_USAGE;
		explain = explain || id == OPTION_EXPLAIN;
		json = json || id == OPTION_JSON;
	}
	if (argc - optind > 1)
		return tl_usage_error(verb, "one policy at a time");
	return check(argv[optind], explain, json);
}

const struct tl_verb tl_verb_check = {
	.name = "check",
	.arguments = "[OPTIONS] [POLICY]",
	.summary = "Say whether a policy is right, and what it comes to.",
	.options = options,
	.details = "Without POLICY: " TL_POLICY_PATH " and the files in " TL_POLICY_DIR ".\n"
		   "Every problem is printed as FILE:LINE:COLUMN: MESSAGE; the exit status is 1 if one of\n"
		   "them is more than a warning.\n",
	.run = run,
};
