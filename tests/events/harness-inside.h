/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the harness share. */
#ifndef TRACELEFT_TEST_EVENTS_INSIDE_H
#define TRACELEFT_TEST_EVENTS_INSIDE_H

#include "harness.h"

struct io_uring_sqe;
struct io_uring_cqe;

#define CALLS_MAX 4096
#define CASES_MAX 512
#define MEMORY (64U << 20)

/* Cases of the harness itself; they come behind those of the test. */
enum { OF_SESSION = CASES_MAX - 4, OF_LEDGER, OF_NUMBERS, OF_HASHES };

/* In memory that tester and children share. */
struct run {
	const struct test *test;
	const struct tl_event_type *type; /* NULL: of several events */
	const char *folder;
	const char *program_folder;
	bool has_call32;
	uint64_t cgroup_id; /* 0: not known */
	const char *cgroup;
	uint32_t loginuid, audit_session;
	uint32_t mntns, netns, pidns;
	struct being *child;
	uint32_t target; /* its number in the session */
	uint32_t step; /* harness-together.c: what it has come to */
	int at_case;
	struct outcome {
		char failure[1024];
		unsigned n_failures;
		char skipped[128];
	} outcomes[CASES_MAX];
	struct call *calls[CALLS_MAX];
	uint32_t n_calls;
	size_t size; /* of the memory that this is the beginning of */
	uint32_t used;
};

extern struct run *run;

/* A copy of an event and what it points to. */
struct seen {
	struct tl_event event;
	struct tl_process process, parent, child, child_parent, other, peer;
	struct tl_identity before, after;
	struct tl_lost lost;
	uint64_t targets[16];
	char *json, *line; /* as encoded */
	size_t json_size, line_size;
	struct call *call; /* that it belongs to */
};

extern struct seen *seen;
extern size_t n_seen;

/* harness.c: the steps of run_test(), for tests that are made otherwise */
bool prepare_run(const struct test *test); /* false: not as root, and said so */
enum tl_attach attach_wanted(void);
/* The session, with what has been added to it, started; NULL if that was not possible or r
 * says that something before was not, as a failure of the session. It is freed then. */
struct tl_session *start_made(struct tl_session *s, int r, tl_event_callback callback);
/* One that follows a target with handlers of the events named, the last one NULL: made, and started, too. */
int make_for(const struct tl_options *options, const struct tl_target_spec *target, const char *const *events,
	     struct tl_session **ret);
struct tl_session *start_for(const struct tl_options *options, const struct tl_target_spec *target,
			     const char *const *events, tl_event_callback callback);
/* Until the child has ended and the session is stopped; pause_us between turns, 0: as the session wakes us. */
extern void (*each_turn)(struct tl_session *s); /* is called after each turn; NULL: nothing is */
void read_until_end(struct tl_session *s, pid_t pid, int of, unsigned pause_us);
/* Whether events of `type` come by the tracepoint of all calls. */
bool is_by_tracepoint(const struct tl_event_type *type);
void verify_balance(const struct tl_counters *k, int of);
/* Nothing was refused by the kernel part or skipped by the kernel. */
void verify_refusals(struct tl_session *s, int of);
void report(int of, const char *name, bool *all_ok);
/* A test with a session of its own: its only case runs in the child, which begins when
 * `start` has a session for it (NULL: it has said why), and `verify` looks at the end.
 * Reports the session under `name`; false: that is all there is to report. */
bool run_session(const struct test *test, const char *name, struct tl_session *(*start)(uint32_t pid),
		 void (*verify)(struct tl_session *s), unsigned pause_us, bool *all_ok);
void remove_folder(void);

/* harness-together.c: tests that were enlisted, those named or (NULL) all, in one session; exit status of main(). */
int run_together(char *const *names);

/* harness-running.c: processes that make calls of getpgid without end, whose argument is the phase at hand. */
enum { RUNNING_BEFORE, RUNNING_COUNTED, RUNNING_END };
void running_start(unsigned n);
void running_phase(unsigned phase);
/* After a while, in which each has made a call that counts: all of them end. */
void running_end(void);
/* An event of such a call; who is none of them is a failure of the case `of`. */
void running_seen(uint32_t pid, uint64_t argument, int of);
/* Of each as many were seen as it has made. */
void running_verify(int of);

/* harness-who.c. false: there is no /proc. */
bool read_identity(struct tl_identity *i);
void read_other(const struct call *c, struct other *other);
/* A process by its number, all 0 if there is none. */
void read_process(int32_t number, struct other *other);

/* harness-child.c */
void child_setup(size_t memory_size);
/* What the child waits for before its first case. */
int child_gate(void);
void open_gate(int gate);
pid_t child_make(int gate);
void child_end(pid_t pid);
/* The calls noted so far, and the one of that number; the case at hand. */
uint32_t run_calls(void);
struct call *run_call(uint32_t number);
int run_case(void);
/* A call that is made by other means; its result is 0 until it has ended. */
struct call *call_noted(const char *file, int line, long number, const long args[6]);
struct call *call_ended(struct call *c, int64_t ret);
struct being *being_new(const char *executable, const char *const *argv);

/* harness-ring.c: whether a call is made by way of io_uring, and its result then */
bool ring_call(struct call *c, int64_t *ret);
/* harness-child.c: the row of the table that has this number */
const struct tl_event_type *type_of_number(uint8_t abi, long number);
/* Who made it then. */
void ring_actor(struct call *c);
/* The thread's own ring, whose queue the kernel looks at itself if it is polled. */
bool ring_open(bool polled);
bool ring_has(uint32_t feature); /* IORING_FEAT_* */
bool ring_knows(uint8_t opcode); /* IORING_OP_* */
#define FIXED_FD_INSTALL 54 /* IORING_OP_FIXED_FD_INSTALL, since 6.8 */
int ring_register(unsigned what, const void *argument, unsigned n);
/* The request that stands for a call; false: there is none. */
bool ring_prepare(const struct call *c, struct io_uring_sqe *entry);
void ring_push(const struct io_uring_sqe *entry);
/* Where in the queue that entry lies. */
struct io_uring_sqe *ring_pushed(void);
/* Has n requests taken and waits until as many as n_ended ends can be popped; -errno. */
int ring_enter(unsigned n, unsigned n_ended);
bool ring_pop(struct io_uring_cqe *ret);

/* harness-capture.c: of an argument of a call that this process makes or has made */
struct bytes captured_of(const struct call *c, const struct tl_arg_type *arg);

/* harness-verify.c */
void verify_event(const struct seen *s, const struct call *c);
void verify_hashes(int of);

/* harness-encoded.c */
void verify_encoded(const struct seen *s, const struct call *c);

#endif
