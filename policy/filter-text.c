// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of paths: as what a path is, or which directory it is below. */
#include <string.h>

#include "filter-internal.h"
#include "util.h"

static bool add(struct tl_filter_any *any, const struct tl_filter_test *test, enum tl_filter_kind kind,
		const struct tl_text *text)
{
	struct tl_filter_test *to;

	if (any->n == TL_FILTER_ANY_MAX || !tl_filter_takes_text(text->data, text->size, kind == TL_FILTER_BELOW))
		return false;
	any->any[any->n].is_true = true;
	to = &any->any[any->n++].test;
	*to = *test;
	to->kind = (uint8_t)kind;
	to->text = text->data;
	to->text_size = text->size;
	return true;
}

/* What begins with the text is below its last directory that the kernel part takes. */
static bool add_head(struct tl_filter_any *any, const struct tl_filter_test *test, struct tl_text head)
{
	const char *slash;

	while ((slash = memrchr(head.data, '/', head.size))) {
		head.size = (size_t)(slash - head.data) + 1;
		if (add(any, test, TL_FILTER_BELOW, &head))
			return true;
		head.size--;
	}
	return false;
}

static bool add_list(struct tl_filter_any *any, const struct tl_filter_test *test, const struct tl_set *set)
{
	if (set->n > TL_FILTER_ANY_MAX)
		return false;
	for (size_t i = 0; i < set->table_size; i++)
		if (set->table[i].data && !add(any, test, TL_FILTER_IS, &set->table[i]))
			return false;
	return true;
}

/* Taking more than is wanted serves nothing where the comparison makes the whole false. */
static bool add_part(const struct tl_insn *insn, const struct tl_filter_test *test, const struct tl_text *head,
		     struct tl_filter_any *any)
{
	any->is_part = true;
	return insn->inverted == insn->negated && add_head(any, test, *head);
}

static bool add_itself(struct tl_filter_any *any, const struct tl_filter_test *test)
{
	const struct tl_filter_test *below = &any->any[any->n - 1].test;
	const struct tl_text directory = { below->text, below->text_size - 1 };

	return add(any, test, TL_FILTER_IS, &directory);
}

/* Directories that a pattern begins with: what matches may be the directory itself. */
static bool add_pattern(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *any)
{
	struct tl_text directory;
	bool all;

	directory.size = tl_pattern_directory(insn->pattern, &directory.data, &all);
	if (!directory.size)
		return false;
	if (!all)
		return add_part(insn, test, &directory, any) && add_itself(any, test);
	return add(any, test, TL_FILTER_BELOW, &directory) && add_itself(any, test);
}

bool tl_filter_compare_text(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *ret)
{
	ret->is_not = insn->negated;
	switch ((enum tl_relation)insn->relation) {
	case TL_RELATION_UNEQUAL:
		ret->is_not = true;
		return add(ret, test, TL_FILTER_IS, &insn->value.text);
	case TL_RELATION_EQUAL:
		return add(ret, test, TL_FILTER_IS, &insn->value.text);
	case TL_RELATION_IN:
		return add_list(ret, test, &insn->set);
	case TL_RELATION_STARTS:
		return add(ret, test, TL_FILTER_BELOW, &insn->value.text) ||
		       add_part(insn, test, &insn->value.text, ret);
	case TL_RELATION_MATCHES:
		return add_pattern(insn, test, ret);
	default:
		return false;
	}
}
