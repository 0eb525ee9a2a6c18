/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's functions behind system calls, found in the description of its types. */
#ifndef TRACELEFT_FUNCTIONS_H
#define TRACELEFT_FUNCTIONS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct tl_function {
	char name[64];
	uint32_t btf_id;
	uint32_t prototype; /* BTF id */
	bool bare; /* has no arguments */
};

/* An index of the functions of all calls: their names are looked for many times. */
struct tl_functions;

/* NULL: no memory. `btf` must outlive it. */
struct tl_functions *tl_functions_new(const struct btf *btf);
struct tl_functions *tl_functions_free(struct tl_functions *f);

/* The function that serves `call` (a name of the table of events) on that ABI. */
bool tl_function_find(const struct tl_functions *f, enum tl_abi abi, const char *call, struct tl_function *ret);
/* The other one that may do so: the kernel has functions by which 32-bit programs
 * get at nothing, and does not tell which. `first`: as tl_function_find() gave it. */
bool tl_function_find_other(const struct tl_functions *f, const struct tl_function *first, struct tl_function *ret);
/* Same, of its older number on i386: that of 16-bit user ids. */
bool tl_function_find_older(const struct tl_functions *f, const char *call, struct tl_function *ret);

#endif
