/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions on events: the language of a rule's `where`, of --where and tail.
 *
 *	condition  = conjunction { "or" conjunction }
 *	conjunction = negation { "and" negation }
 *	negation   = "not" negation | "(" condition ")" | comparison
 *	comparison = FIELD                                    (a truth: success)
 *	           | FIELD ("==" | "!=" | "<" | "<=" | ">" | ">=") (value | FIELD)
 *	           | FIELD "has" number                       (all of the bits)
 *	           | FIELD ["not"] ("startswith" | "endswith" | "contains" | "matches") STRING
 *	           | FIELD ["not"] "in" ( "(" value { "," value } ")" | NETWORK )
 *	value      = number | STRING | ADDRESS | NETWORK | "true" | "false"
 *	number     = ["-"] (NUMBER | CONSTANT) { "|" (NUMBER | CONSTANT) }
 *
 * An expression is compiled once, for the events that it is about, and then
 * evaluated without allocating anything, from any thread.
 *
 * A comparison is false for an event that has no such field. What the kernel
 * part could not find out of an event that has it (the path of an open that
 * failed early, say) is the empty string.
 */
#ifndef TRACELEFT_EXPRESSION_H
#define TRACELEFT_EXPRESSION_H

#include "traceleft.h"

#define TL_EXPRESSION_MAX (1U << 20) /* bytes of an expression */
#define TL_EXPRESSION_DEPTH_MAX 64 /* of parentheses and `not`s */
#define TL_EXPRESSION_WARNINGS_MAX 8

struct tl_expression;

struct tl_expression_note {
	unsigned column; /* in characters, from 1 */
	char message[192]; /* one printable line without a full stop */
};

/* What is wrong with an expression, or strange about it. */
struct tl_expression_error {
	unsigned column; /* of the error; 0: there is none */
	char message[256];
	struct tl_expression_note warning[TL_EXPRESSION_WARNINGS_MAX]; /* n_warnings; there may be some on success */
	unsigned n_warnings;
};

/*
 * Compiles `text` for events of these types (n_types 0: all built-in ones, with
 * no warning about fields that some of them do not have). error is always
 * written, and may be NULL. -EINVAL: it says what is wrong; -ENOMEM.
 */
int tl_expression_compile(const char *text, const struct tl_event_type *const *types, size_t n_types,
			  struct tl_expression **ret, struct tl_expression_error *error);

/* Whether the event meets the condition. Of several messages that went to, or came from, several
 * ends it is enough if it does with one of them. */
bool tl_expression_eval(const struct tl_expression *e, const struct tl_event *event);

/* NULL is fine. Returns NULL. */
struct tl_expression *tl_expression_free(struct tl_expression *e);

/* ---- Single fields, as in `by` of an aggregation ---- */

struct tl_reference;

/* A field or an argument by its name, as events of these types (n_types > 0)
 * have it; free() it. Errors as above; the warnings name what some events lack. */
int tl_reference_compile(const char *name, const struct tl_event_type *const *types, size_t n_types,
			 struct tl_reference **ret, struct tl_expression_error *error);

/* ---- Fields: one table drives parsing, help and the manual ---- */

enum tl_field_kind { TL_FIELD_NUMBER, TL_FIELD_STRING, TL_FIELD_ADDRESS, TL_FIELD_BOOL };

struct tl_expression_field {
	const char *name;
	uint8_t kind; /* enum tl_field_kind */
	uint8_t of; /* which events have it; internal */
	uint8_t flags; /* internal */
	uint8_t get; /* internal */
	const char *summary; /* one line without a full stop */
};

/* The i-th field, NULL after the last. Arguments of the events are fields, too:
 * by name, where no field has that name, and always as args.NAME. */
const struct tl_expression_field *tl_expression_field_get(size_t i);
/* Names that fields have in events and may have in conditions, too: file.path; NULL: there are no more. */
const char *tl_expression_shown_name(size_t i);

/* Whether events of the type have the field. */
bool tl_expression_field_of(const struct tl_expression_field *field, const struct tl_event_type *type);
/* Which events have it, in words: "events on sockets". */
const char *tl_expression_field_events(const struct tl_expression_field *field);

/* "a number", "a string", "an address", "a truth". */
const char *tl_field_kind_name(enum tl_field_kind kind);

#endif
