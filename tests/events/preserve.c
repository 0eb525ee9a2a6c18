/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session outlives the processes that read it, which leave it or are killed, while others
 * make calls. This process keeps it meanwhile, as systemd does for a service. Each call
 * is told of by one of the readers or declared lost; who was killed may have told of calls
 * that come once more, with the same number. In the end nothing is left of it in the kernel.
 */
#include <bpf/bpf.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "book.h"
#include "harness-inside.h"

#define NO_DESCRIPTOR 0x40000000
#define GAP_CALLS 500 /* of each worker while nobody reads */
#define CALM_ROUNDS 4 /* in which all that is done is known */
#define ROUNDS 10
#define RING (1U << 20) /* bytes; too small for a flood that nobody reads */
#define BATCH 1024
#define NICE 10
#define PROGRAMS_MAX 4096
#define GONE_US 10000000 /* for the kernel to be done with a program */
#define QUIET_US 3000000 /* without an event: no more will come */
#define LATE_MAX 16
#define ATTEMPTS_MAX 10

enum { OF_GAPS, OF_CALLS, OF_TWICE, OF_BALANCES, OF_OTHERS, OF_PROGRAMS, OF_FAILURES, OF_END, ASPECTS };
static const char *const aspects[ASPECTS] = {
	"calls that nobody was there to read are delivered",
	"every call is delivered, or declared lost",
	"no number is of two calls, none comes twice unless a reader was killed",
	"the ledger balances over all readers",
	"a session that is not the same is left alone",
	"who runs another program by the time that a call is read is not told of as that",
	"whoever cannot get on with it is followed by others, but not without end",
	"nothing is left in the kernel",
};

enum order { READ, LEAVE, STOP };

/* In memory that all share. */
static struct {
	atomic_ullong limit[WORKERS], done[WORKERS]; /* calls */
	atomic_uint waits[WORKERS];
	atomic_uint readers; /* that are ready, in all of the test */
	atomic_uint order; /* enum order */
	atomic_uint changes; /* the changer is to call and to run another program */
	uint64_t changed; /* its calls that were told */
	atomic_uint was_killed; /* the reader before */
	uint64_t again, unnumbered; /* told once more; declared lost without a number */
	uint64_t skipped; /* runs of programs, by the kernel, which says how many */
	struct tl_counters counters;
	unsigned failures[ASPECTS];
	char why[ASPECTS][160];
	struct book book;
} * shared;

static pid_t workers[WORKERS], changer;
static uint64_t gaps; /* calls that were not told at the end of calm rounds */

#define must(condition)                                                     \
	do {                                                                \
		if (!(condition)) {                                         \
			printf("not ok preserve: %s failed\n", #condition); \
			fflush(stdout);                                     \
			exit(1);                                            \
		}                                                           \
	} while (0)

static void fault(int of, const char *why, uint64_t a, uint64_t b)
{
	if (!shared->failures[of]++)
		snprintf(shared->why[of], sizeof(shared->why[of]), "%s: %llu, %llu", why, (unsigned long long)a,
			 (unsigned long long)b);
}

/* ---- Who makes the calls ---- */

static void work(unsigned i)
{
	uint64_t k = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, NICE);
	while (true) {
		atomic_store(&shared->waits[i], 0);
		if (k >= atomic_load(&shared->limit[i])) {
			atomic_store(&shared->waits[i], 1);
			usleep(200);
			continue;
		}
		syscall(SYS_getpgid, NO_DESCRIPTOR | (int)k);
		atomic_store(&shared->done[i], ++k);
	}
}

static void change(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!atomic_load(&shared->changes))
		usleep(1000);
	syscall(SYS_getpgid, NO_DESCRIPTOR);
	execl("/bin/sleep", "sleep", "1000", NULL);
	_exit(1);
}

static void have_program_changed(void)
{
	char path[64], program[256] = "";
	unsigned waited = 0;

	snprintf(path, sizeof(path), "/proc/%d/exe", changer);
	atomic_store(&shared->changes, 1);
	while (!strstr(program, "sleep") && waited++ < 10000) {
		ssize_t n = readlink(path, program, sizeof(program) - 1);

		program[n < 0 ? 0 : n] = '\0';
		usleep(1000);
	}
	must(strstr(program, "sleep"));
}

static void wait_for_workers(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		while (atomic_load(&shared->done[i]) < atomic_load(&shared->limit[i]))
			usleep(1000);
}

