/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines: a kind and an id ('a' and up: executables, 'A' and up: cgroups, with
 * what is below), then a glob; a line with a slash first is a path, '%' a unit.
 * The automaton must say what the plain matcher says; of units, of which none is
 * added, it knows nothing.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "glob.h"

#define LINES_MAX 24

struct line {
	char text[96];
	char kind;
};

static uint32_t bits_of(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	uint32_t bits = 0;

	(void)kind;
	(void)userdata;
	for (size_t i = 0; i < n; i++)
		bits |= 1U << ids[i];
	return bits;
}

static uint32_t expected(const struct line *lines, size_t n, enum tl_glob_kind kind, const char *path)
{
	uint32_t bits = 0;
	char below[128];

	if (kind >= TL_GLOB_UNIT) /* of these none is added */
		return 0;
	for (size_t i = 0; i < n; i++) {
		char first = kind == TL_GLOB_CGROUP ? 'A' : 'a';

		if (lines[i].kind < first || lines[i].kind >= first + 26 || tl_glob_problem(lines[i].text))
			continue;
		snprintf(below, sizeof(below), "%s/**", lines[i].text);
		if (tl_glob_match(lines[i].text, path) || (kind == TL_GLOB_CGROUP && tl_glob_match(below, path)))
			bits |= 1U << (lines[i].kind - first);
	}
	return bits;
}

static size_t split(const uint8_t *data, size_t size, struct line *lines)
{
	size_t n = 0;

	while (size && n < LINES_MAX) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t length = end ? (size_t)(end - data) : size, kept = length > 95 ? 95 : length;

		if (kept) {
			lines[n].kind = (char)data[0];
			memset(lines[n].text, 0, sizeof(lines[n].text));
			memcpy(lines[n].text, data + (data[0] != '/'), kept - (data[0] != '/'));
			n++;
		}
		data += length + (end != NULL);
		size -= length + (end != NULL);
	}
	return n;
}

static void try_unit(const char *name)
{
	const struct tl_cgroup *cgroup = tl_cgroup_parse(1, name);
	char *glob = NULL;

	if (!cgroup || strlen(cgroup->unit) > strlen(name) || strlen(cgroup->container_id) > strlen(name))
		abort();
	tl_cgroup_unref(cgroup);
	if (tl_glob_from_unit(name, &glob) == 0 && tl_glob_problem(glob))
		abort();
	free(glob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line lines[LINES_MAX];
	size_t n = split(data, size, lines);
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;

	if (tl_globs_new(&g) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (lines[i].kind >= 'a' && lines[i].kind <= 'z')
			tl_globs_add(g, TL_GLOB_EXECUTABLE, lines[i].text, false, (unsigned)(lines[i].kind - 'a'));
		else if (lines[i].kind >= 'A' && lines[i].kind <= 'Z')
			tl_globs_add(g, TL_GLOB_CGROUP, lines[i].text, true, (unsigned)(lines[i].kind - 'A'));
		else if (lines[i].kind == '%')
			try_unit(lines[i].text);
	}
	if (tl_globs_build(g, bits_of, NULL, &a) == 0)
		for (size_t i = 0; i < n; i++)
			for (unsigned kind = 0; lines[i].text[0] == '/' && kind < TL_GLOB_KINDS; kind++)
				if (tl_automaton_run(&a, kind, lines[i].text) !=
				    expected(lines, n, kind, lines[i].text))
					abort();
	tl_automaton_done(&a);
	tl_globs_free(g);
	return 0;
}
