/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the hierarchy that systemd keeps its units in: from the kernel's id to path,
 * systemd unit, slice and container.
 */
#ifndef TRACELEFT_CGROUP_H
#define TRACELEFT_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct tl_cgroup {
	uint64_t id;
	const char *path; /* below the root: "/system.slice/nginx.service"; "" if unknown */
	const char *unit; /* deepest component that is a unit, "" if none */
	const char *slice; /* deepest slice, "" if none */
	const char *container_id; /* "" if none */
};

/* Hierarchies that are mounted. systemd keeps its units in that of version 2 where there
 * is one, else in one of its own without controllers: targets are followed there. */
enum tl_cgroup_layout {
	TL_CGROUPS_NONE = 0,
	TL_CGROUPS_FOREIGN, /* of version 1 alone, without systemd's */
	TL_CGROUPS_LEGACY, /* of version 1 alone */
	TL_CGROUPS_HYBRID, /* both */
	TL_CGROUPS_UNIFIED, /* of version 2 alone */
};

/* The layout that a table of mounts as /proc/PID/mountinfo tells, and where the hierarchy
 * that targets are followed in is mounted, owned by the caller, NULL: nowhere. -ENOMEM. */
int tl_cgroup_layout_read(FILE *mountinfo, char **ret_mount);
/* Same, of this machine; other errors of opening the table. */
int tl_cgroup_layout_now(char **ret_mount);
/* The kernel's number of that hierarchy, as a file /proc/PID/cgroup tells it: 0 is that of
 * version 2. -ENOENT: it is not among them. */
int tl_cgroup_hierarchy_read(FILE *cgroup, int layout);
/* What that means for targets, one line; an error's is "unknown". */
const char *tl_cgroup_layout_text(int layout);

struct tl_cgroups;

/* Finds the hierarchy that targets are followed in. -ENOENT: there is none. *ret_layout: what
 * tl_cgroup_layout_now() says, in any case. */
int tl_cgroups_new(struct tl_cgroups **ret_cgroups, int *ret_layout);
struct tl_cgroups *tl_cgroups_free(struct tl_cgroups *c);

/* Mount point: "/sys/fs/cgroup", or "/sys/fs/cgroup/unified" on a hybrid host. */
const char *tl_cgroups_mount(const struct tl_cgroups *c);
/* The kernel's number of the hierarchy; 0: the unified one, of NULL as well. */
uint32_t tl_cgroups_hierarchy(const struct tl_cgroups *c);

/* Calls back for the root ("/") and every cgroup below, parents first. A
 * negative result ends the walk and is returned; cgroups that vanish meanwhile
 * are passed over. */
typedef int (*tl_cgroups_callback)(uint64_t id, const char *path, void *userdata);
int tl_cgroups_walk(struct tl_cgroups *c, tl_cgroups_callback callback, void *userdata);

/* Never NULL: of an unknown id all strings are "". Valid until the next call;
 * tl_cgroup_ref() keeps it. c may be NULL: nothing is known then. */
const struct tl_cgroup *tl_cgroups_find(struct tl_cgroups *c, uint64_t id);
/* Whether it is there now. */
bool tl_cgroups_exists(struct tl_cgroups *c, uint64_t id);

/* Who is asked for the path of a cgroup that is there no more: writes it to ret_path
 * (TL_CGROUP_PATH_MAX bytes), false: unknown. */
#define TL_CGROUP_PATH_MAX 4096
typedef bool (*tl_cgroups_memory)(uint64_t id, char *ret_path, void *userdata);
void tl_cgroups_set_memory(struct tl_cgroups *c, tl_cgroups_memory memory, void *userdata);

/* Tells what is known already. -ENOMEM, -EINVAL for a path that is not absolute. */
int tl_cgroups_add(struct tl_cgroups *c, uint64_t id, const char *path);

const struct tl_cgroup *tl_cgroup_ref(const struct tl_cgroup *cgroup);
const struct tl_cgroup *tl_cgroup_unref(const struct tl_cgroup *cgroup); /* NULL */

/* Takes a path apart without looking at the machine; for tests and tools. The
 * result is to be given to tl_cgroup_unref(). NULL: no memory. */
const struct tl_cgroup *tl_cgroup_parse(uint64_t id, const char *path);

#endif