static void call_some(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		atomic_fetch_add(&shared->limit[i], GAP_CALLS);
	wait_for_workers();
}

static void call_without_end(void)
{
	for (unsigned i = 0; i < WORKERS; i++)
		atomic_store(&shared->limit[i], NUMBERS_MAX);
}

/* No call is under way any more. */
static void call_no_more(void)
{
	for (unsigned i = 0; i < WORKERS; i++) {
		atomic_store(&shared->limit[i], 0);
		while (!atomic_load(&shared->waits[i]))
			usleep(1000);
	}
}

/* ---- Readers ---- */

static void take_lost(const struct tl_event *e)
{
	const struct told t = {
		.first = e->lost->seq_first, .last = e->lost->seq_last, .cpu = e->cpu, .is_lost = true
	};

	if (t.first)
		note(&shared->book, &t);
	else
		shared->unnumbered += e->lost->count;
}

static uint64_t count_done(uint64_t done[WORKERS])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < WORKERS; i++)
		n += done[i] = atomic_load(&shared->done[i]);
	return n;
}

static int on_event(const struct tl_event *e, void *userdata)
{
	uint64_t k = e->args[0] & (NO_DESCRIPTOR - 1);
	bool known_number, known_call;
	int i = 0;

	(void)userdata;
	if (e->kind == TL_EVENT_LOST && !e->lost->unit)
		take_lost(e);
	if (e->kind != TL_EVENT_SYSCALL)
		return TL_FATE_DELIVERED;
	if (e->pid == (uint32_t)changer && e->args[0] == NO_DESCRIPTOR) {
		shared->changed = 1;
		if (!e->process || strstr(e->process->executable, "sleep"))
			fault(OF_PROGRAMS, "as the later one", e->pid, e->seq);
		return TL_FATE_DELIVERED;
	}
	while (i < WORKERS && (uint32_t)workers[i] != e->pid)
		i++;
	if (i == WORKERS || e->cpu >= CPUS_MAX || e->seq >= NUMBERS_MAX || k >= NUMBERS_MAX) {
		fault(OF_CALLS, "of somebody else", e->pid, e->seq);
		return TL_FATE_DELIVERED;
	}
	known_number = has_bit(shared->book.numbers[e->cpu], e->seq);
	known_call = has_bit(shared->book.calls[i], k);
	if (known_number != known_call)
		fault(OF_TWICE, "twice", e->seq, k);
	if (known_call && k < TIMES_MAX && shared->book.times[i][k] != (uint32_t)e->time)
		fault(OF_TWICE, "at another time", e->seq, k);
	if (known_call && !atomic_load(&shared->was_killed))
		fault(OF_TWICE, "twice though nobody was killed", e->seq, k);
	if (has_bit(shared->book.lost[e->cpu], e->seq))
		fault(OF_TWICE, "though it is lost", e->seq, k);
	shared->again += known_call;
	note(&shared->book, &(struct told){ .first = e->seq,
					    .last = e->seq,
					    .cpu = e->cpu,
					    .worker = (unsigned)i,
					    .call = k,
					    .time = (uint32_t)e->time });
	return TL_FATE_DELIVERED;
}

static struct tl_session *make_session(const char *const *events)
{
	const struct tl_options options = { .attach = attach_wanted(), .buffer = RING };
	uint32_t pids[WORKERS + 1] = { [WORKERS] = (uint32_t)changer }, id;
	const struct tl_target_spec target = { .name = "workers", .pids = pids, .n_pids = WORKERS + 1 };
	struct tl_session *s;

	for (unsigned i = 0; i < WORKERS; i++)
		pids[i] = (uint32_t)workers[i];
	must(tl_session_new(&options, &s) >= 0);
	must(tl_session_add_target(s, &target, &id) >= 0);
	for (; *events; events++)
		must(tl_session_add_handler(s, id, *events, 0) >= 0);
	tl_session_set_callback(s, on_event, NULL);
	return s;
}

static void close_account(struct tl_session *s)
{
	struct tl_counters *k = &shared->counters;
	const char *name;
	uint64_t n;

	must(tl_session_counters(s, NULL, k) >= 0);
	if (k->seen != k->filtered + k->aggregated + k->emitted + k->lost)
		fault(OF_BALANCES, "seen", k->seen, k->emitted + k->lost);
	if (k->emitted != k->received || k->received != k->delivered + k->internal)
		fault(OF_BALANCES, "emitted, received", k->emitted, k->received);
	for (size_t i = 0; (name = tl_session_refusal(s, i, &n)); i++)
		shared->skipped += strcmp(name, "skipped-program") == 0 ? n : 0;
}

