// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values that a field never has: what is compared with one is no error, but
 * nobody means it. Only what cannot be otherwise is here, and mistakes that
 * somebody makes who comes from other tools.
 */
#include <string.h>

#include "expression-internal.h"
#include "util.h"

#define COMM_MAX 15 /* bytes that the kernel keeps of a name */
#define SHOWN_MAX 48

static bool is_one_of(const struct tl_named *named, const char *const *names, size_t n)
{
	const struct tl_expression_field *field = named->reference.field;

	for (size_t i = 0; field && i < n; i++)
		if (strcmp(field->name, names[i]) == 0)
			return true;
	return false;
}

static bool ends_with(const struct tl_text *text, const char *end)
{
	size_t n = strlen(end);

	return text->size >= n && memcmp(text->data + text->size - n, end, n) == 0;
}

/* Of an event's unit, which is the deepest one that is no slice. */
static bool is_unit(const struct tl_text *text)
{
	static const char *const ends[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends_with(text, ends[i]))
			return true;
	return false;
}

/* An absolute path, or what stands for a pipe, a socket and the like. */
static bool is_whole_path(const struct tl_text *text)
{
	return text->data[0] == '/' || memchr(text->data, ':', text->size) || memchr(text->data, '[', text->size);
}

static bool is_whole(enum tl_relation relation)
{
	return relation == TL_RELATION_EQUAL || relation == TL_RELATION_UNEQUAL || relation == TL_RELATION_IN;
}

void tl_parser_doubt_text(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			  const struct tl_text *text, unsigned column)
{
	static const char *const paths[] = { "path", "target_path", "executable", "parent.executable", "cwd" };
	static const char *const comms[] = { "comm", "parent.comm" };
	static const char *const units[] = { "unit" };
	const char *field = left->reference.field ? left->reference.field->name : "";
	int size = (int)MIN(text->size, (size_t)SHOWN_MAX);

	if (!text->size)
		return;
	if (is_one_of(left, comms, ARRAY_SIZE(comms)) && text->size > COMM_MAX && relation != TL_RELATION_MATCHES)
		tl_parser_warn(p, column, "'%s' is never that long: the kernel keeps %d bytes of a name, here '%.*s'",
			       field, COMM_MAX, COMM_MAX, text->data);
	if (!is_whole(relation))
		return;
	if (is_one_of(left, units, ARRAY_SIZE(units)) && !is_unit(text))
		tl_parser_warn(p, column,
			       "'unit' is never '%.*s': it ends in .service, .scope, .socket, .mount or .swap", size,
			       text->data);
	if (is_one_of(left, paths, ARRAY_SIZE(paths)) && !is_whole_path(text))
		tl_parser_warn(p, column, "'%s' is a whole path and never '%.*s': %s endswith '/%.*s' looks at its end",
			       field, size, text->data, field, size, text->data);
}

void tl_parser_doubt_number(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			    __int128 number, unsigned column)
{
	static const char *const errors[] = { "errno" };

	if (is_whole(relation) && number < 0 && is_one_of(left, errors, ARRAY_SIZE(errors)))
		tl_parser_warn(p, column, "'errno' is never negative: write %llu here, or 'ret' in place of 'errno'",
			       (unsigned long long)-number);
}
