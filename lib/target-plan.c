// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Targets as the kernel part works with them. Target number t is term t. Each
 * dimension (executable, cgroup, pid, attributes) maps what it sees to a set of
 * terms that it does not rule out; sets are kept once each, and known by their
 * number.
 */
#include "target-plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "container-globs.h"
#include "util.h"

enum glob_of { OF_EXECUTABLE, OF_CGROUP, OF_UNIT, OF_OTHER_EXECUTABLE, OF_UNTRACKED, OF_KINDS };

/* Number of a set, a new one if there is none of that mark yet; UINT32_MAX without memory. */
static uint32_t number_of(struct tl_target_plan *p, const struct tl_terms *terms, uint64_t mark)
{
	uint64_t words[1 + TL_TERM_WORDS_MAX] = { mark };
	uint32_t number;

	memcpy(words + 1, terms->word, p->n_words * sizeof(*words));
	if (tl_word_sets_intern(&p->sets, (const uint32_t *)words, (uint32_t)(2 * (1 + p->n_words)), &number) == 0)
		return number;
	p->failed = true;
	return UINT32_MAX;
}

uint32_t tl_plan_intern(struct tl_target_plan *p, const struct tl_terms *terms)
{
	return number_of(p, terms, 0);
}

uint32_t tl_plan_append(struct tl_target_plan *p, const struct tl_terms *terms)
{
	return number_of(p, terms, ++p->n_appended);
}

uint32_t tl_plan_dimension(struct tl_target_plan *p, const struct tl_terms *terms)
{
	/* Whom every target leaves out has a set, an empty one: number 0 would say that nothing matched. */
	return tl_plan_intern(p, terms) ?: tl_plan_append(p, terms);
}

void tl_plan_get(const struct tl_target_plan *p, uint32_t number, struct tl_terms *ret)
{
	uint32_t n;
	const uint32_t *words = tl_word_sets_get(&p->sets, number, &n);

	memcpy(ret->word, words + 2, p->n_words * sizeof(ret->word[0]));
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
			tl_terms_set(&terms, t);
	}
	return terms;
}

/* Called for each set of globs that some path matches. A glob's id is its
 * target and which of the target's lists it is from. For cgroups two sets in a
 * row come out: what matched by cgroups, what by units; the directories on a
 * path's way add up. A unit's plain name has but the second. */
static uint32_t terms_of_globs(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata)
{
	struct tl_target_plan *p = userdata;
	struct tl_terms executables = p->no_executables, others = {}, cgroups = {}, units = {};
	uint32_t number;

	for (size_t i = 0; i < n; i++) {
		if (ids[i] % OF_KINDS == OF_UNTRACKED)
			return p->nobody;
		tl_terms_set(ids[i] % OF_KINDS == OF_EXECUTABLE	      ? &executables :
			     ids[i] % OF_KINDS == OF_OTHER_EXECUTABLE ? &others :
			     ids[i] % OF_KINDS == OF_CGROUP	      ? &cgroups :
									&units,
			     ids[i] / OF_KINDS);
	}
	for (size_t w = 0; w < p->n_words; w++)
		executables.word[w] &= ~others.word[w];
	if (kind == TL_GLOB_EXECUTABLE)
		return tl_plan_dimension(p, &executables);
	if (kind == TL_GLOB_UNIT)
		return tl_plan_intern(p, &units);
	number = tl_plan_append(p, &cgroups);
	tl_plan_append(p, &units);
	return number;
}

/* A path of a program, by its own name and by the one that its symbolic links lead to. */
static int add_program(struct tl_target_plan *p, struct tl_globs *globs, const char *glob, unsigned id)
{
	char path[PATH_MAX], escaped[2 * PATH_MAX];
	_cleanup_free_ char *plain = NULL;
	size_t n = 0;
	int r = tl_globs_add(globs, TL_GLOB_EXECUTABLE, glob, false, id);

	if (r >= 0)
		r = tl_glob_plain_path(glob, &plain);
	if (r < 0 || !plain)
		return r;
	p->n_plain++;
	r = tl_plan_object(p, plain, path);
	if (r <= 0 || strcmp(path, plain) == 0)
		return r;
	for (const char *c = path; *c; c++) {
		if (strchr("*?[]\\", *c))
			escaped[n++] = '\\';
		escaped[n++] = *c;
	}
	escaped[n] = '\0';
	return tl_globs_add(globs, TL_GLOB_EXECUTABLE, escaped, false, id);
}

