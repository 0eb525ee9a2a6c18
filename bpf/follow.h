/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Works out which target terms a task matches, and what these want.
 *
 * Terms are worked out per dimension (executable, cgroup, pid, and each of the
 * other attributes): each dimension yields the set of terms that it does not rule
 * out, and a task matches the terms that are in all of them.
 */
#ifndef TRACELEFT_FOLLOW_H
#define TRACELEFT_FOLLOW_H

#include "attributes.h"
#include "record.h"

/* Words of a set of terms, as many as the targets need: a constant to the
 * verifier, which holds it against the size of the maps' values. */
const volatile __u32 tl_term_words SEC(".rodata.terms") = TL_TERM_WORDS_MAX;

#define tl_for_each_word(w) for (__u32 w = 0; w < TL_TERM_WORDS_MAX && w < tl_term_words; w++)

/* Without types: the sizes of values are set when loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct tl_terms));
} terms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_term_wants);
} wants SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct tl_set));
} sets SEC(".maps");

/* What new ones are copies of: it is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct tl_set));
} blank_set SEC(".maps");

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
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct tl_terms));
} cgroups SEC(".maps");

/* cgroup id -> path, of the latest new ones: what the reader says of those that have gone
 * before it comes to ask. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, TL_CGROUP_NAME_MAX);
} cgroup_names SEC(".maps");

/* Two sets for whoever owns the slot of map calls with that key, one behind the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TL_CALL_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 2 * sizeof(struct tl_terms));
} found_terms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tl_dfa_row);
} automaton SEC(".maps");

/* Executables and cgroups by whole path, units by name; the key's `other` begins
 * with a number per kind. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tl_path_key);
	__type(value, __u32);
} paths SEC(".maps");

static __always_inline __u32 tl_pid_terms(__u32 tgid)
{
	__u32 *terms_of = bpf_map_lookup_elem(&pids, &tgid);

	return terms_of ? *terms_of : tl_config.pid_none;
}

/* ---- Path -> terms ---- */

/* Without bpf_loop the verifier walks through every turn of a loop. */
#define TL_BASE_MATCH_MAX 512

#define TL_FNV_BEGIN 0xcbf29ce484222325ULL
#define TL_OTHER_CGROUP 1 /* what the key's `other` begins with */
#define TL_OTHER_UNIT 2
#define TL_OTHER_CONTAINER 3
#define TL_MONITOR_END 'n' /* of what is before the hyphen of a container's monitor: conmon */

static __always_inline void tl_hash_byte(__u64 *fnv, __u64 *other, __u8 byte)
{
	*fnv = (*fnv ^ byte) * 0x100000001b3ULL;
	*other = *other * 0x9e3779b97f4a7c15ULL + byte + 1;
}

/* What ends here: key of map terms, 0 for nothing. */
static __always_inline __u32 tl_match_here(struct tl_match *match)
{
	struct tl_path_key key = {.fnv = match->fnv, .other = match->other};
	__u32 *exact = bpf_map_lookup_elem(&paths, &key), state = match->state;
	struct tl_dfa_row *row;

	if (exact) {
		match->exact = *exact;
		return *exact;
	}
	row = state ? bpf_map_lookup_elem(&automaton, &state) : 0;
	return row ? row->terms : 0;
}

static __always_inline void tl_match_add(struct tl_match *match, __u32 key)
{
	__u32 at = match->n_keys;

	if (at < TL_MATCHES_MAX) {
		tl_barrier(at);
		match->keys[at & (TL_MATCHES_MAX - 1)] = key;
	}
	match->n_keys = at + 1;
}

/* What the directory that ends here matches: by its path, and by its name as a unit's or a container's. */
static __always_inline void tl_match_collect(struct tl_match *match)
{
	struct tl_path_key name = {.fnv = match->name_fnv, .other = match->name_other};
	struct tl_path_key tail = {.fnv = match->tail_fnv, .other = match->tail_other};
	__u32 key = tl_match_here(match), *unit = bpf_map_lookup_elem(&paths, &name);
	__u32 *container = bpf_map_lookup_elem(&paths, &tail);

	if (key)
		tl_match_add(match, key);
	if (container)
		tl_match_add(match, *container);
	if (unit)
		tl_match_add(match, *unit | TL_BY_UNIT);
}

static __always_inline void tl_match_name_begin(struct tl_match *match)
{
	match->name_fnv = TL_FNV_BEGIN;
	match->name_other = TL_OTHER_UNIT;
	match->tail_fnv = TL_FNV_BEGIN;
	match->tail_other = TL_OTHER_CONTAINER;
	match->previous = '/';
}

