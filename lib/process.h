/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process table: who a pid was at the time of an event. It lives from
 * exec, fork and exit records; /proc is asked once about a process that it has
 * not seen begin. Bounded in entries and in bytes.
 *
 * A process is a pid and its start. Strings in facts are NUL-terminated,
 * borrowed, and may be NULL. Times are ns since boot, realtime_offset is what
 * makes them ns since the epoch. A process that a function returns stays valid
 * for the next ten calls on the table.
 */
#ifndef TRACELEFT_PROCESS_H
#define TRACELEFT_PROCESS_H

#include "cgroup.h"
#include "traceleft.h"

struct tl_processes;

/* Of no process: texts are empty, all else is 0. For records of our own and of many. */
extern const struct tl_process tl_process_nobody;

struct tl_exec_facts {
	uint32_t pid;
	uint32_t inner_pid; /* in its own pid namespace */
	uint32_t ppid;
	uint32_t mntns, netns, pidns;
	uint64_t start;
	uint64_t parent_start; /* 0: unknown */
	uint64_t cgroup; /* id */
	int64_t realtime_offset;
	const char *comm;
	const char *executable;
	const char *working_directory;
	const char *parent_comm;
	const char *parent_executable;
	const char *args; /* strings, a NUL after each */
	uint32_t args_size;
	uint32_t executable_major, executable_minor;
	uint64_t executable_inode;
	uint64_t parent_inode; /* of the parent's program; 0: unknown */
	bool executable_deleted;
	bool args_truncated;
};

struct tl_fork_facts {
	uint32_t pid; /* the child's, as everything but parent_* */
	uint32_t inner_pid;
	uint32_t mntns, netns, pidns;
	uint32_t parent_pid;
	uint64_t start;
	uint64_t parent_start; /* 0: unknown */
	uint64_t cgroup;
	int64_t realtime_offset;
	const char *comm;
	const char *parent_comm;
};

/* max: bound of entries, 0: 65536. cgroups: borrowed, may be NULL. */
int tl_processes_new(uint32_t max, struct tl_cgroups *cgroups, struct tl_processes **ret_processes);
struct tl_processes *tl_processes_free(struct tl_processes *t);

/* What to add to CLOCK_BOOTTIME now for UTC, ns. */
int64_t tl_realtime_offset(void);

/* For processes of which /proc says the start: ns to add for UTC. */
void tl_processes_set_clock(struct tl_processes *t, int64_t realtime_offset);

/* NULL if unknown. start 0: whatever process has that pid. */
struct tl_process *tl_processes_find(struct tl_processes *t, uint32_t pid, uint64_t start);

/* Same, and asks /proc about an unknown one. If that knows nothing either:
 * a process with TL_PROCESS_UNKNOWN and this comm. NULL: no memory. */
struct tl_process *tl_processes_get(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm);

/* An unknown one stays unknown, until it has a new program: what /proc says would come too late. */
int tl_processes_set_unknown(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm);

/* The process has a new program; it is added if it is new. Its parent, too. */
int tl_processes_exec(struct tl_processes *t, const struct tl_exec_facts *facts, struct tl_process **ret_process);

/* A child that shares the parent's program, arguments and directory. */
int tl_processes_fork(struct tl_processes *t, const struct tl_fork_facts *facts, struct tl_process **ret_child);

/* Marks the end. The entry stays for a while, for records that come later. Of
 * a process whose pid another one has by now the table marks the end itself. */
void tl_processes_exit(struct tl_processes *t, struct tl_process *process);

/* The cgroup that a record of the process names; free if it is the same as before. */
void tl_processes_set_cgroup(struct tl_processes *t, struct tl_process *process, uint64_t cgroup);

/* The namespaces that a thread of the process is in; 0: those that the process had when it began or ran its
 * program. */
void tl_processes_set_namespaces(struct tl_processes *t, struct tl_process *process, uint32_t mntns, uint32_t netns);

/* The name that its first thread has now: NULs behind it; an empty one changes nothing. */
void tl_processes_set_comm(struct tl_processes *t, struct tl_process *process, const char comm[16]);

/* Entries that can be found, and bytes that all of them take. */
size_t tl_processes_count(const struct tl_processes *t, size_t *ret_bytes);

#endif
