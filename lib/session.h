/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a session, shared by the files of the library. */
#ifndef TRACELEFT_SESSION_H
#define TRACELEFT_SESSION_H

#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "cgroup.h"
#include "process.h"
#include "tally.h"
#include "dns.h"
#include "traceleft.h"
#include "wire.h"

/* Builds of the kernel part, see bpf/kernel.h. */
enum tl_build {
	TL_BUILD_BASE,
	TL_BUILD_TASK,
	TL_BUILD_TYPED,
	TL_BUILDS,
};

/* Hooks that programs are copied for; each has its own array of programs. */
enum tl_kind {
	TL_KIND_RAW_TP, /* sys_exit: one hook for all calls */
	TL_KIND_FEXIT, /* on the call's function */
	TL_KIND_FEXIT_OTHER, /* same, of a second prototype: programs of one cannot call those of another */
	TL_KIND_FEXIT_THIRD, /* 5.10 has three: of calls with arguments, without, and that may be left out */
	TL_KIND_FEXIT_BARE, /* same, on a function without arguments */
	TL_KIND_KPROBE, /* kretprobe on the call's function */
	TL_KIND_REQUEST, /* tracepoints of io_uring, besides one of the above */
	TL_KINDS,
};

/* A handler object: file, description, code before its maps are put in. */
struct tl_handler {
	char *path;
	struct tl_event_type type;
	struct bpf_insn *insns;
	size_t n_insns;
	struct tl_handler_reference {
		uint32_t insn;
		char map[16];
	} * references;
	size_t n_references;
};

int tl_handler_open(const char *path, struct tl_handler *ret, const char **ret_why);
/* Same, of the bytes of a file; for the fuzzer, too. */
int tl_handler_parse(const void *data, size_t size, struct tl_handler *ret, const char **ret_why);
void tl_handler_done(struct tl_handler *h);

#define TL_FATES (TL_FATE_LOST + 1)

/* A loaded event; its index in session->events is its id. */
struct tl_loaded {
	struct tl_event_type type;
	bool wanted; /* somebody asked, not only the process table */
	uint32_t filters[TL_FILTER_TIMES]; /* keys in map filters; 0: none */
	bool kinds[TL_KINDS];
	bool absent; /* this kernel has no such call: not hooked unless it costs nothing */
	uint64_t received, malformed, internal;
	uint64_t fates[TL_FATES]; /* of what the callback got */
	uint8_t tally; /* TL_TALLY_*: the kernel part counts them */
	uint64_t tallied[TL_FATES]; /* of those that were */
};

/* A handler in its slot: slots below TL_EVENTS_MAX are the default handlers
 * of the event of that id. */
struct tl_slot {
	struct tl_handler handler;
	uint32_t event;
};

struct tl_registration {
	uint32_t target;
	uint32_t event;
	uint32_t slot;
	uint32_t program_id;
};

struct tl_target {
	char *name;
	bool everything, descendants;
	uint32_t *pids;
	size_t n_pids;
	char **executables;
	size_t n_executables;
	char **cgroups;
	size_t n_cgroups;
	char **units;
	size_t n_units;
	char **not_executables;
	size_t n_not_executables;
	struct tl_condition *conditions;
	size_t n_conditions;
	uint64_t registered[TL_EVENT_WORDS]; /* events that it has a registration for */
};

/* User side's copy of a combination of targets. */
struct tl_known_set {
	uint64_t hash;
	uint64_t *targets; /* tl_targets_words() of them */
	uint64_t events[TL_EVENT_WORDS];
};

#define TL_HOLES_MAX 256
struct tl_hole {
	uint64_t first, last; /* sequence numbers */
	uint64_t time_first, time_last; /* of the records around it, boot ns */
};

/* What the reader knows of a CPU's numbering. */
struct tl_stream {
	uint64_t next; /* number expected */
	uint64_t time; /* of the last record */
	uint64_t declared; /* numbers declared lost */
	struct tl_hole holes[TL_HOLES_MAX];
	size_t n_holes;
};