/* A runtime's name goes before an id, and a hyphen; a slash says that there is one. */
static __always_inline void tl_match_name(struct tl_match *match, __u8 byte)
{
	tl_hash_byte(&match->name_fnv, &match->name_other, byte);
	if (byte == '-' && match->previous != '/' && match->previous != TL_MONITOR_END) {
		match->tail_fnv = TL_FNV_BEGIN;
		match->tail_other = TL_OTHER_CONTAINER;
		tl_hash_byte(&match->tail_fnv, &match->tail_other, '/');
	} else {
		tl_hash_byte(&match->tail_fnv, &match->tail_other, byte);
	}
	match->previous = byte;
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
	if (each && byte == '/') {
		if (i)
			tl_match_collect(match);
		tl_match_name_begin(match);
	} else if (each) {
		tl_match_name(match, byte);
	}
	tl_hash_byte(&match->fnv, &match->other, byte);
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

/* Before bpf_loop the verifier walks through every turn of a loop: a turn is then a
 * function that is not static, which it looks at once. So are those below. They take
 * the key of the slot that is worked on. */
#if !TL_HAS_TASK_STORAGE
__noinline int tl_match_turn(__u32 slot, __u32 i, __u32 each)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	return call && work ? tl_match_step(&work->match, (char *)call->data, i, each) : TL_STOP;
}
#endif

/* Runs the automaton over the first n bytes of the slot. false: too long for this kernel. */
static __always_inline bool tl_match_run(struct tl_match *match, __u32 slot, __u32 n, bool each)
{
	match->fnv = TL_FNV_BEGIN;
	match->other = each ? TL_OTHER_CGROUP : 0;
	match->n = n;
	match->state = each ? tl_config.cgroup_start : tl_config.exe_start;
#if TL_HAS_TASK_STORAGE
	{
		struct tl_call *call = bpf_map_lookup_elem(&calls, &slot);
		struct tl_match_loop loop = {.match = match, .text = call ? (char *)call->data : 0};

		if (!call)
			return false;
		if (each)
			bpf_loop(2 * TL_PATH_MAX, tl_match_each_iteration, &loop, 0);
		else
			bpf_loop(2 * TL_PATH_MAX, tl_match_iteration, &loop, 0);
	}
	return true;
#else
	for (__u32 i = 0; i < TL_BASE_MATCH_MAX; i++)
		if (tl_match_turn(slot, i, each) == TL_STOP)
			break;
	return n <= TL_BASE_MATCH_MAX;
#endif
}

/* Terms that an executable's components do not rule out. */
static __always_inline __u32 tl_match_executable(struct tl_match *match, __u32 slot, __u32 n)
{
	__u32 key = 0;

	if (tl_match_run(match, slot, n, false))
		key = tl_match_here(match);
	return key ? key : tl_config.exe_none;
}

/*
 * What goes through the words of sets is in functions that are not static: these the
 * verifier looks at once, and not for each way that leads to them. They take the
 * key of the slot whose found terms they work on.
 */

static __always_inline struct tl_terms *tl_found(__u32 slot)
{
	return bpf_map_lookup_elem(&found_terms, &slot);
}

static __always_inline struct tl_terms *tl_terms_of(__u32 key)
{
	return bpf_map_lookup_elem(&terms, &key);
}

/* Adds the terms of a key to the first set found, or to the second one. */
__noinline int tl_terms_add(__u32 slot, __u32 key, __u32 second)
{
	struct tl_terms *found = tl_found(slot), *more = tl_terms_of(key);
	__u32 at = second ? tl_term_words : 0;

	if (found && more)
		tl_for_each_word(w)
			found->word[at + w] |= more->word[w];
	return 0;
}

/* Makes them the two sets found. */
__noinline int tl_terms_begin(__u32 slot, __u32 first, __u32 second)
{
	struct tl_terms *found = tl_found(slot), *one = tl_terms_of(first), *other = tl_terms_of(second);

	if (found)
		tl_for_each_word(w) {
			found->word[w] = one ? one->word[w] : 0;
			found->word[tl_term_words + w] = other ? other->word[w] : 0;
		}
	return 0;
}

/* Leaves of the first set found what is in the second one, too. */
__noinline int tl_terms_cross(__u32 slot)
{
	struct tl_terms *found = tl_found(slot);

	if (found)
		tl_for_each_word(w)
			found->word[w] &= found->word[tl_term_words + w];
	return 0;
}

/* Terms that a cgroup's path does not rule out, into those found.
 * false: no glob names it or a directory above it, or that is not to be told, counted. */
