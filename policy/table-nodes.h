/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reads values from the nodes of a table's file. Whatever is wrong is
 * reported with its place, and reading goes on, so that one run shows all
 * problems. Used by policy/table*.c only.
 */
#ifndef TRACELEFT_TABLE_NODES_H
#define TRACELEFT_TABLE_NODES_H

#include "table.h"
#include "yaml-tree.h"

#define TL_QUOTED "\"%.60s\"" /* format of a word of the file in a message */

/* Zero-initialised but for the first four. */
struct tl_reader {
	const struct tl_event_type *builtin; /* see tl_table_parse() */
	size_t n_builtin;
	tl_table_problem problem;
	void *userdata;
	unsigned n_problems; /* found so far, reported or not */
	struct tl_yaml yaml; /* owned */
};

/* Reports a problem, made printable. line 0: the file as a whole. */
void tl_reader_problem(struct tl_reader *r, unsigned line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define tl_node_problem(r, node, ...) tl_reader_problem(r, (node)->line, (node)->column, __VA_ARGS__)

/* Reads YAML into r->yaml. -EINVAL, reported: not YAML, or beyond a limit. -ENOMEM. */
int tl_reader_parse(struct tl_reader *r, const char *text, size_t size);
/* Frees the nodes. */
void tl_reader_done(struct tl_reader *r);

/* The functions below report what they refuse, beginning with `what`. */

bool tl_node_expect(struct tl_reader *r, const struct tl_yaml_node *node, enum tl_yaml_kind kind, const char *what);
/* A decimal number from min to max. */
bool tl_node_number(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, unsigned long min,
		    unsigned long max, unsigned long *ret);
/* Index of a word in a list of words that ends with NULL, or -EINVAL. */
int tl_node_word(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, const char *const *words);
/* A name as tl_name_valid() says, with its NUL at most `size` bytes. */
bool tl_node_name(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, size_t size, char *ret);
/* A list of names, as one string with spaces between. */
void tl_node_names(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, size_t size, char *ret);

/* A key of a mapping and who reads its value into `to`. */
struct tl_node_key {
	const char *name;
	void (*read)(struct tl_reader *r, const struct tl_yaml_node *value, void *to);
	size_t offset; /* of a `const struct tl_yaml_node *` in `to`, if there is no reader */
	unsigned given;
};
/* Reads a mapping by its keys, at most 16; null values are as good as absent.
 * Returns `given` of all the keys that were there, or-ed. */
unsigned tl_node_mapping(struct tl_reader *r, const struct tl_yaml_node *node, const char *what,
			 const struct tl_node_key *keys, size_t n_keys, void *to);

#endif
