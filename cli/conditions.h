/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of a policy's target, for those who read its plan. */
#ifndef TRACELEFT_CONDITIONS_H
#define TRACELEFT_CONDITIONS_H

#include "encode.h"
#include "policy.h"

/* " uid 0, 1000-1999 comm make not executable /usr/bin/sshd", or nothing. */
void tl_conditions_text(struct tl_buffer *b, const struct tl_policy_target *t);

/* As members "conditions" and "not_executables" of an object. */
void tl_conditions_json(struct tl_buffer *b, const struct tl_policy_target *t);

#endif
