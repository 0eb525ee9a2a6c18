// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be said of a policy only when all of it has been read. */
#include <string.h>

#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

/* ---- Names of targets and outputs ---- */

/* Targets and outputs: structs that begin with their name. */
struct named {
	const char *what;
	const char *items;
	size_t n, size;
};

static const char *name_of(const struct named *named, size_t i)
{
	return *(char *const *)(const void *)(named->items + i * named->size);
}

static int find_name(const struct tl_draft *d, const struct tl_policy_source *source, const struct tl_yaml_node *node,
		     const struct named *named, uint32_t *ret)
{
	struct tl_suggest suggest;

	tl_suggest_init(&suggest, node->text, node->size);
	for (size_t i = 0; i < named->n; i++) {
		if (strcmp(name_of(named, i), node->text) == 0) {
			*ret = (uint32_t)i;
			return 1;
		}
		tl_suggest_offer(&suggest, name_of(named, i));
	}
	return tl_problems_add(d->problems, false, source->name, node->line, node->column, "there is no %s '%.60s'%s",
			       named->what, node->text, tl_suggest_text(&suggest));
}

static int resolve_one(const struct tl_draft *d, const struct tl_policy_source *source, const struct tl_yaml_node *node,
		       const struct named *named, uint32_t **items, size_t *n)
{
	uint32_t index = 0, *to;
	int r;

	if (node->kind != TL_YAML_SCALAR)
		return tl_problems_add(d->problems, false, source->name, node->line, node->column,
				       "%s: expected a name, not %s", named->what, tl_yaml_kind_name(node->kind));
	r = find_name(d, source, node, named, &index);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < *n; i++)
		if ((*items)[i] == index)
			return 0;
	to = tl_array_add(items, n, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = index;
	return 0;
}

static int resolve(const struct tl_draft *d, const struct tl_policy_source *source, const struct tl_yaml_node *value,
		   const struct named *named, uint32_t **items, size_t *n)
{
	const struct tl_yaml_node *item = NULL;
	int r = 0;

	if (!value)
		return 0;
	if (value->kind == TL_YAML_LIST && !value->first && named->items == (const char *)d->policy->targets)
		return tl_problems_add(d->problems, false, source->name, value->line, value->column,
				       "target: the list is "
				       "empty");
	while (r >= 0 && (item = tl_policy_item(value, item)))
		r = resolve_one(d, source, item, named, items, n);
	return r;
}

/* Without `to`, everywhere. */
static int write_everywhere(struct tl_policy *p, struct tl_policy_rule *rule)
{
	for (size_t i = 0; i < p->n_outputs; i++) {
		uint32_t *to = tl_array_add(&rule->outputs, &rule->n_outputs, sizeof(*to));

		if (!to)
			return -ENOMEM;
		*to = (uint32_t)i;
	}
	return 0;
}

static int resolve_names(struct tl_draft *d)
{
	struct tl_policy *p = d->policy;
	struct named targets = { "target", (const char *)p->targets, p->n_targets, sizeof(*p->targets) };
	struct named outputs = { "output", (const char *)p->outputs, p->n_outputs, sizeof(*p->outputs) };
	int r = 0;

	for (size_t i = 0; i < p->n_rules && r >= 0; i++) {
		struct tl_policy_rule *rule = &p->rules[i];
		const struct tl_policy_names *names = &d->names[i];

		r = resolve(d, names->source, names->targets, &targets, &rule->targets, &rule->n_targets);
		if (r >= 0)
			r = resolve(d, names->source, names->outputs, &outputs, &rule->outputs, &rule->n_outputs);
		if (r >= 0 && !names->outputs && !rule->drop)
			r = write_everywhere(p, rule);
	}
	return r;
}

/* ---- Rules that do nothing ---- */

static size_t type_index(const struct tl_event_type *type)
{
	return (size_t)(type - tl_event_types(&(size_t){ 0 }));
}

/* Every event of every process, whatever is in it. */
static bool takes_all(const struct tl_policy_rule *rule)
{
	return !rule->n_targets && !rule->where_text && !rule->sample && !rule->limit && !rule->distinct_field;
}

static int rule_warning(struct tl_draft *d, const struct tl_policy_rule *rule, const char *message)
{
	return tl_problems_add(d->problems, true, rule->file, rule->line, rule->column, "rule '%s' has no effect: %s",
			       rule->name ? rule->name : "?", message);
}

/* taken: a byte per type of event; all of them end in an earlier rule. */
static int check_reached(struct tl_draft *d, bool *taken)
{
	int r = 0;

	for (size_t i = 0; i < d->policy->n_rules && r >= 0; i++) {
		const struct tl_policy_rule *rule = &d->policy->rules[i];
		size_t left = 0;

		for (size_t j = 0; j < rule->n_events; j++)
			left += !taken[type_index(rule->events[j])];
		if (rule->n_events && !left)
			r = rule_warning(d, rule, "rules in front of it end all its events");
		for (size_t j = 0; j < rule->n_events && (rule->final || rule->drop) && takes_all(rule); j++)
			taken[type_index(rule->events[j])] = true;
	}
	return r;
}

/* kept: a byte per type of event; later rules keep some of them. */
static int check_drops(struct tl_draft *d, bool *kept)
{
	int r = 0;

	for (size_t i = d->policy->n_rules; i && r >= 0; i--) {
		const struct tl_policy_rule *rule = &d->policy->rules[i - 1];
		size_t n = 0;

		for (size_t j = 0; j < rule->n_events; j++) {
			n += kept[type_index(rule->events[j])];
			kept[type_index(rule->events[j])] |= !rule->drop;
		}
		if (rule->drop && rule->n_events && !n)
			r = rule_warning(d, rule, "no rule behind it keeps such events");
	}
	return r;
}

static int check_effects(struct tl_draft *d)
{
	_cleanup_free_ bool *taken = NULL, *kept = NULL;
	size_t n;
	int r;

	tl_event_types(&n);
	taken = calloc(n + 1, sizeof(*taken));
	kept = calloc(n + 1, sizeof(*kept));
	if (!taken || !kept)
		return -ENOMEM;
	r = check_reached(d, taken);
	return r < 0 ? r : check_drops(d, kept);
}

/* ---- The whole ---- */

static int check_whole(struct tl_draft *d)
{
	const struct tl_policy_source *main = d->sources[0];
	const struct tl_yaml_node *root = main->yaml.root;
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < d->policy->n_rules; i++)
		kept += !d->policy->rules[i].drop;
	/* What is missing is so where the policy begins. */
	d->source = main;
	if (!d->has_rules)
		r = tl_draft_problem(d, root, "there are no rules: nothing would be audited");
	else if (d->policy->n_rules && !kept)
		r = tl_draft_problem(d, root, "all rules drop their events: nothing would be audited");
	if (r >= 0 && !d->has_outputs)
		r = tl_draft_problem(d, root, "there are no outputs: events would go nowhere");
	return r;
}

int tl_policy_check(struct tl_draft *d)
{
	int r;

	/* What is missing may be in what could not be read. */
	if (d->broken)
		return 0;
	r = resolve_names(d);
	if (r >= 0)
		r = check_whole(d);
	return r < 0 ? r : check_effects(d);
}
