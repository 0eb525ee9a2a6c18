// SPDX-License-Identifier: GPL-2.0-or-later
/* [[PROGRAM_ID:]PID[,PID...]:]HANDLER[,HANDLER...] */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec.h"

static struct tl_spec *parse(const char *text)
{
	struct tl_spec_error error = { 0 };
	struct tl_spec *spec = NULL;

	if (tl_spec_parse(text, &spec, &error) < 0)
		fail_msg("%s: column %zu: %s", text, error.column, error.message);
	assert_string_equal(spec->text, text);
	return spec;
}

static void refuse(const char *text, size_t column, const char *part)
{
	struct tl_spec *untouched = (struct tl_spec *)&column, *spec = untouched;
	struct tl_spec_error error = { 0 };
	int r = tl_spec_parse(text, &spec, &error);

	if (r != -EINVAL)
		fail_msg("'%s' was accepted: %d", text, r);
	assert_ptr_equal(spec, untouched);
	if (error.column != column || !strstr(error.message, part))
		fail_msg("'%s': column %zu: %s", text, error.column, error.message);
}

static void expect_handler(const struct tl_spec *spec, size_t i, enum tl_spec_handler_kind kind, const char *name)
{
	assert_true(i < spec->n_handlers);
	assert_int_equal(spec->handlers[i].kind, kind);
	assert_string_equal(spec->handlers[i].name, name);
}

static void name_alone_is_a_default_handler(void **state)
{
	struct tl_spec *spec = parse("openat");

	(void)state;
	assert_int_equal(spec->n_pids, 0);
	assert_int_equal(spec->program_id, 0);
	assert_int_equal(spec->n_handlers, 1);
	expect_handler(spec, 0, TL_SPEC_EVENT, "openat");
	tl_spec_free(spec);
}

static void pids_and_handlers_are_lists(void **state)
{
	struct tl_spec *spec = parse("1234,7:openat,@file,=chmod");

	(void)state;
	assert_int_equal(spec->n_pids, 2);
	assert_int_equal(spec->pids[0], 1234);
	assert_int_equal(spec->pids[1], 7);
	assert_int_equal(spec->program_id, 0);
	assert_int_equal(spec->n_handlers, 3);
	expect_handler(spec, 0, TL_SPEC_EVENT, "openat");
	expect_handler(spec, 1, TL_SPEC_GROUP, "file");
	expect_handler(spec, 2, TL_SPEC_EXACT, "chmod");
	tl_spec_free(spec);
}

static void program_id_comes_before_the_pids(void **state)
{
	struct tl_spec *spec = parse("7:1234,1235:./handle_syscall_read.bpf.o");

	(void)state;
	assert_int_equal(spec->program_id, 7);
	assert_int_equal(spec->n_pids, 2);
	expect_handler(spec, 0, TL_SPEC_FILE, "./handle_syscall_read.bpf.o");
	tl_spec_free(spec);

	spec = parse("4294967295:1:read");
	assert_int_equal(spec->program_id, UINT32_MAX);
	tl_spec_free(spec);
}

static void slash_or_object_suffix_makes_a_file(void **state)
{
	struct tl_spec *spec = parse("x.o,battery/out/handle_syscall_chown.bpf,/a:b/c");

	(void)state;
	expect_handler(spec, 0, TL_SPEC_FILE, "x.o");
	expect_handler(spec, 1, TL_SPEC_FILE, "battery/out/handle_syscall_chown.bpf");
	expect_handler(spec, 2, TL_SPEC_FILE, "/a:b/c");
	tl_spec_free(spec);
}

static void colon_in_a_file_name_is_kept(void **state)
{
	struct tl_spec *spec = parse("12:./a:b.o");

	(void)state;
	assert_int_equal(spec->n_pids, 1);
	expect_handler(spec, 0, TL_SPEC_FILE, "./a:b.o");
	tl_spec_free(spec);
}

static void pid_named_twice_counts_once(void **state)
{
	struct tl_spec *spec = parse("5,6,5,5:read");

	(void)state;
	assert_int_equal(spec->n_pids, 2);
	tl_spec_free(spec);
}

static void bad_specs_name_their_column(void **state)
{
	(void)state;
	refuse("", 1, "handler is missing");
	refuse("1234", 1, "1234:openat");
	refuse("1234:", 6, "handler is missing");
	refuse(":openat", 1, "process id is missing");
	refuse("7::openat", 3, "process id is missing");
	refuse(":7:openat", 1, "program id is missing");
	refuse("7,8:9:openat", 1, "one program id");
	refuse("1,,2:openat", 3, "process id is missing");
	refuse("1,:openat", 3, "process id is missing");
	refuse(",1:openat", 1, "process id is missing");
	refuse("0:openat", 1, "no process id");
	refuse("1,00:openat", 3, "no process id");
	refuse("4194305:openat", 1, "too large");
	refuse("99999999999999999999999:openat", 1, "too large");
	refuse("4294967296:1:openat", 1, "too large");
	refuse("openat,", 8, "handler is missing");
	refuse("openat,,close", 8, "handler is missing");
	refuse("@", 2, "name is missing");
	refuse("=", 2, "name is missing");
	refuse("bash:openat", 1, "bash is no process id");
	refuse("12a:openat", 1, "12a is no process id");
	refuse("1:2:3:openat", 5, "3 is no process id");
	refuse("open at", 5, "not part of a name");
	refuse("OPENAT", 1, "not part of a name");
	refuse("openat\n", 7, "not part of a name");
	refuse("-1:openat", 1, "-1 is no process id");
	refuse("@fi/le", 4, "not part of a name");
	refuse(".o", 1, "not part of a name");
}

static void pid_list_alone_is_read(void **state)
{
	struct tl_spec_error error;
	uint32_t *pids = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(tl_spec_parse_pids("3,4", &pids, &n, &error), 0);
	assert_int_equal(n, 2);
	assert_int_equal(pids[1], 4);
	free(pids);
	assert_int_equal(tl_spec_parse_pids("3;4", &pids, &n, &error), -EINVAL);
	assert_int_equal(error.column, 2);
	assert_int_equal(tl_spec_parse_pids("", &pids, &n, &error), -EINVAL);
	assert_int_equal(tl_spec_parse_pids("3:4", &pids, &n, &error), -EINVAL);
}

static void freeing_nothing_is_fine(void **state)
{
	(void)state;
	assert_null(tl_spec_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_alone_is_a_default_handler),
		cmocka_unit_test(pids_and_handlers_are_lists),
		cmocka_unit_test(program_id_comes_before_the_pids),
		cmocka_unit_test(slash_or_object_suffix_makes_a_file),
		cmocka_unit_test(colon_in_a_file_name_is_kept),
		cmocka_unit_test(pid_named_twice_counts_once),
		cmocka_unit_test(bad_specs_name_their_column),
		cmocka_unit_test(pid_list_alone_is_read),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
