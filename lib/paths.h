/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths as text, from what the kernel part gathered. */
#ifndef TRACELEFT_PATHS_H
#define TRACELEFT_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

/* Text that an event's paths need together at most. */
#define TL_TEXT_MAX 65536

/* Stands before what is left of a path whose beginning is not known: no
 * absolute path begins with it. */
#define TL_PATH_CUT "..."

/* Components, leaf first, a NUL after each -> absolute path with its NUL, or
 * TL_PATH_CUT and the rest if `cut`. `out` has room for n + 5 bytes. Returns
 * its length. */
size_t tl_path_turn(char *out, const char *components, size_t n, bool cut);

/* An object without a place in any tree: "pipe:[17]", "memfd:name". */
size_t tl_path_pseudo(char *out, size_t room, const char *name, size_t n, const struct tl_file_facts *facts);

/* Whether it is an absolute path, or one that is cut: what can be cleaned, and added to. */
bool tl_path_is_rooted(const char *path);

/* Takes "//", "." and ".." out of an absolute path, or one that is cut, in
 * place, without looking at any file system. Returns the new length. */
size_t tl_path_clean(char *path);

#endif
