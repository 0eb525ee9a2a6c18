/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <sys/sendfile.h>

#include "harness.h"

static const char *program;

static void copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
	off_t size = lseek(in, 0, SEEK_END), at = 0;

	require(sendfile(out, in, &at, (size_t)size) == size);
	require(close(in) == 0 && close(out) == 0);
}

static void prepare(void)
{
	program = in_folder("program");
	copy_file(helper(), "program");
	fill_file("script", text("#!%s\n", program));
	fill_file("script-with-argument", text("#! %s  an argument \n", program));
	fill_file("script-of-script", text("#!%s/script\n", folder()));
	fill_file("no-script", "nothing that can be run\n");
	require(chmod("script", 0755) == 0 && chmod("script-with-argument", 0755) == 0);
	require(chmod("script-of-script", 0755) == 0 && chmod("no-script", 0755) == 0);
	require(symlink("program", "link") == 0);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Runs in a child: what follows is reached only if the call failed. */
#define run_program(becomes, name, argv) call_exec(becomes, SYS_execve, name, argv, environ)

static void absolute_child(void)
{
	const char *const *argv = ARGV(program, "/dev/null", "0");

	run_program(becoming(program, argv), program, argv);
}

static void program_by_absolute_name(void)
{
	in_child(absolute_child);
	in_child(absolute_child);
}

static void relative_child(void)
{
	const char *const *argv = ARGV("a name of its own", "", "0", "-x", "last");

	run_program(becoming(program, argv), text("./program"), argv);
}

static void program_by_relative_name(void)
{
	in_child(relative_child);
}

static void link_child(void)
{
	const char *const *argv = ARGV("link");
	struct being *b = becoming(program, argv);

	b->comm = "link";
	run_program(b, in_folder("link"), argv);
}

static void symbolic_link_shows_the_program(void)
{
	in_child(link_child);
}

static void odd_child(void)
{
	const char *const *argv = ARGV("a\nb", "", "", "\"quoted\"\\", "\x1b[2J", "\xff\xfe", "\xc3\xa9");

	run_program(becoming(program, argv), program, argv);
}

static void arguments_that_would_forge_a_line(void)
{
	in_child(odd_child);
}

static void script_child(void)
{
	const char *name = in_folder("script"), *const *argv = ARGV("dropped", "0", "more");
	struct being *b = becoming(program, ARGV(program, name, "0", "more"));

	b->comm = "script";
	run_program(b, name, argv);
}

static void script_shows_the_interpreter(void)
{
	in_child(script_child);
}

static void script_with_argument_child(void)
{
	const char *name = text("./script-with-argument"), *const *argv = ARGV("dropped", "more");
	struct being *b = becoming(program, ARGV(program, "an argument", name, "more"));

	b->comm = "script-with-arg";
	run_program(b, name, argv);
}

static void script_with_an_argument_for_the_interpreter(void)
{
	in_child(script_with_argument_child);
}

static void script_of_script_child(void)
{
	const char *name = in_folder("script-of-script"), *const *argv = ARGV("dropped");
	struct being *b = becoming(program, ARGV(program, in_folder("script"), name));

	b->comm = "script-of-scrip";
	run_program(b, name, argv);
}

static void script_whose_interpreter_is_a_script(void)
{
	in_child(script_of_script_child);
}

static const char **many(unsigned n, unsigned length)
{
	const char **argv = room((n + 1) * sizeof(*argv));

	for (unsigned i = 0; i < n; i++)
		argv[i] = text("%0*u", (int)length, i ? 0 : 1);
	return argv;
}

static void many_child(void)
{
	const char **argv = many(2048, 63);

	run_program(becoming(program, argv), program, argv);
}

static void many_arguments(void)
{
	in_child(many_child);
}

static void too_many_child(void)
{
	const char **argv = many(700, 199);
	struct being *b = becoming(program, argv);

	b->truncated = true;
	b->n_args = 656; /* the last one in part, with a NUL of its own */
	b->args_size = 131072 + 1;
	((char *)b->args)[131072] = '\0';
	run_program(b, program, argv);
}

static void more_arguments_than_an_event_holds(void)
{
	in_child(too_many_child);
}

static void nobody_child(void)
{
	const char *const *argv = ARGV(program);

	become_nobody();
	run_program(becoming(program, argv), program, argv);
}

static void by_another_user(void)
{
	in_child(nobody_child);
}

static void *thread_main(void *unused)
{
	const char *const *argv = ARGV(program);

	run_program(becoming(program, argv), program, argv);
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

static void deleted_child(void)
{
	const char *const *argv = ARGV("deleted");
	int fd = open("deleted", O_PATH);
	struct being *b = becoming(in_folder("deleted"), argv);

	require(unlink("deleted") == 0);
	b->deleted = true;
	b->comm = text("%d", fd);
	run_program(b, text("/proc/self/fd/%d", fd), argv);
}

static void program_without_a_name(void)
{
	copy_file("program", "deleted");
	in_child(deleted_child);
}

static void *refused(const char *name, const char *const *argv, int error)
{
	struct call *c = run_program(becoming(program, argv), name, argv);

	require(c->ret == -error);
	return c;
}

static void no_such_program(void)
{
	is_asked(refused(text("missing"), ARGV("missing", "argument"), ENOENT), in_folder("missing"));
	is_asked(refused(text("missing"), ARGV("missing", "argument"), ENOENT), in_folder("missing"));
}

static void file_that_cannot_be_run(void)
{
	new_file("plain", 0644);
	is_asked(refused(text("plain"), ARGV("plain"), EACCES), in_folder("plain"));
	is_asked(refused(text("no-script"), ARGV("no-script", "\xff\n"), ENOEXEC), in_folder("no-script"));
	is_asked(refused(folder(), ARGV("directory"), EACCES), folder());
}

static void long_arguments_of_a_call_that_fails(void)
{
	struct call *c = refused(text("missing"), many(4, 1000), ENOENT);

	is_asked(c, in_folder("missing"));
	require(c->captured[1].flags & TL_VALUE_TRUNCATED);
	is_asked(refused(text("missing"), many(100, 10), ENOENT), in_folder("missing"));
}

static void arguments_that_cannot_be_read(void)
{
	const char *const *argv = ARGV("program", NOWHERE);

	require(run_program(becoming(program, ARGV("x")), NOWHERE, argv)->ret == -EFAULT);
	is_asked(run_program(becoming(program, ARGV("x")), text("program"), argv), in_folder("program"));
	is_asked(run_program(becoming(program, ARGV("x")), text("program"), NOWHERE), in_folder("program"));
}

static const uint32_t *low_argv(const char *one, const char *two)
{
	uint32_t *argv = room(3 * sizeof(*argv));

	argv[0] = (uint32_t)(uintptr_t)one;
	argv[1] = (uint32_t)(uintptr_t)two;
	return argv;
}

static void child32(void)
{
	const char *const *argv = ARGV("one", "/dev/null");

	call32_exec(becoming(program, argv), 11, text("./program"), low_argv(text("one"), text("/dev/null")), 0);
}

static void by_the_32_bit_door(void)
{
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	in_child(child32);
	c = call32_exec(becoming(program, ARGV("x")), 11, text("missing"), low_argv(text("one"), text("two")), 0);
	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static const struct test_case cases[] = {
	CASE(program_by_absolute_name),
	CASE(program_by_relative_name),
	CASE(symbolic_link_shows_the_program),
	CASE(arguments_that_would_forge_a_line),
	CASE(script_shows_the_interpreter),
	CASE(script_with_an_argument_for_the_interpreter),
	CASE(script_whose_interpreter_is_a_script),
	CASE(many_arguments),
	CASE(more_arguments_than_an_event_holds),
	CASE(by_another_user),
	CASE(by_a_thread_that_becomes_the_process),
	CASE(program_without_a_name),
	CASE(no_such_program),
	CASE(file_that_cannot_be_run),
	CASE(long_arguments_of_a_call_that_fails),
	CASE(arguments_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("execve", prepare)
