/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

struct buffer {
	struct sockaddr_in6 address;
	socklen_t size;
};

static struct buffer *buffer(void)
{
	struct buffer *b = room(sizeof(*b));

	b->size = sizeof(b->address);
	return b;
}

static int listening(const void *address, size_t size, int flags)
{
	const struct sockaddr *any = address;
	int fd = socket(any->sa_family, SOCK_STREAM | flags, 0);

	if (fd < 0 || bind(fd, address, (socklen_t)size) < 0 || listen(fd, 8) < 0)
		return -1;
	return fd;
}

static int caller(int family, const void *address, size_t size)
{
	int fd = socket(family, SOCK_STREAM, 0);

	require(connect(fd, address, (socklen_t)size) == 0);
	return fd;
}

/* Who calls is the source. */
static void accepted(struct call *c)
{
	if (!require(c->ret >= 0))
		return;
	is_socket(c, (int)c->ret);
	c->source = far_end((int)c->ret);
	c->destination = near_end((int)c->ret);
}

static void tcp_v4(void)
{
	int fd = listening(address4(0), sizeof(struct sockaddr_in), 0), from;
	uint16_t port = near_end(fd).port;
	struct buffer *b = buffer();
	struct call *c;

	from = caller(AF_INET, address4(port), sizeof(struct sockaddr_in));
	c = call(SYS_accept4, fd, &b->address, &b->size, SOCK_CLOEXEC);
	accepted(c);
	require(c->destination.port == port && c->source.port == near_end(from).port);
	require(b->size == sizeof(struct sockaddr_in));
	require(close(from) == 0 && close((int)c->ret) == 0);
	from = caller(AF_INET, address4(port), sizeof(struct sockaddr_in));
	c = call(SYS_accept4, fd, NULL, NULL, SOCK_NONBLOCK);
	accepted(c);
	require(c->source.port == near_end(from).port);
	require(close(from) == 0 && close((int)c->ret) == 0 && close(fd) == 0);
}

static void tcp_v6(void)
{
	int fd = listening(address6(0), sizeof(struct sockaddr_in6), 0), from;
	struct buffer *b = buffer();
	struct call *c;

	if (fd < 0) {
		skip_case("this machine has no ::1");
		return;
	}
	from = caller(AF_INET6, address6(near_end(fd).port), sizeof(struct sockaddr_in6));
	c = call(SYS_accept4, fd, &b->address, &b->size, 0);
	accepted(c);
	require(c->source.address[15] == 1);
	require(close(from) == 0 && close((int)c->ret) == 0 && close(fd) == 0);
}

static void local(void)
{
	struct buffer *b = buffer();
	size_t size = 0;
	void *address = address_unix("listener", &size);
	int fd = listening(address, size, 0), from = caller(AF_UNIX, address, size);
	struct call *c = call(SYS_accept4, fd, &b->address, &b->size, 0);

	accepted(c);
	require(close(from) == 0 && close((int)c->ret) == 0 && close(fd) == 0);
}

static void nobody_calls(void)
{
	int fd = listening(address4(0), sizeof(struct sockaddr_in), SOCK_NONBLOCK);
	struct buffer *b = buffer();

	by_system_call();
	require(call(SYS_accept4, fd, &b->address, &b->size, 0)->ret == -EAGAIN);
	require(call(SYS_accept4, fd, NULL, NULL, 0)->ret == -EAGAIN);
	require(close(fd) == 0);
}

/* A server uses its buffer again and again: it tells nothing of a call that failed. */
static void nobody_calls_and_the_buffer_tells_of_the_last_one(void)
{
	int fd = listening(address4(0), sizeof(struct sockaddr_in), SOCK_NONBLOCK), from;
	struct buffer *b = buffer();
	struct call *c;

	from = caller(AF_INET, address4(near_end(fd).port), sizeof(struct sockaddr_in));
	c = call(SYS_accept4, fd, &b->address, &b->size, 0);
	accepted(c);
	require(close(from) == 0 && close((int)c->ret) == 0);
	by_system_call();
	require(call(SYS_accept4, fd, &b->address, &b->size, 0)->ret == -EAGAIN);
	require(close(fd) == 0);
}

static void descriptor_that_is_none_no_socket_or_does_not_listen(void)
{
	int fd = open("/dev/null", O_RDONLY);

	require(call(SYS_accept4, 986, NULL, NULL, 0)->ret == -EBADF);
	require(call(SYS_accept4, 986, NULL, NULL, 0)->ret == -EBADF);
	require(call(SYS_accept4, fd, NULL, NULL, 0)->ret == -ENOTSOCK);
	require(close(fd) == 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	require(call(SYS_accept4, fd, NULL, NULL, 0)->ret == -EINVAL);
	require(call(SYS_accept4, fd, NULL, NULL, 0x10)->ret == -EINVAL);
	require(close(fd) == 0);
}

static void address_that_cannot_be_written(void)
{
	int fd = listening(address4(0), sizeof(struct sockaddr_in), 0), from;
	struct buffer *b = buffer();
	struct call *c;

	from = caller(AF_INET, address4(near_end(fd).port), sizeof(struct sockaddr_in));
	c = call(SYS_accept4, fd, NOWHERE, &b->size, 0);
	require(c->ret == -EFAULT);
	require(close(from) == 0 && close(fd) == 0);
}

static void by_the_32_bit_door(void)
{
	int fd, from;
	struct buffer *b;
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	b = buffer();
	fd = listening(address4(0), sizeof(struct sockaddr_in), 0);
	from = caller(AF_INET, address4(near_end(fd).port), sizeof(struct sockaddr_in));
	c = call32(364, fd, &b->address, &b->size, 0);
	accepted(c);
	require(close(from) == 0 && close((int)c->ret) == 0 && close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(tcp_v4),
	CASE(tcp_v6),
	CASE(local),
	CASE(nobody_calls),
	CASE(nobody_calls_and_the_buffer_tells_of_the_last_one),
	CASE(descriptor_that_is_none_no_socket_or_does_not_listen),
	CASE(address_that_cannot_be_written),
	CASE(by_the_32_bit_door),
};

TEST("accept4", NULL)
