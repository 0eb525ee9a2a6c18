/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "describe.h"
#include "table.h"
#include "util.h"
#include "wire.h"
#include "yaml-tree.h"

struct problems {
	unsigned n;
	unsigned line[TL_TABLE_PROBLEMS_MAX + 2], column[TL_TABLE_PROBLEMS_MAX + 2];
	char message[TL_TABLE_PROBLEMS_MAX + 2][256];
};

static struct problems found;

static void note(void *userdata, unsigned line, unsigned column, const char *message)
{
	struct problems *p = userdata;

	assert_true(p->n < ARRAY_SIZE(p->line));
	p->line[p->n] = line;
	p->column[p->n] = column;
	snprintf(p->message[p->n++], sizeof(p->message[0]), "%s", message);
}

static int parse_size(const char *text, size_t size, bool with_builtin, struct tl_table *ret)
{
	size_t n;
	const struct tl_event_type *builtin = tl_event_types(&n);

	found.n = 0;
	return tl_table_parse(text, size, builtin, with_builtin ? n : 0, ret, note, &found);
}

static void parse(const char *text, struct tl_table *ret)
{
	int r = parse_size(text, strlen(text), true, ret);

	if (r < 0)
		fail_msg("%d: %u:%u: %s", r, found.line[0], found.column[0], found.n ? found.message[0] : "no problem");
	assert_int_equal(found.n, 0);
}

static int load(const char *path, bool with_builtin, struct tl_table *ret)
{
	size_t n;
	const struct tl_event_type *builtin = tl_event_types(&n);

	found.n = 0;
	return tl_table_load(path, builtin, with_builtin ? n : 0, ret, note, &found);
}

static const struct tl_event_type *find(const struct tl_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->types[i].name, name))
			return &t->types[i];
	fail_msg("no event %s", name);
	return NULL;
}

/* ---- The built-in table ---- */

static void the_built_in_table_is_what_the_program_has(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	(void)state;
	assert_int_equal(load("policy/events.yaml", false, &t), 0);
	assert_int_equal(t.n, n);
	for (size_t i = 0; i < n; i++)
		assert_memory_equal(&t.types[i], &types[i], sizeof(types[i]));
}

