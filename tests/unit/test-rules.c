// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rules get an event, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "expression-fixture.h"
#include "expression.h"
#include "policy-parse.h"
#include "policy.h"

#define OUTPUT "outputs: {journal: {type: journald}}\n"

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

static struct tl_policy *parse(const char *rules)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	char *text = NULL;

	assert_true(asprintf(&text, "version: 1\n" OUTPUT "%s", rules) > 0);
	if (tl_policy_parse("policy.yaml", text, strlen(text), &p, &problems) < 0)
		fail_msg("%u:%u: %s", problems.problem[0].line, problems.problem[0].column,
			 problems.problem[0].message);
	free(text);
	return p;
}

/* Names of the rules that kept an event, with spaces between. */
struct kept {
	char names[8192];
	struct tl_annotation annotation; /* of the last one */
	struct tl_event event;
	int answer;
};

static int note(const struct tl_policy_rule *rule, const struct tl_event *event, const struct tl_annotation *annotation,
		void *userdata)
{
	struct kept *kept = userdata;
	size_t n = strlen(kept->names);

	assert_ptr_equal(rule->name, annotation->rule);
	snprintf(kept->names + n, sizeof(kept->names) - n, "%s%s", n ? " " : "", rule->name);
	kept->annotation = *annotation;
	kept->event = *event;
	return kept->answer;
}

static int filter_event(struct tl_policy *p, const struct tl_event *event, struct kept *ret)
{
	*ret = (struct kept){};
	return tl_policy_filter(p, event, note, ret);
}

static void keeps(struct tl_policy *p, const char *event_name, uint64_t targets, const char *expected)
{
	struct tl_event event;
	struct kept kept;
	int r;

	if (!fixture_find(event_name, &event))
		fail_msg("no event %s", event_name);
	event.targets = &targets;
	event.n_target_words = 1;
	r = filter_event(p, &event, &kept);
	assert_string_equal(kept.names, expected);
	assert_int_equal(r, *expected ? TL_FATE_DELIVERED : TL_FATE_FILTERED);
}

static void an_event_goes_to_every_rule_that_matches_in_their_order(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules:\n"
		      "  - {name: a, events: [openat, read]}\n"
		      "  - {name: b, events: read}\n"
		      "  - {name: c, events: openat, where: path startswith \"/etc/\"}\n"
		      "  - {name: d, events: \"@file\"}\n"
		      "  - {name: e, events: openat, where: uid == 0}\n");

	(void)state;
	keeps(p, "read-passwd", 0, "a c d");
	keeps(p, "read", 0, "a b d");
	keeps(p, "connect", 0, "");
	keeps(p, "open", 0, "d");
}

static void rules_with_targets_get_events_of_one_of_them(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("targets: {x: {pid: 1}, y: {pid: 2}, z: {pid: 3}}\n"
							    "rules:\n"
							    "  - {name: a, target: x, events: openat}\n"
							    "  - {name: b, target: [y, z], events: openat}\n"
							    "  - {name: c, events: openat}\n");

	(void)state;
	keeps(p, "read-passwd", 1, "a c");
	keeps(p, "read-passwd", 2, "b c");
	keeps(p, "read-passwd", 4, "b c");
	keeps(p, "read-passwd", 7, "a b c");
	keeps(p, "read-passwd", 0, "c");
	/* The target of rules without one, and bits of others that were added to the session. */
	keeps(p, "read-passwd", 8, "c");
	keeps(p, "read-passwd", UINT64_MAX, "a b c");
}

static void final_ends_with_what_it_keeps(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules:\n"
		      "  - {name: a, events: openat, where: path == \"/etc/shadow\", final: true}\n"
		      "  - {name: b, events: openat}\n");

	(void)state;
	keeps(p, "write-shadow", 0, "a");
	keeps(p, "read-passwd", 0, "b");
}

static void drop_ends_and_keeps_nothing(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules:\n"
		      "  - {name: a, events: openat, where: uid == 1000}\n"
		      "  - {name: b, events: openat, where: path == \"/etc/shadow\", drop: true}\n"
		      "  - {name: c, events: openat}\n");

	(void)state;
	keeps(p, "write-shadow", 0, "a");
	keeps(p, "read-passwd", 0, "a c");
}

static void what_one_rule_delivers_is_delivered_whatever_others_do(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("rules:\n"
							    "  - {name: a, events: openat}\n"
							    "  - {name: b, events: openat}\n"
							    "  - {name: c, events: openat, drop: true}\n"
							    "  - {name: d, events: openat}\n");
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	assert_string_equal(kept.names, "a b");
	for (size_t i = 0; i < 4; i++) {
		const struct tl_ledger_rule *rule = &tl_policy_ledger(p)[i];

		assert_string_equal(rule->name, p->rules[i].name);
		assert_int_equal(rule->matched, i < 3);
		assert_int_equal(rule->delivered, i < 2);
		assert_int_equal(rule->filtered, i == 2);
	}
}

