// SPDX-License-Identifier: GPL-2.0-or-later
/* From files to a checked policy. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "policy-parse.h"
#include "util.h"

#define VERSION 1

/* ---- The keys of a file ---- */

static int read_version(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			void *to)
{
	uint32_t version = VERSION;
	int r = tl_read_number(d, field, value, &version);

	(void)to;
	if (r >= 0 && version != VERSION)
		r = tl_draft_problem(d, value, "version %u is not known, this is version %d", version, VERSION);
	return r;
}

static int read_targets(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			void *to)
{
	(void)to;
	return tl_policy_read_named(d, value, field->name, tl_policy_add_target);
}

static int read_outputs(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			void *to)
{
	(void)to;
	d->has_outputs |= value->size;
	return tl_policy_read_named(d, value, field->name, tl_policy_add_output);
}

static int read_rules(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		      void *to)
{
	int r = 0;

	(void)to;
	d->has_rules |= value->size;
	if (!tl_policy_expect(d, value, TL_YAML_LIST, field->name))
		return 0;
	for (const struct tl_yaml_node *rule = value->first; rule && r >= 0; rule = rule->next)
		r = tl_policy_add_rule(d, rule);
	return r;
}

#define LIMIT(member) .read = tl_read_size, .offset = offsetof(struct tl_policy, member)

static const struct tl_policy_field limit_fields[] = {
	{ "buffer", "a size", "ring buffer between kernel and daemon", LIMIT(limit_buffer), .min = 4096,
	  .max = 1U << 30 },
	{ "memory", "a size", "what may wait for the outputs", LIMIT(limit_memory), .min = 1U << 20,
	  .max = 1ULL << 40 },
};

const struct tl_policy_object tl_policy_limits = { "limits", limit_fields, ARRAY_SIZE(limit_fields), .nothing = false };

static int read_limits(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *to)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(limit_fields)] = {};
	int r = tl_policy_read_object(d, &tl_policy_limits, value, d->policy, given);

	(void)field;
	(void)to;
	for (size_t i = 0; i < ARRAY_SIZE(given) && r >= 0; i++) {
		if (!given[i])
			continue;
		if (d->limits_source[i])
			r = tl_draft_problem(d, given[i], "limit '%s' is there twice, first in %s:%u:%u",
					     limit_fields[i].name, d->limits_source[i]->name, d->limits_node[i]->line,
					     d->limits_node[i]->column);
		d->limits_source[i] = d->source;
		d->limits_node[i] = given[i];
	}
	return r;
}

