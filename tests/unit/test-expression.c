// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "expression-fixture.h"
#include "expression-internal.h"
#include "expression.h"
#include "fields.h"

#define TYPES_MAX 512

static void expression_freep(struct tl_expression **e)
{
	tl_expression_free(*e);
}

/* "openat", "@file", or several with commas between. */
static size_t find_types(char *words, const struct tl_event_type *types[TYPES_MAX])
{
	size_t n = 0, n_all;
	const struct tl_event_type *all = tl_event_types(&n_all);
	char *saved;

	for (char *word = strtok_r(words, ",", &saved); word; word = strtok_r(NULL, ",", &saved)) {
		if (*word != '@')
			types[n++] = tl_event_type_find(word);
		for (size_t i = 0; *word == '@' && i < n_all; i++)
			if (tl_event_type_in_group(&all[i], word + 1))
				types[n++] = &all[i];
	}
	return n;
}

/* ---- The file of conditions ---- */

static unsigned failures;

static __attribute__((format(printf, 2, 3))) void wrong(unsigned line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fprintf(stderr, "tests/unit/expressions.txt:%u: ", line);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	failures++;
}

/* `EVENT[/TYPES] | CONDITION | true`, `false`, `error COLUMN: MESSAGE`. */
static void check_line(unsigned line, char *event_name, const char *condition, const char *expected)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;
	const struct tl_event_type *types[TYPES_MAX];
	char *slash = strchr(event_name, '/'), got[320];
	struct tl_event event;
	size_t n;

	if (slash)
		*slash = '\0';
	if (!fixture_find(event_name, &event)) {
		wrong(line, "no event '%s'", event_name);
		return;
	}
	types[0] = event.type;
	n = slash ? find_types(slash + 1, types) : 1;
	if (tl_expression_compile(condition, types, n, &e, &error) == -EINVAL)
		snprintf(got, sizeof(got), "error %u: %s", error.column, error.message);
	else
		snprintf(got, sizeof(got), "%s", tl_expression_eval(e, &event) ? "true" : "false");
	if (strcmp(got, expected) != 0)
		wrong(line, "%s | %s | %s\n  but it is: %s", event_name, condition, expected, got);
}

static void conditions_give_what_the_file_says(void **state)
{
	FILE *file = fopen("tests/unit/expressions.txt", "re");
	_cleanup_free_ char *text = NULL;
	size_t room = 0, results = 0, errors = 0, suggestions = 0;
	unsigned line = 0;

	(void)state;
	assert_non_null(file);
	while (getline(&text, &room, file) > 0) {
		char *first, *last = NULL;

		line++;
		text[strcspn(text, "\n")] = '\0';
		if (!*text || *text == '#')
			continue;
		first = strstr(text, " | ");
		for (char *p = first ? first + 3 : NULL; p && (p = strstr(p, " | ")); p += 3)
			last = p;
		if (!last) {
			wrong(line, "not EVENT | CONDITION | RESULT");
			continue;
		}
		*first = *last = '\0';
		check_line(line, text, first + 3, last + 3);
		results += strncmp(last + 3, "error ", 6) != 0;
		errors += strncmp(last + 3, "error ", 6) == 0;
		suggestions += strstr(last + 3, "did you mean") != NULL;
	}
	fclose(file);
	assert_int_equal(failures, 0);
	assert_true(results >= 300);
	assert_true(errors >= 200);
	assert_true(suggestions >= 70);
}

/* ---- Single ones ---- */

static struct tl_expression *compile(const char *text, const char *types, struct tl_expression_error *ret_error)
{
	const struct tl_event_type *list[TYPES_MAX];
	struct tl_expression *e = NULL;
	char words[128];
	size_t n;
	int r;

	snprintf(words, sizeof(words), "%s", types);
	n = find_types(words, list);
	r = tl_expression_compile(text, list, n, &e, ret_error);
	if (r < 0 && r != -EINVAL)
		fail_msg("%d", r);
	return e;
}

static void a_field_that_some_events_lack_is_warned_of_once(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;

	(void)state;
	e = compile("flags has O_WRONLY or flags has O_RDWR", "openat,read,close", &error);
	assert_non_null(e);
	assert_int_equal(error.column, 0);
	assert_int_equal(error.n_warnings, 1);
	assert_int_equal(error.warning[0].column, 1);
	assert_string_equal(error.warning[0].message,
			    "only 1 of the 3 events have 'flags' as a number: the comparison is false for the others");
}

