/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is made from the table of events: the source of handlers, the built-in
 * table as C, the manual page. Needs of the project only lib/describe.c,
 * lib/entry-fields.c and lib/fields.c.
 * All of these write to `out` and return 0, or -EIO if `out` has failed.
 */
#ifndef TRACELEFT_GENERATE_H
#define TRACELEFT_GENERATE_H

#include <stdio.h>

#include "traceleft.h"

/* "handle_syscall_NAME": what the files of a handler are called. */
#define TL_HANDLER_NAME "handle_syscall_%s"
#define TL_HANDLER_SOURCE TL_HANDLER_NAME ".bpf.c"
#define TL_HANDLER_OBJECT TL_HANDLER_NAME ".bpf.o"

/* C source of the handler of a system call, written against bpf/handler.h. The
 * same event type always gives the same text. -EINVAL: not a system call, or
 * not well-formed; nothing is written then. */
int tl_generate_handler(FILE *out, const struct tl_event_type *t);

/* C source that defines tl_builtin_types and tl_n_builtin_types of lib/types.h. */
int tl_generate_table(FILE *out, const struct tl_event_type *types, size_t n);

/* traceleft.events(7) in the man(7) macros. */
int tl_generate_man(FILE *out, const struct tl_event_type *types, size_t n);
/* Its section about the fields of an event; failures stay in `out`. */
void tl_generate_man_fields(FILE *out);
/* What an event cannot say, and why. */
void tl_generate_man_limits(FILE *out);

#endif
