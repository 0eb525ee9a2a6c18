// SPDX-License-Identifier: GPL-2.0-or-later
/* From the program of a condition to tests that each say where to go on. */
#include <errno.h>
#include <string.h>

#include "filter-internal.h"
#include "util.h"

/* Filled from its end, since each test has to know what comes after it. */
struct filter {
	const struct tl_event_type *type;
	enum tl_filter_time time;
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	uint16_t first; /* the tests from here on are there */
	unsigned n_texts; /* of them */
	int error; /* -E2BIG, -ENOMEM */
};

/* Where the program goes on from instruction i when the truth is known: to a
 * comparison, the next of which says, or behind its end. */
static uint32_t follow(const struct tl_expression *e, uint32_t i, bool *truth)
{
	while (i < e->n && e->insns[i].op != TL_INSN_COMPARE) {
		const struct tl_insn *insn = &e->insns[i++];

		if (insn->op == TL_INSN_NOT)
			*truth = !*truth;
		else if (*truth == (insn->op == TL_INSN_JUMP_TRUE))
			i = insn->jump;
	}
	return i;
}

/* One test of several of which one is enough. Returns its place. */
static uint16_t add_test(struct filter *f, const struct tl_filter_test *test, bool is_true, uint16_t met,
			 uint16_t unmet)
{
	struct tl_filter_test *to;

	if (met == unmet)
		return met;
	f->n_texts += test->kind >= TL_FILTER_BELOW;
	if (!f->first || f->n_texts > TL_FILTER_TEXTS_MAX) {
		f->error = -E2BIG;
		return TL_FILTER_MET;
	}
	to = &f->tests[--f->first];
	*to = *test;
	to->if_true = is_true ? met : unmet;
	to->if_false = is_true ? unmet : met;
	return f->first;
}

/* One of those after which `unmet` comes, and all that is to be true with it. */
static uint16_t add_any(struct filter *f, const struct tl_filter_any *any, size_t i, uint16_t met, uint16_t unmet)
{
	for (size_t more = any->any[i].n_more; more-- > 0;)
		met = add_test(f, &any->any[i].more[more], true, met, unmet);
	return add_test(f, &any->any[i].test, any->any[i].is_true, met, unmet);
}

/* Returns where the comparison begins, or, if it is known how it comes out, where that leads. */
static uint16_t add_comparison(struct filter *f, const struct tl_insn *insn, uint16_t met, uint16_t unmet)
{
	struct tl_filter_any any;
	uint16_t begin;

	/* As it serves the whole condition. */
	if (!tl_filter_compare(insn, f->type, f->time, &any))
		return insn->inverted ? unmet : met;
	if (any.is_not) {
		uint16_t swap = met;

		met = unmet;
		unmet = swap;
	}
	begin = unmet;
	if (any.always)
		return met;
	for (size_t i = any.n; i-- > 0;)
		begin = add_any(f, &any, i, met, begin);
	return begin;
}

/* Returns where the condition begins; unmet: where to go on if it is not met. */
static uint16_t add_condition(struct filter *f, const struct tl_expression *e, uint16_t unmet)
{
	_cleanup_free_ uint16_t *begin = calloc(e->n + 1, sizeof(*begin));

	if (!begin) {
		f->error = -ENOMEM;
		return TL_FILTER_MET;
	}
	for (uint32_t i = e->n; i-- > 0 && !f->error;) {
		uint16_t to[2];

		if (e->insns[i].op != TL_INSN_COMPARE)
			continue;
		for (int outcome = 0; outcome < 2; outcome++) {
			bool truth = outcome;
			uint32_t next = follow(e, i + 1, &truth);

			to[outcome] = next < e->n ? begin[next] : truth ? TL_FILTER_MET : unmet;
		}
		begin[i] = add_comparison(f, &e->insns[i], to[true], to[false]);
	}
	return begin[0];
}

/* What no event meets still takes a test. */
static uint16_t add_never(struct filter *f)
{
	const struct tl_filter_test never = { .field = TL_FILTER_PID, .width = 4, .low = 1, .high = 0 };

	return add_test(f, &never, true, TL_FILTER_MET, TL_FILTER_UNMET);
}

/* To where a filter has them: the one to begin with first, the others behind it. */
static int finish(const struct filter *f, uint16_t begin, struct tl_filter_test *ret)
{
	size_t n = (size_t)TL_FILTER_TESTS_MAX - begin;

	memcpy(ret, f->tests + begin, n * sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		if (ret[i].if_true < TL_FILTER_TESTS_MAX)
			ret[i].if_true -= begin;
		if (ret[i].if_false < TL_FILTER_TESTS_MAX)
			ret[i].if_false -= begin;
	}
	return (int)n;
}

/* Whether it looks at anything that an earlier one could not look at. */
static bool looks_at_more(const struct tl_filter_test *tests, int n)
{
	for (int i = 0; i < n; i++)
		if (!tl_filter_is_there(&tests[i], TL_FILTER_AT_ONCE))
			return true;
	return false;
}

int tl_filter_make(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		   enum tl_filter_time time, struct tl_filter_test *ret)
{
	struct filter f = { .type = type, .time = time, .first = TL_FILTER_TESTS_MAX };
	uint16_t begin = TL_FILTER_UNMET;
	int n_tests;

	if (time == TL_FILTER_AT_ONCE ? !tl_event_type_filterable(type) : !tl_event_type_filterable_late(type))
		return 0;
	for (size_t i = n; i-- > 0 && !f.error && begin != TL_FILTER_MET;)
		begin = conditions[i] ? add_condition(&f, conditions[i], begin) : TL_FILTER_MET;
	if (begin == TL_FILTER_UNMET)
		begin = add_never(&f);
	if (f.error || begin == TL_FILTER_MET)
		return f.error;
	n_tests = finish(&f, begin, ret);
	return time == TL_FILTER_AT_ONCE || !tl_event_type_filterable(type) || looks_at_more(ret, n_tests) ? n_tests :
													     0;
}

int tl_filter_apply(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		    struct tl_session *s)
{
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	int r = 0;

	for (enum tl_filter_time time = 0; time < TL_FILTER_TIMES && r >= 0; time++) {
		int n_tests = tl_filter_make(conditions, n, type, time, tests);

		/* Without one all of it is decided by the reader. */
		if (n_tests > 0)
			r = tl_session_set_filter(s, type->name, time, tests, (size_t)n_tests);
	}
	return r;
}

/* ---- For people ---- */

const char *tl_filter_comparison(const struct tl_expression *condition, size_t i,
				 const struct tl_event_type *const *types, size_t n_types, bool *ret_in_kernel)
{
	struct tl_filter_any any;

	for (uint32_t at = 0; at < condition->n; at++) {
		const struct tl_insn *insn = &condition->insns[at];

		if (insn->op != TL_INSN_COMPARE || i--)
			continue;
		*ret_in_kernel = true;
		for (size_t j = 0; j < n_types; j++)
			*ret_in_kernel &= tl_event_type_filterable_late(types[j]) &&
					  tl_filter_compare(insn, types[j], TL_FILTER_WITH_OBJECT, &any) &&
					  !any.is_part;
		return insn->text.data;
	}
	return NULL;
}
