/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of conditions. Used by policy/expression*.c and
 * policy/rules*.c only. */
#ifndef TRACELEFT_EXPRESSION_INTERNAL_H
#define TRACELEFT_EXPRESSION_INTERNAL_H

#include "expression.h"
#include "pattern.h"
#include "values.h"

/* ---- Memory that lives as long as the expression ---- */

struct tl_arena_block;
struct tl_arena {
	struct tl_arena_block *blocks;
};
/* Zeroed; NULL without memory. */
void *tl_arena_alloc(struct tl_arena *a, size_t size);
void tl_arena_done(struct tl_arena *a);

/* ---- Values ---- */

/* An IPv4 address is its number, whatever the socket's family; so an IPv6
 * socket that speaks to ::ffff:10.0.0.1 is in 10.0.0.0/8. */
struct tl_ip {
	bool v6;
	unsigned __int128 number;
};

struct tl_ip_range {
	struct tl_ip first, last;
};

struct tl_text {
	const char *data;
	size_t size;
};

struct tl_value {
	__int128 number; /* every 64-bit number, signed or not, is itself; a truth: 0 or 1 */
	struct tl_text text;
	struct tl_ip ip;
};

/* Family and bytes as in a socket address. False for other families. */
bool tl_ip_of(uint16_t family, const uint8_t *bytes, struct tl_ip *ret);
int tl_ip_compare(const struct tl_ip *a, const struct tl_ip *b);
/* "10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32". -EINVAL, and *ret_why is a static sentence. */
int tl_ip_parse(const char *text, size_t size, struct tl_ip_range *ret, const char **ret_why);

/* ---- References: where a value comes from ---- */

enum tl_reference_source {
	TL_REFERENCE_FIELD, /* of the table */
	TL_REFERENCE_NAME, /* argument by name */
	TL_REFERENCE_POSITION, /* argument by position */
};

struct tl_reference {
	uint8_t source; /* enum tl_reference_source */
	uint8_t position; /* 1..6 */
	uint8_t kind; /* enum tl_field_kind: what is wanted of it */
	bool joined; /* strings with NULs between, to be read with spaces: tl_reference_join() */
	const struct tl_expression_field *field;
	char name[32];
	/* Of an argument in the first type that has it: most often it is the same in all. */
	unsigned hint; /* its index */
	struct tl_arg_type hint_type;
	struct tl_number hint_number;
};

/* tl_expression_field.flags */
#define TL_FIELD_PATHLIKE 0x01 /* `matches` knows components */
#define TL_FIELD_JOINED 0x02 /* a list of strings */
#define TL_FIELD_UNSET 0x04 /* a 32-bit number whose largest value is -1 */
#define TL_FIELD_COUNTED 0x08 /* the same in all events that tl_session_set_counted() counts together, */
#define TL_FIELD_OBJECT 0x10 /* if each object is counted apart */

/* What a field or an argument is for one type of event. */
struct tl_resolved {
	uint8_t kind; /* enum tl_field_kind */
	uint8_t flags; /* TL_FIELD_* */
};
/* False: the type has none of it. */
bool tl_reference_resolve(const struct tl_reference *r, const struct tl_event_type *type, struct tl_resolved *ret);

/* Once the kind has been chosen. */
void tl_reference_prepare(struct tl_reference *r, const struct tl_event_type *const *types, size_t n_types);

/* The value of the kind r->kind, not of a joined one. False: the event has none. */
bool tl_reference_get(const struct tl_reference *r, const struct tl_event *event, struct tl_value *ret);

/* Same for joined strings, written to buf. */
#define TL_JOIN_MAX 131072
bool tl_reference_join(const struct tl_reference *r, const struct tl_event *event, char *buf, struct tl_text *ret);