#define UNTRACKED(member) \
	.offset = offsetof(struct tl_policy, member), .n_offset = offsetof(struct tl_policy, n_##member)

static const struct tl_policy_field untracked_fields[] = {
	{ "pid", "a process id or a list of them", "processes that are never followed", .read = tl_read_numbers,
	  UNTRACKED(untracked_pids), .min = 1, .max = 4U << 20 },
	{ "executable", "an absolute path or glob, or a list of them", "programs whose events no rule gets",
	  .read = tl_read_strings, UNTRACKED(untracked_executables), .check = tl_check_executable },
};

const struct tl_policy_object tl_policy_untracked = { "untracked", untracked_fields, ARRAY_SIZE(untracked_fields),
						      .nothing = false };

/* A mapping, or a list of both. */
static int read_untracked(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			  void *to)
{
	const struct tl_yaml_node *item = NULL;
	int r = 0;

	(void)field;
	(void)to;
	if (value->kind == TL_YAML_MAPPING)
		return tl_policy_read_object(d, &tl_policy_untracked, value, d->policy, NULL);
	while (r >= 0 && (item = tl_policy_item(value, item))) {
		bool number = item->kind == TL_YAML_SCALAR && item->size && item->text[0] >= '0' &&
			      item->text[0] <= '9';

		field = &untracked_fields[number ? 0 : 1];
		if (tl_policy_expect(d, item, TL_YAML_SCALAR, "untracked"))
			r = field->read(d, field, item, d->policy);
	}
	return r;
}

static const struct tl_policy_field fields[] = {
	{ "version", "1", "of the format; required", .read = read_version },
	{ "targets", "a mapping of names to targets", "who is followed", .read = read_targets },
	{ "rules", "a list of rules", "what is kept, and where it goes", .read = read_rules },
	{ "outputs", "a mapping of names to outputs", "where events go", .read = read_outputs },
	{ "limits", "a mapping", "memory that may be used", .read = read_limits },
	{ "untracked", "a mapping, or a list of process ids and paths", "who is left alone", .read = read_untracked },
};

const struct tl_policy_object tl_policy_root = { "policy", fields, ARRAY_SIZE(fields), .nothing = true };

/* ---- Drafts ---- */

struct tl_policy *tl_policy_free(struct tl_policy *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_targets; i++)
		tl_policy_target_done(&p->targets[i]);
	for (size_t i = 0; i < p->n_rules; i++)
		tl_policy_rule_done(&p->rules[i]);
	for (size_t i = 0; i < p->n_outputs; i++)
		tl_policy_output_done(&p->outputs[i]);
	for (size_t i = 0; i < p->n_untracked_executables; i++)
		free(p->untracked_executables[i]);
	for (size_t i = 0; i < p->n_files; i++)
		free(p->files[i]);
	for (size_t i = 0; i < p->n_texts; i++)
		free(p->texts[i].data);
	tl_rule_index_free(p->index);
	free(p->targets);
	free(p->rules);
	free(p->outputs);
	free(p->untracked_pids);
	free(p->untracked_executables);
	free(p->files);
	free(p->directory);
	free(p->texts);
	free(p);
	return NULL;
}

static void draft_done(struct tl_draft *d)
{
	for (size_t i = 0; i < d->n_sources; i++) {
		tl_yaml_done(&d->sources[i]->yaml);
		free(d->sources[i]->text);
		free(d->sources[i]);
	}
	free(d->sources);
	free(d->names);
	tl_policy_free(d->policy);
}

static int draft_init(struct tl_draft *d, struct tl_problems *problems)
{
	*d = (struct tl_draft){ .problems = problems, .policy = calloc(1, sizeof(struct tl_policy)) };
	return d->policy ? 0 : -ENOMEM;
}

struct yaml_problems {
	struct tl_draft *draft;
	int r;
};

static void yaml_problem(void *userdata, unsigned line, unsigned column, const char *message)
{
	struct yaml_problems *y = userdata;
	int r = tl_problems_add(y->draft->problems, false, y->draft->source->name, line, column, "%s", message);

	if (r < 0)
		y->r = r;
}

/* A file of its own, whose text goes over to it. */
static int add_source(struct tl_draft *d, const char *name, char *text)
{
	struct tl_policy_source *source = calloc(1, sizeof(*source)), **to = NULL;
	char **file;

	if (source)
		to = tl_array_add(&d->sources, &d->n_sources, sizeof(*to));
	if (!to) {
		free(source);
		free(text);
		return -ENOMEM;
	}
	*to = source;
	source->text = text;
	file = tl_array_add(&d->policy->files, &d->policy->n_files, sizeof(*file));
	if (!file)
		return -ENOMEM;
	*file = strdup(name);
	if (!*file)
		return -ENOMEM;
	source->name = *file;
	d->source = source;
	return 0;
}

/* main: the others may be empty. */
static int read_text(struct tl_draft *d, const char *text, size_t size, bool main)
{
	struct tl_policy_source *source = d->sources[d->n_sources - 1];
	struct yaml_problems problems = { .draft = d };
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {}, *root;
	int r = tl_yaml_parse(text, size, &source->yaml, yaml_problem, &problems);

	if (problems.r < 0)
		return problems.r;
	if (r == -ENOMEM)
		return r;
	d->broken |= !source->yaml.complete;
	if (!source->yaml.complete)
		return 0;
	root = source->yaml.root;
	if (!root || tl_yaml_is_null(root)) {
		d->broken |= main;
		return main ? tl_problems_add(d->problems, false, source->name, 1, 1, "there is nothing in it") : 0;
	}
	d->broken |= root->kind != TL_YAML_MAPPING;
	if (d->read_root)
		return d->read_root(d, root);
	r = tl_policy_read_object(d, &tl_policy_root, root, d->policy, given);
	if (r >= 0 && root->kind == TL_YAML_MAPPING && !given[0])
		r = tl_draft_problem(d, root, "there is no 'version: %d'", VERSION);
	return r;
}

