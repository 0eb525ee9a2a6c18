/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void moved(int from_fd, const char *from, int to_fd, const char *to, const char *claim, const char *path,
		  const char *target_claim, const char *target)
{
	struct stat before = lstat_of(path), other;
	bool is_there = lstat(target, &other) == 0;
	struct call *c = call(SYS_renameat, from_fd, from, to_fd, to);

	require(c->ret == 0 && lstat_of(target).st_ino == before.st_ino);
	is_named(c, claim, path, &before);
	is_target(c, target_claim, target, is_there ? &other : NULL);
}

static void between_two_directories(void)
{
	const char *from, *to = in_folder("b/new");
	int a, b;

	require(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0);
	from = new_file("a/old", 0644);
	a = open("a", O_RDONLY | O_DIRECTORY);
	b = open("b", O_RDONLY | O_DIRECTORY);
	moved(a, text("old"), b, text("new"), from, from, to, to);
	new_file("a/old", 0600);
	moved(a, text("old"), b, text("new"), from, from, to, to);
	moved(b, text("new"), AT_FDCWD, text("here"), to, to, in_folder("here"), in_folder("here"));
	require(close(a) == 0 && close(b) == 0);
}

static void absolute_names(void)
{
	const char *from = new_file("from", 0644), *to = in_folder("to");

	moved(-1, from, 12345, to, from, from, to, to);
}

static void below_a_symbolic_link(void)
{
	require(symlink("a", "alias") == 0);
	new_file("a/inner", 0644);
	moved(AT_FDCWD, text("alias/inner"), AT_FDCWD, text("outer"), in_folder("alias/inner"), in_folder("a/inner"),
	      in_folder("outer"), in_folder("outer"));
}

static void no_such_file_or_descriptor(void)
{
	struct call *c = call(SYS_renameat, AT_FDCWD, text("missing"), AT_FDCWD, text("other"));

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	is_target(c, in_folder("other"), NULL, NULL);
	c = call(SYS_renameat, 989, text("missing"), AT_FDCWD, text("other"));
	require(c->ret == -EBADF);
	is_target(c, in_folder("other"), NULL, NULL);
	c = call(SYS_renameat, AT_FDCWD, text("outer"), 989, text("other"));
	require(c->ret == -EBADF);
	is_asked(c, in_folder("outer"));
}

static void names_that_cannot_be_read(void)
{
	struct call *c = call(SYS_renameat, AT_FDCWD, NOWHERE, AT_FDCWD, NOWHERE);

	require(c->ret == -EFAULT);
}

static void by_the_32_bit_door(void)
{
	struct stat before;
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	new_file("by-32-bit", 0644);
	before = stat_of("by-32-bit");
	c = call32(302, AT_FDCWD, text("by-32-bit"), AT_FDCWD, text("done"));
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
	is_target(c, in_folder("done"), in_folder("done"), NULL);
}

static const struct test_case cases[] = {
	CASE(between_two_directories),	 CASE(absolute_names),
	CASE(below_a_symbolic_link),	 CASE(no_such_file_or_descriptor),
	CASE(names_that_cannot_be_read), CASE(by_the_32_bit_door),
};

TEST("renameat", NULL)