/* Facts that are easily confused, from the kernel's tables. */
static void numbers_are_those_of_the_kernel(void **state)
{
	static const struct {
		const char *name;
		int16_t number[TL_ABIS];
		int16_t second; /* of i386 */
	} expected[] = {
		{ "open", { 2, 5, 2, -1 }, -1 },
		{ "openat", { 257, 295, 257, 56 }, -1 },
		{ "execve", { 59, 11, 520, 221 }, -1 },
		{ "execveat", { 322, 358, 545, 281 }, -1 },
		{ "ptrace", { 101, 26, 521, 117 }, -1 },
		{ "chown", { 92, 212, 92, -1 }, 182 },
		{ "fchown", { 93, 207, 93, 55 }, 95 },
		{ "setuid", { 105, 213, 105, 146 }, 23 },
		{ "renameat2", { 316, 353, 316, 276 }, -1 },
		{ "getppid", { 110, 64, 110, 173 }, -1 },
		{ "accept4", { 288, 364, 288, 242 }, -1 },
		{ "exec", { -1, -1, -1, -1 }, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct tl_event_type *t = tl_event_type_find(expected[i].name);

		assert_non_null(t);
		assert_memory_equal(t->number, expected[i].number, sizeof(t->number));
		assert_int_equal(t->number2[0], -1);
		assert_int_equal(t->number2[1], expected[i].second);
	}
}

static void spellings_of_old_calls_are_listed(void **state)
{
	(void)state;
	assert_string_equal(tl_event_type_find("open")->spellings, "openat");
	assert_string_equal(tl_event_type_find("rename")->spellings, "renameat renameat2");
	assert_string_equal(tl_event_type_find("openat")->spellings, "");
}

static void paths_come_from_where_the_call_has_them(void **state)
{
	static const struct {
		const char *name;
		uint8_t path[3], target[3];
	} expected[] = {
		{ "openat", { TL_FROM_RET, 1, 2 }, {} },
		{ "creat", { TL_FROM_RET, 0, 1 }, {} },
		{ "close", { TL_FROM_FD, 1, 0 }, {} },
		{ "chmod", { TL_FROM_NAME, 0, 1 }, {} },
		{ "unlinkat", { TL_FROM_AT, 1, 2 }, {} },
		{ "rename", { TL_FROM_NAME, 0, 1 }, { TL_FROM_NAME, 0, 2 } },
		{ "renameat", { TL_FROM_AT, 1, 2 }, { TL_FROM_AT, 3, 4 } },
		{ "socket", { TL_FROM_RET, 0, 0 }, {} },
		{ "kill", {}, {} },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct tl_event_type *t = tl_event_type_find(expected[i].name);

		assert_memory_equal(expected[i].path, ((uint8_t[]){ t->path_from, t->path_fd, t->path_name }), 3);
		assert_memory_equal(expected[i].target, ((uint8_t[]){ t->target_from, t->target_fd, t->target_name }),
				    3);
	}
}

/* ---- The original's format ---- */

static void assert_arg(const struct tl_event_type *t, unsigned i, const char *name, unsigned capture, uint32_t size,
		       unsigned hash, const char *decoder, const char *type)
{
	const struct tl_arg_type *arg = &t->args[i];

	assert_true(i < t->n_args);
	assert_int_equal(arg->position, i + 1);
	assert_string_equal(arg->name, name);
	assert_int_equal(arg->capture, capture);
	assert_int_equal(arg->size, size);
	assert_int_equal(arg->hash, hash);
	assert_string_equal(arg->decoder, decoder);
	assert_string_equal(arg->type, type);
}

static void the_original_config_reads_as_it_was_meant(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};
	const struct tl_event_type *e;

	(void)state;
	assert_int_equal(load("tests/compat/config.json", true, &t), 0);
	assert_int_equal(found.n, 0);
	assert_int_equal(t.n, 12);
	e = find(&t, "open");
	assert_int_equal(e->n_args, 3);
	assert_arg(e, 0, "filename", TL_CAPTURE_STRING, 256, TL_HASH_STRING, "path", "const char *");
	assert_arg(e, 1, "flags", TL_CAPTURE_NONE, 8, TL_HASH_VALUE, "open_flags", "s64");
	assert_arg(e, 2, "mode", TL_CAPTURE_NONE, 2, TL_HASH_VALUE, "mode", "umode_t");
	e = find(&t, "read");
	assert_arg(e, 0, "fd", TL_CAPTURE_NONE, 8, TL_HASH_VALUE, "fd", "u64");
	assert_arg(e, 1, "buf", TL_CAPTURE_BUFFER, 256, TL_HASH_SKIP, "", "void *");
	assert_arg(e, 2, "count", TL_CAPTURE_NONE, 8, TL_HASH_VALUE, "", "int64_t");
	assert_arg(find(&t, "write"), 1, "buf", TL_CAPTURE_BUFFER, 256, TL_HASH_VALUE, "", "const void *");
	e = find(&t, "fchownat");
	assert_int_equal(e->n_args, 5);
	assert_arg(e, 0, "dfd", TL_CAPTURE_NONE, 8, TL_HASH_VALUE, "dirfd", "s64");
	assert_arg(e, 2, "user", TL_CAPTURE_NONE, 4, TL_HASH_VALUE, "uid", "uid_t");
	assert_arg(e, 4, "flag", TL_CAPTURE_NONE, 8, TL_HASH_SKIP, "at_flags", "s64");
}

static void a_row_inherits_what_it_does_not_say(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	(void)state;
	assert_int_equal(load("tests/compat/config.json", true, &t), 0);
	for (size_t i = 0; i < t.n; i++) {
		struct tl_event_type mine = t.types[i], base = *tl_event_type_find(mine.name);

		mine.n_args = base.n_args = 0;
		memset(mine.args, 0, sizeof(mine.args));
		memset(base.args, 0, sizeof(base.args));
		assert_memory_equal(&mine, &base, sizeof(mine));
	}
	tl_table_done(&t);
	parse("event: [{name: openat}, {name: kill, args: null}]", &t);
	assert_memory_equal(find(&t, "openat"), tl_event_type_find("openat"), sizeof(*types));
	assert_memory_equal(find(&t, "kill"), tl_event_type_find("kill"), sizeof(*types));
}

