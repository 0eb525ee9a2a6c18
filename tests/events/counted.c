/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events that the kernel part counts: processes read, write, open and fail as fast as they
 * can, while their folders are renamed and their files lose their names. What is told and
 * what is counted are together what was done, for each object under each of its names.
 */
#include <stdarg.h>
#include <sys/mman.h>

#include "harness-inside.h"

#define WORKERS 4
#define ROUNDS 6
#define FAILS 50 /* of a round */
#define KEYS_MAX 256
#define COLLECT_NS 30000000
#define READ_SIZE 64
#define WRITE_SIZE 16

enum { OF_SUMS, OF_BYTES, OF_COUNTED, OF_LEDGER_OF_TEST };

struct sum {
	char key[512]; /* "EVENT ERROR PATH" */
	uint64_t events, bytes;
};

struct sums {
	struct sum sums[KEYS_MAX];
	unsigned n;
};

/* An event that has been told, and that counts may be about. */
struct told {
	uint64_t seq;
	uint32_t cpu;
	unsigned sum; /* in `seen` */
};

static struct {
	struct sums *done; /* by each worker, in memory that all share */
	struct sums seen;
	struct told *told;
	size_t n_told;
	unsigned n_workers;
	uint64_t n; /* calls of each kind in a round */
	uint64_t collected; /* events, by counts */
	uint64_t next; /* ns: to collect again */
} t;

static unsigned find_sum(struct sums *s, const char *key)
{
	unsigned i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->sums[i].key, key) == 0)
			return i;
	if (i == KEYS_MAX)
		return 0;
	snprintf(s->sums[i].key, sizeof(s->sums[i].key), "%s", key);
	s->n++;
	return i;
}

