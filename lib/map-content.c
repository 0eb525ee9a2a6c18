// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map-content.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "fnv.h"
#include "util.h"

bool tl_map_says_nothing(int error)
{
	return error == ENOMEM || error == EINTR || error == EAGAIN;
}

static int failure(int fd)
{
	return fd >= 0 && tl_map_says_nothing(errno) ? -errno : -EBADF;
}

int tl_map_content_read(int fd, struct tl_map_content *ret)
{
	_cleanup_(tl_map_content_done) struct tl_map_content c = {};
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), batch;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return failure(fd);
	c.n = info.max_entries;
	c.key_size = info.key_size;
	c.value_size = info.value_size;
	c.keys = calloc(c.n, c.key_size);
	c.values = calloc(c.n, c.value_size);
	if (!c.keys || !c.values)
		return -ENOMEM;
	if (bpf_map_lookup_batch(fd, NULL, &batch, c.keys, c.values, &c.n, NULL) < 0 && errno != ENOENT)
		return failure(fd);
	*ret = c;
	c = (struct tl_map_content){};
	return 0;
}

void tl_map_content_done(struct tl_map_content *c)
{
	free(c->keys);
	free(c->values);
	*c = (struct tl_map_content){};
}

int tl_map_hash(int fd, uint64_t *ret)
{
	_cleanup_(tl_map_content_done) struct tl_map_content c = {};
	int r = tl_map_content_read(fd, &c);

	if (r < 0 && r != -EBADF)
		return r;
	*ret = c.n;
	for (uint32_t i = 0; i < c.n; i++)
		*ret += tl_fnv1a(tl_fnv1a(TL_FNV_BASIS, tl_map_key(&c, i), c.key_size), tl_map_value(&c, i), c.value_size);
	return 0;
}
