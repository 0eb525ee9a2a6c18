/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many processes of a target run already, and make calls without end, when the session
 * starts. From the moment when it says that it has, every call of theirs is an event.
 */
#include <sys/mman.h>

#include "harness-inside.h"

enum { OF_COUNTS, OF_BALANCE };

enum { BEFORE_START, AFTER_START, END, PHASES };

#define PAUSE_US 20000 /* between calls: a thousand processes make 50,000 a second */
#define LASTS_US 500000

static struct {
	unsigned n;
	pid_t *pids;
	uint64_t *seen; /* of the calls after the start, by number of the process */
} t;

/* In memory that all share. */
static struct {
	unsigned phase;
	unsigned n_running, n_ended;
	uint64_t made[]; /* calls after the start, by number of the process */
} * shared;

/* Which phase it is says the call's argument: read before the call, it is from then at the earliest. */
static void loop(unsigned number)
{
	unsigned phase;

	__atomic_fetch_add(&shared->n_running, 1, __ATOMIC_SEQ_CST);
	while ((phase = __atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST)) != END) {
		shared->made[number] += phase == AFTER_START;
		syscall(SYS_getpgid, phase);
		usleep(PAUSE_US);
	}
	__atomic_fetch_add(&shared->n_ended, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

static void start_processes(void)
{
	const size_t size = sizeof(*shared) + t.n * sizeof(shared->made[0]);

	t.pids = calloc(t.n, sizeof(*t.pids));
	t.seen = calloc(t.n, sizeof(*t.seen));
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(t.pids && t.seen && shared != MAP_FAILED);
	for (unsigned i = 0; i < t.n; i++) {
		t.pids[i] = fork();
		if (t.pids[i] == 0)
			loop(i);
		require(t.pids[i] > 0);
	}
	while (__atomic_load_n(&shared->n_running, __ATOMIC_SEQ_CST) < t.n)
		usleep(PAUSE_US);
}

/* The child's part: to end it. */
static void end_after_a_while(void)
{
	usleep(LASTS_US);
	/* However long the machine stood still: each has called. */
	for (unsigned i = 0; i < t.n; i++)
		while (__atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST) == AFTER_START &&
		       !__atomic_load_n(&shared->made[i], __ATOMIC_SEQ_CST))
			usleep(PAUSE_US);
	__atomic_store_n(&shared->phase, END, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&shared->n_ended, __ATOMIC_SEQ_CST) < t.n)
		usleep(PAUSE_US);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	unsigned i = 0;

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL || e->args[0] != AFTER_START)
		return 0;
	while (i < t.n && (uint32_t)t.pids[i] != e->pid)
		i++;
	if (i < t.n)
		t.seen[i]++;
	else
		fail_case(OF_COUNTS, __FILE__, __LINE__, "a call of process %u", e->pid);
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const char *const program = run->child->executable;
	const struct tl_target_spec target = { .name = "program", .executables = &program, .n_executables = 1 };
	const struct tl_options options = { .attach = attach_wanted(), .buffer = 64U << 20 };
	static const char *const events[] = { "getpgid", NULL };
	struct tl_session *s = start_for(&options, &target, events, on_event);

	(void)pid;
	__atomic_store_n(&shared->phase, s ? AFTER_START : END, __ATOMIC_SEQ_CST);
	return s;
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	for (unsigned i = 0; i < t.n; i++) {
		require(waitpid(t.pids[i], NULL, 0) == t.pids[i]);
		if (!shared->made[i] || t.seen[i] != shared->made[i])
			fail_case(OF_COUNTS, __FILE__, __LINE__, "process %d: %llu of %llu calls", t.pids[i],
				  (unsigned long long)t.seen[i], (unsigned long long)shared->made[i]);
	}
	if (tl_session_counters(s, NULL, &k) < 0 || k.lost)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "lost %llu", (unsigned long long)k.lost);
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(end_after_a_while) };
	static const struct test test = { .event = "getpgid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_RUNNING");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 1000;
	start_processes();
	if (!run_session(&test, "already-running", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_COUNTS, text("of %u processes that ran before every call from the start on", t.n), &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
