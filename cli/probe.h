/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks the kernel how it would let events be hooked, without hooking any. */
#ifndef TRACELEFT_PROBE_H
#define TRACELEFT_PROBE_H

#include "traceleft.h"

/* kinds[i]: static text for types[i], as tl_session_attach_kind(), or NULL if
 * it has no handler here. All are asked for together: their number counts.
 * Errors are those of a session: -EPERM without the privileges. */
int tl_probe_attach(const struct tl_event_type *const *types, size_t n, const char **kinds);

#endif
