/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "describe.h"
#include "table.h"
#include "wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NODES_MAX (1U << 20) /* per file: bounds the memory of a file full of commas */
#define QUOTED "\"%.60s\"" /* a word of the file in a message */

/* ---- The file as a tree ---- */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node {
	enum node_kind kind;
	bool plain; /* a scalar without quotes */
	unsigned line, column;
	char *text; /* of a scalar; owned */
	size_t size;
	struct node *first, *last; /* of a mapping: key, value, key, value, ... */
	struct node *next;
	struct node *all; /* every node of the file, to free them */
};

struct reader {
	const struct tl_event_type *builtin;
	size_t n_builtin;
	tl_table_problem problem;
	void *userdata;
	unsigned n_problems;
	struct node *nodes;
	size_t n_nodes;
};

static void problem_at(struct reader *r, unsigned line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void problem_at(struct reader *r, unsigned line, unsigned column, const char *format, ...)
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

#define problem(r, node, ...) problem_at(r, (node)->line, (node)->column, __VA_ARGS__)

static void free_nodes(struct reader *r)
{
	while (r->nodes) {
		struct node *node = r->nodes;

		r->nodes = node->all;
		free(node->text);
		free(node);
	}
}

static struct node *new_node(struct reader *r, enum node_kind kind, const yaml_mark_t *mark)
{
	struct node *node = calloc(1, sizeof(*node));

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

/* Node of the event that begins one, NULL with *ret_error 0 for other events. */
static struct node *event_node(struct reader *r, const yaml_event_t *event, int *ret_error)
{
	struct node *node;

	*ret_error = 0;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		node = new_node(r, NODE_SCALAR, &event->start_mark);
		if (!node)
			break;
		node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		node->size = event->data.scalar.length;
		node->text = strndup((const char *)event->data.scalar.value, node->size);
		if (!node->text)
			break;
		/* A NUL inside would hide what follows it. */
		if (strlen(node->text) != node->size) {
			problem(r, node, "a value has a NUL character in it");
			*ret_error = -EINVAL;
		}
		return node;
	case YAML_SEQUENCE_START_EVENT:
		node = new_node(r, NODE_LIST, &event->start_mark);
		if (node)
			return node;
		break;
	case YAML_MAPPING_START_EVENT:
		node = new_node(r, NODE_MAPPING, &event->start_mark);
		if (node)
			return node;
		break;
	default:
		return NULL;
	}
	*ret_error = -ENOMEM;
	return NULL;
}

static void syntax_problem(struct reader *r, const yaml_parser_t *parser)
{
	unsigned line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;

	if (parser->error == YAML_READER_ERROR) /* has no mark, but where it had come to */
		line = parser->mark.line + 1, column = parser->mark.column + 1;
	problem_at(r, line, column, "not valid YAML: %s%s%s", parser->problem ? parser->problem : "unknown error",
		   parser->context ? " " : "", parser->context ? parser->context : "");
}

/* Reads all events, so that a file that is broken at its end is broken. */
static int build_tree(struct reader *r, yaml_parser_t *parser, struct node **ret_root)
{
	struct node *stack[TL_TABLE_DEPTH_MAX], *root = NULL;
	size_t depth = 0;
	bool more = true;

	while (more) {
		yaml_event_t event;
		struct node *node;
		int error;

		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			syntax_problem(r, parser);
			return -EINVAL;
		}
		node = event_node(r, &event, &error);
		if (!node && !error) {
			yaml_event_type_t type = event.type;

			if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT)
				depth--;
			more = type != YAML_STREAM_END_EVENT;
			if (type == YAML_ALIAS_EVENT || (type == YAML_DOCUMENT_START_EVENT && root)) {
				problem_at(r, event.start_mark.line + 1, event.start_mark.column + 1,
					   type == YAML_ALIAS_EVENT ? "aliases are not supported" :
								      "more than one document");
				error = -EINVAL;
			}
		}
		yaml_event_delete(&event);
		if (error)
			return error;
		if (!node)
			continue;
		if (depth) {
			struct node *parent = stack[depth - 1];

			*(parent->last ? &parent->last->next : &parent->first) = node;
			parent->last = node;
		} else {
			root = node;
		}
		if (r->n_nodes > NODES_MAX) {
			problem(r, node, "more than %u values", NODES_MAX);
			return -EINVAL;
		}
		if (node->kind == NODE_SCALAR)
			continue;
		if (depth == TL_TABLE_DEPTH_MAX) {
			problem(r, node, "nested more than %d deep", TL_TABLE_DEPTH_MAX);
			return -EINVAL;
		}
		stack[depth++] = node;
	}
	*ret_root = root;
	return 0;
}

/* ---- Values ---- */

