// SPDX-License-Identifier: GPL-2.0-or-later
/* A report for scripts: one JSON object. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "report.h"

#define PARTS 10

/* Text that is harmless already: as it stands in events. */
static void put_name(struct tl_buffer *b, const char *key, const char *text, size_t size)
{
	tl_json_string(b, key, "");
	if (b->failed)
		return;
	b->size--;
	tl_quote_json(b, text, size);
	tl_put_char(b, '"');
}

static void put_time(struct tl_buffer *b, const char *key, uint64_t ns)
{
	char text[TL_TIME_SIZE];

	tl_time_text(text, ns);
	put_name(b, key, text, sizeof(text));
}

static void put_period(const struct tl_report *r, struct tl_buffer *b)
{
	tl_json_open(b, "period", '{');
	if (r->last) {
		put_time(b, "first", r->first);
		put_time(b, "last", r->last);
	}
	tl_json_close(b, '}');
}

static void put_lost(const struct tl_report *r, struct tl_buffer *b)
{
	tl_json_open(b, "lost", '[');
	for (size_t i = 0; i < r->n_losses; i++) {
		tl_json_open(b, NULL, '{');
		put_name(b, "stage", r->loss[i].stage, strlen(r->loss[i].stage));
		tl_json_unsigned(b, "count", r->loss[i].count);
		put_name(b, "counted", r->loss[i].counted, strlen(r->loss[i].counted));
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

static void put_problems(const struct tl_report *r, struct tl_buffer *b)
{
	const char *at = r->problems.data ? r->problems.data : "", *end = at + r->problems.size, *newline;

	tl_json_open(b, "problems", '[');
	for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
		put_name(b, NULL, at, (size_t)(newline - at));
	tl_json_close(b, ']');
}

static void put_numbers(const struct tl_report *r, struct tl_buffer *b)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "events", r->events },
		{ "failed", r->failed },
		{ "outcome_unknown", r->unknown },
		{ "lines", r->lines },
		{ "results", r->results },
		{ "counted", r->counted },
		{ "told_again", r->again },
		{ "outside_the_range", r->outside },
		{ "sources", r->sources },
		{ "broken_places", r->broken },
		{ "unreadable_sources", r->unreadable },
		{ "gaps", r->gaps },
		{ "undeclared_gaps", r->undeclared },
		{ "missing_records", r->gone_records },
		{ "unbalanced", r->unbalanced },
		{ "unaudited", r->unaudited },
		{ "without_a_balance_at_the_end", r->open },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		tl_json_unsigned(b, numbers[i].name, numbers[i].value);
	tl_json_bool(b, "complete", tl_report_complete(r));
}

static void put_records(const struct tl_report *r, struct tl_buffer *b)
{
	tl_json_open(b, "records", '[');
	for (size_t i = 0; i < r->n_marks; i++) {
		tl_json_open(b, NULL, '{');
		put_time(b, "time", r->marks[i].time);
		put_name(b, "action", r->marks[i].action, strlen(r->marks[i].action));
		put_name(b, "message", r->marks[i].text, strlen(r->marks[i].text));
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	tl_json_unsigned(b, "records_left_out", r->marks_cut);
}

static void put_parts(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, const struct tl_report_row *row)
{
	struct tl_report_part part[PARTS];
	size_t n;

	for (unsigned i = 0; i < TL_REPORT_DETAILS; i++) {
		tl_report_parts(r, by, row, (enum tl_report_detail)i, part, PARTS, &n);
		tl_json_open(b, tl_report_titles[by].detail[i], '[');
		for (size_t j = 0; j < n; j++) {
			tl_json_open(b, NULL, '{');
			put_name(b, "name", part[j].name, part[j].size);
			tl_json_unsigned(b, "events", part[j].events);
			tl_json_close(b, '}');
		}
		tl_json_close(b, ']');
	}
}

static int put_table(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, size_t max)
{
	const struct tl_report_table *t = &r->table[by];
	_cleanup_free_ struct tl_report_shown *rows = NULL;
	size_t n;
	int e = tl_report_rows(r, by, max, &rows, &n);

	if (e < 0)
		return e;
	tl_json_open(b, tl_report_titles[by].key, '{');
	tl_json_unsigned(b, "events", t->events);
	tl_json_unsigned(b, "distinct", t->keys.n);
	tl_json_unsigned(b, "let_go", t->cut_rows);
	tl_json_unsigned(b, "let_go_events", t->cut_events);
	tl_json_unsigned(b, "may_be_short_by", t->short_by);
	tl_json_open(b, "rows", '[');
	for (size_t i = 0; i < n; i++) {
		tl_json_open(b, NULL, '{');
		put_name(b, "name", rows[i].name, rows[i].size);
		tl_json_unsigned(b, "events", rows[i].row->events);
		tl_json_unsigned(b, "failed", rows[i].row->failed);
		put_time(b, "first", rows[i].row->first);
		put_time(b, "last", rows[i].row->last);
		put_parts(r, b, by, rows[i].row);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	tl_json_close(b, '}');
	return 0;
}

static void put_timeline(const struct tl_report *r, struct tl_buffer *b)
{
	static const char *const names[] = {
		[TL_REPORT_FILES] = "file",
		[TL_REPORT_NETWORK] = "network",
		[TL_REPORT_PROCESSES] = "process",
		[TL_REPORT_OTHERS] = "other",
	};
	const struct tl_report_time *t = &r->time;

	tl_json_open(b, "timeline", '{');
	tl_json_unsigned(b, "width_ns", tl_report_width(t->step));
	tl_json_open(b, "bars", '[');
	for (size_t i = 0; i < t->n; i++) {
		tl_json_open(b, NULL, '{');
		put_time(b, "begin", t->begin + i * tl_report_width(t->step));
		for (size_t j = 0; j < TL_REPORT_SERIES; j++)
			tl_json_unsigned(b, names[j], t->bar[i].events[j]);
		tl_json_unsigned(b, "failed", t->bar[i].failed);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	tl_json_close(b, '}');
}

int tl_report_json(struct tl_report *r, struct tl_buffer *b, size_t max)
{
	tl_put_char(b, '{');
	put_period(r, b);
	put_numbers(r, b);
	tl_json_open(b, "hosts", '[');
	for (size_t i = 0; i < r->n_hosts; i++)
		put_name(b, NULL, r->hosts[i], strlen(r->hosts[i]));
	tl_json_close(b, ']');
	put_lost(r, b);
	put_problems(r, b);
	put_records(r, b);
	tl_json_open(b, "tables", '{');
	for (unsigned i = 0; i < TL_REPORT_TABLES; i++) {
		int e = put_table(r, b, (enum tl_report_by)i, max);

		if (e < 0)
			return e;
	}
	tl_json_close(b, '}');
	put_timeline(r, b);
	tl_json_unsigned(b, "details_may_be_short_by", r->pairs.short_by);
	tl_json_bool(b, "details_have_all_names", !r->names.full);
	tl_put_text(b, "}\n");
	return b->failed ? -ENOMEM : 0;
}
