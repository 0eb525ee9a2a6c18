/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes globs apart into the positions that an automaton is made of. */
#include <stdarg.h>
#include <string.h>

#include "automaton.h"
#include "glob-element.h"
#include "util.h"

#define POSITIONS_MAX 4000000
#define PLAIN_MAX 1000000
#define BYTE_SETS_MAX 4096
#define COMPONENTS_MAX (TL_GLOB_MAX / 2)

static int __attribute__((format(printf, 3, 4))) fail(struct tl_globs *g, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(g->error, sizeof(g->error), format, arguments);
	va_end(arguments);
	return r;
}

int tl_globs_new(struct tl_globs **ret_globs)
{
	struct tl_globs *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	*ret_globs = g;
	return 0;
}

struct tl_globs *tl_globs_free(struct tl_globs *g)
{
	if (!g)
		return NULL;
	for (size_t i = 0; i < g->n_plain; i++)
		free(g->plain[i].path);
	for (size_t i = 0; i < TL_GLOB_KINDS; i++)
		tl_words_done(&g->starts[i]);
	free(g->plain);
	free(g->positions);
	free(g->groups);
	free(g->sets);
	free(g);
	return NULL;
}

const char *tl_globs_error(const struct tl_globs *g)
{
	return g->error[0] ? g->error : "no memory";
}

static int byte_set(struct tl_globs *g, const struct tl_glob_element *element, uint32_t *ret_set)
{
	struct tl_byte_set set = {};
	size_t i;

	if (element->type == TL_ELEMENT_BYTE) {
		if (g->set_of_byte[element->byte]) {
			*ret_set = g->set_of_byte[element->byte] - 1;
			return 0;
		}
		set.bytes[element->byte >> 6] = 1ULL << (element->byte & 63);
	} else {
		memcpy(set.bytes, element->set, sizeof(set.bytes));
	}
	for (i = 0; i < g->n_sets; i++)
		if (memcmp(&g->sets[i], &set, sizeof(set)) == 0)
			break;
	if (i == BYTE_SETS_MAX)
		return fail(g, -E2BIG, "more than %d different '[]'", BYTE_SETS_MAX);
	if (i == g->n_sets) {
		if (tl_array_grow(&g->sets, &g->sets_allocated, i + 1, sizeof(set)) < 0)
			return -ENOMEM;
		g->sets[g->n_sets++] = set;
	}
	if (element->type == TL_ELEMENT_BYTE)
		g->set_of_byte[element->byte] = (uint32_t)i + 1;
	*ret_set = (uint32_t)i;
	return 0;
}

static int add_position(struct tl_globs *g, enum tl_position_type type, uint32_t set, uint32_t group)
{
	if (g->n_positions == POSITIONS_MAX)
		return fail(g, -E2BIG, "all globs together are longer than %d bytes", POSITIONS_MAX);
	if (tl_array_grow(&g->positions, &g->positions_allocated, g->n_positions + 1, sizeof(*g->positions)) < 0)
		return -ENOMEM;
	g->positions[g->n_positions++] = (struct tl_position){
		.type = type,
		.kind = g->groups[group].kind,
		.set = set,
		.group = group,
	};
	return 0;
}

static int add_component(struct tl_globs *g, const char *p, size_t size, uint32_t group)
{
	static const enum tl_position_type types[] = {
		[TL_ELEMENT_BYTE] = TL_POSITION_BYTES,
		[TL_ELEMENT_SET] = TL_POSITION_BYTES,
		[TL_ELEMENT_ANY] = TL_POSITION_ANY,
		[TL_ELEMENT_STAR] = TL_POSITION_STAR,
	};
	const char *end = p + size;
	struct tl_glob_element element;
	uint32_t set = 0;
	int r = 0;

	while (r == 0 && p < end) {
		if (tl_glob_element(&p, end, &element))
			return fail(g, -EINVAL, "not a glob");
		if (types[element.type] == TL_POSITION_BYTES)
			r = byte_set(g, &element, &set);
		if (r == 0)
			r = add_position(g, types[element.type], set, group);
	}
	return r;
}

static int add_pair(struct tl_globs *g, enum tl_position_type first, enum tl_position_type second, uint32_t group)
{
	int r = add_position(g, first, 0, group);

	return r < 0 ? r : add_position(g, second, 0, group);
}

/* A separator goes before each component of a cgroup and behind each of an executable. */
static int add_one(struct tl_globs *g, const char *component, size_t size, uint32_t group)
{
	bool executable = g->groups[group].kind == TL_GLOB_EXECUTABLE;
	int r = 0;

	if (tl_component_is_deep(component, size) && executable)
		return add_pair(g, TL_POSITION_BETWEEN, TL_POSITION_WITHIN, group);
	if (tl_component_is_deep(component, size))
		return add_pair(g, TL_POSITION_BELOW, TL_POSITION_INSIDE, group);
	if (!executable)
		r = add_position(g, TL_POSITION_SEPARATOR, 0, group);
	if (r == 0)
		r = add_component(g, component, size, group);
	if (r == 0 && executable)
		r = add_position(g, TL_POSITION_SEPARATOR, 0, group);
	return r;
}

