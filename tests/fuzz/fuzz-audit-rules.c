// SPDX-License-Identifier: GPL-2.0-or-later
/* A rule file of auditd: each line is refused with a place, or becomes rules that a policy may have. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_policy(struct tl_audit *a)
{
	struct tl_problems problems = {};
	struct tl_buffer yaml = {};
	struct tl_policy *p = NULL;

	if (tl_audit_write(a, &yaml) < 0)
		abort();
	if (tl_policy_parse("policy.yaml", yaml.data, yaml.size, &p, &problems) < 0 || !p->n_rules)
		abort();
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].final == p->rules[i].drop)
			abort();
	tl_policy_free(p);
	tl_problems_done(&problems);
	tl_buffer_done(&yaml);
}

static void check_places(const struct tl_problems *problems, const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (size_t i = 0; i < problems->n; i++)
		if (!problems->problem[i].line || problems->problem[i].line > lines || !problems->problem[i].column ||
		    problems->problem[i].column > size + 1 || !problems->problem[i].message[0])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_problems problems = {};
	struct tl_audit *a = tl_audit_new();

	if (!a || tl_audit_read(a, "audit.rules", (const char *)data, size, &problems) < 0)
		abort();
	check_places(&problems, data, size);
	if (tl_audit_keeps(a))
		check_policy(a);
	tl_audit_free(a);
	tl_problems_done(&problems);
	return 0;
}
