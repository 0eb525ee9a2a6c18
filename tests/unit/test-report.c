// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report counts, and what it looks like. */
#include "report-fixture.h"

#define THREE_ENDS ",\"endpoints\":[\"192.0.2.1:53\",\"[2001:db8::1]:53\",\"192.0.2.2:53\"]"

static void each_of_several_destinations_of_a_call_is_counted(void **state)
{
	struct tl_report r;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("sendmmsg", "success", "01.000000000",
			     ",\"destination\":{\"ip\":\"192.0.2.1\",\"port\":53},"
			     "\"network\":{\"transport\":\"udp\"}",
			     THREE_ENDS));
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "udp 192.0.2.1:53")->events, 1);
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "udp [2001:db8::1]:53")->events, 1);
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "udp 192.0.2.2:53")->events, 1);
	/* Those that messages came from are none. */
	report_line(&r, LINE("recvmmsg", "success", "02.000000000",
			     ",\"destination\":{\"ip\":\"198.51.100.1\",\"port\":53},"
			     "\"source\":{\"ip\":\"192.0.2.1\",\"port\":53}",
			     THREE_ENDS));
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "198.51.100.1:53")->events, 1);
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "udp 192.0.2.2:53")->events, 1);
	assert_null(report_row(&r, TL_REPORT_DESTINATION, "192.0.2.2:53"));
	tl_report_done(&r);
}

static void events_are_counted_by_who_and_what(void **state)
{
	struct tl_report r;
	const struct tl_report_row *row;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("openat", "success", "01.000000000", BY("/bin/a", "0") FILE_OF("/etc/passwd"), ""));
	report_line(&r, LINE("openat", "failure", "02.000000000", BY("/bin/a", "0") FILE_OF("/etc/none"),
			     ",\"errno\":\"ENOENT\""));
	report_line(&r, LINE("read", "success", "03.000000000", BY("/bin/b", "7") FILE_OF("/etc/passwd"), ""));
	report_line(
		&r,
		LINE("connect", "failure", "04.000000000",
		     BY("/bin/b",
			"7") ",\"destination\":{\"ip\":\"192.0.2.1\",\"port\":443},\"network\":{\"transport\":\"tcp\"}",
		     ",\"errno\":\"ECONNREFUSED\""));
	assert_int_equal(r.events, 4);
	assert_int_equal(r.failed, 2);
	row = report_row(&r, TL_REPORT_EXECUTABLE, "/bin/a");
	assert_non_null(row);
	assert_int_equal(row->events, 2);
	assert_int_equal(row->failed, 1);
	row = report_row(&r, TL_REPORT_PATH, "/etc/passwd");
	assert_int_equal(row->events, 2);
	assert_int_equal(row->last - row->first, 2000000000);
	assert_int_equal(report_row(&r, TL_REPORT_USER, "u7 (7)")->events, 2);
	assert_int_equal(report_row(&r, TL_REPORT_DESTINATION, "tcp 192.0.2.1:443")->failed, 1);
	assert_int_equal(report_row(&r, TL_REPORT_FAILURE, "openat: ENOENT")->events, 1);
	assert_int_equal(report_row(&r, TL_REPORT_FAILURE, "connect: ECONNREFUSED")->events, 1);
	assert_int_equal(r.table[TL_REPORT_FAILURE].keys.n, 2);
	tl_report_done(&r);
}

