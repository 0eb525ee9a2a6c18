/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key "io_uring" of a row: which requests stand for the call, and where its
 * arguments lie in them. */
#include <string.h>

#include "opcodes.h"
#include "table-rows.h"
#include "util.h"
#include "wire.h"

struct request {
	const struct tl_yaml_node *opcodes, *args, *flags;
};

static void read_opcodes(struct tl_reader *r, const struct tl_yaml_node *list, struct tl_request_type *request)
{
	size_t n = 0;

	if (!tl_node_expect(r, list, TL_YAML_LIST, "opcodes"))
		return;
	for (const struct tl_yaml_node *node = list->first; node; node = node->next) {
		int opcode = tl_node_word(r, node, "opcodes", tl_opcode_names);

		if (opcode < 0)
			continue;
		if (n == sizeof(request->opcodes))
			tl_node_problem(r, node, "opcodes: more than %zu", sizeof(request->opcodes));
		else
			request->opcodes[n] = opcode;
		n++;
	}
}

static void read_fields(struct tl_reader *r, const struct tl_yaml_node *list, struct tl_request_type *request)
{
	size_t n = 0;

	if (!tl_node_expect(r, list, TL_YAML_LIST, "args"))
		return;
	for (const struct tl_yaml_node *node = list->first; node; node = node->next) {
		int field = tl_node_word(r, node, "args", tl_sqe_field_names);

		if (n == TL_ARGS_MAX)
			tl_node_problem(r, node, "args: more than %d", TL_ARGS_MAX);
		else if (field >= 0)
			request->fields[n] = tl_sqe_field_codes[field];
		n++;
	}
}

static void read_request_flags(struct tl_reader *r, const struct tl_yaml_node *list, struct tl_request_type *request)
{
	if (!tl_node_expect(r, list, TL_YAML_LIST, "flags"))
		return;
	for (const struct tl_yaml_node *node = list->first; node; node = node->next) {
		int bit = tl_node_word(r, node, "flags", tl_request_flag_names);

		if (bit >= 0)
			request->flags |= 1U << bit;
	}
}

void tl_row_read_request(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	static const struct tl_node_key keys[] = {
		{ "opcodes", NULL, offsetof(struct request, opcodes), 0 },
		{ "args", NULL, offsetof(struct request, args), 0 },
		{ "flags", NULL, offsetof(struct request, flags), 0 },
	};
	struct tl_row *row = to;
	struct request request = {};

	tl_node_mapping(r, value, "io_uring", keys, ARRAY_SIZE(keys), &request);
	if (value->kind != TL_YAML_MAPPING)
		return;
	if (!request.opcodes || !request.args) {
		tl_node_problem(r, value, "io_uring: expected opcodes and args");
		return;
	}
	read_opcodes(r, request.opcodes, &row->type.request);
	read_fields(r, request.args, &row->type.request);
	if (request.flags)
		read_request_flags(r, request.flags, &row->type.request);
}
