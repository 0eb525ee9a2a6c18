// SPDX-License-Identifier: LGPL-2.1-or-later
#include "request-members.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "opcodes.h"
#include "util.h"
#include "wire.h"

#define SPLICE_FD_IN_FIXED_BIT 31 /* linux/splice.h: the descriptor is a place in the ring's table */
#define NESTED_MAX 8

/* An operation has a type of its own, which lies at the beginning of the request. */
struct member {
	const char *opcode;
	const char *field; /* of the entry; NULL: whether a place in the ring's table is meant */
	const char *type, *name;
};

static const struct member members[] = {
	{ "OPENAT", "fd", "io_open", "dfd" },
	{ "OPENAT", NULL, "io_open", "file_slot" },
	{ "OPENAT2", "fd", "io_open", "dfd" },
	{ "OPENAT2", NULL, "io_open", "file_slot" },
	{ "CLOSE", "fd", "io_close", "fd" },
	{ "CLOSE", NULL, "io_close", "file_slot" },
	{ "ACCEPT", NULL, "io_accept", "file_slot" },
	{ "SOCKET", NULL, "io_socket", "file_slot" },
	{ "PIPE", NULL, "io_pipe", "file_slot" },
	{ "SPLICE", "in_fd", "io_splice", "splice_fd_in" },
	{ "SPLICE", "fd", "io_kiocb", "cqe.fd" },
	{ "SPLICE", NULL, "io_splice", "flags" },
	{ "TEE", "in_fd", "io_splice", "splice_fd_in" },
	{ "TEE", "fd", "io_kiocb", "cqe.fd" },
	{ "TEE", NULL, "io_splice", "flags" },
	{ "EPOLL_CTL", "fd", "io_epoll", "epfd" },
	{ "EPOLL_CTL", "off", "io_epoll", "fd" },
	{ "STATX", "fd", "io_statx", "dfd" },
	{ "MKDIRAT", "fd", "io_mkdir", "dfd" },
	{ "UNLINKAT", "fd", "io_unlink", "dfd" },
	{ "SYMLINKAT", "fd", "io_symlink", "new_dfd" },
	{ "RENAMEAT", "fd", "io_rename", "old_dfd" },
	{ "RENAMEAT", "len_fd", "io_rename", "new_dfd" },
	{ "LINKAT", "fd", "io_link", "old_dfd" },
	{ "LINKAT", "len_fd", "io_link", "new_dfd" },
	{ "LINKAT", "fd", "io_hardlink", "old_dfd" }, /* before 6.0 */
	{ "LINKAT", "len_fd", "io_hardlink", "new_dfd" },
};

static const struct btf_type *type_of(const struct btf *types, uint32_t id, uint32_t *ret_id)
{
	const struct btf_type *type = btf__type_by_id(types, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(types, id = type->type);
	*ret_id = id;
	return type;
}

/* Offset in bits of "name" or "name.name", also in members that have no name; -1: there is none. */
static int64_t find(const struct btf *types, uint32_t id, const char *name, unsigned depth)
{
	const struct btf_type *type = type_of(types, id, &id);
	size_t length = strcspn(name, ".");
	const struct btf_member *m;

	if (depth == NESTED_MAX || !type || !btf_is_composite(type))
		return -1;
	m = btf_members(type);
	for (unsigned i = 0; i < btf_vlen(type); i++) {
		const char *own = btf__name_by_offset(types, m[i].name_off);
		int64_t at = btf_member_bit_offset(type, i), inside = -1;

		if (!own || !*own)
			inside = find(types, m[i].type, name, depth + 1);
		else if (strlen(own) == length && strncmp(own, name, length) == 0)
			inside = name[length] ? find(types, m[i].type, name + length + 1, depth + 1) : 0;
		if (inside >= 0)
			return at + inside;
	}
	return -1;
}

/* In bytes from the beginning of the request; 0: it is not to be had. */
static uint8_t place_of(const struct btf *types, const struct member *m)
{
	int id = btf__find_by_name_kind(types, m->type, BTF_KIND_STRUCT);
	int64_t at = id > 0 ? find(types, (uint32_t)id, m->name, 0) : -1;

	return at > 0 && at % 8 == 0 && at / 8 <= TL_REQUEST_SIZE - 4 ? (uint8_t)(at / 8) : 0;
}

static void put_argument(const struct btf *types, const struct member *m, struct tl_opcode *entry)
{
	for (unsigned i = 0; i < TL_ARGS; i++)
		if (entry->field[i] && strcmp(tl_sqe_field_name(entry->field[i]), m->field) == 0 && !entry->own[i])
			entry->own[i] = place_of(types, m);
}

void tl_request_members(const struct btf *types, uint8_t opcode, uint8_t argument_of_file, struct tl_opcode *entry)
{
	static const struct member file = { NULL, "fd", "io_kiocb", "cqe.fd" };
	const char *name = tl_opcode_names[opcode];
	unsigned of_file = argument_of_file - 1U;

	memset(entry->own, 0, sizeof(entry->own));
	entry->slot = entry->slot_shift = 0;
	if (!types)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(members[i].opcode, name) != 0)
			continue;
		if (members[i].field)
			put_argument(types, &members[i], entry);
		else
			entry->slot = place_of(types, &members[i]);
		if (strcmp(members[i].name, "flags") == 0)
			entry->slot_shift = SPLICE_FD_IN_FIXED_BIT;
	}
	if (of_file < TL_ARGS && !entry->own[of_file] && entry->field[of_file] &&
	    strcmp(tl_sqe_field_name(entry->field[of_file]), file.field) == 0)
		entry->own[of_file] = place_of(types, &file);
}

uint32_t tl_request_flag(const struct btf *types, const char *name)
{
	uint32_t n = types ? btf__type_cnt(types) : 0;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "REQ_F_%s_BIT", name);
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *type = btf__type_by_id(types, id);
		const struct btf_enum *values = btf_is_enum(type) && btf_vlen(type) ? btf_enum(type) : NULL;

		if (!values || strcmp(btf__name_by_offset(types, values[0].name_off), "REQ_F_FIXED_FILE_BIT") != 0)
			continue;
		for (unsigned i = 0; i < btf_vlen(type); i++)
			if (strcmp(btf__name_by_offset(types, values[i].name_off), wanted) == 0)
				return (uint32_t)values[i].val < 32 ? 1U << values[i].val : 0;
	}
	return 0;
}
