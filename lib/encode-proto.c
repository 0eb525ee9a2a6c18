/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON line to protobuf: the descriptor says what becomes of a member. */
#include <errno.h>

#include "encode-cache.h"
#include "encode-proto.h"
#include "event.pb-c.h"
#include "wire-text.h"

#define DEPTH_MAX 8

struct transcoder {
	struct tl_scan scan;
	struct tl_buffer *b;
	unsigned depth;
};

static bool put_object(struct transcoder *t, const ProtobufCMessageDescriptor *type);

/* The two names that the schema has to write in another way than JSON. */
#define TIME_JSON "@timestamp"
#define TIME_PROTO "timestamp"
#define ERROR_JSON "errno"
#define ERROR_PROTO "error"

const char *tl_proto_json_name(const char *name)
{
	if (!strcmp(name, TIME_PROTO))
		return TIME_JSON;
	return strcmp(name, ERROR_PROTO) ? name : ERROR_JSON;
}

static bool is(struct tl_span key, const char *name, size_t n)
{
	return key.size == n && !memcmp(key.at, name, n);
}

static struct tl_span proto_name(struct tl_span key)
{
	if (is(key, TIME_JSON, sizeof(TIME_JSON) - 1))
		return (struct tl_span){ TIME_PROTO, sizeof(TIME_PROTO) - 1 };
	if (is(key, ERROR_JSON, sizeof(ERROR_JSON) - 1))
		return (struct tl_span){ ERROR_PROTO, sizeof(ERROR_PROTO) - 1 };
	return key;
}

/* The members of a line come in the order of the schema, mostly: the one behind
 * the last is tried first. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, struct tl_span key,
						  unsigned *hint)
{
	key = proto_name(key);
	for (unsigned i = 0, at = *hint; i < type->n_fields; i++, at++) {
		const char *name;

		if (at >= type->n_fields)
			at = 0;
		name = type->fields[at].name;
		/* Most differ in the first character. */
		if (!key.size || name[0] != key.at[0] || !is(key, name, strlen(name)))
			continue;
		*hint = at + 1;
		return &type->fields[at];
	}
	return NULL;
}

static bool put_string(struct transcoder *t, uint32_t field)
{
	struct tl_span text;

	if (!tl_scan_string(&t->scan, &text))
		return false;
	tl_put_span(t->b, field, text);
	return true;
}

static bool put_date(struct transcoder *t, uint32_t field)
{
	struct tl_span text;
	uint64_t ns;

	if (!tl_scan_string(&t->scan, &text) || tl_time_parse(text.at, text.size, &ns) < 0)
		return false;
	tl_put_fixed64(t->b, field, ns);
	return true;
}

static bool put_integer(struct transcoder *t, const ProtobufCFieldDescriptor *field)
{
	bool negative;
	uint64_t v;

	if (!tl_scan_number(&t->scan, &negative, &v))
		return false;
	if (field->type == PROTOBUF_C_TYPE_SINT64)
		v = tl_zigzag((int64_t)(negative ? -v : v));
	else if (negative)
		return false;
	tl_put_number(t->b, field->id, v);
	return true;
}

static bool put_message(struct transcoder *t, const ProtobufCFieldDescriptor *field)
{
	size_t start;

	if (++t->depth > DEPTH_MAX)
		return false;
	tl_put_tag(t->b, field->id, TL_WIRE_BYTES);
	start = tl_wire_open(t->b);
	if (!put_object(t, field->descriptor))
		return false;
	tl_wire_close(t->b, start);
	t->depth--;
	return true;
}

static bool put_value(struct transcoder *t, const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return put_message(t, field);
	case PROTOBUF_C_TYPE_STRING:
		return put_string(t, field->id);
	case PROTOBUF_C_TYPE_FIXED64:
		return put_date(t, field->id);
	default:
		return put_integer(t, field);
	}
}

