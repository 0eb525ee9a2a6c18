/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"
#include "table-rows.h"
#include "util.h"
#include "wire.h"

/* ---- The keys of a row ---- */

static void read_class(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;
	int class = tl_node_word(r, value, "class", tl_class_names);

	if (class >= 0)
		row->type.class = class;
}

static void read_groups(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	tl_node_names(r, value, "groups", sizeof(row->type.groups), row->type.groups);
}

static void read_spellings(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	row->spellings = value;
	tl_node_names(r, value, "spellings", sizeof(row->type.spellings), row->type.spellings);
}

static void read_summary(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	if (!tl_node_expect(r, value, TL_YAML_SCALAR, "summary"))
		return;
	if (!tl_summary_valid(value->text, value->size))
		tl_node_problem(r, value, "summary: expected at most %zu printable ASCII characters",
				sizeof(row->type.summary) - 1);
	else
		memcpy(row->type.summary, value->text, value->size + 1);
}

static void read_number(struct tl_reader *r, const struct tl_yaml_node *value, void *to, unsigned abi)
{
	struct tl_row *row = to;
	unsigned long n;

	if (value->kind != TL_YAML_LIST) {
		if (tl_node_number(r, value, "numbers", 0, TL_NR_MAX - 1, &n))
			row->type.number[abi] = n;
		return;
	}
	if (!value->first || (value->first->next && value->first->next->next)) {
		tl_node_problem(r, value, "numbers: expected one number or two");
		return;
	}
	if (tl_node_number(r, value->first, "numbers", 0, TL_NR_MAX - 1, &n))
		row->type.number[abi] = n;
	if (value->first->next && tl_node_number(r, value->first->next, "numbers", 0, TL_NR_MAX - 1, &n))
		row->type.number2[abi] = n;
}

#define READ_NUMBER(abi, index)                                                                 \
	static void read_##abi(struct tl_reader *r, const struct tl_yaml_node *value, void *to) \
	{                                                                                       \
		read_number(r, value, to, index);                                               \
	}
READ_NUMBER(x86_64, 0)
READ_NUMBER(i386, 1)
READ_NUMBER(x32, 2)
READ_NUMBER(arm64, 3)

static void read_numbers(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	static const struct tl_node_key keys[] = {
		{ "x86_64", read_x86_64, 0, 1 },
		{ "i386", read_i386, 0, 2 },
		{ "x32", read_x32, 0, 4 },
		{ "arm64", read_arm64, 0, 8 },
	};
	struct tl_row *row = to;
	unsigned before = r->n_problems;

	row->numbers = value;
	if (!tl_node_mapping(r, value, "numbers", keys, ARRAY_SIZE(keys), to) && r->n_problems == before)
		tl_node_problem(r, value, "numbers: none is given");
}

static void read_flags(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	if (!tl_node_expect(r, value, TL_YAML_LIST, "flags"))
		return;
	for (const struct tl_yaml_node *node = value->first; node; node = node->next) {
		int bit = tl_node_word(r, node, "flags", tl_flag_names);

		if (bit >= 0)
			row->type.flags |= 1U << bit;
	}
}

struct source {
	const struct tl_yaml_node *ret, *cwd, *fd, *at, *name;
};

static bool is_true(const struct tl_yaml_node *node)
{
	return node->kind == TL_YAML_SCALAR && !strcmp(node->text, "true");
}

