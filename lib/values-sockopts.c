/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of options of sockets. */
#include <sys/socket.h>

#include "values-structs.h"

/* Most are an int. */
static void option_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (bytes->size == 4) {
		put_signed(out, "[", (uint64_t)(int32_t)member(bytes, 0, 4));
		tl_put_char(out, ']');
	} else {
		tl_string_text(out, bytes);
	}
}

static void linger_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 8))
		return;
	put_signed(out, "{l_onoff=", (uint64_t)(int32_t)member(bytes, 0, 4));
	put_signed(out, ", l_linger=", (uint64_t)(int32_t)member(bytes, 4, 4));
	tl_put_char(out, '}');
}

/* struct ucred of the process at the other end. */
static void peer_credentials_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 12))
		return;
	put_signed(out, "{pid=", (uint64_t)(int32_t)member(bytes, 0, 4));
	put_signed(out, ", uid=", (uint64_t)(int32_t)member(bytes, 4, 4));
	put_signed(out, ", gid=", (uint64_t)(int32_t)member(bytes, 8, 4));
	tl_put_char(out, '}');
}

/* struct sock_fprog: how many instructions, and where they are. */
static void put_filter(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	if (!whole(out, bytes, 2 * width))
		return;
	put_signed(out, "{len=", member(bytes, 0, 2));
	put_decoded(out, ", filter=", "pointer", member(bytes, width, width));
	tl_put_char(out, '}');
}

static void socket_filter_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_filter(out, bytes, 8);
}

static void socket_filter_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_filter(out, bytes, 4);
}

static void put_v4(struct tl_buffer *out, const char *key, const struct tl_bytes *bytes, size_t at)
{
	uint8_t address[16] = { 0 };
	char text[48];

	memcpy(address, bytes->data + at, 4);
	tl_put_text(out, key);
	TL_PUT_LITERAL(out, "inet_addr(\"");
	tl_put(out, text, tl_address_text(text, AF_INET, address));
	TL_PUT_LITERAL(out, "\")");
}

/* struct ip_mreq, or struct ip_mreqn, which has the interface's number besides. */
static void group_member_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 8))
		return;
	put_v4(out, "{imr_multiaddr=", bytes, 0);
	put_v4(out, bytes->size >= 12 ? ", imr_address=" : ", imr_interface=", bytes, 4);
	if (bytes->size >= 12)
		put_signed(out, ", imr_ifindex=", (uint64_t)(int32_t)member(bytes, 8, 4));
	tl_put_char(out, '}');
}

static const struct tl_decoder decoders[] = {
	BYTES("option_value", option_text),
	BYTES("linger", linger_text),
	BYTES("peer_credentials", peer_credentials_text),
	POINTERS("socket_filter", socket_filter_text, socket_filter_text_32),
	BYTES("group_member", group_member_text),
};

const struct tl_decoder_list tl_decoders_sockopts = { decoders, COUNT(decoders) };
