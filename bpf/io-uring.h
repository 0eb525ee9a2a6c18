/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls by way of io_uring: requests that the kernel takes from memory shared
 * with the process, and runs at once, later, or in threads of its own. A request
 * has the same event as its system call: its record is begun when the request is
 * taken, waits in a map, and is finished when the kernel says how it ended.
 *
 * The programs are plain raw tracepoints, so what the hooks pass are numbers, and
 * one map of programs does for all of them. Loaded only where an event that is
 * wanted has such a request.
 */
#ifndef TRACELEFT_IO_URING_H
#define TRACELEFT_IO_URING_H

#include "requests.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct io_rsrc_node {
	unsigned long file_ptr;
};

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_rsrc_data data; /* 6.13 */
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_file_table___older {
	struct io_fixed_file *files;
};

struct io_ring_ctx {
	unsigned int flags;
	unsigned int cached_sq_head;
	unsigned int sq_entries;
	__u32 *sq_array;
	struct io_uring_sqe *sq_sqes;
	struct io_file_table file_table;
};

struct io_ring_ctx___older {
	unsigned int nr_user_files;
	struct io_file_table___older file_table;
};

struct io_uring_cqe {
	__u64 user_data;
	__s32 res;
};

struct filename {
	const char *name;
};

/* Beginning of a request to accept. */
struct io_accept {
	__u32 file_slot;
};

#pragma clang attribute pop

/* linux/io_uring.h */
#define TL_SETUP_SQE128 (1U << 10)
#define TL_SETUP_NO_SQARRAY (1U << 16)
#define TL_REQUEST_FIXED_FILE (1U << 0) /* IOSQE_FIXED_FILE; REQ_F_ of the same names are the same bits */
#define TL_REQUEST_SKIPS_SUCCESS (1U << 6) /* IOSQE_CQE_SKIP_SUCCESS */

/* What a process asks for, as it lies in memory that it may change: a claim. */
struct tl_sqe {
	__u8 opcode;
	__u8 flags;
	__u16 ioprio;
	__s32 fd;
	__u64 off;
	__u64 addr;
	__u32 len;
	__u32 op_flags;
	__u64 user_data;
	__u16 buf_index;
	__u16 personality;
	__u32 file_index;
	__u64 addr3;
	__u64 pad;
};

_Static_assert(sizeof(struct tl_sqe) == TL_SQE_SIZE, "io_uring: entry of the submission queue");

/* Requests that end many times: but for the last one their name alone is told. As
 * long as one has that name, it is that one. */
struct tl_namesakes {
	__u64 sum; /* of their addresses */
	__u64 n;
};

/* Key: ring and name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, TL_REQUEST_FLAGS);
	__uint(max_entries, TL_REQUESTS_MAX);
	__type(key, struct tl_request_key);
	__type(value, struct tl_namesakes);
} requests_named SEC(".maps");

/* tl_call.stashed of a request */
#define TL_REQUEST_DONE 0x01 /* it has ended */
#define TL_REQUEST_LATE 0x02 /* the handler is called then */
#define TL_REQUEST_SLOT 0x04 /* its result is no descriptor of the process */
#define TL_REQUEST_SILENT 0x08 /* nobody will say that it has succeeded */
#define TL_REQUEST_FIXED 0x10 /* its descriptor is a place in the ring's own table */

#define TL_REQUEST_NUMBER 0x20 /* its object is that of an argument */
#define TL_REQUEST_NAMED 0x40 /* the kernel will tell of its end by its name alone */
#define TL_REQUEST_MANY 0x80 /* it may end many times */

#define TL_HOOK_ARGUMENT(ctx, n) (((__u64 *)(ctx))[n])

/* ---- Taken ---- */

