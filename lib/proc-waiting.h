/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of /proc may wait for somebody else: a command line lies in the memory
 * of its process, and a program file in a file system; a page of the one and
 * the other may be a FUSE server's, who answers when it likes. So it is read by
 * a thread of its own, and not waited for beyond a limit.
 */
#ifndef TRACELEFT_PROC_WAITING_H
#define TRACELEFT_PROC_WAITING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define TL_PROC_ARGS_MAX 131072
#define TL_PROC_PATIENCE_MS 100 /* that one process may cost */
#define TL_PROC_PATIENCE_BUSY 10 /* times that, as long as the thread only waits for a CPU */
#define TL_PROC_STUCK_MAX 8 /* threads that wait at a time, of all tables; then nothing is asked */

struct tl_proc_waiting {
	char executable[PATH_MAX]; /* given: where link "exe" leads; taken off: " (deleted)" */
	uint64_t inode; /* of the program file; 0: unknown */
	uint32_t major, minor;
	bool deleted;
	bool args_known;
	bool args_truncated;
	uint32_t args_size;
	char args[TL_PROC_ARGS_MAX + 1]; /* strings, a NUL after each */
};

struct tl_proc_reader;

/* Reads on the calling thread and waits as long as it takes. `proc_fd` is the
 * folder of the process, `ret->executable` given. What cannot be read is empty. */
void tl_proc_read_waiting(int proc_fd, struct tl_proc_waiting *ret);

/* The same by a thread. *reader is made when it is needed; NULL before the first
 * call. Returns the result, valid until the next call, or NULL: it took too
 * long, too many wait already, or there is no memory. */
const struct tl_proc_waiting *tl_proc_ask(struct tl_proc_reader **reader, int proc_fd, const char *executable);

/* Ends the thread; those that still wait end when they can. Returns NULL. */
struct tl_proc_reader *tl_proc_reader_free(struct tl_proc_reader *r);

#endif
