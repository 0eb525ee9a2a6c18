/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the messages of one call went, or came from: each end once, in the order of the messages. */
#ifndef TRACELEFT_FURTHER_H
#define TRACELEFT_FURTHER_H

#include "traceleft.h"
#include "wire.h"

#define TL_FURTHER_MAX (TL_ADDRESSES_MAX + TL_MESSAGES_MAX)
#define TL_FURTHER_TABLE 512 /* a power of two, larger than TL_FURTHER_MAX */

struct tl_further {
	struct tl_endpoint ends[TL_FURTHER_MAX]; /* without `first` */
	size_t n;
	const struct tl_endpoint *first;
	uint16_t table[TL_FURTHER_TABLE]; /* by hash: 1 + index; 0: free */
};

/* Empties it. `first` is the end of the first message, and has to live as long as ends are added. */
void tl_further_begin(struct tl_further *f, const struct tl_endpoint *first);

/* Unless it is there already, is the first one, or there is no more room. */
void tl_further_add(struct tl_further *f, const struct tl_endpoint *end);

#endif