static const char *kind_name(const struct node *node)
{
	static const char *const names[] = { "a value", "a list", "a mapping" };

	return names[node->kind];
}

static bool is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->plain &&
	       (!node->size || !strcmp(node->text, "~") || !strcmp(node->text, "null"));
}

static bool expect(struct reader *r, const struct node *node, enum node_kind kind, const char *what)
{
	static const char *const names[] = { "a single value", "a list", "a mapping" };

	if (node->kind == kind)
		return true;
	problem(r, node, "%s: expected %s, not %s", what, names[kind], kind_name(node));
	return false;
}

static bool to_number(const struct node *node, unsigned long max, unsigned long *ret)
{
	char *end;

	if (node->kind != NODE_SCALAR || node->text[0] < '0' || node->text[0] > '9' || node->size > 12)
		return false;
	*ret = strtoul(node->text, &end, 10);
	return !*end && *ret <= max;
}

static bool number(struct reader *r, const struct node *node, const char *what, unsigned long min, unsigned long max,
		   unsigned long *ret)
{
	unsigned long n;

	if (!expect(r, node, NODE_SCALAR, what))
		return false;
	if (!to_number(node, max, &n) || n < min) {
		problem(r, node, "%s: expected a number from %lu to %lu, not " QUOTED, what, min, max, node->text);
		return false;
	}
	*ret = n;
	return true;
}

/* One of a list of words. */
static int word(struct reader *r, const struct node *node, const char *what, const char *const *names)
{
	char known[160] = "";
	size_t used = 0;
	int found;

	if (!expect(r, node, NODE_SCALAR, what))
		return -EINVAL;
	found = tl_name_find(names, node->text, node->size);
	if (found >= 0)
		return found;
	for (size_t i = 0; names[i] && used < sizeof(known); i++)
		used += snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", names[i]);
	if (used < sizeof(known))
		problem(r, node, "%s: unknown word " QUOTED " (known: %s)", what, node->text, known);
	else
		problem(r, node, "%s: unknown word " QUOTED, what, node->text);
	return -EINVAL;
}

static bool name(struct reader *r, const struct node *node, const char *what, size_t size, char *ret)
{
	if (!expect(r, node, NODE_SCALAR, what))
		return false;
	if (node->size >= size || !tl_name_valid(node->text, node->size)) {
		problem(r, node, "%s: " QUOTED " is no name (lower-case letters, digits and _, at most %zu)", what,
			node->text, size - 1);
		return false;
	}
	memcpy(ret, node->text, node->size + 1);
	return true;
}

/* A list of names as one string with spaces between. */
static void names(struct reader *r, const struct node *list, const char *what, size_t size, char *ret)
{
	size_t used = 0;

	if (!expect(r, list, NODE_LIST, what))
		return;
	for (const struct node *node = list->first; node; node = node->next) {
		char one[32];

		if (!name(r, node, what, sizeof(one), one))
			continue;
		if (used + 1 + node->size >= size) {
			problem(r, node, "%s: too many of them", what);
			return;
		}
		used += sprintf(ret + used, "%s%s", used ? " " : "", one);
	}
}

/* ---- Rows ---- */

enum given {
	GIVEN_NAME = 1 << 0,
	GIVEN_CLASS = 1 << 1,
	GIVEN_GROUPS = 1 << 2,
	GIVEN_SUMMARY = 1 << 3,
	GIVEN_NUMBERS = 1 << 4,
	GIVEN_ARGS = 1 << 5,
	GIVEN_PATH = 1 << 6,
	GIVEN_TARGET = 1 << 7,
	GIVEN_FLAGS = 1 << 8,
	GIVEN_SPELLINGS = 1 << 9,
};

/* An argument as the file has it, before facts are taken from elsewhere. */
struct arg {
	const struct node *node;
	const struct node *name, *type, *suffix, *hash, *decoder, *capture, *size, *length;
	unsigned long position;
};

struct row {
	const struct node *node; /* the mapping */
	const struct node *name, *path, *target, *spellings;
	const struct tl_event_type *base; /* built-in row of the same name, or NULL */
	unsigned given; /* enum given */
	struct arg args[TL_ARGS_MAX];
	size_t n_args;
	struct tl_event_type type;
};

/* A key of a mapping and who reads its value into `to`. */
struct key {
	const char *name;
	void (*read)(struct reader *r, const struct node *value, void *to);
	size_t offset; /* of a `const struct node *` in `to`, if there is no reader */
	unsigned given;
};

