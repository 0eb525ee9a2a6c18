// SPDX-License-Identifier: GPL-2.0-or-later
/* From the words of a condition to its program. The grammar is in expression.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "constants.h"
#include "expression-internal.h"
#include "suggest.h"
#include "util.h"

#define SHOWN(token) (int)MIN((token)->size, 48U), (token)->start
#define NO_JUMP UINT32_MAX

static const struct {
	const char *word;
	enum tl_relation relation;
	bool sign; /* else a word */
} relations[] = {
	{ "==", TL_RELATION_EQUAL, true },
	{ "!=", TL_RELATION_UNEQUAL, true },
	{ "<", TL_RELATION_LESS, true },
	{ "<=", TL_RELATION_LESS_EQUAL, true },
	{ ">", TL_RELATION_GREATER, true },
	{ ">=", TL_RELATION_GREATER_EQUAL, true },
	{ "has", TL_RELATION_HAS, false },
	{ "in", TL_RELATION_IN, false },
	{ "startswith", TL_RELATION_STARTS, false },
	{ "endswith", TL_RELATION_ENDS, false },
	{ "contains", TL_RELATION_CONTAINS, false },
	{ "matches", TL_RELATION_MATCHES, false },
};

static const char *const keywords[] = { "and",	    "or",	"not",	   "has",  "in",   "startswith",
					"endswith", "contains", "matches", "true", "false" };

bool tl_token_is(const struct tl_token *t, const char *word)
{
	return (t->type == TL_TOKEN_WORD || t->type == TL_TOKEN_SIGN) && strlen(word) == t->size &&
	       memcmp(t->start, word, t->size) == 0;
}

static bool is_keyword(const struct tl_token *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (tl_token_is(t, keywords[i]))
			return true;
	return false;
}

static int advance(struct tl_parser *p)
{
	int r = tl_lexer_next(&p->lexer, &p->token);

	return r == -EINVAL ? tl_parser_fail(p, p->lexer.column, "%s", p->lexer.why) : r;
}

static int unexpected(struct tl_parser *p, const char *expected)
{
	struct tl_suggest suggest;

	if (p->token.type == TL_TOKEN_END)
		return tl_parser_fail(p, p->token.column, "%s is missing at the end", expected);
	/* Words that join conditions, where they are expected. */
	tl_suggest_init(&suggest, p->token.start, p->token.size);
	if (p->token.type == TL_TOKEN_WORD && strstr(expected, "'and'") && !tl_parser_knows(p, &p->token)) {
		tl_suggest_offer(&suggest, "and");
		tl_suggest_offer(&suggest, "or");
	}
	return tl_parser_fail(p, p->token.column, "%s is expected, not '%.*s'%s", expected, SHOWN(&p->token),
			      tl_suggest_text(&suggest));
}

