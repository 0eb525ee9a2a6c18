// SPDX-License-Identifier: GPL-2.0-or-later
/* Old files: numbers, compression, and what is not ours. */
#include <dirent.h>
#include <zlib.h>

#include "compress.h"
#include "rotation.h"
#include "sink-fixture.h"

struct old {
	struct sinks sinks;
	int directory;
	struct tl_rotation rotation;
};

static void old_init(struct old *t, uint32_t keep, bool compress)
{
	sinks_init(&t->sinks);
	t->directory = open(t->sinks.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->directory >= 0);
	assert_int_equal(tl_rotation_init(&t->rotation, t->directory, "out", keep, compress), 0);
}

static void old_done(struct old *t)
{
	tl_rotation_done(&t->rotation);
	close(t->directory);
	sinks_done(&t->sinks);
}

static void put(const struct old *t, const char *name, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", t->sinks.folder, name);
	write_path(path, text);
}

static bool there(const struct old *t, const char *name)
{
	return faccessat(t->directory, name, F_OK, 0) == 0;
}

static void shift(struct old *t, const char *text)
{
	put(t, "out", text);
	assert_int_equal(tl_rotation_shift(&t->rotation), 0);
}

/* Until all is done, at most ten seconds. */
static void settle(struct old *t)
{
	for (unsigned i = 0; i < 1000 && !t->rotation.settled; i++) {
		assert_int_equal(tl_rotation_tick(&t->rotation), 0);
		usleep(10000);
	}
	assert_true(t->rotation.settled);
}

static char *unzip(const struct old *t, const char *name)
{
	char path[160], *text = calloc(1, 1024);
	gzFile z;

	snprintf(path, sizeof(path), "%s/%s", t->sinks.folder, name);
	z = gzopen(path, "rbe");
	assert_non_null(z);
	assert_true(gzread(z, text, 1023) >= 0);
	assert_int_equal(gzclose(z), Z_OK);
	return text;
}

static void old_files_are_compressed_whole(void **state)
{
	struct old t;
	struct stat st;
	char *text;

	(void)state;
	old_init(&t, 10, true);
	shift(&t, "one\n");
	shift(&t, "two\n");
	settle(&t);
	assert_false(there(&t, "out.000001"));
	assert_false(there(&t, ".out.000001.gz.part"));
	text = unzip(&t, "out.000001.gz");
	assert_string_equal(text, "one\n");
	free(text);
	text = unzip(&t, "out.000002.gz");
	assert_string_equal(text, "two\n");
	free(text);
	assert_int_equal(fstatat(t.directory, "out.000002.gz", &st, 0), 0);
	assert_int_equal(st.st_mode & 022, 0);
	old_done(&t);
}

static void mode_of_the_file_is_kept(void **state)
{
	struct old t;
	struct stat st;

	(void)state;
	old_init(&t, 10, false);
	put(&t, "out.000001", "one\n");
	assert_int_equal(fchmodat(t.directory, "out.000001", 0640, 0), 0);
	assert_int_equal(tl_compress_file(t.directory, "out.000001"), 0);
	assert_int_equal(fstatat(t.directory, "out.000001.gz", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	old_done(&t);
}

static void newest_are_kept_compressed_or_not(void **state)
{
	struct old t;

	(void)state;
	old_init(&t, 2, true);
	shift(&t, "one\n");
	settle(&t);
	shift(&t, "two\n");
	shift(&t, "three\n");
	settle(&t);
	assert_false(there(&t, "out.000001.gz"));
	assert_true(there(&t, "out.000002.gz"));
	assert_true(there(&t, "out.000003.gz"));
	old_done(&t);
}

static void what_a_crash_left_of_a_compression_is_done_again(void **state)
{
	struct old t;
	char *text;

	(void)state;
	old_init(&t, 10, true);
	put(&t, "out.000004", "four\n");
	put(&t, ".out.000004.gz.part", "half");
	tl_rotation_done(&t.rotation);
	assert_int_equal(tl_rotation_init(&t.rotation, t.directory, "out", 10, true), 0);
	assert_false(there(&t, ".out.000004.gz.part"));
	assert_int_equal(t.rotation.last, 4);
	settle(&t);
	text = unzip(&t, "out.000004.gz");
	assert_string_equal(text, "four\n");
	free(text);
	old_done(&t);
}

static void file_that_cannot_be_compressed_stays(void **state)
{
	struct old t;

	(void)state;
	old_init(&t, 10, false);
	put(&t, "out.000001", "one\n");
	assert_int_equal(mkdirat(t.directory, ".out.000001.gz.part", 0700), 0);
	assert_int_equal(tl_compress_file(t.directory, "out.000001"), -EEXIST);
	assert_true(there(&t, "out.000001"));
	old_done(&t);
}

static void files_of_others_are_left_alone(void **state)
{
	static const char *const others[] = {
		"out.1",	  "out.gz",	"out.000001.bak",     "out.00001",	"other.000001",
		"out.0000010000", "out.000000", "out.000001.gz.part", ".out.000001.gz", ".out.000001",
	};
	struct old t;

	(void)state;
	old_init(&t, 0, true);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		put(&t, others[i], "x");
	shift(&t, "one\n");
	settle(&t);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_true(there(&t, others[i]));
	assert_false(there(&t, "out.000001"));
	old_done(&t);
}

static void name_that_somebody_took_is_not_overwritten(void **state)
{
	struct old t;

	(void)state;
	old_init(&t, 10, false);
	put(&t, "out.000001", "theirs");
	shift(&t, "ours\n");
	assert_true(there(&t, "out.000002"));
	assert_int_equal(t.rotation.last, 2);
	old_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_files_are_compressed_whole),
		cmocka_unit_test(mode_of_the_file_is_kept),
		cmocka_unit_test(newest_are_kept_compressed_or_not),
		cmocka_unit_test(what_a_crash_left_of_a_compression_is_done_again),
		cmocka_unit_test(file_that_cannot_be_compressed_stays),
		cmocka_unit_test(files_of_others_are_left_alone),
		cmocka_unit_test(name_that_somebody_took_is_not_overwritten),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