static void the_names_of_the_first_originals_are_understood(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};

	(void)state;
	parse("{\"event\": [{\"name\": \"sys_open\", \"args\": [{\"position\": 3, \"type\": \"u64\", \"name\": "
	      "\"mode\"}]}]}",
	      &t);
	assert_string_equal(t.types[0].name, "open");
	assert_int_equal(t.types[0].number[0], 2);
	assert_int_equal(t.types[0].n_args, 1);
	assert_int_equal(t.types[0].args[0].position, 3);
	assert_string_equal(t.types[0].args[0].decoder, "mode");
}

static void no_args_are_none(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};

	(void)state;
	parse("event: [{name: openat, args: []}]", &t);
	assert_int_equal(t.types[0].n_args, 0);
}

static void json_and_yaml_give_the_same(void **state)
{
	_cleanup_(tl_table_done) struct tl_table json = {}, yaml = {};

	(void)state;
	parse("{\"event\":[{\"name\":\"chmod\",\n\t\"args\":[\n\t\t{\"position\":1,\"type\":\"char\",\"name\":"
	      "\"filename\","
	      "\"suffix\":\"[256]\",\"hashFunc\":\"string\"}]}]}\n",
	      &json);
	parse("event:\n"
	      "- name: chmod\n"
	      "  args:\n"
	      "  - position: 1\n"
	      "    type: char\n"
	      "    name: filename\n"
	      "    suffix: '[256]'\n"
	      "    hashFunc: string\n",
	      &yaml);
	assert_memory_equal(json.types, yaml.types, sizeof(*json.types));
}

static void a_call_of_ones_own_needs_its_number_only(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};

	(void)state;
	parse("event: [{name: brand_new, numbers: {x86_64: 1000, i386: [1001, 1002]}, args: [{type: int, name: a}]}]",
	      &t);
	assert_memory_equal(t.types[0].number, ((int16_t[]){ 1000, 1001, -1, -1 }), sizeof(t.types[0].number));
	assert_memory_equal(t.types[0].number2, ((int16_t[]){ -1, 1002, -1, -1 }), sizeof(t.types[0].number2));
	assert_arg(&t.types[0], 0, "a", TL_CAPTURE_NONE, 4, TL_HASH_VALUE, "", "int");
}

static void captures_follow_from_type_suffix_and_length(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};
	const struct tl_event_type *e;

	(void)state;
	parse("event:\n"
	      "- name: brand_new\n"
	      "  numbers: {x86_64: 1000}\n"
	      "  args:\n"
	      "  - {type: char, name: a, suffix: '[16]'}\n"
	      "  - {type: const char, name: b, suffix: '[16]', length: 6}\n"
	      "  - {type: int, name: c, suffix: '[2]'}\n"
	      "  - {type: struct foo *, name: d, capture: struct, size: 20}\n"
	      "  - {type: struct foo *, name: e, capture: sockaddr, length: 6}\n"
	      "  - {type: size_t, name: f}\n",
	      &t);
	e = t.types;
	assert_int_equal(e->n_args, 6);
	assert_arg(e, 0, "a", TL_CAPTURE_STRING, 16, TL_HASH_VALUE, "", "char *");
	assert_arg(e, 1, "b", TL_CAPTURE_BUFFER, 16, TL_HASH_VALUE, "", "const char *");
	assert_int_equal(e->args[1].length_arg, 6);
	assert_arg(e, 2, "c", TL_CAPTURE_STRUCT, 8, TL_HASH_VALUE, "", "int *");
	assert_arg(e, 3, "d", TL_CAPTURE_STRUCT, 20, TL_HASH_VALUE, "", "struct foo *");
	assert_arg(e, 4, "e", TL_CAPTURE_SOCKADDR, 128, TL_HASH_VALUE, "", "struct foo *");
	assert_arg(e, 5, "f", TL_CAPTURE_NONE, 8, TL_HASH_VALUE, "", "size_t");
}

static void arguments_are_put_in_order(void **state)
{
	_cleanup_(tl_table_done) struct tl_table t = {};

	(void)state;
	parse("event: [{name: brand_new, numbers: {x86_64: 1000}, args: ["
	      "{position: 5, type: int, name: e}, {position: 1, type: int, name: a}, {type: int, name: b}]}]",
	      &t);
	assert_int_equal(t.types[0].n_args, 3);
	assert_string_equal(t.types[0].args[0].name, "a");
	assert_string_equal(t.types[0].args[1].name, "b");
	assert_int_equal(t.types[0].args[1].position, 2);
	assert_string_equal(t.types[0].args[2].name, "e");
}

