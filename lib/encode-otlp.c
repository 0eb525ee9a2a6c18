/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "encode-otlp.h"
#include "json-walk.h"
#include "util.h"
#include "wire-text.h"

#define DEPTH_MAX 8

/* Numbers of otlp.proto. */
enum { REQUEST_RESOURCE_LOGS = 1, RESOURCE_LOGS_RESOURCE = 1, RESOURCE_LOGS_SCOPE_LOGS = 2 };
enum { SCOPE_LOGS_SCOPE = 1, SCOPE_LOGS_LOG_RECORDS = 2, SCOPE_NAME = 1, SCOPE_VERSION = 2 };
enum { RESOURCE_ATTRIBUTES = 1, KEY_VALUE_KEY = 1, KEY_VALUE_VALUE = 2, LIST_VALUES = 1 };
enum { RECORD_TIME = 1, RECORD_SEVERITY = 2, RECORD_SEVERITY_TEXT = 3, RECORD_BODY = 5 };
enum { RECORD_ATTRIBUTES = 6, RECORD_OBSERVED_TIME = 11, RECORD_EVENT_NAME = 12 };
enum { VALUE_STRING = 1, VALUE_INT = 3, VALUE_ARRAY = 5, VALUE_LIST = 6 };
enum { RESPONSE_PARTIAL_SUCCESS = 1, PARTIAL_REFUSED = 1, PARTIAL_MESSAGE = 2 };

struct record {
	struct tl_scan *scan;
	struct tl_buffer *b;
	const char *name; /* of the member, with dots */
	unsigned depth;
};

static bool put_value(struct record *r);

/* ---- Values ---- */

static bool put_array(struct record *r)
{
	size_t start;

	tl_put_tag(r->b, VALUE_ARRAY, TL_WIRE_BYTES);
	start = tl_wire_open(r->b);
	while (tl_scan_peek(r->scan) != ']') {
		size_t value;

		tl_put_tag(r->b, LIST_VALUES, TL_WIRE_BYTES);
		value = tl_wire_open(r->b);
		if (!put_value(r))
			return false;
		tl_wire_close(r->b, value);
		if (!tl_scan_char(r->scan, ',') && tl_scan_peek(r->scan) != ']')
			return false;
	}
	tl_wire_close(r->b, start);
	return tl_scan_char(r->scan, ']');
}

/* An object within an array. */
static bool put_list(struct record *r)
{
	size_t start;

	tl_put_tag(r->b, VALUE_LIST, TL_WIRE_BYTES);
	start = tl_wire_open(r->b);
	while (tl_scan_peek(r->scan) != '}') {
		size_t pair, value;
		struct tl_span key;

		if (!tl_scan_string(r->scan, &key) || !tl_scan_char(r->scan, ':'))
			return false;
		tl_put_tag(r->b, LIST_VALUES, TL_WIRE_BYTES);
		pair = tl_wire_open(r->b);
		tl_put_span(r->b, KEY_VALUE_KEY, key);
		tl_put_tag(r->b, KEY_VALUE_VALUE, TL_WIRE_BYTES);
		value = tl_wire_open(r->b);
		if (!put_value(r))
			return false;
		tl_wire_close(r->b, value);
		tl_wire_close(r->b, pair);
		if (!tl_scan_char(r->scan, ',') && tl_scan_peek(r->scan) != '}')
			return false;
	}
	tl_wire_close(r->b, start);
	return tl_scan_char(r->scan, '}');
}

/* The inside of an AnyValue. Numbers beyond 2^63 are rare, and text. */
static bool put_number(struct record *r)
{
	const char *start = r->scan->at;
	bool negative;
	uint64_t v;

	if (!tl_scan_number(r->scan, &negative, &v))
		return false;
	if (v <= INT64_MAX)
		tl_put_number(r->b, VALUE_INT, negative ? -v : v);
	else
		tl_put_bytes(r->b, VALUE_STRING, start, (size_t)(r->scan->at - start));
	return true;
}

