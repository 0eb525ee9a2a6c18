/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as log records of OpenTelemetry, read by generated code: every scalar
 * of the JSON line is an attribute of the same name and value. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "encode-fixture.h"
#include "encode-otlp.h"
#include "json-check.h"
#include "json-scan.h"
#include "otlp.pb-c.h"

typedef Traceleft__Otlp__AnyValue any_value;
typedef Traceleft__Otlp__KeyValue key_value;

struct decoded {
	Traceleft__Otlp__ExportLogsServiceRequest *request;
	Traceleft__Otlp__LogRecord *record;
	Traceleft__Otlp__Resource *resource;
	size_t scalars;
};

static void decode(struct decoded *d, struct fixture *f, const char *line, size_t n)
{
	struct tl_buffer record = { 0 }, request = { 0 };

	(void)f;
	assert_int_equal(tl_otlp_from_json(&record, line, n, "a sentence", 10), 0);
	assert_int_equal(tl_otlp_head(&request, record.size), 0);
	assert_int_equal(tl_buffer_append(&request, record.data, record.size), 0);
	d->request = traceleft__otlp__export_logs_service_request__unpack(NULL, request.size, (uint8_t *)request.data);
	assert_non_null(d->request);
	assert_int_equal(d->request->n_resource_logs, 1);
	assert_int_equal(d->request->resource_logs[0]->n_scope_logs, 1);
	assert_int_equal(d->request->resource_logs[0]->scope_logs[0]->n_log_records, 1);
	d->record = d->request->resource_logs[0]->scope_logs[0]->log_records[0];
	d->resource = d->request->resource_logs[0]->resource;
	d->scalars = 0;
	tl_buffer_done(&record);
	tl_buffer_done(&request);
}

static void decoded_done(struct decoded *d)
{
	traceleft__otlp__export_logs_service_request__free_unpacked(d->request, NULL);
}

/* Whether the value, or one in it, is what JSON calls `text`. */
static bool holds(const any_value *v, const char *text)
{
	char number[24];

	switch (v->value_case) {
	case TRACELEFT__OTLP__ANY_VALUE__VALUE_STRING_VALUE:
		return !strcmp(v->string_value, text);
	case TRACELEFT__OTLP__ANY_VALUE__VALUE_INT_VALUE:
		snprintf(number, sizeof(number), "%" PRId64, v->int_value);
		return !strcmp(number, text);
	case TRACELEFT__OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
		for (size_t i = 0; i < v->array_value->n_values; i++)
			if (holds(v->array_value->values[i], text))
				return true;
		return false;
	case TRACELEFT__OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
		for (size_t i = 0; i < v->kvlist_value->n_values; i++)
			if (holds(v->kvlist_value->values[i]->value, text))
				return true;
		return false;
	default:
		return !strcmp(text, "null");
	}
}

static bool find(key_value **pairs, size_t n, const char *path, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(pairs[i]->key);

		/* What is below an array of objects has the rest of the path in it. */
		if (!strncmp(pairs[i]->key, path, size) && (!path[size] || path[size] == '.') &&
		    holds(pairs[i]->value, text))
			return true;
	}
	return false;
}

static void check_scalar(const char *path, const char *value, size_t n, void *userdata)
{
	struct tl_scan scan = { value, value + n };
	struct tl_buffer text = { 0 };
	struct decoded *d = userdata;
	struct tl_span inside;

	if (tl_scan_string(&scan, &inside))
		tl_scan_unescape(&text, inside);
	else
		tl_put(&text, value, n);
	tl_put_char(&text, 0);
	if (!find(d->record->attributes, d->record->n_attributes, path, text.data) &&
	    !find(d->resource->attributes, d->resource->n_attributes, path, text.data))
		fail_msg("%s = %s is not in the record", path, text.data);
	d->scalars++;
	tl_buffer_done(&text);
}

static void every_event_of_the_table_carries_the_facts_of_its_line(void **state)
{
	const struct tl_event_type *types;
	struct decoded d;
	struct fixture f;
	size_t n;

	(void)state;
	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++) {
		fixture_init_type(&f, &types[i], i);
		assert_int_equal(tl_encode_json(&f.out, &f.event, NULL), 0);
		decode(&d, &f, f.out.data, f.out.size);
		assert_true(json_line(f.out.data, f.out.size, check_scalar, &d));
		assert_true(d.scalars > 30);
		assert_int_equal(d.record->time_unix_nano, f.event.time);
		assert_string_equal(d.record->event_name, tl_event_type_action(&types[i]));
		assert_string_equal(d.record->body->string_value, "a sentence");
		decoded_done(&d);
		fixture_done(&f);
	}
}

static void the_severity_is_that_of_opentelemetry(void **state)
{
	static const struct tl_annotation annotation = { .severity = "crit" };
	struct decoded d;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(tl_encode_json(&f.out, &f.event, &annotation), 0);
	decode(&d, &f, f.out.data, f.out.size);
	assert_int_equal(d.record->severity_number, 18);
	assert_string_equal(d.record->severity_text, "crit");
	decoded_done(&d);
	fixture_done(&f);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = { "",
					     "{",
					     "{}",
					     "{\"a\"}\n",
					     "{\"a\":\n",
					     "{\"a\":[1,2}\n",
					     "{\"a\":{\"b\":1}\n",
					     "[1]\n",
					     "{\"a\":1.5}\n",
					     "{\"a\":true}\n",
					     "{\"@timestamp\":\"now\"}\n",
					     "{\"a\":[[[[[[[[[[1]]]]]]]]]]}\n" };
	struct tl_buffer b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(tl_otlp_from_json(&b, lines[i], strlen(lines[i]), "", 0), -EBADMSG);
		assert_int_equal(b.size, 0);
	}
	tl_buffer_done(&b);
}

static void a_partial_success_says_how_many(void **state)
{
	/* partial_success { rejected_log_records: 3, error_message: "full" } */
	static const char response[] = "\x0a\x08\x08\x03\x12\x04"
				       "full";
	const char *message;
	size_t size;

	(void)state;
	assert_int_equal(tl_otlp_refused(response, sizeof(response) - 1, &message, &size), 3);
	assert_int_equal(size, 4);
	assert_memory_equal(message, "full", 4);
	assert_int_equal(tl_otlp_refused("", 0, &message, &size), 0);
	for (size_t n = 0; n < sizeof(response) - 1; n++)
		assert_true(tl_otlp_refused(response, n, &message, &size) <= 3);
	assert_int_equal(tl_otlp_refused("<html>", 6, &message, &size), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_of_the_table_carries_the_facts_of_its_line),
		cmocka_unit_test(the_severity_is_that_of_opentelemetry),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(a_partial_success_says_how_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
