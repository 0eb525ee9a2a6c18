// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "record.h"
#include "records.h"
#include "repair.h"
#include "sealer.h"
#include "util.h"

#define CHUNK TL_WALK_CHUNK

static void begin_range(struct tl_sealer *s, uint64_t offset)
{
	tl_sha256_init(&s->data);
	s->offset = offset;
	s->bytes = 0;
}

void tl_sealer_init(struct tl_sealer *s, bool is_proto)
{
	*s = (struct tl_sealer){ .is_proto = is_proto };
	memcpy(s->last.hash, TL_FILE_SEAL_NONE, sizeof(s->last.hash));
	begin_range(s, 0);
}

void tl_sealer_leave(struct tl_sealer *s)
{
	s->knows = false;
	begin_range(s, 0);
}

/* ---- Writing ---- */

ssize_t tl_sealer_seal(struct tl_sealer *s, int fd, const char *kind, bool *ret_torn)
{
	struct tl_file_seal seal = {
		.kind = kind,
		.format = s->is_proto ? "proto" : "json",
		.number = s->last.number + 1,
		.offset = s->offset,
		.bytes = s->bytes,
		.time = tl_now(),
	};
	struct tl_records record = { 0 };
	uint64_t events;
	size_t size = 0;
	int r;

	*ret_torn = false;
	memcpy(seal.previous, s->last.hash, sizeof(seal.previous));
	r = tl_file_seal_close(&seal, &s->data);
	if (r >= 0)
		r = tl_file_seal_write(&record.text, &seal, s->is_proto);
	if (r >= 0)
		r = tl_records_end(&record, false);
	if (r >= 0)
		size = tl_records_write(&record, fd, NULL, &events, ret_torn, &r);
	tl_records_done(&record);
	if (!size)
		return r < 0 ? r : -EIO;
	s->last = seal;
	begin_range(s, seal.offset + seal.bytes + size);
	s->start = seal.offset + seal.bytes ? 0 : size;
	return (ssize_t)size;
}

/* ---- Finding ---- */

/* Whether a line that begins at `at` is a seal, and where it ends. */
static int read_line(int fd, off_t size, off_t at, struct tl_file_seal *ret, off_t *ret_end)
{
	char line[TL_FILE_SEAL_MAX];
	size_t n = (size_t)MIN(size - at, (off_t)sizeof(line));
	const char *newline;
	int r = tl_read_at(fd, line, n, at);

	if (r < 0)
		return r;
	newline = memchr(line, '\n', n);
	if (!newline)
		return -EBADMSG;
	n = (size_t)(newline + 1 - line);
	*ret_end = at + (off_t)n;
	return tl_file_seal_read(line, n, false, ret);
}

/* The last place where all of `what` stands, before `n`. */
static const char *last_of(const char *data, size_t n, const char *what, size_t size)
{
	const char *found = NULL;

	for (const char *p = data; (p = memmem(p, n - (size_t)(p - data), what, size)); p++)
		found = p;
	return found;
}

/* From the end: what is not sealed yet is little. */
static int find_line(int fd, off_t size, char *chunk, struct tl_file_seal *ret, off_t *ret_end)
{
	static const char mark[] = "\",\"event\":{\"action\":\"seal\"},";
	const off_t before = (off_t)sizeof("{\"@timestamp\":\"") - 1 + TL_TIME_SIZE, n_mark = sizeof(mark) - 1;

	for (off_t end = size, begin; end > n_mark; end = begin ? begin + n_mark - 1 : 0) {
		size_t n = (size_t)MIN(end, (off_t)CHUNK);
		const char *found;
		int r;

		begin = end - (off_t)n;
		r = tl_read_at(fd, chunk, n, begin);
		if (r < 0)
			return r;
		while ((found = last_of(chunk, n, mark, sizeof(mark) - 1))) {
			off_t at = begin + (found - chunk) - before;

			r = at < 0 ? -EBADMSG : read_line(fd, size, at, ret, ret_end);
			if (r != -EBADMSG && r != -EMEDIUMTYPE)
				return r;
			n = (size_t)(found - chunk) + sizeof(mark) - 2;
		}
	}
	return -ENOENT;
}

static int find_event_from(off_t begin, int fd, off_t size, char *chunk, struct tl_file_seal *ret, off_t *ret_end)
{
	struct tl_event_walk w = { .fd = fd, .size = size, .chunk = chunk, .at = begin };
	int found = -ENOENT, r;

	while ((r = tl_walk_see(&w, TL_FILE_SEAL_MAX)) > 0) {
		r = w.length > w.seen ? -EBADMSG : tl_file_seal_read(w.data, w.length, true, ret);
		w.at += (off_t)w.length;
		if (r >= 0) {
			*ret_end = w.at;
			found = 0;
		} else if (r != -EBADMSG && r != -EMEDIUMTYPE) {
			return r;
		}
	}
	return r < 0 && r != -EILSEQ ? r : found;
}

/* Nothing tells where an event of protobuf begins but those before it, or who has noted where the last seal does. */
static int find_event(int fd, off_t size, char *chunk, struct tl_file_seal *ret, off_t *ret_end)
{
	off_t begin = tl_repair_noted(fd, size);
	int r = find_event_from(begin, fd, size, chunk, ret, ret_end);

	return r == -ENOENT && begin ? find_event_from(0, fd, size, chunk, ret, ret_end) : r;
}

/* The last seal of a file and where it ends. -ENOENT: there is none. */
static int find(int fd, off_t size, bool is_proto, struct tl_file_seal *ret, off_t *ret_end)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return -ENOMEM;
	return (is_proto ? find_event : find_line)(fd, size, chunk, ret, ret_end);
}

/* ---- Going on with a file ---- */

static int add_rest(struct tl_sealer *s, int fd, off_t from, off_t size)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return -ENOMEM;
	begin_range(s, (uint64_t)from);
	for (off_t at = from; at < size; at += CHUNK) {
		size_t n = (size_t)MIN(size - at, (off_t)CHUNK);
		int r = tl_read_at(fd, chunk, n, at);

		if (r < 0)
			return r;
		tl_sha256_update(&s->data, chunk, n);
	}
	s->bytes = (uint64_t)(size - from);
	return 0;
}

ssize_t tl_sealer_take_up(struct tl_sealer *s, int fd, bool *ret_torn)
{
	struct tl_file_seal last;
	off_t end = 0;
	struct stat st;
	ssize_t n = 0;
	int r;

	*ret_torn = false;
	if (s->knows)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = find(fd, st.st_size, s->is_proto, &last, &end);
	if (r >= 0)
		s->last = last;
	else if (r != -ENOENT)
		return r;
	r = add_rest(s, fd, end, st.st_size);
	if (r < 0)
		return r;
	/* Behind a seal that closed the file nothing may follow but by a process that says so. */
	if (s->bytes || !end || !strcmp(s->last.kind, "close"))
		n = tl_sealer_seal(s, fd, st.st_size ? "resume" : "begin", ret_torn);
	s->knows = n >= 0;
	return n;
}

bool tl_sealer_follows(int fd, int before, bool is_proto)
{
	struct tl_file_seal first, last;
	struct stat st, st_before;
	off_t end;

	if (fstat(fd, &st) < 0 || fstat(before, &st_before) < 0 || st.st_size > TL_FILE_SEAL_MAX)
		return false;
	/* All that is in it is its first seal. */
	if (find(fd, st.st_size, is_proto, &first, &end) < 0 || strcmp(first.kind, "begin") != 0)
		return false;
	return find(before, st_before.st_size, is_proto, &last, &end) >= 0 && !strcmp(first.previous, last.hash);
}
