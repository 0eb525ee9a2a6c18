// SPDX-License-Identifier: GPL-2.0-or-later
/* From the program of a condition to tests that each say where to go on. */
#include <errno.h>
#include <string.h>

#include "filter-internal.h"
#include "util.h"

#define ROOM (2 * TL_FILTER_TESTS_MAX) /* some may turn out never to be come to */
#define NEXT 0xfffd /* where a condition goes on that is not met, until the next one is known */

/* How much of conditions is asked. The rest is left to the reader, as what the kernel part does not know. */
struct extent {
	uint8_t components; /* of paths, deeper ones as what is below such a directory; 0: paths are not asked */
	uint8_t fields; /* those up to there */
};

/* If one takes more tests than there may be, the next one is tried. A late filter without an object's
 * fields asks what the earlier one has asked. */
static const struct extent extents[] = {
	{ UINT8_MAX, TL_FILTER_FIELDS - 1 },
	{ 3, TL_FILTER_FIELDS - 1 },
	{ 2, TL_FILTER_FIELDS - 1 },
	{ 1, TL_FILTER_FIELDS - 1 },
	{ 0, TL_FILTER_FIELDS - 1 },
	{ 0, TL_FILTER_CPU },
	{ 0, TL_FILTER_ARG },
	{ 0, TL_FILTER_RET },
};

