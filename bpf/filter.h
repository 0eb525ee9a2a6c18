/* SPDX-License-Identifier: GPL-2.0 */
/* Which events nobody can want: what rules ask for beyond the event's name. */
#ifndef TRACELEFT_FILTER_H
#define TRACELEFT_FILTER_H

#include "check.h"
#include "record.h"

/* By tl_plan.filter; max_entries is set when loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_filter);
} filters SEC(".maps");

/* May somebody want the event? What there is no answer to may be wanted. */
static __always_inline bool tl_filter_passes(__u32 key, const struct tl_call *call)
{
	const struct tl_filter *filter = bpf_map_lookup_elem(&filters, &key);

	return !filter || tl_checks_met(filter, call->data);
}

#endif
