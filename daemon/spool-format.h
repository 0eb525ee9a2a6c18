/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks in a file: a head, the ranges, the body. Nothing that is read is
 * trusted: both parts have checksums, and after damage the next block is found
 * by its mark.
 */
#ifndef TRACELEFT_DAEMON_SPOOL_FORMAT_H
#define TRACELEFT_DAEMON_SPOOL_FORMAT_H

#include <sys/types.h>

#include "block.h"

#define TL_SPOOL_MARK "TLBLOCK1"

struct tl_spool_head {
	char mark[8];
	uint32_t kind;
	uint32_t events;
	uint32_t n_ranges;
	uint32_t size; /* of the body */
	uint32_t check; /* CRC-32 of ranges and body */
	uint32_t head_check; /* CRC-32 of all before it */
	uint32_t sent; /* TL_SPOOL_SENT: it need not go out any more; in no checksum, written later */
	uint32_t pad;
};

_Static_assert(sizeof(struct tl_spool_head) == 40, "no holes");

#define TL_SPOOL_SENT 0x544e4553U /* another value than damage makes of 0 */

/* Bytes of the whole block. */
uint64_t tl_spool_block_size(const struct tl_spool_head *head);

/* Reads the head at `at` of a file of `size` bytes. -ENODATA: that is its end,
 * -EBADMSG: there is no whole block; others from the disk. */
int tl_spool_read_head(int fd, off_t at, off_t size, struct tl_spool_head *ret);

/* Where the next head is from `at` on, `size` if there is none. */
int tl_spool_find_head(int fd, off_t at, off_t size, off_t *ret);

/* Reads the block of a head. -EBADMSG: it is damaged. */
int tl_spool_read_block(int fd, off_t at, const struct tl_spool_head *head, struct tl_block *ret);

/* Reads its ranges only, unchecked: for telling what is lost with a damaged
 * one. *ret is the caller's. */
int tl_spool_read_ranges(int fd, off_t at, const struct tl_spool_head *head, struct tl_block_range **ret);

/* Writes a block at `at`, all of it or, after a failure, nothing. */
int tl_spool_write_block(int fd, off_t at, const struct tl_block *block, uint64_t *ret_size);

int tl_spool_mark_sent(int fd, off_t at);

#endif
