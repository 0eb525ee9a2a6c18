/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix sockets: where both ends are bound, whatever the processes call it, and who is
 * at the other end, whatever it says of itself. */
#include <sys/socket.h>

#include "harness.h"

static int listening(const void *address, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	require(bind(fd, address, (socklen_t)size) == 0 && listen(fd, 8) == 0);
	return fd;
}

/* The far end is what the kernel has of it. */
static struct call *connected(int fd, const void *address, size_t size)
{
	struct call *c = call(SYS_connect, fd, address, size);

	require(c->ret == 0);
	is_socket(c, fd);
	return c;
}

static struct call *accepted(int listener)
{
	struct call *c = call(SYS_accept4, listener, NULL, NULL, 0);
	struct tl_endpoint far;

	if (!require(c->ret >= 0))
		return c;
	is_socket(c, (int)c->ret);
	far = c->destination;
	c->destination = c->source;
	c->source = far;
	return c;
}

/* The path is the file's, not the one that is asked for. */
static void by_a_name_that_leads_there(void)
{
	size_t size = 0;
	void *address = address_unix(in_folder("server"), &size);
	int listener = listening(address, size), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct call *c;

	require(symlink("server", "alias") == 0);
	address = address_unix("alias", &size);
	c = connected(fd, address, size);
	require(strcmp(c->destination.path.data, in_folder("server")) == 0 && c->peer.pid == (uint32_t)getpid());
	c = accepted(listener);
	require(strcmp(c->destination.path.data, in_folder("server")) == 0 && !c->source.path.size);
	require(close(fd) == 0 && close((int)c->ret) == 0 && close(listener) == 0);
}

/* Both ends have names, one of them no file's, with any bytes. */
static void both_ends_have_names(void)
{
	size_t size = 0;
	void *address = address_abstract(text("traceleft \"%d\"", getpid()), &size);
	int listener = listening(address, size), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct call *c;

	address = address_unix("client", &size);
	require(bind(fd, address, (socklen_t)size) == 0);
	address = address_abstract(text("traceleft \"%d\"", getpid()), &size);
	c = connected(fd, address, size);
	require(c->destination.path.size == size - sizeof(sa_family_t));
	require(strcmp(c->source.path.data, in_folder("client")) == 0);
	c = accepted(listener);
	require(strcmp(c->source.path.data, in_folder("client")) == 0);
	require(close(fd) == 0 && close((int)c->ret) == 0 && close(listener) == 0);
}

static int pair[2];
static void *server_address;
static size_t server_size;

static void connect_as_nobody(void)
{
	int fd;

	become_nobody();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	require(connect(fd, server_address, (socklen_t)server_size) == 0 && write(fd, "x", 1) == 1);
	require(read(fd, &(char){ 0 }, 1) == 1); /* until all is noted */
}

/* Who calls is told with the user that it was then, and its program. */
static void somebody_else_calls(void)
{
	int listener;
	struct call *c;
	pid_t pid;

	server_address = address_abstract(text("traceleft-test-%d", getpid()), &server_size);
	listener = listening(server_address, server_size);
	pid = spawn(connect_as_nobody);
	c = accepted(listener);
	require(c->peer.pid == (uint32_t)pid && c->peer_uid == NOBODY && c->peer.executable[0]);
	require(write((int)c->ret, "y", 1) == 1);
	require(reap(pid) == 0);
	require(close((int)c->ret) == 0 && close(listener) == 0);
}

static void connect_and_end(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	require(connect(fd, server_address, (socklen_t)server_size) == 0 && write(fd, "x", 1) == 1);
}

/* Then its number and user are left, but no process. */
static void who_called_is_gone(void)
{
	int listener;
	struct call *c;
	pid_t pid;

	server_address = address_abstract(text("traceleft-test-%d", getpid()), &server_size);
	listener = listening(server_address, server_size);
	pid = spawn(connect_and_end);
	require(reap(pid) == 0);
	c = accepted(listener);
	require(c->peer.pid == (uint32_t)pid && !c->peer.executable[0]);
	require(close((int)c->ret) == 0 && close(listener) == 0);
}

/* Neither end has a name, and both are this process. */
static void between_two_that_were_made_together(void)
{
	struct tl_endpoint near;
	struct call *c;

	require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	c = call(SYS_sendto, pair[0], text("hello"), 5, 0, NULL, 0);
	is_socket(c, pair[0]);
	require(c->ret == 5 && c->peer.pid == (uint32_t)getpid());
	c = call(SYS_recvfrom, pair[1], room(16), 16, 0, NULL, NULL);
	is_socket(c, pair[1]);
	near = c->source;
	c->source = c->destination;
	c->destination = near;
	require(c->ret == 5);
	require(close(pair[0]) == 0 && close(pair[1]) == 0);
}

/* Without a connection it goes where it is sent to, and that is a claim. */
static void datagrams(void)
{
	size_t size = 0, other_size = 0;
	void *address = address_unix("datagrams", &size), *other = address_unix("others", &other_size);
	int to = socket(AF_UNIX, SOCK_DGRAM, 0), elsewhere = socket(AF_UNIX, SOCK_DGRAM, 0), fd;
	struct call *c;

	require(bind(to, address, (socklen_t)size) == 0 && bind(elsewhere, other, (socklen_t)other_size) == 0);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	c = call(SYS_sendto, fd, text("one"), 3, 0, address, size);
	is_socket(c, fd);
	c->destination = endpoint(address, size);
	require(c->ret == 3);
	c = connected(fd, address, size);
	require(strcmp(c->destination.path.data, in_folder("datagrams")) == 0 && !c->peer.pid);
	c = call(SYS_sendto, fd, text("two"), 3, 0, NULL, 0);
	is_socket(c, fd);
	require(c->ret == 3 && strcmp(c->destination.path.data, in_folder("datagrams")) == 0);
	c = call(SYS_sendto, fd, text("three"), 5, 0, other, other_size);
	is_socket(c, fd);
	c->destination = endpoint(other, other_size);
	require(c->ret == 5);
	require(close(fd) == 0 && close(to) == 0 && close(elsewhere) == 0);
}

/* A name that was taken away since says so. */
static void file_that_has_no_name_any_more(void)
{
	size_t size = 0;
	void *address = address_unix("gone", &size);
	int listener = listening(address, size), fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct call *c;

	connected(fd, address, size);
	require(unlink("gone") == 0);
	c = call(SYS_sendto, fd, text("late"), 4, 0, NULL, 0);
	is_socket(c, fd);
	c->destination.path.flags |= TL_VALUE_DELETED;
	require(c->ret == 4);
	require(close(fd) == 0 && close(listener) == 0);
}

static const struct test_case cases[] = {
	CASE(by_a_name_that_leads_there), CASE(both_ends_have_names), CASE(somebody_else_calls), CASE(who_called_is_gone),
	CASE(between_two_that_were_made_together), CASE(datagrams), CASE(file_that_has_no_name_any_more),
};

TEST_OF("unix", NULL, "connect", "accept4", "sendto", "recvfrom")
