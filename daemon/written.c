// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode-proto.h"
#include "fnv.h"
#include "json-walk.h"
#include "repair.h"
#include "util.h"
#include "written.h"

enum { FREE, TAKEN, FIRST_HASH };

#define SIZE_MIN 1024

void tl_written_done(struct tl_written *w)
{
	free(w->hashes);
	*w = (struct tl_written){ 0 };
}

/* ---- The table ---- */

static uint64_t hash_of(const char *id, size_t size)
{
	return MAX(tl_fnv1a(TL_FNV_BASIS, id, size), (uint64_t)FIRST_HASH);
}

static void insert(uint64_t *hashes, size_t size, uint64_t hash)
{
	size_t at = hash & (size - 1);

	while (hashes[at] != FREE)
		at = (at + 1) & (size - 1);
	hashes[at] = hash;
}

static int grow(struct tl_written *w)
{
	size_t size = MAX(2 * w->size, (size_t)SIZE_MIN);
	uint64_t *hashes = calloc(size, sizeof(*hashes));

	if (!hashes)
		return -ENOMEM;
	for (size_t i = 0; i < w->size; i++)
		if (w->hashes[i] >= FIRST_HASH)
			insert(hashes, size, w->hashes[i]);
	free(w->hashes);
	w->hashes = hashes;
	w->size = size;
	return 0;
}

static int add(struct tl_written *w, uint64_t hash)
{
	int r = 2 * w->n >= w->size ? grow(w) : 0;

	if (r < 0)
		return r;
	insert(w->hashes, w->size, hash);
	w->n++;
	return 0;
}

bool tl_written_take(struct tl_written *w, const struct tl_event *event)
{
	char id[TL_EVENT_ID_MAX];
	uint64_t hash;

	if (!w->n)
		return false;
	hash = hash_of(id, tl_event_id(id, event));
	for (size_t at = hash & (w->size - 1); w->hashes[at] != FREE; at = (at + 1) & (w->size - 1))
		if (w->hashes[at] == hash) {
			w->hashes[at] = TAKEN;
			return true;
		}
	return false;
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
	return add(w, hash_of(line.id.at, line.id.size));
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
