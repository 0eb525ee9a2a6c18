// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rights.h"

/* In two halves, as the kernel wants them. */
struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

static int get(struct sets *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, ret->half) < 0 ? -errno : 0;
}

static int set(const struct sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, sets->half) < 0 ? -errno : 0;
}

int tl_rights_limit(uint64_t keep, uint64_t use)
{
	struct sets sets;
	int r = get(&sets);

	if (r < 0)
		return r;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets.half[i].permitted &= (uint32_t)(keep >> 32 * i);
		sets.half[i].effective = sets.half[i].permitted & (uint32_t)(use >> 32 * i);
		sets.half[i].inheritable = 0;
	}
	return set(&sets);
}

int tl_rights_use(uint64_t use)
{
	return tl_rights_limit(UINT64_MAX, use);
}
