/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of events as the build generates it from policy/events.yaml. */
#ifndef TRACELEFT_TYPES_H
#define TRACELEFT_TYPES_H

#include "traceleft.h"

extern const struct tl_event_type tl_builtin_types[];
extern const size_t tl_n_builtin_types;

#endif
