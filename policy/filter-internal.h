/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Used by policy/filter*.c only. */
#ifndef TRACELEFT_POLICY_FILTER_INTERNAL_H
#define TRACELEFT_POLICY_FILTER_INTERNAL_H

#include "expression-internal.h"
#include "filter.h"

/* A comparison as the kernel part makes it: true if one of the tests comes out as
 * it is to. Where they go on is not filled in. */
#define TL_FILTER_ANY_MAX 16
#define TL_FILTER_MORE_MAX 2
struct tl_filter_any {
	struct {
		struct tl_filter_test test;
		bool is_true; /* what it is to come out as */
		struct tl_filter_test more[TL_FILTER_MORE_MAX]; /* and these all are to be true */
		size_t n_more;
	} any[TL_FILTER_ANY_MAX];
	size_t n; /* 0: it is never true */
	bool always; /* it is always true */
	bool is_not; /* the whole is turned over: false if one comes out so */
	bool is_part; /* it is true for more than what is wanted */
};

/* Whether the field is there when the filter is looked at. */
bool tl_filter_is_there(const struct tl_filter_test *test, enum tl_filter_time time);

/* For events of the type. False: the kernel part cannot make it at that time. */
bool tl_filter_compare(const struct tl_insn *insn, const struct tl_event_type *type, enum tl_filter_time time,
		       struct tl_filter_any *ret);
/* Same, of texts of which `test` says what is looked at. */
bool tl_filter_compare_text(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *ret);
/* Same, of names of threads. */
bool tl_filter_compare_name(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *ret);
/* Same, of addresses; `test` says of which end. */
bool tl_filter_compare_address(const struct tl_insn *insn, const struct tl_filter_test *test,
			       struct tl_filter_any *ret);

#endif
