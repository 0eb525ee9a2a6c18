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

/* Reads all `size` bytes at `at`. -EIO: there are fewer. */
int tl_read_at(int fd, char *to, size_t size, off_t at);

#endif
