/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A targeted program forks without end, more tasks than there is room for where the kernel
 * part's room is bounded (kernels before 5.18). What does not fit is counted and said, and
 * who is still there is followed as soon as there is room again.
 */
#include <dirent.h>
#include <sys/mman.h>

#include "harness-inside.h"

enum { OF_EACH, OF_DECLARED, OF_RECOVERED, OF_BALANCE };

enum { CHILD = 7000, FIRST_OF_ALL, SURVIVOR, BORN_LATER }; /* what getpgid is asked for */

#define CHILDREN_MAX 400
#define PATIENCE_MS 60000

static struct {
	unsigned n; /* children that are there at the same time; there is room for a quarter of them */
	unsigned n_seen[BORN_LATER - CHILD + 1];
	uint64_t n_declared;
	struct {
		unsigned n_ready;
		bool are_to_end, may_call, has_called, is_followed;
	} * shared;
} t;

/* Of user space, of the whole machine. */
static uint32_t count_tasks(void)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	uint32_t n = 0;
	char target[PATH_MAX];

	while (processes && (entry = readdir(processes))) {
		struct stat st;

		if (readlink(text("/proc/%s/exe", entry->d_name), target, sizeof(target)) > 0 &&
		    stat(text("/proc/%s/task", entry->d_name), &st) == 0)
			n += (uint32_t)st.st_nlink - 2;
	}
	if (processes)
		closedir(processes);
	return n;
}

static bool await_flag(const bool *flag)
{
	for (int i = 0; i < PATIENCE_MS && !__atomic_load_n(flag, __ATOMIC_SEQ_CST); i++)
		usleep(1000);
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void say(int what)
{
	syscall(SYS_getpgid, what);
}

static void be_one_of_many(void)
{
	say(CHILD);
	__atomic_fetch_add(&t.shared->n_ready, 1, __ATOMIC_SEQ_CST);
	await_flag(&t.shared->are_to_end);
	_exit(0);
}

/* The last one, which outlives the others. */
static void survive(void)
{
	__atomic_fetch_add(&t.shared->n_ready, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < PATIENCE_MS / 50 && !__atomic_load_n(&t.shared->is_followed, __ATOMIC_SEQ_CST); i++) {
		usleep(50000);
		if (__atomic_load_n(&t.shared->may_call, __ATOMIC_SEQ_CST))
			say(SURVIVOR);
	}
	_exit(0);
}

static void fork_without_end(void)
{
	static pid_t pids[CHILDREN_MAX + 1];

	say(FIRST_OF_ALL);
	for (unsigned i = 0; i <= t.n; i++) {
		pids[i] = fork();
		if (pids[i] == 0 && i == t.n)
			survive();
		if (pids[i] == 0)
			be_one_of_many();
		require(pids[i] > 0);
	}
	while (__atomic_load_n(&t.shared->n_ready, __ATOMIC_SEQ_CST) <= t.n)
		usleep(1000);
	__atomic_store_n(&t.shared->are_to_end, true, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < t.n; i++)
		require(reap(pids[i]) == 0);
	__atomic_store_n(&t.shared->may_call, true, __ATOMIC_SEQ_CST);
	require(reap(pids[t.n]) == 0);
	pids[0] = fork();
	if (pids[0] == 0) {
		say(BORN_LATER);
		_exit(0);
	}
	require(reap(pids[0]) == 0);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	uint64_t what = e->args[0] - CHILD;

	(void)userdata;
	if (e->kind == TL_EVENT_LOST && strcmp(e->lost->stage, "task-state") == 0)
		t.n_declared += e->lost->count;
	if (e->kind != TL_EVENT_SYSCALL || what >= N_ELEMENTS(t.n_seen))
		return 0;
	t.n_seen[what]++;
	if (e->args[0] == SURVIVOR)
		__atomic_store_n(&t.shared->is_followed, true, __ATOMIC_SEQ_CST);
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const char *const program = run->child->executable;
	const struct tl_target_spec target = { .name = "program", .executables = &program, .n_executables = 1 };
	const struct tl_options options = { .attach = attach_wanted(), .tasks_max = count_tasks() + t.n / 4 };
	static const char *const events[] = { "getpgid", NULL };

	(void)pid;
	return start_for(&options, &target, events, on_event);
}

static uint64_t refusals(struct tl_session *s)
{
	const char *name;
	uint64_t n = 0;

	for (size_t i = 0; (name = tl_session_refusal(s, i, &n)); i++)
		if (strcmp(name, "task-state") == 0)
			return n;
	return 0;
}

static void verify(struct tl_session *s)
{
	const unsigned n_children = t.n_seen[0];
	const uint64_t n_refused = refusals(s);
	struct tl_counters k = {};

	printf("# %u of %u are seen, %llu times there was no room\n", n_children, t.n, (unsigned long long)n_refused);
	if (n_children > t.n || n_children + n_refused < t.n)
		fail_case(OF_EACH, __FILE__, __LINE__, "%u seen, %llu refused", n_children,
			  (unsigned long long)n_refused);
	if (t.n_declared != n_refused)
		fail_case(OF_DECLARED, __FILE__, __LINE__, "%llu declared, %llu counted",
			  (unsigned long long)t.n_declared, (unsigned long long)n_refused);
	if (t.n_seen[FIRST_OF_ALL - CHILD] != 1 || !t.n_seen[SURVIVOR - CHILD] || t.n_seen[BORN_LATER - CHILD] != 1)
		fail_case(OF_RECOVERED, __FILE__, __LINE__, "seen: the first %u, who is left %u, a later one %u",
			  t.n_seen[FIRST_OF_ALL - CHILD], t.n_seen[SURVIVOR - CHILD], t.n_seen[BORN_LATER - CHILD]);
	if (tl_session_counters(s, NULL, &k) < 0 || k.lost)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "lost %llu", (unsigned long long)k.lost);
	verify_balance(&k, OF_BALANCE);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(fork_without_end) };
	static const struct test test = { .event = "getpgid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_RUNNING");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = MIN(wanted ? (unsigned)strtoul(wanted, NULL, 10) : CHILDREN_MAX, CHILDREN_MAX);
	t.shared = mmap(NULL, sizeof(*t.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(t.shared != MAP_FAILED);
	if (!run_session(&test, "fork-bomb", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_EACH, text("of %u children each is seen or counted", t.n), &all_ok);
	report(OF_DECLARED, "what there is no room for is declared", &all_ok);
	report(OF_RECOVERED, "who outlives it is followed, and who is born later", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
