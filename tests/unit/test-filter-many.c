// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that ask more than the kernel part has room for: it asks less, and leaves out nothing that is wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter-kernel.h"

#define MANY 120 /* rules */
#define TEXT_MAX 256
#define FILE_MAX 32

/* How many tests the conditions take that FORMAT makes of numbers from 0 to n - 1. */
static int tests_of(const char *format, size_t n, const char *type, enum tl_filter_time time)
{
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	struct tl_expression *conditions[MANY] = {};
	char text[TEXT_MAX];
	int r;

	assert_true(n <= MANY);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), format, i);
		conditions[i] = compile(text);
	}
	r = tl_filter_make((const struct tl_expression *const *)conditions, n, tl_event_type_find(type), time, tests);
	for (size_t i = 0; i < n; i++)
		tl_expression_free(conditions[i]);
	return r;
}

static void too_many_tests_are_left_to_the_reader(void **state)
{
	(void)state;
	assert_int_equal(tests_of("ret == %zu", TL_FILTER_TESTS_MAX, "kill", TL_FILTER_AT_ONCE), TL_FILTER_TESTS_MAX);
	assert_int_equal(tests_of("ret == %zu", TL_FILTER_TESTS_MAX + 1, "kill", TL_FILTER_AT_ONCE), -E2BIG);
	/* Then of fewer fields. */
	assert_int_equal(tests_of("ret == 3 and arg1 == 9 and uid == %zu", MANY, "kill", TL_FILTER_AT_ONCE), 2);
	assert_int_equal(tests_of("ret == 3 and arg1 == %zu", MANY, "kill", TL_FILTER_AT_ONCE), 1);
}

static void what_is_asked_twice_takes_one_test(void **state)
{
	(void)state;
	assert_int_equal(
		tests_of("ret == 17 or ret == 17 or parent.comm == \"%zu\" and ret == 17", MANY, "kill", TL_FILTER_AT_ONCE),
		1);
	assert_int_equal(tests_of("(flags has O_WRONLY or flags has O_RDWR) and path == \"/%zu\" and ret == 7", MANY,
				  "openat", TL_FILTER_AT_ONCE),
			 3);
}

static void many_paths_are_asked_as_their_directories(void **state)
{
	(void)state;
	assert_int_equal(tests_of("path == \"/etc/%zu\"", TL_FILTER_TEXTS_MAX, "openat", TL_FILTER_WITH_OBJECT),
			 TL_FILTER_TEXTS_MAX);
	assert_int_equal(tests_of("path == \"/etc/%zu\"", MANY, "openat", TL_FILTER_WITH_OBJECT), 1);
	assert_int_equal(tests_of("path == \"/etc/%zu/x\" or path startswith \"/usr/lib/x/\"", MANY, "openat",
				  TL_FILTER_WITH_OBJECT),
			 2);
	/* Here there would be none that is not wanted. */
	assert_int_equal(tests_of("path != \"/etc/%zu\"", MANY, "openat", TL_FILTER_WITH_OBJECT), -E2BIG);
	assert_int_equal(tests_of("path == \"/%zu\"", MANY, "openat", TL_FILTER_WITH_OBJECT), -E2BIG);
	assert_int_equal(tests_of("path == \"/%zu\" and file.uid == 0", MANY, "openat", TL_FILTER_WITH_OBJECT), 1);
}

/* ---- Random ones ---- */

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

/* Of a few names, so that some events are wanted; of so many components that directories differ. */
static void random_file(char to[FILE_MAX], unsigned n_first)
{
	to += sprintf(to, "/%c", (int)('a' + below(n_first)));
	for (unsigned n = 1 + below(4); n; n--)
		to += sprintf(to, "/%c", (int)('a' + below(4)));
}

static void random_watch(char *to)
{
	char file[FILE_MAX];

	random_file(file, 2);
	if (below(2))
		to += sprintf(to, "(flags has O_WRONLY or flags has O_RDWR) and ");
	switch (below(6)) {
	case 0:
		to += sprintf(to, "(path == '%s' or path startswith '%s/')", file, file);
		break;
	case 1:
		to += sprintf(to, "not (path != '%s' and not target_path startswith '%s')", file, file);
		break;
	case 2:
		to += sprintf(to, "path matches '%s/**' and uid == %u", file, below(8));
		break;
	case 3:
		to += sprintf(to, "path in ('%s', '/a/%u', '/b/c/%u')", file, below(8), below(8));
		break;
	case 4:
		to += sprintf(to, "%s and ret == %u", below(2) ? "path != '/c/b'" : "not path startswith '/c/b/c/'",
			      below(8));
		break;
	default:
		to += sprintf(to, "path == '%s' and ret == %u", file, below(8));
	}
	strcpy(to, below(2) ? " and errno != ENOENT" : "");
}

static bool one_is_met(struct tl_expression *const *conditions, size_t n, const struct tl_event *e)
{
	for (size_t i = 0; i < n; i++)
		if (tl_expression_eval(conditions[i], e))
			return true;
	return false;
}

static void watches_that_are_too_many_leave_out_nothing_wanted(void **state)
{
	static const char *const names[] = { "openat", "rename", "unlink" };
	struct tl_expression *e[MANY];
	char text[TEXT_MAX], files[2][FILE_MAX];
	unsigned met = 0, left_out = 0;

	(void)state;
	srandom(24);
	for (unsigned round = 0; round < 60; round++) {
		const size_t n = 1 + below(MANY);

		for (size_t i = 0; i < n; i++) {
			random_watch(text);
			e[i] = compile(text);
		}
		for (unsigned i = 0; i < 50; i++) {
			struct tl_event event = {
				.type = tl_event_type_find(PICK(names)),
				.process = &fixture_process,
				.ret = (int64_t)below(12) - 2,
				.uid = below(8),
				.args = { 0, 0, below(4), 0 },
			};
			bool wanted, passed;

			random_file(files[0], 4);
			random_file(files[1], 4);
			event.file.path = (struct tl_bytes){ files[0], (uint32_t)strlen(files[0]), TL_VALUE_PRESENT };
			event.target.path = (struct tl_bytes){ files[1], (uint32_t)strlen(files[1]), TL_VALUE_PRESENT };
			wanted = one_is_met(e, n, &event);
			passed = passes((const struct tl_expression *const *)e, n, &event);
			if (wanted && !passed)
				fail_msg("%zu rules leave out %s of %s, which is wanted", n, event.type->name,
					 files[0]);
			met += wanted;
			left_out += !passed;
		}
		for (size_t i = 0; i < n; i++)
			tl_expression_free(e[i]);
	}
	assert_true(met > 300);
	assert_true(left_out > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_many_tests_are_left_to_the_reader),
		cmocka_unit_test(what_is_asked_twice_takes_one_test),
		cmocka_unit_test(many_paths_are_asked_as_their_directories),
		cmocka_unit_test(watches_that_are_too_many_leave_out_nothing_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
