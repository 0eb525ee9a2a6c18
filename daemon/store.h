/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session in systemd's store of descriptors, where it is when this process has ended. */
#ifndef TRACELEFT_DAEMON_STORE_H
#define TRACELEFT_DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "traceleft.h"

#define TL_STORED_MAX 8 /* sessions: two where a process ended while one took over from the other */

struct tl_stored {
	int fd; /* socket of tl_session_keep() */
	unsigned long number; /* in its name */
};

/* Zero-initialised is empty. */
struct tl_store {
	struct tl_stored found[TL_STORED_MAX]; /* of processes before, the youngest first; not adopted */
	size_t n_found;
	bool had_any; /* when it was opened */
	unsigned long number; /* of the one that is stored; 0: none is */
};

/* Takes what systemd has handed to this process. -ENOMEM: it still has it for the next one. */
int tl_store_open(struct tl_store *s);
/* tl_session_adopt() of the youngest. -ENOENT: there is none. */
int tl_store_adopt(struct tl_store *s, struct tl_session *session);
/* Stores it in the place of the one before. 0 also where there is no store; then the session ends with the process. */
int tl_store_put(struct tl_store *s, struct tl_session *session);
/* Nothing of ours is in the store any more; the session that is, ends with tl_session_free(). */
void tl_store_clear(struct tl_store *s);
/* Ends sessions that were found and not adopted. May take tenths of a second for each hook. */
void tl_store_discard(struct tl_store *s);

/* Whether the one who stops this process is systemd, will start the next one at once, and has
 * something in store for it. false where nobody can tell. Waits for two seconds for each answer. */
bool tl_store_restarts(void);

#endif
