// SPDX-License-Identifier: GPL-2.0-or-later
/* rules: what becomes of the events that they match. */
#include <stdlib.h>
#include <string.h>

#include "expression-internal.h"
#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

#define KEYS_MAX 1000000U
#define TOP_MAX 100000U
#define DAY_NS (UINT64_C(86400) * 1000000000)

#define RULE(member) .offset = offsetof(struct tl_rule_draft, member)

static const struct tl_policy_field fields[] = {
	{ "by", "a field or a list of fields", "what events have in common that are counted, or limited, together",
	  .read = tl_read_node, RULE(by) },
	{ "every", "a time such as 10s or 500ms",
	  "count, and tell the counts so often; with distinct: when a value is new again", .read = tl_read_node,
	  RULE(every) },
	{ "emit", "count, first, last or top:N", "what a count is told as; count by default", .read = tl_read_node,
	  RULE(emit) },
	{ "keys", "a number N", "told apart at most; the others are counted together; 10000 by default",
	  .read = tl_read_number, RULE(rule.keys), .min = 1, .max = KEYS_MAX },
	{ "sample", "a number N", "same as sample of the rule", .read = tl_read_number, RULE(rule.sample), .min = 1,
	  .max = TL_SAMPLE_MAX },
	{ "limit", "a number and a time, as 10/1m", "same as limit of the rule, for each key of by",
	  .read = tl_read_limit },
	{ "distinct", "a field", "same as distinct of the rule, for each key of by", .read = tl_read_node,
	  RULE(distinct) },
};

const struct tl_policy_object tl_policy_aggregate = { "aggregate", fields, ARRAY_SIZE(fields), .nothing = false };

int tl_read_aggregate(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		      void *object)
{
	struct tl_rule_draft *draft = object;

	(void)field;
	draft->aggregate = value;
	return tl_policy_read_object(d, &tl_policy_aggregate, value, draft, NULL);
}

void tl_policy_keep_done(struct tl_policy_rule *r)
{
	for (size_t i = 0; i < r->n_by; i++) {
		free(r->by[i]);
		free(r->by_fields[i]);
	}
	free(r->by);
	free(r->by_fields);
	free(r->distinct);
	free(r->distinct_field);
}

/* ---- Values ---- */

int tl_read_limit(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		  void *object)
{
	struct tl_rule_draft *draft = object;
	const char *slash;
	uint64_t n, per;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return 0;
	draft->limit = value;
	slash = strchr(value->text, '/');
	if (!slash || tl_policy_number(value->text, (size_t)(slash - value->text), &n) < 0 || !n ||
	    tl_policy_duration(slash + 1, strlen(slash + 1), &per) < 0)
		return tl_draft_problem(d, value, "limit: expected a number and a time such as 10/1m, not '%.60s'",
					value->text);
	draft->rule.limit = n;
	draft->rule.limit_per = per;
	return 0;
}

static int read_every(struct tl_draft *d, struct tl_rule_draft *draft)
{
	const struct tl_yaml_node *node = draft->every;

	if (!node || !tl_policy_expect(d, node, TL_YAML_SCALAR, "every"))
		return 0;
	if (tl_policy_duration(node->text, node->size, &draft->rule.every) < 0 || draft->rule.every > DAY_NS)
		return tl_draft_problem(
			d, node,
			"every: expected a time such as 10s, at most a day (ms, s, m, h and d are known), "
			"not '%.60s'",
			node->text);
	return 0;
}

static int read_top(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node, const char *text)
{
	uint64_t n;

	if (tl_policy_number(text, strlen(text), &n) < 0 || !n || n > TOP_MAX)
		return tl_draft_problem(d, node, "emit: expected top:N, where N is from 1 to %u", TOP_MAX);
	rule->emit = TL_EMIT_TOP;
	rule->top = (uint32_t)n;
	return 0;
}

/* "top:10" and, for the eye, {top: 10}. */
static int read_emit(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	static const char *const words[] = {
		[TL_EMIT_COUNT] = "count", [TL_EMIT_FIRST] = "first", [TL_EMIT_LAST] = "last", [TL_EMIT_TOP] = "top:10"
	};
	const struct tl_yaml_node *key = node && node->kind == TL_YAML_MAPPING ? node->first : NULL;
	struct tl_suggest suggest;
	const char *text;

	if (!node)
		return 0;
	if (key && strcmp(key->text, "top") == 0 && key->next->kind == TL_YAML_SCALAR && !key->next->next)
		return read_top(d, rule, key->next, key->next->text);
	if (!tl_policy_expect(d, node, TL_YAML_SCALAR, "emit"))
		return 0;
	text = node->text;
	if (strncmp(text, "top", 3) == 0 && (text[3] == ':' || text[3] == ' ')) {
		text += 4;
		return read_top(d, rule, node, text + strspn(text, " "));
	}
	tl_suggest_init(&suggest, node->text, node->size);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (i != TL_EMIT_TOP && strcmp(words[i], text) == 0) {
			rule->emit = (enum tl_emit)i;
			return 0;
		}
		tl_suggest_offer(&suggest, words[i]);
	}
	return tl_draft_problem(d, node, "emit: unknown word '%.60s'%s%s", text,
				suggest.best ? "" : ", expected count, first, last or top:N",
				tl_suggest_text(&suggest));
}