/* Where the entry is that the kernel has just taken from the ring's queue; 0: nowhere. */
static __always_inline __u64 tl_sqe_of(struct io_kiocb *request)
{
	struct io_ring_ctx *ring = tl_at(struct io_ring_ctx, tl_peek(request, ctx));
	__u32 n = tl_peek(ring, cached_sq_head) - 1, entries = tl_peek(ring, sq_entries), flags = tl_peek(ring, flags);
	__u64 array = 0, queue = 0;

	/* As numbers: the verifier allows no sums with pointers that it knows. */
	bpf_probe_read_kernel(&array, sizeof(array), &ring->sq_array);
	bpf_probe_read_kernel(&queue, sizeof(queue), &ring->sq_sqes);
	n &= entries - 1;
	if (!(flags & TL_SETUP_NO_SQARRAY) &&
	    bpf_probe_read_kernel(&n, sizeof(n), (void *)(array + (__u64)n * sizeof(n))) < 0)
		return 0;
	if (n >= entries)
		return 0;
	if (flags & TL_SETUP_SQE128)
		n *= 2;
	return queue + (__u64)n * sizeof(struct tl_sqe);
}

/* A member of an entry, as enum tl_sqe_field says where it lies. */
static __always_inline __u64 tl_sqe_get(struct tl_work *work, __u8 field)
{
	__u64 value = *(__u64 *)(work->sqe + (field & (TL_SQE_SIZE - 1)));

	switch (field & TL_SQE_WIDTHS) {
	case TL_SQE_U32:
		return (__u32)value;
	case TL_SQE_S32:
		return (__s64)(__s32)value;
	case TL_SQE_U16:
		return (__u16)value;
	}
	return value;
}

/* The process is the actor, whichever thread takes its requests from the queue. */
static __always_inline void tl_request_actor(struct tl_record *record, struct task_struct *task)
{
	record->tid = record->pid;
	bpf_probe_read_kernel(record->comm, TL_COMM_LEN,
			      (void *)((__u64)tl_get(task, group_leader) + bpf_core_field_offset(struct task_struct, comm)));
}

/* Identities that were registered with the ring, if the entry names one that is there. */
static __always_inline void tl_request_identity(struct tl_record *record, struct io_kiocb *request)
{
	struct cred *cred = tl_at(struct cred, tl_peek(request, creds));

	if (!cred)
		return;
	record->uid = tl_peek(cred, uid.val);
	record->gid = tl_peek(cred, gid.val);
	record->euid = tl_peek(cred, euid.val);
	record->egid = tl_peek(cred, egid.val);
}

static __always_inline struct tl_task *tl_request_state(struct task_struct *task, bool worker)
{
#if TL_HAS_TASK_STORAGE
	return worker ? tl_state_of(task->group_leader) : tl_state_current();
#else
	__u32 tid = worker ? bpf_get_current_pid_tgid() >> 32 : bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&tasks, &tid);
#endif
}

/* It cannot be kept: then it is lost, and counted. */
static __always_inline void tl_request_lose(__u32 event)
{
	struct tl_account *account = tl_is_my_time() ? tl_account_of(event) : 0;

	if (account) {
		tl_count(&account->seen, 1);
		tl_count(&account->lost, 1);
	}
	tl_refuse(TL_REFUSED_REQUEST);
}

/* What the kernel has noted in its request. */
static __always_inline __s32 tl_request_own(struct tl_work *work, __u8 at)
{
	return *(__s32 *)(work->request + (at & (TL_REQUEST_SIZE - 1)));
}

/* What there is of the arguments of the system call. */
static __always_inline void tl_request_arguments(struct tl_call *call, struct tl_work *work,
						 const struct tl_opcode *opcode, bool is_refused)
{
	for (int i = 0; i < TL_ARGS; i++) {
		__u8 own = is_refused ? 0 : opcode->own[i];

		if (own)
			call->record.args[i] = (__s64)tl_request_own(work, own);
		else
			call->record.args[i] = opcode->field[i] ? tl_sqe_get(work, opcode->field[i]) : 0;
	}
}

/* Is its file in the ring's own table? */
static __always_inline bool tl_is_in_table(struct tl_work *work, const struct tl_opcode *opcode, bool is_refused)
{
	if (opcode->slot && !is_refused)
		return (__u32)tl_request_own(work, opcode->slot) >> (opcode->slot_shift & 31);
	return opcode->flags & TL_OPCODE_SLOT && ((struct tl_sqe *)work->sqe)->file_index;
}

