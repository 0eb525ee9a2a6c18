/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between globs.c, which takes globs apart into positions, and automaton.c,
 * which makes one deterministic automaton of them. */
#ifndef TRACELEFT_AUTOMATON_H
#define TRACELEFT_AUTOMATON_H

#include "glob.h"
#include "word-sets.h"

/*
 * A position is a place in a glob from which the next byte is looked at. The
 * one behind it in the array is what follows in the glob.
 */
enum tl_position_type {
	TL_POSITION_BYTES, /* a byte of `set` */
	TL_POSITION_ANY, /* any byte but the separator */
	TL_POSITION_SEPARATOR,
	TL_POSITION_STAR, /* stays for any byte but the separator */
	TL_POSITION_BELOW, /* `**` before a separator: on to INSIDE, or past both */
	TL_POSITION_INSIDE, /* stays for any byte */
	TL_POSITION_BETWEEN, /* `**` behind a separator: on to WITHIN, or past both */
	TL_POSITION_WITHIN, /* stays up to the separator, then back to BETWEEN */
	TL_POSITION_ACCEPT,
};

struct tl_position {
	uint8_t type; /* enum tl_position_type */
	uint8_t kind; /* enum tl_glob_kind */
	bool sink; /* from here on whatever comes is a match */
	uint32_t set; /* number of the set of bytes */
	uint32_t group; /* number of the kind and id */
};

struct tl_group {
	enum tl_glob_kind kind;
	unsigned id;
	uint32_t sink; /* the position that stands for all its sinks */
	bool has_sink;
};

struct tl_byte_set {
	uint64_t bytes[4];
};

/* A path without wildcards. */
struct tl_plain {
	enum tl_glob_kind kind;
	unsigned id;
	struct tl_path_key key;
	char *path;
};

struct tl_globs {
	struct tl_position *positions;
	size_t n_positions, positions_allocated;
	struct tl_words starts[TL_GLOB_KINDS]; /* first positions of the globs */
	struct tl_group *groups;
	size_t n_groups, groups_allocated;
	struct tl_byte_set *sets;
	size_t n_sets, sets_allocated;
	uint32_t set_of_byte[256]; /* number + 1 of the set of that byte alone */
	struct tl_plain *plain;
	size_t n_plain, plain_allocated;
	char error[160];
};

/* Feeds the bytes of a path as the kernel does; what is `text` there. */
struct tl_match_state {
	const struct tl_automaton *automaton; /* NULL: only the key is wanted */
	uint32_t state;
	struct tl_path_key key;
};

void tl_match_begin(struct tl_match_state *m, const struct tl_automaton *a, enum tl_glob_kind kind);
void tl_match_path(struct tl_match_state *m, enum tl_glob_kind kind, const char *path);

#endif
