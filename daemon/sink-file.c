// SPDX-License-Identifier: GPL-2.0-or-later
/* A file of whole lines, whatever happens to the disk or to us. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "encoders.h"
#include "file-ahead.h"
#include "file-open.h"
#include "log.h"
#include "record.h"
#include "records.h"
#include "repair.h"
#include "room.h"
#include "rotation.h"
#include "runtime.h"
#include "sealer.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"
#include "written.h"

#define BUFFER_FULL (256 * 1024) /* at most: a large write costs less per byte than a small one */
#define RESERVE (64 * 1024) /* for own records */
#define SEAL_TICKS 10
/* After the one that sees it: who moves a file may be slow to say so, as logrotate on a busy machine. */
#define MOVED_TICKS 2
#define AGAIN_TICKS 60 /* as long as something may come once more: it is what is read first */

struct file {
	int directory, fd;
	char *name; /* in the directory */
	tl_encoder encode;
	struct tl_records records;
	struct tl_room room;
	struct tl_ahead ahead;
	size_t memory;
	size_t full; /* bytes that are written at once */
	uint64_t size; /* of the file */
	uint64_t noted; /* an event ends there, and a file of protobuf says so */
	bool needs_repair; /* it may end with a part of a line */
	bool detached; /* the path names another file now, which could not be opened */
	unsigned moved_ticks; /* 0: nobody has moved it; else for so long he may still say so */
	uint64_t rotate_size; /* bytes, 0: never */
	uint64_t rotate_age; /* ns, 0: never */
	bool rotate_later; /* it did not work: again at the next tick */
	uint64_t born; /* when the file was made; ns since the epoch */
	enum tl_fsync fsync;
	bool unsynced; /* something was written since the disk had all of it */
	bool unkept; /* same, and it did not take it: nothing more is written before it does */
	struct tl_rotation rotation;
	struct tl_written written; /* by the process before this one; empty when again_ticks has become 0 */
	unsigned again_ticks;
	struct tl_sealer *sealer; /* NULL: it has no seals */
	bool unsealed; /* records have come that are not themselves about seals; else two files would seal each other's */
	bool unsealed_waits; /* same, in `records` */
	unsigned unsealed_ticks; /* for so long they are in the file */
};

static void close_file(struct file *f)
{
	if (f->fd < 0)
		return;
	tl_ahead_give_back(&f->ahead, f->fd, f->size);
	close(f->fd);
}

static void file_free(struct file *f)
{
	if (!f)
		return;
	tl_rotation_done(&f->rotation);
	tl_written_done(&f->written);
	tl_records_done(&f->records);
	close_file(f);
	if (f->directory >= 0)
		close(f->directory);
	free(f->sealer);
	free(f->name);
	free(f);
}

static void file_freep(struct file **f)
{
	file_free(*f);
}

/* ---- Opening ---- */

/* An event ends there. Whoever opens a file of protobuf next finds its end soon; its last seal, if it has any. */
static void note(struct file *f, uint64_t at)
{
	f->noted = at;
	if (f->encode == tl_encode_proto)
		tl_repair_note(f->fd, (off_t)at);
}

static void note_end(struct file *f)
{
	if (!f->sealer && !f->needs_repair && f->size >= f->noted + TL_REPAIR_NOTE_EVERY)
		note(f, f->size);
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
		tl_sink_torn(s, tl_timespec_ns(&st.st_mtim));
		tl_log(LOG_WARNING, "output %s: removed an event from the end of %s that a crash had left unfinished",
		       s->name, s->path);
	}
	f->size = (uint64_t)st.st_size;
	f->needs_repair = false;
	f->noted = (uint64_t)tl_repair_noted(f->fd, st.st_size);
	note_end(f);
	return 0;
}

static int seal(struct tl_sink *s, const char *kind);
static int sync_file(struct tl_sink *s);