/* ---- What is wrong ---- */

#define ROW "event:\n- name: brand_new\n  numbers: {x86_64: 1000}\n" /* lines 1 to 3 */
#define ARGS ROW "  args:\n" /* line 4 */

static void broken_tables_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *message; /* a part of it */
	} broken[] = {
		{ "", 1, 1, "empty" },
		{ "# nothing\n", 1, 1, "empty" },
		{ "null\n", 1, 1, "empty" },
		{ "openat\n", 1, 1, "expected a mapping" },
		{ "[openat]\n", 1, 1, "expected a mapping" },
		{ "{}\n", 1, 1, "no list \"event\"" },
		{ "events: []\n", 1, 1, "unknown key \"events\"" },
		{ "event: openat\n", 1, 8, "expected a list" },
		{ "{\"event\":[]}\n", 1, 10, "the list is empty" },
		{ "event:\n", 1, 1, "no list \"event\"" },
		{ "event:\n- openat\n", 2, 3, "expected a mapping" },
		{ "event: [\n", 2, 1, "not valid YAML" },
		{ "event: [}\n", 1, 9, "not valid YAML" },
		{ "event:\n\t- name: open\n", 2, 1, "not valid YAML" },
		{ "event: [{name: open}]\n---\nevent: []\n", 2, 1, "more than one document" },
		{ "event: &a [{name: open}, *a]\n", 1, 8, "anchors" },
		{ "event: [{name: open}, *a]\n", 1, 23, "aliases" },
		{ "event:\n- args: []\n", 2, 3, "no name" },
		{ "event:\n- name: [open]\n", 2, 9, "expected a single value" },
		{ "event:\n- name: Open\n", 2, 9, "is no name" },
		{ "event:\n- name: open/at\n", 2, 9, "is no name" },
		{ "event:\n- name: an_event_with_a_name_of_32_bytes_\n", 2, 9, "is no name" },
		{ "event:\n- name: no_such_call\n", 2, 9, "has no numbers" },
		{ "event:\n- name: open\n- name: open\n", 3, 9, "twice" },
		{ "event:\n- name: open\n- name: sys_open\n", 3, 9, "twice" },
		{ "event:\n- name: open\n  name: close\n", 3, 3, "given twice" },
		{ "event:\n- name: open\n  colour: red\n", 3, 3, "unknown key \"colour\"" },
		{ "event:\n- name: open\n  class: window\n", 3, 10, "unknown word \"window\" (known: syscall" },
		{ "event:\n- name: open\n  class: process\n", 2, 3, "only a system call" },
		{ "event:\n- name: open\n  groups: file\n", 3, 11, "expected a list" },
		{ "event:\n- name: open\n  groups: ['@file']\n", 3, 12, "is no name" },
		{ "event:\n- name: open\n  summary: \"a\\tb\"\n", 3, 12, "printable" },
		{ "event:\n- name: open\n  summary: \"a\\0b\"\n", 3, 12, "NUL" },
		{ "event:\n- name: open\n  flags: [entry, exit]\n", 3, 18, "unknown word \"exit\"" },
		{ "event:\n- name: open\n  spellings: [openat, open3]\n", 3, 23, "no event \"open3\"" },
		{ "event:\n- name: open\n  numbers: 5\n", 3, 12, "expected a mapping" },
		{ "event:\n- name: open\n  numbers: {}\n", 3, 12, "none is given" },
		{ "event:\n- name: open\n  numbers: {mips: 5}\n", 3, 13, "unknown key \"mips\"" },
		{ "event:\n- name: open\n  numbers: {x86_64: two}\n", 3, 21, "from 0 to 1023" },
		{ "event:\n- name: open\n  numbers: {x86_64: -1}\n", 3, 21, "from 0 to 1023" },
		{ "event:\n- name: open\n  numbers: {x86_64: 1024}\n", 3, 21, "from 0 to 1023" },
		{ "event:\n- name: open\n  numbers: {x86_64: 0x10}\n", 3, 21, "from 0 to 1023" },
		{ "event:\n- name: open\n  numbers: {i386: [1, 2, 3]}\n", 3, 19, "one number or two" },
		{ "event:\n- name: brand_new\n  numbers: {i386: 212}\n", 3, 12, "already that of chown" },
		{ "event:\n- name: brand_new\n  numbers: {i386: 182}\n", 3, 12, "already that of chown" },
		{ "event:\n- name: a\n  numbers: {x86_64: 999}\n- name: b\n  numbers: {x86_64: 999}\n", 5, 12,
		  "x86_64 is already that of a" },
		{ ROW "  path: somewhere\n", 4, 9, "path: expected" },
		{ ROW "  path: {fd: 7}\n", 4, 14, "from 1 to 6" },
		{ ROW "  path: {fd: 1, name: 2}\n", 4, 9, "path: expected" },
		{ ROW "  path: {at: 1}\n", 4, 9, "path: expected" },
		{ ROW "  path: {ret: no, name: 1}\n", 4, 15, "can only be true" },
		{ ROW "  target: {of: 1}\n", 4, 12, "unknown key \"of\"" },
		{ ROW "  args: {name: a}\n", 4, 9, "expected a list" },
		{ ARGS "  - a\n", 5, 5, "expected a mapping" },
		{ ARGS "  - {name: a}\n", 5, 5, "no type" },
		{ ARGS "  - {type: int}\n", 5, 5, "no name" },
		{ ARGS "  - {name: a, type: foo_t}\n", 5, 21, "unknown C type \"foo_t\"" },
		{ ARGS "  - {name: a, type: struct stat}\n", 5, 21, "unknown C type" },
		{ ARGS "  - {name: a, type: 'int; x *'}\n", 5, 21, "unknown C type" },
		{ ARGS "  - {name: a, type: int, position: 0}\n", 5, 36, "from 1 to 6" },
		{ ARGS "  - {name: a, type: int, position: 7}\n", 5, 36, "from 1 to 6" },
		{ ARGS "  - {name: a, type: int, position: 6}\n  - {name: b, type: int}\n", 6, 5,
		  "no position after 6" },
		{ ARGS "  - {name: a, type: int}\n  - {name: b, type: int, position: 1}\n", 6, 5,
		  "position 1 is taken" },
		{ ARGS "  - {name: a, type: int}\n  - {name: a, type: int}\n", 6, 12, "\"a\" is taken" },
		{ ARGS "  - {name: a, type: char, suffix: 256}\n", 5, 35, "expected \"[N]\"" },
		{ ARGS "  - {name: a, type: char, suffix: '[0]'}\n", 5, 35, "expected \"[N]\"" },
		{ ARGS "  - {name: a, type: char, suffix: '[4097]'}\n", 5, 35, "expected \"[N]\"" },
		{ ARGS "  - {name: a, type: char, suffix: '[1][2]'}\n", 5, 35, "expected \"[N]\"" },
		{ ARGS "  - {name: a, type: u64, suffix: '[1000]'}\n", 5, 34, "more than 4096 bytes" },
		{ ARGS "  - {name: a, type: char, suffix: '[9]', hashFunc: md5}\n", 5, 52, "unknown word \"md5\"" },
		{ ARGS "  - {name: a, type: int, hashFunc: string}\n", 5, 36, "captured array of char" },
		{ ARGS "  - {name: a, type: int, decoder: colour}\n", 5, 35, "unknown word \"colour\"" },
		{ ARGS "  - {name: a, type: int, capture: string, size: 9}\n", 5, 21, "is no pointer" },
		{ ARGS "  - {name: a, type: char *, capture: all}\n", 5, 38, "unknown word \"all\"" },
		{ ARGS "  - {name: a, type: char *, capture: string}\n", 5, 5, "says how much" },
		{ ARGS "  - {name: a, type: char *, capture: string, size: 4097}\n", 5, 52, "from 1 to 4096" },
		{ ARGS "  - {name: a, type: char *, capture: buffer, size: 9}\n", 5, 5, "no length" },
		{ ARGS "  - {name: a, type: void *, capture: sockaddr, length: ret}\n", 5, 56, "from 1 to 6" },
		{ ARGS "  - {name: a, type: void *, capture: argv, size: 255}\n", 5, 5, "at least 256" },
		{ ARGS "  - {name: a, type: int, length: 2}\n", 5, 34, "only a buffer" },
		{ ARGS "  - {name: a, type: int, size: 9}\n", 5, 32, "from 1 to 8" },
		{ ARGS "  - {name: a, type: int, colour: red}\n", 5, 26, "unknown key \"colour\"" },
		{ ARGS "  - {type: int, name: a}\n  - {type: int, name: b}\n  - {type: int, name: c}\n"
		       "  - {type: int, name: d}\n  - {type: int, name: e}\n  - {type: int, name: f}\n"
		       "  - {type: int, name: g}\n",
		  11, 5, "at most 6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct tl_table t = { .n = 12345 };

		if (parse_size(broken[i].text, strlen(broken[i].text), true, &t) != -EINVAL)
			fail_msg("not refused: %s", broken[i].text);
		if (found.n != 1 || found.line[0] != broken[i].line || found.column[0] != broken[i].column ||
		    !strstr(found.message[0], broken[i].message))
			fail_msg("%u problems, first %u:%u: %s, expected %u:%u: %s, of\n%s", found.n, found.line[0],
				 found.column[0], found.message[0], broken[i].line, broken[i].column, broken[i].message,
				 broken[i].text);
		assert_int_equal(t.n, 12345);
	}
}

