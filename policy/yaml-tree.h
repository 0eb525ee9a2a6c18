/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML file as a tree of nodes that know their place. What libyaml allows and
 * a policy does not need is refused: aliases and anchors, tags, more than one
 * document, keys that are no scalars or are given twice. Size, depth and number
 * of nodes are bounded, so that no file takes more than a moment.
 */
#ifndef TRACELEFT_YAML_TREE_H
#define TRACELEFT_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#define TL_YAML_SIZE_MAX (16U << 20) /* bytes of a file */
#define TL_YAML_DEPTH_MAX 64
#define TL_YAML_NODES_MAX (1U << 20)

enum tl_yaml_kind { TL_YAML_SCALAR, TL_YAML_LIST, TL_YAML_MAPPING };
enum tl_yaml_style { TL_YAML_PLAIN, TL_YAML_SINGLE, TL_YAML_DOUBLE, TL_YAML_LITERAL, TL_YAML_FOLDED };

struct tl_yaml_node {
	enum tl_yaml_kind kind;
	enum tl_yaml_style style; /* of a scalar */
	unsigned line, column; /* from 1, in characters */
	char *text; /* of a scalar, with a NUL at the end and none inside */
	size_t size; /* of text; else number of nodes below: twice that of the keys of a mapping */
	struct tl_yaml_node *first, *last; /* of a mapping: key, value, key, value, ... */
	struct tl_yaml_node *next;
	struct tl_yaml_node *all; /* every node of the file */
};

struct tl_yaml {
	const char *source; /* borrowed; source_size bytes */
	size_t source_size;
	struct tl_yaml_node *root; /* NULL: there is nothing in the file */
	bool complete; /* it was read to its end, whatever was wrong */
	struct tl_yaml_node *nodes; /* owned */
	size_t n_nodes;
};

/* Called for each problem; line and column from 1, 0 for the file as a whole. The message is borrowed. */
typedef void (*tl_yaml_problem)(void *userdata, unsigned line, unsigned column, const char *message);

/* Reads a file from memory, which must live as long as the tree. -EINVAL: what
 * is wrong was reported; -ENOMEM. *ret is written in any case. */
int tl_yaml_parse(const char *text, size_t size, struct tl_yaml *ret, tl_yaml_problem problem, void *userdata);
void tl_yaml_done(struct tl_yaml *y);

/* Whether it is null, ~ or nothing. */
bool tl_yaml_is_null(const struct tl_yaml_node *node);

/* "a single value", "a list", "a mapping". */
const char *tl_yaml_kind_name(enum tl_yaml_kind kind);

/* Where character `at` (from 0) of a scalar's text stands in the file. */
void tl_yaml_place(const struct tl_yaml *y, const struct tl_yaml_node *scalar, size_t at, unsigned *ret_line,
		   unsigned *ret_column);

#endif
