/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator `matches`: globs as in targets (lib/glob.h) that are compiled
 * once and then take time in proportion to the text, whatever the glob: the
 * text is chosen by who is watched.
 *
 * Of a path, `*`, `?` and sets stay within a component, and a component `**`
 * stands for any number of components, none too. Of other texts `*` and `?`
 * take every byte. A backslash takes the meaning from the character after it.
 */
#ifndef TRACELEFT_PATTERN_H
#define TRACELEFT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define TL_PATTERN_MAX 1000 /* elements of a glob */

struct tl_pattern;

/* -EINVAL: no glob, *ret_why is a static sentence; -ENOMEM. */
int tl_pattern_compile(const char *glob, size_t size, bool path, struct tl_pattern **ret, const char **ret_why);
bool tl_pattern_match(const struct tl_pattern *p, const char *text, size_t size);
/* Bytes that every text that matches begins with, *ret_head; 0: there are none. Lives as long as p. */
size_t tl_pattern_head(const struct tl_pattern *p, const char **ret_head);
/* Same, that it ends with. */
size_t tl_pattern_tail(const struct tl_pattern *p, const char **ret_tail);
/* Of a path: the directory that what matches is, or is below, with a slash at its end;
 * *ret_all: whether all of that matches. */
size_t tl_pattern_directory(const struct tl_pattern *p, const char **ret_directory, bool *ret_all);
struct tl_pattern *tl_pattern_free(struct tl_pattern *p);

#endif
