// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's folder below /run: one daemon at a time, files in one step. */
#include <signal.h>
#include <sys/wait.h>

#include "record.h"
#include "runtime.h"
#include "sink-fixture.h"

struct runtime_test {
	struct sinks sinks; /* for its folder */
	char folder[128];
	struct tl_runtime runtime;
};

static void runtime_init(struct runtime_test *t)
{
	pid_t holder;

	sinks_init(&t->sinks);
	snprintf(t->folder, sizeof(t->folder), "%s/run", t->sinks.folder);
	assert_int_equal(setenv("RUNTIME_DIRECTORY", t->folder, 1), 0);
	assert_int_equal(tl_runtime_open(&t->runtime, &holder), 0);
}

static void runtime_done(struct runtime_test *t)
{
	tl_runtime_close(&t->runtime);
	sinks_done(&t->sinks);
}

static void folder_is_made_for_the_group_alone(void **state)
{
	struct runtime_test t;
	struct stat st;

	(void)state;
	runtime_init(&t);
	assert_int_equal(stat(t.folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	runtime_done(&t);
}

static void second_one_learns_who_is_first(void **state)
{
	struct runtime_test t;
	struct tl_runtime second = { .directory = -1, .lock = -1 };
	pid_t holder = 0;

	(void)state;
	runtime_init(&t);
	assert_int_equal(tl_runtime_open(&second, &holder), -EBUSY);
	assert_int_equal(holder, getpid());
	assert_int_equal(second.directory, -1);
	tl_runtime_close(&t.runtime);
	assert_int_equal(tl_runtime_open(&second, &holder), 0);
	t.runtime = second;
	runtime_done(&t);
}

static void lock_of_one_that_was_killed_is_free(void **state)
{
	struct runtime_test t;
	struct tl_runtime mine = { .directory = -1, .lock = -1 };
	uint64_t before = tl_now() - 1000000000;
	pid_t holder, child;

	(void)state;
	runtime_init(&t);
	tl_runtime_close(&t.runtime);
	child = fork();
	if (child == 0) {
		if (tl_runtime_open(&mine, &holder) == 0 && tl_runtime_write(&mine, TL_STATUS_FILE, "{}", 2) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(tl_runtime_open(&t.runtime, &holder), 0);
	assert_int_equal(t.runtime.lost, child);
	assert_in_range(t.runtime.last_heard, before, tl_now());
	tl_runtime_remove(&t.runtime, TL_STATUS_FILE);
	tl_runtime_close(&t.runtime);
	assert_int_equal(tl_runtime_open(&t.runtime, &holder), 0);
	assert_int_equal(t.runtime.lost, 0);
	runtime_done(&t);
}

static void again(struct runtime_test *t)
{
	pid_t holder;

	tl_runtime_close(&t->runtime);
	assert_int_equal(tl_runtime_open(&t->runtime, &holder), 0);
}

/* /run is gone then. */
static void machine_that_failed_is_told_until_somebody_has_told_it(void **state)
{
	struct runtime_test t;
	char path[160];

	(void)state;
	runtime_init(&t);
	assert_int_equal(setenv("STATE_DIRECTORY", t.sinks.folder, 1), 0);
	snprintf(path, sizeof(path), "%s/audited", t.sinks.folder);
	again(&t);
	assert_false(t.runtime.cut);
	tl_runtime_forget(&t.runtime);
	/* A crash within one boot is no failure of the machine. */
	again(&t);
	assert_false(t.runtime.cut);
	write_path(path, "b2c8e0f4-0000-4000-8000-000000000000");
	for (unsigned n = 0; n < 2; n++) {
		again(&t);
		assert_true(t.runtime.cut);
	}
	tl_runtime_forget(&t.runtime);
	again(&t);
	assert_false(t.runtime.cut);
	/* Somebody has to say what was not written, be it in another boot. */
	tl_runtime_stop(&t.runtime, true);
	assert_true(exists(path));
	again(&t);
	assert_true(t.runtime.owed);
	assert_true(t.runtime.last_heard > 0);
	tl_runtime_forget(&t.runtime);
	tl_runtime_wait(&t.runtime, false);
	tl_runtime_stop(&t.runtime, false);
	assert_false(exists(path));
	again(&t);
	assert_false(t.runtime.owed);
	/* The size of a file may get to the disk, and its text not. */
	write_path(path, "");
	again(&t);
	assert_true(t.runtime.cut);
	assert_int_equal(unsetenv("STATE_DIRECTORY"), 0);
	runtime_done(&t);
}

static void file_is_replaced_whole(void **state)
{
	struct runtime_test t;
	char path[160], *text;
	struct stat st;

	(void)state;
	runtime_init(&t);
	snprintf(path, sizeof(path), "%s/status.json", t.folder);
	assert_int_equal(tl_runtime_write(&t.runtime, "status.json", "a longer text\n", 14), 0);
	assert_int_equal(tl_runtime_write(&t.runtime, "status.json", "short\n", 6), 0);
	text = read_path(path, NULL);
	assert_string_equal(text, "short\n");
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	tl_runtime_remove(&t.runtime, "status.json");
	assert_false(exists(path));
	runtime_done(&t);
}

static void link_in_the_way_is_not_followed(void **state)
{
	struct runtime_test t;
	char path[160], victim[160], *text;

	(void)state;
	runtime_init(&t);
	snprintf(victim, sizeof(victim), "%s/victim", t.sinks.folder);
	snprintf(path, sizeof(path), "%s/.status.json.new", t.folder);
	write_path(victim, "precious\n");
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(tl_runtime_write(&t.runtime, "status.json", "x\n", 2), -ELOOP);
	text = read_path(victim, NULL);
	assert_string_equal(text, "precious\n");
	free(text);
	runtime_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folder_is_made_for_the_group_alone),
		cmocka_unit_test(second_one_learns_who_is_first),
		cmocka_unit_test(lock_of_one_that_was_killed_is_free),
		cmocka_unit_test(file_is_replaced_whole),
		cmocka_unit_test(link_in_the_way_is_not_followed),
		cmocka_unit_test(machine_that_failed_is_told_until_somebody_has_told_it),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
