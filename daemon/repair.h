/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_REPAIR_H
#define TRACELEFT_DAEMON_REPAIR_H

#include <stdbool.h>
#include <sys/types.h>

/* Removes what stands behind the last whole line, or event of protobuf, of a
 * file (opened for reading and writing). Returns 1 if there was something, 0 if
 * not. -EBADMSG: there is something that is none of ours. */
int tl_repair_tail(int fd, bool is_proto);

/* Where the first whole line, or event of protobuf, begins at `from` or behind it, in a file that
 * ends with a whole one. Errors as above. */
int tl_repair_begin(int fd, bool is_proto, off_t from, off_t *ret);

/* Goes from event to event of protobuf in a file of `size` bytes. Set the first four. */
struct tl_event_walk {
	int fd;
	off_t size;
	char *chunk; /* TL_WALK_CHUNK bytes */
	off_t at; /* where the event begins; add its length to go on */
	off_t base, end; /* what is in the chunk */
	const char *data; /* the event, its length in front */
	size_t seen; /* bytes that can be read there: `need`, or all to the file's end, or more */
	size_t length; /* of the event, which may be more */
};
#define TL_WALK_CHUNK (64 * 1024)
/* 1: a whole event begins there; 0: the file ends before that; -EILSEQ: none does; others: of reading. */
int tl_walk_see(struct tl_event_walk *w, size_t need);

/* Reads all `size` bytes at `at`. -EIO: there are fewer. */
int tl_read_at(int fd, char *to, size_t size, off_t at);

#endif
