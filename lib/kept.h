/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session that outlives the process that reads it. What it has in the kernel is held by
 * its descriptors, which lie as messages in a socket; whoever has the socket takes copies of
 * them and leaves the messages where they are. With the descriptors comes memory that says
 * what each of them is, and what the reader knew when it last knew that everything before
 * had been dealt with.
 */
#ifndef TRACELEFT_KEPT_H
#define TRACELEFT_KEPT_H

#include <sys/socket.h>

#include "session.h"

#define TL_KEPT_MAGIC 0x7470656b2d6c74ULL /* "tl-kept" */
#ifndef TL_KEPT_VERSION /* a test makes a program of another one */
#define TL_KEPT_VERSION 7 /* of all that follows */
#endif
#define TL_KEPT_DESCRIPTORS_MAX 4096
#define TL_KEPT_ATTEMPTS 3 /* who has failed so often fails for what comes next in the ring */
#define TL_KEPT_AT_ONCE 240 /* descriptors in a message; the kernel takes 253 */

enum tl_kept_what {
	TL_KEPT_MAP, /* index: in the kernel part */
	TL_KEPT_PROGRAM, /* same */
	TL_KEPT_ARRAY, /* of programs; index: enum tl_kind */
	TL_KEPT_COPY, /* a program; index: the place in loaded_programs */
	TL_KEPT_LINK,
	TL_KEPT_TALLY, /* a table of counts; index: which one */
};

struct tl_kept_descriptor {
	uint32_t what; /* enum tl_kept_what */
	uint32_t index;
};

struct tl_kept_event {
	uint8_t kinds[TL_KINDS];
	uint8_t absent;
};

/* Programs that are on a hook twice, by their places among the descriptors. */
struct tl_kept_twin {
	uint32_t first, again;
};

struct tl_kept_header {
	uint64_t magic;
	uint32_t version;
	uint32_t current; /* which of the two states holds */
	uint64_t fingerprint;
	uint64_t ring_size;
	uint32_t n_cpus, n_events, n_descriptors, n_twins;
	uint32_t number; /* of the session */
	uint32_t twice;
	uint32_t reader; /* pid of the process that reads it, which is not followed */
	uint32_t attempts; /* to go on with it, since one got on */
	uint32_t has_gap; /* a process ended in the middle of a change of sessions, and none has got on since */
	uint64_t note[TL_SESSION_NOTE_SIZE / sizeof(uint64_t)]; /* the caller's */
};

struct tl_kept_count {
	uint64_t received, malformed, internal;
	uint64_t fates[TL_FATES];
	uint64_t tallied[TL_FATES];
};

/* What the reader knows. Behind it come counts, one per event from 0 on, and streams. */
struct tl_kept_state {
	uint64_t position; /* in the ring: all before has been dealt with */
	uint64_t held; /* same, at most that: from there on there are events that more are counted like */
	uint64_t tick; /* of the last look for what is missing: what is found next was lost since */
	int64_t realtime_offset; /* of what comes next: told once more, it has the same time and event.id */
	uint64_t lost_before;
	struct tl_counters given_up;
	uint64_t refused_declared;
	uint64_t unplaced;
	uint64_t n_cgroups_refused;
	uint64_t unaudited_declared[TL_REFUSALS];
};

/* Where everything is in that memory. */
struct tl_kept_layout {
	size_t descriptors, events, twins, guard, states[2];
	size_t counts, streams; /* from the beginning of a state */
	size_t size;
};

struct tl_kept_layout tl_kept_layout(uint32_t n_cpus, uint32_t n_events, uint32_t n_descriptors, uint32_t n_twins);
void tl_kept_put(struct tl_session *s, struct tl_kept_state *state, const struct tl_kept_layout *layout);
void tl_kept_get(struct tl_session *s, const struct tl_kept_state *state, const struct tl_kept_layout *layout);

/* What the guard has noted, there; NULL: the session is not kept. */
struct tl_guard *tl_kept_guard(const struct tl_session *s);

/* All that the session is made from: its kernel part, handlers, targets and filters. */
uint64_t tl_fingerprint(const struct tl_session *s);

/* A message of the socket. */
struct tl_kept_message {
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(TL_KEPT_AT_ONCE * sizeof(int))];
	} control;
	const struct cmsghdr *rights; /* in it: the descriptors, which are the caller's now; NULL: it brings none */
	bool is_cut; /* there was no room for more of them */
};
/* The next one, without waiting; flags: MSG_PEEK: it stays there. 0: there is none, or a negative errno. */
int tl_kept_receive(int socket, int flags, struct tl_kept_message *ret);

/* Takes the messages out of the socket: others that have it find nothing any more. */
void tl_kept_empty(int socket);

#endif
