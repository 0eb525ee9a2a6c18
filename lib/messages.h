/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as handlers capture them: struct tl_message and what follows it. */
#ifndef TRACELEFT_MESSAGES_H
#define TRACELEFT_MESSAGES_H

#include "traceleft.h"
#include "wire.h"

/* One of them; the bytes are those of what was captured. */
struct tl_message_view {
	struct tl_message head;
	struct tl_bytes name; /* the address; PRESENT if there is one */
	struct tl_bytes control; /* control data; PRESENT if there are some */
	struct tl_bytes vectors; /* struct tl_vector and bytes, one after the other */
};

/* The message at offset *at of `captured`, which grows to that of the next.
 * false: there is none, or it is not whole; then *ret is untouched. */
bool tl_message_next(const struct tl_bytes *captured, size_t *at, struct tl_message_view *ret);

/* The vector at offset *at, which grows to that of the next. *ret_length: as the
 * process gave it; *ret: the beginning of what went through. false: there is none. */
bool tl_vector_next(const struct tl_bytes *captured, size_t *at, uint64_t *ret_length, struct tl_bytes *ret);

#endif
