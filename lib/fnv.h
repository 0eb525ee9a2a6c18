/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FNV-1a of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
#ifndef TRACELEFT_FNV_H
#define TRACELEFT_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TL_FNV_BASIS 0xcbf29ce484222325ULL /* the hash of nothing */
#define TL_FNV_PRIME 0x100000001b3ULL
#define TL_FNV_PRIME_4 (TL_FNV_PRIME * TL_FNV_PRIME * TL_FNV_PRIME * TL_FNV_PRIME)

/* Goes on with `n` more bytes. Four at once where they are zero, as in most numbers: then there
 * is only the multiplying. */
static inline uint64_t tl_fnv1a(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *bytes = data;
	uint32_t word;

	for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		if (!word) {
			hash *= TL_FNV_PRIME_4;
			continue;
		}
		for (size_t i = 0; i < sizeof(word); i++)
			hash = (hash ^ bytes[i]) * TL_FNV_PRIME;
	}
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * TL_FNV_PRIME;
	return hash;
}

#endif
