/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which terms the program that a task runs does not rule out: by its path, and by the
 * object that it is. An object has more than one path by hard links and bind mounts,
 * and loses its own when another one is put in its place.
 */
#ifndef TRACELEFT_EXECUTABLE_H
#define TRACELEFT_EXECUTABLE_H

#include "follow.h"

/* What paths without wildcards led to when the policy was loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct tl_object_key);
	__type(value, struct tl_object);
} objects SEC(".maps");

/* And whenever such a path is run since: the latest. Whoever may replace a program as often
 * as he likes drives out those that he put there himself. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct tl_object_key);
	__type(value, struct tl_object);
} learned_objects SEC(".maps");

/* Terms of the object by its other names; 0: it is not known. `exact`: those of the path
 * without wildcards that it was run by, 0: of none; they are its own from then on, if it
 * was not known yet. */
static __always_inline __u32 tl_object_terms(struct task_struct *task, __u32 exact)
{
	struct tl_object_key key = {};
	struct tl_object learned = { .terms = exact }, *known;

	if (!tl_config.by_object)
		return 0;
	key.inode = tl_get(task, mm, exe_file, f_inode, i_ino);
	key.device = tl_get(task, mm, exe_file, f_inode, i_sb, s_dev);
	key.generation = tl_get(task, mm, exe_file, f_inode, i_generation);
	known = bpf_map_lookup_elem(&objects, &key);
	if (known)
		return known->terms;
	known = bpf_map_lookup_elem(&learned_objects, &key);
	if (known)
		return known->terms;
	/* Who mounts what he likes in a namespace of his own says nothing of the object elsewhere. */
	if (exact && tl_get(task, nsproxy, mnt_ns, ns.inum) == tl_config.first_mntns &&
	    tl_map_update(&learned_objects, &key, &learned, BPF_ANY) < 0)
		tl_refuse(TL_REFUSED_OBJECT);
	key.generation = 0;
	known = bpf_map_lookup_elem(&objects, &key);
	return known && known->any_generation ? known->terms : 0;
}

/* Is the tree of mounts one that a user has made, who is root but there? He may call a
 * program what he likes: that name makes it a target's, but leaves it out of none. */
static __always_inline bool tl_names_are_feigned(struct task_struct *task)
{
	return tl_get(task, nsproxy, mnt_ns, user_ns, ns.inum) != TL_FIRST_USER_NAMESPACE;
}

/* Works them out, in a slot's bytes. */
static __always_inline void tl_state_run(struct tl_task *state, struct task_struct *task)
{
	__u64 dentry = (__u64)tl_get(task, mm, exe_file, f_path.dentry);
	struct tl_work *work;
	struct tl_call *call;
	__u32 used;

	state->exe_terms = tl_config.exe_none;
	state->exe_object = 0;
	state->exe_feigned = tl_names_are_feigned(task);
	if (!dentry)
		return;
	call = tl_slot_claim(&work);
	if (!call) {
		tl_refuse(TL_REFUSED_SLOT);
		return;
	}
	tl_walk_for(&work->walk, task);
	used = tl_climb(&work->walk, 0, dentry, (__u64)tl_get(task, mm, exe_file, f_path.mnt));
	work->match.exact = 0;
	/* Names outside of the process's tree of mounts prove nothing. */
	if (!(work->walk.flags & TL_SECTION_DETACHED))
		state->exe_terms = tl_match_executable(&work->match, work->walk.slot, used);
	if (state->exe_feigned && state->exe_terms == tl_config.nobody)
		state->exe_terms = tl_config.exe_none;
	state->exe_object = tl_object_terms(task, work->match.exact);
	if (state->exe_terms == tl_config.nobody)
		state->exe_object = 0;
	call->owner = 0;
}

#endif