/* A member of "args", whose names are not ours. */
static bool put_argument_value(struct transcoder *t)
{
	bool negative;
	uint64_t v;

	if (tl_scan_null(&t->scan))
		return true;
	if (tl_scan_peek(&t->scan) == '"')
		return put_string(t, 4);
	if (tl_scan_char(&t->scan, '[')) {
		size_t start;

		tl_put_tag(t->b, 5, TL_WIRE_BYTES);
		start = tl_wire_open(t->b);
		while (tl_scan_peek(&t->scan) == '"')
			if (put_string(t, 1))
				tl_scan_char(&t->scan, ',');
			else
				return false;
		tl_wire_close(t->b, start);
		return tl_scan_char(&t->scan, ']');
	}
	if (!tl_scan_number(&t->scan, &negative, &v))
		return false;
	if (negative)
		tl_put_number(t->b, 3, tl_zigzag((int64_t)-v));
	else
		tl_put_number(t->b, 2, v);
	return true;
}

static bool put_arguments(struct transcoder *t, uint32_t field)
{
	if (!tl_scan_char(&t->scan, '{'))
		return false;
	if (tl_scan_char(&t->scan, '}'))
		return true;
	do {
		struct tl_span name;
		size_t start;

		if (!tl_scan_string(&t->scan, &name) || !tl_scan_char(&t->scan, ':'))
			return false;
		tl_put_tag(t->b, field, TL_WIRE_BYTES);
		start = tl_wire_open(t->b);
		tl_put_span(t->b, 1, name);
		if (!put_argument_value(t))
			return false;
		tl_wire_close(t->b, start);
	} while (tl_scan_char(&t->scan, ','));
	return tl_scan_char(&t->scan, '}');
}

static bool put_list(struct transcoder *t, const ProtobufCFieldDescriptor *field)
{
	if (!tl_scan_char(&t->scan, '['))
		return false;
	if (tl_scan_char(&t->scan, ']'))
		return true;
	do {
		if (!put_value(t, field))
			return false;
	} while (tl_scan_char(&t->scan, ','));
	return tl_scan_char(&t->scan, ']');
}

static bool put_object(struct transcoder *t, const ProtobufCMessageDescriptor *type)
{
	unsigned hint = 0;

	if (!tl_scan_char(&t->scan, '{'))
		return false;
	if (tl_scan_char(&t->scan, '}'))
		return true;
	do {
		const ProtobufCFieldDescriptor *field;
		struct tl_span key;
		bool ok;

		if (!tl_scan_string(&t->scan, &key) || !tl_scan_char(&t->scan, ':') ||
		    !(field = find_field(type, key, &hint)))
			return false;
		if (field->descriptor == &traceleft__argument__descriptor)
			ok = put_arguments(t, field->id);
		else if (field->label == PROTOBUF_C_LABEL_REPEATED)
			ok = put_list(t, field);
		else
			ok = put_value(t, field);
		if (!ok)
			return false;
	} while (tl_scan_char(&t->scan, ','));
	return tl_scan_char(&t->scan, '}');
}

int tl_proto_from_json(struct tl_buffer *b, const char *line, size_t n)
{
	struct transcoder t = { .scan = { line, line + n }, .b = b };
	size_t start = b->size;
	bool failed;

	b->failed = false;
	if (put_object(&t, &traceleft__event__descriptor) && tl_scan_char(&t.scan, '\n') && t.scan.at == t.scan.end &&
	    !b->failed)
		return 0;
	failed = b->failed;
	b->failed = false;
	b->size = start;
	return failed ? -ENOMEM : -EBADMSG;
}

/* ---- Whole events ---- */

int tl_encode_proto(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct tl_buffer *line = tl_encode_line();
	size_t start = b->size, body;
	int r;

	r = tl_encode_json(line, event, annotation);
	if (r < 0)
		return r;
	b->failed = false;
	body = tl_wire_open(b);
	r = b->failed ? -ENOMEM : tl_proto_from_json(b, line->data, line->size);
	if (r >= 0) {
		tl_wire_close(b, body);
		r = b->failed ? -ENOMEM : 0;
	}
	if (r < 0) {
		b->size = start;
		b->failed = false;
	}
	return r;
}
