/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Very many cgroups that come and go, each of which a target matches: the last one is
 * matched as the first, and is told by name though it has gone when it is read of. When
 * there is no room for another one, later or at the start, that is counted and said.
 */
#include <bpf/bpf.h>
#include <mntent.h>
#include <sys/mman.h>

#include "harness-inside.h"

enum { OF_ALL, OF_NAME, OF_ROOM, OF_START, OF_BALANCE };

#define CALLS 3 /* in the last of them */
#define MEMORY_KIB 8192 /* that the reader may need more for all of them */

static struct {
	unsigned n;
	char folder[2 * PATH_MAX]; /* of the cgroup that all are in */
	char group[64];
	unsigned n_seen, n_named, n_declared;
	long memory; /* KiB, before */
	bool *are_gone, *is_full; /* shared: all have ended; there is no room any more */
} t;

static void write_to(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && write(fd, what, strlen(what)) == (ssize_t)strlen(what) && close(fd) == 0);
}

static const char *below(const char *name)
{
	static char path[3 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", t.folder, name);
	return path;
}

static void call_in(const char *name)
{
	require(mkdir(below(name), 0755) == 0);
	write_to(below(text("%s/cgroup.procs", name)), "0");
	for (unsigned i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	write_to(below("cgroup.procs"), "0");
	require(rmdir(below(name)) == 0);
}

static void come_and_go(void)
{
	const char *name = text("%s", "some");

	for (unsigned i = 0; i < t.n; i++)
		require(mkdir(below(name), 0755) == 0 && rmdir(below(name)) == 0);
	call_in("last.service");
	__atomic_store_n(t.are_gone, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(t.is_full, __ATOMIC_SEQ_CST))
		usleep(1000);
	call_in("without-room");
	write_to(text("%s/../cgroup.procs", t.folder), "0");
}

/* ---- The session ---- */

/* This process's own map of cgroups. */
static int find_map(struct bpf_map_info *info)
{
	for (int fd = 3; fd < 4096; fd++) {
		unsigned size = sizeof(*info);
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) <= 0 || !strstr(target, "bpf-map"))
			continue;
		memset(info, 0, sizeof(*info));
		if (bpf_obj_get_info_by_fd(fd, info, &size) == 0 && strcmp(info->name, "cgroups") == 0)
			return fd;
	}
	return -1;
}

static void leave_no_room(void)
{
	struct bpf_map_info info;
	int map = find_map(&info);
	char *value = map < 0 ? NULL : calloc(1, info.value_size);

	require(value);
	while (!__atomic_load_n(t.are_gone, __ATOMIC_SEQ_CST))
		usleep(1000);
	/* Memory that is short for a moment is no full map. */
	for (uint64_t id = 1ULL << 48, n_failed = 0; value && n_failed < 1000;) {
		int r = bpf_map_update_elem(map, &id, value, BPF_ANY);

		if (r == -E2BIG)
			break;
		id += r == 0;
		n_failed += r != 0;
	}
	free(value);
	__atomic_store_n(t.is_full, true, __ATOMIC_SEQ_CST);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->kind == TL_EVENT_LOST)
		t.n_declared += strcmp(e->lost->stage, "cgroup") == 0;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	t.n_named += strcmp(e->process->cgroup, text("%s/last.service", t.group)) == 0 &&
		     strcmp(e->process->unit, "last.service") == 0;
	if (++t.n_seen == CALLS)
		leave_no_room();
	return 0;
}

static long memory_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, pages = 0;

	require(file && fscanf(file, "%ld %ld", &size, &pages) == 2 && fclose(file) == 0);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct tl_session *start_session(uint32_t pid)
{
	const char *const groups[] = { text("%s/*", t.group) };
	const struct tl_target_spec target = { .name = "groups", .cgroups = groups, .n_cgroups = 1 };
	const struct tl_options options = { .attach = attach_wanted() };
	static const char *const events[] = { "getppid", NULL };
	struct tl_session *s = start_for(&options, &target, events, on_event);

	write_to(below("cgroup.procs"), text("%u", pid));
	t.memory = memory_kib();
	return s;
}

