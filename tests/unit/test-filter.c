// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel part decides of conditions, against what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "expression-fixture.h"
#include "filter-kernel.h"

#define PAIRS 10000
#define TEXT_MAX 4096
#define RULES_MAX 4

/* ---- Single conditions ---- */

/* What comes of the condition for an event of the fixture. */
static bool lets(const char *text, const char *name)
{
	struct tl_expression *e = compile(text);
	struct tl_event event;
	bool answer;

	assert_true(fixture_find(name, &event));
	answer = passes((const struct tl_expression *const *)&e, 1, &event);
	if (!answer && tl_expression_eval(e, &event))
		fail_msg("%s: the kernel leaves out '%s', which is wanted", text, name);
	tl_expression_free(e);
	return answer;
}

static void numbers_are_compared_in_the_kernel(void **state)
{
	(void)state;
	assert_true(lets("errno == EACCES", "write-shadow"));
	assert_false(lets("errno == EACCES", "read-passwd"));
	assert_false(lets("errno == 0", "write-shadow"));
	assert_true(lets("errno in (EPERM, ESRCH)", "kill"));
	assert_false(lets("errno not in (EPERM, ESRCH)", "kill"));
	assert_true(lets("flags has O_CREAT", "write-shadow"));
	assert_false(lets("flags has O_CREAT", "read-passwd"));
	assert_true(lets("pid == 1234 and uid < 1001", "kill"));
	assert_false(lets("pid == 1234 and uid < 1000", "kill"));
	assert_true(lets("loginuid == -1", "openat2"));
	assert_false(lets("loginuid >= 0", "openat2"));
	assert_true(lets("loginuid == 4294967295", "openat2"));
	assert_true(lets("not success", "kill"));
	assert_false(lets("success", "kill"));
	assert_true(lets("arg1 == -1", "kill"));
	assert_false(lets("arg1 > 0", "kill"));
}

static void names_are_compared_in_the_kernel(void **state)
{
	(void)state;
	assert_true(lets("comm == 'sh'", "kill"));
	assert_false(lets("comm != 'sh'", "kill"));
	assert_false(lets("comm == 's'", "kill"));
	assert_false(lets("comm == 'sh '", "kill"));
	assert_false(lets("comm == 'sh-and-much-more-than-a-name'", "kill"));
	assert_true(lets("comm != 'sh-and-much-more-than-a-name'", "kill"));
	assert_true(lets("comm startswith 's'", "kill"));
	assert_false(lets("comm not startswith 'sh'", "kill"));
	assert_false(lets("comm startswith 'sho'", "kill"));
	assert_true(lets("comm in ('bash', 'sh')", "kill"));
	assert_false(lets("comm not in ('bash', 'sh')", "kill"));
	assert_false(lets("comm in ('bash', 'sh-and-more')", "kill"));
	assert_true(lets("comm matches 's*' or comm endswith 'h'", "kill"));
}

static void what_the_kernel_does_not_know_is_left_to_the_reader(void **state)
{
	(void)state;
	assert_true(lets("parent.comm == \"other\"", "kill"));
	assert_true(lets("not parent.comm == \"sh\"", "kill"));
	assert_true(lets("parent.comm == \"other\" or errno == EPERM", "kill"));
	assert_false(lets("parent.comm == \"sh\" and errno == EPERM", "kill"));
	assert_false(lets("not (parent.comm == \"sh\" or errno == ESRCH)", "kill"));
	assert_true(lets("not (parent.comm == \"sh\" and errno == ESRCH)", "kill"));
	assert_false(lets("not (not (parent.comm == \"sh\") or errno == ESRCH)", "kill"));
	/* Of a mode that the call does not look at there is none. */
	assert_true(lets("mode == 1", "read-passwd"));
}

static void paths_are_compared_in_the_kernel(void **state)
{
	(void)state;
	assert_true(lets("path == '/etc/passwd'", "read-passwd"));
	assert_false(lets("path != '/etc/passwd'", "read-passwd"));
	assert_false(lets("path == '/etc/passwd-'", "read-passwd"));
	assert_false(lets("path == '/passwd'", "read-passwd"));
	assert_true(lets("path in ('/etc/shadow', '/etc/passwd')", "read-passwd"));
	assert_false(lets("path not in ('/etc/shadow', '/etc/passwd')", "read-passwd"));
	assert_true(lets("path startswith '/etc/'", "read-passwd"));
	assert_false(lets("path not startswith '/etc/'", "read-passwd"));
	assert_false(lets("path startswith '/etc/passwd/'", "read-passwd"));
	assert_false(lets("path startswith '/tc/'", "read-passwd"));
	assert_false(lets("path startswith '/var/'", "read-passwd"));
	assert_true(lets("target_path == '/etc/passwd'", "rename"));
	assert_false(lets("target_path == '/etc/passwd+'", "rename"));
	assert_true(lets("file.inode == 131 and file.mode has 0644", "read-passwd"));
	assert_false(lets("file.mode has S_ISUID", "read-passwd"));
	/* What it begins with says which directory it is in. */
	assert_true(lets("path startswith '/etc/sha'", "read-passwd"));
	assert_false(lets("path startswith '/var/sha'", "read-passwd"));
	assert_false(lets("path matches '/var/**'", "read-passwd"));
	assert_true(lets("not path startswith '/var/sha'", "read-passwd"));
	/* A claim is put together by the reader. */
	assert_true(lets("path == '/etc/passwd'", "write-shadow"));
	assert_false(lets("path == '/etc/shadow' and ret == 0", "write-shadow"));
}

