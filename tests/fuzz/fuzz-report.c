// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of events, or entries of the journal, that somebody else may have written: whatever they
 * say, a report of them moves no terminal, is no markup, and is JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report-read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const char *line, size_t size, uint64_t number, bool torn, void *userdata)
{
	struct tl_json *json = NULL, *of_entry = NULL;
	struct tl_verify verify = { 0 };

	(void)number;
	(void)torn;
	if (!line || tl_json_parse(line, size, &json) < 0)
		return 0;
	tl_report_take(userdata, json);
	tl_verify_event(&verify, "fuzz:1", json);
	tl_verify_end(&verify);
	tl_verify_done(&verify);
	if (tl_report_entry(json, &of_entry) >= 0)
		tl_report_take(userdata, of_entry);
	tl_json_free(json);
	tl_json_free(of_entry);
	return 0;
}

static void harmless(const struct tl_buffer *b)
{
	for (size_t i = 0; i < b->size; i++)
		if (((unsigned char)b->data[i] < 0x20 && b->data[i] != '\n') || b->data[i] == 0x7f)
			abort();
}

static void show(struct tl_report *r)
{
	struct tl_buffer text = { 0 }, json = { 0 }, page = { 0 };
	struct tl_json *j = NULL;

	if (tl_report_text(r, &text, 3, false) < 0 || tl_report_json(r, &json, 0) < 0 ||
	    tl_report_html(r, &page, 3) < 0)
		abort();
	harmless(&text);
	harmless(&page);
	if (tl_json_parse(json.data, json.size, &j) < 0)
		abort();
	tl_json_free(j);
	tl_put_char(&page, 0);
	if (strstr(page.data, "<script"))
		abort();
	tl_buffer_done(&text);
	tl_buffer_done(&json);
	tl_buffer_done(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_report r = { 0 };
	FILE *file;

	if (!size)
		return 0;
	file = fmemopen((void *)data, size, "r");
	if (!file || tl_report_tables_init(&r) < 0)
		abort();
	tl_report_lines(file, take, &r);
	fclose(file);
	show(&r);
	tl_report_done(&r);
	return 0;
}
