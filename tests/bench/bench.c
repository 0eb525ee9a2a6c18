/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What auditing costs: the same system calls by one worker under several
 * configurations, in interleaved rounds of one run, medians, as ratios to no
 * tracing. The worker and the reader have a CPU each.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "encode.h"
#include "file-ahead.h"
#include "policy.h"
#include "traceleft.h"
#include "util.h"

enum work { WORK_GETPPID, WORK_READ_WRITE, WORK_OPEN_CLOSE, WORKS };
static const char *const work_names[WORKS] = { "getppid", "read+write", "openat+close" };
static const long work_turns[WORKS] = { 200000, 100000, 40000 };

enum setup {
	SETUP_NOTHING,
	SETUP_EMPTY, /* a program that does nothing on sys_exit */
	SETUP_OTHER_1, /* one rule, about other calls of other programs */
	SETUP_OTHER_100, /* a hundred of them */
	SETUP_OTHER_1000, /* a thousand */
	SETUP_OTHER_10000, /* ten thousand targets */
	SETUP_SAME_CALL, /* the very calls are wanted, but of another program */
	SETUP_COUNTED, /* the calls are counted in the kernel, those on descriptors for each object */
	SETUP_TRACED, /* an event for each call */
	SETUP_TRACED_OPEN, /* openat+close: an event for openat alone */
	SETUPS,
};
static const char *const setup_names[SETUPS] = {
	"nothing",
	"empty raw_tp",
	"1 rule, others",
	"100 rules, others",
	"1000 rules, others",
	"10000 rules, others",
	"same call, others",
	"counted",
	"traced",
	"traced, openat",
};

