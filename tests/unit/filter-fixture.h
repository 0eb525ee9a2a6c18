/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions, for the tests of what the kernel part makes of them. */
#ifndef TRACELEFT_FILTER_FIXTURE_H
#define TRACELEFT_FILTER_FIXTURE_H

#include "expression.h"
#include "filter.h"

/* Whether all that it asks for is known in the kernel. */
static inline bool is_exact(const struct tl_expression *condition, const struct tl_event_type *type)
{
	enum tl_filter_maker maker = TL_FILTER_BY_KERNEL;

	for (size_t i = 0; maker == TL_FILTER_BY_KERNEL && tl_filter_comparison(condition, i, &type, 1, &maker); i++)
		;
	return maker == TL_FILTER_BY_KERNEL;
}

static inline struct tl_expression *compile(const char *text)
{
	struct tl_expression_error error;
	struct tl_expression *e = NULL;

	if (tl_expression_compile(text, NULL, 0, &e, &error) < 0)
		fail_msg("%s: column %u: %s", text, error.column, error.message);
	return e;
}

#endif
