/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where trace writes events: buffered, whole ones only, and every event
 * that was handed over is delivered or lost, never neither.
 */
#ifndef TRACELEFT_OUTPUT_H
#define TRACELEFT_OUTPUT_H

#include "records.h"

struct tl_output {
	int fd;
	bool own_fd;
	const char *name; /* for messages */
	struct tl_records records; /* append to their text, then call tl_output_end() */
	uint64_t delivered, lost; /* events */
	int error; /* errno of the first failure: from then on all is lost */
};

/* Standard output. */
void tl_output_stdout(struct tl_output *o);

/* Creates or empties `path`, for its owner alone. A symbolic link, a file of
 * somebody else or with a second name is refused (-ELOOP, -EPERM, -EMLINK) in
 * a directory where everybody may write. */
int tl_output_open(const char *path, struct tl_output *ret);

/* Writes what is buffered and closes. Returns the first error of all. */
int tl_output_done(struct tl_output *o);

/* A line, or an event in another notation, was appended: `event`, or a record of
 * our own. Writes when the buffer is full. Returns 0 or the negative errno of the first failure. */
int tl_output_end(struct tl_output *o, bool event);
int tl_output_flush(struct tl_output *o);

#endif
