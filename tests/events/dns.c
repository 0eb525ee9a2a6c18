/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A name is asked for and answered, by each of the calls that send and receive, and a
 * connection goes to the address that was found. */
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "harness.h"

#define QUESTION "\4test\11traceleft\7invalid\0\0\1\0\1"
#define QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0" QUESTION
#define ANSWER "\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\x62"
#define NONE "\x12\x34\x81\x83\0\1\0\0\0\0\0\0" QUESTION
#define NAME "test.traceleft.invalid"
#define SERVER htobe32(0x7f000063) /* 127.0.0.99 */
#define FOUND htobe32(0x7f000062) /* 127.0.0.98: no other test's, since the name goes with it from then on */

static int server, listener;
static uint16_t port;

static struct sockaddr_in *address_at(uint32_t host, uint16_t at_port)
{
	struct sockaddr_in *address = address4(at_port);

	address->sin_addr.s_addr = host;
	return address;
}

static struct sockaddr_in *server_address(void)
{
	return address_at(SERVER, 53);
}

static void prepare(void)
{
	server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	require(bind(server, (struct sockaddr *)server_address(), sizeof(struct sockaddr_in)) == 0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(bind(listener, (struct sockaddr *)address_at(FOUND, 0), sizeof(struct sockaddr_in)) == 0);
	require(listen(listener, 8) == 0);
	port = near_end(listener).port;
}

static void *copy(const char *bytes, size_t n)
{
	return memcpy(room(n), bytes, n);
}

static const struct tl_dns *message(bool is_answer, uint8_t code, uint16_t n_addresses)
{
	struct tl_dns *dns = room(sizeof(*dns));

	dns->is_answer = is_answer;
	dns->code = code;
	dns->type = 1;
	dns->n_addresses = n_addresses;
	strcpy(dns->name, NAME);
	dns->addresses[0] = (struct tl_endpoint){ .family = n_addresses ? AF_INET : 0 };
	if (n_addresses)
		memcpy(dns->addresses[0].address, "\x7f\0\0\x62", 4);
	return dns;
}

/* A socket that is connected to the server, or bound to an address of its own. */
static int resolver(bool connected)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	require(connected ? syscall(SYS_connect, fd, server_address(), sizeof(struct sockaddr_in)) == 0 :
			    bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	return fd;
}

/* What the server sends: by a call that nobody looks at. */
static void answers(int fd, const void *bytes, size_t n)
{
	struct sockaddr_in *to = address4(near_end(fd).port);

	require(connect(server, (struct sockaddr *)to, sizeof(*to)) == 0);
	require(write(server, bytes, n) == (ssize_t)n);
	require(connect(server, (struct sockaddr *)&(struct sockaddr){ .sa_family = AF_UNSPEC },
			sizeof(struct sockaddr)) == 0);
}

static void drop_query(void)
{
	char bytes[512];

	require(read(server, bytes, sizeof(bytes)) > 0);
}

static struct call *sent(struct call *c, int fd, bool connected)
{
	is_socket(c, fd);
	if (!connected)
		c->destination = endpoint(server_address(), sizeof(struct sockaddr_in));
	c->dns = message(false, 0, 0);
	drop_query();
	return c;
}

/* It came from the server, which a socket that is not connected is told. */
static struct call *received(struct call *c, int fd, bool connected, const struct tl_dns *dns)
{
	struct tl_endpoint near;

	is_socket(c, fd);
	near = c->source;
	c->source = connected ? c->destination : endpoint(server_address(), sizeof(struct sockaddr_in));
	c->destination = near;
	c->dns = dns;
	return c;
}

static void asked_by_sendto(void)
{
	int fd = resolver(false);
	struct call *c = call(SYS_sendto, fd, copy(QUERY, sizeof(QUERY) - 1), sizeof(QUERY) - 1, 0, server_address(),
			      sizeof(struct sockaddr_in));

	sent(c, fd, false);
	require(close(fd) == 0);
	fd = resolver(true);
	sent(call(SYS_sendto, fd, copy(QUERY, sizeof(QUERY) - 1), sizeof(QUERY) - 1, 0, NULL, 0), fd, true);
	require(close(fd) == 0);
}

static void *message_header(const char *bytes, size_t n, const void *to)
{
	struct mmsghdr *header = room(sizeof(*header));
	struct iovec *iov = room(sizeof(*iov));

	iov->iov_base = copy(bytes, n);
	iov->iov_len = n;
	header->msg_hdr.msg_name = (void *)to;
	header->msg_hdr.msg_namelen = to ? sizeof(struct sockaddr_in) : 0;
	header->msg_hdr.msg_iov = iov;
	header->msg_hdr.msg_iovlen = 1;
	return header;
}

static void asked_by_sendmsg(void)
{
	int fd = resolver(false);

	sent(call(SYS_sendmsg, fd, message_header(QUERY, sizeof(QUERY) - 1, server_address()), 0), fd, false);
	require(close(fd) == 0);
}

static void asked_by_sendmmsg(void)
{
	int fd = resolver(true);

	sent(call(SYS_sendmmsg, fd, message_header(QUERY, sizeof(QUERY) - 1, NULL), 1, 0), fd, true);
	require(close(fd) == 0);
}

static void answered_to_recvfrom(void)
{
	socklen_t *size = room(sizeof(*size));
	int fd = resolver(true);

	answers(fd, NONE, sizeof(NONE) - 1);
	received(call(SYS_recvfrom, fd, room(512), 512, 0, NULL, NULL), fd, true, message(true, 3, 0));
	require(close(fd) == 0);
	fd = resolver(false);
	*size = sizeof(struct sockaddr_in);
	answers(fd, ANSWER, sizeof(ANSWER) - 1);
	received(call(SYS_recvfrom, fd, room(512), 512, 0, room(sizeof(struct sockaddr_in)), size), fd, false,
		 message(true, 0, 1));
	require(close(fd) == 0);
}

static void connected_to_what_was_found(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct call *c = call(SYS_connect, fd, address_at(FOUND, port), sizeof(struct sockaddr_in));

	is_socket(c, fd);
	c->destination.domain = NAME;
	require(close(fd) == 0);
}

static void answered_to_recvmsg(void)
{
	int fd = resolver(true);

	answers(fd, ANSWER, sizeof(ANSWER) - 1);
	received(call(SYS_recvmsg, fd, message_header(ANSWER, 256, NULL), 0), fd, true, message(true, 0, 1));
	require(close(fd) == 0);
}

static void answered_to_recvmmsg(void)
{
	int fd = resolver(true);

	answers(fd, ANSWER, sizeof(ANSWER) - 1);
	received(call(SYS_recvmmsg, fd, message_header(ANSWER, 256, NULL), 1, 0, NULL), fd, true, message(true, 0, 1));
	require(close(fd) == 0);
}

static void by_write_and_read(void)
{
	int fd = resolver(true);

	sent(call(SYS_write, fd, copy(QUERY, sizeof(QUERY) - 1), sizeof(QUERY) - 1), fd, true);
	answers(fd, ANSWER, sizeof(ANSWER) - 1);
	received(call(SYS_read, fd, room(512), 512), fd, true, message(true, 0, 1));
	require(close(fd) == 0);
}

/* Bytes in pieces of `size`. */
static struct iovec *pieces(const char *bytes, size_t n, size_t size, int *ret_count)
{
	struct iovec *iov = room((n / size + 1) * sizeof(*iov));

	*ret_count = 0;
	for (size_t at = 0; at < n; at += size) {
		size_t length = size < n - at ? size : n - at;

		iov[(*ret_count)++] = (struct iovec){ copy(bytes + at, length), length };
	}
	return iov;
}

static void by_writev_and_readv(void)
{
	int fd = resolver(true), count;
	const struct iovec *iov = pieces(QUERY, sizeof(QUERY) - 1, sizeof(QUERY), &count);

	sent(call(SYS_writev, fd, iov, count), fd, true);
	iov = pieces(QUERY, sizeof(QUERY) - 1, 3, &count);
	sent(call(SYS_writev, fd, iov, count), fd, true);
	answers(fd, NONE, sizeof(NONE) - 1);
	iov = pieces(NONE, sizeof(NONE) - 1, 5, &count);
	received(call(SYS_readv, fd, iov, count), fd, true, message(true, 3, 0));
	require(close(fd) == 0);
}

/* Threads, whose descriptors are looked up at the entry. */
static void by_a_thread_that_shares_descriptors(void)
{
	int fd = resolver(true);
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	require(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	sent(call(SYS_write, fd, copy(QUERY, sizeof(QUERY) - 1), sizeof(QUERY) - 1), fd, true);
	require(close(fd) == 0);
	require(kill(pid, SIGKILL) == 0);
	reap(pid);
}

static int waiting;

/* A connection to the server, whose end is *ret_end. */
static int stream(int *ret_end)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const int yes = 1;

	waiting = socket(AF_INET, SOCK_STREAM, 0);
	require(setsockopt(waiting, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0);
	require(bind(waiting, (struct sockaddr *)server_address(), sizeof(struct sockaddr_in)) == 0);
	require(listen(waiting, 1) == 0);
	require(syscall(SYS_connect, fd, server_address(), sizeof(struct sockaddr_in)) == 0);
	*ret_end = accept(waiting, NULL, NULL);
	require(*ret_end >= 0);
	return fd;
}

static void asks(struct call *c, int fd, const struct tl_dns *dns)
{
	is_socket(c, fd);
	c->dns = dns;
}

static const char query_in_stream[] = "\0\50" QUERY, answer_in_stream[] = "\0\70" ANSWER;
#define QUERY_SIZE (sizeof(query_in_stream) - 1)
#define ANSWER_SIZE (sizeof(answer_in_stream) - 1)

/* Its length before each message, which may be read before it. */
static void in_a_stream(void)
{
	const struct iovec *iov;
	int end, fd = stream(&end), count;

	_Static_assert(sizeof(QUERY) - 1 == 050 && sizeof(ANSWER) - 1 == 070, "lengths");
	asks(call(SYS_write, fd, copy(query_in_stream, QUERY_SIZE), QUERY_SIZE), fd, message(false, 0, 0));
	for (size_t size = 2; size < QUERY_SIZE; size += 20) {
		iov = pieces(query_in_stream, QUERY_SIZE, size == 2 ? 3 : size, &count);
		asks(call(SYS_writev, fd, iov, count), fd, message(false, 0, 0));
	}
	asks(call(SYS_sendto, fd, copy(query_in_stream, QUERY_SIZE), QUERY_SIZE, 0, NULL, 0), fd, message(false, 0, 0));
	for (int i = 0; i < 2; i++)
		require(send(end, answer_in_stream, ANSWER_SIZE, 0) == ANSWER_SIZE);
	received(call(SYS_read, fd, room(2), 2), fd, true, NULL);
	received(call(SYS_read, fd, room(512), sizeof(ANSWER) - 1), fd, true, message(true, 0, 1));
	received(call(SYS_recvfrom, fd, room(512), 512, 0, NULL, NULL), fd, true, message(true, 0, 1));
	require(close(fd) == 0 && close(end) == 0 && close(waiting) == 0);
}

/* One call for each piece: what makes the message whole tells of it. */
static void in_pieces_of_a_stream(void)
{
	int end, fd = stream(&end);

	for (size_t size = 1; size < 32; size += 10) {
		for (size_t at = 0; at < QUERY_SIZE; at += size) {
			size_t n = size < QUERY_SIZE - at ? size : QUERY_SIZE - at;

			asks(call(SYS_write, fd, copy(query_in_stream + at, n), n), fd,
			     at + n == QUERY_SIZE ? message(false, 0, 0) : NULL);
		}
		require(send(end, answer_in_stream, ANSWER_SIZE, 0) == ANSWER_SIZE);
		received(call(SYS_recvfrom, fd, room(512), 20, MSG_PEEK, NULL, NULL), fd, true, NULL);
		for (size_t at = 0; at < ANSWER_SIZE; at += size) {
			size_t n = size < ANSWER_SIZE - at ? size : ANSWER_SIZE - at;

			received(call(SYS_read, fd, room(n), n), fd, true,
				 at + n == ANSWER_SIZE ? message(true, 0, 1) : NULL);
		}
	}
	require(close(fd) == 0 && close(end) == 0 && close(waiting) == 0);
}

static const struct test_case cases[] = {
	{ "sendto", asked_by_sendto },
	{ "sendmsg", asked_by_sendmsg },
	{ "sendmmsg", asked_by_sendmmsg },
	{ "recvfrom", answered_to_recvfrom },
	{ "connect", connected_to_what_was_found },
	{ "recvmsg", answered_to_recvmsg },
	{ "recvmmsg", answered_to_recvmmsg },
	{ "write and read", by_write_and_read },
	{ "writev and readv", by_writev_and_readv },
	{ "a thread that shares descriptors", by_a_thread_that_shares_descriptors },
	{ "in a stream", in_a_stream },
	{ "in pieces of a stream", in_pieces_of_a_stream },
};

TEST_OF("dns", prepare, "sendto", "sendmsg", "sendmmsg", "recvfrom", "connect", "recvmsg", "recvmmsg", "read", "write",
	"readv", "writev")