static void send_socket(int to, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	char byte = 0;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	must(sendmsg(to, &message, 0) == 1);
}

static int receive_socket(int from)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int fd;

	must(recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1);
	must(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* kept: where the session is; -1: there is none yet, it is sent to `to`. */
static void read_events(int kept, int to)
{
	static const char *const events[] = { "getpgid", NULL };
	struct tl_session *s = make_session(events);
	int r = kept < 0 ? tl_session_start(s) : tl_session_adopt(s, kept);

	if (r < 0) {
		printf("not ok preserve: %s\n", tl_session_error(s));
		fflush(stdout);
		_exit(1);
	}
	if (kept < 0) {
		must(tl_session_keep(s, &kept) >= 0);
		send_socket(to, kept);
	}
	atomic_fetch_add(&shared->readers, 1);
	while (atomic_load(&shared->order) == READ) {
		int n = tl_session_dispatch(s, BATCH);

		must(n >= 0);
		if (n < BATCH)
			usleep(500);
	}
	if (atomic_load(&shared->order) == STOP) {
		must(tl_session_stop(s) >= 0);
		close_account(s);
	}
	tl_session_free(s);
	_exit(0);
}

static pid_t start_reader(int kept, int to)
{
	unsigned before = atomic_load(&shared->readers);
	pid_t pid;

	atomic_store(&shared->order, READ);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		read_events(kept, to);
	}
	must(pid > 0);
	while (atomic_load(&shared->readers) == before) {
		must(waitpid(pid, NULL, WNOHANG) == 0);
		usleep(1000);
	}
	return pid;
}

static void end_reader(pid_t pid, enum order order, bool kills)
{
	int status;

	if (kills)
		kill(pid, SIGKILL);
	else
		atomic_store(&shared->order, order);
	must(waitpid(pid, &status, 0) == pid);
	finish_note(&shared->book);
	atomic_store(&shared->was_killed, kills);
	must(kills || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

/* ---- What is in the kernel ---- */

static uint32_t programs[PROGRAMS_MAX];
static unsigned n_programs;

static void note_program(int fd)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);
	char path[64], what[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, what, sizeof(what) - 1) > 0 && strstr(what, "bpf-prog") && n_programs < PROGRAMS_MAX &&
	    bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		programs[n_programs++] = info.id;
}

/* Those in the socket. */
static void note_programs(int kept)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(253 * sizeof(int))];
	} control;
	char data[16];
	int begin = 0;

	must(setsockopt(kept, SOL_SOCKET, SO_PEEK_OFF, &begin, sizeof(begin)) == 0);
	while (true) {
		struct iovec vector = { data, sizeof(data) };
		struct msghdr message = {
			.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
		};

		if (recvmsg(kept, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			return;
		for (size_t i = 0; i < (CMSG_FIRSTHDR(&message)->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(&control.header) + i * sizeof(fd), sizeof(fd));
			note_program(fd);
			close(fd);
		}
	}
}

static unsigned programs_left(void)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n_programs; i++) {
		int fd = bpf_prog_get_fd_by_id(programs[i]);

		if (fd < 0)
			continue;
		left++;
		close(fd);
	}
	return left;
}

static void verify_end(void)
{
	unsigned waited = 0;

	must(n_programs > 0);
	while (programs_left() && waited < GONE_US) {
		usleep(10000);
		waited += 10000;
	}
	if (programs_left())
		fault(OF_END, "programs", programs_left(), n_programs);
}

/* ---- The test ---- */

/* All that was done is told by now, or what is missing has no reader to wait for. */
static void verify_gap(void)
{
	uint64_t of[WORKERS], told, before = 0, done = count_done(of);
	unsigned idle = 0;

	do {
		usleep(10000);
		told = count_told(&shared->book, of);
		idle = told == before ? idle + 10000 : 0;
		before = told;
	} while (told < done && idle < QUIET_US);
	if (done - told > gaps)
		gaps = done - told;
}

static void verify_others(int kept)
{
	static const char *const events[] = { "getpgid", "getsid", NULL };
	struct tl_session *s = make_session(events);
	int r = tl_session_adopt(s, kept);

	if (r != -ESTALE)
		fault(OF_OTHERS, tl_session_error(s), (uint64_t)-r, 0);
	tl_session_free(s);
}

