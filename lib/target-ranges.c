// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Conditions on attributes as ranges of values: where some condition begins or
 * ends, another set of targets begins.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target-plan.h"
#include "util.h"

_Static_assert(TL_ATTRIBUTES == TL_ATTRIBUTE_KINDS, "the kernel part has all attributes");

__extension__ typedef unsigned __int128 value;

/* From here on the condition of the target holds once more, or once less. */
struct edge {
	value at;
	uint32_t target;
	bool negative, ends;
};

struct edges {
	struct edge *items;
	size_t n, allocated;
};

struct counts {
	bool is_asked; /* some condition on the attribute is not negative */
	uint32_t hold, exclude; /* conditions that do at the moment, negative ones */
};

/* A name as a number, what is missing of it filled up. */
static value name_value(const char *name, size_t n, uint8_t rest)
{
	uint64_t halves[2];

	memset(halves, rest, sizeof(halves));
	memcpy(halves, name, n);
	return (value)be64toh(halves[0]) << 64 | be64toh(halves[1]);
}

static void bounds_of(const struct tl_condition *c, value *ret_low, value *ret_high)
{
	size_t n = strnlen(c->comm, sizeof(c->comm)), most = TL_COMM_LEN - 1;
	bool begins = n && c->comm[n - 1] == '*';

	*ret_low = c->low;
	*ret_high = c->high;
	if (c->attribute != TL_ATTRIBUTE_COMM)
		return;
	n = MIN(begins ? n - 1 : n, most);
	*ret_low = name_value(c->comm, n, 0);
	*ret_high = name_value(c->comm, n, begins ? 0xff : 0);
}

static int add_edges(struct edges *edges, const struct tl_condition *c, uint32_t target)
{
	value low, high;
	int r = tl_array_grow(&edges->items, &edges->allocated, edges->n + 2, sizeof(*edges->items));

	if (r < 0)
		return r;
	bounds_of(c, &low, &high);
	if (low > high)
		return 0;
	edges->items[edges->n++] = (struct edge){ low, target, c->negative, false };
	if (high != ~(value)0)
		edges->items[edges->n++] = (struct edge){ high + 1, target, c->negative, true };
	return 0;
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return x->at != y->at ? (x->at < y->at ? -1 : 1) : 0;
}

static int add_range(struct tl_session *s, struct tl_target_plan *p, value at, const struct tl_terms *terms)
{
	int r = tl_array_grow(&p->ranges, &p->ranges_allocated, p->n_ranges + 1, sizeof(*p->ranges));

	if (r < 0)
		return r;
	if (p->n_ranges == TL_RANGES_MAX)
		return tl_fail(s, -E2BIG, "the targets tell more than %u users, names and the like apart",
			       TL_RANGES_MAX);
	p->ranges[p->n_ranges++] = (struct tl_range){
		.high = (uint64_t)(at >> 64),
		.low = (uint64_t)at,
		.terms = tl_plan_dimension(p, terms),
	};
	return 0;
}

static void pass_edge(const struct edge *edge, struct counts *counts, struct tl_terms *terms)
{
	struct counts *c = &counts[edge->target];

	*(edge->negative ? &c->exclude : &c->hold) += edge->ends ? -1 : 1;
	if (!c->exclude && (!c->is_asked || c->hold))
		tl_terms_set(terms, edge->target);
	else
		tl_terms_clear(terms, edge->target);
}

/* terms: of the targets that do not ask for the attribute, or only in order to leave out. */
static int sweep(struct tl_session *s, struct tl_target_plan *p, const struct edges *edges, struct counts *counts,
		 struct tl_terms *terms)
{
	int r = !edges->n || edges->items[0].at ? add_range(s, p, 0, terms) : 0;

	for (size_t i = 0; r >= 0 && i < edges->n;) {
		value at = edges->items[i].at;

		for (; i < edges->n && edges->items[i].at == at; i++)
			pass_edge(&edges->items[i], counts, terms);
		r = add_range(s, p, at, terms);
	}
	return r;
}

static int plan_attribute(struct tl_session *s, struct tl_target_plan *p, enum tl_attribute attribute)
{
	_cleanup_free_ struct counts *counts = calloc(s->n_targets + 1, sizeof(*counts));
	struct tl_terms terms = {};
	struct edges edges = {};
	bool is_asked = false;
	int r = counts ? 0 : -ENOMEM;

	for (uint32_t t = 0; r >= 0 && t < s->n_targets; t++) {
		const struct tl_target *target = &s->targets[t];

		for (size_t i = 0; r >= 0 && i < target->n_conditions; i++) {
			if (target->conditions[i].attribute != attribute)
				continue;
			is_asked = true;
			counts[t].is_asked |= !target->conditions[i].negative;
			r = add_edges(&edges, &target->conditions[i], t);
		}
		if (r >= 0 && !counts[t].is_asked)
			tl_terms_set(&terms, t);
	}
	p->ranges_of[attribute].first = (uint32_t)p->n_ranges;
	if (r >= 0 && is_asked) {
		if (edges.n)
			qsort(edges.items, edges.n, sizeof(*edges.items), compare_edges);
		r = sweep(s, p, &edges, counts, &terms);
	}
	p->ranges_of[attribute].n = (uint32_t)p->n_ranges - p->ranges_of[attribute].first;
	free(edges.items);
	return r;
}

int tl_plan_ranges(struct tl_session *s, struct tl_target_plan *p)
{
	int r = 0;

	for (enum tl_attribute a = 0; r >= 0 && a < TL_ATTRIBUTES; a++)
		r = plan_attribute(s, p, a);
	return r;
}
