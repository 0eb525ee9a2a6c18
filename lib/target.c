// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Targets as the kernel part works with them. Target number t is term t. Each
 * dimension (executable, cgroup, pid) maps what it sees to a set of terms that
 * it does not rule out; sets are kept once each, and known by their number.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "glob.h"
#include "session.h"
#include "util.h"

enum glob_of { OF_EXECUTABLE, OF_CGROUP, OF_UNIT, OF_OTHER_EXECUTABLE, OF_KINDS };

struct tl_target_plan {
	struct tl_terms *sets;
	uint32_t n_sets;
	struct tl_automaton automaton;
	uint32_t descendants, exe_none, cgroup_none, pid_none; /* numbers of sets */
	uint32_t no_cgroups, no_units;
	uint32_t only[TL_TERMS_MAX]; /* pid_none and the target: for pids named later */
	struct tl_test_row *rows; /* of all tests, one after the other */
	size_t n_rows;
	struct {
		size_t first, n; /* rows */
		struct tl_terms terms[2]; /* not ruled out if it does not hold, if it does */
	} tests[TL_TESTS_MAX];
	uint32_t n_tests;
	struct tl_session *session;
	bool failed;
};

static void set_bit(struct tl_terms *terms, uint32_t t)
{
	terms->word[t / 64] |= 1ULL << (t % 64);
}

/* Number of a new set; UINT32_MAX without memory. Number 0 is empty, since 0
 * says in the automaton that nothing matches. */
static uint32_t append(struct tl_target_plan *p, const struct tl_terms *terms)
{
	struct tl_terms *grown;

	if ((p->n_sets & (p->n_sets - 1)) == 0) {
		grown = reallocarray(p->sets, p->n_sets ? 2 * (size_t)p->n_sets : 1, sizeof(*terms));
		if (!grown) {
			p->failed = true;
			return UINT32_MAX;
		}
		p->sets = grown;
	}
	p->sets[p->n_sets] = *terms;
	return p->n_sets++;
}

/* Number of a set, a new one if needed. */
static uint32_t intern(struct tl_target_plan *p, const struct tl_terms *terms)
{
	for (uint32_t i = 0; i < p->n_sets; i++)
		if (memcmp(&p->sets[i], terms, sizeof(*terms)) == 0)
			return i;
	return append(p, terms);
}

static bool is_root(const char *glob)
{
	return strspn(glob, "/") == strlen(glob);
}

/* Of the targets' lists of cgroups: whether they name the root, and so all. */
static bool names_root(const struct tl_target *target)
{
	for (size_t i = 0; i < target->n_cgroups; i++)
		if (is_root(target->cgroups[i]))
			return true;
	return false;
}

/* Terms without a condition of that kind. */
static struct tl_terms unconcerned(const struct tl_session *s, enum glob_of of)
{
	struct tl_terms terms = {};

	for (uint32_t t = 0; t < s->n_targets; t++) {
		const struct tl_target *target = &s->targets[t];

		if (of == OF_EXECUTABLE ? !target->n_executables :
		    of == OF_CGROUP	? !target->n_cgroups || names_root(target) :
					  !target->n_units)
			set_bit(&terms, t);
	}
	return terms;
}

/* Called for each set of globs that some path matches. A glob's id is its
 * target and which of the target's lists it is from. For cgroups two sets in a
 * row come out: what matched by cgroups, what by units; the directories on a
 * path's way add up. */
