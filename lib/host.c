/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <threads.h>
#include <unistd.h>

#include "put.h"

static struct tl_host host;

/* First line of a small file; "" if it cannot be read. */
static void read_line(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = 0;
	ret[strcspn(ret, "\n")] = 0;
}

static void read_host(void)
{
	if (gethostname(host.name, sizeof(host.name) - 1) < 0)
		host.name[0] = 0;
	read_line("/etc/machine-id", host.machine_id, sizeof(host.machine_id));
	read_line("/proc/sys/kernel/random/boot_id", host.boot_id, sizeof(host.boot_id));
}

const struct tl_host *tl_host(void)
{
	static once_flag once = ONCE_FLAG_INIT;

	call_once(&once, read_host);
	return &host;
}

size_t tl_event_id(char ret[TL_EVENT_ID_MAX], const struct tl_event *event)
{
	static _Thread_local char boot[8];
	char *p = ret;

	if (!boot[0])
		memcpy(boot, tl_host()->boot_id[0] ? tl_host()->boot_id : "00000000", sizeof(boot));
	p = tl_w_bytes(p, boot, sizeof(boot));
	*p++ = '-';
	p = tl_w_u64(p, event->cpu);
	*p++ = '-';
	p = tl_w_u64(p, event->seq);
	*p++ = '-';
	p = tl_w_hex_fixed(p, event->time & 0xffffffff, 8);
	return (size_t)(p - ret);
}
