// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of addresses: as ranges of what the kernel part has of an end. */
#include "filter-internal.h"

/* The fields of an end, counted from its kind. */
enum { OF_KIND, OF_V4, OF_HIGH, OF_LOW };

static struct tl_filter_test range_of(const struct tl_filter_test *kind, unsigned of, uint64_t low, uint64_t high)
{
	return (struct tl_filter_test){ .field = (uint8_t)(kind->field + of),
					.width = of == OF_KIND ? kind->width : 8,
					.kind = TL_FILTER_RANGE,
					.low = low,
					.high = high };
}

/* Ranges whose halves are apart from each other are one test for each half. */
static bool add_v6(struct tl_filter_any *any, const struct tl_filter_test *kind, const struct tl_ip_range *range)
{
	uint64_t high[] = { (uint64_t)(range->first.number >> 64), (uint64_t)(range->last.number >> 64) };
	uint64_t low[] = { (uint64_t)range->first.number, (uint64_t)range->last.number };
	bool all_low = low[0] == 0 && low[1] == UINT64_MAX;

	if (high[0] != high[1] && !all_low)
		return false;
	any->any[any->n].test = range_of(kind, OF_HIGH, high[0], high[1]);
	if (!all_low)
		any->any[any->n].more[any->any[any->n].n_more++] = range_of(kind, OF_LOW, low[0], low[1]);
	/* What is no such address has all bits there. */
	if (high[1] == UINT64_MAX && low[1] == UINT64_MAX)
		any->any[any->n].more[any->any[any->n].n_more++] = range_of(kind, OF_KIND, 6, 6);
	return true;
}

static bool add(struct tl_filter_any *any, const struct tl_filter_test *kind, const struct tl_ip_range *range)
{
	if (any->n == TL_FILTER_ANY_MAX || range->first.v6 != range->last.v6)
		return false;
	any->any[any->n].is_true = true;
	if (!range->first.v6)
		any->any[any->n].test = range_of(kind, OF_V4, (uint64_t)range->first.number,
						 (uint64_t)range->last.number);
	else if (!add_v6(any, kind, range))
		return false;
	any->n++;
	return true;
}

/* Of an address that is not known nothing is true. */
static void add_unknown(struct tl_filter_any *any, const struct tl_filter_test *kind)
{
	any->any[any->n].is_true = true;
	any->any[any->n++].test = range_of(kind, OF_KIND, 0, 0);
}

bool tl_filter_compare_address(const struct tl_insn *insn, const struct tl_filter_test *test, struct tl_filter_any *ret)
{
	const struct tl_ip_range one = { insn->value.ip, insn->value.ip };
	bool is_list = insn->relation == TL_RELATION_IN;
	const struct tl_ip_range *ranges = is_list ? insn->set.ranges : &one;
	size_t n = is_list ? insn->set.n : 1;

	if (!is_list && insn->relation != TL_RELATION_EQUAL && insn->relation != TL_RELATION_UNEQUAL)
		return false;
	ret->is_not = insn->negated || insn->relation == TL_RELATION_UNEQUAL;
	if (ret->is_not)
		add_unknown(ret, test);
	for (size_t i = 0; i < n; i++)
		if (!add(ret, test, &ranges[i]))
			return false;
	return true;
}
