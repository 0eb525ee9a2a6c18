// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "encode-proto.h"
#include "repair.h"
#include "util.h"

#define CHUNK TL_WALK_CHUNK

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
static int walk_events(int fd, off_t size, off_t stop, char *chunk, off_t *ret)
{
	struct tl_event_walk w = { .fd = fd, .size = size, .chunk = chunk };
	int r = 0;

	while (w.at < stop && (r = tl_walk_see(&w, TL_PROTO_HEAD_MAX)) > 0)
		w.at += (off_t)w.length;
	*ret = w.at;
	return r == -EILSEQ ? -EBADMSG : MIN(r, 0);
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
