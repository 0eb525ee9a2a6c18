/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: who may ask (root, and members of the group traceleft), for
 * what (see control-request.h), and how much of it: requests are bounded in size
 * and time, clients in number. Nothing here waits for a client.
 */
#ifndef TRACELEFT_DAEMON_CONTROL_H
#define TRACELEFT_DAEMON_CONTROL_H

#include <systemd/sd-event.h>

#include "record.h"
#include "runtime.h"
#include "tail.h"

#define TL_CONTROL_CLIENTS_MAX 32 /* at a time */
#define TL_CONTROL_CLIENTS_RESERVED 4 /* of these, for root */
#define TL_CONTROL_TIME_MAX 5 /* seconds for a request, and for taking its answer */

struct tl_control;

struct tl_control_options {
	sd_event *event; /* borrowed, as all here */
	struct tl_runtime *runtime;
	struct tl_tails *tails; /* clients that want events are added, and removed when they go */
	/* Somebody wants the policy to be loaded again; who: for the audit record. Tells by
	 * the functions below how it goes. Negative: the daemon ends. */
	int (*reload)(void *userdata, const struct tl_sender *who);
	void *userdata;
};

/* Listens. Errors are those of socket(2), bind(2) and sd_event_add_io(3). */
int tl_control_new(const struct tl_control_options *options, struct tl_control **ret);
/* Answers who still waits, closes and removes the socket. NULL is fine. Returns NULL. */
struct tl_control *tl_control_free(struct tl_control *c);

/* Once per second. c may be NULL here and below. */
void tl_control_tick(struct tl_control *c);

/* A policy is being loaded: who has asked so far waits for the verdict on this one, ... */
void tl_control_reload_began(struct tl_control *c);
/* ... which is: text is what is in force, or why it was refused. */
void tl_control_reload_ended(struct tl_control *c, bool done, const char *text);

#endif