/* How far a session's taking over from another has come. */
struct tl_change {
	unsigned step;
	unsigned long end; /* of what the predecessor reads, in the ring */
	bool waits; /* in a thread, until programs have ended */
	pthread_t thread;
	atomic_bool quiet; /* they have */
};

/* How programs get onto functions of the kernel, see kprobes.h. */
enum tl_kprobes {
	TL_KPROBES_UNKNOWN,
	TL_KPROBES_NONE,
	TL_KPROBES_PERF,
	TL_KPROBES_LINKS,
};

struct tl_kprobe {
	char function[64];
	int program;
	bool at_return;
};

struct tl_session {
	struct tl_options options;
	char error[512];
	bool started, stopped;

	/* takeover.c */
	uint32_t number; /* in a row of sessions of which each takes over from the one before, from 1, in a byte */
	struct tl_session *predecessor; /* from which it is to take over, and has not yet */
	struct tl_session *successor; /* its records are in the ring, too; the reader is this one still */
	uint64_t lost_before; /* counted by the kernel parts of earlier sessions */
	struct tl_counters given_up; /* of successors that gave up the change */
	uint64_t *gate; /* shared memory, of all of them */
	struct tl_change change;

	/* keep.c, adopt.c */
	uint64_t fingerprint;
	int kept_socket; /* -1: it ends with the process */
	struct tl_kept_header *kept_memory;
	size_t kept_size;
	uint64_t position; /* in the ring: what the callback was given; the kernel learns of it by tl_session_settle() */
	int *adopted; /* programs of the kernel part, n_adopted, -1: not loaded; NULL: this process loaded them */
	size_t n_adopted;

	/* what is asked for */
	struct tl_target *targets;
	size_t n_targets;
	uint32_t default_target; /* UINT32_MAX: none yet */
	struct tl_loaded events[TL_EVENTS_MAX]; /* 0 is unused */
	uint32_t n_events;
	struct tl_slot *slots; /* by slot number */
	uint32_t n_extra_slots; /* those from TL_EVENTS_MAX on */
	struct tl_registration *registrations;
	size_t n_registrations;
	struct tl_filter *filters; /* n_filters; the key of each in the map is one more */
	size_t n_filters;
	uint32_t *untracked; /* pids */
	size_t n_untracked;
	char **untracked_executables;
	size_t n_untracked_executables;
	uint32_t exec_event, fork_event, exit_event;
	uint32_t network_events[TL_NET_EVENTS]; /* 0: not asked for */
	tl_event_callback callback;
	void *userdata;

	struct tl_dns dns; /* of the event */
	struct tl_dns_cache *dns_names; /* NULL until there is an answer */
	struct tl_dns_streams *dns_streams; /* NULL until there is a message in a stream */
	struct tl_further *further; /* of the event; NULL until one has several messages */

	/* the kernel part */
	enum tl_build build;
	uint32_t n_cpus;
	struct bpf_object *object;
	struct btf *btf; /* of the kernel; read when functions are to be hooked */
	struct tl_functions *functions; /* in it */
	uint32_t *hooked; /* BTF ids of functions, n_hooked */
	size_t n_hooked;
	int kprobe_programs[2]; /* for the exit and the entry of functions */
	struct tl_config *config; /* shared memory */
	size_t config_size;
	struct tl_cpu *cpus; /* shared memory, n_cpus */
	const struct tl_account *ledger; /* shared memory, n_cpus x TL_EVENTS_MAX */
	uint64_t *refusals; /* shared memory, n_cpus x TL_REFUSALS */
	int programs[TL_KINDS]; /* fds of the program arrays, -1: kind unused */
	uint32_t prototypes[TL_KINDS]; /* of the functions of an fexit kind; 0: none yet */
	bool has_ia32; /* the kernel runs 32-bit programs */
	bool needs_tracepoint; /* a hook does not cover some ABI of some event */
	int *links; /* fds; closing detaches */
	size_t n_links;
	int *loaded_programs; /* fds of copies */
	size_t n_loaded_programs;
	bool is_preempted; /* see tl_programs_are_preempted() */

