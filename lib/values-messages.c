/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors and messages, as strace lists them. */
#include <sys/socket.h>
#include <netinet/in.h>

#include "messages.h"
#include "values-structs.h"

static void iovec_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	const char *separator = "[";
	struct tl_bytes data;
	uint64_t length;

	for (size_t at = 0; tl_vector_next(bytes, &at, &length, &data);) {
		tl_put_text(out, separator);
		TL_PUT_LITERAL(out, "{iov_base=");
		tl_string_text(out, &data);
		TL_PUT_LITERAL(out, ", iov_len=");
		tl_put_u64(out, length);
		tl_put_char(out, '}');
		separator = ", ";
	}
	if (separator[0] == '[')
		tl_put_char(out, '[');
	tl_put_char(out, ']');
}

static void put_name(struct tl_buffer *out, const struct tl_message_view *message)
{
	TL_PUT_LITERAL(out, "{msg_name=");
	if (message->name.flags & TL_VALUE_PRESENT)
		tl_sockaddr_text(out, &message->name);
	else if (message->head.name)
		tl_put_hex(out, message->head.name);
	else
		TL_PUT_LITERAL(out, "NULL");
	TL_PUT_LITERAL(out, ", msg_namelen=");
	tl_put_i64(out, (int32_t)message->head.name_length);
}

/* ---- Control data ---- */

static const struct tl_constant socket_kinds[] = {
	{ "SCM_RIGHTS", 1 },	       { "SCM_CREDENTIALS", 2 },
	{ "SCM_SECURITY", 3 },	       { "SCM_PIDFD", 4 },
	{ "SO_TIMESTAMP_OLD", 29 },    { "SO_TIMESTAMPNS_OLD", 35 },
	{ "SO_TIMESTAMPING_OLD", 37 }, { "SO_TIMESTAMP_NEW", 63 },
	{ "SO_TIMESTAMPNS_NEW", 64 },  { "SO_TIMESTAMPING_NEW", 65 },
};
static const struct tl_decoder socket_kind = ENUM("", socket_kinds);

static void put_kind(struct tl_buffer *out, uint32_t level, uint32_t kind)
{
	put_decoded(out, ", cmsg_level=", "sockopt_level", level);
	TL_PUT_LITERAL(out, ", cmsg_type=");
	if (level == SOL_SOCKET)
		tl_value_text(out, &socket_kind, kind);
	else
		tl_value_text(out,
			      tl_decoder_find(level == IPPROTO_IP   ? "ip_option" :
					      level == IPPROTO_IPV6 ? "ipv6_option" :
								      "hex"),
			      kind);
}

static void put_descriptors(struct tl_buffer *out, const struct tl_bytes *data)
{
	for (size_t at = 0; at + 4 <= data->size; at += 4)
		put_signed(out, at ? ", " : "[", (uint64_t)(int32_t)member(data, at, 4));
	tl_put_text(out, data->flags & TL_VALUE_TRUNCATED ? ", ...]" : "]");
}

static void put_credentials(struct tl_buffer *out, const struct tl_bytes *data)
{
	put_signed(out, "{pid=", (uint64_t)(int32_t)member(data, 0, 4));
	put_signed(out, ", uid=", (uint64_t)(int32_t)member(data, 4, 4));
	put_signed(out, ", gid=", (uint64_t)(int32_t)member(data, 8, 4));
	tl_put_char(out, '}');
}

static void put_control_data(struct tl_buffer *out, uint32_t level, uint32_t kind, const struct tl_bytes *data)
{
	TL_PUT_LITERAL(out, ", cmsg_data=");
	if (level == SOL_SOCKET && kind == SCM_RIGHTS && data->size >= 4)
		put_descriptors(out, data);
	else if (level == SOL_SOCKET && kind == 2 /* SCM_CREDENTIALS */ && data->size >= 12)
		put_credentials(out, data);
	else
		tl_string_text(out, data);
}

/* A row of struct cmsghdr, whose length, and alignment, is of `width` bytes. */
static void put_control(struct tl_buffer *out, const struct tl_bytes *control, size_t width)
{
	const size_t head = width + 8;
	size_t at = 0;

	tl_put_char(out, '[');
	while (at + head <= control->size) {
		uint64_t length = member(control, at, width);
		uint32_t level = (uint32_t)member(control, at + width, 4),
			 kind = (uint32_t)member(control, at + width + 4, 4);
		struct tl_bytes data = { .data = control->data + at + head, .flags = TL_VALUE_PRESENT };
		size_t left = control->size - at - head;

		if (length < head)
			break;
		data.size = (uint32_t)(length - head < left ? length - head : left);
		if (data.size < length - head)
			data.flags |= TL_VALUE_TRUNCATED;
		put_signed(out, at ? ", {cmsg_len=" : "{cmsg_len=", length);
		put_kind(out, level, kind);
		if (data.size)
			put_control_data(out, level, kind, &data);
		tl_put_char(out, '}');
		at += head + ((data.size + width - 1) & ~(width - 1));
		if (data.flags & TL_VALUE_TRUNCATED)
			break;
	}
	tl_put_text(out, control->flags & TL_VALUE_TRUNCATED ? at ? ", ...]" : "...]" : "]");
}

static void put_message(struct tl_buffer *out, const struct tl_message_view *message, size_t width)
{
	put_name(out, message);
	TL_PUT_LITERAL(out, ", msg_iov=");
	iovec_text(out, &message->vectors);
	TL_PUT_LITERAL(out, ", msg_iovlen=");
	tl_put_u64(out, message->head.vectors);
	if (message->head.control_size) {
		TL_PUT_LITERAL(out, ", msg_control=");
		if (message->control.flags & TL_VALUE_PRESENT)
			put_control(out, &message->control, width);
		else
			tl_value_text(out, tl_decoder_find("pointer"), message->head.control);
	}
	TL_PUT_LITERAL(out, ", msg_controllen=");
	tl_put_u64(out, message->head.control_size);
	TL_PUT_LITERAL(out, ", msg_flags=");
	tl_value_text(out, tl_decoder_find("msg_flags"), message->head.flags);
	tl_put_char(out, '}');
}

static void put_one(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	struct tl_message_view message;
	size_t at = 0;

	if (tl_message_next(bytes, &at, &message))
		put_message(out, &message, width);
	else
		tl_string_text(out, bytes);
}

static void message_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_one(out, bytes, 8);
}

static void message_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_one(out, bytes, 4);
}

static void put_all(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	struct tl_message_view message;
	const char *separator = "[";
	size_t at = 0;

	for (; tl_message_next(bytes, &at, &message); separator = ", ") {
		tl_put_text(out, separator);
		TL_PUT_LITERAL(out, "{msg_hdr=");
		put_message(out, &message, width);
		TL_PUT_LITERAL(out, ", msg_len=");
		tl_put_u64(out, message.head.length);
		tl_put_char(out, '}');
	}
	if (separator[0] == '[')
		tl_put_char(out, '[');
	tl_put_char(out, ']');
}

static void messages_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_all(out, bytes, 8);
}

static void messages_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_all(out, bytes, 4);
}

static const struct tl_decoder decoders[] = {
	BYTES("iovec", iovec_text),
	POINTERS("message", message_text, message_text_32),
	POINTERS("messages", messages_text, messages_text_32),
};

const struct tl_decoder_list tl_decoders_messages = { decoders, COUNT(decoders) };
