// SPDX-License-Identifier: LGPL-2.1-or-later
/* Targets in the kernel's maps, and what they match there. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "container-globs.h"
#include "fnv.h"
#include "live-maps.h"
#include "target-plan.h"
#include "util.h"

/* Combinations of targets that tasks are in at the same time; one more costs memory
 * when it is met if there may be many. */
#define SETS_AT_ONCE 4096

/* ---- Before they are made: the sizes of the maps ---- */

struct map_size {
	const char *name;
	size_t entries, value; /* 0: as it is */
};

static int size_map(struct tl_session *s, const struct map_size *size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(s->object, size->name);
	int r = map ? 0 : -ENOENT;

	if (r >= 0 && size->entries)
		r = bpf_map__set_max_entries(map, (uint32_t)size->entries);
	if (r >= 0 && size->value)
		r = bpf_map__set_value_size(map, (uint32_t)size->value);
	return r < 0 ? tl_fail(s, r, "cannot size map %s", size->name) : 0;
}

/* How many words a set has, which attributes are asked for, and where cgroups are. */
static int set_constants(struct tl_session *s, const struct tl_target_plan *p)
{
	const uint32_t n_words = (uint32_t)p->n_words, hierarchy = tl_cgroups_hierarchy(s->cgroups);
	uint32_t asked = 0;
	int r = tl_set_constant(s, "terms", &n_words, sizeof(n_words));

	for (size_t a = 0; a < TL_ATTRIBUTE_KINDS; a++)
		asked |= p->ranges_of[a].n ? 1U << a : 0;
	if (r >= 0)
		r = tl_set_constant(s, "asked", &asked, sizeof(asked));
	return r < 0 ? r : tl_set_constant(s, "hierarchy", &hierarchy, sizeof(hierarchy));
}

int tl_targets_size(struct tl_session *s)
{
	const struct tl_target_plan *p = s->target_plan;
	const size_t terms = p->n_words * sizeof(uint64_t), set = offsetof(struct tl_set, terms) + terms;
	const size_t combinations = MAX(SETS_AT_ONCE, 2 * s->n_targets);
	const struct map_size sizes[] = {
		{ "terms", p->sets.n_spans, terms },
		{ "sets", combinations, set },
		{ "blank_set", 0, set },
		{ "cgroups", s->options.cgroups_max, terms },
		{ "found_terms", (size_t)s->n_cpus * TL_CALL_SLOTS, 2 * terms },
		{ "wants", MAX(s->n_targets, 1), 0 },
		{ "pids", SETS_AT_ONCE + p->n_pids, 0 },
		{ "ranges", MAX(p->n_ranges, 1), 0 },
		{ "automaton", MAX(p->automaton.n_rows, 1), 0 },
		{ "paths", p->automaton.n_exact + 1, 0 },
		{ "objects", MAX(p->n_objects, 1), 0 },
		{ "learned_objects", s->options.programs_max, 0 },
	};
	const struct map_size tasks = { "tasks", s->options.tasks_max, 0 };
	struct bpf_map *sets = bpf_object__find_map_by_name(s->object, "sets");
	int r = set_constants(s, p);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(sizes); i++)
		r = size_map(s, &sizes[i]);
	if (r >= 0 && s->build == TL_BUILD_BASE) /* others keep a task's state with the task */
		r = size_map(s, &tasks);
	if (r >= 0 && combinations > SETS_AT_ONCE)
		r = bpf_map__set_map_flags(sets, BPF_F_NO_PREALLOC);
	return r;
}

/* ---- Into the maps ---- */

static int install_pids(struct tl_session *s, const struct tl_target_plan *p)
{
	int map = tl_map_fd(s, "pids");

	for (size_t i = 0; i < p->n_pids; i++)
		if (bpf_map_update_elem(map, &p->pids[i].pid, &p->pids[i].terms, BPF_ANY) < 0)
			return tl_fail(s, -errno, "too many pids to follow");
	return 0;
}

