/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "harness.h"

static int listener4, listener6;
static uint16_t port4, port6;

static void prepare(void)
{
	listener4 = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	require(bind(listener4, address4(0), sizeof(struct sockaddr_in)) == 0 && listen(listener4, 16) == 0);
	port4 = near_end(listener4).port;
	listener6 = socket(AF_INET6, SOCK_STREAM, 0);
	if (bind(listener6, address6(0), sizeof(struct sockaddr_in6)) == 0 && listen(listener6, 16) == 0)
		port6 = near_end(listener6).port;
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(connect(fd, address4(port4), sizeof(struct sockaddr_in)) == 0);
	return fd;
}

static void is_accepted(struct call *c, int fd)
{
	require(fd >= 0);
	c->after = now();
	is_connection(c, fd, true);
	require(c->source.port && c->destination.port);
	require(close(fd) == 0);
}

static void from_v4(void)
{
	int fd = connected();
	struct call *c = expect(TL_EVENT_NETWORK, "net_accept");

	is_accepted(c, (int)through_door(c, SYS_accept, listener4, NULL, NULL));
	require(close(fd) == 0);
}

static void by_accept4(void)
{
	int fd = connected();
	struct call *c = expect(TL_EVENT_NETWORK, "net_accept");

	is_accepted(c, (int)through_door(c, SYS_accept4, listener4, NULL, NULL, SOCK_CLOEXEC));
	require(close(fd) == 0);
}

static void from_v6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct call *c;

	if (!port6) {
		skip_case("this machine has no ::1");
		return;
	}
	require(connect(fd, address6(port6), sizeof(struct sockaddr_in6)) == 0);
	c = expect(TL_EVENT_NETWORK, "net_accept");
	is_accepted(c, (int)through_door(c, SYS_accept, listener6, NULL, NULL));
	require(close(fd) == 0);
}

static void by_the_32_bit_door(void)
{
	uint32_t *words = room(3 * sizeof(*words));
	struct call *c, *by_socketcall;
	int first, second;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	first = connected();
	second = connected();
	words[0] = (uint32_t)listener4;
	c = expect(TL_EVENT_NETWORK, "net_accept");
	is_accepted(c, int80(364, (const long[6]){ listener4 }));
	by_socketcall = expect(TL_EVENT_NETWORK, "net_accept");
	is_accepted(by_socketcall, int80(102, (const long[6]){ 5, (long)words }));
	require(close(first) == 0 && close(second) == 0);
}

/* It is told all the same, with both ends. */
static void who_called_has_reset_it(void)
{
	struct linger at_once = { .l_onoff = 1 };
	int caller = connected(), fd;
	struct tl_endpoint source = near_end(caller);
	struct pollfd called = { .fd = listener4, .events = POLLIN };
	struct call *c;

	require(setsockopt(caller, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0 && close(caller) == 0);
	require(poll(&called, 1, 10000) == 1);
	c = expect(TL_EVENT_NETWORK, "net_accept");
	fd = (int)through_door(c, SYS_accept, listener4, NULL, NULL);
	require(fd >= 0);
	c->after = now();
	is_connection(c, fd, true);
	c->source = source;
	require(c->destination.port == port4 && close(fd) == 0);
}

static void nothing_to_accept(void)
{
	require(accept(listener4, NULL, NULL) == -1 && errno == EAGAIN);
	require(accept(-1, NULL, NULL) == -1 && errno == EBADF);
}

static const struct test_case cases[] = {
	CASE(from_v4),
	CASE(by_accept4),
	CASE(from_v6),
	CASE(by_the_32_bit_door),
	CASE(who_called_has_reset_it),
	CASE(nothing_to_accept),
};

TEST("net_accept", prepare)
