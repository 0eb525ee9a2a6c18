/* SPDX-License-Identifier: GPL-2.0 */
/* Which events nobody can want: what rules ask for beyond the event's name. */
#ifndef TRACELEFT_FILTER_H
#define TRACELEFT_FILTER_H

#include "ends.h"
#include "record.h"

/* By tl_plan.filter; max_entries is set when loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_filter);
} filters SEC(".maps");

/* A test, and which comes next. Global, with but numbers as its arguments: the verifier
 * looks at it once, and not for each turn of the loop. */
__noinline int tl_filter_step(__u32 key, __u32 slot, __u32 at)
{
	const struct tl_filter *filter = bpf_map_lookup_elem(&filters, &key);
	const struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	const struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	if (!filter || !call || !work)
		return TL_CHECK_MET;
	return tl_check_next(filter, &filter->checks[at & (TL_CHECKS_MAX - 1)], call->data, &work->parts);
}

__noinline int tl_filter_find_parts(__u32 key, __u32 slot)
{
	const struct tl_filter *filter = bpf_map_lookup_elem(&filters, &key);
	const struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	if (filter && call && work)
		tl_parts_find(&work->parts, call->data, call->record.size, filter->ends & TL_ENDS_ADDRESS);
	return 0;
}

/* 1: the tests are to be looked at. */
__noinline int tl_filter_find_ends(__u32 key, __u32 slot)
{
	const struct tl_filter *filter = bpf_map_lookup_elem(&filters, &key);
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	return filter && call && work &&
	       tl_ends_prepare(&work->parts, slot, call->data, call->record.size, filter->ends);
}

static __always_inline bool tl_filter_is_met(__u32 key, __u32 slot)
{
	__u32 at = 0;

	for (int i = 0; i < TL_CHECKS_MAX; i++) {
		at = tl_filter_step(key, slot, at);
		if (at >= TL_CHECKS_MAX)
			break;
	}
	return at != TL_CHECK_UNMET;
}

/* Same as tl_filter_passes(), of a record that is ready to be sent. */
__noinline int tl_filter_lets(__u32 key, __u32 slot)
{
	tl_filter_find_parts(key, slot);
	return !tl_filter_find_ends(key, slot) || tl_filter_is_met(key, slot);
}

/* May somebody want the event of the call in `slot`? What there is no answer to may be wanted. */
static __always_inline bool tl_filter_passes(const struct tl_plan *plan, const struct tl_call *call, __u32 slot)
{
	__u32 key = call->collected ? plan->late_filter : plan->filter;

	if (!key)
		return true;
	if (!call->collected)
		return tl_filter_is_met(key, slot);
	return tl_filter_lets(key, slot);
}

#endif
