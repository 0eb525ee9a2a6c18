/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

static struct call *listens(int fd, int error)
{
	struct call *c = expect(TL_EVENT_NETWORK, "net_listen");

	require(through_door(c, SYS_listen, fd, 4) == -error);
	c->after = now();
	c->ret = -error;
	is_connection(c, fd, false);
	return c;
}

static void at_a_port_of_v4(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	require(listens(fd, 0)->source.address[0] == 127);
	listens(fd, 0); /* once more, with another backlog */
	require(close(fd) == 0);
}

static void at_a_port_of_v6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (bind(fd, address6(0), sizeof(struct sockaddr_in6)) < 0) {
		skip_case("this machine has no ::1");
		return;
	}
	require(listens(fd, 0)->source.address[15] == 1);
	require(close(fd) == 0);
}

/* The kernel chooses one while it begins to listen. */
static void without_a_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(listens(fd, 0)->source.port != 0);
	require(close(fd) == 0);
}

static void what_cannot_listen(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	listens(fd, EOPNOTSUPP);
	require(close(fd) == 0);
}

static void nothing_of_ip(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	require(listen(fd, 1) == -1);
	require(listen(-1, 1) == -1);
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(at_a_port_of_v4), CASE(at_a_port_of_v6), CASE(without_a_port), CASE(what_cannot_listen), CASE(nothing_of_ip),
};

TEST("net_listen", NULL)