static uint32_t terms_of_globs(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	struct tl_target_plan *p = userdata;
	struct tl_terms executables = unconcerned(p->session, OF_EXECUTABLE), others = {}, cgroups = {}, units = {};
	uint32_t number;

	for (size_t i = 0; i < n; i++)
		set_bit(ids[i] % OF_KINDS == OF_EXECUTABLE	 ? &executables :
			ids[i] % OF_KINDS == OF_OTHER_EXECUTABLE ? &others :
			ids[i] % OF_KINDS == OF_CGROUP		 ? &cgroups :
								   &units,
			ids[i] / OF_KINDS);
	for (int w = 0; w < TL_TERM_WORDS; w++)
		executables.word[w] &= ~others.word[w];
	/* Whom every target leaves out has a set, an empty one: number 0 would say that no glob matched. */
	if (kind == TL_GLOB_EXECUTABLE)
		return intern(p, &executables) ?: append(p, &executables);
	number = append(p, &cgroups);
	append(p, &units);
	return number;
}

static int add_executables(struct tl_session *s, struct tl_globs *globs, uint32_t t, char *const *executables, size_t n,
			   enum glob_of of)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		r = tl_globs_add(globs, TL_GLOB_EXECUTABLE, executables[i], false, t * OF_KINDS + of);
		if (r < 0)
			return tl_fail(s, r, "target %s: '%s': %s", s->targets[t].name, executables[i],
				       tl_globs_error(globs));
	}
	return 0;
}

static int add_globs(struct tl_session *s, struct tl_globs *globs, uint32_t t)
{
	const struct tl_target *target = &s->targets[t];
	int r;

	if ((r = add_executables(s, globs, t, target->executables, target->n_executables, OF_EXECUTABLE)) < 0 ||
	    (r = add_executables(s, globs, t, target->not_executables, target->n_not_executables,
				 OF_OTHER_EXECUTABLE)) < 0)
		return r;
	for (size_t i = 0; i < target->n_cgroups; i++) {
		if (is_root(target->cgroups[i]))
			continue;
		r = tl_globs_add(globs, TL_GLOB_CGROUP, target->cgroups[i], false, t * OF_KINDS + OF_CGROUP);
		if (r < 0)
			return tl_fail(s, r, "target %s: '%s': %s", target->name, target->cgroups[i],
				       tl_globs_error(globs));
	}
	for (size_t i = 0; i < target->n_units; i++) {
		_cleanup_free_ char *glob = NULL;

		r = tl_glob_from_unit(target->units[i], &glob);
		if (r >= 0)
			r = tl_globs_add(globs, TL_GLOB_CGROUP, glob, false, t * OF_KINDS + OF_UNIT);
		if (r < 0)
			return tl_fail(s, r, "target %s: '%s' is not a usable unit name", target->name,
				       target->units[i]);
	}
	return 0;
}

static int plan_globs(struct tl_session *s, struct tl_target_plan *p)
{
	struct tl_globs *globs = NULL;
	int r = tl_globs_new(&globs);

	for (uint32_t t = 0; r >= 0 && t < s->n_targets; t++)
		r = add_globs(s, globs, t);
	if (r >= 0) {
		r = tl_globs_build(globs, terms_of_globs, p, &p->automaton);
		if (r < 0)
			tl_fail(s, r, "the targets' patterns cannot be used: %s", tl_globs_error(globs));
	}
	tl_globs_free(globs);
	return r;
}

/* ---- Tests of attributes ---- */

/* The bytes of a name that count: all with the NUL, or what stands before '*'. A
 * name's rest in the kernel may be left over from a longer one. */
static void comm_row(struct tl_test_row *row, const char *pattern)
{
	char text[TL_COMM_LEN] = "", mask[TL_COMM_LEN] = "";
	size_t n = strnlen(pattern, TL_COMM_LEN);
	bool begins = n && pattern[n - 1] == '*';

	if (begins)
		n--;
	memcpy(text, pattern, MIN(n, sizeof(text) - 1));
	memset(mask, 0xff, MIN(begins ? n : n + 1, sizeof(mask)));
	memcpy(&row->low, text, sizeof(row->low));
	memcpy(&row->high, text + sizeof(row->low), sizeof(row->high));
	memcpy(row->mask, mask, sizeof(mask));
}

static struct tl_test_row row_of(const struct tl_condition *c)
{
	struct tl_test_row row = { .attribute = c->attribute, .low = c->low, .high = c->high };

