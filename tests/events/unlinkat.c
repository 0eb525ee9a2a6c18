/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void removed(int fd, const char *name, int flags, const char *claim, const char *path)
{
	struct stat before = lstat_of(path);
	struct call *c = call(SYS_unlinkat, fd, name, flags);

	require(c->ret == 0 && access(path, F_OK) < 0);
	is_named(c, claim, path, &before);
}

static void file_in_a_directory(void)
{
	const char *path;
	int fd;

	require(mkdir("a", 0755) == 0);
	path = new_file("a/file", 0644);
	fd = open("a", O_RDONLY | O_DIRECTORY);
	removed(fd, text("file"), 0, path, path);
	new_file("a/file", 0644);
	removed(fd, text("file"), 0, path, path);
	new_file("beside", 0644);
	removed(fd, text("../beside"), 0, in_folder("beside"), in_folder("beside"));
	require(close(fd) == 0);
}

static void file_in_the_working_directory(void)
{
	const char *path = new_file("here", 0644);

	removed(AT_FDCWD, text("here"), 0, path, path);
	new_file("here", 0644);
	removed(-1, path, 0, path, path);
}

static void directory(void)
{
	require(mkdir("directory", 0700) == 0);
	removed(AT_FDCWD, text("directory"), AT_REMOVEDIR, in_folder("directory"), in_folder("directory"));
}

static void below_a_symbolic_link(void)
{
	require(symlink("a", "link") == 0 && mkdir("a/inner", 0700) == 0);
	removed(AT_FDCWD, text("link/inner"), AT_REMOVEDIR, in_folder("link/inner"), in_folder("a/inner"));
}

static void directory_that_is_not_empty(void)
{
	struct stat before;
	struct call *c;

	require(mkdir("full", 0700) == 0 && mkdir("full/inner", 0700) == 0);
	before = stat_of("full");
	c = call(SYS_unlinkat, AT_FDCWD, text("full"), AT_REMOVEDIR);
	require(c->ret == -ENOTEMPTY);
	is_named(c, in_folder("full"), in_folder("full"), &before);
}

static void no_such_file_or_descriptor(void)
{
	struct call *c = call(SYS_unlinkat, AT_FDCWD, text("missing"), 0);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	require(call(SYS_unlinkat, 990, text("file"), 0)->ret == -EBADF);
}

static void flags_that_are_none(void)
{
	struct call *c = call(SYS_unlinkat, AT_FDCWD, text("full"), 0x1);

	require(c->ret == -EINVAL);
	is_asked(c, in_folder("full"));
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_unlinkat, AT_FDCWD, NOWHERE, 0)->ret == -EFAULT);
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
	c = call32(301, AT_FDCWD, text("by-32-bit"), 0);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_in_a_directory),   CASE(file_in_the_working_directory), CASE(directory),
	CASE(below_a_symbolic_link), CASE(directory_that_is_not_empty),	  CASE(no_such_file_or_descriptor),
	CASE(flags_that_are_none),   CASE(name_that_cannot_be_read),	  CASE(by_the_32_bit_door),
};

TEST("unlinkat", NULL)
