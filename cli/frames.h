/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a file of protobuf's events, each behind its length. */
#ifndef TRACELEFT_CLI_FRAMES_H
#define TRACELEFT_CLI_FRAMES_H

#include <stdint.h>
#include <stdio.h>

/* Zero-initialised but for `file`, which is borrowed. */
struct tl_frames {
	FILE *file;
	uint64_t at; /* where the event stands in the file */
	char *data; /* the event, its length in front; n bytes, of which `head` are the length */
	size_t n, head;
	size_t allocated;
};

/* Goes on to the next event. 1: it is there, 0: the file ends. -ENODATA: it ends within an event, of
 * which n bytes are there; -EILSEQ: no event begins there; others: of reading. */
int tl_frames_next(struct tl_frames *f);
void tl_frames_done(struct tl_frames *f);

#endif
