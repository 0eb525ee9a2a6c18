/* SPDX-License-Identifier: GPL-2.0 */
/* The ends of a unix socket: where each is bound, and who is at the other one. */
#ifndef TRACELEFT_UNIX_H
#define TRACELEFT_UNIX_H

#include "who.h"

#define TL_UNIX_PATH_MAX 108 /* sizeof(sun_path) */

/* A name that is no file's. */
static __always_inline void tl_add_unix_name(struct tl_call *call, __u8 index, __u64 address)
{
	struct tl_section *section = tl_area_begin(call->data, TL_RECORD_MAX);
	struct unix_address *name = tl_at(struct unix_address, address);
	__s32 n = tl_peek(name, len) - bpf_core_field_offset(struct sockaddr_un, sun_path);
	char *to = tl_area_data(section);

	if (n <= 0)
		return;
	n = tl_clamp((__u32)n, TL_UNIX_PATH_MAX);
	*(__u64 *)(to + (n & 0x78)) = 0; /* nothing of others in the padding */
	bpf_probe_read_kernel(to, tl_clamp((__u32)n, TL_UNIX_PATH_MAX),
			      (void *)(address + bpf_core_field_offset(struct unix_address, name) +
				       bpf_core_field_offset(struct sockaddr_un, sun_path)));
	tl_area_end(call->data, TL_RECORD_MAX, section, TL_SECTION_NAME, index, 0, n);
}

/* Where a socket is bound: the file, whatever the process called it, or the name. */
static __always_inline void tl_add_unix_end(struct tl_call *call, struct tl_walk *walk, __u8 index, __u64 at)
{
	struct unix_sock *sk = tl_at(struct unix_sock, at);
	__u64 dentry = (__u64)tl_peek(sk, path.dentry), address = (__u64)tl_peek(sk, addr);

	if (dentry)
		tl_add_path(walk, call->data, TL_RECORD_MAX, index, dentry, (__u64)tl_peek(sk, path.mnt));
	else if (address)
		tl_add_unix_name(call, index, address);
}

/* Who was at the other end when it was connected, as SO_PEERCRED says. A socket that
 * listens has its own process there. */
static __always_inline void tl_add_unix_peer(struct tl_call *call, struct tl_walk *walk, __u64 at)
{
	struct tl_section *section = tl_area_begin(call->data, TL_RECORD_MAX);
	struct tl_other_facts *facts = (struct tl_other_facts *)tl_area_data(section);
	struct sock *sk = tl_at(struct sock, at);
	__u64 pid = (__u64)tl_peek(sk, sk_peer_pid), task;

	if (!pid || tl_peek(sk, __sk_common.skc_state) == TL_TCP_LISTEN)
		return;
	__builtin_memset(facts, 0, sizeof(*facts));
	bpf_probe_read_kernel(&facts->pid, sizeof(facts->pid),
			      (void *)(pid + bpf_core_field_offset(struct pid, numbers) +
				       bpf_core_field_offset(struct upid, nr)));
	facts->tid = facts->pid;
	facts->uid = tl_peek(sk, sk_peer_cred, euid.val);
	facts->gid = tl_peek(sk, sk_peer_cred, egid.val);
	task = tl_pid_task(pid);
	if (task)
		tl_other_name(facts, tl_at(struct task_struct, task));
	tl_area_end(call->data, TL_RECORD_MAX, section, TL_SECTION_PEER, 0, 0, sizeof(*facts));
	if (task)
		tl_add_other_program(call, walk, tl_at(struct task_struct, task), TL_PATH_PEER_EXE);
}

/* Global, and with a number alone as its argument, so that the verifier looks at it once:
 * the socket of the walk, into slot `slot`. */
__noinline int tl_add_unix(__u32 slot)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);
	struct unix_sock *sk;
	__u64 at, peer;

	if (!call || !work || !bpf_core_type_exists(struct unix_sock))
		return 0;
	at = work->walk.socket;
	sk = tl_at(struct unix_sock, at);
	tl_add_unix_end(call, &work->walk, TL_PATH_NEAR, at);
	peer = (__u64)tl_peek(sk, peer);
	if (peer)
		tl_add_unix_end(call, &work->walk, TL_PATH_FAR, peer);
	tl_add_unix_peer(call, &work->walk, at);
	return 0;
}

#endif
