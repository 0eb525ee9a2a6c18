// SPDX-License-Identifier: GPL-2.0-or-later
/* The output to a file: whole lines, whatever happens. */
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/xattr.h>

#include "encode-proto.h"
#include "repair.h"
#include "sink-fixture.h"

static void lines_arrive_whole_and_in_order(void **state)
{
	struct sinks t;
	char *text, *p;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 1000);
	tl_sink_flush(t.sink);
	assert_int_equal(t.sink->counters.delivered, 1000);
	assert_int_equal(check_lines(t.path), 1000);
	text = p = read_path(t.path, NULL);
	for (unsigned i = 1; i <= 1000; i++) {
		char want[32];

		snprintf(want, sizeof(want), "\"sequence\":%u,", i);
		p = strstr(p, want);
		assert_non_null(p);
	}
	free(text);
	sinks_done(&t);
}

static void text_has_one_line_per_event(void **state)
{
	struct sinks t;
	char *text;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_TEXT;
	sinks_open(&t);
	sinks_write_many(&t, 1, 3);
	tl_sink_flush(t.sink);
	text = read_path(t.path, NULL);
	assert_int_equal(count_of(text, "\n"), 3);
	assert_int_equal(count_of(text, "openat("), 3);
	free(text);
	sinks_done(&t);
}

static void new_file_is_for_root_and_its_group_alone(void **state)
{
	mode_t mask = umask(0);
	struct stat st;
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	umask(mask);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	sinks_done(&t);
}

static void what_is_there_already_is_kept(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 5);
	sinks_restart(&t);
	sinks_write_many(&t, 6, 5);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 10);
	assert_int_equal(t.sink->counters.torn, 0);
	sinks_done(&t);
}

static void line_torn_by_a_crash_is_removed_and_declared(void **state)
{
	struct sinks t;
	char *text;

	(void)state;
	sinks_init(&t);
	write_path(t.path, "{\"a\":1}\n{\"b\":2}\n{\"c\":");
	sinks_open(&t);
	assert_int_equal(t.sink->counters.torn, 1);
	sinks_write(&t, 1);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 4); /* two old ones, the event, the loss */
	text = read_path(t.path, NULL);
	assert_int_equal(count_of(text, "{\"c\":"), 0);
	assert_int_equal(count_of(text, "\"stage\":\"torn\""), 1);
	free(text);
	sinks_done(&t);
}

static void torn_line_longer_than_any_buffer_is_removed(void **state)
{
	struct sinks t;
	FILE *f;

	(void)state;
	sinks_init(&t);
	f = fopen(t.path, "we");
	assert_non_null(f);
	fputs("{\"a\":1}\n{\"b\":\"", f);
	for (unsigned i = 0; i < 300000; i++)
		fputc('x', f);
	fclose(f);
	sinks_open(&t);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 2);
	sinks_done(&t);
}

static void zeros_that_a_power_failure_left_are_removed(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	write_path(t.path, "{\"a\":1}\n");
	assert_int_equal(truncate(t.path, 5000), 0);
	sinks_open(&t);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 2);
	sinks_done(&t);
}

static void put_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "ae");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Whole events in a file of protobuf; fails if there is anything else. */
static size_t count_events(const char *path)
{
	size_t n = 0, size, length;
	char *bytes = read_path(path, &size);

	for (size_t at = 0; at < size; n++) {
		int head = tl_proto_frame(bytes + at, size - at, &length);

		assert_true(head > 0);
		at += (size_t)head + length;
		assert_true(at <= size);
	}
	free(bytes);
	return n;
}

static void event_of_protobuf_torn_by_a_crash_is_removed_and_declared(void **state)
{
	static const char zeros[70000];
	struct sinks t;
	size_t size;
	char *bytes;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_PROTO;
	sinks_open(&t);
	sinks_write_many(&t, 1, 500);
	sinks_restart(&t);
	assert_int_equal(t.sink->counters.torn, 0);
	assert_int_equal(count_events(t.path), 500);
	bytes = read_path(t.path, &size);
	put_bytes(t.path, bytes, size / 500 - 20); /* all but the end of the first */
	sinks_restart(&t);
	assert_int_equal(t.sink->counters.torn, 1);
	tl_sink_flush(t.sink);
	assert_int_equal(count_events(t.path), 501); /* and the loss */
	put_bytes(t.path, "\x90", 1); /* half a length */
	sinks_restart(&t);
	tl_sink_flush(t.sink);
	put_bytes(t.path, zeros, sizeof(zeros));
	sinks_restart(&t);
	tl_sink_flush(t.sink);
	assert_int_equal(count_events(t.path), 503);
	t.sink = tl_sink_unref(t.sink);
	put_bytes(t.path, "\xff\xff\xff\xff\xff\xff", 6);
	put_bytes(t.path, bytes, size);
	assert_int_equal(tl_sink_new(&t.output, &t.setup, &t.sink), -EBADMSG);
	free(bytes);
	sinks_done(&t);
}

