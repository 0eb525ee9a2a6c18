// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "compress.h"
#include "util.h"

#define CHUNK (256 * 1024)

static void gzclosep(gzFile *z)
{
	if (*z)
		gzclose(*z);
}

static int copy(int from, int to)
{
	_cleanup_(gzclosep) gzFile z = NULL;
	_cleanup_free_ char *chunk = malloc(CHUNK);
	int fd = chunk ? dup(to) : -1;
	gzFile closing;
	ssize_t n;

	if (!chunk)
		return -ENOMEM;
	if (fd < 0)
		return -errno;
	z = gzdopen(fd, "wb6");
	if (!z) {
		close(fd);
		return -ENOMEM;
	}
	while ((n = read(from, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		errno = 0;
		if (gzwrite(z, chunk, (unsigned)n) != n)
			return errno ? -errno : -EIO;
	}
	closing = TAKE_PTR(z);
	errno = 0;
	if (gzclose(closing) != Z_OK)
		return errno ? -errno : -EIO;
	return fsync(to) < 0 ? -errno : 0;
}

static int compress_to(int directory, const char *name, const char *part, const char *to)
{
	_cleanup_close_ int in = -1, out = -1;
	struct stat st;
	int r;

	in = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	out = openat(directory, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy(in, out);
	if (r < 0)
		return r;
	/* Not the owner of a group that we are not in: then it stays ours alone. */
	if (fchown(out, st.st_uid, st.st_gid) == 0 && fchmod(out, st.st_mode & 0777) < 0)
		return -errno;
	return renameat(directory, part, directory, to) < 0 ? -errno : 0;
}

int tl_compress_file(int directory, const char *name)
{
	_cleanup_free_ char *to = NULL, *part = NULL;
	int r;

	if (asprintf(&to, "%s.gz", name) < 0 || asprintf(&part, ".%s.gz.part", name) < 0)
		return -ENOMEM;
	r = compress_to(directory, name, part, to);
	if (r < 0) {
		unlinkat(directory, part, 0);
		return r;
	}
	return unlinkat(directory, name, 0) < 0 ? -errno : 0;
}
