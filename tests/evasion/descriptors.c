/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acting on a file by a descriptor that this process never opened: passed,
 * taken, copied, inherited or shared. The event says which file it is.
 */
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include "../events/harness.h"

static const char *secret;

static void prepare(void)
{
	fill_file("secret", "of interest\n");
	secret = in_folder("secret");
}

/* Something that changes the file behind the descriptor. */
static void act_on(int fd)
{
	struct stat before = stat_of_fd(fd);
	struct call *c = call(SYS_fchmod, fd, before.st_mode ^ 0022);

	require(c->ret == 0);
	is_object(c, secret, before);
	c->file_object.after = stat_of_fd(fd);
	is_object(call(SYS_ftruncate, fd, before.st_size + 1), secret, c->file_object.after);
}

static int open_secret(void)
{
	int fd = (int)syscall(SYS_open, secret, O_RDWR);

	require(fd >= 0);
	return fd;
}

static void copies(void)
{
	int fd = open_secret();
	int by_dup = dup(fd), by_fcntl = fcntl(fd, F_DUPFD, 200), by_dup2 = dup2(fd, 300);

	require(close(fd) == 0);
	act_on(by_dup);
	act_on(by_fcntl);
	act_on(by_dup2);
	require(close(by_dup) == 0 && close(by_fcntl) == 0 && close(by_dup2) == 0);
}

/* The number of another file, a moment later. */
static void number_that_changes(void)
{
	int fd = (int)syscall(SYS_open, new_file("innocent", 0600), O_RDWR), other = open_secret();
	struct call *c = call(SYS_fchmod, fd, 0600);

	is_object(c, in_folder("innocent"), stat_of("innocent"));
	require(dup2(other, fd) == fd);
	act_on(fd);
	require(close(fd) == 0 && close(other) == 0);
}

static int inherited;

static void heir(void)
{
	act_on(inherited);
}

static void inherited_over_a_fork(void)
{
	inherited = open_secret();
	in_child(heir);
	require(close(inherited) == 0);
}

static void send_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	require(sendmsg(socket, &message, 0) == 1);
}

static int receive_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd = -1;

	require(recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static int ends[2];

static void sender(void)
{
	send_descriptor(ends[1], open_secret());
}

static void passed_over_a_socket(void)
{
	int fd;

	require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	in_child(sender);
	fd = receive_descriptor(ends[0]);
	act_on(fd);
	require(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void owner(void)
{
	require(dup2(open_secret(), 77) == 77);
	require(write(ends[1], "", 1) == 1);
	pause();
}

static pid_t owner_start(void)
{
	char byte;
	pid_t pid;

	require(pipe(ends) == 0);
	pid = spawn(owner);
	require(read(ends[0], &byte, 1) == 1 && close(ends[0]) == 0 && close(ends[1]) == 0);
	return pid;
}

static void owner_end(pid_t pid)
{
	require(kill(pid, SIGKILL) == 0 && WIFSIGNALED(reap(pid)));
}

static void taken_from_another_process(void)
{
	pid_t pid = owner_start();
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	struct call *c = call(SYS_pidfd_getfd, process, 77, 0);

	require(c->ret >= 0);
	is_object(c, secret, stat_of(secret));
	act_on((int)c->ret);
	owner_end(pid);
	require(close((int)c->ret) == 0 && close(process) == 0);
}

static void opened_by_number_of_another_process(void)
{
	pid_t pid = owner_start();
	struct call *c = call(SYS_openat, AT_FDCWD, text("/proc/%d/fd/77", pid), O_RDWR);

	require(c->ret >= 0);
	is_object(c, secret, stat_of(secret));
	act_on((int)c->ret);
	owner_end(pid);
	require(close((int)c->ret) == 0);
}

static volatile int opened_elsewhere;

static void *opener(void *unused)
{
	opened_elsewhere = open_secret();
	return unused;
}

static void opened_by_another_thread(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, opener, NULL) == 0 && pthread_join(thread, NULL) == 0);
	act_on(opened_elsewhere);
	require(close(opened_elsewhere) == 0);
}

/* A process of its own with the same table of descriptors. */
static void opened_by_a_process_that_shares_the_table(void)
{
	struct being *b = being_expected();
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		born_here(b);
		require(dup2(open_secret(), 91) == 91);
		act_on(91);
		_exit(0);
	}
	was_born(b, pid);
	require(reap(pid) == 0);
	act_on(91);
	require(close(91) == 0);
}

static const struct test_case cases[] = {
	CASE(copies),
	CASE(number_that_changes),
	CASE(inherited_over_a_fork),
	CASE(passed_over_a_socket),
	CASE(taken_from_another_process),
	CASE(opened_by_number_of_another_process),
	CASE(opened_by_another_thread),
	CASE(opened_by_a_process_that_shares_the_table),
};

TEST_OF("descriptors", prepare, "fchmod", "ftruncate", "pidfd_getfd", "openat")
