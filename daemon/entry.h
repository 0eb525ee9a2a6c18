/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_ENTRY_H
#define TRACELEFT_DAEMON_ENTRY_H

#include "encode.h"

/* Appends the fields of a journal entry, see traceleftd(8). -ENOMEM: b is as before. */
int tl_entry_encode(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);

#endif
