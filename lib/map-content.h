/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that is in a map of the kernel, for who compares it. */
#ifndef TRACELEFT_MAP_CONTENT_H
#define TRACELEFT_MAP_CONTENT_H

#include <stddef.h>
#include <stdint.h>

struct tl_map_content {
	uint32_t n, key_size, value_size;
	unsigned char *keys, *values; /* n of each */
};

/* A map whose values are the same on all CPUs. Until _done(). Errors: what tl_is_momentary() knows, then nothing is
 * known just now; -EBADF: it is none that can be read. */
int tl_map_content_read(int fd, struct tl_map_content *ret);
void tl_map_content_done(struct tl_map_content *c);

/* Of what is in it, in whatever order; 0: it cannot be read. Errors as above, but -EBADF. */
int tl_map_hash(int fd, uint64_t *ret);

static inline const void *tl_map_key(const struct tl_map_content *c, uint32_t i)
{
	return c->keys + (size_t)i * c->key_size;
}

static inline const void *tl_map_value(const struct tl_map_content *c, uint32_t i)
{
	return c->values + (size_t)i * c->value_size;
}

#endif
