// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"
#include "conditions.h"
#include "escape.h"
#include "put.h"

/* Those of one attribute are alternatives, wherever they stand. */
static void put_alternatives(struct tl_buffer *b, const struct tl_policy_target *t, enum tl_attribute attribute,
			     bool negative)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_conditions; i++) {
		const struct tl_condition *c = &t->conditions[i];
		char text[TL_CONDITION_TEXT];

		if (c->attribute != attribute || c->negative != negative)
			continue;
		if (!n++) {
			tl_put_text(b, negative ? " not " : " ");
			tl_put_text(b, tl_policy_attribute_name(attribute));
			tl_put_char(b, ' ');
		} else {
			tl_put_text(b, ", ");
		}
		tl_policy_condition_text(c, text);
		tl_escape_value(b, text, strlen(text));
	}
}

void tl_conditions_text(struct tl_buffer *b, const struct tl_policy_target *t)
{
	for (int negative = 0; negative < 2; negative++)
		for (enum tl_attribute a = 0; a < TL_ATTRIBUTES; a++)
			put_alternatives(b, t, a, negative);
	for (size_t i = 0; i < t->n_not_executables; i++) {
		tl_put_text(b, i ? ", " : " not executable ");
		tl_escape_value(b, t->not_executables[i], strlen(t->not_executables[i]));
	}
}

void tl_conditions_json(struct tl_buffer *b, const struct tl_policy_target *t)
{
	tl_json_open(b, "conditions", '[');
	for (size_t i = 0; i < t->n_conditions; i++) {
		const struct tl_condition *c = &t->conditions[i];
		char text[TL_CONDITION_TEXT];

		tl_policy_condition_text(c, text);
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "attribute", tl_policy_attribute_name(c->attribute));
		tl_json_bool(b, "not", c->negative);
		tl_json_string(b, "value", text);
		if (c->attribute != TL_ATTRIBUTE_COMM) {
			tl_json_unsigned(b, "low", c->low);
			tl_json_unsigned(b, "high", c->high);
		}
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	tl_json_open(b, "not_executables", '[');
	for (size_t i = 0; i < t->n_not_executables; i++)
		tl_json_string(b, NULL, t->not_executables[i]);
	tl_json_close(b, ']');
}
