// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft-policy.yaml(5) has the keys and fields that there are, and no others. Run in the tree's top folder. */
#include "expression.h"
#include "sink-fixture.h"

#define PAGE "man/traceleft-policy.yaml.5"

static char *page;

static int read_page(void **state)
{
	(void)state;
	page = read_path(PAGE, NULL);
	return 0;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* What the page says of an object, as a string of its own; to be freed. */
static char *section(const char *object)
{
	char mark[64];
	const char *begin, *end;

	snprintf(mark, sizeof(mark), ".\\\" object: %s\n", object);
	begin = strstr(page, mark);
	if (!begin)
		fail_msg(PAGE " has no section of %s", object);
	end = strstr(begin, ".\\\" end\n");
	assert_non_null(end);
	return strndup(begin, (size_t)(end - begin));
}

static void must_have(const char *text, const char *object, const char *name, const char *type)
{
	char line[256];

	snprintf(line, sizeof(line), "\n.TP\n.BR %s \" (%s", name, type);
	if (count_of(text, line) != 1)
		fail_msg(PAGE " does not have '%s (%s)' of %s", name, type, object);
}

static void keys_of_every_object_are_there_and_no_others(void **state)
{
	const char *object;

	(void)state;
	for (size_t i = 0; (object = tl_policy_object_get(i)); i++) {
		char *text = section(object);
		struct tl_policy_key key;
		size_t n = 0;

		for (size_t k = 0; tl_policy_key_get(object, k, &key) >= 0; k++) {
			if (!key.summary)
				continue;
			must_have(text, object, key.name, key.type);
			n++;
		}
		if (count_of(text, "\n.TP\n") != n)
			fail_msg(PAGE " has a key of %s that there is not", object);
		free(text);
	}
}

static void fields_of_conditions_are_there_and_no_others(void **state)
{
	const struct tl_expression_field *field;
	char *text = section("fields");
	size_t n = 0;

	(void)state;
	for (; (field = tl_expression_field_get(n)); n++)
		must_have(text, "conditions", field->name, tl_field_kind_name((enum tl_field_kind)field->kind));
	assert_int_equal(count_of(text, "\n.TP\n"), n);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_every_object_are_there_and_no_others),
		cmocka_unit_test(fields_of_conditions_are_there_and_no_others),
	};

	return cmocka_run_group_tests(tests, read_page, free_page);
}
