/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several tests in one session. Most of what a test costs is the load of the kernel part; each has a target
 * and handlers of its own, so that nothing but the load is shared: folder, child and comparison are its own
 * as if it were alone.
 *
 * Who prepares a test is a process of its own, the keeper, since what one has prepared (sockets, say) must
 * not be inherited by the child of another one. Keepers and we share the tests' memory and wait for each
 * other by a word in it. Children run one after the other.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <time.h>

#include "harness-steps.h"

#define TESTS_MAX 128
/* Of a test; all of them lie in the one GiB that MAP_32BIT gives. */
#define MEMORY_OF_EACH (14U << 20)

enum { STEP_NONE, STEP_PREPARED, STEP_BEGIN };

static const struct test *enlisted[TESTS_MAX];
static size_t n_enlisted;

static struct part {
	const struct test *test;
	struct run *run;
	pid_t keeper;
	struct seen *seen;
	size_t n_seen;
} parts[TESTS_MAX];
static size_t n_parts;

void test_enlist(const struct test *test)
{
	if (n_enlisted >= TESTS_MAX)
		abort();
	enlisted[n_enlisted++] = test;
}

/* ---- Keepers ---- */

static void come_to(struct run *of, uint32_t step)
{
	__atomic_store_n(&of->step, step, __ATOMIC_RELEASE);
	syscall(SYS_futex, &of->step, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* false: the keeper has ended before. Looked at each time a tenth of a second has passed. */
static bool wait_for(struct run *of, uint32_t step, pid_t keeper)
{
	const struct timespec moment = { .tv_nsec = 100000000 };
	uint32_t found;

	while ((found = __atomic_load_n(&of->step, __ATOMIC_ACQUIRE)) != step) {
		if (keeper && waitpid(keeper, NULL, WNOHANG) == keeper)
			return false;
		syscall(SYS_futex, &of->step, FUTEX_WAIT, found, keeper ? &moment : NULL, NULL, 0);
	}
	return true;
}

static void keeper_main(const struct test *test)
{
	int gate, status = -1;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prepare_test(test);
	gate = child_gate();
	pid = child_make(gate);
	come_to(run, STEP_PREPARED);
	wait_for(run, STEP_BEGIN, 0);
	open_gate(gate);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail_case(OF_SESSION, __FILE__, __LINE__, "the child ended with status %#x", status);
	fflush(NULL);
	_exit(0);
}

static bool part_begin(struct part *p)
{
	child_setup(MEMORY_OF_EACH);
	p->run = run;
	fflush(NULL);
	p->keeper = fork();
	if (p->keeper == 0)
		keeper_main(p->test);
	if (p->keeper > 0 && wait_for(p->run, STEP_PREPARED, p->keeper))
		return true;
	p->keeper = -1;
	return false;
}

/* ---- The session ---- */

static int add_part(struct tl_session *s, struct part *p)
{
	uint32_t pid = (uint32_t)p->run->child->pid;
	const struct tl_target_spec target = { .name = p->test->event, .descendants = true, .pids = &pid, .n_pids = 1 };
	int r = tl_session_add_target(s, &target, &p->run->target);

	run = p->run;
	return r < 0 ? r : add_events(s, run->target) ? 0 : -EINVAL;
}

static struct tl_session *start_all(struct run *ours)
{
	const struct tl_options options = { .attach = attach_wanted() };
	struct tl_session *s = NULL;
	int r = tl_session_new(&options, &s);

	for (size_t i = 0; r >= 0 && i < n_parts; i++)
		r = add_part(s, &parts[i]);
	run = ours;
	return start_made(s, r, on_event);
}

static struct part *part_of(const struct seen *s)
{
	for (size_t i = 0; i < n_parts; i++) {
		uint32_t bit = parts[i].run->target;

		if (s->event.n_target_words > bit / 64 && s->targets[bit / 64] >> bit % 64 & 1)
			return &parts[i];
	}
	return NULL;
}

/* Each event to the test that it is of. The pointers in it stay wrong until settle(). */
static void share_out(const struct seen *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct part *p = part_of(&all[i]);

		if (!p) {
			fail_case(OF_SESSION, __FILE__, __LINE__, "an event of no test: %.*s",
				  (int)all[i].line_size - 1, all[i].line);
			continue;
		}
		p->seen = reallocarray(p->seen, p->n_seen + 1, sizeof(*p->seen));
		if (!p->seen)
			abort();
		p->seen[p->n_seen++] = all[i];
	}
}

/* ---- The ledger, of all ---- */

static uint64_t seen_of(const struct tl_event_type *type, const struct seen *all, size_t n)
{
	uint64_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += strcmp(all[i].event.type->name, type->name) == 0;
	return found;
}

static void verify_type(struct tl_session *s, const struct tl_event_type *type, const struct seen *all, size_t n)
{
	uint64_t found = seen_of(type, all, n);
	struct tl_counters k = {};

	if (tl_session_counters(s, type, &k) < 0)
		fail_case(OF_LEDGER, __FILE__, __LINE__, "no counters of %s", type->name);
	verify_balance(&k, OF_LEDGER);
	/* Of processes everybody's records are kept for their table. */
	if (type->class != TL_CLASS_SYSCALL)
		k.filtered = k.internal = 0;
	if (k.delivered != found || k.lost || k.aggregated || k.filtered || k.internal)
		fail_case(OF_LEDGER, __FILE__, __LINE__,
			  "%s: delivered %llu, found %llu; lost %llu, aggregated %llu, filtered %llu", type->name,
			  (unsigned long long)k.delivered, (unsigned long long)found, (unsigned long long)k.lost,
			  (unsigned long long)k.aggregated, (unsigned long long)(k.filtered + k.internal));
}

static void verify_all(struct tl_session *s, const struct seen *all, size_t n)
{
	struct tl_counters k = {};

	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_LEDGER, __FILE__, __LINE__, "no counters: %s", tl_session_error(s));
	verify_balance(&k, OF_LEDGER);
	if (k.lost)
		fail_case(OF_LEDGER, __FILE__, __LINE__, "lost %llu", (unsigned long long)k.lost);
	for (size_t i = 0; i < n_parts; i++) {
		const struct test *test = parts[i].test;
		const char *const one[] = { test->event, NULL };

		for (const char *const *name = test->events ?: one; *name; name++)
			verify_type(s, tl_event_type_find(*name), all, n);
	}
	verify_refusals(s, OF_LEDGER);
	verify_numbers(k.filtered + k.internal);
}

