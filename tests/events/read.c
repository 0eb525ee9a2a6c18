/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "harness.h"

#define LONG_TEXT "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz and more"

static int inherited;

static void prepare(void)
{
	fill_file("short", "some bytes\n");
	fill_file("long", LONG_TEXT);
	fill_file("inherited", "of the parent");
	inherited = open("inherited", O_RDONLY);
}

static struct call *read_from(int fd, size_t n, const char *path, ssize_t wanted)
{
	struct call *c = call(SYS_read, fd, room(n + 1), n);

	require(c->ret == wanted);
	is_object(c, path, stat_of_fd(fd));
	return c;
}

static void whole_file_then_its_end(void)
{
	int fd = open("short", O_RDONLY);
	struct call *c = read_from(fd, 64, in_folder("short"), 11);

	require(c->captured[1].size == 11 && memcmp(c->captured[1].data, "some bytes\n", 11) == 0);
	c = read_from(fd, 64, in_folder("short"), 0);
	require(c->captured[1].size == 0 && c->captured[1].flags == TL_VALUE_PRESENT);
	require(close(fd) == 0);
}

struct swap {
	int fd, other, writer;
};

static void *swap_descriptor(void *data)
{
	const struct swap *swap = data;

	usleep(30000); /* the call waits by now */
	require(dup2(swap->other, swap->fd) == swap->fd);
	require(write(swap->writer, "x", 1) == 1);
	return NULL;
}

/* The descriptor stands for another file when the call returns. */
static void descriptor_that_another_thread_changes(void)
{
	const char *fifo = in_folder("fifo");
	struct swap swap;
	pthread_t thread;
	struct call *c;
	struct stat facts;

	require(mkfifo(fifo, 0600) == 0);
	swap.fd = open(fifo, O_RDWR);
	swap.writer = open(fifo, O_RDWR);
	swap.other = open("short", O_RDONLY);
	facts = stat_of_fd(swap.fd);
	require(pthread_create(&thread, NULL, swap_descriptor, &swap) == 0);
	c = call(SYS_read, swap.fd, room(8), 4);
	require(pthread_join(thread, NULL) == 0);
	require(c->ret == 1);
	is_object(c, fifo, facts);
	require(close(swap.fd) == 0 && close(swap.writer) == 0 && close(swap.other) == 0);
}

static void equal_calls(void)
{
	void *buffer = room(16);
	int fd = open("short", O_RDONLY);
	struct call *c;

	for (unsigned i = 0; i < 2; i++) {
		require(lseek(fd, 0, SEEK_SET) == 0);
		c = call(SYS_read, fd, buffer, 4);
		is_object(c, in_folder("short"), stat_of_fd(fd));
	}
	require(close(fd) == 0);
}

static void more_than_is_captured(void)
{
	int fd = open("long", O_RDONLY);
	struct call *c = read_from(fd, 64, in_folder("long"), 64);

	require(!(c->captured[1].flags & TL_VALUE_TRUNCATED));
	require(lseek(fd, 0, SEEK_SET) == 0);
	c = read_from(fd, 65, in_folder("long"), 65);
	require(c->captured[1].flags & TL_VALUE_TRUNCATED && c->captured[1].size == 64);
	require(lseek(fd, 0, SEEK_SET) == 0);
	read_from(fd, 4096, in_folder("long"), sizeof(LONG_TEXT) - 1);
	require(close(fd) == 0);
}

static void inherited_child(void)
{
	read_from(inherited, 6, in_folder("inherited"), 6);
}

static void inherited_and_copied_descriptors(void)
{
	int copy = dup(inherited);

	read_from(copy, 3, in_folder("inherited"), 3);
	in_child(inherited_child);
	require(close(copy) == 0);
}

static void deleted_file(void)
{
	int fd = open("gone", O_RDWR | O_CREAT, 0600);
	struct call *c;

	require(write(fd, "x", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 && unlink("gone") == 0);
	c = call(SYS_read, fd, room(8), 8);
	require(c->ret == 1);
	is_deleted(c, in_folder("gone"), stat_of_fd(fd));
	require(close(fd) == 0);
}

static void pipe_socket_and_counter(void)
{
	int ends[2], sockets[2], counter = eventfd(5, 0);

	require(pipe(ends) == 0 && write(ends[1], "in a pipe", 9) == 9);
	read_from(ends[0], 100, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[0]).st_ino), 9);
	require(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0 && write(sockets[1], "in a socket", 11) == 11);
	read_from(sockets[0], 100, text("socket:[%llu]", (unsigned long long)stat_of_fd(sockets[0]).st_ino), 11);
	read_from(counter, 8, "anon_inode:[eventfd]", 8);
	require(close(ends[0]) == 0 && close(ends[1]) == 0 && close(sockets[0]) == 0 && close(sockets[1]) == 0 &&
		close(counter) == 0);
}

static void binary_bytes(void)
{
	int ends[2];

	require(pipe(ends) == 0 && write(ends[1], "\0\x1b[2J\n\r\"\\\xff\xfe", 10) == 10);
	read_from(ends[0], 10, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[0]).st_ino), 10);
	require(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void nothing_to_read_yet(void)
{
	int ends[2];
	struct call *c;

	require(pipe2(ends, O_NONBLOCK) == 0);
	by_system_call();
	c = call(SYS_read, ends[0], room(8), 8);
	require(c->ret == -EAGAIN);
	is_object(c, text("pipe:[%llu]", (unsigned long long)stat_of_fd(ends[0]).st_ino), stat_of_fd(ends[0]));
	require(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void refused(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct call *c = call(SYS_read, fd, room(8), 8);

	require(c->ret == -EISDIR);
	is_object(c, folder(), stat_of_fd(fd));
	require(call(SYS_read, 997, room(8), 8)->ret == -EBADF);
	require(close(fd) == 0);
}

static void buffer_that_cannot_be_written(void)
{
	int fd = open("short", O_RDONLY);
	struct call *c = call(SYS_read, fd, NOWHERE, 8);

	require(c->ret == -EFAULT);
	is_object(c, in_folder("short"), stat_of_fd(fd));
	c = call(SYS_read, fd, NULL, 0);
	require(c->ret == 0);
	is_object(c, in_folder("short"), stat_of_fd(fd));
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
	fd = open("short", O_RDONLY);
	c = call32(3, fd, room(16), 4);
	require(c->ret == 4);
	is_object(c, in_folder("short"), stat_of_fd(fd));
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(whole_file_then_its_end),
	CASE(descriptor_that_another_thread_changes),
	CASE(equal_calls),
	CASE(more_than_is_captured),
	CASE(inherited_and_copied_descriptors),
	CASE(deleted_file),
	CASE(pipe_socket_and_counter),
	CASE(binary_bytes),
	CASE(nothing_to_read_yet),
	CASE(refused),
	CASE(buffer_that_cannot_be_written),
	CASE(by_the_32_bit_door),
};

TEST("read", prepare)
