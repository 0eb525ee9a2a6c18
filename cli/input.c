// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "cli.h"
#include "input.h"
#include "util.h"

#define CHUNK ((size_t)256 * 1024)

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

const char *tl_input_name(const char *path)
{
	return is_stdin(path) ? "standard input" : path;
}

int tl_input_complain(const char *name, int error)
{
	if (error == -EBADMSG)
		return tl_print_error("%s: what gzip has compressed is damaged, or ends too early", name);
	return tl_print_errno(error, "%s", name);
}

static ssize_t input_read(void *cookie, char *data, size_t size)
{
	int n = gzread(cookie, data, (unsigned)MIN(size, CHUNK)), error = Z_OK;

	if (n > 0)
		return n;
	gzerror(cookie, &error);
	if (error == Z_OK || error == Z_STREAM_END)
		return 0;
	/* Z_ERRNO: errno says it. */
	if (error != Z_ERRNO)
		errno = error == Z_MEM_ERROR ? ENOMEM : EBADMSG;
	return -1;
}

static int input_close(void *cookie)
{
	gzclose_r(cookie);
	return 0;
}

/* Who writes to a pipe is not waited for longer than necessary, as zlib would. */
static FILE *open_stdin(void)
{
	_cleanup_close_ int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (file)
		(void)TAKE_FD(fd);
	return file;
}

static gzFile open_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	gzFile gz = fd < 0 ? NULL : gzdopen(fd, "r");

	if (gz)
		(void)TAKE_FD(fd);
	return gz;
}

FILE *tl_input_open(const char *path)
{
	static const cookie_io_functions_t functions = { .read = input_read, .close = input_close };
	gzFile gz;
	FILE *file;

	if (is_stdin(path))
		return open_stdin();
	errno = ENOMEM; /* zlib does not say it */
	gz = open_file(path);
	if (!gz)
		return NULL;
	gzbuffer(gz, CHUNK);
	file = fopencookie(gz, "r", functions);
	if (!file) {
		gzclose_r(gz);
		return NULL;
	}
	setvbuf(file, NULL, _IOFBF, CHUNK);
	return file;
}
