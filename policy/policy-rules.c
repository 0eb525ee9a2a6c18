// SPDX-License-Identifier: GPL-2.0-or-later
/* rules: what is kept. */
#include <string.h>

#include "expression.h"
#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

static const char *const severity_words[] = { "emerg",	"alert", "crit",  "err", "warning",
					      "notice", "info",	 "debug", NULL };

int tl_read_node(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		 void *object)
{
	(void)d;
	*(const struct tl_yaml_node **)((char *)object + field->offset) = value;
	return 0;
}

static int read_events(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *object);

#define RULE(member) .offset = offsetof(struct tl_rule_draft, member)

static const struct tl_policy_field fields[] = {
	{ "name", "a name", "of the rule, in every event that it keeps", .read = tl_read_string, RULE(rule.name),
	  .check = tl_check_name },
	{ "target", "a target or a list of targets", "whose events; without it those of every process",
	  .read = tl_read_node, RULE(targets) },
	{ "events", "an event, @GROUP, or a list of them", "which events", .read = read_events },
	{ "where", "a condition", "which of them", .read = tl_read_node, RULE(where) },
	{ "capture", "a mapping of arguments to sizes", "how much of an argument is kept", .read = tl_read_node,
	  RULE(captures) },
	{ "tags", "a word or a list of words", "put on every event that it keeps", .read = tl_read_strings,
	  RULE(rule.tags), .n_offset = offsetof(struct tl_rule_draft, rule.n_tags), .check = tl_check_tag },
	{ "severity", "emerg, alert, crit, err, warning, notice, info or debug", "how bad it is; info by default",
	  .read = tl_read_word, RULE(severity), .words = severity_words },
	{ "stream", "a word", "put on every event that it keeps, as traceleft.stream", .read = tl_read_string,
	  RULE(rule.stream), .check = tl_check_tag },
	{ "group", "a word", "same, as traceleft.group", .read = tl_read_string, RULE(rule.group),
	  .check = tl_check_tag },
	{ "to", "an output or a list of outputs", "where the events go; without it to every output",
	  .read = tl_read_node, RULE(outputs) },
	{ "final", "true or false", "no rule behind this one gets the events that it keeps", .read = tl_read_bool,
	  RULE(rule.final) },
	{ "drop", "true or false", "throw the events away: no rule behind this one gets them", .read = tl_read_bool,
	  RULE(rule.drop) },
	{ "sample", "a number N", "keep one in N events of the same hash", .read = tl_read_number, RULE(rule.sample),
	  .min = 1, .max = TL_SAMPLE_MAX },
	{ "limit", "a number and a time, as 10/1m", "keep at most so many events in that time", .read = tl_read_limit },
	{ "distinct", "a field", "keep an event only if its value of that field is new", .read = tl_read_node,
	  RULE(distinct) },
	{ "aggregate", "a mapping", "what several events become", .read = tl_read_aggregate },
};

const struct tl_policy_object tl_policy_rule = { "rule", fields, ARRAY_SIZE(fields), .nothing = false };

void tl_policy_rule_done(struct tl_policy_rule *r)
{
	free(r->name);
	free(r->targets);
	free(r->events);
	tl_expression_free(r->where);
	free(r->where_text);
	tl_policy_keep_done(r);
	for (size_t i = 0; i < r->n_tags; i++)
		free(r->tags[i]);
	free(r->tags);
	free(r->severity);
	free(r->stream);
	free(r->group);
	free(r->outputs);
	for (size_t i = 0; i < r->n_captures; i++)
		free(r->captures[i].argument);
	free(r->captures);
}

/* ---- Events ---- */