static void details_are_sorted_by_their_counts(void **state)
{
	struct tl_report r;
	struct tl_report_part part[2];
	size_t n;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("b", "success", "01.000000000", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("c", "success", "01.000000000", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("a", "success", "01.000000000", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("c", "success", "01.000000000", BY("/bin/a", "0"), ""));
	assert_int_equal(tl_report_parts(&r, TL_REPORT_EXECUTABLE, report_row(&r, TL_REPORT_EXECUTABLE, "/bin/a"),
					 TL_REPORT_WHAT, part, 2, &n),
			 3);
	assert_int_equal(n, 2);
	assert_int_equal(part[0].size, 1);
	assert_int_equal(part[0].name[0], 'c');
	assert_int_equal(part[0].events, 2);
	assert_int_equal(part[1].name[0], 'a');
	tl_report_done(&r);
}

static void a_result_stands_for_as_many_events_as_it_says(void **state)
{
	struct tl_report r;
	uint64_t sum = 0;

	(void)state;
	report_begin(&r);
	report_line(&r,
		    LINE("several", "unknown", "20.000000000", ",\"process\":{\"executable\":\"/bin/a\"}" FILE_OF("/x"),
			 ",\"result\":\"count\",\"count\":1000,\"first\":\"" TIME("10.000000000") "\",\"last\":\"" TIME(
				 "19.000000000") "\""));
	assert_int_equal(r.events, 1000);
	assert_int_equal(r.counted, 1000);
	assert_int_equal(r.unknown, 1000);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.lines, 1);
	assert_int_equal(r.last - r.first, 9000000000);
	assert_int_equal(report_row(&r, TL_REPORT_PATH, "/x")->events, 1000);
	assert_int_equal(report_row(&r, TL_REPORT_USER, "(not known)")->events, 1000);
	for (size_t i = 0; i < r.time.n; i++)
		sum += r.time.bar[i].events[TL_REPORT_FILES];
	assert_int_equal(sum, 1000);
	assert_true(r.time.bar[0].events[TL_REPORT_FILES] < 10);
	tl_report_done(&r);
}

/* An event goes to each rule that it matches, so to one output several times. */
static void an_event_of_two_rules_is_one_event(void **state)
{
	struct tl_report r;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("openat", "success", "01.000000000", BY("/bin/a", "0"), ",\"seq\":5"));
	report_line(&r, LINE("openat", "success", "01.000000000", BY("/bin/a", "0"), ",\"seq\":5,\"seq_previous\":5"));
	assert_int_equal(r.events, 1);
	assert_int_equal(r.again, 1);
	tl_report_done(&r);
}

static void own_records_are_no_events_and_stand_above(void **state)
{
	struct tl_report r;
	char *text;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("lost", "success", "01.000000000", "", ",\"count\":12,\"stage\":\"ring\""));
	report_line(&r, LINE("lost", "success", "01.000000000", "", ",\"count\":3,\"stage\":\"ring\""));
	report_line(&r, LINE("tamper", "success", "02.000000000", ",\"message\":\"a map was written\"", ""));
	report_line(&r, LINE("start", "success", "00.500000000", "", ""));
	report_line(&r, LINE("ledger", "success", "02.000000000", "", ""));
	tl_report_end(&r);
	assert_int_equal(r.events, 0);
	assert_int_equal(r.n_losses, 1);
	assert_int_equal(r.loss[0].count, 15);
	assert_int_equal(r.tampers, 1);
	assert_int_equal(r.n_marks, 4);
	assert_string_equal(r.marks[0].action, "start");
	assert_string_equal(r.marks[1].text, "12, ring");
	text = report_as(&r, report_text);
	assert_non_null(strstr(text, "declared: 15 events (ring)"));
	assert_non_null(strstr(text, "1 tampering"));
	assert_non_null(strstr(text, "a map was written"));
	free(text);
	tl_report_done(&r);
}

