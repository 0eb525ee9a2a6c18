/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the daemon: while there is the file of TL_TEST_END, it is killed as soon as it has written lines that
 * declare something of the ring lost, and the file is removed. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int fd, const void *data, size_t size)
{
	static const char declared[] = "\"stage\":\"ring\"";
	const char *file = getenv("TL_TEST_END");
	ssize_t n = syscall(SYS_write, fd, data, size);

	if (n > 0 && file && memmem(data, (size_t)n, declared, strlen(declared)) && unlink(file) == 0)
		raise(SIGKILL);
	return n;
}