/* Does the request have other identities than the process? */
static __always_inline bool tl_has_identities(struct tl_work *work, __u32 flags)
{
	if (tl_config.request_creds)
		return flags & tl_config.request_creds;
	return ((struct tl_sqe *)work->sqe)->personality;
}

static __always_inline bool tl_is_stale(const struct tl_task *state, struct task_struct *task)
{
	return state->cgroup != tl_cgroup_of(task) || tl_attributes_changed(state, task);
}

/* sqe: of a request that is refused; else 0; how: TL_REQUEST_NAMED or 0. */
static __always_inline int tl_request_taken(void *ctx, __u64 address, __u64 sqe, __u16 how)
{
	struct io_kiocb *request = tl_at(struct io_kiocb, address);
	__u32 number = tl_peek(request, opcode), event, handler, program_id, flags;
	const struct tl_opcode *opcode = &tl_config.opcodes[number & (TL_OPCODES_MAX - 1)];
	struct task_struct *task;
	struct tl_task *state;
	struct tl_work *work;
	struct tl_call *call;
	bool worker, is_mine = tl_is_my_turn(TL_TURN_REQUEST, address), is_refused = sqe;

	if (!opcode->event)
		return 0;
	task = tl_task_current();
	worker = tl_get(task, flags) & TL_PF_IO_WORKER;
	state = tl_request_state(task, worker);
	if (!state)
		return 0;
	if (!sqe && !worker && tl_is_stale(state, task)) {
		bpf_tail_call(ctx, &programs, TL_STAGE_REFRESH);
		return 0;
	}
	if (!tl_wants(state, opcode->event)) {
		opcode = &tl_config.opcodes[opcode->next & (TL_OPCODES_MAX - 1)];
		if (!opcode->event || !tl_wants(state, opcode->event))
			return 0;
	}
	event = opcode->event;
	call = tl_slot_claim(&work);
	if (!call) {
		tl_request_lose(event);
		return 0;
	}
	tl_choose(state, event, &handler, &program_id);
	call->event = event;
	call->slot = handler;
	call->stashed = how;
	if (opcode->flags & TL_OPCODE_LATE)
		call->stashed |= TL_REQUEST_LATE;
	if (opcode->flags & TL_OPCODE_MANY)
		call->stashed |= TL_REQUEST_MANY;
	tl_record_begin(&call->record, task, state, TL_RECORD_EVENT);
	call->record.program_id = program_id;
	call->record.handler = handler;
	call->record.flags = TL_RECORD_IO_URING;
	call->record.seq = address;
	tl_record_number(&call->record, TL_ABI_X86_64, opcode->nr);
	if (worker)
		tl_request_actor(&call->record, task);
	if (!sqe)
		sqe = tl_sqe_of(request);
	if (bpf_probe_read_kernel(work->sqe, TL_SQE_SIZE, (void *)sqe) < 0 || work->sqe[0] != number) {
		/* It has been changed behind the kernel's back. */
		__builtin_memset(work->sqe, 0, sizeof(work->sqe));
		call->record.flags |= TL_RECORD_INCOMPLETE;
	}
	/* Which object it is about, and for whom, the process cannot change any more. */
	bpf_probe_read_kernel(work->request, TL_REQUEST_SIZE, (void *)address);
	flags = tl_peek(request, flags);
	if (tl_has_identities(work, flags))
		tl_request_identity(&call->record, request);
	if (tl_is_in_table(work, opcode, is_refused))
		call->stashed |= TL_REQUEST_SLOT;
	if (opcode->flags & TL_OPCODE_NUMBER)
		call->stashed |= TL_REQUEST_NUMBER;
	if (flags & TL_REQUEST_SKIPS_SUCCESS && !is_refused) {
		if (!is_mine) {
			call->owner = 0; /* it is told now, by the other session */
			return 0;
		}
		call->stashed |= TL_REQUEST_SILENT;
	}
	if (flags & TL_REQUEST_FIXED_FILE)
		call->stashed |= TL_REQUEST_FIXED;
	tl_request_arguments(call, work, opcode, is_refused);
	for (int i = 0; i < TL_REQUEST_COPIES; i++) {
		work->copy_of[i] = is_refused ? 0 : opcode->copy_of[i];
		work->copy_at[i] = opcode->copy_at[i];
	}
	bpf_tail_call(ctx, &programs, TL_STAGE_COLLECT);
	call->owner = 0;
	tl_request_lose(event);
	return 0;
}

