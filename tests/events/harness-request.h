/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests that make requests of io_uring themselves. */
#ifndef TRACELEFT_TEST_EVENTS_REQUEST_H
#define TRACELEFT_TEST_EVENTS_REQUEST_H

#include <linux/io_uring.h>

#include "harness-inside.h"

struct request {
	struct io_uring_sqe entry;
	struct call *call;
};

/* The request that stands for a call, which is noted; it is not pushed yet. */
#define ask(request, number, ...) ask_made(__FILE__, __LINE__, request, number, (const long[6]){ LONGS(__VA_ARGS__) })
static inline void ask_made(const char *file, int line, struct request *r, long number, const long args[6])
{
	r->call = call_noted(file, line, number, args);
	r->call->flags = TL_EVENT_IO_URING;
	require(ring_prepare(r->call, &r->entry));
}

#endif
