/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the facts of an event are called in the journal. */
#ifndef TRACELEFT_ENTRY_FIELDS_H
#define TRACELEFT_ENTRY_FIELDS_H

#include <stddef.h>

struct tl_entry_field {
	const char *name; /* of the JSON line, as lib/fields.h has it */
	const char *journal; /* NULL: journald has it itself, or another field says it */
};

/* The i-th, in the order of lib/fields.c mostly; NULL after the last. */
const struct tl_entry_field *tl_entry_field_get(size_t i);

/* The field of a member, NULL if it has none of its own. *hint, 0 at first,
 * makes it fast for names that come in that order. */
const struct tl_entry_field *tl_entry_field_find(const char *name, size_t *hint);

#endif
