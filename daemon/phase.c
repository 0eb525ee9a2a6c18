// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "log.h"
#include "phase.h"
#include "rights.h"

/* Outputs may be anywhere, and be for the group: who starts the daemon by hand has these, the unit has not. */
#define RIGHTS_FILES (TL_RIGHT(CAP_DAC_OVERRIDE) | TL_RIGHT(CAP_CHOWN) | TL_RIGHT(CAP_FOWNER))
/* The third for locked memory, which kernels before 5.11 count; the last for kprobes of perf, which Debian's kernels up
 * to 6.1 refuse without it. The unit has neither. */
#define RIGHTS_LOAD (TL_RIGHT(CAP_BPF) | TL_RIGHT(CAP_PERFMON) | TL_RIGHT(CAP_SYS_RESOURCE) | TL_RIGHT(CAP_SYS_ADMIN))
#define RIGHTS_READ (TL_RIGHTS_LOOK | RIGHTS_FILES)

/* Before 5.19 bpf(2) refuses all of it, even for what a process holds, to who may not load, if
 * kernel.unprivileged_bpf_disabled is set, which somebody may do at any time. */
static bool bpf_takes_rights(void)
{
	union bpf_attr nothing = { .info.bpf_fd = (unsigned)-1 };
	struct utsname kernel;
	unsigned major, minor;

	if (uname(&kernel) < 0 || sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
		return true;
	if (major < 5 || (major == 5 && minor < 19))
		return true;
	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &nothing, sizeof(nothing)) < 0 && errno == EPERM;
}

/* What reading needs on this kernel, found out once: without the rights to load. */
static uint64_t reading(void)
{
	static uint64_t rights;

	if (!rights) {
		tl_rights_use(RIGHTS_READ);
		rights = RIGHTS_READ | (bpf_takes_rights() ? TL_RIGHT(CAP_BPF) : 0);
	}
	return rights;
}

void tl_phase_start(void)
{
	int r;

	reading();
	r = tl_rights_limit(RIGHTS_READ | RIGHTS_LOAD, RIGHTS_READ | RIGHTS_LOAD);
	if (r < 0)
		tl_log(LOG_WARNING, "cannot give up capabilities that are not needed: %s", strerror(-r));
}

void tl_phase_load(void)
{
	tl_rights_use(RIGHTS_READ | RIGHTS_LOAD);
}

void tl_phase_read(void)
{
	tl_rights_use(reading());
}

void tl_phase_only_read(void)
{
	tl_rights_limit(reading(), reading());
}

void tl_phase_only_write(void)
{
	tl_rights_limit(RIGHTS_FILES, RIGHTS_FILES);
}
