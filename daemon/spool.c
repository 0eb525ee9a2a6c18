// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "room.h"
#include "spool-format.h"
#include "spool.h"
#include "util.h"

#define DIGITS 10
#define NAME_SIZE (DIGITS + sizeof(".seg"))
#define SEGMENT_MAX (8ULL << 20)
#define SEGMENTS 8 /* at least, so that the oldest goes in small parts */
#define FOLDER_MODE 0700
#define FILE_MODE 0600

struct segment {
	uint64_t number;
	uint64_t size; /* bytes */
	uint64_t events; /* that wait in it */
};

struct tl_spool {
	struct tl_spool_setup setup;
	int folder;
	struct segment *segments; /* n of them, the oldest first */
	size_t n;
	uint64_t next; /* number of the next segment */
	uint64_t size, events; /* of all segments */
	int reading; /* the oldest segment, -1: not open */
	off_t at; /* in it: the oldest block that waits */
	struct tl_spool_head head; /* of that, if `peeked` */
	bool peeked;
	int writing; /* the last segment, -1: not open */
	struct tl_room room;
};

static void segment_name(char ret[NAME_SIZE + 12], uint64_t number)
{
	snprintf(ret, NAME_SIZE + 12, "%0*" PRIu64 ".seg", DIGITS, number);
}

static bool parse_name(const char *name, uint64_t *ret)
{
	size_t digits = strspn(name, "0123456789");

	if (digits < DIGITS || digits > 18 || strcmp(name + digits, ".seg"))
		return false;
	*ret = strtoull(name, NULL, 10);
	return true;
}

static int open_segment(const struct tl_spool *s, uint64_t number, int flags)
{
	char name[NAME_SIZE + 12];
	struct stat st;
	int fd;

	segment_name(name, number);
	fd = openat(s->folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, FILE_MODE);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EBADMSG;
	}
	return fd;
}

static void tell_lost(struct tl_spool *s, const struct tl_block_range *ranges, const struct tl_spool_head *head,
		      const char *why)
{
	s->setup.lost(ranges, head && ranges ? head->n_ranges : 0, head ? head->events : 0, why, s->setup.userdata);
}

/* ---- Segments ---- */

static void close_reading(struct tl_spool *s)
{
	tl_closep(&s->reading);
	s->reading = -1;
	s->at = 0;
	s->peeked = false;
}

static void close_writing(struct tl_spool *s)
{
	tl_closep(&s->writing);
	s->writing = -1;
}

/* Removes the i-th segment, whatever is in it. */
static void remove_segment(struct tl_spool *s, size_t i)
{
	char name[NAME_SIZE + 12];

	segment_name(name, s->segments[i].number);
	unlinkat(s->folder, name, 0);
	if (i == 0)
		close_reading(s);
	if (i == s->n - 1)
		close_writing(s);
	s->size -= s->segments[i].size;
	s->events -= s->segments[i].events;
	s->n--;
	memmove(s->segments + i, s->segments + i + 1, (s->n - i) * sizeof(*s->segments));
}

static int add_segment(struct tl_spool *s)
{
	struct segment *segments = reallocarray(s->segments, s->n + 1, sizeof(*segments));
	int fd;

	if (!segments)
		return -ENOMEM;
	s->segments = segments;
	fd = open_segment(s, s->next, O_CREAT | O_EXCL);
	if (fd < 0)
		return fd;
	close_writing(s);
	s->writing = fd;
	s->segments[s->n++] = (struct segment){ .number = s->next++ };
	return 0;
}

/* Tells what of a segment was not sent; its file stays. */
static void tell_segment(struct tl_spool *s, const struct segment *segment, const char *why)
{
	_cleanup_close_ int fd = open_segment(s, segment->number, 0);
	struct tl_spool_head head;
	off_t at = 0;

	while (fd >= 0 && at < (off_t)segment->size) {
		_cleanup_free_ struct tl_block_range *ranges = NULL;

		if (tl_spool_read_head(fd, at, (off_t)segment->size, &head) < 0) {
			if (tl_spool_find_head(fd, at + 1, (off_t)segment->size, &at) < 0)
				return;
			continue;
		}
		if (head.sent != TL_SPOOL_SENT) {
			tl_spool_read_ranges(fd, at, &head, &ranges);
			tell_lost(s, ranges, &head, why);
		}
		at += (off_t)tl_spool_block_size(&head);
	}
}

