// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A report as one page that needs nothing else: no script, nothing from elsewhere, and a policy that
 * forbids both. Names of events come in as text only, never as markup: put_html().
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "report.h"
#include "report-html.h"

#define PARTS 5

void tl_html_put(struct tl_buffer *b, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (text[i]) {
		case '&':
			tl_put_text(b, "&amp;");
			break;
		case '<':
			tl_put_text(b, "&lt;");
			break;
		case '>':
			tl_put_text(b, "&gt;");
			break;
		case '"':
			tl_put_text(b, "&quot;");
			break;
		case '\'':
			tl_put_text(b, "&#39;");
			break;
		default:
			tl_put_char(b, text[i]);
		}
	}
}

static void put_text(struct tl_buffer *b, const char *text)
{
	tl_html_put(b, text, strlen(text));
}

/* In groups of three: 1,234,567. */
void tl_html_put_number(struct tl_buffer *b, uint64_t v)
{
	char digits[TL_W_U64_MAX + 1];
	int n = snprintf(digits, sizeof(digits), "%" PRIu64, v);

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			tl_put_char(b, ',');
		tl_put_char(b, digits[i]);
	}
}

static void put_head(struct tl_buffer *b)
{
	tl_put_text(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<title>TraceLeft: who did what</title>\n<style>\n");
	tl_put_text(b, tl_html_style);
	tl_put_text(b, "</style>\n</head>\n<body>\n<main>\n<h1>Who did what</h1>\n");
}

static void put_facts(const struct tl_report *r, struct tl_buffer *b)
{
	const char *label;
	bool bad;

	tl_put_text(b, "<dl>\n");
	for (size_t i = 0;; i++) {
		_cleanup_(tl_buffer_done) struct tl_buffer text = { 0 };

		if (!tl_report_fact(r, i, &label, &text, &bad))
			break;
		tl_put_format(b, "<dt>%s</dt><dd%s>", label, bad ? " class=\"bad\"" : "");
		tl_html_put(b, text.data, text.size);
		tl_put_text(b, "</dd>\n");
		b->failed |= text.failed;
	}
	tl_put_text(b, "</dl>\n");
}

static void put_problems(const struct tl_report *r, struct tl_buffer *b)
{
	if (!r->problems.size)
		return;
	tl_put_text(b, "<details><summary>What is missing</summary><pre>");
	tl_html_put(b, r->problems.data, r->problems.size);
	tl_put_text(b, "</pre></details>\n");
}

static void put_parts(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, const struct tl_report_row *row,
		      enum tl_report_detail detail)
{
	struct tl_report_part part[PARTS];
	size_t n, all = tl_report_parts(r, by, row, detail, part, PARTS, &n);

	tl_put_text(b, "<td class=\"parts\">");
	for (size_t i = 0; i < n; i++) {
		tl_put_text(b, i ? ", <bdi>" : "<bdi>");
		tl_html_put(b, part[i].name, part[i].size);
		tl_put_text(b, "</bdi> <small>");
		tl_html_put_number(b, part[i].events);
		tl_put_text(b, "</small>");
	}
	if (all > n)
		tl_put_format(b, ", <small>%zu more</small>", all - n);
	tl_put_text(b, "</td>");
}

/* The count, and how much of the largest one it is. */
static void put_count(struct tl_buffer *b, const struct tl_report_row *row, uint64_t most)
{
	tl_put_text(b, "<td class=\"number\">");
	tl_html_put_number(b, row->events);
	tl_put_format(b,
		      "<svg class=\"share\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		      "<rect class=\"all\" width=\"%.1f\" height=\"4\"/>",
		      100.0 * (double)row->events / (double)most);
	tl_put_format(b, "<rect class=\"failed\" width=\"%.1f\" height=\"4\"/></svg></td>",
		      100.0 * (double)row->failed / (double)most);
}

static void put_time(struct tl_buffer *b, uint64_t ns)
{
	char text[TL_REPORT_TIME_SIZE];

	tl_report_time_text(text, ns);
	tl_put_text(b, "<td class=\"time\">");
	tl_put(b, text, sizeof(text) - 4); /* seconds will do */
	tl_put_text(b, "</td>");
}

static void put_row(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, const struct tl_report_shown *shown,
		    uint64_t most)
{
	tl_put_text(b, "<tr><th scope=\"row\"><bdi>");
	tl_html_put(b, shown->name, shown->size);
	tl_put_text(b, "</bdi></th>");
	put_count(b, shown->row, most);
	tl_put_text(b, "<td class=\"number\">");
	tl_html_put_number(b, shown->row->failed);
	tl_put_text(b, "</td>");
	put_parts(r, b, by, shown->row, TL_REPORT_WHAT);
	put_parts(r, b, by, shown->row, TL_REPORT_WHO);
	put_time(b, shown->row->first);
	put_time(b, shown->row->last);
	tl_put_text(b, "</tr>\n");
}

static int put_table(struct tl_report *r, struct tl_buffer *b, enum tl_report_by by, size_t max)
{
	const struct tl_report_title *title = &tl_report_titles[by];
	_cleanup_free_ struct tl_report_shown *rows = NULL;
	_cleanup_(tl_buffer_done) struct tl_buffer note = { 0 };
	size_t n;
	int e = tl_report_rows(r, by, max, &rows, &n);

	if (e < 0)
		return e;
	tl_put_format(b, "<section id=\"%s\"><h2>%s</h2>\n", title->key, title->heading);
	if (!n) {
		tl_put_text(b, "<p>None.</p></section>\n");
		return 0;
	}
	if (n < r->table[by].keys.n)
		tl_put_format(b, "<p>The first %zu of %zu.</p>\n", n, r->table[by].keys.n);
	tl_put_format(b,
		      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">%s</th><th scope=\"col\">events</th>"
		      "<th scope=\"col\">failed</th>",
		      title->key);
	tl_put_format(b, "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>", title->detail[TL_REPORT_WHAT],
		      title->detail[TL_REPORT_WHO]);
	tl_put_text(b, "<th scope=\"col\">first</th><th scope=\"col\">last</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++)
		put_row(r, b, by, &rows[i], rows[0].row->events);
	tl_put_text(b, "</tbody></table></div>\n");
	tl_report_table_note(r, by, &note);
	if (note.size) {
		tl_put_text(b, "<p>");
		tl_html_put(b, note.data, note.size);
		tl_put_text(b, "</p>\n");
	}
	tl_put_text(b, "</section>\n");
	return 0;
}

static void put_marks(const struct tl_report *r, struct tl_buffer *b)
{
	if (!r->n_marks)
		return;
	tl_put_text(b,
		    "<section id=\"records\"><h2>TraceLeft's own records</h2>\n<div class=\"wide\"><table><thead><tr>"
		    "<th scope=\"col\">time</th><th scope=\"col\">record</th><th scope=\"col\">what it says</th>"
		    "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->n_marks; i++) {
		tl_put_text(b, tl_html_bad_mark(&r->marks[i]) ? "<tr class=\"bad\">" : "<tr>");
		put_time(b, r->marks[i].time);
		tl_put_text(b, "<td>");
		put_text(b, r->marks[i].action);
		tl_put_text(b, "</td><td class=\"parts\"><bdi>");
		put_text(b, r->marks[i].text);
		tl_put_text(b, "</bdi></td></tr>\n");
	}
	tl_put_text(b, "</tbody></table></div>\n");
	if (r->marks_cut) {
		tl_put_text(b, "<p>And ");
		tl_html_put_number(b, r->marks_cut);
		tl_put_text(b, " more.</p>\n");
	}
	tl_put_text(b, "</section>\n");
}

int tl_report_html(struct tl_report *r, struct tl_buffer *b, size_t max)
{
	put_head(b);
	put_facts(r, b);
	put_problems(r, b);
	tl_html_put_timeline(r, b);
	for (unsigned i = 0; i < TL_REPORT_TABLES; i++) {
		int e = put_table(r, b, (enum tl_report_by)i, max);

		if (e < 0)
			return e;
	}
	put_marks(r, b);
	tl_put_text(b,
		    "<footer>Times are UTC. Made by traceleft " TL_VERSION ".</footer>\n</main>\n</body>\n</html>\n");
	return b->failed ? -ENOMEM : 0;
}
