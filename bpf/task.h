/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a task is to us: every task has a state that says which target terms it
 * matches and which events these want. A state is worked out when the task is
 * born, runs another program or is found in another cgroup; system calls only
 * look at it.
 *
 * Terms are worked out per dimension (executable, cgroup, pid, and tests of other
 * attributes): each dimension yields the set of terms that it does not rule out, and a task matches the
 * terms that are in all of them.
 */
#ifndef TRACELEFT_TASK_H
#define TRACELEFT_TASK_H

#include "kernel.h"
#include "maps.h"
#include "path.h"

struct tl_config tl_config;

struct tl_task {
	__u64 set; /* hash of the terms matched; 0: none */
	__u64 wants[TL_EVENT_WORDS]; /* bit per event id */
	__u64 cgroup; /* what the state was worked out for */
	__u64 attributes; /* same: a hash of them */
	__u64 outcomes; /* of the tests of them: key of map outcomes */
	__u64 start; /* of the process */
	__u64 nsproxy; /* its namespaces when its reader was last told of them */
	__u16 overriding[TL_OVERRIDING_MAX]; /* as in its set */
	__u32 exe_terms; /* keys of map terms */
	__u32 pid_terms;
	__u32 pending; /* kprobe: event whose return is awaited; 0: none */
	__u32 stashed; /* event of the running call that the stash is for; 0: none */
	__u32 ended; /* of a process's first thread: the end has been told */
};

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
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_terms);
} terms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TL_TERMS_MAX);
	__type(key, __u32);
	__type(value, struct tl_term_wants);
} wants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct tl_set);
} sets SEC(".maps");

/* What new ones are copies of: it is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_set);
} blank_set SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tl_override_key);
	__type(value, struct tl_override);
} overrides SEC(".maps");

/* tgid -> terms */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} pids SEC(".maps");

/* cgroup id -> terms that it does not rule out, for those that some glob names */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct tl_terms);
} cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_dfa_row);
} automaton SEC(".maps");

/* Executables and cgroups by whole path; for cgroups the key's `other` begins with 1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tl_path_key);
	__type(value, __u32);
} paths SEC(".maps");

static __always_inline struct task_struct *tl_task_current(void)
{
#if TL_HAS_TASK_STORAGE
	return bpf_get_current_task_btf();
#else
	return (struct task_struct *)bpf_get_current_task();
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

/* The task's state, `init` if it has none yet. */
static __always_inline struct tl_task *tl_state_create(struct task_struct *task, struct tl_task *init)
{
	struct tl_task *state;

#if TL_HAS_TASK_STORAGE
	state = bpf_task_storage_get(&tasks, task, init, BPF_LOCAL_STORAGE_GET_F_CREATE);
#else
	__u32 tid = task->pid;

	bpf_map_update_elem(&tasks, &tid, init, BPF_NOEXIST);
	state = bpf_map_lookup_elem(&tasks, &tid);
#endif
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

static __always_inline __u64 tl_cgroup_of(struct task_struct *task)
{
	return tl_get(task, cgroups, dfl_cgrp, kn, id);
}

/* ---- Attributes -> outcomes of the tests ---- */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_test_row);
} test_rows SEC(".maps");

/* Terms that a test does not rule out: key test x 2 + whether it holds. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct tl_terms);
} test_terms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct tl_outcome);
} outcomes SEC(".maps");

/* What new ones are copies of: it is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_outcome);
} blank_outcome SEC(".maps");

/* In the order of enum tl_attribute; the name is the last, of two words. */
#define TL_ATTRIBUTE_PIDNS 4
#define TL_ATTRIBUTE_COMM 6
struct tl_attributes {
	__u64 value[8];
};

