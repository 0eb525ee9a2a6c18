/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sched.h>
#include <sys/mount.h>

#include "harness.h"

/* The case's own mount namespace, with nothing that spreads out of it. */
static void private_mounts(void)
{
	struct stat before = stat_of("/");
	struct call *c;

	require(unshare(CLONE_NEWNS) == 0);
	has_moved();
	c = call(SYS_mount, NULL, text("/"), NULL, MS_REC | MS_PRIVATE, NULL);
	require(c->ret == 0);
	is_named(c, "/", "/", &before);
}

static void file_system_child(void)
{
	struct stat before;
	struct call *c;

	private_mounts();
	before = stat_of("point");
	c = call(SYS_mount, text("a source"), text("point"), text("tmpfs"), MS_NODEV | MS_NOSUID,
		 text("size=64k,mode=0711"));
	require(c->ret == 0);
	is_named(c, in_folder("point"), in_folder("point"), &before);
	before = stat_of("point");
	c = call(SYS_mount, NULL, in_folder("point"), NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	require(c->ret == 0);
	is_named(c, in_folder("point"), in_folder("point"), &before);
	require(umount("point") == 0);
}

static void file_system(void)
{
	require(mkdir("point", 0755) == 0);
	in_child(file_system_child);
}

static void bind_child(void)
{
	struct stat before;
	struct call *c;

	private_mounts();
	before = stat_of("other");
	c = call(SYS_mount, text("point"), text("link"), NULL, MS_BIND, NULL);
	require(c->ret == 0);
	is_named(c, in_folder("link"), in_folder("other"), &before);
	require(umount("link") == 0);
}

static void directory_onto_another_by_a_symbolic_link(void)
{
	require(mkdir("other", 0755) == 0 && symlink("other", "link") == 0);
	in_child(bind_child);
}

static void no_such_place_or_type(void)
{
	struct stat before = stat_of("point");
	struct call *c = call(SYS_mount, text("none"), text("missing"), text("tmpfs"), 0, NULL);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	c = call(SYS_mount, text("none"), text("missing"), text("tmpfs"), 0, NULL);
	is_asked(c, in_folder("missing"));
	c = call(SYS_mount, text("none"), text("point"), text("no-such-type"), 0, NULL);
	require(c->ret == -ENODEV);
	is_named(c, in_folder("point"), in_folder("point"), &before);
}

static void not_permitted_child(void)
{
	struct stat before = stat_of("point");
	struct call *c;

	become_nobody();
	c = call(SYS_mount, text("none"), text("point"), text("tmpfs"), 0, NULL);
	require(c->ret == -EPERM);
	is_named(c, in_folder("point"), in_folder("point"), &before);
}

static void not_permitted(void)
{
	in_child(not_permitted_child);
}

static void arguments_that_cannot_be_read(void)
{
	struct call *c = call(SYS_mount, NOWHERE, text("point"), text("tmpfs"), 0, NULL);

	require(c->ret == -EFAULT);
	is_asked(c, in_folder("point"));
	c = call(SYS_mount, NULL, NOWHERE, text("tmpfs"), 0, NULL);
	require(c->ret == -EFAULT);
}

static void long_options_are_cut(void)
{
	char *options = room(400);
	struct stat before = stat_of("point");
	struct call *c;

	memset(options, 'o', 399);
	c = call(SYS_mount, text("none"), text("point"), text("no-such-type"), 0, options);
	require(c->ret == -ENODEV && c->captured[4].flags & TL_VALUE_TRUNCATED);
	is_named(c, in_folder("point"), in_folder("point"), &before);
}

static void by_the_32_bit_door(void)
{
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	c = call32(21, text("none"), text("missing"), text("tmpfs"), 0, NULL);
	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static const struct test_case cases[] = {
	CASE(file_system),
	CASE(directory_onto_another_by_a_symbolic_link),
	CASE(no_such_place_or_type),
	CASE(not_permitted),
	CASE(arguments_that_cannot_be_read),
	CASE(long_options_are_cut),
	CASE(by_the_32_bit_door),
};

TEST("mount", NULL)