static void a_built_in_row_must_be_complete(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *message;
	} broken[] = {
		{ "event:\n- {name: a, numbers: {x86_64: 1}, summary: s}\n", 2, 3, "no groups" },
		{ "event:\n- {name: a, numbers: {x86_64: 1}, groups: [g]}\n", 2, 3, "no summary" },
		{ "event:\n- {name: a, groups: [g], summary: s}\n", 2, 10, "has no numbers" },
		{ "event:\n- {name: a, numbers: {x86_64: 1}, groups: [g], summary: s, path: {fd: 1}}\n", 2, 66,
		  "path: there is no such argument" },
		{ "event:\n- {name: a, numbers: {x86_64: 1}, groups: [g], summary: s, target: {at: 1, name: 2}}\n", 2,
		  68, "target: there is no such argument" },
		{ "event:\n- {name: a, numbers: {x86_64: 1}, groups: [g], summary: s, spellings: [b]}\n", 2, 72,
		  "no event \"b\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct tl_table t;

		assert_int_equal(parse_size(broken[i].text, strlen(broken[i].text), false, &t), -EINVAL);
		if (found.n != 1 || found.line[0] != broken[i].line || found.column[0] != broken[i].column ||
		    !strstr(found.message[0], broken[i].message))
			fail_msg("%u problems, first %u:%u: %s", found.n, found.line[0], found.column[0],
				 found.message[0]);
	}
}

