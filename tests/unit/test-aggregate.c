// SPDX-License-Identifier: GPL-2.0-or-later
/* Events that become counts, and those that are held back: nothing vanishes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode.h"
#include "event-copy.h"
#include "expression-fixture.h"
#include "policy.h"
#include "put.h"

#define SECOND UINT64_C(1000000000)
#define START (1700000000 * SECOND)

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

static struct tl_policy *parse(const char *rule)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "version: 1\noutputs: {journal: {type: journald}}\nrules:\n  - %s\n", rule);
	if (tl_policy_parse("policy.yaml", text, strlen(text), &p, &problems) < 0)
		fail_msg("%u:%u: %s", problems.problem[0].line, problems.problem[0].column,
			 problems.problem[0].message);
	return p;
}

/* What came out: a line for each result or event, "RESULT COUNT BYTES FIRST-LAST KEY...", times in seconds. */
struct out {
	char text[65536];
	size_t n, events;
	uint64_t count, bytes;
};

static int take(const struct tl_policy_rule *rule, const struct tl_event *event, const struct tl_annotation *a,
		void *userdata)
{
	struct out *out = userdata;
	char *end = out->text + strlen(out->text);
	size_t room = sizeof(out->text) - strlen(out->text);

	assert_string_equal(a->rule, rule->name);
	if (!a->result) {
		out->events++;
		return 0;
	}
	out->n++;
	out->count += a->count;
	out->bytes += a->bytes;
	end += snprintf(end, room, "%s %s %llu %llu %llu-%llu", a->result, event->type->name,
			(unsigned long long)a->count, (unsigned long long)a->bytes,
			(unsigned long long)((a->first - START) / SECOND),
			(unsigned long long)((a->last - START) / SECOND));
	for (size_t i = 0; i < a->n_key && strlen(out->text) < sizeof(out->text) - 512; i++)
		end += sprintf(end, " %s=%.*s%s", a->key[i].name, (int)a->key[i].size, a->key[i].text,
			       a->key[i].is_missing ? "?" : "");
	strcat(out->text, "\n");
	return 0;
}

static int at(struct tl_policy *p, struct out *out, const char *name, double seconds)
{
	struct tl_event event;

	assert_true(fixture_find(name, &event));
	event.time = START + (uint64_t)(seconds * 1e9);
	return tl_policy_filter(p, &event, take, out);
}

static void counts_are_told_at_the_end_of_their_period(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: [openat, read], aggregate: {by: [executable, path], every: 10s}}");
	struct out out = {};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(at(p, &out, "read-passwd", i), TL_FATE_AGGREGATED);
	assert_int_equal(at(p, &out, "write-shadow", 5), TL_FATE_AGGREGATED);
	assert_int_equal(at(p, &out, "read", 6), TL_FATE_AGGREGATED);
	assert_int_equal(tl_policy_flush(p, START + 9 * SECOND, false, take, &out), 0);
	assert_int_equal(out.n, 0);
	/* The next event tells what was before it, and begins anew. */
	assert_int_equal(at(p, &out, "read-passwd", 10), TL_FATE_AGGREGATED);
	assert_string_equal(out.text, "count several 6 20 0-6 executable=/usr/bin/dash path=/etc/passwd\n"
				      "count openat 1 0 5-5 executable=/usr/bin/dash path=/etc/shadow\n");
	assert_int_equal(tl_policy_flush(p, START + 20 * SECOND, false, take, &out), 0);
	assert_int_equal(out.count, 8);
	assert_int_equal(tl_policy_flush(p, START + 99 * SECOND, true, take, &out), 0);
	assert_int_equal(out.count, 8);
	assert_int_equal(tl_policy_ledger(p)->aggregated, 8);
	assert_int_equal(tl_policy_ledger(p)->results, out.n);
	assert_int_equal(tl_policy_ledger(p)->delivered, 0);
}

static int take_line(const struct tl_policy_rule *rule, const struct tl_event *event, const struct tl_annotation *a,
		     void *userdata)
{
	(void)rule;
	return tl_encode_json(userdata, event, a);
}

