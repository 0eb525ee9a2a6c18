/* SPDX-License-Identifier: GPL-2.0 */
/* How the tests of a filter are gone through: compiled for the kernel, and for
 * the tests that compare it with what conditions mean elsewhere. */
#ifndef TRACELEFT_CHECK_H
#define TRACELEFT_CHECK_H

#include "wire.h"

#define TL_CHECK_OFFSETS 0xfc /* all there are in a record's header */

static inline __attribute__((always_inline)) __u64 tl_check_number(const struct tl_check *check, const __u8 *record)
{
	__u32 at = check->offset & TL_CHECK_OFFSETS;
	__u64 value = *(const __u32 *)(record + at) | (__u64) * (const __u32 *)(record + at + 4) << 32;

	value <<= check->left & 63;
	return check->is_signed ? (__u64)((__s64)value >> (check->right & 63)) : value >> (check->right & 63);
}

/* The test to go on with, or the answer. */
static inline __attribute__((always_inline)) __u32 tl_check_next(const struct tl_check *check, const __u8 *record)
{
	__u64 value = tl_check_number(check, record);
	int truth;

	if (check->kind == TL_CHECK_BITS) {
		truth = (value & check->low) == check->low;
	} else {
		value ^= (__u64)check->is_signed << 63;
		truth = check->low <= value && value <= check->high;
	}
	return truth ? check->if_true : check->if_false;
}

static inline __attribute__((always_inline)) int tl_checks_met(const struct tl_filter *filter, const __u8 *record)
{
	__u32 at = 0;

	for (int i = 0; i < TL_CHECKS_MAX; i++) {
		at = tl_check_next(&filter->checks[at & (TL_CHECKS_MAX - 1)], record);
		if (at >= TL_CHECKS_MAX)
			break;
	}
	return at != TL_CHECK_UNMET;
}

#endif
