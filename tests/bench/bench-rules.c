// SPDX-License-Identifier: GPL-2.0-or-later
/* What rules cost an event in user space, by their number and kind; no kernel part, no output. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy.h"

#define EVENTS 200000
#define ROUNDS 5

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int take(const struct tl_policy_rule *rule, const struct tl_event *event, const struct tl_annotation *annotation,
		void *userdata)
{
	(void)rule;
	(void)event;
	(void)annotation;
	++*(unsigned long *)userdata;
	return 0;
}

static struct tl_policy *parse(const char *text)
{
	struct tl_problems problems = {};
	struct tl_policy *p = NULL;

	if (tl_policy_parse("bench", text, strlen(text), &p, &problems) < 0) {
		fprintf(stderr, "bench-rules: %s\n", problems.n ? problems.problem[0].message : "no memory");
		exit(1);
	}
	tl_problems_done(&problems);
	return p;
}

/* ns that the policy takes for an event, the best of some rounds. */
static double cost(const char *text, const struct tl_event *event)
{
	struct tl_policy *p = parse(text);
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		struct tl_event e = *event;
		unsigned long n = 0;
		double start = now_ns(), spent;

		for (int i = 0; i < EVENTS; i++) {
			e.time = event->time + (uint64_t)i * 1000;
			tl_policy_filter(p, &e, take, &n);
		}
		spent = (now_ns() - start) / EVENTS;
		best = spent < best ? spent : best;
	}
	tl_policy_free(p);
	return best;
}

/* n - 1 rules that do not match and one that does. */
static char *many(const char *condition, unsigned n)
{
	char *text = malloc(256 * (size_t)n + 512), *p = text;

	if (!text)
		exit(1);
	p += sprintf(p, "version: 1\noutputs: {o: {type: stdout}}\nrules:\n");
	for (unsigned i = 1; i < n; i++) {
		p += sprintf(p, "  - {name: r%u, events: openat, where: '", i);
		p += sprintf(p, condition, i);
		p += sprintf(p, "'}\n");
	}
	sprintf(p, "  - {name: last, events: openat, where: 'path == \"/etc/passwd\"'}\n");
	return text;
}

static void table_of_conditions(const struct tl_event *event)
{
	static const struct {
		const char *name, *condition;
	} kinds[] = {
		{ "other paths", "path == \"/srv/%u\"" },
		{ "other folders", "path startswith \"/srv/%u/\"" },
		{ "other globs", "path matches \"/home/%u/**\"" },
		{ "other users", "uid == 1%u and path contains \"x\"" },
		{ "other ends", "path endswith \".%u\"" },
		{ "other names", "path matches \"/srv/**/%u.conf\"" },
	};
	static const unsigned numbers[] = { 1, 10, 100, 1000 };

	printf("%-24s", "ns for an event, rules:");
	for (size_t j = 0; j < 4; j++)
		printf("%10u", numbers[j]);
	printf("   1000 / 1\n");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double ns[4];

		printf("%-24s", kinds[i].name);
		for (size_t j = 0; j < 4; j++) {
			char *text = many(kinds[i].condition, numbers[j]);

			ns[j] = cost(text, event);
			printf("%10.0f", ns[j]);
			free(text);
		}
		printf("   %.1f x\n", ns[3] / ns[0]);
	}
}

static char *list(unsigned n, const char *format)
{
	char *text = malloc(32 * (size_t)n + 512), *p = text;

	if (!text)
		exit(1);
	p += sprintf(p, "version: 1\noutputs: {o: {type: stdout}}\nrules:\n  - {name: a, events: openat, where: '%s in (",
		     strchr(format, '"') ? "path" : "pid");
	for (unsigned i = 0; i < n; i++) {
		p += sprintf(p, "%s", i ? ", " : "");
		p += sprintf(p, format, i + 1000000);
	}
	sprintf(p, ")'}\n");
	return text;
}

static void table_of_lists(const struct tl_event *event)
{
	static const unsigned numbers[] = { 1, 10, 1000, 10000 };

	printf("\n%-24s", "ns, items of a list:");
	for (size_t j = 0; j < 4; j++)
		printf("%10u", numbers[j]);
	printf("\n");
	for (int i = 0; i < 2; i++) {
		printf("%-24s", i ? "numbers" : "strings");
		for (size_t j = 0; j < 4; j++) {
			char *text = list(numbers[j], i ? "%u" : "\"/etc/%u\"");

			printf("%10.0f", cost(text, event));
			free(text);
		}
		printf("\n");
	}
}

static void table_of_fates(const struct tl_event *event)
{
	static const struct {
		const char *name, *keys;
	} kinds[] = {
		{ "delivered", "" },
		{ "dropped", ", drop: true" },
		{ "sample: 100", ", sample: 100" },
		{ "limit: 10/1s", ", limit: 10/1s" },
		{ "distinct: path", ", distinct: path" },
		{ "counted by two fields", ", aggregate: {by: [executable, path], every: 1s}" },
		{ "counted, last kept", ", aggregate: {by: path, every: 1s, emit: last}" },
	};

	printf("\n%-24s%10s\n", "ns, what becomes of it:", "");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "version: 1\noutputs: {o: {type: stdout}}\nrules:\n  - {name: a, events: openat%s}\n"
			 "  - {name: b, events: openat}\n",
			 kinds[i].keys);
		printf("%-24s%10.0f\n", kinds[i].name, cost(text, event));
	}
}

int main(void)
{
	static const struct tl_process process = {
		.pid = 1234, .executable = "/usr/bin/cat", .args = "cat", .args_size = 4, .n_args = 1,
		.working_directory = "/", .cgroup = "/user.slice", .unit = "", .container_id = "", .comm = "cat",
	};
	const struct tl_event event = {
		.kind = TL_EVENT_SYSCALL,
		.type = tl_event_type_find("openat"),
		.time = UINT64_C(1700000000000000000),
		.pid = 1234,
		.uid = 1000,
		.ret = 3,
		.hash = 12345,
		.comm = "cat",
		.captured = { [1] = { "/etc/passwd", 12, TL_VALUE_PRESENT } },
		.file = { .path = { "/etc/passwd", 11, TL_VALUE_PRESENT } },
		.process = &process,
	};

	if (!event.type)
		return 1;
	table_of_conditions(&event);
	table_of_lists(&event);
	table_of_fates(&event);
	return 0;
}
