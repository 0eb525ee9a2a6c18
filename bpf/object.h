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

#include "requests.h"

/* Do events of that id take their objects from here? */
static __always_inline bool tl_names_object(__u32 event)
{
	const struct tl_plan *plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];

	return (plan->from == TL_FROM_AT || plan->from == TL_FROM_NAME) && !(plan->flags & TL_PLAN_EXEC);
}

/* Who is to be told of an object: the call under way, or a request of io_uring. */
struct tl_asker {
	__u32 event; /* 0: nobody */
	struct tl_task *state; /* of the call; NULL: it is a request */
	struct tl_request_key key; /* of what the request names */
};

/* The current call, if its event is wanted and takes its object from here; what an
 * earlier function of the same call left stays. */
static __always_inline void tl_asker_of_call(struct task_struct *task, struct tl_asker *asker)
{
	struct pt_regs *registers = tl_registers_of(task);
	struct tl_task *state;
	__u32 abi, event;
	__u64 nr;

	event = tl_event_of_any(task, registers, &abi, &nr);
	if (!event || !tl_names_object(event))
		return;
	state = tl_state_current();
	if (!state || !tl_wants(state, event) || state->stashed == event)
		return;
	asker->state = state;
	asker->event = event;
}

/* Same of the request that the current task works at. What is known of it but where a lookup
 * will have its object is nothing yet. */
static __always_inline void tl_asker_of_request(__u64 request, struct tl_asker *asker)
{
	const struct tl_call *kept = tl_request_find(request, &asker->key), *object;

	if (!kept || !tl_names_object(kept->event))
		return;
	asker->key.request = request;
	asker->key.user_data = 0;
	asker->key.n = TL_REQUEST_OBJECT;
	object = tl_request_kept(&asker->key);
	if (!object || object->record.size == TL_STASH_BEGIN)
		asker->event = kept->event;
}

static __always_inline void tl_find_asker(struct tl_asker *asker)
{
	struct task_struct *task = tl_task_current();
	__u64 request = tl_request_running(task);

	__builtin_memset(asker, 0, sizeof(*asker));
	if (request)
		tl_asker_of_request(request, asker);
	else
		tl_asker_of_call(task, asker);
}

static __always_inline void tl_object_add(struct tl_call *call, struct tl_walk *walk, __u8 index, __u64 dentry,
					  __u64 vfsmount)
{
	struct dentry *at = tl_at(struct dentry, dentry);

	tl_add_path(walk, call->data, TL_RECORD_MAX, index, dentry, vfsmount);
	tl_add_facts(call->data, TL_RECORD_MAX, index, (__u64)tl_peek(at, d_inode));
}

static __always_inline void tl_keep_for_request(struct tl_call *call, const struct tl_request_key *key)
{
	tl_request_forget(key);
	if (!tl_request_put(call, key))
		tl_refuse(TL_REFUSED_STASH);
	call->owner = 0;
}

/* One object, or two if `other` is not 0. */
static __always_inline int tl_object(__u64 dentry, __u64 vfsmount, __u64 other, __u64 other_vfsmount)
{
	struct tl_stash *stash = 0;
	struct tl_asker asker;
	struct tl_walk *walk;
	struct tl_call *call;

	tl_find_asker(&asker);
	if (asker.state)
		stash = tl_stash_current(true);
	if (!asker.event || (asker.state && !stash))
		return 0;
	call = tl_stash_begin(tl_task_current(), &walk);
	if (!call)
		return 0;
	tl_object_add(call, walk, TL_PATH_FILE, dentry, vfsmount);
	if (other)
		tl_object_add(call, walk, TL_PATH_TARGET, other, other_vfsmount);
	if (stash) {
		stash->time = 0;
		tl_stash_end(call, stash, asker.state, asker.event);
	} else {
		tl_keep_for_request(call, &asker.key);
	}
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
static __always_inline bool tl_is_looked_up(struct tl_asker *ret_asker)
{
	tl_find_asker(ret_asker);
	return ret_asker->event && !tl_config.plan[ret_asker->event & (TL_EVENTS_MAX - 1)].target_from;
}

/* f(.., path) returns 0 if it has found it */
static __always_inline int tl_object_found(__u64 address, __u64 ret)
{
	struct tl_asker asker;

	return (__s32)ret == 0 && tl_is_looked_up(&asker) ? tl_object_path(address) : 0;
}

/* Where the call under way will have what it looks up: when a probed function
 * returns, nobody knows its arguments. */
static __always_inline int tl_object_expect(__u64 address)
{
	struct tl_asker asker;
	struct tl_walk *walk;
	struct tl_call *call;

	if (!tl_is_looked_up(&asker))
		return 0;
	if (asker.state) {
		asker.state->lookup = address;
		return 0;
	}
	call = tl_stash_begin(tl_task_current(), &walk);
	if (call) {
		call->record.time = address;
		tl_keep_for_request(call, &asker.key);
	}
	return 0;
}

static __always_inline int tl_object_expected(__u64 ret)
{
	const struct tl_call *object;
	struct tl_asker asker;
	__u64 address = 0;

	if (!tl_is_looked_up(&asker))
		return 0;
	if (asker.state) {
		address = asker.state->lookup;
		asker.state->lookup = 0;
	} else {
		object = tl_request_kept(&asker.key);
		if (object)
			address = object->record.time;
	}
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
