// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to sockets. Connections change their state when packets arrive, while
 * any task is the current one: so their owner is noted when a process begins to
 * connect, accepts, or begins to close, and events are told in its name.
 */
#include "filter.h"
#include "io-uring.h"
#include "socket.h"

#define TL_ECONNABORTED 103
#define TL_IPPROTO_MPTCP 262
#define TL_NO_SLOT (~0U)

/* Whose a connection is, and what is wanted of it. */
struct tl_owner {
	struct tl_record header; /* of the process that it is of, without time and number */
	__u64 since; /* connecting: the beginning; else when it was there */
	__u32 program_id[TL_NET_EVENTS];
	__u32 handler[TL_NET_EVENTS];
	__u32 wants; /* bit per enum tl_network_event */
	__u8 connecting;
	__u8 incoming;
	__u8 pad[2];
	__u64 ended; /* 1: somebody is about to tell the end */
};

/* Key: address of the struct sock. An entry goes when the connection has ended. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TL_SOCKETS_MAX);
	__type(key, __u64);
	__type(value, struct tl_owner);
} sockets SEC(".maps");

/* What the current task's state wants of sockets; 0: nothing. Nobody wants the event 0,
 * so there need be no branch: the verifier would walk through each combination of them. */
static __always_inline __u32 tl_network_wants(const struct tl_task *state)
{
	__u64 wants = 0;

#pragma unroll
	for (int i = 0; i < TL_NET_EVENTS; i++) {
		__u32 event = tl_config.network_events[i];

		wants |= (state->wants[(event >> 6) & (TL_EVENT_WORDS - 1)] >> (event & 63) & 1) << i;
	}
	return wants;
}

/* The current task is in another cgroup, or another user's, ..., than when its state was
 * worked out. A function of its own for the verifier, which looks at it once. */
__noinline int tl_network_refresh(void)
{
	struct task_struct *task = tl_task_current();
	struct tl_task *state = tl_state_current();

	if (!state || (state->cgroup == tl_cgroup_of(task) && !tl_attributes_changed(state, task)))
		return 0;
	state->cgroup = tl_cgroup_of(task);
	tl_state_test(state, task);
	tl_state_combine(state, state->set, 0);
	return 0;
}

/* Is it a thread that the kernel runs for a process, which has no state of its own? Before
 * 5.12 those are the kernel's alone. */
static __always_inline bool tl_is_worker(struct task_struct *task)
{
#if TL_HAS_TASK_STORAGE
	return tl_get(task, flags) & TL_PF_IO_WORKER;
#else
	return false;
#endif
}

static __always_inline struct tl_task *tl_network_state_now(struct task_struct *task)
{
	return tl_is_worker(task) ? tl_request_state(task, true) : tl_state_current();
}

/* State of the current task as it is now. NULL for what is no process's doing. */
static __always_inline struct tl_task *tl_network_state(struct task_struct *task)
{
	if (tl_get(task, flags) & TL_PF_KTHREAD)
		return 0;
	if (!tl_is_worker(task) && !(tl_get(task, flags) & TL_PF_EXITING))
		tl_network_refresh();
	return tl_network_state_now(task);
}

/* An owner is too large for the stack of older kernels: it is made behind the record of
 * a slot, *ret_call, that goes back with tl_owner_done(). The current task is the owner;
 * NULL if there is no slot, counted. */
static __always_inline struct tl_owner *tl_owner_begin(struct tl_call **ret_call, struct task_struct *task,
						       const struct tl_task *state, __u32 wants)
{
	struct tl_work *work;
	struct tl_call *call = tl_slot_claim_as(TL_OWNER_AT_ONCE, &work);
	struct tl_owner *owner;

	if (!call) {
		tl_refuse(TL_REFUSED_SLOT);
		return 0;
	}
	*ret_call = call;
	owner = (struct tl_owner *)(call->data + TL_RECORD_MAX);
	__builtin_memset(owner, 0, sizeof(*owner));
	tl_record_begin(&owner->header, task, state, TL_RECORD_NETWORK);
	if (tl_is_worker(task))
		tl_request_actor(&owner->header, task);
	owner->since = owner->header.time;
	owner->wants = wants;
#pragma unroll
	for (int i = 0; i < TL_NET_EVENTS; i++)
		if (wants >> i & 1)
			tl_choose(state, tl_config.network_events[i], &owner->handler[i], &owner->program_id[i]);
	return owner;
}

