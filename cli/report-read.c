// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a report. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "encode-proto.h"
#include "frames.h"
#include "input.h"
#include "report-read.h"

#define COMPLAINTS_MAX 20 /* of a file */
#define NOTES_MAX (64 * 1024) /* bytes */
#define CHUNK ((size_t)256 * 1024)
#define LINE_MAX_SIZE ((size_t)2 * TL_PROTO_EVENT_MAX) /* an event is never so long */
#define DIGITS 6 /* of a rotated file's number, at least: see daemon/rotation.c */

/* ---- Streams ---- */

void tl_report_stream_complain(struct tl_report_stream *s, uint64_t number, const char *what)
{
	s->report->broken++;
	if (++s->complaints <= COMPLAINTS_MAX)
		tl_print_error("%s:%" PRIu64 ": %s", s->name, number, what);
}

void tl_report_stream_rest(struct tl_report_stream *s)
{
	if (s->complaints > COMPLAINTS_MAX)
		tl_print_error("%s: and %" PRIu64 " more such places", s->name, s->complaints - COMPLAINTS_MAX);
	s->complaints = 0;
}

int tl_report_stream_take(struct tl_report_stream *s, uint64_t number, const struct tl_json *json)
{
	char where[4200];
	int r = json ? tl_report_take(s->report, json) : -EBADMSG;

	if (r == -EBADMSG) {
		tl_report_stream_complain(s, number, "this is no event");
		return 0;
	}
	if (r < 0)
		return r;
	snprintf(where, sizeof(where), "%s:%" PRIu64, s->name, number);
	r = tl_verify_event(&s->verify, where, json);
	s->verify.notes.size = MIN(s->verify.notes.size, (size_t)NOTES_MAX);
	return r;
}

int tl_report_stream_end(struct tl_report_stream *s)
{
	struct tl_report *r = s->report;
	struct tl_verify *v = &s->verify;
	bool open = v->open || !(v->events + v->results + v->records);

	v->open = false; /* told in words of our own */
	tl_verify_end(v);
	for (size_t i = 0; i < v->n_gaps; i++)
		r->undeclared += !v->gaps[i].declared;
	r->gaps += v->n_gaps;
	r->gone_records += v->gone_records;
	r->unbalanced += v->unbalanced;
	r->unaudited += v->unaudited;
	r->open += open;
	if (r->problems.size + v->notes.size <= NOTES_MAX)
		tl_report_harmless_lines(&r->problems, v->notes.data, v->notes.size);
	tl_verify_done(v);
	return r->problems.failed ? -ENOMEM : 0;
}

/* ---- Lines ---- */

struct lines {
	FILE *file;
	char *data;
	size_t begin, end, allocated;
	uint64_t number;
	bool too_long; /* the line that is read now; its beginning is gone */
};

/* Reads on. 0: there is no more. */
static ssize_t fill(struct lines *l)
{
	size_t n;

	memmove(l->data, l->data + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	if (l->end > LINE_MAX_SIZE) {
		l->too_long = true;
		l->end = 0;
	}
	if (l->allocated - l->end < CHUNK) {
		char *grown = realloc(l->data, l->allocated + CHUNK);

		if (!grown)
			return -ENOMEM;
		l->data = grown;
		l->allocated += CHUNK;
	}
	errno = 0;
	n = fread(l->data + l->end, 1, CHUNK, l->file);
	l->end += n;
	return n ? (ssize_t)n : ferror(l->file) ? -(errno ? errno : EIO) : 0;
}

static int give(struct lines *l, size_t size, bool torn, tl_report_line take, void *userdata)
{
	const char *line = l->too_long ? NULL : l->data + l->begin;

	l->begin += size + !torn;
	l->too_long = false;
	return take(line, line ? size : 0, ++l->number, torn, userdata);
}

static int each_line(struct lines *l, tl_report_line take, void *userdata)
{
	size_t seen = 0; /* of what is there, without a newline */
	ssize_t n = 1;
	int r;

	l->data = malloc(CHUNK);
	l->allocated = CHUNK;
	if (!l->data)
		return -ENOMEM;
	while (n > 0) {
		const char *from = l->data + l->begin + seen;
		const char *newline = memchr(from, '\n', (size_t)(l->data + l->end - from));

		if (newline) {
			r = give(l, (size_t)(newline - l->data) - l->begin, false, take, userdata);
			if (r < 0)
				return r;
			seen = 0;
			continue;
		}
		n = fill(l);
		seen = l->end - (n > 0 ? (size_t)n : 0);
	}
	if (n < 0)
		return (int)n;
	return l->end > l->begin || l->too_long ? give(l, l->end - l->begin, true, take, userdata) : 0;
}

int tl_report_lines(FILE *file, tl_report_line take, void *userdata)
{
	struct lines l = { .file = file };
	int r = each_line(&l, take, userdata);

	free(l.data);
	return r;
}

static int take_line(const char *line, size_t size, uint64_t number, bool torn, void *userdata)
{
	_cleanup_(tl_json_freep) struct tl_json *json = NULL;
	struct tl_report_stream *s = userdata;
	int r;

	if (!line) {
		tl_report_stream_complain(s, number, "the line is too long for an event");
		return 0;
	}
	r = tl_json_parse(line, size, &json);
	if (r == -ENOMEM)
		return r;
	if (torn && !json) {
		tl_report_stream_complain(s, number, "the line is torn: it ends within an event");
		return 0;
	}
	return tl_report_stream_take(s, number, json);
}

/* ---- Protobuf ---- */

static int take_event(struct tl_report_stream *s, uint64_t number, const struct tl_frames *f)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	_cleanup_(tl_json_freep) struct tl_json *json = NULL;
	int r = tl_proto_to_json(&line, f->data + f->head, f->n - f->head);

	if (r >= 0)
		r = tl_json_parse(line.data, line.size, &json);
	return r == -ENOMEM ? r : tl_report_stream_take(s, number, json);
}