static void an_error_of_whoever_takes_it_ends_at_once(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("rules:\n"
							    "  - {name: a, events: openat}\n"
							    "  - {name: b, events: openat}\n");
	struct kept kept = { .answer = -ENOSPC };
	struct tl_event event;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	assert_int_equal(tl_policy_filter(p, &event, note, &kept), -ENOSPC);
	assert_string_equal(kept.names, "a");
	/* What is positive is no error. */
	kept = (struct kept){ .answer = 5 };
	assert_int_equal(tl_policy_filter(p, &event, note, &kept), TL_FATE_DELIVERED);
	assert_string_equal(kept.names, "a b");
	assert_int_equal(tl_policy_ledger(p)[0].lost, 1);
	assert_int_equal(tl_policy_ledger(p)[0].delivered, 1);
}

static void a_rule_annotates_what_it_keeps(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("targets: {x: {pid: 1}}\n"
		      "rules: [{name: a, events: openat, tags: [t, u], severity: crit}]\n");
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	filter_event(p, &event, &kept);
	assert_string_equal(kept.annotation.rule, "a");
	assert_string_equal(kept.annotation.severity, "crit");
	assert_int_equal(kept.annotation.n_tags, 2);
	assert_string_equal(kept.annotation.tags[1], "u");
	assert_int_equal(kept.annotation.n_target_names, 2);
	assert_string_equal(kept.annotation.target_names[0], "x");
	assert_string_equal(kept.annotation.target_names[1], "everything");
}

/* Its text is made once, and is the one that would be made for each event. */
static void what_a_rule_adds_to_a_line_is_made_beforehand(void **state)
{
	static const char *const rules[] = {
		"rules: [{name: a, events: openat, tags: [t, 'u \"'], severity: crit}]\n",
		"rules: [{name: a, events: openat}]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		_cleanup_(policy_freep) struct tl_policy *p = parse(rules[i]);
		struct tl_buffer made = {}, plain = {}, fast = {};
		struct tl_annotation annotation;
		struct tl_event event;
		struct kept kept;

		assert_true(fixture_find("read-passwd", &event));
		filter_event(p, &event, &kept);
		annotation = kept.annotation;
		assert_non_null(annotation.rule_json);
		tl_encode_rule_json(&made, &annotation);
		assert_int_equal(annotation.rule_json->size, made.size);
		assert_memory_equal(annotation.rule_json->data, made.data, made.size);
		assert_int_equal(tl_encode_json(&fast, &event, &annotation), 0);
		annotation.rule_json = NULL;
		assert_int_equal(tl_encode_json(&plain, &event, &annotation), 0);
		assert_int_equal(fast.size, plain.size);
		assert_memory_equal(fast.data, plain.data, plain.size);
		tl_buffer_done(&made);
		tl_buffer_done(&plain);
		tl_buffer_done(&fast);
	}
	tl_encode_done();
}

static void a_sample_keeps_one_in_n_of_each_hash(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules: [{name: a, events: openat, where: success, sample: 10}]\n");
	unsigned kept_of[3] = {};
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	for (unsigned i = 0; i < 3000; i++) {
		event.hash = i % 3 * 0x9e3779b97f4a7c15ULL;
		kept_of[i % 3] += filter_event(p, &event, &kept) == TL_FATE_DELIVERED;
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(kept_of[i], 100);
	/* What the condition refuses is not counted. */
	assert_true(fixture_find("write-shadow", &event));
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_FILTERED);
	assert_int_equal(tl_policy_ledger(p)->matched, 3000);
	assert_int_equal(tl_policy_ledger(p)->filtered, 2700);
}

static void the_first_of_a_hash_is_kept_however_many_hashes(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("rules: [{name: a, events: openat, sample: 1000000}]\n");
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	srand(3);
	for (unsigned i = 0; i < 100000; i++) {
		event.hash = ((uint64_t)rand() << 33) ^ ((uint64_t)rand() << 10) ^ i;
		assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	}
}

