/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "glob.h"
#include "util.h"

/* Sanitizers make everything slower. */
#if defined(__SANITIZE_ADDRESS__)
#define TL_TEST_SLOW 20
#else
#define TL_TEST_SLOW 1
#endif

/* Ids below 32, one bit each. */
static uint32_t bits_of(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	uint32_t bits = 0;

	(void)kind;
	for (size_t i = 0; i < n; i++) {
		assert_true(ids[i] < 32);
		assert_true(!i || ids[i] > ids[i - 1]);
		bits |= 1U << ids[i];
	}
	if (userdata)
		(*(size_t *)userdata)++;
	return bits;
}

static void matches(const char *glob, const char *path)
{
	if (!tl_glob_match(glob, path))
		fail_msg("%s does not match %s", glob, path);
}

static void differs(const char *glob, const char *path)
{
	if (tl_glob_match(glob, path))
		fail_msg("%s matches %s", glob, path);
}

static void wildcards_stay_within_a_component(void **state)
{
	(void)state;
	matches("/opt/ci/bin/*", "/opt/ci/bin/build");
	differs("/opt/ci/bin/*", "/opt/ci/bin/a/b");
	differs("/opt/ci/bin/*", "/opt/ci/bin");
	matches("/opt/*/bin/x", "/opt/.hidden/bin/x");
	matches("/a?c", "/abc");
	differs("/a?c", "/a/c");
	differs("/a[!b]c", "/a/c");
	matches("/a*b*c", "/abbbc");
	differs("/a*b*c", "/abbb");
	matches("/*", "/x");
	differs("/*", "/");
	matches("/**.so", "/lib.so"); /* no component of its own: as one star */
	differs("/**.so", "/usr/lib.so");
}

static void double_star_is_any_number_of_components(void **state)
{
	(void)state;
	matches("/usr/lib/**/helper", "/usr/lib/helper");
	matches("/usr/lib/**/helper", "/usr/lib/a/b/helper");
	differs("/usr/lib/**/helper", "/usr/libx/helper");
	differs("/usr/lib/**/helper", "/usr/lib/xhelper");
	matches("/opt/**", "/opt");
	matches("/opt/**", "/opt/a/b");
	differs("/opt/**", "/option");
	matches("/**", "/");
	matches("/**", "/a");
	matches("/**/b/**/d", "/a/b/b/c/d");
	matches("/**/a/*/c", "/a/b/a/b/c");
	matches("/a/**/**/b", "/a/b");
}

static void sets_and_quotes(void **state)
{
	(void)state;
	matches("/[a-c]x", "/bx");
	differs("/[a-c]x", "/dx");
	matches("/[]x]", "/]");
	matches("/[!]x]", "/y");
	differs("/[!]x]", "/]");
	matches("/[a-]", "/-");
	matches("/[^a]", "/b");
	matches("/[\\]]", "/]");
	matches("/\\*", "/*");
	differs("/\\*", "/x");
	matches("/\\\\", "/\\");
	matches("//usr///bin/", "/usr/bin");
	matches("/\xff?", "/\xff\xfe");
}

static void bad_globs_are_refused(void **state)
{
	static const char *const bad[] = { "",	     "a",    "*",      "/[",	 "/[a",		 "/[]",
					   "/[z-a]", "/a\\", "/a\\/b", "/a[/]b", "/[[:alpha:]]", "/..",
					   "/./a",   "/[a-", "/[\\" };
	struct tl_globs *g = NULL;
	char *long_one = malloc(TL_GLOB_MAX + 1);

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!tl_glob_problem(bad[i]))
			fail_msg("'%s' passes", bad[i]);
		assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, bad[i], true, 0), -EINVAL);
		assert_string_equal(tl_globs_error(g), tl_glob_problem(bad[i]));
		assert_false(tl_glob_match(bad[i], bad[i]));
	}
	assert_non_null(long_one);
	memset(long_one, '/', TL_GLOB_MAX);
	long_one[TL_GLOB_MAX] = 0;
	assert_non_null(tl_glob_problem(long_one));
	free(long_one);
	tl_globs_free(g);
}

