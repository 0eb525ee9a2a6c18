/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a task is to us: every task has a state that says which target terms it
 * matches and which events these want. A state is worked out (see follow.h) when
 * the task is born, runs another program or is found in another cgroup; system
 * calls only look at it.
 */
#ifndef TRACELEFT_TASK_H
#define TRACELEFT_TASK_H

#include "check.h"
#include "kernel.h"
#include "maps.h"
#include "path.h"

struct tl_config tl_config;

struct tl_task {
	__u64 set; /* hash of the terms matched; 0: none */
	__u64 wants[TL_EVENT_WORDS]; /* bit per event id */
	__u64 cgroup; /* what the state was worked out for */
	__u64 attributes; /* same: a hash of them */
	__u64 start; /* of the process */
	__u64 nsproxy; /* its namespaces when its reader was last told of them */
	__u64 lookup; /* where the running call will have its object; 0: nobody knows */
	__u16 overriding[TL_OVERRIDING_MAX]; /* as in its set */
	__u32 exe_terms; /* keys of map terms */
	__u32 exe_object; /* same, of the program by other names than its own; 0: none are known */
	__u32 exe_feigned; /* its name may be: see tl_names_are_feigned() */
	__u32 pad;
	__u32 pid_terms;
	__u32 attribute_terms[TL_ATTRIBUTE_KINDS]; /* 0: no target asks for it */
	__u32 pending; /* kprobe: event whose return is awaited; 0: none */
	__u32 stashed; /* event of the running call that the stash is for; 0: none */
	__u32 ended; /* of a process's first thread: the end has been told */
	__u32 exec; /* number of the exec that the state was last worked out for; see tl_twice */
	__u32 told; /* TL_TOLD_*: the first of two programs has seen to the call */
	/* The running call, if it may be counted: */
	__u32 counting; /* its event */
	__u32 counting_pad;
	__u64 counted; /* number of its record, while that is put among those that are counted */
	__s64 counted_ret;
};

/*
 * Whether some programs are on their hooks twice, one behind the other. Where the kernel
 * may give the CPU to another task inside a program, it skips that program for all tasks
 * that meet it there meanwhile; they meet the second one. What the first has done there is
 * nothing left of for the second. Set before loading.
 */
#ifdef TL_BUILD_TYPED
const volatile bool tl_twice SEC(".rodata.twice") = false;
#else
#define tl_twice false /* these kernels do not preempt tracing programs */
#endif

#define TL_TOLD_EXIT 1 /* of a call */
#define TL_TOLD_ENTRY 2
#define TL_TOLD_NETWORK 4
#define TL_TOLD_FORK 8 /* of a child: its birth, whoever made its state */

/* What was found at a call's entry and is needed at its exit: sections. With
 * the storage's own header it has to stay below 8 KiB, the most that newer
 * kernels give to a task's storage. */
#define TL_STASH_MAX 7680
struct tl_stash {
	__u64 time;
	__u32 event; /* 0: empty */
	__u32 size;
	__u32 abi; /* EXEC: how the call was made, which its success forgets */
	__u32 nr;
	__u64 args[TL_ARGS];
	__u8 data[TL_STASH_MAX];
};

#if TL_HAS_TASK_STORAGE
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tl_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tl_stash);
} stashes SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct tl_task);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct tl_stash);
} stashes SEC(".maps");

/* A stash is too large for the stack: new ones are copies of this. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_stash);
} empty_stash SEC(".maps");
#endif

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tl_override_key);
	__type(value, struct tl_override);
} overrides SEC(".maps");

static __always_inline struct task_struct *tl_task_current(void)
{
#if TL_HAS_TASK_STORAGE
	return bpf_get_current_task_btf();
#else
	return (struct task_struct *)bpf_get_current_task();
#endif
}

static __always_inline struct pt_regs *tl_registers_of(struct task_struct *task)
{
#if TL_HAS_TASK_STORAGE
	return (struct pt_regs *)bpf_task_pt_regs(task);
#else
	return (struct pt_regs *)((__u64)tl_get(task, stack) + TL_THREAD_SIZE - TL_REGISTERS_SIZE);
#endif
}

static __always_inline struct tl_task *tl_state_current(void)
{
#if TL_HAS_TASK_STORAGE
	return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
#else
	__u32 tid = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&tasks, &tid);
#endif
}

/* The first of two programs is about to see to the current task's call. */
static __always_inline void tl_told(__u32 what)
{
	struct tl_task *state = tl_twice ? tl_state_current() : 0;

	if (state)
		state->told |= what;
}

