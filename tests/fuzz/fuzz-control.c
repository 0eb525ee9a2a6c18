// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client of the control socket sends: a request inside the bytes, the same
 * one when it comes in pieces, and the one that is written again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control-request.h"
#include "put.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct tl_control_request *a, const struct tl_control_request *b)
{
	return a->verb == b->verb && a->json == b->json && !a->where == !b->where &&
	       (!a->where || !strcmp(a->where, b->where));
}

static void write_again(const struct tl_control_request *request)
{
	struct tl_control_request again;
	struct tl_buffer b = { 0 };
	const char *why;

	if (tl_control_request_put(&b, request) < 0 ||
	    tl_control_request_parse(b.data, b.size, &again, &why) != (int)b.size || !same(request, &again))
		abort();
	tl_buffer_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_control_request request = { 0 };
	const char *why = NULL;
	char *text = malloc(size + 1);
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	r = tl_control_request_parse(text, size, &request, &why);
	if (r < 0 ? !why || (r != -EINVAL && r != -EMSGSIZE) : (size_t)r > size || r > TL_CONTROL_REQUEST_MAX)
		abort();
	if (r == 0 && size >= TL_CONTROL_REQUEST_MAX)
		abort();
	if (r > 0) {
		/* No part of it is one, and nothing behind it matters. */
		for (int part = 0; part < r; part++)
			if (tl_control_request_parse(text, (size_t)part, &request, &why) != 0)
				abort();
		write_again(&request);
	}
	free(text);
	return 0;
}