/* A `**` at the end needs to find no more ends of components. */
static int add_end(struct tl_globs *g, size_t first, uint32_t group)
{
	struct tl_position *last = g->n_positions > first ? &g->positions[g->n_positions - 1] : NULL;

	if (last && last->type == TL_POSITION_WITHIN) {
		g->n_positions--;
		last--;
		last->type = TL_POSITION_INSIDE;
	}
	if (last && last->type == TL_POSITION_INSIDE) {
		last->sink = true;
		if (!g->groups[group].has_sink)
			g->groups[group].sink = (uint32_t)(last - g->positions);
		g->groups[group].has_sink = true;
	}
	return add_position(g, TL_POSITION_ACCEPT, 0, group);
}

struct component {
	const char *p;
	size_t size;
};

/* Components in the order in which the kernel feeds them; `**` twice is once. */
static size_t components_of(enum tl_glob_kind kind, const char *glob, bool and_below,
			    struct component ret[COMPONENTS_MAX + 1])
{
	static const char deep[] = "**";
	struct component swap;
	size_t n = 0, size;
	bool was_deep = false, is_deep;

	for (const char *p = glob, *c; (c = tl_component_next(&p, &size));) {
		is_deep = tl_component_is_deep(c, size);
		if (!is_deep || !was_deep)
			ret[n++] = (struct component){ c, size };
		was_deep = is_deep;
	}
	if (and_below && !was_deep)
		ret[n++] = (struct component){ deep, 2 };
	for (size_t i = 0; kind == TL_GLOB_EXECUTABLE && i < n / 2; i++) {
		swap = ret[i];
		ret[i] = ret[n - 1 - i];
		ret[n - 1 - i] = swap;
	}
	return n;
}

static int find_group(struct tl_globs *g, enum tl_glob_kind kind, unsigned id, uint32_t *ret_group)
{
	for (size_t i = g->n_groups; i-- > 0;)
		if (g->groups[i].kind == kind && g->groups[i].id == id) {
			*ret_group = (uint32_t)i;
			return 0;
		}
	if (tl_array_grow(&g->groups, &g->groups_allocated, g->n_groups + 1, sizeof(*g->groups)) < 0)
		return -ENOMEM;
	g->groups[g->n_groups] = (struct tl_group){ .kind = kind, .id = id };
	*ret_group = (uint32_t)g->n_groups++;
	return 0;
}

static int add_wild(struct tl_globs *g, enum tl_glob_kind kind, const char *glob, bool and_below, unsigned id)
{
	struct component components[COMPONENTS_MAX + 1];
	size_t first = g->n_positions, n = components_of(kind, glob, and_below, components);
	uint32_t group;
	int r;

	r = find_group(g, kind, id, &group);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_one(g, components[i].p, components[i].size, group);
	if (r == 0)
		r = tl_words_add(&g->starts[kind], (uint32_t)first);
	if (r == 0)
		r = add_end(g, first, group);
	if (r < 0)
		g->n_positions = first;
	return r;
}

bool tl_glob_is_plain(const char *glob)
{
	const char *p = glob, *end = glob + strlen(glob);
	struct tl_glob_element element;

	while (p < end)
		if (tl_glob_element(&p, end, &element) || element.type != TL_ELEMENT_BYTE)
			return false;
	return true;
}

int tl_glob_plain_path(const char *glob, char **ret)
{
	const char *p = glob, *end = glob + strlen(glob);
	struct tl_glob_element element;
	size_t n = 0;
	char *path;

	*ret = NULL;
	if (!tl_glob_is_plain(glob))
		return 0;
	path = malloc(strlen(glob) + 1);
	if (!path)
		return -ENOMEM;
	while (p < end && tl_glob_element(&p, end, &element) == 0)
		path[n++] = (char)element.byte;
	path[n] = 0;
	*ret = path;
	return 0;
}

static int add_plain(struct tl_globs *g, enum tl_glob_kind kind, char *path, unsigned id)
{
	if (g->n_plain == PLAIN_MAX)
		return fail(g, -E2BIG, "more than %d paths without wildcards", PLAIN_MAX);
	if (tl_array_grow(&g->plain, &g->plain_allocated, g->n_plain + 1, sizeof(*g->plain)) < 0)
		return -ENOMEM;
	g->plain[g->n_plain++] = (struct tl_plain){
		.kind = kind,
		.id = id,
		.key = tl_glob_key(kind, path),
		.path = path,
	};
	return 0;
}

int tl_globs_add(struct tl_globs *g, enum tl_glob_kind kind, const char *glob, bool and_below, unsigned id)
{
	const char *problem = tl_glob_problem(glob);
	_cleanup_free_ char *path = NULL;
	int r;

	g->error[0] = 0;
	if (problem)
		return fail(g, -EINVAL, "%s", problem);
	r = tl_glob_plain_path(glob, &path);
	if (r < 0)
		return r;
	if (!path || and_below)
		return add_wild(g, kind, glob, and_below, id);
	r = add_plain(g, kind, path, id);
	if (r == 0)
		path = NULL;
	return r;
}
