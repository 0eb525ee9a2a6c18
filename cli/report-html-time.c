// SPDX-License-Identifier: GPL-2.0-or-later
/* The timeline of a page, as SVG in it, and how the page looks. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "report-html.h"

#define WIDTH 1200.0
#define UP 150.0 /* room for events */
#define DOWN 50.0 /* and below them for failures */

const char tl_html_style[] =
	":root{--back:#fbfaf8;--text:#1d1f22;--dim:#5d6368;--line:#d8d5cf;--file:#3b6ea5;--network:#c77f1a;"
	"--process:#4d8b57;--other:#8d8f94;--failed:#c0392b}\n"
	"@media(prefers-color-scheme:dark){:root{--back:#16181b;--text:#e6e4df;--dim:#9aa0a6;--line:#34383d;"
	"--file:#6ea4dc;--network:#e0a44c;--process:#7cba86;--other:#85888e;--failed:#ef6a5b}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--back);color:var(--text);font:15px/1.45 system-ui,sans-serif}\n"
	"main{max-width:1400px;margin:0 auto;padding:1.5rem}\n"
	"h1{margin:0 0 .5rem;font-size:1.5rem}h2{margin:2rem 0 .4rem;font-size:1.1rem}\n"
	"p{margin:.3rem 0;color:var(--dim)}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}\n"
	"dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}\n"
	".bad,tr.bad td{color:var(--failed);font-weight:600}\n"
	"pre{overflow-x:auto;font-size:.85rem}\n"
	".wide{overflow-x:auto}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
	"th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}\n"
	"thead th{color:var(--dim);font-weight:500;white-space:nowrap}\n"
	"tbody th{font-weight:500;font-family:ui-monospace,monospace;overflow-wrap:anywhere;min-width:14rem}\n"
	".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".parts{overflow-wrap:anywhere;min-width:12rem}.time{white-space:nowrap;color:var(--dim)}\n"
	"small{color:var(--dim);font-size:.85em}\n"
	".share{display:block;width:6rem;height:4px;margin:.2rem 0 0 auto}\n"
	".all{fill:var(--file)}.failed{fill:var(--failed)}.file{fill:var(--file)}.network{fill:var(--network)}\n"
	".process{fill:var(--process)}.other{fill:var(--other)}\n"
	".timeline{display:block;width:100%;height:220px;border-bottom:1px solid var(--line)}\n"
	".timeline .base{stroke:var(--line)}.timeline .mark{stroke:var(--dim);stroke-dasharray:3 3}\n"
	".timeline .mark.bad{stroke:var(--failed);stroke-dasharray:none}\n"
	".timeline .touch{fill:transparent}.timeline g:hover .touch{fill:var(--text);fill-opacity:.08}\n"
	".axis,.legend{display:flex;justify-content:space-between;color:var(--dim);font-size:.85rem}\n"
	".legend{justify-content:flex-start;gap:1.2rem;flex-wrap:wrap}.legend svg{width:.8em;height:.8em}\n"
	"footer{margin-top:2rem;color:var(--dim);font-size:.85rem}\n"
	"@media print{body{background:none}main{max-width:none}}\n";

/* Classes, and what the legend calls them. */
static const char *const series[TL_REPORT_SERIES][2] = {
	[TL_REPORT_FILES] = { "file", "files" },
	[TL_REPORT_NETWORK] = { "network", "network" },
	[TL_REPORT_PROCESSES] = { "process", "processes" },
	[TL_REPORT_OTHERS] = { "other", "others" },
};

bool tl_html_bad_mark(const struct tl_report_mark *mark)
{
	return strcmp(mark->action, "tamper") == 0 || strcmp(mark->action, "lost") == 0;
}

static uint64_t sum_of(const struct tl_report_bar *bar)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TL_REPORT_SERIES; i++)
		sum += bar->events[i];
	return sum;
}

static void put_time(struct tl_buffer *b, uint64_t ns)
{
	char text[TL_REPORT_TIME_SIZE];

	tl_report_time_text(text, ns);
	tl_put(b, text, sizeof(text));
}

static void put_rect(struct tl_buffer *b, const char *class, double x, double y, double width, double height)
{
	if (height > 0)
		tl_put_format(b, "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>", class, x,
			      y, width, height);
}

static double share(uint64_t part, uint64_t most, double room)
{
	double height = most ? room * (double)part / (double)most : 0;

	return part ? MAX(height, 0.7) : 0; /* what there is is seen */
}

