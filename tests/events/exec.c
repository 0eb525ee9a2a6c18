/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>

#include "harness.h"

static const char *program;

static void copy_to(int out)
{
	int in = open(helper(), O_RDONLY);
	off_t size = lseek(in, 0, SEEK_END), at = 0;

	require(sendfile(out, in, &at, (size_t)size) == size);
	require(close(in) == 0);
}

static void copy_file(const char *name, mode_t mode)
{
	int out = open(name, O_WRONLY | O_CREAT, 0755);

	copy_to(out);
	require(fchmod(out, mode) == 0 && close(out) == 0);
}

static void prepare(void)
{
	program = in_folder("program");
	copy_file("program", 0755);
	fill_file("script", text("#!%s\n", program));
	require(chmod("script", 0755) == 0 && mkdir("elsewhere", 0755) == 0);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void program_child(void)
{
	const char *const *argv = ARGV("a name", "", "0", "x\ny", "\xff");

	runs(becoming(program, argv));
	syscall(SYS_execve, program, argv, environ);
}

static void program_with_arguments(void)
{
	in_child(program_child);
}

static void script_child(void)
{
	const char *name = in_folder("script");
	struct being *b = becoming(program, ARGV(program, name, "0"));

	b->comm = "script";
	runs(b);
	syscall(SYS_execve, name, ARGV("dropped", "0"), environ);
}

static void script_shows_the_interpreter(void)
{
	in_child(script_child);
}

static void directory_child(void)
{
	require(chdir("elsewhere") == 0);
	runs(becoming(program, ARGV("program")));
	syscall(SYS_execve, "../program", ARGV("program"), environ);
}

static void working_directory_of_the_new_program(void)
{
	in_child(directory_child);
}

static void by_posix_spawn(void)
{
	struct being *b = being_expected(), *later;
	const char *const *argv = ARGV("spawned", "/dev/null", "0");
	struct call *c;
	pid_t pid = 0;

	/* posix_spawn's child shares the memory with us until it runs the program. */
	later = becoming(program, argv);
	require(posix_spawn(&pid, program, NULL, NULL, (char *const *)argv, environ) == 0);
	was_born(b, pid);
	b->ppid = getpid();
	*later = (struct being){
		.pid = pid,
		.ppid = getpid(),
		.born_after = b->born_after,
		.born_before = b->born_before,
		.executable = later->executable,
		.file = later->file,
		.args = later->args,
		.args_size = later->args_size,
		.n_args = later->n_args,
		.comm = later->comm,
		.parent = me(),
		.working_directory = folder(),
	};
	c = runs(later);
	c->pid = c->tid = pid;
	c->before = b->born_after;
	require(reap(pid) == 0);
}

static void *thread_main(void *unused)
{
	const char *const *argv = ARGV("program");

	runs(becoming(program, argv));
	syscall(SYS_execve, program, argv, environ);
	return unused;
}

static void thread_child(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, thread_main, NULL) == 0);
	pthread_join(thread, NULL);
}

static void by_a_thread_that_becomes_the_process(void)
{
	in_child(thread_child);
}

static void memory_child(void)
{
	int fd = memfd_create("a program", MFD_CLOEXEC);
	struct being *b;

	copy_to(fd);
	b = becoming(text("/proc/self/fd/%d", fd), ARGV("in memory"));
	b->executable = "memfd:a program";
	b->deleted = b->is_nowhere = true;
	b->comm = NULL;
	runs(b);
	syscall(SYS_execveat, fd, "", ARGV("in memory"), environ, AT_EMPTY_PATH);
}

static void program_that_is_nowhere(void)
{
	in_child(memory_child);
}

static void deleted_child(void)
{
	int fd = open("deleted", O_PATH);
	struct being *b = becoming(in_folder("deleted"), ARGV("deleted"));

	require(unlink("deleted") == 0);
	b->deleted = true;
	b->comm = text("%d", fd);
	runs(b);
	syscall(SYS_execve, text("/proc/self/fd/%d", fd), ARGV("deleted"), environ);
}

