/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the targets become before it is in the kernel's maps. */
#ifndef TRACELEFT_TARGET_PLAN_H
#define TRACELEFT_TARGET_PLAN_H

#include <sys/stat.h>

#include "glob.h"
#include "session.h"
#include "word-sets.h"

struct tl_pid_terms {
	uint32_t pid;
	uint32_t terms;
};

/* A program that a path of a target led to when the plan was made. */
struct tl_program_object {
	struct tl_object_key key;
	struct tl_object value;
	char *path; /* owned, without symbolic links; NULL when the plan is made */
};

struct tl_target_plan {
	struct tl_session *session;
	size_t n_words; /* of a set of terms */
	struct tl_word_sets sets; /* a mark, then the words of the terms */
	uint64_t n_appended;
	struct tl_terms no_executables; /* terms without executables among their conditions */
	struct tl_automaton automaton;
	uint32_t descendants, exe_none, cgroup_none, pid_none; /* numbers of sets */
	uint32_t no_cgroups, no_units, nobody;
	uint32_t executables; /* terms with executables among their conditions */
	uint32_t *only; /* pid_none and the target, by target: for pids named later */
	struct tl_pid_terms *pids;
	size_t n_pids;
	struct tl_range *ranges; /* of all attributes, one after the other */
	size_t n_ranges, ranges_allocated;
	struct {
		uint32_t first, n;
	} ranges_of[TL_ATTRIBUTE_KINDS];
	struct tl_program_object *objects; /* sorted by key, each once */
	size_t n_objects, objects_allocated, n_plain; /* n_plain: paths without wildcards */
	bool failed; /* there was no memory for a set */
};

static inline void tl_terms_set(struct tl_terms *terms, uint32_t t)
{
	terms->word[t / 64] |= 1ULL << (t % 64);
}

static inline void tl_terms_clear(struct tl_terms *terms, uint32_t t)
{
	terms->word[t / 64] &= ~(1ULL << (t % 64));
}

/* Number of a set of terms: of the one that is there, or a new one. Without memory
 * UINT32_MAX, and the plan has failed. */
uint32_t tl_plan_intern(struct tl_target_plan *p, const struct tl_terms *terms);
/* Same, always a new one: the next number. */
uint32_t tl_plan_append(struct tl_target_plan *p, const struct tl_terms *terms);
/* Same, of what a dimension does not rule out: never number 0. */
uint32_t tl_plan_dimension(struct tl_target_plan *p, const struct tl_terms *terms);
/* Only the first n_words words of *ret are set. */
void tl_plan_get(const struct tl_target_plan *p, uint32_t number, struct tl_terms *ret);

/* target-ranges.c: the conditions on attributes. -E2BIG: too many; -ENOMEM. */
int tl_plan_ranges(struct tl_session *s, struct tl_target_plan *p);

/* target-objects.c: adds what the path leads to, and writes its path without symbolic
 * links (PATH_MAX bytes). 1: it is a program; 0: there is none; -ENOMEM. */
int tl_plan_object(struct tl_target_plan *p, const char *path, char *ret_path);
/* Works out their terms. After the automaton is made. */
void tl_plan_objects(struct tl_target_plan *p);
/* Terms of the object, whose generation is not looked at; 0: it is not known. */
uint32_t tl_plan_object_of(const struct tl_target_plan *p, const struct stat *facts);
/* Takes the terms of the object into those of its path, as tl_terms_join() in the kernel. */
void tl_plan_join(const struct tl_target_plan *p, uint32_t number, struct tl_terms *programs);
void tl_plan_objects_done(struct tl_target_plan *p);

#endif
