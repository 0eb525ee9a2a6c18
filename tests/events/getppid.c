/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <sys/prctl.h>

#include "harness.h"

static void no_arguments(void)
{
	struct call *c = call(SYS_getppid);

	require(c->ret == me()->ppid);
	c = call(SYS_getppid);
	require(c->ret == me()->ppid);
}

static void *thread_main(void *unused)
{
	struct call *c;

	prctl(PR_SET_NAME, "a thread");
	c = call(SYS_getppid);
	require(c->tid != c->pid);
	return unused;
}

static void by_a_thread_with_a_name(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, thread_main, NULL) == 0);
	require(pthread_join(thread, NULL) == 0);
}

static void child_main(void)
{
	struct call *c = call(SYS_getppid);

	require(c->ret == me()->ppid);
	become_nobody();
	call(SYS_getppid);
}

static void by_a_child_that_gives_up_root(void)
{
	in_child(child_main);
}

static void name_that_would_forge_a_line(void)
{
	require(prctl(PR_SET_NAME, "a\n\"\x1b[1m\\\xff]") == 0);
	call(SYS_getppid);
	require(prctl(PR_SET_NAME, "getppid") == 0);
}

static void by_the_32_bit_door(void)
{
	struct call *c;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	c = call32(64);
	require(c->ret == me()->ppid);
}

static const struct test_case cases[] = {
	CASE(no_arguments),
	CASE(by_a_thread_with_a_name),
	CASE(by_a_child_that_gives_up_root),
	CASE(name_that_would_forge_a_line),
	CASE(by_the_32_bit_door),
};

TEST("getppid", NULL)
