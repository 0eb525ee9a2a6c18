// SPDX-License-Identifier: GPL-2.0
/*
 * The life of processes: gives each task its state before its first
 * instruction, and reports exec, fork and exit of those that are followed.
 */
#include "executable.h"

#define TL_ARGV_SMALL 16384 /* bytes of arguments that a record under construction has room for */
#define TL_ARGV_MIDDLE 40960
#define TL_ARGV_HEAD_MAX 20480 /* of the record before its arguments */

static __always_inline void tl_add_exe(struct tl_walk *walk, __u8 *data, __u8 index, struct task_struct *task)
{
	__u64 file = (__u64)tl_get(task, mm, exe_file);

	if (file)
		tl_add_file(walk, data, TL_RECORD_MAX, index, file);
}

/* Who `task` and its parent are. */
static __always_inline struct tl_task_facts *tl_add_task(__u8 *data, struct task_struct *task,
							 const struct tl_task *state)
{
	struct tl_section *section = tl_area_begin(data, TL_RECORD_MAX);
	struct tl_task_facts *facts = (struct tl_task_facts *)tl_area_data(section);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->pid = tl_get(task, tgid);
	facts->tid = tl_get(task, pid);
	facts->ppid = tl_get(task, group_leader, real_parent, tgid);
	facts->start = state->start;
	facts->parent_start = tl_get(task, group_leader, real_parent, group_leader, start_boottime);
	facts->cgroup = state->cgroup;
	facts->set = state->set;
	facts->session = tl_get(task, sessionid);
	bpf_probe_read_kernel(facts->comm, TL_COMM_LEN,
			      (void *)((__u64)task + bpf_core_field_offset(struct task_struct, comm)));
	bpf_probe_read_kernel(facts->parent_comm, TL_COMM_LEN,
			      (void *)((__u64)tl_get(task, group_leader, real_parent) +
				       bpf_core_field_offset(struct task_struct, comm)));
	facts->mntns = tl_get(task, nsproxy, mnt_ns, ns.inum);
	facts->netns = tl_get(task, nsproxy, net_ns, ns.inum);
	facts->pidns = tl_own_pid(tl_get(task, group_leader), &facts->inner_pid);
	tl_area_end(data, TL_RECORD_MAX, section, TL_SECTION_TASK, 0, 0, sizeof(*facts));
	return facts;
}

static __always_inline void tl_add_argv(__u8 *data, struct task_struct *task, __u8 type, __u8 index)
{
	__u64 from, n;
	/* It is longer than the slack behind a record. */
	const __u32 max = TL_RECORD_MAX + 2 * TL_PATH_MAX - TL_ARGV_SMALL - sizeof(struct tl_section);
	struct tl_section *section = tl_area_begin(data, max);
	__u16 flags = 0;

	from = tl_get(task, mm, arg_start);
	n = tl_get(task, mm, arg_end) - from;
	if (!from)
		return;
	if (n > TL_ARGV_SMALL) {
		flags = TL_SECTION_TRUNCATED;
		n = TL_ARGV_SMALL;
	}
	if (n && bpf_probe_read_user(tl_area_data(section), tl_clamp(n, TL_ARGV_SMALL), (void *)from) < 0) {
		flags |= TL_SECTION_FAULT;
		n = 0;
	}
	tl_area_end(data, max, section, type, index, flags, n);
}

/*
 * Sends the record with more arguments than it has room for: both are put together in
 * the ring. Room there has to be asked for by a constant, `max` bytes of arguments; what
 * is not used of it is lost until the reader has passed by. False: there is none, or
 * the arguments cannot be read; all is as before.
 */
