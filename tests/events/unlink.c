/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void removed(const char *name, const char *claim, const char *path)
{
	struct stat before = lstat_of(path);
	struct call *c = call(SYS_unlink, name);

	require(c->ret == 0 && access(path, F_OK) < 0);
	is_named(c, claim, path, &before);
}

static void file_by_absolute_and_relative_name(void)
{
	const char *path = new_file("file", 0644);

	removed(path, path, path);
	new_file("file", 0644);
	removed(path, path, path);
	new_file("file", 0644);
	removed(text("file"), path, path);
}

static void symbolic_link_itself(void)
{
	new_file("object", 0644);
	require(symlink("object", "link") == 0);
	removed(text("link"), in_folder("link"), in_folder("link"));
	require(access("object", F_OK) == 0);
}

static void below_a_symbolic_link(void)
{
	require(mkdir("real", 0755) == 0 && symlink("real", "alias") == 0);
	new_file("real/inner", 0644);
	removed(text("alias/inner"), in_folder("alias/inner"), in_folder("real/inner"));
}

static void one_name_of_two(void)
{
	const char *path = new_file("first", 0644);

	require(link("first", "second") == 0);
	removed(text("second"), in_folder("second"), in_folder("second"));
	require(stat_of(path).st_nlink == 1);
}

static void file_that_is_open(void)
{
	const char *path = new_file("open", 0644);
	int fd = open(path, O_RDONLY);

	removed(path, path, path);
	require(close(fd) == 0);
}

static void no_such_file(void)
{
	struct call *c = call(SYS_unlink, text("missing"));

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static void directory(void)
{
	struct stat before = stat_of("real");
	struct call *c = call(SYS_unlink, text("real"));

	require(c->ret == -EISDIR);
	is_named(c, in_folder("real"), in_folder("real"), &before);
}

static void refused_child(void)
{
	struct stat before = stat_of("kept");
	struct call *c;

	become_nobody();
	c = call(SYS_unlink, text("kept"));
	require(c->ret == -EACCES);
	is_named(c, in_folder("kept"), in_folder("kept"), &before);
}

static void refused(void)
{
	new_file("kept", 0666);
	in_child(refused_child);
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_unlink, NOWHERE)->ret == -EFAULT);
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
	c = call32(10, text("by-32-bit"));
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_and_relative_name),
	CASE(symbolic_link_itself),
	CASE(below_a_symbolic_link),
	CASE(one_name_of_two),
	CASE(file_that_is_open),
	CASE(no_such_file),
	CASE(directory),
	CASE(refused),
	CASE(name_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("unlink", NULL)