static bool put_value(struct record *r)
{
	struct tl_span text;
	bool ok;

	if (tl_scan_null(r->scan))
		return true;
	if (tl_scan_peek(r->scan) == '"') {
		ok = tl_scan_string(r->scan, &text);
		if (ok)
			tl_put_span(r->b, VALUE_STRING, text);
		return ok;
	}
	if (tl_scan_peek(r->scan) != '[' && tl_scan_peek(r->scan) != '{')
		return put_number(r);
	if (++r->depth > DEPTH_MAX)
		return false;
	ok = tl_scan_char(r->scan, '[') ? put_array(r) : tl_scan_char(r->scan, '{') && put_list(r);
	r->depth--;
	return ok;
}

/* ---- Members ---- */

/* Numbers of severities as OpenTelemetry maps those of syslog. */
static void put_severity(struct record *r, struct tl_span word)
{
	static const struct {
		const char *word;
		uint8_t number;
	} severities[] = {
		{ "debug", 5 }, { "info", 9 },	{ "notice", 10 }, { "warning", 13 },
		{ "err", 17 },	{ "crit", 18 }, { "alert", 19 },  { "emerg", 21 },
	};

	tl_put_span(r->b, RECORD_SEVERITY_TEXT, word);
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++)
		if (word.size == strlen(severities[i].word) && !memcmp(word.at, severities[i].word, word.size))
			tl_put_number(r->b, RECORD_SEVERITY, severities[i].number);
}

/* What a record has a field of its own for, besides the attribute. */
static bool put_own_field(struct record *r)
{
	struct tl_scan ahead = *r->scan;
	struct tl_span text;
	uint64_t ns;

	if (!tl_scan_string(&ahead, &text))
		return true; /* no string: none of these */
	if (!strcmp(r->name, "event.action")) {
		tl_put_span(r->b, RECORD_EVENT_NAME, text);
	} else if (!strcmp(r->name, "log.level")) {
		put_severity(r, text);
	} else if (!strcmp(r->name, "@timestamp")) {
		if (tl_time_parse(text.at, text.size, &ns) < 0)
			return false;
		tl_put_fixed64(r->b, RECORD_TIME, ns);
		tl_put_fixed64(r->b, RECORD_OBSERVED_TIME, ns);
	}
	return true;
}

static bool put_attribute(const char *name, struct tl_scan *scan, void *userdata)
{
	struct record *r = userdata;
	size_t before = r->b->size, start, value;

	r->name = name;
	r->scan = scan;
	if (!put_own_field(r))
		return false;
	tl_put_tag(r->b, RECORD_ATTRIBUTES, TL_WIRE_BYTES);
	start = tl_wire_open(r->b);
	tl_put_bytes(r->b, KEY_VALUE_KEY, r->name, strlen(r->name));
	tl_put_tag(r->b, KEY_VALUE_VALUE, TL_WIRE_BYTES);
	value = tl_wire_open(r->b);
	if (!put_value(r))
		return false;
	tl_wire_close(r->b, value);
	tl_wire_close(r->b, start);
	/* The resource has those. */
	if (!strncmp(name, "host.", 5))
		r->b->size = before;
	return true;
}

int tl_otlp_from_json(struct tl_buffer *b, const char *line, size_t n, const char *body, size_t body_size)
{
	struct record r = { .b = b };
	size_t start = b->size, record, value;
	bool ok, failed;

	b->failed = false;
	tl_put_tag(b, SCOPE_LOGS_LOG_RECORDS, TL_WIRE_BYTES);
	record = tl_wire_open(b);
	tl_put_tag(b, RECORD_BODY, TL_WIRE_BYTES);
	value = tl_wire_open(b);
	tl_put_bytes(b, VALUE_STRING, body, body_size);
	tl_wire_close(b, value);
	ok = tl_json_walk(line, n, put_attribute, &r) >= 0;
	tl_wire_close(b, record);
	failed = b->failed;
	b->failed = false;
	if (ok && !failed)
		return 0;
	b->size = start;
	return failed ? -ENOMEM : -EBADMSG;
}

