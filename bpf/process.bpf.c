// SPDX-License-Identifier: GPL-2.0
/*
 * The life of processes: gives each task its state before its first
 * instruction, and reports exec, fork and exit of those that are followed.
 */
#include "record.h"

#define TL_ARGV_MAX 16384

static __always_inline void tl_add_name(__u8 *data, __u8 type, __u8 index, __u64 text)
{
	struct tl_section *section = tl_area_begin(data, TL_RECORD_MAX);
	long n;

	if (!text)
		return;
	n = bpf_probe_read_kernel_str(tl_area_data(section), TL_PATH_MAX, (void *)text);
	if (n < 0)
		return;
	tl_area_end(data, TL_RECORD_MAX, section, type, index, 0, (__u32)n & (2 * TL_PATH_MAX - 1));
}

static __always_inline void tl_add_exe(struct tl_walk *walk, __u8 *data, __u8 index, struct task_struct *task)
{
	__u64 file = (__u64)tl_get(task, mm, exe_file);

	if (file)
		tl_add_file(walk, data, TL_RECORD_MAX, index, file);
}

/* Pid in the task's own namespace. */
static __always_inline void tl_inner_pid(struct tl_task_facts *facts, struct task_struct *task)
{
	struct task_struct *leader = tl_get(task, group_leader);
	struct pid_namespace *namespace;
	struct upid upid = {};
	__u64 pid = 0;
	__u32 level;

	/* As a number: the verifier allows no sums with a pointer it knows. */
	bpf_probe_read_kernel(&pid, sizeof(pid), &leader->thread_pid);
	if (!pid)
		return;
	level = tl_get(task, group_leader, thread_pid, level);
	bpf_probe_read_kernel(&upid, sizeof(upid),
			      (void *)(pid + bpf_core_field_offset(struct pid, numbers) +
				       (__u64)(level & 31) * bpf_core_type_size(struct upid)));
	facts->inner_pid = upid.nr;
	namespace = tl_at(struct pid_namespace, upid.ns);
	facts->pidns = tl_peek(namespace, ns.inum);
}

/* Who `task` and its parent are. */
static __always_inline void tl_add_task(__u8 *data, struct task_struct *task, const struct tl_task *state,
					__s32 exit_code)
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
	facts->exit_code = exit_code;
	facts->session = tl_get(task, sessionid);
	bpf_probe_read_kernel(facts->comm, TL_COMM_LEN,
			      (void *)((__u64)task + bpf_core_field_offset(struct task_struct, comm)));
	bpf_probe_read_kernel(facts->parent_comm, TL_COMM_LEN,
			      (void *)((__u64)tl_get(task, group_leader, real_parent) +
				       bpf_core_field_offset(struct task_struct, comm)));
	facts->mntns = tl_get(task, nsproxy, mnt_ns, ns.inum);
	facts->netns = tl_get(task, nsproxy, net_ns, ns.inum);
	tl_inner_pid(facts, task);
	tl_area_end(data, TL_RECORD_MAX, section, TL_SECTION_TASK, 0, 0, sizeof(*facts));
}

static __always_inline void tl_add_argv(__u8 *data, struct task_struct *task, __u8 type, __u8 index)
{
	__u64 from, n;
	/* It is longer than the slack behind a record. */
	const __u32 max = TL_RECORD_MAX + 2 * TL_PATH_MAX - TL_ARGV_MAX - sizeof(struct tl_section);
	struct tl_section *section = tl_area_begin(data, max);
	__u16 flags = 0;

	from = tl_get(task, mm, arg_start);
	n = tl_get(task, mm, arg_end) - from;
	if (!from)
		return;
	if (n > TL_ARGV_MAX) {
		flags = TL_SECTION_TRUNCATED;
		n = TL_ARGV_MAX;
	}
	if (n && bpf_probe_read_user(tl_area_data(section), tl_clamp(n, TL_ARGV_MAX), (void *)from) < 0) {
		flags |= TL_SECTION_FAULT;
		n = 0;
	}
	tl_area_end(data, max, section, type, index, flags, n);
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
	tl_walk_root(*ret_walk, tl_task_current());
	return call;
}