static void a_capture_cuts_the_argument_for_its_rule_alone(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules:\n"
		      "  - {name: a, events: [read, openat], capture: {buf: 4}}\n"
		      "  - {name: b, events: read}\n"
		      "  - {name: c, events: read, capture: {buf: 64}, where: uid == 1}\n");
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read", &event));
	event.record = &event;
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	assert_int_equal(kept.event.captured[1].size, event.captured[1].size);
	assert_int_equal(kept.event.flags & TL_EVENT_TRUNCATED, 0);
	event.uid = 1;
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	assert_int_equal(kept.event.captured[1].size, event.captured[1].size);
	tl_policy_free(TAKE_PTR(p));
	p = parse("rules: [{name: a, events: [read, openat], capture: {buf: 4, pathname: 0}}]\n");
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	assert_int_equal(kept.event.captured[1].size, 4);
	assert_true(kept.event.captured[1].flags & TL_VALUE_TRUNCATED);
	assert_true(kept.event.flags & TL_EVENT_TRUNCATED);
	assert_null(kept.event.record);
	assert_true(fixture_find("read-passwd", &event));
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_DELIVERED);
	assert_int_equal(kept.event.captured[1].size, 0);
}

static void events_of_untracked_programs_are_kept_by_no_rule(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("rules: [{name: a, events: [openat, unlink]}]\n"
							    "untracked: {executable: [/bin/x, /usr/bin/d*h]}\n");

	(void)state;
	keeps(p, "read-passwd", 0, "");
	keeps(p, "unknown", 0, "a");
}

/* The kernel counts what its first event says is to be counted; whether a rule wants that is
 * decided here. */
static void counts_of_untracked_programs_are_filtered_and_not_lost(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse(
		"rules: [{name: a, events: [openat], aggregate: {by: [executable], every: 1s}}]\n"
		"untracked: {executable: /usr/bin/d*h}\n");
	const struct tl_count first = { .seq = 7, .cpu = 1, .events = 5 }, second = { .seq = 8, .cpu = 1, .events = 5 },
			      unknown = { .seq = 9, .cpu = 1, .events = 5 };
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_int_equal(tl_rule_index_count(p->index, 0), 0);
	assert_true(fixture_find("read-passwd", &event));
	event.flags |= TL_EVENT_COUNTED;
	event.seq = 7;
	event.cpu = 1;
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_FILTERED);
	assert_true(fixture_find("unknown", &event));
	event.type = tl_event_type_find("openat");
	event.flags |= TL_EVENT_COUNTED;
	event.seq = 8;
	event.cpu = 1;
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_AGGREGATED);
	assert_int_equal(tl_rule_index_take_count(&first, p->index), TL_FATE_FILTERED);
	assert_int_equal(tl_rule_index_take_count(&second, p->index), TL_FATE_AGGREGATED);
	assert_int_equal(tl_rule_index_take_count(&unknown, p->index), TL_FATE_LOST);
	assert_int_equal(tl_policy_ledger(p)[0].matched, 6);
}

static void own_records_are_not_for_rules(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = parse("rules: [{name: a, events: \"@all\"}]\n");
	struct tl_event event = { .kind = TL_EVENT_LOST,
				  .type = tl_event_type_find("lost"),
				  .process = &fixture_process };
	struct kept kept;

	(void)state;
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_FILTERED);
	event.kind = TL_EVENT_LEDGER;
	event.type = tl_event_type_find("ledger");
	assert_int_equal(filter_event(p, &event, &kept), TL_FATE_FILTERED);
}

