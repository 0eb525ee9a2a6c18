/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

static struct call *binds(int fd, const void *address, size_t size, int error)
{
	struct call *c = expect(TL_EVENT_NETWORK, "net_bind");

	require(through_door(c, SYS_bind, fd, address, size) == -error);
	c->after = now();
	c->ret = -error;
	is_connection(c, fd, false);
	if (error)
		c->source = endpoint(address, size);
	return c;
}

static void tcp_v4(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(binds(fd, address4(0), sizeof(struct sockaddr_in), 0)->source.address[0] == 127);
	require(close(fd) == 0);
}

static void udp_v4(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	require(binds(fd, address4(0), sizeof(struct sockaddr_in), 0)->socket_type == SOCK_DGRAM);
	require(close(fd) == 0);
}

static bool has_v6;

static void prepare(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	has_v6 = bind(fd, address6(0), sizeof(struct sockaddr_in6)) == 0;
}

static void tcp_v6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (!has_v6) {
		skip_case("this machine has no ::1");
		return;
	}
	require(binds(fd, address6(0), sizeof(struct sockaddr_in6), 0)->source.address[15] == 1);
	require(close(fd) == 0);
}

static void a_port_that_is_taken(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = binds(fd, address4(0), sizeof(struct sockaddr_in), 0);

	binds(other, address4(c->source.port), sizeof(struct sockaddr_in), EADDRINUSE);
	require(close(fd) == 0 && close(other) == 0);
}

static void an_address_of_nobody_here(void)
{
	struct sockaddr_in *address = address4(7);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address->sin_addr.s_addr = htobe32(0xc0000201); /* 192.0.2.1, for documentation */
	binds(fd, address, sizeof(*address), EADDRNOTAVAIL);
	require(close(fd) == 0);
}

static void nothing_of_ip(void)
{
	size_t size = 0;
	void *address = address_abstract(text("traceleft-test-net-bind-%d", getpid()), &size);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	require(bind(fd, address, (socklen_t)size) == 0);
	require(bind(-1, address4(0), sizeof(struct sockaddr_in)) == -1);
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(tcp_v4), CASE(udp_v4), CASE(tcp_v6), CASE(a_port_that_is_taken), CASE(an_address_of_nobody_here), CASE(nothing_of_ip),
};

TEST("net_bind", prepare)
