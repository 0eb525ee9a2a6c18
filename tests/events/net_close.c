/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness.h"

static int listener4, listener6;
static uint16_t port4, port6;

static void prepare(void)
{
	listener4 = socket(AF_INET, SOCK_STREAM, 0);
	require(bind(listener4, address4(0), sizeof(struct sockaddr_in)) == 0 && listen(listener4, 16) == 0);
	port4 = near_end(listener4).port;
	listener6 = socket(AF_INET6, SOCK_STREAM, 0);
	if (bind(listener6, address6(0), sizeof(struct sockaddr_in6)) == 0 && listen(listener6, 16) == 0)
		port6 = near_end(listener6).port;
}

/* Both ends of a connection that this process makes with itself. */
static void connection(int *ret_near, int *ret_far)
{
	*ret_near = socket(AF_INET, SOCK_STREAM, 0);
	require(connect(*ret_near, address4(port4), sizeof(struct sockaddr_in)) == 0);
	*ret_far = accept(listener4, NULL, NULL);
	require(*ret_far >= 0);
}

static void transfer(int from, int to, size_t n)
{
	char buffer[4096] = "";

	while (n) {
		size_t part = MIN(n, sizeof(buffer)), got = 0;

		require(write(from, buffer, part) == (ssize_t)part);
		while (got < part) {
			ssize_t r = read(to, buffer, part - got);

			if (!require(r > 0))
				return;
			got += (size_t)r;
		}
		n -= part;
	}
}

/* What the end of this end must say; the end itself is still to come. */
static struct call *ends(int fd, bool incoming, uint64_t forth, uint64_t back)
{
	struct call *c = expect(TL_EVENT_NETWORK, "net_close");

	is_connection(c, fd, incoming);
	c->has_bytes = true;
	c->source_bytes = forth;
	c->destination_bytes = back;
	c->lasted = 1;
	c->before -= 10000000000; /* the connection is older */
	return c;
}

static void close_both(int first, struct call *of_first, int second, struct call *of_second)
{
	require(close(first) == 0);
	require(close(second) == 0);
	of_first->after = of_second->after = now();
}

static void by_who_began_it(void)
{
	struct call *near, *far;
	int a, b;

	connection(&a, &b);
	transfer(a, b, 5);
	transfer(b, a, 300);
	near = ends(a, false, 5, 300);
	far = ends(b, true, 5, 300);
	close_both(a, near, b, far);
}

static void by_who_was_called(void)
{
	struct call *near, *far;
	int a, b;

	connection(&a, &b);
	transfer(b, a, 7);
	far = ends(b, true, 0, 7);
	near = ends(a, false, 0, 7);
	close_both(b, far, a, near);
}

static void with_nothing_carried(void)
{
	struct call *near, *far;
	int a, b;

	connection(&a, &b);
	near = ends(a, false, 0, 0);
	far = ends(b, true, 0, 0);
	close_both(a, near, b, far);
}

static void with_a_megabyte(void)
{
	struct call *near, *far;
	int a, b;

	connection(&a, &b);
	transfer(a, b, 1 << 20);
	near = ends(a, false, 1 << 20, 0);
	far = ends(b, true, 1 << 20, 0);
	close_both(a, near, b, far);
}

static void of_v6(void)
{
	struct call *near, *far;
	int a = socket(AF_INET6, SOCK_STREAM, 0), b;

	if (!port6) {
		skip_case("this machine has no ::1");
		return;
	}
	require(connect(a, address6(port6), sizeof(struct sockaddr_in6)) == 0);
	b = accept(listener6, NULL, NULL);
	transfer(a, b, 2);
	near = ends(a, false, 2, 0);
	far = ends(b, true, 2, 0);
	close_both(a, near, b, far);
}

static void by_a_reset(void)
{
	struct linger at_once = { .l_onoff = 1 };
	struct call *near, *far;
	int a, b;

	connection(&a, &b);
	transfer(a, b, 9);
	require(setsockopt(b, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
	far = ends(b, true, 9, 0);
	near = ends(a, false, 9, 0);
	close_both(b, far, a, near);
}

/* The end of what was accepted is told when that is accepted. */
static void by_a_reset_before_it_is_accepted(void)
{
	struct linger at_once = { .l_onoff = 1 };
	int a = socket(AF_INET, SOCK_STREAM, 0), b;
	struct call *near, *far;

	require(connect(a, address4(port4), sizeof(struct sockaddr_in)) == 0);
	require(write(a, "123456789", 9) == 9);
	require(setsockopt(a, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) == 0);
	near = ends(a, false, 9, 0);
	far = ends(a, false, 9, 0);
	require(close(a) == 0);
	near->after = now();
	b = accept(listener4, NULL, NULL);
	require(b >= 0);
	far->after = now();
	require(close(b) == 0);
}

/* Of the connections to that port, those that have not ended. */
static unsigned n_open_to(uint16_t port)
{
	FILE *f = fopen("/proc/net/tcp", "re");
	unsigned from, to, state, n = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		n += sscanf(line, "%*s %*x:%x %*x:%x %x", &from, &to, &state) == 3 && (from == port || to == port) &&
		     state != 6 /* TCP_TIME_WAIT */ && state != 10 /* TCP_LISTEN */;
	if (f)
		fclose(f);
	return n;
}

/* Its connections are ended by the kernel's own threads, after the process has closed it. */
static void of_several_connections(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), a, b;
	struct call *near, *far;
	uint16_t port;

	if (listener < 0) {
		skip_case("this kernel has no MPTCP");
		return;
	}
	require(bind(listener, address4(0), sizeof(struct sockaddr_in)) == 0 && listen(listener, 2) == 0);
	port = near_end(listener).port;
	a = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	require(connect(a, address4(port), sizeof(struct sockaddr_in)) == 0);
	b = accept(listener, NULL, NULL);
	transfer(a, b, 50);
	transfer(b, a, 70);
	far = ends(b, true, 50, 70);
	near = ends(a, false, 50, 70);
	far->socket_protocol = near->socket_protocol = IPPROTO_TCP;
	require(close(b) == 0 && close(a) == 0);
	for (int i = 0; i < 1000 && n_open_to(port); i++)
		usleep(10000);
	near->after = far->after = now();
	require(close(listener) == 0);
}

static void end_without_closing(void)
{
	int a, b;

	connection(&a, &b);
	transfer(a, b, 6);
	ends(a, false, 6, 0);
	ends(b, true, 6, 0);
	_exit(0); /* descriptors go in their order */
}

static void by_the_end_of_the_process(void)
{
	require(reap(spawn(end_without_closing)) == 0);
}

static const struct test_case cases[] = {
	CASE(by_who_began_it), CASE(by_who_was_called), CASE(with_nothing_carried),	 CASE(with_a_megabyte),
	CASE(of_v6),	       CASE(by_a_reset),	CASE(by_the_end_of_the_process), CASE(of_several_connections),
	CASE(by_a_reset_before_it_is_accepted),
};

TEST("net_close", prepare)
