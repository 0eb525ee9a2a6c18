// SPDX-License-Identifier: LGPL-2.1-or-later
#include "map-content.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "twins.h"
#include "util.h"

#define READ_TRIES 8 /* of a map that loses entries meanwhile */

static int failure(int fd)
{
	return fd >= 0 && tl_is_momentary(-errno) ? -errno : -EBADF;
}

/* One after the other, from the beginning. 1: one has gone meanwhile, and the kernel may have begun again. */
static int read_each(int fd, struct tl_map_content *c, uint32_t max)
{
	unsigned char *keys = c->keys, *values = c->values;

	for (c->n = 0; c->n < max; c->n++) {
		unsigned char *key = keys + (size_t)c->n * c->key_size, *value = values + (size_t)c->n * c->value_size;

		if (bpf_map_get_next_key(fd, c->n ? key - c->key_size : NULL, key) < 0)
			return errno == ENOENT ? 0 : -errno;
		/* Behind a key that is there no longer comes the first one. */
		if ((c->n && bpf_map_lookup_elem(fd, key - c->key_size, value - c->value_size) < 0) ||
		    bpf_map_lookup_elem(fd, key, value) < 0)
			return errno == ENOENT ? 1 : -errno;
	}
	return 0;
}

/*
 * As long as the kernel goes through a hash map for us, empty places included, it runs no program at a kprobe
 * on that CPU, neither for somebody else who comes to run there meanwhile. It does not so between two entries.
 */
static int read_with_pauses(int fd, struct tl_map_content *c, uint32_t max)
{
	int r = 1;

	for (unsigned i = 0; i < READ_TRIES && r > 0; i++)
		r = read_each(fd, c, max);
	return r > 0 ? -EAGAIN : r;
}

static bool wants_pauses(const struct bpf_map_info *info)
{
	static atomic_int preempted; /* 1: no, 2: yes */

	if (info->type != BPF_MAP_TYPE_HASH)
		return false;
	if (!atomic_load(&preempted))
		atomic_store(&preempted, 1 + tl_programs_are_preempted());
	return atomic_load(&preempted) == 2;
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
	if (wants_pauses(&info)) {
		int r = read_with_pauses(fd, &c, info.max_entries);

		errno = -r;
		if (r < 0)
			return failure(fd);
	} else if (bpf_map_lookup_batch(fd, NULL, &batch, c.keys, c.values, &c.n, NULL) < 0 && errno != ENOENT)
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
		*ret += tl_fnv1a(tl_fnv1a(TL_FNV_BASIS, tl_map_key(&c, i), c.key_size), tl_map_value(&c, i),
				 c.value_size);
	return 0;
}
