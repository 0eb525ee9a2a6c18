/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_ATTACH_H
#define TRACELEFT_ATTACH_H

#include "session.h"

/* Decides how each loaded event is hooked: fills events[].kinds. Before load. */
int tl_attach_plan(struct tl_session *s);
/* Loads the copies and attaches everything: process hooks first. After load. */
int tl_attach_all(struct tl_session *s);
void tl_detach_all(struct tl_session *s);

#endif
