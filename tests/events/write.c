/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/socket.h>

#include "harness.h"

static struct call *write_to(int fd, const char *bytes, size_t n, const char *path)
{
	struct call *c = call(SYS_write, fd, bytes, n);

	require(c->ret == (ssize_t)n);
	is_object(c, path, stat_of_fd(fd));
	return c;
}

static void file(void)
{
	const char *path = new_file("file", 0640), *bytes = text("some bytes\n");
	int fd = open(path, O_WRONLY);

	write_to(fd, bytes, 11, path);
	write_to(fd, bytes, 11, path);
	write_to(fd, text("other bytes\n"), 12, path);
	require(stat_of(path).st_size == 34);
	require(close(fd) == 0);
}

static void more_than_is_captured(void)
{
	char *bytes = room(200);
	int fd = open("/dev/null", O_WRONLY);
	struct call *c;

	memset(bytes, 'b', 200);
	c = write_to(fd, bytes, 64, "/dev/null");
	require(!(c->captured[1].flags & TL_VALUE_TRUNCATED) && c->captured[1].size == 64);
	c = write_to(fd, bytes, 200, "/dev/null");
	require(c->captured[1].flags & TL_VALUE_TRUNCATED && c->captured[1].size == 64);
	require(close(fd) == 0);
}

static void nothing_at_all(void)
{
	int fd = open("/dev/null", O_WRONLY);
	struct call *c = write_to(fd, text("unused"), 0, "/dev/null");

	require(c->captured[1].flags == TL_VALUE_PRESENT && c->captured[1].size == 0);
	require(close(fd) == 0);
}

static void binary_bytes(void)
{
	char *bytes = room(256);
	int fd = open("/dev/null", O_WRONLY);

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (unsigned i = 0; i < 256; i += 64)
		write_to(fd, bytes + i, 64, "/dev/null");
	require(close(fd) == 0);
}

static void symbolic_link_copy_and_deleted_file(void)
{
	const char *path = new_file("object", 0600), *bytes = text("bytes");
	int fd, copy;
	struct call *c;

	require(symlink("object", "link") == 0);
	fd = open("link", O_WRONLY);
	copy = dup(fd);
	write_to(copy, bytes, 5, path);
	require(unlink("object") == 0);
	c = call(SYS_write, fd, bytes, 5);
	require(c->ret == 5);
	is_deleted(c, path, stat_of_fd(fd));
	require(close(fd) == 0 && close(copy) == 0);
}

static void pipe_and_socket(void)
{
	int ends[2], sockets[2];

	require(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	write_to(ends[1], text("in a pipe"), 9, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[1]).st_ino));
	write_to(sockets[1], text("in a socket"), 11,
		 text("socket:[%llu]", (unsigned long long)stat_of_fd(sockets[1]).st_ino));
	require(close(ends[0]) == 0 && close(ends[1]) == 0 && close(sockets[0]) == 0 && close(sockets[1]) == 0);
}

static void nobody_reads(void)
{
	int ends[2];
	struct call *c;

	require(pipe(ends) == 0 && close(ends[0]) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	c = call(SYS_write, ends[1], text("lost"), 4);
	require(c->ret == -EPIPE);
	is_object(c, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[1]).st_ino), stat_of_fd(ends[1]));
	require(close(ends[1]) == 0);
}

static void no_space(void)
{
	int fd = open("/dev/full", O_WRONLY);
	struct call *c = call(SYS_write, fd, text("much"), 4);

	require(c->ret == -ENOSPC);
	is_object(c, "/dev/full", stat_of("/dev/full"));
	require(close(fd) == 0);
}

static void descriptor_that_is_none_or_for_reading(void)
{
	const char *path = new_file("read-only", 0600);
	int fd = open(path, O_RDONLY);
	struct call *c = call(SYS_write, fd, text("bytes"), 5);

	require(c->ret == -EBADF);
	is_object(c, path, stat_of_fd(fd));
	require(close(fd) == 0);
	require(call(SYS_write, 996, text("bytes"), 5)->ret == -EBADF);
}

static void buffer_that_cannot_be_read(void)
{
	const char *path = new_file("untouched", 0600);
	int fd = open(path, O_WRONLY);
	struct call *c = call(SYS_write, fd, NOWHERE, 8);

	require(c->ret == -EFAULT);
	is_object(c, path, stat_of_fd(fd));
	require(close(fd) == 0);
	/* /dev/null takes bytes without a look at them: here they are missing. */
	fd = open("/dev/null", O_WRONLY);
	c = call(SYS_write, fd, NOWHERE, 8);
	require(c->ret == 8 && c->captured[1].flags & TL_VALUE_FAULT);
	is_object(c, "/dev/null", stat_of_fd(fd));
	require(close(fd) == 0);
}

static void by_the_32_bit_door(void)
{
	int fd;
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	fd = open("/dev/null", O_WRONLY);
	c = call32(4, fd, text("bytes"), 5);
	require(c->ret == 5);
	is_object(c, "/dev/null", stat_of_fd(fd));
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(file),
	CASE(more_than_is_captured),
	CASE(nothing_at_all),
	CASE(binary_bytes),
	CASE(symbolic_link_copy_and_deleted_file),
	CASE(pipe_and_socket),
	CASE(nobody_reads),
	CASE(no_space),
	CASE(descriptor_that_is_none_or_for_reading),
	CASE(buffer_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("write", NULL)
