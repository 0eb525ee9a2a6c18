// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel part can count for a policy's rules, into a session. */
#include <errno.h>

#include "expression-internal.h"
#include "policy-parse.h"
#include "util.h"

/* Whether it is the same for all events of the type that are counted together. */
static bool is_common(const struct tl_reference *r, const struct tl_event_type *type, bool *objects)
{
	if (!tl_reference_resolve(r, type, &(struct tl_resolved){ 0 }))
		return true; /* none of them has it */
	if (r->source != TL_REFERENCE_FIELD || !(r->field->flags & (TL_FIELD_COUNTED | TL_FIELD_OBJECT)))
		return false;
	*objects |= r->field->flags & TL_FIELD_OBJECT;
	return true;
}

static bool condition_is_common(const struct tl_expression *e, const struct tl_event_type *type, bool *objects)
{
	for (uint32_t i = 0; e && i < e->n; i++) {
		const struct tl_insn *insn = &e->insns[i];

		if (insn->op == TL_INSN_COMPARE &&
		    (!is_common(&insn->left, type, objects) ||
		     (insn->right_is_field && !is_common(&insn->right, type, objects))))
			return false;
	}
	return true;
}

/* Whether all that the rule does with an event it does with those counted with it. */
static bool rule_only_counts(const struct tl_policy_rule *rule, const struct tl_event_type *type, bool *objects)
{
	if (!condition_is_common(rule->where, type, objects))
		return false;
	if (rule->drop)
		return true;
	if (!rule->counts || rule->emit == TL_EMIT_LAST || rule->sample || rule->limit || rule->distinct)
		return false;
	for (size_t i = 0; i < rule->n_by; i++)
		if (!is_common(rule->by_fields[i], type, objects))
			return false;
	return true;
}

bool tl_policy_counts(const struct tl_policy *p, const struct tl_event_type *type, bool *ret_objects)
{
	bool objects = false, counts = false;

	for (size_t i = 0; i < p->n_rules; i++) {
		if (!tl_policy_rule_names(p, i, type))
			continue;
		if (!rule_only_counts(&p->rules[i], type, &objects))
			return false;
		counts |= !p->rules[i].drop;
	}
	if (!counts || !tl_event_type_countable(type, objects))
		return false;
	*ret_objects = objects;
	return true;
}

static int count_type(struct tl_policy *p, struct tl_session *s, const struct tl_event_type *type)
{
	bool objects = false;
	int r;

	if (!tl_policy_counts(p, type, &objects))
		return 0;
	r = tl_session_set_counted(s, type->name, objects);
	/* Another description of the event, or nobody asked for it here. */
	if (r == -EOPNOTSUPP || r == -ENOENT)
		return 0;
	for (size_t i = 0; i < p->n_rules && r >= 0; i++)
		if (tl_policy_rule_names(p, i, type) && p->rules[i].counts)
			r = tl_rule_index_count(p->index, i);
	return r;
}

int tl_policy_apply_counts(struct tl_policy *p, struct tl_session *s)
{
	const struct tl_event_type *type;
	int r = 0;

	for (size_t i = 0; r >= 0 && (type = tl_session_event_type(s, i)); i++)
		r = count_type(p, s, type);
	return r;
}
