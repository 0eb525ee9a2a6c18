/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_STATUS_H
#define TRACELEFT_DAEMON_STATUS_H

#include "generation.h"

/* What the daemon says about itself. */
struct tl_status_facts {
	const char *state; /* "running", "reloading", "stopping" */
	uint64_t started; /* ns since the epoch */
	const char *refused; /* why the last reload was refused; "" if it was not */
	struct tl_generation *generation;
	const int64_t *tasks; /* live tasks by target; -1: unknown */
	size_t n_tasks;
};

/* Appends what `traceleft status` reads, without the time of writing and the closing brace:
 *
 *	{"version": "0.1.0", "pid": 1, "started": NS, "state": "running",
 *	 "policy": {"files": ["/etc/traceleft/policy.yaml"], "rules": 3, "targets": 2, "outputs": 2,
 *	            "generation": 1, "loaded": NS, "error": "why the last reload was refused"},
 *	 "counters": COUNTERS, "unaudited": 0,
 *	 "events": [{"name": "openat", "attach": "fexit", "counters": COUNTERS}],
 *	 "rules": [{"name": "etc-changes", RULE}],
 *	 "targets": [{"name": "web", "tasks": 4}],
 *	 "outputs": [{"name": "log", "type": "file", "path": "...", "accepted": 1, "delivered": 1, "lost": 0,
 *	              "waiting": 0, "bytes": 1, "rotations": 0, "torn": 0, "error": "why the last write failed"}],
 *	 "refusals": [{"name": "task-state", "count": 0}]
 *
 * Times are ns since the epoch; COUNTERS are those of struct tl_counters by
 * their names, and RULE those of struct tl_ledger_rule, since the policy was loaded. */
void tl_status_put(struct tl_buffer *b, const struct tl_status_facts *facts);
/* Appends the rest. */
void tl_status_finish(struct tl_buffer *b, uint64_t now);

#endif
