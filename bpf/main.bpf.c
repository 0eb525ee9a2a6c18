// SPDX-License-Identifier: GPL-2.0
/*
 * The main program: is this event wanted of this task? Then its record is
 * begun and the handler called. Every entry point is written as a raw
 * tracepoint; the loader makes copies of it for the hooks that it finds on
 * this kernel, since all that differs is where the result stands.
 */
#include "follow.h"
#include "record.h"
#include "socket.h"

#include "dns.h"
#include "filter.h"
#include "handler.h"
#include "tally.h"
#include "who.h"

char LICENSE[] SEC("license") = "GPL";

/* Which table of numbers the call is of. */
static __always_inline __u32 tl_abi_of(struct task_struct *task, __u64 *nr)
{
	if (tl_get(task, thread_info.status) & TL_TS_COMPAT)
		return TL_ABI_I386;
	if (*nr & TL_X32_BIT) {
		*nr &= ~(__u64)TL_X32_BIT;
		return TL_ABI_X32;
	}
	return TL_ABI_X86_64;
}

/* A number of 64 bits that came in two arguments, of which more follow. */
static __always_inline void tl_join_halves(struct tl_record *record, __u32 at)
{
	record->args[at] = (__u32)record->args[at] | record->args[at + 1] << 32;
	for (__u32 i = at + 1; i < 5; i++)
		record->args[i] = record->args[i + 1];
	record->args[5] = 0;
}

/* All bits if `form` has that one, or none: without a branch, for the verifier
 * of 6.1 would go through what follows once for each way. */
static __always_inline __u64 tl_all_if(__u32 form, __u32 bit)
{
	__u64 all = 0 - (__u64)(form / bit & 1);

	asm volatile("" : "+r"(all));
	return all;
}

/* Arguments that are all in memory, if they are; none if that cannot be read. */
static __always_inline void tl_fetch_arguments(struct tl_record *record, __u32 form)
{
	__u64 are = tl_all_if(form, TL_I386_MEMORY), is_mmap = tl_all_if(form, TL_I386_MMAP), size, failed;
	__u32 words[8] = { 0 };

	size = (5 + (is_mmap & 1)) * sizeof(words[0]) & are & (sizeof(words) - 1);
	failed = bpf_probe_read_user(words, size, (const void *)record->args[0]) >> 63;
	record->flags |= failed & TL_RECORD_INCOMPLETE;
	words[4] |= failed & is_mmap; /* 0 is a descriptor */
#pragma unroll
	for (int i = 0; i < TL_ARGS; i++)
		record->args[i] = (record->args[i] & ~are) | (words[i] & are);
}

/* Arguments of 32-bit programs that are narrower than those of 64-bit ones. */
static __always_inline void tl_widen_i386(struct tl_record *record, __u32 nr)
{
	__u32 form = nr < TL_NR_MAX ? tl_config.i386_forms[nr] : 0;

	tl_fetch_arguments(record, form);
#pragma unroll
	for (int i = 0; i < TL_I386_WIDENED; i++) {
		__u64 word = record->args[i], id = (__u16)word, is_id = tl_all_if(form, TL_I386_ID(i));

		/* The last of 16 bits means none. */
		id |= ((id + 1) >> 16) * 0xffff0000;
		word = (word & ~is_id) | (id & is_id);
		record->args[i] = word | ((0 - (word >> 31)) & tl_all_if(form, TL_I386_SIGNED(i))) << 32;
	}
}

/* Arguments of 32-bit programs that stand elsewhere than those of 64-bit ones. */
static __always_inline void tl_arrange_i386(struct tl_record *record, __u32 nr)
{
	__u64 tls;

	switch (nr) {
	case 120: /* clone */
		tls = record->args[3];
		record->args[3] = record->args[4];
		record->args[4] = tls;
		return;
	case 180: /* pread64 */
	case 181: /* pwrite64 */
		tl_join_halves(record, 3);
		return;
	case 253: /* lookup_dcookie */
		tl_join_halves(record, 0);
		return;
	case 225: /* readahead */
	case 250: /* fadvise64 */
		tl_join_halves(record, 1);
		return;
	case 314: /* sync_file_range */
		tl_join_halves(record, 1);
		tl_join_halves(record, 2);
		return;
	case 324: /* fallocate */
		tl_join_halves(record, 2);
		tl_join_halves(record, 3);
		return;
	case 339: /* fanotify_mark */
		tl_join_halves(record, 2);
		return;
	}
}

