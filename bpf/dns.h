/* SPDX-License-Identifier: GPL-2.0 */
/* Datagrams to and from port 53. */
#ifndef TRACELEFT_DNS_H
#define TRACELEFT_DNS_H

#include "handler.h"
#include "socket.h"

#define TL_DNS_PORT 53
#define TL_SOCK_DGRAM 2
#define TL_IPPROTO_UDP 17

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

static __always_inline void tl_add_dns_message(struct tl_call *call, __u64 width, __u64 from, __u64 length,
					       bool connected)
{
	__u64 name, vectors, base, size;

	if (tl_read_address(width, from, TL_MESSAGE_NAME, &name) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_VECTORS, &vectors) < 0 ||
	    (name ? !tl_is_dns_address(name) : !connected))
		return;
	if (tl_read_address(width, vectors, 0, &base) == 0 && tl_read_address(width, vectors, 1, &size) == 0)
		tl_add_dns_bytes(call, base, length < size ? length : size);
}

/* What a call has sent to port 53, or received from it, over the socket whose facts
 * were just added. */
static __always_inline void tl_add_dns(struct tl_call *call, const struct tl_socket_facts *facts, __u32 payload)
{
	__u64 from = call->record.args[1], width = tl_address_width(call), length = call->record.ret;
	bool connected = facts->remote_port == TL_DNS_PORT;

	if (call->record.ret <= 0 || facts->type != TL_SOCK_DGRAM || facts->protocol != TL_IPPROTO_UDP)
		return;
	if (payload == TL_PAYLOAD_BUFFER) {
		if (call->record.args[4] ? tl_is_dns_address(call->record.args[4]) : connected)
			tl_add_dns_bytes(call, from, length);
	} else if (payload == TL_PAYLOAD_MESSAGE) {
		tl_add_dns_message(call, width, from, length, connected);
	} else {
		__u32 count = length;

		for (__u32 i = 0; i < TL_DNS_MESSAGES_MAX; i++, from += TL_MESSAGE_WORDS * width) {
			if (i >= count || tl_read_address(width, from, TL_MESSAGE_LENGTH, &length) < 0)
				break;
			tl_add_dns_message(call, width, from, (__u32)length, connected);
		}
	}
}

#endif
