/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events as log records of OpenTelemetry, see otlp.proto. Like protobuf of our
 * own they are made of the JSON line: its members become attributes, with dots
 * between the names; those of the host belong to the resource.
 */
#ifndef TRACELEFT_ENCODE_OTLP_H
#define TRACELEFT_ENCODE_OTLP_H

#include "encode.h"

/* Appends a LogRecord with its tag and length, as it stands in ScopeLogs, of a
 * line of tl_encode_json(). body: the event as a sentence. -EBADMSG: it is no
 * such line, -ENOMEM; then b is as before. */
int tl_otlp_from_json(struct tl_buffer *b, const char *line, size_t n, const char *body, size_t body_size);

/* Appends what an ExportLogsServiceRequest has before n bytes of such records, which end it. -ENOMEM. */
int tl_otlp_head(struct tl_buffer *b, size_t n);

/* What an ExportLogsServiceResponse says was refused; nothing in it is trusted.
 * 0: nothing, or it is no such response. The message is not harmless. */
uint64_t tl_otlp_refused(const void *response, size_t n, const char **ret_message, size_t *ret_size);

#endif
