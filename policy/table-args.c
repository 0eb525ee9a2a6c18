/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of a row: what they are, and what the handler reads of them. */
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "table-rows.h"
#include "util.h"
#include "wire.h"

#define SOCKADDR_SIZE 128 /* sizeof(struct sockaddr_storage) */

/* clang-format off */
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
/* clang-format on */

/* 0: not known. A pointer to anything is known. */
static unsigned type_size(const char *type)
{
	if (strchr(type, '*'))
		return 8;
	if (!strncmp(type, "const ", 6))
		type += 6;
	for (size_t i = 0; i < ARRAY_SIZE(c_types); i++)
		if (!strcmp(c_types[i].name, type))
			return c_types[i].size;
	return 0;
}

static bool is_address(const struct tl_arg_type *arg)
{
	return arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER;
}

static bool has_length(const struct tl_arg_type *arg)
{
	return is_address(arg) || arg->capture == TL_CAPTURE_BUFFER || arg->capture == TL_CAPTURE_IOVEC ||
	       arg->capture == TL_CAPTURE_BITS || arg->capture == TL_CAPTURE_LETTER;
}

static void read_position(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row_arg *arg = to;

	if (!tl_node_number(r, value, "position", 1, TL_ARGS_MAX, &arg->position))
		arg->position = TL_ARGS_MAX + 1;
}

void tl_row_read_args(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	static const struct tl_node_key keys[] = {
		{ "position", read_position, 0, 0 },
		{ "type", NULL, offsetof(struct tl_row_arg, type), 0 },
		{ "name", NULL, offsetof(struct tl_row_arg, name), 0 },
		{ "suffix", NULL, offsetof(struct tl_row_arg, suffix), 0 },
		{ "hashFunc", NULL, offsetof(struct tl_row_arg, hash), 0 },
		{ "decoder", NULL, offsetof(struct tl_row_arg, decoder), 0 },
		{ "capture", NULL, offsetof(struct tl_row_arg, capture), 0 },
		{ "size", NULL, offsetof(struct tl_row_arg, size), 0 },
		{ "length", NULL, offsetof(struct tl_row_arg, length), 0 },
		{ "unit", NULL, offsetof(struct tl_row_arg, unit), 0 },
	};
	struct tl_row *row = to;
	unsigned long last = 0;

	if (!tl_node_expect(r, value, TL_YAML_LIST, "args"))
		return;
	row->n_args = 0;
	for (const struct tl_yaml_node *node = value->first; node; node = node->next) {
		struct tl_row_arg arg = { .node = node };

		if (row->n_args == TL_ARGS_MAX) {
			tl_node_problem(r, node, "args: a system call has at most %d", TL_ARGS_MAX);
			return;
		}
		tl_node_mapping(r, node, "argument", keys, ARRAY_SIZE(keys), &arg);
		if (node->kind != TL_YAML_MAPPING)
			continue;
		if (!arg.position) {
			arg.position = last + 1;
			if (last == TL_ARGS_MAX)
				tl_node_problem(r, node, "argument: there is no position after %d", TL_ARGS_MAX);
		}
		last = arg.position;
		row->args[row->n_args++] = arg;
	}
}

/* "[256]": how many elements. 0: none, or refused. */
static unsigned long suffix_count(struct tl_reader *r, const struct tl_yaml_node *suffix)
{
	unsigned long n;
	char *end;

	if (!suffix || !tl_node_expect(r, suffix, TL_YAML_SCALAR, "suffix") || !suffix->size)
		return 0;
	if (suffix->text[0] == '[' && suffix->text[1] >= '1' && suffix->text[1] <= '9' && suffix->size < 12) {
		n = strtoul(suffix->text + 1, &end, 10);
		if (!strcmp(end, "]") && n <= TL_CAPTURE_SIZE_MAX)
			return n;
	}
	tl_node_problem(r, suffix, "suffix: expected \"[N]\" with N from 1 to %d, not " TL_QUOTED, TL_CAPTURE_SIZE_MAX,
			suffix->text);
	return 0;
}

/* An argument on its way from the file to the table. */
struct work {
	struct tl_reader *r;
	const struct tl_row_arg *arg;
	const struct tl_arg_type *base; /* the same position of the built-in row, or NULL */
	unsigned long count; /* elements of the suffix; 0: none */
	unsigned element; /* bytes of one */
	struct tl_arg_type *to;
};