/* "ret", {ret: true, name: 1}, {ret: true, at: 1, name: 2}, {cwd: true, name: 1}, {fd: 1}, {at: 1, name: 2}, {name: 1} */
static void read_source(struct tl_reader *r, const struct tl_yaml_node *value, const char *what, uint8_t *ret_from,
			uint8_t *ret_fd, uint8_t *ret_name)
{
	static const struct tl_node_key keys[] = {
		{ "ret", NULL, offsetof(struct source, ret), 0 },   { "cwd", NULL, offsetof(struct source, cwd), 0 },
		{ "fd", NULL, offsetof(struct source, fd), 0 },	    { "at", NULL, offsetof(struct source, at), 0 },
		{ "name", NULL, offsetof(struct source, name), 0 },
	};
	struct source source = {};
	unsigned before = r->n_problems;
	unsigned long fd = 0, at_name = 0;

	if (value->kind == TL_YAML_SCALAR && !strcmp(value->text, "ret")) {
		*ret_from = TL_FROM_RET;
		return;
	}
	tl_node_mapping(r, value, what, keys, ARRAY_SIZE(keys), &source);
	if (r->n_problems != before)
		return;
	if (source.ret && !is_true(source.ret)) {
		tl_node_problem(r, source.ret, "%s: ret can only be true", what);
		return;
	}
	if (source.cwd && (!is_true(source.cwd) || source.ret || source.fd || source.at)) {
		tl_node_problem(r, source.cwd, "%s: cwd can only be true, and stand with a name alone", what);
		return;
	}
	if (source.fd ? source.ret || source.at || source.name : !source.name) {
		tl_node_problem(r, value,
				"%s: expected ret, {fd: N}, {name: N} or {at: N, name: N}, the last two with ret: true",
				what);
		return;
	}
	if ((source.fd && !tl_node_number(r, source.fd, what, 1, TL_ARGS_MAX, &fd)) ||
	    (source.at && !tl_node_number(r, source.at, what, 1, TL_ARGS_MAX, &fd)) ||
	    (source.name && !tl_node_number(r, source.name, what, 1, TL_ARGS_MAX, &at_name)))
		return;
	*ret_from = source.ret ? TL_FROM_RET :
		    source.fd  ? TL_FROM_FD :
		    source.at  ? TL_FROM_AT :
		    source.cwd ? TL_FROM_CWD :
				 TL_FROM_NAME;
	*ret_fd = fd;
	*ret_name = at_name;
}

static void read_path(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	row->path = value;
	read_source(r, value, "path", &row->type.path_from, &row->type.path_fd, &row->type.path_name);
}

static void read_target(struct tl_reader *r, const struct tl_yaml_node *value, void *to)
{
	struct tl_row *row = to;

	row->target = value;
	read_source(r, value, "target", &row->type.target_from, &row->type.target_fd, &row->type.target_name);
}

/* ---- Rows, with what is known of them elsewhere ---- */

static void find_base(struct tl_reader *r, struct tl_row *row)
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

