/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a call is about: what its own task may do, and where, before and after
 * it; and the other process that an argument means.
 */
#ifndef TRACELEFT_WHO_H
#define TRACELEFT_WHO_H

#include "record.h"

/* ---- The task itself ---- */

static __always_inline void tl_capability_set(__u64 *to, __u64 cred, __u32 offset)
{
	bpf_probe_read_kernel(to, sizeof(*to), (void *)(cred + offset));
}

/* Inode number of a namespace; a kernel may be built without some of them. */
#define tl_namespace(pointer, type)                                         \
	({                                                                  \
		__u64 __address = (__u64)(pointer);                         \
		__u32 __inum = 0;                                           \
		if (bpf_core_field_exists(struct type, ns) && __address) {  \
			struct type *__ns = tl_at(struct type, __address);  \
			__inum = tl_peek(__ns, ns.inum);                    \
		}                                                           \
		__inum;                                                     \
	})

/* Both are global, and have but numbers as their arguments, so that the verifier looks
 * at them once: of the current task, into slot `slot`. */
__noinline int tl_add_identity(__u32 slot, __u32 index)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct task_struct *task = tl_task_current();
	struct tl_section *section;
	struct tl_identity_facts *identity;
	__u64 cred;

	if (!call)
		return 0;
	section = tl_area_begin(call->data, TL_RECORD_MAX);
	identity = (struct tl_identity_facts *)tl_area_data(section);
	cred = (__u64)tl_get(task, cred);
	__builtin_memset(identity, 0, sizeof(*identity));
	identity->uid = tl_get(task, cred, uid.val);
	identity->gid = tl_get(task, cred, gid.val);
	identity->euid = tl_get(task, cred, euid.val);
	identity->egid = tl_get(task, cred, egid.val);
	identity->suid = tl_get(task, cred, suid.val);
	identity->sgid = tl_get(task, cred, sgid.val);
	identity->fsuid = tl_get(task, cred, fsuid.val);
	identity->fsgid = tl_get(task, cred, fsgid.val);
	tl_capability_set(&identity->inheritable, cred, bpf_core_field_offset(struct cred, cap_inheritable));
	tl_capability_set(&identity->permitted, cred, bpf_core_field_offset(struct cred, cap_permitted));
	tl_capability_set(&identity->effective, cred, bpf_core_field_offset(struct cred, cap_effective));
	tl_capability_set(&identity->bounding, cred, bpf_core_field_offset(struct cred, cap_bset));
	tl_capability_set(&identity->ambient, cred, bpf_core_field_offset(struct cred, cap_ambient));
	identity->mntns = tl_namespace(tl_get(task, nsproxy, mnt_ns), mnt_namespace);
	identity->netns = tl_namespace(tl_get(task, nsproxy, net_ns), net);
	identity->utsns = tl_namespace(tl_get(task, nsproxy, uts_ns), uts_namespace);
	identity->ipcns = tl_namespace(tl_get(task, nsproxy, ipc_ns), ipc_namespace);
	identity->cgroupns = tl_namespace(tl_get(task, nsproxy, cgroup_ns), cgroup_namespace);
	identity->userns = tl_namespace(tl_get(task, cred, user_ns), user_namespace);
	identity->child_pidns = tl_namespace(tl_get(task, nsproxy, pid_ns_for_children), pid_namespace);
	identity->child_timens = tl_namespace(tl_get(task, nsproxy, time_ns_for_children), time_namespace);
	tl_area_end(call->data, TL_RECORD_MAX, section, TL_SECTION_IDENTITY, index, 0, sizeof(*identity));
	return 0;
}

/* ---- Another one ---- */

/* What a pid namespace has under a number: the kernel's tree of them has 64 branches a
 * level, and marks what is a node of it by the two lowest bits. */
#define TL_TREE_LEVELS 4 /* 2^22 pids */
static __always_inline __u64 tl_pid_find(__u64 namespace, __u32 number)
{
	__u64 at = 0;

	if (!bpf_core_field_exists(struct pid_namespace, idr))
		return 0;
	bpf_probe_read_kernel(&at, sizeof(at),
			      (void *)(namespace + bpf_core_field_offset(struct pid_namespace, idr.idr_rt.xa_head)));
	for (int i = 0; i < TL_TREE_LEVELS; i++) {
		__u8 shift = 0;

		if ((at & 3) != 2)
			break;
		at -= 2;
		bpf_probe_read_kernel(&shift, sizeof(shift), (void *)(at + bpf_core_field_offset(struct xa_node, shift)));
		shift &= 31;
		/* What the tree has no room for is not in it. */
		if (!i && (number >> shift) > 63)
			return 0;
		bpf_probe_read_kernel(&at, sizeof(at),
				      (void *)(at + bpf_core_field_offset(struct xa_node, slots) +
					       8 * ((number >> shift) & 63)));
	}
	/* With a number of 0 alone the tree is its one entry. */
	return at & 3 ? 0 : at;
}

