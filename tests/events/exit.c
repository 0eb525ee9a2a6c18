/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>
#include <sys/prctl.h>

#include "harness.h"

#define ended(pid, status) ended_at(__LINE__, pid, status)
/* The process that was born last has ended so. */
static struct call *ended_at(int line, pid_t pid, int status)
{
	struct call *c = expect_made(__FILE__, line, TL_EVENT_EXIT, "exit");

	require(reap(pid) == status);
	c->being = last_born();
	c->before = last_born()->born_after;
	c->after = now();
	c->pid = c->tid = pid;
	c->ret = c->exit_code = status;
	return c;
}

static void nothing(void)
{
}

static void with_success(void)
{
	ended(spawn(nothing), 0);
}

static void with_3(void)
{
	_exit(3);
}

static void with_a_code(void)
{
	ended(spawn(with_3), 3 << 8);
}

static void with_255(void)
{
	syscall(SYS_exit, -1);
}

static void with_the_largest_code(void)
{
	ended(spawn(with_255), 255 << 8);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void killed_by_a_signal(void)
{
	pid_t pid = spawn(wait_for_ever);

	require(kill(pid, SIGKILL) == 0);
	ended(pid, SIGKILL);
	pid = spawn(wait_for_ever);
	require(kill(pid, SIGTERM) == 0);
	ended(pid, SIGTERM);
}

static void crash(void)
{
	prctl(PR_SET_DUMPABLE, 0); /* leaves no core */
	raise(SIGSEGV);
}

static void killed_by_its_own_fault(void)
{
	ended(spawn(crash), SIGSEGV);
}

static void *exit_5(void *unused)
{
	syscall(SYS_exit_group, 5);
	return unused;
}

static void thread_exits_all(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, exit_5, NULL) == 0);
	wait_for_ever();
}

/* One end of the process, whichever of its threads is the last. */
static void by_a_thread_for_all(void)
{
	ended(spawn(thread_exits_all), 5 << 8)->tid = 0;
}

static void *last_thread(void *unused)
{
	usleep(20000);
	syscall(SYS_exit, 9);
	return unused;
}

static void first_thread_goes_first(void)
{
	pthread_t thread;

	require(pthread_create(&thread, NULL, last_thread, NULL) == 0);
	syscall(SYS_exit, 4);
}

/* One event, when the last thread goes. */
static void first_thread_before_the_others(void)
{
	struct call *c;
	pid_t pid = spawn(first_thread_goes_first);
	int status = reap(pid);

	c = expect(TL_EVENT_EXIT, "exit");
	c->being = last_born();
	c->before = last_born()->born_after + 20000000;
	c->pid = pid;
	c->tid = 0;
	c->ret = c->exit_code = status;
}

static void parent_goes_first(void)
{
	struct call *c;
	struct being *b = being_expected();
	pid_t pid = fork();

	if (pid == 0) {
		born_here(b);
		while (getppid() == b->ppid)
			usleep(1000);
		_exit(6);
	}
	was_born(b, pid);
	/* Who the parent was is told, not who took the child over. */
	c = expect(TL_EVENT_EXIT, "exit");
	c->being = b;
	c->before = b->born_after;
	c->after = 0;
	c->pid = c->tid = pid;
	c->ret = c->exit_code = 6 << 8;
}

static void orphan(void)
{
	ended(spawn(parent_goes_first), 0);
	usleep(100000);
}

static void nobody_child(void)
{
	become_nobody();
}

static void by_another_user(void)
{
	struct call *c = ended(spawn(nobody_child), 0);

	c->uid = c->gid = c->euid = c->egid = NOBODY;
}

static void busy(void)
{
	struct timespec used = {};

	/* Of its own time: how long a CPU is its own beside others nobody knows. Much more than is
	 * asked for: the kernel counts by its ticks, of which a busy machine misses some. */
	while (used.tv_sec == 0 && used.tv_nsec < 300000000) {
		getppid();
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	}
}

static void with_its_cpu_time(void)
{
	ended(spawn(busy), 0)->cpu_time = 20000000;
}

static void program_child(void)
{
	syscall(SYS_execve, helper(), (const char *const[]){ "helper", "", "42", NULL }, environ);
}

static void of_another_program(void)
{
	pid_t pid = spawn(program_child);
	struct being *b = becoming(helper(), (const char *const[]){ "helper", "", "42", NULL });
	struct call *c = ended(pid, 42 << 8);

	b->pid = pid;
	b->ppid = getpid();
	b->born_after = last_born()->born_after;
	b->born_before = last_born()->born_before;
	b->parent = me();
	c->being = b;
	strcpy(c->comm, "helper");
}

/* Last: the end of this very process. */
static void of_the_first_process(void)
{
	struct call *c = expect(TL_EVENT_EXIT, "exit");

	c->after = 0;
}

static const struct test_case cases[] = {
	CASE(with_success),
	CASE(with_a_code),
	CASE(with_the_largest_code),
	CASE(killed_by_a_signal),
	CASE(killed_by_its_own_fault),
	CASE(by_a_thread_for_all),
	CASE(first_thread_before_the_others),
	CASE(orphan),
	CASE(by_another_user),
	CASE(with_its_cpu_time),
	CASE(of_another_program),
	CASE(of_the_first_process),
};

TEST("exit", NULL)
