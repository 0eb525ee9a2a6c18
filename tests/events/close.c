/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "harness.h"

static int inherited;

static void prepare(void)
{
	new_file("inherited", 0600);
	inherited = open("inherited", O_RDONLY);
}

static void closed(int fd, const char *path)
{
	struct stat st = stat_of_fd(fd);
	struct call *c = call(SYS_close, fd);

	require(c->ret == 0);
	is_object(c, path, st);
}

static void file(void)
{
	const char *path = new_file("file", 0640);
	int fd = open(path, O_RDONLY);

	closed(fd, path);
	fd = open(path, O_WRONLY);
	closed(fd, path);
}

static void symbolic_link_shows_what_it_leads_to(void)
{
	const char *path = new_file("object", 0600);

	require(symlink("object", "link") == 0);
	closed(open("link", O_RDONLY), path);
}

static void copies_of_a_descriptor(void)
{
	const char *path = new_file("copied", 0600);
	int fd = open(path, O_RDONLY);

	closed(dup(fd), path);
	closed(dup2(fd, 777), path);
	closed(fcntl(fd, F_DUPFD_CLOEXEC, 100), path);
	closed(fd, path);
}

static void inherited_child(void)
{
	closed(inherited, in_folder("inherited"));
}

static void inherited_descriptor(void)
{
	in_child(inherited_child);
	closed(inherited, in_folder("inherited"));
}

/* One table of descriptors in two processes. */
static void shared_descriptor(void)
{
	const char *path = new_file("shared", 0600);
	int fd = open(path, O_RDONLY);
	struct being *b = being_expected();
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		born_here(b);
		closed(fd, path);
		_exit(0);
	}
	was_born(b, pid);
	require(reap(pid) == 0);
	require(call(SYS_close, fd)->ret == -EBADF);
}

static void passed_descriptor(void)
{
	const char *path = new_file("passed", 0600);
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int pair[2], fd = open(path, O_RDONLY), received = -1;

	require(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	require(sendmsg(pair[0], &message, 0) == 1);
	closed(fd, path);
	require(recvmsg(pair[1], &message, 0) == 1);
	memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(received));
	closed(received, path);
	closed(pair[0], text("socket:[%llu]", (unsigned long long)stat_of_fd(pair[0]).st_ino));
	closed(pair[1], text("socket:[%llu]", (unsigned long long)stat_of_fd(pair[1]).st_ino));
}

static void renamed_file_shows_its_new_name(void)
{
	const char *path = new_file("old-name", 0600);
	int fd = open(path, O_RDONLY);

	require(rename("old-name", "new-name") == 0);
	closed(fd, in_folder("new-name"));
}

static void deleted_file(void)
{
	const char *path = new_file("deleted", 0600);
	int fd = open(path, O_RDONLY);
	struct stat st;
	struct call *c;

	require(unlink(path) == 0);
	st = stat_of_fd(fd);
	c = call(SYS_close, fd);
	is_deleted(c, path, st);
	/* A file that is really called so is not taken for one. */
	path = new_file("kept (deleted)", 0600);
	closed(open(path, O_RDONLY), path);
}

static void objects_without_a_tree(void)
{
	int pair[2], fd;

	require(pipe(pair) == 0);
	closed(pair[0], text("pipe:[%llu]", (unsigned long long)stat_of_fd(pair[0]).st_ino));
	closed(pair[1], text("pipe:[%llu]", (unsigned long long)stat_of_fd(pair[1]).st_ino));
	closed(eventfd(0, 0), "anon_inode:[eventfd]");
	closed(epoll_create1(0), "anon_inode:[eventpoll]");
	fd = memfd_create("a memory", 0);
	closed(fd, "memfd:a memory");
}

static void directory_and_path_only(void)
{
	closed(open(".", O_RDONLY | O_DIRECTORY), folder());
	closed(open("/dev/null", O_PATH), "/dev/null");
}

static void no_such_descriptor(void)
{
	require(call(SYS_close, 998)->ret == -EBADF);
	require(call(SYS_close, 998)->ret == -EBADF);
	require(call(SYS_close, -1)->ret == -EBADF);
}

static void by_the_32_bit_door(void)
{
	const char *path;
	struct call *c;
	int fd;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	path = new_file("by-32-bit", 0600);
	fd = open(path, O_RDONLY);
	c = call32(6, fd);
	require(c->ret == 0);
	is_object(c, path, stat_of(path));
	require(call32(6, fd)->ret == -EBADF);
}

static const struct test_case cases[] = {
	CASE(file),
	CASE(symbolic_link_shows_what_it_leads_to),
	CASE(copies_of_a_descriptor),
	CASE(inherited_descriptor),
	CASE(shared_descriptor),
	CASE(passed_descriptor),
	CASE(renamed_file_shows_its_new_name),
	CASE(deleted_file),
	CASE(objects_without_a_tree),
	CASE(directory_and_path_only),
	CASE(no_such_descriptor),
	CASE(by_the_32_bit_door),
};

TEST("close", prepare)
