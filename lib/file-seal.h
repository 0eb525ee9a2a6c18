/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Seals of a file of events. A seal is a record in the file: it has the SHA-256
 * of all that stands between the seal before it, or the file's beginning, and
 * itself, and of itself; and it names that seal. So each of them stands for all
 * before it. There is one way only to write a seal, byte for byte: what is
 * written otherwise is none.
 */
#ifndef TRACELEFT_FILE_SEAL_H
#define TRACELEFT_FILE_SEAL_H

#include "encode.h"
#include "sha256.h"

#define TL_FILE_SEAL_MAX 768 /* bytes of one, at most, with the length of protobuf */
#define TL_FILE_SEAL_NONE "0000000000000000000000000000000000000000000000000000000000000000"

/* Appends `,"seal":{...}` of a record. Returns whether something had to be escaped. */
bool tl_file_seal_put(struct tl_buffer *b, const struct tl_file_seal *seal);

/* Sets seal->hash, which seals all that `data` has been given. -ENOMEM. */
int tl_file_seal_close(struct tl_file_seal *seal, const struct tl_sha256 *data);

/* Appends the record of a seal whose hash is set, as a line or with its length in front. -ENOMEM:
 * b is as before. */
int tl_file_seal_write(struct tl_buffer *b, const struct tl_file_seal *seal, bool is_proto);

/* Whether these bytes, a whole line or event with its length, are a seal; its hash is not looked
 * at. -EBADMSG: they are none; -EMEDIUMTYPE: one of a file in the other format; -ENOMEM. */
int tl_file_seal_read(const void *data, size_t size, bool is_proto, struct tl_file_seal *ret);

/* Whether a seal is what was sealed by it. -ENOMEM. */
int tl_file_seal_check(const struct tl_file_seal *seal, const struct tl_sha256 *data);

#endif
