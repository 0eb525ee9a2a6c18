/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

/* A socket that listens, made by the tester; its port. */
static int listener4, listener6, listener_unix, listener_udp;
static uint16_t port4, port6, port_udp, port_closed;

static uint16_t listening(int fd, const void *address, size_t size)
{
	struct sockaddr_in6 *found = room(sizeof(*found));
	socklen_t n = sizeof(*found);

	if (fd < 0 || bind(fd, address, (socklen_t)size) < 0)
		return 0;
	listen(fd, 16);
	require(getsockname(fd, (struct sockaddr *)found, &n) == 0);
	return be16toh(found->sin6_port);
}

static void prepare(void)
{
	size_t size = 0;
	void *address = address_unix(in_folder("listener"), &size);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listener4 = socket(AF_INET, SOCK_STREAM, 0);
	port4 = listening(listener4, address4(0), sizeof(struct sockaddr_in));
	listener6 = socket(AF_INET6, SOCK_STREAM, 0);
	port6 = listening(listener6, address6(0), sizeof(struct sockaddr_in6));
	listener_udp = socket(AF_INET, SOCK_DGRAM, 0);
	port_udp = listening(listener_udp, address4(0), sizeof(struct sockaddr_in));
	listener_unix = socket(AF_UNIX, SOCK_STREAM, 0);
	listening(listener_unix, address, size);
	/* Bound, but nobody listens: no other process can take it meanwhile. */
	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	port_closed = near_end(fd).port;
}

/* The far end is what the kernel knows, or else what was asked for. */
static struct call *connected(int fd, const void *address, size_t size)
{
	struct call *c = call(SYS_connect, fd, address, size);

	is_socket(c, fd);
	if (!c->destination.port && !c->destination.path.size)
		c->destination = endpoint(address, size);
	return c;
}

static void tcp_v4(void)
{
	void *address = address4(port4);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = connected(fd, address, sizeof(struct sockaddr_in));

	require(c->ret == 0 && c->destination.port == port4 && c->destination.address[0] == 127);
	require(c->source.port != 0 && c->source.address[0] == 127);
	c = connected(fd, address, sizeof(struct sockaddr_in));
	require(c->ret == -EISCONN);
	require(close(fd) == 0);
}

static void tcp_v6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct call *c;

	if (!port6) {
		skip_case("this machine has no ::1");
		return;
	}
	c = connected(fd, address6(port6), sizeof(struct sockaddr_in6));
	require(c->ret == 0 && c->destination.port == port6 && c->destination.address[15] == 1);
	require(close(fd) == 0);
}

static void from_a_bound_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint16_t port;
	struct call *c;

	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	port = near_end(fd).port;
	c = connected(fd, address4(port4), sizeof(struct sockaddr_in));
	require(c->ret == 0 && c->source.port == port);
	require(close(fd) == 0);
}

static void udp_to_one_then_to_another_then_to_none(void)
{
	struct sockaddr *none = room(sizeof(struct sockaddr_in));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct call *c = connected(fd, address4(port_udp), sizeof(struct sockaddr_in));

	require(c->ret == 0 && c->destination.port == port_udp && c->socket_type == SOCK_DGRAM);
	c = connected(fd, address4(port_closed), sizeof(struct sockaddr_in));
	require(c->ret == 0 && c->destination.port == port_closed);
	none->sa_family = AF_UNSPEC;
	c = call(SYS_connect, fd, none, sizeof(struct sockaddr_in));
	require(c->ret == 0);
	is_socket(c, fd);
	c->destination = (struct tl_endpoint){};
	require(close(fd) == 0);
}

static void local(void)
{
	size_t size = 0;
	void *address = address_unix("listener", &size);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct call *c = connected(fd, address, size);

	require(c->ret == 0);
	require(close(fd) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	c = connected(fd, address, size);
	require(c->ret == 0);
	require(close(fd) == 0);
}

static void nobody_listens(void)
{
	size_t size = 0;
	void *address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c;

	by_system_call(); /* a request has ended before its socket forgets the far end */
	c = connected(fd, address4(port_closed), sizeof(struct sockaddr_in));
	require(c->ret == -ECONNREFUSED && c->destination.port == port_closed);
	require(close(fd) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	address = address_unix("missing", &size);
	c = connected(fd, address, size);
	require(c->ret == -ENOENT);
	address = address_abstract("traceleft-test-nobody", &size);
	c = connected(fd, address, size);
	require(c->ret == -ECONNREFUSED);
	require(close(fd) == 0);
}

static void without_waiting(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct call *c;

	by_system_call();
	c = connected(fd, address4(port4), sizeof(struct sockaddr_in));
	require(c->ret == -EINPROGRESS && c->destination.port == port4);
	require(close(fd) == 0);
}

static void family_that_does_not_fit(void)
{
	void *address = address6(port4);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = connected(fd, address, sizeof(struct sockaddr_in6));

	require(c->ret == -EAFNOSUPPORT);
	require(close(fd) == 0);
}

static void descriptor_that_is_none_or_no_socket(void)
{
	void *address = address4(port4);
	int fd = open("/dev/null", O_RDONLY);
	struct call *c = call(SYS_connect, 987, address, sizeof(struct sockaddr_in));

	require(c->ret == -EBADF);
	c->destination = endpoint(address, sizeof(struct sockaddr_in));
	c = call(SYS_connect, fd, address, sizeof(struct sockaddr_in));
	require(c->ret == -ENOTSOCK);
	is_object(c, "/dev/null", stat_of("/dev/null"));
	c->destination = endpoint(address, sizeof(struct sockaddr_in));
	require(close(fd) == 0);
}

static void address_that_cannot_be_read(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = call(SYS_connect, fd, NOWHERE, sizeof(struct sockaddr_in));

	require(c->ret == -EFAULT);
	is_socket(c, fd);
	require(close(fd) == 0);
}

static void by_the_32_bit_door(void)
{
	struct call *c;
	int fd;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	c = call32(362, fd, address4(port4), sizeof(struct sockaddr_in));
	require(c->ret == 0);
	is_socket(c, fd);
	require(c->destination.port == port4);
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(tcp_v4),
	CASE(tcp_v6),
	CASE(from_a_bound_port),
	CASE(udp_to_one_then_to_another_then_to_none),
	CASE(local),
	CASE(nobody_listens),
	CASE(without_waiting),
	CASE(family_that_does_not_fit),
	CASE(descriptor_that_is_none_or_no_socket),
	CASE(address_that_cannot_be_read),
	CASE(by_the_32_bit_door),
};

TEST("connect", prepare)
