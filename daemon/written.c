// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode-proto.h"
#include "encode.h"
#include "json-walk.h"
#include "repair.h"
#include "util.h"
#include "written.h"

#define STAGE_SIZE 24

/* What is counted of losses other than events, and comes again. */
static const char counted_by_session[] = "refusals";

struct tl_written_loss {
	char stage[STAGE_SIZE];
	uint64_t cpu, count;
	uint64_t first, last; /* numbers */
	uint64_t time_first, time_last;
};

void tl_written_done(struct tl_written *w)
{
	tl_key_table_done(&w->ids);
	free(w->losses);
	*w = (struct tl_written){ 0 };
}

static int add(struct tl_written *w, const char *id, size_t size)
{
	bool is_new;
	unsigned *n = tl_key_table_get(&w->ids, id, size, &is_new);

	if (!n)
		return -ENOMEM;
	++*n;
	return 0;
}

bool tl_written_take(struct tl_written *w, const struct tl_event *event)
{
	char id[TL_EVENT_ID_MAX];
	unsigned *n;

	if (!w->ids.n)
		return false;
	n = tl_key_table_find(&w->ids, id, tl_event_id(id, event));
	return n && *n && (*n)--;
}

/* ---- Losses ---- */

static int add_loss(struct tl_written *w, const struct tl_written_loss *loss)
{
	if (w->n_losses == w->losses_allocated) {
		size_t allocated = w->losses_allocated ? 2 * w->losses_allocated : 64;
		struct tl_written_loss *grown = reallocarray(w->losses, allocated, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		w->losses = grown;
		w->losses_allocated = allocated;
	}
	w->losses[w->n_losses++] = *loss;
	return 0;
}

/* Of a CPU and a stage the numbers and the times go up: that one is not declared again. */
static bool is_over(const struct tl_written_loss *w, const struct tl_lost *loss)
{
	return w->last < loss->seq_first || w->time_last < loss->time_first;
}

/* Losses without numbers are what has been counted since a time: the same time, the same losses, or more by now. */
static void cut_count(struct tl_written_loss *w, struct tl_lost *loss)
{
	const uint64_t n = w->time_first == loss->time_first ? MIN(w->count, loss->count) : 0;

	w->count -= n;
	loss->count -= n;
}

static bool is_whole(uint64_t count, uint64_t first, uint64_t last)
{
	return count == last - first + 1;
}

/* Some of the numbers between may be known for something else; then it is the same loss or another one. */
static void cut(const struct tl_written_loss *w, struct tl_lost *loss, bool is_all)
{
	const uint64_t first = MAX(w->first, loss->seq_first), last = MIN(w->last, loss->seq_last);

	/* The same numbers at a later time are of a session before, and the clock has been set back. */
	if (first > last || w->time_first > loss->time_last)
		return;
	if (!is_all || !is_whole(w->count, w->first, w->last)) {
		if (w->first == loss->seq_first && w->last == loss->seq_last && w->count == loss->count)
			loss->count = 0;
		return;
	}
	loss->count -= MIN(last - first + 1, loss->count);
	if (first == loss->seq_first)
		loss->seq_first = last + 1;
	else if (last == loss->seq_last)
		loss->seq_last = first - 1;
}

/* What a policy has told of that came into force only while its process was killed, nobody else can read. */
static bool is_told(struct tl_written *w, uint32_t cpu, const struct tl_lost *loss)
{
	const struct tl_event event = { .cpu = cpu, .seq = loss->seq_first, .time = loss->time_first };

	return loss->count == 1 && loss->seq_first && loss->time_first && loss->stage &&
	       strcmp(loss->stage, "malformed") == 0 && tl_written_take(w, &event);
}

bool tl_written_cut(struct tl_written *w, uint32_t cpu, struct tl_lost *loss)
{
	const bool is_all = is_whole(loss->count, loss->seq_first, loss->seq_last);
	size_t kept = 0;

	if (is_told(w, cpu, loss))
		return false;
	/* Without a time it may be a loss of a session before that has the same numbers. */
	if (!w->n_losses || !loss->stage || !loss->time_first || (loss->unit && strcmp(loss->unit, counted_by_session)))
		return true;
	for (size_t i = 0; i < w->n_losses; i++) {
		struct tl_written_loss *before = &w->losses[i];

		if (before->cpu == cpu && !before->first == !loss->seq_first &&
		    strncmp(before->stage, loss->stage, STAGE_SIZE) == 0) {
			if (!loss->seq_first)
				cut_count(before, loss);
			else if (is_over(before, loss))
				continue;
			else if (loss->count)
				cut(before, loss, is_all);
		}
		w->losses[kept++] = *before;
	}
	w->n_losses = kept;
	return loss->count > 0;
}

/* ---- Lines ---- */

struct line {
	struct tl_span id, action, stage, counted;
	bool is_result, is_record;
	struct tl_written_loss loss;
};

static uint64_t *number_of(struct tl_written_loss *loss, const char *name)
{
	if (strcmp(name, "traceleft.cpu") == 0)
		return &loss->cpu;
	if (strcmp(name, "traceleft.count") == 0)
		return &loss->count;
	if (strcmp(name, "traceleft.seq_first") == 0)
		return &loss->first;
	return strcmp(name, "traceleft.seq_last") == 0 ? &loss->last : NULL;
}

static uint64_t *time_of(struct tl_written_loss *loss, const char *name)
{
	if (strcmp(name, "traceleft.first") == 0)
		return &loss->time_first;
	return strcmp(name, "traceleft.last") == 0 ? &loss->time_last : NULL;
}

static bool take_time(struct tl_scan *scan, uint64_t *ret)
{
	struct tl_span text;

	return tl_scan_string(scan, &text) && tl_time_parse(text.at, text.size, ret) == 0;
}

static bool take_member(const char *name, struct tl_scan *scan, void *userdata)
{
	struct line *line = userdata;
	bool is_negative;
	uint64_t *value;

	if (strcmp(name, "event.id") == 0)
		return tl_scan_string(scan, &line->id);
	if (strcmp(name, "event.action") == 0)
		return tl_scan_string(scan, &line->action);
	if (strcmp(name, "traceleft.stage") == 0)
		return tl_scan_string(scan, &line->stage);
	if (strcmp(name, "traceleft.counted") == 0)
		return tl_scan_string(scan, &line->counted);
	line->is_result |= strcmp(name, "traceleft.count") == 0;
	line->is_record |= strcmp(name, "traceleft.record") == 0;
	if ((value = number_of(&line->loss, name)))
		return tl_scan_number(scan, &is_negative, value);
	if ((value = time_of(&line->loss, name)))
		return take_time(scan, value);
	return tl_scan_skip(scan);
}

static bool is_text(const struct tl_span *span, const char *text)
{
	return span->size == strlen(text) && memcmp(span->at, text, span->size) == 0;
}

static bool is_loss(const struct line *line)
{
	return is_text(&line->action, "lost") && (!line->counted.size || is_text(&line->counted, counted_by_session)) &&
	       (line->loss.first || line->loss.time_first) && line->stage.size && line->stage.size < STAGE_SIZE;
}

static int add_line(struct tl_written *w, const char *text, size_t size)
{
	struct line line = { 0 };
	int r = tl_json_walk(text, size, take_member, &line);

	if (r < 0)
		return r;
	if (is_loss(&line)) {
		memcpy(line.loss.stage, line.stage.at, line.stage.size);
		return add_loss(w, &line.loss);
	}
	if (!line.id.size || line.is_result || line.is_record)
		return 0;
	return add(w, line.id.at, line.id.size);
}

static int add_lines(struct tl_written *w, const char *text, size_t size)
{
	const char *end, *stop = text + size;
	int r = 0;

	for (; r >= 0 && text < stop; text = end) {
		end = memchr(text, '\n', (size_t)(stop - text));
		if (!end)
			return -EBADMSG;
		end++;
		r = add_line(w, text, (size_t)(end - text));
		if (r == -EBADMSG)
			r = 0; /* not one of ours */
	}
	return r;
}

static int add_protobuf(struct tl_written *w, const char *data, size_t size)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	int r = 0;

	for (size_t at = 0, length; r >= 0 && at < size; at += length) {
		int head = tl_proto_frame(data + at, size - at, &length);

		if (head <= 0 || length > size - at - (size_t)head)
			return -EBADMSG;
		line.size = 0;
		at += (size_t)head;
		r = tl_proto_to_json(&line, data + at, length);
		if (r >= 0)
			r = add_line(w, line.data, line.size);
	}
	return r;
}

/* ---- The file ---- */

int tl_written_read(struct tl_written *w, int fd, bool is_proto)
{
	_cleanup_free_ char *text = NULL;
	off_t begin;
	size_t size;
	struct stat st;
	int r;

	w->ids.max = w->ids.max_bytes = SIZE_MAX; /* what is read is bounded */
	w->ids.value_size = sizeof(unsigned);
	if (fstat(fd, &st) < 0)
		return -errno;
	r = tl_repair_begin(fd, is_proto, st.st_size - MIN(st.st_size, (off_t)TL_WRITTEN_BYTES), &begin);
	if (r < 0)
		return r;
	size = (size_t)(st.st_size - begin);
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	r = tl_read_at(fd, text, size, begin);
	if (r < 0)
		return r;
	return (is_proto ? add_protobuf : add_lines)(w, text, size);
}
