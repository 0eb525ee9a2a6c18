// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "encode-proto.h"
#include "frames.h"

#define CHUNK ((size_t)256 * 1024)

/* Reads on until there are `want` bytes, or the end of the file. Not further: who writes to a pipe
 * may wait with what comes next. */
static int fill(struct tl_frames *f, size_t want)
{
	if (want > f->allocated) {
		char *data = realloc(f->data, want + CHUNK);

		if (!data)
			return -ENOMEM;
		f->data = data;
		f->allocated = want + CHUNK;
	}
	f->n += fread(f->data + f->n, 1, want - f->n, f->file);
	if (f->n == want)
		return 1;
	if (ferror(f->file))
		return -errno;
	return f->n ? -ENODATA : 0;
}

int tl_frames_next(struct tl_frames *f)
{
	size_t want = 1, size = 0;
	int r, head;

	f->at += f->n;
	f->n = f->head = 0;
	while ((r = fill(f, want)) > 0) {
		if (f->head)
			return 1;
		head = tl_proto_frame(f->data, f->n, &size);
		if (head < 0)
			return -EILSEQ;
		f->head = (size_t)head;
		want = head ? f->head + size : f->n + 1;
		if (head && want == f->n)
			return 1;
	}
	return r;
}

void tl_frames_done(struct tl_frames *f)
{
	free(f->data);
	f->data = NULL;
}