/* Bytes that this process has read, wherever from. */
static uint64_t bytes_read(void)
{
	unsigned long long n;
	FILE *f = fopen("/proc/self/io", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "rchar: %llu", &n), 1);
	fclose(f);
	return n;
}

static void note_whole(const char *path, const char *at)
{
	if (setxattr(path, "user.traceleft.whole", at, strlen(at), 0) < 0)
		skip(); /* this file system has no such attributes */
}

static void restart_finds_the_end_of_much_protobuf_soon(void **state)
{
	struct sinks t;
	struct stat st;
	uint64_t before;
	off_t begin;
	int fd;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_PROTO;
	sinks_open(&t);
	sinks_write_many(&t, 1, 600000);
	t.sink = tl_sink_unref(t.sink);
	assert_int_equal(stat(t.path, &st), 0);
	assert_true(st.st_size > 3 * TL_REPAIR_NOTE_EVERY);
	before = bytes_read();
	sinks_open(&t);
	assert_true(bytes_read() - before < TL_REPAIR_NOTE_EVERY + (1 << 20));
	assert_int_equal(t.sink->counters.torn, 0);
	tl_sink_flush(t.sink);
	assert_int_equal(count_events(t.path), 600000);

	/* Same for a place before the end, and for the end behind it. */
	fd = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	before = bytes_read();
	assert_int_equal(tl_repair_begin(fd, true, st.st_size - TL_REPAIR_NOTE_EVERY, &begin), 0);
	assert_true(bytes_read() - before < TL_REPAIR_NOTE_EVERY + (1 << 20));
	assert_true(begin >= st.st_size - TL_REPAIR_NOTE_EVERY && begin < st.st_size - TL_REPAIR_NOTE_EVERY + 1000);
	close(fd);
	sinks_done(&t);
}

/* Whoever changed the file or its note has not changed where its events end. */
static void wrong_note_costs_no_event(void **state)
{
	static const char *const notes[] = {
		"1 0", "2 1", "77 3", "9999999 77", "-1 -1", "x y", "18446744073709551616 1", "5", ""
	};
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_PROTO;
	sinks_open(&t);
	sinks_write_many(&t, 1, 500);
	for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
		t.sink = tl_sink_unref(t.sink);
		note_whole(t.path, notes[i]);
		sinks_open(&t);
		assert_int_equal(t.sink->counters.torn, 0);
		assert_int_equal(count_events(t.path), 500);
	}
	sinks_done(&t);
}

static void assert_refused(struct sinks *t, int error)
{
	assert_int_equal(tl_sink_new(&t->output, &t->setup, &t->sink), error);
	assert_null(t->sink);
}

static void file_that_is_not_ours_is_refused_and_not_touched(void **state)
{
	struct sinks t;
	char *text;

	(void)state;
	sinks_init(&t);
	write_path(t.path, "secret without a newline");
	assert_refused(&t, -EBADMSG);
	text = read_path(t.path, NULL);
	assert_string_equal(text, "secret without a newline");
	free(text);
	sinks_done(&t);
}

static void symbolic_link_is_refused(void **state)
{
	char victim[160];
	struct sinks t;

	(void)state;
	sinks_init(&t);
	snprintf(victim, sizeof(victim), "%s/victim", t.folder);
	write_path(victim, "precious\n");
	assert_int_equal(symlink(victim, t.path), 0);
	assert_refused(&t, -ELOOP);
	sinks_done(&t);
}

static void device_or_directory_is_refused(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.path = (char *)"/dev/null";
	assert_refused(&t, -EBADF);
	t.output.path = t.path;
	assert_int_equal(mkdir(t.path, 0700), 0);
	assert_refused(&t, -EISDIR);
	sinks_done(&t);
}

