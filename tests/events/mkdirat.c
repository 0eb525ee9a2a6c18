/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void made(struct call *c, const char *claim, const char *path)
{
	require(c->ret == 0);
	is_named(c, claim, path, NULL);
}

static void in_a_directory(void)
{
	int fd;

	require(mkdir("a", 0755) == 0);
	fd = open("a", O_RDONLY | O_DIRECTORY);
	made(call(SYS_mkdirat, fd, text("inner"), 0751), in_folder("a/inner"), in_folder("a/inner"));
	require(stat_of("a/inner").st_mode == (S_IFDIR | 0751));
	made(call(SYS_mkdirat, fd, text("../beside"), 0700), in_folder("beside"), in_folder("beside"));
	require(close(fd) == 0);
}

static void in_the_working_directory(void)
{
	made(call(SYS_mkdirat, AT_FDCWD, text("here"), 0700), in_folder("here"), in_folder("here"));
	made(call(SYS_mkdirat, -1, in_folder("absolute"), 0700), in_folder("absolute"), in_folder("absolute"));
}

static void directory_that_was_renamed(void)
{
	int fd;

	require(mkdir("before", 0755) == 0);
	fd = open("before", O_RDONLY | O_DIRECTORY);
	require(rename("before", "after") == 0);
	made(call(SYS_mkdirat, fd, text("inner"), 0700), in_folder("after/inner"), in_folder("after/inner"));
	require(close(fd) == 0);
}

static void below_a_symbolic_link(void)
{
	require(symlink("a", "link") == 0);
	made(call(SYS_mkdirat, AT_FDCWD, text("link/below"), 0700), in_folder("link/below"), in_folder("a/below"));
}

static void no_such_descriptor(void)
{
	require(call(SYS_mkdirat, 995, text("name"), 0700)->ret == -EBADF);
	require(call(SYS_mkdirat, 995, text("name"), 0700)->ret == -EBADF);
}

static void one_that_is_there(void)
{
	int fd = open("a", O_RDONLY | O_DIRECTORY);
	struct call *c = call(SYS_mkdirat, fd, text("inner"), 0700);

	require(c->ret == -EEXIST);
	is_asked(c, in_folder("a/inner"));
	require(close(fd) == 0);
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_mkdirat, AT_FDCWD, NOWHERE, 0700)->ret == -EFAULT);
}

static void by_the_32_bit_door(void)
{
	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	made(call32(296, AT_FDCWD, text("by-32-bit"), 0700), in_folder("by-32-bit"), in_folder("by-32-bit"));
}

static const struct test_case cases[] = {
	CASE(in_a_directory),		CASE(in_the_working_directory), CASE(directory_that_was_renamed),
	CASE(below_a_symbolic_link),	CASE(no_such_descriptor),	CASE(one_that_is_there),
	CASE(name_that_cannot_be_read), CASE(by_the_32_bit_door),
};

TEST("mkdirat", NULL)
