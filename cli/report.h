/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who did what: counts events as they are read, by executable, user, path,
 * destination and failure, and over time.
 *
 * Memory is bounded, whatever the events say. A table that is full lets its
 * rarest half go: how many events are no longer in it is known exactly, and by
 * how much a row that came again may be short. See tl_report_table.
 *
 * Names are harmless from here on (lib/escape.h): nothing in them moves a
 * terminal. They are what events have, escapes included.
 */
#ifndef TRACELEFT_CLI_REPORT_H
#define TRACELEFT_CLI_REPORT_H

#include <stdbool.h>

#include "json.h"
#include "key-table.h"
#include "put.h"

enum tl_report_by {
	TL_REPORT_EXECUTABLE,
	TL_REPORT_USER,
	TL_REPORT_PATH,
	TL_REPORT_DESTINATION,
	TL_REPORT_FAILURE,
	TL_REPORT_TABLES
};

/* What is told of a row besides its name: two lists of names with their counts. */
enum tl_report_detail { TL_REPORT_WHAT, TL_REPORT_WHO, TL_REPORT_DETAILS };

/* How tables are called; one row each. */
struct tl_report_title {
	const char *key; /* in JSON: "executable" */
	const char *heading; /* "Executables" */
	const char *column; /* "executable" */
	const char *detail[TL_REPORT_DETAILS]; /* "actions" */
};
extern const struct tl_report_title tl_report_titles[TL_REPORT_TABLES];

struct tl_report_row {
	uint64_t events, failed;
	uint64_t first, last; /* ns since the epoch */
	uint64_t id; /* unique in the table */
};

struct tl_report_table {
	struct tl_key_table keys; /* name -> struct tl_report_row */
	uint64_t next_id;
	uint64_t events; /* that have such a name; of two paths each counts */
	uint64_t cut_rows, cut_events; /* let go, and what they had counted */
	uint64_t short_by; /* a row may have been let go before: so much may be missing from it at most */
};

/* Names of details by number, from 1 on; 0: there was no room for it. */
struct tl_report_names {
	struct tl_key_table keys;
	bool full; /* some are not told apart: "(others)" */
};

struct tl_report_pair {
	uint64_t key; /* table, row, detail, name: see report-table.c; 0: free */
	uint64_t events;
};

struct tl_report_pairs {
	struct tl_report_pair *pair; /* n_slots, a power of two; at the end sorted, n of them */
	size_t n, n_slots;
	uint64_t short_by;
	bool sorted;
};

enum tl_report_series { TL_REPORT_FILES, TL_REPORT_NETWORK, TL_REPORT_PROCESSES, TL_REPORT_OTHERS, TL_REPORT_SERIES };

struct tl_report_bar {
	uint64_t events[TL_REPORT_SERIES];
	uint64_t failed;
};

/* Bars of one width, which grows with the time that they cover. */
#define TL_REPORT_BARS 600
struct tl_report_time {
	struct tl_report_bar bar[TL_REPORT_BARS];
	uint64_t begin; /* ns since the epoch, a multiple of the width */
	unsigned step; /* index of the width: tl_report_width() */
	size_t n; /* bars from the first event's to the last one's; 0: no event yet */
};

/* A record of TraceLeft's own that people want to see: start, stop, reload, tamper, lost. */
#define TL_REPORT_MARKS 1000
struct tl_report_mark {
	uint64_t time;
	char *action, *text; /* harmless */
};

#define TL_REPORT_STAGES 32
struct tl_report_loss {
	char stage[64], counted[32]; /* harmless; counted: "events", if nothing else is said */
	uint64_t count;
};

#define TL_REPORT_HOSTS 16

struct tl_report {
	uint64_t since, until; /* set them: events of [since, until) only; until 0: without end */
	uint64_t events; /* that the lines stand for */
	uint64_t lines; /* of events in the range; results among them */
	uint64_t results, counted; /* results, and events that they stand for */
	uint64_t again; /* lines of an event that stood there for another rule already: not counted */
	uint64_t outside; /* lines of events and records outside of the range */
	uint64_t failed, unknown; /* events; unknown: counted together, or not over yet */
	uint64_t first, last; /* the period; 0: nothing came */
	struct tl_report_table table[TL_REPORT_TABLES];
	struct tl_report_names names;
	struct tl_report_pairs pairs;
	struct tl_report_time time;
	struct tl_report_loss loss[TL_REPORT_STAGES];
	size_t n_losses;
	struct tl_report_mark *marks; /* n_marks */
	size_t n_marks;
	uint64_t marks_cut; /* more that were not kept */
	uint64_t starts, stops, reloads, tampers, ledgers, seals;
	char *hosts[TL_REPORT_HOSTS];
	size_t n_hosts;
	bool more_hosts;
	/* Of the sources, see report-read.h. */
	uint64_t sources, broken; /* broken: lines or events that could not be read */
	bool journal; /* is one of the sources */
	uint64_t gaps, undeclared; /* numbers that are missing, by places; those that no lost record covers */
	uint64_t gone_records, unbalanced, unaudited,
		open; /* as in verify.h; open: sources without a balance at the end */
	uint64_t unreadable; /* sources that could not be read to their end */
	struct tl_buffer scratch[3];
	struct tl_buffer problems; /* what is not complete, a line each */
};