	/* kprobes.c */
	enum tl_kprobes kprobes; /* UNKNOWN: nobody has asked */
	struct tl_kprobe *waiting_probes; /* n_waiting_probes, for one link with others */
	struct tl_kprobe *refused_probes; /* n_refused_probes: functions that take none */
	size_t n_waiting_probes, n_refused_probes;

	/* How functions that see the objects of calls by the tracepoint are hooked, if they are. */
	bool object_fexit, object_kprobe;
	bool twice; /* so some programs are on their hooks twice */
	struct tl_twin {
		int first, again; /* fds of the programs */
	} *twins;
	size_t n_twins;
	struct tl_tallies tallies;

	struct tl_guard *guard; /* guard.c; NULL: nobody asked for it */
	struct tl_live_maps *live_maps; /* same */

	/* the reader */
	int ring_fd, epoll_fd, timer_fd;
	void *consumer, *producer;
	unsigned long released; /* in the ring: what the kernel was told last that is read */
	bool releases; /* it has been told, by this session */
	unsigned long adopted_at; /* in the ring: where this process went on */
	/* From there on the kernel is not told that it is read: what is counted when the process has ended is of
	 * events there, which whoever adopts the session looks at again. */
	unsigned long held;
	bool holds;
	bool is_again; /* that is to be done */
	bool is_moved; /* somebody else has told it something, since tl_session_check() */
	size_t ring_size;
	struct tl_stream *streams;
	struct tl_known_set *sets;
	size_t n_sets, sets_allocated;
	struct tl_target_plan *target_plan;
	uint64_t refused_declared;
	uint64_t unaudited_declared[TL_REFUSALS];
	uint64_t n_cgroups_refused; /* at the start */
	uint64_t look_again, look_pause; /* boot ns of the next look for tasks that there was no room for, 0: none; ns */
	uint64_t unplaced; /* malformed records of which not even the number was to be believed */
	int64_t realtime_offset; /* ns to add to boot time */
	uint64_t tick; /* boot ns of the last look at holes */
	bool idle;

	int cgroup_layout; /* enum tl_cgroup_layout, or an error */
	struct tl_cgroups *cgroups;
	struct tl_processes *processes;
	struct tl_event event; /* under construction */
	struct tl_identity identities[2]; /* its .before and .after */
	struct tl_lost lost; /* its .lost */
	char *text; /* paths of the event under construction */
	size_t text_size;
};