static __always_inline void tl_arguments(struct tl_record *record, struct pt_regs *registers, __u32 abi)
{
	if (abi == TL_ABI_I386) {
		record->args[0] = (__u32)tl_get(registers, bx);
		record->args[1] = (__u32)tl_get(registers, cx);
		record->args[2] = (__u32)tl_get(registers, dx);
		record->args[3] = (__u32)tl_get(registers, si);
		record->args[4] = (__u32)tl_get(registers, di);
		record->args[5] = (__u32)tl_get(registers, bp);
		tl_widen_i386(record, record->nr);
		tl_arrange_i386(record, record->nr);
		return;
	}
	record->args[0] = tl_get(registers, di);
	record->args[1] = tl_get(registers, si);
	record->args[2] = tl_get(registers, dx);
	record->args[3] = tl_get(registers, r10);
	record->args[4] = tl_get(registers, r8);
	record->args[5] = tl_get(registers, r9);
}

/* What a call of socketcall(2) or ipc(2) stands for; NULL: this is none that is wanted as that. */
static __always_inline struct tl_multiplexed *tl_multiplexed_of(__u32 door, __u32 abi, __u64 nr, __u32 call)
{
	__u32 by = nr == TL_NR_IPC ? TL_BY_IPC : TL_BY_SOCKETCALL;
	struct tl_multiplexed *found;

	if (abi != TL_ABI_I386 || (nr != TL_NR_SOCKETCALL && nr != TL_NR_IPC))
		return 0;
	if (by == TL_BY_IPC) /* its upper half is a version */
		call = call == TL_IPC_MSGRCV ? TL_IPC_MSGRCV_OLD : (__u16)call;
	if (call >= TL_MULTIPLEXED_CALLS)
		return 0;
	found = &tl_config.multiplexed[door][by][tl_clamp(call, TL_MULTIPLEXED_CALLS - 1)];
	return found->event ? found : 0;
}

/* The arguments of such a call are among the other's, or in the memory of the process. */
static __always_inline void tl_arguments_by(struct tl_record *record, struct pt_regs *registers, __u32 door, __u32 abi,
					    __u64 nr)
{
	struct tl_multiplexed *found;
	__u32 words[TL_ARGS], sign;

	tl_arguments(record, registers, abi);
	found = tl_multiplexed_of(door, abi, nr, record->args[0]);
	if (!found)
		return;
#pragma unroll
	for (int i = 0; i < TL_ARGS; i++) {
		__u8 from = found->from[i];
		__u64 word = from & TL_WORD_ARG ? record->args[from & TL_WORD_ARG] : 0;

		words[i] = word;
		if (from & TL_WORD_IN_MEMORY &&
		    bpf_probe_read_user(&words[i], 4, (void *)(word + (from & TL_WORD_INDEX) / 2)) < 0) {
			record->flags |= TL_RECORD_INCOMPLETE;
			words[i] = 0;
		}
	}
	sign = tl_all_if(found->from[3], TL_WORD_SIGNED) & (0 - (__u64)(words[3] >> 31));
	if (found->from[TL_ARGS - 1] & TL_WORD_RESULT) {
		__u32 result;

		if (!record->ret && bpf_probe_read_user(&result, 4, (void *)(__u64)words[TL_ARGS - 1]) == 0)
			record->ret = result;
		words[TL_ARGS - 1] = 0;
	}
#pragma unroll
	for (int i = 0; i < TL_ARGS; i++)
		record->args[i] = words[i];
	((__u32 *)&record->args[3])[1] = sign; /* its upper half */
}

/* Id of the event behind the current call, 0 if nobody wants it. What has no
 * number any more has returned from a signal's handler; numbers beyond the
 * tables go by the last place there. */
