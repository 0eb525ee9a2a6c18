/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as protobuf: the schema and the fields of an event are the same, and
 * the code that protoc-c generates reads what we write. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "encode-fixture.h"
#include "encode-proto.h"
#include "event.pb-c.h"
#include "fields.h"

/* ---- The schema ---- */

static const ProtobufCFieldDescriptor *member(const ProtobufCMessageDescriptor *type, const char *name, size_t n)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const char *known = tl_proto_json_name(type->fields[i].name);

		if (strlen(known) == n && !memcmp(known, name, n))
			return &type->fields[i];
	}
	return NULL;
}

static bool fits(const ProtobufCFieldDescriptor *field, const char *type)
{
	if (!strcmp(type, "object"))
		return field->type == PROTOBUF_C_TYPE_MESSAGE;
	if (!strcmp(type, "date"))
		return field->type == PROTOBUF_C_TYPE_FIXED64;
	if (!strcmp(type, "long"))
		return field->type == PROTOBUF_C_TYPE_UINT64 || field->type == PROTOBUF_C_TYPE_SINT64;
	return field->type == PROTOBUF_C_TYPE_STRING;
}

static void every_field_is_in_the_schema(void **state)
{
	const struct tl_field *field;

	(void)state;
	for (size_t i = 0; (field = tl_field_get(i)); i++) {
		const ProtobufCMessageDescriptor *type = &traceleft__event__descriptor;
		const ProtobufCFieldDescriptor *found = NULL;

		for (const char *part = field->name; *part && strcmp(part, "*");
		     part += strcspn(part, "."), part += *part == '.') {
			found = type ? member(type, part, strcspn(part, ".")) : NULL;
			if (!found)
				fail_msg("event.proto has no %s", field->name);
			type = found->type == PROTOBUF_C_TYPE_MESSAGE ? found->descriptor : NULL;
		}
		if (!fits(found, field->type))
			fail_msg("event.proto has another type of %s", field->name);
	}
}

static void check_schema(const ProtobufCMessageDescriptor *type, const char *prefix)
{
	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		char name[256];

		assert_int_equal(field->id, i + 1); /* decode-proto.c counts on it */
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", tl_proto_json_name(field->name));
		if (field->descriptor == &traceleft__argument__descriptor || field->descriptor == type)
			continue;
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			check_schema(field->descriptor, name);
		else if (!tl_field_find(name) && strcmp(name, "traceleft.ledger.total.name"))
			fail_msg("event.proto has %s, which is no field", name);
	}
}

static void everything_in_the_schema_is_a_field(void **state)
{
	(void)state;
	check_schema(&traceleft__event__descriptor, "");
}

/* Numbers that have been given away once: whoever changes one breaks every reader. */
static void numbers_stay(void **state)
{
	static const struct {
		const ProtobufCMessageDescriptor *type;
		const char *name;
		unsigned number;
	} known[] = {
		{ &traceleft__event__descriptor, "timestamp", 1 },
		{ &traceleft__event__descriptor, "traceleft", 16 },
		{ &traceleft__event__descriptor, "host", 15 },
		{ &traceleft__activity__descriptor, "id", 6 },
		{ &traceleft__process__descriptor, "parent", 11 },
		{ &traceleft__user__descriptor, "audit", 4 },
		{ &traceleft__file__descriptor, "target_path", 6 },
		{ &traceleft__details__descriptor, "ret", 3 },
		{ &traceleft__details__descriptor, "ledger", 33 },
		{ &traceleft__argument__descriptor, "list", 5 },
		{ &traceleft__counters__descriptor, "delivered", 9 },
		{ &traceleft__events__descriptor, "events", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(known[i].type,
													known[i].name);

		assert_non_null(field);
		assert_int_equal(field->id, known[i].number);
	}
}

/* ---- Events ---- */

static Traceleft__Event *unpack(struct fixture *f)
{
	size_t size = 0;
	int head;

	f->out.size = 0;
	assert_int_equal(tl_encode_proto(&f->out, &f->event, NULL), 0);
	head = tl_proto_frame(f->out.data, f->out.size, &size);
	assert_true(head > 0);
	assert_int_equal((size_t)head + size, f->out.size);
	return traceleft__event__unpack(NULL, size, (const uint8_t *)f->out.data + head);
}

static void generated_code_reads_it(void **state)
{
	Traceleft__Event *e;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	e = unpack(&f);
	assert_non_null(e);
	assert_int_equal(e->timestamp, 1795665600123456789ULL);
	assert_string_equal(e->event->action, "openat");
	assert_int_equal(e->event->n_category, 1);
	assert_int_equal(e->event->duration, 4200);
	assert_int_equal(e->process->pid, 1234);
	assert_int_equal(e->process->n_args, 3);
	assert_string_equal(e->process->args[2], "cat /etc/passwd");
	assert_string_equal(e->process->parent->executable, "/usr/sbin/sshd");
	assert_string_equal(e->file->path, "/etc/passwd");
	assert_int_equal(e->traceleft->n_args, 3);
	assert_string_equal(e->traceleft->args[0]->name, "dfd");
	assert_int_equal(e->traceleft->args[0]->negative, -100);
	assert_string_equal(e->traceleft->args[1]->text, "/etc/passwd");
	assert_int_equal(e->traceleft->args[2]->number, 02000000);
	assert_int_equal(e->traceleft->ret, 3);
	assert_false(e->traceleft->has_count);
	traceleft__event__free_unpacked(e, NULL);
	fixture_done(&f);
}

static void every_event_of_the_table_comes_back_as_its_line(void **state)
{
	const struct tl_event_type *types;
	struct tl_buffer back = { 0 };
	struct fixture f;
	size_t n;

	(void)state;
	types = tl_event_types(&n);
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		size_t size = 0;
		int head;

		fixture_init_type(&f, &types[i], i);
		f.out.size = back.size = 0;
		assert_int_equal(tl_encode_proto(&f.out, &f.event, NULL), 0);
		head = tl_proto_frame(f.out.data, f.out.size, &size);
		assert_int_equal(tl_proto_to_json(&back, f.out.data + head, size), 0);
		f.out.size = 0;
		assert_int_equal(tl_encode_json(&f.out, &f.event, NULL), 0);
		if (f.out.size != back.size || memcmp(f.out.data, back.data, back.size))
			fail_msg("%s: %.*s, but %.*s", types[i].name, (int)f.out.size, f.out.data, (int)back.size,
				 back.data);
		fixture_done(&f);
	}
	tl_buffer_done(&back);
}

