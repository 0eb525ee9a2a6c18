/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a request came to nothing, as whoever looks after the machine would say it. */
#ifndef TRACELEFT_DAEMON_HTTP_REASON_H
#define TRACELEFT_DAEMON_HTTP_REASON_H

#include <stddef.h>

#define TL_HTTP_REASON_MAX 320

/* said: what libcurl says of a request that had no answer. */
void tl_http_reason_failed(char ret[TL_HTTP_REASON_MAX], const char *said);

/* Of an answer. body: its first size bytes, NULL: not to be told; whatever is in it, ret is printable ASCII. */
void tl_http_reason_status(char ret[TL_HTTP_REASON_MAX], long status, const char *body, size_t size);

#endif
