/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules by what they ask for: `path == "/etc/passwd" and ...` cannot match an
 * event of another path. Many such rules are found by the event's value, not
 * one after the other.
 */
#ifndef TRACELEFT_RULES_KEYS_H
#define TRACELEFT_RULES_KEYS_H

#include "policy.h"

struct tl_rule_keys;

int tl_rule_keys_new(const struct tl_policy *p, struct tl_rule_keys **ret);
struct tl_rule_keys *tl_rule_keys_free(struct tl_rule_keys *k);

/* Which rules are worth a look, a bit each, as far as keys say; NULL: all.
 * candidates: those that are left; valid until the next call. */
const uint64_t *tl_rule_keys_find(struct tl_rule_keys *k, const uint64_t *candidates, const struct tl_event *event);

#endif