static int read_events(struct tl_report_stream *s, FILE *file)
{
	struct tl_frames frames = { .file = file };
	uint64_t number = 0;
	int r;

	while ((r = tl_frames_next(&frames)) > 0) {
		r = take_event(s, ++number, &frames);
		if (r < 0)
			break;
	}
	if (r == -ENODATA)
		tl_report_stream_complain(s, number + 1, "the file ends within an event");
	else if (r == -EILSEQ)
		tl_report_stream_complain(s, number + 1, "no event begins here; the rest cannot be read");
	tl_frames_done(&frames);
	return r == -ENODATA || r == -EILSEQ ? 0 : r;
}

/* ---- Files ---- */

/* An event of protobuf is so long that its length takes two bytes, which tells. */
static bool is_proto(FILE *file)
{
	int c = getc(file);

	ungetc(c, file);
	return c != EOF && (c & 0x80);
}

/* Errors of the file are told, and no reason to end. */
static int read_file(struct tl_report_stream *s, const char *path)
{
	_cleanup_fclose_ FILE *file = tl_input_open(path);
	int r;

	s->name = tl_input_name(path);
	s->report->sources++;
	if (file)
		r = is_proto(file) ? read_events(s, file) : tl_report_lines(file, take_line, s);
	else
		r = -errno;
	tl_report_stream_rest(s);
	if (r >= 0 || r == -ENOMEM)
		return r;
	tl_input_complain(s->name, r);
	s->report->unreadable++;
	return 0;
}

struct file {
	const char *path;
	size_t stem; /* bytes of the path without what rotation appends */
	unsigned long number; /* the newest: ULONG_MAX */
	size_t place; /* as it was given */
};

static struct file file_of(const char *path, size_t place)
{
	struct file f = { .path = path, .stem = strlen(path), .number = (unsigned long)-1, .place = place };
	size_t end = f.stem, digits = 0;

	if (end > 3 && strcmp(path + end - 3, ".gz") == 0)
		end -= 3;
	while (digits < end && path[end - 1 - digits] >= '0' && path[end - 1 - digits] <= '9')
		digits++;
	if (digits < DIGITS || digits > 9 || end <= digits + 1 || path[end - 1 - digits] != '.')
		return f;
	f.stem = end - digits - 1;
	f.number = strtoul(path + end - digits, NULL, 10);
	return f;
}

static bool same_output(const struct file *a, const struct file *b)
{
	return a->stem == b->stem && memcmp(a->path, b->path, a->stem) == 0;
}

static int oldest_first(const void *x, const void *y)
{
	const struct file *a = x, *b = y;
	int r = memcmp(a->path, b->path, MIN(a->stem, b->stem));

	if (r || a->stem != b->stem)
		return r ? r : a->stem < b->stem ? -1 : 1;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static int read_output(struct tl_report *report, const struct file *files, size_t n)
{
	struct tl_report_stream s = { .report = report };
	int r = 0, end;

	for (size_t i = 0; i < n && r >= 0; i++) {
		if (i && strcmp(files[i].path, files[i - 1].path) == 0) {
			tl_print_warning("%s: named twice, read once", files[i].path);
			continue;
		}
		r = read_file(&s, files[i].path);
	}
	end = tl_report_stream_end(&s);
	return r < 0 ? r : end;
}

int tl_report_files(struct tl_report *report, char **paths, size_t n)
{
	_cleanup_free_ struct file *files = reallocarray(NULL, n + 1, sizeof(*files));
	int r = 0;

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		files[i] = file_of(paths[i], i);
	qsort(files, n, sizeof(*files), oldest_first);
	for (size_t i = 0, next; i < n && r >= 0; i = next) {
		for (next = i + 1; next < n && same_output(&files[i], &files[next]); next++)
			;
		r = read_output(report, files + i, next - i);
	}
	return r;
}
