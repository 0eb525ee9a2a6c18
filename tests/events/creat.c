/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void new_file_gets_its_mode(void)
{
	const char *path = in_folder("made");

	opened(call(SYS_creat, path, 0640), path);
	require(stat_of(path).st_mode == (S_IFREG | 0640));
	opened(call(SYS_creat, path, 0640), path);
	opened(call(SYS_creat, text("other"), 0600), in_folder("other"));
}

static void symbolic_link_shows_what_is_made(void)
{
	require(symlink("made-by-link", "link") == 0);
	opened(call(SYS_creat, text("link"), 0600), in_folder("made-by-link"));
}

static void no_such_directory(void)
{
	struct call *c = call(SYS_creat, text("missing/file"), 0600);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing/file"));
}

static void directory_that_is_there(void)
{
	struct call *c = call(SYS_creat, text("."), 0600);

	require(c->ret == -EISDIR);
	is_asked(c, folder());
}

static void refused_child(void)
{
	struct call *c;

	become_nobody();
	c = call(SYS_creat, text("refused"), 0600);
	require(c->ret == -EACCES);
	is_asked(c, in_folder("refused"));
}

static void refused(void)
{
	in_child(refused_child);
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_creat, NOWHERE, 0600)->ret == -EFAULT);
}

static void by_the_32_bit_door(void)
{
	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	opened(call32(8, text("by-32-bit"), 0600), in_folder("by-32-bit"));
}

static const struct test_case cases[] = {
	CASE(new_file_gets_its_mode),
	CASE(symbolic_link_shows_what_is_made),
	CASE(no_such_directory),
	CASE(directory_that_is_there),
	CASE(refused),
	CASE(name_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("creat", NULL)
