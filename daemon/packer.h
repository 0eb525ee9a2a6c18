/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A body that grows is compressed as it grows, so that the loop has little to do
 * when it is complete: to compress megabytes at once takes a tenth of a second.
 */
#ifndef TRACELEFT_DAEMON_PACKER_H
#define TRACELEFT_DAEMON_PACKER_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "encode.h"

struct tl_packer {
	z_stream z;
	bool begun;
	size_t taken; /* bytes of the body that have been compressed */
	unsigned long crc; /* of those */
	struct tl_buffer out;
};

/* Takes what is new in a body that has `size` bytes now, if that is worth it. */
void tl_packer_take(struct tl_packer *p, const char *body, size_t size);

/* Appends to ret: gzip of head and body, which is complete now. Empties p. -ENOMEM: then p is empty, too, and it may be
 * tried again. */
int tl_packer_finish(struct tl_packer *p, const char *head, size_t head_size, const char *body, size_t size,
		     struct tl_buffer *ret);

void tl_packer_done(struct tl_packer *p);

#endif
