/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All outputs of a policy, in the policy's order. */
#ifndef TRACELEFT_DAEMON_OUTPUTS_H
#define TRACELEFT_DAEMON_OUTPUTS_H

#include "sink.h"

/* Zero-initialised is empty. */
struct tl_outputs {
	struct tl_sink **sink;
	size_t n;
};

/* Opens what the policy wants. An output of the old policy (both may be NULL)
 * that serves as it is, is taken over. All that cannot be opened is logged;
 * then nothing has changed. */
int tl_outputs_open(struct tl_outputs *ret, const struct tl_policy *policy, const struct tl_policy *old_policy,
		    const struct tl_outputs *old, struct sd_event *event);
/* Closes those that nobody else has; returns how many events they could not write. */
uint64_t tl_outputs_done(struct tl_outputs *o);

/* What goes with a record of our own: how grave it is. */
const struct tl_annotation *tl_outputs_annotation(const struct tl_event *event);
/* To each of them. */
void tl_outputs_write(struct tl_outputs *o, const struct tl_event *event);
void tl_outputs_flush(struct tl_outputs *o);
void tl_outputs_tick(struct tl_outputs *o);
/* Every output learns the new seals of the others. */
void tl_outputs_tell_seals(struct tl_outputs *o);
void tl_outputs_reopen(struct tl_outputs *o);
/* Events that a killed process had not written to the end come once more. */
void tl_outputs_come_again(struct tl_outputs *o);

#endif
