/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the page of a report. Used by cli/report-html*.c only. */
#ifndef TRACELEFT_CLI_REPORT_HTML_H
#define TRACELEFT_CLI_REPORT_HTML_H

#include "report.h"

extern const char tl_html_style[];

/* Appends it as text: nothing in it is markup, in elements and in quoted attributes. */
void tl_html_put(struct tl_buffer *b, const char *text, size_t size);
void tl_html_put_number(struct tl_buffer *b, uint64_t v);
void tl_html_put_timeline(const struct tl_report *r, struct tl_buffer *b);
/* Whether people should look at it: a loss, or tampering. */
bool tl_html_bad_mark(const struct tl_report_mark *mark);

#endif
