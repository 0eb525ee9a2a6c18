/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as protobuf, see event.proto. The JSON line is the one description of
 * an event; this is another notation of it, made and undone by the descriptors
 * of the schema, so that both always say the same.
 */
#ifndef TRACELEFT_ENCODE_PROTO_H
#define TRACELEFT_ENCODE_PROTO_H

#include "encode.h"

#define TL_PROTO_EVENT_MAX (4U << 20) /* bytes; no event is longer, so a longer one is none */

/* Appends an Event without its length, of a line of tl_encode_json(). -EBADMSG:
 * it is no such line, -ENOMEM; then b is as before. */
int tl_proto_from_json(struct tl_buffer *b, const char *line, size_t n);

/* Appends the line of an Event, with its newline. Nothing in it is trusted;
 * fields that are not known are left out. Errors as above. */
int tl_proto_to_json(struct tl_buffer *b, const void *data, size_t n);

#define TL_PROTO_HEAD_MAX 10 /* bytes of an event's length */

/* Size of the length in front of an event and *ret_size of the event that
 * begins at `data`: both may be more than n. 0: n bytes are too few to tell;
 * -EBADMSG: no event begins there. */
int tl_proto_frame(const void *data, size_t n, size_t *ret_size);

/* JSON's name of a field of the schema: two are other ones. */
const char *tl_proto_json_name(const char *name);

#endif
