// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel part can decide of a policy's rules, into a session. */
#include <errno.h>

#include "filter.h"
#include "policy.h"
#include "util.h"

int tl_policy_filter_of(const struct tl_policy *p, const struct tl_event_type *type, struct tl_filter_test *ret)
{
	_cleanup_free_ const struct tl_expression **conditions = calloc(p->n_rules + 1, sizeof(*conditions));
	size_t n = 0;

	for (size_t i = 0; i < p->n_rules && conditions; i++)
		if (!p->rules[i].drop && tl_policy_rule_names(p, i, type))
			conditions[n++] = p->rules[i].where;
	return conditions ? tl_filter_make(conditions, n, type, ret) : -ENOMEM;
}

int tl_policy_apply_filters(const struct tl_policy *p, struct tl_session *s)
{
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	const struct tl_event_type *type;
	int r = 0;

	for (size_t i = 0; r >= 0 && (type = tl_session_event_type(s, i)); i++) {
		int n = tl_policy_filter_of(p, type, tests);

		/* Without one all of it is decided by the reader. */
		if (n > 0)
			r = tl_session_set_filter(s, type->name, tests, (size_t)n);
	}
	return r;
}