/* 5.10: (ring, request, ...) */
SEC("raw_tp")
int tl_request_taken_ring(void *ctx)
{
	return tl_request_taken(ctx, TL_HOOK_ARGUMENT(ctx, 1), 0, TL_REQUEST_NAMED);
}

/* (request, ...) */
SEC("raw_tp")
int tl_request_taken_plain(void *ctx)
{
	return tl_request_taken(ctx, TL_HOOK_ARGUMENT(ctx, 0), 0, 0);
}

/* Refused at once: (entry, request, error); its end is told like any other's. */
SEC("raw_tp")
int tl_request_refused(void *ctx)
{
	return tl_request_taken(ctx, TL_HOOK_ARGUMENT(ctx, 1), TL_HOOK_ARGUMENT(ctx, 0), 0);
}

/* Whether the descriptor of the call's object is to be looked up before the call;
 * mostly the request holds the file. */
static __always_inline bool tl_is_by_number(const struct tl_call *call, const struct tl_plan *plan)
{
	return call->stashed & TL_REQUEST_NUMBER ||
	       (plan->flags & TL_PLAN_ENTRY && !(call->stashed & TL_REQUEST_FIXED));
}

/* Names that the kernel copied when it took the request, and goes by. What stands there in
 * the process's memory is captured, too; it may have changed meanwhile. */
__noinline int tl_request_copies(__u32 slot)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	if (!call || !work)
		return 0;
#pragma unroll
	for (int i = 0; i < TL_REQUEST_COPIES; i++) {
		__u64 text = *(__u64 *)(work->request + (work->copy_at[i] & (TL_REQUEST_SIZE - 8)));

		if (!work->copy_of[i])
			break;
		if (!(work->copy_at[i] & TL_REQUEST_TEXT))
			text = (__u64)tl_peek(tl_at(struct filename, text), name);
		tl_add_text(call->data, TL_SECTION_ARG, work->copy_of[i], TL_SECTION_COPIED, text);
	}
	return 0;
}

/* Where names begin, and what a call is about that takes it away. */
SEC("raw_tp")
int tl_request_collect(void *ctx)
{
	__u32 key = 0;
	struct tl_call *call = tl_call_mine_at(&key);
	struct tl_work *work = call ? bpf_map_lookup_elem(&works, &key) : 0;
	struct task_struct *task = tl_task_current();
	const struct tl_plan *plan;
	__u64 file = 0;

	if (!work)
		return 0;
	plan = &tl_config.plan[call->event & (TL_EVENTS_MAX - 1)];
	tl_walk_for(&work->walk, task);
	if (plan->from == TL_FROM_FD && tl_is_by_number(call, plan) && !(call->stashed & TL_REQUEST_SLOT))
		file = tl_fd_file(task, call->record.args[(plan->fd - 1) & 7]);
	if (file) {
		tl_add_file(&work->walk, call->data, TL_RECORD_MAX, TL_PATH_FILE, file);
		if (plan->flags & TL_PLAN_SOCKET)
			tl_add_socket(call, &work->walk, file);
	}
	if (plan->target_from == TL_FROM_FD && !(call->stashed & TL_REQUEST_FIXED)) {
		file = tl_fd_file(task, call->record.args[(plan->target_fd - 1) & 7]);
		if (file)
			tl_add_file(&work->walk, call->data, TL_RECORD_MAX, TL_PATH_TARGET, file);
	}
	if (plan->name) {
		tl_add_base(call, &work->walk, task, TL_PATH_BASE, plan->fd, plan->name);
		tl_add_base(call, &work->walk, task, TL_PATH_BASE_TARGET, plan->target_fd, plan->target_name);
	}
	tl_request_copies(key);
	if (call->stashed & TL_REQUEST_LATE && !(call->stashed & TL_REQUEST_SILENT))
		bpf_tail_call(ctx, &programs, TL_STAGE_SEND);
	bpf_tail_call(ctx, &programs, TL_STAGES + call->slot);
	tl_request_lose(call->event);
	call->owner = 0;
	return 0;
}