static __always_inline void tl_owner_done(struct tl_call *call)
{
	call->owner = 0;
}

static __always_inline void tl_owner_keep(__u64 sk, const struct tl_owner *owner)
{
	if (tl_map_update(&sockets, &sk, owner, BPF_ANY) < 0)
		tl_refuse(TL_REFUSED_SOCKET);
}

/* Is it for us to tell the end? It is told once, by whoever sees it first. */
static __always_inline bool tl_owner_end(struct tl_owner *owner)
{
#if TL_HAS_TASK_STORAGE
	return __sync_val_compare_and_swap(&owner->ended, 0, 1) == 0;
#else
	bool is_first = !owner->ended;

	owner->ended = 1;
	return is_first;
#endif
}

static __always_inline void tl_add_traffic(__u8 *data, __u64 at, bool incoming, bool ended)
{
	struct tl_section *section = tl_area_begin(data, TL_RECORD_MAX);
	struct tl_traffic_facts *facts = (struct tl_traffic_facts *)tl_area_data(section);
	struct tcp_sock *tcp = tl_at(struct tcp_sock, at);
	struct sock *sk = tl_at(struct sock, at);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->incoming = incoming;
	facts->ended = ended;
	if (ended) {
		facts->sent = tl_peek(tcp, bytes_sent) - tl_peek(tcp, bytes_retrans);
		/* The mark of the end has a number of its own among those of bytes. */
		facts->received = tl_peek(tcp, bytes_received);
		if (facts->received && tl_peek(sk, __sk_common.skc_flags) & TL_SOCK_DONE)
			facts->received--;
	}
	tl_area_end(data, TL_RECORD_MAX, section, TL_SECTION_TRAFFIC, 0, 0, sizeof(*facts));
}

/* A record in the owner's name, and its slot; NULL if it is not wanted, or there is no room, counted. */
static __always_inline struct tl_call *tl_network_begin(const struct tl_owner *owner, __u32 which, __s64 ret,
							bool is_mine, __u32 *ret_slot)
{
	__u32 event = tl_config.network_events[which];
	struct tl_work *work;
	struct tl_call *call;

	if (!event || !is_mine || !(owner->wants >> which & 1))
		return 0;
	call = tl_call_claim_as(TL_OWNER_AT_ONCE, event, &work);
	if (!call)
		return 0;
	bpf_probe_read_kernel(&call->record, sizeof(call->record), &owner->header);
	call->record.cpu = bpf_get_smp_processor_id();
	call->record.time = bpf_ktime_get_boot_ns();
	call->record.program_id = owner->program_id[which];
	call->record.handler = owner->handler[which];
	call->record.ret = ret;
	*ret_slot = work->walk.slot;
	return call;
}

/* The record in the slot is complete. Global, with a number alone as its argument, so that the
 * verifier looks at it once; and not below what has put it together, for the stack. */
__noinline int tl_network_tell(__u32 slot)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	__u32 filter;

	if (!call)
		return 0;
	filter = tl_config.plan[call->event & (TL_EVENTS_MAX - 1)].last_filter;
	if (filter && !tl_filter_lets(filter, slot))
		tl_call_filter(call);
	else
		tl_record_send(call);
	return 0;
}

/* An event of a TCP connection. */
static __always_inline void tl_network_send(const struct tl_owner *owner, __u64 sk, __u32 which, __s64 ret,
					    bool is_mine)
{
	__u32 slot = 0;
	struct tl_call *call = tl_network_begin(owner, which, ret, is_mine, &slot);

	if (!call)
		return;
	if (owner->since)
		call->record.duration = call->record.time - owner->since;
	tl_add_sock(call->data, sk, 1 /* SOCK_STREAM */);
	tl_add_traffic(call->data, sk, owner->incoming, which == TL_NET_CLOSE);
	tl_network_tell(slot);
}

/* ---- Connections ---- */

