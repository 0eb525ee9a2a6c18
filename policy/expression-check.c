// SPDX-License-Identifier: GPL-2.0-or-later
/* Names in conditions: which field they are, and of which type. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "expression-internal.h"
#include "suggest.h"
#include "util.h"

#define SHOWN(token) (int)MIN((token)->size, 48U), (token)->start

static void make_printable(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

int tl_parser_fail(struct tl_parser *p, unsigned column, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->error->message, sizeof(p->error->message), format, ap);
	va_end(ap);
	make_printable(p->error->message);
	p->error->column = column;
	return -EINVAL;
}

/* Whoever names a field three times has made one mistake. */
static bool is_warned(const struct tl_parser *p, const char *message)
{
	for (unsigned i = 0; i < p->error->n_warnings; i++)
		if (strcmp(p->error->warning[i].message, message) == 0)
			return true;
	return false;
}

void tl_parser_warn(struct tl_parser *p, unsigned column, const char *format, ...)
{
	struct tl_expression_note *note;
	va_list ap;

	if (p->error->n_warnings == TL_EXPRESSION_WARNINGS_MAX)
		return;
	note = &p->error->warning[p->error->n_warnings];
	note->column = column;
	va_start(ap, format);
	vsnprintf(note->message, sizeof(note->message), format, ap);
	va_end(ap);
	make_printable(note->message);
	p->error->n_warnings += !is_warned(p, note->message);
}

/* As it is shown in events: traceleft.args.NAME. */
static size_t prefix_of_arguments(const char *name, size_t size)
{
	static const char *const prefixes[] = { "args.", "traceleft.args." };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (size > strlen(prefixes[i]) && memcmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return strlen(prefixes[i]);
	return 0;
}

static bool make_reference(const struct tl_token *word, struct tl_reference *ret)
{
	const char *name = word->start;
	size_t size = word->size, prefix = prefix_of_arguments(name, size);

	*ret = (struct tl_reference){ .source = TL_REFERENCE_FIELD, .field = tl_expression_field_find(name, size) };
	if (ret->field)
		return true;
	if (size == 4 && memcmp(name, "arg", 3) == 0 && name[3] >= '1' && name[3] <= '0' + TL_ARGS_MAX) {
		ret->source = TL_REFERENCE_POSITION;
		ret->position = (uint8_t)(name[3] - '0');
		return true;
	}
	name += prefix;
	size -= prefix;
	if (size >= sizeof(ret->name))
		return false;
	ret->source = TL_REFERENCE_NAME;
	memcpy(ret->name, name, size);
	return true;
}

static size_t count_kinds(const struct tl_parser *p, struct tl_named *name)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_types; i++) {
		struct tl_resolved resolved;

		if (!tl_reference_resolve(&name->reference, p->types[i], &resolved))
			continue;
		name->n[resolved.kind]++;
		name->flags[resolved.kind] |= resolved.flags;
		n++;
	}
	return n;
}

bool tl_parser_knows(const struct tl_parser *p, const struct tl_token *word)
{
	struct tl_named name = {};

	if (!make_reference(word, &name.reference))
		return false;
	return name.reference.source == TL_REFERENCE_FIELD || count_kinds(p, &name);
}

/* What other tools call it. */
static const char *other_name(const char *name)
{
	static const char *const names[][2] = {
		{ "auid", "loginuid" },	 { "exe", "executable" },     { "file", "path" },
		{ "inode", "file.inode" }, { "parent.pid", "ppid" }, { "name", "comm" },
		{ "syscall", "event" },    { "port", "dport" },
		{ "addr", "daddr" },	 { "cmdline", "args" },	      { "user", "uid" },
		{ "group", "gid" },	 { "exit", "ret" },	      { "parent.exe", "parent.executable" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], name) == 0)
			return names[i][1];
	return NULL;
}

/* "args.NAME" */
static int unknown_argument(struct tl_parser *p, const struct tl_token *word, size_t prefix)
{
	struct tl_suggest suggest;

	tl_suggest_init(&suggest, word->start + prefix, word->size - prefix);
	for (size_t i = 0; i < p->n_types; i++)
		for (size_t j = 0; j < p->types[i]->n_args; j++)
			tl_suggest_offer(&suggest, p->types[i]->args[j].name);
	return tl_parser_fail(p, word->column + (unsigned)prefix, "unknown argument '%.*s'%s",
			      (int)MIN(word->size - prefix, 48U), word->start + prefix, tl_suggest_text(&suggest));
}

