/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4), by the processor's own instructions where it has them. */
#ifndef TRACELEFT_SHA256_H
#define TRACELEFT_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TL_SHA256_SIZE 32
#define TL_SHA256_HEX (2 * TL_SHA256_SIZE) /* digits, without a NUL */

struct tl_sha256 {
	uint32_t state[8];
	uint64_t size; /* bytes so far */
	unsigned char block[64]; /* the last size % 64 of them */
};

void tl_sha256_init(struct tl_sha256 *s);
void tl_sha256_update(struct tl_sha256 *s, const void *data, size_t n);
/* Of all so far; s goes on as if it had not been asked. */
void tl_sha256_result(const struct tl_sha256 *s, unsigned char ret[TL_SHA256_SIZE]);

/* For tests: whether the processor's instructions are used; they are not after `use` is false. */
bool tl_sha256_use_instructions(bool use);

#endif
