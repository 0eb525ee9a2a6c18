/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events become the body of a request. */
#ifndef TRACELEFT_DAEMON_HTTP_BATCH_H
#define TRACELEFT_DAEMON_HTTP_BATCH_H

#include "block.h"
#include "packer.h"
#include "policy.h"

/* kind of a block; in spools, so numbers stay. */
#define TL_HTTP_NDJSON 1
#define TL_HTTP_PROTO 2
#define TL_HTTP_OTLP 3
#define TL_HTTP_GZIP 0x100 /* or'ed */

/* NULL: no kind of ours. */
const char *tl_http_content_type(uint32_t kind);

struct tl_http_batch {
	uint32_t kind;
	char *line_before; /* each event; owned, may be NULL */
	struct tl_block block; /* body: the events, not yet wrapped and compressed */
	struct tl_packer packer; /* of the body, if it is compressed */
	struct tl_buffer sentence;
	size_t records; /* events and records of our own in it */
	uint64_t since; /* when the first one came, tl_now_steady() */
};

/* format: one of outputs of type http. -ENOMEM. */
int tl_http_batch_init(struct tl_http_batch *b, enum tl_output_format format, const struct tl_policy_http *settings);
void tl_http_batch_done(struct tl_http_batch *b);

/* Errors are the encoder's; then b is as before. */
int tl_http_batch_add(struct tl_http_batch *b, const struct tl_event *event, const struct tl_annotation *annotation);

/* Makes a block of what is in b, and empties it. On failure (-ENOMEM) b is as before. */
int tl_http_batch_seal(struct tl_http_batch *b, struct tl_block *ret);

#endif