static int unknown_field(struct tl_parser *p, const struct tl_token *word)
{
	const size_t prefix = prefix_of_arguments(word->start, word->size);
	const struct tl_expression_field *field;
	struct tl_suggest suggest;
	const char *shown;
	char copy[64];
	int64_t number;

	snprintf(copy, sizeof(copy), "%.*s", SHOWN(word));
	if (tl_number_find(copy, &number) >= 0)
		return tl_parser_fail(p, word->column, "'%s' is a number: a field is expected in front of it", copy);
	if (other_name(copy))
		return tl_parser_fail(p, word->column, "unknown field '%s', did you mean '%s'?", copy, other_name(copy));
	if (prefix)
		return unknown_argument(p, word, prefix);
	tl_suggest_init(&suggest, word->start, word->size);
	for (size_t i = 0; (field = tl_expression_field_get(i)); i++)
		tl_suggest_offer(&suggest, field->name);
	for (size_t i = 0; (shown = tl_expression_shown_name(i)); i++)
		tl_suggest_offer(&suggest, shown);
	for (size_t i = 0; i < p->n_types; i++)
		for (size_t j = 0; j < p->types[i]->n_args; j++)
			tl_suggest_offer(&suggest, p->types[i]->args[j].name);
	return tl_parser_fail(p, word->column, "unknown field '%s'%s", copy, tl_suggest_text(&suggest));
}

int tl_parser_name(struct tl_parser *p, const struct tl_token *word, struct tl_named *ret)
{
	struct tl_named name = { .token = *word };
	bool made = make_reference(word, &name.reference);

	if (made && count_kinds(p, &name)) {
		*ret = name;
		return 0;
	}
	if (made && name.reference.source == TL_REFERENCE_FIELD)
		return tl_parser_fail(p, word->column, "none of the events has '%.*s', which is of %s", SHOWN(word),
				      tl_expression_field_events(name.reference.field));
	if (made && name.reference.source == TL_REFERENCE_POSITION)
		return tl_parser_fail(p, word->column, "none of the events has an argument %u",
				      name.reference.position);
	return unknown_field(p, word);
}

static int wrong_kind(struct tl_parser *p, const struct tl_named *name, enum tl_field_kind kind, const char *what,
		      unsigned column)
{
	enum tl_field_kind is = TL_FIELD_NUMBER;

	while (!name->n[is])
		is++;
	if (what)
		return tl_parser_fail(p, column, "%s %s, and '%.*s' is %s", what, tl_field_kind_name(kind),
				      SHOWN(&name->token), tl_field_kind_name(is));
	return tl_parser_fail(p, column, "'%.*s' is %s, not %s", SHOWN(&name->token), tl_field_kind_name(is),
			      tl_field_kind_name(kind));
}

int tl_parser_choose(struct tl_parser *p, struct tl_named *name, enum tl_field_kind kind, const char *what,
		     unsigned column)
{
	if (!name->n[kind])
		return wrong_kind(p, name, kind, what, column);
	name->reference.kind = (uint8_t)kind;
	name->reference.joined = name->flags[kind] & TL_FIELD_JOINED;
	tl_reference_prepare(&name->reference, p->types, p->n_types);
	if (name->n[kind] < p->n_types && !p->all)
		tl_parser_warn(p, name->token.column,
			       "only %zu of the %zu events have '%.*s' as %s: the comparison is false for the others",
			       name->n[kind], p->n_types, SHOWN(&name->token), tl_field_kind_name(kind));
	return 0;
}

/* What most of the events have it as. */
static enum tl_field_kind usual_kind(const struct tl_named *name)
{
	enum tl_field_kind best = TL_FIELD_NUMBER;

	for (enum tl_field_kind kind = best; kind <= TL_FIELD_BOOL; kind++)
		if (name->n[kind] > name->n[best])
			best = kind;
	return best;
}

int tl_parser_reference(struct tl_parser *p, struct tl_reference **ret)
{
	struct tl_named name;
	int r = tl_lexer_next(&p->lexer, &p->token);

	if (r == -EINVAL)
		return tl_parser_fail(p, p->lexer.column, "%s", p->lexer.why);
	if (r < 0)
		return r;
	if (p->token.type != TL_TOKEN_WORD)
		return tl_parser_fail(p, p->token.column, "the name of a field is expected");
	r = tl_parser_name(p, &p->token, &name);
	if (r < 0)
		return r;
	if (p->token.size != (size_t)(p->lexer.end - p->token.start))
		return tl_parser_fail(p, p->token.column + (unsigned)p->token.size, "one field is expected");
	r = tl_parser_choose(p, &name, usual_kind(&name), NULL, p->token.column);
	if (r < 0)
		return r;
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	**ret = name.reference;
	return 0;
}
