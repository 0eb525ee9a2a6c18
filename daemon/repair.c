// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "repair.h"
#include "util.h"

#define CHUNK (64 * 1024)

static int read_all(int fd, char *to, size_t size, off_t at)
{
	while (size) {
		ssize_t n = pread(fd, to, size, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		to += n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int tl_repair_tail(int fd)
{
	_cleanup_free_ char *chunk = malloc(CHUNK);
	off_t end, keep = 0;
	struct stat st;

	if (!chunk)
		return -ENOMEM;
	if (fstat(fd, &st) < 0)
		return -errno;
	for (end = st.st_size; end > 0;) {
		size_t n = (size_t)MIN(end, (off_t)CHUNK);
		const char *newline;
		int r = read_all(fd, chunk, n, end - (off_t)n);

		if (r < 0)
			return r;
		newline = memrchr(chunk, '\n', n);
		if (newline) {
			keep = end - (off_t)n + (newline - chunk) + 1;
			break;
		}
		end -= (off_t)n;
	}
	if (keep == st.st_size)
		return 0;
	/* JSON, text, or the zeros that a power failure leaves. */
	if (!keep && chunk[0] != '{' && chunk[0] != '[' && chunk[0])
		return -EBADMSG;
	return ftruncate(fd, keep) < 0 ? -errno : 1;
}
