/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a task is besides program, cgroup and pid: whose, where, how it is called.
 * The values of an attribute are divided into ranges, and for each range it is
 * known which terms it does not rule out: looking for it takes as long for ten
 * thousand users as for one.
 */
#ifndef TRACELEFT_ATTRIBUTES_H
#define TRACELEFT_ATTRIBUTES_H

#include "task.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_range);
} ranges SEC(".maps");

/* Which attributes targets ask for, a bit each. Known before loading, so that what looks
 * at the others is not in the programs. Numbers of rows are no constants: with them the
 * verifier would walk every way through the search. */
const volatile __u32 tl_asked SEC(".rodata.asked") = 0;
#define tl_asks(attribute) (tl_asked >> (attribute) & 1)

/* In the order of enum tl_attribute. */
#define TL_ATTRIBUTE_PIDNS 4
#define TL_ATTRIBUTE_COMM 6
#define TL_ATTRIBUTE_TTY 7
struct tl_attributes {
	__u64 value[TL_ATTRIBUTE_KINDS]; /* COMM: its first 8 bytes, most significant first */
	__u64 comm_rest;
};

/* As the kernel numbers devices for itself; 0: none. */
static __always_inline __u64 tl_tty_of(struct task_struct *task)
{
	return ((__u64)tl_get(task, signal, tty, driver, major) << 20) +
	       tl_get(task, signal, tty, driver, minor_start) + tl_get(task, signal, tty, index);
}

/* All but the pid namespace, which a task is born in. */
static __always_inline void tl_attributes_of(struct tl_attributes *a, struct task_struct *task)
{
	struct nsproxy *nsproxy = tl_get(task, nsproxy);
	__u64 name[TL_COMM_LEN / 8] = {}; /* what is behind the NUL may be left over from a longer one */

	a->value[0] = tl_get(task, cred, uid.val);
	a->value[1] = tl_get(task, cred, gid.val);
	a->value[2] = (__u32)tl_get(task, loginuid.val);
	a->value[3] = tl_get(task, sessionid);
	a->value[TL_ATTRIBUTE_PIDNS] = 0;
	a->value[5] = nsproxy ? tl_get(task, nsproxy, mnt_ns, ns.inum) : 0;
	bpf_probe_read_kernel_str(name, TL_COMM_LEN,
				  (void *)((__u64)task + bpf_core_field_offset(struct task_struct, comm)));
	a->value[TL_ATTRIBUTE_COMM] = bpf_be64_to_cpu(name[0]);
	a->comm_rest = bpf_be64_to_cpu(name[1]);
	a->value[TL_ATTRIBUTE_TTY] = tl_asks(TL_ATTRIBUTE_TTY) ? tl_tty_of(task) : 0;
}

static __always_inline __u64 tl_attributes_hash(const struct tl_attributes *a)
{
	__u64 hash = 0xcbf29ce484222325ULL;

#pragma unroll
	for (int i = 0; i < TL_ATTRIBUTE_KINDS; i++) {
		hash = (hash ^ a->value[i]) * 0x100000001b3ULL;
		hash ^= hash >> 32;
	}
	return (hash ^ a->comm_rest) * 0x100000001b3ULL;
}

/* Have they changed since the state was worked out? */
static __always_inline bool tl_attributes_changed(const struct tl_task *state, struct task_struct *task)
{
	struct tl_attributes a;

	if (!tl_asked)
		return false;
	tl_attributes_of(&a, task);
	return tl_attributes_hash(&a) != state->attributes;
}

/* The terms of the last of n rows that begins at or below the value, whose more
 * significant half is `high`. */
static __noinline __u32 tl_range_terms(__u32 first, __u32 n, __u64 high, __u64 low)
{
	struct tl_range *row;
	__u32 half, key;

	for (int i = 0; i < TL_RANGE_STEPS && n > 1; i++) {
		half = n / 2;
		key = first + half;
		row = bpf_map_lookup_elem(&ranges, &key);
		if (row && (row->high < high || (row->high == high && row->low <= low))) {
			first = key;
			n -= half;
		} else {
			n = half;
		}
	}
	row = bpf_map_lookup_elem(&ranges, &first);
	return row ? row->terms : 0;
}

static __always_inline bool tl_same_attribute_terms(const struct tl_task *a, const struct tl_task *b)
{
	__u32 differences = 0;

#pragma unroll
	for (int i = 0; i < TL_ATTRIBUTE_KINDS; i++)
		differences |= a->attribute_terms[i] ^ b->attribute_terms[i];
	return !differences;
}

/* Looks at the attributes anew. */
static __always_inline void tl_state_test(struct tl_task *state, struct task_struct *task)
{
	struct tl_attributes a;
	__u64 high, low;
	__u32 inner;

	if (!tl_asked) {
		/* Else the verifier takes the function away, and what is left of the program is
		 * not described as its copies have to be. */
		tl_range_terms(0, 0, 0, 0);
		return;
	}
	tl_attributes_of(&a, task);
	state->attributes = tl_attributes_hash(&a);
	if (tl_asks(TL_ATTRIBUTE_PIDNS))
		a.value[TL_ATTRIBUTE_PIDNS] = tl_own_pid(task, &inner);
#pragma unroll
	for (int i = 0; i < TL_ATTRIBUTE_KINDS; i++) {
		high = i == TL_ATTRIBUTE_COMM ? a.value[i] : 0;
		low = i == TL_ATTRIBUTE_COMM ? a.comm_rest : a.value[i];
		if (tl_asks(i))
			state->attribute_terms[i] =
				tl_range_terms(tl_config.ranges[i].first, tl_config.ranges[i].n, high, low);
	}
}

#endif
