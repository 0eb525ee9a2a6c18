/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions take over from one another, while four processes call as fast as they can and
 * have children, and every other time while they rest, so that there is nothing to read
 * at first. One begins to and gives it up. Each call and each birth and death is told
 * once, by one of two sessions: what is delivered and what is declared lost is all that
 * was done.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "harness-inside.h"
#include "session.h"

#define WORKERS 4
#define CHILD_EACH 256 /* calls */
#define CLOSE_EACH 8
#define NO_DESCRIPTOR 0x40000000
#define CPUS_MAX 64
#define SEQ_MAX (1U << 26)
#define SETTLES_US 200000
#define READS_NOTHING_US 2000
#define LATE_MAX 16
#define NICE 10 /* of the workers: the reader is to keep up with them where it can */

enum { OF_CALLS, OF_CHILDREN, OF_SEQUENCE, OF_TURNS, OF_LEDGERS, OF_PROGRAMS, ASPECTS };
static const char *const aspects[ASPECTS] = {
	"every call is delivered once, or declared lost",
	"every birth and every end is, too",
	"no number comes twice",
	"after the change nothing is told by the old session",
	"the ledgers of all sessions balance",
	"processes keep their names",
};

/* In memory that all share. */
static struct {
	atomic_uint begun, over, rest, resting;
	atomic_ullong calls[WORKERS], children[WORKERS];
} * shared;

static struct {
	pid_t worker[WORKERS];
	uint64_t next[WORKERS]; /* argument of the call to come */
	uint64_t calls, missed, forks, exits, declared;
	unsigned made_by[WORKERS]; /* number of the session that told of it last */
	unsigned known; /* number of the youngest session that has taken over or does */
	uint8_t *seqs[CPUS_MAX]; /* a bit for each number */
	uint64_t lost, skipped, refusals; /* as the kernel counts */
	uint64_t unread; /* of a session that gave up */
	unsigned ms; /* that the changes took */
	unsigned failures[ASPECTS];
	char why[ASPECTS][160];
} t;

#define must(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			printf("not ok take-over: %s failed\n", #condition); \
			exit(1);                                           \
		}                                                          \
	} while (0)

static void fault(int of, const char *why, uint64_t a, uint64_t b)
{
	if (!t.failures[of]++)
		snprintf(t.why[of], sizeof(t.why[of]), "%s: %llu, %llu", why, (unsigned long long)a,
			 (unsigned long long)b);
}

static void have_child(unsigned i)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0) {
		atomic_fetch_add(&shared->children[i], 1);
		waitpid(pid, NULL, 0);
	}
}

static void take_a_rest(void)
{
	atomic_fetch_add(&shared->resting, 1);
	while (atomic_load(&shared->rest))
		usleep(1000);
	atomic_fetch_sub(&shared->resting, 1);
}

static void work(unsigned i)
{
	uint64_t k = 0;

	/* A test that fails ends before it has told them to. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, NICE);
	while (!atomic_load(&shared->begun))
		usleep(1000);
	while (!atomic_load_explicit(&shared->over, memory_order_relaxed)) {
		if (atomic_load_explicit(&shared->rest, memory_order_relaxed))
			take_a_rest();
		if (k % CLOSE_EACH == 0)
			syscall(SYS_close, NO_DESCRIPTOR | (int)k);
		else
			syscall(SYS_getpgid, NO_DESCRIPTOR | (int)k);
		if (++k % CHILD_EACH == 0)
			have_child(i);
	}
	atomic_store(&shared->calls[i], k);
	while (true)
		pause(); /* the end of the session comes first */
}

static int worker_of(uint32_t pid)
{
	for (int i = 0; i < WORKERS; i++)
		if ((uint32_t)t.worker[i] == pid)
			return i;
	return -1;
}

