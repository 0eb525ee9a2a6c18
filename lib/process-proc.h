/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /proc says about a process. */
#ifndef TRACELEFT_PROCESS_PROC_H
#define TRACELEFT_PROCESS_PROC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc-waiting.h"

#define TL_PROC_TICK 10000000ULL /* ns: what the start is rounded down to */

struct tl_proc {
	uint32_t ppid;
	uint32_t inner_pid;
	uint32_t mntns, netns, pidns;
	bool is_kernel; /* a thread of the kernel, which makes no calls */
	uint64_t start; /* ns since boot, a multiple of TL_PROC_TICK */
	char comm[16];
	char executable[PATH_MAX];
	char working_directory[PATH_MAX];
	char cgroup[PATH_MAX]; /* of the hierarchy that was asked for */
	uint64_t executable_inode;
	uint32_t executable_major, executable_minor;
	bool executable_deleted;
	bool args_truncated; /* or not known: that would have taken too long */
	uint32_t args_size;
	char args[TL_PROC_ARGS_MAX];
};

/* Whether a process that /proc dates `start` can be the one that began at `exact`. */
bool tl_proc_start_fits(uint64_t start, uint64_t exact);

/* Reads at most size - 1 bytes of a file below dir_fd and adds a NUL. Returns
 * how many, or a negative errno. */
ssize_t tl_proc_read_file(int dir_fd, const char *name, char *ret, size_t size);

/* The bytes of a path of n bytes without the mark that the kernel puts behind the name of what is removed. */
size_t tl_proc_unmarked(const char *text, size_t n);

/* The path that a file /proc/PID/cgroup has for that hierarchy, empty: not known; ended: the process is a zombie. */
void tl_proc_cgroup_parse(const char *text, uint32_t hierarchy, bool ended, char ret[PATH_MAX]);

/* start 0: whatever process has that pid; hierarchy: of cgroups, by the kernel's number. -ESRCH: it is gone or another one
 * has its pid. What cannot be read otherwise is empty. No process can hold it
 * up for longer than TL_PROC_PATIENCE_MS; *reader as for tl_proc_ask(). */
int tl_proc_read(struct tl_proc_reader **reader, uint32_t pid, uint64_t start, uint32_t hierarchy, struct tl_proc *ret);

#endif
