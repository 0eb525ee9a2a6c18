/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seals a file while it is written, see lib/file-seal.h. One goes from file to
 * file of an output: the first seal of a file names the last one of the file
 * before it.
 */
#ifndef TRACELEFT_DAEMON_SEALER_H
#define TRACELEFT_DAEMON_SEALER_H

#include "file-seal.h"

struct tl_sealer {
	bool is_proto;
	bool knows; /* the file; else it is to be taken up */
	struct tl_sha256 data; /* what was written since the last seal */
	uint64_t bytes; /* same */
	uint64_t offset; /* where that begins */
	uint64_t start; /* bytes of the file that its first seal takes, if that is all there is */
	struct tl_file_seal last; /* number 0: none */
};

void tl_sealer_init(struct tl_sealer *s, bool is_proto);

/* Goes on with a file of whole records (opened to read and to append) behind the seal that it ends
 * with. What came behind that is sealed as what was found; a new file gets its first seal. Does
 * nothing with the file that it has. Returns bytes written, or a negative errno; *ret_torn as below. */
ssize_t tl_sealer_take_up(struct tl_sealer *s, int fd, bool *ret_torn);

/* What comes next goes to another file. */
void tl_sealer_leave(struct tl_sealer *s);

/* Appends a seal of all since the last one, of a kind of struct tl_file_seal. Returns bytes written;
 * a negative errno: there is none. *ret_torn: there is a part of one. */
ssize_t tl_sealer_seal(struct tl_sealer *s, int fd, const char *kind, bool *ret_torn);

/* Whether a file begins with the seal that follows the last one of another. */
bool tl_sealer_follows(int fd, int before, bool is_proto);

#endif
