/* SPDX-License-Identifier: GPL-2.0 */
/* What goes to port 53 and comes from there. */
#ifndef TRACELEFT_DNS_H
#define TRACELEFT_DNS_H

#include "handler.h"
#include "socket.h"

#define TL_DNS_PORT 53
#define TL_IPPROTO_TCP 6
#define TL_IPPROTO_UDP 17
#define TL_DNS_PIECES_MAX 16 /* of one message in one call */

/* Is that the port of the socket address in user memory? */
static __always_inline bool tl_is_dns_address(__u64 from)
{
	__u16 port = 0;

	return from && bpf_probe_read_user(&port, sizeof(port), (void *)(from + 2)) == 0 &&
	       port == bpf_htons(TL_DNS_PORT);
}

static __always_inline void tl_add_dns_bytes(struct tl_call *call, __u64 from, __u64 n)
{
	struct tl_section *section;

	if (!from || !n)
		return;
	section = tl_section_begin(call, TL_SECTION_DNS, 0);
	if (n > TL_DNS_SIZE_MAX) {
		section->flags |= TL_SECTION_TRUNCATED;
		n = TL_DNS_SIZE_MAX;
	}
	n = tl_clamp(n, TL_DNS_SIZE_MAX);
	*(__u64 *)(tl_section_data(section) + (n & 0x3f8)) = 0; /* nothing of others in the padding */
	if (bpf_probe_read_user(tl_section_data(section), tl_clamp(n, TL_DNS_SIZE_MAX), (void *)from) == 0)
		tl_section_end(call, section, n);
}

/*
 * What went through the first vectors, one after the other. Global, and with numbers alone
 * as its arguments, so that the verifier looks at it once; into slot `slot`. What is used and
 * what is left is kept in maps: in variables the verifier would follow each way through all turns.
 */
__noinline int tl_add_dns_vectors(__u32 slot, __u64 width, __u64 vectors, __u64 length)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);
	struct tl_section *section;
	__u64 base, size, at;

	if (!call || !work)
		return 0;
	section = tl_section_begin(call, TL_SECTION_DNS, 0);
	work->fill.rest = length;
	for (__u32 i = 0; i < TL_DNS_PIECES_MAX; i++) {
		if (!work->fill.rest || section->size >= TL_DNS_SIZE_MAX ||
		    tl_read_address(width, vectors, 2 * i, &base) < 0 ||
		    tl_read_address(width, vectors, 2 * i + 1, &size) < 0)
			break;
		at = tl_clamp(section->size, TL_DNS_SIZE_MAX);
		size = size < work->fill.rest ? size : work->fill.rest;
		size = tl_clamp(size, TL_DNS_SIZE_MAX); /* behind the section there is room for that */
		if (bpf_probe_read_user(tl_section_data(section) + at, size, (void *)base) < 0)
			break;
		section->size = at + size;
		work->fill.rest -= size;
	}
	at = tl_clamp(section->size, TL_DNS_SIZE_MAX);
	if (work->fill.rest || section->size > TL_DNS_SIZE_MAX)
		section->flags |= TL_SECTION_TRUNCATED;
	*(__u64 *)(tl_section_data(section) + at) = 0; /* nothing of others in the padding */
	if (at)
		tl_section_end(call, section, at);
	return 0;
}

static __always_inline void tl_add_dns_message(__u32 slot, __u64 width, __u64 from, __u64 length, bool connected)
{
	__u64 name, vectors;

	if (tl_read_address(width, from, TL_MESSAGE_NAME, &name) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_VECTORS, &vectors) < 0 ||
	    (name ? !tl_is_dns_address(name) : !connected))
		return;
	tl_add_dns_vectors(slot, width, vectors, length);
}

/* Whether the open file is a socket that is connected to the port. */
static __always_inline bool tl_is_dns_file(__u64 file)
{
	__u64 address = tl_file_socket(file);
	struct socket *socket = tl_at(struct socket, address);
	struct sock *sk;
	__u16 family;

	if (!address)
		return false;
	sk = tl_at(struct sock, (__u64)tl_peek(socket, sk));
	family = tl_peek(sk, __sk_common.skc_family);
	return (family == TL_AF_INET || family == TL_AF_INET6) &&
	       tl_peek(sk, __sk_common.skc_dport) == bpf_htons(TL_DNS_PORT);
}

/* What a call has sent to port 53, or received from it, over the socket whose facts
 * were just added. */
static __always_inline void tl_add_dns(struct tl_call *call, __u32 slot, const struct tl_socket_facts *facts,
				       __u32 payload)
{
	__u64 from = call->record.args[1], width = tl_address_width(call), length = call->record.ret;
	bool connected = facts->remote_port == TL_DNS_PORT;

	if (call->record.ret <= 0 || (facts->protocol != TL_IPPROTO_UDP && facts->protocol != TL_IPPROTO_TCP))
		return;
	if (payload == TL_PAYLOAD_BUFFER || payload == TL_PAYLOAD_PLAIN) {
		bool has_address = payload == TL_PAYLOAD_BUFFER && call->record.args[4];

		if (has_address ? tl_is_dns_address(call->record.args[4]) : connected)
			tl_add_dns_bytes(call, from, length);
	} else if (payload == TL_PAYLOAD_MESSAGE) {
		tl_add_dns_message(slot, width, from, length, connected);
	} else if (payload == TL_PAYLOAD_VECTORS) {
		tl_add_dns_vectors(slot, width, from, length);
	} else {
		__u32 count = length;

		for (__u32 i = 0; i < TL_DNS_MESSAGES_MAX; i++, from += TL_MESSAGE_WORDS * width) {
			if (i >= count || tl_read_address(width, from, TL_MESSAGE_LENGTH, &length) < 0)
				break;
			tl_add_dns_message(slot, width, from, (__u32)length, connected);
		}
	}
}

#endif
