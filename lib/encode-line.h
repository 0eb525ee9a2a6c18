/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A JSON line that is being written. */
#ifndef TRACELEFT_ENCODE_LINE_H
#define TRACELEFT_ENCODE_LINE_H

#include "encode-cache.h"
#include "escape.h"
#include "put.h"

/* Room for everything of fixed size between two strings. */
#define TL_SEGMENT 1024

struct tl_line {
	struct tl_buffer *b;
	const struct tl_event *event;
	const struct tl_annotation *annotation;
	struct tl_encode_type *type;
	const struct tl_encode_process *process; /* NULL for TraceLeft's own records */
	bool escaped; /* something in it was */
};

/* A string in quotes. */
static inline void tl_line_string(struct tl_line *l, const char *s, size_t n)
{
	l->escaped |= tl_string_json(l->b, s, n);
}

/* A key, with what comes before it and its colon, and a string; nothing if it is NULL. */
static inline void tl_line_member(struct tl_line *l, const char *key, const char *value)
{
	if (!value)
		return;
	tl_put_text(l->b, key);
	tl_string_json(l->b, value, strlen(value));
}

/* Members of the line, each with a comma before; nothing if there is nothing to say. */
void tl_line_file(struct tl_line *l);
void tl_line_network(struct tl_line *l);
/* Members of "traceleft" with a comma behind: "before" and "after", and "target", the other process. */
void tl_line_identities(struct tl_line *l);
void tl_line_other(struct tl_line *l);
void tl_line_peer(struct tl_line *l);
void tl_line_endpoints(struct tl_line *l); /* of several messages to, or from, several */
/* Same, but a comma before; of a record that has one. */
void tl_line_requester(struct tl_line *l);
void tl_line_tamper(struct tl_line *l);
/* Of an event that has one. */
void tl_line_dns(struct tl_line *l);
/* Of a result: its key, under the names that events have. */
void tl_line_result(struct tl_line *l);
/* Members of "traceleft": "result" and "key". */
void tl_line_key(struct tl_line *l);

#endif
