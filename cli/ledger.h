/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seen = delivered + filtered + aggregated + lost, of a whole run. */
#ifndef TRACELEFT_LEDGER_H
#define TRACELEFT_LEDGER_H

#include "encode.h"

/* What became of the events that the library delivered. */
struct tl_ledger_reader {
	uint64_t received; /* from the library */
	uint64_t delivered; /* to the output */
	uint64_t filtered, aggregated, lost;
};

/* Appends the line of the whole balance, without a newline: kernel's and
 * reader's stages together. Returns whether it balances. */
bool tl_ledger_line(struct tl_buffer *b, const struct tl_counters *kernel, const struct tl_ledger_reader *reader);

/* Appends a line with a newline for each stage of `name` that does not
 * balance, once nothing is on its way any more. Returns how many. */
unsigned tl_ledger_explain(struct tl_buffer *b, const char *name, const struct tl_counters *c);

#endif
