// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules the counts of the kernel part belong to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "rules-counted.h"
#include "util.h"

struct calls {
	char text[256]; /* "RULE:KEY " for each */
	int answer;
};

static int note_call(size_t rule, const struct tl_aggregate_key *key, const struct tl_count *count, void *userdata)
{
	struct calls *calls = userdata;
	size_t n = strlen(calls->text);

	snprintf(calls->text + n, sizeof(calls->text) - n, "%zu:%.*s*%llu ", rule, (int)key->size, key->data,
		 (unsigned long long)count->events);
	return calls->answer;
}

static int each(const struct tl_counted_events *c, uint64_t seq, uint32_t cpu, struct calls *calls)
{
	const struct tl_count count = { .seq = seq, .cpu = cpu, .events = 7 };

	calls->text[0] = '\0';
	return tl_counted_each(c, &count, note_call, calls);
}

static void counts_go_to_the_rules_that_had_the_event(void **state)
{
	const struct tl_event first = { .seq = 5, .cpu = 1 }, second = { .seq = 5, .cpu = 2 };
	const struct tl_aggregate_key a = { "abc", 3 }, b = { "de", 2 }, none = { NULL, 0 };
	struct calls calls = { .answer = TL_FATE_AGGREGATED };
	struct tl_counted_events *c = NULL;

	(void)state;
	assert_int_equal(tl_counted_new(&c), 0);
	tl_counted_begin(c, &first);
	tl_counted_note(c, &first, 3, &a);
	tl_counted_note(c, &first, 9, &b);
	tl_counted_begin(c, &second);
	tl_counted_note(c, &second, 1, &none);
	assert_int_equal(each(c, 5, 1, &calls), TL_FATE_AGGREGATED);
	assert_string_equal(calls.text, "9:de*7 3:abc*7 ");
	assert_int_equal(each(c, 5, 2, &calls), TL_FATE_AGGREGATED);
	assert_string_equal(calls.text, "1:*7 ");
	calls.answer = TL_FATE_LOST;
	assert_int_equal(each(c, 5, 1, &calls), TL_FATE_LOST);
	tl_counted_free(c);
}

static void event_that_no_rule_had_is_filtered_and_an_unknown_one_lost(void **state)
{
	const struct tl_event event = { .seq = 8, .cpu = 0 };
	struct calls calls = { .answer = TL_FATE_AGGREGATED };
	struct tl_counted_events *c = NULL;

	(void)state;
	assert_int_equal(tl_counted_new(&c), 0);
	assert_int_equal(each(c, 8, 0, &calls), TL_FATE_LOST);
	tl_counted_begin(c, &event);
	assert_int_equal(each(c, 8, 0, &calls), TL_FATE_FILTERED);
	assert_int_equal(each(c, 8, 1, &calls), TL_FATE_LOST);
	assert_string_equal(calls.text, "");
	tl_counted_free(c);
}

/* While counts are collected events come that are about the next ones. */
static void event_is_known_until_counts_were_collected_twice(void **state)
{
	const struct tl_event event = { .seq = 8, .cpu = 0 };
	const struct tl_aggregate_key key = { "k", 1 };
	struct calls calls = { .answer = TL_FATE_AGGREGATED };
	struct tl_counted_events *c = NULL;

	(void)state;
	assert_int_equal(tl_counted_new(&c), 0);
	tl_counted_begin(c, &event);
	tl_counted_note(c, &event, 2, &key);
	tl_counted_collected(c);
	assert_int_equal(each(c, 8, 0, &calls), TL_FATE_AGGREGATED);
	tl_counted_collected(c);
	assert_int_equal(each(c, 8, 0, &calls), TL_FATE_LOST);
	tl_counted_free(c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_go_to_the_rules_that_had_the_event),
		cmocka_unit_test(event_that_no_rule_had_is_filtered_and_an_unknown_one_lost),
		cmocka_unit_test(event_is_known_until_counts_were_collected_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
