/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is said over the daemon's control socket. A client connects, sends one
 * request and reads the answer:
 *
 *	request = WORD NUL { WORD NUL } NUL      the first word is the verb
 *	answer  = ("+" | "-") TEXT NUL           done, or refused and why
 *
 * Behind the answer to "tail" the events follow as they happen; behind that to
 * "top" a line of JSON per second.
 */
#ifndef TRACELEFT_CONTROL_REQUEST_H
#define TRACELEFT_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "traceleft.h"

struct tl_buffer;

#define TL_CONTROL_SOCKET "control" /* in the daemon's runtime directory */
#define TL_CONTROL_REQUEST_MAX 8192 /* bytes, the last NUL among them */
#define TL_CONTROL_ANSWER_MAX 2048 /* same, of its text */
#define TL_CONTROL_DONE '+'
#define TL_CONTROL_REFUSED '-'

enum tl_control_verb {
	TL_CONTROL_RELOAD, /* load the policy again; answered when that is decided */
	TL_CONTROL_TAIL, /* the events from now on */
	TL_CONTROL_TOP, /* how many of what kind, each second */
};

struct tl_control_request {
	enum tl_control_verb verb;
	bool json; /* tail: as JSON lines, not text */
	const char *where; /* tail: the condition; NULL: none. Points into the bytes that were parsed */
};

/* Reads a request. Returns its bytes; 0: it is not complete yet; -EINVAL or
 * -EMSGSIZE: it never will be a request, *ret_why (a literal) is why. *ret is
 * written when it is complete. */
int tl_control_request_parse(const char *data, size_t size, struct tl_control_request *ret, const char **ret_why);

/* Appends it. -EMSGSIZE: the condition is too long; -ENOMEM. */
int tl_control_request_put(struct tl_buffer *b, const struct tl_control_request *request);

#endif