static void whether_it_succeeded_is_told_as_true_or_false(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("{name: a, events: openat, aggregate: {by: success, every: 1m}}");
	struct tl_buffer lines = {};
	struct out out = {};

	(void)state;
	at(p, &out, "read-passwd", 1);
	at(p, &out, "write-shadow", 2);
	assert_int_equal(tl_policy_flush(p, 0, true, take_line, &lines), 0);
	tl_put_char(&lines, 0);
	assert_non_null(strstr(lines.data, "\"key\":{\"success\":true},\"count\":1,"));
	assert_non_null(strstr(lines.data, "\"key\":{\"success\":false},\"count\":1,"));
	tl_buffer_done(&lines);
	tl_encode_done();
}

static void the_first_and_the_last_event_stand_for_theirs(void **state)
{
	static const char *const words[] = { "first", "last" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		_cleanup_(policy_freep) struct tl_policy *p = NULL;
		struct out out = {};
		char rule[128], expected[128];

		snprintf(rule, sizeof(rule), "{name: a, events: openat, aggregate: {by: uid, every: 1m, emit: %s}}",
			 words[i]);
		p = parse(rule);
		at(p, &out, "read-passwd", 1);
		at(p, &out, "write-shadow", 2);
		assert_int_equal(tl_policy_flush(p, 0, true, take, &out), 0);
		snprintf(expected, sizeof(expected), "%s openat 2 0 1-2 uid=1000\n", words[i]);
		assert_string_equal(out.text, expected);
	}
}

static void the_most_frequent_keys_are_told_and_the_rest_together(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: openat, aggregate: {by: pid, every: 1m, emit: {top: 2}}}");
	struct out out = {};
	struct tl_event event;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	event.time = START;
	for (unsigned pid = 1; pid <= 9; pid++)
		for (unsigned i = 0; i < pid; i++) {
			event.pid = pid;
			tl_policy_filter(p, &event, take, &out);
		}
	assert_int_equal(tl_policy_flush(p, 0, true, take, &out), 0);
	assert_string_equal(out.text, "top openat 9 0 0-0 pid=9\ntop openat 8 0 0-0 pid=8\nrest openat 28 0 0-0\n");
}

static void sums_are_exact_however_many_keys(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: [read, openat], aggregate: {by: [pid, comm], every: 1s, keys: 100}}");
	struct out out = {};
	struct tl_event event;
	uint64_t bytes = 0;

	(void)state;
	srand(5);
	assert_true(fixture_find("read", &event));
	for (unsigned i = 0; i < 200000; i++) {
		event.time = START + i * SECOND / 1000;
		event.pid = (unsigned)rand() % 300;
		event.ret = rand() % 1000 - 10;
		bytes += event.ret > 0 ? (uint64_t)event.ret : 0;
		assert_int_equal(tl_policy_filter(p, &event, take, &out), TL_FATE_AGGREGATED);
		out.text[0] = '\0';
	}
	assert_int_equal(tl_policy_flush(p, 0, true, take, &out), 0);
	assert_int_equal(out.count, 200000);
	assert_int_equal(out.bytes, bytes);
	assert_true(tl_policy_ledger(p)->overflow > 0);
	assert_true(out.n <= 200 * 101);
}

static void a_clock_that_was_set_back_begins_anew(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("{name: a, events: openat, aggregate: {every: 1s}}");
	struct out out = {};

	(void)state;
	at(p, &out, "read-passwd", 5000);
	at(p, &out, "read-passwd", 0);
	assert_string_equal(out.text, "count openat 1 0 5000-5000\n");
}

static void a_limit_is_for_each_key_and_period(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: openat, aggregate: {by: path, limit: 2/10s}}");
	struct out out = {};

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(at(p, &out, "read-passwd", i), i < 2 ? TL_FATE_DELIVERED : TL_FATE_FILTERED);
	assert_int_equal(at(p, &out, "write-shadow", 9), TL_FATE_DELIVERED);
	assert_int_equal(at(p, &out, "read-passwd", 10), TL_FATE_DELIVERED);
	assert_int_equal(out.events, 4);
	assert_int_equal(tl_policy_ledger(p)->matched, 12);
	assert_int_equal(tl_policy_ledger(p)->filtered, 8);
}

