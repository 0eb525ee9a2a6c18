// SPDX-License-Identifier: GPL-2.0-or-later
/* A report for a terminal. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"
#include "report.h"

#define NAME_MAX_WIDTH 56 /* of the column; longer names push what follows to the right */
#define PARTS 3 /* names of a detail */
#define OBJECTS 2 /* same, of failures: these are long */
#define LABEL_WIDTH 13
#define PROBLEMS_MAX 5

static const char bold[] = "\033[1m", red[] = "\033[31m", plain[] = "\033[0m";

static void put_style(struct tl_buffer *b, bool on, const char *sequence)
{
	if (on)
		tl_put_text(b, sequence);
}

/* Characters, not bytes. */
static size_t width_of(const char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static void pad(struct tl_buffer *b, size_t from, size_t to)
{
	for (; from < to; from++)
		tl_put_char(b, ' ');
}

static void put_facts(const struct tl_report *r, struct tl_buffer *b, bool colour)
{
	const char *label;
	bool bad;

	for (size_t i = 0;; i++) {
		_cleanup_(tl_buffer_done) struct tl_buffer text = { 0 };

		if (!tl_report_fact(r, i, &label, &text, &bad))
			return;
		put_style(b, colour, bold);
		tl_put_text(b, label);
		put_style(b, colour, plain);
		pad(b, strlen(label), LABEL_WIDTH);
		put_style(b, bad && colour, red);
		tl_put(b, text.data, text.size);
		put_style(b, bad && colour, plain);
		tl_put_char(b, '\n');
		b->failed |= text.failed;
	}
}

/* The first of what is wrong with the sources. */
static void put_problems(const struct tl_report *r, struct tl_buffer *b)
{
	const char *at = r->problems.data, *end, *newline;

	if (!at)
		return;
	end = at + r->problems.size;
	for (unsigned i = 0; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); i++, at = newline + 1) {
		if (i == PROBLEMS_MAX) {
			pad(b, 0, LABEL_WIDTH);
			tl_put_text(b, "and more, see traceleft verify\n");
			return;
		}
		pad(b, 0, LABEL_WIDTH);
		tl_put(b, at, (size_t)(newline + 1 - at));
	}
}

static void put_column(struct tl_buffer *b, const char *name, size_t width)
{
	tl_put_text(b, name);
	pad(b, strlen(name), width);
}

static void put_upper(struct tl_buffer *b, const char *text)
{
	for (; *text; text++)
		tl_put_char(b, *text >= 'a' && *text <= 'z' ? (char)(*text - 32) : *text);
}

static size_t put_parts(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, const struct tl_report_row *row,
			enum tl_report_detail detail)
{
	struct tl_report_part part[PARTS + 1];
	size_t most = by == TL_REPORT_FAILURE && detail == TL_REPORT_WHAT ? OBJECTS : PARTS, start = b->size, n;
	size_t all = tl_report_parts(r, by, row, detail, part, most + 1, &n);

	/* One more is not worth saying so. */
	n = all > most + 1 ? most : n;
	for (size_t i = 0; i < n; i++) {
		if (i)
			tl_put_text(b, ", ");
		tl_put(b, part[i].name, part[i].size);
		/* Of one alone it is that of the row. */
		if (all > 1)
			tl_put_format(b, " %" PRIu64, part[i].events);
	}
	if (all > n)
		tl_put_format(b, ", %zu more", all - n);
	return b->failed || !n ? 0 : width_of(b->data + start, b->size - start);
}

static void put_row(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, const struct tl_report_shown *shown,
		    const size_t *widths)
{
	tl_put_format(b, "%10" PRIu64, shown->row->events);
	if (by != TL_REPORT_FAILURE)
		tl_put_format(b, "%10" PRIu64, shown->row->failed);
	tl_put_text(b, "  ");
	tl_put(b, shown->name, shown->size);
	pad(b, width_of(shown->name, shown->size), widths[0]);
	tl_put_text(b, "  ");
	pad(b, put_parts(r, b, by, shown->row, TL_REPORT_WHAT), widths[1]);
	tl_put_text(b, "  ");
	put_parts(r, b, by, shown->row, TL_REPORT_WHO);
	tl_put_char(b, '\n');
}