static __always_inline bool tl_match_cgroup(struct tl_match *match, __u32 slot, __u32 n)
{
	__u32 key;
	bool whole;

	match->n_keys = 0;
	tl_match_name_begin(match);
	whole = tl_match_run(match, slot, n, true);
	tl_match_collect(match);
	if (!whole || match->n_keys > TL_MATCHES_MAX)
		tl_refuse(TL_REFUSED_CGROUP);
	if (!whole || !match->n_keys)
		return false;
	tl_terms_begin(slot, tl_config.no_cgroups, tl_config.no_units);
	for (__u32 i = 0; i < TL_MATCHES_MAX && i < match->n_keys; i++) {
		key = match->keys[i & (TL_MATCHES_MAX - 1)];
		/* Of both kinds together there are two sets, one behind the other. */
		if (!(key & TL_BY_UNIT))
			tl_terms_add(slot, key, 0);
		tl_terms_add(slot, key & TL_BY_UNIT ? key & ~TL_BY_UNIT : key + 1, 1);
	}
	tl_terms_cross(slot);
	return true;
}

/* ---- Terms -> what is wanted ---- */

/* Number of the only bit that is set. The compiler's own way never ends. */
static __always_inline __u32 tl_bit_number(__u64 bit)
{
	static const __u64 halves[] = {0xaaaaaaaaaaaaaaaaULL, 0xccccccccccccccccULL, 0xf0f0f0f0f0f0f0f0ULL,
				       0xff00ff00ff00ff00ULL, 0xffff0000ffff0000ULL, 0xffffffff00000000ULL};
	__u32 number = 0;

#pragma unroll
	for (int i = 0; i < 6; i++) {
		__u64 half = bit & halves[i];

		half |= -half; /* without branches, which the verifier would count */
		tl_barrier(half);
		number |= half >> 63 << i;
	}
	return number;
}

/* Goes one word of the set on, or adds what the next term in the word wants. In
 * map memory only: the verifier need not tell the ways through apart. A function,
 * since 5.10 takes no loop whose end runs into its beginning without a jump. */
static __noinline long tl_set_fill_step(struct tl_set *set, struct tl_fill *fill)
{
	__u64 rest = fill->rest, last = rest & -rest, word = fill->word;
	__u32 term, n;
	struct tl_term_wants *wanted;

	if (!rest) {
		word++;
		fill->word = word;
		tl_barrier(word);
		if (word >= tl_term_words)
			return TL_STOP;
		tl_barrier(word);
		fill->rest = set->terms.word[word];
		return TL_CONTINUE;
	}
	fill->rest = rest ^ last;
	term = 64 * word + tl_bit_number(last);
	wanted = bpf_map_lookup_elem(&wants, &term);
	if (!wanted)
		return TL_STOP;
	for (int w = 0; w < TL_EVENT_WORDS; w++)
		set->events[w] |= wanted->events[w];
	if (wanted->override) {
		n = set->n_overriding;
		if (n < TL_OVERRIDING_MAX)
			set->overriding[n & (TL_OVERRIDING_MAX - 1)] = term + 1;
		else
			tl_refuse(TL_REFUSED_OVERRIDE);
		set->n_overriding = n + 1;
	}
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
struct tl_set_loop {
	struct tl_set *set;
	struct tl_fill *fill;
};

static long tl_set_fill_iteration(__u32 i, void *data)
{
	struct tl_set_loop *loop = data;

	return tl_set_fill_step(loop->set, loop->fill);
}
#endif

#if !TL_HAS_TASK_STORAGE
__noinline int tl_set_fill_turn(__u64 hash, __u32 slot)
{
	struct tl_set *set = bpf_map_lookup_elem(&sets, &hash);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);

	return set && work ? tl_set_fill_step(set, &work->fill) : TL_STOP;
}
#endif

/* Makes the set of that hash of the terms found, and works out what it wants. */
__noinline int tl_set_fill(__u64 hash, __u32 slot)
{
	struct tl_set *set = bpf_map_lookup_elem(&sets, &hash);
	struct tl_work *work = bpf_map_lookup_elem(&works, &slot);
	struct tl_terms *found = tl_found(slot);
	struct tl_fill *fill;

	if (!set || !work || !found)
		return 0;
	tl_for_each_word(w)
		set->terms.word[w] = found->word[w];
	fill = &work->fill;
	fill->word = 0;
	fill->rest = set->terms.word[0];
#if TL_HAS_TASK_STORAGE
	{
		struct tl_set_loop loop = {.set = set, .fill = fill};

		bpf_loop(TL_TERMS_MAX + TL_TERM_WORDS_MAX, tl_set_fill_iteration, &loop, 0);
	}
#else
	for (__u32 i = 0; i < TL_BASE_FILL_MAX; i++)
		if (tl_set_fill_turn(hash, slot) == TL_STOP)
			break;
#endif
	if (fill->word < tl_term_words)
		tl_refuse(TL_REFUSED_SET); /* some are left: it is done again each time, and counted */
	else
		set->ready = 1;
	return 0;
}

/* Leaves of the terms found those of the key. */
__noinline int tl_terms_narrow(__u32 slot, __u32 key)
{
	struct tl_terms *found = tl_found(slot), *dimension = tl_terms_of(key);

	if (found && dimension)
		tl_for_each_word(w)
			found->word[w] &= dimension->word[w];
	return 0;
}