static int add_executables(struct tl_session *s, struct tl_globs *globs, uint32_t t, char *const *executables, size_t n,
			   enum glob_of of)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		r = add_program(s->target_plan, globs, executables[i], t * OF_KINDS + of);
		if (r < 0)
			return tl_fail(s, r, "target %s: '%s': %s", s->targets[t].name, executables[i],
				       tl_globs_error(globs));
	}
	return 0;
}

/* A container's whole id goes without the automaton, too, whatever its runtime is called. */
static int add_cgroup(struct tl_globs *globs, const char *glob, unsigned id)
{
	char tail[TL_CONTAINER_TAIL_MAX];

	return tl_container_glob_tail(glob, tail) ? tl_globs_add(globs, TL_GLOB_CONTAINER, tail, false, id) :
						    tl_globs_add(globs, TL_GLOB_CGROUP, glob, false, id);
}

/* What is called so anywhere: by the name alone where it is plain, without the automaton. */
static int add_unit(struct tl_globs *globs, const char *glob, unsigned id)
{
	const char *name = strrchr(glob, '/');

	return tl_glob_is_plain(name) ? tl_globs_add(globs, TL_GLOB_UNIT, name, false, id) :
					tl_globs_add(globs, TL_GLOB_CGROUP, glob, false, id);
}

static int add_untracked(struct tl_session *s, struct tl_globs *globs)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->n_untracked_executables; i++) {
		r = add_program(s->target_plan, globs, s->untracked_executables[i], OF_UNTRACKED);
		if (r < 0)
			tl_fail(s, r, "untracked: '%s': %s", s->untracked_executables[i], tl_globs_error(globs));
	}
	return r;
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
		r = add_cgroup(globs, target->cgroups[i], t * OF_KINDS + OF_CGROUP);
		if (r < 0)
			return tl_fail(s, r, "target %s: '%s': %s", target->name, target->cgroups[i],
				       tl_globs_error(globs));
	}
	for (size_t i = 0; i < target->n_units; i++) {
		_cleanup_free_ char *glob = NULL;

		r = tl_glob_from_unit(target->units[i], &glob);
		if (r >= 0)
			r = add_unit(globs, glob, t * OF_KINDS + OF_UNIT);
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
	if (r >= 0)
		r = add_untracked(s, globs);
	if (r >= 0) {
		r = tl_globs_build(globs, terms_of_globs, p, &p->automaton);
		if (r < 0)
			tl_fail(s, r, "the targets' patterns cannot be used: %s", tl_globs_error(globs));
	}
	tl_globs_free(globs);
	if (r >= 0)
		tl_plan_objects(p);
	return r;
}

/* ---- Pids ---- */

struct named_pid {
	uint32_t pid, target;
};

static int compare_pids(const void *a, const void *b)
{
	const struct named_pid *x = a, *y = b;

	return x->pid != y->pid ? (x->pid < y->pid ? -1 : 1) : 0;
}

static size_t count_pids(const struct tl_session *s)
{
	size_t n = 0;

	for (size_t t = 0; t < s->n_targets; t++)
		n += s->targets[t].n_pids;
	return n;
}

static void leave_alone(struct tl_target_plan *p, uint32_t pid)
{
	p->pids[p->n_pids++] = (struct tl_pid_terms){ pid, p->nobody };
}