static void directory_that_all_may_write_to_is_refused(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	assert_int_equal(chmod(t.folder, 0777), 0);
	assert_refused(&t, -EPERM);
	assert_int_equal(chmod(t.folder, 0700), 0);
	assert_false(exists(t.path));
	sinks_done(&t);
}

static void missing_directory_is_refused(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.path = (char *)"/nonexistent/out";
	assert_refused(&t, -ENOENT);
	sinks_done(&t);
}

static void format_that_files_do_not_have_is_refused(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_OTLP;
	assert_refused(&t, -EOPNOTSUPP);
	assert_false(exists(t.path));
	sinks_done(&t);
}

/* ---- A full disk ---- */

static bool mount_small(struct sinks *t, char *folder, size_t size)
{
	snprintf(folder, size, "%s/small", t->folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("small", folder, "tmpfs", 0, "size=1m,mode=0700") < 0)
		return false;
	snprintf(t->path, sizeof(t->path), "%s/out", folder);
	return true;
}

static void fill_disk(const char *folder)
{
	static const char zeros[4096];
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/ballast", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static void full_disk_leaves_whole_lines_and_the_loss_is_exact(void **state)
{
	char small[96], ballast[160];
	size_t lines;
	struct sinks t;
	char *text;

	(void)state;
	sinks_init(&t);
	if (!mount_small(&t, small, sizeof(small))) {
		sinks_done(&t);
		skip(); /* needs root */
	}
	sinks_open(&t);
	sinks_write_many(&t, 1, 100);
	tl_sink_flush(t.sink);
	fill_disk(small);
	sinks_write_many(&t, 101, 2000);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, -ENOSPC);
	assert_true(t.sink->counters.lost > 0);
	assert_true(tl_sink_waiting(t.sink) > 0);
	sinks_balance(&t);
	assert_int_equal(check_lines(t.path), t.sink->counters.delivered);

	snprintf(ballast, sizeof(ballast), "%s/ballast", small);
	assert_int_equal(unlink(ballast), 0);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, 0);
	assert_int_equal(tl_sink_waiting(t.sink), 0);
	sinks_balance(&t);
	lines = check_lines(t.path);
	assert_int_equal(lines, t.sink->counters.delivered + 1); /* and the declared loss */
	text = read_path(t.path, NULL);
	snprintf(ballast, sizeof(ballast), "\"count\":%lu,", (unsigned long)t.sink->counters.lost);
	assert_int_equal(count_of(text, ballast), 1);
	assert_int_equal(count_of(text, "\"stage\":\"log\""), 1);
	free(text);
	t.sink = tl_sink_unref(t.sink);
	assert_int_equal(umount(small), 0);
	sinks_done(&t);
}

static void events_fill_a_small_disk_to_the_last_whole_line(void **state)
{
	char small[96];
	struct sinks t;

	(void)state;
	sinks_init(&t);
	if (!mount_small(&t, small, sizeof(small))) {
		sinks_done(&t);
		skip(); /* needs root */
	}
	sinks_open(&t);
	for (unsigned i = 0; i < 50; i++) {
		sinks_write_many(&t, 1 + i * 100, 100);
		tl_sink_flush(t.sink);
	}
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, -ENOSPC);
	assert_int_equal(check_lines(t.path), t.sink->counters.delivered);
	sinks_balance(&t);
	t.sink = tl_sink_unref(t.sink);
	assert_int_equal(umount(small), 0);
	sinks_done(&t);
}

/* ---- Moved, deleted ---- */

static void moved_file_gets_nothing_more(void **state)
{
	char moved[160];
	struct sinks t;

	(void)state;
	sinks_init(&t);
	snprintf(moved, sizeof(moved), "%s.1", t.path);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	assert_int_equal(rename(t.path, moved), 0);
	tl_sink_reopen(t.sink); /* what was written before belongs into the old file */
	sinks_write_many(&t, 11, 5);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(moved), 10);
	assert_int_equal(check_lines(t.path), 5);
	sinks_done(&t);
}

