/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_REPAIR_H
#define TRACELEFT_DAEMON_REPAIR_H

#include <stdbool.h>
#include <sys/types.h>

/* Removes what stands behind the last whole line, or event of protobuf, of a
 * file (opened for reading and writing). Returns 1 if there was something, 0 if
 * not. -EBADMSG: there is something that is none of ours. */
int tl_repair_tail(int fd, bool is_proto);

/* Notes at a file of protobuf, in an attribute, that one of its events ends there, so that the end, or an event before
 * it, is not looked for from its beginning on. It has the last two notes. Where the file system takes no such
 * attribute only time is lost. */
void tl_repair_note(int fd, off_t at);
/* What was noted last that is not behind `most`; 0, where the file begins, if nothing was. */
off_t tl_repair_noted(int fd, off_t most);
/* Bytes between two notes: so many, and as many again where a place before the end is wanted, are read at most. */
#define TL_REPAIR_NOTE_EVERY (16 << 20)

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
