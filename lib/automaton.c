/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From positions to rows, by subset construction: a state is the set of the
 * positions that the bytes so far can have led to. Its cost is that of the
 * sets, so both their number and their total size are bounded.
 */
#include "automaton.h"

#include <stdio.h>
#include <string.h>

#include "fnv.h"
#include "glob-element.h"
#include "util.h"

#define WORDS_MAX (16U << 20) /* of all sets */
#define WORK_MAX (256U << 20) /* positions looked at */

struct class_set {
	uint64_t word[TL_DFA_CLASSES / 64];
};

struct build {
	struct tl_globs *g;
	uint8_t class_of[256];
	unsigned n_classes;
	unsigned separator[TL_GLOB_KINDS]; /* its class */
	struct class_set *class_sets; /* by number of the byte set */
	struct tl_word_sets states; /* sets of positions; 0 is the empty one */
	struct tl_word_sets accepts; /* kind, then ids; 0 is the empty one */
	struct tl_words accept_of; /* by state */
	struct tl_dfa_row *rows;
	size_t rows_allocated;
	uint32_t *terms; /* by number in accepts */
	size_t work;
	/* of the state at work */
	struct tl_words common; /* led to by every byte but the separator */
	struct tl_words by_class[TL_DFA_CLASSES]; /* besides those */
	struct tl_words merged, reduced, ids, accept;
	bool *sunk; /* by group; all false between uses */
};

static void build_done(struct build *b)
{
	free(b->class_sets);
	tl_word_sets_done(&b->states);
	tl_word_sets_done(&b->accepts);
	tl_words_done(&b->accept_of);
	free(b->rows);
	free(b->terms);
	tl_words_done(&b->common);
	for (size_t i = 0; i < ARRAY_SIZE(b->by_class); i++)
		tl_words_done(&b->by_class[i]);
	tl_words_done(&b->merged);
	tl_words_done(&b->reduced);
	tl_words_done(&b->ids);
	tl_words_done(&b->accept);
	free(b->sunk);
}

static int too_big(struct build *b, const char *what)
{
	snprintf(b->g->error, sizeof(b->g->error), "the globs together need %s", what);
	return -E2BIG;
}

/* ---- Classes of bytes that no glob tells apart ---- */

static void split_classes(struct build *b, const uint64_t bytes[4])
{
	int16_t moved[256];

	memset(moved, -1, sizeof(moved));
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned class = b->class_of[byte];

		if (!tl_byte_in(bytes, (uint8_t)byte))
			continue;
		if (moved[class] < 0)
			moved[class] = (int16_t)b->n_classes++;
		b->class_of[byte] = (uint8_t)moved[class];
	}
}

/* Classes that all their bytes moved out of are empty: numbers without gaps. */
static void renumber_classes(struct build *b)
{
	int16_t number[256];

	memset(number, -1, sizeof(number));
	b->n_classes = 0;
	for (unsigned byte = 0; byte < 256; byte++) {
		int16_t *n = &number[b->class_of[byte]];

		if (*n < 0)
			*n = (int16_t)b->n_classes++;
		b->class_of[byte] = (uint8_t)*n;
	}
}

static int make_classes(struct build *b)
{
	static const struct tl_byte_set separators[TL_GLOB_KINDS] = {
		[TL_GLOB_EXECUTABLE] = { { 1 } },
		[TL_GLOB_CGROUP] = { { 1ULL << '/' } },
	};
	const struct tl_globs *g = b->g;

	b->n_classes = 1;
	for (size_t i = 0; i < TL_GLOB_KINDS; i++) {
		split_classes(b, separators[i].bytes);
		renumber_classes(b);
	}
	for (size_t i = 0; i < g->n_sets; i++) {
		split_classes(b, g->sets[i].bytes);
		renumber_classes(b);
		if (b->n_classes > TL_DFA_CLASSES)
			return too_big(b, "more than 128 different bytes to be told apart");
	}
	b->separator[TL_GLOB_EXECUTABLE] = b->class_of[0];
	b->separator[TL_GLOB_CGROUP] = b->class_of['/'];
	b->class_sets = calloc(MAX(g->n_sets, 1UL), sizeof(*b->class_sets));
	if (!b->class_sets)
		return -ENOMEM;
	for (size_t i = 0; i < g->n_sets; i++)
		for (unsigned byte = 0; byte < 256; byte++)
			if (tl_byte_in(g->sets[i].bytes, (uint8_t)byte))
				b->class_sets[i].word[b->class_of[byte] >> 6] |= 1ULL << (b->class_of[byte] & 63);
	return 0;
}