static void finish_name(struct work *w)
{
	if (w->arg->name)
		tl_node_name(w->r, w->arg->name, "name", sizeof(w->to->name), w->to->name);
	else if (w->base)
		memcpy(w->to->name, w->base->name, sizeof(w->to->name));
	else
		tl_node_problem(w->r, w->arg->node, "argument: no name");
}

static void finish_type(struct work *w)
{
	const struct tl_yaml_node *type = w->arg->type;

	if (!type) {
		if (w->base)
			memcpy(w->to->type, w->base->type, sizeof(w->to->type));
		else
			tl_node_problem(w->r, w->arg->node, "argument: no type");
	} else if (tl_node_expect(w->r, type, TL_YAML_SCALAR, "type")) {
		if (tl_type_name_valid(type->text, type->size) && type_size(type->text))
			memcpy(w->to->type, type->text, type->size + 1);
		else
			tl_node_problem(w->r, type, "type: unknown C type " TL_QUOTED, type->text);
	}
	w->element = strchr(w->to->type, '*') ? 1 : type_size(w->to->type);
}

static void finish_capture(struct work *w)
{
	const struct tl_row_arg *arg = w->arg;
	int capture;

	if (arg->capture) {
		capture = tl_node_word(w->r, arg->capture, "capture", tl_capture_names);
		w->to->capture = capture < 0 ? TL_CAPTURE_NONE : capture;
	} else if (w->count && w->base && w->base->capture) {
		w->to->capture = w->base->capture; /* but as much as is asked for here */
	} else if (w->count) {
		w->to->capture = w->element > 1 ? TL_CAPTURE_STRUCT :
				 arg->length	? TL_CAPTURE_BUFFER :
						  TL_CAPTURE_STRING;
	} else if (w->base && !arg->type) {
		w->to->capture = w->base->capture;
	}
}

/* With a suffix the type is that of an element; the argument is a pointer to it. */
static void finish_pointer(struct work *w)
{
	char *type = w->to->type;

	if (w->count && w->base && w->base->capture)
		memcpy(type, w->base->type, sizeof(w->to->type));
	else if (w->count && !strchr(type, '*') && strlen(type) + 2 < sizeof(w->to->type))
		strcat(type, " *");
	if (!tl_capture_is_number(w->to->capture) && type_size(type) != 8)
		tl_node_problem(w->r, w->arg->type ? w->arg->type : w->arg->node,
				"type: captured, but " TL_QUOTED " is no pointer", type);
}

static void finish_size(struct work *w)
{
	const struct tl_row_arg *arg = w->arg;
	struct tl_arg_type *to = w->to;
	unsigned long n;

	if (!to->capture)
		to->size = type_size(to->type);
	else if (is_address(to))
		to->size = SOCKADDR_SIZE;
	else if (w->count)
		to->size = w->count * w->element;
	else if (w->base && w->base->capture == to->capture)
		to->size = w->base->size;
	if (arg->size) {
		unsigned long max = !to->capture ? 8 : is_address(to) ? SOCKADDR_SIZE : TL_CAPTURE_SIZE_MAX;

		if (tl_node_number(w->r, arg->size, "size", 1, max, &n))
			to->size = n;
	} else if (!to->size) {
		tl_node_problem(w->r, arg->node, "argument: captured, but neither suffix nor size says how much");
	}
	if (to->size > TL_CAPTURE_SIZE_MAX)
		tl_node_problem(w->r, arg->suffix, "suffix: more than %d bytes", TL_CAPTURE_SIZE_MAX);
	if (to->capture == TL_CAPTURE_ARGV && to->size && to->size < TL_NAME_MAX)
		tl_node_problem(w->r, arg->node, "argument: argv needs a size of at least %d", TL_NAME_MAX);
}

static void finish_length(struct work *w)
{
	const struct tl_yaml_node *length = w->arg->length;
	struct tl_arg_type *to = w->to;
	unsigned long n;

	if (!length) {
		if (w->base && w->base->capture == to->capture)
			to->length_arg = w->base->length_arg;
		else if (has_length(to))
			tl_node_problem(w->r, w->arg->node, "argument: captured, but no length says how much there is");
		return;
	}
	if (!has_length(to) && !tl_capture_is_message(to->capture))
		tl_node_problem(w->r, length, "length: only a buffer, bits, vectors, letters, messages and a socket address have one");
	else if (length->kind == TL_YAML_SCALAR && !strcmp(length->text, "ret") &&
		 (to->capture == TL_CAPTURE_BUFFER || to->capture == TL_CAPTURE_LETTER))
		to->length_arg = 0;
	else if (tl_node_number(w->r, length, "length", 1, TL_ARGS_MAX, &n))
		to->length_arg = n;
}

