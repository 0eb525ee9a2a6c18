/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

static struct call *made(int family, int type, int protocol)
{
	struct call *c = call(SYS_socket, family, type, protocol);

	if (require(c->ret >= 0)) {
		is_socket(c, (int)c->ret);
		require(close((int)c->ret) == 0);
	}
	return c;
}

static void tcp(void)
{
	struct call *c = made(AF_INET, SOCK_STREAM, 0);

	require(c->socket_type == SOCK_STREAM && c->socket_protocol == IPPROTO_TCP);
	made(AF_INET, SOCK_STREAM, 0);
	made(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
}

static void udp(void)
{
	struct call *c = made(AF_INET, SOCK_DGRAM, IPPROTO_UDP);

	require(c->socket_type == SOCK_DGRAM && c->socket_protocol == IPPROTO_UDP);
	made(AF_INET6, SOCK_DGRAM, 0);
}

static void local(void)
{
	made(AF_UNIX, SOCK_STREAM, 0);
	made(AF_UNIX, SOCK_SEQPACKET, 0);
	made(AF_NETLINK, SOCK_RAW, 0);
}

static void family_type_or_protocol_that_is_none(void)
{
	require(call(SYS_socket, 999, SOCK_STREAM, 0)->ret == -EAFNOSUPPORT);
	require(call(SYS_socket, AF_INET, 0xf, 0)->ret == -EINVAL);
	require(call(SYS_socket, AF_INET, SOCK_STREAM, IPPROTO_UDP)->ret == -EPROTONOSUPPORT);
}

static void not_permitted_child(void)
{
	become_nobody();
	require(call(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP)->ret == -EPERM);
}

static void not_permitted(void)
{
	in_child(not_permitted_child);
}

static void by_the_32_bit_door(void)
{
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	c = call32(359, AF_INET, SOCK_STREAM, 0);
	if (!require(c->ret >= 0))
		return;
	is_socket(c, (int)c->ret);
	require(close((int)c->ret) == 0);
}

static const struct test_case cases[] = {
	CASE(tcp),	     CASE(udp),
	CASE(local),	     CASE(family_type_or_protocol_that_is_none),
	CASE(not_permitted), CASE(by_the_32_bit_door),
};

TEST("socket", NULL)
