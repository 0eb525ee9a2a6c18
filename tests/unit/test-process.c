/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "util.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Above any pid that a kernel gives: /proc knows nothing of them. */
#define NOBODY 5000000U
#define SECOND 1000000000ULL

static struct tl_processes *table(uint32_t max)
{
	struct tl_processes *t = NULL;

	assert_int_equal(tl_processes_new(max, NULL, &t), 0);
	return t;
}

static struct tl_process *exec(struct tl_processes *t, uint32_t pid, uint64_t start, const char *path)
{
	static const char args[] = "one\0two";
	struct tl_exec_facts facts = {
		.pid = pid,
		.inner_pid = 1,
		.ppid = NOBODY,
		.parent_start = 1,
		.mntns = 2,
		.netns = 3,
		.pidns = 4,
		.start = start,
		.realtime_offset = 1000,
		.comm = "comm",
		.executable = path,
		.working_directory = "/tmp",
		.parent_comm = "parent",
		.parent_executable = "/bin/parent",
		.args = args,
		.args_size = sizeof(args),
		.executable_inode = 5,
		.executable_major = 6,
		.executable_minor = 7,
	};
	struct tl_process *p = NULL;

	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_non_null(p);
	return p;
}

static struct tl_process *forked(struct tl_processes *t, uint32_t parent, uint64_t parent_start, uint32_t pid,
				 uint64_t start)
{
	struct tl_fork_facts facts = {
		.pid = pid,
		.inner_pid = 2,
		.parent_pid = parent,
		.start = start,
		.parent_start = parent_start,
		.realtime_offset = 1000,
		.comm = "child",
		.parent_comm = "comm",
	};
	struct tl_process *p = NULL;

	assert_int_equal(tl_processes_fork(t, &facts, &p), 0);
	assert_non_null(p);
	return p;
}

static void exec_tells_everything(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *p = exec(t, NOBODY + 1, 10 * SECOND, "/bin/x");
	char end[64];

	(void)state;
	assert_int_equal(p->pid, NOBODY + 1);
	assert_int_equal(p->inner_pid, 1);
	assert_int_equal(p->ppid, NOBODY);
	assert_int_equal(p->start, 10 * SECOND);
	assert_int_equal(p->start_time, 10 * SECOND + 1000);
	assert_int_equal(p->parent_start, 1);
	assert_string_equal(p->executable, "/bin/x");
	assert_int_equal(p->executable_inode, 5);
	assert_int_equal(p->executable_major, 6);
	assert_int_equal(p->executable_minor, 7);
	assert_int_equal(p->n_args, 2);
	assert_int_equal(p->args_size, 8);
	assert_memory_equal(p->args, "one\0two", 8);
	assert_string_equal(p->working_directory, "/tmp");
	assert_string_equal(p->comm, "comm");
	assert_int_equal(p->mntns, 2);
	assert_int_equal(p->netns, 3);
	assert_int_equal(p->pidns, 4);
	assert_int_equal(p->flags, 0);
	snprintf(end, sizeof(end), "-%u-1000", NOBODY + 1);
	assert_string_equal(p->entity_id + 32, end);
	assert_int_equal(strspn(p->entity_id, "0123456789abcdef"), 32);
	assert_string_equal(p->parent->executable, "/bin/parent");
	assert_string_equal(p->parent->comm, "parent");
	assert_int_equal(p->parent->start, 1);
	assert_string_equal(p->cgroup, "");
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 10 * SECOND), p);
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 0), p);
	assert_null(tl_processes_find(t, NOBODY + 1, 9 * SECOND));
	assert_null(tl_processes_find(t, NOBODY + 2, 10 * SECOND));
	tl_processes_free(t);
}

static void odd_facts_do_no_harm(void **state)
{
	struct tl_exec_facts facts = {
		.pid = NOBODY + 1, .ppid = NOBODY + 1, .start = 5, .args = "ab", .args_size = 2
	};
	struct tl_processes *t = table(0);
	struct tl_process *p = NULL;

	(void)state;
	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_null(p->parent);
	assert_int_equal(p->n_args, 1);
	assert_int_equal(p->args_size, 3);
	assert_memory_equal(p->args, "ab", 3);
	assert_string_equal(p->executable, "");
	assert_string_equal(p->working_directory, "");
	assert_string_equal(p->comm, "");
	facts.pid = UINT32_MAX;
	facts.start = UINT64_MAX;
	facts.args_size = 0;
	facts.args_truncated = facts.executable_deleted = true;
	facts.comm = "a name that is longer than 15 bytes";
	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_int_equal(p->n_args, 0);
	assert_int_equal(p->flags, TL_PROCESS_ARGS_TRUNCATED | TL_PROCESS_DELETED);
	assert_string_equal(p->comm, "a name that is ");
	assert_true(strlen(p->entity_id) < sizeof(p->entity_id));
	tl_processes_free(t);
}

