/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container as a program makes one: other mount, pid and network namespaces,
 * and a user's own. Paths are those that the process sees, its pid is the
 * machine's with the inner one beside it, its namespaces are those that it is
 * in at that moment, and a root of a user namespace is the user who made it.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "../events/harness.h"

static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void open_something(void)
{
	opened(call(SYS_openat, AT_FDCWD, text("/etc/passwd"), O_RDONLY), "/etc/passwd");
}

/* To ourselves, which is another machine's address in each namespace. */
static void send_something(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_in *address = address4(4711);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct call *c;

	require(ioctl(fd, SIOCSIFFLAGS, &loopback) == 0);
	c = call(SYS_connect, fd, address, sizeof(*address));
	require(c->ret == 0);
	is_object(c, text("socket:[%lu]", (long)stat_of_fd(fd).st_ino), stat_of_fd(fd));
	is_socket(c, fd);
	require(close(fd) == 0);
}

/* A tree of its own, with only what it was given. */
static void container(void)
{
	require(getpid() == 1);
	require(mkdir("root", 0755) == 0 && mount("none", "root", "tmpfs", 0, NULL) == 0);
	require(mkdir("root/etc", 0755) == 0 && mkdir("root/proc", 0755) == 0);
	require(mknod("root/etc/passwd", S_IFREG | 0644, 0) == 0 &&
		mount("/proc", "root/proc", NULL, MS_MOVE, NULL) == 0);
	require(chdir("root") == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0);
	open_something();
	is_asked(call(SYS_openat, AT_FDCWD, text("etc/../etc/shadow"), O_RDONLY), "/etc/shadow");
	send_something();
}

static void container_with_a_tree_of_its_own(void)
{
	in_namespaces(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET, container);
}

/* One in the other; the pid is that of the innermost. */
static void innermost(void)
{
	require(getpid() == 1);
	open_something();
}

static void outer(void)
{
	in_namespaces(CLONE_NEWNS | CLONE_NEWPID, innermost);
}

static void container_in_a_container(void)
{
	in_namespaces(CLONE_NEWNS | CLONE_NEWPID, outer);
}

/* A process that goes into others while it runs, and comes back. */
static void wanderer(void)
{
	int home = (int)syscall(SYS_open, "/proc/self/ns/net", O_RDONLY);

	open_something();
	require(unshare(CLONE_NEWNET) == 0);
	has_moved();
	open_something();
	send_something();
	require(unshare(CLONE_NEWNS) == 0);
	has_moved();
	open_something();
	require(setns(home, CLONE_NEWNET) == 0);
	has_moved();
	open_something();
	in_child(open_something);
}

static void namespaces_that_change(void)
{
	in_child(wanderer);
}

static void write_file(const char *path, const char *data)
{
	int fd = (int)syscall(SYS_open, path, O_WRONLY);

	require(fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data) && close(fd) == 0);
}

/* The machine's numbers, of whoever calls and of the file's owner, too. */
static void open_by_nobody(struct stat passwd)
{
	struct call *c = call(SYS_openat, AT_FDCWD, text("/etc/passwd"), O_RDONLY);

	c->uid = c->euid = c->gid = c->egid = NOBODY;
	opened(c, "/etc/passwd");
	c->file_object.before = c->file_object.after = passwd;
}

static void nobody_who_calls_himself_root(void)
{
	struct stat passwd = stat_of("/etc/passwd");

	become_nobody();
	require(prctl(PR_SET_DUMPABLE, 1) == 0); /* its files in /proc are its own again */
	if (unshare(CLONE_NEWUSER) < 0) {
		skip_case("this kernel lets nobody make user namespaces");
		return;
	}
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", text("0 %u 1", NOBODY));
	write_file("/proc/self/gid_map", text("0 %u 1", NOBODY));
	require(getuid() == 0 && geteuid() == 0);
	open_by_nobody(passwd);
	require(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0);
	has_moved();
	open_by_nobody(passwd);
}

static void root_of_a_user_namespace(void)
{
	in_child(nobody_who_calls_himself_root);
}

static const struct test_case cases[] = {
	CASE(container_with_a_tree_of_its_own),
	CASE(container_in_a_container),
	CASE(namespaces_that_change),
	CASE(root_of_a_user_namespace),
};

TEST_OF("namespaces", NULL, "openat", "connect")
