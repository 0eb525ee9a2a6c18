// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <zlib.h>

#include "spool-format.h"
#include "util.h"

#define CHUNK 65536

static int read_at(int fd, void *to, size_t size, off_t at)
{
	char *p = to;

	while (size) {
		ssize_t n = pread(fd, p, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		p += n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static uint32_t check_of(uint32_t start, const void *data, size_t n)
{
	return n ? (uint32_t)crc32_z(start, data, n) : start;
}

static uint32_t head_check(const struct tl_spool_head *head)
{
	return check_of(0, head, offsetof(struct tl_spool_head, head_check));
}

static size_t ranges_size(const struct tl_spool_head *head)
{
	return head->n_ranges * sizeof(struct tl_block_range);
}

uint64_t tl_spool_block_size(const struct tl_spool_head *head)
{
	return sizeof(*head) + ranges_size(head) + head->size;
}

static bool is_valid(const struct tl_spool_head *head)
{
	return !memcmp(head->mark, TL_SPOOL_MARK, sizeof(head->mark)) && head->head_check == head_check(head) &&
	       head->n_ranges <= TL_BLOCK_RANGES_MAX && head->size <= TL_BLOCK_SIZE_MAX;
}

int tl_spool_read_head(int fd, off_t at, off_t size, struct tl_spool_head *ret)
{
	struct tl_spool_head head;
	int r;

	if (at >= size)
		return -ENODATA;
	if (size - at < (off_t)sizeof(head))
		return -EBADMSG;
	r = read_at(fd, &head, sizeof(head), at);
	if (r < 0)
		return r;
	if (!is_valid(&head) || (uint64_t)(size - at) < tl_spool_block_size(&head))
		return -EBADMSG;
	*ret = head;
	return 0;
}

int tl_spool_find_head(int fd, off_t at, off_t size, off_t *ret)
{
	const size_t overlap = sizeof(TL_SPOOL_MARK) - 2;
	_cleanup_free_ char *chunk = malloc(CHUNK);

	if (!chunk)
		return -ENOMEM;
	while (at < size) {
		size_t n = (size_t)MIN(size - at, (off_t)CHUNK);
		const char *found;
		int r = read_at(fd, chunk, n, at);

		if (r < 0)
			return r;
		for (const char *from = chunk;
		     (found = memmem(from, n - (size_t)(from - chunk), TL_SPOOL_MARK, sizeof(TL_SPOOL_MARK) - 1));
		     from = found + 1) {
			struct tl_spool_head head;

			if (tl_spool_read_head(fd, at + (found - chunk), size, &head) < 0)
				continue;
			*ret = at + (found - chunk);
			return 0;
		}
		at += n > overlap ? (off_t)(n - overlap) : (off_t)n;
		if (n < CHUNK)
			break;
	}
	*ret = size;
	return 0;
}

int tl_spool_read_ranges(int fd, off_t at, const struct tl_spool_head *head, struct tl_block_range **ret)
{
	_cleanup_free_ struct tl_block_range *ranges = malloc(ranges_size(head) + 1);
	int r;

	if (!ranges)
		return -ENOMEM;
	r = read_at(fd, ranges, ranges_size(head), at + (off_t)sizeof(*head));
	if (r < 0)
		return r;
	*ret = TAKE_PTR(ranges);
	return 0;
}

int tl_spool_read_block(int fd, off_t at, const struct tl_spool_head *head, struct tl_block *ret)
{
	_cleanup_(tl_block_done) struct tl_block b = { .kind = head->kind, .events = head->events };
	uint32_t check;
	int r;

	r = tl_spool_read_ranges(fd, at, head, &b.ranges);
	if (r < 0)
		return r;
	b.n_ranges = head->n_ranges;
	if (tl_buffer_reserve(&b.body, head->size) < 0)
		return -ENOMEM;
	r = read_at(fd, b.body.data, head->size, at + (off_t)(sizeof(*head) + ranges_size(head)));
	if (r < 0)
		return r;
	b.body.size = head->size;
	check = check_of(check_of(0, b.ranges, ranges_size(head)), b.body.data, b.body.size);
	if (check != head->check)
		return -EBADMSG;
	*ret = b;
	b = (struct tl_block){ 0 };
	return 0;
}

static int write_parts(int fd, off_t at, struct iovec *parts, int n)
{
	while (n) {
		ssize_t written = pwritev(fd, parts, n, at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		at += written;
		while (n && (size_t)written >= parts->iov_len) {
			written -= (ssize_t)parts->iov_len;
			parts++;
			n--;
		}
		if (n) {
			parts->iov_base = (char *)parts->iov_base + written;
			parts->iov_len -= (size_t)written;
		}
	}
	return 0;
}

int tl_spool_write_block(int fd, off_t at, const struct tl_block *block, uint64_t *ret_size)
{
	struct tl_spool_head head = {
		.mark = TL_SPOOL_MARK,
		.kind = block->kind,
		.events = block->events,
		.n_ranges = block->n_ranges,
		.size = (uint32_t)block->body.size,
	};
	struct iovec parts[] = {
		{ &head, sizeof(head) },
		{ block->ranges, ranges_size(&head) },
		{ block->body.data, block->body.size },
	};
	int r;

	head.check = check_of(check_of(0, block->ranges, ranges_size(&head)), block->body.data, block->body.size);
	head.head_check = head_check(&head);
	r = write_parts(fd, at, parts, ARRAY_SIZE(parts));
	if (r < 0) {
		/* What cannot be taken back is damage that the reader steps over. */
		(void)!ftruncate(fd, at);
		return r;
	}
	*ret_size = tl_spool_block_size(&head);
	return 0;
}

int tl_spool_mark_sent(int fd, off_t at)
{
	const uint32_t sent = TL_SPOOL_SENT;

	return pwrite(fd, &sent, sizeof(sent), at + (off_t)offsetof(struct tl_spool_head, sent)) == sizeof(sent) ? 0 :
														   -EIO;
}
