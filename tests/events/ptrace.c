/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/ptrace.h>

#include "harness.h"

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void attach_look_and_detach(void)
{
	static long word = 0x1234;
	pid_t pid = spawn(sleep_for_ever);
	long *found = room(sizeof(*found));
	int status;

	require(call(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0)->ret == 0);
	require(call(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0)->ret == 0);
	require(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	require(call(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, found)->ret == 0 && *found == 0x1234);
	require(call(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, found)->ret == 0);
	require(call(SYS_ptrace, PTRACE_DETACH, pid, 0, 0)->ret == 0);
	require(kill(pid, SIGKILL) == 0 && reap(pid) == SIGKILL);
}

static void ask_to_be_traced_child(void)
{
	require(call(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)->ret == 0);
	require(call(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)->ret == -EPERM);
}

static void ask_to_be_traced(void)
{
	in_child(ask_to_be_traced_child);
}

static void nobody_is_there(void)
{
	require(call(SYS_ptrace, PTRACE_ATTACH, INT_MAX, 0, 0)->ret == -ESRCH);
}

static void not_stopped(void)
{
	pid_t pid = spawn(sleep_for_ever);

	require(call(SYS_ptrace, PTRACE_CONT, pid, 0, 0)->ret == -ESRCH);
	require(kill(pid, SIGKILL) == 0 && reap(pid) == SIGKILL);
}

static pid_t victim;

static void not_permitted_child(void)
{
	become_nobody();
	require(call(SYS_ptrace, PTRACE_ATTACH, victim, 0, 0)->ret == -EPERM);
}

static void not_permitted(void)
{
	victim = spawn(sleep_for_ever);
	in_child(not_permitted_child);
	require(kill(victim, SIGKILL) == 0 && reap(victim) == SIGKILL);
}

static void by_the_32_bit_door(void)
{
	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	require(call32(26, PTRACE_ATTACH, INT_MAX, 0, 0)->ret == -ESRCH);
}

static const struct test_case cases[] = {
	CASE(attach_look_and_detach), CASE(ask_to_be_traced),	CASE(nobody_is_there), CASE(not_stopped),
	CASE(not_permitted),	      CASE(by_the_32_bit_door),
};

TEST("ptrace", NULL)