/* What comes later in the list overrules. */
static int plan_pids(const struct tl_session *s, struct tl_target_plan *p, const struct tl_terms *pid_none)
{
	size_t n_named = count_pids(s), n = 0;
	_cleanup_free_ struct named_pid *named = calloc(n_named + 1, sizeof(*named));

	p->pids = calloc(n_named + s->n_untracked + 1, sizeof(*p->pids));
	if (!named || !p->pids)
		return -ENOMEM;
	for (uint32_t t = 0; t < s->n_targets; t++)
		for (size_t i = 0; i < s->targets[t].n_pids; i++)
			named[n++] = (struct named_pid){ s->targets[t].pids[i], t };
	if (n)
		qsort(named, n, sizeof(*named), compare_pids);
	for (size_t i = 0; i < n;) {
		struct tl_terms terms = *pid_none;
		uint32_t pid = named[i].pid;

		for (; i < n && named[i].pid == pid; i++)
			tl_terms_set(&terms, named[i].target);
		p->pids[p->n_pids++] = (struct tl_pid_terms){ pid, tl_plan_dimension(p, &terms) };
	}
	for (size_t i = 0; i < s->n_untracked; i++)
		leave_alone(p, s->untracked[i]);
	leave_alone(p, (uint32_t)getpid());
	return 0;
}

/* Each target's for pids that are named later. */
static int plan_later_pids(const struct tl_session *s, struct tl_target_plan *p, const struct tl_terms *pid_none)
{
	p->only = calloc(s->n_targets + 1, sizeof(*p->only));
	if (!p->only)
		return -ENOMEM;
	for (uint32_t t = 0; t < s->n_targets; t++) {
		struct tl_terms terms = *pid_none;

		tl_terms_set(&terms, t);
		p->only[t] = tl_plan_dimension(p, &terms);
	}
	return 0;
}

/* ---- All ---- */

static void plan_without_conditions(const struct tl_session *s, struct tl_target_plan *p)
{
	struct tl_terms terms = {}, units;

	p->no_executables = unconcerned(s, OF_EXECUTABLE);
	for (uint32_t t = 0; t < s->n_targets; t++)
		if (s->targets[t].n_executables)
			tl_terms_set(&terms, t);
	p->executables = tl_plan_intern(p, &terms);
	p->exe_none = tl_plan_intern(p, &p->no_executables);
	terms = unconcerned(s, OF_CGROUP);
	p->no_cgroups = tl_plan_intern(p, &terms);
	units = unconcerned(s, OF_UNIT);
	p->no_units = tl_plan_intern(p, &units);
	for (size_t w = 0; w < p->n_words; w++)
		terms.word[w] &= units.word[w];
	p->cgroup_none = tl_plan_intern(p, &terms);
}

int tl_targets_plan(struct tl_session *s)
{
	struct tl_terms descendants = {}, pid_none = {};
	struct tl_target_plan *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	s->target_plan = p;
	p->session = s;
	p->n_words = s->n_targets ? (s->n_targets + 63) / 64 : 1;
	for (uint32_t t = 0; t < s->n_targets; t++) {
		if (s->targets[t].descendants)
			tl_terms_set(&descendants, t);
		if (!s->targets[t].n_pids)
			tl_terms_set(&pid_none, t);
	}
	tl_plan_intern(p, &(struct tl_terms){}); /* number 0 is empty: in the automaton it says that nothing matches */
	p->nobody = tl_plan_append(p, &(struct tl_terms){});
	p->descendants = tl_plan_intern(p, &descendants);
	p->pid_none = tl_plan_intern(p, &pid_none);
	plan_without_conditions(s, p);
	if ((r = plan_pids(s, p, &pid_none)) < 0 || (r = plan_later_pids(s, p, &pid_none)) < 0 ||
	    (r = plan_globs(s, p)) < 0 || (r = tl_plan_ranges(s, p)) < 0)
		return r;
	return p->failed ? -ENOMEM : 0;
}

void tl_targets_free(struct tl_session *s)
{
	struct tl_target_plan *p = s->target_plan;

	if (!p)
		return;
	tl_automaton_done(&p->automaton);
	tl_plan_objects_done(p);
	tl_word_sets_done(&p->sets);
	free(p->only);
	free(p->pids);
	free(p->ranges);
	free(p);
	s->target_plan = NULL;
}