static void finish_unit(struct work *w)
{
	const struct tl_yaml_node *unit = w->arg->unit;
	struct tl_arg_type *to = w->to;
	unsigned long n;

	if (!unit) {
		if (!w->arg->length && w->base && w->base->capture == to->capture)
			to->unit = w->base->unit;
	} else if (to->capture != TL_CAPTURE_BUFFER) {
		tl_node_problem(w->r, unit, "unit: only a buffer has one");
	} else if (tl_node_number(w->r, unit, "unit", 1, UINT8_MAX, &n)) {
		to->unit = n;
	}
}

static void finish_hash(struct work *w)
{
	const struct tl_yaml_node *node = w->arg->hash;
	struct tl_arg_type *to = w->to;
	int hash;

	if (!node) {
		to->hash = w->base && w->base->capture == to->capture ? w->base->hash : TL_HASH_VALUE;
		return;
	}
	if (node->kind == TL_YAML_SCALAR && !node->size)
		return;
	hash = tl_node_word(w->r, node, "hashFunc", tl_hash_names);
	if (hash < 0)
		return;
	to->hash = hash;
	if (hash == TL_HASH_STRING && to->capture != TL_CAPTURE_STRING && to->capture != TL_CAPTURE_BUFFER)
		tl_node_problem(w->r, node, "hashFunc: string is for a captured array of char");
}

static void finish_decoder(struct work *w)
{
	const struct tl_yaml_node *node = w->arg->decoder;
	int decoder;

	if (!node) {
		if (w->base && w->base->capture == w->to->capture)
			memcpy(w->to->decoder, w->base->decoder, sizeof(w->to->decoder));
		return;
	}
	if (node->kind == TL_YAML_SCALAR && !node->size)
		return;
	decoder = tl_node_word(w->r, node, "decoder", tl_decoder_names);
	if (decoder >= 0)
		strcpy(w->to->decoder, tl_decoder_names[decoder]);
}

static void finish_arg(struct tl_reader *r, const struct tl_row *row, const struct tl_row_arg *arg,
		       struct tl_arg_type *to)
{
	struct work w = { .r = r, .arg = arg, .to = to };
	unsigned before = r->n_problems;

	to->position = arg->position;
	for (size_t i = 0; row->base && i < row->base->n_args; i++)
		if (row->base->args[i].position == arg->position)
			w.base = &row->base->args[i];
	finish_name(&w);
	finish_type(&w);
	w.count = suffix_count(r, arg->suffix);
	if (r->n_problems != before)
		return;
	finish_capture(&w);
	finish_pointer(&w);
	finish_size(&w);
	finish_length(&w);
	finish_unit(&w);
	finish_hash(&w);
	finish_decoder(&w);
}

static bool is_taken(struct tl_reader *r, const struct tl_event_type *t, const struct tl_row_arg *from,
		     const struct tl_arg_type *arg)
{
	for (size_t i = 0; i < t->n_args; i++) {
		if (t->args[i].position == arg->position) {
			tl_node_problem(r, from->node, "argument: position %u is taken", arg->position);
			return true;
		}
		if (arg->name[0] && !strcmp(t->args[i].name, arg->name)) {
			tl_node_problem(r, from->name ? from->name : from->node,
					"argument: the name " TL_QUOTED " is taken", arg->name);
			return true;
		}
	}
	return false;
}

void tl_row_finish_args(struct tl_reader *r, struct tl_row *row)
{
	struct tl_event_type *t = &row->type;

	for (size_t i = 0; i < row->n_args; i++) {
		struct tl_arg_type arg = {};
		size_t at = t->n_args;

		if (row->args[i].position > TL_ARGS_MAX)
			continue;
		finish_arg(r, row, &row->args[i], &arg);
		if (is_taken(r, t, &row->args[i], &arg))
			continue;
		for (; at && t->args[at - 1].position > arg.position; at--)
			t->args[at] = t->args[at - 1];
		t->args[at] = arg;
		t->n_args++;
	}
}
