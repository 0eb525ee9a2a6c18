/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's folder below /run: one daemon at a time, and what it is doing. */
#ifndef TRACELEFT_DAEMON_RUNTIME_H
#define TRACELEFT_DAEMON_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TL_STATUS_FILE "status.json" /* there while a daemon runs, and when one was killed */

struct tl_runtime {
	int directory;
	int lock;
	/* Of a daemon before this one that has ended without a stop: its process, 0: there is none. */
	pid_t lost;
	bool left; /* it has ended, but left its session to the next one */
	bool waited; /* its outputs had not got rid of all that they were given */
	/* One before had declared an outage, but its outputs have it not: what is missing is missing since `last_heard`. */
	bool owed;
	bool cut; /* it had not ended when the machine did */
	uint64_t last_heard; /* when that daemon was, ns since the epoch; 0: nobody knows */
};

/* Opens the folder ($RUNTIME_DIRECTORY, else /run/traceleft; made if needed), looks into
 * $STATE_DIRECTORY if that is set, and takes the lock in it. -EBUSY: another one has it; *ret_holder is its pid, 0 if unknown. */
int tl_runtime_open(struct tl_runtime *r, pid_t *ret_holder);
void tl_runtime_close(struct tl_runtime *r);
/* The next one is to know that it is the next one at once. */
void tl_runtime_leave(struct tl_runtime *r);
/* All that was to be said about the one before is said, to this process, which works now. */
void tl_runtime_forget(struct tl_runtime *r);
/* It ends as it should. Nothing is to be said about it, but for events that its outputs left unwritten. */
void tl_runtime_stop(struct tl_runtime *r, bool unwritten);
/* Until nothing waits any more the next one is to declare the outage before this one again. Before tl_runtime_forget(). */
void tl_runtime_owe(struct tl_runtime *r);
/* What the next one is to know of outputs if this one does not live. */
void tl_runtime_wait(struct tl_runtime *r, bool waits);

/* Replaces a file there in one step; readable by the group traceleft. */
int tl_runtime_write(struct tl_runtime *r, const char *name, const void *data, size_t size);
/* A listening, non-blocking socket of that name there, for root and the group traceleft.
 * Returns its descriptor, or a negative errno. */
int tl_runtime_listen(struct tl_runtime *r, const char *name);
void tl_runtime_remove(struct tl_runtime *r, const char *name);

/* Group of those who may read what TraceLeft writes; -1: there is none. From
 * /etc/group alone, so that nothing waits for a network. */
gid_t tl_readers_group(void);

#endif
