/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of calls that name them: by the time such a call returns nothing
 * refers to what its name was resolved to. The kernel asks its security layer
 * about the very object, so a hook there sees it, and leaves its path for the
 * call's exit. Only where functions can be hooked; elsewhere the reader
 * composes a claim from directory and name.
 */
#ifndef TRACELEFT_OBJECT_H
#define TRACELEFT_OBJECT_H

#include "record.h"

/* Id of the current call's event, if it is wanted and takes its object from
 * here; what an earlier function of the same call left stays. */
static __always_inline __u32 tl_object_wanted(struct task_struct *task, struct tl_task **ret_state)
{
	struct pt_regs *registers = tl_registers_of(task);
	const struct tl_plan *plan;
	struct tl_task *state;
	__u32 abi, event;
	__u64 nr;

	event = tl_event_of_any(task, registers, &abi, &nr);
	if (!event)
		return 0;
	plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	if ((plan->from != TL_FROM_AT && plan->from != TL_FROM_NAME) || plan->flags & TL_PLAN_EXEC)
		return 0;
	state = tl_state_current();
	if (!state || !tl_wants(state, event))
		return 0;
	*ret_state = state;
	return state->stashed == event ? 0 : event;
}

static __always_inline void tl_object_add(struct tl_call *call, struct tl_walk *walk, __u8 index, __u64 dentry,
					  __u64 vfsmount)
{
	struct dentry *at = tl_at(struct dentry, dentry);

	tl_add_path(walk, call->data, TL_RECORD_MAX, index, dentry, vfsmount);
	tl_add_facts(call->data, TL_RECORD_MAX, index, (__u64)tl_peek(at, d_inode));
}

/* One object, or two if `other` is not 0. */
static __always_inline int tl_object(__u64 dentry, __u64 vfsmount, __u64 other, __u64 other_vfsmount)
{
	struct task_struct *task = tl_task_current();
	struct tl_task *state = 0;
	__u32 event = tl_object_wanted(task, &state);
	struct tl_stash *stash;
	struct tl_walk *walk;
	struct tl_call *call;

	if (!event)
		return 0;
	stash = tl_stash_current(true);
	call = stash ? tl_stash_begin(task, &walk) : 0;
	if (!call)
		return 0;
	tl_object_add(call, walk, TL_PATH_FILE, dentry, vfsmount);
	if (other)
		tl_object_add(call, walk, TL_PATH_TARGET, other, other_vfsmount);
	stash->time = 0;
	tl_stash_end(call, stash, state, event);
	return 0;
}

/* f(path) */
static __always_inline int tl_object_path(__u64 address)
{
	struct path *path = tl_at(struct path, address);

	return tl_object((__u64)tl_peek(path, dentry), (__u64)tl_peek(path, mnt), 0, 0);
}

/* f(directory, dentry in it) */
static __always_inline int tl_object_entry(__u64 address, __u64 dentry)
{
	struct path *directory = tl_at(struct path, address);

	return tl_object(dentry, (__u64)tl_peek(directory, mnt), 0, 0);
}

/* f(directory, dentry, other directory, other dentry) */
static __always_inline int tl_object_pair(__u64 address, __u64 dentry, __u64 other_address, __u64 other_dentry)
{
	struct path *directory = tl_at(struct path, address), *other = tl_at(struct path, other_address);

	return tl_object(dentry, (__u64)tl_peek(directory, mnt), other_dentry, (__u64)tl_peek(other, mnt));
}

/* f(dentry, directory, new dentry in it): both are on one mount. */
static __always_inline int tl_object_link(__u64 dentry, __u64 address, __u64 other_dentry)
{
	struct path *directory = tl_at(struct path, address);
	__u64 vfsmount = (__u64)tl_peek(directory, mnt);

	return tl_object(dentry, vfsmount, other_dentry, vfsmount);
}

/* f(path, other path) */
static __always_inline int tl_object_paths(__u64 address, __u64 other_address)
{
	struct path *path = tl_at(struct path, address), *other = tl_at(struct path, other_address);

	return tl_object((__u64)tl_peek(path, dentry), (__u64)tl_peek(path, mnt), (__u64)tl_peek(other, dentry),
			 (__u64)tl_peek(other, mnt));
}

/* f(mount): what is mounted there is at its root. */
static __always_inline int tl_object_mount(__u64 vfsmount)
{
	__u64 address = vfsmount - bpf_core_field_offset(struct mount, mnt);

	return tl_object((__u64)tl_peek(tl_at(struct mount, address), mnt.mnt_root), vfsmount, 0, 0);
}

/* f(file) */
static __always_inline int tl_object_file(__u64 address)
{
	struct file *file = tl_at(struct file, address);

	return tl_object((__u64)tl_peek(file, f_path.dentry), (__u64)tl_peek(file, f_path.mnt), 0, 0);
}

