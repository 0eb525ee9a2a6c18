/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the daemon: while there is the file of TL_TEST_END, it is killed as soon as it has written lines with the
 * text TL_TEST_END_AT, and the file is removed. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size)
{
	const char *file = getenv("TL_TEST_END"), *text = getenv("TL_TEST_END_AT");
	ssize_t n = syscall(SYS_write, fd, data, size);

	if (n > 0 && file && text && memmem(data, (size_t)n, text, strlen(text)) && unlink(file) == 0)
		raise(SIGKILL);
	return n;
}
