/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the daemon's loop still comes round. A thread of its own looks, which has no rights, takes no lock and asks
 * for no memory, and says so in the log at once, as nobody else can: what the loop waits for may never come.
 *
 * What the loop has waited for a processor does not count: who is starved does not hang. Where this thread, too, came
 * late, the process was stopped or the machine was.
 */
#ifndef TRACELEFT_DAEMON_HEARTBEAT_H
#define TRACELEFT_DAEMON_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

struct tl_heartbeat;

/* Of the thread that calls this, whose signals are blocked. NULL: there is no memory or no thread for it. */
struct tl_heartbeat *tl_heartbeat_new(void);
/* NULL is fine, here and below. Returns NULL. */
struct tl_heartbeat *tl_heartbeat_free(struct tl_heartbeat *h);

/* The loop comes round. */
void tl_heartbeat_beat(struct tl_heartbeat *h);
/* What may take up to a minute and a half begins. */
void tl_heartbeat_pause(struct tl_heartbeat *h);
/* Whether it was said since the last call that the loop hangs; for how long it did, ns, and whether it worked all the
 * time or waited. After that has come to an end. */
bool tl_heartbeat_hung(struct tl_heartbeat *h, uint64_t *ret_ns, bool *ret_worked);

#endif