static __always_inline __u32 tl_event_of(__u32 door, struct task_struct *task, struct pt_regs *registers, __u32 *abi,
					 __u64 *nr)
{
	__u64 at = *nr = tl_get(registers, orig_ax);
	struct tl_multiplexed *found;

	if ((__s64)at < 0)
		return 0;
	*abi = tl_abi_of(task, nr);
	if (*abi >= TL_ABI_MAX)
		return 0;
	found = tl_multiplexed_of(door, *abi, *nr, tl_get(registers, bx));
	if (found)
		return found->event;
	at = *nr < TL_NR_MAX ? *nr : TL_NR_MAX - 1;
	return tl_config.event_of[door][*abi][at & (TL_NR_MAX - 1)];
}

/* Same, where it is not known by which door the call came: it wants but one. */
static __always_inline __u32 tl_event_of_any(struct task_struct *task, struct pt_regs *registers, __u32 *abi, __u64 *nr)
{
	__u32 event = tl_event_of(1, task, registers, abi, nr);

	return event ? event : tl_event_of(0, task, registers, abi, nr);
}

/* Those of the tracepoint: a map of programs takes those of one type alone. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, TL_STAGES + 2 * TL_EVENTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} tracepoint_programs SEC(".maps");

/* Is there something to be found out that needs kernel types? */
static __always_inline bool tl_collects(const struct tl_plan *plan)
{
	return plan->from || plan->target_from || plan->flags || plan->other;
}

