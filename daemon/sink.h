/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outputs. A kind of output is a table of functions, struct tl_sink_ops, in one
 * file sink-KIND.c and one line of the registry in sink.c. What all of them
 * share is here: counters, the losses that are still to be declared, and
 * saying once that something does not work.
 *
 * Of every output: accepted = delivered + lost + waiting in it. What waits on a
 * disk is taken over by the next start. No function
 * blocks.
 */
#ifndef TRACELEFT_DAEMON_SINK_H
#define TRACELEFT_DAEMON_SINK_H

#include "block.h"
#include "chain.h"
#include "file-open.h"
#include "policy.h"

struct sd_event;
struct tl_sink;

/* What an output is given. */
struct tl_sink_setup {
	struct sd_event *event; /* for sources of its own; NULL: it is looked after in flush and tick only */
	size_t memory; /* bytes that may wait in it */
	int client; /* of TL_OUTPUT_STDOUT: a non-blocking socket to write to, borrowed; 0: standard output */
	const char *journal_socket; /* for tests; NULL: the system's */
	unsigned retry_ms; /* same; before a collector is tried again, 0: a second */
};

/* Events; TraceLeft's own records are not among them, except in bytes. */
struct tl_sink_counters {
	uint64_t accepted;
	uint64_t delivered;
	uint64_t lost;
	uint64_t bytes; /* written */
	uint64_t rotations;
	uint64_t torn; /* lines that a crash left unfinished, removed */
};

struct tl_sink_ops {
	const char *type; /* as in a policy */
	/* Sets s->data. Says why it cannot, in the log; changes nothing then. */
	int (*open)(struct tl_sink *s, const struct tl_policy_output *output, const struct tl_sink_setup *setup);
	/* Takes an event, or refuses it: -ENOBUFS no room, -EBADMSG not for this output. Then nothing of it goes out. Own
	 * records (kind TL_EVENT_LOST and on) have some more room. */
	int (*write)(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation);
	/* Sends what waits, as far as it goes. After each batch of events. */
	void (*flush)(struct tl_sink *s);
	/* Once per second: tries again, looks after files. May be NULL. */
	void (*tick)(struct tl_sink *s);
	/* Somebody may have moved the files away. May be NULL. */
	int (*reopen)(struct tl_sink *s);
	/* What a process before this one was killed over comes once more: remembers what is in the file of it. May be NULL. */
	void (*come_again)(struct tl_sink *s);
	/* Whether the event is in there. NULL: the output cannot know. */
	bool (*has)(struct tl_sink *s, const struct tl_event *event);
	/* Takes from a loss on that CPU what is declared in there. False: nothing of it is left. NULL: same. */
	bool (*cut)(struct tl_sink *s, uint32_t cpu, struct tl_lost *loss);
	/* Whether something of what it was given is in this process alone. */
	bool (*holds)(const struct tl_sink *s);
	/* The file that it writes to, which stays its own; -1: none. NULL: it has none. */
	int (*descriptor)(const struct tl_sink *s);
	/* Frees s->data; what still waits is lost. */
	void (*close)(struct tl_sink *s);
};

/* Losses of one stage on one CPU that the output has not been told of. */
struct tl_sink_loss {
	char stage[64];
	uint32_t cpu;
	struct tl_lost lost;
};

struct tl_sink {
	const struct tl_sink_ops *ops;
	char *name;
	char *path; /* for people; may be NULL */
	void *data; /* the ops' own */
	unsigned references;
	struct tl_sink_counters counters;
	bool blocked; /* refused an event for want of room and has not said tl_sink_unblock() since */
	int error; /* negative errno of what does not work; 0: it works */
	char why[384]; /* the error in words */
	struct tl_file_seal seal; /* the last one of its file; number 0: none */
	bool sealed; /* it is new; until that is told */
	const char *harm; /* what somebody did to its file, until that is told; NULL: nothing */
	struct tl_file_identity found; /* its file, when it was opened first; inode 0: there was none */
	uint64_t kept; /* events that wait on the disk, for the next start */
	struct tl_chain chain; /* what it has been given */
	struct tl_sink_loss *losses; /* with room from the start: no memory is a reason for them */
	size_t n_losses, losses_allocated;
};

/* The kind of an output, NULL if this build has none of that type. */
const struct tl_sink_ops *tl_sink_ops_find(enum tl_output_type type);

/* A new output with one reference. What is wrong has been logged. -EOPNOTSUPP: the policy asks for something that
 * there is not. */
int tl_sink_new(const struct tl_policy_output *output, const struct tl_sink_setup *setup, struct tl_sink **ret);
struct tl_sink *tl_sink_ref(struct tl_sink *s);
/* Closes with the last reference. Returns NULL. */
struct tl_sink *tl_sink_unref(struct tl_sink *s);
/* Same; returns the events that it could not write. */
uint64_t tl_sink_close(struct tl_sink *s);

/* Whether an output of the first description serves the second as it is. */
bool tl_sink_same(const struct tl_policy_output *a, const struct tl_policy_output *b);

/* Takes the event, or counts it as lost. */
void tl_sink_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation);
void tl_sink_flush(struct tl_sink *s);
void tl_sink_tick(struct tl_sink *s);
void tl_sink_reopen(struct tl_sink *s);

/* Events that wait in the output. */
uint64_t tl_sink_waiting(const struct tl_sink *s);
/* Whether an end of this process would take something along; of our own records too. */
bool tl_sink_holds(const struct tl_sink *s);

/* ---- For the outputs themselves ---- */

void tl_sink_delivered(struct tl_sink *s, uint64_t events, uint64_t bytes);
/* An event that was taken, or should have been, will not go out. time: ns UTC, 0: unknown. */
void tl_sink_lost(struct tl_sink *s, uint32_t cpu, uint64_t seq, uint64_t time);
/* A line that a crash left unfinished was removed; time as above. */
void tl_sink_torn(struct tl_sink *s, uint64_t time);
/* What the process before this one dealt with last comes once more: so a torn line is not lost, and
 * a file does not get twice what is in it. Before anything is written. */
void tl_sink_comes_again(struct tl_sink *s);
/* There is room again; declares what was lost in between. */
void tl_sink_unblock(struct tl_sink *s);
/* Events of a block will not go out, nor the losses that it declares. why: of what stage, NULL: this output. */
void tl_sink_lost_block(struct tl_sink *s, const struct tl_block_range *ranges, uint32_t n, uint32_t events,
			const char *why);
/* Events that an earlier run has left on the disk. */
void tl_sink_adopted(struct tl_sink *s, uint64_t events);
/* Something does not work, or does again; logged when that changes. what: "cannot write". */
void tl_sink_fails(struct tl_sink *s, int error, const char *what);
/* Same, with words of one's own, made harmless. */
void tl_sink_fails_because(struct tl_sink *s, int error, const char *why);
void tl_sink_works(struct tl_sink *s);

#endif
