/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program does about its descriptors before it opens any; the library
 * leaves that to the program. */
#ifndef TRACELEFT_DESCRIPTORS_H
#define TRACELEFT_DESCRIPTORS_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Nothing that is opened later may become the standard input, output or error
 * of a program that was started without. What takes the place refuses to be
 * written, and is not handed on. */
static inline void tl_descriptors_keep_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Each hook and each handler is one; the usual limit is for programs with few. */
static inline void tl_descriptors_allow_many(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

#endif
