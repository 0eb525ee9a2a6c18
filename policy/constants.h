/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of numbers in conditions: all that the decoders of lib/values.h know,
 * and a few more. */
#ifndef TRACELEFT_CONSTANTS_H
#define TRACELEFT_CONSTANTS_H

#include <stddef.h>
#include <stdint.h>

/* -ENOENT. */
int tl_number_find(const char *name, int64_t *ret);

/* The i-th name, NULL after the last. */
const char *tl_number_name(size_t i);

#endif