/* Keeps the sentence for tl_session_error() and returns r. */
int tl_fail(struct tl_session *s, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* guard.c */
void tl_guard_free(struct tl_session *s);
/* After load: what the kernel part alone writes to nobody changes by bpf(2) from here on, not even this process.
 * Returns 0 or a negative error. */
int tl_guard_freeze(struct tl_session *s);
/* Of a session that another process began: whether who is followed by his pid is who that one had noted; if not, a
 * note of ours would hide it. */
bool tl_guard_knows_pids(const struct tl_session *s);
/* Who is followed by his pid has changed by our own will. */
void tl_guard_note_pids(struct tl_session *s);
size_t tl_guard_size(uint32_t n_links);

/* load.c */
int tl_kernel_open(struct tl_session *s);
int tl_kernel_load(struct tl_session *s);
/* What is there is mapped. */
int tl_kernel_map(struct tl_session *s);
void tl_kernel_close(struct tl_session *s);
/* Of what all that it has in the kernel is made. */
uint64_t tl_kernel_hash(const struct tl_session *s);
/* Takes all n programs out of an array of them. */
void tl_program_array_empty(int fd, uint32_t n);
/* Whether that kind's array of programs is a map of the kernel part itself. */
bool tl_programs_are_originals(int kind);
int tl_map_fd(const struct tl_session *s, const char *name);
/* Of the running kernel, major * 1000 + minor; 0: unknown. */
unsigned tl_kernel_version(void);
int tl_program_fd(const struct tl_session *s, const char *name);
int tl_program_fd_of(const struct tl_session *s, const struct bpf_program *program);
/* Whether the kernel part has it and it was chosen to be loaded. */
bool tl_has_program(const struct tl_session *s, const char *name);
/* Whether it is to be loaded, if this build has it. Before loading. */
void tl_choose_program(const struct tl_session *s, const char *name, bool wanted);
/* load.c: whether somebody asked for what calls do with sockets. Who accepts a connection
 * is needed to tell who closes it. */
bool tl_watches_socket_calls(const struct tl_session *s);
/* These load code for a hook and return a descriptor that the session owns.
 * attach_btf_id: 0 unless the hook is on a function. */
int tl_load_insns(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		  enum bpf_attach_type attach_type, const struct bpf_insn *insns, size_t n,
		  const struct bpf_func_info *functions, size_t n_functions);
/* Closes those from number n on that were loaded so. */
void tl_programs_drop_from(struct tl_session *s, size_t n);
int tl_program_copy(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		    enum bpf_attach_type attach_type);
/* The program as it was written where its type is the kind's; else a copy. */
int tl_program_of(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		  enum bpf_attach_type attach_type);
int tl_handler_load(struct tl_session *s, const struct tl_handler *h, enum tl_kind kind, uint32_t attach_btf_id);

/* filter.c: the event of that name, if somebody asked for it; else NULL. */
struct tl_loaded *tl_wanted_event(struct tl_session *s, const char *name);
/* ends.c: the argument with the far end's address, NULL if there is none; of messages it is
 * in the first one. */
const struct tl_arg_type *tl_address_argument(const struct tl_event_type *type);
/* ends.c: does the call tell where something came from? */
bool tl_is_incoming(const struct tl_event_type *type);
/* ends.c: TL_ENDS_*, all but _WANTED. */
uint64_t tl_ends_form(const struct tl_event_type *type);
/* filter.c: what the kernel part needs of the filters, once it is loaded. */
int tl_filters_install(struct tl_session *s);
/* The tests as the kernel part goes through them. -EINVAL: they are none. */
int tl_filter_translate(const struct tl_event_type *type, enum tl_filter_time time, const struct tl_filter_test *tests,
			size_t n, struct tl_filter *ret);

/* session.c: where the object of an event's call comes from, sockets included. */
enum tl_path_source tl_object_source(const struct tl_event_type *type);
/* Whether the call loads a module, whose name the kernel tells. */
bool tl_loads_module(const struct tl_event_type *type);
/* Where its datagrams are, which may be messages of the domain name system. */
enum tl_payload tl_payload_of(const struct tl_event_type *type);

/* load.c: tells the kernel part a constant in .rodata.NAME, of n bytes, before it is
 * loaded; 0 also where its build has none of that name. Errors are told by tl_fail(). */
int tl_set_constant(struct tl_session *s, const char *name, const void *value, size_t n);
/* load.c: BTF id of the type of that tracepoint; negative: this kernel has or describes none. */
int tl_tracepoint_id(struct tl_session *s, const char *tracepoint);
/* load.c: BTF id of what that loaded program on a tracepoint is typed by. */
int tl_tracepoint_type(struct tl_session *s, const char *program);
/* ledger.c: runs of a program, by its fd, that the kernel skipped. */
uint64_t tl_program_skipped(int program);
/* load.c: the description of the kernel's types, read once; NULL with errno. */
struct btf *tl_kernel_types(struct tl_session *s);

/* target-plan.c, target.c: what the targets become in the kernel's maps. plan and
 * size before they are loaded, install after. */
struct tl_target_plan;
int tl_targets_plan(struct tl_session *s);
int tl_targets_size(struct tl_session *s);
int tl_targets_install(struct tl_session *s);
int tl_targets_mark(struct tl_session *s);
/* Same, of tasks alone: those that there was no room for when they were born. */
int tl_targets_mark_again(struct tl_session *s);
/* The maps are there already and this process reads instead of *reader, and becomes that: it is not followed. */
int tl_targets_adopt(struct tl_session *s, uint32_t *reader);
/* The table of cgroups is to ask this session's kernel part for those that have gone. */
void tl_targets_remember_cgroups(struct tl_session *s);
void tl_targets_free(struct tl_session *s);
/* Words of a set of targets. After plan. */
size_t tl_targets_words(const struct tl_session *s);
/* What the kernel part finds for a process, from what is known of it: paths, "" if
 * they are not. After plan; without what it inherits. false: it does not inherit. */
bool tl_targets_of(const struct tl_session *s, uint32_t pid, const char *executable, const char *cgroup,
		   struct tl_terms *ret);
/* Whether that is what the targets say of a control group, as far as its path is known. */
bool tl_targets_cgroup_is(struct tl_session *s, uint64_t id, const struct tl_terms *terms);
const struct tl_known_set *tl_set_find(struct tl_session *s, uint64_t hash);
/* Whether the set of that hash is of these terms, and wants what they want. */
bool tl_set_is(const struct tl_session *s, uint64_t hash, const struct tl_set *set);
void tl_sets_free(struct tl_session *s);

/* ledger.c: a refusal that means that tasks are not audited; NULL: it is none of these. */
const char *tl_refusal_unaudited(const struct tl_session *s, unsigned refusal, uint64_t *ret_count);

/* ledger.c: events that the kernel part has lost; without those of its counts that the reader could not place. */
uint64_t tl_lost_in_kernel(const struct tl_session *s);

/* ring.c */
int tl_ring_open(struct tl_session *s);
void tl_ring_close(struct tl_session *s);
int tl_ring_read(struct tl_session *s, size_t max);
/* All before `at` has been dealt with: the kernel may write over it. Only the reader says so: who else does is noticed. */
void tl_ring_release(struct tl_session *s, unsigned long at);
/* How far the kernel may be told that it is read. */
unsigned long tl_ring_held(const struct tl_session *s);
/* All records that are there to be read, which stay. */
int tl_ring_look(struct tl_session *s,
		 int (*look)(struct tl_session *s, const struct tl_record *record, size_t size));
int tl_ring_declare(struct tl_session *s, bool final);
/* n events that were counted, the last one at `last` (boot ns), and of which nobody knows any more what they were. */
int tl_ring_declare_counted(struct tl_session *s, uint32_t cpu, uint64_t last, uint64_t n);

/* takeover.c: after opening maps, before loading; after loading, before attaching; and
 * after attaching. All but the second are for those with a predecessor. */
int tl_takeover_share_maps(struct tl_session *s);
int tl_takeover_open_gate(struct tl_session *s);
int tl_takeover_find_order(struct tl_session *s);
void tl_takeover_close(struct tl_session *s);
/* In the middle of it: all is as it was before. */
void tl_takeover_abandon(struct tl_session *s);
/* It tells of nothing from now on, nor do its programs that run at the moment. */
void tl_takeover_silence(struct tl_session *s);
/* keep.c: whether it goes on without this process. */
bool tl_is_left(const struct tl_session *s);
void tl_keep_close(struct tl_session *s);
/* i386.c: says which arguments of 32-bit programs are narrower. */
void tl_i386_configure(struct tl_config *config);
/* attach.c: closes the links from number n on. */
void tl_detach_from(struct tl_session *s, size_t n);

/* decode.c: 0: decoded into s->event; 1: not for the callback; -EBADMSG. */
int tl_decode(struct tl_session *s, const void *record, size_t size);
uint64_t tl_now_boot(void);
void tl_clock_adjust(struct tl_session *s);

#endif
