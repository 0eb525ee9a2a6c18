/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The columns of the balance, by their names: one table for everybody who shows it. */
#ifndef TRACELEFT_COLUMNS_H
#define TRACELEFT_COLUMNS_H

#include "encode.h"

struct tl_column {
	const char *name; /* as in JSON; NULL: behind the last */
	size_t offset; /* of a uint64_t in the row */
};

extern const struct tl_column tl_counter_columns[]; /* of struct tl_counters */
extern const struct tl_column tl_rule_columns[]; /* of struct tl_ledger_rule */
extern const struct tl_column tl_output_columns[]; /* of struct tl_ledger_output */

uint64_t tl_column_value(const void *row, const struct tl_column *column);

/* Appends `"name":1,"other":2`. */
void tl_columns_json(struct tl_buffer *b, const void *row, const struct tl_column *columns);

/* Both lists as members, each with a comma before: "rules" and "outputs". view may be NULL. */
void tl_ledger_view_json(struct tl_buffer *b, const struct tl_ledger_view *view);

#endif