/* Returns the given bits of the keys that were there. */
static unsigned read_mapping(struct reader *r, const struct node *mapping, const char *what, const struct key *keys,
			     size_t n_keys, void *to)
{
	bool seen[16] = {};
	unsigned given = 0;

	if (!expect(r, mapping, NODE_MAPPING, what))
		return 0;
	for (const struct node *key = mapping->first; key; key = key->next->next) {
		const struct node *value = key->next;
		size_t i;

		if (!expect(r, key, NODE_SCALAR, "key"))
			continue;
		for (i = 0; i < n_keys && strcmp(keys[i].name, key->text); i++)
			;
		if (i == n_keys) {
			problem(r, key, "%s: unknown key " QUOTED, what, key->text);
			continue;
		}
		if (seen[i])
			problem(r, key, "%s: key " QUOTED " is given twice", what, key->text);
		seen[i] = true;
		if (is_null(value))
			continue;
		given |= keys[i].given;
		if (keys[i].read)
			keys[i].read(r, value, to);
		else
			*(const struct node **)((char *)to + keys[i].offset) = value;
	}
	return given;
}

static void read_class(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;
	int class = word(r, value, "class", tl_class_names);

	if (class >= 0)
		row->type.class = class;
}

static void read_groups(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	names(r, value, "groups", sizeof(row->type.groups), row->type.groups);
}

static void read_spellings(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	row->spellings = value;
	names(r, value, "spellings", sizeof(row->type.spellings), row->type.spellings);
}

static void read_summary(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	if (!expect(r, value, NODE_SCALAR, "summary"))
		return;
	if (!tl_summary_valid(value->text, value->size))
		problem(r, value, "summary: expected at most %zu printable ASCII characters",
			sizeof(row->type.summary) - 1);
	else
		memcpy(row->type.summary, value->text, value->size + 1);
}

static void read_number(struct reader *r, const struct node *value, void *to, unsigned abi)
{
	struct row *row = to;
	unsigned long n;

	if (value->kind != NODE_LIST) {
		if (number(r, value, "numbers", 0, TL_NR_MAX - 1, &n))
			row->type.number[abi] = n;
		return;
	}
	if (!value->first || (value->first->next && value->first->next->next)) {
		problem(r, value, "numbers: expected one number or two");
		return;
	}
	if (number(r, value->first, "numbers", 0, TL_NR_MAX - 1, &n))
		row->type.number[abi] = n;
	if (value->first->next && number(r, value->first->next, "numbers", 0, TL_NR_MAX - 1, &n))
		row->type.number2[abi] = n;
}

#define READ_NUMBER(abi, index)                                                              \
	static void read_##abi(struct reader *r, const struct node *value, void *to) \
	{                                                                            \
		read_number(r, value, to, index);                                    \
	}
READ_NUMBER(x86_64, 0)
READ_NUMBER(i386, 1)
READ_NUMBER(x32, 2)
READ_NUMBER(arm64, 3)

static void read_numbers(struct reader *r, const struct node *value, void *to)
{
	static const struct key keys[] = {
		{ "x86_64", read_x86_64, 0, 1 },
		{ "i386", read_i386, 0, 2 },
		{ "x32", read_x32, 0, 4 },
		{ "arm64", read_arm64, 0, 8 },
	};

	if (!read_mapping(r, value, "numbers", keys, COUNT(keys), to) && value->kind == NODE_MAPPING)
		problem(r, value, "numbers: none is given");
}

static void read_flags(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	if (!expect(r, value, NODE_LIST, "flags"))
		return;
	for (const struct node *node = value->first; node; node = node->next) {
		int bit = word(r, node, "flags", tl_flag_names);

		if (bit >= 0)
			row->type.flags |= 1U << bit;
	}
}

struct source {
	const struct node *ret, *fd, *at, *name;
};

/* "ret", {ret: true, name: 1}, {ret: true, at: 1, name: 2}, {fd: 1}, {at: 1, name: 2}, {name: 1} */
static void read_source(struct reader *r, const struct node *value, const char *what, uint8_t *ret_from,
			uint8_t *ret_fd, uint8_t *ret_name)
{
	static const struct key keys[] = {
		{ "ret", NULL, offsetof(struct source, ret), 0 },
		{ "fd", NULL, offsetof(struct source, fd), 0 },
		{ "at", NULL, offsetof(struct source, at), 0 },
		{ "name", NULL, offsetof(struct source, name), 0 },
	};
	struct source source = {};
	unsigned before = r->n_problems;
	unsigned long fd = 0, at_name = 0;

	if (value->kind == NODE_SCALAR && !strcmp(value->text, "ret")) {
		*ret_from = TL_FROM_RET;
		return;
	}
	read_mapping(r, value, what, keys, COUNT(keys), &source);
	if (r->n_problems != before)
		return;
	if (source.ret && (source.ret->kind != NODE_SCALAR || strcmp(source.ret->text, "true"))) {
		problem(r, source.ret, "%s: ret can only be true", what);
		return;
	}
	if (source.fd ? source.ret || source.at || source.name : !source.name) {
		problem(r, value, "%s: expected ret, {fd: N}, {name: N} or {at: N, name: N}, the last two with ret: true",
			what);
		return;
	}
	if ((source.fd && !number(r, source.fd, what, 1, TL_ARGS_MAX, &fd)) ||
	    (source.at && !number(r, source.at, what, 1, TL_ARGS_MAX, &fd)) ||
	    (source.name && !number(r, source.name, what, 1, TL_ARGS_MAX, &at_name)))
		return;
	*ret_from = source.ret ? TL_FROM_RET : source.fd ? TL_FROM_FD : source.at ? TL_FROM_AT : TL_FROM_NAME;
	*ret_fd = fd;
	*ret_name = at_name;
}