static void fields_of_other_events_are_never_true(void **state)
{
	(void)state;
	assert_false(lets("dport == 80", "kill"));
	assert_true(lets("not dport == 80", "kill"));
	assert_false(lets("flags has O_CREAT", "kill"));
}

static void events_of_which_more_is_needed_are_not_filtered(void **state)
{
	const char *const names[] = { "exec", "exit_group", "recvfrom", "net_connect" };
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	struct tl_expression *e = compile("pid == 1");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(tl_filter_make((const struct tl_expression *const *)&e, 1,
						tl_event_type_find(names[i]), TL_FILTER_AT_ONCE, tests),
				 0);
	tl_expression_free(e);
}

static void tests_that_are_none_are_refused(void **state)
{
	const struct tl_filter_test good = {
		.field = TL_FILTER_ARG, .index = 1, .width = 4, .if_true = TL_FILTER_MET, .if_false = TL_FILTER_UNMET
	};
	const struct tl_filter_test path = { .field = TL_FILTER_PATH,
					     .kind = TL_FILTER_BELOW,
					     .text = "/etc/",
					     .text_size = 5,
					     .if_true = TL_FILTER_MET,
					     .if_false = TL_FILTER_UNMET };
	struct tl_filter_test bad[] = { good, good, good, good, good, good, good, path };
	const char *const texts[] = { "/etc", "etc/", "/etc//", "/", "" };
	const struct tl_event_type *type = tl_event_type_find("kill");
	struct tl_filter filter;

	(void)state;
	assert_int_equal(tl_filter_translate(type, TL_FILTER_WITH_OBJECT, &path, 1, &filter), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct tl_filter_test other = path;

		other.text = texts[i];
		other.text_size = strlen(texts[i]);
		assert_int_equal(tl_filter_translate(type, TL_FILTER_WITH_OBJECT, &other, 1, &filter), -EINVAL);
	}
	assert_int_equal(tl_filter_translate(type, TL_FILTER_AT_ONCE, &good, 1, &filter), 0);
	assert_int_equal(tl_filter_translate(type, TL_FILTER_AT_ONCE, &good, 0, &filter), -EINVAL);
	bad[0].field = TL_FILTER_FIELDS;
	bad[1].index = TL_ARGS_MAX + 1;
	bad[2].width = 3;
	bad[3].kind = TL_FILTER_BITS + 1;
	bad[4].if_true = 0; /* it is its own */
	bad[5].if_false = 1; /* there is none */
	bad[6].field = TL_FILTER_FILE_UID; /* too early, as is the path */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tl_filter_translate(type, TL_FILTER_AT_ONCE, &bad[i], 1, &filter), -EINVAL);
}

/* ---- Random ones ---- */

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

static const char *const numbers[] = { "-4095",
				       "-4096",
				       "-13",
				       "-1",
				       "0",
				       "1",
				       "2",
				       "13",
				       "33",
				       "100",
				       "900",
				       "1000",
				       "1234",
				       "4095",
				       "4096",
				       "65535",
				       "2147483647",
				       "2147483648",
				       "4294967294",
				       "4294967295",
				       "4294967296",
				       "9223372036854775807",
				       "9223372036854775808",
				       "18446744073709551615",
				       "-9223372036854775808" };
static const char *const fields[] = { "ret",  "errno",	  "pid",     "tid",	   "uid",  "gid",  "euid",
				      "egid", "loginuid", "session", "program_id", "cpu",  "arg1", "arg2",
				      "arg3", "arg4",	  "flags",   "sig",	   "count" };
static const char *const relations[] = { "==", "!=", "<", "<=", ">", ">=" };
static const char *const unknown[] = { "parent.comm == \"sh\"",
				       "executable startswith \"/usr\"",
				       "ppid > 5",
				       "duration < 100",
				       "abi == \"i386\"",
				       "pid == uid" };
