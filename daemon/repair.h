/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_REPAIR_H
#define TRACELEFT_DAEMON_REPAIR_H

/* Removes what stands behind the last newline of a file (opened for reading and
 * writing). Returns 1 if there was something, 0 if not. -EBADMSG: the file has
 * one line, unfinished, that is none of ours. */
int tl_repair_tail(int fd);

#endif
