// SPDX-License-Identifier: GPL-2.0-or-later
/* Conditions of a policy's targets; what is wrong with them is in broken-policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "util.h"

#define REST "rules: [{name: a, events: [exec]}]\noutputs: {journal: {type: journald}}\n"
#define UNSET UINT32_MAX

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

/* A policy whose targets are this text. */
static struct tl_policy *accept(const char *targets)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	char text[4096];

	snprintf(text, sizeof(text), "version: 1\ntargets:\n%s\n" REST, targets);
	if (tl_policy_parse("policy.yaml", text, strlen(text), &p, &problems) < 0 || problems.n)
		fail_msg("%s: %s", targets, problems.n ? problems.problem[0].message : "");
	return p;
}

/* Of one target; its conditions as "[not ]KEY VALUE LOW-HIGH" each, with semicolons. */
static const struct {
	const char *text, *conditions;
} values[] = {
	{ "uid: 0", "uid 0 0-0" },
	{ "uid: root", "uid 0 0-0" },
	{ "uid: \"0\"", "uid 0 0-0" },
	{ "uid: 1000-1999", "uid 1000-1999 1000-1999" },
	{ "uid: 7-7", "uid 7 7-7" },
	{ "uid: \">=1000\"", "uid >=1000 1000-4294967294" },
	{ "uid: \">1000\"", "uid >=1001 1001-4294967294" },
	{ "uid: '> 1000'", "uid >=1001 1001-4294967294" },
	{ "uid: \"<1000\"", "uid <=999 0-999" },
	{ "uid: \"<=1000\"", "uid <=1000 0-1000" },
	{ "uid: \">=0\"", "uid >=0 0-4294967294" },
	{ "uid: \"<1\"", "uid 0 0-0" },
	{ "uid: \">=4294967294\"", "uid 4294967294 4294967294-4294967294" },
	{ "uid: [root, 5, \">=1000\"]", "uid 0 0-0;uid 5 5-5;uid >=1000 1000-4294967294" },
	{ "gid: root", "gid 0 0-0" },
	{ "gid: [daemon, 10-20]", "gid 1 1-1;gid 10-20 10-20" },
	{ "loginuid: unset", "loginuid unset 4294967295-4294967295" },
	{ "loginuid: 4294967295", "loginuid unset 4294967295-4294967295" },
	{ "loginuid: \">=1000\"", "loginuid >=1000 1000-4294967294" },
	{ "loginuid: [root, unset]", "loginuid 0 0-0;loginuid unset 4294967295-4294967295" },
	{ "session: 3", "session 3 3-3" },
	{ "session: [unset, \">5\"]", "session unset 4294967295-4294967295;session >=6 6-4294967294" },
	{ "pidns: 4026531836", "pidns 4026531836 4026531836-4026531836" },
	{ "mntns: [4026531841, 4294967295]",
	  "mntns 4026531841 4026531841-4026531841;mntns 4294967295 4294967295-4294967295" },
	{ "comm: nginx", "comm nginx 0-0" },
	{ "comm: [\"kworker*\", fifteen-letters, \"fifteen-letters*\", a b]",
	  "comm kworker* 0-0;comm fifteen-letters 0-0;comm fifteen-letters* 0-0;comm a b 0-0" },
	{ "not: {uid: 5}", "not uid 5 5-5" },
	{ "not: {uid: [5, 7]}", "not uid 5 5-5;not uid 7 7-7" },
	{ "not: [{comm: \"a*\"}, {loginuid: unset}, {session: 1}, {gid: root}, {pidns: 1}, {mntns: 2}]",
	  "not comm a* 0-0;not loginuid unset 4294967295-4294967295;not session 1 1-1;not gid 0 0-0;not pidns 1 1-1;"
	  "not mntns 2 2-2" },
	{ "uid: root, comm: x, not: {gid: 5}, executable: /bin/x", "uid 0 0-0;comm x 0-0;not gid 5 5-5" },
	{ "everything: true, not: {uid: 0}", "not uid 0 0-0" },
	{ "executable: /bin/x", "" },
};

