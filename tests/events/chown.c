/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void changed(const char *name, uid_t owner, gid_t group, const char *claim, const char *path)
{
	struct stat before = stat_of(path), after;
	struct call *c = call(SYS_chown, name, owner, group);

	require(c->ret == 0);
	is_named(c, claim, path, &before);
	after = stat_of(path);
	require(after.st_uid == (owner == (uid_t)-1 ? before.st_uid : owner));
	require(after.st_gid == (group == (gid_t)-1 ? before.st_gid : group));
}

static void file_by_absolute_and_relative_name(void)
{
	const char *path = new_file("file", 0644);

	changed(path, 1234, 5678, path, path);
	changed(path, 1234, 5678, path, path);
	changed(text("file"), NOBODY, (gid_t)-1, path, path);
	changed(text("file"), (uid_t)-1, 0, path, path);
}

static void symbolic_link_leads_to_the_object(void)
{
	const char *path = new_file("object", 0644);

	require(symlink("object", "link") == 0);
	changed(text("link"), 1, 2, in_folder("link"), path);
	require(lstat_of("link").st_uid == 0);
}

static void directory_below_a_symbolic_link(void)
{
	require(mkdir("real", 0755) == 0 && mkdir("real/inner", 0755) == 0 && symlink("real", "alias") == 0);
	changed(text("alias/inner"), 1, 2, in_folder("alias/inner"), in_folder("real/inner"));
}

static void no_such_file(void)
{
	struct call *c = call(SYS_chown, text("missing"), 0, 0);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static void not_permitted_child(void)
{
	struct stat before = stat_of("owned");
	struct call *c;

	become_nobody();
	c = call(SYS_chown, text("owned"), NOBODY, NOBODY);
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
	require(call(SYS_chown, NOWHERE, 0, 0)->ret == -EFAULT);
}

/* chown32, and chown with its identifiers of 16 bits. */
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
	c = call32(212, text("by-32-bit"), 100000, 100001);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
	before = stat_of("by-32-bit");
	c = call32(182, text("by-32-bit"), 3, 4);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), &before);
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_and_relative_name),
	CASE(symbolic_link_leads_to_the_object),
	CASE(directory_below_a_symbolic_link),
	CASE(no_such_file),
	CASE(not_permitted),
	CASE(name_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("chown", NULL)