/* A program has two names: a target's executables are to have one of them, who has but
 * executables that it leaves out may leave out neither. */
__noinline int tl_terms_join(__u32 slot, __u32 key)
{
	struct tl_terms *found = tl_found(slot), *object = tl_terms_of(key);
	struct tl_terms *named = tl_terms_of(tl_config.executables);

	if (found && object && named)
		tl_for_each_word(w)
			found->word[w] = (found->word[w] & object->word[w]) |
					 ((found->word[w] | object->word[w]) & named->word[w]);
	return 0;
}

/* Same, of a cgroup that some glob names; 0: it is none. */
__noinline int tl_terms_narrow_by_cgroup(__u32 slot, __u64 cgroup)
{
	struct tl_terms *found = tl_found(slot), *dimension = bpf_map_lookup_elem(&cgroups, &cgroup);

	if (!found || !dimension)
		return 0;
	tl_for_each_word(w)
		found->word[w] &= dimension->word[w];
	return 1;
}

/* What was matched before stays for the terms that are inherited. */
__noinline int tl_terms_inherit(__u32 slot, __u64 set)
{
	struct tl_terms *found = tl_found(slot), *descendants = tl_terms_of(tl_config.descendants);
	struct tl_set *before = bpf_map_lookup_elem(&sets, &set);

	if (found && before && descendants)
		tl_for_each_word(w)
			found->word[w] |= before->terms.word[w] & descendants->word[w];
	return 0;
}

/* 0: there are no terms. */
__noinline __u64 tl_terms_hash(__u32 slot)
{
	struct tl_terms *found = tl_found(slot);
	__u64 hash = TL_FNV_BEGIN, any = 0;

	if (!found)
		return 0;
	tl_for_each_word(w) {
		any |= found->word[w];
		hash = (hash ^ found->word[w]) * 0x100000001b3ULL;
		hash ^= hash >> 29;
	}
	return !any ? 0 : hash ? hash : 1;
}

/* The terms that no dimension rules out. */
static __always_inline void tl_terms_find(__u32 slot, const struct tl_task *state)
{
	tl_terms_begin(slot, state->exe_terms, 0);
	if (state->exe_feigned)
		tl_terms_add(slot, tl_config.exe_none, 0);
	if (state->exe_object)
		tl_terms_join(slot, state->exe_object);
	if (!tl_terms_narrow_by_cgroup(slot, state->cgroup))
		tl_terms_narrow(slot, tl_config.cgroup_none);
	tl_terms_narrow(slot, state->pid_terms);
	if (!tl_asked)
		return;
	for (int i = 0; i < TL_ATTRIBUTE_KINDS; i++)
		if (state->attribute_terms[i])
			tl_terms_narrow(slot, state->attribute_terms[i]);
}

/* The combination of that hash, made if it is new; NULL if there is no room. */
static __always_inline struct tl_set *tl_set_get(__u64 hash, __u32 slot)
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
	if (!set->ready) /* two at the same time do no harm */
		tl_set_fill(hash, slot);
	return set;
}

/* Makes the state that of somebody who matches what was found. */
static __always_inline void tl_state_take(struct tl_task *state, __u32 slot)
{
	__u64 hash = tl_terms_hash(slot);
	struct tl_set *set;

	if (!hash) {
		__builtin_memset(state->wants, 0, sizeof(state->wants));
		state->overriding[0] = 0;
		state->set = 0;
		return;
	}
	set = tl_set_get(hash, slot);
	if (!set)
		return;
	for (int w = 0; w < TL_EVENT_WORDS; w++)
		state->wants[w] = set->events[w];
	__builtin_memcpy(state->overriding, set->overriding, sizeof(state->overriding));
	state->set = hash;
}

/* Works out the terms and wants of `state` from its dimensions and, for
 * those that children inherit, from what it matched before and what its parent
 * matches: hashes of sets, 0 for none. Who is to be left alone matches nothing. */
static __noinline int tl_state_combine(struct tl_task *state, __u64 before, __u64 inherited)
{
	struct tl_call *call;
	struct tl_work *work;
	__u32 slot;

	call = tl_slot_claim(&work);
	if (!call) {
		tl_refuse(TL_REFUSED_SLOT);
		return 0;
	}
	slot = work->walk.slot;
	tl_terms_find(slot, state);
	if (state->exe_object == tl_config.nobody)
		tl_terms_begin(slot, 0, 0);
	else if (state->pid_terms != tl_config.nobody && state->exe_terms != tl_config.nobody) {
		if (before)
			tl_terms_inherit(slot, before);
		if (inherited)
			tl_terms_inherit(slot, inherited);
	}
	tl_state_take(state, slot);
	call->owner = 0;
	return 0;
}

#endif