static int emit(struct tl_parser *p, const struct tl_insn *insn, uint32_t *ret_index)
{
	struct tl_expression *e = p->e;

	if (e->n == e->allocated) {
		uint32_t wanted = e->allocated ? 2 * e->allocated : 4;
		struct tl_insn *grown = reallocarray(e->insns, wanted, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		e->insns = grown;
		e->allocated = wanted;
	}
	if (ret_index)
		*ret_index = e->n;
	e->insns[e->n] = *insn;
	e->insns[e->n++].inverted = p->inverted;
	return 0;
}

/* ---- What a field is compared with ---- */

struct operand {
	enum tl_field_kind kind;
	unsigned column;
	bool is_field;
	bool is_string; /* of an address */
	struct tl_named name; /* is_field */
	struct tl_value value;
	struct tl_ip_range range; /* TL_FIELD_ADDRESS */
};

static int unknown_value(struct tl_parser *p)
{
	const char *name, *accounts = p->left ? tl_accounts_of(p->left) : NULL;
	struct tl_suggest suggest;

	if (accounts)
		return tl_parser_fail(
			p, p->token.column,
			"'%.*s' is no number, and '%.*s' is one: names of %s are understood by targets only",
			SHOWN(&p->token), SHOWN(&p->left->token), accounts);
	if (tl_parser_knows(p, &p->token))
		return tl_parser_fail(p, p->token.column, "'%.*s' is a field: a number or a constant is expected",
				      SHOWN(&p->token));
	tl_suggest_init(&suggest, p->token.start, p->token.size);
	for (size_t i = 0; (name = tl_number_name(i)); i++)
		tl_suggest_offer(&suggest, name);
	for (size_t i = 0; (tl_expression_field_get(i)); i++)
		tl_suggest_offer(&suggest, tl_expression_field_get(i)->name);
	return tl_parser_fail(p, p->token.column, "unknown constant '%.*s'%s%s", SHOWN(&p->token),
			      tl_suggest_text(&suggest), suggest.best ? "" : " (a string is written in quotes)");
}

static bool find_constant(const struct tl_token *t, int64_t *ret)
{
	char name[64];

	if (t->type != TL_TOKEN_WORD || t->size >= sizeof(name))
		return false;
	memcpy(name, t->start, t->size);
	name[t->size] = '\0';
	return tl_number_find(name, ret) >= 0;
}

/* -2 is a number, and so is -ENOENT. */
static int parse_primary_number(struct tl_parser *p, __int128 *ret)
{
	bool negative = tl_token_is(&p->token, "-");
	int64_t constant;
	int r = negative ? advance(p) : 0;

	if (r < 0)
		return r;
	if (p->token.type == TL_TOKEN_NUMBER)
		*ret = p->token.number;
	else if (find_constant(&p->token, &constant))
		*ret = constant;
	else
		return p->token.type == TL_TOKEN_WORD ? unknown_value(p) : unexpected(p, "a number");
	if (negative)
		*ret = -*ret;
	return advance(p);
}

static int parse_number(struct tl_parser *p, __int128 *ret)
{
	int r = parse_primary_number(p, ret);

	while (r >= 0 && tl_token_is(&p->token, "|")) {
		__int128 more;

		r = advance(p);
		if (r >= 0)
			r = parse_primary_number(p, &more);
		if (r >= 0)
			*ret |= more;
	}
	return r;
}

static int parse_word(struct tl_parser *p, struct operand *ret)
{
	int64_t constant;
	int r;

	if (tl_token_is(&p->token, "true") || tl_token_is(&p->token, "false")) {
		ret->kind = TL_FIELD_BOOL;
		ret->value.number = p->token.size == strlen("true");
		return advance(p);
	}
	if (find_constant(&p->token, &constant)) {
		ret->kind = TL_FIELD_NUMBER;
		return parse_number(p, &ret->value.number);
	}
	if (is_keyword(&p->token))
		return unexpected(p, "a value");
	if (!tl_parser_knows(p, &p->token))
		return unknown_value(p);
	r = tl_parser_name(p, &p->token, &ret->name);
	if (r < 0)
		return r;
	ret->is_field = true;
	return advance(p);
}

static int parse_operand(struct tl_parser *p, struct operand *ret)
{
	*ret = (struct operand){ .column = p->token.column };
	switch (p->token.type) {
	case TL_TOKEN_WORD:
		return parse_word(p, ret);
	case TL_TOKEN_STRING:
		ret->kind = TL_FIELD_STRING;
		ret->value.text = p->token.text;
		return advance(p);
	case TL_TOKEN_ADDRESS:
		ret->kind = TL_FIELD_ADDRESS;
		ret->range = p->token.range;
		return advance(p);
	case TL_TOKEN_NUMBER:
		break;
	default:
		if (!tl_token_is(&p->token, "-"))
			return unexpected(p, "a value");
	}
	ret->kind = TL_FIELD_NUMBER;
	return parse_number(p, &ret->value.number);
}

/* Adapts a literal to the field: "10.0.0.1" to an address, 4294967295 to -1 of a uid. */
static int fit_operand(struct tl_parser *p, const struct tl_named *left, struct operand *o)
{
	const char *why = NULL;

	if (o->kind == TL_FIELD_STRING && !left->n[TL_FIELD_STRING] && left->n[TL_FIELD_ADDRESS]) {
		if (tl_ip_parse(o->value.text.data, o->value.text.size, &o->range, &why) < 0)
			return tl_parser_fail(p, o->column, "'%.*s' is an address, and this is none: %s",
					      SHOWN(&left->token), why);
		o->kind = TL_FIELD_ADDRESS;
	}
	if (o->kind == TL_FIELD_NUMBER && (left->flags[TL_FIELD_NUMBER] & TL_FIELD_UNSET) &&
	    o->value.number == UINT32_MAX)
		o->value.number = -1;
	return 0;
}

static void doubt_operand(struct tl_parser *p, const struct tl_named *left, enum tl_relation relation,
			  const struct operand *o)
{
	if (o->kind == TL_FIELD_STRING)
		tl_parser_doubt_text(p, left, relation, &o->value.text, o->column);
	else if (o->kind == TL_FIELD_NUMBER)
		tl_parser_doubt_number(p, left, relation, o->value.number, o->column);
}

/* ---- Comparisons ---- */

static bool is_order(enum tl_relation relation)
{
	return relation >= TL_RELATION_LESS && relation <= TL_RELATION_GREATER_EQUAL;
}

static int compare_fields(struct tl_parser *p, struct tl_named *left, struct operand *right, struct tl_insn *insn)
{
	enum tl_field_kind kind = TL_FIELD_NUMBER;
	int r;

	while (kind <= TL_FIELD_BOOL && !(left->n[kind] && right->name.n[kind]))
		kind++;
	if (kind > TL_FIELD_BOOL)
		return tl_parser_fail(p, right->column, "'%.*s' is not of the type of '%.*s'",
				      SHOWN(&right->name.token), SHOWN(&left->token));
	if (is_order((enum tl_relation)insn->relation))
		kind = TL_FIELD_NUMBER;
	r = tl_parser_choose(p, left, kind, NULL, left->token.column);
	if (r >= 0)
		r = tl_parser_choose(p, &right->name, kind, NULL, right->column);
	if (r < 0)
		return r;
	if (right->name.reference.joined)
		return tl_parser_fail(p, right->column, "'%.*s' can only be on the left side",
				      SHOWN(&right->name.token));
	insn->left = left->reference;
	insn->right = right->name.reference;
	insn->right_is_field = true;
	return emit(p, insn, NULL);
}

static int compare_values(struct tl_parser *p, struct tl_named *left, struct tl_insn *insn, const struct tl_token *op)
{
	struct operand right;
	int r = parse_operand(p, &right);

	if (r < 0)
		return r;
	if (right.is_field)
		return compare_fields(p, left, &right, insn);
	r = fit_operand(p, left, &right);
	if (r < 0)
		return r;
	if (is_order((enum tl_relation)insn->relation) && right.kind != TL_FIELD_NUMBER)
		return tl_parser_fail(p, op->column, "'%.*s' compares numbers", SHOWN(op));
	r = tl_parser_choose(p, left, right.kind, NULL, right.column);
	if (r < 0)
		return r;
	if (right.kind == TL_FIELD_ADDRESS && tl_ip_compare(&right.range.first, &right.range.last) != 0)
		return tl_parser_fail(p, op->column, "a network is compared with 'in', not '%.*s'", SHOWN(op));
	doubt_operand(p, left, (enum tl_relation)insn->relation, &right);
	insn->left = left->reference;
	insn->value = right.value;
	insn->value.ip = right.range.first;
	return emit(p, insn, NULL);
}

static int compare_bits(struct tl_parser *p, struct tl_named *left, struct tl_insn *insn)
{
	struct tl_token first = p->token;
	int r = parse_number(p, &insn->value.number);

	if (r >= 0)
		r = tl_parser_choose(p, left, TL_FIELD_NUMBER, "'has' looks for bits of", left->token.column);
	if (r < 0)
		return r;
	if (!insn->value.number && tl_token_is(&first, "O_RDONLY"))
		tl_parser_warn(p, first.column,
			       "O_RDONLY is 0, which every value has: 'not (%.*s has O_WRONLY or %.*s has "
			       "O_RDWR)' is what opens for reading only",
			       SHOWN(&left->token), SHOWN(&left->token));
	else if (!insn->value.number)
		tl_parser_warn(p, first.column, "every value has all the bits of 0");
	insn->left = left->reference;
	return emit(p, insn, NULL);
}

static int compile_pattern(struct tl_parser *p, const struct tl_named *left, struct tl_insn *insn, unsigned column)
{
	const struct tl_text *text = &insn->value.text;
	bool path = left->flags[TL_FIELD_STRING] & TL_FIELD_PATHLIKE;
	const char *why = NULL;
	int r = tl_pattern_compile(text->data, text->size, path, &insn->pattern, &why);

	if (r == -EINVAL)
		return tl_parser_fail(p, column, "no pattern: %s", why);
	if (r >= 0 && path && text->size && text->data[0] == '*' && (text->size < 2 || text->data[1] != '*'))
		tl_parser_warn(p, column, "'*' stays within a component of a path: '**/%.*s' is what crosses them",
			       (int)MIN(text->size, 48U), text->data);
	return r;
}

static int compare_strings(struct tl_parser *p, struct tl_named *left, struct tl_insn *insn, const struct tl_token *op)
{
	unsigned column = p->token.column;
	char what[32];
	int r;

	snprintf(what, sizeof(what), "'%.*s' looks at", (int)MIN(op->size, 16U), op->start);
	r = tl_parser_choose(p, left, TL_FIELD_STRING, what, left->token.column);
	if (r < 0)
		return r;
	if (p->token.type != TL_TOKEN_STRING)
		return unexpected(p, "a string in quotes");
	insn->left = left->reference;
	insn->value.text = p->token.text;
	tl_parser_doubt_text(p, left, (enum tl_relation)insn->relation, &p->token.text, column);
	r = advance(p);
	if (r >= 0 && insn->relation == TL_RELATION_MATCHES)
		r = compile_pattern(p, left, insn, column);
	if (r >= 0)
		r = emit(p, insn, NULL);
	if (r < 0)
		insn->pattern = tl_pattern_free(insn->pattern);
	return r;
}

/* ---- Lists ---- */

static int parse_item(struct tl_parser *p, struct tl_named *left, struct tl_set_items *items)
{
	struct operand o;
	int r = parse_operand(p, &o);

	if (r < 0)
		return r;
	if (o.is_field)
		return tl_parser_fail(p, o.column, "a field cannot be in a list");
	r = fit_operand(p, left, &o);
	if (r < 0)
		return r;
	if (!items->n) {
		items->kind = (uint8_t)o.kind;
		r = tl_parser_choose(p, left, o.kind, NULL, o.column);
		if (r < 0)
			return r;
	}
	if (o.kind != (enum tl_field_kind)items->kind)
		return tl_parser_fail(p, o.column, "this is %s, and the list began with %s", tl_field_kind_name(o.kind),
				      tl_field_kind_name(items->kind));
	doubt_operand(p, left, TL_RELATION_IN, &o);
	return tl_set_items_add(items, &o.value, &o.range);
}

static int parse_list(struct tl_parser *p, struct tl_named *left, struct tl_set_items *items)
{
	unsigned opened = p->token.column;
	int r;

	do {
		r = advance(p);
		/* A comma behind the last one does no harm. */
		if (r >= 0 && items->n && tl_token_is(&p->token, ")"))
			break;
		if (r >= 0)
			r = parse_item(p, left, items);
	} while (r >= 0 && tl_token_is(&p->token, ","));
	if (r < 0)
		return r;
	if (tl_token_is(&p->token, ")"))
		return advance(p);
	if (p->token.type == TL_TOKEN_END)
		return tl_parser_fail(p, opened, "the list that begins here has no ')'");
	return unexpected(p, "',' or ')'");
}

static int compare_list(struct tl_parser *p, struct tl_named *left, struct tl_insn *insn)
{
	_cleanup_(tl_set_items_done) struct tl_set_items items = {};
	int r;

	if (tl_token_is(&p->token, "("))
		r = parse_list(p, left, &items);
	else if (p->token.type == TL_TOKEN_ADDRESS || (p->token.type == TL_TOKEN_STRING && left->n[TL_FIELD_ADDRESS]))
		r = parse_item(p, left, &items);
	else
		return unexpected(p, left->n[TL_FIELD_ADDRESS] ? "a network or a list in parentheses" :
								 "a list in parentheses");
	if (r >= 0)
		r = tl_set_make(&p->e->arena, &items, &insn->set);
	if (r < 0)
		return r;
	insn->left = left->reference;
	return emit(p, insn, NULL);
}

/* ---- Conditions ---- */

/* -ENOENT: it is none. */
static int find_relation(const struct tl_token *t, enum tl_relation *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(relations); i++)
		if (tl_token_is(t, relations[i].word)) {
			*ret = relations[i].relation;
			return 0;
		}
	return -ENOENT;
}

