// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "curl-library.h"
#include "http-client.h"
#include "http-headers.h"
#include "http-reason.h"
#include "util.h"

#define CONNECT_MS 10000L
#define BODY_KEPT ((size_t)64 << 10) /* of an answer */
#define ANSWER_MAX ((size_t)1 << 20) /* a longer one is not waited for */
#define WAIT_MAX 3600 /* seconds */

struct tl_http_client {
	struct sd_event *event; /* borrowed; may be NULL */
	sd_event_source *timer;
	CURLM *multi;
	CURL *easy;
	struct tl_http_headers headers;
	struct curl_slist *list; /* of the request under way */
	bool busy;
	bool alone; /* the loop is not there any more */
	struct tl_buffer body; /* of the answer */
	size_t received;
	char error[CURL_ERROR_SIZE];
	char why[TL_HTTP_REASON_MAX];
	tl_http_callback callback;
	void *userdata;
};

/* ---- Answers ---- */

/* Whether it may go on: headers, too, come for as long as somebody sends them. */
static bool may_receive(struct tl_http_client *c, size_t n)
{
	c->received += n;
	return c->received <= ANSWER_MAX;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
	(void)data;
	return may_receive(userdata, size * n) ? size * n : 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
	struct tl_http_client *c = userdata;

	n *= size;
	if (!may_receive(c, n))
		return 0; /* curl ends it */
	tl_buffer_append(&c->body, data, MIN(n, BODY_KEPT - MIN(c->body.size, BODY_KEPT)));
	return n;
}

static enum tl_http_verdict verdict_of(long status)
{
	switch (status) {
	case 200 ... 299:
		return TL_HTTP_DELIVERED;
	case 429:
	case 502:
	case 503:
	case 504:
		return TL_HTTP_RETRY;
	default:
		return TL_HTTP_REFUSED;
	}
}

static uint64_t wait_of(const struct tl_http_client *c)
{
	curl_off_t wait = 0;

	tl_curl.easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &wait);
	return wait < 0 ? 0 : MIN((uint64_t)wait, (uint64_t)WAIT_MAX);
}

static void finish(struct tl_http_client *c, CURLcode code)
{
	struct tl_http_answer answer = { .verdict = TL_HTTP_RETRY, .why = c->why };
	long status = 0;

	tl_curl.multi_remove_handle(c->multi, c->easy);
	tl_curl.slist_free_all(TAKE_PTR(c->list));
	c->busy = false;
	tl_curl.easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK) {
		answer.verdict = verdict_of(status);
		answer.wait = wait_of(c);
		/* Each refusal is told; of one that comes again and again the words must stay the same. */
		tl_http_reason_status(c->why, status, answer.verdict == TL_HTTP_REFUSED ? c->body.data : NULL,
				      c->body.size);
	} else if (c->received > ANSWER_MAX) {
		snprintf(c->why, sizeof(c->why), "the collector's answer has no end");
	} else {
		tl_http_reason_failed(c->why, c->error[0] ? c->error : tl_curl.easy_strerror(code));
	}
	answer.body = c->body.data;
	answer.size = c->body.size;
	c->callback(&answer, c->userdata);
}

