/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_CONTAINER_GLOBS_H
#define TRACELEFT_CONTAINER_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

#define TL_CONTAINER_ID_MIN 6 /* hexadecimal digits that stand for an id */

/* Whether the text is the beginning of an id, or all of it. */
bool tl_container_is_id(const char *text);

/* Makes *ret_n globs of the cgroups of a container, list and items to be freed: of
 * "any", of those whose id begins with the text, or of the one that has this name
 * (letters, digits and _.:@-). They match the cgroup that tl_cgroup_names() has the
 * id or name from, not what is below. -ENOMEM. */
int tl_container_globs(const char *container, char ***ret_globs, size_t *ret_n);

/* What a cgroup's name is told a container by: a slash, what is behind the last hyphen
 * that an id may follow, and another slash before that if there is such a hyphen. */
#define TL_CONTAINER_TAIL_MAX 300
void tl_container_tail(const char *name, char ret[TL_CONTAINER_TAIL_MAX]);

/* Whether the glob is one of tl_container_globs() with a whole id, and the tail that it
 * stands for: there is no need of an automaton then. */
bool tl_container_glob_tail(const char *glob, char ret[TL_CONTAINER_TAIL_MAX]);

#endif
