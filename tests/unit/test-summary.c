// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of trace -c, and the ledger's line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "ledger.h"
#include "summary.h"

static const struct tl_event_type type_read = { .name = "read", .flags = TL_TYPE_RETURNS_BYTES };
static const struct tl_event_type type_openat = { .name = "openat", .flags = TL_TYPE_RETURNS_FD };
static const struct tl_event_type type_exec = { .name = "exec", .class = TL_CLASS_PROCESS };

static void add(struct tl_summary *s, const struct tl_event_type *type, int64_t ret, uint64_t duration)
{
	const struct tl_event event = {
		.kind = type->class == TL_CLASS_PROCESS ? TL_EVENT_EXEC : TL_EVENT_SYSCALL,
		.type = type,
		.ret = ret,
		.duration = duration,
	};

	assert_int_equal(tl_summary_add(s, &event), 0);
}

static char *text_of(struct tl_summary *s)
{
	struct tl_buffer b = { 0 };

	assert_int_equal(tl_summary_text(s, &b), 0);
	assert_int_equal(tl_buffer_append(&b, "", 1), 0);
	return b.data;
}

static void a_time_that_is_not_known_is_no_zero(void **state)
{
	struct tl_summary s = { 0 };
	char *text;

	(void)state;
	add(&s, &type_openat, 3, 0);
	add(&s, &type_openat, -2, 0);
	add(&s, &type_exec, 0, 0);
	text = text_of(&s);
	assert_string_equal(text, "% time     seconds  usecs/call     calls    errors event\n"
				  "------ ----------- ----------- --------- --------- ----------------\n"
				  "     -           -           -         2         1 openat\n"
				  "     -           -           -         1           exec\n"
				  "     -           -           -         3         1 total\n");
	free(text);
	tl_summary_done(&s);
}

static void bytes_count_successful_calls_only(void **state)
{
	struct tl_summary s = { 0 };
	char *text;

	(void)state;
	add(&s, &type_read, 100, 0);
	add(&s, &type_read, -11, 0);
	add(&s, &type_openat, 100, 0);
	text = text_of(&s);
	assert_string_equal(text, "% time     seconds  usecs/call     calls    errors         bytes event\n"
				  "------ ----------- ----------- --------- --------- ------------- ----------------\n"
				  "     -           -           -         2         1           100 read\n"
				  "     -           -           -         1                         openat\n"
				  "     -           -           -         3         1           100 total\n");
	free(text);
	tl_summary_done(&s);
}

static void most_time_comes_first(void **state)
{
	struct tl_summary s = { 0 };
	char *text;

	(void)state;
	add(&s, &type_openat, 3, 1000);
	add(&s, &type_openat, 3, 3000);
	add(&s, &type_read, 1, 12000);
	add(&s, &type_exec, 0, 0);
	text = text_of(&s);
	assert_non_null(strstr(text, " 75.00    0.000012        12.0         1 "));
	assert_non_null(strstr(text, " 25.00    0.000004         2.0         2 "));
	assert_non_null(strstr(text, "     -           -           -         1                         exec\n"));
	assert_true(strstr(text, "read") < strstr(text, "openat"));
	free(text);
	tl_summary_done(&s);
}

static void results_that_are_addresses_are_no_errors(void **state)
{
	struct tl_summary s = { 0 };

	(void)state;
	add(&s, &type_openat, -4095, 0);
	add(&s, &type_openat, -4096, 0);
	add(&s, &type_openat, INT64_MIN, 0);
	assert_int_equal(s.rows[0].errors, 1);
	tl_summary_done(&s);
}

static void json_is_one_object(void **state)
{
	struct tl_json *j = NULL;
	struct tl_summary s = { 0 };
	struct tl_buffer b = { 0 };

	(void)state;
	add(&s, &type_read, 7, 5);
	add(&s, &type_openat, -2, 0);
	assert_int_equal(tl_summary_json(&s, &b), 0);
	assert_int_equal(tl_json_parse(b.data, b.size, &j), 0);
	assert_string_equal(tl_json_get_text(tl_json_first(tl_json_get(j, "summary")), "event"), "read");
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "total"), "count"), 2);
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "total"), "errors"), 1);
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "total"), "bytes"), 7);
	tl_json_free(j);
	tl_buffer_done(&b);
	tl_summary_done(&s);
}

