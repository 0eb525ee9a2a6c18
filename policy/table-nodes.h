/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table's file as a tree of nodes that know their place, and what reads
 * values from them. Whatever is wrong is reported with its place, and reading
 * goes on, so that one run shows all problems. Used by policy/table*.c only.
 */
#ifndef TRACELEFT_TABLE_NODES_H
#define TRACELEFT_TABLE_NODES_H

#include "table.h"

#define TL_QUOTED "\"%.60s\"" /* format of a word of the file in a message */

enum tl_node_kind { TL_NODE_SCALAR, TL_NODE_LIST, TL_NODE_MAPPING };

struct tl_node {
	enum tl_node_kind kind;
	bool plain; /* a scalar without quotes */
	unsigned line, column; /* from 1 */
	char *text; /* of a scalar */
	size_t size; /* of text, without its NUL; there is none inside */
	struct tl_node *first, *last; /* of a mapping: key, value, key, value, ... */
	struct tl_node *next;
	struct tl_node *all; /* every node of the file, to free them */
};

/* Zero-initialised but for the first four. */
struct tl_reader {
	const struct tl_event_type *builtin; /* see tl_table_parse() */
	size_t n_builtin;
	tl_table_problem problem;
	void *userdata;
	unsigned n_problems; /* found so far, reported or not */
	struct tl_node *nodes; /* owned */
	size_t n_nodes;
};

/* Reports a problem, made printable. line 0: the file as a whole. */
void tl_reader_problem(struct tl_reader *r, unsigned line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define tl_node_problem(r, node, ...) tl_reader_problem(r, (node)->line, (node)->column, __VA_ARGS__)

/* Reads YAML. *ret_root, NULL for an empty file, belongs to the reader.
 * -EINVAL, reported: not YAML, or beyond a limit. -ENOMEM. */
int tl_reader_parse(struct tl_reader *r, const char *text, size_t size, struct tl_node **ret_root);
/* Frees the nodes. */
void tl_reader_done(struct tl_reader *r);

/* Whether it is null, ~ or nothing. */
bool tl_node_is_null(const struct tl_node *node);

/* The functions below report what they refuse, beginning with `what`. */

bool tl_node_expect(struct tl_reader *r, const struct tl_node *node, enum tl_node_kind kind, const char *what);
/* A decimal number from min to max. */
bool tl_node_number(struct tl_reader *r, const struct tl_node *node, const char *what, unsigned long min,
		    unsigned long max, unsigned long *ret);
/* Index of a word in a list of words that ends with NULL, or -EINVAL. */
int tl_node_word(struct tl_reader *r, const struct tl_node *node, const char *what, const char *const *words);
/* A name as tl_name_valid() says, with its NUL at most `size` bytes. */
bool tl_node_name(struct tl_reader *r, const struct tl_node *node, const char *what, size_t size, char *ret);
/* A list of names, as one string with spaces between. */
void tl_node_names(struct tl_reader *r, const struct tl_node *node, const char *what, size_t size, char *ret);

/* A key of a mapping and who reads its value into `to`. */
struct tl_node_key {
	const char *name;
	void (*read)(struct tl_reader *r, const struct tl_node *value, void *to);
	size_t offset; /* of a `const struct tl_node *` in `to`, if there is no reader */
	unsigned given;
};
/* Reads a mapping by its keys, at most 16; null values are as good as absent.
 * Returns `given` of all the keys that were there, or-ed. */
unsigned tl_node_mapping(struct tl_reader *r, const struct tl_node *node, const char *what,
			 const struct tl_node_key *keys, size_t n_keys, void *to);

#endif
