/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void changed(int fd, const char *name, int flags, const char *claim, const char *path)
{
	struct stat before = lstat_of(path), after;
	struct call *c = call(SYS_fchownat, fd, name, 12, 34, flags);

	require(c->ret == 0);
	is_named(c, claim, path, &before);
	after = lstat_of(path);
	require(after.st_uid == 12 && after.st_gid == 34);
}

static void file_in_a_directory(void)
{
	const char *path;
	int fd;

	require(mkdir("a", 0755) == 0);
	path = new_file("a/file", 0644);
	fd = open("a", O_RDONLY | O_DIRECTORY);
	changed(fd, text("file"), 0, path, path);
	changed(fd, text("file"), 0, path, path);
	require(close(fd) == 0);
}

static void file_in_the_working_directory(void)
{
	const char *path = new_file("here", 0644);

	changed(AT_FDCWD, text("here"), 0, path, path);
	changed(-1, path, AT_SYMLINK_NOFOLLOW, path, path);
}

static void symbolic_link_or_what_it_leads_to(void)
{
	const char *path = new_file("object", 0644);

	require(symlink("object", "link") == 0);
	changed(AT_FDCWD, text("link"), 0, in_folder("link"), path);
	changed(AT_FDCWD, text("link"), AT_SYMLINK_NOFOLLOW, in_folder("link"), in_folder("link"));
}

/* Without a name it is the descriptor's own file. */
static void descriptor_itself(void)
{
	const char *path = new_file("itself", 0644);
	int fd = open(path, O_RDONLY);

	changed(fd, text("%s", ""), AT_EMPTY_PATH, path, path);
	require(close(fd) == 0);
}

static void no_such_file_or_descriptor(void)
{
	struct call *c = call(SYS_fchownat, AT_FDCWD, text("missing"), 0, 0, 0);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	require(call(SYS_fchownat, 991, text("file"), 0, 0, 0)->ret == -EBADF);
}

static void flags_that_are_none(void)
{
	struct call *c = call(SYS_fchownat, AT_FDCWD, text("here"), 0, 0, 0x80000);

	require(c->ret == -EINVAL);
	is_asked(c, in_folder("here"));
}

static void not_permitted_child(void)
{
	struct stat before = stat_of("owned");
	struct call *c;

	become_nobody();
	c = call(SYS_fchownat, AT_FDCWD, text("owned"), NOBODY, NOBODY, 0);
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
	require(call(SYS_fchownat, AT_FDCWD, NOWHERE, 0, 0, 0)->ret == -EFAULT);
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
	c = call32(298, AT_FDCWD, text("by-32-bit"), 7, 8, 0);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_in_a_directory), CASE(file_in_the_working_directory), CASE(symbolic_link_or_what_it_leads_to),
	CASE(descriptor_itself),   CASE(no_such_file_or_descriptor),	CASE(flags_that_are_none),
	CASE(not_permitted),	   CASE(name_that_cannot_be_read),	CASE(by_the_32_bit_door),
};

TEST("fchownat", NULL)
