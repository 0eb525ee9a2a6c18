/* SPDX-License-Identifier: GPL-2.0 */
/* Beginning and sending records. */
#ifndef TRACELEFT_RECORD_H
#define TRACELEFT_RECORD_H

#include "turn.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_cpu);
} cpus SEC(".maps");

static __always_inline void tl_count(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __always_inline bool tl_claim(struct tl_call *call, __u64 me)
{
#if TL_HAS_TASK_STORAGE
	return __sync_val_compare_and_swap(&call->owner, 0, me) == 0;
#else
	/* Tracing programs are not preempted on these kernels; an interrupt that
	 * claims in between has let go again before we go on. */
	if (call->owner)
		return false;
	call->owner = me;
	return true;
#endif
}

static __always_inline __u64 tl_next_seq(struct tl_cpu *cpu)
{
#if TL_HAS_TASK_STORAGE
	return __sync_fetch_and_add(&cpu->seq, 1) + 1;
#else
	return ++cpu->seq;
#endif
}

/* Owner of slots whose record is sent by whoever claims them, in an interrupt, too:
 * there the current task may be the idle one, which has the number of nobody. */
#define TL_OWNER_AT_ONCE (~0ULL)

/* A slot of this CPU for owner `me`; NULL if all are taken. */
static __always_inline struct tl_call *tl_slot_claim_as(__u64 me, struct tl_work **ret_work)
{
	__u32 key = bpf_get_smp_processor_id() * TL_CALL_SLOTS;

	for (int i = 0; i < TL_CALL_SLOTS; i++, key++) {
		struct tl_call *call = bpf_map_lookup_elem(&calls, &key);

		if (call && tl_claim(call, me)) {
			*ret_work = bpf_map_lookup_elem(&works, &key);
			if (*ret_work) {
				(*ret_work)->walk.slot = key;
				return call;
			}
			call->owner = 0;
			return 0;
		}
	}
	return 0;
}

__noinline int tl_climb_from(__u32 slot, __u32 at)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	if (!call || !work)
		return 0;
	return tl_climb_all(&work->walk, (char *)call->data + tl_clamp(at, TL_RECORD_MAX + sizeof(struct tl_section)));
}

/* Same for the current task. */
static __always_inline struct tl_call *tl_slot_claim(struct tl_work **ret_work)
{
	return tl_slot_claim_as(tl_me(), ret_work);
}

/* A slot for a record of `event`, already counted as seen; NULL if there is
 * none, counted. */
static __always_inline struct tl_call *tl_call_claim_as(__u64 me, __u32 event, struct tl_work **ret_work)
{
	struct tl_account *account = tl_account_of(event);
	struct tl_call *call;

	if (!account)
		return 0;
	tl_count(&account->seen, 1);
	call = tl_slot_claim_as(me, ret_work);
	if (!call) {
		tl_count(&account->lost, 1);
		tl_refuse(TL_REFUSED_SLOT);
		return 0;
	}
	call->event = event;
	return call;
}

static __always_inline struct tl_call *tl_call_claim(__u32 event, struct tl_work **ret_work)
{
	return tl_call_claim_as(tl_me(), event, ret_work);
}

/*
 * Finding something for the stash of the current task: the sections are built
 * in a slot, and what is used of it is kept. NULL if there is no slot, counted.
 */
#define TL_STASH_BEGIN sizeof(struct tl_record) /* sections; the header before them is not kept */
static __always_inline struct tl_call *tl_stash_begin(struct task_struct *task, struct tl_walk **ret_walk)
{
	struct tl_work *work;
	struct tl_call *call = tl_slot_claim(&work);

	if (!call) {
		tl_refuse(TL_REFUSED_STASH);
		return 0;
	}
	tl_walk_for(&work->walk, task);
	call->record.size = TL_STASH_BEGIN;
	*ret_walk = &work->walk;
	return call;
}

static __always_inline void tl_stash_end(struct tl_call *call, struct tl_stash *stash, struct tl_task *state,
					 __u32 event)
{
	__u32 size = call->record.size - TL_STASH_BEGIN;

	if (size > TL_STASH_MAX) {
		tl_refuse(TL_REFUSED_STASH);
		size = 0;
	}
	if (size)
		bpf_probe_read_kernel(stash->data, tl_clamp(size, TL_STASH_MAX), call->data + TL_STASH_BEGIN);
	stash->size = size;
	stash->event = event;
	if (state)
		state->stashed = event;
	call->owner = 0;
}

/* Same, behind what the stash has already: a short section. */
#define TL_STASH_APPENDED_MAX 256
static __always_inline void tl_stash_append(struct tl_call *call, struct tl_stash *stash)
{
	__u32 size = call->record.size - TL_STASH_BEGIN, at = stash->size;

	if (size > TL_STASH_APPENDED_MAX || at > TL_STASH_MAX - TL_STASH_APPENDED_MAX) {
		tl_refuse(TL_REFUSED_STASH);
	} else {
		bpf_probe_read_kernel(stash->data + tl_clamp(at, TL_STASH_MAX - TL_STASH_APPENDED_MAX),
				      tl_clamp(size, TL_STASH_APPENDED_MAX), call->data + TL_STASH_BEGIN);
		stash->size = at + size;
	}
	call->owner = 0;
}

