// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of a thread's name: as numbers that its bytes make, eight in one at most. */
#include <string.h>

#include "filter-internal.h"
#include "policy.h"
#include "util.h"

#define WORD 8U

static struct tl_filter_test bytes_of(const struct tl_filter_test *name, const char *bytes, unsigned word, size_t n)
{
	struct tl_filter_test test = *name;

	test.index = (uint8_t)word;
	test.width = (uint8_t)n;
	test.kind = TL_FILTER_RANGE;
	memcpy(&test.low, bytes + word * WORD, n);
	test.high = test.low;
	return test;
}

/* whole: the name is that, and does not only begin so. */
static bool add(struct tl_filter_any *any, const struct tl_filter_test *name, const struct tl_text *text, bool whole)
{
	/* With its NUL, but for the longest names: of those the reader has no more either. */
	const size_t n = MIN(text->size + whole, (size_t)TL_COMM_MAX);
	char bytes[2 * WORD] = "";

	if (text->size > TL_COMM_MAX)
		return true; /* no name is so long */
	if (any->n == TL_FILTER_ANY_MAX || !n || memchr(text->data, '\0', text->size))
		return false;
	memcpy(bytes, text->data, text->size);
	any->any[any->n].is_true = true;
	any->any[any->n].test = bytes_of(name, bytes, 0, MIN(n, WORD));
	if (n > WORD)
		any->any[any->n].more[any->any[any->n].n_more++] = bytes_of(name, bytes, 1, n - WORD);
	any->n++;
	return true;
}

static bool add_list(struct tl_filter_any *any, const struct tl_filter_test *name, const struct tl_set *set)
{
	for (size_t i = 0; i < set->table_size; i++)
		if (set->table[i].data && !add(any, name, &set->table[i], true))
			return false;
	return true;
}

bool tl_filter_compare_name(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *ret)
{
	ret->is_not = insn->negated;
	switch ((enum tl_relation)insn->relation) {
	case TL_RELATION_UNEQUAL:
		ret->is_not = true;
		return add(ret, test, &insn->value.text, true);
	case TL_RELATION_EQUAL:
		return add(ret, test, &insn->value.text, true);
	case TL_RELATION_IN:
		return add_list(ret, test, &insn->set);
	case TL_RELATION_STARTS:
		return add(ret, test, &insn->value.text, false);
	default:
		return false;
	}
}
