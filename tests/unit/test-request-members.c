/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <cmocka.h>
#include <string.h>

#include "opcodes.h"
#include "request-members.h"
#include "wire.h"

/* Types as newer kernels have them, in short; sizes and places are made up. */
static struct btf *types;

static int make_types(void **state)
{
	int number, either, end, flags, memory, name, attribute, delayed, context;

	(void)state;
	types = btf__new_empty();
	number = btf__add_int(types, "int", 4, BTF_INT_SIGNED);
	either = btf__add_union(types, "", 4);
	btf__add_field(types, "flags", number, 0, 0);
	btf__add_field(types, "fd", number, 0, 0);
	memory = btf__add_ptr(types, number);
	name = btf__add_ptr(types, btf__add_fwd(types, "filename", BTF_FWD_STRUCT));
	attribute = btf__add_ptr(types, btf__add_fwd(types, "xattr_name", BTF_FWD_STRUCT));
	delayed = btf__add_struct(types, "delayed_filename", 8);
	btf__add_field(types, "__incomplete_filename", name, 0, 0);
	context = btf__add_struct(types, "xattr_ctx", 40);
	btf__add_field(types, "kname", attribute, 16 * 8, 0);
	end = btf__add_struct(types, "io_cqe", 16);
	btf__add_field(types, "user_data", number, 0, 0);
	btf__add_field(types, "", either, 96, 0);
	flags = btf__add_typedef(types, "io_end_t", btf__add_const(types, end));
	btf__add_struct(types, "io_kiocb", 256);
	btf__add_field(types, "cqe", flags, 80 * 8, 0);
	btf__add_struct(types, "io_open", 64);
	btf__add_field(types, "file", number, 0, 0);
	btf__add_field(types, "dfd", number, 64, 0);
	btf__add_field(types, "file_slot", number, 96, 0);
	btf__add_field(types, "filename", name, 16 * 8, 0);
	btf__add_struct(types, "io_rename", 64);
	btf__add_field(types, "old_dfd", number, 64, 0);
	btf__add_field(types, "new_dfd", number, 96, 0);
	btf__add_field(types, "oldpath", delayed, 16 * 8, 0);
	btf__add_field(types, "newpath", delayed, 24 * 8, 0);
	btf__add_struct(types, "io_statx", 64);
	btf__add_field(types, "filename", memory, 24 * 8, 0); /* the process's own */
	btf__add_struct(types, "io_xattr", 64);
	btf__add_field(types, "ctx", context, 8 * 8, 0);
	btf__add_field(types, "filename", name, 48 * 8, 0);
	btf__add_struct(types, "io_mkdir", 512);
	btf__add_field(types, "filename", name, 124 * 8, 0); /* half behind what is read */
	btf__add_struct(types, "io_splice", 64);
	btf__add_field(types, "splice_fd_in", number, 32 * 8, 0);
	btf__add_field(types, "flags", number, 36 * 8, 0);
	btf__add_struct(types, "io_close", 2048);
	btf__add_field(types, "fd", number, 0, 0); /* where the file is: that is nowhere */
	btf__add_field(types, "file_slot", number, 1024 * 8, 0); /* behind what is read */
	btf__add_enum(types, "", 4);
	btf__add_enum_value(types, "REQ_F_CREDS_BIT", 3);
	btf__add_enum(types, "", 4);
	btf__add_enum_value(types, "REQ_F_FIXED_FILE_BIT", 0);
	btf__add_enum_value(types, "REQ_F_CREDS_BIT", 18);
	btf__add_enum_value(types, "REQ_F_FAR_BIT", 40);
	return 0;
}

static int free_types(void **state)
{
	(void)state;
	btf__free(types);
	return 0;
}

static uint8_t code(const char *name)
{
	for (size_t i = 1; tl_sqe_field_names[i]; i++)
		if (strcmp(tl_sqe_field_names[i], name) == 0)
			return tl_sqe_field_codes[i];
	fail_msg("no field %s", name);
	return 0;
}

static uint8_t opcode(const char *name)
{
	for (uint8_t i = 0; tl_opcode_names[i]; i++)
		if (strcmp(tl_opcode_names[i], name) == 0)
			return i;
	fail_msg("no operation %s", name);
	return 0;
}

