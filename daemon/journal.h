/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The native protocol of systemd-journald, as far as a sender that must never
 * wait needs it. See https://systemd.io/JOURNAL_NATIVE_PROTOCOL */
#ifndef TRACELEFT_DAEMON_JOURNAL_H
#define TRACELEFT_DAEMON_JOURNAL_H

#include "encode.h"

#define TL_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A connected, non-blocking socket; the caller closes it. -ENOENT or
 * -ECONNREFUSED where no journald listens. */
int tl_journal_open(const char *path, int *ret_fd);

/* Sends one entry. -EAGAIN: the socket is full; it becomes writable (EPOLLOUT).
 * -ECONNREFUSED and others: open it anew. */
int tl_journal_send(int fd, const void *entry, size_t size);

/* Appends a field. name: upper-case letters, digits and _, at most 64. A value
 * with a newline goes with its length in front, so that it cannot be taken for
 * two fields. */
void tl_journal_field(struct tl_buffer *b, const char *name, const void *value, size_t size);

#endif
