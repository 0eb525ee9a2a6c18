/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the comparisons of a rule's condition are made, for those who read its plan. */
#ifndef TRACELEFT_DECIDED_H
#define TRACELEFT_DECIDED_H

#include "encode.h"
#include "policy.h"

/* As lines of a rule, or nothing if it has no condition. types: its events that are
 * filtered in the kernel, n of them. */
void tl_decided_text(struct tl_buffer *b, const struct tl_policy_rule *rule, const struct tl_event_type *const *types,
		     size_t n);

/* As members "kernel" and "reader" of an object. */
void tl_decided_json(struct tl_buffer *b, const struct tl_policy_rule *rule, const struct tl_event_type *const *types,
		     size_t n);

#endif
