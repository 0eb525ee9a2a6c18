/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions of the kernel that are given the very object of a call that names it.
 * Where they can be hooked, what such a call says of its object is no claim.
 */
#ifndef TRACELEFT_OBJECT_HOOKS_H
#define TRACELEFT_OBJECT_HOOKS_H

#include "session.h"

/* Whether one of these functions is given the object of calls of this type. */
bool tl_has_object_hook(const struct tl_event_type *type);

/* Whether a program of the kernel part is one of these hooks. */
bool tl_object_program_is(const char *name);
/* Whether somebody's event needs it. After tl_attach_plan(). */
bool tl_object_program_needed(const struct tl_session *s, const char *name);

/* Puts the programs on the functions. After load; 0, or a negative errno with its message in s. */
int tl_object_hooks_attach(struct tl_session *s);

#endif