/* Handlers of anybody's table describe themselves; a session has copies of types. */
static void a_type_is_known_by_its_name(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		parse("rules: [{name: a, events: openat}, {name: b, events: read}]\n");
	struct tl_event_type type = *tl_event_type_find("openat");
	struct tl_event event;
	struct kept kept;

	(void)state;
	assert_true(fixture_find("read-passwd", &event));
	event.type = &type;
	filter_event(p, &event, &kept);
	assert_string_equal(kept.names, "a");
	/* The same address, another type: after a reload. */
	type = *tl_event_type_find("read");
	filter_event(p, &event, &kept);
	assert_string_equal(kept.names, "b");
	snprintf(type.name, sizeof(type.name), "ioctl_of_my_own");
	filter_event(p, &event, &kept);
	assert_string_equal(kept.names, "");
	type = *tl_event_type_find("openat");
	filter_event(p, &event, &kept);
	assert_string_equal(kept.names, "a");
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* n rules, of which the last one matches. */
static struct tl_policy *many_rules(unsigned n)
{
	char *text = malloc(200 * (size_t)n + 1000), *p = text;
	struct tl_policy *policy;

	p += sprintf(p, "targets: {x: {pid: 1}, y: {pid: 2}}\nrules:\n");
	for (unsigned i = 0; i + 1 < n; i++)
		p += sprintf(p, "  - {name: r%u, events: %s, target: %s}\n", i, i % 2 ? "read" : "openat",
			     i % 2 ? "x" : "y");
	sprintf(p, "  - {name: last, target: x, events: openat}\n");
	policy = parse(text);
	free(text);
	return policy;
}

static int count(const struct tl_policy_rule *rule, const struct tl_event *event,
		 const struct tl_annotation *annotation, void *userdata)
{
	(void)rule;
	(void)event;
	(void)annotation;
	(*(unsigned *)userdata)++;
	return 0;
}

static double time_of(struct tl_policy *p)
{
	uint64_t targets = 1;
	unsigned n = 0;
	struct tl_event event;
	double start = seconds();

	assert_true(fixture_find("read-passwd", &event));
	event.targets = &targets;
	event.n_target_words = 1;
	for (int i = 0; i < 50000; i++)
		tl_policy_filter(p, &event, count, &n);
	assert_int_equal(n, 50000);
	return seconds() - start;
}

static void a_thousand_rules_that_cannot_match_cost_little(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *few = many_rules(1), *many = many_rules(1000);
	double best = 1e9;

	(void)state;
	for (int i = 0; i < 5 && best > 5; i++) {
		double now = time_of(many) / time_of(few);

		best = MIN(best, now);
	}
	assert_true(best < 20);
}

/* ---- Rules by what they ask for ---- */

static const char *random_condition(void)
{
	static const char *const conditions[] = {
		"path == \"/etc/passwd\"",
		"path == \"/etc/shadow\" and uid == 1000",
		"path == \"/x\"",
		"path in (\"/etc/passwd\", \"/tmp/a.txt\")",
		"path in (\"/x\", \"/y\") or uid == 1000",
		"uid == 1000",
		"uid == 0 and path == \"/etc/passwd\"",
		"uid in (0, 1, 1000) and success",
		"errno == EACCES",
		"not path == \"/etc/passwd\"",
		"not (path == \"/etc/passwd\" and uid == 1000)",
		"path != \"/x\" and uid == 1000",
		"(path == \"/etc/passwd\" or success) and uid == 1000",
		"comm == \"sh\" and (uid == 1 or uid == 1000)",
		"path == target_path",
		"path not in (\"/etc/passwd\")",
		"loginuid == 4294967295",
		"loginuid in (unset, 5)",
		"args == \"x\"",
		"executable == \"\"",
		"event == \"openat\" and path startswith \"/etc/\"",
		"ret == -13 or ret == 3",
		"pathname == \"passwd\"",
		"uid == 1000 and uid == 1000",
		"path startswith \"/etc/\"",
		"path startswith \"/etc/pass\" and uid == 1000",
		"path startswith \"\"",
		"path startswith \"/etc/passwd\"",
		"path startswith \"/etc/passwdx\"",
		"not path startswith \"/etc/\"",
		"path startswith \"/usr/\" or path startswith \"/etc/s\"",
		"uid == 1000 and path startswith \"/etc/s\"",
		"path matches \"/etc/*\"",
		"path matches \"/etc/**\" and success",
		"path matches \"/etc/passwd/**\"",
		"path matches \"/etc/p?sswd\"",
		"path matches \"*/passwd\"",
		"path matches \"/etc/[ps]*\"",
		"comm matches \"s*\"",
		"executable startswith \"/usr/bin/d\"",
		"path endswith \"passwd\"",
		"path endswith \"passwd\" and uid == 1000",
		"path endswith \"xetc/passwd\"",
		"path endswith \"\"",
		"not path endswith \"wd\"",
		"path endswith \".txt\" or path startswith \"/etc/s\"",
		"path matches \"**/passwd\"",
		"path matches \"/etc/**/passwd\"",
		"path matches \"/e*/passwd\"",
		"path matches \"/*/*/passwd\"",
		"path matches \"**/passwd/**\"",
		"comm matches \"*h\"",
	};

	return conditions[(size_t)rand() % ARRAY_SIZE(conditions)];
}

static struct tl_policy *random_rules(unsigned n)
{
	char *text = malloc(400 * (size_t)n), *p = text + sprintf(text, "rules:\n");
	struct tl_policy *policy;

	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "  - {name: r%u, events: \"@all\", where: '%s'}\n", i, random_condition());
	policy = parse(text);
	free(text);
	return policy;
}

