/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process whose program lies where nobody answers does not hold up who asks /proc of it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "cgroup.h"
#include "fuse-fixture.h"
#include "process-proc.h"
#include "util.h"

static struct tl_proc proc;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The kernel has put the arguments of its program in place, which is later than the program. */
static bool has_arguments(pid_t pid)
{
	char path[64], byte;
	bool any;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	any = fd >= 0 && read(fd, &byte, 1) == 1;
	if (fd >= 0)
		close(fd);
	return any;
}

/* A process whose program lies there, in its first instruction or behind it. */
static pid_t process_of(const struct fuse_fixture *f)
{
	pid_t pid = fork();
	char link[64], path[64];
	ssize_t n;

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(f->program, "sleeper", "100", NULL);
		_exit(1);
	}
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	for (unsigned i = 0; i < 500; i++) {
		n = readlink(link, path, sizeof(path) - 1);
		path[n < 0 ? 0 : n] = '\0';
		if (strcmp(path, f->program) == 0 && has_arguments(pid))
			return pid;
		usleep(10000);
	}
	fail_msg("%s is not executed", f->program);
	return 0;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void a_process_tells_what_it_is(void **state)
{
	struct tl_proc_reader *reader = NULL;

	(void)state;
	assert_int_equal(tl_proc_read(&reader, (uint32_t)getpid(), 0, 0, &proc), 0);
	assert_true(proc.args_size > 1);
	assert_false(proc.args_truncated);
	assert_non_null(strstr(proc.args, "test-proc"));
	assert_true(proc.executable_inode);
	assert_false(proc.is_kernel);
	assert_int_equal(tl_proc_read(&reader, (uint32_t)getpid(), 1, 0, &proc), -ESRCH);
	/* Process 2 of the machine, unless there is none to be seen in this namespace. */
	if (tl_proc_read(&reader, 2, 0, 0, &proc) == 0 && strcmp(proc.comm, "kthreadd") == 0)
		assert_true(proc.is_kernel);
	assert_null(tl_proc_reader_free(reader));
}

static void the_mark_of_a_removed_cgroup_is_no_part_of_its_name(void **state)
{
	static const char text[] =
		"12:cpu,cpuacct:/other\n1:name=systemd:/user.slice\n0::/a.slice/b.service (deleted)\n";
	static const struct {
		const char *text, *path;
		uint32_t hierarchy;
		bool ended;
	} files[] = {
		{ text, "/a.slice/b.service", 0, true },
		{ text, "/a.slice/b.service (deleted)", 0, false }, /* its name, as somebody lives there */
		{ text, "/user.slice", 1, false },
		{ text, "", 1, true }, /* the kernel says "/" of each */
		{ text, "/other", 12, false },
		{ text, "", 2, false },
		{ "0::/a (deleted) (deleted)\n", "/a (deleted)", 0, true },
		{ "0::/a(deleted)\n", "/a(deleted)", 0, true },
		{ "0:: (deleted)\n", "", 0, true },
		{ "0::/\n", "/", 0, true },
		{ "0::/a", "/a", 0, true },
		{ "", "", 0, true },
	};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tl_proc_cgroup_parse(files[i].text, files[i].hierarchy, files[i].ended, path);
		assert_string_equal(path, files[i].path);
	}
}

/* A zombie whose cgroup is removed, by the kernel's own words. */
static void a_zombie_is_said_to_be_where_it_was(void **state)
{
	struct tl_proc_reader *reader = NULL;
	struct tl_cgroups *c = NULL;
	char path[64], whole[256], procs[300];
	siginfo_t ended;
	pid_t pid;
	int layout, fd;

	(void)state;
	if (geteuid() != 0 || tl_cgroups_new(&c, &layout) < 0 || tl_cgroups_hierarchy(c) != 0) {
		tl_cgroups_free(c);
		skip();
	}
	snprintf(path, sizeof(path), "/traceleft-zombie-%d", getpid());
	snprintf(whole, sizeof(whole), "%s%s", tl_cgroups_mount(c), path);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", whole);
	assert_int_equal(mkdir(whole, 0755), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fd = open(procs, O_WRONLY | O_CLOEXEC);
		_exit(fd < 0 || write(fd, "0", 1) != 1);
	}
	assert_int_equal(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT), 0);
	assert_int_equal(ended.si_status, 0);
	assert_int_equal(rmdir(whole), 0);
	assert_int_equal(tl_proc_read(&reader, (uint32_t)pid, 0, 0, &proc), 0);
	assert_string_equal(proc.cgroup, path);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	tl_proc_reader_free(reader);
	tl_cgroups_free(c);
}

static void who_does_not_answer_costs_a_moment(void **state)
{
	struct tl_proc_reader *reader = NULL;
	struct fuse_fixture f;
	double begin, most = 0, last = 0;
	pid_t pid;

	(void)state;
	if (!fuse_begin(&f))
		skip();
	pid = process_of(&f);
	assert_int_equal(tl_proc_read(&reader, (uint32_t)pid, 0, 0, &proc), 0);
	assert_int_equal(proc.executable_inode, FUSE_FIXTURE_PROGRAM);
	assert_string_equal(proc.args, "sleeper");
	f.silent = true;
	for (size_t i = 0; i < TL_PROC_STUCK_MAX + 2; i++) {
		begin = seconds();
		assert_int_equal(tl_proc_read(&reader, (uint32_t)pid, 0, 0, &proc), 0);
		last = seconds() - begin;
		most = MAX(most, last);
		/* What does not wait for it is there. */
		assert_string_equal(proc.executable, f.program);
		assert_int_equal(proc.args_size, 0);
		assert_true(proc.args_truncated);
	}
	assert_true(most < 1);
	/* No more than so many wait. */
	assert_true(last < (double)TL_PROC_PATIENCE_MS / 1e3);
	end(pid);
	fuse_end(&f);
	/* They are gone: others are asked again. */
	for (begin = seconds(); seconds() < begin + 5; usleep(10000))
		if (tl_proc_read(&reader, (uint32_t)getpid(), 0, 0, &proc) == 0 && proc.args_size)
			break;
	assert_true(proc.args_size > 1);
	tl_proc_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_tells_what_it_is),
		cmocka_unit_test(the_mark_of_a_removed_cgroup_is_no_part_of_its_name),
		cmocka_unit_test(a_zombie_is_said_to_be_where_it_was),
		cmocka_unit_test(who_does_not_answer_costs_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
