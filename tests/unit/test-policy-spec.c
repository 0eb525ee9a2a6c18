// SPDX-License-Identifier: GPL-2.0-or-later
/* The aggregation spec of the original: what it becomes, and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "policy.h"
#include "util.h"

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

static void a_spec_becomes_rules_and_outputs(void **state)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	_cleanup_(policy_freep) struct tl_policy *p = NULL;
	const struct tl_policy_rule *rule;

	(void)state;
	assert_int_equal(tl_policy_load_spec("tests/compat/aggregation-spec.json", &p, &problems), 0);
	assert_int_equal(problems.n, 1);
	assert_true(problems.problem[0].warning);
	assert_non_null(strstr(problems.problem[0].message, "http://localhost:50051/v1/logs"));
	assert_int_equal(p->n_outputs, 2);
	assert_int_equal(p->outputs[0].type, TL_OUTPUT_FILE);
	assert_string_equal(p->outputs[0].path, "/tmp/traceleft-opens.log");
	assert_int_equal(p->outputs[1].type, TL_OUTPUT_HTTP);
	assert_int_equal(p->n_rules, 2);
	rule = &p->rules[0];
	assert_string_equal(rule->name, "openat");
	assert_string_equal(rule->stream, "filesystem");
	assert_string_equal(rule->group, "system_metrics");
	assert_string_equal(rule->where_text, "arg2 == '/tmp/a.txt'");
	assert_non_null(rule->where);
	assert_int_equal(rule->sample, 100);
	assert_true(rule->counts);
	assert_int_equal(rule->every, 1000000000);
	assert_int_equal(rule->emit, TL_EMIT_LAST);
	assert_int_equal(rule->outputs[0], 0);
	assert_false(p->rules[1].counts);
	assert_int_equal(p->rules[1].outputs[0], 1);
}

#define CHANNELS "{\"channels\":[{\"id\":\"1\",\"type\":\"file\",\"path\":\"/x\"}],\n\"events\":["

static const struct {
	const char *text, *problem;
} broken[] = {
	{ "", "1:1: there is nothing in it" },
	{ "[]", "1:1: spec: expected a mapping, not a list" },
	{ "{\"channels\":[],\"events\":[]}", "1:13: there are no channels" },
	{ "{\"chanels\":[]}", "1:2: unknown key 'chanels', did you mean 'channels'?" },
	{ CHANNELS "]}", "2:10: there are no events" },
	{ CHANNELS "{}]}", "2:11: an event without a name" },
	{ CHANNELS "{\"name\":\"read\"}]}", "2:11: an event without a channel" },
	{ CHANNELS "{\"name\":\"raed\",\"channel\":\"1\"}]}", "2:19: unknown event 'raed', did you mean 'read'?" },
	{ CHANNELS "{\"name\":\"lost\",\"channel\":\"1\"}]}", "2:19: unknown event 'lost'" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"2\"}]}", "2:36: there is no channel '2', did you mean '1'?" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"rule\":\"pth == '/x'\"}]}",
	  "2:48: rule: unknown field 'pth', did you mean 'path'?" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"rule\":\"arg1 == 'x'\"}]}",
	  "2:56: rule: 'arg1' is a number, not a string" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"function\":{\"id\":\"sgma\"}}]}",
	  "2:57: function: the only one is sigma" },
	{ CHANNELS
	  "{\"name\":\"read\",\"channel\":\"1\",\"function\":{\"id\":\"sigma\",\"parameters\":\"frequency=0\"}}]}",
	  "2:78: parameters: frequency is from 1 to 1000000000" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"function\":{\"id\":\"sigma\",\"parameters\":\"often=1\"}}]}",
	  "2:78: parameters: unknown parameter 'often', expected frequency or threshold" },
	{ CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"output\":{\"metrics\":\"alerts\"}}]}",
	  "2:60: output: the only function is alerts_per_sec" },
	{ "{\"channels\":[{\"id\":\"1\",\"type\":\"file\",\"path\":\"/x\"},{\"id\":\"1\",\"type\":\"file\",\"path\":\"/"
	  "y\"}]}",
	  "1:51: channel '1' is there twice, first in line 1" },
	{ "{\"channels\":[{\"id\":\"1\",\"type\":\"file\",\"path\":\"/x\"},{\"id\":\"2\",\"type\":\"file\",\"path\":\"/"
	  "x\"}]}",
	  "1:51: channel '2' has the file of channel '1'" },
	{ "{\"channels\":[{\"id\":\"1\",\"type\":\"pipe\",\"path\":\"/x\"}]}",
	  "1:31: type: unknown word 'pipe', did you mean 'file'?" },
};

static void what_is_wrong_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		_cleanup_(tl_problems_done) struct tl_problems problems = {};
		struct tl_policy *p = NULL;
		char all[4096] = "";

		assert_true(tl_policy_parse_spec("spec.json", broken[i].text, strlen(broken[i].text), &p, &problems) <
			    0);
		assert_null(p);
		for (size_t j = 0; j < problems.n; j++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all), "%u:%u: %s\n", problems.problem[j].line,
				 problems.problem[j].column, problems.problem[j].message);
		if (!strstr(all, broken[i].problem))
			fail_msg("%s\nwanted %s\nbut it is %s", broken[i].text, broken[i].problem, all);
	}
}

static void sigma_without_a_frequency_is_warned_of(void **state)
{
	static const char *const functions[] = { "{\"id\":\"sigma\"}",
						 "{\"id\":\"sigma\",\"parameters\":\"threshold=0\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		_cleanup_(tl_problems_done) struct tl_problems problems = {};
		_cleanup_(policy_freep) struct tl_policy *p = NULL;
		char text[512];

		snprintf(text, sizeof(text), CHANNELS "{\"name\":\"read\",\"channel\":\"1\",\"function\":%s}]}",
			 functions[i]);
		assert_int_equal(tl_policy_parse_spec("spec.json", text, strlen(text), &p, &problems), 0);
		assert_int_equal(problems.n, 1);
		assert_true(problems.problem[0].warning);
		assert_non_null(strstr(problems.problem[0].message, "without a frequency sigma keeps every event"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_becomes_rules_and_outputs),
		cmocka_unit_test(what_is_wrong_has_its_place),
		cmocka_unit_test(sigma_without_a_frequency_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
