/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_WIRE_TEXT_H
#define TRACELEFT_WIRE_TEXT_H

#include "json-scan.h"
#include "proto-wire.h"

/* Appends a string of JSON as a string of protobuf. */
static inline void tl_put_span(struct tl_buffer *b, uint32_t field, struct tl_span text)
{
	size_t start;

	tl_put_tag(b, field, TL_WIRE_BYTES);
	start = tl_wire_open(b);
	tl_scan_unescape(b, text);
	tl_wire_close(b, start);
}

#endif