static void put_bar(const struct tl_report_time *t, struct tl_buffer *b, size_t i, uint64_t most, uint64_t most_failed)
{
	const struct tl_report_bar *bar = &t->bar[i];
	double width = WIDTH / (double)t->n, x = width * (double)i, y = UP;

	if (!sum_of(bar))
		return;
	tl_put_text(b, "<g><title>");
	put_time(b, t->begin + i * tl_report_width(t->step));
	tl_put_text(b, ": ");
	tl_html_put_number(b, sum_of(bar));
	tl_put_text(b, sum_of(bar) == 1 ? " event, " : " events, ");
	tl_html_put_number(b, bar->failed);
	tl_put_text(b, " failed</title>");
	put_rect(b, "touch", x, 0, width, UP + DOWN);
	for (size_t j = 0; j < TL_REPORT_SERIES; j++) {
		double height = share(bar->events[j], most, UP - 5);

		y -= height;
		put_rect(b, series[j][0], x, y, width * 0.9, height);
	}
	put_rect(b, "failed", x, UP + 2, width * 0.9, share(bar->failed, most_failed, DOWN - 5));
	tl_put_text(b, "</g>\n");
}

static void put_mark(const struct tl_report_time *t, struct tl_buffer *b, const struct tl_report_mark *mark)
{
	double whole = (double)t->n * (double)tl_report_width(t->step), x;

	if (mark->time < t->begin || (double)(mark->time - t->begin) > whole)
		return;
	x = WIDTH * (double)(mark->time - t->begin) / whole;
	tl_put_format(b, "<g><line class=\"mark%s\" x1=\"%.2f\" x2=\"%.2f\" y1=\"0\" y2=\"%.0f\"",
		      tl_html_bad_mark(mark) ? " bad" : "", x, x, UP + DOWN);
	tl_put_text(b, " vector-effect=\"non-scaling-stroke\"/><title>");
	put_time(b, mark->time);
	tl_put_text(b, " ");
	tl_html_put(b, mark->action, strlen(mark->action));
	tl_put_text(b, ": ");
	tl_html_put(b, mark->text, strlen(mark->text));
	tl_put_text(b, "</title></g>\n");
}

static void put_legend(struct tl_buffer *b, uint64_t most, uint64_t most_failed)
{
	tl_put_text(b, "<div class=\"legend\">");
	for (size_t i = 0; i < TL_REPORT_SERIES; i++)
		tl_put_format(b,
			      "<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"%s\" width=\"1\" "
			      "height=\"1\"/></svg> %s</span>",
			      series[i][0], series[i][1]);
	tl_put_text(b, "<span><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"failed\" width=\"1\" "
		       "height=\"1\"/></svg> failed, below the line and in a scale of their own</span><span>highest: ");
	tl_html_put_number(b, most);
	tl_put_text(b, most == 1 ? " event, " : " events, ");
	tl_html_put_number(b, most_failed);
	tl_put_text(b, " failed</span></div>\n");
}

void tl_html_put_timeline(const struct tl_report *r, struct tl_buffer *b)
{
	const struct tl_report_time *t = &r->time;
	uint64_t width = tl_report_width(t->step), most = 0, most_failed = 0;

	if (!t->n)
		return;
	for (size_t i = 0; i < t->n; i++) {
		most = MAX(most, sum_of(&t->bar[i]));
		most_failed = MAX(most_failed, t->bar[i].failed);
	}
	tl_put_text(b, "<section id=\"timeline\"><h2>Events over time, ");
	tl_report_span(b, width);
	tl_put_text(b, " a bar</h2>\n");
	tl_put_format(b,
		      "<svg class=\"timeline\" viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" role=\"img\" "
		      "aria-label=\"Events over time\">\n",
		      WIDTH, UP + DOWN);
	for (size_t i = 0; i < t->n; i++)
		put_bar(t, b, i, most, most_failed);
	tl_put_format(b, "<line class=\"base\" x1=\"0\" x2=\"%.0f\" y1=\"%.0f\" y2=\"%.0f\"/>\n", WIDTH, UP + 1,
		      UP + 1);
	for (size_t i = 0; i < r->n_marks; i++)
		put_mark(t, b, &r->marks[i]);
	tl_put_text(b, "</svg>\n<div class=\"axis\"><span>");
	put_time(b, t->begin);
	tl_put_text(b, "</span><span>");
	put_time(b, t->begin + t->n / 2 * width);
	tl_put_text(b, "</span><span>");
	put_time(b, t->begin + t->n * width);
	tl_put_text(b, "</span></div>\n");
	put_legend(b, most, most_failed);
	tl_put_text(b, "</section>\n");
}
