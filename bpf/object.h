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

/* The stash for the current call, if its event is wanted and takes its object
 * from here; what an earlier function of the same call left stays. */
static __always_inline struct tl_stash *tl_object_begin(__u64 task)
{
	__u64 nr, registers = tl_registers_of(task);
	const struct tl_plan *plan;
	struct tl_stash *stash;
	struct tl_task *state;
	__u32 abi, event;

	event = tl_event_of(1, task, registers, &abi, &nr);
	if (!event)
		event = tl_event_of(0, task, registers, &abi, &nr);
	if (!event)
		return 0;
	plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	if (plan->from != TL_FROM_AT && plan->from != TL_FROM_NAME)
		return 0;
	state = tl_state_current();
	if (!state || !tl_wants(state, event))
		return 0;
	stash = tl_stash_current(true);
	if (!stash || stash->event == event)
		return 0;
	stash->event = event;
	stash->time = 0;
	*(__u32 *)stash->data = 8;
	tl_walk_root(&stash->walk, task);
	return stash;
}

static __always_inline void tl_object_add(struct tl_stash *stash, __u8 index, __u64 dentry, __u64 vfsmount)
{
	tl_add_path(&stash->walk, stash->data, TL_STASH_MAX, index, dentry, vfsmount);
	tl_add_facts(stash->data, TL_STASH_MAX, index, (__u64)tl_read(struct dentry, dentry, d_inode));
}

/* f(path) */
static __always_inline int tl_object_path(__u64 path)
{
	struct tl_stash *stash = tl_object_begin(tl_task_current());

	if (stash)
		tl_object_add(stash, TL_PATH_FILE, (__u64)tl_read(struct path, path, dentry),
			      (__u64)tl_read(struct path, path, mnt));
	return 0;
}

/* f(directory, dentry in it) */
static __always_inline int tl_object_entry(__u64 directory, __u64 dentry)
{
	struct tl_stash *stash = tl_object_begin(tl_task_current());

	if (stash)
		tl_object_add(stash, TL_PATH_FILE, dentry, (__u64)tl_read(struct path, directory, mnt));
	return 0;
}

/* f(directory, dentry, other directory, other dentry) */
static __always_inline int tl_object_pair(__u64 directory, __u64 dentry, __u64 other_directory, __u64 other_dentry)
{
	struct tl_stash *stash = tl_object_begin(tl_task_current());

	if (!stash)
		return 0;
	tl_object_add(stash, TL_PATH_FILE, dentry, (__u64)tl_read(struct path, directory, mnt));
	tl_object_add(stash, TL_PATH_TARGET, other_dentry, (__u64)tl_read(struct path, other_directory, mnt));
	return 0;
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

#endif
