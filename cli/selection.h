/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a list of SPECs means: which handlers for which processes.
 *
 * Every process that is named is in one target, with the handlers of all SPECs
 * that name it, then those of the default SPECs: the process's own handler for
 * an event, else the default one, else none. The first SPEC that has an event
 * for a process counts.
 */
#ifndef TRACELEFT_SELECTION_H
#define TRACELEFT_SELECTION_H

#include "spec.h"
#include "traceleft.h"

struct tl_want {
	const char *what; /* as tl_session_add_handler() takes it; borrowed from the SPEC or the table */
	const struct tl_event_type *type;
	uint32_t program_id;
	size_t spec; /* index */
	bool spelling; /* added to an event by name: gives way to what was asked for */
};

struct tl_selection_target {
	char *name;
	uint32_t *pids; /* none: the default target, always the last one */
	size_t n_pids;
	struct tl_want *wants; /* one per event */
	size_t n_wants;
	uint32_t id; /* in the session, see tl_selection_apply() */
};

struct tl_selection {
	const struct tl_spec *const *specs; /* borrowed */
	size_t n_specs;
	struct tl_want **resolved; /* per SPEC: what its handlers stand for, explicit ones first */
	size_t *n_resolved;
	struct tl_selection_target *targets;
	size_t n_targets;
	struct tl_event_type **described; /* of handler files */
	size_t n_described;
	char message[320]; /* of the failure */
	char spellings[320]; /* what was added to events by name, "chmod: fchmodat; ..." */
	char hidden[320]; /* handler files that have no effect: "FILE; FILE" */
};

/* Resolves names, groups and files and makes the targets. -EINVAL: no such
 * event or group; -ENOENT: no such file; -EBADMSG: not a handler; each with a
 * message. *ret is to be freed in any case; the specs must outlive it. */
int tl_selection_make(const struct tl_spec *const *specs, size_t n_specs, struct tl_selection *ret);
void tl_selection_done(struct tl_selection *s);

/* Whether there is a default target. */
bool tl_selection_has_default(const struct tl_selection *s);

/* Adds all to a session. default_target: id of the target that stands for the
 * default one, TL_TARGET_DEFAULT: everything on the machine. On failure
 * s->message says what failed, without the session's reason. */
int tl_selection_apply(struct tl_selection *s, struct tl_session *session, uint32_t default_target);

/* Whether some SPEC asked for the event: it is wanted of a target that it has. */
bool tl_selection_wants(const struct tl_selection *s, const struct tl_event *event);

#endif