/* The file is somebody else's from now on. */
static void leave(struct tl_sink *s)
{
	struct file *f = s->data;

	if (f->sealer) {
		seal(s, "rotate");
		tl_sealer_leave(f->sealer);
	}
	if (f->fsync != TL_FSYNC_NEVER)
		sync_file(s);
	f->unsynced = f->unkept = false;
}

/* It is the file that is open, and nobody else wrote to it: protobuf would be read from the beginning to find its end. */
static bool is_as_it_was_left(const struct file *f, int fd)
{
	return f->fd >= 0 && !f->needs_repair && tl_file_same(f->fd, fd) && tl_file_size(fd) == f->size;
}

/* Opens s->path; on failure everything is as it was. */
static int open_path(struct tl_sink *s, struct file *f)
{
	_cleanup_close_ int directory = -1, fd = -1;
	struct file trial = *f;
	bool new;
	int r;

	directory = tl_file_open_directory(s->path);
	if (directory < 0)
		return directory;
	fd = tl_file_open_in(directory, f->name, &new);
	if (fd < 0)
		return fd;
	if (f->fd < 0 && !new)
		s->found = tl_file_identity(fd);
	trial.fd = fd;
	r = new || is_as_it_was_left(f, fd) ? 0 : take_up(s, &trial);
	if (r < 0)
		return r;
	if (f->fd >= 0 && !tl_file_same(f->fd, fd))
		leave(s);
	close_file(f);
	f->size = new ? 0 : trial.size;
	f->noted = new ? 0 : trial.noted;
	f->born = new ? tl_now() : tl_file_birth(fd);
	f->needs_repair = false;
	if (f->directory >= 0)
		close(f->directory);
	f->fd = TAKE_FD(fd);
	f->directory = TAKE_FD(directory);
	f->rotation.directory = f->directory;
	tl_room_init(&f->room, f->fd);
	tl_ahead_init(&f->ahead, f->fd);
	return 0;
}

static bool rotates(const struct file *f)
{
	return f->rotate_size || f->rotate_age;
}

