// SPDX-License-Identifier: GPL-2.0-or-later
/* A command that waits until it is watched. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "command.h"

static int end_of(struct tl_command *c, int *ret_error)
{
	struct pollfd fd = { .fd = tl_command_fd(c), .events = POLLIN };
	int status = -1;

	assert_int_equal(poll(&fd, 1, 10000), 1);
	assert_int_equal(tl_command_wait(c, &status, ret_error), 0);
	return status;
}

static int status_of(const char *script)
{
	char *const argv[] = { "sh", "-c", (char *)script, NULL };
	struct tl_command *c;
	sigset_t none;
	int status, error;

	sigemptyset(&none);
	assert_int_equal(tl_command_new(argv, &none, &c), 0);
	assert_int_equal(tl_command_run(c), 0);
	status = end_of(c, &error);
	assert_int_equal(error, 0);
	tl_command_free(c);
	return status;
}

static void status_is_that_of_a_shell(void **state)
{
	(void)state;
	assert_int_equal(status_of("exit 0"), 0);
	assert_int_equal(status_of("exit 42"), 42);
	assert_int_equal(status_of("kill -9 $$"), 137);
	assert_int_equal(status_of("kill -TERM $$"), 143);
}

static void command_waits_until_it_may_run(void **state)
{
	char path[] = "/tmp/traceleft-command.XXXXXX", script[128];
	char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct tl_command *c;
	sigset_t none;
	int error;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	snprintf(script, sizeof(script), "echo > %s", path);
	sigemptyset(&none);
	assert_int_equal(tl_command_new(argv, &none, &c), 0);
	usleep(20000);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(tl_command_wake(c), 0);
	usleep(20000);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(tl_command_run(c), 0);
	assert_int_equal(end_of(c, &error), 0);
	assert_int_equal(unlink(path), 0);
	tl_command_free(c);
}

static void command_that_never_ran_is_ended(void **state)
{
	char *const argv[] = { "/bin/sh", "-c", "exit 0", NULL };
	struct tl_command *c;
	sigset_t none;
	pid_t pid;

	(void)state;
	sigemptyset(&none);
	for (int awake = 0; awake < 2; awake++) {
		assert_int_equal(tl_command_new(argv, &none, &c), 0);
		pid = tl_command_pid(c);
		if (awake)
			assert_int_equal(tl_command_wake(c), 0);
		assert_null(tl_command_free(c));
		assert_int_equal(kill(pid, 0), -1);
	}
}

static void killed_before_it_ran_is_noticed(void **state)
{
	char *const argv[] = { "/bin/sh", "-c", "exit 0", NULL };
	struct tl_command *c;
	sigset_t none;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	assert_int_equal(tl_command_new(argv, &none, &c), 0);
	tl_command_signal(c, SIGKILL);
	assert_int_equal(tl_command_run(c), -ESRCH);
	tl_command_free(c);
}

static void missing_and_unexecutable_differ(void **state)
{
	char *const missing[] = { "traceleft-none", NULL };
	char *const missing_path[] = { "/traceleft-none/x", NULL };
	char *const folder[] = { "/tmp", NULL };
	char *const empty[] = { "", NULL };
	struct tl_command *c;
	sigset_t none;

	(void)state;
	sigemptyset(&none);
	assert_int_equal(tl_command_new(missing, &none, &c), -ENOENT);
	assert_int_equal(tl_command_new(missing_path, &none, &c), -ENOENT);
	assert_int_equal(tl_command_new(empty, &none, &c), -ENOENT);
	assert_int_equal(tl_command_new(folder, &none, &c), -EACCES);
	assert_int_equal(tl_command_status_of(-ENOENT), 127);
	assert_int_equal(tl_command_status_of(ENOEXEC), 126);
	assert_int_equal(tl_command_status_of(-EACCES), 126);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_that_of_a_shell),	   cmocka_unit_test(command_waits_until_it_may_run),
		cmocka_unit_test(command_that_never_ran_is_ended), cmocka_unit_test(killed_before_it_ran_is_noticed),
		cmocka_unit_test(missing_and_unexecutable_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
