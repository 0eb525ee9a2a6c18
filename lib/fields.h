/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of an event as the encoders write it: for the manual, and for the
 * test that compares them with what is written. */
#ifndef TRACELEFT_FIELDS_H
#define TRACELEFT_FIELDS_H

#include <stddef.h>

struct tl_field {
	const char *name; /* with dots; a last part of "*" stands for any name */
	const char *type; /* as Elasticsearch calls it: keyword, long, date, ip, text */
	const char *summary; /* one line without a full stop */
};

/* The i-th, NULL after the last. */
const struct tl_field *tl_field_get(size_t i);

/* NULL if there is none of that name. */
const struct tl_field *tl_field_find(const char *name);

#endif
