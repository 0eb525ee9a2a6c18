/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that outlive their callback. */
#ifndef TRACELEFT_EVENT_COPY_H
#define TRACELEFT_EVENT_COPY_H

#include "traceleft.h"

/* A copy with everything that it points to, but for its type and its session.
 * Of whom is above the process's parent only pid, entity id and executable. NULL: no memory. */
struct tl_event *tl_event_copy(const struct tl_event *event);
/* Bytes that a copy takes. */
size_t tl_event_copy_size(const struct tl_event *event);
/* NULL is fine. Returns NULL. */
struct tl_event *tl_event_copy_free(struct tl_event *copy);

#endif
