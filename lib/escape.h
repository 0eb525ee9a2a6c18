/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strings that a traced process controls, made harmless.
 *
 * In a *value* (of JSON, protobuf, journald) every byte of these is written as
 * \xNN, two lower-case digits: what is not valid UTF-8, control characters
 * (U+0000..1F with newline and tab, DEL, U+0080..9F), line and paragraph
 * separators, byte order marks and the marks that turn the direction of
 * writing. A backslash stands for itself, except where it is followed by 'x'
 * and two hexadecimal digits: there it is \x5c. So every \xNN in a value is an
 * escape and nothing else is: replacing them gives the original bytes back,
 * whatever the value. An event with an escape in it has the flag "escaped".
 */
#ifndef TRACELEFT_ESCAPE_H
#define TRACELEFT_ESCAPE_H

#include "encode.h"

/* Appends the value as the inside of a JSON string (so \xNN is \\xNN there).
 * Returns whether something was escaped. */
bool tl_escape_json(struct tl_buffer *b, const char *s, size_t n);

/* Same, with the quotes. */
bool tl_string_json(struct tl_buffer *b, const char *s, size_t n);

/* Appends the value as it is. Returns whether something was escaped. */
bool tl_escape_value(struct tl_buffer *b, const char *s, size_t n);

/* Appends the inside of a string in C's notation, as strace shows it: \n \t \r
 * \" \\, and \xNN for what a value escapes. */
void tl_escape_text(struct tl_buffer *b, const char *s, size_t n);

/* Same as the inside of a JSON string: what tl_quote_json() makes of it. */
void tl_escape_text_json(struct tl_buffer *b, const char *s, size_t n);

/* Appends text that is harmless already as the inside of a JSON string. */
void tl_quote_json(struct tl_buffer *b, const char *s, size_t n);

/* Length of the harmless character of two to four bytes at s, 0 if there is
 * none: not UTF-8, or one that would be escaped. */
unsigned tl_utf8_harmless(const char *s, size_t n);

#endif
