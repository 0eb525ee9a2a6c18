// SPDX-License-Identifier: GPL-2.0-or-later
#include "where.h"

int tl_where_compile(const struct tl_verb *verb, const char *where, const struct tl_event_type *const *types, size_t n,
		     struct tl_expression **ret)
{
	struct tl_expression_error error;
	int r = tl_expression_compile(where, types, n, ret, &error);

	if (r == -EINVAL)
		return tl_usage_error(verb, "--where: column %u: %s", error.column, error.message);
	if (r < 0)
		return tl_print_errno(r, "--where");
	for (unsigned i = 0; i < error.n_warnings; i++)
		tl_print_warning("--where: column %u: %s", error.warning[i].column, error.warning[i].message);
	return TL_EXIT_OK;
}
