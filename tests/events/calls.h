/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of tests/events/calls*.c share. */
#ifndef TRACELEFT_TEST_EVENTS_CALLS_H
#define TRACELEFT_TEST_EVENTS_CALLS_H

#include "harness-inside.h"
#include "wire.h"

#define FROM_RET TL_FROM_RET
#define FROM_FD TL_FROM_FD
#define FROM_AT TL_FROM_AT
#define FROM_CWD TL_FROM_CWD

/* A line that makes a call. */
struct parsed {
	char how[64]; /* the words in brackets */
	long number; /* that stands before the arguments of the row "unknown" */
	long args[6];
	char result[64]; /* what it may return */
	char variable[32]; /* that keeps it, "" for none */
	const char *text; /* arguments as the event is to show them */
};

/* calls-parse.c: a line that cannot be read ends the program */
void parse(const char *file, int line, const char *text, struct parsed *ret);
/* parsed->text with arguments, variables and the folder put in. */
const char *expanded(const struct parsed *parsed);
void variable_set(const char *name, long value);
/* A line that prepares something: its call must succeed, and is of no interest. */
void prepared(const char *file, int line, const char *text);

/* calls.c: as the system knows it; NULL if it is not open */
const char *path_of_fd(int fd, bool *ret_deleted);

#endif