/* The current process begins to connect. */
static __always_inline void tl_connecting(__u64 sk)
{
	struct tl_owner *known = bpf_map_lookup_elem(&sockets, &sk);
	struct task_struct *task = tl_task_current();
	struct tl_task *state = tl_network_state(task);
	__u32 wants = state ? tl_network_wants(state) : 0;
	struct tl_owner *owner;
	struct tl_call *call;

	if (known && known->connecting && known->header.pid == tl_me() >> 32)
		return;
	if (!(wants & (1U << TL_NET_CONNECT | 1U << TL_NET_CLOSE)))
		return;
	owner = tl_owner_begin(&call, task, state, wants);
	if (!owner)
		return;
	owner->connecting = 1;
	tl_owner_keep(sk, owner);
	tl_owner_done(call);
}

/* The current process closes a connection of which the owner is not known, or another
 * one: it was there before us, or was passed on. */
static __always_inline void tl_closing(__u64 sk)
{
	struct tl_owner *known = bpf_map_lookup_elem(&sockets, &sk), *owner;
	struct task_struct *task = tl_task_current();
	struct tl_task *state;
	struct tl_call *call;
	__u32 wants;

	if (known && known->header.pid == tl_me() >> 32)
		return;
	state = tl_network_state(task);
	wants = state ? tl_network_wants(state) : 0;
	if (!(wants & 1U << TL_NET_CLOSE))
		return;
	owner = tl_owner_begin(&call, task, state, wants);
	if (!owner)
		return;
	owner->since = known ? known->since : 0;
	owner->incoming = known ? known->incoming : 0;
	tl_owner_keep(sk, owner);
	tl_owner_done(call);
}

/* Which change of state it is, for tl_is_my_turn(): by numbers, which a pointer that the
 * verifier knows is not. */
static __always_inline __u64 tl_change_of(const struct sock *socket, int after)
{
	__u64 ends = (__u64)tl_get(socket, __sk_common.skc_daddr) << 16 | tl_get(socket, __sk_common.skc_dport);

	return (ends ^ tl_get(socket, __sk_common.skc_num)) << 1 | (after == TL_TCP_CLOSE);
}

static __always_inline int tl_state_changed(const struct sock *socket, int after)
{
	struct tl_owner *owner;
	__u64 sk = (__u64)socket;
	__s64 error;
	bool is_mine;

	if (tl_get(socket, sk_protocol) != TL_IPPROTO_TCP)
		return 0;
	if (after == TL_TCP_SYN_SENT) {
		tl_connecting(sk);
		return 0;
	}
	if (after == TL_TCP_FIN_WAIT1 || after == TL_TCP_LAST_ACK) {
		tl_closing(sk);
		return 0;
	}
	if (after != TL_TCP_ESTABLISHED && after != TL_TCP_CLOSE)
		return 0;
	owner = bpf_map_lookup_elem(&sockets, &sk);
	if (!owner || (after == TL_TCP_ESTABLISHED && !owner->connecting))
		return 0;
	is_mine = tl_is_my_turn(TL_TURN_CONNECTION, tl_change_of(socket, after));
	if (after == TL_TCP_ESTABLISHED) {
		tl_network_send(owner, sk, TL_NET_CONNECT, 0, is_mine);
		owner->connecting = 0;
		owner->since = bpf_ktime_get_boot_ns();
		return 0;
	}
	if (owner->connecting) {
		/* Without an error it was the process that gave up. */
		error = tl_get(socket, sk_err);
		tl_network_send(owner, sk, TL_NET_CONNECT, error ? -error : -TL_ECONNABORTED, is_mine);
	} else if (tl_owner_end(owner)) {
		tl_network_send(owner, sk, TL_NET_CLOSE, 0, is_mine);
	}
	bpf_map_delete_elem(&sockets, &sk);
	return 0;
}

/* Twice on all kernels: packets arrive in interrupts, also in that of a process which is
 * in this very program, and the kernel does not run a program inside itself. It runs the
 * other one then. What the first has told there is nothing left of for the second. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tl_network_state_changed, const struct sock *socket, int before, int after)
{
	return tl_state_changed(socket, after);
}

/* ---- Calls: bind, listen, accept ---- */

struct tl_network_call {
	__u64 args[3];
	__s64 ret;
#if TL_HAS_TASK_STORAGE
	__u64 file; /* of a request of io_uring; else 0 */
	__u64 flags; /* TL_RECORD_* */
#endif
};