/* For the second: is it left to it? */
static __always_inline bool tl_untold(__u32 what)
{
	struct tl_task *state = tl_state_current();
	bool untold = state && !(state->told & what);

	if (state)
		state->told &= ~what;
	return untold;
}

/* `task` as a hook's argument gave it. */
static __always_inline struct tl_task *tl_state_of(struct task_struct *task)
{
#if TL_HAS_TASK_STORAGE
	return bpf_task_storage_get(&tasks, task, 0, 0);
#else
	__u32 tid = task->pid;

	return bpf_map_lookup_elem(&tasks, &tid);
#endif
}

/* The task's state, `init` if it has none yet; NULL: there is no memory for it. */
static __always_inline struct tl_task *tl_state_try(struct task_struct *task, struct tl_task *init)
{
#if TL_HAS_TASK_STORAGE
	struct tl_task *state = bpf_task_storage_get(&tasks, task, init, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* Whoever comes second when another processor makes the task's first one is sent away, with nothing:
	 * tl_fork() and the iterator meet at the task that was born last, those of other sessions too. */
	if (!state)
		state = bpf_task_storage_get(&tasks, task, init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return state;
#else
	__u32 tid = task->pid;

	bpf_map_update_elem(&tasks, &tid, init, BPF_NOEXIST);
	return bpf_map_lookup_elem(&tasks, &tid);
#endif
}

/* Same, where nobody tries again. */
static __always_inline struct tl_task *tl_state_create(struct task_struct *task, struct tl_task *init)
{
	struct tl_task *state = tl_state_try(task, init);

	if (!state)
		tl_refuse(TL_REFUSED_TASK_STATE);
	return state;
}

/* The stash of the current task; NULL: none, or no memory for it. */
static __always_inline struct tl_stash *tl_stash_current(bool create)
{
	struct tl_stash *stash;

#if TL_HAS_TASK_STORAGE
	stash = bpf_task_storage_get(&stashes, bpf_get_current_task_btf(), 0,
				     create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
#else
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;

	stash = bpf_map_lookup_elem(&stashes, &tid);
	if (!stash && create) {
		struct tl_stash *empty = bpf_map_lookup_elem(&empty_stash, &zero);

		if (empty)
			bpf_map_update_elem(&stashes, &tid, empty, BPF_NOEXIST);
		stash = bpf_map_lookup_elem(&stashes, &tid);
	}
#endif
	if (!stash && create)
		tl_refuse(TL_REFUSED_STASH);
	return stash;
}

/* The current task keeps none. */
static __always_inline void tl_stash_free(void)
{
#if TL_HAS_TASK_STORAGE
	bpf_task_storage_delete(&stashes, bpf_get_current_task_btf());
#else
	__u32 tid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&stashes, &tid);
#endif
}

static __always_inline __u64 tl_nsproxy_of(struct task_struct *task)
{
	return (__u64)tl_get(task, nsproxy);
}

/* The hierarchy whose cgroups are followed, by the kernel's number: 0 is the unified one.
 * Set before loading, so where it is that one nothing is left of what is for others. */
const volatile __u32 tl_hierarchy SEC(".rodata.hierarchy") = 0;

static __always_inline bool tl_is_followed_in(struct cgroup *cgroup)
{
	return (__u32)tl_get(cgroup, root, hierarchy_id) == tl_hierarchy;
}

#define TL_HIERARCHIES_MAX 32 /* as many as there are controllers, and some by name */

/* The task's cgroup in a hierarchy of version 1; 0: there is none. */
static __always_inline __u64 tl_cgroup_in_hierarchy(struct task_struct *task)
{
	__u64 at = 0, left = TL_HIERARCHIES_MAX, differs, more;
	struct cgrp_cset_link *link;

	/* As a number, as in tl_own_pid(). */
	bpf_probe_read_kernel(&at, sizeof(at), &task->cgroups);
	at += bpf_core_field_offset(struct css_set, cgrp_links);
	/* Sums that hide the ways out but one, at the end, from the compiler: it would put the
	 * loop's end before its beginning, which 5.10 refuses. */
	do {
		struct list_head *node = tl_at(struct list_head, at);

		at = (__u64)tl_peek(node, next);
		link = tl_at(struct cgrp_cset_link, at - bpf_core_field_offset(struct cgrp_cset_link, cgrp_link));
		differs = (__u32)tl_peek(link, cgrp, root, hierarchy_id) ^ tl_hierarchy;
		tl_barrier(differs);
		more = -differs >> 63; /* 0 or 1 */
		tl_barrier(more);
		more *= --left;
	} while (more);
	return differs ? 0 : tl_peek(link, cgrp, kn, id);
}

static __always_inline __u64 tl_cgroup_of(struct task_struct *task)
{
	return tl_hierarchy ? tl_cgroup_in_hierarchy(task) : tl_get(task, cgroups, dfl_cgrp, kn, id);
}

/* Number of the pid namespace that the task lives in, and its pid there. */
static __always_inline __u32 tl_own_pid(struct task_struct *task, __u32 *ret_pid)
{
	struct pid_namespace *namespace;
	struct upid upid = {};
	struct pid *pid;
	__u64 at = 0;

	/* As a number: the verifier allows no sums with a pointer it knows. */
	bpf_probe_read_kernel(&at, sizeof(at), &task->thread_pid);
	if (!at)
		return 0;
	pid = tl_at(struct pid, at);
	at += bpf_core_field_offset(struct pid, numbers) +
	      (__u64)(tl_peek(pid, level) & 31) * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&upid, sizeof(upid), (void *)at);
	*ret_pid = upid.nr;
	namespace = tl_at(struct pid_namespace, upid.ns);
	return tl_peek(namespace, ns.inum);
}

/* A run of the automaton over a path. */
#define TL_MATCHES_MAX 32 /* of a cgroup and what it is in */
struct tl_match {
	__u64 fnv; /* of the path so far */
	__u64 other;
	__u64 name_fnv; /* of the name of the last directory */
	__u64 name_other;
	__u64 tail_fnv; /* same, from the last hyphen on that an id of a container may follow */
	__u64 tail_other;
	__u32 n;
	__u32 state;
	__u32 previous; /* byte */
	__u32 exact; /* terms of a path without wildcards that ends here; 0: none */
	__u32 n_keys; /* of map terms, found on the way */
	__u32 keys[TL_MATCHES_MAX]; /* with TL_BY_UNIT */
};

/* Going through the terms of a set. */
struct tl_fill {
	__u64 rest; /* of the word */
	__u64 word;
};

/* What belongs to whoever owns a slot of map calls, besides the record. */
struct tl_work {
	struct tl_walk walk;
	struct tl_match match;
	__u8 sqe[TL_SQE_SIZE + 8]; /* io_uring: the entry of the queue, and room to read behind it */
	__u8 request[TL_REQUEST_SIZE + 8]; /* the kernel's own request, its beginning */
	__u8 copy_of[TL_REQUEST_COPIES], copy_at[TL_REQUEST_COPIES]; /* of that, as in struct tl_opcode */
	__u8 pad[4];
	struct tl_fill fill;
	struct tl_parts parts;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TL_CALL_SLOTS);
	__type(key, __u32);
	__type(value, struct tl_work);
} works SEC(".maps");

/* Does some term of the task want the event? */
static __always_inline bool tl_wants(const struct tl_task *state, __u32 event)
{
	return state->wants[(event >> 6) & (TL_EVENT_WORDS - 1)] >> (event & 63) & 1;
}

/* The handler and the registration that an event of this task goes by: those of its
 * first target that has some of its own for the event. */
static __always_inline void tl_choose(const struct tl_task *state, __u32 event, __u32 *slot, __u32 *program_id)
{
	struct tl_override_key key = {.event = event};
	struct tl_override *override;

	*slot = event;
	*program_id = 0;
	for (int i = 0; i < TL_OVERRIDING_MAX && state->overriding[i]; i++) {
		key.term = state->overriding[i] - 1;
		override = bpf_map_lookup_elem(&overrides, &key);
		if (!override)
			continue;
		*slot = override->slot;
		*program_id = override->program_id;
		return;
	}
}

#endif
