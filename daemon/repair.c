// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "encode-proto.h"
#include "repair.h"
#include "util.h"

#define CHUNK TL_WALK_CHUNK
#define NOTE "user.traceleft.whole"

/* The last note and the one before it; 0 where there is none. */
static void read_notes(int fd, uint64_t notes[2])
{
	char text[64];
	ssize_t n = fgetxattr(fd, NOTE, text, sizeof(text) - 1);

	text[MAX(n, 0)] = '\0';
	if (sscanf(text, "%20" SCNu64 " %20" SCNu64, &notes[0], &notes[1]) != 2)
		notes[0] = notes[1] = 0;
}

void tl_repair_note(int fd, off_t at)
{
	uint64_t before[2];
	char text[64];
	int n;

	read_notes(fd, before);
	n = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, (uint64_t)at,
		     before[0] < (uint64_t)at ? before[0] : 0);
	fsetxattr(fd, NOTE, text, (size_t)n, 0);
}

off_t tl_repair_noted(int fd, off_t most)
{
	uint64_t notes[2];

	read_notes(fd, notes);
	for (int i = 0; i < 2; i++)
		if (notes[i] <= (uint64_t)most)
			return (off_t)notes[i];
	return 0;
}

int tl_read_at(int fd, char *to, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pread(fd, to, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Where the last line ends. */
static int end_of_lines(int fd, off_t size, char *chunk, off_t *ret)
{
	for (off_t end = size; end > 0;) {
		size_t n = (size_t)MIN(end, (off_t)CHUNK);
		const char *newline;
		int r = tl_read_at(fd, chunk, n, end - (off_t)n);

		if (r < 0)
			return r;
		newline = memrchr(chunk, '\n', n);
		if (newline) {
			*ret = end - (off_t)n + (newline - chunk) + 1;
			return 0;
		}
		end -= (off_t)n;
	}
	/* JSON, text, or the zeros that a power failure leaves. */
	if (size && chunk[0] != '{' && chunk[0] != '[' && chunk[0])
		return -EBADMSG;
	*ret = 0;
	return 0;
}

/* Whether there are only zeros from `at` on: of a power failure, too. */
static int check_zeros(int fd, off_t at, off_t size, char *chunk)
{
	for (; at < size; at += CHUNK) {
		size_t n = (size_t)MIN(size - at, (off_t)CHUNK);
		int r = tl_read_at(fd, chunk, n, at);

		if (r < 0)
			return r;
		if (chunk[0] || memcmp(chunk, chunk + 1, n - 1))
			return -EBADMSG;
	}
	return 0;
}

int tl_walk_see(struct tl_event_walk *w, size_t need)
{
	size_t length = 0;
	int head, r;

	if (w->at >= w->size)
		return 0;
	if (w->end < MIN(w->at + (off_t)need, w->size)) {
		w->base = w->at;
		w->end = MIN(w->at + CHUNK, w->size);
		r = tl_read_at(w->fd, w->chunk, (size_t)(w->end - w->base), w->base);
		if (r < 0)
			return r;
	}
	w->data = w->chunk + (w->at - w->base);
	w->seen = (size_t)(w->end - w->at);
	head = tl_proto_frame(w->data, w->seen, &length);
	if (head < 0)
		return -EILSEQ;
	w->length = (size_t)head + length;
	return head && w->at + (off_t)w->length <= w->size;
}

/* Until `stop`: where the last whole event before it ends, or the first one there begins. Returns
 * -EBADMSG if what follows is none, though it is behind *ret. */
static int walk_events_from(off_t begin, int fd, off_t size, off_t stop, char *chunk, off_t *ret)
{
	struct tl_event_walk w = { .fd = fd, .size = size, .chunk = chunk, .at = begin };
	int r = 0;

	while (w.at < stop && (r = tl_walk_see(&w, TL_PROTO_HEAD_MAX)) > 0)
		w.at += (off_t)w.length;
	*ret = w.at;
	return r == -EILSEQ ? -EBADMSG : MIN(r, 0);
}

/* A note that does not lead there is not believed, for somebody may have changed the file since: nothing is removed
 * on its word. */
static int walk_events(int fd, off_t size, off_t stop, char *chunk, off_t *ret)
{
	off_t begin = tl_repair_noted(fd, stop);
	int r = walk_events_from(begin, fd, size, stop, chunk, ret);

	if (begin && (r == -EBADMSG || (r >= 0 && *ret < stop))) {
		r = walk_events_from(0, fd, size, stop, chunk, ret);
		tl_repair_note(fd, r >= 0 ? *ret : 0);
	}
	return r;
}

/* Where the last whole event of protobuf ends. */
static int end_of_events(int fd, off_t size, char *chunk, off_t *ret)
{
	int r = walk_events(fd, size, size, chunk, ret);

	return r == -EBADMSG ? check_zeros(fd, *ret, size, chunk) : r;
}

/* Where a line ends at `from` - 1 or behind it. */
static int begin_of_lines(int fd, off_t size, off_t from, char *chunk, off_t *ret)
{
	for (off_t at = from - 1; at < size; at += CHUNK) {
		size_t n = (size_t)MIN(size - at, (off_t)CHUNK);
		const char *newline;
		int r = tl_read_at(fd, chunk, n, at);

		if (r < 0)
			return r;
		newline = memchr(chunk, '\n', n);
		if (newline) {
			*ret = at + (newline - chunk) + 1;
			return 0;
		}
	}
	return -EBADMSG;
}

int tl_repair_tail(int fd, bool is_proto)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	struct stat st;
	off_t keep;
	int r;

	if (!chunk)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = (is_proto ? end_of_events : end_of_lines)(fd, st.st_size, chunk, &keep);
	if (r < 0)
		return r;
	if (keep == st.st_size)
		return 0;
	return ftruncate(fd, keep) < 0 ? -errno : 1;
}

int tl_repair_begin(int fd, bool is_proto, off_t from, off_t *ret)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	struct stat st;

	*ret = 0;
	if (!chunk)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (from <= 0)
		return 0;
	return is_proto ? walk_events(fd, st.st_size, from, chunk, ret) :
			  begin_of_lines(fd, st.st_size, from, chunk, ret);
}