/* One tick sees it; two more are for him who is slow to say that it was he. */
static void who_moves_a_file_has_some_time_to_say_so(void **state)
{
	char folder[160], moved[180];
	struct sinks t;

	(void)state;
	for (unsigned said = 0; said < 4; said++) {
		sinks_init(&t);
		snprintf(moved, sizeof(moved), "%s.1", t.path);
		sinks_open(&t);
		sinks_write_many(&t, 1, 10);
		assert_int_equal(rename(t.path, moved), 0);
		for (unsigned n = 0; n < 6; n++) {
			if (n == said)
				tl_sink_reopen(t.sink);
			tl_sink_tick(t.sink);
			assert_int_equal(t.sink->harm != NULL, said == 3 && n == 2);
			t.sink->harm = n > 2 ? NULL : t.sink->harm;
		}
		sinks_done(&t);
	}
	/* Nor is it forgotten while there is no new one. */
	sinks_init(&t);
	snprintf(folder, sizeof(folder), "%s.away", t.folder);
	sinks_open(&t);
	assert_int_equal(rename(t.folder, folder), 0);
	for (unsigned n = 0; n < 3; n++)
		tl_sink_tick(t.sink);
	assert_non_null(t.sink->harm);
	assert_int_equal(rename(folder, t.folder), 0);
	sinks_done(&t);
}

static void deleted_file_is_begun_anew_by_itself(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	assert_int_equal(unlink(t.path), 0);
	tl_sink_tick(t.sink);
	sinks_write_many(&t, 11, 5);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 5);
	sinks_done(&t);
}

static void events_wait_while_the_directory_is_gone(void **state)
{
	char folder[160];
	struct sinks t;

	(void)state;
	sinks_init(&t);
	snprintf(folder, sizeof(folder), "%s/sub", t.folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(t.path, sizeof(t.path), "%s/sub/out", t.folder);
	sinks_open(&t);
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(rmdir(folder), 0);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, -ENOENT);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	assert_int_equal(tl_sink_waiting(t.sink), 10);
	assert_int_equal(mkdir(folder, 0700), 0);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, 0);
	assert_int_equal(check_lines(t.path), 10);
	sinks_done(&t);
}

static void file_cut_by_copytruncate_goes_on_from_its_new_end(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	assert_int_equal(truncate(t.path, 0), 0);
	sinks_write_many(&t, 11, 3);
	tl_sink_flush(t.sink);
	assert_int_equal(check_lines(t.path), 3);
	sinks_done(&t);
}

/* ---- Rotation ---- */

static size_t check_numbered(const struct sinks *t, unsigned number)
{
	char path[160];

	snprintf(path, sizeof(path), "%s.%06u", t->path, number);
	return exists(path) ? check_lines(path) : 0;
}

static void file_rotates_by_size_and_loses_nothing(void **state)
{
	size_t lines = 0;
	struct stat st;
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 256 * 1024;
	t.output.rotate_keep = 100;
	sinks_open(&t);
	sinks_write_many(&t, 1, 3000);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	assert_true(t.sink->counters.rotations >= 2);
	for (unsigned i = 1; i <= t.sink->counters.rotations; i++)
		lines += check_numbered(&t, i);
	lines += check_lines(t.path);
	assert_int_equal(lines, 3000);
	assert_int_equal(stat(t.path, &st), 0);
	assert_true(st.st_size <= (off_t)t.output.rotate_size);
	sinks_done(&t);
}

static void only_so_many_old_files_are_kept(void **state)
{
	struct sinks t;
	unsigned last;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 100 * 1024;
	t.output.rotate_keep = 2;
	sinks_open(&t);
	sinks_write_many(&t, 1, 2000);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	last = (unsigned)t.sink->counters.rotations;
	assert_true(last > 3);
	assert_true(check_numbered(&t, last) > 0);
	assert_true(check_numbered(&t, last - 1) > 0);
	assert_int_equal(check_numbered(&t, last - 2), 0);
	sinks_done(&t);
}

static void numbers_go_on_after_a_restart(void **state)
{
	struct sinks t;
	unsigned before;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 100 * 1024;
	t.output.rotate_keep = 1000;
	sinks_open(&t);
	sinks_write_many(&t, 1, 1000);
	tl_sink_flush(t.sink);
	before = (unsigned)t.sink->counters.rotations;
	assert_true(before > 0);
	sinks_restart(&t);
	sinks_write_many(&t, 1, 1000);
	tl_sink_flush(t.sink);
	assert_true(check_numbered(&t, before) > 0);
	assert_true(check_numbered(&t, before + 1) > 0);
	sinks_done(&t);
}

static void file_rotates_by_age_though_nothing_happens(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.rotate_age = 1;
	t.output.rotate_keep = 5;
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->counters.rotations, 0);
	usleep(1100000);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->counters.rotations, 1);
	assert_int_equal(check_numbered(&t, 1), 10);
	usleep(1100000);
	tl_sink_tick(t.sink); /* an empty file stays */
	assert_int_equal(t.sink->counters.rotations, 1);
	sinks_done(&t);
}

