/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results that stand for several events: the key that they have in common, also
 * under the names that events have. */
#include "encode-line.h"

/* Fields whose value is a member of the event, object by object. */
static const struct {
	const char *field, *object, *member;
	bool is_text; /* there, whatever it is in conditions */
} members[] = {
	{ "executable", "process", "executable", false },
	{ "comm", "process", "name", false },
	{ "pid", "process", "pid", false },
	{ "cwd", "process", "working_directory", false },
	{ "path", "file", "path", false },
	{ "target_path", "file", "target_path", false },
	{ "uid", "user", "id", true },
	{ "saddr", "source", "ip", false },
	{ "sport", "source", "port", false },
	{ "daddr", "destination", "ip", false },
	{ "dport", "destination", "port", false },
	{ "container", "container", "id", false },
};

#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static const struct tl_key_value *find(const struct tl_annotation *a, const char *field)
{
	for (size_t i = 0; i < a->n_key; i++)
		if (strcmp(a->key[i].name, field) == 0)
			return a->key[i].is_missing ? NULL : &a->key[i];
	return NULL;
}

static void put_value(struct tl_line *l, const struct tl_key_value *value)
{
	if (value->is_missing)
		TL_PUT_LITERAL(l->b, "null");
	else if (value->is_number)
		tl_put(l->b, value->text, value->size);
	else
		tl_line_string(l, value->text, value->size);
}

static void put_member(struct tl_line *l, const char *name, const struct tl_key_value *value, bool is_text)
{
	tl_put_char(l->b, '"');
	tl_put_text(l->b, name);
	TL_PUT_LITERAL(l->b, "\":");
	if (is_text)
		tl_put_char(l->b, '"');
	put_value(l, value);
	if (is_text)
		tl_put_char(l->b, '"');
}

void tl_line_result(struct tl_line *l)
{
	const char *open = NULL;

	for (size_t i = 0; i < N_MEMBERS; i++) {
		const struct tl_key_value *value = find(l->annotation, members[i].field);

		if (!value || (!value->size && !value->is_number))
			continue;
		if (!open || strcmp(open, members[i].object) != 0) {
			tl_put_text(l->b, open ? "},\"" : ",\"");
			tl_put_text(l->b, members[i].object);
			TL_PUT_LITERAL(l->b, "\":{");
		} else {
			tl_put_char(l->b, ',');
		}
		open = members[i].object;
		put_member(l, members[i].member, value, members[i].is_text);
	}
	if (open)
		tl_put_char(l->b, '}');
}

void tl_line_key(struct tl_line *l)
{
	const struct tl_annotation *a = l->annotation;

	TL_PUT_LITERAL(l->b, ",\"result\":\"");
	tl_put_text(l->b, a->result);
	tl_put_char(l->b, '"');
	if (!a->n_key)
		return;
	TL_PUT_LITERAL(l->b, ",\"key\":{");
	for (size_t i = 0; i < a->n_key; i++) {
		if (i)
			tl_put_char(l->b, ',');
		put_member(l, a->key[i].name, &a->key[i], false);
	}
	tl_put_char(l->b, '}');
}

void tl_encode_key(struct tl_buffer *b, const struct tl_annotation *a)
{
	for (size_t i = 0; i < a->n_key; i++) {
		const struct tl_key_value *value = &a->key[i];

		tl_put_char(b, ' ');
		tl_put_text(b, value->name);
		tl_put_char(b, '=');
		if (value->is_missing)
			tl_put_char(b, '?');
		else if (value->is_number)
			tl_put(b, value->text, value->size);
		else
			tl_escape_text(b, value->text, value->size);
	}
	if (a->bytes) {
		TL_PUT_LITERAL(b, " bytes=");
		tl_put_u64(b, a->bytes);
	}
}
