/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind the second argument of socketcall(2): those of the call that it is. */
#include "values-structs.h"

/* As many words as the call has arguments, of which the first ones are no addresses. */
static void put_words(struct tl_buffer *out, const struct tl_bytes *bytes, const char *const *decoders, size_t n)
{
	for (size_t i = 0; i < n && (i + 1) * 4 <= bytes->size; i++)
		put_decoded(out, i ? ", " : "[", decoders[i], member(bytes, i * 4, 4));
	tl_put_text(out, bytes->size ? "]" : "[]");
}

#define WORDS(function, ...)                                                          \
	static void function(struct tl_buffer *out, const struct tl_bytes *bytes)     \
	{                                                                             \
		static const char *const decoders[] = { __VA_ARGS__ };                \
                                                                                      \
		put_words(out, bytes, decoders, COUNT(decoders));                     \
	}

WORDS(call_socket_text, "address_family", "socket_type", "decimal")
WORDS(call_address_text, "fd", "pointer", "decimal")
WORDS(call_number_text, "fd", "decimal")
WORDS(call_accept_text, "fd", "pointer", "pointer")
WORDS(call_accept4_text, "fd", "pointer", "pointer", "socket_flags")
WORDS(call_pair_text, "address_family", "socket_type", "decimal", "pointer")
WORDS(call_send_text, "fd", "pointer", "decimal", "msg_flags")
WORDS(call_sendto_text, "fd", "pointer", "decimal", "msg_flags", "pointer", "decimal")
WORDS(call_recvfrom_text, "fd", "pointer", "decimal", "msg_flags", "pointer", "pointer")
WORDS(call_setsockopt_text, "fd", "sockopt_level", "decimal", "pointer", "decimal")
WORDS(call_getsockopt_text, "fd", "sockopt_level", "decimal", "pointer", "pointer")
WORDS(call_message_text, "fd", "pointer", "msg_flags")
WORDS(call_messages_text, "fd", "pointer", "decimal", "msg_flags", "pointer")

static const struct tl_decoder decoders[] = {
	BYTES("call_socket", call_socket_text),
	BYTES("call_address", call_address_text),
	BYTES("call_number", call_number_text),
	BYTES("call_accept", call_accept_text),
	BYTES("call_accept4", call_accept4_text),
	BYTES("call_pair", call_pair_text),
	BYTES("call_send", call_send_text),
	BYTES("call_sendto", call_sendto_text),
	BYTES("call_recvfrom", call_recvfrom_text),
	BYTES("call_setsockopt", call_setsockopt_text),
	BYTES("call_getsockopt", call_getsockopt_text),
	BYTES("call_message", call_message_text),
	BYTES("call_messages", call_messages_text),
};

const struct tl_decoder_list tl_decoders_socketcall = { decoders, COUNT(decoders) };
