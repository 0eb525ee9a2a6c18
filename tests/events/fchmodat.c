/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void changed(int fd, const char *name, mode_t mode, const char *claim, const char *path)
{
	struct stat before = stat_of(path);
	struct call *c = call(SYS_fchmodat, fd, name, mode);

	require(c->ret == 0);
	is_named(c, claim, path, &before);
	require((stat_of(path).st_mode & 07777) == mode);
}

static void file_in_a_directory(void)
{
	const char *path;
	int fd;

	require(mkdir("a", 0755) == 0);
	path = new_file("a/file", 0644);
	fd = open("a", O_RDONLY | O_DIRECTORY);
	changed(fd, text("file"), 0600, path, path);
	changed(fd, text("file"), 0600, path, path);
	changed(fd, text("../a/file"), 0640, path, path);
	require(close(fd) == 0);
}

static void file_in_the_working_directory(void)
{
	const char *path = new_file("here", 0644);

	changed(AT_FDCWD, text("here"), 0600, path, path);
	changed(-1, path, 0640, path, path);
}

static void symbolic_link(void)
{
	const char *path = new_file("object", 0644);

	require(symlink("object", "link") == 0);
	changed(AT_FDCWD, text("link"), 0600, in_folder("link"), path);
}

static void no_such_file(void)
{
	int fd = open("a", O_RDONLY | O_DIRECTORY);
	struct call *c = call(SYS_fchmodat, fd, text("missing"), 0600);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("a/missing"));
	require(close(fd) == 0);
}

static void no_such_descriptor(void)
{
	require(call(SYS_fchmodat, 993, text("file"), 0600)->ret == -EBADF);
}

static void not_permitted_child(void)
{
	struct stat before = stat_of("owned");
	struct call *c;

	become_nobody();
	c = call(SYS_fchmodat, AT_FDCWD, text("owned"), 0666);
	require(c->ret == -EPERM);
	is_named(c, in_folder("owned"), in_folder("owned"), &before);
}

static void not_permitted(void)
{
	new_file("owned", 0644);
	in_child(not_permitted_child);
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_fchmodat, AT_FDCWD, NOWHERE, 0600)->ret == -EFAULT);
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
	c = call32(306, AT_FDCWD, text("by-32-bit"), 0600);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_in_a_directory),
	CASE(file_in_the_working_directory),
	CASE(symbolic_link),
	CASE(no_such_file),
	CASE(no_such_descriptor),
	CASE(not_permitted),
	CASE(name_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("fchmodat", NULL)