/* Filled from its end, since each test has to know what comes after it. */
struct filter {
	const struct tl_event_type *type;
	enum tl_filter_time time;
	struct extent extent;
	struct tl_filter_test tests[ROOM];
	uint16_t first; /* the tests from here on are there */
	uint16_t end; /* of the tests of this condition */
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

static bool is_text(const struct tl_filter_test *test)
{
	return test->kind >= TL_FILTER_BELOW;
}

/* Whether they ask the same, wherever they go on. */
static bool asks_same(const struct tl_filter_test *a, const struct tl_filter_test *b)
{
	if (a->field != b->field || a->kind != b->kind)
		return false;
	if (is_text(a))
		return a->text_size == b->text_size && memcmp(a->text, b->text, a->text_size) == 0;
	return a->index == b->index && a->width == b->width && a->is_signed == b->is_signed && a->low == b->low &&
	       a->high == b->high;
}

/* Where to go on from `to` after a test that came out so. */
static uint16_t behind_same(const struct filter *f, const struct tl_filter_test *test, bool outcome, uint16_t to)
{
	while (to < f->end && asks_same(test, &f->tests[to]))
		to = outcome ? f->tests[to].if_true : f->tests[to].if_false;
	return to;
}

/* One test of several of which one is enough. Returns its place, which may be one that it has already. */
static uint16_t add_test(struct filter *f, const struct tl_filter_test *test, bool is_true, uint16_t met,
			 uint16_t unmet)
{
	const uint16_t if_true = behind_same(f, test, true, is_true ? met : unmet);
	const uint16_t if_false = behind_same(f, test, false, is_true ? unmet : met);
	struct tl_filter_test *to;

	if (if_true == if_false)
		return if_true;
	for (uint16_t i = f->first; i < f->end; i++)
		if (f->tests[i].if_true == if_true && f->tests[i].if_false == if_false && asks_same(test, &f->tests[i]))
			return i;
	if (!f->first) {
		f->error = -E2BIG;
		return TL_FILTER_MET;
	}
	to = &f->tests[--f->first];
	*to = *test;
	to->if_true = if_true;
	to->if_false = if_false;
	return f->first;
}

/* One of those after which `unmet` comes, and all that is to be true with it. */
static uint16_t add_any(struct filter *f, const struct tl_filter_any *any, size_t i, uint16_t met, uint16_t unmet)
{
	for (size_t more = any->any[i].n_more; more-- > 0;)
		met = add_test(f, &any->any[i].more[more], true, met, unmet);
	return add_test(f, &any->any[i].test, any->any[i].is_true, met, unmet);
}

/* As what is below its first directories, if there are more. */
static void widen(struct tl_filter_test *test, unsigned components)
{
	const char *end = test->text + test->text_size, *p = test->text + 1;

	while (components-- && (p = memchr(p, '/', (size_t)(end - p))))
		p++;
	if (!p || p == end)
		return;
	test->kind = TL_FILTER_BELOW;
	test->text_size = (size_t)(p - test->text);
}

/* False: the filter does not ask so much. More may be taken than is wanted where that makes the whole true. */
static bool restrict_to(const struct extent *extent, const struct tl_insn *insn, struct tl_filter_any *any)
{
	for (size_t i = 0; i < any->n; i++) {
		struct tl_filter_test *test = &any->any[i].test;

		if (test->field > extent->fields || (is_text(test) && !extent->components))
			return false;
		if (is_text(test) && any->is_not == insn->inverted)
			widen(test, extent->components);
	}
	return true;
}

/* Returns where the comparison begins, or, if it is known how it comes out, where that leads. */
static uint16_t add_comparison(struct filter *f, const struct tl_insn *insn, uint16_t met, uint16_t unmet)
{
	struct tl_filter_any any;
	uint16_t begin;

	/* As it serves the whole condition. */
	if (!tl_filter_compare(insn, f->type, f->time, &any) || !restrict_to(&f->extent, insn, &any))
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

/* Returns where the condition begins. */
static uint16_t add_condition(struct filter *f, const struct tl_expression *e)
{
	_cleanup_free_ uint16_t *begin = calloc(e->n + 1, sizeof(*begin));

	f->end = f->first;
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

			to[outcome] = next < e->n ? begin[next] : truth ? TL_FILTER_MET : NEXT;
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

/* Where a condition's tests stand. */
struct block {
	uint16_t begin, first, end; /* tests first to end - 1 */
	uint16_t next; /* where they go on if it is not met */
};

static uint16_t within(const struct block *b, uint16_t to)
{
	return to == b->next ? NEXT : to >= b->first && to < b->end ? (uint16_t)(to - b->first) : to;
}

static bool is_same_block(const struct filter *f, const struct block *a, const struct block *b)
{
	if (a->end - a->first != b->end - b->first || within(a, a->begin) != within(b, b->begin))
		return false;
	for (uint16_t i = 0; i < a->end - a->first; i++) {
		const struct tl_filter_test *one = &f->tests[a->first + i], *other = &f->tests[b->first + i];

		if (!asks_same(one, other) || within(a, one->if_true) != within(b, other->if_true) ||
		    within(a, one->if_false) != within(b, other->if_false))
			return false;
	}
	return true;
}

/* The condition is asked before what begins at `next`, unless another one has asked the same. Returns where
 * they begin. */
static uint16_t add_new_condition(struct filter *f, const struct tl_expression *e, uint16_t next, struct block *blocks,
				  size_t *n_blocks)
{
	struct block *block = &blocks[*n_blocks];

	*block = (struct block){ .begin = add_condition(f, e), .first = f->first, .end = f->end, .next = NEXT };
	if (block->begin >= ROOM)
		return block->begin == NEXT ? next : block->begin;
	for (size_t i = 0; i < *n_blocks; i++)
		if (is_same_block(f, block, &blocks[i])) {
			f->first = block->end;
			return next;
		}
	for (uint16_t i = block->first; i < block->end; i++) {
		if (f->tests[i].if_true == NEXT)
			f->tests[i].if_true = next;
		if (f->tests[i].if_false == NEXT)
			f->tests[i].if_false = next;
	}
	block->next = next;
	++*n_blocks;
	return block->begin;
}

/* Returns where they all begin. */
static uint16_t add_conditions(struct filter *f, const struct tl_expression *const *conditions, size_t n)
{
	_cleanup_free_ struct block *blocks = calloc(n + 1, sizeof(*blocks));
	uint16_t begin = TL_FILTER_UNMET;
	size_t n_blocks = 0;

	if (!blocks)
		f->error = -ENOMEM;
	for (size_t i = n; i-- > 0 && !f->error && begin != TL_FILTER_MET;)
		begin = conditions[i] ? add_new_condition(f, conditions[i], begin, blocks, &n_blocks) : TL_FILTER_MET;
	return begin;
}

/* To where a filter has them: the one to begin with first, behind it those that are come to. -E2BIG. */
static int finish(const struct filter *f, uint16_t begin, struct tl_filter_test *ret)
{
	uint16_t places[ROOM] = {}; /* and one more */
	unsigned n = 0, n_texts = 0;

	places[begin] = 1;
	for (uint16_t i = begin; i < ROOM; i++) {
		const struct tl_filter_test *test = &f->tests[i];
		const uint16_t next[] = { test->if_true, test->if_false };

		if (!places[i])
			continue;
		n_texts += is_text(test);
		if (n == TL_FILTER_TESTS_MAX || n_texts > TL_FILTER_TEXTS_MAX)
			return -E2BIG;
		ret[n++] = *test;
		places[i] = (uint16_t)n;
		for (size_t j = 0; j < ARRAY_SIZE(next); j++)
			if (next[j] < ROOM)
				places[next[j]] = 1;
	}
	for (unsigned i = 0; i < n; i++) {
		if (ret[i].if_true < ROOM)
			ret[i].if_true = (uint16_t)(places[ret[i].if_true] - 1);
		if (ret[i].if_false < ROOM)
			ret[i].if_false = (uint16_t)(places[ret[i].if_false] - 1);
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

static int make(struct filter *f, const struct tl_expression *const *conditions, size_t n, struct tl_filter_test *ret)
{
	uint16_t begin;
	int n_tests;

	f->first = f->end = ROOM;
	f->error = 0;
	begin = add_conditions(f, conditions, n);
	if (begin == TL_FILTER_UNMET)
		begin = add_never(f);
	if (f->error || begin == TL_FILTER_MET)
		return f->error;
	n_tests = finish(f, begin, ret);
	if (n_tests < 0 || f->time == TL_FILTER_AT_ONCE || !tl_event_type_filterable(f->type))
		return n_tests;
	return looks_at_more(ret, n_tests) ? n_tests : 0;
}

int tl_filter_make(const struct tl_expression *const *conditions, size_t n, const struct tl_event_type *type,
		   enum tl_filter_time time, struct tl_filter_test *ret)
{
	_cleanup_free_ struct filter *f = calloc(1, sizeof(*f));
	int r = -E2BIG;

	if (!f)
		return -ENOMEM;
	if (time == TL_FILTER_AT_ONCE ? !tl_event_type_filterable(type) : !tl_event_type_filterable_late(type))
		return 0;
	f->type = type;
	f->time = time;
	for (size_t i = 0; i < ARRAY_SIZE(extents) && r == -E2BIG; i++) {
		f->extent = extents[i];
		r = make(f, conditions, n, ret);
		if (!r && i)
			r = -E2BIG; /* nothing is left that can be asked */
	}
	return r;
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

static bool in_kernel(const struct tl_insn *insn, const struct tl_event_type *type, struct tl_filter_any *any)
{
	return tl_event_type_filterable_late(type) && tl_filter_compare(insn, type, TL_FILTER_WITH_OBJECT, any) &&
	       !any->is_part;
}

static struct tl_value first_of(const struct tl_set *set)
{
	struct tl_value value = {};
	size_t i = 0;

	if (set->kind == TL_FIELD_ADDRESS) {
		value.ip = set->ranges[0].first;
	} else if (set->kind == TL_FIELD_STRING) {
		while (!set->table[i].data)
			i++;
		value.text = set->table[i];
	} else {
		value.number = set->numbers[0];
	}
	return value;
}

/* Of what is a comparison with one value in the kernel, but not with all of them. */
static bool is_long_list(const struct tl_insn *insn, const struct tl_event_type *type)
{
	struct tl_insn one = *insn;
	struct tl_filter_any any;

	if (insn->relation != TL_RELATION_IN || !insn->set.n)
		return false;
	one.relation = TL_RELATION_EQUAL;
	one.value = first_of(&insn->set);
	return in_kernel(&one, type, &any);
}

static enum tl_filter_maker maker_of(const struct tl_insn *insn, const struct tl_event_type *type)
{
	struct tl_filter_any any = {};

	if (in_kernel(insn, type, &any))
		return TL_FILTER_BY_KERNEL;
	if (any.is_part && any.n)
		return TL_FILTER_BY_BOTH;
	return is_long_list(insn, type) ? TL_FILTER_TOO_LONG : TL_FILTER_BY_READER;
}

const char *tl_filter_comparison(const struct tl_expression *condition, size_t i,
				 const struct tl_event_type *const *types, size_t n_types,
				 enum tl_filter_maker *ret_maker)
{
	for (uint32_t at = 0; at < condition->n; at++) {
		const struct tl_insn *insn = &condition->insns[at];

		if (insn->op != TL_INSN_COMPARE || i--)
			continue;
		*ret_maker = n_types ? TL_FILTER_BY_KERNEL : TL_FILTER_BY_READER;
		for (size_t j = 0; j < n_types; j++)
			*ret_maker = MAX(*ret_maker, maker_of(insn, types[j]));
		return insn->text.data;
	}
	return NULL;
}
