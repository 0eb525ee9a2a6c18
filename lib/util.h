/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small helpers: cleanup by scope, sizes, string lists. */
#ifndef TRACELEFT_UTIL_H
#define TRACELEFT_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
/* Whether the name in an array is the literal; without a call, for what is asked of each event. */
#define NAME_IS(array, literal) (memcmp((array), "" literal, sizeof(literal)) == 0)

#define TL_NSEC_PER_SEC UINT64_C(1000000000)

static inline uint64_t tl_timespec_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * TL_NSEC_PER_SEC + (uint64_t)t->tv_nsec;
}

/* Whether r, a negative errno, is about what is short for now, and not about what was asked: it may do later. */
static inline bool tl_is_momentary(int r)
{
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EINTR || r == -EAGAIN;
}

static inline void tl_freep(void *p)
{
	free(*(void **)p);
}

/* Keeps errno: it runs on the way out of failures. */
static inline void tl_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void tl_fclosep(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(tl_freep)
#define _cleanup_close_ _cleanup_(tl_closep)
#define _cleanup_fclose_ _cleanup_(tl_fclosep)

#define TAKE_PTR(p)                     \
	({                              \
		typeof(p) _taken = (p); \
		(p) = NULL;             \
		_taken;                 \
	})
#define TAKE_FD(fd)                \
	({                         \
		int _taken = (fd); \
		(fd) = -1;         \
		_taken;            \
	})

#endif
