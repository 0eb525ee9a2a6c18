/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request at a time to one collector, on the event loop: no function waits
 * for the network. What the collector answers is not trusted.
 */
#ifndef TRACELEFT_DAEMON_HTTP_CLIENT_H
#define TRACELEFT_DAEMON_HTTP_CLIENT_H

#include "policy.h"

struct sd_event;
struct tl_http_client;

enum tl_http_verdict {
	TL_HTTP_DELIVERED,
	TL_HTTP_RETRY, /* no answer, or one that says "later" */
	TL_HTTP_REFUSED, /* it would not be taken later either */
};

struct tl_http_answer {
	enum tl_http_verdict verdict;
	const char *why; /* unless delivered: a sentence without a full stop */
	uint64_t wait; /* seconds that the collector asks for, 0: none */
	const char *body; /* the first 64 KiB, size bytes; not harmless */
	size_t size;
};

/* May send the next request. */
typedef void (*tl_http_callback)(const struct tl_http_answer *answer, void *userdata);

/* settings: copied. event: borrowed; NULL: tl_http_client_work() does it all. */
int tl_http_client_new(const struct tl_policy_http *settings, struct sd_event *event, tl_http_callback callback,
		       void *userdata, struct tl_http_client **ret);
/* Ends a request under way without calling back. Returns NULL. Not from a callback. */
struct tl_http_client *tl_http_client_free(struct tl_http_client *c);

/* Begins a request; the body is borrowed until the callback, which never comes
 * from within. gzip: how the body is encoded. Errors: of the headers' files. *ret_why: which (static or the client's). */
int tl_http_client_send(struct tl_http_client *c, const char *content_type, bool gzip, const void *body, size_t size,
			const char **ret_why);

/* Does what can be done without the loop, and waits for that at most wait_ms.
 * From then on the client is no more for the loop. */
void tl_http_client_work(struct tl_http_client *c, int wait_ms);

#endif
