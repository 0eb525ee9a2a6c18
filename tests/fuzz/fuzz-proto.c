/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of protobuf events: whatever is in it, what comes out is a line of
 * JSON each; and a line that our own encoder could have written comes back. */
#include <stdlib.h>

#include "../unit/json-check.h"
#include "encode-proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const struct tl_buffer *line)
{
	struct tl_buffer proto = { 0 }, again = { 0 };

	if (!json_line(line->data, line->size, NULL, NULL))
		abort();
	/* Years beyond 2553 and lists without elements have one way only. */
	if (tl_proto_from_json(&proto, line->data, line->size) >= 0 &&
	    tl_proto_to_json(&again, proto.data, proto.size) < 0)
		abort();
	tl_buffer_done(&proto);
	tl_buffer_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_buffer line = { 0 };
	size_t at = 0;

	while (at < size) {
		size_t length = 0;
		int head = tl_proto_frame(data + at, size - at, &length);

		if (head <= 0 || (size_t)head + length > size - at)
			break;
		line.size = 0;
		if (tl_proto_to_json(&line, data + at + head, length) >= 0)
			check_line(&line);
		else if (line.size)
			abort();
		at += (size_t)head + length;
	}
	tl_buffer_done(&line);
	return 0;
}
