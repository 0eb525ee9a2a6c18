// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"
#include "decided.h"
#include "escape.h"
#include "filter.h"
#include "put.h"

struct types {
	const struct tl_event_type *const *type;
	size_t n;
};

/* Who makes the i-th comparison; of events that are not filtered it is the reader, but perhaps for its length. */
static const char *comparison(const struct tl_policy_rule *rule, const struct types *types, size_t i,
			      enum tl_filter_maker *ret)
{
	const char *text;

	if (types->n)
		return tl_filter_comparison(rule->where, i, types->type, types->n, ret);
	text = tl_filter_comparison(rule->where, i, rule->events, rule->n_events, ret);
	if (*ret != TL_FILTER_TOO_LONG)
		*ret = TL_FILTER_BY_READER;
	return text;
}

/* Each comparison that is made in the kernel, or in the reader alone. */
static void each(const struct tl_policy_rule *rule, const struct types *types, bool in_kernel,
		 void (*put)(struct tl_buffer *b, size_t n, const char *text, enum tl_filter_maker maker),
		 struct tl_buffer *b)
{
	enum tl_filter_maker maker = TL_FILTER_BY_READER;
	const char *text;
	size_t n = 0;

	for (size_t i = 0; (text = comparison(rule, types, i, &maker)); i++)
		if ((maker == TL_FILTER_BY_KERNEL) == in_kernel)
			put(b, n++, text, maker);
}

/* What is written on several lines is put on one. */
static void put_text(struct tl_buffer *b, size_t n, const char *text, enum tl_filter_maker maker)
{
	static const char *const whys[] = {
		[TL_FILTER_BY_BOTH] = " (the kernel asks for a directory)",
		[TL_FILTER_TOO_LONG] = " (too long a list for the kernel)",
		[TL_FILTER_BY_READER] = "",
	};

	if (n)
		tl_put_text(b, ", ");
	while (*text) {
		size_t word = strcspn(text, "\t\r\n"), space = strspn(text + word, "\t\r\n");

		tl_escape_value(b, text, word);
		text += word + space;
		if (space)
			tl_put_char(b, ' ');
	}
	if (whys[maker])
		tl_put_text(b, whys[maker]);
}

static void put_line(struct tl_buffer *b, const struct tl_policy_rule *rule, const struct types *types, bool in_kernel)
{
	size_t before = b->size, begin;

	tl_put_text(b, in_kernel ? "    in the kernel: " : "    in the reader: ");
	begin = b->size;
	each(rule, types, in_kernel, put_text, b);
	if (b->size == begin)
		b->size = before;
	else
		tl_put_char(b, '\n');
}

void tl_decided_text(struct tl_buffer *b, const struct tl_policy_rule *rule, const struct tl_event_type *const *types,
		     size_t n)
{
	const struct types filtered = { types, n };

	if (!rule->where)
		return;
	put_line(b, rule, &filtered, true);
	put_line(b, rule, &filtered, false);
}

static void json_text(struct tl_buffer *b, size_t n, const char *text, enum tl_filter_maker maker)
{
	(void)n;
	(void)maker;
	tl_json_string(b, NULL, text);
}

void tl_decided_json(struct tl_buffer *b, const struct tl_policy_rule *rule, const struct tl_event_type *const *types,
		     size_t n)
{
	const struct types filtered = { types, n };

	for (int in_kernel = 1; in_kernel >= 0; in_kernel--) {
		tl_json_open(b, in_kernel ? "kernel" : "reader", '[');
		if (rule->where)
			each(rule, &filtered, in_kernel, json_text, b);
		tl_json_close(b, ']');
	}
}
