// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One session takes over from another: see enum tl_telling in wire.h. Both go on with
 * one ring, one numbering and one gate; what else they have in the kernel is their own.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach.h"
#include "functions.h"
#include "kprobes.h"
#include "util.h"

#define TL_NUMBERS 254 /* of sessions in a row, before they begin again with 1 */
_Static_assert(TL_NUMBERS % 2 == 0, "of two in a row one is odd, by which their records are told apart");
#define TL_FALLBACK_QUIET_US 50000
#define TL_SILENCE_US 2000 /* programs that were interrupted end within this */

int tl_session_set_predecessor(struct tl_session *s, struct tl_session *old)
{
	if (s->started)
		return tl_fail(s, -EBUSY, "whom to take over from is said before the start");
	if (!old->started || old->stopped || old->predecessor || old->successor || old->build != s->build)
		return tl_fail(s, -EINVAL, "there is nothing to take over: the other session does not run");
	s->predecessor = old;
	s->number = old->number % TL_NUMBERS + 1;
	return 0;
}

/* ---- Before it ---- */

int tl_takeover_share_maps(struct tl_session *s)
{
	static const char *const names[] = { "ring", "cpus", "gate", "notes", "cgroup_names" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(s->object, names[i]);
		int r = map ? bpf_map__reuse_fd(map, tl_map_fd(s->predecessor, names[i])) : -ENOENT;

		if (r < 0)
			return tl_fail(s, r, "cannot take over map %s: %s", names[i], strerror(-r));
	}
	s->ring_size = s->predecessor->ring_size;
	return 0;
}

int tl_takeover_open_gate(struct tl_session *s)
{
	void *memory = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, tl_map_fd(s, "gate"), 0);

	if (memory == MAP_FAILED)
		return tl_fail(s, -errno, "cannot map the gate: %s", strerror(errno));
	s->gate = memory;
	if (!s->predecessor)
		*s->gate = s->number;
	return 0;
}

void tl_takeover_close(struct tl_session *s)
{
	if (s->gate)
		munmap(s->gate, sysconf(_SC_PAGESIZE));
	s->gate = NULL;
}

/* ---- Who comes first ---- */

/* A program that leaves its mark in a map. */
static int load_marker(struct tl_session *s, enum tl_kind kind, uint32_t btf_id, enum bpf_attach_type type, int map,
		       int mark)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = map },
		{ .imm = 0 },
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .imm = mark },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return tl_load_insns(s, "tl_order", kind, btf_id, type, insns, ARRAY_SIZE(insns), NULL, 0);
}

/* Of two programs on a function, put there one after the other: whether the later one runs first. */
static int newest_is_first(struct tl_session *s, enum tl_kind kind, bool at_entry)
{
	enum bpf_attach_type type = at_entry ? BPF_TRACE_FENTRY : BPF_TRACE_FEXIT;
	uint32_t zero = 0, last = 0;
	struct tl_function function;
	size_t n_links = s->n_links, n_programs = s->n_loaded_programs;
	int map, r = 0;

	if (!tl_function_find(s->functions, TL_ABI_X86_64, "getpgid", &function))
		return tl_fail(s, -EOPNOTSUPP, "cannot tell in which order programs run: no getpgid");
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "order", sizeof(zero), sizeof(last), 1, NULL);
	if (map < 0)
		return tl_fail(s, map, "cannot make a map: %s", strerror(-map));
	for (int mark = 1; mark <= 2 && r >= 0; mark++) {
		r = load_marker(s, kind, kind == TL_KIND_KPROBE ? 0 : function.btf_id, type, map, mark);
		if (r >= 0)
			r = kind == TL_KIND_KPROBE ? tl_kprobe_attach(s, r, function.name, !at_entry) :
						     tl_attach_trace(s, r, NULL);
	}
	if (r >= 0)
		syscall(SYS_getpgid, 0);
	if (r >= 0 && (bpf_map_lookup_elem(map, &zero, &last) < 0 || !last))
		r = tl_fail(s, -EIO, "cannot tell in which order programs run");
	tl_detach_from(s, n_links);
	tl_programs_drop_from(s, n_programs);
	close(map);
	return r < 0 ? r : last == 1;
}

/* Whether a call that is several is one that is wanted. */
static bool is_wanted(const struct tl_session *s, unsigned door, enum tl_multiplexer by)
{
	for (unsigned i = 0; i < TL_MULTIPLEXED_CALLS; i++)
		if (s->config->multiplexed[door][by][i].event)
			return true;
	return false;
}

/* Numbers for which the session has programs at that door. */
static bool watches(const struct tl_session *s, unsigned door, enum tl_abi abi, unsigned nr)
{
	if (s->config->event_of[door][abi][nr])
		return true;
	return abi == TL_ABI_I386 && ((nr == TL_NR_SOCKETCALL && is_wanted(s, door, TL_BY_SOCKETCALL)) ||
				      (nr == TL_NR_IPC && is_wanted(s, door, TL_BY_IPC)));
}