/* A process that ends as soon as it goes on with it. */
static int adopt_and_die(int kept)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		static const char *const events[] = { "getpgid", NULL };

		_exit(tl_session_adopt(make_session(events), kept) == -ESTALE ? ESTALE : 0);
	}
	must(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return -WEXITSTATUS(status);
}

/* Another session, in whose buffer something waits that nobody survives. */
static void verify_failures(const int pair[2])
{
	pid_t reader = start_reader(-1, pair[1]);
	int kept = receive_socket(pair[0]);
	unsigned attempts = 0;

	note_programs(kept);
	end_reader(reader, LEAVE, false);
	for (unsigned i = 0; i < WORKERS; i++)
		atomic_store(&shared->limit[i], atomic_load(&shared->done[i]) + GAP_CALLS);
	wait_for_workers();
	while (attempts < ATTEMPTS_MAX && adopt_and_die(kept) == 0)
		attempts++;
	if (attempts < 2 || attempts == ATTEMPTS_MAX)
		fault(OF_FAILURES, "attempts", attempts, ATTEMPTS_MAX);
	must(tl_session_discard(kept) >= 0);
	close(kept);
}

static void verify(void)
{
	uint64_t of[WORKERS], done = count_done(of), told = count_told(&shared->book, of),
			      declared = shared->unnumbered + count_lost(&shared->book);

	for (unsigned i = 0; i < WORKERS; i++)
		if (shared->book.call_last[i] >= of[i])
			fault(OF_CALLS, "that nobody did", i, shared->book.call_last[i]);
	if (gaps > shared->skipped)
		fault(OF_GAPS, "not told, skipped", gaps, shared->skipped);
	if (shared->changed != 1 && !shared->skipped)
		fault(OF_PROGRAMS, "calls", shared->changed, 1);
	/* Some kernels skip programs when they are preempted, and say how often. */
	if (told + shared->counters.lost > done ||
	    told + shared->counters.lost + shared->skipped + (shared->skipped ? LATE_MAX : 0) < done)
		fault(OF_CALLS, "told or lost, done", told + shared->counters.lost, done);
	if (declared < shared->counters.lost ||
	    declared > shared->counters.lost + (shared->counters.lost ? LATE_MAX : 0))
		fault(OF_CALLS, "declared, lost", declared, shared->counters.lost);
	printf("# calls %llu, lost %llu, skipped %llu, told again %llu, programs %u\n", (unsigned long long)done,
	       (unsigned long long)shared->counters.lost, (unsigned long long)shared->skipped,
	       (unsigned long long)shared->again, n_programs);
}

static int report_all(void)
{
	int failed = 0;

	for (int of = 0; of < ASPECTS; of++) {
		if (shared->failures[of])
			printf("not ok preserve: %s: %s (%u)\n", aspects[of], shared->why[of], shared->failures[of]);
		else
			printf("ok preserve: %s\n", aspects[of]);
		failed += shared->failures[of] > 0;
	}
	return failed ? 1 : 0;
}

int main(void)
{
	static const struct test_case cases[] = { { .name = "none" } };
	static const struct test test = { .event = "getpgid", .cases = cases, .n_cases = 1 };
	int pair[2], kept;
	pid_t reader;

	if (!prepare_run(&test))
		return 77;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(shared != MAP_FAILED);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		if (workers[i] == 0)
			work(i);
		must(workers[i] > 0);
	}
	changer = fork();
	if (changer == 0)
		change();
	must(changer > 0);
	reader = start_reader(-1, pair[1]);
	kept = receive_socket(pair[0]);
	note_programs(kept);
	for (unsigned round = 0; round < ROUNDS; round++) {
		bool calm = round < CALM_ROUNDS;

		if (calm)
			call_some();
		else
			call_without_end();
		usleep(calm ? 0 : 50000 + round * 1000);
		end_reader(reader, LEAVE, round % 2);
		if (calm)
			call_some();
		if (!round) {
			have_program_changed();
			verify_others(kept);
		}
		reader = start_reader(kept, -1);
		if (calm)
			verify_gap();
	}
	usleep(50000);
	call_no_more();
	end_reader(reader, STOP, false);
	verify();
	close(kept);
	verify_end();
	verify_failures(pair);
	verify_end();
	for (unsigned i = 0; i < WORKERS; i++) {
		kill(workers[i], SIGKILL);
		waitpid(workers[i], NULL, 0);
	}
	kill(changer, SIGKILL);
	waitpid(changer, NULL, 0);
	return report_all();
}
