// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy's targets and handlers, into a session. */
#include <string.h>

#include "policy.h"
#include "util.h"

static int add_target(struct tl_session *s, const struct tl_policy_target *t)
{
	const struct tl_target_spec spec = {
		.name = t->name,
		.everything = t->everything,
		.descendants = t->descendants,
		.pids = t->pids,
		.n_pids = t->n_pids,
		.executables = (const char *const *)t->executables,
		.n_executables = t->n_executables,
		.cgroups = (const char *const *)t->cgroups,
		.n_cgroups = t->n_cgroups,
		.units = (const char *const *)t->units,
		.n_units = t->n_units,
		.not_executables = (const char *const *)t->not_executables,
		.n_not_executables = t->n_not_executables,
		.conditions = t->conditions,
		.n_conditions = t->n_conditions,
	};
	uint32_t id;

	return tl_session_add_target(s, &spec, &id);
}

static int add_everything(struct tl_session *s)
{
	const struct tl_target_spec spec = { .name = "everything", .everything = true };
	uint32_t id;

	return tl_session_add_target(s, &spec, &id);
}

static bool needs_everything(const struct tl_policy *p)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (!p->rules[i].n_targets && !p->rules[i].drop)
			return true;
	return false;
}

/* What the session is asked for: the handler of the battery. One that captures
 * more than that would be compiled here, and its path returned. */
static const char *handler_for(const struct tl_policy_rule *rule, const struct tl_event_type *type)
{
	(void)rule;
	return type->name;
}

/* done: a byte per target and type of event. */
static int add_handlers(const struct tl_policy_rule *rule, struct tl_session *s, uint32_t target, bool *done)
{
	const struct tl_event_type *types = tl_event_types(&(size_t){ 0 });

	for (size_t i = 0; i < rule->n_events; i++) {
		const struct tl_event_type *type = rule->events[i];
		int r;

		if (done[type - types])
			continue;
		done[type - types] = true;
		r = tl_session_add_handler(s, target, handler_for(rule, type), 0);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rule(const struct tl_policy *p, const struct tl_policy_rule *rule, struct tl_session *s, bool *done,
		    size_t n)
{
	/* What is only dropped need not be seen. */
	if (rule->drop)
		return 0;
	if (!rule->n_targets)
		return add_handlers(rule, s, (uint32_t)p->n_targets, done + p->n_targets * n);
	for (size_t i = 0; i < rule->n_targets; i++) {
		int r = add_handlers(rule, s, rule->targets[i], done + rule->targets[i] * n);

		if (r < 0)
			return r;
	}
	return 0;
}

int tl_policy_apply_targets(const struct tl_policy *p, struct tl_session *s)
{
	int r = 0;

	for (size_t i = 0; i < p->n_untracked_pids && r >= 0; i++)
		r = tl_session_add_untracked(s, p->untracked_pids[i]);
	for (size_t i = 0; i < p->n_untracked_executables && r >= 0; i++)
		r = tl_session_add_untracked_executable(s, p->untracked_executables[i]);
	for (size_t i = 0; i < p->n_targets && r >= 0; i++)
		r = add_target(s, &p->targets[i]);
	return r;
}

int tl_policy_apply(const struct tl_policy *p, struct tl_session *s)
{
	_cleanup_free_ bool *done = NULL;
	size_t n;
	int r;

	tl_event_types(&n);
	done = calloc((p->n_targets + 1) * n + 1, sizeof(*done));
	if (!done)
		return -ENOMEM;
	r = tl_policy_apply_targets(p, s);
	if (r >= 0 && needs_everything(p))
		r = add_everything(s);
	for (size_t i = 0; i < p->n_rules && r >= 0; i++)
		r = add_rule(p, &p->rules[i], s, done, n);
	return r;
}