/* Who of the two comes second at the hooks of a call. Tracepoints run their programs in
 * the order in which they were put there, and a call's entry is told by the tracepoint
 * before its function is entered, its return after that has been left. */
static void order_call(struct tl_session *s, enum tl_abi abi, unsigned nr, const bool newest_first[2])
{
	struct tl_session *old = s->predecessor;

	for (unsigned door = 0; door < TL_DOORS; door++) {
		uint8_t *mine = &s->config->call_second[door][abi][nr], *its = &old->config->call_second[door][abi][nr];
		unsigned other = !door;
		uint8_t before = door ? TL_SECOND_AT_ENTRY : TL_SECOND_AT_EXIT; /* of the other door */

		*mine = watches(old, other, abi, nr) ? before : 0;
		*its = watches(s, other, abi, nr) ? before : 0;
		for (unsigned entry = 0; entry < 2; entry++) {
			bool newest = door && newest_first[entry];

			if (watches(old, door, abi, nr) && watches(s, door, abi, nr))
				*(newest ? its : mine) |= entry ? TL_SECOND_AT_ENTRY : TL_SECOND_AT_EXIT;
		}
	}
}

static bool has_any(const struct tl_session *s, const char *const names[2])
{
	return tl_has_program(s, names[0]) || (names[1] && tl_has_program(s, names[1]));
}

/* Hooks that the predecessor has, too: there its programs come first. */
static uint16_t shared_turns(const struct tl_session *s)
{
	static const char *const programs[TL_TURNS][2] = {
		[TL_TURN_FORK] = { "tl_fork" },
		[TL_TURN_EXEC] = { "tl_exec" },
		[TL_TURN_EXIT] = { "tl_exit_process" },
		[TL_TURN_CONNECTION] = { "tl_network_state_changed" },
		[TL_TURN_NETWORK_CALL] = { "tl_network_call" },
		[TL_TURN_REQUEST] = { "tl_request_taken_plain", "tl_request_taken_ring" },
		[TL_TURN_NETWORK_REQUEST] = { "tl_network_taken_plain" },
	};
	uint16_t second = 0;

	for (unsigned turn = 0; turn < TL_TURNS; turn++)
		if (programs[turn][0] && has_any(s->predecessor, programs[turn]))
			second |= 1U << turn;
	return second;
}

int tl_takeover_find_order(struct tl_session *s)
{
	enum tl_kind kind = s->programs[TL_KIND_KPROBE] >= 0 ? TL_KIND_KPROBE : TL_KIND_FEXIT;
	bool newest_first[2] = {};

	for (int entry = 0; entry < 2 && s->functions && s->n_hooked; entry++) {
		int r = newest_is_first(s, kind, entry);

		if (r < 0)
			return r;
		newest_first[entry] = r;
	}
	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++)
		for (unsigned nr = 0; nr < TL_NR_MAX; nr++)
			order_call(s, abi, nr, newest_first);
	s->config->second = shared_turns(s);
	s->predecessor->config->second = 0;
	return 0;
}

/* ---- The change ---- */

/* A tracepoint that happens to nobody, put to use and given up again: for that the kernel waits until
 * all programs on tracepoints have ended, whatever way they are waited for. */
static bool quiet_by_tracepoint(void)
{
	static const char *const paths[] = {
		"/sys/kernel/tracing/events/sched/sched_process_hang/id",
		"/sys/kernel/debug/tracing/events/sched/sched_process_hang/id",
	};
	struct perf_event_attr attributes = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attributes), .sample_period = 1 };
	int fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && fd < 0; i++) {
		_cleanup_fclose_ FILE *file = fopen(paths[i], "re");
		unsigned long long id;

		if (!file || fscanf(file, "%llu", &id) != 1)
			continue;
		attributes.config = id;
		fd = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	}
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Same without a tracepoint: what the kernel then does not wait for ends within that time. */
static void quiet_by_barrier(useconds_t us)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	usleep(us);
}

/* Waits until programs that run now have ended, and those behind them at the same hook. */
static void *wait_for_quiet(void *done)
{
	if (!quiet_by_tracepoint())
		quiet_by_barrier(TL_FALLBACK_QUIET_US);
	atomic_store((atomic_bool *)done, true);
	return NULL;
}

/* Begins to wait aside: the ring is to be read meanwhile. */
static void begin_quiet(struct tl_change *c)
{
	atomic_store(&c->quiet, false);
	c->waits = pthread_create(&c->thread, NULL, wait_for_quiet, &c->quiet) == 0;
	if (!c->waits)
		wait_for_quiet(&c->quiet);
}

static void end_quiet(struct tl_change *c)
{
	if (c->waits)
		pthread_join(c->thread, NULL);
	c->waits = false;
}

static void tell(struct tl_session *s, enum tl_telling telling)
{
	__atomic_store_n(&s->config->telling, telling, __ATOMIC_SEQ_CST);
}

void tl_takeover_silence(struct tl_session *s)
{
	tell(s, TL_TELLS_NOTHING);
	quiet_by_barrier(TL_SILENCE_US);
}