/* A system call that is about to return `ret`; `chain` are the programs to go on with. */
static __always_inline int tl_exit(void *ctx, void *chain, __u32 door, struct pt_regs *registers, __s64 ret)
{
	struct task_struct *task = tl_task_current();
	__u32 abi, event, handler, program_id;
	__u64 nr;
	const struct tl_plan *plan;
	struct tl_task *state;
	struct tl_work *work;
	struct tl_call *call;
	bool stashed, is_mine, is_first = false, is_counted;

	event = tl_event_of(door, task, registers, &abi, &nr);
	if (!event)
		return 0;
	is_mine = tl_is_my_call(TL_TURN_CALL, door, abi, nr, registers);
	state = tl_state_current();
	if (!state)
		return 0;
	if (state->cgroup != tl_cgroup_of(task) || tl_attributes_changed(state, task)) {
		bpf_tail_call(ctx, chain, TL_STAGE_REFRESH);
		return 0;
	}
	if (!tl_wants(state, event))
		return 0;
	plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	if ((plan->flags & (TL_PLAN_EXEC | TL_PLAN_TWICE)) && ret == 0)
		return 0; /* by the hook on exec, with what it really was; a child's first steps */
	is_counted = tl_may_tally(plan, abi) && is_mine && tl_tally_call(plan, task, state, event, ret, &is_first);
	state->pending = 0;
	stashed = state->stashed == event;
	state->stashed = 0;
	if (is_counted)
		return 0;
	call = is_mine ? tl_call_claim(event, &work) : 0;
	if (!call)
		return 0;
	call->stashed = stashed;
	call->collected = 0;
	tl_choose(state, event, &handler, &program_id);
	call->slot = handler;
	tl_record_begin(&call->record, task, state, TL_RECORD_EVENT);
	call->record.program_id = program_id;
	call->record.handler = handler;
	call->record.flags = is_first * TL_RECORD_TALLIED;
	tl_record_number(&call->record, abi, nr);
	call->record.ret = abi == TL_ABI_I386 ? (__s32)ret : ret;
	tl_arguments_by(&call->record, registers, door, abi, nr);
	tl_add_namespaces(call, task, state);
	if (plan->filter)
		bpf_tail_call(ctx, chain, TL_STAGE_FILTER);
	if (tl_collects(plan))
		bpf_tail_call(ctx, chain, TL_STAGE_COLLECT);
	bpf_tail_call(ctx, chain, TL_STAGES + handler);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

/*
 * Where the result stands in the context of each hook. The fexit and kretprobe
 * programs are written as raw tracepoints: their type is changed when they are
 * copied for a hook, so the context has no type here. The tracepoint's own
 * program has one, and gets at the registers without a call: it runs on every
 * system call of the machine.
 */
#define TL_RET_AT(ctx, offset) (*(__s64 *)((char *)(ctx) + (offset)))
#define TL_RET_TRACEPOINT 8 /* tp_btf/sys_exit: registers, result */
#define TL_RET_FEXIT 8 /* fexit: registers, result */
#define TL_RET_FEXIT_BARE 0 /* fexit on a function without arguments */
#define TL_RET_KRETPROBE 80 /* kretprobe: struct pt_regs, ax */
#define TL_REGISTERS_AT(ctx) (*(struct pt_regs **)(ctx))

static __always_inline int tl_exit_hook(void *ctx, __u32 offset)
{
	return tl_exit(ctx, &programs, 1, tl_registers_of(tl_task_current()), TL_RET_AT(ctx, offset));
}

/* Whether the call's number is one that somebody wants, of whichever ABI. What is
 * beyond the table goes by its last place, as in tl_event_of(). */
static __always_inline bool tl_is_traced(struct pt_regs *registers)
{
	__u32 nr = tl_get(registers, orig_ax) & ~(__u32)TL_X32_BIT;

	return tl_config.traced[(nr < TL_NR_MAX ? nr : TL_NR_MAX - 1) & (TL_NR_MAX - 1)];
}

/* On every call of the machine, mostly one that nobody wants: so it is as little as
 * possible, without the stack and the saved registers that the rest needs. */
SEC("tp_btf/sys_exit")
int tl_exit_raw_tp(void *ctx)
{
	if (tl_is_traced(TL_REGISTERS_AT(ctx))) {
		tl_told(TL_TOLD_EXIT);
		bpf_tail_call(ctx, &tracepoint_programs, TL_STAGE_CALL);
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int tl_exit_raw_tp_again(void *ctx)
{
	if (tl_is_traced(TL_REGISTERS_AT(ctx)) && tl_untold(TL_TOLD_EXIT))
		bpf_tail_call(ctx, &tracepoint_programs, TL_STAGE_CALL);
	return 0;
}

SEC("tp_btf/sys_exit")
int tl_call_raw_tp(void *ctx)
{
	return tl_exit(ctx, &tracepoint_programs, 0, TL_REGISTERS_AT(ctx), TL_RET_AT(ctx, TL_RET_TRACEPOINT));
}

SEC("raw_tp")
int tl_exit_fexit(void *ctx)
{
	return tl_exit_hook(ctx, TL_RET_FEXIT);
}

SEC("raw_tp")
int tl_exit_fexit_bare(void *ctx)
{
	return tl_exit_hook(ctx, TL_RET_FEXIT_BARE);
}

SEC("raw_tp")
int tl_exit_kretprobe(void *ctx)
{
	return tl_exit_hook(ctx, TL_RET_KRETPROBE);
}

/* ---- Stages ---- */

/* The task is in another cgroup, or another user's, ..., than when its state was
 * worked out: so that is done again, and then all from the beginning. */
SEC("raw_tp")
int tl_refresh(void *ctx)
{
	struct tl_task *state = tl_state_current();

	if (state) {
		state->cgroup = tl_cgroup_of(tl_task_current());
		tl_state_test(state, tl_task_current());
		tl_state_combine(state, state->set, 0);
		bpf_tail_call(ctx, &programs, TL_STAGE_CALL);
	}
	return 0;
}

/* Has chroot(2) put the task's root elsewhere? The root of the machine lies on that
 * of the first file system, where the kernel unpacked its initial files. */
static __always_inline bool tl_root_is_moved(struct task_struct *task)
{
	__u64 vfsmount = (__u64)tl_get(task, fs, root.mnt), dentry = (__u64)tl_get(task, fs, root.dentry);

	for (int i = 0; i < 2; i++) {
		__u64 address = vfsmount - bpf_core_field_offset(struct mount, mnt), above;
		struct mount *mount = tl_at(struct mount, address);

		if (dentry != (__u64)tl_peek(mount, mnt.mnt_root))
			return true;
		above = (__u64)tl_peek(mount, mnt_parent);
		if (above == address)
			return false;
		dentry = (__u64)tl_peek(mount, mnt_mountpoint);
		vfsmount = above + bpf_core_field_offset(struct mount, mnt);
	}
	return true;
}

/* The directory that argument `name` starts from. An empty name that the kernel
 * took (AT_EMPTY_PATH) means that very object. */
static __always_inline void tl_add_base(struct tl_call *call, struct tl_walk *walk, struct task_struct *task,
					__u8 index, __u32 fd, __u32 name)
{
	char first = 0;

	if (!name || bpf_probe_read_user(&first, 1, (void *)call->record.args[(name - 1) & 7]) < 0)
		return;
	if (first == '/') {
		if (tl_root_is_moved(task))
			tl_add_path(walk, call->data, TL_RECORD_MAX, index, (__u64)tl_get(task, fs, root.dentry),
				    (__u64)tl_get(task, fs, root.mnt));
		return;
	}
	if (!first && call->record.ret >= 0)
		index = index == TL_PATH_BASE ? TL_PATH_FILE : TL_PATH_TARGET;
	if (fd && (__s32)call->record.args[(fd - 1) & 7] != -100 /* AT_FDCWD */) {
		__u64 file = tl_fd_file(task, call->record.args[(fd - 1) & 7]);

		if (file)
			tl_add_file(walk, call->data, TL_RECORD_MAX, index, file);
		return;
	}
	tl_add_path(walk, call->data, TL_RECORD_MAX, index, (__u64)tl_get(task, fs, pwd.dentry),
		    (__u64)tl_get(task, fs, pwd.mnt));
}

/* The sections that were found at the call's entry. */
static __always_inline bool tl_add_sections(struct tl_call *call, struct tl_stash *stash)
{
	__u32 n = stash->size, at = call->record.size;

	if (!n || n > TL_STASH_MAX || at > TL_RECORD_MAX - TL_STASH_MAX)
		return false;
	bpf_probe_read_kernel(call->data + tl_clamp(at, TL_RECORD_MAX - TL_STASH_MAX), tl_clamp(n, TL_STASH_MAX),
			      stash->data);
	call->record.size = at + n;
	return true;
}

/* Takes over what the entry hook found for this call; *ret_file is the open
 * file behind its descriptor at that time. */
static __always_inline bool tl_add_stash(struct tl_call *call, __u64 *ret_file)
{
	struct tl_stash *stash = tl_stash_current(false);

	if (!stash)
		return false;
	call->record.duration = stash->time ? call->record.time - stash->time : 0;
	*ret_file = stash->args[0];
	return tl_add_sections(call, stash);
}

/* The directory that the task is in now. */
static __always_inline void tl_add_cwd(struct tl_walk *walk, __u8 *data, __u32 max, struct task_struct *task)
{
	__u64 dentry = (__u64)tl_get(task, fs, pwd.dentry);

	tl_add_path(walk, data, max, TL_PATH_FILE, dentry, (__u64)tl_get(task, fs, pwd.mnt));
	tl_add_facts(data, max, TL_PATH_FILE, (__u64)tl_peek(tl_at(struct dentry, dentry), d_inode));
}

static __always_inline void tl_add_socket_of_call(struct tl_call *call, struct tl_walk *walk,
						  const struct tl_plan *plan, __u64 file)
{
	struct tl_socket_facts *facts = tl_add_socket(call, walk, file);

	if (facts && plan->payload)
		tl_add_dns(call, walk->slot, facts, plan->payload);
}

SEC("tp_btf/sys_exit")
int tl_collect(void *ctx)
{
	__u32 key = 0;
	struct tl_call *call = tl_call_mine_at(&key);
	const struct tl_plan *plan;
	struct task_struct *task;
	struct tl_work *work;
	struct tl_walk *walk;
	__u64 file = 0, before = 0;
	bool is_socket;

	if (!call)
		return 0;
	plan = &tl_config.plan[call->event & (TL_EVENTS_MAX - 1)];
	task = tl_task_current();
	work = bpf_map_lookup_elem(&works, &key);
	if (!work)
		goto next;
	walk = &work->walk;
	tl_walk_for(walk, task);
	if (plan->flags & TL_PLAN_IDENTITY)
		tl_add_identity(key, 1);
	if (plan->other && !call->stashed)
		tl_add_other(key, call->event);
	if (plan->target_from == TL_FROM_FD) {
		file = tl_fd_file(task, call->record.args[(plan->target_fd - 1) & 7]);
		if (file)
			tl_add_file(walk, call->data, TL_RECORD_MAX, TL_PATH_TARGET, file);
		file = 0;
	}
	if (plan->from == TL_FROM_RET && call->record.ret >= 0)
		file = tl_fd_file(task, call->record.ret);
	else if (plan->from == TL_FROM_FD && !(plan->flags & TL_PLAN_ENTRY))
		file = tl_fd_file(task, call->record.args[(plan->fd - 1) & 7]);
	is_socket = plan->flags & TL_PLAN_SOCKET || (plan->payload && file && tl_is_dns_file(file));
	/* A failed exec has its memory still: the handler reads that. */
	if (call->stashed && !(plan->flags & TL_PLAN_EXEC) && tl_add_stash(call, &before)) {
		if (file == before && file && is_socket)
			tl_add_socket_of_call(call, walk, plan, file);
		if (before || !(plan->flags & TL_PLAN_MODULE))
			goto next;
	}
	if (plan->from == TL_FROM_CWD && call->record.ret == 0) {
		tl_add_cwd(walk, call->data, TL_RECORD_MAX, task);
	} else if (file) {
		tl_add_file(walk, call->data, TL_RECORD_MAX, TL_PATH_FILE, file);
		if (is_socket)
			tl_add_socket_of_call(call, walk, plan, file);
	} else if (plan->name) {
		tl_add_base(call, walk, task, TL_PATH_BASE, plan->fd, plan->name);
		tl_add_base(call, walk, task, TL_PATH_BASE_TARGET, plan->target_fd, plan->target_name);
	}
next:
	call->collected = 1;
	if (plan->late_filter)
		bpf_tail_call(ctx, &tracepoint_programs, TL_STAGE_FILTER);
	bpf_tail_call(ctx, &tracepoint_programs, TL_STAGES + call->slot);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

/* An event that nobody can want ends here, before anything is collected for it if that
 * can be told so soon. */
SEC("tp_btf/sys_exit")
int tl_filter(void *ctx)
{
	__u32 key = 0;
	struct tl_call *call = tl_call_mine_at(&key);
	const struct tl_plan *plan;

	if (!call)
		return 0;
	plan = &tl_config.plan[call->event & (TL_EVENTS_MAX - 1)];
	if (!tl_filter_passes(plan, call, key)) {
		tl_call_filter(call);
		return 0;
	}
	if (!call->collected && tl_collects(plan))
		bpf_tail_call(ctx, &tracepoint_programs, TL_STAGE_COLLECT);
	bpf_tail_call(ctx, &tracepoint_programs, TL_STAGES + call->slot);
	tl_call_drop(call, TL_REFUSED_HANDLER);
	return 0;
}

static __always_inline int tl_send_call(void *ctx, struct tl_call *call)
{
	struct tl_task *state;
	__u16 flags;
	__u64 seq;

	flags = call->record.flags;
	seq = tl_record_send(call);
	if (!seq || !(flags & TL_RECORD_TALLIED))
		return 0;
	state = tl_state_current();
	if (!state)
		return 0;
	state->counted = seq;
	bpf_tail_call(ctx, &programs, TL_STAGE_TALLIED);
	state->counted = 0;
	return 0;
}

SEC("raw_tp")
int tl_send(void *ctx)
{
	struct tl_call *call = tl_call_mine();

	return call ? tl_send_call(ctx, call) : 0;
}

/* In its place where there are filters. */
SEC("raw_tp")
int tl_send_filtered(void *ctx)
{
	__u32 key = 0, filter;
	struct tl_call *call = tl_call_mine_at(&key);

	if (!call)
		return 0;
	filter = tl_config.plan[call->event & (TL_EVENTS_MAX - 1)].last_filter;
	if (!filter || tl_filter_lets(filter, key))
		return tl_send_call(ctx, call);
	tl_call_filter(call);
	return 0;
}

#include "module.h"
#include "object.h"

/* ---- Entry: for calls after which what they were about is gone ---- */

#define TL_ASKED_ARGV_MAX 2560 /* with a whole path it fits a stash */

/* How an exec was asked for. When it has succeeded the memory with its name and
 * arguments is gone, and the registers say that it was another call. */
static __always_inline int tl_exec_asked(struct task_struct *task, struct pt_regs *registers, bool has_twin)
{
	const struct tl_plan *plan;
	struct tl_stash *stash;
	struct tl_walk *walk;
	struct tl_call *call;
	__u32 abi, event;
	__u64 nr;

	event = tl_event_of_any(task, registers, &abi, &nr);
	plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	if (!event || !(plan->flags & TL_PLAN_EXEC))
		return 0;
	stash = tl_stash_current(true);
	if (has_twin && stash && stash->event == event)
		return 0; /* of the first one: from here on the call does not fail any more */
	call = stash ? tl_stash_begin(task, &walk) : 0;
	if (!call)
		return 0;
	call->record.abi = abi;
	tl_arguments(&call->record, registers, abi);
	if (plan->name == 1) {
		tl_capture_string(call, 1, TL_PATH_MAX);
		tl_capture_argv(call, 2, TL_ASKED_ARGV_MAX);
	} else {
		tl_capture_string(call, 2, TL_PATH_MAX);
		tl_capture_argv(call, 3, TL_ASKED_ARGV_MAX);
	}
	stash->time = bpf_ktime_get_boot_ns();
	stash->abi = abi;
	stash->nr = nr;
	bpf_probe_read_kernel(stash->args, sizeof(stash->args), call->record.args);
	tl_stash_end(call, stash, 0, event);
	return 0;
}

/* The last moment before the old memory goes, where a kernel has it (6.10). */
SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(tl_prepare_exec, struct task_struct *task)
{
	return tl_exec_asked(task, tl_registers_of(task), tl_twice);
}

/* Elsewhere the calls' entry. */
SEC("tp_btf/sys_enter")
int tl_enter_exec_raw_tp(void *ctx)
{
	return tl_exec_asked(tl_task_current(), TL_REGISTERS_AT(ctx), false);
}

SEC("raw_tp")
int tl_enter_exec_hook(void *ctx)
{
	struct task_struct *task = tl_task_current();

	return tl_exec_asked(task, tl_registers_of(task), false);
}

/* Can others change what the task's descriptors stand for while it is in a call? */
static __always_inline bool tl_shares_files(struct task_struct *task)
{
	return tl_get(task, files, count.counter) > 1;
}

/* A call that never returns: all that its event has is known now. Its arguments
 * are numbers, so no handler is needed. */
static __always_inline void tl_enter_last(struct task_struct *task, struct tl_task *state, struct pt_regs *registers,
					  __u32 event, __u32 abi, __u64 nr)
{
	struct tl_work *work;
	struct tl_call *call = tl_call_claim(event, &work);

	if (!call)
		return;
	tl_record_begin(&call->record, task, state, TL_RECORD_EVENT);
	tl_choose(state, event, &call->record.handler, &call->record.program_id);
	tl_record_number(&call->record, abi, nr);
	tl_arguments(&call->record, registers, abi);
	tl_add_namespaces(call, task, state);
	tl_record_send(call);
}

/* The socket's facts, which come first, and where its ends are bound as far as a stash has room. */
static __always_inline void tl_stash_socket(struct tl_call *call, struct tl_walk *walk, __u64 file)
{
	__u32 before = call->record.size;

	tl_add_socket(call, walk, file);
	if (call->record.size <= TL_STASH_BEGIN + TL_STASH_MAX)
		return;
	tl_refuse(TL_REFUSED_STASH);
	call->record.size = before + sizeof(struct tl_section) + sizeof(struct tl_socket_facts);
}

static __always_inline int tl_enter(__u32 door, struct pt_regs *registers)
{
	struct task_struct *task = tl_task_current();
	__u64 nr, file;
	const struct tl_plan *plan;
	struct tl_stash *stash;
	struct tl_task *state;
	struct tl_call *call;
	struct tl_walk *walk;
	__u32 abi, event;
	bool is_mine;

	event = tl_event_of(door, task, registers, &abi, &nr);
	if (!event)
		return 0;
	plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	is_mine = !(plan->flags & TL_PLAN_NO_RETURN) || tl_is_my_call(TL_TURN_LAST_CALL, door, abi, nr, registers);
	if (!(plan->flags & (TL_PLAN_NO_RETURN | TL_PLAN_ENTRY)) &&
	    (plan->from != TL_FROM_FD || !tl_shares_files(task)))
		return 0;
	state = tl_state_current();
	if (!state || !tl_wants(state, event))
		return 0;
	if (plan->flags & TL_PLAN_NO_RETURN) {
		if (is_mine)
			tl_enter_last(task, state, registers, event, abi, nr);
		return 0;
	}
	stash = tl_stash_current(true);
	call = stash ? tl_stash_begin(task, &walk) : 0;
	if (!call)
		return 0;
	stash->time = bpf_ktime_get_boot_ns();
	tl_arguments_by(&call->record, registers, door, abi, nr);
	if (plan->flags & TL_PLAN_IDENTITY)
		tl_add_identity(walk->slot, 0);
	if (plan->other)
		tl_add_other(walk->slot, event);
	file = plan->from == TL_FROM_FD ? tl_fd_file(task, call->record.args[(plan->fd - 1) & 7]) : 0;
	stash->args[0] = file;
	if (file) {
		tl_add_file(walk, call->data, TL_RECORD_MAX, TL_PATH_FILE, file);
		if (plan->flags & TL_PLAN_SOCKET)
			tl_stash_socket(call, walk, file);
	}
	tl_stash_end(call, stash, state, event);
	return 0;
}

SEC("tp_btf/sys_enter")
int tl_enter_raw_tp(void *ctx)
{
	if (!tl_is_traced(TL_REGISTERS_AT(ctx)))
		return 0;
	tl_told(TL_TOLD_ENTRY);
	return tl_enter(0, TL_REGISTERS_AT(ctx));
}

SEC("tp_btf/sys_enter")
int tl_enter_raw_tp_again(void *ctx)
{
	if (!tl_is_traced(TL_REGISTERS_AT(ctx)) || !tl_untold(TL_TOLD_ENTRY))
		return 0;
	return tl_enter(0, TL_REGISTERS_AT(ctx));
}

SEC("raw_tp")
int tl_enter_hook(void *ctx)
{
	return tl_enter(1, tl_registers_of(tl_task_current()));
}

/* A kretprobe may find no room for its return address; then the call's return
 * goes unseen, which the task's next call tells. */
SEC("raw_tp")
int tl_enter_kprobe(void *ctx)
{
	struct task_struct *task = tl_task_current();
	struct pt_regs *registers = tl_registers_of(task);
	struct tl_account *account;
	struct tl_task *state;
	__u32 abi, event;
	__u64 nr;

	event = tl_event_of(1, task, registers, &abi, &nr);
	state = event ? tl_state_current() : 0;
	if (!state || !tl_wants(state, event))
		return 0;
	if (state->pending && tl_is_my_time()) {
		account = tl_account_of(state->pending);
		if (account) {
			tl_count(&account->seen, 1);
			tl_count(&account->lost, 1);
		}
		tl_refuse(TL_REFUSED_PENDING);
	}
	state->stashed = 0; /* of a call whose return went unseen */
	state->pending = tl_config.plan[event & (TL_EVENTS_MAX - 1)].flags & TL_PLAN_NO_RETURN ? 0 : event;
	return tl_enter(1, tl_registers_of(tl_task_current()));
}
