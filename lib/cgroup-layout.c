/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which versions of cgroups a machine has, from its table of mounts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "util.h"

#define SYSTEMD_NAME "name=systemd" /* of the hierarchy among version 1's */

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

/* The mount point in a line of mountinfo; cuts the line. NULL: it has none. */
static char *mount_point(char *line)
{
	char *field = line, *end;

	for (size_t i = 0; i < 4; i++) { /* id, parent, device, root */
		field = strchr(field, ' ');
		if (!field)
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

/* Behind the separator: type, source, and the options of the file system. */
static bool is_unified(const char *line)
{
	return strstr(line, " - cgroup2 ") != NULL;
}

static bool is_first_version(const char *line)
{
	return strstr(line, " - cgroup ") != NULL;
}

static bool is_systemd(const char *line)
{
	const char *options = strrchr(line, ' '), *name = options ? strstr(options, SYSTEMD_NAME) : NULL;
	size_t n = strlen(SYSTEMD_NAME);

	return name && strchr(" ,", name[-1]) && strchr(",\n", name[n]) && is_first_version(line);
}

/* Others may be mounted for containers; the first is the host's own. */
static int keep_mount(char *line, char **mount)
{
	const char *point = *mount ? NULL : mount_point(line);

	if (point && !(*mount = strdup(point)))
		return -ENOMEM;
	return 0;
}

int tl_cgroup_layout_read(FILE *mountinfo, char **ret_mount)
{
	_cleanup_free_ char *line = NULL, *unified = NULL, *systemd = NULL;
	bool has_first = false;
	size_t size = 0;
	int r = 0;

	while (r >= 0 && getline(&line, &size, mountinfo) >= 0) {
		has_first |= is_first_version(line);
		if (is_unified(line))
			r = keep_mount(line, &unified);
		else if (is_systemd(line))
			r = keep_mount(line, &systemd);
	}
	if (r < 0)
		return r;
	if (unified) {
		*ret_mount = TAKE_PTR(unified);
		return has_first ? TL_CGROUPS_HYBRID : TL_CGROUPS_UNIFIED;
	}
	*ret_mount = TAKE_PTR(systemd);
	return *ret_mount ? TL_CGROUPS_LEGACY : has_first ? TL_CGROUPS_FOREIGN : TL_CGROUPS_NONE;
}

int tl_cgroup_hierarchy_read(FILE *cgroup, int layout)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	if (layout != TL_CGROUPS_LEGACY)
		return layout > TL_CGROUPS_LEGACY ? 0 : -ENOENT;
	while (getline(&line, &size, cgroup) >= 0) {
		const char *names = strchr(line, ':');

		if (names && strncmp(names + 1, SYSTEMD_NAME ":", strlen(SYSTEMD_NAME ":")) == 0)
			return (int)strtoul(line, NULL, 10);
	}
	return -ENOENT;
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
		[TL_CGROUPS_FOREIGN] = "version 1 alone, without systemd's hierarchy: "
				       "targets by cgroup, unit or container cannot be followed",
		[TL_CGROUPS_LEGACY] = "version 1: systemd's hierarchy",
		[TL_CGROUPS_HYBRID] = "version 2, beside version 1",
		[TL_CGROUPS_UNIFIED] = "version 2",
	};

	return layout >= 0 && layout < (int)ARRAY_SIZE(texts) ? texts[layout] : "unknown";
}
