/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The option --where. */
#ifndef TRACELEFT_WHERE_H
#define TRACELEFT_WHERE_H

#include "cli.h"
#include "expression.h"

/* tl_expression_compile(), with what it says on stderr. Returns an exit status; only with
 * TL_EXIT_OK there is an expression, which is the caller's. */
int tl_where_compile(const struct tl_verb *verb, const char *where, const struct tl_event_type *const *types, size_t n,
		     struct tl_expression **ret);

#endif
