/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To be preloaded: whoever renames a file while there is the file $COMPUTING computes for six seconds before that,
 * once, as a loop with no end would. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 8

static time_t computed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
	int (*next)(int, const char *, int, const char *) = (__typeof__(next))dlsym(RTLD_NEXT, "renameat");
	const char *path = getenv("COMPUTING");
	time_t end;

	if (path && unlink(path) == 0) {
		end = computed() + SECONDS;
		while (computed() < end)
			;
	}
	return next(from_directory, from, to_directory, to);
}
