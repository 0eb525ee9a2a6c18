/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the files of an output what was sealed? Is given their records in order,
 * byte for byte, and looks at each seal (lib/file-seal.h) whether it is of what
 * stands before it and follows the seal before it.
 */
#ifndef TRACELEFT_CLI_SEALED_H
#define TRACELEFT_CLI_SEALED_H

#include "file-seal.h"

struct tl_sealed {
	bool partial; /* set it: older files may be gone */
	const char *wanted; /* set it, or NULL: a seal that has to be there, 64 digits */
	const char *file; /* the one that is read; borrowed */
	bool is_proto; /* same */
	bool has_seals; /* same */
	bool decoded; /* there are seals of another format: nothing is known of them */
	struct tl_file_seal last; /* number 0: none yet */
	struct tl_sha256 data; /* of what came since */
	uint64_t records, bytes; /* same */
	uint64_t record, byte; /* where in the file the next record stands; the first record is 1 */
	uint64_t seals, broken; /* how many; what is wrong with them or what they seal */
	bool found; /* the seal that has to be there */
	struct tl_buffer notes; /* lines of text about it */
};

void tl_sealed_done(struct tl_sealed *s);

/* Another file begins. name: borrowed until the next one does. */
void tl_sealed_begin(struct tl_sealed *s, const char *name, bool is_proto);
/* Its next record, a whole line or event with its length. -ENOMEM. */
int tl_sealed_record(struct tl_sealed *s, const void *data, size_t size);
/* After the last file. Returns whether all that was ever sealed is as it was. */
bool tl_sealed_end(struct tl_sealed *s);

#endif