static void events_of_other_times_are_left_out(void **state)
{
	struct tl_report r;

	(void)state;
	report_begin(&r);
	assert_int_equal(tl_report_time_parse("2026-11-27T20:15:02", &r.since), 0);
	assert_int_equal(tl_report_time_parse("2026-11-27 20:15:03.5Z", &r.until), 0);
	report_line(&r, LINE("a", "success", "01.999999999", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("b", "success", "02.000000000", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("c", "success", "03.499999999", BY("/bin/a", "0"), ""));
	report_line(&r, LINE("d", "success", "03.500000000", BY("/bin/a", "0"), ""));
	assert_int_equal(r.events, 2);
	assert_int_equal(r.outside, 2);
	tl_report_done(&r);
}

static void times_are_read_to_the_part_that_is_there(void **state)
{
	static const char *const wrong[] = { "",
					     "2026",
					     "2026-11-27T20",
					     "2026-13-01",
					     "now",
					     "2026-11-27T20:15:03.",
					     "2026-11-27x20:15",
					     "2026-11-27T20:15:03.1234567891" };
	uint64_t day, minute, part;

	(void)state;
	assert_int_equal(tl_report_time_parse("2026-11-27", &day), 0);
	assert_int_equal(tl_report_time_parse("2026-11-27 00:01", &minute), 0);
	assert_int_equal(tl_report_time_parse("2026-11-27T00:01:00.25Z", &part), 0);
	assert_int_equal(minute - day, UINT64_C(60000000000));
	assert_int_equal(part - minute, 250000000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(tl_report_time_parse(wrong[i], &day), -EINVAL);
}

static void what_is_no_event_is_refused(void **state)
{
	static const char *const lines[] = {
		"{}",
		"[]",
		"3",
		"\"text\"",
		"{\"event\":{\"action\":\"x\"},\"traceleft\":{}}",
		"{\"@timestamp\":\"" TIME("01.000000000") "\",\"event\":{\"action\":\"x\"}}",
		"{\"@timestamp\":\"yesterday\",\"event\":{\"action\":\"x\"},\"traceleft\":{}}",
	};
	struct tl_report r;

	(void)state;
	report_begin(&r);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct tl_json *json = NULL;

		assert_int_equal(tl_json_parse(lines[i], strlen(lines[i]), &json), 0);
		assert_int_equal(tl_report_take(&r, json), -EBADMSG);
		tl_json_free(json);
	}
	assert_int_equal(r.events, 0);
	tl_report_done(&r);
}

/* ---- Names that somebody has chosen to do harm ---- */

#define HOSTILE "/tmp/<script>alert(1)</script>&\\u001b[2J\\\"'\\n\\u202e\\\\x41"

static void report_hostile(struct tl_report *r)
{
	report_begin(r);
	report_line(r, LINE("openat", "failure", "01.000000000",
			    ",\"process\":{\"executable\":\"" HOSTILE "\"},\"user\":{\"id\":\"" HOSTILE
			    "\",\"name\":\"" HOSTILE "\"},\"host\":{\"name\":\"" HOSTILE
			    "\"},\"destination\":{\"ip\":\"" HOSTILE "\",\"port\":\"" HOSTILE "\",\"domain\":\"" HOSTILE
			    "\"}" FILE_OF(HOSTILE),
			    ",\"errno\":\"" HOSTILE "\""));
	report_line(r, LINE("lost", "success", "01.000000000", ",\"message\":\"" HOSTILE "\"",
			    ",\"count\":1,\"stage\":\"" HOSTILE "\",\"counted\":\"" HOSTILE "\""));
	report_line(r, LINE(HOSTILE, "success", "01.000000000", "", ""));
}

static void hostile_names_do_not_move_the_terminal(void **state)
{
	struct tl_report r;
	char *text;

	(void)state;
	report_hostile(&r);
	text = report_as(&r, report_text);
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p < 0x80 && ((unsigned char)*p >= 0x20 || *p == '\n'));
	assert_non_null(strstr(text, "<script>alert(1)</script>&\\x1b[2J\"'\\x0a\\xe2\\x80\\xae\\x41"));
	free(text);
	tl_report_done(&r);
}

static void hostile_names_are_text_in_the_page(void **state)
{
	struct tl_report r;
	char *page;

	(void)state;
	report_hostile(&r);
	page = report_as(&r, tl_report_html);
	for (const char *p = page; *p; p++)
		assert_true((unsigned char)*p < 0x80 && ((unsigned char)*p >= 0x20 || *p == '\n'));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "</script"));
	assert_null(strstr(page, "http://"));
	assert_null(strstr(page, "https://"));
	assert_null(strstr(page, "url("));
	assert_non_null(strstr(page, "default-src 'none'"));
	assert_non_null(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\x1b[2J&quot;&#39;\\x0a"));
	free(page);
	tl_report_done(&r);
}

/* As it stands in events, so that who looks for it there finds it. */
static void hostile_names_are_the_same_in_json(void **state)
{
	struct tl_report r;
	struct tl_json *json = NULL;
	const struct tl_json *rows;
	char *text;

	(void)state;
	report_begin(&r);
	report_line(&r, LINE("a", "success", "01.000000000", BY("/bin/a\\\\x1b\\\"", "0"), ""));
	text = report_as(&r, tl_report_json);
	assert_int_equal(tl_json_parse(text, strlen(text), &json), 0);
	rows = tl_json_get(tl_json_get(tl_json_get(json, "tables"), "executable"), "rows");
	assert_string_equal(tl_json_get_text(tl_json_first(rows), "name"), "/bin/a\\x1b\"");
	tl_json_free(json);
	free(text);
	tl_report_done(&r);
	report_hostile(&r);
	text = report_as(&r, tl_report_json);
	assert_int_equal(tl_json_parse(text, strlen(text), &json), 0);
	tl_json_free(json);
	free(text);
	tl_report_done(&r);
}

/* ---- Room ---- */

static void a_full_table_says_what_it_let_go(void **state)
{
	struct tl_report r;
	struct tl_report_count count = { .events = 1, .first = 1, .last = 1 };
	struct tl_report_table *t = &r.table[TL_REPORT_PATH];
	uint64_t sum = 0;

	(void)state;
	report_begin(&r);
	t->keys.max = 100;
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "/%u", i);
		assert_int_equal(tl_report_add(&r, TL_REPORT_PATH, name, &count), 0);
		/* One that comes again and again is never let go. */
		for (unsigned j = 0; j < 2; j++)
			assert_int_equal(tl_report_add(&r, TL_REPORT_PATH, "/often", &count), 0);
	}
	assert_int_equal(report_row(&r, TL_REPORT_PATH, "/often")->events, 2000);
	for (size_t i = 0; i < t->keys.n; i++)
		sum += ((const struct tl_report_row *)tl_key_value_of(t->keys.entries[i]))->events;
	assert_int_equal(t->events, 3000);
	assert_int_equal(sum + t->cut_events, t->events);
	assert_true(t->cut_rows > 800 && t->keys.n <= 100);
	assert_true(t->short_by >= 8);
	tl_report_done(&r);
}