/* The namespace in which the task's numbers of processes are to be understood. */
static __always_inline __u64 tl_pid_namespace(struct task_struct *task)
{
	__u64 at = 0, namespace = 0;
	struct pid *pid;

	bpf_probe_read_kernel(&at, sizeof(at), &task->thread_pid);
	if (!at)
		return 0;
	pid = tl_at(struct pid, at);
	at += bpf_core_field_offset(struct pid, numbers) +
	      (__u64)(tl_peek(pid, level) & 31) * bpf_core_type_size(struct upid) +
	      bpf_core_field_offset(struct upid, ns);
	bpf_probe_read_kernel(&namespace, sizeof(namespace), (void *)at);
	return namespace;
}

#define TL_PID_FS_MAGIC 0x50494446

/* What a descriptor of a process stands for: since 6.9 such files have a file system. */
static __always_inline __u64 tl_pid_of_file(__u64 address)
{
	struct file *file = tl_at(struct file, address);
	__u64 name = 0;

	if (tl_peek(file, f_inode, i_sb, s_magic) == TL_PID_FS_MAGIC)
		return (__u64)tl_peek(file, f_inode, i_private);
	bpf_probe_read_kernel(&name, sizeof(name), tl_peek(file, f_path.dentry, d_name.name));
	return name == 0x005d64666469705bULL /* "[pidfd]" */ ? (__u64)tl_peek(file, private_data) : 0;
}

/* The task behind a struct pid; 0: it is gone. */
static __always_inline __u64 tl_pid_task(__u64 pid)
{
	__u64 first = 0;

	bpf_probe_read_kernel(&first, sizeof(first), (void *)(pid + bpf_core_field_offset(struct pid, tasks)));
	return first ? first - bpf_core_field_offset(struct task_struct, pid_links) : 0;
}

/* The task that argument `other` of the call means, by number or by descriptor; 0: none. */
static __always_inline __u64 tl_other_task(struct tl_call *call, struct task_struct *task, const struct tl_plan *plan)
{
	__u32 number = call->record.args[(plan->other - 1) & 7];
	__u64 pid, file;

	if (plan->flags & TL_PLAN_OTHER_FD) {
		file = tl_fd_file(task, number);
		pid = file ? tl_pid_of_file(file) : 0;
	} else {
		pid = (__s32)number > 0 ? tl_pid_find(tl_pid_namespace(task), number) : 0;
	}
	return pid ? tl_pid_task(pid) : 0;
}

/* When its process began, and how that is called. */
static __always_inline void tl_other_name(struct tl_other_facts *facts, struct task_struct *other)
{
	__u64 address = (__u64)tl_peek(other, group_leader);
	struct task_struct *leader = tl_at(struct task_struct, address);

	facts->start = tl_peek(leader, start_boottime);
	bpf_probe_read_kernel(facts->comm, TL_COMM_LEN,
			      (void *)(address + bpf_core_field_offset(struct task_struct, comm)));
}

static __always_inline void tl_other_facts(struct tl_call *call, struct task_struct *other)
{
	struct tl_section *section = tl_area_begin(call->data, TL_RECORD_MAX);
	struct tl_other_facts *facts = (struct tl_other_facts *)tl_area_data(section);

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->pid = tl_peek(other, tgid);
	facts->tid = tl_peek(other, pid);
	facts->uid = tl_peek(other, cred, uid.val);
	facts->gid = tl_peek(other, cred, gid.val);
	tl_other_name(facts, other);
	tl_area_end(call->data, TL_RECORD_MAX, section, TL_SECTION_OTHER, 0, 0, sizeof(*facts));
}

/* The program that another process runs, as that process sees it. */
static __always_inline void tl_add_other_program(struct tl_call *call, struct tl_walk *walk, struct task_struct *other,
						 __u8 index)
{
	__u64 file = (__u64)tl_peek(other, mm, exe_file), own = walk->mnt_ns;

	if (!file)
		return;
	walk->mnt_ns = (__u64)tl_peek(other, nsproxy, mnt_ns);
	tl_add_file(walk, call->data, TL_RECORD_MAX, index, file);
	walk->mnt_ns = own;
}

/* The process that an argument of the event's call means. */
__noinline int tl_add_other(__u32 slot, __u32 event)
{
	const struct tl_plan *plan = &tl_config.plan[event & (TL_EVENTS_MAX - 1)];
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);
	struct task_struct *task = tl_task_current(), *other;
	__u64 address;

	address = call && work ? tl_other_task(call, task, plan) : 0;
	if (!address || !call || !work)
		return 0;
	other = tl_at(struct task_struct, address);
	tl_other_facts(call, other);
	tl_add_other_program(call, &work->walk, other, TL_PATH_OTHER_EXE);
	return 0;
}

#endif
