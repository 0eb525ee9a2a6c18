/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room on the disk that a file gets before it is written to: once for megabytes it costs
 * less than with each write. Its size says nothing of that. */
#ifndef TRACELEFT_DAEMON_FILE_AHEAD_H
#define TRACELEFT_DAEMON_FILE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#define TL_AHEAD_STEP (UINT64_C(8) << 20) /* bytes: more than that is never unused */

struct tl_ahead {
	uint64_t until; /* there is room for bytes before this one */
};

/* What a file has that has been opened: somebody who was killed may have taken some. */
void tl_ahead_init(struct tl_ahead *a, int fd);

/* Before n bytes are written behind `size` of them. most: what the file may come to. Nothing happens where
 * it would not serve, or where it is not to be had: the write itself says what is wrong. */
void tl_ahead_take(struct tl_ahead *a, int fd, uint64_t size, size_t n, uint64_t most);
/* Gives back what is left, of a file that is as large as we know it. */
void tl_ahead_give_back(struct tl_ahead *a, int fd, uint64_t size);

#endif
