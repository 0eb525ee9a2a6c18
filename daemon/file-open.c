// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "file-open.h"
#include "record.h"
#include "runtime.h"
#include "util.h"

#define FILE_MODE 0640

int tl_file_open_directory(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	/* Who may replace the file could have us write anywhere. */
	if ((st.st_mode & S_IWOTH) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	return TAKE_FD(fd);
}

int tl_file_open_in(int directory, const char *name, bool *ret_new)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	_cleanup_close_ int fd = -1;
	bool new = true;
	struct stat st;

	fd = openat(directory, name, flags | O_CREAT | O_EXCL, 0600);
	if (fd < 0 && errno == EEXIST) {
		new = false;
		fd = openat(directory, name, flags);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	if (new) {
		/* Without the group it is for root alone. */
		if (fchown(fd, (uid_t)-1, tl_readers_group()) < 0 && errno != EPERM)
			return -errno;
		if (fchmod(fd, FILE_MODE) < 0)
			return -errno;
	}
	*ret_new = new;
	return TAKE_FD(fd);
}

const char *tl_file_explain(int r)
{
	switch (r) {
	case -ENOENT:
		return "its directory does not exist; create it";
	case -EPERM:
		return "its directory belongs to somebody else, or all users may write there; choose one that "
		       "only root may write to";
	case -ELOOP:
		return "it is a symbolic link; give the path of the file itself";
	case -EBADF:
	case -ENXIO:
		return "it is not a regular file";
	case -EBADMSG:
		return "it holds something that does not come from TraceLeft; remove it or choose another path";
	default:
		return strerror(-r);
	}
}

uint64_t tl_file_birth(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) < 0 || !(st.stx_mask & STATX_BTIME))
		return tl_now();
	return (uint64_t)st.stx_btime.tv_sec * 1000000000 + st.stx_btime.tv_nsec;
}

struct tl_file_identity tl_file_identity(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? (struct tl_file_identity){ 0 } :
				    (struct tl_file_identity){ st.st_dev, st.st_ino, (uint64_t)st.st_size };
}

uint64_t tl_file_size(int fd)
{
	return tl_file_identity(fd).size;
}

bool tl_file_same(int a, int b)
{
	const struct tl_file_identity x = tl_file_identity(a), y = tl_file_identity(b);

	return x.inode && x.device == y.device && x.inode == y.inode;
}

bool tl_file_is_read_only(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY);
}
