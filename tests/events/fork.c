/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>

#include "harness.h"

#define made(pid) made_at(__LINE__, pid)
/* This process has made the one that was born last. */
static struct call *made_at(int line, pid_t pid)
{
	struct call *c = expect_made(__FILE__, line, TL_EVENT_FORK, "fork");

	c->before = last_born()->born_after;
	c->ret = pid;
	c->child = last_born();
	return c;
}

static void nothing(void)
{
}

static void child(void)
{
	pid_t pid = spawn(nothing);

	made(pid);
	require(reap(pid) == 0);
}

static void grandchild(void)
{
	pid_t pid = spawn(child);

	made(pid);
	require(reap(pid) == 0);
}

static void child_of_a_child(void)
{
	grandchild();
}

static void by_vfork(void)
{
	struct being *b = being_expected();
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	was_born(b, pid);
	made(pid);
	require(reap(pid) == 0);
}

static void by_clone3(void)
{
	struct clone_args arguments = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	struct being *b = being_expected();
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		_exit(0);
	if (pid < 0 && errno == ENOSYS) {
		skip_case("this kernel has no clone3");
		return;
	}
	was_born(b, pid);
	made(pid);
	require(reap(pid) == 0);
}

/* The tester's child, made by us. */
static void child_of_our_parent(void)
{
	struct being *b = being_expected();
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	was_born(b, pid);
	b->ppid = me()->ppid;
	b->parent = me()->parent;
	made(pid);
}

static void *thread_main(void *unused)
{
	struct call *c;
	pid_t pid = spawn(nothing);

	c = made(pid);
	require(c->tid != c->pid);
	require(reap(pid) == 0);
	return unused;
}

/* A thread is no process; a process that a thread makes has the thread's process as its parent. */
static void by_a_thread(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, thread_main, NULL) == 0);
	require(pthread_join(thread, NULL) == 0);
}

static void nobody_child(void)
{
	become_nobody();
	child();
}

static void by_another_user(void)
{
	pid_t pid = spawn(nobody_child);

	made(pid);
	require(reap(pid) == 0);
}

static void call_that_fails_is_no_fork(void)
{
	require(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0) == -1);
	require(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0) == -1);
}

static const struct test_case cases[] = {
	CASE(child),	       CASE(child_of_a_child),		 CASE(by_vfork),
	CASE(by_clone3),       CASE(child_of_our_parent),	 CASE(by_a_thread),
	CASE(by_another_user), CASE(call_that_fails_is_no_fork),
};

TEST("fork", NULL)
