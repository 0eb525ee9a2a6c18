// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel part can decide of a policy's rules, into a session. */
#include <errno.h>

#include "filter.h"
#include "policy.h"
#include "util.h"

/* Of the rules that keep events of the type; free() it. */
static const struct tl_expression **conditions_of(const struct tl_policy *p, const struct tl_event_type *type,
						  size_t *ret_n)
{
	const struct tl_expression **conditions = calloc(p->n_rules + 1, sizeof(*conditions));

	*ret_n = 0;
	for (size_t i = 0; i < p->n_rules && conditions; i++)
		if (!p->rules[i].drop && tl_policy_rule_names(p, i, type))
			conditions[(*ret_n)++] = p->rules[i].where;
	return conditions;
}

int tl_policy_filter_of(const struct tl_policy *p, const struct tl_event_type *type)
{
	size_t n;
	_cleanup_free_ const struct tl_expression **conditions = conditions_of(p, type, &n);
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	int r = -ENOMEM;

	for (enum tl_filter_time time = 0; time < TL_FILTER_TIMES && conditions && r <= 0; time++)
		r = tl_filter_make(conditions, n, type, time, tests);
	return r;
}

int tl_policy_apply_filters(const struct tl_policy *p, struct tl_session *s)
{
	const struct tl_event_type *type;
	int r = 0;

	for (size_t i = 0; r >= 0 && (type = tl_session_event_type(s, i)); i++) {
		size_t n;
		_cleanup_free_ const struct tl_expression **conditions = conditions_of(p, type, &n);

		r = conditions ? tl_filter_apply(conditions, n, type, s) : -ENOMEM;
	}
	return r;
}