static void rules_found_by_values_are_those_that_match(void **state)
{
	(void)state;
	srand(11);
	for (unsigned round = 0; round < 30; round++) {
		_cleanup_(policy_freep) struct tl_policy *p = random_rules(1 + (unsigned)rand() % 300);

		for (size_t i = 0; i < ARRAY_SIZE(fixture_events); i++) {
			char expected[8192] = "", *end = expected;
			struct tl_event event;

			assert_true(fixture_find(fixture_events[i].name, &event));
			for (size_t j = 0; j < p->n_rules; j++)
				if (tl_expression_eval(p->rules[j].where, &event))
					end += sprintf(end, "%s%s", *expected ? " " : "", p->rules[j].name);
			keeps(p, fixture_events[i].name, 0, expected);
		}
	}
}

/* n - 1 of one and the other format, which get a number each. */
static struct tl_policy *rules_of_two_kinds(unsigned n, const char *const formats[2])
{
	char *text = malloc(200 * (size_t)n), *p = text + sprintf(text, "rules:\n");
	struct tl_policy *policy;

	for (unsigned i = 1; i < n; i++)
		p += sprintf(p, formats[i % 2], i, i);
	sprintf(p, "  - {name: last, events: openat, where: path startswith \"/etc/\"}\n");
	policy = parse(text);
	free(text);
	return policy;
}

static struct tl_policy *rules_of_folders(unsigned n)
{
	static const char *const formats[] = {
		"  - {name: r%u, events: openat, where: path matches \"/home/%u/**\"}\n",
		"  - {name: r%u, events: openat, where: path startswith \"/srv/%u/\"}\n",
	};

	return rules_of_two_kinds(n, formats);
}

static struct tl_policy *rules_of_ends(unsigned n)
{
	static const char *const formats[] = {
		"  - {name: r%u, events: openat, where: path matches \"/etc/**/%u.conf\"}\n",
		"  - {name: r%u, events: openat, where: path endswith \".%u\"}\n",
	};

	return rules_of_two_kinds(n, formats);
}

static struct tl_policy *rules_of_paths(unsigned n)
{
	char *text = malloc(200 * (size_t)n), *p = text + sprintf(text, "rules:\n");
	struct tl_policy *policy;

	for (unsigned i = 1; i < n; i++)
		p += sprintf(p, "  - {name: r%u, events: openat, where: success and path == \"/etc/%u\"}\n", i, i);
	sprintf(p, "  - {name: last, events: openat, where: path == \"/etc/passwd\"}\n");
	policy = parse(text);
	free(text);
	return policy;
}

static void cost_little(struct tl_policy *few, struct tl_policy *many)
{
	double best = 1e9;

	for (int i = 0; i < 5 && best > 5; i++) {
		double now = time_of(many) / time_of(few);

		best = MIN(best, now);
	}
	assert_true(best < 30);
}

static void a_thousand_conditions_on_other_paths_cost_little(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *few = rules_of_paths(1), *many = rules_of_paths(1000);

	(void)state;
	cost_little(few, many);
}

static void a_thousand_conditions_on_other_folders_cost_little(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *few = rules_of_folders(1), *many = rules_of_folders(1000);

	(void)state;
	cost_little(few, many);
}

static void a_thousand_conditions_on_other_ends_cost_little(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *few = rules_of_ends(1), *many = rules_of_ends(1000);

	(void)state;
	cost_little(few, many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_goes_to_every_rule_that_matches_in_their_order),
		cmocka_unit_test(rules_with_targets_get_events_of_one_of_them),
		cmocka_unit_test(final_ends_with_what_it_keeps),
		cmocka_unit_test(drop_ends_and_keeps_nothing),
		cmocka_unit_test(what_one_rule_delivers_is_delivered_whatever_others_do),
		cmocka_unit_test(an_error_of_whoever_takes_it_ends_at_once),
		cmocka_unit_test(a_rule_annotates_what_it_keeps),
		cmocka_unit_test(what_a_rule_adds_to_a_line_is_made_beforehand),
		cmocka_unit_test(a_sample_keeps_one_in_n_of_each_hash),
		cmocka_unit_test(the_first_of_a_hash_is_kept_however_many_hashes),
		cmocka_unit_test(a_capture_cuts_the_argument_for_its_rule_alone),
		cmocka_unit_test(events_of_untracked_programs_are_kept_by_no_rule),
		cmocka_unit_test(counts_of_untracked_programs_are_filtered_and_not_lost),
		cmocka_unit_test(own_records_are_not_for_rules),
		cmocka_unit_test(a_type_is_known_by_its_name),
		cmocka_unit_test(a_thousand_rules_that_cannot_match_cost_little),
		cmocka_unit_test(rules_found_by_values_are_those_that_match),
		cmocka_unit_test(a_thousand_conditions_on_other_paths_cost_little),
		cmocka_unit_test(a_thousand_conditions_on_other_folders_cost_little),
		cmocka_unit_test(a_thousand_conditions_on_other_ends_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
