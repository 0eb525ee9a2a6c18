// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of whole lines, whatever happens to the disk or to us. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "encoders.h"
#include "log.h"
#include "record.h"
#include "records.h"
#include "repair.h"
#include "rotation.h"
#include "runtime.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"
#include "written.h"

#define BUFFER_FULL (256 * 1024) /* at most: a large write costs less per byte than a small one */
#define RESERVE (64 * 1024) /* for own records */
#define FILE_MODE 0640
#define AGAIN_TICKS 60 /* as long as something may come once more: it is what is read first */

struct file {
	int directory, fd;
	char *name; /* in the directory */
	tl_encoder encode;
	struct tl_records records;
	size_t memory;
	size_t full; /* bytes that are written at once */
	uint64_t size; /* of the file */
	bool needs_repair; /* it may end with a part of a line */
	bool detached; /* the path names another file now, which could not be opened */
	uint64_t rotate_size; /* bytes, 0: never */
	uint64_t rotate_age; /* ns, 0: never */
	bool rotate_later; /* it did not work: again at the next tick */
	uint64_t born; /* when the file was made; ns since the epoch */
	enum tl_fsync fsync;
	bool unsynced; /* something was written since the disk had all of it */
	struct tl_rotation rotation;
	struct tl_written written; /* by the process before this one; empty when again_ticks has become 0 */
	unsigned again_ticks;
};

static void file_free(struct file *f)
{
	if (!f)
		return;
	tl_rotation_done(&f->rotation);
	tl_written_done(&f->written);
	tl_records_done(&f->records);
	if (f->fd >= 0)
		close(f->fd);
	if (f->directory >= 0)
		close(f->directory);
	free(f->name);
	free(f);
}

static void file_freep(struct file **f)
{
	file_free(*f);
}

/* ---- Opening ---- */

static int open_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* Who may replace the file could have us write anywhere. */
	if ((st.st_mode & S_IWOTH) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	return TAKE_FD(fd);
}