/* ---- Requests ---- */

static void put_pair(struct tl_buffer *b, const char *key, const char *text)
{
	size_t start, value;

	tl_put_tag(b, RESOURCE_ATTRIBUTES, TL_WIRE_BYTES);
	start = tl_wire_open(b);
	tl_put_bytes(b, KEY_VALUE_KEY, key, strlen(key));
	tl_put_tag(b, KEY_VALUE_VALUE, TL_WIRE_BYTES);
	value = tl_wire_open(b);
	tl_put_bytes(b, VALUE_STRING, text, strlen(text));
	tl_wire_close(b, value);
	tl_wire_close(b, start);
}

static void put_resource(struct tl_buffer *b)
{
	const struct tl_host *host = tl_host();
	size_t start;

	tl_put_tag(b, RESOURCE_LOGS_RESOURCE, TL_WIRE_BYTES);
	start = tl_wire_open(b);
	put_pair(b, "service.name", "traceleft");
	put_pair(b, "host.name", host->name);
	put_pair(b, "host.id", host->machine_id);
	put_pair(b, "host.boot.id", host->boot_id);
	tl_wire_close(b, start);
}

static void put_scope(struct tl_buffer *b)
{
	size_t start;

	tl_put_tag(b, SCOPE_LOGS_SCOPE, TL_WIRE_BYTES);
	start = tl_wire_open(b);
	tl_put_bytes(b, SCOPE_NAME, "traceleft", strlen("traceleft"));
	tl_put_bytes(b, SCOPE_VERSION, TL_VERSION, strlen(TL_VERSION));
	tl_wire_close(b, start);
}

/* The lengths are known first, so that nothing has to be moved. */
static void put_head(struct tl_buffer *b, const struct tl_buffer *resource, const struct tl_buffer *scope, size_t n)
{
	size_t scope_logs = scope->size + n;

	tl_put_tag(b, REQUEST_RESOURCE_LOGS, TL_WIRE_BYTES);
	tl_put_varint(b, resource->size + 1 + tl_varint_size(scope_logs) + scope_logs); /* 1: the tag that follows */
	tl_put(b, resource->data, resource->size);
	tl_put_tag(b, RESOURCE_LOGS_SCOPE_LOGS, TL_WIRE_BYTES);
	tl_put_varint(b, scope_logs);
	tl_put(b, scope->data, scope->size);
}

int tl_otlp_head(struct tl_buffer *b, size_t n)
{
	_cleanup_(tl_buffer_done) struct tl_buffer resource = { 0 }, scope = { 0 };
	size_t start = b->size;
	bool failed;

	b->failed = false;
	put_resource(&resource);
	put_scope(&scope);
	put_head(b, &resource, &scope, n);
	failed = b->failed || resource.failed || scope.failed;
	b->failed = false;
	if (failed)
		b->size = start;
	return failed ? -ENOMEM : 0;
}

uint64_t tl_otlp_refused(const void *response, size_t n, const char **ret_message, size_t *ret_size)
{
	struct tl_wire_reader r = { response, (const unsigned char *)response + n };
	struct tl_wire_field f = { 0 }, partial = { 0 };
	uint64_t refused = 0;

	*ret_message = "";
	*ret_size = 0;
	while (r.at < r.end && tl_read_field(&r, &f))
		if (f.number == RESPONSE_PARTIAL_SUCCESS && f.wire == TL_WIRE_BYTES)
			partial = f;
	for (r = partial.bytes; r.at < r.end && tl_read_field(&r, &f);) {
		if (f.number == PARTIAL_REFUSED && f.wire == TL_WIRE_VARINT)
			refused = f.value;
		if (f.number == PARTIAL_MESSAGE && f.wire == TL_WIRE_BYTES) {
			*ret_message = (const char *)f.bytes.at;
			*ret_size = (size_t)f.value;
		}
	}
	return refused <= INT64_MAX ? refused : 0;
}
