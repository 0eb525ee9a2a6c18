/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A running program: what an exec says, shared by all that fork from it. */
#ifndef TRACELEFT_PROCESS_IMAGE_H
#define TRACELEFT_PROCESS_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_image {
	unsigned refs;
	uint32_t flags; /* of TL_PROCESS_* those that a program brings */
	uint32_t args_size, n_args;
	uint32_t major, minor;
	uint64_t inode;
	size_t bytes; /* all of it */
	const char *executable, *args, *working_directory; /* in text */
	char text[];
};

struct tl_image_facts {
	const char *executable, *working_directory, *args; /* may be NULL */
	uint32_t args_size;
	uint32_t major, minor;
	uint64_t inode;
	uint32_t flags;
};

/* With one reference; NULL: no memory. A last argument without its NUL gets one. */
struct tl_image *tl_image_new(const struct tl_image_facts *facts);

#endif
