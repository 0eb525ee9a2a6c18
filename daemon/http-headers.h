/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of requests. Values in files are read anew each time: tokens change. */
#ifndef TRACELEFT_DAEMON_HTTP_HEADERS_H
#define TRACELEFT_DAEMON_HTTP_HEADERS_H

#include "policy.h"

struct curl_slist;

/* Zero-initialised is empty. */
struct tl_http_headers {
	struct tl_policy_header *header; /* owned, n of them */
	size_t n;
	char why[256];
};

int tl_http_headers_copy(struct tl_http_headers *h, const struct tl_policy_header *header, size_t n);
void tl_http_headers_done(struct tl_http_headers *h);

/* All headers of a request; *ret is the caller's. On failure *ret_why says which
 * file cannot be read (static or h's). */
int tl_http_headers_list(struct tl_http_headers *h, const char *content_type, bool gzip, struct curl_slist **ret,
			 const char **ret_why);

#endif