	if (c->attribute == TL_ATTRIBUTE_COMM)
		comm_row(&row, c->comm);
	return row;
}

/* Number of the test of the last n rows, which are dropped if it was there. */
static int intern_test(struct tl_session *s, struct tl_target_plan *p, size_t n)
{
	const struct tl_test_row *last = p->rows + p->n_rows - n;
	struct tl_terms all;

	for (uint32_t test = 0; test < p->n_tests; test++) {
		size_t same = 0;

		while (p->tests[test].n == n && same < n) {
			struct tl_test_row row = p->rows[p->tests[test].first + same];

			row.test = 0;
			if (memcmp(&row, &last[same], sizeof(row)) != 0)
				break;
			same++;
		}
		if (same < n)
			continue;
		p->n_rows -= n;
		return test;
	}
	if (p->n_tests == TL_TESTS_MAX)
		return tl_fail(s, -E2BIG, "more than %d different conditions of targets", TL_TESTS_MAX);
	for (size_t i = p->n_rows - n; i < p->n_rows; i++)
		p->rows[i].test = p->n_tests;
	memset(&all, 0xff, sizeof(all));
	p->tests[p->n_tests].first = p->n_rows - n;
	p->tests[p->n_tests].n = n;
	p->tests[p->n_tests].terms[0] = p->tests[p->n_tests].terms[1] = all;
	return p->n_tests++;
}

