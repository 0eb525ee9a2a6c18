// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>

#include "process-proc.h"
#include "room.h"
#include "util.h"

#define MOUNT "/sys/fs/cgroup"
#define AT_ONCE (UINT64_C(1) << 20) /* bytes: a look costs some ten microseconds */
#define OWN_SHARE 4 /* a fourth of the limit is left to the daemon, which may begin to need more */

/* ---- The limits ---- */

/* A whole file, as text; false: it cannot be read. */
static bool read_text(const char *folder, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) < sizeof(path) &&
	       tl_proc_read_file(AT_FDCWD, path, ret, size) >= 0;
}

/* otherwise: when there is no such number ("max", or no file). */
static uint64_t read_number(const char *folder, const char *name, uint64_t otherwise)
{
	char text[32], *end;
	uint64_t value;

	if (!read_text(folder, name, text, sizeof(text)))
		return otherwise;
	value = strtoull(text, &end, 10);
	return end == text ? otherwise : value;
}

/* The number in the line "NAME NUMBER". */
static uint64_t value_of(const char *text, const char *name)
{
	const size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n) && line[n] == ' ')
			return strtoull(line + n, NULL, 10);
	}
	return 0;
}

static uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

uint64_t tl_room_of(const char *folder, uint64_t free_swap)
{
	const uint64_t max = read_number(folder, "memory.max", UINT64_MAX);
	uint64_t used = read_number(folder, "memory.current", 0), swap;
	char stat[4096];

	if (max == UINT64_MAX)
		return UINT64_MAX;
	/* What is on a real disk as well makes room for others. */
	if (read_text(folder, "memory.stat", stat, sizeof(stat)))
		used = less(used, less(value_of(stat, "file"), value_of(stat, "shmem")));
	swap = less(read_number(folder, "memory.swap.max", UINT64_MAX), read_number(folder, "memory.swap.current", 0));
	return less(max - max / OWN_SHARE, used) + MIN(swap, free_swap);
}

bool tl_room_folder(const char *text, char *ret, size_t size)
{
	const char *line = strncmp(text, "0::/", 4) ? strstr(text, "\n0::/") : text;
	size_t n;

	if (!line)
		return false;
	line = strchr(line, '/');
	n = strcspn(line, "\n");
	if (n > size || (size_t)snprintf(ret, size, "%s%.*s", MOUNT, (int)n, line) >= size)
		return false;
	return true;
}

static uint64_t room(void)
{
	char text[PATH_MAX + 256], folder[PATH_MAX];
	struct sysinfo info;

	if (!read_text("/proc/self", "cgroup", text, sizeof(text)) || !tl_room_folder(text, folder, sizeof(folder)))
		return UINT64_MAX;
	if (sysinfo(&info) < 0)
		info.freeswap = 0;
	return tl_room_of(folder, (uint64_t)info.freeswap * info.mem_unit);
}

/* ---- Files ---- */

void tl_room_init(struct tl_room *r, int fd)
{
	struct statfs st;

	*r = (struct tl_room){
		.is_memory = fstatfs(fd, &st) == 0 && (st.f_type == TMPFS_MAGIC || st.f_type == RAMFS_MAGIC),
	};
}

int tl_room_take(struct tl_room *r, size_t n)
{
	if (!r->is_memory)
		return 0;
	if (r->left < n) {
		const uint64_t there = room();

		if (there < n)
			return -ENOSPC;
		r->left = MIN(there, MAX(AT_ONCE, (uint64_t)n));
	}
	r->left -= n;
	return 0;
}