static void a_child_shares_the_program(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *parent = exec(t, NOBODY + 1, 10, "/bin/x"), *child;
	uint64_t generation;

	(void)state;
	child = forked(t, NOBODY + 1, 10, NOBODY + 2, 20);
	assert_ptr_equal(child->executable, parent->executable);
	assert_ptr_equal(child->args, parent->args);
	assert_int_equal(child->executable_inode, 5);
	assert_int_equal(child->n_args, 2);
	assert_ptr_equal(child->parent, parent);
	assert_int_equal(child->ppid, NOBODY + 1);
	assert_int_equal(child->parent_start, 10);
	assert_string_equal(child->comm, "child");
	assert_int_equal(child->flags, 0);
	generation = child->generation;
	assert_ptr_equal(exec(t, NOBODY + 2, 20, "/bin/y"), child);
	assert_true(child->generation > generation);
	assert_string_equal(child->executable, "/bin/y");
	assert_string_equal(parent->executable, "/bin/x");
	tl_processes_free(t);
}

static uint64_t own_start(void)
{
	unsigned long long ticks = 0;
	FILE *f = fopen("/proc/self/stat", "re");

	assert_non_null(f);
	for (unsigned i = 1; i < 22; i++)
		assert_int_not_equal(fscanf(f, "%*s"), EOF);
	assert_int_equal(fscanf(f, "%llu", &ticks), 1);
	fclose(f);
	return ticks * (SECOND / 100);
}

static void proc_tells_of_the_unknown(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *p = tl_processes_get(t, (uint32_t)getpid(), 0, "?");
	char path[4096], directory[4096];
	struct timespec now;
	struct stat st;

	(void)state;
	assert_non_null(p);
	path[readlink("/proc/self/exe", path, sizeof(path) - 1)] = 0;
	assert_string_equal(p->executable, path);
	assert_non_null(getcwd(directory, sizeof(directory)));
	assert_string_equal(p->working_directory, directory);
	assert_int_equal(p->flags, TL_PROCESS_FROM_PROC);
	assert_int_equal(p->ppid, getppid());
	assert_true(p->n_args >= 1);
	assert_int_equal(p->args[p->args_size - 1], 0);
	assert_int_equal(p->start, own_start());
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_int_equal(p->executable_inode, st.st_ino);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(p->netns, st.st_ino);
	assert_int_not_equal(p->mntns, 0);
	assert_int_not_equal(p->pidns, 0);
	assert_int_not_equal(p->inner_pid, 0);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_in_range(p->start_time / SECOND, now.tv_sec - 600, now.tv_sec);
	assert_non_null(p->parent);
	assert_int_equal(p->parent->pid, getppid());
	assert_int_equal(p->parent_start, p->parent->start);
	assert_int_not_equal(p->parent->executable[0], 0);
	tl_processes_free(t);
}

static void the_kernels_start_is_finer_than_procs(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *p = tl_processes_get(t, (uint32_t)getpid(), 0, "?");
	uint64_t start = own_start(), generation = p->generation;
	char id[64];

	(void)state;
	assert_null(tl_processes_find(t, (uint32_t)getpid(), start - 1));
	assert_null(tl_processes_find(t, (uint32_t)getpid(), start + SECOND / 100));
	assert_ptr_equal(tl_processes_find(t, (uint32_t)getpid(), start + 1234567), p);
	assert_int_equal(p->start, start + 1234567);
	assert_true(p->generation > generation);
	snprintf(id, sizeof(id), "-%u-%llu", (unsigned)getpid(), ((unsigned long long)start + 1234567) / 10000000);
	assert_string_equal(p->entity_id + 32, id);
	assert_null(tl_processes_find(t, (uint32_t)getpid(), start)); /* exact from now on */
	tl_processes_free(t);
}

