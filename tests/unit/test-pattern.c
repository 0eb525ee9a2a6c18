// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "glob.h"
#include "pattern.h"
#include "util.h"

static void pattern_freep(struct tl_pattern **p)
{
	tl_pattern_free(*p);
}

static bool match(const char *glob, bool path, const char *text)
{
	_cleanup_(pattern_freep) struct tl_pattern *p = NULL;
	const char *why = NULL;
	int r = tl_pattern_compile(glob, strlen(glob), path, &p, &why);

	if (r < 0)
		fail_msg("%s: %d %s", glob, r, why ? why : "");
	return tl_pattern_match(p, text, strlen(text));
}

static const char *refused(const char *glob)
{
	_cleanup_(pattern_freep) struct tl_pattern *p = NULL;
	const char *why = NULL;

	assert_int_equal(tl_pattern_compile(glob, strlen(glob), true, &p, &why), -EINVAL);
	assert_non_null(why);
	return why;
}

static void in_a_path_wildcards_stay_within_a_component(void **state)
{
	(void)state;
	assert_true(match("/a/*/c", true, "/a/b/c"));
	assert_false(match("/a/*/c", true, "/a/b/b/c"));
	assert_false(match("/a?c", true, "/a/c"));
	assert_false(match("/a[!x]c", true, "/a/c"));
	assert_false(match("/a*", true, "/a/b"));
}

static void two_stars_cross_components(void **state)
{
	(void)state;
	assert_true(match("/a/**/c", true, "/a/c"));
	assert_true(match("/a/**/c", true, "/a/b/c"));
	assert_true(match("/a/**/c", true, "/a/b/b/b/c"));
	assert_false(match("/a/**/c", true, "/a/bc"));
	assert_false(match("/a/**/c", true, "/ab/c"));
	assert_true(match("/a/**", true, "/a"));
	assert_true(match("/a/**", true, "/a/b/c"));
	assert_false(match("/a/**", true, "/ab"));
	assert_true(match("/a/**/b/**/c", true, "/a/x/b/y/y/c"));
	assert_true(match("**/c", true, "/a/b/c"));
	assert_true(match("**/c", true, "c"));
	assert_true(match("/**", true, "/"));
	assert_true(match("**", true, ""));
	/* Not a whole component. */
	assert_false(match("/a**", true, "/ab/c"));
	assert_true(match("/a**", true, "/abc"));
}

static void in_other_texts_a_star_takes_everything(void **state)
{
	(void)state;
	assert_true(match("*--privileged*", false, "docker run --privileged -v /:/host sh"));
	assert_true(match("a*", false, "a/b/c"));
	assert_true(match("a?c", false, "a/c"));
	assert_true(match("*", false, ""));
	assert_true(match("**", false, "a/b"));
	assert_false(match("a*d", false, "abc"));
}

static void the_whole_text_has_to_match(void **state)
{
	(void)state;
	assert_false(match("/a", true, "/ab"));
	assert_false(match("/ab", true, "/a"));
	assert_true(match("", true, ""));
	assert_false(match("", true, "a"));
	assert_true(match("/a/", true, "/a"));
	assert_true(match("//a//b", true, "/a/b"));
}

static void what_is_no_glob_is_refused_with_a_reason(void **state)
{
	_cleanup_free_ char *text = malloc(TL_PATTERN_MAX + 2);

	(void)state;
	assert_string_equal(refused("/a["), "'[' without its ']'");
	assert_string_equal(refused("/a\\"), "a backslash with nothing to quote behind it");
	memset(text, 'a', TL_PATTERN_MAX + 1);
	text[TL_PATTERN_MAX + 1] = '\0';
	assert_string_equal(refused(text), "it is too long");
}

/* Both matchers know the same language, where both know it. */
static void random_globs_match_as_in_targets(void **state)
{
	static const char *const globs[] = { "a", "b", "/", "/", "*", "?", "/**/", "/**", "[ab]", "[!a]", "\\*", "/*" };
	static const char *const texts[] = { "a", "b", "c", "/", "/", "*" };
	size_t compared = 0;

	(void)state;
	srand(7);
	for (int round = 0; round < 200000; round++) {
		char glob[64] = "/", path[64] = "/";

		for (int i = rand() % 6; i; i--)
			strcat(glob, globs[(size_t)rand() % ARRAY_SIZE(globs)]);
		for (int i = rand() % 8; i; i--)
			strcat(path, texts[(size_t)rand() % ARRAY_SIZE(texts)]);
		/* Paths of the kernel have no empty components. */
		if (tl_glob_problem(glob) || strstr(path, "//") || (path[1] && path[strlen(path) - 1] == '/'))
			continue;
		compared++;
		if (match(glob, true, path) != tl_glob_match(glob, path))
			fail_msg("'%s' and '%s': %d", glob, path, tl_glob_match(glob, path));
	}
	assert_true(compared > 50000);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void no_glob_takes_long(void **state)
{
	_cleanup_(pattern_freep) struct tl_pattern *p = NULL;
	char glob[TL_PATTERN_MAX + 1], text[4096];
	const char *why;
	double start;

	(void)state;
	for (size_t i = 0; i + 8 < TL_PATTERN_MAX; i += 8)
		memcpy(glob + i, "/**/*a*a", 9);
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 50)
		text[i] = '/';
	assert_int_equal(tl_pattern_compile(glob, strlen(glob), true, &p, &why), 0);
	start = seconds();
	for (int i = 0; i < 100; i++)
		tl_pattern_match(p, text, sizeof(text));
	assert_true(seconds() - start < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_path_wildcards_stay_within_a_component),
		cmocka_unit_test(two_stars_cross_components),
		cmocka_unit_test(in_other_texts_a_star_takes_everything),
		cmocka_unit_test(the_whole_text_has_to_match),
		cmocka_unit_test(what_is_no_glob_is_refused_with_a_reason),
		cmocka_unit_test(random_globs_match_as_in_targets),
		cmocka_unit_test(no_glob_takes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
