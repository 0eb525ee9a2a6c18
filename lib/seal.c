// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "fnv.h"
#include "util.h"

#define SEAL_FILE_MAX (4U << 20)

/* The seal: these bytes, then FNV-1a of all that is before them, little endian. */
static const char mark[8] = "TLSEAL1\n";
#define SEAL_SIZE (sizeof(mark) + sizeof(uint64_t))

static void seal_of(const unsigned char *data, size_t size, unsigned char *ret)
{
	const uint64_t sum = tl_fnv1a(TL_FNV_BASIS, data, size);

	memcpy(ret, mark, sizeof(mark));
	for (size_t i = 0; i < sizeof(sum); i++)
		ret[sizeof(mark) + i] = sum >> 8 * i;
}

int tl_seal_check(const void *data, size_t size, size_t *ret_size)
{
	const unsigned char *seal = (const unsigned char *)data + size - SEAL_SIZE;
	unsigned char wanted[SEAL_SIZE];

	if (size < SEAL_SIZE || memcmp(seal, mark, sizeof(mark)) != 0) {
		*ret_size = size;
		return 0;
	}
	seal_of(data, size - SEAL_SIZE, wanted);
	if (memcmp(seal, wanted, SEAL_SIZE) != 0)
		return -EBADMSG;
	*ret_size = size - SEAL_SIZE;
	return 1;
}

int tl_seal_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	_cleanup_free_ unsigned char *data = NULL;
	unsigned char seal[SEAL_SIZE];
	struct stat st;
	size_t size;
	ssize_t n;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > SEAL_FILE_MAX)
		return -EBADMSG;
	data = malloc(st.st_size + 1);
	if (!data)
		return -ENOMEM;
	n = pread(fd, data, st.st_size, 0);
	if (n != st.st_size)
		return n < 0 ? -errno : -EIO;
	r = tl_seal_check(data, n, &size);
	if (r != 0)
		return r < 0 ? r : 0;
	seal_of(data, n, seal);
	n = write(fd, seal, sizeof(seal));
	if (n != (ssize_t)sizeof(seal))
		return n < 0 ? -errno : -EIO;
	return 0;
}
