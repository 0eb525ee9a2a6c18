/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void told(struct call *c, pid_t pid, const char *code, const char *status)
{
	require(c->ret == 0);
	c->shown = text("waitid(P_PID, %d, {si_signo=SIGCHLD, si_code=%s, si_pid=%d, si_uid=%d, si_status=%s}, "
			"WEXITED, NULL) = 0",
			pid, code, pid, getuid(), status);
}

static void end_with_3(void)
{
	_exit(3);
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void a_child_that_ended(void)
{
	pid_t pid = spawn(end_with_3);

	told(call(SYS_waitid, P_PID, pid, room(128), WEXITED, 0), pid, "CLD_EXITED", "3");
}

static void a_child_that_was_killed(void)
{
	pid_t pid = spawn(sleep_for_ever);

	require(kill(pid, SIGKILL) == 0);
	told(call(SYS_waitid, P_PID, pid, room(128), WEXITED, 0), pid, "CLD_KILLED", "SIGKILL");
}

static void a_child_that_has_not_ended(void)
{
	pid_t pid = spawn(sleep_for_ever);
	struct call *c = call(SYS_waitid, P_PID, pid, room(128), WEXITED | WNOHANG, 0);

	require(c->ret == 0);
	c->shown = text("waitid(P_PID, %d, {}, WNOHANG|WEXITED, NULL) = 0", pid);
	require(kill(pid, SIGKILL) == 0 && reap(pid) == SIGKILL);
}

/* By the other door they lie elsewhere. */
static void by_the_32_bit_door(void)
{
	pid_t pid;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	pid = spawn(end_with_3);
	told(call32(284, P_PID, pid, room(128), WEXITED, 0), pid, "CLD_EXITED", "3");
}

static const struct test_case cases[] = {
	CASE(a_child_that_ended),
	CASE(a_child_that_was_killed),
	CASE(a_child_that_has_not_ended),
	CASE(by_the_32_bit_door),
};

TEST("waitid", NULL)