static int unknown_operator(struct tl_parser *p, const struct tl_named *left)
{
	struct tl_suggest suggest;

	if (p->token.type != TL_TOKEN_WORD || is_keyword(&p->token))
		return unexpected(p, "an operator such as '=='");
	tl_suggest_init(&suggest, p->token.start, p->token.size);
	for (size_t i = 0; i < ARRAY_SIZE(relations); i++)
		if (!relations[i].sign)
			tl_suggest_offer(&suggest, relations[i].word);
	return tl_parser_fail(p, p->token.column, "unknown operator '%.*s' behind '%.*s'%s", SHOWN(&p->token),
			      SHOWN(&left->token), tl_suggest_text(&suggest));
}

static bool ends_comparison(const struct tl_token *t)
{
	return t->type == TL_TOKEN_END || tl_token_is(t, "and") || tl_token_is(t, "or") || tl_token_is(t, ")");
}

static int parse_relation(struct tl_parser *p, struct tl_named *left, struct tl_insn *insn)
{
	struct tl_token op = p->token;
	enum tl_relation relation;
	int r;

	if (find_relation(&op, &relation) < 0)
		return unknown_operator(p, left);
	if (insn->negated && relation < TL_RELATION_STARTS)
		return tl_parser_fail(p, op.column,
				      "'not' in front of '%.*s' is not supported: write it in front of "
				      "the field",
				      SHOWN(&op));
	insn->relation = (uint8_t)relation;
	r = advance(p);
	if (r < 0)
		return r;
	switch (relation) {
	case TL_RELATION_HAS:
		return compare_bits(p, left, insn);
	case TL_RELATION_IN:
		return compare_list(p, left, insn);
	case TL_RELATION_STARTS:
	case TL_RELATION_ENDS:
	case TL_RELATION_CONTAINS:
	case TL_RELATION_MATCHES:
		return compare_strings(p, left, insn, &op);
	default:
		return compare_values(p, left, insn, &op);
	}
}

