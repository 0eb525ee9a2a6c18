// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Comparisons of one field that are never true together: `pid == 1 and pid == 2`.
 * No error, for they are right each for itself, but nobody means it. Told of
 * comparisons that `and` joins, through parentheses and `not`, and only what is
 * certain.
 */
#include <string.h>

#include "expression-internal.h"
#include "util.h"

#define SHOWN(insn) (int)MIN((insn)->text.size, 60U), (insn)->text.data

static bool is_same_value(const struct tl_reference *a, const struct tl_reference *b)
{
	return a->source == b->source && a->kind == b->kind && a->position == b->position && a->field == b->field &&
	       strcmp(a->name, b->name) == 0;
}

static size_t set_places(const struct tl_set *s)
{
	return s->kind == TL_FIELD_STRING ? s->table_size : s->n;
}

/* False: the place is free. */
static bool set_value(const struct tl_set *s, size_t i, struct tl_value *ret)
{
	switch ((enum tl_field_kind)s->kind) {
	case TL_FIELD_STRING:
		ret->text = s->table[i];
		return ret->text.data;
	case TL_FIELD_ADDRESS:
		ret->ip = s->ranges[i].first;
		return true;
	default:
		ret->number = s->numbers[i];
		return true;
	}
}

static bool has_values(const struct tl_insn *insn)
{
	return !insn->negated && (insn->relation == TL_RELATION_EQUAL || insn->relation == TL_RELATION_IN);
}

/* Whether one of the values that `a` names is right for b. Of a network that is its first address:
 * of two that overlap one begins within the other. */
static bool any_holds(const struct tl_insn *a, const struct tl_insn *b)
{
	struct tl_value value = {};

	if (a->relation == TL_RELATION_EQUAL)
		return tl_insn_holds(b, &a->value);
	for (size_t i = 0; i < set_places(&a->set); i++)
		if (set_value(&a->set, i, &value) && tl_insn_holds(b, &value))
			return true;
	return false;
}

static bool has_networks(const struct tl_insn *insn)
{
	return insn->relation == TL_RELATION_IN && insn->set.kind == TL_FIELD_ADDRESS;
}

static bool is_below(const struct tl_insn *insn)
{
	return insn->relation == TL_RELATION_LESS || insn->relation == TL_RELATION_LESS_EQUAL;
}

static bool is_above(const struct tl_insn *insn)
{
	return insn->relation == TL_RELATION_GREATER || insn->relation == TL_RELATION_GREATER_EQUAL;
}

/* Nothing is below what the one and above what the other says. */
static bool leaves_no_number(const struct tl_insn *below, const struct tl_insn *above)
{
	__int128 most = below->value.number - (below->relation == TL_RELATION_LESS);
	__int128 least = above->value.number + (above->relation == TL_RELATION_GREATER);

	return most < least;
}

/* The comparison that is true of the same field's values as `not` of this one; of an event without
 * the field that one is true, and this is not. */
static struct tl_insn turned(const struct tl_insn *insn)
{
	static const uint8_t others[] = {
		[TL_RELATION_EQUAL] = TL_RELATION_UNEQUAL,	 [TL_RELATION_UNEQUAL] = TL_RELATION_EQUAL,
		[TL_RELATION_LESS] = TL_RELATION_GREATER_EQUAL, [TL_RELATION_GREATER_EQUAL] = TL_RELATION_LESS,
		[TL_RELATION_GREATER] = TL_RELATION_LESS_EQUAL, [TL_RELATION_LESS_EQUAL] = TL_RELATION_GREATER,
	};
	struct tl_insn other = *insn;

	if (insn->relation < ARRAY_SIZE(others) && others[insn->relation])
		other.relation = others[insn->relation];
	else
		other.negated = !insn->negated;
	return other;
}

static bool exclude_each_other(const struct tl_insn *a, const struct tl_insn *b)
{
	if (a->relation == TL_RELATION_TRUE && b->relation == TL_RELATION_TRUE)
		return a->negated != b->negated;
	if (is_below(a) && is_above(b))
		return leaves_no_number(a, b);
	if (is_above(a) && is_below(b))
		return leaves_no_number(b, a);
	if (has_networks(a) || has_networks(b))
		return has_values(a) && has_values(b) && !any_holds(a, b) && !any_holds(b, a);
	if (has_values(a))
		return !any_holds(a, b);
	return has_values(b) && !any_holds(b, a);
}

void tl_parser_doubt_pair(struct tl_parser *p, const struct tl_insn *before, const struct tl_insn *insn)
{
	struct tl_insn a = *before, b = *insn;

	if (before->right_is_field || insn->right_is_field || !is_same_value(&before->left, &insn->left))
		return;
	if (before->inverted && insn->inverted) /* both are so where there is no such field */
		return;
	if (before->inverted)
		a = turned(before);
	if (insn->inverted)
		b = turned(insn);
	if (exclude_each_other(&a, &b))
		tl_parser_warn(p, insn->column, "'%.*s' is never %s where '%.*s' is%s", SHOWN(insn),
			       insn->inverted ? "false" : "true", SHOWN(before),
			       before->inverted ? " not" : insn->inverted ? " true" : "");
}
