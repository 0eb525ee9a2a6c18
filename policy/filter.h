/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel part can decide of conditions. An event goes on if it meets one
 * of several; of each of them what the kernel part cannot know is taken to be as it
 * makes the condition true, so that it leaves out nothing that the whole condition
 * would keep. The reader looks at the whole afterwards.
 */
#ifndef TRACELEFT_POLICY_FILTER_H
#define TRACELEFT_POLICY_FILTER_H

#include "expression.h"
#include "traceleft.h"

/* The filter of events of `type` that are wanted if they meet one of the n
 * conditions; NULL among them is met by all. Returns how many tests there are, 0: the
 * kernel part has nothing to decide; -E2BIG: it would take more than
 * TL_FILTER_TESTS_MAX; -ENOMEM. */
int tl_filter_make(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		   struct tl_filter_test *ret);

/* The i-th comparison of a condition as it was written, NULL after the last one.
 * *ret_in_kernel: whether the kernel part has what it compares for all of the types. */
const char *tl_filter_comparison(const struct tl_expression *condition, size_t i,
				 const struct tl_event_type *const *types, size_t n_types, bool *ret_in_kernel);

#endif
