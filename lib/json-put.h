/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON, written into a buffer value by value. It opens, closes and separates by
 * itself: a value after a value gets its comma. `name` is that of an object's
 * member, plain characters; NULL: an array's element, or the whole. Events have
 * writers of their own, which are faster.
 */
#ifndef TRACELEFT_JSON_PUT_H
#define TRACELEFT_JSON_PUT_H

#include "encode.h"

void tl_json_open(struct tl_buffer *b, const char *name, char bracket); /* '{' or '[' */
void tl_json_close(struct tl_buffer *b, char bracket); /* '}' or ']' */
void tl_json_string(struct tl_buffer *b, const char *name, const char *value); /* made harmless */
void tl_json_number(struct tl_buffer *b, const char *name, int64_t value);
void tl_json_unsigned(struct tl_buffer *b, const char *name, uint64_t value);
void tl_json_bool(struct tl_buffer *b, const char *name, bool value);

#endif