static void no_types_means_all_and_no_such_warning(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;
	struct tl_event event;

	(void)state;
	assert_int_equal(tl_expression_compile("flags has O_CLOEXEC or dport == 443", NULL, 0, &e, &error), 0);
	assert_int_equal(error.n_warnings, 0);
	assert_true(fixture_find("read-passwd", &event) && tl_expression_eval(e, &event));
	assert_true(fixture_find("connect", &event) && tl_expression_eval(e, &event));
	assert_true(fixture_find("exit", &event) && !tl_expression_eval(e, &event));
}

static void what_is_always_true_is_warned_of(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;

	(void)state;
	e = compile("uid == 0 and flags has O_RDONLY", "openat", &error);
	assert_non_null(e);
	assert_int_equal(error.n_warnings, 1);
	assert_int_equal(error.warning[0].column, 24);
	assert_non_null(strstr(error.warning[0].message, "O_RDONLY is 0"));
}

/* A condition that is right, and the one thing that is strange about it. */
struct doubtful {
	const char *text, *warning; /* NULL: none */
	unsigned column;
};

static void expect_warning(const char *event, const struct doubtful *d)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;

	e = compile(d->text, event, &error);
	assert_non_null(e);
	if (error.n_warnings != (d->warning != NULL) ||
	    (d->warning && (!strstr(error.warning[0].message, d->warning) || error.warning[0].column != d->column)))
		fail_msg("%s: %u warnings, %u: %s", d->text, error.n_warnings,
			 error.n_warnings ? error.warning[0].column : 0,
			 error.n_warnings ? error.warning[0].message : "");
}

