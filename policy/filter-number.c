// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons of numbers: as ranges of what the kernel part has. */
#include "filter-internal.h"
#include "util.h"

#define ERRNO_MAX 4095

/* From low to high, both included; none if low is the larger one. */
struct span {
	__int128 low, high;
};

/* Beyond every number that there is, and no sum overflows. */
#define FURTHEST ((__int128)1 << 100)

static void add(struct tl_filter_any *any, const struct tl_filter_test *test, __int128 low, __int128 high, bool is_true)
{
	struct tl_filter_test *to;

	if (any->n == TL_FILTER_ANY_MAX)
		return;
	any->any[any->n].is_true = is_true;
	to = &any->any[any->n++].test;
	*to = *test;
	to->kind = TL_FILTER_RANGE;
	to->low = (uint64_t)low;
	to->high = (uint64_t)high;
}

static struct span cut(struct span s, __int128 low, __int128 high)
{
	return (struct span){ MAX(s.low, low), MIN(s.high, high) };
}

static bool is_empty(struct span s)
{
	return s.low > s.high;
}

static bool has(struct span s, __int128 number)
{
	return s.low <= number && number <= s.high;
}

static void add_plain(struct tl_filter_any *any, const struct tl_filter_test *test, struct span s)
{
	unsigned bits = 8U * test->width;
	__int128 least = test->is_signed ? -((__int128)1 << (bits - 1)) : 0;
	__int128 most = ((__int128)1 << (test->is_signed ? bits - 1 : bits)) - 1;

	s = cut(s, least, most);
	if (s.low == least && s.high == most)
		any->always = true;
	else if (!is_empty(s))
		add(any, test, s.low, s.high, true);
}

static void add_unset(struct tl_filter_any *any, const struct tl_filter_test *test, struct span s)
{
	struct span set = cut(s, 0, (__int128)UINT32_MAX - 1);

	if (has(s, -1))
		add(any, test, UINT32_MAX, UINT32_MAX, true);
	if (!is_empty(set))
		add(any, test, set.low, set.high, true);
}

static void add_errno(struct tl_filter_any *any, const struct tl_filter_test *test, struct span s)
{
	struct span failed = cut(s, 1, ERRNO_MAX);

	if (has(s, 0))
		add(any, test, -ERRNO_MAX, -1, false);
	if (!is_empty(failed))
		add(any, test, -failed.high, -failed.low, true);
}

static void add_success(struct tl_filter_any *any, const struct tl_filter_test *test, struct span s)
{
	if (has(s, 1))
		add(any, test, -ERRNO_MAX, -1, false);
	if (has(s, 0))
		add(any, test, -ERRNO_MAX, -1, true);
}

static void add_span(struct tl_filter_any *any, enum tl_view view, const struct tl_filter_test *test, struct span s)
{
	switch (view) {
	case TL_VIEW_PLAIN:
		add_plain(any, test, s);
		break;
	case TL_VIEW_UNSET:
		add_unset(any, test, s);
		break;
	case TL_VIEW_ERRNO:
		add_errno(any, test, s);
		break;
	case TL_VIEW_SUCCESS:
		add_success(any, test, s);
		break;
	case TL_VIEW_NONE:
	case TL_VIEW_TEXT:
	case TL_VIEW_NAME:
	case TL_VIEW_ADDRESS:
		break;
	}
}

/* The numbers for which `number RELATION to` is true: one span, or two. */
static size_t spans_of(enum tl_relation relation, __int128 to, struct span ret[2])
{
	const struct span below = { -FURTHEST, to - 1 }, above = { to + 1, FURTHEST };

	switch (relation) {
	case TL_RELATION_TRUE: /* of a truth */
		ret[0] = (struct span){ 1, 1 };
		return 1;
	case TL_RELATION_EQUAL:
		ret[0] = (struct span){ to, to };
		return 1;
	case TL_RELATION_UNEQUAL:
		ret[0] = below;
		ret[1] = above;
		return 2;
	case TL_RELATION_LESS:
		ret[0] = below;
		return 1;
	case TL_RELATION_LESS_EQUAL:
		ret[0] = (struct span){ -FURTHEST, to };
		return 1;
	case TL_RELATION_GREATER:
		ret[0] = above;
		return 1;
	case TL_RELATION_GREATER_EQUAL:
		ret[0] = (struct span){ to, FURTHEST };
		return 1;
	default:
		return 0;
	}
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->low < y->low ? -1 : x->low > y->low;
}

