/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a file system is memory (tmpfs), the kernel counts what the service writes there as
 * the service's own, cannot take it back, and ends the service at its MemoryMax=. So such
 * a disk is full before that.
 */
#ifndef TRACELEFT_DAEMON_ROOM_H
#define TRACELEFT_DAEMON_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tl_room {
	bool is_memory;
	uint64_t left; /* bytes that may be written before the next look */
};

/* fd: of a file or folder there. */
void tl_room_init(struct tl_room *r, int fd);
/* n bytes are going to be written: 0 or -ENOSPC. */
int tl_room_take(struct tl_room *r, size_t n);

/* What files in memory may still take of the limits in the folder of a control group; UINT64_MAX: there
 * are none, or they cannot be read. free_swap: bytes. */
uint64_t tl_room_of(const char *folder, uint64_t free_swap);
/* The folder of this process's control group from the text of /proc/PID/cgroup; false: it has none with
 * limits of this kind. */
bool tl_room_folder(const char *text, char *ret, size_t size);

#endif
