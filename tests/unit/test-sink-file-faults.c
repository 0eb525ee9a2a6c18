// SPDX-License-Identifier: GPL-2.0-or-later
/* The output to a file on a disk that fails: what it says is believed, tried again
 * and told, and the file has whole lines all the same. */
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "sink-fixture.h"

/* What the disk does from now on. */
static struct {
	int write_error, truncate_error, sync_error; /* 0: none */
	size_t room; /* bytes that it takes before it fails */
	bool random; /* it does as it likes */
	bool read_only; /* its file system says so, and takes what is written */
	unsigned failures;
} disk;

static int fails(int error)
{
	disk.failures++;
	errno = error;
	return -1;
}

/* In the place of the C library's. */
ssize_t write(int fd, const void *data, size_t size)
{
	static const int errors[] = { EIO, ENOSPC, EDQUOT, EROFS };

	if (fd <= STDERR_FILENO)
		return syscall(SYS_write, fd, data, size);
	if (disk.random) {
		if (random() % 3 == 0)
			return fails(errors[random() % 4]);
		size = random() % 3 ? (size_t)random() % size + 1 : size;
	} else if (disk.write_error) {
		if (!disk.room)
			return fails(disk.write_error);
		size = MIN(size, disk.room);
		disk.room -= size;
	}
	return syscall(SYS_write, fd, data, size);
}

int ftruncate(int fd, off_t size)
{
	if (disk.random ? random() % 2 : disk.truncate_error)
		return fails(disk.random ? EIO : disk.truncate_error);
	return (int)syscall(SYS_ftruncate, fd, size);
}

int fdatasync(int fd)
{
	if (disk.random ? random() % 4 == 0 : disk.sync_error)
		return fails(disk.random ? EIO : disk.sync_error);
	return (int)syscall(SYS_fdatasync, fd);
}

int fstatvfs(int fd, struct statvfs *ret)
{
	(void)fd;
	*ret = (struct statvfs){ .f_flag = disk.read_only ? ST_RDONLY : 0 };
	return 0;
}

static void events_wait_until_the_disk_takes_them(void **state)
{
	static const int errors[] = { EDQUOT, EIO, EROFS, ENOSPC };

	(void)state;
	/* The part of a line that got there can be taken back, or cannot either. */
	for (size_t i = 0; i < 6 * ARRAY_SIZE(errors); i++) {
		int error = errors[i / 6];
		struct sinks t;

		memset(&disk, 0, sizeof(disk));
		sinks_init(&t);
		t.output.fsync = i / 2 % 3;
		t.setup.memory = 1 << 20;
		sinks_open(&t);
		sinks_write_many(&t, 1, 10);
		tl_sink_flush(t.sink);
		disk.write_error = error;
		disk.truncate_error = i % 2 ? error : 0;
		disk.room = 5000; /* some events, and a part of one */
		sinks_write_many(&t, 11, 100);
		tl_sink_flush(t.sink);
		assert_int_equal(t.sink->error, -error);
		assert_non_null(strstr(t.sink->why, strerror(error)));
		assert_non_null(strstr(t.sink->why, t.path));
		/* It does not say that it works, and then again that it does not. */
		for (unsigned n = 0; n < 3; n++) {
			tl_sink_tick(t.sink);
			assert_int_equal(t.sink->error, -error);
		}
		assert_in_range(t.sink->counters.delivered, 11, 109);
		assert_int_equal(tl_sink_waiting(t.sink), 110 - t.sink->counters.delivered);
		memset(&disk, 0, sizeof(disk));
		tl_sink_tick(t.sink);
		assert_int_equal(t.sink->error, 0);
		assert_int_equal(t.sink->counters.delivered, 110);
		assert_int_equal(t.sink->counters.lost, 0);
		assert_int_equal(check_lines(t.path), 110);
		sinks_done(&t);
	}
}

static void disk_that_does_as_it_likes_tears_nothing(void **state)
{
	(void)state;
	srandom(5);
	for (unsigned round = 0; round < 20; round++) {
		struct sinks t;
		size_t lines;

		memset(&disk, 0, sizeof(disk));
		sinks_init(&t);
		t.output.fsync = round % 3;
		t.output.rotate_size = round % 2 ? 1 << 20 : 0;
		t.output.rotate_keep = 1;
		sinks_open(&t);
		disk.random = true;
		for (unsigned n = 0; n < 50; n++) {
			sinks_write_many(&t, 1 + n * 10, 10);
			tl_sink_flush(t.sink);
			if (n % 3 == 0)
				tl_sink_tick(t.sink);
			sinks_balance(&t);
		}
		assert_true(disk.failures > 10);
		disk.random = false;
		for (unsigned n = 0; n < 3; n++)
			tl_sink_tick(t.sink);
		assert_int_equal(t.sink->error, 0);
		assert_int_equal(tl_sink_waiting(t.sink), 0);
		assert_int_equal(t.sink->counters.accepted, 500);
		lines = check_lines(t.path);
		assert_true(lines >= t.sink->counters.delivered);
		assert_true(lines == 500 || t.sink->counters.lost > 0);
		sinks_done(&t);
	}
}

static void disk_that_cannot_keep_what_it_took_is_told(void **state)
{
	static const enum tl_fsync when[] = { TL_FSYNC_INTERVAL, TL_FSYNC_ALWAYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(when); i++) {
		struct sinks t;

		memset(&disk, 0, sizeof(disk));
		sinks_init(&t);
		t.output.fsync = when[i];
		sinks_open(&t);
		disk.sync_error = EIO;
		sinks_write_many(&t, 1, 10);
		tl_sink_flush(t.sink);
		tl_sink_tick(t.sink);
		assert_int_equal(t.sink->error, -EIO);
		assert_non_null(strstr(t.sink->why, "cannot get onto the disk"));
		/* What comes then waits. */
		for (unsigned n = 0; n < 3; n++) {
			sinks_write(&t, 11 + n);
			tl_sink_tick(t.sink);
			assert_int_equal(t.sink->error, -EIO);
			assert_int_equal(t.sink->counters.delivered, 10);
		}
		disk.sync_error = 0;
		tl_sink_tick(t.sink);
		assert_int_equal(t.sink->error, 0);
		assert_int_equal(t.sink->counters.delivered, 13);
		assert_int_equal(check_lines(t.path), 13);
		sinks_done(&t);
	}
}

/* ext4 takes what is written then, and what waits for the disk is told that all is well. */
static void file_system_that_became_read_only_is_told(void **state)
{
	struct sinks t;

	(void)state;
	memset(&disk, 0, sizeof(disk));
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	disk.read_only = true;
	sinks_write_many(&t, 11, 10);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, -EROFS);
	assert_non_null(strstr(t.sink->why, strerror(EROFS)));
	assert_int_equal(t.sink->counters.delivered, 10);
	assert_int_equal(check_lines(t.path), 10);
	disk.read_only = false;
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, 0);
	assert_int_equal(t.sink->counters.delivered, 20);
	assert_int_equal(check_lines(t.path), 20);
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_wait_until_the_disk_takes_them),
		cmocka_unit_test(disk_that_does_as_it_likes_tears_nothing),
		cmocka_unit_test(disk_that_cannot_keep_what_it_took_is_told),
		cmocka_unit_test(file_system_that_became_read_only_is_told),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
