// SPDX-License-Identifier: GPL-2.0-or-later
/* The journal. What its socket does not take at once waits here, in order. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "entry.h"
#include "journal.h"
#include "log.h"
#include "record.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"

#define RESERVE (64 * 1024) /* for own records */
#define QUEUE_KEPT (256 * 1024) /* more than that was a bad time, which is over */
#define LAST_WAIT_MS 500 /* for journald, at the end */

/* What stands before an entry in the queue. */
struct waiting {
	uint64_t seq, time;
	uint32_t cpu;
	uint32_t size; /* of the entry */
	bool event;
};

struct journal {
	const char *socket;
	int fd; /* -1: there is no journald at the moment */
	struct sd_event *event; /* borrowed; may be NULL */
	sd_event_source *writable;
	struct tl_buffer entry; /* under construction */
	struct tl_buffer queue; /* from `head` on */
	size_t head;
	size_t memory;
};

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata);

static void disconnect(struct journal *j)
{
	j->writable = sd_event_source_disable_unref(j->writable);
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

static int reconnect(struct tl_sink *s)
{
	struct journal *j = s->data;
	int r;

	disconnect(j);
	r = tl_journal_open(j->socket, &j->fd);
	if (r < 0)
		return r;
	if (!j->event)
		return 0;
	r = sd_event_add_io(j->event, &j->writable, j->fd, EPOLLOUT, on_writable, s);
	if (r >= 0)
		r = sd_event_source_set_enabled(j->writable, SD_EVENT_OFF);
	if (r < 0)
		disconnect(j);
	return r;
}

/* 0: it is out. -EAGAIN: later. Others: never. */
static int send_entry(struct tl_sink *s, const void *data, size_t size)
{
	struct journal *j = s->data;
	int r;

	if (j->fd < 0)
		return -EAGAIN;
	r = tl_journal_send(j->fd, data, size);
	switch (r) {
	case 0:
		tl_sink_works(s);
		return 0;
	case -EAGAIN:
	case -EINTR:
	case -ENOMEM:
		return -EAGAIN;
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ENOTCONN:
	case -ENOENT:
	case -EPIPE:
		/* journald is away; its socket will be there again. */
		tl_sink_fails(s, r, "cannot reach journald");
		disconnect(j);
		return -EAGAIN;
	default:
		return r;
	}
}

static bool is_empty(const struct journal *j)
{
	return j->head == j->queue.size;
}

static void drained(struct tl_sink *s)
{
	struct journal *j = s->data;

	j->head = j->queue.size = 0;
	if (j->queue.capacity > QUEUE_KEPT)
		tl_buffer_done(&j->queue);
	if (j->writable)
		sd_event_source_set_enabled(j->writable, SD_EVENT_OFF);
	tl_sink_unblock(s);
}

static void drain(struct tl_sink *s)
{
	struct journal *j = s->data;
	struct waiting w;

	while (!is_empty(j)) {
		int r;

		memcpy(&w, j->queue.data + j->head, sizeof(w));
		r = send_entry(s, j->queue.data + j->head + sizeof(w), w.size);
		if (r == -EAGAIN)
			break;
		j->head += sizeof(w) + w.size;
		if (r == 0)
			tl_sink_delivered(s, w.event, w.size);
		else if (w.event)
			tl_sink_lost(s, w.cpu, w.seq, w.time);
	}
	if (is_empty(j)) {
		drained(s);
	} else if (j->head > j->queue.size / 2) {
		j->queue.size -= j->head;
		memmove(j->queue.data, j->queue.data + j->head, j->queue.size);
		j->head = 0;
	}
}

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	drain(userdata);
	return 0;
}

static int enqueue(struct tl_sink *s, const struct tl_event *event)
{
	struct journal *j = s->data;
	bool own = event->kind >= TL_EVENT_LOST;
	struct waiting w = {
		.seq = event->seq,
		.time = event->time,
		.cpu = event->cpu,
		.size = (uint32_t)j->entry.size,
		.event = !own,
	};
	size_t used = j->queue.size - j->head;

	if (used + sizeof(w) + j->entry.size > j->memory + (own ? RESERVE : 0))
		return -ENOBUFS;
	if (tl_buffer_reserve(&j->queue, sizeof(w) + j->entry.size) < 0) {
		j->queue.failed = false;
		return -ENOBUFS;
	}
	tl_buffer_append(&j->queue, &w, sizeof(w));
	tl_buffer_append(&j->queue, j->entry.data, j->entry.size);
	if (j->writable)
		sd_event_source_set_enabled(j->writable, SD_EVENT_ON);
	return 0;
}

static int journald_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct journal *j = s->data;
	int r;

	j->entry.size = 0;
	r = tl_entry_encode(&j->entry, event, annotation);
	if (r < 0)
		return r;
	if (!is_empty(j))
		return enqueue(s, event);
	r = send_entry(s, j->entry.data, j->entry.size);
	if (r == -EAGAIN)
		return enqueue(s, event);
	if (r < 0)
		return r;
	tl_sink_delivered(s, event->kind < TL_EVENT_LOST, j->entry.size);
	return 0;
}

static void journald_flush(struct tl_sink *s)
{
	drain(s);
}

static void journald_tick(struct tl_sink *s)
{
	struct journal *j = s->data;
	int r;

	if (j->fd >= 0)
		return;
	r = reconnect(s);
	if (r < 0)
		tl_sink_fails(s, r, "cannot reach journald");
}

static void wait_for_journald(struct tl_sink *s)
{
	struct journal *j = s->data;
	struct pollfd p = { .fd = j->fd, .events = POLLOUT };
	uint64_t end = tl_now_steady() + LAST_WAIT_MS * UINT64_C(1000000);

	drain(s);
	while (!is_empty(j) && j->fd >= 0 && tl_now_steady() < end && poll(&p, 1, LAST_WAIT_MS) > 0)
		drain(s);
}

static void journald_close(struct tl_sink *s)
{
	struct journal *j = s->data;

	wait_for_journald(s);
	disconnect(j);
	tl_buffer_done(&j->entry);
	tl_buffer_done(&j->queue);
	free(j);
}

static int journald_open(struct tl_sink *s, const struct tl_policy_output *output, const struct tl_sink_setup *setup)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	(void)output;
	if (!j)
		return -ENOMEM;
	*j = (struct journal){ .fd = -1, .event = setup->event, .memory = setup->memory };
	j->socket = setup->journal_socket ? setup->journal_socket : TL_JOURNAL_SOCKET;
	s->data = j;
	r = reconnect(s);
	if (r < 0) {
		tl_log(LOG_ERR, "output %s: cannot connect to %s: %s; is systemd-journald running?", s->name, j->socket,
		       strerror(-r));
		s->data = NULL;
		free(j);
	}
	return r;
}

static bool journald_holds(const struct tl_sink *s)
{
	const struct journal *j = s->data;

	return j->queue.size > j->head;
}

const struct tl_sink_ops tl_sink_journald = {
	.type = "journald",
	.open = journald_open,
	.write = journald_write,
	.flush = journald_flush,
	.tick = journald_tick,
	.holds = journald_holds,
	.close = journald_close,
};