/* Of a call of two names a lookup finds one: another function has both. */
static __always_inline bool tl_is_looked_up(struct tl_task **ret_state)
{
	__u32 event = tl_object_wanted(tl_task_current(), ret_state);

	return event && !tl_config.plan[event & (TL_EVENTS_MAX - 1)].target_from;
}

/* f(.., path) returns 0 if it has found it */
static __always_inline int tl_object_found(__u64 address, __u64 ret)
{
	struct tl_task *state = 0;

	return (__s32)ret == 0 && tl_is_looked_up(&state) ? tl_object_path(address) : 0;
}

/* Where the call under way will have what it looks up: when a probed function
 * returns, nobody knows its arguments. */
static __always_inline int tl_object_expect(__u64 address)
{
	struct tl_task *state = 0;

	if (tl_is_looked_up(&state))
		state->lookup = address;
	return 0;
}

static __always_inline int tl_object_expected(__u64 ret)
{
	struct tl_task *state = 0;
	__u64 address;

	if (!tl_is_looked_up(&state))
		return 0;
	address = state->lookup;
	state->lookup = 0;
	return address && (__s32)ret == 0 ? tl_object_path(address) : 0;
}

#define TL_ARGUMENT(ctx, offset) (*(__u64 *)((char *)(ctx) + (offset)))

/* fentry: the arguments in order, behind them the result. Written as raw tracepoints, like the rest. */
#define TL_FENTRY(i) TL_ARGUMENT(ctx, 8 * (i))
/* kprobe: struct pt_regs, arguments in di, si, dx, cx, the result in ax. */
#define TL_KPROBE(i) TL_ARGUMENT(ctx, 112 - 8 * (i))
#define TL_KRETPROBE TL_ARGUMENT(ctx, 80)

#define TL_OBJECT_HOOK(section, name, what) \
	SEC(section)                        \
	int tl_object_##name(void *ctx)     \
	{                                   \
		return what;                \
	}

TL_OBJECT_HOOK("raw_tp", path_fentry, tl_object_path(TL_FENTRY(0)))
TL_OBJECT_HOOK("kprobe", path_kprobe, tl_object_path(TL_KPROBE(0)))
TL_OBJECT_HOOK("raw_tp", path2_fentry, tl_object_path(TL_FENTRY(1)))
TL_OBJECT_HOOK("kprobe", path2_kprobe, tl_object_path(TL_KPROBE(1)))
TL_OBJECT_HOOK("raw_tp", paths_fentry, tl_object_paths(TL_FENTRY(0), TL_FENTRY(1)))
TL_OBJECT_HOOK("kprobe", paths_kprobe, tl_object_paths(TL_KPROBE(0), TL_KPROBE(1)))
TL_OBJECT_HOOK("raw_tp", swapped_fentry, tl_object_paths(TL_FENTRY(1), TL_FENTRY(0)))
TL_OBJECT_HOOK("kprobe", swapped_kprobe, tl_object_paths(TL_KPROBE(1), TL_KPROBE(0)))
TL_OBJECT_HOOK("raw_tp", entry_fentry, tl_object_entry(TL_FENTRY(0), TL_FENTRY(1)))
TL_OBJECT_HOOK("kprobe", entry_kprobe, tl_object_entry(TL_KPROBE(0), TL_KPROBE(1)))
TL_OBJECT_HOOK("raw_tp", pair_fentry, tl_object_pair(TL_FENTRY(0), TL_FENTRY(1), TL_FENTRY(2), TL_FENTRY(3)))
TL_OBJECT_HOOK("kprobe", pair_kprobe, tl_object_pair(TL_KPROBE(0), TL_KPROBE(1), TL_KPROBE(2), TL_KPROBE(3)))
TL_OBJECT_HOOK("raw_tp", link_fentry, tl_object_link(TL_FENTRY(0), TL_FENTRY(1), TL_FENTRY(2)))
TL_OBJECT_HOOK("kprobe", link_kprobe, tl_object_link(TL_KPROBE(0), TL_KPROBE(1), TL_KPROBE(2)))
TL_OBJECT_HOOK("raw_tp", mount_fentry, tl_object_mount(TL_FENTRY(0)))
TL_OBJECT_HOOK("kprobe", mount_kprobe, tl_object_mount(TL_KPROBE(0)))
TL_OBJECT_HOOK("raw_tp", file_fentry, tl_object_file(TL_FENTRY(0)))
TL_OBJECT_HOOK("kprobe", file_kprobe, tl_object_file(TL_KPROBE(0)))
TL_OBJECT_HOOK("raw_tp", lookup_fexit, tl_object_found(TL_FENTRY(3), TL_FENTRY(5)))
TL_OBJECT_HOOK("kprobe", lookup_kprobe, tl_object_expect(TL_KPROBE(3)))
TL_OBJECT_HOOK("kprobe", lookup_kretprobe, tl_object_expected(TL_KRETPROBE))

#endif
