/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vectors and messages, as strace lists them. */
#include "messages.h"
#include "put.h"
#include "values-tables.h"

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

static void put_message(struct tl_buffer *out, const struct tl_message_view *message)
{
	put_name(out, message);
	TL_PUT_LITERAL(out, ", msg_iov=");
	iovec_text(out, &message->vectors);
	TL_PUT_LITERAL(out, ", msg_iovlen=");
	tl_put_u64(out, message->head.vectors);
	if (message->head.control_size) {
		TL_PUT_LITERAL(out, ", msg_control=");
		tl_put_hex(out, message->head.control);
	}
	TL_PUT_LITERAL(out, ", msg_controllen=");
	tl_put_u64(out, message->head.control_size);
	TL_PUT_LITERAL(out, ", msg_flags=");
	tl_value_text(out, tl_decoder_find("msg_flags"), message->head.flags);
	tl_put_char(out, '}');
}

static void message_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct tl_message_view message;
	size_t at = 0;

	if (tl_message_next(bytes, &at, &message))
		put_message(out, &message);
	else
		tl_string_text(out, bytes);
}

static void messages_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct tl_message_view message;
	const char *separator = "[";
	size_t at = 0;

	for (; tl_message_next(bytes, &at, &message); separator = ", ") {
		tl_put_text(out, separator);
		TL_PUT_LITERAL(out, "{msg_hdr=");
		put_message(out, &message);
		TL_PUT_LITERAL(out, ", msg_len=");
		tl_put_u64(out, message.head.length);
		tl_put_char(out, '}');
	}
	if (separator[0] == '[')
		tl_put_char(out, '[');
	tl_put_char(out, ']');
}

static const struct tl_decoder decoders[] = {
	BYTES("iovec", iovec_text),
	BYTES("message", message_text),
	BYTES("messages", messages_text),
};

const struct tl_decoder_list tl_decoders_messages = { decoders, COUNT(decoders) };