static void read_path(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	row->path = value;
	read_source(r, value, "path", &row->type.path_from, &row->type.path_fd, &row->type.path_name);
}

static void read_target(struct reader *r, const struct node *value, void *to)
{
	struct row *row = to;

	row->target = value;
	read_source(r, value, "target", &row->type.target_from, &row->type.target_fd, &row->type.target_name);
}

static void read_position(struct reader *r, const struct node *value, void *to)
{
	struct arg *arg = to;

	/* Anything but zero on failure: one problem is enough. */
	if (!number(r, value, "position", 1, TL_ARGS_MAX, &arg->position))
		arg->position = TL_ARGS_MAX + 1;
}

static void read_args(struct reader *r, const struct node *value, void *to)
{
	static const struct key keys[] = {
		{ "position", read_position, 0, 0 },
		{ "type", NULL, offsetof(struct arg, type), 0 },
		{ "name", NULL, offsetof(struct arg, name), 0 },
		{ "suffix", NULL, offsetof(struct arg, suffix), 0 },
		{ "hashFunc", NULL, offsetof(struct arg, hash), 0 },
		{ "decoder", NULL, offsetof(struct arg, decoder), 0 },
		{ "capture", NULL, offsetof(struct arg, capture), 0 },
		{ "size", NULL, offsetof(struct arg, size), 0 },
		{ "length", NULL, offsetof(struct arg, length), 0 },
	};
	struct row *row = to;
	unsigned long last = 0;

	if (!expect(r, value, NODE_LIST, "args"))
		return;
	for (const struct node *node = value->first; node; node = node->next) {
		struct arg *arg = &row->args[row->n_args];

		if (row->n_args == TL_ARGS_MAX) {
			problem(r, node, "args: a system call has at most %d", TL_ARGS_MAX);
			return;
		}
		*arg = (struct arg){ .node = node };
		read_mapping(r, node, "argument", keys, COUNT(keys), arg);
		if (node->kind != NODE_MAPPING)
			continue;
		if (!arg->position)
			arg->position = last + 1;
		last = arg->position;
		row->n_args++;
	}
}

/* ---- Arguments ---- */

/* Sizes as the kernel reads them, on a machine with 64 bits. */
static const struct {
	const char *name;
	uint8_t size;
} c_types[] = {
	{ "char", 1 }, { "bool", 1 }, { "signed char", 1 }, { "unsigned char", 1 },
	{ "short", 2 }, { "unsigned short", 2 }, { "umode_t", 2 }, { "sa_family_t", 2 },
	{ "int", 4 }, { "unsigned", 4 }, { "unsigned int", 4 }, { "mode_t", 4 }, { "pid_t", 4 },
	{ "uid_t", 4 }, { "gid_t", 4 }, { "id_t", 4 }, { "key_t", 4 }, { "idtype_t", 4 },
	{ "clockid_t", 4 }, { "timer_t", 4 }, { "mqd_t", 4 }, { "socklen_t", 4 }, { "key_serial_t", 4 },
	{ "qid_t", 4 }, { "rwf_t", 4 },
	{ "long", 8 }, { "unsigned long", 8 }, { "long long", 8 }, { "unsigned long long", 8 },
	{ "size_t", 8 }, { "ssize_t", 8 }, { "off_t", 8 }, { "loff_t", 8 }, { "off64_t", 8 }, { "dev_t", 8 },
	{ "ino_t", 8 }, { "time_t", 8 }, { "clock_t", 8 }, { "aio_context_t", 8 }, { "nfds_t", 8 },
	{ "uintptr_t", 8 }, { "intptr_t", 8 }, { "kernel_ulong_t", 8 },
	{ "int8_t", 1 }, { "uint8_t", 1 }, { "int16_t", 2 }, { "uint16_t", 2 },
	{ "int32_t", 4 }, { "uint32_t", 4 }, { "int64_t", 8 }, { "uint64_t", 8 },
	{ "s8", 1 }, { "u8", 1 }, { "s16", 2 }, { "u16", 2 }, { "s32", 4 }, { "u32", 4 }, { "s64", 8 }, { "u64", 8 },
	{ "__s8", 1 }, { "__u8", 1 }, { "__s16", 2 }, { "__u16", 2 },
	{ "__s32", 4 }, { "__u32", 4 }, { "__s64", 8 }, { "__u64", 8 },
};