static unsigned syncs;

/* Instead of the C library's. */
int fdatasync(int fd)
{
	(void)fd;
	syncs++;
	return 0;
}

static void file_waits_for_the_disk_as_it_is_told(void **state)
{
	static const struct {
		enum tl_fsync fsync;
		unsigned flushes, ticks, idle; /* calls after three flushes, after a tick, after an idle tick */
	} modes[] = {
		{ TL_FSYNC_NEVER, 0, 0, 0 },
		{ TL_FSYNC_INTERVAL, 0, 1, 0 },
		{ TL_FSYNC_ALWAYS, 3, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct sinks t;

		sinks_init(&t);
		t.output.fsync = modes[i].fsync;
		sinks_open(&t);
		syncs = 0;
		for (unsigned n = 0; n < 3; n++) {
			sinks_write(&t, n + 1);
			tl_sink_flush(t.sink);
		}
		assert_int_equal(syncs, modes[i].flushes);
		syncs = 0;
		tl_sink_tick(t.sink);
		assert_int_equal(syncs, modes[i].ticks);
		syncs = 0;
		tl_sink_tick(t.sink);
		assert_int_equal(syncs, modes[i].idle);
		assert_int_equal(check_lines(t.path), 3);
		assert_int_equal(t.sink->error, 0);
		sinks_done(&t);
	}
}

/* Files of the folder besides the one that is written. */
static size_t count_old_files(const struct sinks *t)
{
	DIR *d = opendir(t->folder);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		n += !strncmp(entry->d_name, "out.0", 5);
	closedir(d);
	return n;
}

static void no_more_old_files_than_wanted_are_there_at_any_time(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 4096;
	t.output.rotate_keep = 2;
	sinks_open(&t);
	for (uint64_t i = 1; i <= 100; i++) { /* no tick in between */
		sinks_write(&t, i);
		tl_sink_flush(t.sink);
		assert_true(count_old_files(&t) <= 2);
	}
	assert_true(t.sink->counters.rotations > 10);
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_arrive_whole_and_in_order),
		cmocka_unit_test(text_has_one_line_per_event),
		cmocka_unit_test(new_file_is_for_root_and_its_group_alone),
		cmocka_unit_test(what_is_there_already_is_kept),
		cmocka_unit_test(line_torn_by_a_crash_is_removed_and_declared),
		cmocka_unit_test(torn_line_longer_than_any_buffer_is_removed),
		cmocka_unit_test(zeros_that_a_power_failure_left_are_removed),
		cmocka_unit_test(event_of_protobuf_torn_by_a_crash_is_removed_and_declared),
		cmocka_unit_test(restart_finds_the_end_of_much_protobuf_soon),
		cmocka_unit_test(wrong_note_costs_no_event),
		cmocka_unit_test(file_that_is_not_ours_is_refused_and_not_touched),
		cmocka_unit_test(symbolic_link_is_refused),
		cmocka_unit_test(device_or_directory_is_refused),
		cmocka_unit_test(directory_that_all_may_write_to_is_refused),
		cmocka_unit_test(missing_directory_is_refused),
		cmocka_unit_test(format_that_files_do_not_have_is_refused),
		cmocka_unit_test(full_disk_leaves_whole_lines_and_the_loss_is_exact),
		cmocka_unit_test(events_fill_a_small_disk_to_the_last_whole_line),
		cmocka_unit_test(moved_file_gets_nothing_more),
		cmocka_unit_test(who_moves_a_file_has_some_time_to_say_so),
		cmocka_unit_test(deleted_file_is_begun_anew_by_itself),
		cmocka_unit_test(events_wait_while_the_directory_is_gone),
		cmocka_unit_test(file_cut_by_copytruncate_goes_on_from_its_new_end),
		cmocka_unit_test(file_rotates_by_size_and_loses_nothing),
		cmocka_unit_test(only_so_many_old_files_are_kept),
		cmocka_unit_test(numbers_go_on_after_a_restart),
		cmocka_unit_test(file_rotates_by_age_though_nothing_happens),
		cmocka_unit_test(file_waits_for_the_disk_as_it_is_told),
		cmocka_unit_test(no_more_old_files_than_wanted_are_there_at_any_time),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
