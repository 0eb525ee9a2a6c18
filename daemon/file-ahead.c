// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file-ahead.h"
#include "util.h"

#define FREE_STEPS 16 /* of a disk that has no more than this left nothing is taken before it is needed */
/* Bytes that a file may have without having taken them: of a block, and of where its blocks are. */
#define ROUNDED (128 * 1024)

/* Others look for room themselves, or take memory for it, or ask another machine. */
static bool serves(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == EXT4_SUPER_MAGIC &&
	       fs.f_bavail >= FREE_STEPS * TL_AHEAD_STEP / (uint64_t)fs.f_bsize;
}

void tl_ahead_init(struct tl_ahead *a, int fd)
{
	struct stat st;

	*a = (struct tl_ahead){ 0 };
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_blocks * 512 > (uint64_t)st.st_size + ROUNDED)
		a->until = (uint64_t)st.st_blocks * 512;
}

void tl_ahead_take(struct tl_ahead *a, int fd, uint64_t size, size_t n, uint64_t most)
{
	uint64_t until = MIN(size + MAX((uint64_t)n, TL_AHEAD_STEP), most);

	if (size + n <= a->until || size + n > most)
		return;
	/* If it fails the next try is for what comes behind. */
	if (serves(fd))
		fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)(until - size));
	a->until = until;
}

void tl_ahead_give_back(struct tl_ahead *a, int fd, uint64_t size)
{
	struct stat st;

	/* Of another size it is somebody else's, too; and an append-only file keeps what it has. */
	if (a->until > size && fstat(fd, &st) == 0 && (uint64_t)st.st_size == size)
		(void)(ftruncate(fd, st.st_size) < 0);
	a->until = 0;
}
