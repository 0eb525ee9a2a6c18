/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events in some notation that wait to be written, and where each begins and
 * ends: what is written is whole, and counted. */
#ifndef TRACELEFT_RECORDS_H
#define TRACELEFT_RECORDS_H

#include "encode.h"

/* Zero-initialised is empty. */
struct tl_records {
	struct tl_buffer text; /* append here, then call tl_records_end() */
	size_t ended; /* bytes of it that belong to records */
	uint32_t *sizes; /* bytes of each, n of them; the top bit says that it is an event */
	size_t n, allocated;
	uint64_t events;
};

void tl_records_done(struct tl_records *l);

/* What was appended since the last record is one. -ENOMEM: it is taken back. */
int tl_records_end(struct tl_records *l, bool is_event);

/* Appends an event. Errors are the encoder's; then l is as before. */
int tl_records_add(struct tl_records *l, tl_encoder encode, const struct tl_event *event,
		   const struct tl_annotation *annotation);

/* Takes away what lies whole in the first `bytes`, and the part of the next one
 * as well if `part`. Returns the bytes taken, *ret_events: the events that are gone. */
size_t tl_records_take(struct tl_records *l, size_t bytes, bool part, uint64_t *ret_events);

/* Writes what goes into `fd` and takes it away; digest: gets the bytes of it, may be NULL. Where that ends within a record,
 * a regular file is cut back to the record before it; *ret_torn: that failed,
 * or it is no regular file. Returns the bytes of whole records; *ret_error is
 * why it was not all, 0 if it was. */
struct tl_sha256;
size_t tl_records_write(struct tl_records *l, int fd, struct tl_sha256 *digest, uint64_t *ret_events, bool *ret_torn,
			int *ret_error);

#endif
