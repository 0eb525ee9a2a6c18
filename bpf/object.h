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
	if (plan->from != TL_FROM_AT && plan->from != TL_FROM_NAME)
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

#define TL_ARGUMENT(ctx, offset) (*(__u64 *)((char *)(ctx) + (offset)))

/* fentry: the arguments in order. Written as raw tracepoints, like the rest. */
SEC("raw_tp")
int tl_object_path_fentry(void *ctx)
{
	return tl_object_path(TL_ARGUMENT(ctx, 0));
}

SEC("raw_tp")
int tl_object_path2_fentry(void *ctx)
{
	return tl_object_path(TL_ARGUMENT(ctx, 8));
}

SEC("raw_tp")
int tl_object_entry_fentry(void *ctx)
{
	return tl_object_entry(TL_ARGUMENT(ctx, 0), TL_ARGUMENT(ctx, 8));
}

SEC("raw_tp")
int tl_object_pair_fentry(void *ctx)
{
	return tl_object_pair(TL_ARGUMENT(ctx, 0), TL_ARGUMENT(ctx, 8), TL_ARGUMENT(ctx, 16), TL_ARGUMENT(ctx, 24));
}

SEC("raw_tp")
int tl_object_link_fentry(void *ctx)
{
	return tl_object_link(TL_ARGUMENT(ctx, 0), TL_ARGUMENT(ctx, 8), TL_ARGUMENT(ctx, 16));
}

/* kprobe: struct pt_regs, arguments in di, si, dx, cx. */
SEC("kprobe")
int tl_object_path_kprobe(void *ctx)
{
	return tl_object_path(TL_ARGUMENT(ctx, 112));
}

SEC("kprobe")
int tl_object_path2_kprobe(void *ctx)
{
	return tl_object_path(TL_ARGUMENT(ctx, 104));
}

SEC("kprobe")
int tl_object_entry_kprobe(void *ctx)
{
	return tl_object_entry(TL_ARGUMENT(ctx, 112), TL_ARGUMENT(ctx, 104));
}

SEC("kprobe")
int tl_object_pair_kprobe(void *ctx)
{
	return tl_object_pair(TL_ARGUMENT(ctx, 112), TL_ARGUMENT(ctx, 104), TL_ARGUMENT(ctx, 96), TL_ARGUMENT(ctx, 88));
}

SEC("kprobe")
int tl_object_link_kprobe(void *ctx)
{
	return tl_object_link(TL_ARGUMENT(ctx, 112), TL_ARGUMENT(ctx, 104), TL_ARGUMENT(ctx, 96));
}

#endif