static __always_inline bool tl_send_with_argv(struct tl_call *call, __u64 from, __u64 n, __u8 type, __u8 index,
					      const __u32 max)
{
	__u32 cpu_key = call->record.cpu, head = call->record.size;
	struct tl_account *account = tl_account_of(call->event);
	struct tl_cpu *cpu = bpf_map_lookup_elem(&cpus, &cpu_key);
	struct tl_section *section;
	__u8 *record;
	__u64 flags;

	if (!account || !cpu || head > TL_ARGV_HEAD_MAX)
		return false;
	record = bpf_ringbuf_reserve(&ring, TL_ARGV_HEAD_MAX + sizeof(*section) + max, 0);
	if (!record)
		return false;
	section = (struct tl_section *)(record + tl_clamp(head, TL_ARGV_HEAD_MAX));
	section->type = type;
	section->index = index;
	section->flags = n > max ? TL_SECTION_TRUNCATED : 0;
	n = tl_clamp(n, max);
	section->size = n;
	if (bpf_probe_read_user(section + 1, tl_clamp(n, max), (void *)from) < 0) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return false;
	}
	call->record.size = head + sizeof(*section) + ((n + 7) & ~7ULL);
	flags = tl_record_finish(call, cpu);
	bpf_probe_read_kernel(record, tl_clamp(head, TL_ARGV_HEAD_MAX), &call->record);
	bpf_ringbuf_submit(record, flags);
	tl_count(&account->emitted, 1);
	call->owner = 0;
	return true;
}

/* Adds the arguments of the task's program as the record's last section, and sends it. */
static __always_inline void tl_argv_send(struct tl_call *call, struct task_struct *task, __u8 type, __u8 index)
{
	__u64 from = tl_get(task, mm, arg_start), n = tl_get(task, mm, arg_end) - from;

	if (from && n > TL_ARGV_SMALL) {
		if (n <= TL_ARGV_MIDDLE && tl_send_with_argv(call, from, n, type, index, TL_ARGV_MIDDLE))
			return;
		if (n > TL_ARGV_MIDDLE && tl_send_with_argv(call, from, n, type, index, TL_ARGV_MAX))
			return;
	}
	tl_add_argv(call->data, task, type, index);
	tl_record_send(call);
}

static __always_inline __u64 tl_start_of(struct task_struct *task)
{
	return tl_get(task, group_leader, start_boottime);
}

/* A record of `kind` by the current task; NULL if it cannot be had, counted. */
static __always_inline struct tl_call *tl_process_begin(__u32 event, __u8 kind, const struct tl_task *state,
							struct tl_walk **ret_walk)
{
	struct tl_work *work;
	struct tl_call *call;
	__u32 handler;

	if (!event)
		return 0;
	call = tl_call_claim(event, &work);
	if (!call)
		return 0;
	*ret_walk = &work->walk;
	tl_record_begin(&call->record, tl_task_current(), state, kind);
	tl_choose(state, event, &handler, &call->record.program_id);
	__builtin_memset(call->record.args, 0, sizeof(call->record.args));
	tl_walk_for(*ret_walk, tl_task_current());
	return call;
}