/* Up to the word that comes next. */
static int keep_text(struct tl_parser *p, const char *start)
{
	struct tl_text *text = &p->e->insns[p->e->n - 1].text;
	size_t size = (size_t)(p->token.start - start);
	char *copy;

	while (size && strchr(" \t\r\n", start[size - 1]))
		size--;
	copy = tl_arena_alloc(&p->e->arena, size + 1);
	if (!copy)
		return -ENOMEM;
	*text = (struct tl_text){ memcpy(copy, start, size), size };
	return 0;
}

static int parse_one(struct tl_parser *p)
{
	struct tl_insn insn = { .op = TL_INSN_COMPARE, .relation = TL_RELATION_TRUE };
	struct tl_named left;
	int r;

	if (p->token.type != TL_TOKEN_WORD || is_keyword(&p->token))
		return unexpected(p, "a field");
	r = tl_parser_name(p, &p->token, &left);
	if (r >= 0)
		r = advance(p);
	if (r < 0)
		return r;
	p->left = &left;
	if (left.n[TL_FIELD_BOOL] && ends_comparison(&p->token)) {
		r = tl_parser_choose(p, &left, TL_FIELD_BOOL, NULL, left.token.column);
		insn.left = left.reference;
		return r < 0 ? r : emit(p, &insn, NULL);
	}
	if (tl_token_is(&p->token, "not")) {
		insn.negated = true;
		r = advance(p);
		if (r < 0)
			return r;
	}
	return parse_relation(p, &left, &insn);
}