static void who_is_gone_stays_unknown(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *p = tl_processes_get(t, NOBODY + 1, 77, "name"), *q;

	(void)state;
	assert_int_equal(p->flags, TL_PROCESS_UNKNOWN);
	assert_string_equal(p->comm, "name");
	assert_string_equal(p->executable, "");
	assert_int_equal(p->start, 77);
	assert_ptr_equal(tl_processes_get(t, NOBODY + 1, 77, "other"), p);
	/* Somebody else has the pid by now. */
	q = tl_processes_get(t, (uint32_t)getpid(), 12345, "name");
	assert_int_equal(q->flags & TL_PROCESS_UNKNOWN, TL_PROCESS_UNKNOWN);
	assert_string_equal(q->executable, "");
	/* What is learned later counts. */
	assert_ptr_equal(exec(t, NOBODY + 1, 77, "/bin/x"), p);
	assert_int_equal(p->flags, 0);
	tl_processes_free(t);
}

static void a_reused_pid_is_another_process(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *old = exec(t, NOBODY + 1, 10, "/bin/old"), *new, *late;

	(void)state;
	new = exec(t, NOBODY + 1, 20, "/bin/new");
	assert_ptr_not_equal(old, new);
	assert_int_equal(old->flags, TL_PROCESS_EXITED);
	assert_int_equal(new->flags, 0);
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 0), new);
	/* A late record of the old one does not take the pid back. */
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 10), old);
	late = tl_processes_get(t, NOBODY + 1, 5, "older");
	assert_int_equal(late->flags, TL_PROCESS_UNKNOWN | TL_PROCESS_EXITED);
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 0), new);
	tl_processes_free(t);
}

static void the_exited_stay_for_a_while(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *parent = exec(t, NOBODY + 1, 10, "/bin/x"), *child;
	const struct tl_process *above = parent->parent;

	(void)state;
	assert_non_null(above);
	child = forked(t, NOBODY + 1, 10, NOBODY + 2, 20);
	tl_processes_exit(t, parent);
	tl_processes_exit(t, parent);
	assert_int_equal(parent->flags, TL_PROCESS_EXITED);
	assert_ptr_equal(tl_processes_find(t, NOBODY + 1, 10), parent);
	assert_null(tl_processes_find(t, NOBODY + 1, 0));
	for (uint32_t i = 0; i < 1000; i++)
		tl_processes_exit(t, exec(t, NOBODY + 10 + i, 30 + i, "/bin/y"));
	assert_non_null(tl_processes_find(t, NOBODY + 1, 10));
	for (uint32_t i = 0; i < 1100; i++)
		tl_processes_exit(t, exec(t, NOBODY + 2000 + i, 30 + i, "/bin/y"));
	assert_null(tl_processes_find(t, NOBODY + 1, 10));
	/* The child has not lost it, and whom it came from. */
	assert_ptr_equal(tl_processes_find(t, NOBODY + 2, 20), child);
	assert_string_equal(child->parent->executable, "/bin/x");
	assert_ptr_equal(child->parent->parent, above);
	tl_processes_free(t);
}

static void a_parent_that_execs_unseen_is_noticed(void **state)
{
	struct tl_exec_facts facts = {
		.pid = NOBODY + 2,
		.start = 20,
		.ppid = NOBODY + 1,
		.parent_start = 10,
		.parent_comm = "now",
		.parent_executable = "/bin/now",
		.parent_inode = 99,
	};
	struct tl_processes *t = table(0);
	struct tl_process *parent = exec(t, NOBODY + 1, 10, "/bin/before"), *p = NULL;

	(void)state;
	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_ptr_equal(p->parent, parent);
	assert_string_equal(parent->executable, "/bin/now");
	assert_string_equal(parent->comm, "now");
	assert_int_equal(parent->n_args, 0);
	/* Another path of the same file is no change. */
	facts.parent_executable = "/usr/bin/now";
	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_string_equal(parent->executable, "/bin/now");
	tl_processes_free(t);
}

static void a_parent_comes_from_proc(void **state)
{
	struct tl_exec_facts facts = { .pid = NOBODY + 2, .start = own_start() + SECOND, .ppid = (uint32_t)getpid() };
	struct tl_processes *t = table(0);
	struct tl_process *p = NULL;

	(void)state;
	facts.parent_start = own_start() + 5;
	assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
	assert_int_equal(p->parent->pid, getpid());
	assert_int_equal(p->parent->start, facts.parent_start);
	assert_true(p->parent->n_args >= 1);
	assert_non_null(p->parent->parent);
	assert_int_equal(p->parent->parent->pid, getppid());
	tl_processes_free(t);
}

