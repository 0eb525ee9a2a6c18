/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of traceleft trace, from its options to its ledger. verb-trace.c
 * assembles it, trace-event.c takes events, trace-loop.c waits for them,
 * ledger.c adds up.
 */
#ifndef TRACELEFT_TRACE_H
#define TRACELEFT_TRACE_H

#include <signal.h>

#include "chain.h"
#include "cli.h"
#include "command.h"
#include "expression.h"
#include "output.h"
#include "policy.h"
#include "selection.h"
#include "summary.h"

enum tl_trace_format { TL_TRACE_TEXT, TL_TRACE_JSON, TL_TRACE_PROTO };

struct tl_trace_settings {
	enum tl_trace_format format;
	const char *output; /* file, NULL: standard output */
	const char *where;
	const char *policy;
	const char *spec; /* the original's aggregation spec; then SPECs say what is traced, and it what is kept */
	uint32_t *pids; /* of -p, owned */
	size_t n_pids;
	bool summary, quiet;
	struct tl_options session;
	char **command; /* ends with NULL; NULL: none */
};

/* A file of the aggregation spec; what belongs to no file goes to the trace's own output. */
struct tl_trace_channel {
	struct tl_output output; /* fd -1: it is none */
	struct tl_chain chain;
};

struct tl_trace {
	struct tl_trace_settings settings;
	struct tl_spec **specs; /* owned, n_specs */
	size_t n_specs;
	struct tl_selection selection;
	struct tl_policy *policy;
	struct tl_expression *where;
	struct tl_session *session;
	struct tl_command *command;
	uint32_t command_target; /* id in the session */
	const char **target_names; /* by id; names are borrowed, the array is owned */
	size_t n_target_names;
	uint64_t *every_target; /* bits: the command stands for all targets of the policy */
	size_t n_every_target;

	struct tl_trace_channel main; /* --output */
	struct tl_trace_channel *channels; /* owned, one for each of the spec's, n_channels */
	size_t n_channels;
	struct tl_summary summary;
	uint64_t results; /* counts of a policy's rules, written */
	uint64_t lost_results; /* events in those that could not be */
	uint64_t copies; /* events that more than one rule of a spec has written: each time but the first */

	sigset_t signals, old_signals;
	int interrupted; /* the signal that ended it, 0: none */
	int status; /* exit status of the command */
};

/* The session's callback. */
int tl_trace_event(const struct tl_event *event, void *trace);

/* Writes what waits. */
void tl_trace_flush_outputs(struct tl_trace *t);
/* errno of the first output that failed, 0: none. */
int tl_trace_error(const struct tl_trace *t);

/* Writes the policy's results whose period is over, or all. */
void tl_trace_flush(struct tl_trace *t, bool all);

/* Writes the balance of the session as a record of the output. final: nothing
 * is on its way any more, so that the whole sum can be told. */
void tl_trace_write_ledger(struct tl_trace *t, bool final);

/* Runs until there is nothing more to wait for: the command has ended, or the
 * processes that were named, or a signal came, or nothing can be written any
 * more. Prints what fails; returns 0 or a negative errno. */
int tl_trace_loop(struct tl_trace *t);

/* The line of the whole balance as it is now, *ret_line is the caller's. */
int tl_ledger_sum(const struct tl_trace *t, char **ret_line, bool *ret_balanced);

/* Adds up after tl_session_stop() and the output's end. Prints the balance
 * unless the run is quiet, what does not balance in any case. Returns whether
 * it does. */
bool tl_ledger_print(const struct tl_trace *t);

#endif
