/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seen = delivered + filtered + aggregated + lost, of a whole run. */
#ifndef TRACELEFT_LEDGER_H
#define TRACELEFT_LEDGER_H

#include "encode.h"

/* What became of the events that the library handed over. */
struct tl_ledger_end {
	uint64_t delivered, lost; /* by the output */
	uint64_t lost_results; /* events in counts that the output could not write */
	uint64_t unaudited; /* tasks or combinations that nobody could look at */
};

/* Appends the line of the whole balance, without a newline: all stages
 * together. Returns whether it balances and is complete. */
bool tl_ledger_line(struct tl_buffer *b, const struct tl_counters *c, const struct tl_ledger_end *end);

/* Appends a line with a newline for each stage of `name` that does not
 * balance, once nothing is on its way any more. Returns how many. */
unsigned tl_ledger_explain(struct tl_buffer *b, const char *name, const struct tl_counters *c);

#endif
