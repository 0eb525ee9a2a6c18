// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "put.h"
#include "summary.h"

#define ERROR_MAX 4095 /* results of -4095..-1 are errno values */

static struct tl_summary_row *row_of(struct tl_summary *s, const char *name)
{
	struct tl_summary_row *more;

	if (s->last < s->n && strcmp(s->rows[s->last].name, name) == 0)
		return &s->rows[s->last];
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->rows[i].name, name) == 0) {
			s->last = i;
			return &s->rows[i];
		}
	if (s->n == s->capacity) {
		more = reallocarray(s->rows, s->capacity * 2 + 16, sizeof(*more));
		if (!more)
			return NULL;
		s->rows = more;
		s->capacity = s->capacity * 2 + 16;
	}
	s->last = s->n;
	more = &s->rows[s->n++];
	*more = (struct tl_summary_row){ 0 };
	snprintf(more->name, sizeof(more->name), "%s", name);
	return more;
}

int tl_summary_add(struct tl_summary *s, const struct tl_event *event)
{
	struct tl_summary_row *row = row_of(s, event->type->name);

	if (!row)
		return -ENOMEM;
	row->count++;
	if (event->kind == TL_EVENT_SYSCALL && event->ret < 0 && event->ret >= -ERROR_MAX)
		row->errors++;
	if (event->duration) {
		row->timed++;
		row->time += event->duration;
	}
	if ((event->type->flags & TL_TYPE_RETURNS_BYTES) && event->ret > 0)
		row->bytes += (uint64_t)event->ret;
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct tl_summary_row *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

static struct tl_summary_row finish(struct tl_summary *s)
{
	struct tl_summary_row total = { .name = "total" };

	if (s->n)
		qsort(s->rows, s->n, sizeof(*s->rows), compare_rows);
	s->last = 0;
	for (size_t i = 0; i < s->n; i++) {
		total.count += s->rows[i].count;
		total.errors += s->rows[i].errors;
		total.timed += s->rows[i].timed;
		total.time += s->rows[i].time;
		total.bytes += s->rows[i].bytes;
	}
	return total;
}

static void put_row(struct tl_buffer *out, const struct tl_summary_row *row, const struct tl_summary_row *total)
{
	if (row->timed)
		tl_put_format(out, "%6.2f %11.6f %11.1f ", 100.0 * (double)row->time / (double)total->time,
			      (double)row->time / 1e9, (double)row->time / (double)row->timed / 1e3);
	else
		tl_put_format(out, "%6s %11s %11s ", "-", "-", "-");
	tl_put_format(out, "%9" PRIu64 " ", row->count);
	if (row->errors)
		tl_put_format(out, "%9" PRIu64 " ", row->errors);
	else
		tl_put_format(out, "%9s ", "");
	if (total->bytes && row->bytes)
		tl_put_format(out, "%13" PRIu64 " ", row->bytes);
	else if (total->bytes)
		tl_put_format(out, "%13s ", "");
	tl_put_format(out, "%s\n", row->name);
}

int tl_summary_text(struct tl_summary *s, struct tl_buffer *out)
{
	const struct tl_summary_row total = finish(s);
	static const char dashes[] = "----------------";

	out->failed = false;
	tl_put_format(out, "%6s %11s %11s %9s %9s ", "% time", "seconds", "usecs/call", "calls", "errors");
	if (total.bytes)
		tl_put_format(out, "%13s ", "bytes");
	tl_put_format(out, "event\n");
	tl_put_format(out, "%.6s %.11s %.11s %.9s %.9s ", dashes, dashes, dashes, dashes, dashes);
	if (total.bytes)
		tl_put_format(out, "%.13s ", dashes);
	tl_put_format(out, "%s\n", dashes);
	for (size_t i = 0; i < s->n; i++)
		put_row(out, &s->rows[i], &total);
	put_row(out, &total, &total);
	return out->failed ? -ENOMEM : 0;
}

static void put_json_row(struct tl_buffer *out, const char *name, const struct tl_summary_row *row)
{
	tl_json_open(out, name, '{');
	if (!name)
		tl_json_string(out, "event", row->name);
	tl_json_unsigned(out, "count", row->count);
	tl_json_unsigned(out, "errors", row->errors);
	if (row->timed) {
		tl_json_unsigned(out, "timed", row->timed);
		tl_json_unsigned(out, "time_ns", row->time);
	}
	tl_json_unsigned(out, "bytes", row->bytes);
	tl_json_close(out, '}');
}

int tl_summary_json(struct tl_summary *s, struct tl_buffer *out)
{
	const struct tl_summary_row total = finish(s);

	out->failed = false;
	tl_put_char(out, '{');
	tl_json_open(out, "summary", '[');
	for (size_t i = 0; i < s->n; i++)
		put_json_row(out, NULL, &s->rows[i]);
	tl_json_close(out, ']');
	put_json_row(out, "total", &total);
	tl_put_text(out, "}\n");
	return out->failed ? -ENOMEM : 0;
}

void tl_summary_done(struct tl_summary *s)
{
	free(s->rows);
	*s = (struct tl_summary){ 0 };
}
