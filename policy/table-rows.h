/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of a table while it is read. Used by policy/table*.c only. */
#ifndef TRACELEFT_TABLE_ROWS_H
#define TRACELEFT_TABLE_ROWS_H

#include "table-nodes.h"

/* What the row says itself. */
enum tl_row_given {
	TL_GIVEN_NAME = 1 << 0,
	TL_GIVEN_CLASS = 1 << 1,
	TL_GIVEN_GROUPS = 1 << 2,
	TL_GIVEN_SUMMARY = 1 << 3,
	TL_GIVEN_NUMBERS = 1 << 4,
	TL_GIVEN_ARGS = 1 << 5,
	TL_GIVEN_PATH = 1 << 6,
	TL_GIVEN_TARGET = 1 << 7,
	TL_GIVEN_FLAGS = 1 << 8,
	TL_GIVEN_SPELLINGS = 1 << 9,
	TL_GIVEN_REQUEST = 1 << 10,
};

/* An argument as the file has it. */
struct tl_row_arg {
	const struct tl_yaml_node *node; /* the mapping */
	const struct tl_yaml_node *name, *type, *suffix, *hash, *decoder, *capture, *size, *length,
		*unit; /* NULL: not given */
	unsigned long position; /* 1..6; more: it was refused */
};

struct tl_row {
	const struct tl_yaml_node *node; /* the mapping */
	const struct tl_yaml_node *name, *numbers, *path, *target, *spellings; /* NULL: not given */
	const struct tl_event_type *base; /* built-in row of the same name, or NULL */
	unsigned given; /* enum tl_row_given */
	struct tl_row_arg args[TL_ARGS_MAX];
	size_t n_args;
	struct tl_event_type type; /* the result */
};

/* Reader of the key "args"; `to` is the row. */
void tl_row_read_args(struct tl_reader *r, const struct tl_yaml_node *value, void *to);
/* Reader of the key "io_uring"; `to` is the row. */
void tl_row_read_request(struct tl_reader *r, const struct tl_yaml_node *value, void *to);
/* Fills in type.args from args and base. */
void tl_row_finish_args(struct tl_reader *r, struct tl_row *row);

#endif
