/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that wait on the disk, the oldest first, in files of a folder of their
 * own: NNNNNNNNNN.seg, each removed when all in it was sent. What is there after
 * a crash goes on from where it was; what is damaged is stepped over and told.
 */
#ifndef TRACELEFT_DAEMON_SPOOL_H
#define TRACELEFT_DAEMON_SPOOL_H

#include "block.h"

struct tl_spool;

struct tl_spool_setup {
	const char *path; /* the folder; made if it is not there */
	uint64_t size; /* bytes of all files at most */
	bool drop_oldest; /* when it is full; else what is new is refused */
	/* Events that will not be sent: dropped, or damaged. ranges: n of them, for
	 * `events` events; of damage without a head nothing is known: n and events are 0. */
	void (*lost)(const struct tl_block_range *ranges, uint32_t n, uint32_t events, const char *why, void *userdata);
	void *userdata;
};

/* Takes up what is there. -EBUSY: another one has it; -EPERM: others may write
 * there; or what the disk says. */
int tl_spool_open(const struct tl_spool_setup *setup, struct tl_spool **ret);
/* Closes; what waits stays. Returns NULL. */
struct tl_spool *tl_spool_free(struct tl_spool *s);

/* Puts a block at the end. -EDQUOT: there is no room; or what the disk says. Then
 * nothing of it is there. */
int tl_spool_add(struct tl_spool *s, const struct tl_block *block);

/* Reads the oldest block that waits. It stays until tl_spool_done(). -ENODATA:
 * there is none; or what the disk says. */
int tl_spool_peek(struct tl_spool *s, struct tl_block *ret);
/* The block of the last peek was sent, or is given up. */
void tl_spool_done(struct tl_spool *s);

/* Events and bytes of what waits. */
uint64_t tl_spool_events(const struct tl_spool *s);
uint64_t tl_spool_bytes(const struct tl_spool *s);

#endif
