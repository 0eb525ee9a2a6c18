/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A collector on 127.0.0.1 for the tests: a child that answers requests as the
 * test wants, also wrongly. What it took is in memory that both share. */
#ifndef TRACELEFT_HTTP_RECEIVER_H
#define TRACELEFT_HTTP_RECEIVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECEIVED_MAX (64U << 20)
#define HEADERS_MAX 8192
#define ANSWERS_MAX 4096

enum answer {
	ANSWER_OK,
	ANSWER_PARTIAL, /* OpenTelemetry: one event was refused */
	ANSWER_400,
	ANSWER_429, /* with Retry-After: 0 */
	ANSWER_429_LATER, /* with Retry-After: 2 */
	ANSWER_503,
	ANSWER_REDIRECT, /* to itself */
	ANSWER_LONG, /* more than its length says: one that nobody asked for */
	ANSWER_RESET, /* in the middle of the request */
	ANSWER_CLOSE, /* without an answer */
	ANSWER_SHORT, /* less than its length says */
	ANSWER_LENGTH, /* that cannot be */
	ANSWER_GARBAGE, /* no HTTP */
	ANSWER_ENDLESS, /* a body without an end */
	ANSWER_HEADERS, /* headers without an end */
	ANSWER_CONTINUE, /* asks to go on without an end */
	ANSWER_SILENCE,
	ANSWERS,
};

struct received {
	volatile uint32_t requests; /* that came whole or in part */
	volatile uint32_t taken; /* with a success */
	volatile uint32_t next; /* in answers */
	uint32_t n_answers; /* behind them: ANSWER_OK */
	uint8_t answers[ANSWERS_MAX];
	char headers[HEADERS_MAX]; /* of the last request */
	volatile size_t size;
	char bodies[RECEIVED_MAX]; /* of those taken: uint32_t size, bytes */
};

struct receiver {
	struct received *r;
	pid_t pid;
	uint16_t port;
};

/* There is no test without it. */
static inline void receiver_need(bool done)
{
	if (!done) {
		perror("the receiver");
		abort();
	}
}

static inline void receiver_send(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Sends the same without an end, as long as somebody listens. */
static inline void receiver_flood(int fd, const char *text)
{
	while (send(fd, text, strlen(text), MSG_NOSIGNAL) > 0)
		;
}

static inline void receiver_answer(int fd, enum answer answer, uint16_t port)
{
	char text[256];
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	switch (answer) {
	case ANSWER_PARTIAL:
		(void)!send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\x0a\x08\x08\x01\x12\x04some", 49,
			    MSG_NOSIGNAL);
		return;
	case ANSWER_400:
		receiver_send(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		return;
	case ANSWER_429:
		receiver_send(fd, "HTTP/1.1 429 Too Many\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
		return;
	case ANSWER_429_LATER:
		receiver_send(fd, "HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
		return;
	case ANSWER_503:
		receiver_send(fd, "HTTP/1.1 503 Later\r\nContent-Length: 5\r\n\r\nlater");
		return;
	case ANSWER_REDIRECT:
		snprintf(text, sizeof(text),
			 "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%u/\r\nContent-Length: 0\r\n\r\n", port);
		receiver_send(fd, text);
		return;
	case ANSWER_LONG:
		receiver_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
				  "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		return;
	case ANSWER_LENGTH:
		receiver_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nlater");
		return;
	case ANSWER_SHORT:
		receiver_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort");
		return;
	case ANSWER_GARBAGE:
		receiver_send(fd, "\x01\x02\xff{}<html>\r\n\r\n");
		return;
	case ANSWER_ENDLESS:
		receiver_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		receiver_flood(fd, "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n");
		return;
	case ANSWER_HEADERS:
		receiver_send(fd, "HTTP/1.1 200 OK\r\n");
		receiver_flood(fd, "X-More: 01234567890123456789012345678901234567890123456789\r\n");
		return;
	case ANSWER_CONTINUE:
		receiver_flood(fd, "HTTP/1.1 100 Continue\r\n\r\n");
		return;
	case ANSWER_SILENCE:
		poll(&p, 1, 30000);
		return;
	default:
		receiver_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	}
}

/* Reads a request. Returns the size of its body, -1 if there is none more. */
static inline ssize_t receiver_read(int fd, struct received *r, char *body, size_t max, bool half)
{
	char head[HEADERS_MAX];
	size_t n = 0, length = 0, rest;
	char *end = NULL, *field;

	while (!end) {
		ssize_t got = n < sizeof(head) - 1 ? recv(fd, head + n, sizeof(head) - 1 - n, 0) : 0;

		if (got <= 0)
			return -1;
		n += (size_t)got;
		head[n] = 0;
		end = strstr(head, "\r\n\r\n");
	}
	r->requests++;
	field = strcasestr(head, "\r\nContent-Length:");
	length = field ? strtoul(field + 17, NULL, 10) : 0;
	rest = n - (size_t)(end + 4 - head);
	if (length > max || rest > length || half)
		return -1;
	memcpy(body, end + 4, rest);
	end[2] = 0;
	memcpy(r->headers, head, sizeof(head));
	while (rest < length) {
		ssize_t got = recv(fd, body + rest, length - rest, 0);

		if (got <= 0)
			return -1;
		rest += (size_t)got;
	}
	return (ssize_t)length;
}

static inline void receiver_take(struct received *r, const char *body, uint32_t size)
{
	if (r->size + size + sizeof(size) > RECEIVED_MAX)
		abort();
	memcpy(r->bodies + r->size, &size, sizeof(size));
	memcpy(r->bodies + r->size + sizeof(size), body, size);
	r->size += size + sizeof(size);
	r->taken++;
}

static inline void receiver_serve(int fd, struct received *r, char *body, uint16_t port)
{
	for (;;) {
		enum answer answer = r->next < r->n_answers ? (enum answer)r->answers[r->next] : ANSWER_OK;
		const struct linger reset = { .l_onoff = 1 };
		ssize_t size = receiver_read(fd, r, body, RECEIVED_MAX, answer == ANSWER_RESET);

		if (size < 0 && answer == ANSWER_RESET) {
			r->next++;
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		}
		if (size < 0)
			return;
		r->next++;
		if (answer == ANSWER_OK || answer == ANSWER_PARTIAL || answer == ANSWER_LONG)
			receiver_take(r, body, (uint32_t)size);
		if (answer != ANSWER_CLOSE)
			receiver_answer(fd, answer, port);
		if (answer == ANSWER_CLOSE || answer >= ANSWER_SHORT)
			return;
	}
}

static inline int receiver_listen(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(*port) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	receiver_need(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	receiver_need(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	receiver_need(listen(fd, 16) == 0);
	receiver_need(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* Begins to answer, at the same port again after receiver_stop(). */
static inline void receiver_start(struct receiver *t)
{
	int fd;

	if (!t->r) {
		t->r = mmap(NULL, sizeof(*t->r), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			    0);
		receiver_need(t->r != MAP_FAILED);
	}
	fd = receiver_listen(&t->port);
	t->pid = fork();
	receiver_need(t->pid >= 0);
	if (t->pid == 0) {
		char *body = malloc(RECEIVED_MAX);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int client = accept(fd, NULL, NULL);

			receiver_serve(client, t->r, body, t->port);
			close(client);
		}
	}
	close(fd);
}

static inline void receiver_stop(struct receiver *t)
{
	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
	}
	t->pid = 0;
}

static inline void receiver_done(struct receiver *t)
{
	receiver_stop(t);
	if (t->r)
		munmap(t->r, sizeof(*t->r));
	t->r = NULL;
}

#endif
