/* SPDX-License-Identifier: GPL-2.0 */
/* Which of two sessions tells of an event, while one takes over from the other: see
 * enum tl_telling. */
#ifndef TRACELEFT_TURN_H
#define TRACELEFT_TURN_H

#include "task.h"

/* Number of the session whose turn it is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} gate SEC(".maps");

#if TL_HAS_TASK_STORAGE
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tl_notes);
} notes SEC(".maps");
#else
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct tl_notes);
} notes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_notes);
} no_notes SEC(".maps");
#endif

/* Those of the current task; NULL: there is no memory for them. */
static __always_inline struct tl_notes *tl_notes_current(void)
{
#if TL_HAS_TASK_STORAGE
	return bpf_task_storage_get(&notes, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
#else
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	struct tl_notes *known = bpf_map_lookup_elem(&notes, &tid), *empty;

	if (known)
		return known;
	empty = bpf_map_lookup_elem(&no_notes, &zero);
	if (empty)
		bpf_map_update_elem(&notes, &tid, empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&notes, &tid);
#endif
}

static __always_inline __u64 tl_gate(void)
{
	__u32 zero = 0;
	__u64 *number = bpf_map_lookup_elem(&gate, &zero);

	return number ? *(volatile __u64 *)number : 0;
}

static __always_inline bool tl_turn_decide(__u32 telling, enum tl_turn turn, __u64 what, bool is_second)
{
	__u64 number = tl_gate(), note = (what + 1) << 8;
	struct tl_notes *known = tl_notes_current();
	bool is_noted = known && (known->note[turn] & ~0xffULL) == note;

	/* A task ends once: the note may be from the first of two of our programs, see tl_twice. */
	if (is_noted && (is_second ? telling == TL_TELLS_IN_TURN : turn == TL_TURN_EXIT))
		number = known->note[turn] & 0xff;
	else if (known && !is_second)
		known->note[turn] = note | number;
	return number == tl_config.number;
}

static __always_inline __u32 tl_telling(void)
{
	return *(volatile __u32 *)&tl_config.telling;
}

/*
 * Is it this session that tells of what happens? To be asked once of each event, by who
 * comes first whether it will want the event or not. `what` tells events from one
 * another of which the other session may not have programs on the hook.
 */
static __always_inline bool tl_is_my_turn(enum tl_turn turn, __u64 what)
{
	__u32 telling = tl_telling();

	if (telling < TL_TELLS_BY_GATE)
		return telling == TL_TELLS_ALL;
	return tl_turn_decide(telling, turn, what, tl_config.second >> turn & 1);
}

/* Same, of a system call by its number. On i386 some are several, by their first argument. */
static __always_inline bool tl_is_my_call(enum tl_turn turn, __u32 door, __u32 abi, __u64 nr,
					  struct pt_regs *registers)
{
	__u32 telling = tl_telling(), at = nr < TL_NR_MAX ? nr : TL_NR_MAX - 1;
	__u64 what = (__u64)abi << 32 | (__u32)nr;
	__u8 second;

	if (telling < TL_TELLS_BY_GATE)
		return telling == TL_TELLS_ALL;
	if (abi == TL_ABI_I386)
		what |= (__u64)(__u16)tl_get(registers, bx) << 34;
	if (abi >= TL_ABI_MAX)
		return false;
	second = tl_config.call_second[door][abi][at & (TL_NR_MAX - 1)];
	return tl_turn_decide(telling, turn, what,
			      second & (turn == TL_TURN_CALL ? TL_SECOND_AT_EXIT : TL_SECOND_AT_ENTRY));
}

/* Same, of what is not worth a note. */
static __always_inline bool tl_is_my_time(void)
{
	__u32 telling = tl_telling();

	return telling < TL_TELLS_BY_GATE ? telling == TL_TELLS_ALL : tl_gate() == tl_config.number;
}

#endif