static void program_without_a_name(void)
{
	copy_file("deleted", 0755);
	in_child(deleted_child);
}

static void other_user_child(void)
{
	struct call *c;

	become_nobody();
	c = runs(becoming(in_folder("owned"), ARGV("owned")));
	c->euid = 1234;
	syscall(SYS_execve, "owned", ARGV("owned"), environ);
}

static void program_that_changes_the_user(void)
{
	struct statvfs fs;

	if (statvfs(".", &fs) < 0 || fs.f_flag & ST_NOSUID) {
		skip_case("the folder's file system has no set-user-id programs");
		return;
	}
	copy_file("owned", 0755);
	require(chown("owned", 1234, 0) == 0 && chmod("owned", 04755) == 0);
	in_child(other_user_child);
}

static void refused_child(void)
{
	const char *const *argv = ARGV("program");

	require(syscall(SYS_execve, "missing", argv, environ) == -1);
	require(syscall(SYS_execve, folder(), argv, environ) == -1);
	require(syscall(SYS_execve, NOWHERE, argv, environ) == -1);
}

static void call_that_fails_is_no_exec(void)
{
	in_child(refused_child);
}

/* `n` arguments that fill `bytes` bytes with their NULs. */
static const char *const *many(unsigned n, unsigned bytes)
{
	const char **argv = room((n + 1) * sizeof(*argv));
	int width = (int)((bytes - 8) / (n - 3) - 1);

	argv[0] = text("program");
	argv[1] = "";
	argv[2] = "0";
	bytes -= (unsigned)strlen(argv[0]) + 1 + 1 + 2;
	for (unsigned i = 3; i < n; i++) {
		if (i == n - 1)
			width = (int)bytes - 1;
		argv[i] = text("%0*u", width, i);
		bytes -= (unsigned)width + 1;
	}
	return argv;
}

static unsigned arguments, argument_bytes;

static void many_child(void)
{
	const char *const *argv = many(arguments, argument_bytes);

	runs(becoming(program, argv));
	syscall(SYS_execve, program, argv, environ);
}

static void too_many_child(void)
{
	const char *const *argv = many(arguments, argument_bytes);
	struct being *b = becoming(program, argv);

	b->truncated = true;
	b->args_size = 131072 + 1;
	((char *)b->args)[131072] = '\0';
	b->n_args = 0;
	for (uint32_t i = 0; i < b->args_size; i++)
		b->n_args += !b->args[i];
	runs(b)->flags = TL_EVENT_TRUNCATED;
	syscall(SYS_execve, program, argv, environ);
}

/* On both sides of where a record under construction has no room for them any more, and
 * of where more room is taken for them. */
static void as_many_arguments_as_an_event_holds(void)
{
	static const struct {
		unsigned n, bytes;
	} rows[] = { { 300, 16384 }, { 300, 16385 }, { 500, 40960 }, { 500, 40961 }, { 2048, 131072 } };

	for (unsigned i = 0; i < N_ELEMENTS(rows); i++) {
		arguments = rows[i].n;
		argument_bytes = rows[i].bytes;
		in_child(many_child);
	}
}

static void more_arguments_than_an_event_holds(void)
{
	arguments = 3000;
	argument_bytes = 200001;
	in_child(too_many_child);
}

static const struct test_case cases[] = {
	CASE(program_with_arguments),
	CASE(script_shows_the_interpreter),
	CASE(working_directory_of_the_new_program),
	CASE(by_posix_spawn),
	CASE(by_a_thread_that_becomes_the_process),
	CASE(program_that_is_nowhere),
	CASE(program_without_a_name),
	CASE(program_that_changes_the_user),
	CASE(call_that_fails_is_no_exec),
	CASE(as_many_arguments_as_an_event_holds),
	CASE(more_arguments_than_an_event_holds),
};

TEST("exec", prepare)