/* How wide the columns of names and of what they did are. */
static void measure(struct tl_report *r, enum tl_report_by by, const struct tl_report_shown *rows, size_t n,
		    size_t widths[2])
{
	const struct tl_report_title *title = &tl_report_titles[by];

	widths[0] = strlen(title->column);
	widths[1] = strlen(title->detail[TL_REPORT_WHAT]);
	for (size_t i = 0; i < n; i++) {
		_cleanup_(tl_buffer_done) struct tl_buffer scratch = { 0 };
		size_t width = put_parts(r, &scratch, by, rows[i].row, TL_REPORT_WHAT);

		widths[0] = MAX(widths[0], MIN(width_of(rows[i].name, rows[i].size), (size_t)NAME_MAX_WIDTH));
		widths[1] = MAX(widths[1], MIN(width, (size_t)NAME_MAX_WIDTH));
	}
}

static int put_table(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, size_t max, bool colour)
{
	const struct tl_report_title *title = &tl_report_titles[by];
	_cleanup_free_ struct tl_report_shown *rows = NULL;
	_cleanup_(tl_buffer_done) struct tl_buffer note = { 0 };
	size_t n, widths[2];
	int e = tl_report_rows(r, by, max, &rows, &n);

	if (e < 0)
		return e;
	tl_put_char(b, '\n');
	put_style(b, colour, bold);
	tl_put_text(b, title->heading);
	put_style(b, colour, plain);
	if (!n) {
		tl_put_text(b, ": none\n");
		return 0;
	}
	if (n < r->table[by].keys.n)
		tl_put_format(b, ", %zu of %zu", n, r->table[by].keys.n);
	measure(r, by, rows, n, widths);
	tl_put_text(b, by == TL_REPORT_FAILURE ? "\n    EVENTS  " : "\n    EVENTS    FAILED  ");
	put_column(b, title->column, widths[0] + 2);
	put_upper(b, title->detail[TL_REPORT_WHAT]);
	pad(b, strlen(title->detail[TL_REPORT_WHAT]), widths[1] + 2);
	put_upper(b, title->detail[TL_REPORT_WHO]);
	tl_put_char(b, '\n');
	for (size_t i = 0; i < n; i++)
		put_row(r, b, by, &rows[i], widths);
	tl_report_table_note(r, by, &note);
	if (note.size) {
		tl_put(b, note.data, note.size);
		tl_put_char(b, '\n');
	}
	return 0;
}

/* The last ones. */
static void put_marks(const struct tl_report *r, struct tl_buffer *b, size_t max, bool colour)
{
	size_t from = max && r->n_marks > max ? r->n_marks - max : 0;

	if (!r->n_marks)
		return;
	tl_put_char(b, '\n');
	put_style(b, colour, bold);
	tl_put_text(b, "TraceLeft's own records");
	put_style(b, colour, plain);
	if (from)
		tl_put_format(b, ", the last %zu of %zu", max, r->n_marks);
	tl_put_char(b, '\n');
	for (size_t i = from; i < r->n_marks; i++) {
		const struct tl_report_mark *mark = &r->marks[i];
		bool bad = strcmp(mark->action, "tamper") == 0 || strcmp(mark->action, "lost") == 0;
		char time[TL_REPORT_TIME_SIZE];

		tl_report_time_text(time, mark->time);
		tl_put_text(b, "  ");
		tl_put(b, time, sizeof(time));
		tl_put_text(b, "  ");
		put_style(b, bad && colour, red);
		tl_put_format(b, "%-7s ", mark->action);
		put_style(b, bad && colour, plain);
		tl_put_text(b, mark->text);
		tl_put_char(b, '\n');
	}
	if (r->marks_cut)
		tl_put_format(b, "  and %" PRIu64 " more\n", r->marks_cut);
}

int tl_report_text(struct tl_report *r, struct tl_buffer *b, size_t max, bool colour)
{
	put_facts(r, b, colour);
	put_problems(r, b);
	for (unsigned i = 0; i < TL_REPORT_TABLES; i++) {
		int e = put_table(r, b, (enum tl_report_by)i, max, colour);

		if (e < 0)
			return e;
	}
	put_marks(r, b, max, colour);
	return b->failed ? -ENOMEM : 0;
}
