/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the file of an output, so that nobody can have us write elsewhere. */
#ifndef TRACELEFT_DAEMON_FILE_OPEN_H
#define TRACELEFT_DAEMON_FILE_OPEN_H

#include <stdbool.h>
#include <stdint.h>

/* Which file it is, and how much is in it. */
struct tl_file_identity {
	uint64_t device, inode, size; /* size: bytes */
};

/* The directory of a path. -EPERM: others may write there. */
int tl_file_open_directory(const char *path);
/* A regular file to read and to append, made if it is not there. */
int tl_file_open_in(int directory, const char *name, bool *ret_new);
/* What an error of these means, and what to do about it. */
const char *tl_file_explain(int r);

/* When it was made, ns since the epoch. Not every file system knows it; then it is as old as we know it. */
uint64_t tl_file_birth(int fd);
/* Bytes, 0 if that cannot be known. */
uint64_t tl_file_size(int fd);
/* All zeros if that cannot be known. */
struct tl_file_identity tl_file_identity(int fd);
bool tl_file_same(int a, int b);
/* Whether its file system takes nothing more. */
bool tl_file_is_read_only(int fd);

#endif