/* Works out the executable's terms, in a slot's bytes. */
static __always_inline __u32 tl_exe_terms(struct task_struct *task)
{
	__u64 dentry = (__u64)tl_get(task, mm, exe_file, f_path.dentry);
	__u32 used, found = tl_config.exe_none;
	struct tl_work *work;
	struct tl_call *call;

	if (!dentry)
		return found;
	call = tl_slot_claim(&work);
	if (!call) {
		tl_refuse(TL_REFUSED_SLOT);
		return found;
	}
	tl_walk_root(&work->walk, task);
	used = tl_climb(&work->walk, (char *)call->data, dentry, (__u64)tl_get(task, mm, exe_file, f_path.mnt));
	/* Names outside of the process's tree of mounts prove nothing. */
	if (!(work->walk.flags & TL_SECTION_DETACHED))
		found = tl_match_executable(&work->match, (char *)call->data, used);
	call->owner = 0;
	return found;
}

static __always_inline bool tl_untracked(__u32 tgid)
{
	return tgid == tl_config.self;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(tl_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tl_task *state = tl_state_of(parent), born = {}, *made;
	struct tl_call *call;
	struct tl_walk *walk;
	bool thread;

	if (!state)
		return 0; /* not marked yet: the iterator or its own exec will */
	thread = child->pid != child->tgid;
	born = *state;
	born.pending = 0;
	if (!thread) {
		born.start = tl_get(child, start_boottime);
		born.pid_terms = tl_pid_terms(child->tgid);
	}
	born.cgroup = tl_cgroup_of(child);
	made = tl_state_create(child, &born);
	if (!made)
		return 0;
	if (made->pid_terms != state->pid_terms || made->cgroup != state->cgroup ||
	    (!thread && state->set))
		tl_state_combine(made, state->set);
	if (thread || !(made->set | state->set))
		return 0;
	call = tl_process_begin(tl_config.fork_event, TL_RECORD_FORK, state, &walk);
	if (!call)
		return 0;
	call->record.ret = child->tgid;
	tl_add_task(call->data, child, made, 0);
	tl_record_send(call);
	return 0;
}

/* Event of an exec call of that number, by either door; 0: it is none, or unwanted. */
static __always_inline __u32 tl_exec_event(__u32 abi, __u64 nr)
{
	__u32 event = tl_config.event_of[0][abi][nr];

	if (!event)
		event = tl_config.event_of[1][abi][nr];
	return event && tl_config.plan[event & (TL_EVENTS_MAX - 1)].flags & TL_PLAN_EXEC ? event : 0;
}

/* The call's own event: what execve was asked and what it ran. */
static __always_inline void tl_exec_call(struct task_struct *task, struct tl_task *state, struct linux_binprm *bprm)
{
	struct pt_regs *registers = tl_registers_of(task);
	__u32 event, abi = TL_ABI_X86_64, position;
	struct tl_call *call;
	struct tl_walk *walk;
	__u64 nr;

	nr = tl_get(registers, orig_ax);
	if (nr & TL_X32_BIT) {
		nr &= ~(__u64)TL_X32_BIT;
		abi = TL_ABI_X32;
	}
	if (nr >= TL_NR_MAX)
		return;
	event = tl_exec_event(abi, nr);
	if (!event) {
		/* A 32-bit program: the flag of its entry may be gone by now. */
		abi = TL_ABI_I386;
		event = tl_exec_event(abi, nr);
	}
	if (!event || !tl_wants(state, event))
		return;
	call = tl_process_begin(event, TL_RECORD_EVENT, state, &walk);
	if (!call)
		return;
	call->record.abi = abi;
	call->record.nr = abi == TL_ABI_X32 ? nr | TL_X32_BIT : nr;
	position = tl_config.plan[event & (TL_EVENTS_MAX - 1)].name;
	tl_add_exe(walk, call->data, TL_PATH_FILE, task);
	tl_add_name(call->data, TL_SECTION_ARG, position, (__u64)tl_get(bprm, filename));
	tl_add_argv(call->data, task, TL_SECTION_ARG, position + 1);
	tl_record_send(call);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(tl_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct tl_task *state = tl_state_of(task), fresh = {};
	struct tl_call *call;
	struct tl_walk *walk;
	__u64 before;

	if (!state) {
		fresh.start = tl_start_of(task);
		fresh.pid_terms = tl_pid_terms(task->tgid);
		state = tl_state_create(task, &fresh);
		if (!state)
			return 0;
	}
	before = state->set;
	state->exe_terms = tl_exe_terms(task);
	state->cgroup = tl_cgroup_of(task);
	state->pid_terms = tl_pid_terms(task->tgid); /* a thread's exec takes over the leader's pid */
	state->start = tl_start_of(task);
	state->pending = 0;
	tl_state_combine(state, before);
	if (!(state->set | before))
		return 0;
	call = tl_process_begin(tl_config.exec_event, TL_RECORD_EXEC, state, &walk);
	if (call) {
		tl_add_task(call->data, task, state, 0);
		tl_add_exe(walk, call->data, TL_PATH_EXE, task);
		tl_add_path(walk, call->data, TL_RECORD_MAX, TL_PATH_CWD, (__u64)tl_get(task, fs, pwd.dentry),
			    (__u64)tl_get(task, fs, pwd.mnt));
		tl_add_exe(walk, call->data, TL_PATH_PARENT_EXE, tl_get(task, real_parent));
		tl_add_name(call->data, TL_SECTION_NAME, TL_PATH_SCRIPT,
			    (__u64)tl_get(bprm, filename));
		tl_add_argv(call->data, task, TL_SECTION_ARGV, 0);
		tl_record_send(call);
	}
	tl_exec_call(task, state, bprm);
	return 0;
}

/* Processes whose end has been told: two threads that go at the same time both
 * find themselves the last. */
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

static __always_inline bool tl_ends_now(const struct tl_task *state, __u32 tgid)
{
	struct tl_ended key = {.start = state->start, .pid = tgid};
	__u32 one = 1;

	return bpf_map_update_elem(&ended, &key, &one, BPF_NOEXIST) != -TL_EEXIST;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tl_exit_process, struct task_struct *task)
{
	struct tl_task *state = tl_state_of(task);
	struct tl_call *call;
	struct tl_walk *walk;
	__s32 code;

	if (state && state->set && tl_get(task, signal, live.counter) == 0 && tl_ends_now(state, task->tgid)) {
		code = tl_get(task, signal, flags) & TL_SIGNAL_GROUP_EXIT ? tl_get(task, signal, group_exit_code) :
									      task->exit_code;
		call = tl_process_begin(tl_config.exit_event, TL_RECORD_EXIT, state, &walk);
		if (call) {
			call->record.ret = code;
			tl_add_task(call->data, task, state, code);
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

/* A cgroup is matched before a process can be in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(tl_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct tl_work *work;
	struct tl_call *call;
	__u64 id;
	long n;

	if (tl_get(cgroup, root, hierarchy_id) != 0)
		return 0; /* not the unified hierarchy */
	call = tl_slot_claim(&work);
	if (!call) {
		tl_refuse(TL_REFUSED_CGROUP);
		return 0;
	}
	id = tl_get(cgroup, kn, id);
	n = bpf_probe_read_kernel_str(call->data, TL_PATH_MAX, path);
	if (n > 1 && tl_match_cgroup(&work->match, (char *)call->data, n - 1) &&
	    bpf_map_update_elem(&cgroups, &id, &work->match.by_cgroup, BPF_ANY) < 0)
		tl_refuse(TL_REFUSED_CGROUP);
	call->owner = 0;
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(tl_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	__u64 id = tl_get(cgroup, kn, id);

	bpf_map_delete_elem(&cgroups, &id);
	return 0;
}

/* What already runs: after the hooks are on, so nothing falls between. The
 * reader gets the ids of the tasks that are followed. */
SEC("iter/task")
int tl_mark(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct tl_task fresh = {}, *state;
	struct tl_marked marked = {};

	if (!task || (task->flags & TL_PF_KTHREAD))
		return 0;
	state = tl_state_of(task);
	if (!state) {
		fresh.exe_terms = tl_exe_terms(task);
		fresh.pid_terms = tl_pid_terms(task->tgid);
		fresh.cgroup = tl_cgroup_of(task);
		fresh.start = tl_start_of(task);
		if (!tl_untracked(task->tgid))
			tl_state_combine(&fresh, 0);
		state = tl_state_create(task, &fresh);
	} else if (tl_pid_terms(task->tgid) != state->pid_terms) {
		/* A pid that was named after the start. */
		state->pid_terms = tl_pid_terms(task->tgid);
		tl_state_combine(state, state->set);
	}
	if (!state || !state->set)
		return 0;
	marked.pid = task->tgid;
	marked.tid = task->pid;
	marked.start = state->start;
	marked.set = state->set;
	bpf_seq_write(seq, &marked, sizeof(marked));
	return 0;
}
