/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that are gone before anybody could ask /proc about them: many of
 * them, several at a time, started in several ways, each runs a program, opens one
 * file and exits.
 * The program is the target; who starts it is not followed, and neither are as
 * many others in between.
 */
#include <linux/magic.h>
#include <linux/sched.h>
#include <spawn.h>
#include <sys/vfs.h>

#include "harness-inside.h"

enum { OF_EXEC, OF_OPEN, OF_BALANCE };

static struct {
	unsigned n; /* processes */
	unsigned first_by_shell; /* this one and those behind it */
	const char *program, *other, *data;
	char shell[PATH_MAX];
	int cgroup; /* to be born in; -1: there is none */
	struct stat program_stat, data_stat;
	pid_t starter;
	uint64_t n_exec, n_open;
	bool *ran, *opened; /* by number of the process, its last argument but one */
	int of;
} t;

#define wants(condition, ...) ((condition) ? (void)0 : fail_case(t.of, __FILE__, __LINE__, __VA_ARGS__))

/* What is known of a process that lived for a moment; its number. */
static unsigned verify_process(const struct tl_event *e)
{
	const struct tl_process *p = e->process;
	const char *argv[4] = {};
	uint32_t at = 0, n = 0;
	unsigned number;
	bool by_shell;

	for (; n < N_ELEMENTS(argv) && at < p->args_size; at += strlen(p->args + at) + 1)
		argv[n++] = p->args + at;
	wants(p->n_args == 4 && n == 4, "%u arguments of process %u", p->n_args, p->pid);
	if (n < 4)
		return UINT32_MAX;
	number = (unsigned)strtoul(argv[3], NULL, 10);
	by_shell = number >= t.first_by_shell;

	wants(!e->flags, "flags %#x", e->flags);
	wants(strcmp(p->executable, t.program) == 0, "executable '%s' of process %u", p->executable, p->pid);
	wants(p->executable_inode == t.program_stat.st_ino, "the executable's inode is wrong");
	wants(strcmp(p->working_directory, run->folder) == 0, "working directory '%s'", p->working_directory);
	wants(p->pid == e->pid && p->start && p->entity_id[0], "process %u has no identity", e->pid);
	wants((p->ppid == (uint32_t)t.starter) != by_shell, "parent is %u", p->ppid);
	wants(p->parent && p->parent->pid == p->ppid, "process %u has no parent", p->pid);
	wants(p->parent && strcmp(p->parent->executable, by_shell ? t.shell : run->child->executable) == 0,
	      "the parent's executable is '%s'", p->parent ? p->parent->executable : "");
	wants(strcmp(argv[0], by_shell ? t.program : "short-lived") == 0 && strcmp(argv[1], t.data) == 0 &&
		      strcmp(argv[2], "0") == 0,
	      "arguments '%s' '%s' '%s'", argv[0], argv[1], argv[2]);
	return number;
}

static void note(bool *done, unsigned number, const char *what)
{
	wants(number < t.n && !done[number], "%s of process number %u once more", what, number);
	if (number < t.n)
		done[number] = true;
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->kind == TL_EVENT_EXEC) {
		t.of = OF_EXEC;
		t.n_exec++;
		note(t.ran, verify_process(e), "exec");
		wants(e->file.path.data && strcmp(e->file.path.data, t.program) == 0, "file is not the program");
	} else if (e->kind == TL_EVENT_SYSCALL) {
		t.of = OF_OPEN;
		t.n_open++;
		note(t.opened, verify_process(e), "open");
		wants(e->ret >= 0 && strcmp(e->type->name, "openat") == 0, "%s gave %d", e->type->name, (int)e->ret);
		wants(e->file.path.data && strcmp(e->file.path.data, t.data) == 0, "file is not the one opened");
		wants(e->file.inode == t.data_stat.st_ino, "the file's inode is wrong");
	} else {
		t.of = OF_BALANCE;
		wants(false, "an event of kind %d", e->kind);
	}
	return 0;
}

/* The ways in which a process comes to run a program. */
static pid_t start_by_spawn(const char *program, char *const argv[])
{
	pid_t pid = 0;

	require(posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0);
	return pid;
}

static pid_t start_by_vfork(const char *program, char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(program, argv, environ);
		_exit(127);
	}
	return pid;
}

