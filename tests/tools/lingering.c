/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the daemon: each time that a change of policies waits until programs of the kernel part have ended, the
 * file of TL_TEST_LINGER grows by a byte, and a while goes by. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINGER_US 200000

static void linger(void)
{
	const char *file = getenv("TL_TEST_LINGER");
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, ".", 1) == 1)
		usleep(LINGER_US);
	close(fd);
}

FILE *fopen(const char *path, const char *mode)
{
	if (strcmp(path, "/sys/kernel/tracing/events/sched/sched_process_hang/id") == 0)
		linger();
	return fopen64(path, mode); /* the same, by another name */
}
