/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds events back that a rule matches: sample, limit, distinct. Used by policy/rules*.c only. */
#ifndef TRACELEFT_RULES_HOLD_H
#define TRACELEFT_RULES_HOLD_H

#include "encode.h"

struct tl_policy_rule;
struct tl_hold;

/* *ret is NULL if the rule holds nothing back. -ENOMEM. */
int tl_hold_new(const struct tl_policy_rule *rule, struct tl_hold **ret);
struct tl_hold *tl_hold_free(struct tl_hold *h);

/* Whether the event passes. *overflow is increased if its key found no room: it
 * shares one limit with all others like it, and is distinct. */
bool tl_hold_passes(struct tl_hold *h, const struct tl_event *event, uint64_t *overflow);

#endif
