/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_ATTACH_H
#define TRACELEFT_ATTACH_H

#include "session.h"

/* Decides how each loaded event is hooked: fills events[].kinds. Before load. */
int tl_attach_plan(struct tl_session *s);
/* Loads the copies and attaches everything: process hooks first. After load. */
int tl_attach_all(struct tl_session *s);
void tl_detach_all(struct tl_session *s);

/*
 * Name of the program that has to see the call when it begins, too: for objects
 * that are gone afterwards, descriptors that another thread may change meanwhile,
 * and how an exec was asked for where no tracepoint tells. NULL: none. Programs on
 * the tracepoint of all calls end in _raw_tp instead of _hook.
 */
const char *tl_entry_program(const struct tl_session *s, const struct tl_event_type *type);

/* Puts a program on the tracepoint of that name; NULL: on what it was loaded for. */
int tl_attach_trace(struct tl_session *s, int program, const char *tracepoint);

/* It is the session's from now on. */
int tl_keep_link(struct tl_session *s, int fd);

/* A stage and the program that is copied for it. */
struct tl_stage_program {
	enum tl_stage stage;
	const char *name;
};
/* Fills the array of programs of a kind: these stages, and the handlers of its events. */
int tl_chain(struct tl_session *s, enum tl_kind kind, uint32_t btf_id, const struct tl_stage_program *stages, size_t n);

#endif