static int install_automaton(struct tl_session *s, const struct tl_automaton *a)
{
	int rows = tl_map_fd(s, "automaton"), paths = tl_map_fd(s, "paths");

	for (uint32_t i = 0; i < a->n_rows; i++)
		if (bpf_map_update_elem(rows, &i, &a->rows[i], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' patterns");
	for (size_t i = 0; i < a->n_exact; i++)
		if (bpf_map_update_elem(paths, &a->exact[i].key, &a->exact[i].terms, BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' paths");
	return 0;
}

static int install_objects(struct tl_session *s, const struct tl_target_plan *p)
{
	int map = tl_map_fd(s, "objects");

	for (size_t i = 0; i < p->n_objects; i++)
		if (bpf_map_update_elem(map, &p->objects[i].key, &p->objects[i].value, BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' programs");
	return 0;
}

static int install_registration(struct tl_session *s, const struct tl_registration *g, struct tl_term_wants *wants)
{
	struct tl_override_key key = { .term = g->target, .event = g->event };
	struct tl_override value = { .slot = g->slot, .program_id = g->program_id };

	wants->events[g->event / 64] |= 1ULL << (g->event % 64);
	if (g->slot == g->event && !g->program_id)
		return 0;
	wants->override = 1;
	if (bpf_map_update_elem(tl_map_fd(s, "overrides"), &key, &value, BPF_ANY) < 0)
		return tl_fail(s, -errno, "too many handlers of their own");
	return 0;
}

static int install_wants(struct tl_session *s)
{
	_cleanup_free_ struct tl_term_wants *wants = calloc(MAX(s->n_targets, 1), sizeof(*wants));
	int map = tl_map_fd(s, "wants"), r = wants ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < s->n_registrations; i++)
		r = install_registration(s, &s->registrations[i], &wants[s->registrations[i].target]);
	for (uint32_t t = 0; r >= 0 && t < s->n_targets; t++)
		if (bpf_map_update_elem(map, &t, &wants[t], BPF_ANY) < 0)
			r = -errno;
	return r;
}

static int install_ranges(struct tl_session *s, const struct tl_target_plan *p)
{
	int map = tl_map_fd(s, "ranges");

	for (uint32_t i = 0; i < p->n_ranges; i++)
		if (bpf_map_update_elem(map, &i, &p->ranges[i], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' conditions");
	return 0;
}

static int install_terms(struct tl_session *s, const struct tl_target_plan *p)
{
	int map = tl_map_fd(s, "terms");

	for (uint32_t i = 0; i < p->sets.n_spans; i++) {
		struct tl_terms terms;

		tl_plan_get(p, i, &terms);
		if (bpf_map_update_elem(map, &i, &terms, BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets");
	}
	return 0;
}

/* The machine's: that of process 1, where its own is to be seen. */
static uint32_t mount_namespace(void)
{
	struct stat ns;

	return stat("/proc/1/ns/mnt", &ns) == 0 || stat("/proc/self/ns/mnt", &ns) == 0 ? (uint32_t)ns.st_ino : 0;
}

int tl_targets_install(struct tl_session *s)
{
	const struct tl_target_plan *p = s->target_plan;
	int r;

	if ((r = install_pids(s, p)) < 0 || (r = install_automaton(s, &p->automaton)) < 0 ||
	    (r = install_objects(s, p)) < 0 || (r = install_wants(s)) < 0 || (r = install_ranges(s, p)) < 0 ||
	    (r = install_terms(s, p)) < 0)
		return r;
	memcpy(s->config->class_of, p->automaton.class_of, sizeof(s->config->class_of));
	s->config->exe_start = p->automaton.exe_start;
	s->config->cgroup_start = p->automaton.cgroup_start;
	s->config->exe_none = p->exe_none;
	s->config->cgroup_none = p->cgroup_none;
	s->config->no_cgroups = p->no_cgroups;
	s->config->no_units = p->no_units;
	s->config->pid_none = p->pid_none;
	s->config->executables = p->executables;
	s->config->by_object = p->n_plain > 0;
	s->config->first_mntns = mount_namespace();
	s->config->descendants = p->descendants;
	s->config->nobody = p->nobody;
	for (size_t a = 0; a < TL_ATTRIBUTE_KINDS; a++) {
		s->config->ranges[a].first = p->ranges_of[a].first;
		s->config->ranges[a].n = p->ranges_of[a].n;
	}
	return 0;
}

/* ---- What already runs ---- */

static void add_terms(const struct tl_target_plan *p, uint32_t number, struct tl_terms *to)
{
	struct tl_terms more;

	if (!number)
		return;
	tl_plan_get(p, number, &more);
	for (size_t w = 0; w < p->n_words; w++)
		to->word[w] |= more.word[w];
}

static void keep_terms(const struct tl_target_plan *p, uint32_t number, struct tl_terms *of)
{
	struct tl_terms kept;

	tl_plan_get(p, number, &kept);
	for (size_t w = 0; w < p->n_words; w++)
		of->word[w] &= kept.word[w];
}

/* What the kernel part does for new ones: each directory on the way counts. */
static bool match_cgroup(const struct tl_target_plan *p, char *path, struct tl_terms *ret)
{
	struct tl_terms units;
	bool any = false;

	tl_plan_get(p, p->no_cgroups, ret);
	tl_plan_get(p, p->no_units, &units);
	for (size_t i = 1; path[i - 1]; i++) {
		char saved = path[i];
		uint32_t by_path, by_name, by_id;
		char tail[TL_CONTAINER_TAIL_MAX];

		if (saved != '/' && saved != '\0')
			continue;
		path[i] = '\0';
		by_path = tl_automaton_run(&p->automaton, TL_GLOB_CGROUP, path);
		by_name = tl_automaton_run(&p->automaton, TL_GLOB_UNIT, strrchr(path, '/'));
		tl_container_tail(strrchr(path, '/') + 1, tail);
		by_id = tl_automaton_run(&p->automaton, TL_GLOB_CONTAINER, tail);
		path[i] = saved;
		add_terms(p, by_path, ret);
		add_terms(p, by_path ? by_path + 1 : 0, &units);
		add_terms(p, by_id, ret);
		add_terms(p, by_name, &units);
		any |= by_path || by_name || by_id;
	}
	for (size_t w = 0; w < p->n_words; w++)
		ret->word[w] &= units.word[w];
	return any;
}

static uint32_t terms_of_pid(const struct tl_target_plan *p, uint32_t pid)
{
	for (size_t i = p->n_pids; i-- > 0;) /* the last one overrules */
		if (p->pids[i].pid == pid)
			return p->pids[i].terms;
	return p->pid_none;
}

static uint32_t terms_of_object(const struct tl_target_plan *p, uint32_t pid)
{
	char path[64];
	struct stat facts;

	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	return p->n_objects && stat(path, &facts) == 0 ? tl_plan_object_of(p, &facts) : 0;
}

/* Terms of a process's program, by its path and by its object. */
static void match_program(const struct tl_target_plan *p, uint32_t by_path, uint32_t by_object, struct tl_terms *ret)
{
	tl_plan_get(p, by_path ? by_path : p->exe_none, ret);
	if (by_object && by_path != p->nobody)
		tl_plan_join(p, by_object, ret);
}

bool tl_targets_of(const struct tl_session *s, uint32_t pid, const char *executable, const char *cgroup,
		   struct tl_terms *ret)
{
	const struct tl_target_plan *p = s->target_plan;
	uint32_t by_program = *executable == '/' ? tl_automaton_run(&p->automaton, TL_GLOB_EXECUTABLE, executable) : 0;
	uint32_t by_object = terms_of_object(p, pid), by_pid = terms_of_pid(p, pid);
	struct tl_terms found, programs;
	char path[PATH_MAX];

	if (*cgroup == '/' && snprintf(path, sizeof(path), "%s", cgroup) < (int)sizeof(path))
		match_cgroup(p, path, &found);
	else
		tl_plan_get(p, p->cgroup_none, &found);
	match_program(p, by_program, by_object, &programs);
	for (size_t w = 0; w < p->n_words; w++)
		found.word[w] &= programs.word[w];
	keep_terms(p, by_pid, &found);
	*ret = by_object == p->nobody ? (struct tl_terms){} : found;
	return by_program != p->nobody && by_object != p->nobody && by_pid != p->nobody;
}

static int mark_cgroup(uint64_t id, const char *path, void *userdata)
{
	_cleanup_free_ char *copy = strdup(path);
	struct tl_session *s = userdata;
	struct tl_terms terms;

	/* It may have gone by the time that an event of it is read. */
	if (!copy || tl_cgroups_add(s->cgroups, id, path) < 0)
		return -ENOMEM;
	if (!match_cgroup(s->target_plan, copy, &terms) ||
	    bpf_map_update_elem(tl_map_fd(s, "cgroups"), &id, &terms, BPF_ANY) >= 0)
		return 0;
	if (errno != E2BIG && errno != ENOMEM)
		return -errno;
	s->n_cgroups_refused++; /* as the kernel part refuses a new one */
	return 0;
}

/* What the kernel part kept of a new cgroup. */
static bool kept_name(uint64_t id, char *ret_path, void *userdata)
{
	const struct tl_session *s = userdata;
	char name[TL_CGROUP_NAME_MAX];

	if (bpf_map_lookup_elem(tl_map_fd(s, "cgroup_names"), &id, name) < 0 || *name != '/')
		return false;
	snprintf(ret_path, TL_CGROUP_PATH_MAX, "%.*s", (int)sizeof(name) - 1, name);
	return true;
}

bool tl_targets_cgroup_is(struct tl_session *s, uint64_t id, const struct tl_terms *terms)
{
	char path[TL_CGROUP_PATH_MAX];
	struct tl_terms found;

	if (!kept_name(id, path, s))
		snprintf(path, sizeof(path), "%s", tl_cgroups_find(s->cgroups, id)->path);
	return !*path || (match_cgroup(s->target_plan, path, &found) &&
			  memcmp(&found, terms, s->target_plan->n_words * sizeof(*found.word)) == 0);
}

void tl_targets_remember_cgroups(struct tl_session *s)
{
	if (s->cgroups)
		tl_cgroups_set_memory(s->cgroups, kept_name, s);
}

/* Runs the iterator; `each` is called for every task that is followed. *ret_refused: tasks for whose state the kernel
 * had no memory. */
static int iterate_once(struct tl_session *s,
			void (*each)(struct tl_session *s, const struct tl_marked *m, void *userdata), void *userdata,
			uint64_t *ret_refused)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, "tl_mark");
	struct tl_marked marked[128];
	_cleanup_close_ int link = -1, iterator = -1;
	size_t have = 0;
	ssize_t n;

	*ret_refused = 0;
	link = program ? bpf_link_create(tl_program_fd_of(s, program), 0, BPF_TRACE_ITER, NULL) : -ENOENT;
	if (link < 0)
		return tl_fail(s, link, "cannot go through the running tasks: %s", strerror(-link));
	iterator = bpf_iter_create(link);
	if (iterator < 0)
		return tl_fail(s, -errno, "cannot go through the running tasks: %s", strerror(errno));
	while ((n = read(iterator, (char *)marked + have, sizeof(marked) - have)) != 0) {
		size_t whole;

		if (n < 0) {
			if (errno == EAGAIN || errno == EINTR)
				continue;
			return tl_fail(s, -errno, "going through the running tasks failed: %s", strerror(errno));
		}
		have += n;
		whole = have / sizeof(marked[0]);
		for (size_t i = 0; i < whole; i++) {
			*ret_refused += marked[i].refused;
			if (!marked[i].refused)
				each(s, &marked[i], userdata);
		}
		have -= whole * sizeof(marked[0]);
		memmove(marked, &marked[whole], have);
	}
	return 0;
}

static void count_refused(struct tl_session *s, uint64_t refused)
{
	if (refused)
		__atomic_fetch_add(&s->refusals[TL_REFUSED_TASK_STATE], refused, __ATOMIC_RELAXED);
}

/* The kernel allocates without waiting, so it may have memory a moment later. */
#define TL_AGAIN_MAX 20
#define TL_AGAIN_NS (5 * 1000 * 1000L)

/* Same, again while some are refused, which may call `each` again; who is refused in the end is counted. */
static int iterate(struct tl_session *s, void (*each)(struct tl_session *s, const struct tl_marked *m, void *userdata),
		   void *userdata)
{
	uint64_t refused;
	int r = iterate_once(s, each, userdata, &refused);

	for (unsigned again = 0; r >= 0 && refused && again < TL_AGAIN_MAX; again++) {
		nanosleep(&(struct timespec){ .tv_nsec = TL_AGAIN_NS }, NULL);
		r = iterate_once(s, each, userdata, &refused);
	}
	if (r >= 0)
		count_refused(s, refused);
	return r;
}

/* Processes that run already are looked up while they can be. */
static void remember(struct tl_session *s, const struct tl_marked *m, void *userdata)
{
	bool *changed = userdata;

	*changed |= m->changed;
	if (m->changed && m->set && m->pid == m->tid)
		tl_processes_get(s->processes, m->pid, m->start, "");
}

/* Each round carries what descendants inherit at least one generation further, and
 * finds those whose parent was not marked yet when they were born. */
#define TL_GENERATIONS_MAX 1000

static int mark_tasks(struct tl_session *s)
{
	bool changed = true;
	int r = 0;

	for (int round = 0; r >= 0 && changed && round < TL_GENERATIONS_MAX; round++) {
		changed = false;
		r = iterate(s, remember, &changed);
	}
	return r;
}

int tl_targets_mark(struct tl_session *s)
{
	bool by_cgroup = false;
	int r;

	tl_targets_remember_cgroups(s);
	for (size_t t = 0; t < s->n_targets; t++)
		by_cgroup |= s->targets[t].n_cgroups + s->targets[t].n_units > 0;
	if (by_cgroup) {
		if (!s->cgroups)
			return tl_fail(s, -EOPNOTSUPP, "cgroups: %s", tl_session_cgroups(s));
		r = tl_cgroups_walk(s->cgroups, mark_cgroup, s);
		if (r < 0)
			return tl_fail(s, r, "cannot go through the cgroups: %s", strerror(-r));
	}
	return mark_tasks(s);
}

int tl_targets_mark_again(struct tl_session *s)
{
	return mark_tasks(s);
}

static void remember_all(struct tl_session *s, const struct tl_marked *m, void *userdata)
{
	(void)userdata;
	if (m->set && m->pid == m->tid)
		tl_processes_get(s->processes, m->pid, m->start, "");
}

int tl_targets_adopt(struct tl_session *s, uint32_t *reader)
{
	const bool knows_pids = tl_guard_knows_pids(s);
	int r;

	/* Whoever gets the number next is like others, also if this process comes no further. */
	bpf_map_delete_elem(tl_map_fd(s, "pids"), reader);
	*reader = (uint32_t)getpid();
	r = install_pids(s, s->target_plan);
	if (knows_pids)
		tl_guard_note_pids(s);
	if (r >= 0)
		r = tl_targets_mark(s);
	return r < 0 ? r : iterate(s, remember_all, NULL);
}

int tl_session_follow(struct tl_session *s, uint32_t target, uint32_t pid)
{
	if (!s->started || target >= s->n_targets)
		return tl_fail(s, -EINVAL, "no such target, or not started");
	if (bpf_map_update_elem(tl_map_fd(s, "pids"), &pid, &s->target_plan->only[target], BPF_ANY) < 0)
		return tl_fail(s, -errno, "cannot follow process %u: %s", pid, strerror(errno));
	tl_guard_note_pids(s);
	return mark_tasks(s);
}

struct count {
	uint32_t target;
	int64_t n;
};

static void count_task(struct tl_session *s, const struct tl_marked *m, void *userdata)
{
	const struct tl_known_set *set = tl_set_find(s, m->set);
	struct count *count = userdata;

	if (set && set->targets[count->target / 64] >> (count->target % 64) & 1)
		count->n++;
}

int64_t tl_session_target_tasks(struct tl_session *s, uint32_t target)
{
	struct count count = { .target = target };
	uint64_t refused;

	if (!s->started || target >= s->n_targets || iterate_once(s, count_task, &count, &refused) < 0)
		return -1;
	count_refused(s, refused);
	return count.n;
}

/* ---- Combinations, as the reader meets them ---- */

const struct tl_known_set *tl_set_find(struct tl_session *s, uint64_t hash)
{
	static uint64_t none[TL_TERM_WORDS_MAX];
	static const struct tl_known_set nobody = { .targets = none };
	struct tl_known_set *known;
	struct tl_set set;

	if (!hash)
		return &nobody;
	/* Few are in use at a time; the one found moves to the front. */
	for (size_t i = 0; i < s->n_sets; i++)
		if (s->sets[i].hash == hash) {
			if (i) {
				struct tl_known_set found = s->sets[i];

				s->sets[i] = s->sets[i / 2];
				s->sets[i / 2] = found;
				return &s->sets[i / 2];
			}
			return &s->sets[0];
		}
	if (bpf_map_lookup_elem(tl_map_fd(s, "sets"), &hash, &set) < 0)
		return NULL;
	if (tl_array_grow(&s->sets, &s->sets_allocated, s->n_sets + 1, sizeof(*s->sets)) < 0)
		return NULL;
	known = &s->sets[s->n_sets];
	*known = (struct tl_known_set){ .hash = hash, .targets = calloc(s->target_plan->n_words, sizeof(uint64_t)) };
	if (!known->targets)
		return NULL;
	memcpy(known->targets, set.terms.word, s->target_plan->n_words * sizeof(uint64_t));
	memcpy(known->events, set.events, sizeof(set.events));
	s->n_sets++;
	return known;
}

/* As the kernel part does it. */
static uint64_t hash_terms(const struct tl_terms *terms, size_t n_words)
{
	uint64_t hash = TL_FNV_BASIS;

	for (size_t w = 0; w < n_words; w++) {
		hash = (hash ^ terms->word[w]) * TL_FNV_PRIME;
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

bool tl_set_is(const struct tl_session *s, uint64_t hash, const struct tl_set *set)
{
	uint64_t events[TL_EVENT_WORDS] = { 0 };

	for (size_t i = 0; i < s->n_registrations; i++) {
		const struct tl_registration *g = &s->registrations[i];

		if (set->terms.word[g->target / 64] >> (g->target % 64) & 1)
			events[g->event / 64] |= 1ULL << (g->event % 64);
	}
	return hash == hash_terms(&set->terms, s->target_plan->n_words) && memcmp(events, set->events, sizeof(events)) == 0;
}

size_t tl_targets_words(const struct tl_session *s)
{
	return s->target_plan ? s->target_plan->n_words : 0; /* none: nothing was planned yet */
}

void tl_sets_free(struct tl_session *s)
{
	for (size_t i = 0; i < s->n_sets; i++)
		free(s->sets[i].targets);
	free(s->sets);
}