/* ---- One state ---- */

/* Adds a position and those that it leads to without a byte. */
static int add_closure(const struct build *b, struct tl_words *to, uint32_t position)
{
	for (;;) {
		if (tl_words_add(to, position) < 0)
			return -ENOMEM;
		switch (b->g->positions[position].type) {
		case TL_POSITION_STAR:
		case TL_POSITION_INSIDE:
			position++;
			break;
		case TL_POSITION_BELOW:
		case TL_POSITION_BETWEEN:
			position += 2;
			break;
		default:
			return 0;
		}
	}
}

static int follow_bytes(struct build *b, uint32_t position)
{
	const struct class_set *set = &b->class_sets[b->g->positions[position].set];
	int r = 0;

	for (unsigned w = 0; w < ARRAY_SIZE(set->word); w++)
		for (uint64_t word = set->word[w]; word && r == 0; word &= word - 1) {
			unsigned class = w * 64 + (unsigned)__builtin_ctzll(word);

			r = add_closure(b, &b->by_class[class], position + 1);
		}
	return r;
}

/* Where the next byte leads from `position`, by its class. */
static int follow(struct build *b, uint32_t i)
{
	const struct tl_position *position = &b->g->positions[i];
	struct tl_words *separated = &b->by_class[b->separator[position->kind]];
	int r;

	switch (position->type) {
	case TL_POSITION_BYTES:
		return follow_bytes(b, i);
	case TL_POSITION_ANY:
	case TL_POSITION_BETWEEN:
		return add_closure(b, &b->common, i + 1);
	case TL_POSITION_SEPARATOR:
	case TL_POSITION_BELOW:
		return add_closure(b, separated, i + 1);
	case TL_POSITION_STAR:
		return add_closure(b, &b->common, i);
	case TL_POSITION_INSIDE:
		r = add_closure(b, &b->common, i);
		return r < 0 ? r : add_closure(b, separated, i);
	case TL_POSITION_WITHIN:
		r = tl_words_add(&b->common, i);
		return r < 0 ? r : add_closure(b, separated, i - 1);
	default:
		return 0;
	}
}

/* Once a group is sure to match, nothing else of it matters. */
static int reduce(struct build *b, struct tl_words *set)
{
	const struct tl_position *positions = b->g->positions;
	struct tl_words swap;
	bool any = false;
	int r = 0;

	for (size_t i = 0; i < set->n; i++)
		if (positions[set->data[i]].sink)
			any = b->sunk[positions[set->data[i]].group] = true;
	if (!any)
		return 0;
	b->reduced.n = 0;
	for (size_t i = 0; i < set->n && r == 0; i++) {
		const struct tl_position *position = &positions[set->data[i]];

		if (!b->sunk[position->group])
			r = tl_words_add(&b->reduced, set->data[i]);
		else if (position->sink)
			r = add_closure(b, &b->reduced, b->g->groups[position->group].sink);
	}
	for (size_t i = 0; i < set->n; i++)
		b->sunk[positions[set->data[i]].group] = false;
	tl_words_sort(&b->reduced);
	swap = *set;
	*set = b->reduced;
	b->reduced = swap;
	return r;
}