/* The names of who and what may be gone: for as long as both tell of things they share them. */
static void share_tables(struct tl_session *old, struct tl_session *s)
{
	tl_processes_free(s->processes);
	tl_cgroups_free(s->cgroups);
	s->processes = old->processes;
	s->cgroups = old->cgroups;
	tl_targets_remember_cgroups(s);
	s->realtime_offset = old->realtime_offset; /* so that who reads again what it tells finds it in what is kept of the other */
}

/* What the reader knows. */
static void hand_over(struct tl_session *old, struct tl_session *s)
{
	tl_session_settle(old);
	s->position = old->position;
	s->tick = old->tick;
	s->released = old->released;
	s->releases = old->releases;
	s->is_moved |= old->is_moved;
	s->lost_before = old->lost_before + tl_lost_in_kernel(old);
	s->refused_declared = old->refused_declared;
	s->unplaced = old->unplaced;
	free(s->streams);
	s->streams = TAKE_PTR(old->streams);
	tl_dns_cache_free(s->dns_names);
	s->dns_names = TAKE_PTR(old->dns_names);
	tl_dns_streams_free(s->dns_streams);
	s->dns_streams = TAKE_PTR(old->dns_streams);
	old->processes = NULL; /* they are the successor's now */
	old->cgroups = NULL;
	old->successor = NULL;
	old->stopped = true;
	s->predecessor = NULL;
}

static void begin(struct tl_session *old, struct tl_session *s)
{
	share_tables(old, s);
	old->successor = s;
	tell(old, TL_TELLS_BY_GATE);
	tell(s, TL_TELLS_BY_GATE);
}

static void go_by_turns(struct tl_session *old, struct tl_session *s)
{
	tell(old, TL_TELLS_IN_TURN);
	tell(s, TL_TELLS_IN_TURN);
}

static void turn(struct tl_session *old, struct tl_session *s)
{
	(void)old;
	__atomic_store_n(s->gate, s->number, __ATOMIC_SEQ_CST);
}

/* At the end of a change, when all of it goes one way. By a note it might be the other one's turn still, of a task that
 * made no call since the gate was turned: then, while one tells of all and the other not of nothing yet, both would
 * tell of its next call. */
static void tell_by_gate(struct tl_session *old, struct tl_session *s)
{
	tell(old, TL_TELLS_BY_GATE);
	tell(s, TL_TELLS_BY_GATE);
}

static void stop_telling(struct tl_session *old, struct tl_session *s)
{
	tell_by_gate(old, s);
	tell(s, TL_TELLS_ALL);
	tell(old, TL_TELLS_NOTHING);
	s->change.end = __atomic_load_n((unsigned long *)old->producer, __ATOMIC_ACQUIRE);
}

static int end(struct tl_session *old, struct tl_session *s)
{
	int r = tl_ring_declare(old, false);

	hand_over(old, s);
	return r;
}

int tl_session_take_over(struct tl_session *s)
{
	static void (*const steps[])(struct tl_session *old, struct tl_session *s) = {
		begin, go_by_turns, turn, stop_telling
	};
	struct tl_session *old = s->predecessor;
	int r;

	if (!old || !s->started || s->stopped || old->stopped)
		return tl_fail(s, -EINVAL, "there is nothing to take over");
	if (s->change.step && !atomic_load(&s->change.quiet))
		return 1;
	end_quiet(&s->change);
	if (s->change.step < ARRAY_SIZE(steps)) {
		steps[s->change.step++](old, s);
		if (s->change.step < ARRAY_SIZE(steps))
			begin_quiet(&s->change);
		return 1;
	}
	/* What it has told of is read while it is dispatched. */
	if (old->position < s->change.end)
		return 1;
	r = end(old, s);
	return r < 0 ? tl_fail(s, r, "%s", old->error) : 0;
}

/* As it was turned, step by step. */
static void turn_back(struct tl_session *old, struct tl_session *s)
{
	wait_for_quiet(&s->change.quiet);
	go_by_turns(old, s);
	wait_for_quiet(&s->change.quiet);
	__atomic_store_n(s->gate, old->number, __ATOMIC_SEQ_CST);
	wait_for_quiet(&s->change.quiet);
	tell_by_gate(old, s);
}

/* What it has told of is in the balance of the old one, which reads the rest of it, as malformed. */
static void account_for(struct tl_session *old, struct tl_session *s)
{
	s->given_up = old->given_up;
	tl_session_counters(s, NULL, &old->given_up);
	old->lost_before += tl_lost_in_kernel(s);
}

void tl_takeover_abandon(struct tl_session *s)
{
	struct tl_session *old = s->predecessor;

	if (!old || !s->change.step)
		return;
	end_quiet(&s->change);
	tell_by_gate(old, s);
	if (*s->gate == s->number)
		turn_back(old, s);
	tell(old, TL_TELLS_ALL);
	tell(s, TL_TELLS_NOTHING);
	account_for(old, s);
	old->successor = NULL;
	tl_targets_remember_cgroups(old);
	s->processes = NULL; /* they are the predecessor's */
	s->cgroups = NULL;
}
