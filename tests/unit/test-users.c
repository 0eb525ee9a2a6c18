/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of users out of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "users.h"

static char path[] = "/tmp/traceleft-users-XXXXXX";

static void write_users(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void the_first_line_of_a_number_counts(void **state)
{
	(void)state;
	write_users(
		"root:x:0:0:root:/root:/bin/bash\nbob:x:7:7::/:/bin/sh\nrobert:x:7:7::/:/bin/sh\nlast:x:4294967295:1");
	tl_users_set_path(path);
	assert_string_equal(tl_user_name(0), "root");
	assert_string_equal(tl_user_name(7), "bob");
	assert_string_equal(tl_user_name(4294967295U), "last");
	assert_null(tl_user_name(8));
}

static void lines_that_are_none_are_passed_over(void **state)
{
	(void)state;
	write_users("\n\n# "
		    "comment\n:x:5:5\nnocolon\nshort:x\nword:x:five:5:\nneg:x:-1:1:\nbig:x:4294967296:1:\nok:x:6:6:::"
		    "\n+::::::\n");
	tl_users_set_path(path);
	assert_null(tl_user_name(5));
	assert_null(tl_user_name(0));
	assert_string_equal(tl_user_name(6), "ok");
}

static void a_change_is_noticed_within_seconds(void **state)
{
	uint64_t before;

	(void)state;
	write_users("old:x:6:6:::\n");
	tl_users_set_path(path);
	assert_string_equal(tl_user_name(6), "old");
	before = tl_users_check();
	write_users("new:x:6:6:::\n");
	usleep(1100000);
	assert_true(tl_users_check() > before);
	assert_string_equal(tl_user_name(6), "new");
	before = tl_users_check();
	usleep(1100000);
	assert_int_equal(tl_users_check(), before);
}

static void a_missing_file_has_no_users(void **state)
{
	(void)state;
	tl_users_set_path("/nonexistent/passwd");
	assert_null(tl_user_name(0));
}

static int prepare(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int clean(void **state)
{
	(void)state;
	tl_users_set_path(NULL);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_of_a_number_counts),
		cmocka_unit_test(lines_that_are_none_are_passed_over),
		cmocka_unit_test(a_change_is_noticed_within_seconds),
		cmocka_unit_test(a_missing_file_has_no_users),
	};

	return cmocka_run_group_tests(tests, prepare, clean);
}
