// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the handlers are. */
#include "battery.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *tl_program_folder(void)
{
	static char folder[PATH_MAX];
	ssize_t n;
	char *slash;

	if (folder[0])
		return folder;
	n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	if (n <= 0)
		return "/";
	folder[n] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return folder;
}

const char *tl_battery_default(void)
{
	static char beside[PATH_MAX + 16];
	const char *given = getenv("TRACELEFT_BATTERY");

	if (given && given[0])
		return given;
	snprintf(beside, sizeof(beside), "%s/battery", tl_program_folder());
	if (access(beside, X_OK) == 0)
		return beside;
	return TL_PREFIX "/lib/traceleft/battery";
}