static void what_a_field_never_is_is_warned_of(void **state)
{
	static const struct doubtful cases[] = {
		{ "unit == 'nginx'", "'unit' is never 'nginx': it ends in .service", 9 },
		{ "unit in ('a.service', 'user.slice')", "'unit' is never 'user.slice'", 23 },
		{ "unit in ('a.service', 'b.scope', '')", NULL, 0 },
		{ "unit startswith 'nginx' or unit contains 'x'", NULL, 0 },
		{ "executable == 'bash'", "executable endswith '/bash' looks at its end", 15 },
		{ "not (uid == 0 and parent.executable in ('/bin/sh', 'sh'))", "parent.executable endswith '/sh'", 52 },
		{ "path != 'etc/passwd'", "'path' is a whole path and never 'etc/passwd'", 9 },
		{ "path == 'pipe:[1]' or path == '/x' or path == '' or path startswith 'pipe'", NULL, 0 },
		{ "pathname == 'passwd'", NULL, 0 },
		{ "comm == 'sixteen-bytes-it'", "here 'sixteen-bytes-i'", 9 },
		{ "comm startswith 'sixteen-bytes-it'", "the kernel keeps 15 bytes", 17 },
		{ "comm == 'fifteen-bytes-i' or comm matches 'f??????*********'", NULL, 0 },
		{ "path == '/etc/'", "'path' is never '/etc/'", 9 },
		{ "path in ('/etc', '/a/../b')", "'path' is never '/a/../b'", 18 },
		{ "cwd != '/a//b'", "'cwd' is never '/a//b'", 8 },
		{ "executable == '/usr/./bin/x'", "is never '/usr/./bin/x'", 15 },
		{ "path in ('/', '/.x/..y/...', '/a.', 'pipe:[5]')", NULL, 0 },
		{ "path startswith '/etc/'", NULL, 0 },
		{ "event == 'opneat'", "none of the events is 'opneat', did you mean 'openat'?", 10 },
		{ "event in ('openat', 'close')", "none of the events is 'close'", 21 },
		{ "event.action != 'x'", "none of the events is 'x'", 17 },
		{ "event == 'openat' and abi == 'x86_64'", NULL, 0 },
		{ "event startswith 'x'", NULL, 0 },
		{ "abi == 'amd64'", "'abi' is never 'amd64'", 8 },
		{ "errno == -EACCES", "write 13 here, or 'ret'", 10 },
		{ "errno in (EPERM, -13)", "'errno' is never negative", 18 },
		{ "errno == -9223372036854775808", "write 9223372036854775808 here, or 'ret'", 10 },
		{ "ret == -EACCES or errno > -1", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_warning("openat", &cases[i]);
}

static void comparisons_that_exclude_each_other_are_warned_of(void **state)
{
	static const struct doubtful cases[] = {
		{ "pid == 1 and pid == 2", "'pid == 2' is never true where 'pid == 1' is", 14 },
		{ "pid == 1 and uid == 0 and (process.pid == 2)", "where 'pid == 1' is", 28 },
		{ "uid == 0 and (pid == 1 and pid != 1)", "'pid != 1' is never", 28 },
		{ "pid == 7 or pid == 1 and pid == 2", "'pid == 2' is never", 26 },
		{ "uid < 5 and uid > 9", "'uid > 9' is never true where 'uid < 5' is", 13 },
		{ "uid >= 5 and uid < 5", "'uid < 5' is never", 14 },
		{ "uid > 5 and uid < 6", "'uid < 6' is never", 13 },
		{ "uid > 5 and uid < 7", NULL, 0 },
		{ "uid >= 5 and uid <= 5", NULL, 0 },
		{ "uid in (1, 2, 3) and uid in (4, 5)", "'uid in (4, 5)' is never", 22 },
		{ "uid in (1, 2, 3) and uid in (3, 4)", NULL, 0 },
		{ "uid in (1, 2, 3) and uid > 3", "'uid > 3' is never", 22 },
		{ "uid in (1, 2, 3) and uid not in (3, 2, 1)", "'uid not in (3, 2, 1)' is never", 22 },
		{ "uid not in (1, 2) and uid not in (3, 4)", NULL, 0 },
		{ "flags == O_RDONLY and flags has O_CREAT", "'flags has O_CREAT' is never", 23 },
		{ "path startswith '/etc/' and path == '/usr/x'", "'path == '/usr/x'' is never", 29 },
		{ "path in ('/etc/a', '/x') and path matches '/etc/*'", NULL, 0 },
		{ "comm == 'a' and executable == '/b'", NULL, 0 },
		{ "pid == 1 or pid == 2", NULL, 0 },
		{ "not pid == 1 and pid == 1", "'pid == 1' is never true where 'pid == 1' is not", 18 },
		{ "pid == 1 and not pid == 1", "'pid == 1' is never false where 'pid == 1' is true", 18 },
		{ "pid == 2 and not pid != 1", "'pid != 1' is never false where 'pid == 2' is true", 18 },
		{ "pid > 5 and not (uid == 0 or pid >= 6)", "'pid >= 6' is never false where 'pid > 5' is true", 30 },
		{ "not (pid == 1 or pid == 2) and (uid == 0 and pid == 2)", "where 'pid == 2' is not", 46 },
		{ "(pid == 1 and uid == 0) and (comm == 'a' and pid == 2)", "where 'pid == 1' is", 46 },
		{ "success and not success", "'success' is never false where 'success' is true", 17 },
		{ "uid == 0 or (pid == 1 and not not pid == 2)", "where 'pid == 1' is", 35 },
		{ "not (pid == 1 or not (pid == 2 and pid == 3))", "where 'pid == 2' is", 36 },
		{ "not (not pid == 1 or not pid == 2)", "where 'pid == 1' is", 26 },
		{ "pid == 1 and not pid == 2", NULL, 0 },
		/* Both are so of an event without the field. */
		{ "not pid != 1 and not pid != 2", NULL, 0 },
		{ "not (pid == 1 and uid == 0) and pid == 1", NULL, 0 },
		{ "pid > 5 and not pid > 7", NULL, 0 },
		{ "not (pid == 1 and pid == 1) or pid == 2", NULL, 0 },
		{ "not pid == 1 or pid == 1", NULL, 0 },
		{ "pid == tid and pid == 3", NULL, 0 },
		{ "(pid == 1 or uid == 0) and pid == 2", NULL, 0 },
		{ "pid == 1 and (pid == 2 or uid == 0)", NULL, 0 },
	};
	static const struct doubtful addresses[] = {
		{ "daddr == 10.0.0.1 and daddr in 192.168.0.0/16", "'daddr in 192.168.0.0/16' is never", 23 },
		{ "daddr in 10.0.0.0/8 and daddr in 10.1.0.0/16", NULL, 0 },
		{ "daddr in 10.1.0.0/16 and daddr in 10.0.0.0/8", NULL, 0 },
		{ "daddr in 10.1.0.0/16 and daddr not in 10.1.0.0/24", NULL, 0 },
		{ "daddr in 10.1.0.0/16 and daddr != 10.1.0.0", NULL, 0 },
		{ "daddr in 10.1.0.0/16 and daddr in (10.2.0.0/16, ::1)", "is never true where", 26 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		expect_warning("connect", &addresses[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_warning("openat", &cases[i]);
}

static void a_star_that_cannot_cross_slashes_is_warned_of(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;

	(void)state;
	e = compile("path matches '*.conf'", "openat", &error);
	assert_non_null(e);
	assert_int_equal(error.n_warnings, 1);
	assert_non_null(strstr(error.warning[0].message, "'**/*.conf'"));
}

static void messages_hold_no_control_characters(void **state)
{
	struct tl_expression_error error;

	(void)state;
	assert_null(compile("uid == \"\x1b[31m\" and", "openat", &error));
	assert_null(compile("\x1b[31m", "openat", &error));
	for (const char *p = error.message; *p; p++)
		assert_true((unsigned char)*p >= ' ');
	assert_int_equal(error.column, 1);
}

static void nesting_is_bounded(void **state)
{
	struct tl_expression_error error;
	size_t n = 200000;
	char *text = malloc(n + 1);

	(void)state;
	memset(text, '(', n);
	text[n] = '\0';
	assert_null(compile(text, "openat", &error));
	assert_int_equal(error.column, 65);
	assert_string_equal(error.message, "nested more than 64 deep");
	for (size_t i = 0; i < n; i += 4)
		memcpy(text + i, "not ", 4);
	assert_null(compile(text, "openat", &error));
	assert_string_equal(error.message, "nested more than 64 deep");
	free(text);
}

static void a_condition_of_a_megabyte_is_refused(void **state)
{
	struct tl_expression_error error;
	char *text = malloc(TL_EXPRESSION_MAX + 2);

	(void)state;
	memset(text, ' ', TL_EXPRESSION_MAX + 1);
	text[TL_EXPRESSION_MAX + 1] = '\0';
	assert_null(compile(text, "openat", &error));
	assert_int_equal(error.column, 1);
	free(text);
}

static void long_chains_need_no_stack(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;
	struct tl_event event;
	size_t n = 50000;
	char *text = malloc(n * 20), *p = text;

	(void)state;
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "pid==%zu or ", i + 2000);
	strcpy(p, "pid==1234");
	e = compile(text, "openat", &error);
	assert_non_null(e);
	assert_true(fixture_find("read-passwd", &event) && tl_expression_eval(e, &event));
	event.pid = 1999;
	assert_false(tl_expression_eval(e, &event));
	free(text);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* "FIELD in (...)" of n items that do not match. */
static struct tl_expression *make_list(const char *field, const char *item_format, unsigned n, const char *last)
{
	char *text = malloc(n * 40 + 200), *p = text;
	struct tl_expression_error error;
	struct tl_expression *e;

	p += sprintf(p, "%s in (", field);
	for (unsigned i = 0; i < n; i++) {
		p += snprintf(p, 40, item_format, i / 256 % 256, i % 256);
		*p++ = ',';
	}
	sprintf(p, "%s)", last);
	e = compile(text, "connect", &error);
	if (!e)
		fail_msg("%u: %s", error.column, error.message);
	free(text);
	return e;
}

static double time_of(const struct tl_expression *e, const struct tl_event *event)
{
	double start = seconds();

	for (int i = 0; i < 20000; i++)
		assert_true(tl_expression_eval(e, event));
	return seconds() - start;
}

static void long_lists_are_as_fast_as_short_ones(void **state)
{
	static const struct {
		const char *field, *format, *last;
	} lists[] = {
		{ "executable", "'/usr/bin/%u/%u'", "'/usr/bin/dash'" },
		{ "pid", "9%u%03u0", "1234" },
		{ "daddr", "172.16.%u.%u", "93.184.216.0/24" },
	};
	struct tl_event event;

	(void)state;
	assert_true(fixture_find("connect", &event));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_(expression_freep) struct tl_expression *few = make_list(lists[i].field, lists[i].format, 10,
										  lists[i].last);
		_cleanup_(expression_freep) struct tl_expression *many = make_list(lists[i].field, lists[i].format,
										   10000, lists[i].last);
		double best = 1e9;

		for (int j = 0; j < 5 && best > 5; j++) {
			double now = time_of(many, &event) / time_of(few, &event);

			best = MIN(best, now);
		}
		/* A list that is walked through would take a thousand times as long. */
		assert_true(best < 20);
	}
}

static void *eval_often(void *e)
{
	struct tl_event event;
	size_t matched = 0;

	if (!fixture_find("connect", &event))
		return (void *)(uintptr_t)1;
	for (unsigned i = 0; i < 20000; i++) {
		event.pid = i;
		matched += tl_expression_eval(e, &event);
	}
	return (void *)(uintptr_t)(matched != 1);
}

static void threads_may_share_a_condition(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_expression_error error;
	pthread_t threads[4];

	(void)state;
	e = compile("pid in (1234) and args contains 'passwd' and executable matches '/**/d?sh'", "connect", &error);
	assert_non_null(e);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, eval_often, e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
}

static void types_of_other_tables_are_understood(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *e = NULL;
	struct tl_event_type own = { .name = "ioctl",
				     .n_args = 2,
				     .args = { { .name = "fd", .type = "int", .position = 1 },
					       { .name = "cmd", .type = "unsigned int", .position = 2 } } };
	const struct tl_event_type *types[] = { &own };
	struct tl_expression_error error;
	struct tl_event event;

	(void)state;
	assert_int_equal(tl_expression_compile("cmd == 0x5401 and arg1 < 3 and fd == 2", types, 1, &e, &error), 0);
	assert_true(fixture_find("kill", &event));
	event.type = &own;
	event.args[0] = 2;
	event.args[1] = 0xffffffff00005401;
	assert_true(tl_expression_eval(e, &event));
}

/* As in the line of JSON that somebody has read it from. */
static void action_of_a_network_event_is_its_name_without_net(void **state)
{
	_cleanup_(expression_freep) struct tl_expression *action = NULL, *name = NULL;
	struct tl_expression_error error;
	struct tl_event event;

	(void)state;
	action = compile("event.action == 'connect'", "net_connect", &error);
	assert_non_null(action);
	assert_int_equal(error.n_warnings, 0);
	name = compile("event == 'connect'", "net_connect", &error);
	assert_non_null(name);
	assert_int_equal(error.n_warnings, 1);
	assert_true(fixture_find("connect", &event));
	event.type = tl_event_type_find("net_connect");
	assert_non_null(event.type);
	assert_true(tl_expression_eval(action, &event));
	assert_false(tl_expression_eval(name, &event));
}

static void every_field_has_a_summary_and_some_events(void **state)
{
	const struct tl_expression_field *field;
	size_t n, n_of;
	const struct tl_event_type *types = tl_event_types(&n);

	(void)state;
	for (size_t i = 0; (field = tl_expression_field_get(i)); i++) {
		n_of = 0;
		for (size_t j = 0; j < n; j++)
			n_of += tl_expression_field_of(field, &types[j]);
		assert_true(n_of > 0);
		assert_true(strlen(field->summary) > 5);
		assert_true(strlen(tl_expression_field_events(field)) > 3);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(field->name, tl_expression_field_get(j)->name);
	}
}

static void names_in_events_are_such_and_mean_a_field(void **state)
{
	const char *name;
	size_t n = 0;

	(void)state;
	for (; (name = tl_expression_shown_name(n)); n++) {
		assert_non_null(tl_field_find(name));
		assert_non_null(tl_expression_field_find(name, strlen(name)));
	}
	assert_true(n > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_give_what_the_file_says),
		cmocka_unit_test(a_field_that_some_events_lack_is_warned_of_once),
		cmocka_unit_test(no_types_means_all_and_no_such_warning),
		cmocka_unit_test(what_is_always_true_is_warned_of),
		cmocka_unit_test(what_a_field_never_is_is_warned_of),
		cmocka_unit_test(comparisons_that_exclude_each_other_are_warned_of),
		cmocka_unit_test(a_star_that_cannot_cross_slashes_is_warned_of),
		cmocka_unit_test(messages_hold_no_control_characters),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(a_condition_of_a_megabyte_is_refused),
		cmocka_unit_test(long_chains_need_no_stack),
		cmocka_unit_test(long_lists_are_as_fast_as_short_ones),
		cmocka_unit_test(threads_may_share_a_condition),
		cmocka_unit_test(types_of_other_tables_are_understood),
		cmocka_unit_test(action_of_a_network_event_is_its_name_without_net),
		cmocka_unit_test(every_field_has_a_summary_and_some_events),
		cmocka_unit_test(names_in_events_are_such_and_mean_a_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
