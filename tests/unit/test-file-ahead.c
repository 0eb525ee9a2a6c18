// SPDX-License-Identifier: GPL-2.0-or-later
/* Room that a file gets before it is written to, and gives back. */
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "file-ahead.h"
#include "sink-fixture.h"

#define MIB (UINT64_C(1) << 20)
#define ROUNDED (128 * 1024)

/* In the place of the kernel's. */
static struct {
	long magic; /* of every file system; 0: as it is */
	uint64_t available; /* blocks; 0: as it is */
	unsigned taken; /* times that room was asked for */
	int error; /* that this fails with */
} kernel;

int fstatfs(int fd, struct statfs *st)
{
	int r = (int)syscall(SYS_fstatfs, fd, st);

	if (r == 0 && kernel.magic)
		st->f_type = kernel.magic;
	if (r == 0 && kernel.available)
		st->f_bavail = kernel.available;
	return r;
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	kernel.taken++;
	errno = kernel.error;
	return kernel.error ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

struct ahead {
	struct sinks sinks;
	struct tl_ahead ahead;
	int fd;
};

static void init(struct ahead *t)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.magic = EXT4_SUPER_MAGIC;
	kernel.available = 1 << 20;
	sinks_init(&t->sinks);
	t->fd = open(t->sinks.path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	assert_true(t->fd >= 0);
	tl_ahead_init(&t->ahead, t->fd);
}

static void done(struct ahead *t)
{
	close(t->fd);
	sinks_done(&t->sinks);
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st;
}

static uint64_t room_of(const char *path)
{
	return (uint64_t)stat_of(path).st_blocks * 512;
}

static void put(struct ahead *t, size_t n)
{
	char *bytes = calloc(1, n);

	assert_non_null(bytes);
	assert_int_equal(write(t->fd, bytes, n), n);
	free(bytes);
}

static void room_is_taken_once_for_many_writes_and_given_back(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	for (uint64_t size = 0; size < 2 * TL_AHEAD_STEP; size += MIB) {
		tl_ahead_take(&t.ahead, t.fd, size, MIB, UINT64_MAX);
		assert_int_equal(stat_of(t.sinks.path).st_size, size);
		assert_true(room_of(t.sinks.path) >= size + MIB);
		put(&t, MIB);
	}
	assert_int_equal(kernel.taken, 2);
	tl_ahead_take(&t.ahead, t.fd, 2 * TL_AHEAD_STEP, 1, UINT64_MAX);
	assert_true(room_of(t.sinks.path) >= 3 * TL_AHEAD_STEP);
	tl_ahead_give_back(&t.ahead, t.fd, 2 * TL_AHEAD_STEP);
	assert_int_equal(stat_of(t.sinks.path).st_size, 2 * TL_AHEAD_STEP);
	assert_true(room_of(t.sinks.path) <= 2 * TL_AHEAD_STEP + ROUNDED);
	done(&t);
}

static void no_more_is_taken_than_the_file_may_become(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	tl_ahead_take(&t.ahead, t.fd, 0, MIB, 2 * MIB);
	assert_true(room_of(t.sinks.path) >= 2 * MIB);
	assert_true(room_of(t.sinks.path) <= 2 * MIB + ROUNDED);
	done(&t);
}

static void file_that_somebody_else_writes_to_is_not_cut(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	tl_ahead_take(&t.ahead, t.fd, 0, MIB, UINT64_MAX);
	put(&t, MIB + 1);
	tl_ahead_give_back(&t.ahead, t.fd, MIB);
	assert_int_equal(stat_of(t.sinks.path).st_size, MIB + 1);
	done(&t);
}

static void what_a_killed_one_took_is_given_back(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	tl_ahead_take(&t.ahead, t.fd, 0, MIB, UINT64_MAX);
	tl_ahead_init(&t.ahead, t.fd);
	tl_ahead_give_back(&t.ahead, t.fd, 0);
	assert_true(room_of(t.sinks.path) <= ROUNDED);
	done(&t);
}

static void none_is_taken_of_another_file_system_or_a_disk_that_is_nearly_full(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	kernel.magic = TMPFS_MAGIC;
	tl_ahead_take(&t.ahead, t.fd, 0, MIB, UINT64_MAX);
	kernel.magic = EXT4_SUPER_MAGIC;
	kernel.available = 100;
	tl_ahead_take(&t.ahead, t.fd, TL_AHEAD_STEP, MIB, UINT64_MAX);
	assert_int_equal(kernel.taken, 0);
	done(&t);
}

static void what_is_not_to_be_had_is_asked_for_once_in_a_while(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	kernel.error = ENOSPC;
	for (uint64_t size = 0; size < 2 * TL_AHEAD_STEP; size += MIB)
		tl_ahead_take(&t.ahead, t.fd, size, MIB, UINT64_MAX);
	assert_int_equal(kernel.taken, 2);
	done(&t);
}

/* ---- The output ---- */

static void flood_takes_room_which_no_file_keeps_that_is_left(void **state)
{
	char old[160];
	struct ahead t;

	(void)state;
	init(&t);
	t.sinks.output.rotate_size = 4 * MIB;
	t.sinks.output.rotate_keep = 10;
	t.sinks.setup.memory = MIB;
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, 5000);
	assert_true(t.sinks.sink->counters.rotations >= 1);
	assert_true(kernel.taken >= 1);
	assert_true(room_of(t.sinks.path) >= (uint64_t)stat_of(t.sinks.path).st_size);
	t.sinks.sink = tl_sink_unref(t.sinks.sink);
	snprintf(old, sizeof(old), "%s.000001", t.sinks.path);
	for (const char *path = old; path; path = path == old ? t.sinks.path : NULL) {
		assert_true(room_of(path) <= (uint64_t)stat_of(path).st_size + ROUNDED);
		check_lines(path);
	}
	done(&t);
}

static void few_events_take_none(void **state)
{
	struct ahead t;

	(void)state;
	init(&t);
	t.sinks.setup.memory = MIB;
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, 10);
	tl_sink_flush(t.sinks.sink);
	assert_int_equal(kernel.taken, 0);
	assert_true(room_of(t.sinks.path) <= (uint64_t)stat_of(t.sinks.path).st_size + ROUNDED);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_is_taken_once_for_many_writes_and_given_back),
		cmocka_unit_test(no_more_is_taken_than_the_file_may_become),
		cmocka_unit_test(file_that_somebody_else_writes_to_is_not_cut),
		cmocka_unit_test(what_a_killed_one_took_is_given_back),
		cmocka_unit_test(none_is_taken_of_another_file_system_or_a_disk_that_is_nearly_full),
		cmocka_unit_test(what_is_not_to_be_had_is_asked_for_once_in_a_while),
		cmocka_unit_test(flood_takes_room_which_no_file_keeps_that_is_left),
		cmocka_unit_test(few_events_take_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