static int add_event(struct tl_policy_rule *rule, const struct tl_event_type *type)
{
	const struct tl_event_type **to;

	for (size_t i = 0; i < rule->n_events; i++)
		if (rule->events[i] == type)
			return 0;
	to = tl_array_add(&rule->events, &rule->n_events, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = type;
	return 0;
}

/* Words of a string with spaces between. */
static bool next_word(const char **p, char word[32])
{
	size_t n;

	*p += strspn(*p, " ");
	n = strcspn(*p, " ");
	if (!n || n >= 32)
		return false;
	memcpy(word, *p, n);
	word[n] = '\0';
	*p += n;
	return true;
}

static int unknown_group(struct tl_draft *d, const struct tl_yaml_node *node)
{
	struct tl_suggest suggest;
	char word[32], best[32] = "";
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	tl_suggest_init(&suggest, node->text + 1, node->size - 1);
	for (size_t i = 0; i < n; i++)
		for (const char *p = types[i].groups; types[i].class != TL_CLASS_RECORD && next_word(&p, word);) {
			tl_suggest_offer(&suggest, word);
			if (suggest.best == word)
				suggest.best = strcpy(best, word);
		}
	return tl_draft_problem(d, node, "unknown group '%.60s'%s%s%s", node->text, *best ? ", did you mean '@" : "",
				best, *best ? "'?" : "");
}

static int add_group(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	size_t n, found = 0;
	const struct tl_event_type *types = tl_event_types(&n);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		if (types[i].class != TL_CLASS_RECORD && tl_event_type_in_group(&types[i], node->text + 1)) {
			r = add_event(rule, &types[i]);
			found++;
		}
	return r < 0 || found ? r : unknown_group(d, node);
}

static int unknown_event(struct tl_draft *d, const struct tl_yaml_node *node)
{
	struct tl_suggest suggest;
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	tl_suggest_init(&suggest, node->text, node->size);
	for (size_t i = 0; i < n; i++)
		if (types[i].class != TL_CLASS_RECORD)
			tl_suggest_offer(&suggest, types[i].name);
	return tl_draft_problem(d, node, "unknown event '%.60s'%s", node->text, tl_suggest_text(&suggest));
}

static int add_named_event(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	const struct tl_event_type *type = tl_event_type_find(node->text);

	if (!type)
		return unknown_event(d, node);
	if (type->class == TL_CLASS_RECORD)
		return tl_draft_problem(d, node, "'%s' is a record of TraceLeft's own, which every output gets",
					node->text);
	return add_event(rule, type);
}

static int read_events(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *object)
{
	struct tl_rule_draft *draft = object;
	const struct tl_yaml_node *item = NULL;
	size_t problems = d->problems->n_errors;
	int r = 0;

	draft->has_events = true;
	draft->guesses = true;
	if (value->kind == TL_YAML_MAPPING || (value->kind == TL_YAML_LIST && !value->first))
		return tl_draft_problem(d, value, "events: expected %s", field->type);
	while (r >= 0 && (item = tl_policy_item(value, item))) {
		if (!tl_policy_expect(d, item, TL_YAML_SCALAR, "events"))
			continue;
		r = item->text[0] == '@' ? add_group(d, &draft->rule, item) : add_named_event(d, &draft->rule, item);
	}
	draft->guesses = d->problems->n_errors > problems;
	return r;
}

static bool has_event(const struct tl_policy_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->n_events; i++)
		if (strcmp(rule->events[i]->name, name) == 0)
			return true;
	return false;
}

/* A C library makes some calls by newer ones: who asks for one by its name may miss them. */
static int check_spellings(struct tl_draft *d, const struct tl_policy_rule *rule, const struct tl_yaml_node *events)
{
	const struct tl_yaml_node *item = NULL;
	int r = 0;

	while (events && r >= 0 && (item = tl_policy_item(events, item))) {
		const struct tl_event_type *type = item->kind == TL_YAML_SCALAR ? tl_event_type_find(item->text) : NULL;
		char word[32];

		for (const char *p = type ? type->spellings : ""; r >= 0 && next_word(&p, word);)
			if (tl_event_type_find(word) && !has_event(rule, word))
				r = tl_draft_warning(d, item,
						     "the C library may do '%s' by '%s', which is not among the events",
						     type->name, word);
	}
	return r;
}

