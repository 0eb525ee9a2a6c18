/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "harness.h"

/* Listeners of the tester; into the full ones no more connections go. */
static int listener4, listener6, full, filled;
static uint16_t port4, port6, port_full, port_filled, port_closed;

static int listening(int family, int backlog, uint16_t *ret_port)
{
	int fd = socket(family, SOCK_STREAM, 0);
	const void *address = family == AF_INET ? address4(0) : address6(0);

	*ret_port = 0;
	if (fd < 0 || bind(fd, address, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) < 0)
		return -1;
	require(listen(fd, backlog) == 0);
	*ret_port = near_end(fd).port;
	return fd;
}

static void fill(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(connect(fd, address4(port), sizeof(struct sockaddr_in)) == 0);
}

static void prepare(void)
{
	int closed = socket(AF_INET, SOCK_STREAM, 0);

	listener4 = listening(AF_INET, 16, &port4);
	listener6 = listening(AF_INET6, 16, &port6);
	full = listening(AF_INET, 0, &port_full);
	filled = listening(AF_INET, 0, &port_filled);
	fill(port_full);
	fill(port_filled);
	/* Bound, but nobody listens: no other process can take it meanwhile. */
	require(bind(closed, address4(0), sizeof(struct sockaddr_in)) == 0);
	port_closed = near_end(closed).port;
}

/* A socket with a port that is known also when the connection fails. */
static int bound(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	return fd;
}

static void succeeds(int fd, const void *address, size_t size)
{
	struct call *c = expect(TL_EVENT_NETWORK, "net_connect");

	require(through_door(c, SYS_connect, fd, address, size) == 0);
	c->flags = 0; /* it is the connection's, however it was asked for */
	c->after = now();
	c->lasted = 1;
	is_connection(c, fd, false);
	require(close(fd) == 0);
}

static void to_v4(void)
{
	succeeds(socket(AF_INET, SOCK_STREAM, 0), address4(port4), sizeof(struct sockaddr_in));
}

static void to_v6(void)
{
	if (!port6) {
		skip_case("this machine has no ::1");
		return;
	}
	succeeds(socket(AF_INET6, SOCK_STREAM, 0), address6(port6), sizeof(struct sockaddr_in6));
}

static void to_v4_in_v6(void)
{
	struct sockaddr_in6 *address = address6(port4);

	if (!port6) {
		skip_case("this machine has no ::1");
		return;
	}
	memcpy(&address->sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	succeeds(socket(AF_INET6, SOCK_STREAM, 0), address, sizeof(*address));
}

/* It is told when it is over, not when the call returns. */
static void without_waiting(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct call *c = expect(TL_EVENT_NETWORK, "net_connect");

	require(connect(fd, address4(port4), sizeof(struct sockaddr_in)) == -1 && errno == EINPROGRESS);
	require(poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 5000) == 1);
	c->after = now();
	is_connection(c, fd, false);
	require(close(fd) == 0);
}

/* The first packet is dropped; when the second comes this process sleeps, so the
 * kernel's current task is another. */
static void answered_while_the_process_sleeps(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct call *c = expect(TL_EVENT_NETWORK, "net_connect");

	require(connect(fd, address4(port_filled), sizeof(struct sockaddr_in)) == -1 && errno == EINPROGRESS);
	require(accept(filled, NULL, NULL) >= 0);
	require(poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 20000) == 1);
	c->after = now();
	c->lasted = 500000000;
	is_connection(c, fd, false);
	require(c->destination.port == port_filled);
	require(close(fd) == 0);
}

/* Whose connection attempt has failed so, from a bound socket. */
static void fails(int fd, uint16_t port, int error, uint64_t lasted)
{
	struct call *c = expect(TL_EVENT_NETWORK, "net_connect");

	is_connection(c, fd, false);
	c->source = near_end(fd);
	c->destination = endpoint(address4(port), sizeof(struct sockaddr_in));
	c->destination.path.flags = 0; /* the kernel has tried it */
	require(through_door(c, SYS_connect, fd, address4(port), sizeof(struct sockaddr_in)) == -error);
	c->flags = 0;
	c->after = now();
	c->ret = -error;
	c->lasted = lasted;
	require(close(fd) == 0);
}

static void refused(void)
{
	fails(bound(0), port_closed, ECONNREFUSED, 1);
}

static void nobody_answers(void)
{
	int fd = bound(0), once = 1;

	require(setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &once, sizeof(once)) == 0);
	fails(fd, port_full, ETIMEDOUT, 1000000000);
}

static void given_up(void)
{
	int fd = bound(SOCK_NONBLOCK);
	struct call *c = expect(TL_EVENT_NETWORK, "net_connect");

	is_connection(c, fd, false);
	c->source = near_end(fd);
	c->destination = endpoint(address4(port_full), sizeof(struct sockaddr_in));
	c->destination.path.flags = 0;
	require(connect(fd, address4(port_full), sizeof(struct sockaddr_in)) == -1 && errno == EINPROGRESS);
	require(close(fd) == 0);
	c->after = now();
	c->ret = -ECONNABORTED;
}

static void nobody_connects(void)
{
	become_nobody();
	succeeds(socket(AF_INET, SOCK_STREAM, 0), address4(port4), sizeof(struct sockaddr_in));
}

static void by_another_user(void)
{
	in_child(nobody_connects);
}

/* No connection is made, or none of TCP. */
static void nothing_to_tell(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	require(connect(fd, address4(port4), sizeof(struct sockaddr_in)) == 0);
	require(close(fd) == 0);
	require(connect(-1, address4(port4), sizeof(struct sockaddr_in)) == -1);
}

static const struct test_case cases[] = {
	CASE(to_v4),
	CASE(to_v6),
	CASE(to_v4_in_v6),
	CASE(without_waiting),
	CASE(answered_while_the_process_sleeps),
	CASE(refused),
	CASE(nobody_answers),
	CASE(given_up),
	CASE(by_another_user),
	CASE(nothing_to_tell),
};

TEST("net_connect", prepare)