/* ---- Kept ---- */

/* From now on what is told of that name may be this one's, too: then any of them stands for it. */
static __always_inline bool tl_request_share(struct tl_call *call, const struct tl_request_key *name, __u64 request)
{
	struct tl_namesakes *known = bpf_map_lookup_elem(&requests_named, name), first = {.sum = request, .n = 1};
	struct tl_request_key any = *name;

	if (!known)
		return tl_map_update(&requests_named, name, &first, BPF_ANY) == 0;
	__sync_fetch_and_add(&known->sum, request);
	__sync_fetch_and_add(&known->n, 1);
	any.n = TL_REQUEST_ANY;
	tl_request_put(call, &any); /* if none does yet */
	return true;
}

/* It is over, or was not kept. */
static __always_inline void tl_request_leave(const struct tl_request_key *name, __u64 request)
{
	struct tl_namesakes *known = bpf_map_lookup_elem(&requests_named, name);
	struct tl_request_key any = *name;

	if (!known)
		return;
	__sync_fetch_and_add(&known->sum, -request);
	__sync_fetch_and_add(&known->n, -1ULL);
	if (known->n)
		return;
	any.n = TL_REQUEST_ANY;
	tl_request_forget(&any);
	bpf_map_delete_elem(&requests_named, name);
}

static __always_inline bool tl_request_keep(struct tl_call *call)
{
	struct io_kiocb *request = tl_at(struct io_kiocb, call->record.seq);
	struct tl_request_key key = {.request = call->record.seq}, name = {};

	if (call->stashed & TL_REQUEST_NAMED) {
		tl_request_name(&key, request);
#pragma unroll
		for (int i = 0; i < TL_REQUEST_NAMESAKES; i++) {
			key.n = i;
			if (tl_request_put(call, &key))
				return true;
		}
		return false;
	}
	if (call->stashed & TL_REQUEST_MANY) {
		tl_request_name(&name, request);
		if (!tl_request_share(call, &name, key.request))
			return false;
		if (tl_request_put(call, &key))
			return true;
		tl_request_leave(&name, key.request);
		return false;
	}
	return tl_request_put(call, &key);
}

/* The last of the chain: a request that was taken waits, one that has ended is sent. */
SEC("raw_tp")
int tl_request_send(void *ctx)
{
	struct tl_call *call = tl_call_mine();
	struct tl_account *account;

	if (!call)
		return 0;
	if (call->stashed & TL_REQUEST_DONE) {
		tl_record_send(call);
		return 0;
	}
	if (call->stashed & TL_REQUEST_SILENT) {
		account = tl_account_of(call->event);
		if (account)
			tl_count(&account->seen, 1);
		call->record.flags |= TL_RECORD_UNKNOWN_RESULT;
		tl_record_send(call);
		return 0;
	}
	if (!tl_request_keep(call))
		tl_request_lose(call->event);
	call->owner = 0;
	return 0;
}

/* ---- Ended ---- */

/* A slot with what was kept, which stays if the request is not over; NULL if there
 * is none, counted. */
static __always_inline struct tl_call *tl_request_take(const struct tl_request_key *key, bool is_over, bool is_mine)
{
	const struct tl_call *kept = tl_request_kept(key);
	struct tl_request_key object = {};
	struct tl_work *work;
	struct tl_call *call;
	bool has_object;
	__u32 size;

	if (!kept)
		return 0;
	object.request = kept->record.seq;
	object.n = TL_REQUEST_OBJECT;
	has_object = tl_names_object(kept->event);
	call = is_mine ? tl_call_claim(kept->event & (TL_EVENTS_MAX - 1), &work) : 0;
	if (call) {
		call->slot = kept->slot;
		call->stashed = kept->stashed | TL_REQUEST_DONE;
		size = kept->record.size;
		bpf_probe_read_kernel(call->data, tl_clamp(size, TL_REQUEST_LONG - TL_REQUEST_BEGIN), kept->data);
	}
	if (call && has_object)
		tl_request_add_object(call, &object);
	if (is_over && has_object)
		tl_request_forget(&object);
	if (is_over)
		tl_request_forget(key);
	return call;
}