static void take_answers(struct tl_http_client *c)
{
	CURLMsg *message;
	int left;

	while ((message = tl_curl.multi_info_read(c->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			finish(c, message->data.result);
}

/* ---- The loop ---- */

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct tl_http_client *c = userdata;
	int running, what = 0;

	(void)source;
	what |= events & EPOLLIN ? CURL_CSELECT_IN : 0;
	what |= events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
	what |= events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
	tl_curl.multi_socket_action(c->multi, fd, what, &running);
	take_answers(c);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct tl_http_client *c = userdata;
	int running;

	(void)source;
	(void)usec;
	tl_curl.multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_answers(c);
	return 0;
}

/* curl wants to know of a socket, or no more. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *known)
{
	struct tl_http_client *c = userdata;
	sd_event_source *source = known;
	uint32_t events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		tl_curl.multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (c->alone)
		return 0;
	events |= what & CURL_POLL_IN ? EPOLLIN : 0;
	events |= what & CURL_POLL_OUT ? EPOLLOUT : 0;
	if (source)
		return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
	if (sd_event_add_io(c->event, &source, fd, events, on_io, c) < 0)
		return -1;
	tl_curl.multi_assign(c->multi, fd, source);
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *userdata)
{
	struct tl_http_client *c = userdata;

	(void)multi;
	if (c->alone)
		return 0;
	if (ms < 0)
		return sd_event_source_set_enabled(c->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
	if (sd_event_source_set_time_relative(c->timer, (uint64_t)ms * 1000) < 0)
		return -1;
	return sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

static int join_loop(struct tl_http_client *c)
{
	int r = sd_event_add_time_relative(c->event, &c->timer, CLOCK_MONOTONIC, 0, 0, on_timer, c);

	if (r >= 0)
		r = sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	tl_curl.multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	tl_curl.multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	tl_curl.multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	tl_curl.multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	return 0;
}

void tl_http_client_work(struct tl_http_client *c, int wait_ms)
{
	int running;

	c->alone = true;
	if (!c->busy)
		return;
	tl_curl.multi_perform(c->multi, &running);
	if (running && wait_ms) {
		tl_curl.multi_poll(c->multi, NULL, 0, wait_ms, NULL);
		tl_curl.multi_perform(c->multi, &running);
	}
	take_answers(c);
}

/* ---- Life ---- */

static void set_tls(CURL *easy, const struct tl_policy_http *s)
{
	tl_curl.easy_setopt(easy, CURLOPT_SSLVERSION,
			    s->tls_version ? (long)CURL_SSLVERSION_TLSv1_3 : (long)CURL_SSLVERSION_TLSv1_2);
	if (s->tls_ca) {
		tl_curl.easy_setopt(easy, CURLOPT_CAINFO, s->tls_ca);
		tl_curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (s->tls_cert)
		tl_curl.easy_setopt(easy, CURLOPT_SSLCERT, s->tls_cert);
	if (s->tls_key)
		tl_curl.easy_setopt(easy, CURLOPT_SSLKEY, s->tls_key);
}

static int set_up(struct tl_http_client *c, const struct tl_policy_http *s)
{
	if (tl_curl.easy_setopt(c->easy, CURLOPT_URL, s->url) != CURLE_OK)
		return -EINVAL;
	tl_curl.easy_setopt(c->easy, CURLOPT_POST, 1L);
	tl_curl.easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	tl_curl.easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
	tl_curl.easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	tl_curl.easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	/* The thread that asks for an address is left alone: a name server that is silent is not waited for. */
	tl_curl.easy_setopt(c->easy, CURLOPT_QUICK_EXIT, 1L);
	tl_curl.easy_setopt(c->easy, CURLOPT_USERAGENT, "traceleft/" TL_VERSION);
	tl_curl.easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	tl_curl.easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)MIN(s->timeout, UINT64_C(86400)) * 1000);
	tl_curl.easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	tl_curl.easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	tl_curl.easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	tl_curl.easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, on_header);
	tl_curl.easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
	tl_curl.easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	/* Not what happens to be in our environment. */
	tl_curl.easy_setopt(c->easy, CURLOPT_PROXY, s->proxy ? s->proxy : "");
	set_tls(c->easy, s);
	return tl_http_headers_copy(&c->headers, s->headers, s->n_headers);
}

static void client_freep(struct tl_http_client **c)
{
	tl_http_client_free(*c);
}

int tl_http_client_new(const struct tl_policy_http *settings, struct sd_event *event, tl_http_callback callback,
		       void *userdata, struct tl_http_client **ret)
{
	_cleanup_(client_freep) struct tl_http_client *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->event = event;
	c->callback = callback;
	c->userdata = userdata;
	c->multi = tl_curl.multi_init();
	c->easy = tl_curl.easy_init();
	if (!c->multi || !c->easy)
		return -ENOMEM;
	r = set_up(c, settings);
	if (r >= 0 && event)
		r = join_loop(c);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

struct tl_http_client *tl_http_client_free(struct tl_http_client *c)
{
	if (!c)
		return NULL;
	if (c->busy)
		tl_curl.multi_remove_handle(c->multi, c->easy);
	if (c->easy)
		tl_curl.easy_cleanup(c->easy);
	if (c->multi)
		tl_curl.multi_cleanup(c->multi);
	tl_curl.slist_free_all(c->list);
	sd_event_source_disable_unref(c->timer);
	tl_http_headers_done(&c->headers);
	tl_buffer_done(&c->body);
	free(c);
	return NULL;
}

int tl_http_client_send(struct tl_http_client *c, const char *content_type, bool gzip, const void *body, size_t size,
			const char **ret_why)
{
	int r = tl_http_headers_list(&c->headers, content_type, gzip, &c->list, ret_why);

	if (r < 0)
		return r;
	c->body.size = c->received = 0;
	c->error[0] = 0;
	tl_curl.easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->list);
	tl_curl.easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	tl_curl.easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
	if (tl_curl.multi_add_handle(c->multi, c->easy) != CURLM_OK) {
		tl_curl.slist_free_all(TAKE_PTR(c->list));
		*ret_why = "no memory";
		return -ENOMEM;
	}
	c->busy = true;
	return 0;
}
