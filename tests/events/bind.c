/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

/* Of a bound socket only the near end is known. */
static struct call *bound(int fd, const void *address, size_t size)
{
	struct call *c = call(SYS_bind, fd, address, size);

	is_socket(c, fd);
	c->destination = (struct tl_endpoint){};
	return c;
}

static void port_that_the_kernel_chooses(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = bound(fd, address4(0), sizeof(struct sockaddr_in));

	require(c->ret == 0 && c->source.port != 0 && c->source.address[0] == 127);
	require(close(fd) == 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	c = bound(fd, address4(0), sizeof(struct sockaddr_in));
	require(c->ret == 0 && c->source.port != 0);
	require(close(fd) == 0);
}

static void port_that_is_asked_for_and_already_taken(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = bound(fd, address4(0), sizeof(struct sockaddr_in));
	uint16_t port = c->source.port;
	void *address = address4(port);

	require(c->ret == 0);
	c = bound(other, address, sizeof(struct sockaddr_in));
	require(c->ret == -EADDRINUSE);
	c->source = endpoint(address, sizeof(struct sockaddr_in));
	c = bound(fd, address, sizeof(struct sockaddr_in));
	require(c->ret == -EINVAL);
	c->source = endpoint(address, sizeof(struct sockaddr_in));
	require(close(fd) == 0);
	c = bound(other, address, sizeof(struct sockaddr_in));
	require(c->ret == 0 && c->source.port == port);
	require(close(other) == 0);
}

static void v6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct call *c;

	if (fd < 0) {
		skip_case("this machine has no IPv6");
		return;
	}
	c = bound(fd, address6(0), sizeof(struct sockaddr_in6));
	if (c->ret == -EADDRNOTAVAIL) {
		c->source = endpoint(address6(0), sizeof(struct sockaddr_in6));
		skip_case("this machine has no ::1");
		return;
	}
	require(c->ret == 0 && c->source.port != 0 && c->source.address[15] == 1);
	require(close(fd) == 0);
}

static void local_names(void)
{
	size_t size = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	void *address = address_unix("socket", &size);
	struct call *c = bound(fd, address, size);

	require(c->ret == 0 && S_ISSOCK(stat_of("socket").st_mode));
	require(strcmp(c->source.path.data, in_folder("socket")) == 0);
	require(close(fd) == 0);

	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	address = address_unix(in_folder("datagrams"), &size);
	c = bound(fd, address, size);
	require(c->ret == 0);
	require(close(fd) == 0);

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	address = address_abstract(text("traceleft-test-%d", getpid()), &size);
	c = bound(fd, address, size);
	require(c->ret == 0 && c->source.path.size == size - sizeof(sa_family_t));
	require(close(fd) == 0);

	/* One that the kernel chooses. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	c = bound(fd, address, sizeof(sa_family_t));
	require(c->ret == 0 && c->source.path.size == 6 && !c->source.path.data[0]);
	require(close(fd) == 0);
}

static void local_name_that_is_there(void)
{
	size_t size = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	void *address = address_unix("socket", &size);
	struct call *c = bound(fd, address, size);

	require(c->ret == -EADDRINUSE);
	c->source = endpoint(address, size);
	require(close(fd) == 0);
}

static void descriptor_that_is_none_or_no_socket(void)
{
	void *address = address4(1);
	int fd = open("/dev/null", O_RDONLY);
	struct call *c = call(SYS_bind, 988, address, sizeof(struct sockaddr_in));

	require(c->ret == -EBADF);
	c->source = endpoint(address, sizeof(struct sockaddr_in));
	c = call(SYS_bind, fd, address, sizeof(struct sockaddr_in));
	require(c->ret == -ENOTSOCK);
	is_object(c, "/dev/null", stat_of("/dev/null"));
	c->source = endpoint(address, sizeof(struct sockaddr_in));
	require(close(fd) == 0);
}

static void address_that_cannot_be_read_or_is_too_short(void)
{
	void *address = address4(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c;

	require(bound(fd, NOWHERE, sizeof(struct sockaddr_in))->ret == -EFAULT);
	require(bound(fd, address, 8)->ret == -EINVAL);
	c = bound(fd, address, 500);
	require(c->ret == -EINVAL && c->captured[1].flags & TL_VALUE_TRUNCATED);
	c->source = endpoint(address, sizeof(struct sockaddr_in));
	require(close(fd) == 0);
}

static void refused_child(void)
{
	void *address = address4(1);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c;

	become_nobody();
	c = bound(fd, address, sizeof(struct sockaddr_in));
	if (c->ret == 0)
		return; /* ports of the privileged are not everywhere the same */
	require(c->ret == -EACCES);
	c->source = endpoint(address, sizeof(struct sockaddr_in));
}

static void refused(void)
{
	in_child(refused_child);
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
	c = call32(361, fd, address4(0), sizeof(struct sockaddr_in));
	is_socket(c, fd);
	c->destination = (struct tl_endpoint){};
	require(c->ret == 0 && c->source.port);
	require(close(fd) == 0);
}

static const struct test_case cases[] = {
	CASE(port_that_the_kernel_chooses),
	CASE(port_that_is_asked_for_and_already_taken),
	CASE(v6),
	CASE(local_names),
	CASE(local_name_that_is_there),
	CASE(descriptor_that_is_none_or_no_socket),
	CASE(address_that_cannot_be_read_or_is_too_short),
	CASE(refused),
	CASE(by_the_32_bit_door),
};

TEST("bind", NULL)
