/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/openat2.h>

#include "harness.h"

static struct open_how *how(uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how *h = room(sizeof(*h));

	*h = (struct open_how){ .flags = flags, .mode = mode, .resolve = resolve };
	return h;
}

static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void file_in_a_directory(void)
{
	struct open_how *h = how(O_RDONLY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	const char *path;
	int fd;

	require(mkdir("a", 0755) == 0);
	path = new_file("a/file", 0600);
	fd = open("a", O_RDONLY | O_DIRECTORY);
	opened(call(SYS_openat2, fd, text("file"), h, sizeof(*h)), path);
	opened(call(SYS_openat2, fd, text("file"), h, sizeof(*h)), path);
	opened(call(SYS_openat2, fd, text("file"), how(O_RDONLY, 0, 0), sizeof(*h)), path);
	require(close(fd) == 0);
}

static void new_file_gets_its_mode(void)
{
	opened(call(SYS_openat2, AT_FDCWD, text("made"), how(O_CREAT | O_EXCL | O_RDWR, 0601, 0),
		    sizeof(struct open_how)),
	       in_folder("made"));
	require(stat_of("made").st_mode == (S_IFREG | 0601));
}

static void symbolic_link_followed_and_refused(void)
{
	const char *path = new_file("object", 0600);
	struct call *c;

	require(symlink("object", "link") == 0);
	opened(call(SYS_openat2, AT_FDCWD, text("link"), how(O_RDONLY, 0, 0), sizeof(struct open_how)), path);
	c = call(SYS_openat2, AT_FDCWD, text("link"), how(O_RDONLY, 0, RESOLVE_NO_SYMLINKS), sizeof(struct open_how));
	require(c->ret == -ELOOP);
	is_asked(c, in_folder("link"));
}

static void no_such_file(void)
{
	struct call *c = call(SYS_openat2, AT_FDCWD, text("missing"), how(O_RDONLY, 0, 0), sizeof(struct open_how));

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
}

static void way_out_that_is_refused(void)
{
	int fd;
	struct call *c;

	require(mkdir("prison", 0755) == 0);
	fd = open("prison", O_RDONLY | O_DIRECTORY);
	c = call(SYS_openat2, fd, text("../object"), how(O_RDONLY, 0, RESOLVE_BENEATH), sizeof(struct open_how));
	require(c->ret == -EXDEV);
	is_asked(c, in_folder("object"));
	require(close(fd) == 0);
}

static void size_that_is_wrong(void)
{
	struct call *c = call(SYS_openat2, AT_FDCWD, text("missing"), how(O_RDONLY, 0, 0), 8);

	require(c->ret == -EINVAL);
	is_asked(c, in_folder("missing"));
	/* Of what is behind it nothing is told. */
	c->shown = text("openat2(AT_FDCWD, \"missing\", \"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\", 8)"
			" = -1 EINVAL (Invalid argument)");
}

static void arguments_that_cannot_be_read(void)
{
	struct call *c = call(SYS_openat2, AT_FDCWD, text("missing"), NOWHERE, sizeof(struct open_how));

	require(c->ret == -EFAULT);
	is_asked(c, in_folder("missing"));
	c = call(SYS_openat2, AT_FDCWD, NOWHERE, how(O_RDONLY, 0, 0), sizeof(struct open_how));
	require(c->ret == -EFAULT);
}

static void by_the_32_bit_door(void)
{
	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	opened(call32(437, AT_FDCWD, new_file("by-32-bit", 0600), how(O_RDONLY, 0, 0), sizeof(struct open_how)),
	       in_folder("by-32-bit"));
}

static const struct test_case cases[] = {
	CASE(file_in_a_directory),
	CASE(new_file_gets_its_mode),
	CASE(symbolic_link_followed_and_refused),
	CASE(no_such_file),
	CASE(way_out_that_is_refused),
	CASE(size_that_is_wrong),
	CASE(arguments_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("openat2", NULL)