/* The oldest one that nobody is sending from, but never the one that is written. */
static bool drop_oldest(struct tl_spool *s)
{
	size_t i = s->peeked ? 1 : 0;

	if (i + 1 >= s->n)
		return false;
	tell_segment(s, &s->segments[i], "dropped");
	remove_segment(s, i);
	return true;
}

/* ---- Taking up ---- */

/* Reads the heads of a segment. What a crash has left unfinished at its end is
 * cut off. */
static int scan_segment(struct tl_spool *s, struct segment *segment)
{
	_cleanup_close_ int fd = open_segment(s, segment->number, 0);
	struct tl_spool_head head;
	struct stat st;
	off_t at = 0;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	while ((r = tl_spool_read_head(fd, at, st.st_size, &head)) != -ENODATA) {
		off_t next;

		if (r >= 0) {
			if (head.sent != TL_SPOOL_SENT)
				segment->events += head.events;
			at += (off_t)tl_spool_block_size(&head);
			continue;
		}
		if (r != -EBADMSG || (r = tl_spool_find_head(fd, at, st.st_size, &next)) < 0)
			return r;
		tell_lost(s, NULL, NULL, next == st.st_size ? "torn" : "damaged");
		if (next == st.st_size) {
			if (ftruncate(fd, at) < 0)
				return -errno;
			break;
		}
		at = next;
	}
	segment->size = (uint64_t)at;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int list_segments(struct tl_spool *s)
{
	_cleanup_(closedirp) DIR *d = NULL;
	struct dirent *entry;
	int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int r = -errno;

		tl_closep(&fd);
		return r;
	}
	while ((entry = readdir(d))) {
		struct segment found = { 0 }, *segments;

		if (!parse_name(entry->d_name, &found.number))
			continue;
		segments = reallocarray(s->segments, s->n + 1, sizeof(*segments));
		if (!segments)
			return -ENOMEM;
		s->segments = segments;
		s->segments[s->n++] = found;
	}
	if (s->n)
		qsort(s->segments, s->n, sizeof(*s->segments), compare);
	return 0;
}

static int take_up(struct tl_spool *s)
{
	int r = list_segments(s);

	for (size_t i = 0; i < s->n && r >= 0; i++) {
		r = scan_segment(s, &s->segments[i]);
		s->size += s->segments[i].size;
		s->events += s->segments[i].events;
		s->next = s->segments[i].number + 1;
	}
	return r;
}

static int open_folder(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* Who may put files there could have us send anything. */
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return TAKE_FD(fd);
}

static void spool_freep(struct tl_spool **s)
{
	tl_spool_free(*s);
}