/* A state for a task that was there before our hooks. */
static __always_inline struct tl_task *tl_state_make(struct task_struct *task, __u64 inherited)
{
	struct tl_task fresh = {};

	tl_state_run(&fresh, task);
	fresh.pid_terms = tl_pid_terms(task->tgid);
	fresh.cgroup = tl_cgroup_of(task);
	fresh.nsproxy = tl_nsproxy_of(task);
	fresh.start = tl_start_of(task);
	tl_state_test(&fresh, task);
	tl_state_combine(&fresh, 0, inherited);
	return tl_state_try(task, &fresh);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(tl_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tl_task *state = tl_state_of(parent), born = {}, *made;
	struct tl_call *call;
	struct tl_walk *walk;
	bool thread, is_mine;

	if (tl_twice) {
		made = tl_state_of(child);
		if (made && made->told & TL_TOLD_FORK)
			return 0;
	}
	is_mine = tl_is_my_turn(TL_TURN_FORK, 0);
	if (!state)
		return 0; /* not marked yet: the iterator will, the child too */
	thread = child->pid != child->tgid;
	born = *state;
	born.pending = born.stashed = born.ended = born.told = 0;
	if (!thread) {
		born.start = tl_get(child, start_boottime);
		born.nsproxy = tl_nsproxy_of(child);
		born.pid_terms = tl_pid_terms(child->tgid);
	}
	born.cgroup = tl_cgroup_of(child);
	tl_state_test(&born, child);
	made = tl_state_create(child, &born);
	if (!made)
		return 0;
	made->told |= TL_TOLD_FORK;
	if (made->pid_terms != state->pid_terms || made->cgroup != state->cgroup ||
	    !tl_same_attribute_terms(made, state) || (!thread && state->set))
		tl_state_combine(made, state->set, 0);
	if (thread || !is_mine || !(made->set | state->set))
		return 0;
	call = tl_process_begin(tl_config.fork_event, TL_RECORD_FORK, state, &walk);
	if (!call)
		return 0;
	call->record.ret = child->tgid;
	tl_add_task(call->data, child, made);
	tl_record_send(call);
	return 0;
}

/* The call's own event: what was asked (see tl_exec_asked()) and what it ran. It
 * is the old program's doing, so it is wanted if either of the two is followed. */
static __always_inline void tl_exec_call(struct task_struct *task, const struct tl_task *state,
					 const struct tl_task *old, struct linux_binprm *bprm, bool is_mine)
{
	struct tl_stash *stash = tl_stash_current(false);
	const struct tl_task *by = state;
	struct tl_call *call;
	struct tl_section *name;
	struct tl_walk *walk;
	bool is_script;
	__u32 event;

	event = stash ? stash->event & (TL_EVENTS_MAX - 1) : 0;
	if (!event || !(tl_config.plan[event].flags & TL_PLAN_EXEC))
		return;
	stash->event = 0;
	if (!tl_wants(by, event))
		by = old;
	if (!is_mine || !tl_wants(by, event))
		return;
	call = tl_process_begin(event, TL_RECORD_EVENT, by, &walk);
	if (!call)
		return;
	tl_record_number(&call->record, stash->abi, stash->nr);
	call->record.duration = call->record.time - stash->time;
	bpf_probe_read_kernel(call->record.args, sizeof(call->record.args), stash->args);
	/* The new memory has more of the arguments; but those of a script became its interpreter's. */
	is_script = tl_get(bprm, interp) != tl_get(bprm, filename);
	name = (struct tl_section *)stash->data;
	if (!is_script && name->index == tl_config.plan[event].name)
		stash->size = sizeof(*name) + ((name->size + 7) & ~7U);
	tl_add_sections(call, stash);
	tl_add_exe(walk, call->data, TL_PATH_FILE, task);
	if (is_script)
		tl_record_send(call);
	else
		tl_argv_send(call, task, TL_SECTION_ARG, tl_config.plan[event].name + 1);
}

#if !TL_HAS_TASK_STORAGE
/* A thread that runs another program takes over the pid of the first one. */
static __always_inline void tl_rename(__u32 from, __u32 to)
{
	struct tl_task *state = bpf_map_lookup_elem(&tasks, &from);
	struct tl_stash *stash = bpf_map_lookup_elem(&stashes, &from);

	if (state)
		bpf_map_update_elem(&tasks, &to, state, BPF_ANY);
	if (stash)
		bpf_map_update_elem(&stashes, &to, stash, BPF_ANY);
	bpf_map_delete_elem(&tasks, &from);
	bpf_map_delete_elem(&stashes, &from);
}
#endif

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tl_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct tl_task *state, old = {};
	struct tl_call *call;
	struct tl_walk *walk;
	bool is_mine;

#if !TL_HAS_TASK_STORAGE
	if (old_pid != task->pid)
		tl_rename(old_pid, task->pid);
#endif
	state = tl_state_of(task);
	if (!state) {
		state = tl_state_create(task, &old);
		if (!state)
			return 0;
	}
	if (tl_twice) {
		if (state->exec == (__u32)tl_get(task, self_exec_id))
			return 0;
		state->exec = tl_get(task, self_exec_id);
	}
	is_mine = tl_is_my_turn(TL_TURN_EXEC, 0);
	old = *state;
	tl_state_run(state, task);
	state->cgroup = tl_cgroup_of(task);
	state->pid_terms = tl_pid_terms(task->tgid); /* a thread's exec takes over the leader's pid */
	state->start = tl_start_of(task);
	state->nsproxy = tl_nsproxy_of(task);
	state->pending = 0;
	tl_state_test(state, task);
	tl_state_combine(state, old.set, 0);
	if (!(state->set | old.set)) {
		tl_stash_free();
		return 0;
	}
	call = is_mine ? tl_process_begin(tl_config.exec_event, TL_RECORD_EXEC, state, &walk) : 0;
	if (call) {
		tl_add_task(call->data, task, state);
		tl_add_exe(walk, call->data, TL_PATH_EXE, task);
		tl_add_path(walk, call->data, TL_RECORD_MAX, TL_PATH_CWD, (__u64)tl_get(task, fs, pwd.dentry),
			    (__u64)tl_get(task, fs, pwd.mnt));
		tl_add_exe(walk, call->data, TL_PATH_PARENT_EXE, tl_get(task, real_parent));
		tl_add_name(call->data, TL_SECTION_NAME, TL_PATH_SCRIPT,
			    (__u64)tl_get(bprm, filename));
		tl_argv_send(call, task, TL_SECTION_ARGV, 0);
	}
	tl_exec_call(task, state, &old, bprm, is_mine);
	return 0;
}

