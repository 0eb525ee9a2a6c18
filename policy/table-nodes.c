/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "describe.h"
#include "table-nodes.h"

#define NODES_MAX (1U << 20) /* per file: bounds the memory of a file full of commas */

void tl_reader_problem(struct tl_reader *r, unsigned line, unsigned column, const char *format, ...)
{
	char message[256];
	va_list ap;

	if (r->n_problems++ > TL_TABLE_PROBLEMS_MAX || !r->problem)
		return;
	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	/* Words of the file are in it: none of them may reach a terminal. */
	for (char *c = message; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	r->problem(r->userdata, line, column,
		   r->n_problems > TL_TABLE_PROBLEMS_MAX ? "more problems follow; only the first are shown" : message);
}

void tl_reader_done(struct tl_reader *r)
{
	while (r->nodes) {
		struct tl_node *node = r->nodes;

		r->nodes = node->all;
		free(node->text);
		free(node);
	}
}

static struct tl_node *new_node(struct tl_reader *r, enum tl_node_kind kind, const yaml_mark_t *mark)
{
	struct tl_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->line = mark->line + 1;
	node->column = mark->column + 1;
	node->all = r->nodes;
	r->nodes = node;
	r->n_nodes++;
	return node;
}

/* The nodes that are not closed yet, outermost first. */
struct open_nodes {
	struct tl_node *node[TL_TABLE_DEPTH_MAX];
	size_t n;
	struct tl_node *root;
	bool ended; /* the file has */
};

static int place_node(struct tl_reader *r, struct open_nodes *open, struct tl_node *node)
{
	if (r->n_nodes > NODES_MAX) {
		tl_node_problem(r, node, "more than %u values", NODES_MAX);
		return -EINVAL;
	}
	if (open->n) {
		struct tl_node *parent = open->node[open->n - 1];

		*(parent->last ? &parent->last->next : &parent->first) = node;
		parent->last = node;
	} else {
		open->root = node;
	}
	if (node->kind == TL_NODE_SCALAR)
		return 0;
	if (open->n == TL_TABLE_DEPTH_MAX) {
		tl_node_problem(r, node, "nested more than %d deep", TL_TABLE_DEPTH_MAX);
		return -EINVAL;
	}
	open->node[open->n++] = node;
	return 0;
}

static int place_scalar(struct tl_reader *r, struct open_nodes *open, const yaml_event_t *event)
{
	struct tl_node *node = new_node(r, TL_NODE_SCALAR, &event->start_mark);

	if (!node)
		return -ENOMEM;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->size = event->data.scalar.length;
	node->text = strndup((const char *)event->data.scalar.value, node->size);
	if (!node->text)
		return -ENOMEM;
	/* A NUL inside would hide what follows it. */
	if (strlen(node->text) != node->size) {
		tl_node_problem(r, node, "a value has a NUL character in it");
		return -EINVAL;
	}
	return place_node(r, open, node);
}

static int place_collection(struct tl_reader *r, struct open_nodes *open, enum tl_node_kind kind,
			    const yaml_event_t *event)
{
	struct tl_node *node = new_node(r, kind, &event->start_mark);

	return node ? place_node(r, open, node) : -ENOMEM;
}

static int unsupported(struct tl_reader *r, const yaml_event_t *event, const char *what)
{
	tl_reader_problem(r, event->start_mark.line + 1, event->start_mark.column + 1, "%s", what);
	return -EINVAL;
}

static int handle_event(struct tl_reader *r, struct open_nodes *open, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return place_scalar(r, open, event);
	case YAML_SEQUENCE_START_EVENT:
		return place_collection(r, open, TL_NODE_LIST, event);
	case YAML_MAPPING_START_EVENT:
		return place_collection(r, open, TL_NODE_MAPPING, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		open->n--;
		return 0;
	case YAML_ALIAS_EVENT:
		return unsupported(r, event, "aliases are not supported");
	case YAML_DOCUMENT_START_EVENT:
		return open->root ? unsupported(r, event, "more than one document") : 0;
	case YAML_STREAM_END_EVENT:
		open->ended = true;
		return 0;
	default:
		return 0;
	}
}

static void syntax_problem(struct tl_reader *r, const yaml_parser_t *parser)
{
	/* The reader of characters has no mark of its own. */
	const yaml_mark_t *mark = parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark;

	tl_reader_problem(r, mark->line + 1, mark->column + 1, "not valid YAML: %s%s%s",
			  parser->problem ? parser->problem : "unknown error", parser->context ? " " : "",
			  parser->context ? parser->context : "");
}

/* Reads to the end, so that a file that is broken at its end is broken. */
static int read_events(struct tl_reader *r, yaml_parser_t *parser, struct tl_node **ret_root)
{
	struct open_nodes open = {};

	while (!open.ended) {
		yaml_event_t event;
		int error;

		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			syntax_problem(r, parser);
			return -EINVAL;
		}
		error = handle_event(r, &open, &event);
		yaml_event_delete(&event);
		if (error)
			return error;
	}
	*ret_root = open.root;
	return 0;
}