static void all_problems_are_found_in_one_run(void **state)
{
	static const char text[] = "event:\n"
				   "- name: Open\n"
				   "  colour: red\n"
				   "- name: openat\n"
				   "  args:\n"
				   "  - {name: a, type: nonsense}\n"
				   "  - {name: a, type: int, position: 9}\n"
				   "- name: no_such_call\n";
	struct tl_table t;

	(void)state;
	assert_int_equal(parse_size(text, strlen(text), true, &t), -EINVAL);
	assert_int_equal(found.n, 5);
	assert_int_equal(found.line[0], 3);
	assert_int_equal(found.line[1], 2);
	assert_int_equal(found.line[2], 7);
	assert_int_equal(found.line[3], 6);
	assert_int_equal(found.line[4], 8);
}

static void a_file_full_of_problems_reports_the_first_hundred(void **state)
{
	char text[16384] = "event:\n";
	struct tl_table t;

	(void)state;
	for (int i = 0; i < 300; i++)
		sprintf(text + strlen(text), "- name: none_%d\n", i);
	assert_int_equal(parse_size(text, strlen(text), true, &t), -EINVAL);
	assert_int_equal(found.n, TL_TABLE_PROBLEMS_MAX + 1);
	assert_non_null(strstr(found.message[TL_TABLE_PROBLEMS_MAX - 1], "none_99"));
	assert_non_null(strstr(found.message[TL_TABLE_PROBLEMS_MAX], "more problems"));
}

static void a_message_cannot_forge_a_line_or_an_escape(void **state)
{
	static const char text[] = "event: [{name: \"a\\n/etc/passwd:1:1: \\e[31m\\u009b\\u202e\"}]\n";
	struct tl_table t;

	(void)state;
	assert_int_equal(parse_size(text, strlen(text), true, &t), -EINVAL);
	assert_int_equal(found.n, 1);
	for (const char *c = found.message[0]; *c; c++)
		assert_in_range(*c, ' ', '~');
}