/* Two threads that go at the same time both find themselves the last. Whichever is
 * first tells the end of the process: the mark is on its first thread, which stays
 * until all others are gone. */
#if TL_HAS_TASK_STORAGE
static __always_inline bool tl_ends_now(struct task_struct *task, const struct tl_task *state)
{
	struct tl_task *first = tl_state_of(task->group_leader);

	return !first || __sync_val_compare_and_swap(&first->ended, 0, 1) == 0;
}
#else
/* Where states go with their threads the mark has a map of its own. */
struct tl_ended {
	__u64 start;
	__u32 pid;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tl_ended);
	__type(value, __u32);
} ended SEC(".maps");

#define TL_EEXIST 17

static __always_inline bool tl_ends_now(struct task_struct *task, const struct tl_task *state)
{
	struct tl_ended key = {.start = state->start, .pid = task->tgid};
	__u32 one = 1;

	return tl_map_update(&ended, &key, &one, BPF_NOEXIST) != -TL_EEXIST;
}
#endif

/* As wait(2) will give it. */
static __always_inline __s32 tl_exit_code(struct task_struct *task)
{
	if (tl_get(task, signal, flags) & TL_SIGNAL_GROUP_EXIT)
		return tl_get(task, signal, group_exit_code);
	return tl_get(task, group_leader, exit_code);
}

/*
 * What the process has used: threads that are gone, the last one, and the
 * first, which stays until the others have ended. User and system time are
 * counted in ticks and only tell in which proportion to divide the exact sum.
 */
static __always_inline void tl_cpu_time(struct tl_task_facts *facts, struct task_struct *task)
{
	__u64 user = tl_get(task, signal, utime) + tl_get(task, utime);
	__u64 system = tl_get(task, signal, stime) + tl_get(task, stime);
	__u64 exact = tl_get(task, signal, sum_sched_runtime) + tl_get(task, se.sum_exec_runtime), share;

	if (task->pid != task->tgid) {
		user += tl_get(task, group_leader, utime);
		system += tl_get(task, group_leader, stime);
		exact += tl_get(task, group_leader, se.sum_exec_runtime);
	}
	share = (system << 10) / (((user + system) >> 10) + 1); /* of 1 << 20 */
	facts->stime = exact >> 43 ? (exact >> 20) * share : exact * share >> 20;
	facts->utime = exact - facts->stime;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tl_exit_process, struct task_struct *task)
{
	struct tl_task *state = tl_state_of(task);
	struct tl_task_facts *facts;
	struct tl_call *call;
	struct tl_walk *walk;
	bool is_mine = tl_is_my_turn(TL_TURN_EXIT, task->pid);

	if (state && state->set && tl_get(task, signal, live.counter) == 0 && tl_ends_now(task, state) && is_mine) {
		call = tl_process_begin(tl_config.exit_event, TL_RECORD_EXIT, state, &walk);
		if (call) {
			facts = tl_add_task(call->data, task, state);
			facts->exit_code = tl_exit_code(task);
			tl_cpu_time(facts, task);
			call->record.ret = facts->exit_code;
			tl_record_send(call);
		}
	}
#if !TL_HAS_TASK_STORAGE
	{
		__u32 tid = task->pid;

		bpf_map_delete_elem(&stashes, &tid);
		bpf_map_delete_elem(&tasks, &tid);
	}
#endif
	return 0;
}