static void take_number(const struct tl_event *e)
{
	uint8_t *bits;

	if (e->cpu >= CPUS_MAX || e->seq >= SEQ_MAX)
		return;
	if (!t.seqs[e->cpu])
		t.seqs[e->cpu] = mmap(NULL, SEQ_MAX / 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bits = t.seqs[e->cpu];
	if (bits[e->seq / 8] & 1 << e->seq % 8)
		fault(OF_SEQUENCE, "twice", e->cpu, e->seq);
	bits[e->seq / 8] |= 1 << e->seq % 8;
}

static void take_call(const struct tl_event *e, unsigned number)
{
	int i = worker_of(e->pid);
	uint64_t k = e->args[0] & (NO_DESCRIPTOR - 1);

	if (i < 0 || !(e->args[0] & NO_DESCRIPTOR))
		return;
	t.calls++;
	if (k < t.next[i])
		fault(OF_CALLS, "twice", k, number);
	else
		t.missed += k - t.next[i];
	t.next[i] = k + 1;
	if (number < t.made_by[i])
		fault(OF_TURNS, "by an earlier one", number, t.made_by[i]);
	t.made_by[i] = number;
	if (!e->process || strcmp(e->process->executable, run->child->executable) != 0)
		fault(OF_PROGRAMS, "another program", e->pid, k);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	unsigned number = (unsigned)(uintptr_t)userdata;

	if (e->kind == TL_EVENT_LOST) {
		/* Room for a task's state that the kernel did not give: its events are not seen. */
		*(e->lost->unit			      ? &t.refusals :
		  strcmp(e->lost->stage, "malformed") == 0 ? &t.unread :
							     &t.declared) += e->lost->count;
		return 0;
	}
	take_number(e);
	if (e->kind == TL_EVENT_SYSCALL)
		take_call(e, number);
	else if (e->kind == TL_EVENT_FORK && worker_of(e->pid) >= 0)
		t.forks++;
	else if (e->kind == TL_EVENT_EXIT && worker_of(e->pid) < 0)
		t.exits++;
	return TL_FATE_DELIVERED;
}

static struct tl_session *make_session(unsigned number)
{
	static const char *const events[] = { "getpgid", "close", "fork", "exit" };
	const struct tl_options options = { .attach = attach_wanted(), .buffer = 64U << 20 };
	uint32_t pids[WORKERS], id;
	const struct tl_target_spec target = {
		.name = "workers", .descendants = true, .pids = pids, .n_pids = WORKERS };
	struct tl_session *s;

	for (unsigned i = 0; i < WORKERS; i++)
		pids[i] = (uint32_t)t.worker[i];
	must(tl_session_new(&options, &s) >= 0);
	must(tl_session_add_target(s, &target, &id) >= 0);
	/* Not all in the same order: what events are numbered by is each session's own affair. */
	for (unsigned i = 0; i < N_ELEMENTS(events); i++)
		must(tl_session_add_handler(s, id, events[(i + number) % N_ELEMENTS(events)], 0) >= 0);
	tl_session_set_callback(s, on_event, (void *)(uintptr_t)number);
	return s;
}

static struct {
	struct tl_session *session;
	atomic_bool done;
	int result;
} starting;

static void *free_session(void *session)
{
	tl_session_free(session);
	return NULL;
}

static void *start(void *unused)
{
	(void)unused;
	starting.result = tl_session_start(starting.session);
	atomic_store(&starting.done, true);
	return NULL;
}

static void read_for(struct tl_session *s, unsigned us)
{
	for (unsigned waited = 0; waited < us; waited += 500) {
		int n = tl_session_dispatch(s, 10000);

		must(n >= 0);
		if (n < 10000)
			usleep(500);
	}
}

/* The final balance of a session. */
static void close_account(struct tl_session *s)
{
	struct tl_counters k = {};
	const char *name;
	uint64_t n;

	must(tl_session_counters(s, NULL, &k) >= 0);
	if (k.seen != k.filtered + k.aggregated + k.emitted + k.lost)
		fault(OF_LEDGERS, "seen", k.seen, k.emitted + k.lost);
	if (k.emitted != k.received || k.received != k.delivered + k.internal + k.malformed)
		fault(OF_LEDGERS, "received", k.emitted, k.received);
	t.lost += k.lost;
	for (size_t i = 0; (name = tl_session_refusal(s, i, &n)); i++)
		t.skipped += strcmp(name, "skipped-program") == 0 ? n : 0;
}

static void let_all_rest(struct tl_session *s)
{
	atomic_store(&shared->rest, 1);
	while (atomic_load(&shared->resting) < WORKERS)
		read_for(s, 500);
	read_for(s, SETTLES_US);
}

/* Beside the old one, which is read meanwhile. */
static void start_session(struct tl_session *old, unsigned number)
{
	pthread_t thread;

	starting.session = make_session(number);
	starting.done = false;
	must(tl_session_set_predecessor(starting.session, old) >= 0);
	must(pthread_create(&thread, NULL, start, NULL) == 0);
	while (!atomic_load(&starting.done))
		read_for(old, 500);
	pthread_join(thread, NULL);
}

/* After so many steps of the change. What it has told of until then nobody can read any more, and that is declared. */
static void give_up(struct tl_session *old, unsigned number, unsigned steps)
{
	start_session(old, number);
	while (starting.session->change.step < steps) {
		must(tl_session_take_over(starting.session) > 0);
		read_for(old, 500);
	}
	read_for(old, SETTLES_US);
	tl_session_free(starting.session);
	memset(t.made_by, 0, sizeof(t.made_by));
	read_for(old, SETTLES_US);
}

static struct tl_session *replace(struct tl_session *old, unsigned number)
{
	struct timespec begin, end;
	static pthread_t freeing;
	static bool frees;

	start_session(old, number);
	if (number % 2 == 0)
		let_all_rest(old);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (starting.result >= 0 && (starting.result = tl_session_take_over(starting.session)) > 0)
		read_for(old, 500);
	if (starting.result < 0) {
		printf("not ok take-over: session %u: %s\n", number, tl_session_error(starting.session));
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (number % 2 == 0)
		read_for(starting.session, READS_NOTHING_US);
	atomic_store(&shared->rest, 0);
	t.ms += (unsigned)((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);
	close_account(old);
	if (frees)
		pthread_join(freeing, NULL);
	must(pthread_create(&freeing, NULL, free_session, old) == 0);
	frees = true;
	return starting.session;
}

static void start_workers(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(shared != MAP_FAILED);
	for (unsigned i = 0; i < WORKERS; i++) {
		t.worker[i] = fork();
		if (t.worker[i] == 0)
			work(i);
		must(t.worker[i] > 0);
	}
}

static void verify(void)
{
	uint64_t calls = 0, children = 0, done, told, lost = t.lost + t.unread;

	for (unsigned i = 0; i < WORKERS; i++) {
		calls += atomic_load(&shared->calls[i]);
		children += atomic_load(&shared->children[i]);
		t.missed += atomic_load(&shared->calls[i]) - t.next[i];
	}
	done = calls + 2 * children;
	told = t.calls + t.forks + t.exits;
	/* Some kernels skip programs when they are preempted, and say how often. */
	if (told + lost > done || told + lost + t.skipped + 2 * t.refusals < done)
		fault(OF_CALLS, "told or lost, done", told + lost, done);
	/* Where many are lost, a record that comes late may have been declared, too. */
	if (t.declared < t.lost || t.declared > t.lost + (t.lost ? LATE_MAX : 0))
		fault(OF_CALLS, "declared, lost", t.declared, t.lost);
	if (t.calls + t.missed != calls || t.missed > lost + t.skipped)
		fault(OF_CALLS, "calls, missed", t.calls, t.missed);
	if (t.forks > children || t.exits > children || t.forks + t.exits + lost + t.skipped + 2 * t.refusals < 2 * children)
		fault(OF_CHILDREN, "births, ends", t.forks, t.exits);
	printf("# calls %llu, children %llu, lost %llu, unread %llu, skipped %llu, changes took %u ms\n",
	       (unsigned long long)calls, (unsigned long long)children, (unsigned long long)t.lost,
	       (unsigned long long)t.unread, (unsigned long long)t.skipped, t.ms);
}

int main(void)
{
	static const struct test_case cases[] = { { .name = "none" } };
	static const struct test test = { .event = "getpgid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_RELOADS");
	unsigned n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 3;
	struct tl_session *s;
	bool is_over = false;
	int failed = 0;

	if (!prepare_run(&test))
		return 77;
	start_workers();
	s = make_session(0);
	if (tl_session_start(s) < 0) {
		printf("not ok take-over: %s\n", tl_session_error(s));
		return 1;
	}
	atomic_store(&shared->begun, 1);
	for (unsigned number = 1; number <= n; number++) {
		/* Behind the turn, and, if there are more, at each other step. */
		if (number > 1 && number % 2)
			give_up(s, number, 1 + (number + 1) / 2 % 4);
		s = replace(s, number);
	}
	atomic_store(&shared->over, 1);
	while (!is_over) {
		read_for(s, SETTLES_US);
		is_over = true;
		for (unsigned i = 0; i < WORKERS; i++)
			is_over &= atomic_load(&shared->calls[i]) > 0;
	}
	must(tl_session_stop(s) >= 0);
	close_account(s);
	tl_session_free(s);
	verify();
	for (unsigned i = 0; i < WORKERS; i++) {
		kill(t.worker[i], SIGKILL);
		waitpid(t.worker[i], NULL, 0);
	}
	for (int of = 0; of < ASPECTS; of++) {
		if (t.failures[of])
			printf("not ok take-over: %s: %s (%u)\n", aspects[of], t.why[of], t.failures[of]);
		else
			printf("ok take-over: %s\n", aspects[of]);
		failed += t.failures[of] > 0;
	}
	return failed ? 1 : 0;
}
