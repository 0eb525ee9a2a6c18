// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "columns.h"
#include "escape.h"
#include "put.h"

#define COUNTER(name) { #name, offsetof(struct tl_counters, name) }
const struct tl_column tl_counter_columns[] = {
	COUNTER(seen),		COUNTER(filtered),	    COUNTER(aggregated),  COUNTER(emitted), COUNTER(lost),
	COUNTER(received),	COUNTER(malformed),	    COUNTER(internal),	  COUNTER(reader_filtered),
	COUNTER(reader_aggregated), COUNTER(reader_lost), COUNTER(delivered), { 0 },
};

#define RULE(name) { #name, offsetof(struct tl_ledger_rule, name) }
const struct tl_column tl_rule_columns[] = {
	RULE(matched), RULE(delivered), RULE(filtered), RULE(aggregated), RULE(lost), RULE(results), RULE(overflow), { 0 },
};

#define OUTPUT(name) { #name, offsetof(struct tl_ledger_output, name) }
const struct tl_column tl_output_columns[] = {
	OUTPUT(accepted), OUTPUT(delivered), OUTPUT(lost), OUTPUT(waiting), { 0 },
};

uint64_t tl_column_value(const void *row, const struct tl_column *column)
{
	uint64_t value;

	memcpy(&value, (const char *)row + column->offset, sizeof(value));
	return value;
}

void tl_columns_json(struct tl_buffer *b, const void *row, const struct tl_column *columns)
{
	for (size_t i = 0; columns[i].name; i++) {
		if (i)
			tl_put_char(b, ',');
		tl_put_char(b, '"');
		tl_put_text(b, columns[i].name);
		TL_PUT_LITERAL(b, "\":");
		tl_put_u64(b, tl_column_value(row, &columns[i]));
	}
}

static void put_named(struct tl_buffer *b, const char *name, const void *row, const struct tl_column *columns)
{
	TL_PUT_LITERAL(b, "{\"name\":\"");
	tl_escape_json(b, name, strlen(name));
	TL_PUT_LITERAL(b, "\",");
	tl_columns_json(b, row, columns);
	tl_put_char(b, '}');
}

void tl_ledger_view_json(struct tl_buffer *b, const struct tl_ledger_view *view)
{
	if (!view)
		return;
	TL_PUT_LITERAL(b, ",\"rules\":[");
	for (size_t i = 0; i < view->n_rules; i++) {
		if (i)
			tl_put_char(b, ',');
		put_named(b, view->rules[i].name, &view->rules[i], tl_rule_columns);
	}
	TL_PUT_LITERAL(b, "],\"outputs\":[");
	for (size_t i = 0; i < view->n_outputs; i++) {
		if (i)
			tl_put_char(b, ',');
		put_named(b, view->outputs[i].name, &view->outputs[i], tl_output_columns);
	}
	tl_put_char(b, ']');
}
