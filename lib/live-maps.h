/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps that say whom to audit, and that the kernel part writes to as processes and control groups come and go. What
 * it does to them follows from the targets, and so it can be told from what somebody else does.
 */
#ifndef TRACELEFT_LIVE_MAPS_H
#define TRACELEFT_LIVE_MAPS_H

#include "session.h"

/* Control groups are taken as they are, unless it is a session that another process began. NULL: nothing is known
 * just now. */
struct tl_live_maps *tl_live_maps_new(struct tl_session *s);
struct tl_live_maps *tl_live_maps_free(struct tl_live_maps *m);

/* Calls back for each map that is not as the kernel part would have left it. */
void tl_live_maps_check(struct tl_live_maps *m, struct tl_session *s, tl_damage_callback callback, void *userdata);

#endif