static void inherit(struct tl_row *row)
{
	const struct tl_event_type *base = row->base;
	struct tl_event_type *t = &row->type;
	unsigned given = row->given;

#define INHERIT(bit, field)                                                \
	do {                                                               \
		if (!(given & (bit)))                                      \
			memcpy(&t->field, &base->field, sizeof(t->field)); \
	} while (0)
	INHERIT(TL_GIVEN_CLASS, class);
	INHERIT(TL_GIVEN_GROUPS, groups);
	INHERIT(TL_GIVEN_SUMMARY, summary);
	INHERIT(TL_GIVEN_NUMBERS, number);
	INHERIT(TL_GIVEN_NUMBERS, number2);
	INHERIT(TL_GIVEN_PATH, path_from);
	INHERIT(TL_GIVEN_PATH, path_fd);
	INHERIT(TL_GIVEN_PATH, path_name);
	INHERIT(TL_GIVEN_TARGET, target_from);
	INHERIT(TL_GIVEN_TARGET, target_fd);
	INHERIT(TL_GIVEN_TARGET, target_name);
	INHERIT(TL_GIVEN_FLAGS, flags);
	INHERIT(TL_GIVEN_SPELLINGS, spellings);
	INHERIT(TL_GIVEN_REQUEST, request);
	INHERIT(TL_GIVEN_ARGS, n_args);
	INHERIT(TL_GIVEN_ARGS, args);
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
static void check_complete(struct tl_reader *r, const struct tl_row *row)
{
	const struct tl_event_type *t = &row->type;

	if (!t->groups[0])
		tl_node_problem(r, row->node, "event: no groups");
	if (!t->summary[0])
		tl_node_problem(r, row->node, "event: no summary");
	if (row->path && (!has_position(t, t->path_fd) || !has_position(t, t->path_name)))
		tl_node_problem(r, row->path, "path: there is no such argument");
	if (row->target && (!has_position(t, t->target_fd) || !has_position(t, t->target_name)))
		tl_node_problem(r, row->target, "target: there is no such argument");
	for (size_t i = 0; i < t->n_args; i++)
		if (!has_position(t, t->args[i].length_arg))
			tl_node_problem(r, row->node, "argument " TL_QUOTED ": length is that of no argument",
					t->args[i].name);
}

static bool has_number(const struct tl_event_type *t)
{
	for (unsigned i = 0; i < TL_ABIS; i++)
		if (t->number[i] >= 0)
			return true;
	return false;
}

static void read_row(struct tl_reader *r, const struct tl_yaml_node *node, struct tl_row *row)
{
	static const struct tl_node_key keys[] = {
		{ "name", NULL, offsetof(struct tl_row, name), TL_GIVEN_NAME },
		{ "class", read_class, 0, TL_GIVEN_CLASS },
		{ "groups", read_groups, 0, TL_GIVEN_GROUPS },
		{ "summary", read_summary, 0, TL_GIVEN_SUMMARY },
		{ "numbers", read_numbers, 0, TL_GIVEN_NUMBERS },
		{ "args", tl_row_read_args, 0, TL_GIVEN_ARGS },
		{ "path", read_path, 0, TL_GIVEN_PATH },
		{ "target", read_target, 0, TL_GIVEN_TARGET },
		{ "flags", read_flags, 0, TL_GIVEN_FLAGS },
		{ "spellings", read_spellings, 0, TL_GIVEN_SPELLINGS },
		{ "io_uring", tl_row_read_request, 0, TL_GIVEN_REQUEST },
	};
	unsigned before = r->n_problems;

	row->node = node;
	memset(row->type.number, 0xff, sizeof(row->type.number));
	memset(row->type.number2, 0xff, sizeof(row->type.number2));
	row->given = tl_node_mapping(r, node, "event", keys, ARRAY_SIZE(keys), row);
	if (node->kind != TL_YAML_MAPPING)
		return;
	if (!row->name)
		tl_node_problem(r, node, "event: no name");
	else if (tl_node_name(r, row->name, "name", sizeof(row->type.name), row->type.name))
		find_base(r, row);
	tl_row_finish_args(r, row);
	if (r->n_problems != before)
		return;
	if (row->base)
		inherit(row);
	if (row->type.class != TL_CLASS_SYSCALL) {
		if (row->numbers || row->type.n_args)
			tl_node_problem(r, row->node, "event: only a system call has numbers and args");
	} else if (row->type.flags & TL_TYPE_UNLISTED) {
		if (row->numbers)
			tl_node_problem(r, row->numbers, "numbers: the row of all that are not listed has none");
	} else if (!has_number(&row->type)) {
		tl_node_problem(r, row->name, "event: " TL_QUOTED " is not in the built-in table and has no numbers",
				row->type.name);
	}
	if (!r->n_builtin)
		check_complete(r, row);
}

/* ---- The table ---- */

static const struct tl_event_type *find_name(const struct tl_event_type *types, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

/* A row that has one of the numbers of `t`, but another name. */
static const struct tl_event_type *find_number(const struct tl_event_type *types, size_t n,
					       const struct tl_event_type *t, unsigned *ret_abi)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(types[i].name, t->name))
			continue;
		for (unsigned abi = 0; abi < TL_ABIS; abi++) {
			int16_t a = types[i].number[abi], a2 = types[i].number2[abi], b = t->number[abi],
				b2 = t->number2[abi];

			*ret_abi = abi;
			if ((b >= 0 && (b == a || b == a2)) || (b2 >= 0 && (b2 == a || b2 == a2)))
				return &types[i];
		}
	}
	return NULL;
}

/* A row against all that is there already. False: it is no row of its own. */
static bool check_row(struct tl_reader *r, const struct tl_row *row, const struct tl_table *t)
{
	const struct tl_event_type *other;
	unsigned abi;

	if (!row->type.name[0])
		return false;
	if (find_name(t->types, t->n, row->type.name)) {
		tl_node_problem(r, row->name, "event: " TL_QUOTED " is in the table twice", row->type.name);
		return false;
	}
	other = find_number(t->types, t->n, &row->type, &abi);
	if (!other)
		other = find_number(r->builtin, r->n_builtin, &row->type, &abi);
	if (other)
		tl_node_problem(r, row->numbers ? row->numbers : row->node, "numbers: that of %s is already that of %s",
				tl_abi_names[abi], other->name);
	return true;
}

