/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel knows of a socket. */
#ifndef TRACELEFT_SOCKET_H
#define TRACELEFT_SOCKET_H

#include "record.h"
#include "unix.h"

/* Address of the struct socket behind a struct file, 0 if that is no socket. */
static __always_inline __u64 tl_file_socket(__u64 address)
{
	struct file *file = tl_at(struct file, address);

	return (tl_peek(file, f_inode, i_mode) & 0170000) == 0140000 ? (__u64)tl_peek(file, private_data) : 0;
}

/* The facts of a struct sock in a section at the end of `data`. */
static __always_inline struct tl_socket_facts *tl_add_sock(__u8 *data, __u64 at, __u16 type)
{
	struct tl_section *section = tl_area_begin(data, TL_RECORD_MAX);
	struct tl_socket_facts *facts = (struct tl_socket_facts *)tl_area_data(section);
	struct sock *sk = tl_at(struct sock, at);
	struct inet_sock *inet = tl_at(struct inet_sock, at);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->family = tl_peek(sk, __sk_common.skc_family);
	facts->type = type;
	facts->protocol = tl_peek(sk, sk_protocol);
	facts->state = tl_peek(sk, __sk_common.skc_state);
	facts->netns = tl_peek(sk, __sk_common.skc_net.net, ns.inum);
	if (facts->family == TL_AF_INET || facts->family == TL_AF_INET6) {
		/* What is over has given its number back, but not forgotten it; getsockname(2) goes by this one, too. */
		facts->local_port = bpf_ntohs(tl_peek(inet, inet_sport));
		facts->remote_port = bpf_ntohs(tl_peek(sk, __sk_common.skc_dport));
	}
	if (facts->family == TL_AF_INET) {
		*(__u32 *)facts->local = tl_peek(sk, __sk_common.skc_rcv_saddr);
		*(__u32 *)facts->remote = tl_peek(sk, __sk_common.skc_daddr);
	} else if (facts->family == TL_AF_INET6) {
		at += bpf_core_field_offset(struct sock, __sk_common);
		bpf_probe_read_kernel(facts->local, 16,
				      (void *)(at + bpf_core_field_offset(struct sock_common, skc_v6_rcv_saddr)));
		bpf_probe_read_kernel(facts->remote, 16,
				      (void *)(at + bpf_core_field_offset(struct sock_common, skc_v6_daddr)));
	}
	tl_area_end(data, TL_RECORD_MAX, section, TL_SECTION_SOCKET, 0, 0, sizeof(*facts));
	return facts;
}

/* The facts of the socket behind an open file, for the record of the walk's slot; NULL if it is none. */
static __always_inline struct tl_socket_facts *tl_add_socket(struct tl_call *call, struct tl_walk *walk, __u64 file)
{
	__u64 address = tl_file_socket(file), sk;
	struct socket *socket = tl_at(struct socket, address);
	struct tl_socket_facts *facts;

	if (!address)
		return 0;
	sk = (__u64)tl_peek(socket, sk);
	if (!sk)
		return 0;
	facts = tl_add_sock(call->data, sk, tl_peek(socket, type));
	if (facts->family == TL_AF_UNIX) {
		walk->socket = sk;
		tl_add_unix(walk->slot);
	}
	return facts;
}

#endif
