/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One component of a glob, element by element; for glob.c and automaton.c. */
#ifndef TRACELEFT_GLOB_ELEMENT_H
#define TRACELEFT_GLOB_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tl_glob_element_type {
	TL_ELEMENT_BYTE,
	TL_ELEMENT_ANY, /* ? */
	TL_ELEMENT_STAR,
	TL_ELEMENT_SET,
};

struct tl_glob_element {
	uint8_t type; /* enum tl_glob_element_type */
	uint8_t byte;
	uint64_t set[4]; /* bit per byte; never NUL or slash */
};

static inline bool tl_byte_in(const uint64_t set[4], uint8_t byte)
{
	return set[byte >> 6] >> (byte & 63) & 1;
}

/* The next component of a path or glob: *p moves behind it, *ret_size is its
 * length. NULL: there is none. */
const char *tl_component_next(const char **p, size_t *ret_size);

/* Whether the component is `**`. */
bool tl_component_is_deep(const char *component, size_t size);

/* Reads the element at *p and moves it behind. NULL, or what is wrong. */
const char *tl_glob_element(const char **p, const char *end, struct tl_glob_element *ret);

#endif
