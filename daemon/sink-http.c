// SPDX-License-Identifier: GPL-2.0-or-later
/* A collector: events in batches, each sent until it is taken or refused. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "curl-library.h"
#include "encode-otlp.h"
#include "http-batch.h"
#include "http-client.h"
#include "http-queue.h"
#include "log.h"
#include "message-ids.h"
#include "record.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"

#define RESERVE ((size_t)64 * 1024) /* for own records */
#define NS_PER_MS UINT64_C(1000000)
#define WAIT_FIRST_MS 1000 /* before a block is tried again; doubled each time */
#define WAIT_MOST 60 /* times that */
#define LAST_WAIT_MS 500 /* for the collector, at the end */
#define LAST_STEP_MS 50

struct http {
	struct tl_http_batch batch;
	struct tl_http_queue queue;
	struct tl_http_client *client;
	struct tl_block sending; /* under way, or to be tried again */
	bool has_block, busy; /* there is one; the client has it */
	unsigned failures; /* of that block, one after the other */
	uint64_t again; /* when it may be tried again, tl_now_steady() */
	size_t memory;
	uint32_t batch_events;
	size_t batch_size;
	uint64_t batch_time; /* ns */
	unsigned retry_ms;
	struct tl_spool_setup spool; /* path NULL: none; owned */
	int spool_error; /* what was said of it last */
};

static void http_free(struct http *h)
{
	if (!h)
		return;
	tl_http_client_free(h->client);
	tl_http_queue_done(&h->queue);
	tl_http_batch_done(&h->batch);
	tl_block_done(&h->sending);
	free((char *)h->spool.path);
	free(h);
}

static void http_freep(struct http **h)
{
	http_free(*h);
}

/* ---- Out ---- */

/* Somewhere in the second half of the time, so that many machines do not come at once. */
static uint64_t wait_of(const struct http *h, uint64_t asked)
{
	uint64_t first = h->retry_ms * NS_PER_MS, most = first * WAIT_MOST, random = 0, wait;

	wait = MIN(first << MIN(h->failures - 1, 10U), most);
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	wait = wait / 2 + random % (wait / 2 + 1);
	return MAX(wait, asked * TL_NSEC_PER_SEC + random % (first + 1));
}

static void try_again(struct tl_sink *s, int error, const char *why, uint64_t asked)
{
	struct http *h = s->data;
	char text[sizeof(s->why)];

	h->failures++;
	h->again = tl_now_steady() + wait_of(h, asked);
	snprintf(text, sizeof(text), "cannot send to %.100s: %.250s", s->path, why);
	tl_sink_fails_because(s, error, text);
}

/* The block is done with, however it went. */
static void forget(struct http *h)
{
	tl_block_done(&h->sending);
	tl_http_queue_sent(&h->queue);
	h->has_block = false;
	h->failures = 0;
	h->again = 0;
}

static void delivered(struct tl_sink *s, const struct tl_http_answer *answer)
{
	struct http *h = s->data;
	uint64_t refused = 0;
	const char *message;
	size_t size;

	if ((h->sending.kind & ~(uint32_t)TL_HTTP_GZIP) == TL_HTTP_OTLP && answer->size)
		refused = MIN(tl_otlp_refused(answer->body, answer->size, &message, &size), h->sending.events);
	if (refused) {
		tl_log(LOG_WARNING, "output %s: the collector refuses %" PRIu64 " of %u events: %.*s", s->name, refused,
		       h->sending.events, (int)MIN(size, 200UL), message);
		tl_sink_lost_block(s, NULL, 0, (uint32_t)refused, "refused");
	}
	tl_sink_delivered(s, h->sending.events - refused, h->sending.body.size);
	tl_sink_works(s);
}

static void refused(struct tl_sink *s, const char *why)
{
	struct http *h = s->data;

	tl_log(LOG_ERR, "output %s: %s refuses %u events: %s", s->name, s->path, h->sending.events, why);
	if (h->sending.n_ranges)
		tl_sink_lost_block(s, h->sending.ranges, h->sending.n_ranges, h->sending.events, "refused");
}