static __always_inline int tl_request_report(void *ctx, struct tl_call *call, __s64 result)
{
	__u64 taken;

	if (!call)
		return 0;
	taken = call->record.time;
	call->record.cpu = bpf_get_smp_processor_id();
	call->record.time = bpf_ktime_get_boot_ns();
	call->record.duration = call->record.time - taken;
	call->record.ret = result;
	bpf_tail_call(ctx, &programs, TL_STAGE_FINISH);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

/* address: 0 if it is not over. */
static __always_inline int tl_request_ended(void *ctx, __u64 address, __u64 user_data, __s64 result)
{
	struct tl_request_key name = {.request = TL_HOOK_ARGUMENT(ctx, 0), .user_data = user_data};
	struct tl_request_key key = {.request = address};
	bool is_mine = tl_is_my_turn(TL_TURN_REQUEST, address);
	struct tl_namesakes *known;
	struct tl_call *call;
	bool is_any = false;

	if (!address) {
		known = bpf_map_lookup_elem(&requests_named, &name);
		if (!known)
			return 0;
		is_any = known->n != 1;
		key.request = known->sum;
		if (is_any) {
			key = name;
			key.n = TL_REQUEST_ANY;
		}
	}
	call = tl_request_take(&key, address, is_mine);
	if (call && address && call->stashed & TL_REQUEST_MANY)
		tl_request_leave(&name, address);
	if (call && is_any) { /* of which file is not known */
		call->record.seq = 0;
		call->record.args[0] = -1;
		call->record.flags |= TL_RECORD_INCOMPLETE;
	}
	return tl_request_report(ctx, call, result);
}

/* (ring, user data, result, ...): of several with that name the one that has waited
 * for the lowest number is as good as any. */
SEC("raw_tp")
int tl_request_ended_named(void *ctx)
{
	struct tl_request_key key = {.request = TL_HOOK_ARGUMENT(ctx, 0), .user_data = TL_HOOK_ARGUMENT(ctx, 1)};
	bool is_mine = tl_is_my_turn(TL_TURN_REQUEST, key.user_data);

#pragma unroll
	for (int i = 0; i < TL_REQUEST_NAMESAKES; i++) {
		key.n = i;
		if (bpf_map_lookup_elem(&requests, &key) || bpf_map_lookup_elem(&requests_long, &key))
			break;
	}
	return tl_request_report(ctx, tl_request_take(&key, true, is_mine), (__s32)TL_HOOK_ARGUMENT(ctx, 2));
}

/* (ring, request, user data, result, ...) */
SEC("raw_tp")
int tl_request_ended_result(void *ctx)
{
	return tl_request_ended(ctx, TL_HOOK_ARGUMENT(ctx, 1), TL_HOOK_ARGUMENT(ctx, 2),
				(__s32)TL_HOOK_ARGUMENT(ctx, 3));
}

/* (ring, request, entry of the completion queue) */
SEC("raw_tp")
int tl_request_ended_entry(void *ctx)
{
	struct io_uring_cqe *entry = tl_at(struct io_uring_cqe, TL_HOOK_ARGUMENT(ctx, 2));

	return tl_request_ended(ctx, TL_HOOK_ARGUMENT(ctx, 1), tl_peek(entry, user_data), tl_peek(entry, res));
}

/* What its place in the ring's own table says of a file, in whose lower bits the kernel keeps other things. */
#define TL_FILE_OF_PLACE(word) ((word) & ~7ULL)

static __always_inline __u64 tl_file_at(struct io_kiocb *request, __u32 place)
{
	struct io_ring_ctx *ring = tl_at(struct io_ring_ctx, tl_peek(request, ctx));
	struct io_ring_ctx___older *older = (void *)ring;
	__u64 at = 0, word = 0;
	__u32 n = 0;

	if (bpf_core_field_exists(ring->file_table.data)) {
		n = tl_peek(ring, file_table.data.nr);
		bpf_probe_read_kernel(&at, sizeof(at), &ring->file_table.data.nodes);
		at += (__u64)place * sizeof(at);
		if (place >= n || bpf_probe_read_kernel(&at, sizeof(at), (void *)at) < 0 || !at)
			return 0;
		at += bpf_core_field_offset(struct io_rsrc_node, file_ptr);
	} else if (bpf_core_field_exists(older->file_table.files)) {
		bpf_probe_read_kernel(&n, sizeof(n), &older->nr_user_files);
		bpf_probe_read_kernel(&at, sizeof(at), &older->file_table.files);
		at += (__u64)place * sizeof(word);
	}
	if (place >= n || bpf_probe_read_kernel(&word, sizeof(word), (void *)at) < 0)
		return 0;
	return TL_FILE_OF_PLACE(word);
}

/* The file that the request has put into the ring's own table: at a place that it has asked for, counted from
 * 1, or that is its result. */
static __always_inline __u64 tl_request_placed(struct tl_call *call, struct io_kiocb *request)
{
	const struct tl_opcode *opcode = &tl_config.opcodes[tl_peek(request, opcode) & (TL_OPCODES_MAX - 1)];
	__u32 shift = opcode->slot_shift & 31, asked = 0;

	if (!opcode->slot ||
	    bpf_probe_read_kernel(&asked, sizeof(asked), (void *)((__u64)request + opcode->slot)) < 0)
		return 0;
	asked >>= shift;
	return tl_file_at(request, asked == ~0U >> shift ? call->record.ret : asked - 1);
}

/* The file of the call: by the descriptor it returned, or that the request holds. */
static __always_inline __u64 tl_request_file(struct tl_call *call, const struct tl_plan *plan, struct task_struct *task,
					     bool is_own)
{
	struct io_kiocb *request = tl_at(struct io_kiocb, call->record.seq);
	__u64 file;

	if (plan->from == TL_FROM_RET && call->record.ret < 0)
		return 0;
	if (plan->from == TL_FROM_RET && call->stashed & TL_REQUEST_SLOT)
		return tl_request_placed(call, request);
	if (plan->from == TL_FROM_RET)
		return is_own ? tl_fd_file(task, call->record.ret) : 0;
	if (plan->from != TL_FROM_FD || tl_is_by_number(call, plan))
		return 0;
	file = (__u64)tl_peek(request, file);
	if (file || !is_own || call->stashed & (TL_REQUEST_FIXED | TL_REQUEST_SLOT))
		return file;
	return tl_fd_file(task, call->record.args[(plan->fd - 1) & 7]);
}

/* What is known only now. */
SEC("raw_tp")
int tl_request_finish(void *ctx)
{
	__u32 key = 0;
	struct tl_call *call = tl_call_mine_at(&key);
	struct tl_work *work = call ? bpf_map_lookup_elem(&works, &key) : 0;
	struct task_struct *task = tl_task_current();
	const struct tl_plan *plan;
	bool is_own;
	__u64 file;

	if (!work)
		return 0;
	plan = &tl_config.plan[call->event & (TL_EVENTS_MAX - 1)];
	/* Memory and descriptors are those of the process, or else somebody else's. */
	is_own = call->record.pid == (__u32)(tl_me() >> 32);
	file = tl_request_file(call, plan, task, is_own);
	if (file) {
		tl_walk_for(&work->walk, task);
		tl_add_file(&work->walk, call->data, TL_RECORD_MAX, TL_PATH_FILE, file);
		if (plan->flags & TL_PLAN_SOCKET)
			tl_add_socket(call, &work->walk, file);
	}
	if (call->stashed & TL_REQUEST_LATE) {
		if (is_own)
			bpf_tail_call(ctx, &programs, TL_STAGES + call->slot);
		call->record.flags |= TL_RECORD_INCOMPLETE;
	}
	bpf_tail_call(ctx, &programs, TL_STAGE_SEND);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

#endif