#ifdef TL_BUILD_TYPED
/* The one that was matched last: what the first of two programs has done is done. */
__u64 tl_cgroup_matched SEC(".data.matched") = 0;

static __always_inline bool tl_cgroup_is_matched(__u64 id)
{
	bool is_matched = tl_twice && tl_cgroup_matched == id;

	if (tl_twice)
		tl_cgroup_matched = id;
	return is_matched;
}
#else
static __always_inline bool tl_cgroup_is_matched(__u64 id)
{
	return false;
}
#endif

/* A cgroup is matched before a process can be in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tl_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct tl_terms *found;
	struct tl_work *work;
	struct tl_call *call;
	__u64 id;
	long n;

	if (!tl_is_followed_in(cgroup))
		return 0;
	id = tl_get(cgroup, kn, id);
	if (tl_cgroup_is_matched(id))
		return 0;
	call = tl_slot_claim(&work);
	if (!call) {
		tl_refuse(TL_REFUSED_CGROUP);
		return 0;
	}
	n = bpf_probe_read_kernel_str(call->data, TL_PATH_MAX, path);
	if (n > 1 && n <= TL_CGROUP_NAME_MAX)
		bpf_map_update_elem(&cgroup_names, &id, call->data, BPF_ANY);
	found = tl_found(work->walk.slot);
	if (n > 1 && found && tl_match_cgroup(&work->match, work->walk.slot, n - 1) &&
	    tl_map_update(&cgroups, &id, found, BPF_ANY) < 0)
		tl_refuse(TL_REFUSED_CGROUP);
	call->owner = 0;
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(tl_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	__u64 id = tl_get(cgroup, kn, id);

	/* Each hierarchy counts its own from 1. */
	if (tl_is_followed_in(cgroup))
		bpf_map_delete_elem(&cgroups, &id);
	return 0;
}

/* What the task's parent matches; 0 if that is nothing or not known yet. */
static __always_inline __u64 tl_inherited(struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	struct tl_task *state = parent ? tl_state_of(parent) : 0;

	return state ? state->set : 0;
}

/*
 * What already runs: after the hooks are on, so nothing falls between. The
 * reader gets the ids of the tasks that are followed or were not known, and of
 * those that there was no memory for just now. Parents
 * need not come before their children, and a child may be born behind the
 * iterator's back: the reader goes round until nothing changes.
 */
SEC("iter/task")
int tl_mark(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct tl_marked marked = {};
	struct tl_task *state;
	__u64 before = 0;

	if (!task || (task->flags & TL_PF_KTHREAD))
		return 0;
	state = tl_state_of(task);
	if (!state) {
		state = tl_state_make(task, tl_inherited(task));
		marked.changed = !!state;
		marked.refused = !state;
	} else {
		before = state->set;
		state->pid_terms = tl_pid_terms(task->tgid); /* it may have been named after the start */
		tl_state_test(state, task);
		tl_state_combine(state, before, tl_inherited(task));
	}
	marked.pid = task->tgid;
	marked.tid = task->pid;
	if (state) {
		marked.changed |= state->set != before;
		if (!marked.changed && !state->set)
			return 0;
		marked.start = state->start;
		marked.set = state->set;
	}
	bpf_seq_write(seq, &marked, sizeof(marked));
	return 0;
}
