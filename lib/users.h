/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of users from /etc/passwd alone: the name service may block on a
 * network. Each thread keeps its own copy.
 */
#ifndef TRACELEFT_USERS_H
#define TRACELEFT_USERS_H

#include <stdint.h>

/* NULL if it has none. Valid until the next tl_users_check() or tl_users_done(). */
const char *tl_user_name(uint32_t uid);

/* Looks whether the file has changed, at most once per second. Returns a
 * number that changes when names may have. Cheap enough for once per event only
 * if the event's second is a new one. */
uint64_t tl_users_check(void);

/* For tests: another file than /etc/passwd. Not copied; NULL: back to the usual. */
void tl_users_set_path(const char *path);

void tl_users_done(void);

#endif
