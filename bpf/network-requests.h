/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bind, listen and accept by way of io_uring: told when the kernel says how the
 * request ended, in the process's own name, whichever thread ran it. What is known
 * when a request is taken alone waits in a map. Part of network.bpf.c; plain raw
 * tracepoints, like the rest of io_uring.
 */
#ifndef TRACELEFT_NETWORK_REQUESTS_H
#define TRACELEFT_NETWORK_REQUESTS_H

/* enum io_uring_op */
#define TL_OP_ACCEPT 13
#define TL_OP_BIND 56
#define TL_OP_LISTEN 57

struct tl_network_request {
	__u64 address; /* bind: as it was asked for */
	__u64 size;
	__u32 n; /* accept, by name: how many that are not over */
	__u32 is_many; /* accept: it may end many times, but for the last one by its name */
};

/* Key: the request, or, of an accept that ends by its name, ring and name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, TL_REQUEST_FLAGS);
	__uint(max_entries, TL_REQUESTS_MAX);
	__type(key, struct tl_request_key);
	__type(value, struct tl_network_request);
} network_requests SEC(".maps");

static __always_inline bool tl_network_request_keep(const struct tl_request_key *key,
						    const struct tl_network_request *value)
{
	if (tl_map_update(&network_requests, key, value, BPF_ANY) == 0)
		return true;
	tl_refuse(TL_REFUSED_REQUEST);
	return false;
}

/* An accept whose end is told by its name; others may have the same one. */
static __always_inline void tl_network_request_name(struct io_kiocb *request, struct tl_network_request *value)
{
	struct tl_network_request *known;
	struct tl_request_key key = {};

	tl_request_name(&key, request);
	known = bpf_map_lookup_elem(&network_requests, &key);
	if (known)
		__sync_fetch_and_add(&known->n, 1);
	else
		tl_network_request_keep(&key, value);
}

static __always_inline void tl_network_request_unname(const struct tl_request_key *key)
{
	struct tl_network_request *known = bpf_map_lookup_elem(&network_requests, key);

	if (known && known->n > 1)
		__sync_fetch_and_add(&known->n, -1);
	else if (known)
		bpf_map_delete_elem(&network_requests, key);
}

/* What a request stands for; by its name alone there is but accept. */
static __always_inline __u32 tl_network_of_request(__u64 address)
{
	struct io_kiocb *request = tl_at(struct io_kiocb, address);

	if (!address)
		return TL_NET_ACCEPT;
	switch (tl_peek(request, opcode)) {
	case TL_OP_ACCEPT:
		return TL_NET_ACCEPT;
	case TL_OP_BIND:
		return TL_NET_BIND;
	case TL_OP_LISTEN:
		return TL_NET_LISTEN;
	}
	return TL_NET_EVENTS;
}

/* The following go by what the kernel has noted: the process may have changed the entry of the queue. */
static __always_inline bool tl_accepts_into_table(struct io_kiocb *request)
{
	struct io_accept *accept = (void *)request;

	return bpf_core_field_exists(accept->file_slot) && tl_peek(accept, file_slot);
}

static __always_inline bool tl_may_end_often(struct io_kiocb *request)
{
	__u32 many = tl_config.request_many;

	return !many || tl_peek(request, flags) & many;
}

