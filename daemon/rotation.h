/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that were full. NAME becomes NAME.000001, the next one NAME.000002 and
 * so on, whatever the clock does: the highest number is the newest. Compressed
 * ones end in .gz; that is done by a child, which is looked after in
 * tl_rotation_tick().
 */
#ifndef TRACELEFT_DAEMON_ROTATION_H
#define TRACELEFT_DAEMON_ROTATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tl_rotation {
	int directory; /* borrowed */
	char *name;
	uint32_t keep; /* old files at most */
	bool compress;
	uint32_t last; /* highest number in use */
	uint32_t done; /* highest one at the last tick: up to there, nothing of it comes once more after a kill */
	pid_t child; /* compresses file number `compressing`; 0: none */
	uint32_t compressing;
	uint32_t pause; /* ticks until compression is tried again after a failure */
	bool settled; /* nothing to do until the next shift */
};

/* Looks what is there; takes away what a compression left undone. */
int tl_rotation_init(struct tl_rotation *r, int directory, const char *name, uint32_t keep, bool compress);
/* Ends the child, frees the name. */
void tl_rotation_done(struct tl_rotation *r);

/* Gives the file NAME the next number. -ENOENT: there is none. */
int tl_rotation_shift(struct tl_rotation *r);

/* Opens the one of that number to read. -ENOENT: there is none, or it is compressed. */
int tl_rotation_open(const struct tl_rotation *r, uint32_t number);

/* Takes away the oldest beyond `keep`, compresses one that was there at the last tick. Waits for nothing. */
int tl_rotation_tidy(struct tl_rotation *r);
/* Same, when all that is in them has been settled. */
int tl_rotation_tick(struct tl_rotation *r);

#endif
