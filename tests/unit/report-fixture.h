/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for the tests of reports, and what is asked of what comes of them. */
#ifndef TRACELEFT_REPORT_FIXTURE_H
#define TRACELEFT_REPORT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report-read.h"

#define TIME(seconds) "2026-11-27T20:15:" seconds "Z"

/* `outcome` success or failure; `more`: members, each with a comma in front; `own` of traceleft. */
#define LINE(action, outcome, seconds, more, own)                                                         \
	"{\"@timestamp\":\"" TIME(seconds) "\",\"event\":{\"action\":\"" action                           \
					   "\",\"category\":[\"file\"],\"outcome\":\"" outcome "\"}" more \
					   ",\"traceleft\":{\"cpu\":0" own "}}"

#define BY(executable, uid)                                                                       \
	",\"process\":{\"name\":\"x\",\"executable\":\"" executable "\"},\"user\":{\"id\":\"" uid \
	"\",\"name\":\"u" uid "\"}"
#define FILE_OF(path) ",\"file\":{\"path\":\"" path "\"}"

static inline void report_line(struct tl_report *r, const char *line)
{
	struct tl_json *json = NULL;

	assert_int_equal(tl_json_parse(line, strlen(line), &json), 0);
	assert_int_equal(tl_report_take(r, json), 0);
	tl_json_free(json);
}

static inline void report_begin(struct tl_report *r)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(tl_report_tables_init(r), 0);
}

/* NULL if there is no such row. */
static inline const struct tl_report_row *report_row(struct tl_report *r, enum tl_report_by by, const char *name)
{
	return tl_key_table_find(&r->table[by].keys, name, strlen(name));
}

/* To be freed. */
static inline char *report_as(struct tl_report *r, int (*write)(struct tl_report *r, struct tl_buffer *b, size_t max))
{
	struct tl_buffer b = { 0 };

	assert_int_equal(write(r, &b, 0), 0);
	tl_put_char(&b, 0);
	assert_false(b.failed);
	return b.data;
}

static inline int report_text(struct tl_report *r, struct tl_buffer *b, size_t max)
{
	return tl_report_text(r, b, max, false);
}

#endif