/* 0: not known. A pointer to anything is known. */
static unsigned type_size(const char *type)
{
	if (strchr(type, '*'))
		return 8;
	if (!strncmp(type, "const ", 6))
		type += 6;
	for (size_t i = 0; i < COUNT(c_types); i++)
		if (!strcmp(c_types[i].name, type))
			return c_types[i].size;
	return 0;
}

static const struct tl_arg_type *base_arg(const struct row *row, unsigned position)
{
	for (size_t i = 0; row->base && i < row->base->n_args; i++)
		if (row->base->args[i].position == position)
			return &row->base->args[i];
	return NULL;
}

/* "[256]": how many elements; 0: none or not well-formed, which was reported. */
static unsigned long suffix_count(struct reader *r, const struct node *suffix)
{
	unsigned long n;
	char *end;

	if (!suffix || !expect(r, suffix, NODE_SCALAR, "suffix") || !suffix->size)
		return 0;
	if (suffix->text[0] == '[' && suffix->text[1] >= '1' && suffix->text[1] <= '9' && suffix->size < 12) {
		n = strtoul(suffix->text + 1, &end, 10);
		if (!strcmp(end, "]") && n <= TL_CAPTURE_SIZE_MAX)
			return n;
	}
	problem(r, suffix, "suffix: expected \"[N]\" with N from 1 to %d, not " QUOTED, TL_CAPTURE_SIZE_MAX, suffix->text);
	return 0;
}

static void finish_type(struct reader *r, const struct arg *arg, const struct tl_arg_type *base, struct tl_arg_type *to)
{
	if (!arg->type) {
		if (base)
			memcpy(to->type, base->type, sizeof(to->type));
		else
			problem(r, arg->node, "argument: no type");
		return;
	}
	if (!expect(r, arg->type, NODE_SCALAR, "type"))
		return;
	if (!tl_type_name_valid(arg->type->text, arg->type->size) || !type_size(arg->type->text)) {
		problem(r, arg->type, "type: unknown C type " QUOTED, arg->type->text);
		return;
	}
	memcpy(to->type, arg->type->text, arg->type->size + 1);
}

/* What the handler reads of an array `count` long, or of what `capture` says. */
static void finish_capture(struct reader *r, const struct arg *arg, const struct tl_arg_type *base, unsigned long count,
			   struct tl_arg_type *to)
{
	unsigned size = type_size(to->type);
	bool characters = size == 1;
	unsigned long n;
	int capture;

	if (arg->capture) {
		capture = word(r, arg->capture, "capture", tl_capture_names);
		to->capture = capture < 0 ? TL_CAPTURE_NONE : capture;
	} else if (count && base && base->capture) {
		to->capture = base->capture; /* bytes of the built-in row, but as many as are asked for here */
	} else if (count) {
		to->capture = !characters ? TL_CAPTURE_STRUCT : arg->length ? TL_CAPTURE_BUFFER : TL_CAPTURE_STRING;
	} else if (base && !arg->type) {
		to->capture = base->capture;
	}
	if (count) {
		/* The element's type was given: the argument is a pointer to it. */
		if (base && base->capture)
			memcpy(to->type, base->type, sizeof(to->type));
		else if (!strchr(to->type, '*') && strlen(to->type) + 2 < sizeof(to->type))
			strcat(to->type, " *");
		to->size = count * (characters || strchr(arg->type ? arg->type->text : "*", '*') ? 1 : size);
	} else {
		to->size = to->capture && base && base->capture ? base->size : size;
	}
	if (to->capture && !count && !arg->size && !(base && base->capture)) {
		if (to->capture == TL_CAPTURE_SOCKADDR || to->capture == TL_CAPTURE_SOCKADDR_POINTER)
			to->size = 128;
		else
			problem(r, arg->node, "argument: captured, but neither suffix nor size says how much");
	}
	if (arg->size && number(r, arg->size, "size", 1, to->capture ? TL_CAPTURE_SIZE_MAX : 8, &n))
		to->size = n;
	if (to->size > TL_CAPTURE_SIZE_MAX)
		problem(r, arg->suffix, "suffix: more than %d bytes", TL_CAPTURE_SIZE_MAX);
	if (to->capture == TL_CAPTURE_ARGV && to->size < TL_NAME_MAX)
		problem(r, arg->node, "argument: argv needs a size of at least %d", TL_NAME_MAX);
	if (to->capture && !strchr(to->type, '*') && size && size != 8)
		problem(r, arg->node, "argument: captured, but \"%s\" is no pointer", to->type);
}