/* How the value that a reference means comes from one that the kernel part has. */
enum tl_view {
	TL_VIEW_NONE, /* the kernel part does not have it */
	TL_VIEW_PLAIN,
	TL_VIEW_UNSET, /* 32 bits without a sign of which the largest value is -1 */
	TL_VIEW_ERRNO, /* of the result */
	TL_VIEW_SUCCESS, /* of the result */
	TL_VIEW_TEXT,
	TL_VIEW_NAME, /* of a thread */
	TL_VIEW_ADDRESS, /* the test is of its kind, and the other fields of that end stand behind that */
};
/* For events of the type, which have it; of *ret_test what is looked at and how wide
 * it is is filled in. */
enum tl_view tl_reference_view(const struct tl_reference *r, const struct tl_event_type *type,
			       struct tl_filter_test *ret_test);

/* By its name, or by the one that it has in events: path and file.path. */
const struct tl_expression_field *tl_expression_field_find(const char *name, size_t size);
/* The field that is shown as name in events; NULL: there is no such one. */
const char *tl_expression_field_shown(const char *name, size_t size);

/* ---- Lists ---- */

struct tl_set {
	uint8_t kind; /* enum tl_field_kind */
	size_t n;
	union {
		__int128 *numbers; /* in any order, each once */
		struct tl_ip_range *ranges; /* sorted, apart from each other */
		struct tl_text *table; /* by hash; data NULL: free */
	};
	size_t table_size; /* power of two; of numbers: of places */
	uint32_t *places; /* of numbers, by hash: 1 + index; 0: free */
};

/* What the list is made of, in any order. */
struct tl_set_items {
	uint8_t kind;
	size_t n, allocated;
	struct tl_value *values; /* numbers and strings */
	struct tl_ip_range *ranges; /* addresses */
};
int tl_set_items_add(struct tl_set_items *items, const struct tl_value *value, const struct tl_ip_range *range);
void tl_set_items_done(struct tl_set_items *items);
int tl_set_make(struct tl_arena *a, struct tl_set_items *items, struct tl_set *ret);
bool tl_set_has(const struct tl_set *s, const struct tl_value *value);

/* ---- The program ---- */

enum tl_relation {
	TL_RELATION_TRUE, /* the truth itself */
	TL_RELATION_EQUAL,
	TL_RELATION_UNEQUAL,
	TL_RELATION_LESS,
	TL_RELATION_LESS_EQUAL,
	TL_RELATION_GREATER,
	TL_RELATION_GREATER_EQUAL,
	TL_RELATION_HAS,
	TL_RELATION_STARTS,
	TL_RELATION_ENDS,
	TL_RELATION_CONTAINS,
	TL_RELATION_MATCHES,
	TL_RELATION_IN,
};

enum tl_insn_op {
	TL_INSN_COMPARE, /* truth = left RELATION right */
	TL_INSN_NOT, /* truth = not truth */
	TL_INSN_JUMP_TRUE, /* if truth: goto jump */
	TL_INSN_JUMP_FALSE,
};

struct tl_insn {
	uint8_t op; /* enum tl_insn_op */
	uint8_t relation; /* enum tl_relation */
	bool negated; /* of COMPARE: "not in"; false all the same where there is no such field */
	bool inverted; /* of COMPARE: behind an odd number of `not`s, it being true makes the whole false */
	bool right_is_field;
	uint32_t jump; /* always forward */
	struct tl_reference left, right;
	struct tl_value value; /* right, if it is no field */
	struct tl_set set; /* IN */
	struct tl_pattern *pattern; /* MATCHES */
	struct tl_text text; /* of COMPARE: as it was written, */
	unsigned column; /* and where */
};
/* Whether a COMPARE, not with a field, is true of an event that has this value on the left. */
bool tl_insn_holds(const struct tl_insn *insn, const struct tl_value *left);

struct tl_expression {
	struct tl_arena arena;
	struct tl_insn *insns;
	uint32_t n, allocated;
};

/* A comparison without which the condition is false: FIELD is one of some
 * values, or begins with some bytes. Whole strings if there is a choice, then
 * beginnings. False: there is none. */