/* Says it when that changes; the collector may work all the same. */
static void note_spool(struct tl_sink *s, int error)
{
	struct http *h = s->data;

	if (error == h->spool_error)
		return;
	h->spool_error = error;
	if (error < 0)
		tl_log_id(LOG_ERR, TL_MESSAGE_OUTPUT_FAILED,
			  "output %s: cannot use the spool %s: %s; events wait in memory", s->name, h->spool.path,
			  strerror(-error));
	else
		tl_log_id(LOG_NOTICE, TL_MESSAGE_OUTPUT_WORKS, "output %s: the spool %s can be used again", s->name,
			  h->spool.path);
}

/* Sends the oldest block if nothing is under way and it is time. */
static void pump(struct tl_sink *s)
{
	struct http *h = s->data;
	const char *type, *why;
	int error, r;

	if (h->busy || tl_now_steady() < h->again)
		return;
	if (!h->has_block) {
		r = tl_http_queue_next(&h->queue, &h->sending, &error);
		if (error < 0)
			note_spool(s, error);
		if (r < 0)
			return;
		h->has_block = true;
	}
	type = tl_http_content_type(h->sending.kind);
	if (!type) {
		refused(s, "the spool has them in a form that this version does not know");
		forget(h);
		return;
	}
	r = tl_http_client_send(h->client, type, h->sending.kind & TL_HTTP_GZIP, h->sending.body.data,
				h->sending.body.size, &why);
	if (r < 0)
		try_again(s, r, why, 0);
	else
		h->busy = true;
}

/* ---- In ---- */

static void store(struct tl_sink *s)
{
	struct http *h = s->data;
	int r = tl_http_queue_store(&h->queue);

	/* A full spool is what it is there for. */
	if (h->queue.spool)
		note_spool(s, r == -EDQUOT ? 0 : r);
}

static size_t used(const struct http *h)
{
	return h->batch.block.body.size + h->queue.bytes;
}

static void seal(struct tl_sink *s)
{
	struct http *h = s->data;
	struct tl_block block;

	if (!h->batch.records || tl_http_batch_seal(&h->batch, &block) < 0)
		return;
	if (tl_http_queue_add(&h->queue, &block) < 0) {
		if (block.n_ranges)
			tl_sink_lost_block(s, block.ranges, block.n_ranges, block.events, NULL);
		tl_block_done(&block);
	}
	store(s);
}

static void on_answer(const struct tl_http_answer *answer, void *userdata)
{
	struct tl_sink *s = userdata;
	struct http *h = s->data;

	h->busy = false;
	switch (answer->verdict) {
	case TL_HTTP_RETRY:
		try_again(s, -EAGAIN, answer->why, answer->wait);
		return;
	case TL_HTTP_REFUSED:
		refused(s, answer->why);
		break;
	case TL_HTTP_DELIVERED:
		delivered(s, answer);
		break;
	}
	forget(h);
	store(s);
	pump(s);
	if (used(h) < h->memory / 2)
		tl_sink_unblock(s);
}

static int http_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct http *h = s->data;
	int r;

	if (used(h) >= h->memory + (event->kind >= TL_EVENT_LOST ? RESERVE : 0))
		return -ENOBUFS;
	r = tl_http_batch_add(&h->batch, event, annotation);
	if (r < 0)
		return r;
	if (h->batch.records >= h->batch_events || h->batch.block.body.size >= h->batch_size)
		seal(s);
	return 0;
}

static void http_flush(struct tl_sink *s)
{
	pump(s);
}

static void on_lost(const struct tl_block_range *ranges, uint32_t n, uint32_t events, const char *why, void *userdata)
{
	struct tl_sink *s = userdata;

	tl_sink_lost_block(s, ranges, n, events, why);
}

/* The spool of an output that ends with a reload is not free at once. */
static int open_spool(struct tl_sink *s)
{
	struct http *h = s->data;
	int r;

	if (!h->spool.path || h->queue.spool)
		return 0;
	r = tl_spool_open(&h->spool, &h->queue.spool);
	if (r < 0)
		return r;
	tl_sink_adopted(s, tl_spool_events(h->queue.spool));
	if (tl_spool_events(h->queue.spool))
		tl_log(LOG_INFO, "output %s: %" PRIu64 " events wait in %s from before", s->name,
		       tl_spool_events(h->queue.spool), h->spool.path);
	return 0;
}