/* All but the pid namespace, which a task is born in. */
static __always_inline void tl_attributes_of(struct tl_attributes *a, struct task_struct *task)
{
	struct nsproxy *nsproxy = tl_get(task, nsproxy);

	a->value[0] = tl_get(task, cred, uid.val);
	a->value[1] = tl_get(task, cred, gid.val);
	a->value[2] = (__u32)tl_get(task, loginuid.val);
	a->value[3] = tl_get(task, sessionid);
	a->value[TL_ATTRIBUTE_PIDNS] = 0;
	a->value[5] = nsproxy ? tl_get(task, nsproxy, mnt_ns, ns.inum) : 0;
	bpf_probe_read_kernel(&a->value[TL_ATTRIBUTE_COMM], TL_COMM_LEN,
			      (void *)((__u64)task + bpf_core_field_offset(struct task_struct, comm)));
}

static __always_inline __u64 tl_attributes_hash(const struct tl_attributes *a)
{
	__u64 hash = 0xcbf29ce484222325ULL;

#pragma unroll
	for (int i = 0; i < 8; i++) {
		hash = (hash ^ a->value[i]) * 0x100000001b3ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Have they changed since the state was worked out? */
static __always_inline bool tl_attributes_changed(const struct tl_task *state, struct task_struct *task)
{
	struct tl_attributes a;

	if (!tl_config.n_tests)
		return false;
	tl_attributes_of(&a, task);
	return tl_attributes_hash(&a) != state->attributes;
}

struct tl_test_run {
	struct tl_attributes *attributes;
	__u64 outcomes;
};

static __always_inline long tl_test_step(struct tl_test_run *run, __u32 i)
{
	struct tl_test_row *row = bpf_map_lookup_elem(&test_rows, &i);
	__u64 value;
	bool holds;

	if (!row || i >= tl_config.n_test_rows)
		return TL_STOP;
	if (row->attribute == TL_ATTRIBUTE_COMM) {
		holds = (run->attributes->value[6] & row->mask[0]) == row->low &&
			(run->attributes->value[7] & row->mask[1]) == row->high;
	} else {
		value = run->attributes->value[row->attribute & 7];
		holds = row->low <= value && value <= row->high;
	}
	run->outcomes |= (__u64)holds << (row->test & 63);
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
static long tl_test_iteration(__u32 i, void *data)
{
	return tl_test_step(data, i);
}
#endif

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

/* Looks at the attributes anew. */
static __always_inline void tl_state_test(struct tl_task *state, struct task_struct *task)
{
	struct tl_attributes attributes;
	struct tl_test_run run = {.attributes = &attributes};
	__u32 inner;

	if (!tl_config.n_tests)
		return;
	tl_attributes_of(&attributes, task);
	state->attributes = tl_attributes_hash(&attributes);
	attributes.value[TL_ATTRIBUTE_PIDNS] = tl_own_pid(task, &inner);
#if TL_HAS_TASK_STORAGE
	bpf_loop(TL_TEST_ROWS_MAX, tl_test_iteration, &run, 0);
#else
	for (__u32 i = 0; i < TL_BASE_TEST_ROWS_MAX; i++)
		if (tl_test_step(&run, i) == TL_STOP)
			break;
#endif
	state->outcomes = run.outcomes;
}

static __always_inline long tl_outcome_step(struct tl_outcome *outcome, __u64 held, __u32 test)
{
	__u32 key = 2 * test + (held >> (test & 63) & 1);
	struct tl_terms *terms_of;

	if (test >= tl_config.n_tests)
		return TL_STOP;
	terms_of = bpf_map_lookup_elem(&test_terms, &key);
	if (!terms_of)
		return TL_STOP;
	for (int w = 0; w < TL_TERM_WORDS; w++)
		outcome->terms.word[w] &= terms_of->word[w];
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
struct tl_outcome_loop {
	struct tl_outcome *outcome;
	__u64 held;
};

static long tl_outcome_iteration(__u32 test, void *data)
{
	struct tl_outcome_loop *loop = data;

	return tl_outcome_step(loop->outcome, loop->held, test);
}
#endif

/* The terms that these outcomes leave; NULL if there is no room to remember. Two
 * tasks that work out the same at the same time do no harm. */
static __always_inline struct tl_terms *tl_outcome_terms(__u64 held)
{
	struct tl_outcome *outcome = bpf_map_lookup_elem(&outcomes, &held), *blank;
	__u32 zero = 0;

	if (!outcome) {
		blank = bpf_map_lookup_elem(&blank_outcome, &zero);
		if (blank)
			bpf_map_update_elem(&outcomes, &held, blank, BPF_NOEXIST);
		outcome = bpf_map_lookup_elem(&outcomes, &held);
	}
	if (!outcome) {
		tl_refuse(TL_REFUSED_SET);
		return 0;
	}
	if (outcome->ready)
		return &outcome->terms;
#if TL_HAS_TASK_STORAGE
	{
		struct tl_outcome_loop loop = {.outcome = outcome, .held = held};

		bpf_loop(TL_TESTS_MAX, tl_outcome_iteration, &loop, 0);
	}
#else
	for (__u32 test = 0; test < TL_TESTS_MAX; test++)
		if (tl_outcome_step(outcome, held, test) == TL_STOP)
			break;
#endif
	outcome->ready = 1;
	return &outcome->terms;
}

static __always_inline __u32 tl_pid_terms(__u32 tgid)
{
	__u32 *terms_of = bpf_map_lookup_elem(&pids, &tgid);

	return terms_of ? *terms_of : tl_config.pid_none;
}

/* ---- Path -> terms ---- */

/* Without bpf_loop the verifier walks through every turn of a loop. */
#define TL_BASE_MATCH_MAX 512

/* A run of the automaton. For cgroups every directory on the way counts, and
 * what matched by a target's cgroups is kept apart from what by its units. */
struct tl_match {
	__u64 fnv;
	__u64 other;
	__u32 n;
	__u32 state;
	struct tl_terms by_cgroup;
	struct tl_terms by_unit;
};

/* What belongs to whoever owns a slot of map calls, besides the record. */
struct tl_work {
	struct tl_walk walk;
	struct tl_match match;
	__u8 sqe[TL_SQE_SIZE + 8]; /* io_uring: the request, and room to read behind it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TL_CALL_SLOTS);
	__type(key, __u32);
	__type(value, struct tl_work);
} works SEC(".maps");

/* What ends here: key of map terms, 0 for nothing. */
static __always_inline __u32 tl_match_here(struct tl_match *match)
{
	struct tl_path_key key = {.fnv = match->fnv, .other = match->other};
	__u32 *exact = bpf_map_lookup_elem(&paths, &key), state = match->state;
	struct tl_dfa_row *row;

	if (exact)
		return *exact;
	row = state ? bpf_map_lookup_elem(&automaton, &state) : 0;
	return row ? row->terms : 0;
}

static __always_inline void tl_match_collect(struct tl_match *match)
{
	__u32 key = tl_match_here(match);
	struct tl_terms *by_cgroup, *by_unit;

	if (!key)
		return;
	by_cgroup = bpf_map_lookup_elem(&terms, &key);
	key++;
	by_unit = bpf_map_lookup_elem(&terms, &key);
	if (!by_cgroup || !by_unit)
		return;
#pragma unroll
	for (int w = 0; w < TL_TERM_WORDS; w++) {
		match->by_cgroup.word[w] |= by_cgroup->word[w];
		match->by_unit.word[w] |= by_unit->word[w];
	}
}

static __always_inline long tl_match_step(struct tl_match *match, const char *text, __u32 i, bool each)
{
	struct tl_dfa_row *row;
	__u32 state = match->state;
	__u8 byte;

	if (i >= match->n)
		return TL_STOP;
	tl_barrier(i);
	byte = text[i & (2 * TL_PATH_MAX - 1)];
	if (each && byte == '/' && i)
		tl_match_collect(match);
	match->fnv = (match->fnv ^ byte) * 0x100000001b3ULL;
	match->other = match->other * 0x9e3779b97f4a7c15ULL + byte + 1;
	row = bpf_map_lookup_elem(&automaton, &state);
	if (row)
		match->state = row->next[tl_config.class_of[byte] & (TL_DFA_CLASSES - 1)];
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
struct tl_match_loop {
	struct tl_match *match;
	const char *text;
};

static long tl_match_iteration(__u32 i, void *data)
{
	struct tl_match_loop *loop = data;

	return tl_match_step(loop->match, loop->text, i, false);
}

static long tl_match_each_iteration(__u32 i, void *data)
{
	struct tl_match_loop *loop = data;

	return tl_match_step(loop->match, loop->text, i, true);
}
#endif

/* Runs the automaton over the n bytes at `text` (room for 2 * TL_PATH_MAX
 * there) from state `start`. false: too long for this kernel. */
static __always_inline bool tl_match_run(struct tl_match *match, const char *text, __u32 n, __u32 start, bool each)
{
	match->fnv = 0xcbf29ce484222325ULL;
	match->other = each;
	match->n = n;
	match->state = start;
#if TL_HAS_TASK_STORAGE
	{
		struct tl_match_loop loop = {.match = match, .text = text};

		if (each)
			bpf_loop(2 * TL_PATH_MAX, tl_match_each_iteration, &loop, 0);
		else
			bpf_loop(2 * TL_PATH_MAX, tl_match_iteration, &loop, 0);
	}
	return true;
#else
	for (__u32 i = 0; i < TL_BASE_MATCH_MAX; i++)
		if (tl_match_step(match, text, i, each) == TL_STOP)
			break;
	return n <= TL_BASE_MATCH_MAX;
#endif
}

/* Terms that an executable's components do not rule out. */
static __always_inline __u32 tl_match_executable(struct tl_match *match, const char *text, __u32 n)
{
	__u32 key = 0;

	if (tl_match_run(match, text, n, tl_config.exe_start, false))
		key = tl_match_here(match);
	return key ? key : tl_config.exe_none;
}

/* Terms that a cgroup's path does not rule out: left in match->by_cgroup.
 * false: no glob names it or a directory above it. */
static __always_inline bool tl_match_cgroup(struct tl_match *match, const char *text, __u32 n)
{
	__u32 key = tl_config.cgroup_none;
	struct tl_terms *no_cgroups, *no_units;
	__u64 any = 0;

	__builtin_memset(&match->by_cgroup, 0, sizeof(match->by_cgroup));
	__builtin_memset(&match->by_unit, 0, sizeof(match->by_unit));
	if (!tl_match_run(match, text, n, tl_config.cgroup_start, true))
		return false;
	tl_match_collect(match);
	key = tl_config.no_cgroups;
	no_cgroups = bpf_map_lookup_elem(&terms, &key);
	key = tl_config.no_units;
	no_units = bpf_map_lookup_elem(&terms, &key);
	if (!no_cgroups || !no_units)
		return false;
	for (int w = 0; w < TL_TERM_WORDS; w++) {
		any |= match->by_cgroup.word[w] | match->by_unit.word[w];
		match->by_cgroup.word[w] = (match->by_cgroup.word[w] | no_cgroups->word[w]) &
					   (match->by_unit.word[w] | no_units->word[w]);
	}
	return any;
}

/* ---- Terms -> what is wanted ---- */

/* Adds what term t wants, if it is in the set. Without a branch on the bit and
 * in map memory only: the verifier need not tell the ways through apart. */
static __always_inline long tl_set_fill_step(struct tl_set *set, __u32 t)
{
	struct tl_term_wants *term;
	__u64 mask;
	__u32 n;

	if (t >= tl_config.n_terms)
		return TL_STOP;
	term = bpf_map_lookup_elem(&wants, &t);
	if (!term)
		return TL_STOP;
	mask = -(set->terms.word[(t >> 6) & (TL_TERM_WORDS - 1)] >> (t & 63) & 1);
	for (int w = 0; w < TL_EVENT_WORDS; w++)
		set->events[w] |= term->events[w] & mask;
	if (mask && term->override) {
		n = set->n_overriding;
		if (n < TL_OVERRIDING_MAX)
			set->overriding[n & (TL_OVERRIDING_MAX - 1)] = t + 1;
		else
			tl_refuse(TL_REFUSED_OVERRIDE);
		set->n_overriding = n + 1;
	}
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
struct tl_set_loop {
	struct tl_set *set;
};

static long tl_set_fill_iteration(__u32 t, void *data)
{
	struct tl_set_loop *loop = data;

	return tl_set_fill_step(loop->set, t);
}
#endif

static __always_inline void tl_set_fill(struct tl_set *set)
{
#if TL_HAS_TASK_STORAGE
	struct tl_set_loop loop = {.set = set};

	bpf_loop(TL_TERMS_MAX, tl_set_fill_iteration, &loop, 0);
#else
	for (__u32 t = 0; t < TL_BASE_TERMS_MAX; t++)
		if (tl_set_fill_step(set, t) == TL_STOP)
			break;
#endif
	set->ready = 1;
}

struct tl_dimensions {
	struct tl_terms *exe, *cgroup, *pid, *sticky, *tests;
	struct tl_set *before, *inherited;
};

static __always_inline __u64 tl_word(const struct tl_dimensions *d, int w)
{
	__u64 word = d->exe->word[w] & d->cgroup->word[w] & d->pid->word[w];

	if (d->tests)
		word &= d->tests->word[w];
	if (d->before)
		word |= d->before->terms.word[w] & d->sticky->word[w];
	if (d->inherited)
		word |= d->inherited->terms.word[w] & d->sticky->word[w];
	return word;
}

/* The combination of that hash, made if it is new; NULL if there is no room. */
static __always_inline struct tl_set *tl_set_get(__u64 hash, const struct tl_dimensions *d)
{
	struct tl_set *set = bpf_map_lookup_elem(&sets, &hash), *blank;
	__u32 zero = 0;

	if (!set) {
		blank = bpf_map_lookup_elem(&blank_set, &zero);
		if (blank)
			bpf_map_update_elem(&sets, &hash, blank, BPF_NOEXIST);
		set = bpf_map_lookup_elem(&sets, &hash);
		if (!set) {
			tl_refuse(TL_REFUSED_SET);
			return 0;
		}
	}
	if (!set->ready) { /* two at the same time do no harm */
		for (int w = 0; w < TL_TERM_WORDS; w++)
			set->terms.word[w] = tl_word(d, w);
		tl_set_fill(set);
	}
	return set;
}

/* Works out the terms and wants of `state` from its dimensions and, for
 * those that children inherit, from what it matched before and what its parent
 * matches: hashes of sets, 0 for none. */
static __noinline int tl_state_combine(struct tl_task *state, __u64 before, __u64 inherited)
{
	__u64 hash = 0xcbf29ce484222325ULL, any = 0;
	struct tl_dimensions d;
	struct tl_set *set;
	__u32 key;

	key = state->exe_terms;
	d.exe = bpf_map_lookup_elem(&terms, &key);
	d.cgroup = bpf_map_lookup_elem(&cgroups, &state->cgroup);
	if (!d.cgroup) {
		key = tl_config.cgroup_none;
		d.cgroup = bpf_map_lookup_elem(&terms, &key);
	}
	key = state->pid_terms;
	d.pid = bpf_map_lookup_elem(&terms, &key);
	key = tl_config.descendants;
	d.sticky = bpf_map_lookup_elem(&terms, &key);
	d.before = before ? bpf_map_lookup_elem(&sets, &before) : 0;
	d.inherited = inherited ? bpf_map_lookup_elem(&sets, &inherited) : 0;
	d.tests = tl_config.n_tests ? tl_outcome_terms(state->outcomes) : 0;
	if (!d.exe || !d.cgroup || !d.pid || !d.sticky || (tl_config.n_tests && !d.tests))
		return 0;
	for (int w = 0; w < TL_TERM_WORDS; w++) {
		__u64 word = tl_word(&d, w);

		any |= word;
		hash = (hash ^ word) * 0x100000001b3ULL;
		hash ^= hash >> 29;
	}
	if (!any) {
		__builtin_memset(state->wants, 0, sizeof(state->wants));
		state->overriding[0] = 0;
		state->set = 0;
		return 0;
	}
	if (!hash)
		hash = 1;
	set = tl_set_get(hash, &d);
	if (!set)
		return 0;
	for (int w = 0; w < TL_EVENT_WORDS; w++)
		state->wants[w] = set->events[w];
	__builtin_memcpy(state->overriding, set->overriding, sizeof(state->overriding));
	state->set = hash;
	return 0;
}

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