static __always_inline int tl_network_taken(__u64 address)
{
	struct io_kiocb *request = tl_at(struct io_kiocb, address);
	struct tl_network_request value = {.n = 1};
	struct tl_request_key key = {.request = address};
	__u32 which = tl_network_of_request(address), wants;
	struct tl_task *state;
	struct tl_sqe sqe;

	if (which == TL_NET_EVENTS)
		return 0;
	state = tl_network_state(tl_task_current());
	wants = state ? tl_network_wants(state) : 0;
	/* Then nobody says that it has succeeded; a failure is told and counted once more. */
	if (tl_peek(request, flags) & TL_REQUEST_SKIPS_SUCCESS && tl_is_my_time())
		tl_network_lost(wants, which);
	if (which == TL_NET_LISTEN || !(wants & (1U << TL_NET_ACCEPT | 1U << TL_NET_CLOSE | 1U << TL_NET_BIND)))
		return 0;
	if (which == TL_NET_BIND) {
		/* A claim: it is told if the request fails. */
		if (bpf_probe_read_kernel(&sqe, sizeof(sqe), (void *)tl_sqe_of(request)) == 0) {
			value.address = sqe.addr;
			value.size = sqe.off;
		}
	} else if (tl_accepts_into_table(request)) {
		if (tl_is_my_time())
			tl_network_lost(wants, which); /* what it returns is no descriptor */
		return 0;
	}
	value.is_many = which == TL_NET_ACCEPT && tl_may_end_often(request);
	if (!tl_network_request_keep(&key, &value) && which == TL_NET_ACCEPT && tl_is_my_time())
		tl_network_lost(wants, which);
	if (value.is_many)
		tl_network_request_name(request, &value);
	return 0;
}

/* (request, ...) */
SEC("raw_tp")
int tl_network_taken_plain(void *ctx)
{
	return tl_network_taken(TL_HOOK_ARGUMENT(ctx, 0));
}

/* address: 0 if it is not over. */
static __always_inline int tl_network_ended(void *ctx, __u64 address, __u64 user_data, __s64 result)
{
	struct tl_request_key name = {.request = TL_HOOK_ARGUMENT(ctx, 0), .user_data = user_data};
	struct tl_request_key key = {.request = address};
	struct io_kiocb *request = tl_at(struct io_kiocb, address);
	struct tl_network_call c = {.ret = result, .flags = TL_RECORD_IO_URING};
	__u32 which = tl_network_of_request(address);
	struct tl_network_request *kept;
	struct task_struct *task;
	bool is_many, is_mine;
	__u32 slot;

	if (which == TL_NET_EVENTS)
		return 0;
	is_mine = tl_is_my_turn(TL_TURN_NETWORK_REQUEST, address);
	kept = bpf_map_lookup_elem(&network_requests, address ? &key : &name);
	if (!kept && which == TL_NET_ACCEPT)
		return 0;
	is_many = kept && kept->is_many;
	if (kept) {
		c.args[1] = kept->address;
		c.args[2] = kept->size;
	}
	if (address && kept)
		bpf_map_delete_elem(&network_requests, &key);
	if (address && is_many)
		tl_network_request_unname(&name);
	task = tl_task_current();
	if ((which == TL_NET_ACCEPT && result < 0) || !tl_network_state(task))
		return 0;
	c.file = which == TL_NET_ACCEPT ? tl_fd_file(task, result) : (__u64)tl_peek(request, file);
	slot = c.file ? tl_network_called(&c, which, is_mine) : TL_NO_SLOT;
	if (slot != TL_NO_SLOT)
		tl_network_tell(slot);
	if (c.file && which == TL_NET_ACCEPT)
		tl_network_accepted(&c, is_mine);
	return 0;
}

/* (ring, request, user data, result, ...) */
SEC("raw_tp")
int tl_network_ended_result(void *ctx)
{
	__u64 address = TL_HOOK_ARGUMENT(ctx, 1);

	return tl_network_ended(ctx, address, TL_HOOK_ARGUMENT(ctx, 2), (__s32)TL_HOOK_ARGUMENT(ctx, 3));
}

/* (ring, request, entry of the completion queue) */
SEC("raw_tp")
int tl_network_ended_entry(void *ctx)
{
	struct io_uring_cqe *entry = tl_at(struct io_uring_cqe, TL_HOOK_ARGUMENT(ctx, 2));
	__u64 address = TL_HOOK_ARGUMENT(ctx, 1);

	return tl_network_ended(ctx, address, tl_peek(entry, user_data), tl_peek(entry, res));
}

#endif
