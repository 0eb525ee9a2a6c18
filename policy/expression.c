// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expression-internal.h"
#include "util.h"

/* ---- Memory ---- */

#define BLOCK_SIZE 2048

struct tl_arena_block {
	struct tl_arena_block *next;
	size_t used, size;
	_Alignas(16) char data[];
};

void *tl_arena_alloc(struct tl_arena *a, size_t size)
{
	struct tl_arena_block *block = a->blocks;
	size_t wanted;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size) {
		wanted = MAX(size, (size_t)BLOCK_SIZE);
		block = calloc(1, sizeof(*block) + wanted);
		if (!block)
			return NULL;
		block->size = wanted;
		block->next = a->blocks;
		a->blocks = block;
	}
	p = block->data + block->used;
	block->used += size;
	return p;
}

void tl_arena_done(struct tl_arena *a)
{
	while (a->blocks) {
		struct tl_arena_block *block = a->blocks;

		a->blocks = block->next;
		free(block);
	}
}

/* ---- Compiling ---- */

struct tl_expression *tl_expression_free(struct tl_expression *e)
{
	if (!e)
		return NULL;
	for (uint32_t i = 0; i < e->n; i++)
		tl_pattern_free(e->insns[i].pattern);
	free(e->insns);
	tl_arena_done(&e->arena);
	free(e);
	return NULL;
}

static void expression_freep(struct tl_expression **e)
{
	tl_expression_free(*e);
}

