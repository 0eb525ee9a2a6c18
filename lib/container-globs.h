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

#endif
