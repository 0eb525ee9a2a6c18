/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Globs over paths, and the automaton that the kernel part matches them with.
 *
 * A glob is an absolute path whose components may hold `*` (any bytes, none
 * too), `?` (one byte), `[a-z]` and `[!x]` (one byte of a set); a component
 * `**` stands for any number of components, none too. A backslash takes the
 * meaning from the character after it. Slashes at the end and repeated ones do
 * not count. Everything is bytes: `?` is no whole UTF-8 character.
 */
#ifndef TRACELEFT_GLOB_H
#define TRACELEFT_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum tl_glob_kind {
	TL_GLOB_EXECUTABLE = 0, /* the kernel feeds "id\0bin\0usr\0" */
	TL_GLOB_CGROUP = 1, /* the kernel feeds "/system.slice/nginx.service" */
	TL_GLOB_UNIT = 2, /* "nginx.service" of each directory on the way: "/nginx.service", without wildcards */
	TL_GLOB_CONTAINER = 3, /* same, from the last hyphen on that an id may follow; see container-globs.h */
	TL_GLOB_KINDS,
};

#define TL_GLOB_MAX 4096 /* bytes of a glob, with its NUL */
#define TL_AUTOMATON_ROWS_MAX 65535

/* NULL if `glob` is one, else what is wrong with it: static, no full stop. */
const char *tl_glob_problem(const char *glob);

/* Whether the glob matches the whole path; false for a bad glob. */
bool tl_glob_match(const char *glob, const char *path);

/* Whether it is a glob without wildcards. */
bool tl_glob_is_plain(const char *glob);

/* The path that a glob without wildcards stands for, owned by the caller; NULL: it has
 * some. -ENOMEM. */
int tl_glob_plain_path(const char *glob, char **ret_path);

/* Glob of the cgroups of a systemd unit, whose name may hold wildcards; what is
 * below is not in it. A backslash in the name is literal, a name without a
 * suffix is a service's. -EINVAL: no name of a unit. */
int tl_glob_from_unit(const char *unit, char **ret_glob);

struct tl_exact {
	struct tl_path_key key;
	uint32_t terms;
	uint32_t pad;
};

struct tl_automaton {
	struct tl_dfa_row *rows; /* row 0 is dead; there is always that one */
	size_t n_rows;
	uint8_t class_of[256];
	uint32_t exe_start, cgroup_start; /* 0: no glob of that kind */
	struct tl_exact *exact; /* sorted by key, each key once; they go before the rows */
	size_t n_exact;
};

void tl_automaton_done(struct tl_automaton *a);

/* What the kernel would find for this path: terms of an exact entry, else of
 * the row where the path ends, else 0. */
uint32_t tl_automaton_run(const struct tl_automaton *a, enum tl_glob_kind kind, const char *path);

/* The key of a path in tl_automaton.exact. */
struct tl_path_key tl_glob_key(enum tl_glob_kind kind, const char *path);

struct tl_globs;

int tl_globs_new(struct tl_globs **ret_globs);
struct tl_globs *tl_globs_free(struct tl_globs *g);

/* Why the last call failed, one sentence without a full stop. Never NULL. */
const char *tl_globs_error(const struct tl_globs *g);

/* Adds a glob under a number of the caller's. Globs of a kind that share an id
 * are alternatives: the same id for all globs of a selector keeps the automaton
 * small. and_below: what is below matches, too. -EINVAL: no glob, -E2BIG: too
 * many. */
int tl_globs_add(struct tl_globs *g, enum tl_glob_kind kind, const char *glob, bool and_below, unsigned id);

/* Value for a set of ids (sorted, each once, n > 0); 0: as if nothing matched. */
typedef uint32_t (*tl_terms_of)(enum tl_glob_kind kind, const unsigned *ids, size_t n, void *userdata);

/* Makes the automaton, asking terms_of once per set that some path can match.
 * *ret is to be freed with tl_automaton_done(). -E2BIG: the globs together need
 * too many states or byte classes. */
int tl_globs_build(struct tl_globs *g, tl_terms_of terms_of, void *userdata, struct tl_automaton *ret);

#endif