int tl_reader_parse(struct tl_reader *r, const char *text, size_t size, struct tl_node **ret_root)
{
	yaml_parser_t parser;
	int error;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	error = read_events(r, &parser, ret_root);
	yaml_parser_delete(&parser);
	return error;
}

/* ---- Values ---- */

bool tl_node_is_null(const struct tl_node *node)
{
	return node->kind == TL_NODE_SCALAR && node->plain &&
	       (!node->size || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

bool tl_node_expect(struct tl_reader *r, const struct tl_node *node, enum tl_node_kind kind, const char *what)
{
	static const char *const kinds[] = { "a single value", "a list", "a mapping" };

	if (node->kind == kind)
		return true;
	tl_node_problem(r, node, "%s: expected %s, not %s", what, kinds[kind], kinds[node->kind]);
	return false;
}

static bool to_number(const struct tl_node *node, unsigned long max, unsigned long *ret)
{
	char *end;

	if (node->kind != TL_NODE_SCALAR || node->text[0] < '0' || node->text[0] > '9' || node->size > 12)
		return false;
	*ret = strtoul(node->text, &end, 10);
	return !*end && *ret <= max;
}

bool tl_node_number(struct tl_reader *r, const struct tl_node *node, const char *what, unsigned long min,
		    unsigned long max, unsigned long *ret)
{
	unsigned long n;

	if (!tl_node_expect(r, node, TL_NODE_SCALAR, what))
		return false;
	if (!to_number(node, max, &n) || n < min) {
		tl_node_problem(r, node, "%s: expected a number from %lu to %lu, not " TL_QUOTED, what, min, max, node->text);
		return false;
	}
	*ret = n;
	return true;
}

int tl_node_word(struct tl_reader *r, const struct tl_node *node, const char *what, const char *const *words)
{
	char known[160] = "";
	size_t used = 0;
	int found;

	if (!tl_node_expect(r, node, TL_NODE_SCALAR, what))
		return -EINVAL;
	found = tl_name_find(words, node->text, node->size);
	if (found >= 0)
		return found;
	for (size_t i = 0; words[i] && used < sizeof(known); i++)
		used += snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", words[i]);
	if (used < sizeof(known))
		tl_node_problem(r, node, "%s: unknown word " TL_QUOTED " (known: %s)", what, node->text, known);
	else
		tl_node_problem(r, node, "%s: unknown word " TL_QUOTED, what, node->text);
	return -EINVAL;
}

bool tl_node_name(struct tl_reader *r, const struct tl_node *node, const char *what, size_t size, char *ret)
{
	if (!tl_node_expect(r, node, TL_NODE_SCALAR, what))
		return false;
	if (node->size >= size || !tl_name_valid(node->text, node->size)) {
		tl_node_problem(r, node, "%s: " TL_QUOTED " is no name (lower-case letters, digits and _, at most %zu)", what,
			node->text, size - 1);
		return false;
	}
	memcpy(ret, node->text, node->size + 1);
	return true;
}

void tl_node_names(struct tl_reader *r, const struct tl_node *list, const char *what, size_t size, char *ret)
{
	size_t used = 0;

	if (!tl_node_expect(r, list, TL_NODE_LIST, what))
		return;
	for (const struct tl_node *node = list->first; node; node = node->next) {
		char one[32];

		if (!tl_node_name(r, node, what, sizeof(one), one))
			continue;
		if (used + 1 + node->size >= size) {
			tl_node_problem(r, node, "%s: too many of them", what);
			return;
		}
		used += sprintf(ret + used, "%s%s", used ? " " : "", one);
	}
}

unsigned tl_node_mapping(struct tl_reader *r, const struct tl_node *mapping, const char *what,
			 const struct tl_node_key *keys, size_t n_keys, void *to)
{
	bool seen[16] = {};
	unsigned given = 0;

	if (!tl_node_expect(r, mapping, TL_NODE_MAPPING, what))
		return 0;
	for (const struct tl_node *key = mapping->first; key; key = key->next->next) {
		const struct tl_node *value = key->next;
		size_t i;

		if (!tl_node_expect(r, key, TL_NODE_SCALAR, "key"))
			continue;
		for (i = 0; i < n_keys && strcmp(keys[i].name, key->text); i++)
			;
		if (i == n_keys) {
			tl_node_problem(r, key, "%s: unknown key " TL_QUOTED, what, key->text);
			continue;
		}
		if (seen[i])
			tl_node_problem(r, key, "%s: key " TL_QUOTED " is given twice", what, key->text);
		seen[i] = true;
		if (tl_node_is_null(value))
			continue;
		given |= keys[i].given;
		if (keys[i].read)
			keys[i].read(r, value, to);
		else
			*(const struct tl_node **)((char *)to + keys[i].offset) = value;
	}
	return given;
}
