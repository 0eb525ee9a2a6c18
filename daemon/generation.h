/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy in force: what it says, the session that it asked for, its outputs. */
#ifndef TRACELEFT_DAEMON_GENERATION_H
#define TRACELEFT_DAEMON_GENERATION_H

#include "outputs.h"
#include "store.h"
#include "tail.h"

/* Exit statuses, those of sysexits.h. */
enum tl_status {
	TL_STATUS_OK = 0,
	TL_STATUS_FAILED = 1,
	TL_STATUS_USAGE = 64,
	TL_STATUS_UNAVAILABLE = 69, /* this kernel cannot do it */
	TL_STATUS_SOFTWARE = 70, /* the kernel part failed */
	TL_STATUS_SYSTEM = 71, /* memory or descriptors are missing, which may pass */
	TL_STATUS_NO_FILE = 72, /* handlers are missing or damaged */
	TL_STATUS_CANNOT_CREATE = 73, /* an output cannot be written */
	TL_STATUS_RUNNING = 75, /* there is another one */
	TL_STATUS_NOT_PERMITTED = 77,
	TL_STATUS_CONFIG = 78, /* the policy cannot be used */
};

struct tl_failure {
	enum tl_status status;
	char text[512]; /* one sentence, logged already */
};

struct tl_setup {
	const char *policy; /* NULL: the system's */
	enum tl_attach attach;
	struct sd_event *event;
	const struct tl_tails *tails; /* who watches live; NULL: nobody */
};

struct tl_generation {
	struct tl_policy *policy;
	struct tl_session *session;
	struct tl_outputs outputs;
	const struct tl_tails *tails; /* borrowed; NULL: nobody watches */
	uint64_t number; /* from 1 */
	uint64_t loaded; /* ns since the epoch */
	bool goes_on; /* its session was begun by a process before this one */
	uint64_t policy_hash; /* of all that was read */
	bool has_gap; /* and may miss what has happened since that ended */
};

/* The status for an error, which is the one given unless it may be over at the next try. */
enum tl_status tl_status_of(int r, enum tl_status status);

/* Reads the policy and makes a session, which is to be started. old: the one that it is
 * to take over from, or NULL. On failure returns a negative errno; everything is in the
 * log and the sum of it in *ret_why. So do those below. */
int tl_generation_prepare(const struct tl_setup *setup, struct tl_generation *old, struct tl_generation **ret,
			  struct tl_failure *ret_why);
/* Takes note of how tl_session_start() of its session ended, which may have been in
 * another thread: r is what that returned. */
int tl_generation_started(struct tl_generation *g, int r, struct tl_failure *why);
/* Both, and the start between them, of the first one; or it goes on with a session in the store. */
int tl_generation_new(const struct tl_setup *setup, struct tl_store *store, struct tl_generation **ret,
		      struct tl_failure *ret_why);
/* Ends without a word. Returns NULL. */
struct tl_generation *tl_generation_free(struct tl_generation *g);

/* Writes the rules' results whose period is over, or all; and what waits in the outputs. Returns whether counts are
 * still to come, of events that are to be dispatched before. */
bool tl_generation_flush(struct tl_generation *g, bool all);

/* Writes a record of our own to every output; note may be NULL, and who asked for it. */
void tl_generation_record(struct tl_generation *g, enum tl_event_kind kind, const char *note,
			  const struct tl_requester *who);
/* Same, that somebody has meddled with something; who: made it go on, or NULL. */
void tl_generation_tamper(struct tl_generation *g, const struct tl_tamper *tamper, const char *note,
			  const struct tl_requester *who);
/* Same, what was lost on a CPU. */
void tl_generation_lost(struct tl_generation *g, uint32_t cpu, const struct tl_lost *lost);
/* Same, the balance. */
void tl_generation_ledger(struct tl_generation *g);

/* What rules and outputs have done; room for an account of each output. */
struct tl_ledger_view tl_generation_view(const struct tl_generation *g, struct tl_ledger_output *outputs);

/* Whether something of what it is given waits in this process: results of a period, batches for a collector. */
bool tl_generation_holds_back(const struct tl_generation *g);
/* Whether an output has something that is in this process alone: a record of our own too. */
bool tl_generation_waits(const struct tl_generation *g);

/* Events that it audits. */
size_t tl_generation_events(const struct tl_generation *g);

#endif
