/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "harness.h"

static const char *program;

static void copy_to(int out)
{
	int in = open(helper(), O_RDONLY);
	off_t size = lseek(in, 0, SEEK_END), at = 0;

	require(sendfile(out, in, &at, (size_t)size) == size);
	require(close(in) == 0);
}

static void copy_file(const char *name)
{
	int out = open(name, O_WRONLY | O_CREAT, 0755);

	copy_to(out);
	require(close(out) == 0);
}

static void prepare(void)
{
	require(mkdir("folder", 0755) == 0);
	program = in_folder("folder/program");
	copy_file("folder/program");
	require(symlink("program", "folder/link") == 0);
	fill_file("folder/script", text("#!%s\n", program));
	require(chmod("folder/script", 0755) == 0);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Runs in a child: what follows is reached only if the call failed. */
#define run_program(becomes, fd, name, argv, flags) call_exec(becomes, SYS_execveat, fd, name, argv, environ, flags)

static void directory_child(void)
{
	const char *const *argv = ARGV("program", "/dev/null");
	int fd = open("folder", O_PATH | O_DIRECTORY | O_CLOEXEC);

	run_program(becoming(program, argv), fd, text("program"), argv, 0);
}

static void program_in_a_directory(void)
{
	in_child(directory_child);
	in_child(directory_child);
}

static void working_directory_child(void)
{
	const char *const *argv = ARGV("program");

	run_program(becoming(program, argv), AT_FDCWD, text("folder/program"), argv, 0);
}

static void absolute_child(void)
{
	const char *const *argv = ARGV("program", "", "0");

	run_program(becoming(program, argv), -1, program, argv, 0);
}

static void program_by_name(void)
{
	in_child(working_directory_child);
	in_child(absolute_child);
}

static void link_child(void)
{
	const char *const *argv = ARGV("link");
	struct being *b = becoming(program, argv);

	b->comm = "link";
	run_program(b, AT_FDCWD, text("folder/link"), argv, 0);
}

static void symbolic_link_shows_the_program(void)
{
	in_child(link_child);
}

static void descriptor_child(void)
{
	const char *const *argv = ARGV("by descriptor");
	struct being *b = becoming(program, argv);
	int fd = open("folder/program", O_PATH | O_CLOEXEC);

	b->comm = NULL; /* the descriptor's number, or the name, as the kernel is old or new */
	run_program(b, fd, text("%s", ""), argv, AT_EMPTY_PATH);
}

static void descriptor_of_the_program(void)
{
	in_child(descriptor_child);
}

static void memory_child(void)
{
	const char *const *argv = ARGV("in memory");
	int fd = memfd_create("a program", MFD_CLOEXEC);
	struct being *b;

	copy_to(fd);
	b = becoming(text("/proc/self/fd/%d", fd), argv);
	b->executable = "memfd:a program";
	b->deleted = b->is_nowhere = true;
	b->comm = NULL;
	run_program(b, fd, text("%s", ""), argv, AT_EMPTY_PATH);
}

static void program_that_is_nowhere(void)
{
	in_child(memory_child);
}

static void script_child(void)
{
	const char *const *argv = ARGV("dropped", "0");
	int fd = open("folder", O_PATH | O_DIRECTORY); /* the interpreter must find it */
	struct being *b = becoming(program, ARGV(program, text("/dev/fd/%d/script", fd), "0"));

	b->comm = "script";
	run_program(b, fd, text("script"), argv, 0);
}

static void script_shows_the_interpreter(void)
{
	in_child(script_child);
}

static struct call *refused(int fd, const char *name, int flags, int error)
{
	const char *const *argv = ARGV("program", "argument");
	struct call *c = run_program(becoming(program, argv), fd, name, argv, flags);

	require(c->ret == -error);
	return c;
}

static void no_such_program_or_descriptor(void)
{
	int fd = open("folder", O_PATH | O_DIRECTORY);

	is_asked(refused(fd, text("missing"), 0, ENOENT), in_folder("folder/missing"));
	is_asked(refused(fd, text("missing"), 0, ENOENT), in_folder("folder/missing"));
	is_asked(refused(AT_FDCWD, text("missing"), 0, ENOENT), in_folder("missing"));
	refused(985, text("program"), 0, EBADF);
	require(close(fd) == 0);
}

static void link_that_is_refused(void)
{
	is_asked(refused(AT_FDCWD, text("folder/link"), AT_SYMLINK_NOFOLLOW, ELOOP), in_folder("folder/link"));
}

static void flags_that_are_none(void)
{
	is_asked(refused(AT_FDCWD, text("folder/program"), 0x1, EINVAL), in_folder("folder/program"));
}

static void name_that_cannot_be_read(void)
{
	refused(AT_FDCWD, NOWHERE, 0, EFAULT);
}

static void by_the_32_bit_door(void)
{
	uint32_t *argv;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	argv = room(2 * sizeof(*argv));
	argv[0] = (uint32_t)(uintptr_t)text("one");
	is_asked(call32_exec(becoming(program, ARGV("x")), 358, AT_FDCWD, text("missing"), argv, 0, 0),
		 in_folder("missing"));
}

static const struct test_case cases[] = {
	CASE(program_in_a_directory),	     CASE(program_by_name),	    CASE(symbolic_link_shows_the_program),
	CASE(descriptor_of_the_program),     CASE(program_that_is_nowhere), CASE(script_shows_the_interpreter),
	CASE(no_such_program_or_descriptor), CASE(link_that_is_refused),    CASE(flags_that_are_none),
	CASE(name_that_cannot_be_read),	     CASE(by_the_32_bit_door),
};

TEST("execveat", prepare)
