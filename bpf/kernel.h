/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's types, by hand: only the fields that are read, relocated when
 * the program is loaded. Where a field moved between kernels both shapes stand
 * here as flavours (NAME___SUFFIX) and bpf_core_field_exists() chooses.
 */
#ifndef TRACELEFT_KERNEL_H
#define TRACELEFT_KERNEL_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef _Bool bool;
#define true 1
#define false 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Its first field is eight bytes of a type that every kernel has, see tl_word(). */
struct timespec64 {
	__s64 tv_sec;
};

struct kuid {
	__u32 val;
};

struct qstr {
	__u64 hash_len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next;
	struct hlist_bl_node **pprev;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	__u16 i_mode;
	struct kuid i_uid;
	struct kuid i_gid;
	unsigned long i_ino;
	struct super_block *i_sb;
	const unsigned int i_nlink;
	__u32 i_generation;
	void *i_private;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mnt_namespace;

struct mount {
	struct mnt_namespace *mnt_ns;
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct module {
	char name[56];
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct {
		int counter;
	} count;
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
};

/* Two words of 32 bits before 6.3. */
struct capability_set {
	__u64 val;
};

struct user_namespace;

struct cred {
	struct kuid uid;
	struct kuid gid;
	struct kuid suid;
	struct kuid sgid;
	struct kuid euid;
	struct kuid egid;
	struct kuid fsuid;
	struct kuid fsgid;
	struct capability_set cap_inheritable;
	struct capability_set cap_permitted;
	struct capability_set cap_effective;
	struct capability_set cap_bset;
	struct capability_set cap_ambient;
	struct user_namespace *user_ns;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct list_head {
	struct list_head *next;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the unified hierarchy */
	struct list_head cgrp_links; /* one for each hierarchy, in the order that they were made */
};

struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct list_head cgrp_link; /* in cgrp_links */
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns; /* whose root may mount there */
};

struct net {
	struct ns_common ns;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];
};

struct idr {
	struct xarray idr_rt;
};

struct pid_namespace {
	struct idr idr;
	struct ns_common ns;
	unsigned int level;
};

struct uts_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4]; /* the first: of that thread */
	struct upid numbers[1];
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	int index;
};

struct signal_struct {
	struct {
		int counter;
	} live;
	int group_exit_code;
	unsigned int flags;
	unsigned long long utime; /* of the threads that are gone */
	unsigned long long stime;
	unsigned long long sum_sched_runtime;
	struct tty_struct *tty;
};

struct sched_entity {
	__u64 sum_exec_runtime;
};

struct thread_info {
	__u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 self_exec_id; /* 5.7 */
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct hlist_node pid_links[4]; /* the first: in tasks of its struct pid */
	const struct cred *cred;
	struct css_set *cgroups;
	__u64 start_boottime;
	__u64 utime;
	__u64 stime;
	struct sched_entity se;
	struct kuid loginuid;
	unsigned int sessionid;
	char comm[16];
	void *worker_private; /* 5.16 */
};

struct linux_binprm {
	struct file *file;
	int argc;
	const char *filename;
	const char *interp;
};

struct in6_addr {
	__u8 in6_u[16];
};

struct possible_net {
	struct net *net;
};

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__be16 skc_dport;
	__u16 skc_num;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct possible_net skc_net;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
	int sk_err;
	struct pid *sk_peer_pid;
	const struct cred *sk_peer_cred;
};

struct sockaddr_un {
	__u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len; /* of the name: family and path */
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct inet_sock {
	__be16 inet_sport;
};

struct mptcp_sock {
	struct sock *first;
};

struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
};

/* Before 5.6 the two were bit fields; 5.6 and later have them as above. */

struct socket {
	short type;
	struct sock *sk;
};

/* The user's registers at a system call. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* A copy of them, as x86-64 has had them for ever. */
struct tl_registers {
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};
#define TL_REGISTERS_SIZE (21 * 8)
#define TL_THREAD_SIZE 16384

#define TL_AF_UNIX 1
#define TL_AF_INET 2
#define TL_AF_INET6 10
#define TL_IPPROTO_TCP 6

/* net/tcp_states.h */
#define TL_TCP_ESTABLISHED 1
#define TL_TCP_SYN_SENT 2
#define TL_TCP_FIN_WAIT1 4
#define TL_TCP_CLOSE 7
#define TL_TCP_CLOSE_WAIT 8
#define TL_TCP_LAST_ACK 9
#define TL_TCP_LISTEN 10
/* net/sock.h: SOCK_DONE, the other end has sent all */
#define TL_SOCK_DONE 0x2