/* before: problems that there were already; n_errors: errors among them. */
static int draft_finish(struct tl_draft *d, size_t before, size_t n_errors, struct tl_policy **ret)
{
	int r = d->read_root ? 0 : tl_policy_check(d);

	tl_problems_sort(d->problems, before);
	if (r < 0)
		return r;
	if (d->problems->n_errors > n_errors)
		return -EINVAL;
	r = tl_rule_index_new(d->policy, &d->policy->index);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d->policy);
	return 0;
}

int tl_policy_parse(const char *name, const char *text, size_t size, struct tl_policy **ret,
		    struct tl_problems *problems)
{
	_cleanup_(draft_done) struct tl_draft d = {};
	size_t before = problems->n, n_errors = problems->n_errors;
	int r = draft_init(&d, problems);

	if (r >= 0)
		r = add_source(&d, name, NULL);
	if (r >= 0)
		r = read_text(&d, text, size, true);
	return r < 0 ? r : draft_finish(&d, before, n_errors, ret);
}

/* ---- Files ---- */

static int file_problem(struct tl_draft *d, const char *path, int error, const char *message)
{
	int r = tl_problems_add(d->problems, false, path, 0, 0, "%s", message);

	return r < 0 ? r : error;
}

/* Whoever may write it decides what is audited. */
static int check_owner(struct tl_draft *d, const char *path, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return file_problem(d, path, -EPERM, "refused: it belongs to somebody else than root");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return file_problem(d, path, -EPERM, "refused: others than its owner may write it (chmod go-w)");
	return 0;
}

/* In a folder where everybody may rename, a file is whoever's who was last. */
static int check_folder(struct tl_draft *d, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash ? strndup(path, slash - path + 1) : strdup(".");
	struct stat st;

	if (!folder)
		return -ENOMEM;
	if (stat(folder, &st) == 0 && st.st_mode & S_IWOTH && !(st.st_mode & S_ISVTX))
		return file_problem(d, path, -EPERM,
				    "refused: everybody may write its directory (chmod o-w, or its sticky bit)");
	return 0;
}

static int open_file(struct tl_draft *d, const char *path, int *ret_fd)
{
	/* A FIFO must not make us wait. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = -errno;
		return file_problem(d, path, r, strerror(-r));
	}
	if (!S_ISREG(st.st_mode))
		return file_problem(d, path, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, "refused: it is no regular file");
	r = check_owner(d, path, &st);
	if (r >= 0)
		r = check_folder(d, path);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int read_all(int fd, char **ret, size_t *ret_size)
{
	size_t size = 0, room = 0;
	_cleanup_free_ char *text = NULL;

	for (;;) {
		ssize_t n;

		if (room - size < 4096) {
			char *grown = realloc(text, room = room ? 2 * room : 16384);

			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		n = read(fd, text + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		size += (size_t)n;
		/* What is larger still is refused by whoever parses it. */
		if (!n || size > TL_YAML_SIZE_MAX)
			break;
	}
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

static int keep_text(struct tl_policy *p, const char *text, size_t size)
{
	struct tl_policy_text *kept = tl_array_add(&p->texts, &p->n_texts, sizeof(*kept));

	if (kept)
		kept->data = malloc(size + 1);
	if (!kept || !kept->data)
		return -ENOMEM;
	memcpy(kept->data, text, size);
	kept->size = size;
	return 0;
}

static int load_file(struct tl_draft *d, const char *path, bool main)
{
	_cleanup_close_ int fd = -1;
	char *text = NULL;
	size_t size = 0;
	int r = open_file(d, path, &fd);

	if (r < 0)
		return r;
	r = read_all(fd, &text, &size);
	if (r < 0)
		return r == -ENOMEM ? r : file_problem(d, path, r, strerror(-r));
	r = add_source(d, path, text);
	if (r >= 0)
		r = keep_text(d->policy, text, size);
	return r < 0 ? r : read_text(d, text, size, main);
}

