/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "records.h"
#include "sha256.h"
#include "util.h"

#define IS_EVENT 0x80000000U
#define FIRST 256
#define TEXT_KEPT (512 * 1024) /* more than that was a bad time, which is over */

void tl_records_done(struct tl_records *l)
{
	tl_buffer_done(&l->text);
	free(l->sizes);
	*l = (struct tl_records){ 0 };
}

static int make_room(struct tl_records *l)
{
	size_t allocated = l->allocated ? l->allocated * 2 : FIRST;
	uint32_t *sizes;

	if (l->n < l->allocated)
		return 0;
	sizes = reallocarray(l->sizes, allocated, sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	l->sizes = sizes;
	l->allocated = allocated;
	return 0;
}

int tl_records_end(struct tl_records *l, bool is_event)
{
	int r = make_room(l);

	if (r < 0) {
		l->text.size = l->ended;
		return r;
	}
	l->sizes[l->n++] = (uint32_t)(l->text.size - l->ended) | (is_event ? IS_EVENT : 0);
	l->events += is_event;
	l->ended = l->text.size;
	return 0;
}

int tl_records_add(struct tl_records *l, tl_encoder encode, const struct tl_event *event,
		   const struct tl_annotation *annotation)
{
	int r = encode(&l->text, event, annotation);

	return r < 0 ? r : tl_records_end(l, event->kind < TL_EVENT_LOST);
}

/* Nothing is left; memory of a bad time is given back. */
static void empty(struct tl_records *l)
{
	l->n = l->events = 0;
	l->text.size = l->ended = 0;
	if (l->text.capacity > TEXT_KEPT)
		tl_records_done(l);
}

/* Bytes of the records that lie whole in the first `bytes`. */
static size_t whole_of(const struct tl_records *l, size_t bytes)
{
	size_t whole = 0;

	if (bytes == l->text.size)
		return bytes;
	for (size_t i = 0; i < l->n && whole + (l->sizes[i] & ~IS_EVENT) <= bytes; i++)
		whole += l->sizes[i] & ~IS_EVENT;
	return whole;
}

size_t tl_records_take(struct tl_records *l, size_t bytes, bool part, uint64_t *ret_events)
{
	size_t i, taken = 0;
	uint64_t events = 0;

	if (bytes == l->text.size) {
		*ret_events = l->events;
		empty(l);
		return bytes;
	}
	for (i = 0; i < l->n; i++) {
		size_t size = l->sizes[i] & ~IS_EVENT;

		if (taken + size > bytes)
			break;
		taken += size;
		events += l->sizes[i] & IS_EVENT ? 1 : 0;
	}
	l->n -= i;
	memmove(l->sizes, l->sizes + i, l->n * sizeof(*l->sizes));
	if (part && l->n) {
		l->sizes[0] -= (uint32_t)(bytes - taken);
		taken = bytes;
	}
	l->text.size -= taken;
	l->ended -= taken;
	memmove(l->text.data, l->text.data + taken, l->text.size);
	l->events -= events;
	*ret_events = events;
	return taken;
}

/* Takes back the part of a record at the end of a file. */
static bool cut(int fd, size_t part)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size >= (off_t)part && ftruncate(fd, st.st_size - (off_t)part) == 0;
}

size_t tl_records_write(struct tl_records *l, int fd, struct tl_sha256 *digest, uint64_t *ret_events, bool *ret_torn,
			int *ret_error)
{
	size_t done = 0, whole;
	int error = 0;

	while (done < l->ended) {
		ssize_t n = write(fd, l->text.data + done, l->ended - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			error = n < 0 ? -errno : -EIO;
			break;
		}
		done += (size_t)n;
	}
	if (digest)
		tl_sha256_update(digest, l->text.data, whole_of(l, done));
	whole = tl_records_take(l, done, false, ret_events);
	*ret_torn = done > whole && !cut(fd, done - whole);
	*ret_error = error;
	return whole;
}
