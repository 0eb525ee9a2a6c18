/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static struct call *changed(int fd, uid_t owner, gid_t group, const char *path)
{
	struct call *c = call(SYS_fchown, fd, owner, group);
	struct stat st = stat_of_fd(fd);

	require(c->ret == 0 && st.st_uid == owner && st.st_gid == group);
	is_object(c, path, st);
	return c;
}

static void file(void)
{
	const char *path = new_file("file", 0644);
	int fd = open(path, O_RDONLY);

	changed(fd, 1234, 5678, path);
	changed(fd, 1234, 5678, path);
	changed(fd, 0, 1, path);
	require(close(fd) == 0);
}

static void symbolic_link_copy_and_deleted_file(void)
{
	const char *path = new_file("object", 0644);
	int fd, copy;

	require(symlink("object", "link") == 0);
	fd = open("link", O_RDONLY);
	copy = dup(fd);
	changed(copy, 1, 2, path);
	require(unlink("object") == 0);
	changed(fd, 3, 4, path)->file_object.flags = TL_VALUE_DELETED;
	require(close(fd) == 0 && close(copy) == 0);
}

static void pipe_end(void)
{
	int ends[2];

	require(pipe(ends) == 0);
	changed(ends[0], 1, 2, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[0]).st_ino));
	require(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void not_permitted_child(void)
{
	int fd = open("owned", O_RDONLY);
	struct call *c;

	become_nobody();
	c = call(SYS_fchown, fd, NOBODY, NOBODY);
	require(c->ret == -EPERM);
	is_object(c, in_folder("owned"), stat_of("owned"));
}

static void not_permitted(void)
{
	new_file("owned", 0644);
	in_child(not_permitted_child);
}

static void no_such_descriptor(void)
{
	require(call(SYS_fchown, 992, 0, 0)->ret == -EBADF);
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
	c = call32(207, fd, 100000, 100001);
	require(c->ret == 0);
	is_object(c, path, stat_of_fd(fd));
	c = call32(95, fd, 5, 6);
	require(c->ret == 0);
	is_object(c, path, stat_of_fd(fd));
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(file),
	CASE(symbolic_link_copy_and_deleted_file),
	CASE(pipe_end),
	CASE(not_permitted),
	CASE(no_such_descriptor),
	CASE(by_the_32_bit_door),
};

TEST("fchown", NULL)