/* The target's conditions on one attribute are one test: that one of them holds. */
static int add_test(struct tl_session *s, struct tl_target_plan *p, uint32_t t, enum tl_attribute attribute,
		    bool negative)
{
	const struct tl_target *target = &s->targets[t];
	size_t most = s->build == TL_BUILD_BASE ? TL_BASE_TEST_ROWS_MAX : TL_TEST_ROWS_MAX, n = 0;
	int test;

	for (size_t i = 0; i < target->n_conditions; i++) {
		const struct tl_condition *c = &target->conditions[i];
		struct tl_test_row *grown;

		if (c->attribute != attribute || c->negative != negative)
			continue;
		if (p->n_rows == most)
			return tl_fail(s, -E2BIG, "target %s: more than %zu conditions on users and names",
				       target->name, most);
		grown = reallocarray(p->rows, p->n_rows + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->rows = grown;
		p->rows[p->n_rows++] = row_of(c);
		n++;
	}
	if (!n)
		return 0;
	test = intern_test(s, p, n);
	if (test < 0)
		return test;
	p->tests[test].terms[negative].word[t / 64] &= ~(1ULL << (t % 64));
	return 0;
}

static int plan_tests(struct tl_session *s, struct tl_target_plan *p)
{
	int r = 0;

	for (uint32_t t = 0; t < s->n_targets; t++)
		for (enum tl_attribute a = 0; r >= 0 && a < TL_ATTRIBUTES; a++) {
			r = add_test(s, p, t, a, false);
			if (r >= 0)
				r = add_test(s, p, t, a, true);
		}
	return r;
}

int tl_targets_plan(struct tl_session *s)
{
	struct tl_terms descendants = {}, pid_none = {}, terms, units;
	struct tl_target_plan *p = calloc(1, sizeof(*p));
	uint32_t most = s->build == TL_BUILD_BASE ? TL_BASE_TERMS_MAX : TL_TERMS_MAX;
	int r;

	if (!p)
		return -ENOMEM;
	s->target_plan = p;
	p->session = s;
	if (s->n_targets > most)
		return tl_fail(s, -E2BIG, "%zu targets are more than the %u that this kernel allows", s->n_targets,
			       most);
	for (uint32_t t = 0; t < s->n_targets; t++) {
		if (s->targets[t].descendants)
			set_bit(&descendants, t);
		if (!s->targets[t].n_pids)
			set_bit(&pid_none, t);
	}
	append(p, &(struct tl_terms){});
	p->descendants = intern(p, &descendants);
	p->pid_none = intern(p, &pid_none);
	terms = unconcerned(s, OF_EXECUTABLE);
	p->exe_none = intern(p, &terms);
	terms = unconcerned(s, OF_CGROUP);
	p->no_cgroups = intern(p, &terms);
	units = unconcerned(s, OF_UNIT);
	p->no_units = intern(p, &units);
	for (int w = 0; w < TL_TERM_WORDS; w++)
		terms.word[w] &= units.word[w];
	p->cgroup_none = intern(p, &terms);
	for (uint32_t t = 0; t < s->n_targets; t++) {
		terms = pid_none;
		set_bit(&terms, t);
		p->only[t] = intern(p, &terms);
	}
	if ((r = plan_globs(s, p)) < 0 || (r = plan_tests(s, p)) < 0)
		return r;
	/* Pids named by several targets need sets of their own: one each at most. */
	return p->failed ? -ENOMEM : 0;
}

static size_t count_pids(const struct tl_session *s)
{
	size_t n = 0;

	for (size_t t = 0; t < s->n_targets; t++)
		n += s->targets[t].n_pids;
	return n;
}

struct tl_target_sizes tl_targets_sizes(const struct tl_session *s)
{
	const struct tl_target_plan *p = s->target_plan;

	return (struct tl_target_sizes){
		.terms = p->n_sets + count_pids(s) + 1,
		.rows = p->automaton.n_rows ? p->automaton.n_rows : 1,
		.paths = p->automaton.n_exact + 1,
		.test_rows = p->n_rows ? p->n_rows : 1,
		.test_terms = p->n_tests ? 2 * p->n_tests : 2,
	};
}

void tl_targets_free(struct tl_session *s)
{
	if (!s->target_plan)
		return;
	tl_automaton_done(&s->target_plan->automaton);
	free(s->target_plan->sets);
	free(s->target_plan->rows);
	free(s->target_plan);
	s->target_plan = NULL;
}

/* ---- Into the maps ---- */

static int install_pids(struct tl_session *s, struct tl_target_plan *p)
{
	int map = tl_map_fd(s, "pids");
	uint32_t none;

	for (size_t t = 0; t < s->n_targets; t++)
		for (size_t i = 0; i < s->targets[t].n_pids; i++) {
			uint32_t pid = s->targets[t].pids[i], number;
			struct tl_terms terms = p->sets[p->pid_none];

			for (size_t u = 0; u < s->n_targets; u++)
				for (size_t j = 0; j < s->targets[u].n_pids; j++)
					if (s->targets[u].pids[j] == pid)
						set_bit(&terms, u);
			number = intern(p, &terms);
			if (bpf_map_update_elem(map, &pid, &number, BPF_ANY) < 0)
				return tl_fail(s, -errno, "too many pids to follow");
		}
	none = intern(p, &(struct tl_terms){});
	for (size_t i = 0; i < s->n_untracked; i++)
		if (bpf_map_update_elem(map, &s->untracked[i], &none, BPF_ANY) < 0)
			return -errno;
	return p->failed ? -ENOMEM : 0;
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

static int install_wants(struct tl_session *s)
{
	int wants_map = tl_map_fd(s, "wants"), overrides = tl_map_fd(s, "overrides");

	for (uint32_t t = 0; t < s->n_targets; t++) {
		struct tl_term_wants wants = {};

		for (size_t i = 0; i < s->n_registrations; i++) {
			const struct tl_registration *g = &s->registrations[i];
			struct tl_override_key key = { .term = t, .event = g->event };
			struct tl_override value = { .slot = g->slot, .program_id = g->program_id };

			if (g->target != t)
				continue;
			wants.events[g->event / 64] |= 1ULL << (g->event % 64);
			if (g->slot == g->event && !g->program_id)
				continue;
			wants.override = 1;
			if (bpf_map_update_elem(overrides, &key, &value, BPF_ANY) < 0)
				return tl_fail(s, -errno, "too many handlers of their own");
		}
		if (bpf_map_update_elem(wants_map, &t, &wants, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

static int install_tests(struct tl_session *s, const struct tl_target_plan *p)
{
	int rows = tl_map_fd(s, "test_rows"), terms = tl_map_fd(s, "test_terms"), blank = tl_map_fd(s, "blank_outcome");
	struct tl_outcome all = {};
	uint32_t zero = 0;

	for (uint32_t i = 0; i < p->n_rows; i++)
		if (bpf_map_update_elem(rows, &i, &p->rows[i], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' conditions");
	for (uint32_t i = 0; i < 2 * p->n_tests; i++)
		if (bpf_map_update_elem(terms, &i, &p->tests[i / 2].terms[i % 2], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets' conditions");
	memset(&all.terms, 0xff, sizeof(all.terms));
	return bpf_map_update_elem(blank, &zero, &all, BPF_ANY) < 0 ? -errno : 0;
}

int tl_targets_install(struct tl_session *s)
{
	struct tl_target_plan *p = s->target_plan;
	int terms = tl_map_fd(s, "terms"), r;

	if ((r = install_pids(s, p)) < 0 || (r = install_automaton(s, &p->automaton)) < 0 ||
	    (r = install_wants(s)) < 0 || (r = install_tests(s, p)) < 0)
		return r;
	for (uint32_t i = 0; i < p->n_sets; i++)
		if (bpf_map_update_elem(terms, &i, &p->sets[i], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the targets");
	memcpy(s->config->class_of, p->automaton.class_of, sizeof(s->config->class_of));
	s->config->exe_start = p->automaton.exe_start;
	s->config->cgroup_start = p->automaton.cgroup_start;
	s->config->exe_none = p->exe_none;
	s->config->cgroup_none = p->cgroup_none;
	s->config->no_cgroups = p->no_cgroups;
	s->config->no_units = p->no_units;
	s->config->pid_none = p->pid_none;
	s->config->descendants = p->descendants;
	s->config->n_terms = s->n_targets;
	s->config->n_tests = p->n_tests;
	s->config->n_test_rows = p->n_rows;
	s->config->self = getpid();
	return 0;
}

/* ---- What already runs ---- */

/* What the kernel part does for new ones: each directory on the way counts. */
static bool match_cgroup(const struct tl_target_plan *p, char *path, struct tl_terms *ret)
{
	struct tl_terms cgroups = {}, units = {};
	uint64_t any = 0;

	for (size_t i = 1; path[i - 1]; i++) {
		char saved = path[i];
		uint32_t number;

		if (saved != '/' && saved != '\0')
			continue;
		path[i] = '\0';
		number = tl_automaton_run(&p->automaton, TL_GLOB_CGROUP, path);
		path[i] = saved;
		for (int w = 0; number && w < TL_TERM_WORDS; w++) {
			cgroups.word[w] |= p->sets[number].word[w];
			units.word[w] |= p->sets[number + 1].word[w];
		}
	}
	for (int w = 0; w < TL_TERM_WORDS; w++) {
		any |= cgroups.word[w] | units.word[w];
		ret->word[w] = (cgroups.word[w] | p->sets[p->no_cgroups].word[w]) &
			       (units.word[w] | p->sets[p->no_units].word[w]);
	}
	return any;
}

void tl_targets_of(const struct tl_session *s, uint32_t pid, const char *executable, const char *cgroup,
		   struct tl_terms *ret)
{
	const struct tl_target_plan *p = s->target_plan;
	uint32_t number = *executable == '/' ? tl_automaton_run(&p->automaton, TL_GLOB_EXECUTABLE, executable) : 0;
	struct tl_terms terms = p->sets[number ? number : p->exe_none], cgroups = p->sets[p->cgroup_none];
	char path[PATH_MAX];

	if (*cgroup == '/' && snprintf(path, sizeof(path), "%s", cgroup) < (int)sizeof(path))
		match_cgroup(p, path, &cgroups);
	for (uint32_t t = 0; t < s->n_targets; t++) {
		const struct tl_target *target = &s->targets[t];
		bool named = !target->n_pids;

		for (size_t i = 0; i < target->n_pids; i++)
			named |= target->pids[i] == pid;
		if (!named)
			terms.word[t / 64] &= ~(1ULL << (t % 64));
	}
	for (int w = 0; w < TL_TERM_WORDS; w++)
		terms.word[w] &= cgroups.word[w];
	for (size_t i = 0; i < s->n_untracked; i++)
		if (s->untracked[i] == pid)
			terms = (struct tl_terms){};
	*ret = terms;
}

static int mark_cgroup(uint64_t id, const char *path, void *userdata)
{
	_cleanup_free_ char *copy = strdup(path);
	struct tl_session *s = userdata;
	struct tl_terms terms;

	if (!copy)
		return -ENOMEM;
	if (!match_cgroup(s->target_plan, copy, &terms))
		return 0;
	return bpf_map_update_elem(tl_map_fd(s, "cgroups"), &id, &terms, BPF_ANY) < 0 ? -errno : 0;
}

/* Runs the iterator; `each` is called for every task that is followed. */
static int iterate(struct tl_session *s, void (*each)(struct tl_session *s, const struct tl_marked *m, void *userdata),
		   void *userdata)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, "tl_mark");
	struct tl_marked marked[128];
	_cleanup_close_ int link = -1, iterator = -1;
	size_t have = 0;
	ssize_t n;

	link = program ? bpf_link_create(bpf_program__fd(program), 0, BPF_TRACE_ITER, NULL) : -ENOENT;
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
		for (size_t i = 0; each && i < whole; i++)
			each(s, &marked[i], userdata);
		have -= whole * sizeof(marked[0]);
		memmove(marked, &marked[whole], have);
	}
	return 0;
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

	for (size_t t = 0; t < s->n_targets; t++)
		by_cgroup |= s->targets[t].n_cgroups + s->targets[t].n_units > 0;
	if (by_cgroup) {
		if (!s->cgroups)
			return tl_fail(s, -EOPNOTSUPP, "cgroup v2 is not mounted: targets by cgroup or unit need it");
		r = tl_cgroups_walk(s->cgroups, mark_cgroup, s);
		if (r < 0)
			return tl_fail(s, r, "cannot go through the cgroups: %s", strerror(-r));
	}
	return mark_tasks(s);
}

int tl_session_follow(struct tl_session *s, uint32_t target, uint32_t pid)
{
	if (!s->started || target >= s->n_targets)
		return tl_fail(s, -EINVAL, "no such target, or not started");
	if (bpf_map_update_elem(tl_map_fd(s, "pids"), &pid, &s->target_plan->only[target], BPF_ANY) < 0)
		return tl_fail(s, -errno, "cannot follow process %u: %s", pid, strerror(errno));
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

	if (!s->started || target >= s->n_targets || iterate(s, count_task, &count) < 0)
		return -1;
	return count.n;
}

/* ---- Combinations, as the reader meets them ---- */

const struct tl_known_set *tl_set_find(struct tl_session *s, uint64_t hash)
{
	static const struct tl_known_set nobody;
	struct tl_known_set *grown;
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
	if (s->n_sets == s->sets_allocated) {
		grown = reallocarray(s->sets, s->sets_allocated + 64, sizeof(*grown));
		if (!grown)
			return NULL;
		s->sets = grown;
		s->sets_allocated += 64;
	}
	s->sets[s->n_sets].hash = hash;
	memcpy(s->sets[s->n_sets].targets, set.terms.word, sizeof(set.terms.word));
	memcpy(s->sets[s->n_sets].events, set.events, sizeof(set.events));
	return &s->sets[s->n_sets++];
}
