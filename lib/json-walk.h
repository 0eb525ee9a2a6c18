/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Goes through the members of a line of tl_encode_json(). */
#ifndef TRACELEFT_JSON_WALK_H
#define TRACELEFT_JSON_WALK_H

#include "json-scan.h"

/* A member that is no object; name: with dots. Reads its value off `scan`.
 * False ends the walk: it is not well-formed. */
typedef bool (*tl_json_member)(const char *name, struct tl_scan *scan, void *userdata);

/* Calls for each member in order. -EBADMSG: this is no such line. */
int tl_json_walk(const char *line, size_t n, tl_json_member member, void *userdata);

#endif