static void http_tick(struct tl_sink *s)
{
	struct http *h = s->data;
	int r = open_spool(s);

	if (r < 0 && r != -EBUSY)
		note_spool(s, r);
	if (h->batch.records && tl_now_steady() >= h->batch.since + h->batch_time)
		seal(s);
	store(s);
	pump(s);
	if (used(h) < h->memory / 2)
		tl_sink_unblock(s);
}

/* ---- Life ---- */

/* Nobody takes up what is in memory: the collector has a moment for it. */
static void last_wait(struct tl_sink *s)
{
	struct http *h = s->data;
	uint64_t end = tl_now_steady() + LAST_WAIT_MS * NS_PER_MS;

	pump(s);
	while (h->busy && tl_now_steady() < end)
		tl_http_client_work(h->client, LAST_STEP_MS);
}

static void http_close(struct tl_sink *s)
{
	struct http *h = s->data;

	/* After a reload it may not have been free until now. */
	open_spool(s);
	seal(s);
	store(s);
	if (!h->queue.spool)
		last_wait(s);
	/* What is under way from the spool stays there as well. */
	s->kept = h->queue.spool ? tl_spool_events(h->queue.spool) : 0;
	http_free(h);
}

static const char *explain_spool(int r)
{
	switch (r) {
	case -ENOENT:
		return "the folder above it does not exist; create it";
	case -EPERM:
		return "it belongs to somebody else, or others may write there";
	case -ENOTDIR:
	case -ELOOP:
		return "it is no folder";
	default:
		return strerror(-r);
	}
}

/* The unit as it is installed lets nobody out. */
static int check_network(const struct tl_sink *s)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 || errno != EAFNOSUPPORT)
		return 0;
	tl_log(LOG_ERR,
	       "output %s: the service may not use the network; give it " TL_PREFIX
	       "/share/doc/traceleft/examples/network.conf, see traceleftd(8)",
	       s->name);
	return -EOPNOTSUPP;
}

static int http_open(struct tl_sink *s, const struct tl_policy_output *output, const struct tl_sink_setup *setup)
{
	const struct tl_policy_http *settings = &output->http;
	_cleanup_(http_freep) struct http *h = calloc(1, sizeof(*h));
	const char *why;
	int r;

	if (!h)
		return -ENOMEM;
	r = check_network(s);
	if (r < 0)
		return r;
	if (tl_curl_load(&why) < 0) {
		tl_log(LOG_ERR, "output %s: cannot load libcurl: %s", s->name, why);
		return -EOPNOTSUPP;
	}
	h->memory = setup->memory;
	h->retry_ms = setup->retry_ms ? setup->retry_ms : WAIT_FIRST_MS;
	h->batch_events = settings->batch_events;
	h->batch_size = MIN(settings->batch_size, setup->memory / 4);
	h->batch_time = settings->batch_time * TL_NSEC_PER_SEC;
	h->spool = (struct tl_spool_setup){
		.path = settings->spool_path ? strdup(settings->spool_path) : NULL,
		.size = settings->spool_size,
		.drop_oldest = settings->spool_drop == 1,
		.lost = on_lost,
		.userdata = s,
	};
	if (settings->spool_path && !h->spool.path)
		return -ENOMEM;
	r = tl_http_batch_init(&h->batch, output->format, settings);
	if (r >= 0)
		r = tl_http_client_new(settings, setup->event, on_answer, s, &h->client);
	if (r < 0) {
		tl_log(LOG_ERR, "output %s: cannot set up requests: %s", s->name, strerror(-r));
		return r;
	}
	s->data = h;
	r = open_spool(s);
	if (r < 0 && r != -EBUSY) {
		tl_log(LOG_ERR, "output %s: cannot use the spool %s: %s", s->name, h->spool.path, explain_spool(r));
		s->data = NULL;
		return r;
	}
	h = NULL;
	return 0;
}

static bool http_holds(const struct tl_sink *s)
{
	const struct http *h = s->data;

	return used(h) || (h->has_block && !h->queue.from_spool);
}

const struct tl_sink_ops tl_sink_http = {
	.type = "http",
	.open = http_open,
	.write = http_write,
	.flush = http_flush,
	.tick = http_tick,
	.holds = http_holds,
	.close = http_close,
};