static void finish_length(struct reader *r, const struct arg *arg, const struct tl_arg_type *base,
			  struct tl_arg_type *to)
{
	bool address = to->capture == TL_CAPTURE_SOCKADDR || to->capture == TL_CAPTURE_SOCKADDR_POINTER;
	unsigned long n;

	if (!arg->length) {
		if (base && base->capture == to->capture)
			to->length_arg = base->length_arg;
		else if (address || to->capture == TL_CAPTURE_BUFFER)
			problem(r, arg->node, "argument: captured, but no length says which argument has its length");
		return;
	}
	if (!address && to->capture != TL_CAPTURE_BUFFER)
		problem(r, arg->length, "length: only a buffer or a socket address has one");
	else if (arg->length->kind == NODE_SCALAR && !strcmp(arg->length->text, "ret") && !address)
		to->length_arg = 0;
	else if (number(r, arg->length, "length", 1, TL_ARGS_MAX, &n))
		to->length_arg = n;
}

static void finish_hash(struct reader *r, const struct arg *arg, const struct tl_arg_type *base, struct tl_arg_type *to)
{
	int hash;

	if (!arg->hash) {
		/* The original hashes what it is told to, a built-in row knows better. */
		to->hash = base ? base->hash : TL_HASH_VALUE;
	} else if (arg->hash->kind == NODE_SCALAR && !arg->hash->size) {
		to->hash = TL_HASH_VALUE;
	} else {
		hash = word(r, arg->hash, "hashFunc", tl_hash_names);
		to->hash = hash < 0 ? TL_HASH_VALUE : hash;
	}
	if (to->hash == TL_HASH_STRING && to->capture != TL_CAPTURE_STRING && to->capture != TL_CAPTURE_BUFFER) {
		if (arg->hash)
			problem(r, arg->hash, "hashFunc: string is for a char array");
		to->hash = TL_HASH_VALUE;
	}
}

static void finish_arg(struct reader *r, const struct row *row, const struct arg *arg, struct tl_arg_type *to)
{
	const struct tl_arg_type *base = base_arg(row, arg->position);
	unsigned before = r->n_problems;
	unsigned long count;

	to->position = arg->position;
	if (arg->name)
		name(r, arg->name, "name", sizeof(to->name), to->name);
	else if (base)
		memcpy(to->name, base->name, sizeof(to->name));
	else
		problem(r, arg->node, "argument: no name");
	finish_type(r, arg, base, to);
	count = suffix_count(r, arg->suffix);
	if (r->n_problems != before)
		return;
	finish_capture(r, arg, base, count, to);
	finish_length(r, arg, base, to);
	finish_hash(r, arg, base, to);
	if (!arg->decoder) {
		if (base && base->capture == to->capture)
			memcpy(to->decoder, base->decoder, sizeof(to->decoder));
	} else if (arg->decoder->kind != NODE_SCALAR || arg->decoder->size) {
		int decoder = word(r, arg->decoder, "decoder", tl_decoder_names);

		if (decoder >= 0)
			strcpy(to->decoder, tl_decoder_names[decoder]);
	}
}

static void finish_args(struct reader *r, struct row *row)
{
	struct tl_event_type *t = &row->type;

	for (size_t i = 0; i < row->n_args; i++) {
		struct tl_arg_type arg = {};
		size_t at = t->n_args;
		bool twice = false;

		if (row->args[i].position > TL_ARGS_MAX)
			continue;
		finish_arg(r, row, &row->args[i], &arg);
		for (size_t k = 0; k < t->n_args; k++) {
			if (t->args[k].position == arg.position) {
				problem(r, row->args[i].node, "argument: position %u is taken", arg.position);
				twice = true;
			}
			if (arg.name[0] && !strcmp(t->args[k].name, arg.name)) {
				problem(r, row->args[i].name ? row->args[i].name : row->args[i].node,
					"argument: the name " QUOTED " is taken", arg.name);
				twice = true;
			}
		}
		if (twice)
			continue;
		for (; at && t->args[at - 1].position > arg.position; at--)
			t->args[at] = t->args[at - 1];
		t->args[at] = arg;
		t->n_args++;
	}
}

/* ---- Rows, with what is known of them elsewhere ---- */

