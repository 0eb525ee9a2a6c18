// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "output.h"

#define BUFFER_FULL (64 * 1024)
#define FILE_MODE 0600

void tl_output_stdout(struct tl_output *o)
{
	*o = (struct tl_output){ .fd = STDOUT_FILENO, .name = "standard output" };
}

/* What others may have put in our way in a directory of everybody. */
static int check_trap(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return -EPERM;
	return S_ISREG(st.st_mode) && st.st_nlink > 1 ? -EMLINK : 0;
}

static int open_file(const char *path, int *ret_fd)
{
	_cleanup_free_ char *for_directory = strdup(path), *for_name = strdup(path);
	_cleanup_close_ int directory = -1, fd = -1;
	bool everybody;
	struct stat st;
	int r;

	if (!for_directory || !for_name)
		return -ENOMEM;
	directory = open(dirname(for_directory), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fstat(directory, &st) < 0)
		return -errno;
	everybody = st.st_mode & S_IWOTH;
	fd = openat(directory, basename(for_name),
		    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (everybody ? O_NOFOLLOW : 0), FILE_MODE);
	if (fd < 0)
		return -errno;
	if (everybody) {
		r = check_trap(fd);
		if (r < 0)
			return r;
	}
	/* O_NONBLOCK was for a FIFO that nobody reads. */
	if (fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int tl_output_open(const char *path, struct tl_output *ret)
{
	struct stat st;
	int fd = -1, r;

	r = open_file(path, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret = (struct tl_output){ .fd = fd, .own_fd = true, .name = path };
	return 0;
}

int tl_output_flush(struct tl_output *o)
{
	uint64_t events = 0;
	bool torn;
	int error = 0;

	if (!o->error)
		tl_records_write(&o->records, o->fd, NULL, &events, &torn, &error);
	o->error = error ? -error : o->error;
	o->delivered += events;
	if (!o->error)
		return 0;
	tl_records_take(&o->records, o->records.ended, false, &events);
	o->lost += events;
	return -o->error;
}

int tl_output_end(struct tl_output *o, bool event)
{
	int r = tl_records_end(&o->records, event);

	if (r < 0) {
		o->lost += event;
		return r;
	}
	/* Before a record of our own all are events. */
	return !event || o->error || o->records.ended >= BUFFER_FULL ? tl_output_flush(o) : 0;
}

int tl_output_done(struct tl_output *o)
{
	int r = tl_output_flush(o);

	if (o->own_fd && close(o->fd) < 0 && r == 0) {
		o->error = errno;
		r = -errno;
	}
	tl_records_done(&o->records);
	o->fd = -1;
	return r;
}
