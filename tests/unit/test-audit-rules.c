// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of auditd and what becomes of them: tests/unit/audit-rules.txt. Run in the tree's top folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "put.h"
#include "util.h"

#define CASES "tests/unit/audit-rules.txt"

static void audit_done(struct tl_audit **a)
{
	tl_audit_free(*a);
}

/* ---- What comes out, in the words of the file ---- */

static void put_events(struct tl_buffer *b, const struct tl_policy_rule *rule)
{
	size_t n, calls = 0, all = 0;
	const struct tl_event_type *types = tl_event_types(&n);

	for (size_t i = 0; i < n; i++)
		calls += types[i].class == TL_CLASS_SYSCALL;
	for (size_t i = 0; i < n; i++)
		all += types[i].class != TL_CLASS_RECORD;
	tl_put_text(b, "=");
	if (rule->n_events == calls || rule->n_events == all)
		tl_put_text(b, rule->n_events == all ? " (all)" : " (all calls)");
	else
		for (size_t i = 0; i < rule->n_events; i++) {
			tl_put_text(b, " ");
			tl_put_text(b, rule->events[i]->name);
		}
}

static void put_rule(struct tl_buffer *b, const struct tl_policy_rule *rule)
{
	put_events(b, rule);
	tl_put_text(b, " | ");
	tl_put_text(b, rule->where_text ? rule->where_text : "");
	tl_put_text(b, rule->drop ? " | drop" : " |");
	for (size_t i = 0; i < rule->n_tags; i++) {
		tl_put_text(b, " ");
		tl_put_text(b, rule->tags[i]);
	}
	tl_put_char(b, '\n');
	/* Whatever else: of auditd's rules one counts for an event. */
	if (rule->drop == rule->final)
		tl_put_text(b, "= neither final nor drop\n");
}

static void put_problems(struct tl_buffer *b, const struct tl_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct tl_problem *p = &problems->problem[i];

		tl_put_text(b, p->warning ? "? " : "! ");
		tl_put_u64(b, p->line);
		tl_put_char(b, ':');
		tl_put_u64(b, p->column);
		tl_put_text(b, ": ");
		tl_put_text(b, p->message);
		tl_put_char(b, '\n');
	}
}

static void put_policy(struct tl_buffer *b, struct tl_audit *a)
{
	_cleanup_(tl_buffer_done) struct tl_buffer yaml = {};
	struct tl_problems problems = {};
	struct tl_policy *policy = NULL;

	assert_int_equal(tl_audit_write(a, &yaml), 0);
	if (tl_policy_parse("policy", yaml.data, yaml.size, &policy, &problems) < 0) {
		put_problems(b, &problems);
		tl_put(b, yaml.data, yaml.size);
	}
	for (size_t i = 0; policy && i < policy->n_rules; i++)
		put_rule(b, &policy->rules[i]);
	tl_policy_free(policy);
	tl_problems_done(&problems);
}

static char *import(const char *rules, size_t size)
{
	_cleanup_(audit_done) struct tl_audit *a = tl_audit_new();
	struct tl_buffer b = {};
	struct tl_problems problems = {};

	assert_non_null(a);
	assert_int_equal(tl_audit_read(a, "rules", rules, size, &problems), 0);
	put_problems(&b, &problems);
	if (tl_audit_keeps(a))
		put_policy(&b, a);
	else
		tl_put_text(&b, "= none\n");
	tl_put_char(&b, '\0');
	assert_false(b.failed);
	tl_problems_done(&problems);
	return b.data;
}

/* ---- The file ---- */

struct test_case {
	unsigned line;
	struct tl_buffer rules, expected;
};

static unsigned check_case(struct test_case *c, FILE *written)
{
	_cleanup_free_ char *got = NULL;
	unsigned failed;

	tl_put_char(&c->expected, '\0');
	got = import(c->rules.data, c->rules.size);
	failed = strcmp(got, c->expected.data) != 0;
	if (failed && !written)
		fprintf(stderr, CASES ":%u: expected\n%sgot\n%s", c->line, c->expected.data, got);
	if (written)
		fputs(got, written);
	tl_buffer_done(&c->rules);
	tl_buffer_done(&c->expected);
	*c = (struct test_case){};
	return failed;
}