/* ---- Condition ---- */

int tl_draft_note(struct tl_draft *d, const struct tl_yaml_node *node, bool warning, unsigned column, const char *key,
		  const char *message)
{
	unsigned line, file_column;

	tl_yaml_place(&d->source->yaml, node, column - 1, &line, &file_column);
	return tl_problems_add(d->problems, warning, d->source->name, line, file_column, "%s: %s", key, message);
}

static int compile_where(struct tl_draft *d, struct tl_rule_draft *draft)
{
	const struct tl_yaml_node *node = draft->where;
	struct tl_policy_rule *rule = &draft->rule;
	struct tl_expression_error error;
	int r;

	if (!node || !tl_policy_expect(d, node, TL_YAML_SCALAR, "where"))
		return 0;
	rule->where_text = strdup(node->text);
	if (!rule->where_text)
		return -ENOMEM;
	/* Where its events are not known, any field may be meant, but still not any word. */
	r = tl_expression_compile(node->text, rule->events, draft->guesses ? 0 : rule->n_events, &rule->where, &error);
	if (r == -EINVAL)
		return tl_draft_note(d, node, false, error.column, "where", error.message);
	for (unsigned i = 0; i < error.n_warnings && r >= 0; i++)
		r = tl_draft_note(d, node, true, error.warning[i].column, "where", error.warning[i].message);
	return r;
}

/* ---- Captures ---- */

/* The most that a handler of the battery captures of the argument; 0: there is none, or it is a number. */
static uint32_t captured_of(const struct tl_policy_rule *rule, const char *name)
{
	uint32_t most = 0;

	for (size_t i = 0; i < rule->n_events; i++)
		for (size_t j = 0; j < rule->events[i]->n_args; j++) {
			const struct tl_arg_type *arg = &rule->events[i]->args[j];

			if (strcmp(arg->name, name) == 0 && arg->capture != TL_CAPTURE_NONE)
				most = MAX(most, arg->size ? arg->size : 128U); /* a socket address */
		}
	return most;
}

static int unknown_argument(struct tl_draft *d, const struct tl_policy_rule *rule, const struct tl_yaml_node *key)
{
	struct tl_suggest suggest;

	tl_suggest_init(&suggest, key->text, key->size);
	for (size_t i = 0; i < rule->n_events; i++)
		for (size_t j = 0; j < rule->events[i]->n_args; j++)
			if (rule->events[i]->args[j].capture != TL_CAPTURE_NONE)
				tl_suggest_offer(&suggest, rule->events[i]->args[j].name);
	return tl_draft_problem(d, key, "capture: none of the events has '%.60s' to capture%s", key->text,
				tl_suggest_text(&suggest));
}

static int add_capture(struct tl_draft *d, struct tl_rule_draft *draft, const struct tl_yaml_node *key,
		       const struct tl_yaml_node *value)
{
	struct tl_policy_rule *rule = &draft->rule;
	uint32_t most = captured_of(rule, key->text);
	struct tl_policy_capture *capture;
	uint64_t size;

	if (!most && !draft->guesses)
		return unknown_argument(d, rule, key);
	if (value->kind != TL_YAML_SCALAR || tl_policy_size(value->text, &size) < 0)
		return tl_draft_problem(d, value, "capture: expected a number of bytes for '%s'", key->text);
	if (size > most && draft->guesses)
		return 0;
	if (size > most)
		return tl_draft_problem(d, value,
					"capture: more than the %u bytes of '%s' that the built-in handler collects "
					"is not available in this version",
					most, key->text);
	capture = tl_array_add(&rule->captures, &rule->n_captures, sizeof(*capture));
	if (!capture)
		return -ENOMEM;
	capture->size = (uint32_t)size;
	capture->argument = strdup(key->text);
	return capture->argument ? 0 : -ENOMEM;
}