/* ---- Input that was never a table ---- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void nested_brackets_are_refused_at_once(void **state)
{
	static const char *const units[] = { "[", "{", "- ", "? ", "[\n", "{a: ", "- \n", "[[" };
	enum { N = 100000 };
	char *text = malloc(2 * N + 5 * N);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t size = strlen(units[i]);
		double begin = seconds();
		struct tl_table t;

		for (size_t k = 0; k < N; k++)
			memcpy(text + k * size, units[i], size);
		assert_int_equal(parse_size(text, N * size, true, &t), -EINVAL);
		assert_int_equal(found.n, 1);
		assert_true(seconds() - begin < 1);
	}
	free(text);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	char *text = malloc(TL_YAML_SIZE_MAX + 1);
	struct tl_table t;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', TL_YAML_SIZE_MAX + 1);
	assert_int_equal(parse_size(text, TL_YAML_SIZE_MAX + 1, true, &t), -EINVAL);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.line[0], 1);
	free(text);
}

static void too_many_values_are_refused(void **state)
{
	enum { SIZE = 4 << 20 };
	char *text = malloc(SIZE);
	struct tl_table t;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < SIZE; i += 2)
		memcpy(text + i, i ? "a," : "[ ", 2);
	assert_int_equal(parse_size(text, SIZE, true, &t), -EINVAL);
	assert_int_equal(found.n, 1);
	assert_non_null(strstr(found.message[0], "values"));
	free(text);
}

static void too_many_events_are_refused(void **state)
{
	char *text = malloc(TL_EVENTS_MAX * 32), *at = text;
	struct tl_table t;

	(void)state;
	assert_non_null(text);
	at += sprintf(at, "event:\n");
	for (int i = 0; i < TL_EVENTS_MAX; i++)
		at += sprintf(at, "- name: e%d\n", i);
	assert_int_equal(parse_size(text, at - text, true, &t), -EINVAL);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.line[0], 2);
	free(text);
}

static void random_bytes_are_refused(void **state)
{
	unsigned char text[4096];
	struct tl_table t;

	(void)state;
	srandom(1);
	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = random();
		assert_int_equal(parse_size((const char *)text, sizeof(text), true, &t), -EINVAL);
		assert_int_equal(found.n, 1);
	}
}

static void a_missing_file_and_a_folder_are_errors_of_their_own(void **state)
{
	struct tl_table t;

	(void)state;
	assert_int_equal(load("tests/compat/none.json", true, &t), -ENOENT);
	assert_int_equal(load("tests/compat", true, &t), -EISDIR);
	assert_int_equal(found.n, 0);
}

static void problems_may_go_unheard(void **state)
{
	struct tl_table t;

	(void)state;
	assert_int_equal(tl_table_parse("event: 1", 8, NULL, 0, &t, NULL, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_built_in_table_is_what_the_program_has),
		cmocka_unit_test(numbers_are_those_of_the_kernel),
		cmocka_unit_test(spellings_of_old_calls_are_listed),
		cmocka_unit_test(paths_come_from_where_the_call_has_them),
		cmocka_unit_test(the_original_config_reads_as_it_was_meant),
		cmocka_unit_test(a_row_inherits_what_it_does_not_say),
		cmocka_unit_test(the_names_of_the_first_originals_are_understood),
		cmocka_unit_test(no_args_are_none),
		cmocka_unit_test(json_and_yaml_give_the_same),
		cmocka_unit_test(a_call_of_ones_own_needs_its_number_only),
		cmocka_unit_test(captures_follow_from_type_suffix_and_length),
		cmocka_unit_test(arguments_are_put_in_order),
		cmocka_unit_test(broken_tables_are_refused_with_their_place),
		cmocka_unit_test(a_built_in_row_must_be_complete),
		cmocka_unit_test(all_problems_are_found_in_one_run),
		cmocka_unit_test(a_file_full_of_problems_reports_the_first_hundred),
		cmocka_unit_test(a_message_cannot_forge_a_line_or_an_escape),
		cmocka_unit_test(nested_brackets_are_refused_at_once),
		cmocka_unit_test(a_file_that_is_too_large_is_refused),
		cmocka_unit_test(too_many_values_are_refused),
		cmocka_unit_test(too_many_events_are_refused),
		cmocka_unit_test(random_bytes_are_refused),
		cmocka_unit_test(a_missing_file_and_a_folder_are_errors_of_their_own),
		cmocka_unit_test(problems_may_go_unheard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
