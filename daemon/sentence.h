/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_SENTENCE_H
#define TRACELEFT_DAEMON_SENTENCE_H

#include "encode.h"

/* Appends what happened as people would say it, harmless and without a newline:
 * "sh[1234] (alice) opened /etc/passwd for writing",
 * "sh[1234] (user 1000) could not open /etc/shadow for reading: Permission denied".
 * What does not fit sets b->failed. */
void tl_sentence(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);

#endif
