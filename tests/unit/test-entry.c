// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of the journal carry the facts of the JSON line, for every event. */
#include <sys/socket.h>

#include "entry-fields.h"
#include "entry.h"
#include "fields.h"
#include "journal-parse.h"
#include "json-check.h"
#include "json-scan.h"
#include "sink-fixture.h"

struct check {
	const struct tl_buffer *entry;
	const char *name, *value; /* that is looked for */
	size_t size;
	bool found;
	unsigned facts;
};

static void compare(const char *name, size_t n, const char *value, size_t size, void *userdata)
{
	struct check *c = userdata;

	if (n != strlen(c->name) || memcmp(name, c->name, n))
		return;
	/* Words of flags stand in one field. */
	c->found |= (size == c->size && !memcmp(value, c->value, size)) ||
		    (!strcmp(c->name, "TRACELEFT_FLAGS") && memmem(value, size, c->value, c->size));
}

static void check_fact(const char *path, const char *value, size_t n, void *userdata)
{
	struct tl_scan scan = { value, value + n };
	struct tl_buffer text = { 0 };
	const struct tl_entry_field *field;
	struct check *c = userdata;
	struct tl_span inside;
	size_t hint = 0;

	field = tl_entry_field_find(path, &hint);
	if (!strncmp(path, "traceleft.args.", 15)) /* decoded: below */
		return;
	if (!field)
		fail_msg("%s has no field in the journal", path);
	if (!field->journal)
		return;
	if (tl_scan_string(&scan, &inside))
		tl_scan_unescape(&text, inside);
	else
		tl_put(&text, value, n);
	c->name = field->journal;
	c->value = text.data ? text.data : "";
	c->size = text.size;
	c->found = false;
	assert_true(journal_parse(c->entry->data, c->entry->size, compare, c));
	if (!c->found)
		fail_msg("%s = %.*s is not in %s of the entry", path, (int)n, value, field->journal);
	c->facts++;
	tl_buffer_done(&text);
}

static void count_arguments(const char *name, size_t n, const char *value, size_t size, void *userdata)
{
	(void)value;
	(void)size;
	*(unsigned *)userdata += n > 14 && !memcmp(name, "TRACELEFT_ARG_", 14);
}

static void count_members(const char *path, const char *value, size_t n, void *userdata)
{
	(void)value;
	(void)n;
	*(unsigned *)userdata += !strncmp(path, "traceleft.args.", 15);
}

static void check_event(struct fixture *f)
{
	static const char *const tags[] = { "identity", "pci" };
	const struct tl_annotation annotation = {
		.rule = "etc-changes",
		.severity = "warning",
		.tags = tags,
		.n_tags = 2,
		.stream = "s",
		.group = "g",
	};
	struct tl_buffer entry = { 0 };
	struct check c = { .entry = &entry };
	unsigned arguments = 0, members = 0;

	f->out.size = 0;
	assert_int_equal(tl_encode_json(&f->out, &f->event, &annotation), 0);
	assert_int_equal(tl_entry_encode(&entry, &f->event, &annotation), 0);
	assert_true(json_line(f->out.data, f->out.size, check_fact, &c));
	assert_true(c.facts > 40);
	assert_true(json_line(f->out.data, f->out.size, count_members, &members));
	assert_true(journal_parse(entry.data, entry.size, count_arguments, &arguments));
	if (f->event.kind == TL_EVENT_SYSCALL)
		assert_int_equal(arguments, members);
	tl_buffer_done(&entry);
}

static void every_event_of_the_table_carries_the_facts_of_its_line(void **state)
{
	const struct tl_event_type *types;
	struct fixture f;
	size_t n;

	(void)state;
	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++) {
		fixture_init(&f);
		f.event.type = &types[i];
		f.event.ret = i % 3 ? (int64_t)i : -(int64_t)(i % 40) - 1;
		for (unsigned a = 0; a < types[i].n_args; a++) {
			f.event.args[a] = i * 0x10001 - 5 * a;
			/* Without numbers of lists: one scalar each. */
			if (types[i].args[a].capture != TL_CAPTURE_NONE && types[i].args[a].capture != TL_CAPTURE_ARGV)
				f.event.captured[a] = fixture_bytes("one\0t\"w\\o\xff\n\0\0\0\0\0\0\0\0\0\0", 20);
		}
		f.event.destination = (struct tl_endpoint){ .family = AF_INET,
							    .port = 443,
							    .address = { 127, 0, 0, 1 } };
		check_event(&f);
		fixture_done(&f);
	}
}

static void forks_and_ends_do_too(void **state)
{
	struct tl_process child = { .pid = 77, .entity_id = "0c1d2e3f-77-9" };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.kind = TL_EVENT_FORK;
	f.event.child = &child;
	check_event(&f);
	f.event.kind = TL_EVENT_EXIT;
	f.event.exit_code = 9;
	f.event.utime = 5;
	check_event(&f);
	fixture_done(&f);
}

static void every_field_is_in_the_table(void **state)
{
	const struct tl_field *field;

	(void)state;
	for (size_t i = 0; (field = tl_field_get(i)); i++) {
		const struct tl_entry_field *entry = NULL;
		char name[128];
		size_t hint = 0;

		if (!strcmp(field->name, "traceleft.args.*") || !strcmp(field->name, "traceleft.key.*"))
			continue;
		/* A list of objects is one field: its name is that of the list. */
		snprintf(name, sizeof(name), "%s", field->name);
		for (char *dot = name + strlen(name); !entry && dot; dot = strrchr(name, '.')) {
			*dot = 0;
			entry = tl_entry_field_find(name, &hint);
		}
		if (!entry)
			fail_msg("%s is a field that the journal does not get", field->name);
	}
}

static void everything_in_the_table_is_a_field(void **state)
{
	const struct tl_entry_field *entry;
	const struct tl_field *field;

	(void)state;
	for (size_t i = 0; (entry = tl_entry_field_get(i)); i++) {
		size_t n = strlen(entry->name);
		bool found = false;

		for (size_t k = 0; (field = tl_field_get(k)) && !found; k++)
			found = !strncmp(field->name, entry->name, n) && (!field->name[n] || field->name[n] == '.');
		if (!found)
			fail_msg("%s is no field", entry->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_of_the_table_carries_the_facts_of_its_line),
		cmocka_unit_test(forks_and_ends_do_too),
		cmocka_unit_test(every_field_is_in_the_table),
		cmocka_unit_test(everything_in_the_table_is_a_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
