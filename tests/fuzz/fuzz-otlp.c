/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a collector answers, and lines of JSON that become something else: read
 * without reading too far. */
#include <stdlib.h>

#include "encode-otlp.h"
#include "encode-proto.h"
#include "json-walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool skip_member(const char *name, struct tl_scan *scan, void *userdata)
{
	const char *before = scan->at;

	(void)userdata;
	if (!*name && !scan)
		abort();
	return tl_scan_skip(scan) && scan->at > before;
}

static void check(int r, const struct tl_buffer *b)
{
	if (r < 0 && b->size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_buffer otlp = { 0 }, proto = { 0 };
	const char *message, *line;
	char *copy = malloc(size + 1);
	size_t n, sum = 0;

	if (size)
		memcpy(copy, data, size);
	line = copy;
	tl_otlp_refused(copy, size, &message, &n);
	for (size_t i = 0; i < n; i++)
		sum += (unsigned char)message[i];
	if (sum > 255 * n)
		abort();
	tl_json_walk(line, size, skip_member, NULL);
	check(tl_otlp_from_json(&otlp, line, size, "", 0), &otlp);
	check(tl_proto_from_json(&proto, line, size), &proto);
	tl_buffer_done(&otlp);
	tl_buffer_done(&proto);
	free(copy);
	return 0;
}