static void units_become_globs(void **state)
{
	static const char *const cases[][2] = {
		{ "nginx.service", "/**/nginx.service" },
		{ "nginx", "/**/nginx.service" },
		{ "user@*.service", "/**/user@*.service" },
		{ "user@*", "/**/user@*.service" },
		{ "*.slice", "/**/*.slice" },
		{ "nginx.*", "/**/nginx.*" },
		{ "org.example.App", "/**/org.example.App.service" },
		{ "dev-disk-by\\x2dlabel.swap", "/**/dev-disk-by\\\\x2dlabel.swap" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *glob = NULL;

		assert_int_equal(tl_glob_from_unit(cases[i][0], &glob), 0);
		assert_string_equal(glob, cases[i][1]);
		free(glob);
	}
	matches("/**/dev-disk-by\\\\x2dlabel.swap", "/system.slice/dev-disk-by\\x2dlabel.swap");
	for (size_t i = 0; i < 3; i++) {
		char *glob = (char *)&glob;

		assert_int_equal(tl_glob_from_unit((const char *[]){ "", "a/b", "x[.service" }[i], &glob), -EINVAL);
		assert_ptr_equal(glob, &glob);
	}
}

static void exact_paths_leave_the_automaton_alone(void **state)
{
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;
	size_t calls = 0;

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, "/usr/bin/id", false, 0), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, "/usr//bin/id/", false, 1), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, "/usr/bin/w\\ho", false, 2), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, "/usr/bin/id", false, 3), 0);
	assert_int_equal(tl_globs_build(g, bits_of, &calls, &a), 0);
	assert_int_equal(a.n_rows, 1);
	assert_int_equal(a.exe_start, 0);
	assert_int_equal(a.cgroup_start, 0);
	assert_int_equal(a.n_exact, 3);
	assert_int_equal(calls, 3);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/bin/id"), 3);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/bin/who"), 4);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/usr/bin/id"), 8);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/usr/bin/who"), 0);
	tl_automaton_done(&a);

	/* What a glob says of the same path is in the entry. */
	assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, "/usr/**", false, 4), 0);
	assert_int_equal(tl_globs_build(g, bits_of, NULL, &a), 0);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/bin/id"), 3 | 16);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/bin/w"), 16);
	tl_automaton_done(&a);
	tl_globs_free(g);
}

/* The hashes that bpf/task.h computes, byte by byte. */
static void keys_are_the_kernels(void **state)
{
	static const char exe[] = "id\0bin\0usr";
	struct tl_path_key key = { .fnv = 0xcbf29ce484222325ULL, .other = 0 }, ours;

	(void)state;
	for (size_t i = 0; i < sizeof(exe); i++) {
		key.fnv = (key.fnv ^ (uint8_t)exe[i]) * 0x100000001b3ULL;
		key.other = key.other * 0x9e3779b97f4a7c15ULL + (uint8_t)exe[i] + 1;
	}
	ours = tl_glob_key(TL_GLOB_EXECUTABLE, "/usr/bin/id");
	assert_true(ours.fnv == key.fnv && ours.other == key.other);
	ours = tl_glob_key(TL_GLOB_CGROUP, "/");
	assert_true(ours.fnv == 0xcbf29ce484222325ULL && ours.other == 1);
	ours = tl_glob_key(TL_GLOB_CGROUP, "/a");
	assert_true(ours.other == ((0x9e3779b97f4a7c15ULL + '/' + 1) * 0x9e3779b97f4a7c15ULL + 'a' + 1));
}

static void below_matches_below(void **state)
{
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, "/system.slice/a.service", true, 0), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, "/**/b.service", true, 1), 0);
	assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, "/c", false, 2), 0);
	assert_int_equal(tl_globs_build(g, bits_of, NULL, &a), 0);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/system.slice/a.service"), 1);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/system.slice/a.service/x/y"), 1);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/system.slice/a.service/b.service"), 3);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/system.slice/a.services"), 0);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/b.service/q"), 2);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/xb.service/q"), 0);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/c"), 4);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_CGROUP, "/c/d"), 0);
	tl_automaton_done(&a);
	tl_globs_free(g);
}

