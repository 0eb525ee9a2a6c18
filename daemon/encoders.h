/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_ENCODERS_H
#define TRACELEFT_DAEMON_ENCODERS_H

#include "policy.h"

/* How an event is written in a format of files and of standard output; NULL: it
 * is none. */
static inline tl_encoder tl_encoder_of(enum tl_output_format format)
{
	switch (format) {
	case TL_FORMAT_JSON:
		return tl_encode_json;
	case TL_FORMAT_TEXT:
		return tl_encode_text;
	case TL_FORMAT_PROTO:
		return tl_encode_proto;
	default:
		return NULL;
	}
}

#endif