static int parse_comparison(struct tl_parser *p)
{
	const char *start = p->token.start;
	unsigned column = p->token.column;
	int r = parse_one(p);

	p->left = NULL;
	if (r < 0)
		return r;
	p->e->insns[p->e->n - 1].column = column;
	if (p->n_needed < TL_NEEDED_MAX)
		p->needed[p->n_needed++] = p->e->n - 1;
	return keep_text(p, start);
}

static int parse_condition(struct tl_parser *p);

static int parse_parentheses(struct tl_parser *p)
{
	unsigned opened = p->token.column;
	int r = advance(p);

	if (r >= 0)
		r = parse_condition(p);
	if (r < 0)
		return r;
	if (tl_token_is(&p->token, ")"))
		return advance(p);
	if (p->token.type == TL_TOKEN_END)
		return tl_parser_fail(p, opened, "the parenthesis that begins here has no ')'");
	return unexpected(p, "'and', 'or' or ')'");
}

static int parse_negation(struct tl_parser *p)
{
	static const struct tl_insn negation = { .op = TL_INSN_NOT };
	int r;

	if (!tl_token_is(&p->token, "not") && !tl_token_is(&p->token, "("))
		return parse_comparison(p);
	if (p->depth == TL_EXPRESSION_DEPTH_MAX)
		return tl_parser_fail(p, p->token.column, "nested more than %d deep", TL_EXPRESSION_DEPTH_MAX);
	p->depth++;
	if (tl_token_is(&p->token, "(")) {
		r = parse_parentheses(p);
	} else {
		r = advance(p);
		p->inverted = !p->inverted;
		if (r >= 0)
			r = parse_negation(p);
		p->inverted = !p->inverted;
		if (r >= 0)
			r = emit(p, &negation, NULL);
	}
	p->depth--;
	return r;
}

