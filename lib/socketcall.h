/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* socketcall(2), one number of i386 for all that is done with sockets: which event each of its calls is. */
#ifndef TRACELEFT_SOCKETCALL_H
#define TRACELEFT_SOCKETCALL_H

#include <stdbool.h>
#include <stdint.h>

/* Event of the call whose number is its first argument, static, and how many
 * arguments that has there; NULL: there is none. */
const char *tl_socketcall_event(unsigned call, uint8_t *ret_n_args);
/* Whether an event comes by it, too. */
bool tl_is_by_socketcall(const char *event);

#endif
