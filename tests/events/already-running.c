/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many processes of a target run already, and make calls without end, when the session
 * starts. From the moment when it says that it has, every call of theirs is an event.
 */
#include "harness-inside.h"

enum { OF_COUNTS, OF_BALANCE };

/* The child's part: to end it. */
static void end_after_a_while(void)
{
	running_end();
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->kind == TL_EVENT_SYSCALL)
		running_seen(e->pid, e->args[0], OF_COUNTS);
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
	running_phase(s ? RUNNING_COUNTED : RUNNING_END);
	return s;
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	running_verify(OF_COUNTS);
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
	unsigned n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 1000;

	if (!prepare_run(&test))
		return 77;
	running_start(n);
	if (!run_session(&test, "already-running", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_COUNTS, text("of %u processes that ran before every call from the start on", n), &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
