// SPDX-License-Identifier: GPL-2.0-or-later
#include "handlers.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "battery.h"
#include "generate.h"
#include "util.h"

static int check_one(const char *folder, const struct tl_event_type *wanted, struct tl_problems *problems)
{
	_cleanup_free_ struct tl_event_type *type = calloc(1, sizeof(*type));
	char path[PATH_MAX];
	const char *why = NULL;
	int r;

	if (!type)
		return -ENOMEM;
	if (snprintf(path, sizeof(path), "%s/" TL_HANDLER_OBJECT, folder, wanted->name) >= (int)sizeof(path))
		return 0;
	r = tl_handler_describe(path, type, &why);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && strcmp(type->name, wanted->name) == 0)
		return 0;
	if (r == 0)
		r = tl_problems_add(problems, false, path, 0, 0, "the handler cannot be used: it is one of %s",
				    type->name);
	else if (r == -ENOENT)
		r = tl_problems_add(problems, false, path, 0, 0,
				    "the handler of %s is missing; is TraceLeft installed completely?", wanted->name);
	else
		r = tl_problems_add(problems, false, path, 0, 0, "the handler cannot be used: %s",
				    why ? why : strerror(-r));
	return r;
}

int tl_handlers_check(const struct tl_policy *policy, struct tl_problems *problems)
{
	const char *folder = tl_battery_default();
	_cleanup_free_ bool *checked = NULL;
	const struct tl_event_type *types;
	size_t n;
	int r = 0;

	if (access(folder, X_OK) < 0)
		return tl_problems_add(problems, true, folder, 0, 0, "the handlers were not looked at: %s",
				       strerror(errno));
	types = tl_event_types(&n);
	checked = calloc(n, sizeof(*checked));
	if (!checked)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_rules; i++)
		for (size_t j = 0; r >= 0 && j < policy->rules[i].n_events; j++) {
			const struct tl_event_type *type = policy->rules[i].events[j];
			bool *before = &checked[type - types];

			if (!*before && type->class == TL_CLASS_SYSCALL)
				r = check_one(folder, type, problems);
			*before = true;
		}
	return r;
}
