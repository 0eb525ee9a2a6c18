// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of trace: whole ones, each delivered or lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

static char directory[] = "/tmp/traceleft-output.XXXXXX";
static char path[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void add_line(struct tl_output *o, const char *line, bool event)
{
	assert_int_equal(tl_buffer_append(&o->records.text, line, strlen(line)), 0);
	tl_output_end(o, event);
}

static size_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static void events_wait_in_the_buffer_records_do_not(void **state)
{
	struct tl_output o;

	(void)state;
	assert_int_equal(tl_output_open(path, &o), 0);
	add_line(&o, "one\n", true);
	assert_int_equal(file_size(), 0);
	assert_int_equal(o.delivered, 0);
	add_line(&o, "record\n", false);
	assert_int_equal(file_size(), 11);
	assert_int_equal(o.delivered, 1);
	add_line(&o, "two\n", true);
	assert_int_equal(tl_output_done(&o), 0);
	assert_int_equal(file_size(), 15);
	assert_int_equal(o.delivered, 2);
	assert_int_equal(o.lost, 0);
}

static void full_buffer_is_written(void **state)
{
	char line[1001];
	struct tl_output o;

	(void)state;
	memset(line, 'x', 999);
	strcpy(line + 999, "\n");
	assert_int_equal(tl_output_open(path, &o), 0);
	for (int i = 0; i < 200; i++)
		add_line(&o, line, true);
	assert_true(o.delivered >= 100);
	assert_true(o.records.events < 100);
	assert_int_equal(tl_output_done(&o), 0);
	assert_int_equal(o.delivered, 200);
	assert_int_equal(file_size(), 200000);
}

static void failure_loses_what_is_buffered_and_all_after_it(void **state)
{
	struct tl_output o;

	(void)state;
	assert_int_equal(tl_output_open("/dev/full", &o), 0);
	add_line(&o, "one\n", true);
	add_line(&o, "two\n", true);
	assert_int_equal(tl_output_flush(&o), -ENOSPC);
	add_line(&o, "three\n", true);
	add_line(&o, "record\n", false);
	assert_int_equal(o.delivered, 0);
	assert_int_equal(o.lost, 3);
	assert_int_equal(tl_output_done(&o), -ENOSPC);
}

static void partial_write_is_counted_by_lines(void **state)
{
	struct tl_output o = { .name = "pipe" };
	char got[64] = "";
	int fds[2], size;

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	size = fcntl(fds[1], F_SETPIPE_SZ, 4096);
	assert_true(size >= 4096);
	o.fd = fds[1];
	for (int i = 0; i < size / 4 - 2; i++) /* room for two lines and a part is left */
		assert_int_equal(write(fds[1], "....", 4), 4);
	o.records = (struct tl_records){ 0 };
	for (int i = 0; i < 5; i++)
		add_line(&o, "abc\n", true);
	assert_int_equal(tl_output_flush(&o), -EAGAIN);
	assert_int_equal(o.delivered + o.lost, 5);
	assert_true(o.delivered <= 2);
	assert_true(read(fds[0], got, sizeof(got) - 1) > 0);
	tl_output_done(&o);
	close(fds[0]);
	close(fds[1]);
}

static void closed_pipe_is_an_error_like_others(void **state)
{
	struct tl_output o = { 0 };
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	o.fd = fds[1];
	add_line(&o, "one\n", true);
	assert_int_equal(tl_output_done(&o), -EPIPE);
	assert_int_equal(o.lost, 1);
	close(fds[1]);
}

static void missing_directory_is_an_error(void **state)
{
	struct tl_output o;

	(void)state;
	assert_int_equal(tl_output_open("/traceleft-none/file", &o), -ENOENT);
	assert_int_equal(tl_output_open("/tmp", &o), -EISDIR);
	assert_int_equal(tl_output_open("", &o), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_wait_in_the_buffer_records_do_not),
		cmocka_unit_test(full_buffer_is_written),
		cmocka_unit_test(failure_loses_what_is_buffered_and_all_after_it),
		cmocka_unit_test(partial_write_is_counted_by_lines),
		cmocka_unit_test(closed_pipe_is_an_error_like_others),
		cmocka_unit_test(missing_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
