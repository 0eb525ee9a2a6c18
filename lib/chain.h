/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an output has, so that whoever reads it can tell what is missing.
 *
 * Events have a number per CPU. One whose number does not follow that of the
 * event before it in the same output, of the same CPU, says which that was
 * (traceleft.seq_previous): what lies in between was not for this output.
 * Results and records of TraceLeft's own are counted from 1 (traceleft.record).
 * A ledger record has the last number of each CPU.
 */
#ifndef TRACELEFT_CHAIN_H
#define TRACELEFT_CHAIN_H

#include "encode.h"

/* Zero-initialised is an output without anything in it. */
struct tl_chain {
	uint64_t *last; /* by CPU, n_cpus; 0: none yet */
	uint32_t n_cpus;
	uint64_t records;
};

void tl_chain_done(struct tl_chain *chain);

/* Before an event is encoded with annotation->chain. -ENOMEM. */
int tl_chain_reserve(struct tl_chain *chain, const struct tl_event *event);
/* When the output has it. */
void tl_chain_note(struct tl_chain *chain, const struct tl_event *event, const struct tl_annotation *annotation);

/* Whether it is counted as a record: a result, or one of TraceLeft's own. */
static inline bool tl_chain_is_record(const struct tl_event *event, const struct tl_annotation *annotation)
{
	return event->kind >= TL_EVENT_LOST || (annotation && annotation->result);
}

/* The number before an event's in its output. */
static inline uint64_t tl_chain_before(const struct tl_chain *chain, const struct tl_event *event)
{
	return event->cpu < chain->n_cpus ? chain->last[event->cpu] : 0;
}

#endif
