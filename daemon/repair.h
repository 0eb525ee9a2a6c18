/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_REPAIR_H
#define TRACELEFT_DAEMON_REPAIR_H

#include <stdbool.h>

/* Removes what stands behind the last whole line, or event of protobuf, of a
 * file (opened for reading and writing). Returns 1 if there was something, 0 if
 * not. -EBADMSG: there is something that is none of ours. */
int tl_repair_tail(int fd, bool is_proto);

#endif