static void cgroups_follow_the_records(void **state)
{
	struct tl_cgroups *c = NULL;
	struct tl_processes *t = NULL;
	struct tl_process *p;
	uint64_t generation;
	int layout;

	(void)state;
	if (tl_cgroups_new(&c, &layout) < 0) {
		print_message("skipped: no cgroup v2 here\n");
		skip();
	}
	assert_int_equal(tl_cgroups_add(c, 1ULL << 60, "/system.slice/a.service"), 0);
	assert_int_equal(tl_cgroups_add(c, (1ULL << 60) + 1, "/lxc.payload.box/init.scope"), 0);
	assert_int_equal(tl_processes_new(0, c, &t), 0);
	p = exec(t, NOBODY + 1, 10, "/bin/x");
	tl_processes_set_cgroup(t, p, 1ULL << 60);
	assert_string_equal(p->cgroup, "/system.slice/a.service");
	assert_string_equal(p->unit, "a.service");
	generation = p->generation;
	tl_processes_set_cgroup(t, p, 1ULL << 60);
	assert_int_equal(p->generation, generation);
	tl_processes_set_cgroup(t, p, (1ULL << 60) + 1);
	assert_string_equal(p->container_id, "box");
	assert_true(p->generation > generation);
	/* Pushed out of the cache, not out of the process. */
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(tl_cgroups_add(c, (1ULL << 61) + i, "/other"), 0);
	assert_string_equal(p->container_id, "box");
	tl_processes_free(t);
	tl_cgroups_free(c);
}

/* ---- Bounds ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void lives(struct tl_processes *t, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++) {
		uint32_t pid = NOBODY + 10 + i % 30000;

		forked(t, NOBODY + 1, 10, pid, 100 + i);
		exec(t, pid, 100 + i, "/usr/bin/short-lived");
		tl_processes_exit(t, tl_processes_find(t, pid, 100 + i));
	}
}

static void a_new_name_is_a_change(void **state)
{
	struct tl_processes *t = table(0);
	struct tl_process *p = exec(t, NOBODY + 1, 10, "/bin/one");
	const char name[16] = "renamed", none[16] = "", longest[16] = "0123456789abcde";
	uint64_t generation = p->generation;

	(void)state;
	tl_processes_set_comm(t, p, none);
	assert_string_equal(p->comm, "comm");
	assert_int_equal(p->generation, generation);
	tl_processes_set_comm(t, p, name);
	assert_string_equal(p->comm, "renamed");
	assert_true(p->generation > generation);
	generation = p->generation;
	tl_processes_set_comm(t, p, name);
	assert_int_equal(p->generation, generation);
	tl_processes_set_comm(t, p, longest);
	assert_string_equal(p->comm, "0123456789abcde");
	tl_processes_free(t);
}

static void short_lives_leave_nothing_behind(void **state)
{
	const uint32_t n = SANITIZED ? 50000 : 200000;
	struct tl_processes *t = table(0);
	size_t before, after, bytes;
	double start;

	(void)state;
	exec(t, NOBODY + 1, 10, "/bin/sh");
	lives(t, 0, 20000);
	tl_processes_count(t, &bytes);
	before = resident();
	start = now();
	lives(t, 20000, n);
	print_message("%u lives: %.2f us each, %zu entries\n", n, (now() - start) * 1e6 / n,
		      tl_processes_count(t, &after));
	assert_int_equal(after, bytes);
	assert_true(tl_processes_count(t, NULL) < 1100);
	if (!SANITIZED) {
		assert_true(resident() < before + (1 << 20));
		assert_true((now() - start) / n < 10e-6); /* several times what it is */
	}
	tl_processes_free(t);
}

static void a_chain_of_parents_stays_short(void **state)
{
	const uint32_t n = 100000;
	struct tl_processes *t = table(0);
	struct tl_process *p = exec(t, NOBODY + 1, 1, "/bin/daemon");
	size_t bytes;

	(void)state;
	for (uint32_t i = 1; i < n; i++) {
		struct tl_process *child = forked(t, NOBODY + i, i, NOBODY + i + 1, i + 1);

		tl_processes_exit(t, p);
		p = child;
	}
	assert_true(tl_processes_count(t, &bytes) < 1100);
	assert_true(bytes < 1 << 20);
	tl_processes_free(t);
}