static void only_new_values_are_distinct(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("{name: a, events: openat, distinct: path}");
	_cleanup_(policy_freep) struct tl_policy *q = parse(
		"{name: a, events: openat, aggregate: {by: uid, distinct: path, every: 1m}}");
	struct out out = {};

	(void)state;
	assert_int_equal(at(p, &out, "read-passwd", 0), TL_FATE_DELIVERED);
	assert_int_equal(at(p, &out, "read-passwd", 100000), TL_FATE_FILTERED);
	assert_int_equal(at(p, &out, "write-shadow", 1), TL_FATE_DELIVERED);
	assert_int_equal(at(q, &out, "read-passwd", 0), TL_FATE_DELIVERED);
	assert_int_equal(at(q, &out, "read-passwd", 59), TL_FATE_FILTERED);
	assert_int_equal(at(q, &out, "read-passwd", 60), TL_FATE_DELIVERED);
}

static void a_flood_of_keys_is_limited_together(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: openat, aggregate: {by: pid, limit: 1/1m, keys: 10}}");
	struct tl_event event;
	struct out out = {};

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	event.time = START;
	for (event.pid = 1; event.pid <= 1000; event.pid++)
		tl_policy_filter(p, &event, take, &out);
	assert_int_equal(out.events, 11);
	assert_int_equal(tl_policy_ledger(p)->overflow, 990);
}

static void final_ends_with_what_is_counted(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: openat, final: true, aggregate: {every: 1s}}\n"
		"  - {name: b, events: openat}");
	struct out out = {};

	(void)state;
	assert_int_equal(at(p, &out, "read-passwd", 0), TL_FATE_AGGREGATED);
	assert_int_equal(out.events, 0);
}

static void values_longer_than_a_key_are_told_apart(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"{name: a, events: openat, aggregate: {by: path, every: 1s}}");
	struct out *out = calloc(1, sizeof(*out));
	char path[9000];
	struct tl_event event;

	(void)state;
	assert_non_null(out);
	assert_true(fixture_find("read-passwd", &event));
	memset(path, 'x', sizeof(path));
	event.time = START;
	for (int i = 0; i < 3; i++) {
		path[sizeof(path) - 2] = (char)('a' + i % 2);
		event.file.path = (struct tl_bytes){ path, sizeof(path) - 1, TL_VALUE_PRESENT };
		tl_policy_filter(p, &event, take, out);
	}
	assert_int_equal(tl_policy_flush(p, 0, true, take, out), 0);
	assert_int_equal(out->n, 2);
	free(out);
}

/* ---- Copies ---- */

static void a_copy_is_encoded_as_the_event_was(void **state)
{
	struct tl_endpoint further[] = { { .family = AF_INET, .port = 53, .domain = "a.example" },
					 { .family = AF_UNIX, .path = { .data = "/x", .size = 2, .flags = TL_VALUE_PRESENT } } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fixture_events); i++) {
		struct tl_buffer a = { 0 }, b = { 0 };
		struct tl_event event, *copy;

		assert_true(fixture_find(fixture_events[i].name, &event));
		event.further = further;
		event.n_further = ARRAY_SIZE(further);
		copy = tl_event_copy(&event);
		assert_non_null(copy);
		assert_ptr_not_equal(copy->further, further);
		assert_ptr_not_equal(copy->process, event.process);
		assert_int_equal(tl_encode_json(&a, &event, NULL), 0);
		assert_int_equal(tl_encode_json(&b, copy, NULL), 0);
		assert_int_equal(a.size, b.size);
		assert_memory_equal(a.data, b.data, a.size);
		tl_event_copy_free(copy);
		tl_buffer_done(&a);
		tl_buffer_done(&b);
	}
	tl_encode_done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_told_at_the_end_of_their_period),
		cmocka_unit_test(whether_it_succeeded_is_told_as_true_or_false),
		cmocka_unit_test(the_first_and_the_last_event_stand_for_theirs),
		cmocka_unit_test(the_most_frequent_keys_are_told_and_the_rest_together),
		cmocka_unit_test(sums_are_exact_however_many_keys),
		cmocka_unit_test(a_clock_that_was_set_back_begins_anew),
		cmocka_unit_test(a_limit_is_for_each_key_and_period),
		cmocka_unit_test(only_new_values_are_distinct),
		cmocka_unit_test(a_flood_of_keys_is_limited_together),
		cmocka_unit_test(final_ends_with_what_is_counted),
		cmocka_unit_test(values_longer_than_a_key_are_told_apart),
		cmocka_unit_test(a_copy_is_encoded_as_the_event_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