static int read_captures(struct tl_draft *d, struct tl_rule_draft *draft)
{
	const struct tl_yaml_node *node = draft->captures;
	int r = 0;

	if (!node || !tl_policy_expect(d, node, TL_YAML_MAPPING, "capture"))
		return 0;
	for (const struct tl_yaml_node *key = node->first; key && r >= 0; key = key->next->next)
		r = add_capture(d, draft, key, key->next);
	return r;
}

/* ---- Rules ---- */

static int check_name(struct tl_draft *d, const struct tl_policy_rule *rule, const struct tl_yaml_node *name)
{
	for (size_t i = 0; rule->name && i + 1 < d->policy->n_rules; i++) {
		const struct tl_policy_rule *other = &d->policy->rules[i];

		if (other->name && strcmp(other->name, rule->name) == 0)
			return tl_draft_problem(d, name, "rule '%s' is there twice, first in %s:%u:%u", rule->name,
						other->file, other->line, other->column);
	}
	return 0;
}

static int check_rule(struct tl_draft *d, const struct tl_rule_draft *draft, const struct tl_yaml_node *node,
		      const struct tl_yaml_node *const *given)
{
	const struct tl_policy_rule *rule = &draft->rule;
	const char *name = rule->name ? rule->name : "?";
	int r = 0;

	if (!given[0])
		r = tl_draft_problem(d, node, "a rule without a name");
	else
		r = check_name(d, rule, given[0]->next);
	if (r >= 0 && !draft->has_events)
		r = tl_draft_problem(d, node, "rule '%s' has no events", name);
	if (r >= 0 && rule->drop && draft->outputs)
		r = tl_draft_problem(d, draft->outputs, "rule '%s' drops its events: 'to' has no meaning beside it",
				     name);
	if (r >= 0 && rule->drop && rule->final)
		r = tl_draft_problem(d, node, "rule '%s' drops its events: 'final' has no meaning beside it", name);
	if (r >= 0 && rule->drop && draft->captures)
		r = tl_draft_problem(d, draft->captures,
				     "rule '%s' drops its events: 'capture' has no meaning beside it", name);
	if (r >= 0 && draft->outputs && draft->outputs->kind == TL_YAML_LIST && !draft->outputs->first)
		r = tl_draft_problem(d, draft->outputs, "rule '%s' has no effect: it neither drops nor writes", name);
	if (r >= 0 && given[2])
		r = check_spellings(d, rule, given[2]->next);
	return r;
}

static int read_rule(struct tl_draft *d, const struct tl_yaml_node *node, struct tl_rule_draft *draft)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {};
	struct tl_policy_rule *rule = &draft->rule;
	int r = tl_policy_read_object(d, &tl_policy_rule, node, draft, given);

	if (r < 0)
		return r;
	rule->severity = strdup(severity_words[draft->severity]);
	if (!rule->severity)
		return -ENOMEM;
	if (node->kind == TL_YAML_MAPPING)
		r = check_rule(d, draft, node, given);
	if (r >= 0)
		r = tl_policy_check_keep(d, draft, node);
	if (r >= 0)
		r = compile_where(d, draft);
	return r < 0 ? r : read_captures(d, draft);
}

static uint32_t severity_default(void)
{
	uint32_t i = 0;

	while (strcmp(severity_words[i], "info") != 0)
		i++;
	return i;
}

int tl_policy_add_rule(struct tl_draft *d, const struct tl_yaml_node *node)
{
	struct tl_rule_draft draft = { .severity = severity_default(), .rule.keys = TL_POLICY_KEYS, .guesses = true };
	struct tl_policy_names *names = tl_array_add(&d->names, &d->n_names, sizeof(*names));
	struct tl_policy_rule *rule;
	int r;

	if (!names)
		return -ENOMEM;
	rule = tl_array_add(&d->policy->rules, &d->policy->n_rules, sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	draft.rule.file = d->source->name;
	draft.rule.line = node->line;
	draft.rule.column = node->column;
	r = read_rule(d, node, &draft);
	*rule = draft.rule;
	*names = (struct tl_policy_names){ d->source, draft.targets, draft.outputs };
	return r;
}