static void describe(const struct tl_policy_target *t, char ret[1024])
{
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < t->n_conditions; i++) {
		const struct tl_condition *c = &t->conditions[i];
		char text[TL_CONDITION_TEXT];

		tl_policy_condition_text(c, text);
		n += (size_t)snprintf(ret + n, 1024 - n, "%s%s%s %s %llu-%llu", i ? ";" : "", c->negative ? "not " : "",
				      tl_policy_attribute_name(c->attribute), text, (unsigned long long)c->low,
				      (unsigned long long)c->high);
		assert_true(n < 1024);
	}
}

static void values_are_numbers_ranges_comparisons_and_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_(policy_freep) struct tl_policy *p = NULL;
		char target[512], got[1024];

		snprintf(target, sizeof(target), "  t: {%s}", values[i].text);
		p = accept(target);
		describe(&p->targets[0], got);
		if (strcmp(got, values[i].conditions) != 0)
			fail_msg("%s: '%s', expected '%s'", values[i].text, got, values[i].conditions);
	}
}

/* What is not set is larger than all numbers, and belongs to none of them. */
static void a_comparison_leaves_out_who_never_logged_in(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept(
		"  t: {loginuid: [\">0\", \"<=4294967294\"], session: [\">=0\", \"<4294967294\", 1-4294967294]}");

	(void)state;
	assert_int_equal(p->targets[0].n_conditions, 5);
	for (size_t i = 0; i < p->targets[0].n_conditions; i++)
		assert_true(p->targets[0].conditions[i].high < UNSET);
}

static void programs_are_left_out_too(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept(
		"  a: {not: {executable: /usr/bin/sshd}}\n"
		"  b: {not: [{executable: [/bin/a, /opt/*]}, {comm: x}, {executable: /bin/c}]}");

	(void)state;
	assert_int_equal(p->targets[0].n_not_executables, 1);
	assert_string_equal(p->targets[0].not_executables[0], "/usr/bin/sshd");
	assert_int_equal(p->targets[0].n_executables, 0);
	assert_int_equal(p->targets[1].n_not_executables, 3);
	assert_string_equal(p->targets[1].not_executables[1], "/opt/*");
	assert_string_equal(p->targets[1].not_executables[2], "/bin/c");
}

static void containers_become_cgroups(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept("  a: {container: any, unit: docker.service}\n"
							     "  b: {container: [deb-12, 0123456789ab]}");

	(void)state;
	assert_int_equal(p->targets[0].n_containers, 1);
	assert_string_equal(p->targets[0].containers[0], "any");
	assert_true(p->targets[0].n_cgroups > 5);
	assert_int_equal(p->targets[1].n_containers, 2);
	assert_string_equal(p->targets[1].cgroups[0], "/**/lxc.payload.deb-12");
}

/* Their patterns would be too many together. */
static void more_containers_than_can_be_are_refused(void **state)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	static char text[4096] = "version: 1\ntargets:\n  a: {container: [c0";
	size_t n = strlen(text);

	(void)state;
	for (int i = 1; i <= 64; i++)
		n += (size_t)sprintf(text + n, ", web%d", i);
	sprintf(text + n, "]}\n" REST);
	assert_int_equal(tl_policy_parse("policy.yaml", text, strlen(text), &p, &problems), -EINVAL);
	assert_null(p);
	assert_int_equal(problems.problem[0].line, 3);
	assert_string_equal(problems.problem[0].message, "container: more than 64 in a policy");
}

/* As the contract shows them. */
static void targets_of_the_contract_are_right(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept(
		"  web:      {unit: nginx.service}           # the unit's cgroup and below, across restarts\n"
		"  jobs:     {cgroup: /system.slice/batch-*.scope}\n"
		"  builds:   {executable: [/usr/bin/make, /opt/ci/bin/*], descendants: true}\n"
		"  people:   {loginuid: \">=1000\", not: {executable: /usr/bin/sshd}}\n"
		"  old:      {pid: [4242]}\n"
		"  pods:     {container: any}\n"
		"  all:      {everything: true}\n");

	(void)state;
	assert_int_equal(p->n_targets, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_numbers_ranges_comparisons_and_names),
		cmocka_unit_test(a_comparison_leaves_out_who_never_logged_in),
		cmocka_unit_test(programs_are_left_out_too),
		cmocka_unit_test(containers_become_cgroups),
		cmocka_unit_test(more_containers_than_can_be_are_refused),
		cmocka_unit_test(targets_of_the_contract_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