/* All that can be asked for. */
static int all_types(const struct tl_event_type ***ret, size_t *ret_n)
{
	size_t n, kept = 0;
	const struct tl_event_type *types = tl_event_types(&n), **list = calloc(n + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (types[i].class != TL_CLASS_RECORD)
			list[kept++] = &types[i];
	*ret = list;
	*ret_n = kept;
	return 0;
}

int tl_expression_compile(const char *text, const struct tl_event_type *const *types, size_t n_types,
			  struct tl_expression **ret, struct tl_expression_error *error)
{
	_cleanup_(expression_freep) struct tl_expression *e = calloc(1, sizeof(*e));
	_cleanup_free_ const struct tl_event_type **all = NULL;
	struct tl_expression_error ignored;
	struct tl_parser p = { .types = types, .n_types = n_types, .e = e, .error = error ? error : &ignored };
	size_t size = strnlen(text, TL_EXPRESSION_MAX);
	int r;

	memset(p.error, 0, sizeof(*p.error));
	if (!e)
		return -ENOMEM;
	if (size == TL_EXPRESSION_MAX)
		return tl_parser_fail(&p, 1, "the condition is longer than %u bytes", TL_EXPRESSION_MAX);
	if (!n_types) {
		r = all_types(&all, &p.n_types);
		if (r < 0)
			return r;
		p.types = all;
		p.all = true;
	}
	p.lexer = (struct tl_lexer){ .p = text, .end = text + size, .column = 1, .arena = &e->arena };
	r = tl_parser_run(&p);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(e);
	return 0;
}

int tl_reference_compile(const char *name, const struct tl_event_type *const *types, size_t n_types,
			 struct tl_reference **ret, struct tl_expression_error *error)
{
	struct tl_arena arena = { 0 };
	struct tl_parser p = {
		.lexer = { .p = name, .end = name + strlen(name), .column = 1, .arena = &arena },
		.types = types, .n_types = n_types, .error = error,
	};
	struct tl_reference *reference = NULL;
	int r;

	memset(error, 0, sizeof(*error));
	r = tl_parser_reference(&p, &reference);
	tl_arena_done(&arena);
	if (r >= 0)
		*ret = reference;
	return r;
}

/* ---- What it cannot do without ---- */

/* What texts that match begin or end with, whichever is longer: many globs begin alike. */
static void pattern_key(const struct tl_pattern *pattern, struct tl_expression_key *ret)
{
	struct tl_text head, tail;

	head.size = tl_pattern_head(pattern, &head.data);
	tail.size = tl_pattern_tail(pattern, &tail.data);
	if (tail.size > head.size)
		ret->tail = tail;
	else
		ret->head = head;
}

/* How well a comparison tells events apart; 0: it cannot be a key. */
static unsigned key_rank(const struct tl_insn *insn)
{
	struct tl_expression_key key = {};

	if (insn->negated || insn->right_is_field || insn->left.joined || insn->left.source != TL_REFERENCE_FIELD)
		return 0;
	switch ((enum tl_relation)insn->relation) {
	case TL_RELATION_EQUAL:
	case TL_RELATION_IN:
		return insn->left.kind == TL_FIELD_STRING ? 3 : insn->left.kind == TL_FIELD_NUMBER;
	case TL_RELATION_STARTS:
	case TL_RELATION_ENDS:
		return insn->value.text.size ? 2 : 0;
	case TL_RELATION_MATCHES:
		pattern_key(insn->pattern, &key);
		return key.head.size || key.tail.size ? 2 : 0;
	default:
		return 0;
	}
}

bool tl_expression_key(const struct tl_expression *e, struct tl_expression_key *ret)
{
	const struct tl_insn *found = NULL, *insn = e->insns;
	unsigned best = 0;

	/* Comparisons after each of which a false one ends it all. */
	for (uint32_t i = 0; i < e->n && insn[i].op == TL_INSN_COMPARE; i += 2) {
		bool last = i + 1 == e->n;

		if (!last && (insn[i + 1].op != TL_INSN_JUMP_FALSE || insn[i + 1].jump != e->n))
			break;
		if (key_rank(&insn[i]) > best) {
			best = key_rank(&insn[i]);
			found = &insn[i];
		}
	}
	if (!found)
		return false;
	*ret = (struct tl_expression_key){
		.field = &found->left,
		.value = found->relation == TL_RELATION_EQUAL ? &found->value : NULL,
		.set = &found->set,
	};
	if (found->relation == TL_RELATION_STARTS)
		ret->head = found->value.text;
	else if (found->relation == TL_RELATION_ENDS)
		ret->tail = found->value.text;
	else if (found->relation == TL_RELATION_MATCHES)
		pattern_key(found->pattern, ret);
	return true;
}

/* ---- Evaluating ---- */

static bool compare_order(enum tl_relation relation, int order)
{
	switch (relation) {
	case TL_RELATION_EQUAL:
		return order == 0;
	case TL_RELATION_UNEQUAL:
		return order != 0;
	case TL_RELATION_LESS:
		return order < 0;
	case TL_RELATION_LESS_EQUAL:
		return order <= 0;
	case TL_RELATION_GREATER:
		return order > 0;
	case TL_RELATION_GREATER_EQUAL:
		return order >= 0;
	default:
		return false;
	}
}

static bool compare_number(enum tl_relation relation, __int128 left, __int128 right)
{
	if (relation == TL_RELATION_TRUE)
		return left;
	if (relation == TL_RELATION_HAS)
		return ((uint64_t)left & (uint64_t)right) == (uint64_t)right;
	return compare_order(relation, left < right ? -1 : left > right);
}

static bool equal(const char *a, const char *b, size_t size)
{
	return !size || memcmp(a, b, size) == 0;
}

static bool compare_text(enum tl_relation relation, const struct tl_text *left, const struct tl_text *right)
{
	bool fits = left->size >= right->size;

	switch (relation) {
	case TL_RELATION_EQUAL:
		return left->size == right->size && equal(left->data, right->data, left->size);
	case TL_RELATION_UNEQUAL:
		return left->size != right->size || !equal(left->data, right->data, left->size);
	case TL_RELATION_STARTS:
		return fits && equal(left->data, right->data, right->size);
	case TL_RELATION_ENDS:
		return fits && equal(left->data + left->size - right->size, right->data, right->size);
	case TL_RELATION_CONTAINS:
		return fits && (!right->size || memmem(left->data, left->size, right->data, right->size));
	default:
		return false;
	}
}

static bool compare(const struct tl_insn *insn, const struct tl_value *left, const struct tl_value *right)
{
	enum tl_relation relation = (enum tl_relation)insn->relation;

	if (relation == TL_RELATION_IN)
		return tl_set_has(&insn->set, left);
	if (relation == TL_RELATION_MATCHES)
		return tl_pattern_match(insn->pattern, left->text.data, left->text.size);
	switch ((enum tl_field_kind)insn->left.kind) {
	case TL_FIELD_NUMBER:
	case TL_FIELD_BOOL:
		return compare_number(relation, left->number, right->number);
	case TL_FIELD_STRING:
		return compare_text(relation, &left->text, &right->text);
	case TL_FIELD_ADDRESS:
		return compare_order(relation, tl_ip_compare(&left->ip, &right->ip));
	}
	return false;
}

bool tl_insn_holds(const struct tl_insn *insn, const struct tl_value *left)
{
	return compare(insn, left, &insn->value) != insn->negated;
}

static bool compare_right(const struct tl_insn *insn, const struct tl_event *event, const struct tl_value *left)
{
	struct tl_value value;
	const struct tl_value *right = &insn->value;

	if (insn->right_is_field) {
		if (!tl_reference_get(&insn->right, event, &value))
			return false;
		right = &value;
	}
	return compare(insn, left, right) != insn->negated;
}

/* Apart, for the sake of the stack of all others. */
static __attribute__((noinline)) bool eval_joined(const struct tl_insn *insn, const struct tl_event *event)
{
	char buf[TL_JOIN_MAX];
	struct tl_value left;

	return tl_reference_join(&insn->left, event, buf, &left.text) && compare_right(insn, event, &left);
}

static bool eval_compare(const struct tl_insn *insn, const struct tl_event *event)
{
	struct tl_value left;

	if (insn->left.joined)
		return eval_joined(insn, event);
	return tl_reference_get(&insn->left, event, &left) && compare_right(insn, event, &left);
}

static bool eval(const struct tl_expression *e, const struct tl_event *event)
{
	bool truth = false;
	uint32_t i = 0;

	while (i < e->n) {
		const struct tl_insn *insn = &e->insns[i++];

		switch ((enum tl_insn_op)insn->op) {
		case TL_INSN_COMPARE:
			truth = eval_compare(insn, event);
			break;
		case TL_INSN_NOT:
			truth = !truth;
			break;
		case TL_INSN_JUMP_TRUE:
			if (truth)
				i = insn->jump;
			break;
		case TL_INSN_JUMP_FALSE:
			if (!truth)
				i = insn->jump;
			break;
		}
	}
	return truth;
}

static __attribute__((noinline)) bool eval_further(const struct tl_expression *e, const struct tl_event *event)
{
	struct tl_event other = *event;

	for (size_t i = 0; i < event->n_further; i++) {
		*(event->further_are_sources ? &other.source : &other.destination) = event->further[i];
		if (eval(e, &other))
			return true;
	}
	return false;
}

bool tl_expression_eval(const struct tl_expression *e, const struct tl_event *event)
{
	return eval(e, event) || (event->n_further && eval_further(e, event));
}