static void find_base(struct reader *r, struct row *row)
{
	const char *text = row->name->text;

	/* The original's first tables say sys_open. */
	for (int strip = 0; strip < 2 && !row->base; strip++) {
		if (strip && !strncmp(text, "sys_", 4))
			text += 4;
		for (size_t i = 0; i < r->n_builtin; i++)
			if (!strcmp(r->builtin[i].name, text))
				row->base = &r->builtin[i];
	}
	if (row->base)
		memcpy(row->type.name, row->base->name, sizeof(row->type.name));
}

static void inherit(struct row *row)
{
	const struct tl_event_type *base = row->base;
	struct tl_event_type *t = &row->type;
	unsigned given = row->given;

#define INHERIT(bit, field)                                             \
	do {                                                            \
		if (!(given & (bit)))                                   \
			memcpy(&t->field, &base->field, sizeof(t->field)); \
	} while (0)
	INHERIT(GIVEN_CLASS, class);
	INHERIT(GIVEN_GROUPS, groups);
	INHERIT(GIVEN_SUMMARY, summary);
	INHERIT(GIVEN_NUMBERS, number);
	INHERIT(GIVEN_NUMBERS, number2);
	INHERIT(GIVEN_PATH, path_from);
	INHERIT(GIVEN_PATH, path_fd);
	INHERIT(GIVEN_PATH, path_name);
	INHERIT(GIVEN_TARGET, target_from);
	INHERIT(GIVEN_TARGET, target_fd);
	INHERIT(GIVEN_TARGET, target_name);
	INHERIT(GIVEN_FLAGS, flags);
	INHERIT(GIVEN_SPELLINGS, spellings);
	INHERIT(GIVEN_ARGS, n_args);
	INHERIT(GIVEN_ARGS, args);
#undef INHERIT
}

static bool has_position(const struct tl_event_type *t, unsigned position)
{
	if (!position)
		return true;
	for (size_t i = 0; i < t->n_args; i++)
		if (t->args[i].position == position)
			return true;
	return false;
}

/* What a row of the built-in table must have, and others may leave out. */
static void check_complete(struct reader *r, const struct row *row)
{
	const struct tl_event_type *t = &row->type;

	if (!t->groups[0])
		problem(r, row->node, "event: no groups");
	if (!t->summary[0])
		problem(r, row->node, "event: no summary");
	if (row->path && (!has_position(t, t->path_fd) || !has_position(t, t->path_name)))
		problem(r, row->path, "path: there is no such argument");
	if (row->target && (!has_position(t, t->target_fd) || !has_position(t, t->target_name)))
		problem(r, row->target, "target: there is no such argument");
	for (size_t i = 0; i < t->n_args; i++)
		if (!has_position(t, t->args[i].length_arg))
			problem(r, row->args[i].node, "length: there is no such argument");
}

static bool has_number(const struct tl_event_type *t)
{
	for (unsigned i = 0; i < TL_ABIS; i++)
		if (t->number[i] >= 0)
			return true;
	return false;
}

static void read_row(struct reader *r, const struct node *node, struct row *row)
{
	static const struct key keys[] = {
		{ "name", NULL, offsetof(struct row, name), GIVEN_NAME },
		{ "class", read_class, 0, GIVEN_CLASS },
		{ "groups", read_groups, 0, GIVEN_GROUPS },
		{ "summary", read_summary, 0, GIVEN_SUMMARY },
		{ "numbers", read_numbers, 0, GIVEN_NUMBERS },
		{ "args", read_args, 0, GIVEN_ARGS },
		{ "path", read_path, 0, GIVEN_PATH },
		{ "target", read_target, 0, GIVEN_TARGET },
		{ "flags", read_flags, 0, GIVEN_FLAGS },
		{ "spellings", read_spellings, 0, GIVEN_SPELLINGS },
	};
	unsigned before = r->n_problems;

	row->node = node;
	memset(row->type.number, 0xff, sizeof(row->type.number));
	memset(row->type.number2, 0xff, sizeof(row->type.number2));
	row->given = read_mapping(r, node, "event", keys, COUNT(keys), row);
	if (node->kind != NODE_MAPPING)
		return;
	if (!row->name)
		problem(r, node, "event: no name");
	else if (name(r, row->name, "name", sizeof(row->type.name), row->type.name))
		find_base(r, row);
	finish_args(r, row);
	if (r->n_problems != before)
		return;
	if (row->base)
		inherit(row);
	if (row->type.class == TL_CLASS_SYSCALL && !has_number(&row->type))
		problem(r, row->name, "event: " QUOTED " is not in the built-in table and has no numbers", row->name->text);
	else if (row->type.class != TL_CLASS_SYSCALL && has_number(&row->type))
		problem(r, row->node, "numbers: only a system call has them");
	else if (!r->n_builtin)
		check_complete(r, row);
}

/* ---- The table ---- */