static void pairs_without_room_let_the_rare_ones_go(void **state)
{
	struct tl_report r;
	struct tl_report_count count = { .events = 1, .first = 1, .last = 1 };
	struct tl_report_part part[1];
	size_t n;

	(void)state;
	report_begin(&r);
	for (uint32_t i = 0; i < 1200000; i++) {
		count.detail[TL_REPORT_WHAT] = i % 4 ? 9 : 10 + i;
		assert_int_equal(tl_report_add(&r, TL_REPORT_USER, "u", &count), 0);
		assert_int_equal(tl_report_add(&r, TL_REPORT_PATH, "p", &count), 0);
		count.detail[TL_REPORT_WHO] = i;
	}
	assert_true(r.pairs.n <= (size_t)1 << 20);
	assert_true(r.pairs.short_by > 0);
	tl_report_parts(&r, TL_REPORT_USER, report_row(&r, TL_REPORT_USER, "u"), TL_REPORT_WHAT, part, 1, &n);
	assert_int_equal(n, 1);
	assert_int_equal(part[0].events, 900000);
	tl_report_done(&r);
}

/* ---- Time ---- */

static uint64_t all_of(const struct tl_report_time *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TL_REPORT_BARS; i++)
		for (size_t j = 0; j < TL_REPORT_SERIES; j++)
			sum += t->bar[i].events[j];
	return sum;
}

static void bars_grow_with_the_time_that_they_cover(void **state)
{
	static const uint64_t day = UINT64_C(86400000000000), begin = UINT64_C(1795665600123456789);
	struct tl_report_time t = { 0 };
	uint64_t time = begin;

	(void)state;
	for (unsigned i = 0; i < 5000; i++, time += (i % 7) * UINT64_C(1234567890))
		tl_report_time_add(&t, TL_REPORT_FILES, time, time, 1, i % 2);
	assert_int_equal(all_of(&t), 5000);
	assert_true(t.n > 80 && t.n <= TL_REPORT_BARS);
	assert_true(t.begin <= begin && begin - t.begin < tl_report_width(t.step));
	/* Earlier, and in another century. */
	tl_report_time_add(&t, TL_REPORT_FILES, begin - 40 * day, begin - 40 * day, 1, 0);
	tl_report_time_add(&t, TL_REPORT_FILES, begin + 70000 * day, begin + 70000 * day, 1, 0);
	tl_report_time_add(&t, TL_REPORT_FILES, 0, UINT64_C(18429000000000000000), 12345, 99);
	assert_int_equal(all_of(&t), 5002 + 12345);
	assert_true(t.n <= TL_REPORT_BARS);
}

static void every_time_finds_its_bar(void **state)
{
	struct tl_report_time t = { 0 };
	uint64_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t time;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
		time = (seed >> 1) >> (i / 400);
		tl_report_time_add(&t, TL_REPORT_OTHERS, time, time + (i % 3) * 1000000, 3, 1);
		assert_true(t.n && t.n <= TL_REPORT_BARS);
	}
	assert_int_equal(all_of(&t), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_several_destinations_of_a_call_is_counted),
		cmocka_unit_test(events_are_counted_by_who_and_what),
		cmocka_unit_test(details_are_sorted_by_their_counts),
		cmocka_unit_test(a_result_stands_for_as_many_events_as_it_says),
		cmocka_unit_test(an_event_of_two_rules_is_one_event),
		cmocka_unit_test(own_records_are_no_events_and_stand_above),
		cmocka_unit_test(events_of_other_times_are_left_out),
		cmocka_unit_test(times_are_read_to_the_part_that_is_there),
		cmocka_unit_test(what_is_no_event_is_refused),
		cmocka_unit_test(hostile_names_do_not_move_the_terminal),
		cmocka_unit_test(hostile_names_are_text_in_the_page),
		cmocka_unit_test(hostile_names_are_the_same_in_json),
		cmocka_unit_test(a_full_table_says_what_it_let_go),
		cmocka_unit_test(pairs_without_room_let_the_rare_ones_go),
		cmocka_unit_test(bars_grow_with_the_time_that_they_cover),
		cmocka_unit_test(every_time_finds_its_bar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