/* Returns its place. */
static unsigned add(struct sums *s, uint64_t events, uint64_t bytes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static unsigned add(struct sums *s, uint64_t events, uint64_t bytes, const char *format, ...)
{
	char key[512];
	va_list ap;
	unsigned i;

	va_start(ap, format);
	vsnprintf(key, sizeof(key), format, ap);
	va_end(ap);
	i = find_sum(s, key);
	s->sums[i].events += events;
	s->sums[i].bytes += bytes;
	return i;
}

/* ---- The workers ---- */

static void work_round(struct sums *s, int zero, const char *path, int fd)
{
	char buffer[READ_SIZE] = "";

	for (uint64_t i = 0; i < t.n; i++) {
		require(syscall(SYS_read, zero, buffer, READ_SIZE) == READ_SIZE);
		require(syscall(SYS_write, fd, buffer, WRITE_SIZE) == WRITE_SIZE);
		syscall(SYS_getppid);
	}
	add(s, t.n, t.n * READ_SIZE, "read 0 /dev/zero");
	add(s, t.n, t.n * WRITE_SIZE, "write 0 %s", path);
	add(s, t.n, 0, "getppid 0 ");
	for (int i = 0; i < FAILS; i++)
		require(syscall(SYS_write, -1, buffer, WRITE_SIZE) == -1 && errno == EBADF);
	add(s, FAILS, 0, "write -9 ");
}

static void work(unsigned worker)
{
	struct sums *s = &t.done[worker];
	char folder[256], renamed[256], path[512];
	int zero = open("/dev/zero", O_RDONLY);

	snprintf(folder, sizeof(folder), "%s/before%u", run->folder, worker);
	snprintf(renamed, sizeof(renamed), "%s/after%u", run->folder, worker);
	require(zero >= 0 && mkdir(folder, 0700) == 0);
	for (int round = 0; round < ROUNDS; round++) {
		int fd;

		snprintf(path, sizeof(path), "%s/file", folder);
		for (int i = 0; i < 20; i++) {
			fd = open(path, O_WRONLY | O_CREAT, 0600);
			require(fd >= 0 && (i == 19 || close(fd) == 0));
		}
		add(s, 20, 0, "openat 0 %s", path);
		work_round(s, zero, path, fd);
		require(rename(folder, renamed) == 0);
		snprintf(path, sizeof(path), "%s/file", renamed);
		work_round(s, zero, path, fd);
		require(unlink(path) == 0);
		snprintf(path, sizeof(path), "%s/file (deleted)", renamed);
		work_round(s, zero, path, fd);
		require(close(fd) == 0 && rename(renamed, folder) == 0);
	}
	_exit(0);
}

static void make_calls(void)
{
	pid_t pids[WORKERS];

	for (unsigned i = 0; i < t.n_workers; i++) {
		pids[i] = fork();
		require(pids[i] >= 0);
		if (!pids[i])
			work(i);
	}
	for (unsigned i = 0; i < t.n_workers; i++) {
		int status = -1;

		require(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
	}
}

/* ---- The tester ---- */

static int on_event(const struct tl_event *e, void *userdata)
{
	const struct tl_bytes *path = &e->file.path;
	uint64_t bytes = e->ret > 0 && (e->type->flags & TL_TYPE_RETURNS_BYTES) ? (uint64_t)e->ret : 0;
	struct told *grown;
	unsigned sum;

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	sum = add(&t.seen, 1, bytes, "%s %d %.*s%s", e->type->name, e->ret < 0 ? (int)e->ret : 0,
		  path->flags & TL_VALUE_CLAIM ? 0 : (int)path->size, path->data ?: "",
		  path->flags & TL_VALUE_DELETED ? " (deleted)" : "");
	if (!(e->flags & TL_EVENT_COUNTED))
		return 0;
	grown = reallocarray(t.told, t.n_told + 1, sizeof(*grown));
	if (!grown)
		abort();
	t.told = grown;
	grown[t.n_told++] = (struct told){ e->seq, e->cpu, sum };
	return 0;
}

static int on_count(const struct tl_count *c, void *userdata)
{
	(void)userdata;
	t.collected += c->events;
	for (size_t i = t.n_told; i-- > 0;)
		if (t.told[i].seq == c->seq && t.told[i].cpu == c->cpu) {
			t.seen.sums[t.told[i].sum].events += c->events;
			t.seen.sums[t.told[i].sum].bytes += c->bytes;
			return TL_FATE_AGGREGATED;
		}
	fail_case(OF_COUNTED, __FILE__, __LINE__, "%llu events %s are counted that nobody was told of",
		  (unsigned long long)c->events, c->type->name);
	return TL_FATE_LOST;
}

static void collect(struct tl_session *s)
{
	if (now() < t.next)
		return;
	t.next = now() + COLLECT_NS;
	if (tl_session_collect(s, on_count, NULL) < 0)
		fail_case(OF_COUNTED, __FILE__, __LINE__, "collect: %s", tl_session_error(s));
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1, .descendants = true };
	const struct tl_options options = { .attach = attach_wanted() };
	static const char *const events[] = { "read", "write", "openat", "getppid", NULL };
	struct tl_session *s;
	int r = make_for(&options, &target, events, &s);

	for (size_t i = 0; events[i] && r >= 0; i++)
		r = tl_session_set_counted(s, events[i], strcmp(events[i], "getppid") != 0);
	return start_made(s, r, on_event);
}

/* All that the workers did, of each key. */
static void verify_sums(void)
{
	struct sums *all = &t.done[0];

	for (unsigned w = 1; w < t.n_workers; w++)
		for (unsigned i = 0; i < t.done[w].n; i++)
			add(all, t.done[w].sums[i].events, t.done[w].sums[i].bytes, "%s", t.done[w].sums[i].key);
	for (unsigned i = 0; i < all->n; i++) {
		const struct sum *done = &all->sums[i], *told = &t.seen.sums[find_sum(&t.seen, done->key)];

		if (told->events != done->events)
			fail_case(OF_SUMS, __FILE__, __LINE__, "%s: %llu seen, %llu done", done->key,
				  (unsigned long long)told->events, (unsigned long long)done->events);
		if (told->bytes != done->bytes)
			fail_case(OF_BYTES, __FILE__, __LINE__, "%s: %llu bytes seen, %llu done", done->key,
				  (unsigned long long)told->bytes, (unsigned long long)done->bytes);
	}
}

static void verify(struct tl_session *s)
{
	struct tl_counters own = {};

	if (tl_session_collect(s, on_count, NULL) < 0)
		fail_case(OF_COUNTED, __FILE__, __LINE__, "collect: %s", tl_session_error(s));
	verify_sums();
	if (tl_session_counters(s, NULL, &own) < 0)
		fail_case(OF_LEDGER_OF_TEST, __FILE__, __LINE__, "no counters");
	verify_balance(&own, OF_LEDGER_OF_TEST);
	verify_refusals(s, OF_LEDGER_OF_TEST);
	if (own.aggregated != t.collected || own.lost)
		fail_case(OF_LEDGER_OF_TEST, __FILE__, __LINE__, "aggregated %llu, collected %llu, lost %llu",
			  (unsigned long long)own.aggregated, (unsigned long long)t.collected,
			  (unsigned long long)own.lost);
	/* Else the test shows nothing: most are counted. */
	if (t.collected < own.seen / 2)
		fail_case(OF_COUNTED, __FILE__, __LINE__, "only %llu of %llu events are counted",
			  (unsigned long long)t.collected, (unsigned long long)own.seen);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(make_calls) };
	static const struct test test = { .event = "getppid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_CALLS");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = (wanted ? strtoull(wanted, NULL, 10) : 600000) / 100;
	/* Older kernels have room for the returns of as many calls of a kind as there are CPUs. */
	t.n_workers = attach_wanted() == TL_ATTACH_KPROBE ? 2 : WORKERS;
	t.done = mmap(NULL, WORKERS * sizeof(*t.done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t.done == MAP_FAILED)
		return 1;
	each_turn = collect;
	if (!run_session(&test, "counted", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_SUMS, text("all of %u objects and names are told or counted", t.done[0].n), &all_ok);
	report(OF_BYTES, "the sums of bytes are exact", &all_ok);
	report(OF_COUNTED, "counts are about events that were told", &all_ok);
	report(OF_LEDGER_OF_TEST, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
