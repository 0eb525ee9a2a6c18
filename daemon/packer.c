// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "packer.h"
#include "util.h"

#define LEVEL 1 /* the loop waits for it */
#define WINDOW (-15) /* without a header: what is in front is known last */
#define STEP ((size_t)64 * 1024) /* bytes, less is not worth a call */
#define ROOM ((size_t)16 * 1024)
#define STORED_MAX ((size_t)65535) /* bytes in a block that is not compressed */

void tl_packer_done(struct tl_packer *p)
{
	if (p->begun)
		deflateEnd(&p->z);
	tl_buffer_done(&p->out);
	*p = (struct tl_packer){ 0 };
}

static int begin(struct tl_packer *p)
{
	if (p->begun)
		return 0;
	if (deflateInit2(&p->z, LEVEL, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	p->begun = true;
	return 0;
}

/* Compresses what is new; flush: of zlib. */
static int pack(struct tl_packer *p, const char *body, size_t size, int flush)
{
	int r = begin(p);

	if (r < 0)
		return r;
	p->z.next_in = (Bytef *)body + p->taken;
	p->z.avail_in = (uInt)(size - p->taken);
	p->crc = crc32(p->crc, (const Bytef *)body + p->taken, (uInt)(size - p->taken));
	p->taken = size;
	do {
		r = tl_buffer_reserve(&p->out, ROOM);
		if (r < 0)
			return r;
		p->z.next_out = (Bytef *)p->out.data + p->out.size;
		p->z.avail_out = (uInt)(p->out.capacity - p->out.size);
		r = deflate(&p->z, flush);
		p->out.size = p->out.capacity - p->z.avail_out;
	} while (r == Z_OK && !p->z.avail_out);
	/* Z_BUF_ERROR: there was nothing left to do. */
	return r == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) || r == Z_BUF_ERROR ? 0 : -ENOMEM;
}

void tl_packer_take(struct tl_packer *p, const char *body, size_t size)
{
	if (size - p->taken >= STEP && pack(p, body, size, Z_NO_FLUSH) < 0)
		tl_packer_done(p); /* all of it at the end, then */
}

/* ---- Around it ---- */

static void put_number(char *to, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (char)(number >> 8 * i);
}

/* Blocks as they are, which do not end the stream. */
static int put_stored(struct tl_buffer *ret, const char *data, size_t size)
{
	int r = 0;

	for (size_t at = 0, n; at < size && r >= 0; at += n) {
		char head[5] = { 0 };

		n = MIN(size - at, STORED_MAX);
		put_number(head + 1, (uint32_t)n, 2);
		put_number(head + 3, ~(uint32_t)n, 2);
		r = tl_buffer_append(ret, head, sizeof(head));
		if (r >= 0)
			r = tl_buffer_append(ret, data + at, n);
	}
	return r;
}

static int put_all(const struct tl_packer *p, const char *head, size_t head_size, size_t size, struct tl_buffer *ret)
{
	static const char begin[10] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 4, 3 }; /* gzip, fast, Unix */
	unsigned long crc = crc32_combine(crc32(0, (const Bytef *)head, (uInt)head_size), p->crc, (z_off_t)size);
	char end[8];
	int r = tl_buffer_append(ret, begin, sizeof(begin));

	put_number(end, (uint32_t)crc, 4);
	put_number(end + 4, (uint32_t)(head_size + size), 4);
	if (r >= 0)
		r = put_stored(ret, head, head_size);
	if (r >= 0)
		r = tl_buffer_append(ret, p->out.data, p->out.size);
	return r < 0 ? r : tl_buffer_append(ret, end, sizeof(end));
}

int tl_packer_finish(struct tl_packer *p, const char *head, size_t head_size, const char *body, size_t size,
		     struct tl_buffer *ret)
{
	size_t before = ret->size;
	int r = pack(p, body, size, Z_FINISH);

	if (r >= 0)
		r = put_all(p, head ? head : "", head_size, size, ret);
	if (r < 0)
		ret->size = before;
	tl_packer_done(p);
	return r;
}
