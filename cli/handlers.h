/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are the handlers here that a policy needs? */
#ifndef TRACELEFT_HANDLERS_H
#define TRACELEFT_HANDLERS_H

#include "policy.h"

/* Each object that a rule's event needs and that cannot be used becomes a
 * problem; where there is no folder of handlers at all, one warning. Returns
 * 0 or -ENOMEM. */
int tl_handlers_check(const struct tl_policy *policy, struct tl_problems *problems);

#endif