static uint64_t refusals(struct tl_session *s)
{
	const char *name;
	uint64_t n = 0, found = 0;

	for (size_t i = 0; (name = tl_session_refusal(s, i, &n)); i++)
		if (strcmp(name, "cgroup") == 0)
			found = n;
		else if (n)
			printf("# refused: %s %llu\n", name, (unsigned long long)n);
	return found;
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};
	long more = memory_kib() - t.memory;

	if (t.n_seen != CALLS)
		fail_case(OF_ALL, __FILE__, __LINE__, "%u calls, not %u", t.n_seen, CALLS);
	if (t.n_named != CALLS)
		fail_case(OF_NAME, __FILE__, __LINE__, "%u calls with the name of their cgroup, not %u", t.n_named,
			  CALLS);
	if (more > MEMORY_KIB)
		fail_case(OF_ALL, __FILE__, __LINE__, "%ld KiB more", more);
	if (refusals(s) != 1 || t.n_declared != 1)
		fail_case(OF_ROOM, __FILE__, __LINE__, "counted %llu times, declared %u times",
			  (unsigned long long)refusals(s), t.n_declared);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_BALANCE);
}

/* ---- There at the start ---- */

#define EARLY 6
#define EARLY_ROOM 2

static int on_loss(const struct tl_event *e, void *userdata)
{
	uint64_t *n = userdata;

	*n += e->kind == TL_EVENT_LOST && strcmp(e->lost->stage, "cgroup") == 0 ? e->lost->count : 0;
	return 0;
}

/* There are more than there is room for: the session starts, and says so. */
static void start_with_too_many(void)
{
	const char *const groups[] = { text("%s/*", t.group) };
	const struct tl_target_spec target = { .name = "groups", .cgroups = groups, .n_cgroups = 1 };
	const struct tl_options options = { .attach = attach_wanted(), .cgroups_max = EARLY_ROOM };
	static const char *const events[] = { "getppid", NULL };
	struct tl_session *s = NULL;
	uint64_t n = 0;
	int r;

	for (unsigned i = 0; i < EARLY; i++)
		require(mkdir(below(text("early-%u", i)), 0755) == 0);
	r = make_for(&options, &target, events, &s);
	if (r >= 0) {
		tl_session_set_callback(s, on_loss, &n);
		r = tl_session_start(s);
	}
	if (r >= 0)
		r = tl_session_stop(s);
	if (r < 0 || refusals(s) != EARLY - EARLY_ROOM || n != EARLY - EARLY_ROOM)
		fail_case(OF_START, __FILE__, __LINE__, "%s: %llu declared", tl_session_error(s),
			  (unsigned long long)n);
	tl_session_free(s);
	for (unsigned i = 0; i < EARLY; i++)
		require(rmdir(below(text("early-%u", i))) == 0);
}

static bool make_group(void)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	const struct mntent *m;

	while (mounts && !t.folder[0] && (m = getmntent(mounts)))
		if (strcmp(m->mnt_type, "cgroup2") == 0)
			snprintf(t.folder, sizeof(t.folder), "%s%s", m->mnt_dir, t.group);
	if (mounts)
		endmntent(mounts);
	return t.folder[0] && mkdir(t.folder, 0755) == 0;
}

int main(void)
{
	static const struct test_case cases[] = { CASE(come_and_go) };
	static const struct test test = { .event = "getppid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_CGROUPS");
	bool all_ok = true, is_right;

	if (!prepare_run(&test))
		return 77;
	t.n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 20000;
	t.are_gone = mmap(NULL, 2 * sizeof(*t.are_gone), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	t.is_full = t.are_gone + 1;
	snprintf(t.group, sizeof(t.group), "/traceleft-groups-%d", getpid());
	if (!make_group()) {
		printf("skip many-cgroups: no cgroup v2 is mounted to make groups in\n");
		return 77;
	}
	is_right = run_session(&test, "many-cgroups", start_session, verify, 0, &all_ok);
	start_with_too_many();
	rmdir(t.folder);
	if (!is_right)
		return 1;
	report(OF_ALL, text("the last of %u cgroups is matched, and memory is bounded", t.n + 1), &all_ok);
	report(OF_NAME, "a cgroup that has gone is told by name", &all_ok);
	report(OF_ROOM, "a cgroup that there is no room for is counted and declared", &all_ok);
	report(OF_START, "cgroups that there is no room for at the start are counted and declared", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