static const char *const paths[] = { "/",
				     "/etc",
				     "/etc/passwd",
				     "/etc/ssl/certs/ca.pem",
				     "/etcetera/passwd",
				     "/passwd",
				     "/var/log/x",
				     "/var/log",
				     "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/etc",
				     "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/123456789/etc/passwd",
				     "pipe:[7]" };
static const char *const heads[] = {
	"/etc/",     "/etc",	      "/etc/pa",
	"/var/log/", "/var/",	      "/",
	"/e",	     "/a/b/c/d/e/f/", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/123456789/etc/",
	"pipe:"
};
static const char *const comms[] = { "s",
				     "sh",
				     "shell",
				     "kworker",
				     "kworker/",
				     "kworker/0",
				     "kworker/0:1-even",
				     "kworker/0:1-eve",
				     "kworker/0:1-ev",
				     "kworker/0:1-events",
				     "\303\244" };
static const char *const types[] = { "openat", "kill", "setuid", "read",   "chown", "getppid",
				     "lseek",  "mmap", "creat",	 "unlink", "rename" };

static void random_list(char *to)
{
	to += sprintf(to, "%s %sin (", PICK(fields), below(2) ? "not " : "");
	for (unsigned n = 1 + below(6); n; n--)
		to += sprintf(to, "%s%s", PICK(numbers), n > 1 ? ", " : ")");
}

static void random_text(char *to)
{
	const char *field = below(3) ? "path" : "target_path";

	switch (below(6)) {
	case 0:
		sprintf(to, "%s %s '%s'", field, below(2) ? "==" : "!=", PICK(paths));
		return;
	case 1:
		sprintf(to, "%s %sin ('%s', '%s', '%s')", field, below(2) ? "not " : "", PICK(paths), PICK(paths),
			PICK(paths));
		return;
	case 2:
		sprintf(to, "%s %smatches '%s**'", field, below(2) ? "not " : "", PICK(heads));
		return;
	case 3:
		sprintf(to, "file.%s", below(2) ? "uid == 0" : below(2) ? "mode has 0400" : "inode < 100");
		return;
	default:
		sprintf(to, "%s %sstartswith '%s'", field, below(2) ? "not " : "", PICK(heads));
	}
}

static void random_name(char *to)
{
	switch (below(3)) {
	case 0:
		sprintf(to, "comm %s '%s'", below(2) ? "==" : "!=", PICK(comms));
		return;
	case 1:
		sprintf(to, "comm %sin ('%s', '%s', '%s')", below(2) ? "not " : "", PICK(comms), PICK(comms),
			PICK(comms));
		return;
	default:
		sprintf(to, "comm %sstartswith '%s'", below(2) ? "not " : "", PICK(comms));
	}
}

static void random_comparison(char *to, bool any)
{
	switch (below(any ? 9 : 7)) {
	case 8:
		random_text(to);
		return;
	case 0:
		sprintf(to, "success%s", below(2) ? "" : " == false");
		return;
	case 1:
		sprintf(to, "%s has %u", PICK(fields), below(2) ? 1U << below(32) : below(4096));
		return;
	case 2:
		random_list(to);
		return;
	case 7:
		strcpy(to, PICK(unknown));
		return;
	case 6:
		random_name(to);
		return;
	default:
		sprintf(to, "%s %s %s", PICK(fields), PICK(relations), PICK(numbers));
	}
}

static void random_condition(char *to, unsigned depth, bool any)
{
	char part[TEXT_MAX];

	if (!depth || !below(3)) {
		random_comparison(to, any);
		return;
	}
	random_condition(part, depth - 1, any);
	if (!below(4)) {
		sprintf(to, "not (%s)", part);
		return;
	}
	to += sprintf(to, "(%s) %s ", part, below(2) ? "and" : "or");
	random_condition(part, depth - 1, any);
	sprintf(to, "(%s)", part);
}

/* NULL: no event has it as it is used there. */
static struct tl_expression *random_expression(char *text, bool any)
{
	struct tl_expression *e = NULL;

	random_condition(text, 3, any);
	return tl_expression_compile(text, NULL, 0, &e, NULL) < 0 ? NULL : e;
}

static int64_t random_number(void)
{
	return below(4) ? (int64_t)strtoull(PICK(numbers), NULL, 0) : random() - (1L << 30);
}

static void random_path(struct tl_bytes *path)
{
	*path = (struct tl_bytes){ .data = PICK(paths), .flags = below(6) ? TL_VALUE_PRESENT : 0 };
	path->size = path->flags ? (uint32_t)strlen(path->data) : 0;
	if (path->flags && !below(8))
		path->flags |= TL_VALUE_CLAIM;
}

