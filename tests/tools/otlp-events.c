// SPDX-License-Identifier: GPL-2.0-or-later
/* otlp-events REQUESTS LINES: writes an event of each type of the table as a
 * request of OpenTelemetry to the one file, behind each other, and as its line
 * to the other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "encode-otlp.h"
#include "../unit/encode-fixture.h"

static int write_buffer(FILE *file, const struct tl_buffer *b)
{
	return fwrite(b->data, 1, b->size, file) == b->size ? 0 : -errno;
}

static int write_event(struct fixture *f, FILE *requests, FILE *lines)
{
	static const char sentence[] = "a sentence";
	struct tl_buffer record = { 0 }, head = { 0 };
	int r = tl_encode_json(&f->out, &f->event, NULL);

	if (r >= 0)
		r = tl_otlp_from_json(&record, f->out.data, f->out.size, sentence, strlen(sentence));
	if (r >= 0)
		r = tl_otlp_head(&head, record.size);
	if (r >= 0)
		r = write_buffer(requests, &head);
	if (r >= 0)
		r = write_buffer(requests, &record);
	if (r >= 0)
		r = write_buffer(lines, &f->out);
	tl_buffer_done(&record);
	tl_buffer_done(&head);
	return r;
}

int main(int argc, char **argv)
{
	const struct tl_event_type *types;
	FILE *requests, *lines;
	struct fixture f;
	size_t n;
	int r = 0;

	if (argc != 3)
		return 2;
	requests = fopen(argv[1], "we");
	lines = fopen(argv[2], "we");
	if (!requests || !lines)
		return 1;
	types = tl_event_types(&n);
	for (size_t i = 0; i < n && r >= 0; i++) {
		fixture_init_type(&f, &types[i], i);
		f.event.seq = i + 1; /* an id of its own */
		r = write_event(&f, requests, lines);
		fixture_done(&f);
	}
	return fclose(requests) || fclose(lines) || r < 0;
}
