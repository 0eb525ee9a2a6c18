/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void changed(const char *name, mode_t mode, const char *claim, const char *path)
{
	struct stat before = lstat_of(path);
	struct call *c = call(SYS_chmod, name, mode);

	require(c->ret == 0);
	is_named(c, claim, path, &before);
	require((stat_of(path).st_mode & 07777) == mode);
}

static void file_by_absolute_and_relative_name(void)
{
	const char *path = new_file("file", 0644);

	changed(path, 0600, path, path);
	changed(path, 0600, path, path);
	changed(text("file"), 04755, path, path);
	changed(text("./././file"), 0640, path, path);
}

static void symbolic_link(void)
{
	const char *path = new_file("object", 0644);

	require(symlink("object", "link") == 0);
	changed(text("link"), 0600, in_folder("link"), path);
}

static void below_a_symbolic_link(void)
{
	const char *path;

	require(mkdir("real", 0755) == 0 && symlink("real", "alias") == 0);
	path = new_file("real/inner", 0644);
	changed(text("alias/inner"), 0600, in_folder("alias/inner"), path);
}

static void directory(void)
{
	changed(text("real/"), 0700, in_folder("real"), in_folder("real"));
}

static void no_such_file(void)
{
	struct call *c = call(SYS_chmod, text("missing"), 0600);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static void not_permitted_child(void)
{
	struct stat before = stat_of("owned");
	struct call *c;

	become_nobody();
	c = call(SYS_chmod, text("owned"), 0666);
	require(c->ret == -EPERM);
	is_named(c, in_folder("owned"), in_folder("owned"), &before);
}

static void not_permitted(void)
{
	new_file("owned", 0644);
	in_child(not_permitted_child);
}

static void name_that_cannot_be_read_or_is_empty(void)
{
	require(call(SYS_chmod, NOWHERE, 0600)->ret == -EFAULT);
	require(call(SYS_chmod, NULL, 0600)->ret == -EFAULT);
	require(call(SYS_chmod, text("%s", ""), 0600)->ret == -ENOENT);
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
	c = call32(15, text("by-32-bit"), 0600);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_and_relative_name),
	CASE(symbolic_link),
	CASE(below_a_symbolic_link),
	CASE(directory),
	CASE(no_such_file),
	CASE(not_permitted),
	CASE(name_that_cannot_be_read_or_is_empty),
	CASE(by_the_32_bit_door),
};

TEST("chmod", NULL)
