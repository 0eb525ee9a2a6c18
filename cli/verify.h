/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is an output complete? Reads its lines in order and looks whether each one
 * follows the one before it, see lib/chain.h; and what is declared lost.
 */
#ifndef TRACELEFT_VERIFY_H
#define TRACELEFT_VERIFY_H

#include "json.h"
#include "put.h"

/* Events of a CPU that were written and are not there. */
struct tl_verify_gap {
	uint32_t cpu;
	uint64_t after, last; /* numbers: (after, last] */
	bool declared; /* some lost record covers it */
};

/* What a lost record says. */
struct tl_verify_loss {
	char stage[64];
	uint32_t cpu;
	uint64_t count, first, last;
	char counted[32]; /* what: refusals, of tasks that nobody could look at, or seconds; "": events */
};

struct tl_verify {
	uint64_t events, results, counted, records, broken; /* lines; counted: events in results */
	uint64_t *last; /* by CPU, n_cpus: number of the last event */
	bool *known; /* that is known: what comes next has to follow it */
	size_t n_cpus;
	uint64_t record; /* number of the last result or own record; 0: none yet */
	bool began; /* the run begins in what is read; set it if it has to */
	bool is_orphan; /* nothing is there of the process that the first one goes on from */
	uint64_t gone_files; /* same, and that one tells of what was done to outputs in between */
	bool open; /* events came after the last balance */
	bool unended; /* so ended the run before this one, which has not said that something is missing */
	uint64_t unended_runs; /* of which nobody has said it */
	struct tl_verify_gap *gaps;
	size_t n_gaps;
	struct tl_verify_loss *losses;
	size_t n_losses;
	uint64_t gone_records; /* results and own records that are missing */
	uint64_t declared; /* events lost before the outputs since the run began */
	uint64_t lost_before; /* by the balances of earlier policies of the run */
	uint64_t lost; /* by the last balance */
	uint64_t unbalanced, unaudited; /* ledgers that do not add up; refusals and seconds */
	struct tl_buffer notes; /* lines of text about it */
};

void tl_verify_done(struct tl_verify *v);

/* The next line, without its newline. where: "FILE:LINE", for notes. -ENOMEM. */
int tl_verify_line(struct tl_verify *v, const char *where, const char *line, size_t size);

/* Same, of a line that was read already; NULL: it is none. */
int tl_verify_event(struct tl_verify *v, const char *where, const struct tl_json *line);

/* Whether events of that name are records of TraceLeft's own. */
bool tl_verify_is_own(const char *action);

/* After the last line. Returns whether everything is there or declared lost. -ENOMEM is false. */
bool tl_verify_end(struct tl_verify *v);

#endif
