/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static struct call *made(const char *name, mode_t mode, const char *claim, const char *path)
{
	struct call *c = call(SYS_mkdir, name, mode);

	require(c->ret == 0);
	is_named(c, claim, path, NULL);
	require(stat_of(path).st_mode == (S_IFDIR | (mode & ~022U)));
	return c;
}

static void by_absolute_and_relative_name(void)
{
	const char *path = in_folder("made");

	made(path, 0777, path, path);
	made(text("other"), 0700, in_folder("other"), in_folder("other"));
	made(text("made/./../made/inner"), 0750, in_folder("made/inner"), in_folder("made/inner"));
}

static void below_a_symbolic_link(void)
{
	require(symlink("made", "link") == 0);
	made(text("link/below"), 0755, in_folder("link/below"), in_folder("made/below"));
}

static void one_that_is_there(void)
{
	struct call *c = call(SYS_mkdir, text("made"), 0700);

	require(c->ret == -EEXIST);
	is_asked(c, in_folder("made"));
	c = call(SYS_mkdir, text("made"), 0700);
	is_asked(c, in_folder("made"));
}

static void below_none(void)
{
	struct call *c = call(SYS_mkdir, text("missing/inner"), 0700);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing/inner"));
}

static void refused_child(void)
{
	struct call *c;

	become_nobody();
	c = call(SYS_mkdir, text("refused"), 0700);
	require(c->ret == -EACCES);
	is_named(c, in_folder("refused"), in_folder("refused"), NULL);
}

static void refused(void)
{
	in_child(refused_child);
}

static void name_that_cannot_be_read_or_is_too_long(void)
{
	char *name = room(4200);
	struct call *c;

	require(call(SYS_mkdir, NOWHERE, 0700)->ret == -EFAULT);
	memset(name, 'z', 4199);
	c = call(SYS_mkdir, name, 0700);
	require(c->ret == -ENAMETOOLONG && c->captured[0].flags & TL_VALUE_TRUNCATED);
	is_asked(c, in_folder(text("%.4095s", name)));
}

static void by_the_32_bit_door(void)
{
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	c = call32(39, text("by-32-bit"), 0700);
	require(c->ret == 0);
	is_named(c, in_folder("by-32-bit"), in_folder("by-32-bit"), NULL);
}

static const struct test_case cases[] = {
	CASE(by_absolute_and_relative_name),
	CASE(below_a_symbolic_link),
	CASE(one_that_is_there),
	CASE(below_none),
	CASE(refused),
	CASE(name_that_cannot_be_read_or_is_too_long),
	CASE(by_the_32_bit_door),
};

TEST("mkdir", NULL)
