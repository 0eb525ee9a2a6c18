/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static struct call *changed(int fd, mode_t mode, const char *path)
{
	struct call *c = call(SYS_fchmod, fd, mode);
	struct stat st = stat_of_fd(fd);

	require(c->ret == 0 && (st.st_mode & 07777) == mode);
	is_object(c, path, st);
	return c;
}

static void file(void)
{
	const char *path = new_file("file", 0644);
	int fd = open(path, O_RDONLY);

	changed(fd, 0600, path);
	changed(fd, 0600, path);
	changed(fd, 06711, path);
	require(close(fd) == 0);
}

static void copy_of_a_descriptor_by_a_symbolic_link(void)
{
	const char *path = new_file("object", 0644);
	int fd, copy;

	require(symlink("object", "link") == 0);
	fd = open("link", O_RDONLY);
	copy = dup(fd);
	changed(copy, 0640, path);
	require(close(fd) == 0 && close(copy) == 0);
}

static void directory(void)
{
	int fd;

	require(mkdir("directory", 0755) == 0);
	fd = open("directory", O_RDONLY);
	changed(fd, 0700, in_folder("directory"));
	require(close(fd) == 0);
}

static void renamed_and_deleted_file(void)
{
	int fd = open(new_file("old", 0644), O_RDONLY);

	require(rename("old", "new") == 0);
	changed(fd, 0600, in_folder("new"));
	require(unlink("new") == 0);
	changed(fd, 0640, in_folder("new"))->file_object.flags = TL_VALUE_DELETED;
	require(close(fd) == 0);
}

static void not_permitted_child(void)
{
	int fd = open("owned", O_RDONLY);
	struct call *c;

	become_nobody();
	c = call(SYS_fchmod, fd, 0666);
	require(c->ret == -EPERM);
	is_object(c, in_folder("owned"), stat_of("owned"));
}

static void not_permitted(void)
{
	new_file("owned", 0644);
	in_child(not_permitted_child);
}

static void descriptor_that_is_none_or_a_path_only(void)
{
	const char *path = new_file("path-only", 0644);
	int fd = open(path, O_PATH);
	struct call *c = call(SYS_fchmod, fd, 0600);

	require(c->ret == -EBADF);
	is_object(c, path, stat_of_fd(fd));
	require(close(fd) == 0);
	require(call(SYS_fchmod, 994, 0600)->ret == -EBADF);
}

static void by_the_32_bit_door(void)
{
	const char *path;
	struct call *c;
	int fd;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	path = new_file("by-32-bit", 0644);
	fd = open(path, O_RDONLY);
	c = call32(94, fd, 0600);
	require(c->ret == 0);
	is_object(c, path, stat_of_fd(fd));
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(file),
	CASE(copy_of_a_descriptor_by_a_symbolic_link),
	CASE(directory),
	CASE(renamed_and_deleted_file),
	CASE(not_permitted),
	CASE(descriptor_that_is_none_or_a_path_only),
	CASE(by_the_32_bit_door),
};

TEST("fchmod", NULL)
