/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static struct call *moved(int from_fd, const char *from, int to_fd, const char *to, unsigned flags, const char *path,
			  const char *target)
{
	struct stat before = lstat_of(path), other;
	bool is_there = lstat(target, &other) == 0;
	struct call *c = call(SYS_renameat2, from_fd, from, to_fd, to, flags);

	is_named(c, path, path, &before);
	is_target(c, target, target, is_there ? &other : NULL);
	return c;
}

static void between_two_directories(void)
{
	const char *from, *to = in_folder("b/new");
	int a, b;

	require(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0);
	from = new_file("a/old", 0644);
	a = open("a", O_RDONLY | O_DIRECTORY);
	b = open("b", O_RDONLY | O_DIRECTORY);
	require(moved(a, text("old"), b, text("new"), 0, from, to)->ret == 0);
	new_file("a/old", 0600);
	require(moved(a, text("old"), b, text("new"), 0, from, to)->ret == 0);
	require(close(a) == 0 && close(b) == 0);
}

static void exchange(void)
{
	const char *one = new_file("one", 0644), *two = new_file("two", 0600);
	struct stat before = stat_of(one);

	require(moved(AT_FDCWD, text("one"), AT_FDCWD, text("two"), RENAME_EXCHANGE, one, two)->ret == 0);
	require(stat_of(two).st_ino == before.st_ino);
}

static void not_onto_another(void)
{
	const char *one = in_folder("one"), *two = in_folder("two");

	require(moved(AT_FDCWD, text("one"), AT_FDCWD, text("two"), RENAME_NOREPLACE, one, two)->ret == -EEXIST);
	require(moved(AT_FDCWD, text("one"), AT_FDCWD, text("three"), RENAME_NOREPLACE, one, in_folder("three"))->ret ==
		0);
}

static void no_such_file_or_flags(void)
{
	struct call *c = call(SYS_renameat2, AT_FDCWD, text("missing"), AT_FDCWD, text("other"), 0);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	is_target(c, in_folder("other"), NULL, NULL);
	c = call(SYS_renameat2, AT_FDCWD, text("three"), AT_FDCWD, text("two"), 0x40);
	require(c->ret == -EINVAL);
	is_asked(c, in_folder("three"));
	is_target(c, in_folder("two"), NULL, NULL);
}

static void names_that_cannot_be_read(void)
{
	struct call *c = call(SYS_renameat2, AT_FDCWD, NOWHERE, AT_FDCWD, text("other"), 0);

	require(c->ret == -EFAULT);
	is_target(c, in_folder("other"), NULL, NULL);
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
	c = call32(353, AT_FDCWD, text("by-32-bit"), AT_FDCWD, text("done"), RENAME_NOREPLACE);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
	is_target(c, in_folder("done"), in_folder("done"), NULL);
}

static const struct test_case cases[] = {
	CASE(between_two_directories),	 CASE(exchange),	   CASE(not_onto_another), CASE(no_such_file_or_flags),
	CASE(names_that_cannot_be_read), CASE(by_the_32_bit_door),
};

TEST("renameat2", NULL)
