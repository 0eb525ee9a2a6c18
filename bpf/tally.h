/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of which only the number is asked for. The first of those that agree in a key
 * is told like any other; once its record is in the ring, the others are counted. The
 * reader puts a new table in the place of the old one, waits until nobody uses that any
 * more, and has its counts: each exact, and each with the record that says what it is of.
 */
#ifndef TRACELEFT_TALLY_H
#define TRACELEFT_TALLY_H

#include "record.h"

/* Whether some events are counted. Set before loading, so that where none is nothing of
 * it is in the programs. */
const volatile bool tl_counts SEC(".rodata.counts") = false;

#define TL_E2BIG 7

struct tl_tallies {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TL_TALLIES_MAX);
	__uint(key_size, sizeof(struct tl_tally_key));
	__uint(value_size, sizeof(struct tl_tally));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct tl_tallies);
} tallies SEC(".maps");

/* The file that the call is about: behind its first argument, or what it has opened. 0: none. */
static __always_inline __u64 tl_tally_file(const struct tl_plan *plan, struct task_struct *task,
					   const struct tl_task *state)
{
	struct pt_regs *registers = tl_registers_of(task);
	struct tl_stash *stash;
	__u64 file = 0;

	if (plan->from == TL_FROM_RET)
		return tl_fd_file(task, state->counted_ret);
	if (state->stashed != state->counting)
		return tl_fd_file(task, tl_get(registers, di));
	stash = tl_stash_current(false);
	if (stash)
		file = stash->args[0];
	tl_barrier(file); /* a load of its own: the kernel's memory is loaded from in another way */
	return file;
}

/* What stands in a field of the structure there: an address as a number, which the verifier
 * allows to be reckoned with. */
#define tl_number_at(type, address, field) tl_word((address) + bpf_core_field_offset(struct type, field))

/* False: it is too deep. */
static __always_inline bool tl_tally_names(struct tl_tally_key *key, __u64 at)
{
	__u64 names = 0;

	for (int i = 0; i < TL_TALLY_DEPTH; i++) {
		__u64 parent = tl_number_at(dentry, at, d_parent);

		names = (names ^ at ^ tl_number_at(dentry, at, d_name.hash_len)) * 0x9e3779b97f4a7c15ULL;
		names ^= names >> 29;
		if (parent == at) {
			key->names = names;
			return true;
		}
		at = parent;
	}
	return false;
}

/* The object's part of the key. False: it cannot be counted. */
static __always_inline bool tl_tally_object(struct tl_tally_key *key, __u64 address)
{
	struct file *file = tl_at(struct file, address);
	struct dentry *dentry;
	struct inode *inode;

	if (!address)
		return true;
	dentry = tl_at(struct dentry, (__u64)tl_peek(file, f_path.dentry));
	inode = tl_at(struct inode, (__u64)tl_peek(file, f_inode));
	key->vfsmount = tl_number_at(file, address, f_path.mnt);
	key->inode = tl_number_at(file, address, f_inode);
	key->number = tl_peek(inode, i_ino);
	key->generation = tl_peek(inode, i_generation);
	key->deleted = !tl_peek(dentry, d_hash.pprev);
	return tl_tally_names(key, tl_number_at(file, address, f_path.dentry));
}

/* Of the current task's call, which the state tells. False: it cannot be counted. */
static __always_inline bool tl_tally_key_of(struct tl_tally_key *key, const struct tl_plan *plan,
					    struct task_struct *task, const struct tl_task *state)
{
	__s64 ret = state->counted_ret;

	__builtin_memset(key, 0, sizeof(*key));
	key->set = state->set;
	key->start = state->start;
	key->cgroup = state->cgroup;
	key->event = state->counting;
	key->error = ret < 0 && ret >= -4095 ? ret : 0;
	key->pid = tl_me() >> 32;
	key->exec = state->exec;
	key->uid = tl_get(task, cred, uid.val);
	key->gid = tl_get(task, cred, gid.val);
	key->euid = tl_get(task, cred, euid.val);
	key->egid = tl_get(task, cred, egid.val);
	key->loginuid = tl_get(task, loginuid.val);
	key->session = tl_get(task, sessionid);
	if (!(plan->tally & TL_TALLY_OBJECTS))
		return true;
	/* What was asked for and not opened is not known here. */
	if (plan->from == TL_FROM_RET && ret < 0)
		return false;
	return tl_tally_object(key, tl_tally_file(plan, task, state));
}

/* May it be counted? The arguments of the others stand elsewhere; their events are told each. */
static __always_inline bool tl_may_tally(const struct tl_plan *plan, __u32 abi)
{
	return tl_counts && plan->tally && abi == TL_ABI_X86_64;
}

/* What says whether the table is full. The key is used for it. */
static __always_inline struct tl_tally *tl_tally_full(void *table, struct tl_tally_key *key)
{
	__builtin_memset(key, 0, sizeof(*key));
	return bpf_map_lookup_elem(table, key);
}

/* One more of those that have been told? Else it is to be told, as the first of its kind if
 * *ret_first. In the program that every such call runs: one of its own cost as much as the
 * counting. */
static __always_inline bool tl_tally_call(const struct tl_plan *plan, struct task_struct *task, struct tl_task *state,
					  __u32 event, __s64 ret, bool *ret_first)
{
	struct tl_account *account = tl_account_of(event);
	struct tl_tally_key key;
	struct tl_tally *tally;
	__u32 zero = 0;
	void *table;

	state->counting = event;
	state->counted_ret = ret;
	table = bpf_map_lookup_elem(&tallies, &zero);
	/* Without one the reader need not know which is the first of a kind: it had to remember each. */
	if (!table || !account || !tl_tally_key_of(&key, plan, task, state))
		return false;
	tally = bpf_map_lookup_elem(table, &key);
	if (!tally) {
		/* Those that find no room are told each, and the reader need not remember them. */
		tally = tl_tally_full(table, &key);
		*ret_first = !tally || !tally->bytes;
		return false;
	}
	tl_count(&account->seen, 1);
	tl_count(&account->aggregated, 1);
	tl_count(&tally->events, 1);
	if (plan->tally & TL_TALLY_BYTES && ret > 0)
		tl_count(&tally->bytes, ret);
	tally->last = bpf_ktime_get_boot_ns();
	return true;
}

/* A record of the current call has got into the ring: more like it are counted. */
SEC("tp_btf/sys_exit")
int tl_tally_begin(void *ctx)
{
	struct task_struct *task = tl_task_current();
	struct tl_task *state = tl_state_current();
	struct tl_tally tally = {}, *full;
	struct tl_tally_key key;
	const struct tl_plan *plan;
	__u32 zero = 0;
	void *table;

	if (!state)
		return 0;
	tally.seq = state->counted;
	tally.cpu = bpf_get_smp_processor_id();
	tally.event = state->counting;
	state->counted = 0;
	plan = &tl_config.plan[state->counting & (TL_EVENTS_MAX - 1)];
	table = bpf_map_lookup_elem(&tallies, &zero);
	/* Without room they are told each, as they are if another one was quicker. */
	if (!table || !tl_tally_key_of(&key, plan, task, state) ||
	    bpf_map_update_elem(table, &key, &tally, BPF_NOEXIST) != -TL_E2BIG)
		return 0;
	full = tl_tally_full(table, &key);
	if (full)
		full->bytes = 1;
	return 0;
}

#endif