static void entries_are_bounded_without_an_exit(void **state)
{
	struct tl_processes *t = table(1000);
	size_t bytes, most = 0;

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		exec(t, NOBODY + 1, 1, "/bin/busy"); /* in use all the time */
		forked(t, NOBODY + 1, 1, NOBODY + 2 + i, 2 + i);
		exec(t, NOBODY + 2 + i, 2 + i, "/bin/x");
		assert_true(tl_processes_count(t, &bytes) <= 1064);
		most = MAX(most, bytes);
	}
	assert_non_null(tl_processes_find(t, NOBODY + 1, 1));
	assert_null(tl_processes_find(t, NOBODY + 2, 2));
	assert_non_null(tl_processes_find(t, NOBODY + 2 + 49999, 2 + 49999));
	assert_true(most < 1 << 20);
	tl_processes_free(t);
}

static void bytes_are_bounded(void **state)
{
	enum { SIZE = 100000 };
	char *args = calloc(1, SIZE);
	struct tl_exec_facts facts = { .executable = "/bin/x", .args = args, .args_size = SIZE };
	struct tl_processes *t = table(10000);
	struct tl_process *p = NULL;
	size_t bytes;

	(void)state;
	assert_non_null(args);
	for (uint32_t i = 0; i < 2000; i++) {
		facts.pid = NOBODY + i;
		facts.start = i + 1;
		assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
		assert_int_equal(p->n_args, SIZE);
		tl_processes_count(t, &bytes);
		assert_true(bytes < 10000 * 512 + 20 * SIZE);
	}
	free(args);
	tl_processes_free(t);
}

/* ---- Any order of calls ---- */

static uint64_t seed = 1;

static uint32_t pick(uint32_t n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % n;
}

static struct tl_process *any_call(struct tl_processes *t)
{
	uint32_t pid = NOBODY + pick(300), other = NOBODY + pick(300);
	uint64_t start = pick(8), other_start = pick(8);
	struct tl_process *p = NULL;
	struct tl_exec_facts facts = {
		.pid = pid,
		.start = start,
		.ppid = other,
		.parent_start = other_start,
		.executable = pick(2) ? "/bin/a" : "/bin/b",
		.parent_executable = pick(2) ? "/bin/a" : NULL,
		.parent_inode = pick(2),
	};

	switch (pick(5)) {
	case 0:
		return tl_processes_find(t, pid, start);
	case 1:
		return tl_processes_get(t, pid, start, "some");
	case 2:
		assert_int_equal(tl_processes_exec(t, &facts, &p), 0);
		return p;
	case 3:
		return forked(t, other, other_start, pid, start);
	default:
		p = tl_processes_find(t, pid, start);
		if (p)
			tl_processes_exit(t, p);
		return p;
	}
}

static void use(const struct tl_process *p)
{
	size_t n = 0;

	for (; p && n < 3; p = p->parent, n++)
		assert_true(strlen(p->executable) + strlen(p->comm) + strlen(p->entity_id) + p->args_size < 1000);
}

static void what_is_returned_stays_valid_for_ten_calls(void **state)
{
	const struct tl_process *last[5] = {};
	struct tl_processes *t = table(64);

	(void)state;
	for (uint32_t i = 0; i < 300000; i++) {
		last[i % ARRAY_SIZE(last)] = any_call(t); /* at most two calls on the table */
		for (size_t k = 0; k < ARRAY_SIZE(last); k++)
			use(last[k]);
		assert_true(tl_processes_count(t, NULL) <= 64 + 40);
	}
	tl_processes_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exec_tells_everything),
		cmocka_unit_test(odd_facts_do_no_harm),
		cmocka_unit_test(a_child_shares_the_program),
		cmocka_unit_test(proc_tells_of_the_unknown),
		cmocka_unit_test(the_kernels_start_is_finer_than_procs),
		cmocka_unit_test(who_is_gone_stays_unknown),
		cmocka_unit_test(a_reused_pid_is_another_process),
		cmocka_unit_test(the_exited_stay_for_a_while),
		cmocka_unit_test(a_parent_that_execs_unseen_is_noticed),
		cmocka_unit_test(a_parent_comes_from_proc),
		cmocka_unit_test(cgroups_follow_the_records),
		cmocka_unit_test(a_new_name_is_a_change),
		cmocka_unit_test(short_lives_leave_nothing_behind),
		cmocka_unit_test(a_chain_of_parents_stays_short),
		cmocka_unit_test(entries_are_bounded_without_an_exit),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(what_is_returned_stays_valid_for_ten_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