/* ---- Against the plain matcher ---- */

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % n;
}

static void random_glob(char *p)
{
	static const char *const elements[] = {
		"a", "b", "ab", "*", "?", "[ab]", "[!a]", "c", "\\*", "*a", ".", "\xc3"
	};

	for (unsigned n = pick(5) + 1; n; n--) {
		p = stpcpy(p, "/");
		if (pick(4) == 0)
			p = stpcpy(p, "**");
		else
			for (unsigned m = pick(3) + 1; m; m--)
				p = stpcpy(p, elements[pick(ARRAY_SIZE(elements))]);
	}
}

static void random_path(char *p)
{
	static const char bytes[] = "aaabbbc*.x\xc3\\";

	for (unsigned n = pick(6) + 1; n; n--) {
		*p++ = '/';
		for (unsigned m = pick(4) + 1; m; m--)
			*p++ = bytes[pick(sizeof(bytes) - 1)];
	}
	*p = 0;
}

struct random_case {
	char glob[12][256];
	bool and_below[12];
	unsigned id[12];
	enum tl_glob_kind kind[12];
	unsigned n;
};

static uint32_t expected(const struct random_case *c, enum tl_glob_kind kind, const char *path)
{
	uint32_t bits = 0;
	char below[300];

	for (unsigned i = 0; i < c->n; i++) {
		snprintf(below, sizeof(below), "%s/**", c->glob[i]);
		if (c->kind[i] == kind &&
		    (tl_glob_match(c->glob[i], path) || (c->and_below[i] && tl_glob_match(below, path))))
			bits |= 1U << c->id[i];
	}
	return bits;
}

static void compare(const struct random_case *c, const struct tl_automaton *a, enum tl_glob_kind kind, const char *path)
{
	uint32_t want = expected(c, kind, path), have = tl_automaton_run(a, kind, path);

	if (want == have)
		return;
	for (unsigned i = 0; i < c->n; i++)
		print_error("%u %u %s%s\n", c->kind[i], c->id[i], c->glob[i], c->and_below[i] ? " and below" : "");
	fail_msg("kind %u, %s: %x, not %x", kind, path, have, want);
}

static void check_automaton(const struct random_case *c, const struct tl_automaton *a)
{
	char path[64];

	for (size_t i = 0; i < a->n_rows; i++)
		for (size_t class = 0; class < TL_DFA_CLASSES; class ++)
			assert_true(a->rows[i].next[class] < a->n_rows);
	for (unsigned i = 0; i < 200; i++) {
		random_path(path);
		compare(c, a, TL_GLOB_EXECUTABLE, path);
		compare(c, a, TL_GLOB_CGROUP, path);
	}
	for (unsigned i = 0; i < c->n; i++)
		compare(c, a, c->kind[i], c->glob[i]);
	compare(c, a, TL_GLOB_EXECUTABLE, "/");
	compare(c, a, TL_GLOB_CGROUP, "/");
}

static void automaton_agrees_with_the_plain_matcher(void **state)
{
	struct random_case c;
	size_t positive = 0, built = 0;

	(void)state;
	for (seed = 1; built < 2000; seed++) {
		struct tl_automaton a = {};
		struct tl_globs *g = NULL;
		uint64_t round = seed;
		int r;

		c.n = pick(12) + 1;
		assert_int_equal(tl_globs_new(&g), 0);
		for (unsigned i = 0; i < c.n; i++) {
			do
				random_glob(c.glob[i]);
			while (tl_glob_problem(c.glob[i]));
			c.id[i] = pick(8);
			c.and_below[i] = pick(3) == 0;
			c.kind[i] = pick(2);
			assert_int_equal(tl_globs_add(g, c.kind[i], c.glob[i], c.and_below[i], c.id[i]), 0);
		}
		r = tl_globs_build(g, bits_of, NULL, &a);
		if (r == 0) {
			check_automaton(&c, &a);
			positive += a.n_rows > 1;
			built++;
		} else {
			assert_int_equal(r, -E2BIG);
		}
		tl_automaton_done(&a);
		tl_globs_free(g);
		seed = round;
	}
	assert_true(positive > 1000);
}