/* An event or a record of TraceLeft's own, as a line of JSON has it. -EBADMSG: it is neither; -ENOMEM. */
int tl_report_take(struct tl_report *r, const struct tl_json *line);
/* After the last one. */
void tl_report_end(struct tl_report *r);
void tl_report_done(struct tl_report *r);

/* Whether, as far as the sources tell, everything is there or declared lost. */
bool tl_report_complete(const struct tl_report *r);

/* ---- Tables: report-table.c ---- */

/* What is counted of one event under one name. */
struct tl_report_count {
	uint64_t events, failed, first, last;
	uint32_t detail[TL_REPORT_DETAILS]; /* numbers of names */
};

int tl_report_tables_init(struct tl_report *r);
/* -ENOMEM. */
int tl_report_name(struct tl_report *r, const char *name, uint32_t *ret);
const char *tl_report_name_text(const struct tl_report *r, uint32_t name, size_t *ret_size);
int tl_report_add(struct tl_report *r, enum tl_report_by by, const char *name, const struct tl_report_count *count);

/* A row to show. Names are borrowed, not NUL-terminated. */
struct tl_report_shown {
	const char *name;
	size_t size;
	const struct tl_report_row *row;
};

/* The rows with most events first, at most `max` (0: all); free() *ret. */
int tl_report_rows(struct tl_report *r, enum tl_report_by by, size_t max, struct tl_report_shown **ret, size_t *ret_n);

struct tl_report_part {
	const char *name;
	size_t size;
	uint64_t events;
};

/* The names of a row's detail with most events first, at most `max`. Returns how many there are. */
size_t tl_report_parts(struct tl_report *r, enum tl_report_by by, const struct tl_report_row *row,
		       enum tl_report_detail detail, struct tl_report_part *ret, size_t max, size_t *ret_n);

/* ---- Time: report-time.c ---- */

uint64_t tl_report_width(unsigned step); /* ns */
/* events and failed of the time from first to last, in equal parts. */
void tl_report_time_add(struct tl_report_time *t, enum tl_report_series series, uint64_t first, uint64_t last,
			uint64_t events, uint64_t failed);
/* "2026-11-27", "2026-11-27 20:15", ":30", ".5" behind it; T instead of the space, Z at the end. UTC. -EINVAL. */
int tl_report_time_parse(const char *text, uint64_t *ret_ns);
/* "2026-11-27 20:15:48.164"; -EINVAL never. Not NUL-terminated. */
#define TL_REPORT_TIME_SIZE 23
void tl_report_time_text(char ret[TL_REPORT_TIME_SIZE], uint64_t ns);
/* "91 ms", "1.5 s", "2 h 3 min". */
void tl_report_span(struct tl_buffer *b, uint64_t ns);

/* ---- What it looks like ---- */

/* Appends the value with everything that is not harmless as \xNN; escapes that are there stay as they are. */
void tl_report_harmless(struct tl_buffer *b, const char *text, size_t size);
/* Same, newlines stay. */
void tl_report_harmless_lines(struct tl_buffer *b, const char *text, size_t size);

/* max: rows per table, 0: all. -ENOMEM. */
int tl_report_text(struct tl_report *r, struct tl_buffer *b, size_t max, bool colour);
int tl_report_json(struct tl_report *r, struct tl_buffer *b, size_t max);
int tl_report_html(struct tl_report *r, struct tl_buffer *b, size_t max);

/* What stands above the tables: a label and a text, in text and page. i from 0 on; false: there are no more. */
bool tl_report_fact(const struct tl_report *r, size_t i, const char **ret_label, struct tl_buffer *b, bool *ret_bad);
/* The line below a table that was cut, or nothing. */
void tl_report_table_note(const struct tl_report *r, enum tl_report_by by, struct tl_buffer *b);

#endif
