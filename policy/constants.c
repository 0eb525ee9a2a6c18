// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "constants.h"
#include "util.h"
#include "values.h"

#define C(name) { #name, name }

/* What people write and no decoder needs: masks, synonyms. */
static const struct {
	const char *name;
	int64_t value;
} more[] = {
	{ "unset", -1 }, /* of a login uid, or a uid that is left as it is */
	C(O_ACCMODE), C(O_NDELAY), C(O_RSYNC),
	C(S_IRWXU), C(S_IRUSR), C(S_IWUSR), C(S_IXUSR),
	C(S_IRWXG), C(S_IRGRP), C(S_IWGRP), C(S_IXGRP),
	C(S_IRWXO), C(S_IROTH), C(S_IWOTH), C(S_IXOTH),
	C(S_ISUID), C(S_ISGID), C(S_ISVTX),
	C(S_IFMT), C(S_IFREG), C(S_IFDIR), C(S_IFLNK), C(S_IFCHR), C(S_IFBLK), C(S_IFIFO), C(S_IFSOCK),
	C(MAP_ANON), C(AF_UNSPEC), C(AF_LOCAL), C(AF_FILE), C(IPPROTO_TCP), C(IPPROTO_UDP), C(IPPROTO_SCTP),
};

int tl_number_find(const char *name, int64_t *ret)
{
	if (tl_constant_find(name, ret) >= 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (strcmp(more[i].name, name) == 0) {
			*ret = more[i].value;
			return 0;
		}
	return -ENOENT;
}

const char *tl_number_name(size_t i)
{
	return i < ARRAY_SIZE(more) ? more[i].name : tl_constant_name(i - ARRAY_SIZE(more));
}
