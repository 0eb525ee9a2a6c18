// SPDX-License-Identifier: GPL-2.0-or-later
/* targets: who is followed. */
#include <string.h>

#include "policy-parse.h"
#include "util.h"

#define PID_MAX (4U << 20)

#define STRINGS(member)                                                               \
	.read = tl_read_strings, .offset = offsetof(struct tl_policy_target, member), \
	.n_offset = offsetof(struct tl_policy_target, n_##member)

static const struct tl_policy_field fields[] = {
	{ "pid", "a process id or a list of them", "these processes", .read = tl_read_numbers,
	  .offset = offsetof(struct tl_policy_target, pids), .n_offset = offsetof(struct tl_policy_target, n_pids),
	  .min = 1, .max = PID_MAX },
	{ "executable", "an absolute path or glob, or a list of them", "processes that run one of these programs",
	  STRINGS(executables), .check = tl_check_executable },
	{ "cgroup", "a path or glob below the cgroup root, or a list of them", "processes in these cgroups and below",
	  STRINGS(cgroups), .check = tl_check_cgroup },
	{ "unit", "a systemd unit or glob, or a list of them", "processes of these units, across restarts",
	  STRINGS(units), .check = tl_check_unit },
	{ "everything", "true or false", "every process", .read = tl_read_bool,
	  .offset = offsetof(struct tl_policy_target, everything) },
	{ "descendants", "true or false", "the children of what matches, too", .read = tl_read_bool,
	  .offset = offsetof(struct tl_policy_target, descendants) },
	/* Not yet. */
	{ .name = "comm", .type = "a name of a process" },
	{ .name = "container", .type = "a container, or any" },
	{ .name = "uid", .type = "a user" },
	{ .name = "gid", .type = "a group" },
	{ .name = "loginuid", .type = "a login user" },
	{ .name = "tty", .type = "a terminal" },
	{ .name = "session", .type = "a login session" },
	{ .name = "pidns", .type = "a pid namespace" },
	{ .name = "mntns", .type = "a mount namespace" },
	{ .name = "not", .type = "a target" },
};

const struct tl_policy_object tl_policy_target = { "target", fields, ARRAY_SIZE(fields), .nothing = false };

void tl_policy_target_done(struct tl_policy_target *t)
{
	free(t->name);
	free(t->pids);
	for (size_t i = 0; i < t->n_executables; i++)
		free(t->executables[i]);
	free(t->executables);
	for (size_t i = 0; i < t->n_cgroups; i++)
		free(t->cgroups[i]);
	free(t->cgroups);
	for (size_t i = 0; i < t->n_units; i++)
		free(t->units[i]);
	free(t->units);
}

static int check_name(struct tl_draft *d, const struct tl_yaml_node *name)
{
	for (size_t i = 0; i < d->policy->n_targets; i++) {
		const struct tl_policy_target *t = &d->policy->targets[i];

		/* In the same file, the key has been reported. */
		if (strcmp(t->name, name->text) == 0 && t->file != d->source->name)
			return tl_draft_problem(d, name, "target '%s' is there twice, first in %s:%u:%u", name->text,
						t->file, t->line, t->column);
	}
	return 0;
}

/* given: keys of the target that were there, right or wrong. */
static int check_selectors(struct tl_draft *d, const struct tl_policy_target *t, const struct tl_yaml_node *name,
			   const struct tl_yaml_node *const *given)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		bool selects = strcmp(fields[i].name, "everything") != 0 && strcmp(fields[i].name, "descendants") != 0;

		n += given[i] && selects;
		if (given[i] && selects && t->everything)
			return tl_draft_problem(d, given[i], "target '%s' is everything: '%s' has no meaning beside it",
						t->name, fields[i].name);
	}
	if (!n && !t->everything)
		return tl_draft_problem(d, name,
					"target '%s' selects nothing: it needs pid, executable, cgroup, unit or "
					"everything",
					t->name);
	return 0;
}

int tl_policy_add_target(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {};
	struct tl_policy_target *t;
	int r = check_name(d, name);

	if (r < 0)
		return r;
	t = tl_array_add(&d->policy->targets, &d->policy->n_targets, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->file = d->source->name;
	t->line = name->line;
	t->column = name->column;
	t->name = strdup(name->text);
	if (!t->name)
		return -ENOMEM;
	r = tl_policy_read_object(d, &tl_policy_target, value, t, given);
	if (r < 0 || value->kind != TL_YAML_MAPPING)
		return r;
	return check_selectors(d, t, name, given);
}