/* The open file that the call was about. */
static __always_inline __u64 tl_network_file(struct task_struct *task, const struct tl_network_call *c, __u32 which)
{
#if TL_HAS_TASK_STORAGE
	if (c->file)
		return c->file;
#endif
	return tl_fd_file(task, which == TL_NET_ACCEPT ? c->ret : c->args[0]);
}

static __always_inline __u32 tl_network_number(__u32 abi, __u64 nr)
{
	if (abi == TL_ABI_I386) {
		switch (nr) {
		case 361:
			return TL_NET_BIND;
		case 363:
			return TL_NET_LISTEN;
		case 364:
			return TL_NET_ACCEPT;
		}
		return TL_NET_EVENTS;
	}
	switch (nr) {
	case 49:
		return TL_NET_BIND;
	case 50:
		return TL_NET_LISTEN;
	case 43:
	case 288:
		return TL_NET_ACCEPT;
	}
	return TL_NET_EVENTS;
}

/* On i386 one call is all of them: which, and where its arguments are. */
#define TL_NR_SOCKETCALL 102
static __always_inline __u32 tl_socketcall(struct pt_regs *registers, __u64 args[3])
{
	__u64 from = (__u32)tl_get(registers, cx);

	for (int i = 0; i < 3; i++)
		bpf_probe_read_user(&args[i], 4, (void *)(from + 4 * i));
	switch ((__u32)tl_get(registers, bx)) {
	case 2: /* SYS_BIND */
		return TL_NET_BIND;
	case 4: /* SYS_LISTEN */
		return TL_NET_LISTEN;
	case 5: /* SYS_ACCEPT */
	case 18: /* SYS_ACCEPT4 */
		return TL_NET_ACCEPT;
	}
	return TL_NET_EVENTS;
}

static __always_inline __u32 tl_network_call_of(struct task_struct *task, struct pt_regs *registers, __u64 args[3])
{
	__u64 nr = tl_get(registers, orig_ax);
	__u32 abi;

	if ((__s64)nr < 0)
		return TL_NET_EVENTS;
	abi = tl_abi_of(task, &nr);
	if (abi == TL_ABI_I386 && nr == TL_NR_SOCKETCALL)
		return tl_socketcall(registers, args);
	args[0] = abi == TL_ABI_I386 ? (__u32)tl_get(registers, bx) : tl_get(registers, di);
	args[1] = abi == TL_ABI_I386 ? (__u32)tl_get(registers, cx) : tl_get(registers, si);
	args[2] = tl_get(registers, dx);
	return tl_network_number(abi, nr);
}

/* One that was wanted, and for which there is no room. */
static __always_inline void tl_network_lost(__u32 wants, __u32 which)
{
	struct tl_account *account = wants >> which & 1 ? tl_account_of(tl_config.network_events[which]) : 0;

	if (!account)
		return;
	tl_count(&account->seen, 1);
	tl_count(&account->lost, 1);
}

/* The connection whose end will be told: of MPTCP it is the first that it has. 0: there is none. */
static __always_inline __u64 tl_connection_of(__u64 at)
{
	struct mptcp_sock *several = tl_at(struct mptcp_sock, at);
	__u32 protocol = tl_peek(tl_at(struct sock, at), sk_protocol);

	if (protocol == TL_IPPROTO_MPTCP && bpf_core_field_exists(several->first))
		return (__u64)tl_peek(several, first);
	return protocol == TL_IPPROTO_TCP ? at : 0;
}

/* The call is over: what of it is told, and whose the connection is that it brought. A
 * function of its own: on 5.10 all that are under way share 512 bytes of stack. What it
 * is, a constant on each way that leads here, has to come in a register: of constants
 * that come through another function's stack the verifier of 5.10 takes one for another,
 * and cuts off what it holds to be impossible. Returns the slot with the record, or TL_NO_SLOT. */