struct order {
	enum work work;
	long turns;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* ---- The worker ---- */

static double do_work(const struct order *o)
{
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	char buffer[64] = "";
	double begin = cpu_ns(); /* what it spent itself: others may run on its CPU */

	for (long i = 0; i < o->turns; i++) {
		if (o->work == WORK_GETPPID) {
			syscall(SYS_getppid);
		} else if (o->work == WORK_READ_WRITE) {
			if (read(zero, buffer, sizeof(buffer)) < 0 || write(null, buffer, sizeof(buffer)) < 0)
				abort();
		} else {
			close(syscall(SYS_openat, AT_FDCWD, "/usr/share/dict/../common-licenses/GPL-2", O_RDONLY));
		}
	}
	begin = (cpu_ns() - begin) / o->turns;
	close(zero);
	close(null);
	return begin;
}

static int start_worker(int ret_fds[2], pid_t *ret_pid)
{
	int orders[2], results[2];
	struct order order;
	double ns;

	if (pipe(orders) < 0 || pipe(results) < 0)
		return -errno;
	*ret_pid = fork();
	if (*ret_pid == 0) {
		close(orders[1]);
		close(results[0]);
		pin(1 % sysconf(_SC_NPROCESSORS_ONLN));
		while (read(orders[0], &order, sizeof(order)) == sizeof(order)) {
			ns = do_work(&order);
			if (write(results[1], &ns, sizeof(ns)) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(orders[0]);
	close(results[1]);
	ret_fds[0] = results[0];
	ret_fds[1] = orders[1];
	return 0;
}

/* ---- Configurations ---- */

static int empty_program(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "empty", "GPL", nothing, 2, NULL);
	int link = program < 0 ? -1 : bpf_raw_tracepoint_open("sys_exit", program);

	close(program);
	return link;
}

static int fail(struct tl_session *s, const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, tl_session_error(s));
	exit(1);
}

static int count_event(const struct tl_event *event, void *userdata)
{
	(void)event;
	++*(uint64_t *)userdata;
	return 0;
}

static void add_others(struct tl_session *s, int n, const char *event)
{
	for (int i = 0; i < n; i++) {
		char path[64], name[32];
		const char *executable = path;
		struct tl_target_spec spec = { .name = name, .executables = &executable, .n_executables = 1 };
		uint32_t target;

		snprintf(path, sizeof(path), "/nowhere/program-%d", i);
		snprintf(name, sizeof(name), "other-%d", i);
		if (tl_session_add_target(s, &spec, &target) < 0 || tl_session_add_handler(s, target, event, 0) < 0)
			fail(s, "adding a target");
	}
}

static const int n_others[SETUPS] = {
	[SETUP_OTHER_1] = 1, [SETUP_OTHER_100] = 100, [SETUP_OTHER_1000] = 1000, [SETUP_OTHER_10000] = 10000
};

static const char *const calls[WORKS][2] = { [WORK_GETPPID] = { "getppid" },
					     [WORK_READ_WRITE] = { "read", "write" },
					     [WORK_OPEN_CLOSE] = { "openat", "close" } };

static void count_calls(struct tl_session *s, enum work work)
{
	for (int i = 0; i < 2 && calls[work][i]; i++) {
		const struct tl_event_type *type = tl_event_type_find(calls[work][i]);

		if (tl_session_set_counted(s, type->name, tl_event_type_countable(type, true)) < 0)
			fail(s, "counting");
	}
}

static struct tl_session *start_session(enum setup setup, enum work work, uint32_t worker, uint64_t *events,
					enum tl_attach attach)
{
	struct tl_options options = { .buffer = 64U << 20, .attach = attach };
	struct tl_target_spec spec = { .name = "worker", .pids = &worker, .n_pids = 1 };
	struct tl_session *s;
	uint32_t target;

	if (tl_session_new(&options, &s) < 0)
		fail(s, "opening a session");
	tl_session_set_callback(s, count_event, events);
	if (n_others[setup]) {
		add_others(s, n_others[setup], "chmod");
	} else if (setup == SETUP_SAME_CALL) {
		for (int i = 0; i < 2 && calls[work][i]; i++)
			add_others(s, 1, calls[work][i]);
	} else {
		if (tl_session_add_target(s, &spec, &target) < 0)
			fail(s, "adding the worker");
		for (int i = 0; i < 2 && calls[work][i]; i++)
			if ((setup != SETUP_TRACED_OPEN || i == 0) &&
			    tl_session_add_handler(s, target, calls[work][i], 0) < 0)
				fail(s, "adding a handler");
		if (setup == SETUP_COUNTED)
			count_calls(s, work);
	}
	if (tl_session_start(s) < 0)
		fail(s, "starting");
	return s;
}

/* The worker's figure, while the session's events are read. */
static double measure(struct tl_session *s, const int fds[2], enum work work, uint64_t *lost)
{
	struct order order = { .work = work, .turns = work_turns[work] };
	struct tl_counters sum;
	double ns = 0;

	if (write(fds[1], &order, sizeof(order)) < 0)
		exit(1);
	for (;;) {
		struct pollfd poll_fds[2] = { { .fd = fds[0], .events = POLLIN },
					      { .fd = s ? tl_session_fd(s) : -1, .events = POLLIN } };

		if (poll(poll_fds, 2, 100) < 0)
			exit(1);
		if (s)
			tl_session_dispatch(s, 0);
		if (poll_fds[0].revents) {
			if (read(fds[0], &ns, sizeof(ns)) != sizeof(ns))
				exit(1);
			break;
		}
	}
	if (s) {
		tl_session_stop(s);
		if (tl_session_counters(s, NULL, &sum) == 0)
			*lost += sum.lost;
	}
	return ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ROUNDS_MAX 31
static double figures[SETUPS][WORKS][ROUNDS_MAX];

static double median(enum setup setup, enum work work, int rounds)
{
	qsort(figures[setup][work], rounds, sizeof(double), compare);
	return figures[setup][work][rounds / 2];
}

/* Nothing of ours is on: what is measured is what others cost that are. */
static bool alone;

static bool applies(enum setup setup, enum work work)
{
	if (alone)
		return setup == SETUP_NOTHING;
	if (setup == SETUP_OTHER_10000) /* its start takes a while */
		return work == WORK_GETPPID;
	return setup != SETUP_TRACED_OPEN || work == WORK_OPEN_CLOSE;
}

static void costs(int rounds, enum tl_attach attach)
{
	uint64_t events = 0, lost = 0;
	pid_t worker;
	int fds[2];

	if (start_worker(fds, &worker) < 0)
		exit(1);
	for (int round = 0; round < rounds; round++)
		for (enum work work = 0; work < WORKS; work++)
			for (enum setup setup = 0; setup < SETUPS; setup++) {
				struct tl_session *s = NULL;
				int link = -1;

				if (!applies(setup, work))
					continue;
				if (setup == SETUP_EMPTY)
					link = empty_program();
				else if (setup != SETUP_NOTHING)
					s = start_session(setup, work, worker, &events, attach);
				figures[setup][work][round] = measure(s, fds, work, &lost);
				if (link >= 0)
					close(link);
				tl_session_free(s);
			}
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	printf("%-20s", "ns (ratio)");
	for (enum work work = 0; work < WORKS; work++)
		printf("%20s", work_names[work]);
	printf("\n");
	for (enum setup setup = 0; setup < (alone ? SETUP_EMPTY : SETUPS); setup++) {
		printf("%-20s", setup_names[setup]);
		for (enum work work = 0; work < WORKS; work++)
			if (applies(setup, work))
				printf("%12.0f (%4.2f x)", median(setup, work, rounds),
				       median(setup, work, rounds) / median(SETUP_NOTHING, work, rounds));
			else
				printf("%20s", "");
		printf("\n");
	}
	if (alone)
		return;
	printf("events read: %llu, lost: %llu\n", (unsigned long long)events, (unsigned long long)lost);
	printf("untraced getppid, 1 rule / empty program: %.3f (goal 1.03)\n",
	       median(SETUP_OTHER_1, WORK_GETPPID, rounds) / median(SETUP_EMPTY, WORK_GETPPID, rounds));
	printf("untraced getppid, 1000 rules / 1 rule: %.3f (goal 1.05)\n",
	       median(SETUP_OTHER_1000, WORK_GETPPID, rounds) / median(SETUP_OTHER_1, WORK_GETPPID, rounds));
	printf("untraced getppid, 10000 targets / 1 target: %.3f (goal 1.05)\n",
	       median(SETUP_OTHER_10000, WORK_GETPPID, rounds) / median(SETUP_OTHER_1, WORK_GETPPID, rounds));
	printf("counted getppid, ns added: %.0f (goal 320)\n",
	       median(SETUP_COUNTED, WORK_GETPPID, rounds) - median(SETUP_NOTHING, WORK_GETPPID, rounds));
	printf("counted read+write, ns added to each: %.0f\n",
	       (median(SETUP_COUNTED, WORK_READ_WRITE, rounds) - median(SETUP_NOTHING, WORK_READ_WRITE, rounds)) / 2);
}

/* ---- Throughput of the reader ---- */

#define WRITE_SIZE (256 * 1024) /* as the daemon's files */
#define READER_ROUNDS 5

static const char policy_text[] = "version: 1\n"
				  "outputs: {file: {type: file, path: /var/log/bench, format: json}}\n"
				  "rules:\n"
				  "  - name: bench\n"
				  "    events: [getppid, read, write, openat, close]\n"
				  "    where: pid > 1 and not executable matches \"/nowhere/**\"\n"
				  "    tags: [bench]\n";

struct output {
	struct tl_policy *policy;
	struct tl_buffer buffer;
	struct tl_ahead ahead;
	int fd;
	uint64_t size; /* of the file */
	uint64_t events, bytes;
	double writing; /* ns that the bytes of this round took */
};

static int write_out(struct output *o)
{
	double begin = cpu_ns();

	tl_ahead_take(&o->ahead, o->fd, o->size, o->buffer.size, UINT64_MAX);
	if (write(o->fd, o->buffer.data, o->buffer.size) != (ssize_t)o->buffer.size)
		return -EIO;
	o->writing += cpu_ns() - begin;
	o->bytes += o->buffer.size;
	o->size += o->buffer.size;
	o->buffer.size = 0;
	return 0;
}

static int write_json(const struct tl_policy_rule *rule, const struct tl_event *event,
		      const struct tl_annotation *annotation, void *userdata)
{
	struct output *o = userdata;
	int r = tl_encode_json(&o->buffer, event, annotation);

	(void)rule;
	o->events++;
	return r < 0 || o->buffer.size < WRITE_SIZE ? r : write_out(o);
}

static int filter(const struct tl_event *event, void *userdata)
{
	struct output *o = userdata;
	int r = tl_policy_filter(o->policy, event, write_json, o);

	return r < 0 ? r : 0;
}

/* Gives the worker its order and reads events until it is done. */
static void work_and_read(struct tl_session *s, const int fds[2], enum work work)
{
	struct order order = { .work = work, .turns = work_turns[work] };
	double ns;

	if (write(fds[1], &order, sizeof(order)) < 0)
		exit(1);
	for (;;) {
		struct pollfd poll_fds[2] = { { .fd = fds[0], .events = POLLIN },
					      { .fd = tl_session_fd(s), .events = POLLIN } };

		if (poll(poll_fds, 2, 100) < 0 || tl_session_dispatch(s, 0) < 0)
			exit(1);
		if (!poll_fds[0].revents)
			continue;
		if (read(fds[0], &ns, sizeof(ns)) != sizeof(ns))
			exit(1);
		return;
	}
}

/* Processor time of an event, from the ring to the file. */
static double reader_round(enum work work, struct output *o, uint64_t *lost)
{
	char path[] = "/tmp/traceleft-bench-XXXXXX";
	struct tl_counters sum = {};
	uint64_t before = o->events;
	struct tl_session *s;
	pid_t worker;
	double spent;
	int fds[2];

	o->fd = mkstemp(path);
	unlink(path);
	tl_ahead_init(&o->ahead, o->fd);
	o->size = 0;
	o->writing = 0;
	if (o->fd < 0 || start_worker(fds, &worker) < 0)
		exit(1);
	s = start_session(SETUP_TRACED, work, worker, &before, TL_ATTACH_AUTO);
	tl_session_set_callback(s, filter, o);
	before = o->events;
	spent = cpu_ns();
	for (int i = 0; i < 3; i++)
		work_and_read(s, fds, work);
	while (tl_session_dispatch(s, 0) > 0)
		;
	spent = cpu_ns() - spent;
	if (o->events == before)
		fail(s, "no events");
	spent /= o->events - before;
	o->writing /= o->events - before;
	tl_session_stop(s);
	tl_session_counters(s, NULL, &sum);
	*lost += sum.lost;
	tl_session_free(s);
	kill(worker, SIGKILL);
	waitpid(worker, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	close(o->fd);
	return spent;
}

static void throughput(enum work work)
{
	struct output output = {};
	struct tl_problems problems = {};
	double ns[READER_ROUNDS], writing[READER_ROUNDS];
	uint64_t lost = 0;

	if (tl_policy_parse("bench", policy_text, strlen(policy_text), &output.policy, &problems) < 0) {
		fprintf(stderr, "bench: the policy is wrong\n");
		exit(1);
	}
	for (int i = 0; i < READER_ROUNDS; i++) {
		ns[i] = reader_round(work, &output, &lost);
		writing[i] = output.writing;
	}
	qsort(ns, READER_ROUNDS, sizeof(double), compare);
	qsort(writing, READER_ROUNDS, sizeof(double), compare);
	printf("reader, %s to JSON file: %.0f events/s of CPU time (%.0f ns each, %.0f-%.0f, %.0f of them to write "
	       "%.0f bytes), %llu events, %llu lost\n",
	       work_names[work], 1e9 / ns[READER_ROUNDS / 2], ns[READER_ROUNDS / 2], ns[0], ns[READER_ROUNDS - 1],
	       writing[READER_ROUNDS / 2], (double)(output.bytes + output.buffer.size) / output.events,
	       (unsigned long long)output.events, (unsigned long long)lost);
	tl_policy_free(output.policy);
	tl_problems_done(&problems);
	tl_buffer_done(&output.buffer);
}

static void start_time(void)
{
	uint64_t events = 0;
	double ns[5];

	for (int i = 0; i < 5; i++) {
		struct tl_session *s;
		double begin = now_ns();

		s = start_session(SETUP_TRACED, WORK_OPEN_CLOSE, getpid(), &events, TL_ATTACH_AUTO);
		ns[i] = now_ns() - begin;
		tl_session_free(s);
	}
	qsort(ns, 5, sizeof(double), compare);
	printf("start of a session: %.0f ms\n", ns[2] / 1e6);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 9;
	enum tl_attach attach = argc > 2 && strcmp(argv[2], "fexit") == 0  ? TL_ATTACH_FEXIT :
				argc > 2 && strcmp(argv[2], "kprobe") == 0 ? TL_ATTACH_KPROBE :
				argc > 2 && strcmp(argv[2], "raw_tp") == 0 ? TL_ATTACH_RAW_TP :
									     TL_ATTACH_AUTO;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench [ROUNDS [fexit|kprobe|raw_tp|alone]]\n");
		return 2;
	}
	pin(0);
	alone = argc > 2 && strcmp(argv[2], "alone") == 0;
	costs(rounds, attach);
	if (alone)
		return 0;
	for (enum work work = 0; work < WORKS; work++)
		throughput(work);
	start_time();
	return 0;
}