/* Number of the set in b->ids. */
static int intern_ids(struct build *b, enum tl_glob_kind kind, uint32_t *ret_accept)
{
	int r;

	tl_words_sort(&b->ids);
	b->accept.n = 0;
	r = tl_words_add(&b->accept, kind);
	for (size_t i = 0; i < b->ids.n && r == 0; i++)
		r = tl_words_add(&b->accept, b->ids.data[i]);
	return r < 0 ? r : tl_word_sets_intern(&b->accepts, b->accept.data, (uint32_t)b->accept.n, ret_accept);
}

/* Number of the set of ids that are accepted in these positions. */
static int intern_accept(struct build *b, const struct tl_words *set, uint32_t *ret_accept)
{
	const struct tl_position *position = NULL;

	b->ids.n = 0;
	for (size_t i = 0; i < set->n; i++) {
		position = &b->g->positions[set->data[i]];
		if (position->type == TL_POSITION_ACCEPT && tl_words_add(&b->ids, b->g->groups[position->group].id) < 0)
			return -ENOMEM;
	}
	if (!b->ids.n)
		return tl_word_sets_intern(&b->accepts, NULL, 0, ret_accept);
	return intern_ids(b, position->kind, ret_accept);
}

static int intern_state(struct build *b, struct tl_words *set, uint32_t *ret_state)
{
	uint32_t state, accept;
	int r;

	r = reduce(b, set);
	if (r < 0)
		return r;
	b->work += set->n;
	if (b->states.n_words + set->n > WORDS_MAX || b->work > WORK_MAX)
		return too_big(b, "too much memory or time; '*' and '**' in many of them multiply");
	r = tl_word_sets_intern(&b->states, set->data, (uint32_t)set->n, &state);
	if (r < 0)
		return r;
	if (state == b->accept_of.n) {
		if (state >= TL_AUTOMATON_ROWS_MAX)
			return too_big(b, "more than 65535 states; '*' and '**' in many of them multiply");
		r = intern_accept(b, set, &accept);
		if (r < 0)
			return r;
		r = tl_words_add(&b->accept_of, accept);
		if (r < 0)
			return r;
	}
	*ret_state = state;
	return 0;
}

/* ---- All states ---- */

static int collect(struct build *b, uint32_t state, enum tl_glob_kind *ret_kind)
{
	uint32_t n;
	const uint32_t *set = tl_word_sets_get(&b->states, state, &n);
	int r = 0;

	b->common.n = 0;
	for (unsigned class = 0; class < b->n_classes; class ++)
		b->by_class[class].n = 0;
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = follow(b, set[i]);
	b->work += n;
	*ret_kind = n ? b->g->positions[set[0]].kind : TL_GLOB_EXECUTABLE;
	tl_words_sort(&b->common);
	return r;
}

static int fill_row(struct build *b, uint32_t state)
{
	static const struct tl_words nothing;
	struct tl_words *set = &b->merged, common = {};
	uint32_t other = UINT32_MAX, next;
	enum tl_glob_kind kind;
	bool separator;
	int r;

	r = collect(b, state, &kind);
	for (unsigned class = 0; class < b->n_classes && r == 0; class ++) {
		separator = class == b->separator[kind];
		common = separator ? nothing : b->common;
		if (!separator && !b->by_class[class].n && other != UINT32_MAX) {
			b->rows[state].next[class] = (uint16_t)other;
			continue;
		}
		tl_words_sort(&b->by_class[class]);
		r = tl_words_merge(set, &common, &b->by_class[class]);
		if (r == 0)
			r = intern_state(b, set, &next);
		if (r < 0)
			return r;
		b->rows[state].next[class] = (uint16_t)next;
		if (!separator && !b->by_class[class].n)
			other = next;
	}
	return r;
}

static int start_state(struct build *b, enum tl_glob_kind kind, uint32_t *ret_state)
{
	const struct tl_words *starts = &b->g->starts[kind];
	int r = 0;

	b->merged.n = 0;
	for (size_t i = 0; i < starts->n && r == 0; i++)
		r = add_closure(b, &b->merged, starts->data[i]);
	tl_words_sort(&b->merged);
	return r < 0 ? r : intern_state(b, &b->merged, ret_state);
}

