/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/ptrace.h>

#include "harness.h"

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

/* It succeeds, and its event says so in these words. */
static void told(struct call *c, const char *arguments)
{
	require(c->ret == 0);
	c->shown = text("ptrace(%s) = 0", arguments);
}

/* What it was told of the signal that it is stopped by. */
static void look_at_a_signal(void)
{
	pid_t pid = spawn(sleep_for_ever);
	siginfo_t *info = room(sizeof(*info));
	int status;

	require(call(SYS_ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD)->ret == 0);
	require(kill(pid, SIGUSR1) == 0);
	require(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
	told(call(SYS_ptrace, PTRACE_GETSIGINFO, pid, 0, info),
	     text("PTRACE_GETSIGINFO, %d, NULL, {si_signo=SIGUSR1, si_code=SI_USER, si_pid=%d, si_uid=%d}", pid, getpid(),
		  getuid()));
	told(call(SYS_ptrace, PTRACE_DETACH, pid, 0, SIGTERM), text("PTRACE_DETACH, %d, NULL, SIGTERM", pid));
	require(reap(pid) == SIGTERM);
}

static void attach_look_and_detach(void)
{
	static long word = 0x1234;
	pid_t pid = spawn(sleep_for_ever);
	long *found = room(sizeof(*found));
	int status;

	told(call(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0), text("PTRACE_SEIZE, %d, NULL, 0", pid));
	told(call(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0), text("PTRACE_INTERRUPT, %d", pid));
	require(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	require(call(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, found)->ret == 0 && *found == 0x1234);
	told(call(SYS_ptrace, PTRACE_PEEKDATA, pid, &word, found), text("PTRACE_PEEKDATA, %d, %p, [0x1234]", pid, (void *)&word));
	told(call(SYS_ptrace, PTRACE_POKEDATA, pid, &word, 0x5678), text("PTRACE_POKEDATA, %d, %p, 0x5678", pid, (void *)&word));
	told(call(SYS_ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL),
	     text("PTRACE_SETOPTIONS, %d, NULL, PTRACE_O_TRACEEXEC|PTRACE_O_EXITKILL", pid));
	told(call(SYS_ptrace, PTRACE_GETSIGMASK, pid, 8, found), text("PTRACE_GETSIGMASK, %d, 8, []", pid));
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
	CASE(not_permitted),	      CASE(by_the_32_bit_door), CASE(look_at_a_signal),
};

TEST("ptrace", NULL)