/* `> RULE`, as many as a file has, and what becomes of them behind it. With AUDIT_RULES_WRITE=FILE
 * the file is written anew, to be read before it is believed. */
static void rules_become_what_the_file_says(void **state)
{
	const char *path = getenv("AUDIT_RULES_WRITE");
	_cleanup_fclose_ FILE *file = fopen(CASES, "re");
	_cleanup_fclose_ FILE *written = path ? fopen(path, "we") : NULL;
	_cleanup_free_ char *line = NULL;
	struct test_case c = {};
	unsigned number = 0, failed = 0, n = 0;
	size_t room = 0;
	ssize_t size;

	(void)state;
	assert_non_null(file);
	while ((size = getline(&line, &room, file)) > 0) {
		const bool is_rule = line[0] == '>', is_result = strchr("=!?", line[0]);

		number++;
		if (!is_result && c.rules.size && (!is_rule || c.expected.size)) {
			failed += check_case(&c, written);
			n++;
		}
		if (written && !is_result)
			fputs(line, written);
		if (is_rule && !c.rules.size)
			c.line = number;
		if (is_rule && size > 2)
			tl_put(&c.rules, line + 2, (size_t)size - 2);
		else if (is_result)
			tl_put(&c.expected, line, (size_t)size);
	}
	assert_int_equal(c.rules.size, 0); /* the file ends with an empty line */
	assert_true(n > 50);
	if (failed)
		fail_msg("%u of %u cases", failed, n);
}

/* ---- What a line of text cannot hold ---- */

static void check(const char *rules, size_t size, const char *expected)
{
	_cleanup_free_ char *got = import(rules, size);

	assert_string_equal(got, expected);
}

static void lines_may_end_as_on_other_systems(void **state)
{
	static const char rules[] = "# rules\r\n\r\n-a always,exit -F arch=b64 -S sync -k a\r\n"
				    "-a always,exit -F arch=b64 -S sync -k b";

	(void)state;
	check(rules, sizeof(rules) - 1, "= sync | abi == \"x86_64\" | a\n= sync | abi == \"x86_64\" | b\n");
}

static void bytes_that_are_no_text_are_refused_with_their_place(void **state)
{
	static const char rules[] = "-w /a\0b -k x\n-w /etc/passwd\t-p wa\n-k \x1b[31m\n\xff\xfe-w\n# \0 \1\n";

	(void)state;
	check(rules, sizeof(rules) - 1,
	      "! 1:6: the byte 0x00 is no text\n"
	      "! 2:15: words stand apart by spaces: with this tab auditctl refuses the line\n"
	      "! 3:4: the byte 0x1b is no text\n"
	      "! 4:1: '\xff\xfe-w' belongs to no option\n= none\n");
}

static void paths_may_have_any_bytes(void **state)
{
	static const char rules[] = "-a always,exit -F path=/nonexistent/\"\xc3\xa9\\ '\xff -F perm=x\n";

	(void)state;
	check(rules, sizeof(rules) - 1,
	      "= execve execveat | (path == \"/nonexistent/\\\"\\xc3\\xa9 '\\xff\" or pathname == "
	      "\"/nonexistent/\\\"\\xc3\\xa9 '\\xff\" or cwd == \"/nonexistent\" and pathname in "
	      "(\"\\\"\\xc3\\xa9 '\\xff\", \"./\\\"\\xc3\\xa9 '\\xff\")) and errno != ENOENT |\n");
}

static void long_lines_are_refused_and_the_next_one_is_read(void **state)
{
	static const char tail[] = "\n-a always,exit -F arch=b64 -S sync\n";
	char rules[6144 + sizeof(tail)];

	(void)state;
	memset(rules, 'x', 6144);
	memcpy(rules + 6144, tail, sizeof(tail));
	check(rules, sizeof(rules) - 1,
	      "! 1:6144: the line is too long: auditctl takes 6143 bytes of one\n= sync | abi == \"x86_64\" |\n");
	memset(rules, ' ', 6143);
	rules[6143] = '\n';
	check(rules, 6144, "= none\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_become_what_the_file_says),
		cmocka_unit_test(lines_may_end_as_on_other_systems),
		cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_place),
		cmocka_unit_test(paths_may_have_any_bytes),
		cmocka_unit_test(long_lines_are_refused_and_the_next_one_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