static __noinline __u32 tl_network_called(const struct tl_network_call *c, __u32 which, bool is_mine)
{
	struct task_struct *task = tl_task_current();
	struct tl_task *state = tl_network_state_now(task);
	__s64 ret = c->ret;
	struct tl_call *call, *place;
	__u64 file, at, socket;
	struct tl_owner *owner;
	__u32 wants, family, slot = 0;
	struct sock *sk;

	wants = state ? tl_network_wants(state) : 0;
	if (!(wants >> which & 1) && !(which == TL_NET_ACCEPT && wants & 1U << TL_NET_CLOSE))
		return TL_NO_SLOT;
	file = tl_network_file(task, c, which);
	socket = file ? tl_file_socket(file) : 0;
	at = socket ? (__u64)tl_peek(tl_at(struct socket, socket), sk) : 0;
	if (!at)
		return TL_NO_SLOT;
	sk = tl_at(struct sock, at);
	family = tl_peek(sk, __sk_common.skc_family);
	if (family != TL_AF_INET && family != TL_AF_INET6)
		return TL_NO_SLOT;
	owner = tl_owner_begin(&place, task, state, wants);
	if (!owner) {
		if (is_mine)
			tl_network_lost(wants, which);
		return TL_NO_SLOT;
	}
	owner->incoming = which == TL_NET_ACCEPT;
	call = tl_network_begin(owner, which, which == TL_NET_ACCEPT ? 0 : ret, is_mine, &slot);
	if (call) {
		call->record.args[0] = c->args[0];
		call->record.args[1] = c->args[1];
		call->record.args[2] = c->args[2];
#if TL_HAS_TASK_STORAGE
		call->record.flags = c->flags;
#endif
		tl_add_sock(call->data, at, tl_peek(sk, sk_type));
		tl_add_traffic(call->data, at, which == TL_NET_ACCEPT, false);
		/* Where it could not be bound to. */
		if (which == TL_NET_BIND && ret < 0)
			tl_capture_sockaddr(call, 2, 3, 0);
	}
	at = tl_connection_of(at);
	if (which == TL_NET_ACCEPT && wants & 1U << TL_NET_CLOSE && at)
		tl_owner_keep(at, owner);
	tl_owner_done(place);
	return call ? slot : TL_NO_SLOT;
}

/* Was the connection at its end before it was accepted, or before its owner was noted? That is told now. */
static __noinline void tl_network_accepted(const struct tl_network_call *c, bool is_mine)
{
	__u64 file = tl_network_file(tl_task_current(), c, TL_NET_ACCEPT), socket = file ? tl_file_socket(file) : 0;
	__u64 at = socket ? (__u64)tl_peek(tl_at(struct socket, socket), sk) : 0;
	struct tl_owner *owner;

	at = at ? tl_connection_of(at) : 0;
	if (!at || tl_peek(tl_at(struct sock, at), __sk_common.skc_state) != TL_TCP_CLOSE)
		return;
	owner = bpf_map_lookup_elem(&sockets, &at);
	if (!owner)
		return;
	if (tl_owner_end(owner))
		tl_network_send(owner, at, TL_NET_CLOSE, 0, is_mine);
	bpf_map_delete_elem(&sockets, &at);
}

static __always_inline int tl_network_after(void *ctx, bool again)
{
	struct task_struct *task = tl_task_current();
	struct tl_network_call c = {.ret = TL_RET_AT(ctx, TL_RET_TRACEPOINT)};
	__u32 which = tl_network_call_of(task, TL_REGISTERS_AT(ctx), c.args);
	bool is_mine = false;
	__u32 slot;

	if (which == TL_NET_EVENTS || (which == TL_NET_ACCEPT && c.ret < 0))
		return 0;
	if (!again)
		is_mine = tl_is_my_turn(TL_TURN_NETWORK_CALL, which);
	if (!tl_network_state(task))
		return 0;
	if (!again)
		tl_told(TL_TOLD_NETWORK);
	else if (!tl_untold(TL_TOLD_NETWORK))
		return 0;
	else
		is_mine = tl_is_my_turn(TL_TURN_NETWORK_CALL, which);
	slot = tl_network_called(&c, which, is_mine);
	if (slot != TL_NO_SLOT)
		tl_network_tell(slot);
	if (which == TL_NET_ACCEPT)
		tl_network_accepted(&c, is_mine);
	return 0;
}

SEC("tp_btf/sys_exit")
int tl_network_call(void *ctx)
{
	return tl_network_after(ctx, false);
}

SEC("tp_btf/sys_exit")
int tl_network_call_again(void *ctx)
{
	return tl_network_after(ctx, true);
}

#if TL_HAS_TASK_STORAGE
#include "network-requests.h"
#endif