/* linux/proc_ns.h: PROC_USER_INIT_INO, the number of the machine's own */
#define TL_FIRST_USER_NAMESPACE 0xEFFFFFFDU
/* linux/sched.h: PF_KTHREAD */
#define TL_PF_KTHREAD 0x00200000
/* linux/sched.h: PF_EXITING */
#define TL_PF_EXITING 0x00000004
/* asm/thread_info.h: TS_COMPAT, a 32-bit system call is running */
#define TL_TS_COMPAT 0x0002
/* asm/unistd.h: __X32_SYSCALL_BIT */
#define TL_X32_BIT 0x40000000
/* linux/sched/signal.h: SIGNAL_GROUP_EXIT */
#define TL_SIGNAL_GROUP_EXIT 0x00000004

/*
 * Three builds of the kernel part, by what the kernel offers:
 *   TL_BUILD_TYPED   6.2 and later: bpf_rdonly_cast, so kernel memory is read
 *                    by loads, not by a helper call per field
 *   TL_BUILD_TASK    5.18 and later: task storage, bpf_loop, atomics that fetch
 *   TL_BUILD_BASE    5.10: hash maps by thread id, bounded loops
 */
#if defined(TL_BUILD_TYPED)
#define TL_HAS_CAST 1
#define TL_HAS_TASK_STORAGE 1
#elif defined(TL_BUILD_TASK)
#define TL_HAS_CAST 0
#define TL_HAS_TASK_STORAGE 1
#elif defined(TL_BUILD_BASE)
#define TL_HAS_CAST 0
#define TL_HAS_TASK_STORAGE 0
#else
#error "one of TL_BUILD_TYPED, TL_BUILD_TASK, TL_BUILD_BASE"
#endif

/*
 * Reading kernel objects. tl_get(pointer, field...) follows fields from a
 * pointer that the verifier knows the type of: the current task, a hook's
 * argument. tl_at(type, value) makes a pointer of an address that went through
 * memory, and tl_peek(pointer, field...) follows fields from there. Where the
 * verifier knows types these are loads; elsewhere each step is a helper call.
 * Stale and NULL pointers read as zero.
 */
#if TL_HAS_CAST
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
/* From 6.4 on the verifier goes through the names of all types of the kernel whenever a
 * pointer is loaded by a pointer that it trusts, which took more than half of the time of
 * a start. So pointers are read by one that it does not trust; what else is in the first
 * object needs no other one. */
#define TL_POINTER_CLASS 5 /* GCC's typeclass.h */
#define tl_distrusted(pointer) \
	((typeof(pointer))bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(typeof(*(pointer)))))
#define tl_get_one(pointer, field) \
	(__builtin_choose_expr(__builtin_classify_type((pointer)->field) == TL_POINTER_CLASS, tl_distrusted(pointer), \
			       (pointer))                                                                          \
		 ->field)
#define tl_get_far(pointer, ...) ___arrow(tl_distrusted(pointer), __VA_ARGS__)
#define TL_GET_PICK(a, b, c, d, e, f, g, name, ...) name
#define tl_get(pointer, ...)                                                                                       \
	TL_GET_PICK(__VA_ARGS__, tl_get_far, tl_get_far, tl_get_far, tl_get_far, tl_get_far, tl_get_far, tl_get_one, \
		    0)                                                                                             \
	(pointer, __VA_ARGS__)
#elif TL_HAS_TASK_STORAGE
#define tl_get(...) ___arrow(__VA_ARGS__)
#else
#define tl_get(pointer, ...) BPF_CORE_READ((pointer), __VA_ARGS__)
#endif

#if TL_HAS_CAST
#define tl_at(type, value) ((type *)bpf_rdonly_cast((const void *)(value), bpf_core_type_id_kernel(type)))
#define tl_peek(...) ___arrow(__VA_ARGS__)
#else
#define tl_at(type, value) ((type *)(value))
#define tl_peek(pointer, ...) BPF_CORE_READ((pointer), __VA_ARGS__)
#endif
/* Eight bytes of the kernel's. */
#define tl_word(address) ((__u64)tl_peek(tl_at(struct timespec64, (address)), tv_sec))

/* The current task: tgid and tid; by loads where they are cheaper than a call. */
#if TL_HAS_TASK_STORAGE
#define tl_me()                                                      \
	({                                                           \
		struct task_struct *__me = bpf_get_current_task_btf(); \
		(__u64)__me->tgid << 32 | (__u32)__me->pid;          \
	})
#endif

/* Keeps clang from reasoning about a value, so that the bound just checked
 * stays in the register that the verifier watches. */
#define tl_barrier(value) asm volatile("" : "+r"(value))

#endif
