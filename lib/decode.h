/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a record to a decoded event, in parts. All fill s->event, in which the type,
 * the arguments and what was captured are already. */
#ifndef TRACELEFT_DECODE_H
#define TRACELEFT_DECODE_H

#include "session.h"

/* What the sections of a record hold, found in one pass. */
struct tl_parts {
	struct tl_bytes path[TL_PATH_INDEXES]; /* components, leaf first; flags: TL_SECTION_* */
	struct tl_bytes name[TL_PATH_INDEXES];
	const struct tl_file_facts *file[TL_PATH_INDEXES];
	const struct tl_socket_facts *socket;
	const struct tl_traffic_facts *traffic;
	struct tl_bytes addresses; /* of messages that were not captured */
	struct tl_bytes dns[TL_DNS_MESSAGES_MAX];
	size_t n_dns;
	const struct tl_task_facts *task;
	const struct tl_namespaces *namespaces;
	const struct tl_identity_facts *identity[2];
	const struct tl_other_facts *other, *peer;
	struct tl_bytes argv;
	uint8_t copied; /* bit per argument, from 1 on: it is what the kernel goes by */
};

/* TL_VALUE_* of a section's flags. */
static inline uint32_t tl_decode_flags(uint32_t section_flags)
{
	return TL_VALUE_PRESENT | (section_flags & TL_SECTION_TRUNCATED ? TL_VALUE_TRUNCATED : 0) |
	       (section_flags & TL_SECTION_FAULT ? TL_VALUE_FAULT : 0) |
	       (section_flags & TL_SECTION_DELETED ? TL_VALUE_DELETED : 0) |
	       (section_flags & TL_SECTION_DETACHED ? TL_VALUE_DETACHED : 0);
}

/* A path that the kernel part climbed, in the text that belongs to the event; empty if it did not. */
struct tl_bytes tl_decode_path(struct tl_session *s, const struct tl_bytes *components,
			       const struct tl_file_facts *facts);
/* facts may be NULL. */
void tl_decode_facts(struct tl_file *file, const struct tl_file_facts *facts);
/* The file and the target; what was asked for, where the kernel part has not found out. */
void tl_decode_paths(struct tl_session *s, const struct tl_parts *p, const struct tl_event_type *type);

/* Another process; NULL if it is gone. */
const struct tl_process *tl_decode_other(struct tl_session *s, const struct tl_other_facts *facts);

/* The ends of a call's socket. Returns whether it is one that takes what comes in. */
bool tl_decode_socket(struct tl_session *s, const struct tl_parts *p);
/* What is asked and answered of names in what was sent or received. */
void tl_decode_dns(struct tl_session *s, const struct tl_parts *p);
/* The names by which the other ends were found. */
void tl_decode_domain(struct tl_session *s, bool incoming);
/* All of an event of a connection. */
void tl_decode_network(struct tl_session *s, const struct tl_parts *p);

#endif