/* A string of the kernel. */
static __always_inline void tl_add_text(__u8 *data, __u8 type, __u8 index, __u16 flags, __u64 text)
{
	struct tl_section *section = tl_area_begin(data, TL_RECORD_MAX);
	long n;

	if (!text)
		return;
	n = bpf_probe_read_kernel_str(tl_area_data(section), TL_PATH_MAX, (void *)text);
	if (n < 0)
		return;
	tl_area_end(data, TL_RECORD_MAX, section, type, index, flags, (__u32)n & (2 * TL_PATH_MAX - 1));
}

static __always_inline void tl_add_name(__u8 *data, __u8 type, __u8 index, __u64 text)
{
	tl_add_text(data, type, index, 0, text);
}

/* The name of the current task. */
static __always_inline void tl_copy_comm(char comm[TL_COMM_LEN], struct task_struct *task)
{
#if TL_HAS_CAST
	__u64 from = (__u64)task + bpf_core_field_offset(struct task_struct, comm);

	*(__u64 *)comm = tl_word(from);
	*(__u64 *)(comm + 8) = tl_word(from + 8);
#else
	bpf_get_current_comm(comm, TL_COMM_LEN);
#endif
}

/* Header of a record by `task`, which is the current one. */
static __always_inline void tl_record_begin(struct tl_record *record, struct task_struct *task,
					    const struct tl_task *state, __u8 kind)
{
	__u64 me = tl_me();

	record->size = sizeof(*record);
	record->kind = kind;
	record->abi = 0;
	record->flags = 0;
	record->cpu = bpf_get_smp_processor_id();
	record->program_id = 0;
	record->time = bpf_ktime_get_boot_ns();
	record->duration = 0;
	record->set = state->set;
	record->start = state->start;
	record->cgroup = state->cgroup;
	record->pid = me >> 32;
	record->tid = me;
	record->uid = tl_get(task, cred, uid.val);
	record->gid = tl_get(task, cred, gid.val);
	record->euid = tl_get(task, cred, euid.val);
	record->egid = tl_get(task, cred, egid.val);
	record->loginuid = tl_get(task, loginuid.val);
	record->session = tl_get(task, sessionid);
	tl_copy_comm(record->comm, task);
	record->ret = 0;
	record->nr = 0;
	record->handler = 0;
}

/* Which call it is, as the process gave it. */
static __always_inline void tl_record_number(struct tl_record *record, __u32 abi, __u32 nr)
{
	record->abi = abi;
	record->nr = abi == TL_ABI_X32 ? nr | TL_X32_BIT : nr;
}

/* What setns(2) or unshare(2) has changed since the reader was told of the process. */
static __always_inline void tl_add_namespaces(struct tl_call *call, struct task_struct *task,
					      const struct tl_task *state)
{
	struct tl_section *section;
	struct tl_namespaces *namespaces;

	if (state->nsproxy == tl_nsproxy_of(task))
		return;
	section = tl_area_begin(call->data, TL_RECORD_MAX);
	namespaces = (struct tl_namespaces *)tl_area_data(section);
	namespaces->mntns = tl_get(task, nsproxy, mnt_ns, ns.inum);
	namespaces->netns = tl_get(task, nsproxy, net_ns, ns.inum);
	tl_area_end(call->data, TL_RECORD_MAX, section, TL_SECTION_NAMESPACES, 0, 0, sizeof(*namespaces));
}

/* Gives the record its number. Returns the flags of its output: a wake-up only when the
 * fill is above the mark, and looked at now and then; the reader's timer does the rest. */
static __always_inline __u64 tl_record_finish(struct tl_call *call, struct tl_cpu *cpu)
{
	call->record.event = call->event;
	call->record.flags |= tl_config.record_flags;
	call->record.seq = tl_next_seq(cpu);
	if (!(call->record.seq & 15) && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) >= tl_config.wake_bytes)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/* Puts the record into the ring, or counts it. The slot is free afterwards. Returns its
 * number; 0: it is lost. */
static __always_inline __u64 tl_record_send(struct tl_call *call)
{
	__u32 event = call->event, cpu_key = call->record.cpu, size = call->record.size;
	struct tl_account *account = tl_account_of(event);
	struct tl_cpu *cpu = bpf_map_lookup_elem(&cpus, &cpu_key);
	__u64 flags, seq;

	if (!account || !cpu) {
		call->owner = 0;
		return 0;
	}
	flags = tl_record_finish(call, cpu);
	seq = call->record.seq;
	if (bpf_ringbuf_output(&ring, &call->record, tl_clamp(size, TL_RECORD_MAX + TL_PATH_MAX), flags) < 0) {
		/* The reader looks at the account first: what is in there without a number never had one. */
		tl_count(&cpu->lost, 1);
		tl_count(&account->lost, 1);
		seq = 0;
	} else {
		tl_count(&account->emitted, 1);
	}
	call->owner = 0;
	return seq;
}

#endif