/* Those in the list, or those that are not. Neighbours are one span. */
static bool spans_of_list(const struct tl_insn *insn, struct span *spans, size_t *ret_n)
{
	const struct tl_set *set = &insn->set;
	size_t n = 0, kept = 0;
	__int128 next = -FURTHEST;

	if (set->n > TL_FILTER_ANY_MAX)
		return false;
	for (; n < set->n; n++)
		spans[n] = (struct span){ set->numbers[n], set->numbers[n] };
	qsort(spans, n, sizeof(*spans), compare_spans);
	if (insn->negated) {
		/* The gaps. */
		for (size_t i = 0; i < n; i++) {
			struct span gap = { next, spans[i].low - 1 };

			next = spans[i].low + 1;
			spans[i] = gap;
		}
		spans[n++] = (struct span){ next, FURTHEST };
	}
	for (size_t i = 0; i < n; i++) {
		if (is_empty(spans[i]))
			continue;
		if (kept && spans[kept - 1].high + 1 == spans[i].low)
			spans[kept - 1].high = spans[i].high;
		else
			spans[kept++] = spans[i];
	}
	*ret_n = kept;
	return true;
}

static bool compare_bits(const struct tl_insn *insn, enum tl_view view, const struct tl_filter_test *test,
			 struct tl_filter_any *ret)
{
	if (view != TL_VIEW_PLAIN)
		return false;
	add(ret, test, insn->value.number, 0, true);
	ret->any[0].test.kind = TL_FILTER_BITS;
	return true;
}

static bool compare_number(const struct tl_insn *insn, enum tl_view view, const struct tl_filter_test *test,
			   struct tl_filter_any *ret)
{
	/* A span for each item of a list, and one more for the gaps between them. */
	struct span spans[TL_FILTER_ANY_MAX + 1];
	enum tl_relation relation = (enum tl_relation)insn->relation;
	size_t n;

	if (relation == TL_RELATION_HAS)
		return compare_bits(insn, view, test, ret);
	if (relation == TL_RELATION_IN) {
		if (!spans_of_list(insn, spans, &n))
			return false;
	} else {
		n = spans_of(relation, insn->value.number, spans);
	}
	if (2 * n > TL_FILTER_ANY_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		add_span(ret, view, test, spans[i]);
	return true;
}

bool tl_filter_is_there(const struct tl_filter_test *test, enum tl_filter_time time)
{
	return test->field < TL_FILTER_FILE_INODE || test->field == TL_FILTER_COMM || time == TL_FILTER_WITH_OBJECT;
}

bool tl_filter_compare(const struct tl_insn *insn, const struct tl_event_type *type, enum tl_filter_time time,
		       struct tl_filter_any *ret)
{
	struct tl_resolved resolved;
	struct tl_filter_test test;
	enum tl_view view;

	*ret = (struct tl_filter_any){};
	/* What events of the type do not have, or as something else, makes it false. */
	if (!tl_reference_resolve(&insn->left, type, &resolved) || resolved.kind != insn->left.kind)
		return true;
	view = tl_reference_view(&insn->left, type, &test);
	if (view == TL_VIEW_NONE || insn->right_is_field || !tl_filter_is_there(&test, time))
		return false;
	if (view == TL_VIEW_TEXT)
		return tl_filter_compare_text(insn, &test, ret);
	if (view == TL_VIEW_NAME)
		return tl_filter_compare_name(insn, &test, ret);
	if (view == TL_VIEW_ADDRESS)
		return tl_filter_compare_address(insn, &test, ret);
	return compare_number(insn, view, &test, ret);
}