static struct tl_event random_event(void)
{
	struct tl_event e = {
		.type = tl_event_type_find(PICK(types)),
		.process = &fixture_process,
		.pid = (uint32_t)random_number(),
		.tid = (uint32_t)random_number(),
		.uid = (uint32_t)random_number(),
		.gid = (uint32_t)random_number(),
		.euid = (uint32_t)random_number(),
		.egid = (uint32_t)random_number(),
		.loginuid = (uint32_t)random_number(),
		.audit_session = (uint32_t)random_number(),
		.program_id = below(3),
		.cpu = below(3),
		.abi = (uint8_t)below(3),
		.ret = random_number(),
	};

	/* What is behind the NUL is left from a longer name. */
	memset(e.comm, below(2) ? 'x' : 0, sizeof(e.comm));
	snprintf(e.comm, sizeof(e.comm), "%s", PICK(comms));

	for (size_t i = 0; i < TL_ARGS_MAX; i++)
		e.args[i] = (uint64_t)random_number();
	random_path(&e.target.path);
	random_path(&e.file.path);
	if (below(4)) {
		e.file.has_facts = true;
		e.file.uid = below(3);
		e.file.mode = below(01000);
		e.file.inode = below(200);
	}
	return e;
}

/* Whether its objects are all facts, rooted in the file system. */
static bool has_objects(const struct tl_event *e)
{
	return e->file.has_facts && e->file.path.flags == TL_VALUE_PRESENT && e->file.path.data[0] == '/' &&
	       e->target.path.flags == TL_VALUE_PRESENT && e->target.path.data[0] == '/';
}

/* What came of the pairs: a test that sees one outcome alone shows nothing. */
struct outcomes {
	unsigned exact, met, unmet, left_out;
};

static void compare(const struct tl_expression *const *conditions, char (*texts)[TEXT_MAX], size_t n,
		    const struct tl_event *e, struct outcomes *o)
{
	bool wanted = false, exact = has_objects(e), answer;

	for (size_t i = 0; i < n; i++) {
		wanted |= tl_expression_eval(conditions[i], e);
		exact &= is_exact(conditions[i], e->type);
	}
	answer = passes(conditions, n, e);
	if (answer != wanted && (exact || wanted))
		fail_msg("%s of %s (the first of %zu rules): wanted %d, let through %d", texts[0], e->type->name, n,
			 wanted, answer);
	o->exact += exact;
	o->met += wanted;
	o->unmet += !wanted;
	o->left_out += !answer;
}

static struct outcomes compare_randomly(size_t n_rules, bool any, unsigned seed)
{
	static char texts[RULES_MAX][TEXT_MAX];
	struct outcomes o = {};

	srandom(seed);
	for (unsigned pairs = 0; pairs < PAIRS;) {
		struct tl_expression *e[RULES_MAX] = {};
		size_t n = 0;

		while (n < n_rules)
			if ((e[n] = random_expression(texts[n], any)))
				n++;
		for (unsigned i = 0; i < 10; i++, pairs++) {
			struct tl_event event = random_event();

			compare((const struct tl_expression *const *)e, texts, n, &event, &o);
		}
		for (size_t i = 0; i < n; i++)
			tl_expression_free(e[i]);
	}
	return o;
}

static void random_conditions_mean_the_same_in_the_kernel(void **state)
{
	struct outcomes o = compare_randomly(1, false, 21);

	(void)state;
	assert_true(o.exact > PAIRS / 4);
	assert_true(o.met > PAIRS / 10);
	assert_true(o.unmet > PAIRS / 10);
}

static void nothing_wanted_is_left_out_in_the_kernel(void **state)
{
	struct outcomes o = compare_randomly(1, true, 22);

	(void)state;
	assert_true(o.exact > PAIRS / 20 && o.exact < PAIRS);
	assert_true(o.met > PAIRS / 10);
	assert_true(o.left_out > PAIRS / 10);
}

static void an_event_of_several_rules_is_wanted_if_one_of_them_wants_it(void **state)
{
	struct outcomes o = compare_randomly(RULES_MAX, true, 23);

	(void)state;
	assert_true(o.met > PAIRS / 10);
	assert_true(o.left_out > PAIRS / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_compared_in_the_kernel),
		cmocka_unit_test(names_are_compared_in_the_kernel),
		cmocka_unit_test(what_the_kernel_does_not_know_is_left_to_the_reader),
		cmocka_unit_test(paths_are_compared_in_the_kernel),
		cmocka_unit_test(fields_of_other_events_are_never_true),
		cmocka_unit_test(events_of_which_more_is_needed_are_not_filtered),
		cmocka_unit_test(tests_that_are_none_are_refused),
		cmocka_unit_test(random_conditions_mean_the_same_in_the_kernel),
		cmocka_unit_test(nothing_wanted_is_left_out_in_the_kernel),
		cmocka_unit_test(an_event_of_several_rules_is_wanted_if_one_of_them_wants_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
