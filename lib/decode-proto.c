/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Protobuf to JSON line. */
#include <errno.h>

#include "encode-proto.h"
#include "escape.h"
#include "event.pb-c.h"
#include "proto-wire.h"

#define DEPTH_MAX 8
#define FIELDS_MAX 64 /* of a message: bits of `seen` */

static bool put_message(struct tl_buffer *b, const ProtobufCMessageDescriptor *type, struct tl_wire_reader r,
			unsigned depth);

/* Ours are harmless already, and have escapes; of others, everything is escaped. */
static void put_text(struct tl_buffer *b, struct tl_wire_reader text)
{
	const char *s = (const char *)text.at;
	size_t n = (size_t)(text.end - text.at), i = 0;

	tl_put_char(b, '"');
	while (i < n) {
		unsigned length = (unsigned char)s[i] >= 0x80 ? tl_utf8_harmless(s + i, n - i) :
								s[i] >= 0x20 && s[i] != 0x7f;

		if (!length)
			break;
		i += length;
	}
	if (i == n)
		tl_quote_json(b, s, n);
	else
		tl_escape_json(b, s, n);
	tl_put_char(b, '"');
}

static enum tl_wire wire_of(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
	case PROTOBUF_C_TYPE_STRING:
		return TL_WIRE_BYTES;
	case PROTOBUF_C_TYPE_FIXED64:
		return TL_WIRE_FIXED64;
	default:
		return TL_WIRE_VARINT;
	}
}

static void put_date(struct tl_buffer *b, uint64_t ns)
{
	tl_put_char(b, '"');
	if (tl_room(b, TL_TIME_SIZE)) {
		tl_time_text(tl_end(b), ns);
		b->size += TL_TIME_SIZE;
	}
	tl_put_char(b, '"');
}

static bool put_value(struct tl_buffer *b, const ProtobufCFieldDescriptor *field, const struct tl_wire_field *f,
		      unsigned depth)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return put_message(b, field->descriptor, f->bytes, depth + 1);
	case PROTOBUF_C_TYPE_STRING:
		put_text(b, f->bytes);
		return true;
	case PROTOBUF_C_TYPE_FIXED64:
		put_date(b, f->value);
		return true;
	case PROTOBUF_C_TYPE_SINT64:
		tl_put_i64(b, tl_unzigzag(f->value));
		return true;
	default:
		tl_put_u64(b, f->value);
		return true;
	}
}

static bool put_strings(struct tl_buffer *b, struct tl_wire_reader r)
{
	struct tl_wire_field f;
	bool first = true;

	tl_put_char(b, '[');
	while (r.at < r.end) {
		if (!tl_read_field(&r, &f))
			return false;
		if (f.number != 1 || f.wire != TL_WIRE_BYTES)
			continue;
		if (!first)
			tl_put_char(b, ',');
		first = false;
		put_text(b, f.bytes);
	}
	tl_put_char(b, ']');
	return true;
}

/* "name":value of one argument. */
static bool put_argument(struct tl_buffer *b, struct tl_wire_reader r)
{
	struct tl_wire_field f, value = { 0 }, name = { .bytes = { r.end, r.end } };

	while (r.at < r.end) {
		if (!tl_read_field(&r, &f))
			return false;
		if (f.number == 1 && f.wire == TL_WIRE_BYTES)
			name = f;
		else if (f.wire == (f.number <= 3 ? TL_WIRE_VARINT : TL_WIRE_BYTES) && f.number <= 5)
			value = f;
	}
	put_text(b, name.bytes);
	tl_put_char(b, ':');
	switch (value.number) {
	case 2:
		tl_put_u64(b, value.value);
		return true;
	case 3:
		tl_put_i64(b, tl_unzigzag(value.value));
		return true;
	case 4:
		put_text(b, value.bytes);
		return true;
	case 5:
		return put_strings(b, value.bytes);
	default:
		TL_PUT_LITERAL(b, "null");
		return true;
	}
}

