/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socketcall(2) and ipc(2), numbers of i386 for all that is done with sockets and with
 * System V's objects: which event each of their calls is. */
#ifndef TRACELEFT_MULTIPLEXED_H
#define TRACELEFT_MULTIPLEXED_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

/* "socketcall", "ipc": the event of what is not wanted as what it is. */
extern const char *const tl_multiplexer_names[TL_MULTIPLEXERS];

/* Event of the call with that place in struct tl_config, static, and where its arguments
 * are; NULL: there is none. */
const char *tl_multiplexed_event(enum tl_multiplexer by, unsigned call, uint8_t ret_from[TL_ARGS]);
/* Whether an event comes that way, too. */
bool tl_is_multiplexed(const char *event, enum tl_multiplexer by);

#endif
