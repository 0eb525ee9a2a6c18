/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The globs of containers match where the path of a cgroup tells one, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup-fixture.h"
#include "cgroup-name.h"
#include "container-globs.h"
#include "glob.h"
#include "util.h"

struct globs {
	char **items;
	size_t n;
};

static struct globs make(const char *container)
{
	struct globs g = {};

	assert_int_equal(tl_container_globs(container, &g.items, &g.n), 0);
	assert_true(g.n > 0);
	for (size_t i = 0; i < g.n; i++)
		assert_null(tl_glob_problem(g.items[i]));
	return g;
}

static void done(struct globs *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->items[i]);
	free(g->items);
}

static bool matches(const struct globs *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (tl_glob_match(g->items[i], path))
			return true;
	return false;
}

/* The container that the path tells, in `room`. */
static const char *container_of(const char *path, char room[TL_CGROUP_NAMES_SIZE(1024)])
{
	const char *unit, *slice, *container;

	assert_true(strlen(path) < 1024);
	tl_cgroup_names(path, room, &unit, &slice, &container);
	return container;
}

/* Whether the path has an id, and not a name of as many digits. */
static bool is_by_id(const char *path, const char *container)
{
	const char *at = strstr(path, container);

	return strlen(container) == TL_CONTAINER_ID_LENGTH && at && (at[-1] == '-' || at[-1] == '/');
}

/* Whether the path, or one above it, tells a container that the text stands for. */
static bool tells(const char *path, const char *text)
{
	char room[TL_CGROUP_NAMES_SIZE(1024)], *above = strdup(path);
	bool found = false;

	for (size_t i = 1; i <= strlen(path); i++) {
		const char *container;

		if (path[i] && path[i] != '/')
			continue;
		above[i] = '\0';
		container = container_of(above, room);
		found |= *container && (strcmp(text, "any") == 0 || strcmp(container, text) == 0 ||
					(tl_container_is_id(text) && is_by_id(above, container) &&
					 strncmp(container, text, strlen(text)) == 0));
		above[i] = path[i];
	}
	free(above);
	return found;
}

/* What is below a cgroup that matches, matches, too. */
static bool matches_or_above(const struct globs *g, const char *path)
{
	char *above = strdup(path);
	bool found = false;

	for (size_t i = strlen(path); i > 0; i--)
		if (i == strlen(path) || path[i] == '/') {
			above[i] = '\0';
			found |= matches(g, above);
		}
	free(above);
	return found;
}

static void compare(const struct globs *g, const char *path, const char *text)
{
	bool expected = tells(path, text), got = matches_or_above(g, path);

	if (expected != got)
		fail_msg("container '%s': '%s' %s", text, path, got ? "matches" : "does not match");
}

static const char *const values[] = { "any",   "012345", "0123456789abcdef0", ID,	"fedcba", "web",     "deb-12",
				      "my-vm", "qemu-",	 "qemu-1-vm",	      "abcdef", ".web",	  "payload", "q" };

static void known_paths_match_as_they_are_read(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		_cleanup_(done) struct globs g = make(values[v]);

		for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
			compare(&g, paths[i].path, values[v]);
	}
}

/* Whatever begins, is named and ends so, wherever it lies. */
static void made_up_paths_match_as_they_are_read(void **state)
{
	static const char *const above[] = {
		"", "/docker", "/lxc", "/lxc.payload", "/machine.slice", "/a/machine.slice"
	};
	static const char *const before[] = { "",
					      "-",
					      "docker-",
					      "crio-conmon-",
					      "daemon-",
					      "mon-",
					      "on-",
					      "n-",
					      "xon-",
					      "xn-",
					      "x",
					      "lxc.payload.",
					      "machine-",
					      "machine-qemu\\x2d",
					      "machine-qemu\\",
					      "machine-qe",
					      "systemd-nspawn@" };
	static const char *const names[] = { "", "web", "q", ID, "deb\\x2d12", "deb-12", "\\x2eweb", "abcdef" };
	static const char *const behind[] = { "", ".scope", ".service", ".scope/x" };
	size_t n = 0, n_told = 0;

	(void)state;
	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		_cleanup_(done) struct globs g = make(values[v]);

		for (size_t i = 0; i < ARRAY_SIZE(above) * ARRAY_SIZE(before) * ARRAY_SIZE(names) * ARRAY_SIZE(behind);
		     i++, n++) {
			size_t at = i;
			char path[512];

			snprintf(path, sizeof(path), "%s/%s%s%s", above[at % ARRAY_SIZE(above)],
				 before[at / ARRAY_SIZE(above) % ARRAY_SIZE(before)],
				 names[at / ARRAY_SIZE(above) / ARRAY_SIZE(before) % ARRAY_SIZE(names)],
				 behind[at / ARRAY_SIZE(above) / ARRAY_SIZE(before) / ARRAY_SIZE(names)]);
			compare(&g, path, values[v]);
			n_told += tells(path, values[v]);
		}
	}
	assert_true(n_told > 100 && n_told < n / 2);
}

static uint32_t number(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	(void)kind;
	(void)userdata;
	assert_true(n > 0);
	return ids[0] + 1;
}

/* What the kernel gets must stay small beside other globs. */
static void automaton_of_any_container_is_small(void **state)
{
	_cleanup_(done) struct globs any = make("any"), id = make("0123456789ab"), name = make("deb-12");
	const struct globs *all[] = { &any, &id, &name };
	struct tl_automaton automaton = {};
	struct tl_globs *globs = NULL;

	(void)state;
	assert_int_equal(tl_globs_new(&globs), 0);
	for (unsigned of = 0; of < ARRAY_SIZE(all); of++)
		for (size_t i = 0; i < all[of]->n; i++)
			assert_int_equal(tl_globs_add(globs, TL_GLOB_CGROUP, all[of]->items[i], false, of), 0);
	assert_int_equal(tl_globs_add(globs, TL_GLOB_CGROUP, "/**/nginx*.service", false, 3), 0);
	assert_int_equal(tl_globs_build(globs, number, NULL, &automaton), 0);
	assert_true(automaton.n_rows < 5000);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(tl_automaton_run(&automaton, TL_GLOB_CGROUP, paths[i].path) == 1,
				 matches(&any, paths[i].path));
	tl_automaton_done(&automaton);
	tl_globs_free(globs);
}

static void ids_have_six_digits_at_least(void **state)
{
	(void)state;
	assert_true(tl_container_is_id("012345") && tl_container_is_id(ID) && tl_container_is_id("facade"));
	assert_false(tl_container_is_id("01234") || tl_container_is_id("") || tl_container_is_id("01234G") ||
		     tl_container_is_id("ABCDEF") || tl_container_is_id(ID "0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_paths_match_as_they_are_read),
		cmocka_unit_test(made_up_paths_match_as_they_are_read),
		cmocka_unit_test(automaton_of_any_container_is_small),
		cmocka_unit_test(ids_have_six_digits_at_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