/* ---- All of it ---- */

static void run_parts(struct tl_session *s)
{
	for (size_t i = 0; i < n_parts; i++) {
		run = parts[i].run;
		verify_session(s);
		come_to(run, STEP_BEGIN);
		read_while(s, parts[i].keeper, OF_SESSION, 0);
	}
}

static void compare_parts(void)
{
	for (size_t i = 0; i < n_parts; i++) {
		run = parts[i].run;
		seen = parts[i].seen;
		n_seen = parts[i].n_seen;
		settle();
		compare();
	}
}

static void report_part(struct part *p, bool *all_ok)
{
	run = p->run;
	report(OF_SESSION, "session", all_ok);
	for (size_t i = 0; p->test->events && i < p->test->n_cases; i++)
		verify_called((int)i);
	for (size_t i = 0; i < p->test->n_cases; i++)
		report((int)i, p->test->cases[i].name, all_ok);
	report(OF_HASHES, "hashes", all_ok);
}

static void end_parts(bool started)
{
	for (size_t i = 0; i < n_parts; i++) {
		run = parts[i].run;
		if (!started && parts[i].keeper > 0)
			child_end(parts[i].keeper);
		if (run && run->folder)
			remove_folder();
	}
}

static bool choose(char *const *names)
{
	for (size_t i = 0; !names && i < n_enlisted; i++)
		parts[n_parts++].test = enlisted[i];
	for (; names && *names; names++) {
		size_t i = 0;

		while (i < n_enlisted && strcmp(enlisted[i]->event, *names) != 0)
			i++;
		if (i == n_enlisted || n_parts >= TESTS_MAX) {
			printf("not ok %s: no such test, or too many\n", *names);
			return false;
		}
		parts[n_parts++].test = enlisted[i];
	}
	return n_parts > 0;
}

int run_together(char *const *names)
{
	static const struct test test = { .event = "together" };
	struct tl_session *s = NULL;
	struct run *ours;
	struct seen *all;
	bool all_ok = true, prepared = true;
	size_t n;

	if (!may_run(test.event))
		return 77;
	if (!choose(names))
		return 1;
	child_setup(sizeof(*run));
	ours = run;
	ours->test = &test;
	for (size_t i = 0; prepared && i < n_parts; i++)
		prepared = part_begin(&parts[i]);
	run = ours;
	if (!prepared)
		fail_case(OF_SESSION, __FILE__, __LINE__, "a test could not be prepared");
	else
		s = start_all(ours);
	if (s) {
		run_parts(s);
		run = ours;
		stop_session(s, OF_SESSION);
		all = seen;
		n = n_seen;
		share_out(all, n);
		verify_all(s, all, n);
		compare_parts();
	}
	tl_session_free(s);
	end_parts(s != NULL);
	run = ours;
	report(OF_SESSION, "session", &all_ok);
	report(OF_LEDGER, "ledger balances", &all_ok);
	report(OF_NUMBERS, "numbers without holes", &all_ok);
	for (size_t i = 0; s && i < n_parts; i++)
		report_part(&parts[i], &all_ok);
	return all_ok ? 0 : 1;
}

/* together NAME... | --list. Programs whose test is made otherwise have a main() of their own. */
int main(int argc, char **argv)
{
	if (n_enlisted == 1)
		return run_test(enlisted[0]);
	if (argc != 2 || strcmp(argv[1], "--list") != 0)
		return run_together(argv + 1);
	for (size_t i = 0; i < n_enlisted; i++)
		puts(enlisted[i]->event);
	return 0;
}
