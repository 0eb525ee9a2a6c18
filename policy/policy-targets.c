// SPDX-License-Identifier: GPL-2.0-or-later
/* targets: who is followed. */
#include <string.h>

#include "container-globs.h"
#include "policy-parse.h"
#include "util.h"

#define PID_MAX (4U << 20)
#define TARGETS_MAX 16383 /* the kernel part has 16384, one of which everything may need */
#define CONTAINERS_MAX 64 /* of a policy: each one is some globs */

#define STRINGS(member)                                                               \
	.read = tl_read_strings, .offset = offsetof(struct tl_policy_target, member), \
	.n_offset = offsetof(struct tl_policy_target, n_##member)

#define ALTERNATIVES ", or a list of them"

/* The same keys say who matches and, below not, who is left out. */
#define CONDITIONS(reader)                                                                                             \
	{ "comm", "a name, or its beginning and *" ALTERNATIVES, "threads that are called so", .read = (reader) },     \
		{ "uid", "a user, number, range or comparison" ALTERNATIVES, "processes of these users",               \
		  .read = (reader) },                                                                                  \
		{ "gid", "a group, number, range or comparison" ALTERNATIVES, "processes of these groups",             \
		  .read = (reader) },                                                                                  \
		{ "loginuid", "a user, number, range, comparison or unset" ALTERNATIVES,                               \
		  "who logged in as one of these", .read = (reader) },                                                 \
		{ "session", "a number, range, comparison or unset" ALTERNATIVES, "what runs in these login sessions", \
		  .read = (reader) },                                                                                  \
		{ "tty", "any or a terminal" ALTERNATIVES, "what has one of these terminals", .read = (reader) },              \
		{ "pidns", "an inode number" ALTERNATIVES, "processes in these pid namespaces", .read = (reader) },    \
	{                                                                                                              \
		"mntns", "an inode number" ALTERNATIVES, "processes in these mount namespaces", .read = (reader)       \
	}

static int read_containers(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			   void *object);
static int read_not(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object);

static const struct tl_policy_field fields[] = {
	{ "pid", "a process id or a list of them", "these processes", .read = tl_read_numbers,
	  .offset = offsetof(struct tl_policy_target, pids), .n_offset = offsetof(struct tl_policy_target, n_pids),
	  .min = 1, .max = PID_MAX },
	{ "executable", "an absolute path or glob" ALTERNATIVES, "processes that run one of these programs",
	  STRINGS(executables), .check = tl_check_executable },
	{ "cgroup", "a path or glob below the cgroup root" ALTERNATIVES, "processes in these cgroups and below",
	  STRINGS(cgroups), .check = tl_check_cgroup },
	{ "unit", "a systemd unit or glob" ALTERNATIVES, "processes of these units, across restarts", STRINGS(units),
	  .check = tl_check_unit },
	{ "container", "any, the beginning of an id or a name" ALTERNATIVES, "processes in these containers",
	  .read = read_containers, .offset = offsetof(struct tl_policy_target, containers),
	  .n_offset = offsetof(struct tl_policy_target, n_containers), .check = tl_check_name },
	CONDITIONS(tl_read_conditions),
	{ "not", "a mapping or a list of mappings", "who is left out of them", .read = read_not },
	{ "everything", "true or false", "every process", .read = tl_read_bool,
	  .offset = offsetof(struct tl_policy_target, everything) },
	{ "descendants", "true or false", "the children of what matches, too", .read = tl_read_bool,
	  .offset = offsetof(struct tl_policy_target, descendants) },
};

const struct tl_policy_object tl_policy_target = { "target", fields, ARRAY_SIZE(fields), .nothing = false };

static const struct tl_policy_field not_fields[] = {
	{ "executable", "an absolute path or glob" ALTERNATIVES, "processes that run one of these programs",
	  STRINGS(not_executables), .check = tl_check_executable },
	CONDITIONS(tl_read_negative_conditions),
	/* Not yet. */
	{ .name = "pid", .type = "a process id" },
	{ .name = "cgroup", .type = "a cgroup" },
	{ .name = "unit", .type = "a systemd unit" },
	{ .name = "container", .type = "a container" },
};

const struct tl_policy_object tl_policy_not = { "not", not_fields, ARRAY_SIZE(not_fields), .nothing = false };

static void free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

void tl_policy_target_done(struct tl_policy_target *t)
{
	free(t->name);
	free(t->pids);
	free_strings(t->executables, t->n_executables);
	free_strings(t->cgroups, t->n_cgroups);
	free_strings(t->containers, t->n_containers);
	free_strings(t->units, t->n_units);
	free_strings(t->not_executables, t->n_not_executables);
	free(t->conditions);
}

/* Whether it can be neither the beginning of an id nor, most likely, a name. */
static bool is_short_id(const char *container)
{
	return strspn(container, "0123456789abcdef") == strlen(container) && strpbrk(container, "0123456789") &&
	       !tl_container_is_id(container);
}

static int add_container(struct tl_policy_target *t, const char *container)
{
	char **globs = NULL, **to;
	size_t n = 0;
	int r = tl_container_globs(container, &globs, &n);

	for (size_t i = 0; i < n; i++) {
		to = r < 0 ? NULL : tl_array_add(&t->cgroups, &t->n_cgroups, sizeof(*to));
		if (to)
			*to = TAKE_PTR(globs[i]);
		else
			r = -ENOMEM;
	}
	free_strings(globs, n);
	return r;
}

static int read_containers(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			   void *object)
{
	struct tl_policy_target *t = object;
	const struct tl_yaml_node *item = NULL;
	int r = tl_read_strings(d, field, value, t);

	while (r >= 0 && value->kind != TL_YAML_MAPPING && (item = tl_policy_item(value, item)))
		if (item->kind == TL_YAML_SCALAR && is_short_id(item->text))
			r = tl_draft_warning(d, item,
					     "container: '%s' is taken for a name: of an id %d digits are needed",
					     item->text, TL_CONTAINER_ID_MIN);
	d->n_containers += t->n_containers;
	if (r >= 0 && d->n_containers > CONTAINERS_MAX)
		return tl_draft_problem(d, value, "container: more than %d in a policy", CONTAINERS_MAX);
	for (size_t i = 0; i < t->n_containers && r >= 0; i++)
		r = add_container(t, t->containers[i]);
	return r;
}

/* One key each: with two, it would not be plain whether both have to hold. */
static int read_exception(struct tl_draft *d, const struct tl_yaml_node *item, struct tl_policy_target *t)
{
	if (item->kind == TL_YAML_MAPPING && !item->first)
		return tl_draft_problem(d, item,
					"not: it leaves out nobody: it needs one key such as executable or uid");
	if (item->kind == TL_YAML_MAPPING && item->size > 2)
		return tl_draft_problem(
			d, item->first->next->next,
			"not: '%.60s' is a second key: write a list, '[{%.60s: ...}, {%.60s: ...}]', each "
			"item of which leaves out whom it matches",
			item->first->next->next->text, item->first->text, item->first->next->next->text);
	return tl_policy_read_object(d, &tl_policy_not, item, t, NULL);
}

static int read_not(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object)
{
	const struct tl_yaml_node *item = NULL;
	int r = 0;

	if (value->kind == TL_YAML_SCALAR)
		return tl_draft_problem(d, value, "not: expected %s, not a single value", field->type);
	if (value->kind == TL_YAML_LIST && !value->first)
		return tl_draft_problem(d, value, "not: the list is empty");
	if (value->kind == TL_YAML_MAPPING)
		return read_exception(d, value, object);
	while (r >= 0 && (item = tl_policy_item(value, item)))
		r = read_exception(d, item, object);
	return r;
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

static const struct tl_yaml_node *find_given(const struct tl_yaml_node *const *given, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return given[i];
	return NULL;
}

/* given: keys of the target that were there, right or wrong. */
static int check_selectors(struct tl_draft *d, const struct tl_policy_target *t, const struct tl_yaml_node *name,
			   const struct tl_yaml_node *const *given)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		bool selects = strcmp(fields[i].name, "everything") != 0 && strcmp(fields[i].name, "descendants") != 0;

		n += given[i] && selects;
		if (given[i] && selects && t->everything && strcmp(fields[i].name, "not") != 0)
			return tl_draft_problem(d, given[i], "target '%s' is everything: '%s' has no meaning beside it",
						t->name, fields[i].name);
	}
	if (!n && !t->everything)
		return tl_draft_problem(
			d, name,
			"target '%s' selects nothing: it needs pid, executable, cgroup, unit, container, "
			"uid or another key that says whom, or everything",
			t->name);
	if (find_given(given, "cgroup") && find_given(given, "container"))
		return tl_draft_problem(
			d, find_given(given, "container"),
			"target '%s' has cgroup and container, which is a cgroup, too: write one of them", t->name);
	return 0;
}

int tl_policy_add_target(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {};
	struct tl_policy_target *t;
	int r = check_name(d, name);

	if (r < 0)
		return r;
	if (d->policy->n_targets == TARGETS_MAX)
		return d->too_many_targets++ ? 0 : tl_draft_problem(d, name, "more than %d targets", TARGETS_MAX);
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