static void arguments_are_where_the_types_have_them(void **state)
{
	struct tl_opcode open = { .field = { code("fd"), code("addr"), code("op_flags") } };
	struct tl_opcode splice = { .field = { code("in_fd"), 0, code("fd"), 0, code("len"), code("op_flags") } };

	(void)state;
	tl_request_members(types, opcode("OPENAT"), 0, &open);
	assert_int_equal(open.own[0], 8);
	assert_int_equal(open.own[1], 0);
	assert_int_equal(open.slot, 12);
	assert_int_equal(open.slot_shift, 0);
	tl_request_members(types, opcode("SPLICE"), 1, &splice);
	assert_int_equal(splice.own[0], 32);
	assert_int_equal(splice.own[2], 92);
	assert_int_equal(splice.own[4], 0);
	assert_int_equal(splice.slot, 36);
	assert_int_equal(splice.slot_shift, 31);
}

static void file_of_the_request(void **state)
{
	struct tl_opcode read = { .field = { code("fd"), code("addr"), code("len") }, .own = { 1, 1, 1 }, .slot = 1 };
	struct tl_opcode wait = { .field = { code("len"), code("fd"), code("off") } };

	(void)state;
	tl_request_members(types, opcode("READ"), 1, &read);
	assert_int_equal(read.own[0], 92);
	assert_int_equal(read.own[1], 0);
	assert_int_equal(read.slot, 0);
	tl_request_members(types, opcode("WAITID"), 0, &wait); /* that field is no descriptor then */
	assert_int_equal(wait.own[1], 0);
}

static void what_the_types_do_not_tell(void **state)
{
	struct tl_opcode close = { .field = { code("fd") } }, bind = { .field = { code("fd") } };

	(void)state;
	tl_request_members(types, opcode("CLOSE"), 0, &close);
	assert_int_equal(close.own[0], 0);
	assert_int_equal(close.slot, 0);
	tl_request_members(types, opcode("EPOLL_CTL"), 0, &bind);
	assert_int_equal(bind.own[0], 0);
	tl_request_members(NULL, opcode("OPENAT"), 1, &bind);
	assert_int_equal(bind.own[0], 0);
}

static void names_are_where_the_types_have_them(void **state)
{
	struct tl_opcode open = { .field = { code("fd"), code("addr"), code("op_flags") } };
	struct tl_opcode rename = { .field = { code("fd"), code("addr"), code("len_fd"), code("off") } };
	struct tl_opcode xattr = { .field = { code("addr3"), code("addr"), code("off"), code("len") } };

	(void)state;
	tl_request_members(types, opcode("OPENAT"), 0, &open);
	assert_int_equal(open.copy_of[0], 2);
	assert_int_equal(open.copy_at[0], 16);
	assert_int_equal(open.copy_of[1], 0);
	tl_request_members(types, opcode("RENAMEAT"), 0, &rename);
	assert_int_equal(rename.copy_of[0], 2);
	assert_int_equal(rename.copy_at[0], 16);
	assert_int_equal(rename.copy_of[1], 4);
	assert_int_equal(rename.copy_at[1], 24);
	tl_request_members(types, opcode("SETXATTR"), 0, &xattr);
	assert_int_equal(xattr.copy_of[0], 1);
	assert_int_equal(xattr.copy_at[0], 48);
	assert_int_equal(xattr.copy_of[1], 2);
	assert_int_equal(xattr.copy_at[1], 24 | TL_REQUEST_TEXT);
}

/* What is no name that the kernel has, or lies where nobody looks, is not taken for one. */
static void no_names_of_other_types(void **state)
{
	struct tl_opcode e = { .field = { code("fd"), code("addr") }, .copy_of = { 1, 1 } };

	(void)state;
	tl_request_members(types, opcode("STATX"), 0, &e);
	assert_int_equal(e.copy_of[0], 0);
	tl_request_members(types, opcode("MKDIRAT"), 0, &e);
	assert_int_equal(e.copy_of[0], 0);
	e.copy_of[0] = 1;
	tl_request_members(NULL, opcode("OPENAT"), 0, &e);
	assert_int_equal(e.copy_of[0], 0);
}

static void flags_of_requests(void **state)
{
	(void)state;
	assert_int_equal(tl_request_flag(types, "CREDS"), 1U << 18);
	assert_int_equal(tl_request_flag(types, "APOLL_MULTISHOT"), 0);
	assert_int_equal(tl_request_flag(types, "FAR"), 0);
	assert_int_equal(tl_request_flag(NULL, "CREDS"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_where_the_types_have_them),
		cmocka_unit_test(file_of_the_request),
		cmocka_unit_test(what_the_types_do_not_tell),
		cmocka_unit_test(names_are_where_the_types_have_them),
		cmocka_unit_test(no_names_of_other_types),
		cmocka_unit_test(flags_of_requests),
	};

	return cmocka_run_group_tests(tests, make_types, free_types);
}
