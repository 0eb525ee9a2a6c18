/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file format of tables of events: policy/events.yaml, and the config that
 * people write for handlers of their own, YAML or JSON. The format is that of
 * the original TraceLeft's config.json, extended; see traceleft(1).
 *
 * Needs libyaml, and of the project only lib/describe.c: the build makes the
 * built-in table with it.
 */
#ifndef TRACELEFT_TABLE_H
#define TRACELEFT_TABLE_H

#include "traceleft.h"

#define TL_TABLE_PROBLEMS_MAX 100 /* reported per file */

struct tl_table {
	struct tl_event_type *types; /* n of them, in the order of the file; owned */
	size_t n;
};

/* Called for each problem; line and column from 1, 0 for the file as a whole.
 * The message is one printable line without a full stop, and borrowed. */
typedef void (*tl_table_problem)(void *userdata, unsigned line, unsigned column, const char *message);

/* Frees what the table owns. */
void tl_table_done(struct tl_table *t);

/*
 * Reads a table from memory. builtin: rows whose facts are inherited by rows of
 * the same name, and of which `spellings` may speak; none (n_builtin 0) when
 * the built-in table itself is read, and then every row must be complete.
 * problem may be NULL. -EINVAL: something is wrong, and all of it was reported;
 * -ENOMEM. *ret is written on success only.
 */
int tl_table_parse(const char *text, size_t size, const struct tl_event_type *builtin, size_t n_builtin,
		   struct tl_table *ret, tl_table_problem problem, void *userdata);

/* Same, from a file. Errors of open(2) and read(2) are not reported. */
int tl_table_load(const char *path, const struct tl_event_type *builtin, size_t n_builtin, struct tl_table *ret,
		  tl_table_problem problem, void *userdata);

#endif
