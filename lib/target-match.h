/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which processes targets match now, without the kernel part: what /proc says of
 * each goes through the same patterns. */
#ifndef TRACELEFT_TARGET_MATCH_H
#define TRACELEFT_TARGET_MATCH_H

#include "traceleft.h"

struct tl_matched {
	uint32_t pid;
	char comm[16];
	const char *executable; /* "" of a kernel thread */
};

/* Called for each process and target that match, ordered by pid; what it points to
 * is valid during the call. */
typedef void (*tl_match_callback)(uint32_t target, const struct tl_matched *process, void *userdata);

/* Of a session whose targets have been added and that need not be started, nor be
 * complete: tl_session_new() may have refused it. The caller itself matches
 * nothing. Needs root to see the programs of others. Negative errno: the patterns
 * cannot be used (see tl_session_error()), no memory, no /proc. */
int tl_targets_match(struct tl_session *s, tl_match_callback callback, void *userdata);

#endif
