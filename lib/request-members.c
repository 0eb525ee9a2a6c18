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
	{ "SYMLINKAT", "fd", "io_symlink", "new_dfd" }, /* before 6.0 */
	{ "SYMLINKAT", "fd", "io_link", "new_dfd" },
	{ "RENAMEAT", "fd", "io_rename", "old_dfd" },
	{ "RENAMEAT", "len_fd", "io_rename", "new_dfd" },
	{ "LINKAT", "fd", "io_link", "old_dfd" },
	{ "LINKAT", "len_fd", "io_link", "new_dfd" },
	{ "LINKAT", "fd", "io_hardlink", "old_dfd" }, /* before 6.0 */
	{ "LINKAT", "len_fd", "io_hardlink", "new_dfd" },
};

/* Names that the kernel has copied when it takes a request. */
static const struct member copies[] = {
	{ "OPENAT", "addr", "io_open", "filename" },
	{ "OPENAT2", "addr", "io_open", "filename" },
	{ "STATX", "addr", "io_statx", "filename" },
	{ "MKDIRAT", "addr", "io_mkdir", "filename" },
	{ "UNLINKAT", "addr", "io_unlink", "filename" },
	{ "SYMLINKAT", "addr", "io_symlink", "oldpath" },
	{ "SYMLINKAT", "off", "io_symlink", "newpath" },
	{ "SYMLINKAT", "addr", "io_link", "oldpath" }, /* since 6.0 */
	{ "SYMLINKAT", "off", "io_link", "newpath" },
	{ "RENAMEAT", "addr", "io_rename", "oldpath" },
	{ "RENAMEAT", "off", "io_rename", "newpath" },
	{ "LINKAT", "addr", "io_link", "oldpath" },
	{ "LINKAT", "off", "io_link", "newpath" },
	{ "LINKAT", "addr", "io_hardlink", "oldpath" }, /* before 6.0 */
	{ "LINKAT", "off", "io_hardlink", "newpath" },
	{ "SETXATTR", "addr3", "io_xattr", "filename" },
	{ "SETXATTR", "addr", "io_xattr", "ctx.kname" },
	{ "GETXATTR", "addr3", "io_xattr", "filename" },
	{ "GETXATTR", "addr", "io_xattr", "ctx.kname" },
	{ "FSETXATTR", "addr", "io_xattr", "ctx.kname" },
	{ "FGETXATTR", "addr", "io_xattr", "ctx.kname" },
};

static const struct btf_type *type_of(const struct btf *types, uint32_t id, uint32_t *ret_id)
{
	const struct btf_type *type = btf__type_by_id(types, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(types, id = type->type);
	*ret_id = id;
	return type;
}

/* Offset in bits of "name" or "name.name", also in members that have no name, and its type; -1: there is none. */
static int64_t find(const struct btf *types, uint32_t id, const char *name, unsigned depth, uint32_t *ret_type)
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
			inside = find(types, m[i].type, name, depth + 1, ret_type);
		else if (strlen(own) != length || strncmp(own, name, length) != 0)
			continue;
		else if (name[length])
			inside = find(types, m[i].type, name + length + 1, depth + 1, ret_type);
		else
			inside = 0, *ret_type = m[i].type;
		if (inside >= 0)
			return at + inside;
	}
	return -1;
}

/* In bytes from the beginning of the request, of a member of that size; 0: it is not to be had. */
static uint8_t place_of(const struct btf *types, const struct member *m, unsigned size, uint32_t *ret_type)
{
	int id = btf__find_by_name_kind(types, m->type, BTF_KIND_STRUCT);
	int64_t at = id > 0 ? find(types, (uint32_t)id, m->name, 0, ret_type) : -1;

	return at > 0 && at % 8 == 0 && at / 8 <= TL_REQUEST_SIZE - size ? (uint8_t)(at / 8) : 0;
}

static uint8_t number_at(const struct btf *types, const struct member *m)
{
	uint32_t type = 0;

	return place_of(types, m, sizeof(uint32_t), &type);
}

/* Where a pointer to a name is, with TL_REQUEST_TEXT; 0 also if what is there is something else. */
static uint8_t copy_at(const struct btf *types, const struct member *m)
{
	const struct btf_type *type;
	uint32_t id = 0;
	uint8_t at = place_of(types, m, sizeof(uint64_t), &id);
	const char *name;

	if (!at || at % sizeof(uint64_t))
		return 0;
	type = type_of(types, id, &id);
	/* struct delayed_filename, since 7.0, is but a pointer. */
	if (type && btf_is_struct(type) && btf_vlen(type) == 1)
		type = type_of(types, btf_members(type)->type, &id);
	if (!type || !btf_is_ptr(type))
		return 0;
	type = type_of(types, type->type, &id);
	name = type && (btf_is_struct(type) || btf_is_fwd(type)) ? btf__name_by_offset(types, type->name_off) : "";
	if (strcmp(name, "xattr_name") == 0)
		return at | TL_REQUEST_TEXT;
	return strcmp(name, "filename") == 0 ? at : 0;
}

static void put_argument(const struct btf *types, const struct member *m, struct tl_opcode *entry)
{
	for (unsigned i = 0; i < TL_ARGS; i++)
		if (entry->field[i] && strcmp(tl_sqe_field_name(entry->field[i]), m->field) == 0 && !entry->own[i])
			entry->own[i] = number_at(types, m);
}

static void put_copy(const struct btf *types, const struct member *m, struct tl_opcode *entry)
{
	uint8_t at = copy_at(types, m);
	unsigned n = 0;

	while (n < TL_REQUEST_COPIES && entry->copy_of[n])
		n++;
	for (uint8_t i = 0; at && n < TL_REQUEST_COPIES && i < TL_ARGS; i++) {
		if (!entry->field[i] || strcmp(tl_sqe_field_name(entry->field[i]), m->field) != 0)
			continue;
		entry->copy_of[n] = i + 1;
		entry->copy_at[n] = at;
		return;
	}
}

void tl_request_members(const struct btf *types, uint8_t opcode, uint8_t argument_of_file, struct tl_opcode *entry)
{
	static const struct member file = { NULL, "fd", "io_kiocb", "cqe.fd" };
	const char *name = tl_opcode_names[opcode];
	unsigned of_file = argument_of_file - 1U;

	memset(entry->own, 0, sizeof(entry->own));
	memset(entry->copy_of, 0, sizeof(entry->copy_of));
	entry->slot = entry->slot_shift = 0;
	if (!types)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(members[i].opcode, name) != 0)
			continue;
		if (members[i].field)
			put_argument(types, &members[i], entry);
		else
			entry->slot = number_at(types, &members[i]);
		if (strcmp(members[i].name, "flags") == 0)
			entry->slot_shift = SPLICE_FD_IN_FIXED_BIT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		if (strcmp(copies[i].opcode, name) == 0)
			put_copy(types, &copies[i], entry);
	if (of_file < TL_ARGS && !entry->own[of_file] && entry->field[of_file] &&
	    strcmp(tl_sqe_field_name(entry->field[of_file]), file.field) == 0)
		entry->own[of_file] = number_at(types, &file);
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