/* A field that events of the rule have. *ret stays NULL if that was reported. */
static int read_field(struct tl_draft *d, const struct tl_policy_rule *rule, const struct tl_yaml_node *node,
		      const char *key, struct tl_reference **ret)
{
	struct tl_expression_error error;
	int r;

	if (!tl_policy_expect(d, node, TL_YAML_SCALAR, key) || !rule->n_events)
		return 0;
	r = tl_reference_compile(node->text, rule->events, rule->n_events, ret, &error);
	return r == -EINVAL ? tl_draft_note(d, node, false, error.column, key, error.message) : MIN(r, 0);
}

static int add_by(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	struct tl_reference *field = NULL, **to_field;
	const char *meant;
	char **to;
	size_t n = rule->n_by;
	int r = read_field(d, rule, node, "by", &field);

	if (r < 0 || !field)
		return r;
	/* A key has each field once, by the name that encoders look for. */
	meant = tl_expression_field_shown(node->text, node->size);
	if (!meant)
		meant = node->text;
	for (size_t i = 0; i < n; i++)
		if (strcmp(rule->by[i], meant) == 0) {
			free(field);
			return tl_draft_problem(d, node, "by: '%.60s' is there twice", meant);
		}
	to_field = tl_array_add(&rule->by_fields, &n, sizeof(*to_field));
	if (!to_field) {
		free(field);
		return -ENOMEM;
	}
	*to_field = field;
	to = tl_array_add(&rule->by, &rule->n_by, sizeof(*to));
	if (!to) {
		free(field);
		return -ENOMEM;
	}
	*to = strdup(meant);
	return *to ? 0 : -ENOMEM;
}

static int read_by(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	const struct tl_yaml_node *item = NULL;
	size_t n = 0;
	int r = 0;

	if (!node)
		return 0;
	if (node->kind == TL_YAML_MAPPING || (node->kind == TL_YAML_LIST && !node->first))
		return tl_draft_problem(d, node, "by: expected a field or a list of fields");
	while (r >= 0 && (item = tl_policy_item(node, item))) {
		if (++n > TL_POLICY_BY_MAX)
			return tl_draft_problem(d, item, "by: more than %d fields", TL_POLICY_BY_MAX);
		r = add_by(d, rule, item);
	}
	return r;
}

static int read_distinct(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	int r;

	if (!node)
		return 0;
	r = read_field(d, rule, node, "distinct", &rule->distinct_field);
	if (r < 0 || !rule->distinct_field)
		return r;
	rule->distinct = strdup(node->text);
	return rule->distinct ? 0 : -ENOMEM;
}

/* ---- What goes together ---- */

static int check_counts(struct tl_draft *d, const struct tl_rule_draft *draft)
{
	const struct tl_policy_rule *rule = &draft->rule;

	if (draft->limit)
		return tl_draft_problem(d, draft->limit, "limit: it has no meaning where events are counted");
	if (rule->emit == TL_EMIT_TOP && !draft->by)
		return tl_draft_problem(d, draft->emit, "emit: top of what? 'by' is missing");
	return 0;
}

int tl_policy_check_keep(struct tl_draft *d, struct tl_rule_draft *draft, const struct tl_yaml_node *rule)
{
	const char *name = draft->rule.name ? draft->rule.name : "?";
	int r;

	if (draft->rule.drop && (draft->aggregate || draft->limit || draft->distinct))
		return tl_draft_problem(d, rule, "rule '%s' drops its events: there is nothing to aggregate or limit",
					name);
	if ((!draft->guesses && (r = read_by(d, &draft->rule, draft->by)) < 0) || (r = read_every(d, draft)) < 0 ||
	    (r = read_emit(d, &draft->rule, draft->emit)) < 0 ||
	    (!draft->guesses && (r = read_distinct(d, &draft->rule, draft->distinct)) < 0))
		return r;
	draft->rule.counts = draft->every && !draft->distinct;
	if (draft->emit && !draft->rule.counts)
		return tl_draft_problem(d, draft->emit, "emit: without 'every'%s nothing is counted",
					draft->every ? ", or with 'distinct'," : "");
	if (draft->by && !draft->every && !draft->limit && !draft->distinct)
		return tl_draft_problem(d, draft->by, "by: without 'every', 'limit' or 'distinct' it has no effect");
	return draft->rule.counts ? check_counts(d, draft) : 0;
}
