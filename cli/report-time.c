// SPDX-License-Identifier: GPL-2.0-or-later
/* When something happened: bars of equal width, and times as people write and read them. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "report.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Each is a multiple of the one before. The bars of the last hold all times that there are. */
static const uint64_t widths[] = {
	MS,	5 * MS,	    10 * MS,	 50 * MS,     100 * MS, 500 * MS, SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND,
	MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR,	6 * HOUR, DAY,	  7 * DAY,    28 * DAY,	   364 * DAY,
};

uint64_t tl_report_width(unsigned step)
{
	return widths[MIN(step, ARRAY_SIZE(widths) - 1)];
}

static void add_bar(struct tl_report_bar *to, const struct tl_report_bar *bar)
{
	for (size_t i = 0; i < TL_REPORT_SERIES; i++)
		to->events[i] += bar->events[i];
	to->failed += bar->failed;
}

static uint64_t align(uint64_t time, unsigned step)
{
	return time - time % widths[step];
}

/* Makes bars wider, so that they begin at `first` and reach `last`. */
static void widen(struct tl_report_time *t, uint64_t first, uint64_t last)
{
	struct tl_report_bar old[TL_REPORT_BARS];
	uint64_t begin = t->begin, width = widths[t->step];
	size_t n = t->n;

	while (t->step + 1 < ARRAY_SIZE(widths) && (last - align(first, t->step)) / widths[t->step] >= TL_REPORT_BARS)
		t->step++;
	memcpy(old, t->bar, sizeof(old));
	memset(t->bar, 0, sizeof(t->bar));
	t->begin = align(first, t->step);
	for (size_t i = 0; i < n; i++)
		add_bar(&t->bar[(begin + i * width - t->begin) / widths[t->step]], &old[i]);
	t->n = (size_t)((last - t->begin) / widths[t->step]) + 1;
}

static void cover(struct tl_report_time *t, uint64_t first, uint64_t last)
{
	if (!t->n) {
		t->begin = first;
		widen(t, first, last);
		return;
	}
	if (first >= t->begin && (last - t->begin) / widths[t->step] < t->n)
		return;
	widen(t, MIN(first, t->begin), MAX(last, t->begin + (t->n - 1) * widths[t->step]));
}

/* The part of `all` up to share i of n, without overflow. */
static uint64_t part(uint64_t all, size_t i, size_t n)
{
	return (uint64_t)((unsigned __int128)all * i / n);
}

void tl_report_time_add(struct tl_report_time *t, enum tl_report_series series, uint64_t first, uint64_t last,
			uint64_t events, uint64_t failed)
{
	size_t from, n;

	cover(t, first, last);
	from = (size_t)((first - t->begin) / widths[t->step]);
	n = (size_t)((last - t->begin) / widths[t->step]) - from + 1;
	for (size_t i = 0; i < n; i++) {
		t->bar[from + i].events[series] += part(events, i + 1, n) - part(events, i, n);
		t->bar[from + i].failed += part(failed, i + 1, n) - part(failed, i, n);
	}
}

/* ---- Text ---- */

/* Where a time may end: a day, minutes, seconds, or a fraction of them. */
static bool ends_well(const char *text, size_t n)
{
	return n == 10 || n == 16 || n == 19 || (n > 20 && n <= TL_TIME_SIZE - 1 && text[19] == '.');
}

int tl_report_time_parse(const char *text, uint64_t *ret_ns)
{
	char whole[TL_TIME_SIZE + 1] = "0000-01-01T00:00:00.000000000Z";
	size_t n = strlen(text);

	if (n && text[n - 1] == 'Z')
		n--;
	if (!ends_well(text, n))
		return -EINVAL;
	memcpy(whole, text, n);
	if (n > 10 && whole[10] == ' ')
		whole[10] = 'T';
	return tl_time_parse(whole, TL_TIME_SIZE, ret_ns);
}

void tl_report_time_text(char ret[TL_REPORT_TIME_SIZE], uint64_t ns)
{
	char whole[TL_TIME_SIZE];

	tl_time_text(whole, ns);
	memcpy(ret, whole, TL_REPORT_TIME_SIZE);
	ret[10] = ' ';
}

void tl_report_span(struct tl_buffer *b, uint64_t ns)
{
	if (ns < SECOND)
		tl_put_format(b, "%u ms", (unsigned)(ns / MS));
	else if (ns < MINUTE)
		tl_put_format(b, "%u.%u s", (unsigned)(ns / SECOND), (unsigned)(ns / (100 * MS) % 10));
	else
		tl_put_text(b, tl_duration_text(ns / SECOND));
}