/* Those that the chain's last member needs, from `last` on, with those of the members before it, from `first` on. */
static void doubt_last(struct tl_parser *p, unsigned first, unsigned last)
{
	for (unsigned i = last; i < p->n_needed; i++)
		for (unsigned k = first; k < last; k++)
			tl_parser_doubt_pair(p, &p->e->insns[p->needed[k]], &p->e->insns[p->needed[i]]);
}

/* A chain of `word`s: what decides it early jumps behind the last one. */
static int parse_chain(struct tl_parser *p, const char *word, enum tl_insn_op jump, int (*parse)(struct tl_parser *p))
{
	const struct tl_insn insn = { .op = (uint8_t)jump };
	const bool joins = (jump == TL_INSN_JUMP_FALSE) != p->inverted; /* all of its members have to hold */
	const unsigned first = p->n_needed;
	uint32_t last = NO_JUMP, index;
	unsigned member;
	int r = parse(p);

	while (r >= 0 && tl_token_is(&p->token, word)) {
		r = emit(p, &insn, &index);
		if (r < 0)
			return r;
		p->e->insns[index].jump = last;
		last = index;
		member = p->n_needed;
		r = advance(p);
		if (r >= 0)
			r = parse(p);
		if (r >= 0 && joins)
			doubt_last(p, first, member);
	}
	if (last != NO_JUMP && !joins)
		p->n_needed = first;
	while (last != NO_JUMP) {
		uint32_t before = p->e->insns[last].jump;

		p->e->insns[last].jump = p->e->n;
		last = before;
	}
	return r;
}

static int parse_conjunction(struct tl_parser *p)
{
	return parse_chain(p, "and", TL_INSN_JUMP_FALSE, parse_negation);
}

static int parse_condition(struct tl_parser *p)
{
	return parse_chain(p, "or", TL_INSN_JUMP_TRUE, parse_conjunction);
}

int tl_parser_run(struct tl_parser *p)
{
	int r = advance(p);

	if (r >= 0 && p->token.type == TL_TOKEN_END)
		return tl_parser_fail(p, 1, "the condition is empty");
	if (r >= 0)
		r = parse_condition(p);
	if (r >= 0 && p->token.type != TL_TOKEN_END)
		return unexpected(p, "'and', 'or' or the end");
	return r;
}