static void an_event_that_is_cut_or_changed_is_refused_or_harmless(void **state)
{
	struct tl_buffer back = { 0 };
	struct fixture f;
	size_t size = 0;
	int head;

	(void)state;
	fixture_init(&f);
	assert_int_equal(tl_encode_proto(&f.out, &f.event, NULL), 0);
	head = tl_proto_frame(f.out.data, f.out.size, &size);
	for (size_t n = 1; n < size; n++) {
		back.size = 0;
		if (tl_proto_to_json(&back, f.out.data + head, n) < 0)
			assert_int_equal(back.size, 0);
	}
	srandom(5);
	for (unsigned i = 0; i < 20000; i++) {
		char *byte = f.out.data + head + random() % (long)size, before = *byte;

		*byte = (char)random();
		back.size = 0;
		if (tl_proto_to_json(&back, f.out.data + head, size) >= 0)
			for (size_t at = 0; at + 1 < back.size; at++)
				assert_true((unsigned char)back.data[at] >= 0x20 && back.data[at] != 0x7f);
		*byte = before;
	}
	tl_buffer_done(&back);
	fixture_done(&f);
}

static void lengths_are_not_trusted(void **state)
{
	static const char endless[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
	static const char large[] = "\x81\x80\x80\x80\x10"; /* 4 GiB */
	size_t size = 7;

	(void)state;
	assert_int_equal(tl_proto_frame("", 0, &size), 0);
	assert_int_equal(tl_proto_frame("\x80", 1, &size), 0);
	assert_int_equal(tl_proto_frame("\0", 1, &size), -EBADMSG);
	assert_int_equal(tl_proto_frame(endless, sizeof(endless) - 1, &size), -EBADMSG);
	assert_int_equal(tl_proto_frame(large, sizeof(large) - 1, &size), -EBADMSG);
	assert_int_equal(size, 7);
	assert_int_equal(tl_proto_frame("\x80\x01", 2, &size), 2);
	assert_int_equal(size, 128);
}

static void times_are_read_as_they_are_written(void **state)
{
	static const uint64_t times[] = { 0, 1, 951782400000000000, 1795665600123456789, 4102444799999999999 };
	char text[TL_TIME_SIZE];
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		tl_time_text(text, times[i]);
		assert_int_equal(tl_time_parse(text, sizeof(text), &ns), 0);
		assert_int_equal(ns, times[i]);
	}
	assert_int_equal(tl_time_parse("2026-11-26T04:00:00.123456789+", 30, &ns), -EINVAL);
	assert_int_equal(tl_time_parse("2026-13-26T04:00:00.123456789Z", 30, &ns), -EINVAL);
	assert_int_equal(tl_time_parse("2026-02-29T04:00:00.123456789Z", 30, &ns), -EINVAL);
	assert_int_equal(tl_time_parse("2100-02-29T04:00:00.123456789Z", 30, &ns), -EINVAL);
	assert_int_equal(tl_time_parse("2026-11-31T04:00:00.123456789Z", 30, &ns), -EINVAL);
	assert_int_equal(tl_time_parse("2024-02-29T04:00:00.123456789Z", 30, &ns), 0);
	assert_int_equal(tl_time_parse("2000-02-29T04:00:00.123456789Z", 30, &ns), 0);
	assert_int_equal(tl_time_parse("2026-11-26", 10, &ns), -EINVAL);
}

static void no_memory_leaves_the_buffer_as_it_was(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.out.size = f.out.capacity = SIZE_MAX / 4; /* as full as a buffer may be */
	assert_int_equal(tl_encode_proto(&f.out, &f.event, NULL), -ENOMEM);
	assert_int_equal(f.out.size, SIZE_MAX / 4);
	assert_false(f.out.failed);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_in_the_schema),
		cmocka_unit_test(everything_in_the_schema_is_a_field),
		cmocka_unit_test(numbers_stay),
		cmocka_unit_test(generated_code_reads_it),
		cmocka_unit_test(every_event_of_the_table_comes_back_as_its_line),
		cmocka_unit_test(an_event_that_is_cut_or_changed_is_refused_or_harmless),
		cmocka_unit_test(lengths_are_not_trusted),
		cmocka_unit_test(times_are_read_as_they_are_written),
		cmocka_unit_test(no_memory_leaves_the_buffer_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
