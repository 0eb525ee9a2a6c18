// SPDX-License-Identifier: GPL-2.0-or-later
/* A policy's text: refused with a reason, or good for every event. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_process process = {
	.pid = 1,
	.executable = "/usr/bin/x",
	.args = "x",
	.args_size = 2,
	.n_args = 1,
	.working_directory = "/",
	.cgroup = "/x.slice",
	.unit = "x.service",
	.container_id = "",
};

static int deliver(const struct tl_policy_rule *rule, const struct tl_event *event,
		   const struct tl_annotation *annotation, void *userdata)
{
	(void)userdata;
	if (!rule->name || !annotation->severity || !rule->n_outputs || !event->type)
		abort();
	return 0;
}

static void filter_all(struct tl_policy *p)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);
	uint64_t targets = 5;

	for (size_t i = 0; i < n; i++) {
		struct tl_event event = {
			.type = &types[i], .process = &process, .targets = &targets, .n_target_words = 1
		};

		event.file.path = (struct tl_bytes){ "/etc/passwd", 11, TL_VALUE_PRESENT };
		event.captured[1] = (struct tl_bytes){ "passwd", 7, TL_VALUE_PRESENT };
		if (tl_policy_filter(p, &event, deliver, NULL) < 0)
			abort();
	}
	if (tl_policy_flush(p, 0, true, deliver, NULL) < 0)
		abort();
}

/* The same bytes as an aggregation spec. */
static void parse_spec(const uint8_t *data, size_t size)
{
	struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	int r = tl_policy_parse_spec("spec.json", (const char *)data, size, &p, &problems);

	if ((r < 0) != !p)
		abort();
	if (p)
		filter_all(p);
	tl_policy_free(p);
	tl_problems_done(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	int r = tl_policy_parse("policy.yaml", (const char *)data, size, &p, &problems);

	if ((r < 0) != !p || (r < 0) != (problems.n_errors > 0))
		abort();
	if (p) {
		if (!p->n_rules || !p->n_outputs)
			abort();
		filter_all(p);
	}
	for (size_t i = 0; i < problems.n; i++)
		for (const char *c = problems.problem[i].message; *c; c++)
			if ((unsigned char)*c < ' ')
				abort();
	tl_policy_free(p);
	tl_problems_done(&problems);
	parse_spec(data, size);
	return 0;
}
