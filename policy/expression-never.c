// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values that a field never has: what is compared with one is no error, but
 * nobody means it. Only what cannot be otherwise is here, and mistakes that
 * somebody makes who comes from other tools.
 */
#include <string.h>

#include "cgroup-name.h"
#include "describe.h"
#include "expression-internal.h"
#include "policy.h"
#include "suggest.h"
#include "util.h"

#define SHOWN_MAX 48

static const char *field_of(const struct tl_named *named)
{
	return named->reference.field ? named->reference.field->name : "";
}

static bool is_one_of(const char *field, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(field, names[i]) == 0)
			return true;
	return false;
}

static bool is_text(const struct tl_text *text, const char *name)
{
	return strlen(name) == text->size && memcmp(name, text->data, text->size) == 0;
}

/* An absolute path, or what stands for a pipe, a socket and the like. */
static bool is_whole_path(const struct tl_text *text)
{
	return text->data[0] == '/' || memchr(text->data, ':', text->size) || memchr(text->data, '[', text->size);
}

/* Without components that say nothing, as those are that the kernel tells and those of claims. */
static bool is_resolved(const struct tl_text *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->size; i += n + 1) {
		const char *name = text->data + i + 1; /* behind a slash */
		size_t left = text->size - i - 1;

		for (n = 0; n < left && name[n] != '/'; n++)
			;
		if ((!n && text->size > 1) || (n == 1 && name[0] == '.') || (n == 2 && memcmp(name, "..", 2) == 0))
			return false;
	}
	return true;
}

static bool is_whole(enum tl_relation relation)
{
	return relation == TL_RELATION_EQUAL || relation == TL_RELATION_UNEQUAL || relation == TL_RELATION_IN;
}

/* Of all events nobody says that there is no other one: a handler of somebody's own has a name, too. */
static void doubt_name(struct tl_parser *p, const char *field, const struct tl_text *text, unsigned column)
{
	const bool is_action = strcmp(field, "event.action") == 0;
	struct tl_suggest suggest;

	if (p->all)
		return;
	tl_suggest_init(&suggest, text->data, text->size);
	for (size_t i = 0; i < p->n_types; i++) {
		const char *name = is_action ? tl_event_type_action(p->types[i]) : p->types[i]->name;

		if (is_text(text, name))
			return;
		tl_suggest_offer(&suggest, name);
	}
	tl_parser_warn(p, column, "none of the events is '%.*s'%s", (int)MIN(text->size, (size_t)SHOWN_MAX), text->data,
		       tl_suggest_text(&suggest));
}

static void doubt_abi(struct tl_parser *p, const struct tl_text *text, unsigned column)
{
	for (size_t i = 0; tl_abi_names[i]; i++)
		if (is_text(text, tl_abi_names[i]))
			return;
	tl_parser_warn(p, column, "'abi' is never '%.*s': it is x86_64, i386, x32 or arm64",
		       (int)MIN(text->size, (size_t)SHOWN_MAX), text->data);
}

void tl_parser_doubt_text(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			  const struct tl_text *text, unsigned column)
{
	static const char *const paths[] = { "path", "target_path", "executable", "parent.executable", "cwd" };
	static const char *const events[] = { "event", "event.action" };
	static const char *const comms[] = { "comm", "parent.comm" };
	const char *field = field_of(left);
	int size = (int)MIN(text->size, (size_t)SHOWN_MAX);

	if (!text->size)
		return;
	if (is_one_of(field, comms, ARRAY_SIZE(comms)) && text->size > TL_COMM_MAX && relation != TL_RELATION_MATCHES)
		tl_parser_warn(p, column, "'%s' is never that long: the kernel keeps %d bytes of a name, here '%.*s'",
			       field, TL_COMM_MAX, TL_COMM_MAX, text->data);
	if (!is_whole(relation))
		return;
	if (is_one_of(field, events, ARRAY_SIZE(events)))
		doubt_name(p, field, text, column);
	if (strcmp(field, "abi") == 0)
		doubt_abi(p, text, column);
	if (strcmp(field, "unit") == 0 && !tl_unit_is_name(text->data, text->size))
		tl_parser_warn(p, column,
			       "'unit' is never '%.*s': it ends in .service, .scope, .socket, .mount or .swap", size,
			       text->data);
	if (is_one_of(field, paths, ARRAY_SIZE(paths)) && !is_whole_path(text))
		tl_parser_warn(p, column, "'%s' is a whole path and never '%.*s': %s endswith '/%.*s' looks at its end",
			       field, size, text->data, field, size, text->data);
	else if (is_one_of(field, paths, ARRAY_SIZE(paths)) && text->data[0] == '/' && !is_resolved(text))
		tl_parser_warn(p, column, "'%s' is never '%.*s': it has no slash at its end, and no '.', '..' or '//'", field,
			       size, text->data);
}

void tl_parser_doubt_number(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			    __int128 number, unsigned column)
{
	if (is_whole(relation) && number < 0 && strcmp(field_of(left), "errno") == 0)
		tl_parser_warn(p, column, "'errno' is never negative: write %llu here, or 'ret' in place of 'errno'",
			       (unsigned long long)-number);
}

const char *tl_accounts_of(const struct tl_named *left)
{
	static const char *const users[] = { "uid", "euid", "loginuid", "file.uid", "peer.uid" };
	static const char *const groups[] = { "gid", "egid", "file.gid", "peer.gid" };
	const char *field = field_of(left);

	if (is_one_of(field, users, ARRAY_SIZE(users)))
		return "users";
	return is_one_of(field, groups, ARRAY_SIZE(groups)) ? "groups" : NULL;
}