static int open_in(int directory, const char *name, bool *ret_new)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	_cleanup_close_ int fd = -1;
	bool new = true;
	struct stat st;

	fd = openat(directory, name, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0 && errno == EEXIST) {
		new = false;
		fd = openat(directory, name, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	if (new) {
		/* Without the group it is for root alone. */
		if (fchown(fd, (uid_t)-1, tl_readers_group()) < 0 && errno != EPERM)
			return -errno;
		if (fchmod(fd, FILE_MODE) < 0)
			return -errno;
	}
	*ret_new = new;
	return TAKE_FD(fd);
}

static const char *explain(int r)
{
	switch (r) {
	case -ENOENT:
		return "its directory does not exist; create it";
	case -EPERM:
		return "its directory belongs to somebody else, or all users may write there; choose one that only "
		       "root "
		       "may write to";
	case -ELOOP:
		return "it is a symbolic link; give the path of the file itself";
	case -EBADF:
	case -ENXIO:
		return "it is not a regular file";
	case -EBADMSG:
		return "it holds something that does not come from TraceLeft; remove it or choose another path";
	default:
		return strerror(-r);
	}
}

/* Takes up the file's end: its size, and no unfinished line. */
static int take_up(struct tl_sink *s, struct file *f)
{
	struct stat st;
	int r = tl_repair_tail(f->fd, f->encode == tl_encode_proto);

	if (r < 0)
		return r;
	if (fstat(f->fd, &st) < 0)
		return -errno;
	if (r > 0) {
		tl_sink_torn(s, (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
		tl_log(LOG_WARNING, "output %s: removed an event from the end of %s that a crash had left unfinished",
		       s->name, s->path);
	}
	f->size = (uint64_t)st.st_size;
	f->needs_repair = false;
	return 0;
}

/* Not every file system knows it; then it is as old as we know it. */
static uint64_t birth_of(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) < 0 || !(st.stx_mask & STATX_BTIME))
		return tl_now();
	return (uint64_t)st.stx_btime.tv_sec * 1000000000 + st.stx_btime.tv_nsec;
}

/* Opens s->path; on failure everything is as it was. */
static int open_path(struct tl_sink *s, struct file *f)
{
	_cleanup_close_ int directory = -1, fd = -1;
	struct file trial = *f;
	bool new;
	int r;

	directory = open_directory(s->path);
	if (directory < 0)
		return directory;
	fd = open_in(directory, f->name, &new);
	if (fd < 0)
		return fd;
	trial.fd = fd;
	r = new ? 0 : take_up(s, &trial);
	if (r < 0)
		return r;
	f->size = new ? 0 : trial.size;
	f->born = new ? tl_now() : birth_of(fd);
	f->needs_repair = false;
	if (f->fd >= 0)
		close(f->fd);
	if (f->directory >= 0)
		close(f->directory);
	f->fd = TAKE_FD(fd);
	f->directory = TAKE_FD(directory);
	f->rotation.directory = f->directory;
	return 0;
}

static bool rotates(const struct file *f)
{
	return f->rotate_size || f->rotate_age;
}

static int file_open(struct tl_sink *s, const struct tl_policy_output *output, const struct tl_sink_setup *setup)
{
	_cleanup_(file_freep) struct file *f = calloc(1, sizeof(*f));
	_cleanup_free_ char *copy = s->path ? strdup(s->path) : NULL;
	int r;

	if (!f || !copy)
		return -ENOMEM;
	f->directory = f->fd = -1;
	f->encode = tl_encoder_of(output->format);
	f->memory = setup->memory;
	f->rotate_size = output->rotate_size;
	f->full = MIN((size_t)BUFFER_FULL, f->memory);
	if (f->rotate_size)
		f->full = MIN(f->full, f->rotate_size);
	f->rotate_age = output->rotate_age * 1000000000;
	f->fsync = output->fsync;
	f->name = strdup(basename(copy));
	if (!f->name)
		return -ENOMEM;
	if (!f->encode) {
		tl_log(LOG_ERR, "output %s: files have the formats json, text and proto only", s->name);
		return -EOPNOTSUPP;
	}
	r = open_path(s, f);
	if (r >= 0 && rotates(f))
		r = tl_rotation_init(&f->rotation, f->directory, f->name, output->rotate_keep, output->rotate_compress);
	if (r < 0) {
		tl_log(LOG_ERR, "output %s: cannot open %s: %s", s->name, s->path, explain(r));
		return r;
	}
	s->data = TAKE_PTR(f);
	return 0;
}

static const char harm_deleted[] = "deleted, with the events in it; a new file is begun";
static const char harm_moved[] = "moved away; a new file is begun";
static const char harm_cut[] = "cut short: events are missing from it";

/* Whoever moves it and says so may; but not who deletes it. */
static int file_reopen(struct tl_sink *s)
{
	struct file *f = s->data;
	struct stat st;
	int r;

	if (fstat(f->fd, &st) == 0 && !st.st_nlink && !f->detached)
		s->harm = harm_deleted;
	else if (s->harm == harm_moved)
		s->harm = NULL;
	s->ops->flush(s);
	r = open_path(s, f);
	f->detached = r < 0;
	if (r < 0)
		tl_sink_fails(s, r, "cannot open again");
	return r;
}

/* ---- Rotation ---- */

/* Waits for the disk. */
static int sync_file(struct tl_sink *s)
{
	struct file *f = s->data;

	if (!f->unsynced)
		return 0;
	if (fdatasync(f->fd) < 0) {
		tl_sink_fails(s, -errno, "cannot get onto the disk what is in");
		return -errno;
	}
	f->unsynced = false;
	return 0;
}

/* The new file is there before the old one goes: a full disk leaves us with the old one. */
static int rotate(struct tl_sink *s)
{
	struct file *f = s->data;
	_cleanup_free_ char *next = NULL;
	_cleanup_close_ int fd = -1;
	bool new;
	int r;

	if (asprintf(&next, "%s.new", f->name) < 0)
		return -ENOMEM;
	unlinkat(f->directory, next, 0); /* from a crash */
	fd = open_in(f->directory, next, &new);
	if (fd < 0)
		return fd;
	r = tl_rotation_shift(&f->rotation);
	if (r >= 0 && renameat(f->directory, next, f->directory, f->name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(f->directory, next, 0);
		return r;
	}
	if (f->fsync != TL_FSYNC_NEVER)
		sync_file(s);
	close(f->fd);
	f->fd = TAKE_FD(fd);
	f->unsynced = false;
	f->size = 0;
	f->born = tl_now();
	s->counters.rotations++;
	return 0;
}

static bool is_full(const struct file *f)
{
	if (!f->size)
		return false;
	if (f->rotate_size && f->size + f->records.text.size > f->rotate_size)
		return true;
	return f->rotate_age && tl_now() >= f->born + f->rotate_age;
}

static void look_after_old_files(struct tl_sink *s)
{
	struct file *f = s->data;
	int r = tl_rotation_tick(&f->rotation);

	if (r < 0)
		tl_log(LOG_WARNING, "output %s: cannot look after the old files of %s: %s", s->name, s->path,
		       strerror(-r));
}

static void rotate_if_full(struct tl_sink *s)
{
	struct file *f = s->data;
	int r;

	if (f->rotate_later || !is_full(f))
		return;
	r = rotate(s);
	if (r >= 0) {
		look_after_old_files(s);
		return;
	}
	f->rotate_later = true;
	tl_log(LOG_WARNING, "output %s: cannot rotate %s: %s; it grows on", s->name, s->path, strerror(-r));
}

/* ---- Writing ---- */

static uint64_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

static void push(struct tl_sink *s)
{
	struct file *f = s->data;
	uint64_t events;
	size_t written;
	int r;

	if (f->detached || (!f->records.text.size && !s->error))
		return;
	if (f->needs_repair) {
		r = tl_repair_tail(f->fd, f->encode == tl_encode_proto);
		if (r < 0) {
			tl_sink_fails(s, r, "cannot repair the end of");
			return;
		}
		f->needs_repair = false;
		f->size = size_of(f->fd);
	}
	rotate_if_full(s);
	written = tl_records_write(&f->records, f->fd, &events, &f->needs_repair, &r);
	f->size += written;
	tl_sink_delivered(s, events, written);
	if (r < 0) {
		tl_sink_fails(s, r, "cannot write to");
		return;
	}
	f->unsynced |= written > 0;
	if (f->fsync == TL_FSYNC_ALWAYS && sync_file(s) < 0)
		return;
	tl_sink_works(s);
	tl_sink_unblock(s);
}

/* What failed is tried again at ticks, not for each event. */
static void file_flush(struct tl_sink *s)
{
	if (!s->error)
		push(s);
}

static int file_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct file *f = s->data;
	int r;

	if (f->records.text.size >= f->memory + (event->kind >= TL_EVENT_LOST ? RESERVE : 0))
		return -ENOBUFS;
	r = tl_records_add(&f->records, f->encode, event, annotation);
	if (r < 0)
		return r;
	if (f->records.text.size >= f->full)
		file_flush(s);
	return 0;
}

/* ---- Looking after it ---- */

/* Somebody moved or removed the file: whatever comes now belongs into a new one. */
static void follow_path(struct tl_sink *s)
{
	struct file *f = s->data;
	bool detached = f->detached;
	struct stat ours, there;

	if (fstat(f->fd, &ours) < 0)
		return;
	if (fstatat(AT_FDCWD, s->path, &there, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino) {
		if ((uint64_t)ours.st_size < f->size)
			s->harm = harm_cut;
		f->size = (uint64_t)ours.st_size;
		f->detached = false;
		return;
	}
	if (!f->detached)
		tl_log(ours.st_nlink ? LOG_INFO : LOG_CRIT, "output %s: %s was %s", s->name, s->path,
		       ours.st_nlink ? harm_moved : harm_deleted);
	file_reopen(s);
	if (ours.st_nlink && !detached)
		s->harm = harm_moved;
}

static void file_tick(struct tl_sink *s)
{
	struct file *f = s->data;

	if (f->again_ticks && !--f->again_ticks)
		tl_written_done(&f->written);
	f->rotate_later = false;
	follow_path(s);
	push(s);
	if (f->fsync == TL_FSYNC_INTERVAL && sync_file(s) >= 0)
		tl_sink_works(s);
	if (!rotates(f))
		return;
	if (!f->detached)
		rotate_if_full(s);
	look_after_old_files(s);
}

/* ---- After somebody who was killed ---- */

/* Some of it may be in the file before this one. */
static int read_written(struct file *f)
{
	_cleanup_close_ int old = rotates(f) ? tl_rotation_open_last(&f->rotation) : -ENOENT;
	bool is_proto = f->encode == tl_encode_proto;
	int r = tl_written_read(&f->written, f->fd, is_proto);

	if (r < 0 || old == -ENOENT)
		return r;
	return old < 0 ? old : tl_written_read(&f->written, old, is_proto);
}

static void file_come_again(struct tl_sink *s)
{
	struct file *f = s->data;
	int r;

	if (f->encode == tl_encode_text)
		return; /* has no ids */
	r = read_written(f);
	if (r < 0)
		tl_log(LOG_WARNING, "output %s: the last events in %s may come twice: %s", s->name, s->path,
		       strerror(-r));
	f->again_ticks = AGAIN_TICKS;
}

static bool file_has(struct tl_sink *s, const struct tl_event *event)
{
	struct file *f = s->data;

	return tl_written_take(&f->written, event);
}

static void file_close(struct tl_sink *s)
{
	push(s);
	file_free(s->data);
}

const struct tl_sink_ops tl_sink_file = {
	.type = "file",
	.open = file_open,
	.write = file_write,
	.flush = file_flush,
	.tick = file_tick,
	.reopen = file_reopen,
	.come_again = file_come_again,
	.has = file_has,
	.close = file_close,
};
