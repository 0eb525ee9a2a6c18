/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads events for a report: files of JSON lines or protobuf, and the journal. What cannot be read is
 * told on standard error with its place, counted in the report, and left out. */
#ifndef TRACELEFT_CLI_REPORT_READ_H
#define TRACELEFT_CLI_REPORT_READ_H

#include <stdio.h>

#include "report.h"
#include "verify.h"

/* One output: a file and the older ones that rotation has made of it, or a journal. */
struct tl_report_stream {
	struct tl_report *report;
	struct tl_verify verify;
	const char *name; /* of what is read now; borrowed */
	uint64_t complaints; /* about it */
};

/* A line, or a part of one, at place `number`; json: NULL if it is none. -ENOMEM. */
int tl_report_stream_take(struct tl_report_stream *s, uint64_t number, const struct tl_json *json);
/* FILE:NUMBER: what; counts it. A file with many such places is not told of all. */
void tl_report_stream_complain(struct tl_report_stream *s, uint64_t number, const char *what);
/* Nothing more comes of the file or journal. */
void tl_report_stream_rest(struct tl_report_stream *s);
/* Nothing more comes of the output: what is missing is in the report. */
int tl_report_stream_end(struct tl_report_stream *s);

/* Sorts the paths: older files of one output before the newer ones. -ENOMEM. */
int tl_report_files(struct tl_report *r, char **paths, size_t n);

/* As journalctl(1) of PATH tells it. -ENOMEM. */
int tl_report_journal(struct tl_report *r);

/* The fields of an entry as the line of JSON that they were made of; free with tl_json_free(). -EBADMSG, -ENOMEM.
 * -ENOENT: it is text that a program of our name has said, or that somebody has written by logger(1). */
int tl_report_entry(const struct tl_json *entry, struct tl_json **ret);

/* Calls for each line, without its newline; number from 1. torn: it has none. Its return value below 0 ends it
 * and is returned; others: errors of reading, -ENOMEM. A line that is too long is NULL. */
typedef int (*tl_report_line)(const char *line, size_t size, uint64_t number, bool torn, void *userdata);
int tl_report_lines(FILE *file, tl_report_line take, void *userdata);

#endif