static int is_policy_name(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_entries(struct tl_draft *d, const char *dir, struct dirent **entries, int n)
{
	int first = 0;

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;
		int r = asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0 ? -ENOMEM : load_file(d, path, false);

		if (r == -ENOMEM)
			return r;
		if (r < 0 && !first)
			first = r;
	}
	return first;
}

static int load_dir(struct tl_draft *d, const char *dir)
{
	struct dirent **entries;
	struct stat st;
	int n, r;

	if (stat(dir, &st) < 0) {
		r = -errno;
		return r == -ENOENT ? 0 : file_problem(d, dir, r, strerror(-r));
	}
	r = check_owner(d, dir, &st);
	if (r < 0)
		return r;
	n = scandir(dir, &entries, is_policy_name, compare_names);
	if (n < 0) {
		r = -errno;
		return file_problem(d, dir, r, strerror(-r));
	}
	r = load_entries(d, dir, entries, n);
	while (n)
		free(entries[--n]);
	free(entries);
	return r;
}

int tl_policy_load_from(const char *path, const char *dir, struct tl_policy **ret, struct tl_problems *problems)
{
	_cleanup_(draft_done) struct tl_draft d = {};
	size_t before = problems->n, n_errors = problems->n_errors;
	int r = draft_init(&d, problems), r_dir;

	if (r >= 0)
		r = load_file(&d, path, true);
	if (r == -ENOMEM)
		return r;
	if (dir && !(d.policy->directory = strdup(dir)))
		return -ENOMEM;
	r_dir = dir ? load_dir(&d, dir) : 0;
	if (r < 0 || r_dir < 0)
		return r < 0 ? r : r_dir;
	return draft_finish(&d, before, n_errors, ret);
}

static bool has_file(const struct tl_policy *p, const char *path)
{
	for (size_t i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i], path) == 0)
			return true;
	return false;
}

int tl_policy_find_new(const struct tl_policy *p, void (*found)(const char *path, void *userdata), void *userdata)
{
	struct dirent **entries;
	int n, n_new = 0;

	if (!p->directory)
		return 0;
	n = scandir(p->directory, &entries, is_policy_name, compare_names);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;

		if (n_new >= 0 && asprintf(&path, "%s/%s", p->directory, entries[i]->d_name) < 0)
			n_new = -ENOMEM;
		if (path && !has_file(p, path)) {
			found(path, userdata);
			n_new++;
		}
		free(entries[i]);
	}
	free(entries);
	return n_new;
}

int tl_policy_load(const char *path, struct tl_policy **ret, struct tl_problems *problems)
{
	return path ? tl_policy_load_from(path, NULL, ret, problems) :
		      tl_policy_load_from(TL_POLICY_PATH, TL_POLICY_DIR, ret, problems);
}

/* ---- The original's spec ---- */

int tl_policy_load_spec(const char *path, struct tl_policy **ret, struct tl_problems *problems)
{
	_cleanup_(draft_done) struct tl_draft d = {};
	size_t before = problems->n, n_errors = problems->n_errors;
	int r = draft_init(&d, problems);

	d.read_root = tl_policy_read_spec;
	if (r >= 0)
		r = load_file(&d, path, true);
	return r < 0 ? r : draft_finish(&d, before, n_errors, ret);
}

int tl_policy_parse_spec(const char *name, const char *text, size_t size, struct tl_policy **ret,
			 struct tl_problems *problems)
{
	_cleanup_(draft_done) struct tl_draft d = {};
	size_t before = problems->n, n_errors = problems->n_errors;
	int r = draft_init(&d, problems);

	d.read_root = tl_policy_read_spec;
	if (r >= 0)
		r = add_source(&d, name, NULL);
	if (r >= 0)
		r = read_text(&d, text, size, true);
	return r < 0 ? r : draft_finish(&d, before, n_errors, ret);
}