/* All of a repeated field, `first` and what comes of it in the rest. */
static bool put_all(struct tl_buffer *b, const ProtobufCFieldDescriptor *field, const struct tl_wire_field *first,
		    struct tl_wire_reader rest, unsigned depth)
{
	bool is_argument = field->descriptor == &traceleft__argument__descriptor;
	struct tl_wire_field f = *first;

	tl_put_char(b, is_argument ? '{' : '[');
	for (bool more = false;; more = true) {
		if (f.number == field->id && f.wire == wire_of(field)) {
			if (more)
				tl_put_char(b, ',');
			if (is_argument ? !put_argument(b, f.bytes) : !put_value(b, field, &f, depth))
				return false;
		}
		if (rest.at == rest.end)
			break;
		if (!tl_read_field(&rest, &f))
			return false;
	}
	tl_put_char(b, is_argument ? '}' : ']');
	return true;
}

/* Where a field that there may be once is there again, the last counts. */
static bool put_last(struct tl_buffer *b, const ProtobufCFieldDescriptor *field, const struct tl_wire_field *first,
		     struct tl_wire_reader rest, unsigned depth)
{
	struct tl_wire_field f, last = *first;

	while (rest.at < rest.end) {
		if (!tl_read_field(&rest, &f))
			return false;
		if (f.number == field->id && f.wire == wire_of(field))
			last = f;
	}
	return put_value(b, field, &last, depth);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, const struct tl_wire_field *f)
{
	/* Numbers are used without holes. */
	const ProtobufCFieldDescriptor *field = f->number <= type->n_fields ? &type->fields[f->number - 1] : NULL;

	return field && field->id == f->number && wire_of(field) == f->wire ? field : NULL;
}

static bool put_message(struct tl_buffer *b, const ProtobufCMessageDescriptor *type, struct tl_wire_reader r,
			unsigned depth)
{
	uint64_t seen = 0;

	if (depth > DEPTH_MAX || type->n_fields > FIELDS_MAX)
		return false;
	tl_put_char(b, '{');
	while (r.at < r.end) {
		const ProtobufCFieldDescriptor *field;
		struct tl_wire_field f;
		uint64_t bit;

		if (!tl_read_field(&r, &f))
			return false;
		field = find_field(type, &f);
		bit = field ? UINT64_C(1) << (field - type->fields) : 0;
		if (!field || (seen & bit))
			continue;
		if (seen)
			tl_put_char(b, ',');
		seen |= bit;
		tl_put_char(b, '"');
		tl_put_text(b, tl_proto_json_name(field->name));
		TL_PUT_LITERAL(b, "\":");
		if (field->label == PROTOBUF_C_LABEL_REPEATED ? !put_all(b, field, &f, r, depth) :
								!put_last(b, field, &f, r, depth))
			return false;
	}
	tl_put_char(b, '}');
	return true;
}

int tl_proto_to_json(struct tl_buffer *b, const void *data, size_t n)
{
	const unsigned char *bytes = n ? data : (const void *)"";
	const struct tl_wire_reader r = { bytes, bytes + n };
	size_t start = b->size;
	bool ok, failed;

	b->failed = false;
	ok = put_message(b, &traceleft__event__descriptor, r, 0);
	tl_put_char(b, '\n');
	failed = b->failed;
	b->failed = false;
	if (ok && !failed)
		return 0;
	b->size = start;
	return failed ? -ENOMEM : -EBADMSG;
}

int tl_proto_frame(const void *data, size_t n, size_t *ret_size)
{
	struct tl_wire_reader r = { data, (const unsigned char *)data + n };
	uint64_t size;

	if (!tl_read_varint(&r, &size))
		return n < TL_VARINT_MAX ? 0 : -EBADMSG;
	if (!size || size > TL_PROTO_EVENT_MAX)
		return -EBADMSG;
	*ret_size = (size_t)size;
	return (int)(r.at - (const unsigned char *)data);
}
