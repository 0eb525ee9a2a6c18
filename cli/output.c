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
	bool regular;
	int fd = -1, r;

	r = open_file(path, &fd);
	if (r < 0)
		return r;
	regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (regular && ftruncate(fd, 0) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret = (struct tl_output){ .fd = fd, .regular = regular, .own_fd = true, .name = path };
	return 0;
}

/* Writes all. Returns how much was written; *ret_error is why it was not all. */
static size_t write_all(int fd, const char *data, size_t size, int *ret_error)
{
	size_t done = 0;

	*ret_error = 0;
	while (done < size) {
		ssize_t n = write(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*ret_error = n < 0 ? errno : EIO;
			break;
		}
		done += (size_t)n;
	}
	return done;
}

/* Counts the lines of the part that was written and takes the torn one back. */
static void keep_whole_lines(struct tl_output *o, size_t done)
{
	uint64_t lines = 0;
	size_t whole = 0;

	for (size_t i = 0; i < done; i++)
		if (o->buffer.data[i] == '\n') {
			lines++;
			whole = i + 1;
		}
	if (o->regular && ftruncate(o->fd, (off_t)(o->written + whole)) == 0)
		lseek(o->fd, (off_t)(o->written + whole), SEEK_SET);
	if (lines > o->buffered)
		lines = o->buffered;
	o->delivered += lines;
	o->lost += o->buffered - lines;
	o->written += whole;
}

int tl_output_flush(struct tl_output *o)
{
	size_t done = 0;

	if (!o->error)
		done = write_all(o->fd, o->buffer.data, o->buffer.size, &o->error);
	if (o->error)
		keep_whole_lines(o, done);
	else {
		o->delivered += o->buffered;
		o->written += done;
	}
	o->buffered = 0;
	o->buffer.size = 0;
	return -o->error;
}

int tl_output_line(struct tl_output *o, bool event)
{
	if (!event) /* the last line of its write: all before it are events */
		return tl_output_flush(o);
	o->buffered++;
	return o->error || o->buffer.size >= BUFFER_FULL ? tl_output_flush(o) : 0;
}

int tl_output_done(struct tl_output *o)
{
	int r = tl_output_flush(o);

	if (o->own_fd && close(o->fd) < 0 && r == 0) {
		o->error = errno;
		r = -errno;
	}
	tl_buffer_done(&o->buffer);
	o->fd = -1;
	return r;
}
