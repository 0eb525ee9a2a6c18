/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind arguments is looked at when the call has ended. */
#ifndef TRACELEFT_OVERWRITTEN_H
#define TRACELEFT_OVERWRITTEN_H

#include "traceleft.h"

/* Of what the process gave and the call then wrote over, as sigprocmask(how, &set, &set)
 * does, what was captured is not what was given: it is taken out of the event, which
 * is marked as incomplete. */
void tl_forget_overwritten(struct tl_event *event);

#endif
