/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands at the end of a file already. A process that goes on with the session of one that
 * was killed is told the last events once more, with the same numbers, and what is missing between
 * them; events that the other one had written are recognised here by their event.id, and numbers
 * that it had declared lost by the CPU, the stage and the time.
 */
#ifndef TRACELEFT_DAEMON_WRITTEN_H
#define TRACELEFT_DAEMON_WRITTEN_H

#include "key-table.h"
#include "traceleft.h"

struct tl_written_loss;

/* Zero-initialised is empty. */
struct tl_written {
	struct tl_key_table ids; /* event.id -> unsigned: how often it is there and was not taken */
	struct tl_written_loss *losses; /* what may still be declared again */
	size_t n_losses, losses_allocated;
};

void tl_written_done(struct tl_written *w);

/* Adds the events at the end of a file of whole lines of JSON, or of protobuf's events behind
 * their lengths: of its last TL_WRITTEN_BYTES. Results of aggregation and own records are none,
 * but for those that declare numbers lost.
 * -EBADMSG: there is something else in it, or no line ends; what was found before is kept. */
#define TL_WRITTEN_BYTES (16U << 20)
int tl_written_read(struct tl_written *w, int fd, bool is_proto);

/* Whether the event is among them; then it is no longer, for it may be there more than once. */
bool tl_written_take(struct tl_written *w, const struct tl_event *event);

/* Takes from a loss on that CPU the numbers that are declared in there. False: nothing of it is left. */
bool tl_written_cut(struct tl_written *w, uint32_t cpu, struct tl_lost *loss);

#endif