static int make_rows(struct build *b, struct tl_automaton *a)
{
	uint32_t dead;
	int r;

	r = intern_state(b, &b->merged, &dead);
	if (r == 0)
		r = start_state(b, TL_GLOB_EXECUTABLE, &a->exe_start);
	if (r == 0)
		r = start_state(b, TL_GLOB_CGROUP, &a->cgroup_start);
	for (uint32_t state = 0; r == 0 && state < b->states.n_spans; state++) {
		r = tl_array_grow(&b->rows, &b->rows_allocated, state + 1, sizeof(*b->rows));
		if (r < 0)
			return r;
		b->rows[state] = (struct tl_dfa_row){};
		if (state)
			r = fill_row(b, state);
	}
	return r;
}

/* ---- Terms ---- */

static int ask_terms(struct build *b, tl_terms_of terms_of, void *userdata)
{
	size_t n = b->accepts.n_spans;
	uint32_t size, *terms;

	terms = realloc(b->terms, n * sizeof(*terms));
	if (!terms)
		return -ENOMEM;
	b->terms = terms;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *set = tl_word_sets_get(&b->accepts, i, &size);

		_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "ids are words");
		terms[i] = size ? terms_of(set[0], set + 1, size - 1, userdata) : 0;
	}
	return 0;
}

static int compare_plain(const void *a, const void *b)
{
	const struct tl_plain *x = a, *y = b;

	if (x->key.fnv != y->key.fnv)
		return x->key.fnv < y->key.fnv ? -1 : 1;
	if (x->key.other != y->key.other)
		return x->key.other < y->key.other ? -1 : 1;
	return 0;
}

static bool same_key(const struct tl_path_key *a, const struct tl_path_key *b)
{
	return a->fnv == b->fnv && a->other == b->other;
}

/* Ids of n plain paths, all the same one, and of the globs that match it. */
static int exact_accept(struct build *b, const struct tl_automaton *a, const struct tl_plain *plain, size_t n,
			uint32_t *ret_accept)
{
	struct tl_match_state match;
	const uint32_t *set;
	uint32_t size;
	int r = 0;

	tl_match_begin(&match, a, plain->kind);
	tl_match_path(&match, plain->kind, plain->path);
	set = tl_word_sets_get(&b->accepts, b->accept_of.data[match.state], &size);
	b->ids.n = 0;
	for (uint32_t i = 1; i < size && r == 0; i++)
		r = tl_words_add(&b->ids, set[i]);
	for (size_t i = 0; i < n && r == 0; i++)
		r = tl_words_add(&b->ids, plain[i].id);
	return r < 0 ? r : intern_ids(b, plain->kind, ret_accept);
}

static int make_exact(struct build *b, struct tl_automaton *a)
{
	struct tl_plain *plain = b->g->plain;
	size_t n = b->g->n_plain, same;
	int r;

	if (!n)
		return 0;
	qsort(plain, n, sizeof(*plain), compare_plain);
	a->exact = calloc(n, sizeof(*a->exact));
	if (!a->exact)
		return -ENOMEM;
	for (size_t i = 0; i < n; i += same) {
		for (same = 1; i + same < n && same_key(&plain[i].key, &plain[i + same].key);)
			same++;
		a->exact[a->n_exact].key = plain[i].key;
		/* The number of the set stands there until the terms are known. */
		r = exact_accept(b, a, &plain[i], same, &a->exact[a->n_exact].terms);
		if (r < 0)
			return r;
		a->n_exact++;
	}
	return 0;
}

static int build(struct build *b, tl_terms_of terms_of, void *userdata, struct tl_automaton *a)
{
	int r;

	b->sunk = calloc(MAX(b->g->n_groups, 1UL), sizeof(*b->sunk));
	if (!b->sunk)
		return -ENOMEM;
	r = make_classes(b);
	if (r == 0)
		r = make_rows(b, a);
	if (r < 0)
		return r;
	memcpy(a->class_of, b->class_of, sizeof(a->class_of));
	a->rows = TAKE_PTR(b->rows);
	a->n_rows = b->states.n_spans;
	r = make_exact(b, a);
	if (r == 0)
		r = ask_terms(b, terms_of, userdata);
	if (r < 0)
		return r;
	for (size_t i = 0; i < a->n_rows; i++)
		a->rows[i].terms = b->terms[b->accept_of.data[i]];
	for (size_t i = 0; i < a->n_exact; i++)
		a->exact[i].terms = b->terms[a->exact[i].terms];
	return 0;
}

