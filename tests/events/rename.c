/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void moved(const char *from, const char *to, const char *claim, const char *path, const char *target_claim,
		  const char *target)
{
	struct stat before = lstat_of(path), other;
	bool is_there = lstat(target, &other) == 0;
	struct call *c = call(SYS_rename, from, to);

	require(c->ret == 0 && lstat_of(target).st_ino == before.st_ino);
	is_named(c, claim, path, &before);
	is_target(c, target_claim, target, is_there ? &other : NULL);
}

static void file_by_absolute_names(void)
{
	const char *from = new_file("old", 0644), *to = in_folder("new");

	moved(from, to, from, from, to, to);
	new_file("old", 0600);
	moved(from, to, from, from, to, to);
}

static void file_by_relative_names_into_a_directory(void)
{
	new_file("file", 0644);
	require(mkdir("directory", 0755) == 0);
	moved(text("file"), text("directory/./file"), in_folder("file"), in_folder("file"), in_folder("directory/file"),
	      in_folder("directory/file"));
}

static void directory(void)
{
	moved(text("directory"), text("folder"), in_folder("directory"), in_folder("directory"), in_folder("folder"),
	      in_folder("folder"));
}

static void symbolic_link_itself(void)
{
	new_file("object", 0644);
	require(symlink("object", "link") == 0);
	moved(text("link"), text("link-2"), in_folder("link"), in_folder("link"), in_folder("link-2"),
	      in_folder("link-2"));
}

static void below_symbolic_links(void)
{
	require(symlink("folder", "alias") == 0);
	new_file("folder/one", 0644);
	moved(text("alias/one"), text("alias/two"), in_folder("alias/one"), in_folder("folder/one"),
	      in_folder("alias/two"), in_folder("folder/two"));
}

static void no_such_file(void)
{
	struct call *c = call(SYS_rename, text("missing"), text("other"));

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	is_target(c, in_folder("other"), NULL, NULL);
}

static void directory_into_itself(void)
{
	struct call *c = call(SYS_rename, text("folder"), text("folder/inner"));

	require(c->ret == -EINVAL);
	is_asked(c, in_folder("folder"));
	is_target(c, in_folder("folder/inner"), NULL, NULL);
}

static void refused_child(void)
{
	struct stat before = stat_of("kept");
	struct call *c;

	become_nobody();
	c = call(SYS_rename, text("kept"), text("taken"));
	require(c->ret == -EACCES);
	is_named(c, in_folder("kept"), in_folder("kept"), &before);
	is_target(c, in_folder("taken"), in_folder("taken"), NULL);
}

static void refused(void)
{
	new_file("kept", 0666);
	in_child(refused_child);
}

static void names_that_cannot_be_read(void)
{
	struct call *c = call(SYS_rename, NOWHERE, text("other"));

	require(c->ret == -EFAULT);
	is_target(c, in_folder("other"), NULL, NULL);
	c = call(SYS_rename, text("kept"), NOWHERE);
	require(c->ret == -EFAULT);
	is_asked(c, in_folder("kept"));
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
	c = call32(38, text("by-32-bit"), text("done"));
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
	is_target(c, in_folder("done"), in_folder("done"), NULL);
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_names),
	CASE(file_by_relative_names_into_a_directory),
	CASE(directory),
	CASE(symbolic_link_itself),
	CASE(below_symbolic_links),
	CASE(no_such_file),
	CASE(directory_into_itself),
	CASE(refused),
	CASE(names_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("rename", NULL)
