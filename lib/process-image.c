/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process-image.h"

#include <stdlib.h>
#include <string.h>

static char *put(char *to, const char *data, size_t size)
{
	if (size)
		memcpy(to, data, size);
	to[size] = '\0';
	return to + size + 1;
}

static uint32_t count_args(const char *args, uint32_t size)
{
	uint32_t n = 0;

	for (const char *p = args, *end = args + size; p < end; p += strlen(p) + 1)
		n++;
	return n;
}

struct tl_image *tl_image_new(const struct tl_image_facts *f)
{
	size_t executable = f->executable ? strlen(f->executable) : 0;
	size_t directory = f->working_directory ? strlen(f->working_directory) : 0;
	size_t size = f->args ? f->args_size : 0;
	size_t bytes = sizeof(struct tl_image) + executable + directory + size + 3;
	struct tl_image *image = malloc(bytes);
	char *p;

	if (!image)
		return NULL;
	*image = (struct tl_image){
		.refs = 1,
		.flags = f->flags,
		.major = f->major,
		.minor = f->minor,
		.inode = f->inode,
		.bytes = bytes,
	};
	image->executable = p = image->text;
	image->working_directory = p = put(p, f->executable, executable);
	image->args = p = put(p, f->working_directory, directory);
	put(p, f->args, size);
	image->args_size = (uint32_t)size + (size && p[size - 1]);
	image->n_args = count_args(p, image->args_size);
	return image;
}