int tl_spool_open(const struct tl_spool_setup *setup, struct tl_spool **ret)
{
	_cleanup_(spool_freep) struct tl_spool *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->setup.path = NULL; /* borrowed for now only */
	s->next = 1;
	s->reading = s->writing = -1;
	s->folder = open_folder(setup->path);
	if (s->folder < 0)
		return s->folder;
	tl_room_init(&s->room, s->folder);
	r = take_up(s);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

struct tl_spool *tl_spool_free(struct tl_spool *s)
{
	if (!s)
		return NULL;
	close_reading(s);
	close_writing(s);
	tl_closep(&s->folder);
	free(s->segments);
	free(s);
	return NULL;
}

/* ---- In and out ---- */

static uint64_t segment_max(const struct tl_spool *s)
{
	return MIN(SEGMENT_MAX, s->setup.size / SEGMENTS);
}

int tl_spool_add(struct tl_spool *s, const struct tl_block *block)
{
	const struct tl_spool_head head = { .n_ranges = block->n_ranges, .size = (uint32_t)block->body.size };
	uint64_t need = tl_spool_block_size(&head), size;
	struct segment *last;
	int r;

	if (block->body.size > TL_BLOCK_SIZE_MAX || need > s->setup.size)
		return -EDQUOT;
	while (s->size + need > s->setup.size)
		if (!s->setup.drop_oldest || !drop_oldest(s))
			return -EDQUOT;
	r = tl_room_take(&s->room, need);
	if (r < 0)
		return r;
	if (s->writing < 0 || s->segments[s->n - 1].size + need > segment_max(s)) {
		r = add_segment(s);
		if (r < 0)
			return r;
	}
	last = &s->segments[s->n - 1];
	r = tl_spool_write_block(s->writing, (off_t)last->size, block, &size);
	if (r < 0)
		return r;
	last->size += size;
	last->events += block->events;
	s->size += size;
	s->events += block->events;
	return 0;
}

/* Steps over a block, or over damage. */
static void step(struct tl_spool *s, uint64_t bytes, uint64_t events)
{
	s->at += (off_t)bytes;
	s->segments[0].events -= MIN(events, s->segments[0].events);
	s->events -= MIN(events, s->events);
	s->peeked = false;
}

/* Finds the oldest block that waits in the oldest segment. -ENODATA: none. */
static int find_waiting(struct tl_spool *s)
{
	const struct segment *oldest = &s->segments[0];
	int r;

	if (s->reading < 0) {
		s->reading = open_segment(s, oldest->number, 0);
		s->at = 0;
	}
	if (s->reading < 0)
		return s->reading;
	while ((r = tl_spool_read_head(s->reading, s->at, (off_t)oldest->size, &s->head)) != -ENODATA) {
		off_t next;

		if (r >= 0 && s->head.sent != TL_SPOOL_SENT)
			return 0;
		if (r >= 0) {
			step(s, tl_spool_block_size(&s->head), 0);
			continue;
		}
		/* It was told when the segment was taken up, or has happened since. */
		if (r != -EBADMSG || (r = tl_spool_find_head(s->reading, s->at + 1, (off_t)oldest->size, &next)) < 0)
			return r;
		step(s, (uint64_t)(next - s->at), 0);
	}
	return -ENODATA;
}

/* The oldest segment is done with; whatever has not been found in it is lost. */
static void retire(struct tl_spool *s)
{
	uint64_t left = s->segments[0].events;

	if (left)
		s->setup.lost(NULL, 0, (uint32_t)left, "damaged", s->setup.userdata);
	remove_segment(s, 0);
}

int tl_spool_peek(struct tl_spool *s, struct tl_block *ret)
{
	while (s->n) {
		_cleanup_free_ struct tl_block_range *ranges = NULL;
		int r = s->peeked ? 0 : find_waiting(s);

		if (r >= 0)
			r = tl_spool_read_block(s->reading, s->at, &s->head, ret);
		if (r >= 0) {
			s->peeked = true;
			return 0;
		}
		if (r == -ENODATA || r == -ENOENT) {
			retire(s);
			continue;
		}
		if (r != -EBADMSG)
			return r;
		tl_spool_read_ranges(s->reading, s->at, &s->head, &ranges);
		tell_lost(s, ranges, &s->head, "damaged");
		step(s, tl_spool_block_size(&s->head), s->head.events);
	}
	return -ENODATA;
}

void tl_spool_done(struct tl_spool *s)
{
	if (!s->peeked)
		return;
	/* After a crash it would be sent again, which readers know by the events' ids. */
	tl_spool_mark_sent(s->reading, s->at);
	step(s, tl_spool_block_size(&s->head), s->head.events);
	if (s->at >= (off_t)s->segments[0].size)
		retire(s);
}

uint64_t tl_spool_events(const struct tl_spool *s)
{
	return s->events;
}

uint64_t tl_spool_bytes(const struct tl_spool *s)
{
	return s->size;
}
