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

/* The filter at that time of events of `type` that are wanted if they meet one of the
 * n conditions; NULL among them is met by all. If all that they ask takes too many tests, less is asked:
 * directories for paths, then no paths, then fewer fields. Returns how many tests there are, 0:
 * there is nothing to decide, or nothing that an earlier filter does not; -E2BIG: whatever is asked would take
 * more than TL_FILTER_TESTS_MAX; -ENOMEM. Texts belong to the conditions. */
int tl_filter_make(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		   enum tl_filter_time time, struct tl_filter_test *ret);

/* Into a session, for both times. Errors of tl_session_set_filter(). */
int tl_filter_apply(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		    struct tl_session *s);

/* Who makes a comparison; of several types what is later here counts. */
enum tl_filter_maker {
	TL_FILTER_BY_KERNEL,
	TL_FILTER_BY_BOTH, /* the kernel part asks less, the reader the rest */
	TL_FILTER_TOO_LONG, /* the reader: the list is too long for the kernel part */
	TL_FILTER_BY_READER, /* the kernel part does not have what is compared */
};

/* The i-th comparison of a condition as it was written, NULL after the last one. *ret_maker: for events of
 * the types. */
const char *tl_filter_comparison(const struct tl_expression *condition, size_t i,
				 const struct tl_event_type *const *types, size_t n_types,
				 enum tl_filter_maker *ret_maker);

#endif
