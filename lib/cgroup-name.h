/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_CGROUP_NAME_H
#define TRACELEFT_CGROUP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define TL_CONTAINER_ID_LENGTH 64 /* hexadecimal digits */
/* How "crio-conmon" and "libpod-conmon" end, which watch over containers, and no runtime does. A
 * letter, since the globs of container-globs.c that leave out a word are many and dear. */
#define TL_CONTAINER_MONITOR_END 'n'

/* Room that tl_cgroup_names() needs for a path of n bytes. */
#define TL_CGROUP_NAMES_SIZE(n) (3 * (n) + 3)

/* What a cgroup's path says, written to `out`: the deepest unit, the deepest
 * slice, the innermost container; "" where there is none. */
void tl_cgroup_names(const char *path, char *out, const char **ret_unit, const char **ret_slice,
		     const char **ret_container);

/* Whether it is the name of a unit that has processes, but of no slice. */
bool tl_unit_is_name(const char *name, size_t size);

/* Writes `name` without systemd's \xNN and a NUL; returns the end. Out is not longer than in. */
char *tl_unit_unescape(char *out, const char *name, size_t size);

#endif