/* ---- Limits ---- */

/* The processor's time: the machine may have other things to do. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t count_ids(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	(void)kind;
	(void)ids;
	(void)userdata;
	return (uint32_t)n;
}

static void large_policies_build_fast(void **state)
{
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;
	char glob[128];
	double start = now();

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(glob, sizeof(glob), "/usr/lib/package-%u/bin/program-%u", i % 300, i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, i), 0);
	}
	for (unsigned i = 0; i < 50; i++) {
		snprintf(glob, sizeof(glob), "/opt/vendor-%u/bin/*", i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, i), 0);
		snprintf(glob, sizeof(glob), "/usr/lib/**/helper-%u", i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, 100 + i), 0);
		snprintf(glob, sizeof(glob), "/srv/app%u/**", i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, 200 + i), 0);
		snprintf(glob, sizeof(glob), "/system.slice/batch%u-*.scope", i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_CGROUP, glob, true, 300 + i), 0);
	}
	assert_int_equal(tl_globs_build(g, count_ids, NULL, &a), 0);
	print_message("10,000 paths and 200 globs: %zu rows, %zu exact, %.0f ms\n", a.n_rows, a.n_exact,
		      (now() - start) * 1000);
	assert_true(now() - start < 1 * (double)TL_TEST_SLOW);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/lib/package-7/bin/program-7"), 1);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/lib/x/y/helper-49"), 1);
	assert_int_equal(tl_automaton_run(&a, TL_GLOB_EXECUTABLE, "/usr/lib/x/y/helper-50"), 0);
	tl_automaton_done(&a);
	tl_globs_free(g);
}

static void what_multiplies_is_refused_in_time(void **state)
{
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;
	char glob[64];
	double start = now();

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(glob, sizeof(glob), "/**/*%c*%u*/**/x", 'a' + i % 26, i);
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, i), 0);
	}
	assert_int_equal(tl_globs_build(g, count_ids, NULL, &a), -E2BIG);
	assert_null(a.rows);
	print_message("refused after %.0f ms: %s\n", (now() - start) * 1000, tl_globs_error(g));
	assert_true(now() - start < 3 * (double)TL_TEST_SLOW);
	tl_globs_free(g);
}

static void too_many_bytes_to_tell_apart_is_refused(void **state)
{
	struct tl_automaton a = {};
	struct tl_globs *g = NULL;
	char glob[] = "/*x";

	(void)state;
	assert_int_equal(tl_globs_new(&g), 0);
	for (unsigned byte = 0x60; byte < 0x60 + 125; byte++) {
		glob[2] = (char)byte;
		assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, glob, false, 0), 0);
	}
	assert_int_equal(tl_globs_build(g, count_ids, NULL, &a), 0);
	tl_automaton_done(&a);
	assert_int_equal(tl_globs_add(g, TL_GLOB_EXECUTABLE, "/*0", false, 0), 0);
	assert_int_equal(tl_globs_build(g, count_ids, NULL, &a), -E2BIG);
	assert_non_null(strstr(tl_globs_error(g), "128"));
	tl_globs_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcards_stay_within_a_component),
		cmocka_unit_test(double_star_is_any_number_of_components),
		cmocka_unit_test(sets_and_quotes),
		cmocka_unit_test(bad_globs_are_refused),
		cmocka_unit_test(units_become_globs),
		cmocka_unit_test(exact_paths_leave_the_automaton_alone),
		cmocka_unit_test(keys_are_the_kernels),
		cmocka_unit_test(below_matches_below),
		cmocka_unit_test(automaton_agrees_with_the_plain_matcher),
		cmocka_unit_test(large_policies_build_fast),
		cmocka_unit_test(what_multiplies_is_refused_in_time),
		cmocka_unit_test(too_many_bytes_to_tell_apart_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
