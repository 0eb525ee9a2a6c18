/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void signal_that_ends_a_child(void)
{
	pid_t pid = spawn(sleep_for_ever);
	struct call *c = call(SYS_kill, pid, SIGTERM);

	require(c->ret == 0);
	require(reap(pid) == SIGTERM);
}

static void signal_that_only_asks(void)
{
	pid_t pid = spawn(sleep_for_ever);

	require(call(SYS_kill, pid, 0)->ret == 0);
	require(call(SYS_kill, pid, 0)->ret == 0);
	require(call(SYS_kill, pid, SIGSTOP)->ret == 0);
	require(call(SYS_kill, pid, SIGKILL)->ret == 0);
	require(reap(pid) == SIGKILL);
}

/* A group that holds nobody but the child. */
static void group(void)
{
	pid_t pid = spawn(sleep_for_ever);

	require(setpgid(pid, pid) == 0);
	require(call(SYS_kill, -pid, SIGTERM)->ret == 0);
	require(reap(pid) == SIGTERM);
}

static void the_process_itself(void)
{
	require(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	require(call(SYS_kill, getpid(), SIGUSR1)->ret == 0);
}

static void nobody_is_there(void)
{
	require(call(SYS_kill, INT_MAX, SIGTERM)->ret == -ESRCH);
	require(call(SYS_kill, INT_MAX, SIGTERM)->ret == -ESRCH);
}

static void signal_that_is_none(void)
{
	require(call(SYS_kill, getpid(), 999)->ret == -EINVAL);
}

static pid_t victim;

static void not_permitted_child(void)
{
	become_nobody();
	require(call(SYS_kill, victim, SIGTERM)->ret == -EPERM);
}

static void not_permitted(void)
{
	victim = spawn(sleep_for_ever);
	in_child(not_permitted_child);
	require(call(SYS_kill, victim, SIGKILL)->ret == 0);
	require(reap(victim) == SIGKILL);
}

static void by_the_32_bit_door(void)
{
	pid_t pid;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	pid = spawn(sleep_for_ever);
	require(call32(37, pid, SIGKILL)->ret == 0);
	require(reap(pid) == SIGKILL);
	require(call32(37, INT_MAX, SIGKILL)->ret == -ESRCH);
}

static const struct test_case cases[] = {
	CASE(signal_that_ends_a_child), CASE(signal_that_only_asks), CASE(group),	  CASE(the_process_itself),
	CASE(nobody_is_there),		CASE(signal_that_is_none),   CASE(not_permitted), CASE(by_the_32_bit_door),
};

TEST("kill", NULL)