static void empty_run_has_a_total(void **state)
{
	struct tl_summary s = { 0 };
	char *text = text_of(&s);

	(void)state;
	assert_non_null(strstr(text, "        0           total\n"));
	free(text);
	tl_summary_done(&s);
}

static void more_events_than_room_at_first(void **state)
{
	struct tl_event_type types[200] = { 0 };
	struct tl_summary s = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++)
		snprintf(types[i].name, sizeof(types[i].name), "event%d", i);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200; i++)
			add(&s, &types[i], 0, 0);
	assert_int_equal(s.n, 200);
	assert_int_equal(s.rows[199].count, 2);
	tl_summary_done(&s);
}

/* ---- Ledger ---- */

static void line_is(const struct tl_counters *kernel, const struct tl_ledger_end *reader, bool balanced,
		    const char *expected)
{
	struct tl_buffer b = { 0 };

	assert_int_equal(tl_ledger_line(&b, kernel, reader), balanced);
	assert_int_equal(tl_buffer_append(&b, "", 1), 0);
	assert_string_equal(b.data, expected);
	tl_buffer_done(&b);
}

static void ledger_adds_both_stages(void **state)
{
	const struct tl_counters kernel = { .seen = 100,
					    .filtered = 10,
					    .aggregated = 5,
					    .emitted = 80,
					    .lost = 5,
					    .received = 80,
					    .malformed = 1,
					    .internal = 3,
					    .reader_filtered = 7,
					    .reader_aggregated = 8,
					    .delivered = 61 };
	const struct tl_ledger_end reader = { .delivered = 60, .lost = 1 };
	const struct tl_ledger_end broken = { .delivered = 60, .lost = 1, .lost_results = 8 };
	const struct tl_ledger_end blind = { .delivered = 60, .lost = 1, .unaudited = 2 };
	struct tl_buffer b = { 0 };

	(void)state;
	line_is(&kernel, &reader, true, "seen 100 = delivered 60 + filtered 20 + aggregated 13 + lost 7: balanced");
	/* A count that could not be written takes its events along. */
	line_is(&kernel, &broken, true, "seen 100 = delivered 60 + filtered 20 + aggregated 5 + lost 15: balanced");
	line_is(&kernel, &blind, false,
		"seen 100 = delivered 60 + filtered 20 + aggregated 13 + lost 7: INCOMPLETE, 2 times there was no room "
		"to find out what to audit");
	assert_int_equal(tl_ledger_explain(&b, "x", &kernel), 0);
	assert_int_equal(b.size, 0);
}

static void imbalance_names_its_stage(void **state)
{
	const struct tl_counters kernel = { .seen = 10, .emitted = 9, .received = 8, .delivered = 8 };
	const struct tl_ledger_end reader = { .delivered = 8 };
	struct tl_buffer b = { 0 };

	(void)state;
	line_is(&kernel, &reader, false,
		"seen 10 = delivered 8 + filtered 0 + aggregated 0 + lost 0: NOT BALANCED, 2 missing");
	assert_int_equal(tl_ledger_explain(&b, "openat", &kernel), 2);
	assert_int_equal(tl_buffer_append(&b, "", 1), 0);
	assert_non_null(strstr(b.data, "openat: kernel: seen 10"));
	assert_non_null(strstr(b.data, "openat: ring: emitted 9, but received 8"));
	tl_buffer_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_that_is_not_known_is_no_zero),
		cmocka_unit_test(bytes_count_successful_calls_only),
		cmocka_unit_test(most_time_comes_first),
		cmocka_unit_test(results_that_are_addresses_are_no_errors),
		cmocka_unit_test(json_is_one_object),
		cmocka_unit_test(empty_run_has_a_total),
		cmocka_unit_test(more_events_than_room_at_first),
		cmocka_unit_test(ledger_adds_both_stages),
		cmocka_unit_test(imbalance_names_its_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
