/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several messages in one call: the event tells of each where it went, or came from. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "harness.h"

#define MANY 1024 /* as many as the kernel takes */
#define KNOWN 128 /* whose addresses are kept */
#define CAPTURED 8 /* messages that the argument holds; of others there is the address alone */

static struct mmsghdr *messages(unsigned n)
{
	struct mmsghdr *all = room(n * sizeof(*all));
	struct iovec *iov = room(sizeof(*iov));

	iov->iov_base = room(8);
	iov->iov_len = 2;
	for (unsigned i = 0; i < n; i++) {
		all[i].msg_hdr.msg_iov = iov;
		all[i].msg_hdr.msg_iovlen = 1;
	}
	return all;
}

static void to(struct mmsghdr *message, const void *address, size_t size)
{
	message->msg_hdr.msg_name = (void *)address;
	message->msg_hdr.msg_namelen = (socklen_t)size;
}

/* 127.1.0.1 and up, where nobody listens. */
static struct sockaddr_in *somebody(unsigned i)
{
	struct sockaddr_in *address = address4(9);

	address->sin_addr.s_addr = htonl(0x7f010001 + i);
	return address;
}

static struct sockaddr_in6 *somebody6(unsigned i)
{
	struct sockaddr_in6 *address = address6(9);
	struct in_addr v4 = somebody(i)->sin_addr;

	address->sin6_addr = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
	memcpy(&address->sin6_addr.s6_addr[12], &v4, sizeof(v4));
	return address;
}

static void to_three_of_which_one_is_meant_twice(void)
{
	struct tl_endpoint *further = room(2 * sizeof(*further));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct mmsghdr *all = messages(5);
	static const unsigned whom[] = { 0, 1, 0, 2, 1 };
	struct call *c;

	for (unsigned i = 0; i < N_ELEMENTS(whom); i++)
		to(&all[i], somebody(whom[i]), sizeof(struct sockaddr_in));
	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	c = call(SYS_sendmmsg, fd, all, N_ELEMENTS(whom), 0);
	require(c->ret == N_ELEMENTS(whom));
	is_socket(c, fd);
	c->destination = endpoint(somebody(0), sizeof(struct sockaddr_in));
	for (unsigned i = 0; i < 2; i++)
		further[i] = endpoint(somebody(i + 1), sizeof(struct sockaddr_in));
	c->further = further;
	c->n_further = 2;
	require(close(fd) == 0);
}

/* IPv6 addresses are the longest that there have to be room for. */
static void to_as_many_as_there_can_be(void)
{
	struct tl_endpoint *further = room(MANY * sizeof(*further));
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct mmsghdr *all = messages(MANY);
	struct sockaddr_in6 *address = NULL;
	struct call *c;

	for (unsigned i = 0; i < MANY; i++) {
		address = somebody6(i);
		to(&all[i], address, sizeof(*address));
		if (i)
			further[i - 1] = endpoint(address, sizeof(*address));
	}
	c = call(SYS_sendmmsg, fd, all, MANY, 0);
	require(c->ret > CAPTURED);
	is_socket(c, fd);
	c->destination = endpoint(all[0].msg_hdr.msg_name, sizeof(*address));
	c->further = further;
	c->n_further = (c->ret < KNOWN ? (size_t)c->ret : KNOWN) - 1;
	require(close(fd) == 0);
}

/* Without an address a message goes to where the socket is connected to. */
static void elsewhere_and_to_the_connected_end(void)
{
	struct tl_endpoint *further = room(sizeof(*further));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct mmsghdr *all = messages(CAPTURED + 2);
	struct call *c;

	require(connect(fd, (void *)somebody(1), sizeof(struct sockaddr_in)) == 0);
	for (unsigned i = 0; i <= CAPTURED; i++)
		to(&all[i], somebody(2), sizeof(struct sockaddr_in));
	c = call(SYS_sendmmsg, fd, all, CAPTURED + 2, 0);
	require(c->ret == CAPTURED + 2 || c->ret > 0);
	is_socket(c, fd);
	further[0] = c->destination;
	c->destination = endpoint(somebody(2), sizeof(struct sockaddr_in));
	c->further = further;
	c->n_further = c->ret == CAPTURED + 2;
	require(close(fd) == 0);
}

static void none_of_them_over_a_connection(void)
{
	int pair[2];
	struct mmsghdr *all = messages(2);

	require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	is_socket(call(SYS_sendmmsg, pair[0], all, 2, 0), pair[0]);
	require(close(pair[0]) == 0 && close(pair[1]) == 0);
}

/* Nothing was sent, and everybody was meant. */
static void to_none_of_those_that_were_meant(void)
{
	struct tl_endpoint *further = room(CAPTURED * sizeof(*further));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct mmsghdr *all = messages(CAPTURED + 1);
	struct call *c;

	for (unsigned i = 0; i <= CAPTURED; i++) {
		to(&all[i], somebody(i), sizeof(struct sockaddr_in));
		if (i)
			further[i - 1] = endpoint(somebody(i), sizeof(struct sockaddr_in));
	}
	c = call(SYS_sendmmsg, fd, all, CAPTURED + 1, MSG_OOB); /* of datagrams there is no such thing */
	require(c->ret == -EOPNOTSUPP);
	is_socket(c, fd);
	c->destination = endpoint(somebody(0), sizeof(struct sockaddr_in));
	c->further = further;
	c->n_further = CAPTURED;
	require(close(fd) == 0);
}

static void from_each_that_has_sent(void)
{
	struct tl_endpoint *further = room(CAPTURED * sizeof(*further)), near, first = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), sender;
	struct mmsghdr *all = messages(CAPTURED + 1);
	struct call *c;

	require(bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	near = near_end(fd);
	for (unsigned i = 0; i <= CAPTURED; i++) {
		struct sockaddr_in *address = somebody(i);
		socklen_t size = sizeof(*address);

		address->sin_port = 0;
		sender = socket(AF_INET, SOCK_DGRAM, 0);
		require(bind(sender, (void *)address, size) == 0 && getsockname(sender, (void *)address, &size) == 0);
		require(sendto(sender, "hi", 2, 0, address4(near.port), sizeof(*address)) == 2);
		if (i)
			further[i - 1] = endpoint(address, size);
		else
			first = endpoint(address, size);
		to(&all[i], room(sizeof(struct sockaddr_storage)), sizeof(struct sockaddr_storage));
		require(close(sender) == 0);
	}
	c = call(SYS_recvmmsg, fd, all, CAPTURED + 1, MSG_DONTWAIT, NULL);
	require(c->ret == CAPTURED + 1);
	is_socket(c, fd);
	c->source = first;
	c->destination = near;
	c->further = further;
	c->n_further = CAPTURED;
	c->further_are_sources = true;
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(to_three_of_which_one_is_meant_twice),
	CASE(to_as_many_as_there_can_be),
	CASE(elsewhere_and_to_the_connected_end),
	CASE(none_of_them_over_a_connection),
	CASE(to_none_of_those_that_were_meant),
	CASE(from_each_that_has_sent),
};

TEST_OF("messages", NULL, "sendmmsg", "recvmmsg")