int tl_globs_build(struct tl_globs *g, tl_terms_of terms_of, void *userdata, struct tl_automaton *ret)
{
	_cleanup_(build_done) struct build b = { .g = g };
	struct tl_automaton a = {};
	int r;

	g->error[0] = 0;
	r = build(&b, terms_of, userdata, &a);
	if (r < 0) {
		tl_automaton_done(&a);
		return r;
	}
	*ret = a;
	return 0;
}

void tl_automaton_done(struct tl_automaton *a)
{
	free(a->rows);
	free(a->exact);
	*a = (struct tl_automaton){};
}

/* ---- What the kernel does ---- */

void tl_match_begin(struct tl_match_state *m, const struct tl_automaton *a, enum tl_glob_kind kind)
{
	*m = (struct tl_match_state){
		.automaton = a,
		.key = { .fnv = TL_FNV_BASIS, .other = kind },
	};
	if (a && kind < TL_GLOB_UNIT)
		m->state = kind == TL_GLOB_EXECUTABLE ? a->exe_start : a->cgroup_start;
}

static void match_step(struct tl_match_state *m, char c)
{
	uint8_t byte = (uint8_t)c;

	m->key.fnv = (m->key.fnv ^ byte) * TL_FNV_PRIME;
	m->key.other = m->key.other * 0x9e3779b97f4a7c15ULL + byte + 1;
	if (m->automaton)
		m->state = m->automaton->rows[m->state].next[m->automaton->class_of[byte]];
}

static void match_leaf_first(struct tl_match_state *m, const char *path)
{
	const char *end = path + strlen(path), *begin;

	for (;;) {
		while (end > path && end[-1] == '/')
			end--;
		if (end == path)
			return;
		for (begin = end; begin > path && begin[-1] != '/';)
			begin--;
		for (const char *p = begin; p < end; p++)
			match_step(m, *p);
		match_step(m, 0);
		end = begin;
	}
}

void tl_match_path(struct tl_match_state *m, enum tl_glob_kind kind, const char *path)
{
	const char *component;
	size_t size;

	if (kind == TL_GLOB_EXECUTABLE) {
		match_leaf_first(m, path);
		return;
	}
	for (; kind == TL_GLOB_CONTAINER && path[1]; path++)
		match_step(m, path[1]);
	while (kind != TL_GLOB_CONTAINER && (component = tl_component_next(&path, &size))) {
		if (kind == TL_GLOB_CGROUP)
			match_step(m, '/');
		for (size_t i = 0; i < size; i++)
			match_step(m, component[i]);
	}
}

struct tl_path_key tl_glob_key(enum tl_glob_kind kind, const char *path)
{
	struct tl_match_state match;

	tl_match_begin(&match, NULL, kind);
	tl_match_path(&match, kind, path);
	return match.key;
}

uint32_t tl_automaton_run(const struct tl_automaton *a, enum tl_glob_kind kind, const char *path)
{
	size_t low = 0, high = a->n_exact, middle;
	struct tl_match_state match;

	tl_match_begin(&match, a, kind);
	tl_match_path(&match, kind, path);
	while (low < high) {
		const struct tl_path_key *key = &a->exact[middle = (low + high) / 2].key;

		if (same_key(key, &match.key))
			return a->exact[middle].terms;
		if (key->fnv < match.key.fnv || (key->fnv == match.key.fnv && key->other < match.key.other))
			low = middle + 1;
		else
			high = middle;
	}
	return match.state ? a->rows[match.state].terms : 0;
}
