/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What trace is asked for, as written: [[PROGRAM_ID:]PID[,PID...]:]HANDLER[,HANDLER...]
 * A HANDLER is the name of an event, =NAME for this one system call without its
 * other spellings, @GROUP, or the path of a handler object.
 */
#ifndef TRACELEFT_SPEC_H
#define TRACELEFT_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tl_spec_handler_kind {
	TL_SPEC_EVENT, /* by its name */
	TL_SPEC_EXACT, /* written with a '=', which is not part of the name */
	TL_SPEC_GROUP, /* written with an '@', which is not part of the name */
	TL_SPEC_FILE,
};

struct tl_spec_handler {
	enum tl_spec_handler_kind kind;
	char *name;
};

struct tl_spec {
	char *text; /* as given */
	uint32_t program_id; /* 0 where none was given */
	uint32_t *pids; /* none: the default handlers */
	size_t n_pids;
	struct tl_spec_handler *handlers; /* at least one */
	size_t n_handlers;
};

/* Where and why a SPEC was refused. */
struct tl_spec_error {
	size_t column; /* from 1 */
	char message[160];
};

/* On success *ret_spec is the caller's, for tl_spec_free(). -EINVAL, and then
 * *ret_error says what is wrong; -ENOMEM. */
int tl_spec_parse(const char *text, struct tl_spec **ret_spec, struct tl_spec_error *ret_error);
struct tl_spec *tl_spec_free(struct tl_spec *spec);

/* Reads "PID[,PID...]" alone; *ret_pids is the caller's. Errors as above. */
int tl_spec_parse_pids(const char *text, uint32_t **ret_pids, size_t *ret_n, struct tl_spec_error *ret_error);

static inline void tl_spec_freep(struct tl_spec **spec)
{
	tl_spec_free(*spec);
}

#endif
