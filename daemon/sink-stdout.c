// SPDX-License-Identifier: GPL-2.0-or-later
/* Standard output, which may be a pipe to somebody slow, or a client's socket: never waited for. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "encoders.h"
#include "log.h"
#include "records.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"

#define BUFFER_FULL (64 * 1024)
#define RESERVE (64 * 1024) /* for own records */
#define LAST_WAIT_MS 500 /* for a reader, at the end */

struct out {
	struct tl_records records;
	tl_encoder encode;
	size_t memory;
	int client; /* its socket; 0: this is standard output */
};

static int out_open(struct tl_sink *s, const struct tl_policy_output *output, const struct tl_sink_setup *setup)
{
	struct out *o;

	if (!tl_encoder_of(output->format)) {
		tl_log(LOG_ERR, "output %s: standard output has the formats json and text only", s->name);
		return -EOPNOTSUPP;
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->encode = tl_encoder_of(output->format);
	o->memory = setup->memory;
	o->client = setup->client;
	s->data = o;
	return 0;
}

/* A pipe that poll(2) calls writable takes PIPE_BUF bytes without waiting.
 * Returns the bytes written, 0 if it takes none now. */
static ssize_t write_stdout(const char *data, size_t size, int wait_ms)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t n;

	if (poll(&p, 1, wait_ms) <= 0 || !(p.revents & (POLLOUT | POLLERR)))
		return 0;
	n = write(STDOUT_FILENO, data, MIN(size, (size_t)PIPE_BUF));
	return n < 0 ? -errno : n;
}

/* Same of both. */
static ssize_t write_some(const struct out *o, const char *data, size_t size, int wait_ms)
{
	ssize_t n;

	if (o->client) {
		n = send(o->client, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
		n = n < 0 ? -errno : n;
	} else {
		n = write_stdout(data, size, wait_ms);
	}
	return n == -EINTR || n == -EAGAIN ? 0 : n;
}

static void push(struct tl_sink *s, int wait_ms)
{
	struct out *o = s->data;
	uint64_t events;
	size_t done = 0;
	ssize_t n = 0;

	while (done < o->records.text.size) {
		n = write_some(o, o->records.text.data + done, o->records.text.size - done, wait_ms);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	tl_records_take(&o->records, done, true, &events);
	tl_sink_delivered(s, events, done);
	/* A client that is gone is nobody's trouble. */
	if (n < 0 && o->client)
		s->error = (int)n;
	else if (n < 0)
		tl_sink_fails(s, (int)n, "cannot write to standard output");
	else if (!o->records.text.size) {
		tl_sink_works(s);
		tl_sink_unblock(s);
	}
}

static void out_flush(struct tl_sink *s)
{
	push(s, 0);
}

static int out_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct out *o = s->data;
	int r;

	if (o->records.text.size >= o->memory + (event->kind >= TL_EVENT_LOST ? RESERVE : 0))
		return -ENOBUFS;
	r = tl_records_add(&o->records, o->encode, event, annotation);
	if (r < 0)
		return r;
	if (o->records.text.size >= BUFFER_FULL && !s->error)
		push(s, 0);
	return 0;
}

static void out_close(struct tl_sink *s)
{
	struct out *o = s->data;

	if (o->client)
		s->counters.lost += tl_sink_waiting(s);
	else
		push(s, LAST_WAIT_MS);
	tl_records_done(&o->records);
	free(o);
}

static bool out_holds(const struct tl_sink *s)
{
	const struct out *o = s->data;

	return o->records.text.size > 0;
}

const struct tl_sink_ops tl_sink_stdout = {
	.type = "stdout",
	.open = out_open,
	.write = out_write,
	.flush = out_flush,
	.holds = out_holds,
	.close = out_close,
};