static void check_spellings(struct tl_reader *r, const struct tl_table *t, const struct tl_yaml_node *list)
{
	for (const struct tl_yaml_node *node = list->kind == TL_YAML_LIST ? list->first : NULL; node; node = node->next)
		if (node->kind == TL_YAML_SCALAR && !find_name(t->types, t->n, node->text) &&
		    !find_name(r->builtin, r->n_builtin, node->text))
			tl_node_problem(r, node, "spellings: there is no event " TL_QUOTED, node->text);
}

static int read_rows(struct tl_reader *r, const struct tl_yaml_node *list, struct tl_table *t)
{
	_cleanup_free_ const struct tl_yaml_node **spellings = NULL;
	size_t n = 0;

	for (const struct tl_yaml_node *node = list->first; node; node = node->next)
		n++;
	if (n >= TL_EVENTS_MAX) {
		tl_node_problem(r, list, "more than %d events", TL_EVENTS_MAX - 1);
		return -EINVAL;
	}
	t->types = calloc(n + 1, sizeof(*t->types));
	spellings = calloc(n + 1, sizeof(*spellings));
	if (!t->types || !spellings)
		return -ENOMEM;
	for (const struct tl_yaml_node *node = list->first; node; node = node->next) {
		struct tl_row row = {};

		read_row(r, node, &row);
		if (!check_row(r, &row, t))
			continue;
		spellings[t->n] = row.spellings;
		t->types[t->n++] = row.type;
	}
	/* Only now all names are known. */
	for (size_t i = 0; i < t->n; i++)
		if (spellings[i])
			check_spellings(r, t, spellings[i]);
	return 0;
}

static int read_tree(struct tl_reader *r, const struct tl_yaml_node *root, struct tl_table *t)
{
	static const struct tl_node_key keys[] = { { "event", NULL, 0, 0 } };
	const struct tl_yaml_node *list = NULL;

	if (!root || tl_yaml_is_null(root)) {
		tl_reader_problem(r, 1, 1, "the table is empty");
		return -EINVAL;
	}
	tl_node_mapping(r, root, "table", keys, ARRAY_SIZE(keys), &list);
	if (list && tl_node_expect(r, list, TL_YAML_LIST, "event") && list->first)
		return read_rows(r, list, t);
	if (list && !list->first && !r->n_problems)
		tl_node_problem(r, list, "event: the list is empty");
	if (!r->n_problems)
		tl_node_problem(r, root, "table: no list \"event\"");
	return -EINVAL;
}

void tl_table_done(struct tl_table *t)
{
	free(t->types);
	*t = (struct tl_table){};
}

int tl_table_parse(const char *text, size_t size, const struct tl_event_type *builtin, size_t n_builtin,
		   struct tl_table *ret, tl_table_problem report, void *userdata)
{
	_cleanup_(tl_reader_done) struct tl_reader r = {
		.builtin = builtin,
		.n_builtin = n_builtin,
		.problem = report,
		.userdata = userdata,
	};
	_cleanup_(tl_table_done) struct tl_table table = {};
	int error = tl_reader_parse(&r, text, size);

	if (!error)
		error = read_tree(&r, r.yaml.root, &table);
	if (!error && r.n_problems)
		error = -EINVAL;
	if (error)
		return error;
	*ret = table;
	table = (struct tl_table){};
	return 0;
}

/* What is not a regular file has no size: read until it ends, or is too long. */
static int read_file(int fd, char **ret_text, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0, room = 0;

	while (size <= TL_YAML_SIZE_MAX) {
		ssize_t n;

		if (size == room) {
			char *more = realloc(text, room = room ? room * 2 : 65536);

			if (!more)
				return -ENOMEM;
			text = more;
		}
		n = read(fd, text + size, room - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		size += n;
	}
	*ret_text = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

int tl_table_load(const char *path, const struct tl_event_type *builtin, size_t n_builtin, struct tl_table *ret,
		  tl_table_problem report, void *userdata)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = read_file(fd, &text, &size);
	if (r < 0)
		return r;
	return tl_table_parse(text, size, builtin, n_builtin, ret, report, userdata);
}
