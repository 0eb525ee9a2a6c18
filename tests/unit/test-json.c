// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader of status.json. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

static struct tl_json *parse(const char *text)
{
	struct tl_json *j = NULL;

	if (tl_json_parse(text, strlen(text), &j) < 0)
		fail_msg("refused: %s", text);
	return j;
}

static void refuse(const char *text, size_t size)
{
	struct tl_json *j = NULL;

	if (tl_json_parse(text, size, &j) != -EINVAL)
		fail_msg("accepted: %.*s", (int)size, text);
	assert_null(j);
}

static void values_are_found_by_name(void **state)
{
	struct tl_json *j = parse(" {\"a\": {\"n\": 18446744073709551615, \"m\": -1, \"f\": 1.5e3},\n"
				  "\"list\": [1, \"two\", null, true, []],"
				  "\"s\": \"\\u00e9\\n\\\"\\ud83d\\ude00\\/\"} ");
	const struct tl_json *list = tl_json_first(tl_json_get(j, "list"));

	(void)state;
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "a"), "n"), UINT64_MAX);
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "a"), "m"), 0);
	assert_string_equal(tl_json_get_text(tl_json_get(j, "a"), "m"), "-1");
	assert_int_equal(tl_json_get_unsigned(tl_json_get(j, "a"), "f"), 0);
	assert_string_equal(tl_json_get_text(j, "s"), "\303\251\n\"\360\237\230\200/");
	assert_int_equal(list->type, TL_JSON_NUMBER);
	assert_string_equal(list->next->string, "two");
	assert_int_equal(list->next->next->type, TL_JSON_NULL);
	assert_true(list->next->next->next->boolean);
	assert_null(tl_json_first(list->next->next->next->next));
	tl_json_free(j);
}

static void what_is_missing_is_empty(void **state)
{
	struct tl_json *j = parse("{}");

	(void)state;
	assert_null(tl_json_get(j, "a"));
	assert_null(tl_json_get(NULL, "a"));
	assert_null(tl_json_first(tl_json_get(j, "a")));
	assert_string_equal(tl_json_get_text(j, "a"), "");
	assert_int_equal(tl_json_get_unsigned(j, "a"), 0);
	tl_json_free(j);
}

static void broken_text_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	   " ",		"{",	       "}",	     "[",     "[1",  "[1,",  "[1,]",
		"[1 2]",   "{\"a\"}",	"{\"a\":}",    "{\"a\":1,}", "{a:1}", "\"",  "\"\\", "\"\\\"",
		"\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"",     "tru",   "nul", "+1",   ".5",
		"1.5.5",   "--1",	"1 2",	       "{} {}",	     "[]]",   "e",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuse(texts[i], strlen(texts[i]));
	refuse("1\0", 2);
	refuse("\"a", 2);
	refuse("true", 3);
}

static void lone_surrogates_and_nul_become_the_replacement_character(void **state)
{
	struct tl_json *j = parse("[\"\\ud800\", \"\\u0000\", \"\\udc00\", \"\\ud800\\u0041\"]");
	const struct tl_json *c = tl_json_first(j);

	(void)state;
	for (int i = 0; i < 4; i++, c = c->next)
		assert_string_equal(c->string, "\357\277\275");
	tl_json_free(j);
}

static void nesting_has_a_limit(void **state)
{
	char text[2 * 100000 + 1];

	(void)state;
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	text[200000] = 0;
	refuse(text, 200000);
	refuse(text, 100000);
	text[100000 + TL_JSON_DEPTH_MAX] = 0;
	tl_json_free(parse(text + 100000 - TL_JSON_DEPTH_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(what_is_missing_is_empty),
		cmocka_unit_test(broken_text_is_refused),
		cmocka_unit_test(lone_surrogates_and_nul_become_the_replacement_character),
		cmocka_unit_test(nesting_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
