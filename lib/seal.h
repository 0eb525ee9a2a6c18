/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checksum at the end of a handler object: a bit that flipped on the disk
 * would otherwise decode as another argument, and nobody would know. It guards
 * against accidents; who may write the file can seal it again. Objects without
 * one are made by hand and are taken as they are. */
#ifndef TRACELEFT_SEAL_H
#define TRACELEFT_SEAL_H

#include <stddef.h>

/* What is sealed of `data` (`size` bytes) goes to *ret_size: all of it where
 * there is no seal. Returns 1 if it is sealed, 0 if not, -EBADMSG if the seal
 * is not that of the data. */
int tl_seal_check(const void *data, size_t size, size_t *ret_size);

/* Appends its seal to the file; one that has it already is left as it is.
 * Returns 0, -EBADMSG if it has a wrong one, or a negative errno. */
int tl_seal_file(const char *path);

#endif
