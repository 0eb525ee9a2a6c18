/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verbs have in common: the verb table's rows, options, messages and
 * exit statuses. A verb's row is the one description of it: parsing, --help
 * and the check of man page and completion come from there.
 */
#ifndef TRACELEFT_CLI_H
#define TRACELEFT_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "encode.h"
#include "json-put.h"
#include "util.h"

enum tl_exit {
	TL_EXIT_OK = 0,
	TL_EXIT_FAILED = 1,
	TL_EXIT_USAGE = 2,
	TL_EXIT_NOT_EXECUTABLE = 126, /* the COMMAND of trace, as a shell does it */
	TL_EXIT_NOT_FOUND = 127,
	TL_EXIT_SIGNAL = 128, /* plus the signal's number */
};

struct tl_option {
	int id; /* the short letter, or from 256 on: none */
	const char *name; /* long name without the dashes, NULL: none */
	const char *argument; /* what --help calls its argument, NULL: none */
	const char *help;
};

struct tl_verb {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary; /* one line */
	const struct tl_option *options; /* up to one with id 0; NULL: none. --help is added */
	const char *details; /* more lines for --help, NULL: none */
	int (*run)(const struct tl_verb *verb, int argc, char **argv); /* returns the exit status */
};

extern const struct tl_verb tl_verb_trace;
extern const struct tl_verb tl_verb_events;
extern const struct tl_verb tl_verb_check;
extern const struct tl_verb tl_verb_status;
extern const struct tl_verb tl_verb_reload;
extern const struct tl_verb tl_verb_tail;
extern const struct tl_verb tl_verb_top;
extern const struct tl_verb tl_verb_battery;
extern const struct tl_verb tl_verb_report;
extern const struct tl_verb tl_verb_decode;
extern const struct tl_verb tl_verb_verify;
extern const struct tl_verb tl_verb_import_audit;

/* ---- Options ---- */

#define TL_OPTION_END (-1)
#define TL_OPTION_HELP (-2) /* help was printed: the verb returns TL_EXIT_OK */
#define TL_OPTION_BAD (-3) /* a message was printed: the verb returns TL_EXIT_USAGE */

/* Next option of argv (argv[0] is the verb), its argument in optarg. At the end
 * the operands stand from optind on. */
int tl_option_next(const struct tl_verb *verb, int argc, char **argv);

void tl_verb_help(FILE *out, const struct tl_verb *verb);

/* Prints "traceleft VERB: MESSAGE" with a hint; returns TL_EXIT_USAGE. */
int tl_usage_error(const struct tl_verb *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- Messages: stderr, one line each ---- */

/* "traceleft: WHAT: WHY" with WHY from the errno value (either sign); returns TL_EXIT_FAILED. */
int tl_print_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "traceleft: MESSAGE"; returns TL_EXIT_FAILED. */
int tl_print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "traceleft: note: MESSAGE". */
void tl_print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "traceleft: warning: MESSAGE". */
void tl_print_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Text ---- */

enum tl_style { TL_STYLE_PLAIN, TL_STYLE_BOLD, TL_STYLE_RED, TL_STYLE_GREEN, TL_STYLE_YELLOW, TL_STYLE_END };

/* The escape sequence, or "" where `out` is no terminal or NO_COLOR is set. */
const char *tl_style(FILE *out, enum tl_style style);

/* "1.5 MiB"; static storage, four results live at a time. */
const char *tl_size_text(uint64_t bytes);
/* "3 d 4 h", "12 s": two units at most; same storage rule. */
const char *tl_duration_text(uint64_t seconds);

/* Reads how many of `what` (lines, seconds), 1 at least; a message was printed if it does not return TL_EXIT_OK. */
int tl_parse_number_of(const struct tl_verb *verb, const char *what, const char *text, uint64_t *ret);

/* Reads a size: digits and K, M or G (powers of 1024). -EINVAL, -ERANGE. */
int tl_parse_size(const char *text, uint64_t *ret);

/* Flushes stdout; what could not be written is a failure: "traceleft: standard output: WHY". A closed pipe is not.
 * Returns `status`, or TL_EXIT_FAILED instead of TL_EXIT_OK. */
int tl_finish_stdout(int status);

/* Appends short text, at most 255 bytes of it. */
void tl_put_format(struct tl_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* CLOCK_MONOTONIC, without a system call. */
time_t tl_seconds_now(void);

/* Writes b and a newline to stdout and empties it; returns the exit status. */
int tl_json_print(struct tl_buffer *b);

#endif