static bool known_name(const struct reader *r, const struct tl_table *t, const char *text, size_t size)
{
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->types[i].name) == size && !memcmp(t->types[i].name, text, size))
			return true;
	for (size_t i = 0; i < r->n_builtin; i++)
		if (strlen(r->builtin[i].name) == size && !memcmp(r->builtin[i].name, text, size))
			return true;
	return false;
}

static void check_spellings(struct reader *r, const struct tl_table *t, const struct node *list)
{
	for (const struct node *node = list->kind == NODE_LIST ? list->first : NULL; node; node = node->next)
		if (node->kind == NODE_SCALAR && !known_name(r, t, node->text, node->size))
			problem(r, node, "spellings: there is no event " QUOTED, node->text);
}

static int read_rows(struct reader *r, const struct node *list, struct tl_table *t)
{
	const struct node **spellings;
	size_t n = 0;

	for (const struct node *node = list->first; node; node = node->next)
		n++;
	if (n >= TL_EVENTS_MAX) {
		problem(r, list, "more than %d events", TL_EVENTS_MAX - 1);
		return -EINVAL;
	}
	t->types = calloc(n + 1, sizeof(*t->types));
	spellings = calloc(n + 1, sizeof(*spellings));
	if (!t->types || !spellings) {
		free(spellings);
		return -ENOMEM;
	}
	for (const struct node *node = list->first; node; node = node->next) {
		struct row row = {};

		read_row(r, node, &row);
		if (row.type.name[0] && known_name(&(struct reader){}, t, row.type.name, strlen(row.type.name))) {
			problem(r, row.name, "event: " QUOTED " is in the table twice", row.type.name);
			continue;
		}
		spellings[t->n] = row.spellings;
		t->types[t->n++] = row.type;
	}
	for (size_t i = 0; i < t->n; i++)
		if (spellings[i])
			check_spellings(r, t, spellings[i]);
	free(spellings);
	return 0;
}

static int read_tree(struct reader *r, const struct node *root, struct tl_table *t)
{
	struct {
		const struct node *event;
	} top = {};
	static const struct key keys[] = { { "event", NULL, 0, 0 } };

	if (!root || is_null(root)) {
		problem_at(r, 0, 0, "the table is empty");
		return -EINVAL;
	}
	read_mapping(r, root, "table", keys, COUNT(keys), &top);
	if (!top.event) {
		if (root->kind == NODE_MAPPING)
			problem(r, root, "table: no list \"event\"");
		return -EINVAL;
	}
	if (!expect(r, top.event, NODE_LIST, "event"))
		return -EINVAL;
	return read_rows(r, top.event, t);
}

void tl_table_done(struct tl_table *t)
{
	free(t->types);
	*t = (struct tl_table){};
}

int tl_table_parse(const char *text, size_t size, const struct tl_event_type *builtin, size_t n_builtin,
		   struct tl_table *ret, tl_table_problem report, void *userdata)
{
	struct reader r = { .builtin = builtin, .n_builtin = n_builtin, .problem = report, .userdata = userdata };
	struct tl_table table = {};
	struct node *root = NULL;
	yaml_parser_t parser;
	int error;

	if (size > TL_TABLE_SIZE_MAX) {
		problem_at(&r, 0, 0, "larger than %u MiB", TL_TABLE_SIZE_MAX >> 20);
		return -E2BIG;
	}
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	error = build_tree(&r, &parser, &root);
	yaml_parser_delete(&parser);
	if (!error)
		error = read_tree(&r, root, &table);
	free_nodes(&r);
	if (!error && r.n_problems)
		error = -EINVAL;
	if (error) {
		tl_table_done(&table);
		return error;
	}
	*ret = table;
	return 0;
}

static int read_file(int fd, char **ret_text, size_t *ret_size)
{
	size_t size = 0, room = 0;
	char *text = NULL;

	/* What is not a regular file has no size: read until it ends, or is too long. */
	while (size <= TL_TABLE_SIZE_MAX) {
		ssize_t n;

		if (size == room) {
			char *more = realloc(text, room = room ? room * 2 : 65536);

			if (!more) {
				free(text);
				return -ENOMEM;
			}
			text = more;
		}
		n = read(fd, text + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = -errno;

			free(text);
			return error;
		}
		if (!n)
			break;
		size += n;
	}
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int tl_table_load(const char *path, const struct tl_event_type *builtin, size_t n_builtin, struct tl_table *ret,
		  tl_table_problem report, void *userdata)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	char *text = NULL;
	size_t size = 0;

	if (fd < 0)
		return -errno;
	error = read_file(fd, &text, &size);
	close(fd);
	if (error)
		return error;
	error = tl_table_parse(text, size, builtin, n_builtin, ret, report, userdata);
	free(text);
	return error;
}
