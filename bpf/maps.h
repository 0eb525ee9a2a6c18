/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The maps that the main programs and the handlers share. Handlers are loaded
 * on their own: the loader finds these maps by their names.
 */
#ifndef TRACELEFT_MAPS_H
#define TRACELEFT_MAPS_H

#include "wire.h"

/*
 * A record under construction. A slot belongs to one task from the main
 * program's claim until the record is sent, so a task that is preempted in
 * between, or interrupted, finds its bytes untouched.
 */
struct tl_call {
	__u64 owner; /* pid_tgid of the task; 0: free */
	__u32 event;
	__u16 slot; /* of the handler */
	__u8 stashed; /* 1: what the entry found belongs to this call */
	__u8 collected; /* 1: what needs kernel types is there */
	union {
		struct tl_record record;
		/* What is behind TL_RECORD_MAX is never sent: it is there so that a
		 * capture that begins inside needs no second check. */
		__u8 data[TL_RECORD_MAX + 2 * TL_PATH_MAX];
	};
};

/* max_entries: CPUs x TL_CALL_SLOTS, set when loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TL_CALL_SLOTS);
	__type(key, __u32);
	__type(value, struct tl_call);
} calls SEC(".maps");

/* Programs to go on with: first the stages, then the handlers. One such map
 * per attach kind, since a program of one kind cannot call one of another. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TL_STAGES + 2 * TL_EVENTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

/* The accounts: key CPU x TL_EVENTS_MAX + event id. Not a map per CPU, since the
 * reader looks at it all the time and does so in shared memory: while a process
 * is in bpf(2) for a map, kprobes on its CPU do not run their programs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TL_EVENTS_MAX);
	__type(key, __u32);
	__type(value, struct tl_account);
} ledger SEC(".maps");

/* Key: CPU x TL_REFUSALS + enum tl_refusal. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TL_REFUSALS);
	__type(key, __u32);
	__type(value, __u64);
} refusals SEC(".maps");

/* The account of an event on this CPU. */
static __always_inline struct tl_account *tl_account_of(__u32 event)
{
	__u32 key = bpf_get_smp_processor_id() * TL_EVENTS_MAX + event;

	return bpf_map_lookup_elem(&ledger, &key);
}

/* `value`, but `max` (a constant) if it is larger. In assembly, because the
 * compiler would test one register and use another, and the verifier would
 * not see that the bound holds. */
#define tl_clamp(value, max)                                                        \
	({                                                                          \
		__u64 __clamped = (value);                                          \
		asm volatile("if %0 <= %1 goto +1\n\t%0 = %1" : "+r"(__clamped) : "i"(max)); \
		__clamped;                                                          \
	})

static __always_inline void tl_refuse(__u32 why)
{
	__u32 key = bpf_get_smp_processor_id() * TL_REFUSALS + why;
	__u64 *count = bpf_map_lookup_elem(&refusals, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* The current task: tgid and tid. The main programs know a cheaper way. */
#ifndef tl_me
#define tl_me() bpf_get_current_pid_tgid()
#endif

/* The slot that the current task has claimed on this CPU, and its key. */
static __always_inline struct tl_call *tl_call_mine_at(__u32 *ret_key)
{
	__u32 key = bpf_get_smp_processor_id() * TL_CALL_SLOTS;
	__u64 me = tl_me();

	for (int i = 0; i < TL_CALL_SLOTS; i++, key++) {
		struct tl_call *call = bpf_map_lookup_elem(&calls, &key);

		if (call && call->owner == me) {
			*ret_key = key;
			return call;
		}
	}
	return 0;
}

static __always_inline struct tl_call *tl_call_mine(void)
{
	__u32 key;

	return tl_call_mine_at(&key);
}

/* An event that was begun and cannot be sent: nothing vanishes uncounted. */
static __always_inline void tl_call_drop(struct tl_call *call, __u32 why)
{
	struct tl_account *account = tl_account_of(call->event);

	if (account)
		__sync_fetch_and_add(&account->lost, 1);
	tl_refuse(why);
	call->owner = 0;
}

/* An event that was begun and that nobody wants. */
static __always_inline void tl_call_filter(struct tl_call *call)
{
	struct tl_account *account = tl_account_of(call->event);

	if (account)
		__sync_fetch_and_add(&account->filtered, 1);
	call->owner = 0;
}

/* Hands the record on to be sent; comes back only if that is impossible. */
static __always_inline int tl_call_send(void *ctx, struct tl_call *call)
{
	bpf_tail_call(ctx, &programs, TL_STAGE_SEND);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

/* bpf_map_update_elem() to who looks at its result: of that kernels before 6.4 set but
 * the lower half. */
static __always_inline int tl_map_update(void *map, const void *key, const void *value, __u64 flags)
{
	return (int)bpf_map_update_elem(map, key, value, flags);
}

#endif