/* A rotation that came to nothing for a kill may have left the next file, and none of the name. */
static void take_up_next(struct file *f)
{
	_cleanup_close_ int before = tl_rotation_open(&f->rotation, f->rotation.last), next = -1;
	_cleanup_free_ char *name = NULL;
	bool new;

	if (f->size || before < 0 || asprintf(&name, "%s.new", f->name) < 0 ||
	    faccessat(f->directory, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	next = tl_file_open_in(f->directory, name, &new);
	if (next < 0 || !tl_sealer_follows(next, before, f->sealer->is_proto) ||
	    renameat(f->directory, name, f->directory, f->name) < 0)
		return;
	close(f->fd);
	f->fd = TAKE_FD(next);
	f->size = tl_file_size(f->fd);
}

static int begin_sealing(struct file *f)
{
	f->sealer = calloc(1, sizeof(*f->sealer));
	if (!f->sealer)
		return -ENOMEM;
	tl_sealer_init(f->sealer, f->encode == tl_encode_proto);
	if (rotates(f))
		take_up_next(f);
	return 0;
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
		f->full = MIN(f->full, f->rotate_size - (output->seal ? 2 * TL_FILE_SEAL_MAX : 0));
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
	if (r >= 0 && output->seal)
		r = begin_sealing(f);
	if (r < 0) {
		tl_log(LOG_ERR, "output %s: cannot open %s: %s", s->name, s->path, tl_file_explain(r));
		return r;
	}
	s->data = TAKE_PTR(f);
	return 0;
}

static const char harm_deleted[] = "deleted, with the events in it; a new file is begun";
static const char harm_moved[] = "moved away; a new file is begun";
static const char harm_cut[] = "cut short: events are missing from it";

static int reopen(struct tl_sink *s)
{
	struct file *f = s->data;
	struct stat st;
	int r;

	if (fstat(f->fd, &st) == 0 && !st.st_nlink && !f->detached)
		s->harm = harm_deleted;
	s->ops->flush(s);
	r = open_path(s, f);
	f->detached = r < 0;
	if (r < 0)
		tl_sink_fails(s, r, "cannot open again");
	return r;
}

/* Whoever moves it and says so may; but not who deletes it. */
static int file_reopen(struct tl_sink *s)
{
	struct file *f = s->data;

	f->moved_ticks = 0;
	if (s->harm == harm_moved)
		s->harm = NULL;
	return reopen(s);
}

/* ---- Rotation ---- */

/* Waits for the disk. */
static int sync_file(struct tl_sink *s)
{
	struct file *f = s->data;
	int r = 0;

	if (f->unsynced && fdatasync(f->fd) < 0)
		r = -errno;
	f->unsynced = f->unkept = r < 0;
	if (r < 0)
		tl_sink_fails(s, r, "cannot get onto the disk what is in");
	return r;
}

/* What became of a seal: bytes written, or why it is not there. */
static ssize_t note_seal(struct tl_sink *s, int fd, ssize_t n, bool torn)
{
	struct file *f = s->data;

	if (fd == f->fd) {
		f->needs_repair |= torn;
		f->unsynced |= n > 0;
		f->size += n > 0 ? (size_t)n : 0;
		if (n > 0)
			note(f, f->size - (size_t)n);
	}
	if (n <= 0)
		return n;
	s->counters.bytes += (size_t)n;
	s->seal = f->sealer->last;
	s->sealed = true;
	f->unsealed = false;
	f->unsealed_ticks = 0;
	return n;
}

static ssize_t put_seal(struct tl_sink *s, int fd, const char *kind)
{
	struct file *f = s->data;
	bool torn;
	ssize_t n = tl_sealer_seal(f->sealer, fd, kind, &torn);

	return note_seal(s, fd, n, torn);
}

/* Seals what came since the last time, if anything did. */
static int seal(struct tl_sink *s, const char *kind)
{
	struct file *f = s->data;
	ssize_t n;

	if (!f->sealer || !f->sealer->knows || !f->sealer->bytes || f->needs_repair)
		return 0;
	n = put_seal(s, f->fd, kind);
	if (n < 0)
		tl_sink_fails(s, (int)n, "cannot seal");
	return n < 0 ? (int)n : 0;
}

static int find_seal(struct tl_sink *s)
{
	struct file *f = s->data;
	bool torn;
	ssize_t n;

	if (!f->sealer || f->sealer->knows)
		return 0;
	n = tl_sealer_take_up(f->sealer, f->fd, &torn);
	n = note_seal(s, f->fd, n, torn);
	if (n < 0)
		tl_sink_fails(s, (int)n, "cannot seal");
	return n < 0 ? (int)n : 0;
}

static bool seal_is_due(const struct file *f)
{
	return f->unsealed && f->unsealed_ticks >= SEAL_TICKS;
}

/* The end of this file and the beginning of the next one. *ret_old: as it goes on if that one is not used. */
static int seal_both(struct tl_sink *s, int next, struct tl_sealer *ret_old)
{
	struct file *f = s->data;
	ssize_t n;

	if (!f->sealer)
		return 0;
	n = put_seal(s, f->fd, "rotate");
	if (n < 0)
		return (int)n;
	*ret_old = *f->sealer;
	tl_sealer_leave(f->sealer);
	n = put_seal(s, next, "begin");
	f->sealer->knows = true;
	return n < 0 ? (int)n : 0;
}

static void begin_next(struct file *f, int fd)
{
	close_file(f);
	f->fd = fd;
	tl_ahead_init(&f->ahead, fd);
	f->unsynced = f->sealer;
	f->unkept = false;
	f->size = f->sealer ? f->sealer->start : 0;
	f->born = tl_now();
}

/* The new file is there before the old one goes: a full disk leaves us with the old one. */
static int rotate(struct tl_sink *s)
{
	struct file *f = s->data;
	struct tl_sealer old = f->sealer ? *f->sealer : (struct tl_sealer){ 0 };
	_cleanup_free_ char *next = NULL;
	_cleanup_close_ int fd = -1;
	bool new;
	int r;

	if (asprintf(&next, "%s.new", f->name) < 0)
		return -ENOMEM;
	unlinkat(f->directory, next, 0); /* from a crash */
	fd = tl_file_open_in(f->directory, next, &new);
	if (fd < 0)
		return fd;
	r = seal_both(s, fd, &old);
	if (r >= 0)
		r = tl_rotation_shift(&f->rotation);
	if (r >= 0 && renameat(f->directory, next, f->directory, f->name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(f->directory, next, 0);
		if (f->sealer)
			*f->sealer = old;
		return r;
	}
	if (f->fsync != TL_FSYNC_NEVER)
		sync_file(s);
	begin_next(f, TAKE_FD(fd));
	s->counters.rotations++;
	return 0;
}

static bool is_full(const struct file *f)
{
	const uint64_t seals = f->sealer ? 2 * TL_FILE_SEAL_MAX : 0, start = f->sealer ? f->sealer->start : 0;

	if (f->size <= start)
		return false;
	if (f->rotate_size && f->size + f->records.text.size + seals > f->rotate_size)
		return true;
	return f->rotate_age && tl_now() >= f->born + f->rotate_age;
}

static void look_after_old_files(struct tl_sink *s, int (*look)(struct tl_rotation *r))
{
	struct file *f = s->data;
	int r = look(&f->rotation);

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
		look_after_old_files(s, tl_rotation_tidy);
		return;
	}
	f->rotate_later = true;
	tl_log(LOG_WARNING, "output %s: cannot rotate %s: %s; it grows on", s->name, s->path, strerror(-r));
}

/* ---- Writing ---- */

static int repair(struct tl_sink *s)
{
	struct file *f = s->data;
	int r;

	if (!f->needs_repair)
		return 0;
	r = tl_repair_tail(f->fd, f->encode == tl_encode_proto);
	if (r < 0) {
		tl_sink_fails(s, r, "cannot repair the end of");
		return r;
	}
	f->needs_repair = false;
	f->size = tl_file_size(f->fd);
	return 0;
}

static int take_room(struct tl_sink *s)
{
	struct file *f = s->data;
	int r = tl_room_take(&f->room, f->records.text.size);

	if (r < 0)
		tl_sink_fails(s, r, "MemoryMax= leaves no room in memory for");
	return r;
}

static int write_records(struct tl_sink *s)
{
	struct file *f = s->data;
	uint64_t events;
	size_t written;
	int r;

	if (f->records.text.size >= BUFFER_FULL) /* a flood */
		tl_ahead_take(&f->ahead, f->fd, f->size, f->records.text.size,
			      f->rotate_size ? f->rotate_size : UINT64_MAX);
	written = tl_records_write(&f->records, f->fd, f->sealer ? &f->sealer->data : NULL, &events, &f->needs_repair,
				   &r);
	f->size += written;
	if (f->sealer && written) {
		f->sealer->bytes += written;
		f->unsealed |= f->unsealed_waits;
		f->unsealed_waits &= f->records.text.size > 0;
	}
	tl_sink_delivered(s, events, written);
	if (r < 0)
		tl_sink_fails(s, r, "cannot write to");
	f->unsynced |= written > 0;
	note_end(f);
	return r;
}

/* A file system that went read-only by itself may take what it will never have on the disk. */
static int refuse_read_only(struct tl_sink *s)
{
	const struct file *f = s->data;

	if (!tl_file_is_read_only(f->fd))
		return 0;
	tl_sink_fails(s, -EROFS, "cannot write to");
	return -EROFS;
}

static void push(struct tl_sink *s)
{
	struct file *f = s->data;

	if (f->detached || (!f->records.text.size && !s->error && !s->blocked && !seal_is_due(f)))
		return;
	if (refuse_read_only(s) < 0 || (f->unkept && sync_file(s) < 0))
		return;
	if (repair(s) < 0 || find_seal(s) < 0)
		return;
	rotate_if_full(s);
	/* A seal that did not fit may have left a part of itself. */
	if (repair(s) < 0 || take_room(s) < 0 || write_records(s) < 0)
		return;
	if (seal_is_due(f) && seal(s, "interval") < 0)
		return;
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
	f->unsealed_waits |= event->kind != TL_EVENT_SEAL;
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
		if ((uint64_t)ours.st_size < f->size) {
			s->harm = harm_cut;
			note(f, 0); /* it may not end between two events */
		}
		f->size = (uint64_t)ours.st_size;
		f->detached = false;
		return;
	}
	if (!f->detached)
		tl_log(ours.st_nlink ? LOG_INFO : LOG_CRIT, "output %s: %s was %s", s->name, s->path,
		       ours.st_nlink ? harm_moved : harm_deleted);
	reopen(s);
	if (ours.st_nlink && !detached)
		f->moved_ticks = MOVED_TICKS + 1;
}

static void file_tick(struct tl_sink *s)
{
	struct file *f = s->data;

	if (f->again_ticks && !--f->again_ticks)
		tl_written_done(&f->written);
	f->rotate_later = false;
	f->unsealed_ticks += f->unsealed;
	follow_path(s);
	if (f->moved_ticks && !--f->moved_ticks)
		s->harm = harm_moved;
	push(s);
	if (f->fsync == TL_FSYNC_INTERVAL && !f->unkept)
		sync_file(s);
	if (!rotates(f))
		return;
	/* Who was born later than now is of a clock that has been set back: his time begins anew. */
	f->born = MIN(f->born, tl_now());
	if (!f->detached)
		rotate_if_full(s);
	look_after_old_files(s, tl_rotation_tick);
}

/* ---- After somebody who was killed ---- */

/* Some of it may be in the files before this one. */
static int read_written(struct file *f)
{
	const bool is_proto = f->encode == tl_encode_proto;
	uint64_t size = tl_file_size(f->fd);
	int r = tl_written_read(&f->written, f->fd, is_proto);

	for (uint32_t number = rotates(f) ? f->rotation.last : 0; number && r >= 0 && size < TL_WRITTEN_BYTES; number--) {
		_cleanup_close_ int old = tl_rotation_open(&f->rotation, number);

		if (old == -ENOENT)
			break;
		r = old < 0 ? old : tl_written_read(&f->written, old, is_proto);
		size += tl_file_size(old);
	}
	return r;
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

static bool file_cut(struct tl_sink *s, uint32_t cpu, struct tl_lost *loss)
{
	struct file *f = s->data;

	return tl_written_cut(&f->written, cpu, loss);
}

static bool file_holds(const struct tl_sink *s)
{
	const struct file *f = s->data;

	return f->records.text.size > 0;
}

static int file_descriptor(const struct tl_sink *s)
{
	const struct file *f = s->data;

	return f->detached ? -1 : f->fd;
}

/* The other outputs are gone, or will be: it is for the journal. */
static void tell_last_seal(const struct tl_sink *s)
{
	if (s->seal.number)
		tl_log(LOG_NOTICE, "output %s: the last seal of %s is number %" PRIu64 ", %s", s->name, s->path,
		       s->seal.number, s->seal.hash);
}

static void file_close(struct tl_sink *s)
{
	struct file *f = s->data;

	push(s);
	seal(s, "close");
	if (f->fsync != TL_FSYNC_NEVER)
		sync_file(s);
	tell_last_seal(s);
	file_free(f);
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
	.cut = file_cut,
	.holds = file_holds,
	.descriptor = file_descriptor,
	.close = file_close,
};