/* Born in the cgroup that it is to be in, if there is one of that kind. */
static pid_t start_by_clone3(const char *program, char *const argv[])
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid;

	if (t.cgroup >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)t.cgroup;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		execve(program, argv, environ);
		_exit(127);
	}
	return pid;
}

#define AT_ONCE 8U

/* Each with one of another program beside it. */
static void start_some(unsigned first, unsigned n)
{
	static pid_t (*const starts[])(const char *program, char *const argv[]) = { start_by_spawn, start_by_vfork,
										    start_by_clone3 };
	char number[16], *const argv[] = { "short-lived", (char *)t.data, "0", number, NULL };
	pid_t pids[2 * AT_ONCE];

	for (unsigned i = 0; i < n; i++) {
		snprintf(number, sizeof(number), "%u", first + i);
		pids[2 * i] = starts[(first + i + 1) % N_ELEMENTS(starts)](t.other, argv);
		pids[2 * i + 1] = starts[(first + i) % N_ELEMENTS(starts)](t.program, argv);
	}
	for (unsigned i = 0; i < 2 * n; i++)
		require(pids[i] > 0 && reap(pids[i]) == 0);
}

/* The same by a shell, in the background. */
static void start_by_shell(unsigned first, unsigned n)
{
	const char script[] =
		"n=$3; while [ $n -lt $4 ]; do \"$1\" \"$2\" 0 $n & \"$0\" \"$2\" 0 $n & n=$((n + 1)); done; wait";
	char *const argv[] = { "sh",
			       "-c",
			       (char *)script,
			       (char *)t.program,
			       (char *)t.other,
			       (char *)t.data,
			       (char *)text("%u", first),
			       (char *)text("%u", first + n),
			       NULL };

	require(reap(start_by_spawn("/bin/sh", argv)) == 0);
}

static void start_all(void)
{
	for (unsigned i = 0; i < t.first_by_shell; i += AT_ONCE)
		start_some(i, MIN(AT_ONCE, t.first_by_shell - i));
	for (unsigned i = t.first_by_shell; i < t.n; i += AT_ONCE)
		start_by_shell(i, MIN(AT_ONCE, t.n - i));
}

static int find_cgroup(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	struct statfs facts;

	for (size_t i = 0; i < N_ELEMENTS(mounts); i++)
		if (statfs(mounts[i], &facts) == 0 && facts.f_type == CGROUP2_SUPER_MAGIC)
			return open(mounts[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	return -1;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_target_spec target = { .name = "program", .executables = &t.program, .n_executables = 1 };
	const struct tl_options options = { .attach = attach_wanted() };
	static const char *const events[] = { "exec", "openat", NULL };

	t.starter = (pid_t)pid;
	return start_for(&options, &target, events, on_event);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	t.of = OF_EXEC;
	wants(t.n_exec == t.n, "%llu of %u", (unsigned long long)t.n_exec, t.n);
	t.of = OF_OPEN;
	wants(t.n_open == t.n, "%llu of %u", (unsigned long long)t.n_open, t.n);
	t.of = OF_BALANCE;
	wants(tl_session_counters(s, NULL, &k) == 0, "no counters");
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
	wants(!k.lost && k.delivered == 2ULL * t.n, "lost %llu, delivered %llu", (unsigned long long)k.lost,
	      (unsigned long long)k.delivered);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(start_all) };
	static const struct test test = { "openat", cases, 1, NULL, NULL };
	const char *wanted = getenv("TL_TEST_PROCESSES");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 10000;
	t.first_by_shell = t.n - t.n / 4;
	require(realpath("/bin/sh", t.shell));
	t.program = helper();
	t.program_stat = stat_of(t.program);
	t.other = copy_of_helper("other");
	t.cgroup = find_cgroup();
	fill_file("data", "of no interest\n");
	t.data = in_folder("data");
	t.data_stat = stat_of(t.data);
	t.ran = calloc(t.n, sizeof(*t.ran));
	t.opened = calloc(t.n, sizeof(*t.opened));
	if (!run_session(&test, "short-lived", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_EXEC, text("%u programs, each once, with arguments and parent", t.n), &all_ok);
	report(OF_OPEN, text("%u opens, each once, with program and parent", t.n), &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
