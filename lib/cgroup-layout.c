/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which versions of cgroups a machine has, from its table of mounts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "util.h"

/* Takes \040 and the like out of a field of mountinfo, in place. */
static void unescape_octal(char *text)
{
	char *out = text;

	for (const char *p = text; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
		    p[3] <= '7') {
			*out++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
}

/* The mount point in a line of mountinfo if it is the unified hierarchy's; cuts the line. */
static char *unified_mount(char *line)
{
	char *type = strstr(line, " - "), *field = line, *end;

	if (!type || strncmp(type + 3, "cgroup2 ", strlen("cgroup2 ")) != 0)
		return NULL;
	for (size_t i = 0; i < 4; i++) { /* id, parent, device, root */
		field = strchr(field, ' ');
		if (!field || field >= type)
			return NULL;
		field++;
	}
	end = strchr(field, ' ');
	if (!end)
		return NULL;
	*end = '\0';
	unescape_octal(field);
	return field;
}

int tl_cgroup_layout_read(FILE *mountinfo, char **ret_mount)
{
	_cleanup_free_ char *line = NULL, *found = NULL;
	bool has_first = false;
	size_t size = 0;
	char *mount;

	while (getline(&line, &size, mountinfo) >= 0) {
		has_first |= strstr(line, " - cgroup ") != NULL;
		/* Others may be mounted for containers; the first is the host's own. */
		mount = found ? NULL : unified_mount(line);
		if (mount && !(found = strdup(mount)))
			return -ENOMEM;
	}
	*ret_mount = TAKE_PTR(found);
	if (*ret_mount)
		return has_first ? TL_CGROUPS_HYBRID : TL_CGROUPS_UNIFIED;
	return has_first ? TL_CGROUPS_LEGACY : TL_CGROUPS_NONE;
}

int tl_cgroup_layout_now(char **ret_mount)
{
	_cleanup_fclose_ FILE *mountinfo = fopen("/proc/self/mountinfo", "re");

	return mountinfo ? tl_cgroup_layout_read(mountinfo, ret_mount) : -errno;
}

const char *tl_cgroup_layout_text(int layout)
{
	static const char *const texts[] = {
		[TL_CGROUPS_NONE] = "none are mounted: targets by cgroup, unit or container cannot be followed",
		[TL_CGROUPS_LEGACY] = "version 1 alone: targets by cgroup, unit or container cannot be followed",
		[TL_CGROUPS_HYBRID] = "version 2, beside version 1",
		[TL_CGROUPS_UNIFIED] = "version 2",
	};

	return layout >= 0 && layout < (int)ARRAY_SIZE(texts) ? texts[layout] : "unknown";
}
