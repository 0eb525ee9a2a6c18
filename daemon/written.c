// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode-proto.h"
#include "json-walk.h"
#include "repair.h"
#include "util.h"
#include "written.h"

void tl_written_done(struct tl_written *w)
{
	tl_key_table_done(&w->ids);
}

static int add(struct tl_written *w, const char *id, size_t size)
{
	bool is_new;
	unsigned *n = tl_key_table_get(&w->ids, id, size, &is_new);

	if (!n)
		return -ENOMEM;
	++*n;
	return 0;
}

bool tl_written_take(struct tl_written *w, const struct tl_event *event)
{
	char id[TL_EVENT_ID_MAX];
	unsigned *n;

	if (!w->ids.n)
		return false;
	n = tl_key_table_find(&w->ids, id, tl_event_id(id, event));
	return n && *n && (*n)--;
}

/* ---- Lines ---- */

struct line {
	struct tl_span id;
	bool is_result, is_record;
};

static bool take_member(const char *name, struct tl_scan *scan, void *userdata)
{
	struct line *line = userdata;

	if (strcmp(name, "event.id") == 0)
		return tl_scan_string(scan, &line->id);
	line->is_result |= strcmp(name, "traceleft.count") == 0;
	line->is_record |= strcmp(name, "traceleft.record") == 0;
	return tl_scan_skip(scan);
}

static int add_line(struct tl_written *w, const char *text, size_t size)
{
	struct line line = { 0 };
	int r = tl_json_walk(text, size, take_member, &line);

	if (r < 0 || !line.id.size || line.is_result || line.is_record)
		return r;
	return add(w, line.id.at, line.id.size);
}

static int add_lines(struct tl_written *w, const char *text, size_t size)
{
	const char *end, *stop = text + size;
	int r = 0;

	for (; r >= 0 && text < stop; text = end) {
		end = memchr(text, '\n', (size_t)(stop - text));
		if (!end)
			return -EBADMSG;
		end++;
		r = add_line(w, text, (size_t)(end - text));
		if (r == -EBADMSG)
			r = 0; /* not one of ours */
	}
	return r;
}

static int add_protobuf(struct tl_written *w, const char *data, size_t size)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	int r = 0;

	for (size_t at = 0, length; r >= 0 && at < size; at += length) {
		int head = tl_proto_frame(data + at, size - at, &length);

		if (head <= 0 || length > size - at - (size_t)head)
			return -EBADMSG;
		line.size = 0;
		at += (size_t)head;
		r = tl_proto_to_json(&line, data + at, length);
		if (r >= 0)
			r = add_line(w, line.data, line.size);
	}
	return r;
}

/* ---- The file ---- */

int tl_written_read(struct tl_written *w, int fd, bool is_proto)
{
	_cleanup_free_ char *text = NULL;
	off_t begin;
	size_t size;
	struct stat st;
	int r;

	w->ids.max = w->ids.max_bytes = SIZE_MAX; /* what is read is bounded */
	w->ids.value_size = sizeof(unsigned);
	if (fstat(fd, &st) < 0)
		return -errno;
	r = tl_repair_begin(fd, is_proto, st.st_size - MIN(st.st_size, (off_t)TL_WRITTEN_BYTES), &begin);
	if (r < 0)
		return r;
	size = (size_t)(st.st_size - begin);
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	r = tl_read_at(fd, text, size, begin);
	if (r < 0)
		return r;
	return (is_proto ? add_protobuf : add_lines)(w, text, size);
}