struct tl_expression_key {
	const struct tl_reference *field; /* of the table of fields */
	struct tl_text head; /* that it begins with; data NULL: */
	struct tl_text tail; /* that it ends with; data NULL: */
	const struct tl_value *value; /* NULL: */
	const struct tl_set *set;
};
bool tl_expression_key(const struct tl_expression *e, struct tl_expression_key *ret);

/* ---- Words of the text ---- */

enum tl_token_type {
	TL_TOKEN_END,
	TL_TOKEN_WORD, /* field, constant or operator */
	TL_TOKEN_NUMBER,
	TL_TOKEN_STRING,
	TL_TOKEN_ADDRESS,
	TL_TOKEN_SIGN, /* ( ) , | - == != < <= > >= */
};

struct tl_token {
	enum tl_token_type type;
	const char *start; /* in the source */
	size_t size;
	unsigned column;
	uint64_t number;
	struct tl_text text; /* STRING, without its escapes */
	struct tl_ip_range range; /* ADDRESS */
};

struct tl_lexer {
	const char *p, *end;
	unsigned column; /* of p */
	struct tl_arena *arena;
	char why[160]; /* of -EINVAL; column is where */
};

/* -EINVAL, -ENOMEM. */
int tl_lexer_next(struct tl_lexer *l, struct tl_token *ret);
bool tl_token_is(const struct tl_token *t, const char *word);

/* ---- The parser and its type checker ---- */

/* What many more comparisons say nobody wrote by hand. */
#define TL_NEEDED_MAX 32

struct tl_parser {
	struct tl_lexer lexer;
	struct tl_token token; /* the next one */
	const struct tl_event_type *const *types;
	size_t n_types;
	bool all; /* of the built-in types: no field is in all of them */
	struct tl_expression *e;
	struct tl_expression_error *error;
	unsigned depth;
	bool inverted; /* behind an odd number of `not`s */
	/* Comparisons, by their places in the program, that are all true, or false behind an odd
	 * number of `not`s, where what has been read of the innermost chain holds. */
	uint32_t needed[TL_NEEDED_MAX];
	unsigned n_needed;
	const struct tl_named *left; /* of the comparison that is being read */
};

int tl_parser_fail(struct tl_parser *p, unsigned column, const char *format, ...) __attribute__((format(printf, 3, 4)));
void tl_parser_warn(struct tl_parser *p, unsigned column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The whole text. -EINVAL: said with p's error; -ENOMEM. */
int tl_parser_run(struct tl_parser *p);

/* A field or an argument as the text names it, and what it is in the types. */
struct tl_named {
	struct tl_token token;
	struct tl_reference reference; /* its kind is yet to be chosen */
	size_t n[TL_FIELD_BOOL + 1]; /* types in which it is of that kind */
	uint8_t flags[TL_FIELD_BOOL + 1]; /* TL_FIELD_*, of all these */
};

/* -EINVAL: no such field in any of the types, said with p's error. */
int tl_parser_name(struct tl_parser *p, const struct tl_token *word, struct tl_named *ret);
/* Whether it would be found. */
bool tl_parser_knows(const struct tl_parser *p, const struct tl_token *word);

/* The whole text is one name. *ret is malloc()ed. */
int tl_parser_reference(struct tl_parser *p, struct tl_reference **ret);

/* Takes it as a value of `kind`. what: of the operator, "'<' compares"; NULL: what it is compared with. */
int tl_parser_choose(struct tl_parser *p, struct tl_named *name, enum tl_field_kind kind, const char *what,
		     unsigned column);

/* Warn of a value that the field never has. */
void tl_parser_doubt_text(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			  const struct tl_text *text, unsigned column);
void tl_parser_doubt_number(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			    __int128 number, unsigned column);
/* "users" or "groups": the field is the number of one; NULL: it is not. */
const char *tl_accounts_of(const struct tl_named *left);
/* Warn of a comparison that never holds where the one before it does: is true, or, inverted, false. */
void tl_parser_doubt_pair(struct tl_parser *p, const struct tl_insn *before, const struct tl_insn *insn);

#endif
