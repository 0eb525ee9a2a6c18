/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ten thousand targets: by program, cgroup, unit, user and name in turn. One
 * process is in some of them, one after the other, and in no other.
 */
#include <mntent.h>
#include <sys/prctl.h>

#include "harness-inside.h"

enum { OF_COUNTS, OF_BALANCE };

enum kind { BY_PROGRAM, BY_CGROUP, BY_UNIT, BY_USER, BY_NAME, KINDS };
#define CHOSEN 3 /* of each kind: the first, one in the middle, the last */
#define USERS 100000 /* where theirs begin */

static struct {
	unsigned n;
	unsigned chosen[KINDS * CHOSEN];
	char mount[PATH_MAX]; /* of the unified hierarchy */
	char group[64]; /* below which all of ours are */
	unsigned *counted; /* by target */
	uint64_t n_events;
} t;

static enum kind kind_of(unsigned target)
{
	return (enum kind)(target % KINDS);
}

/* Different for each kind. */
static unsigned calls_of(unsigned target)
{
	return kind_of(target) == BY_PROGRAM ? 1 : 2 + (unsigned)kind_of(target);
}

static void group_name(unsigned target, char *ret, size_t size)
{
	if (kind_of(target) == BY_UNIT)
		snprintf(ret, size, "unit-%u.service", target);
	else
		snprintf(ret, size, "group-%u", target);
}

/* ---- What the process does ---- */

static void move_to(const char *group)
{
	char path[2 * PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", t.mount, group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	require(fd >= 0 && write(fd, "0", 1) == 1 && close(fd) == 0);
}

static void call_often(unsigned target)
{
	for (unsigned i = 0; i < calls_of(target); i++)
		syscall(SYS_getppid);
}

static void run_program(unsigned target)
{
	char *const argv[] = { "program", (char *)in_folder("data"), NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execv(in_folder(text("program-%u", target)), argv);
		_exit(1);
	}
	require(reap(pid) == 0);
}

static void be_in_group(unsigned target)
{
	char name[64], group[160], path[2 * PATH_MAX];

	group_name(target, name, sizeof(name));
	snprintf(group, sizeof(group), "%s/%s", t.group, name);
	snprintf(path, sizeof(path), "%s%s", t.mount, group);
	require(mkdir(path, 0755) == 0);
	move_to(group);
	call_often(target);
	move_to(t.group);
	require(rmdir(path) == 0);
}

static void be_in(unsigned target)
{
	switch (kind_of(target)) {
	case BY_PROGRAM:
		run_program(target);
		break;
	case BY_CGROUP:
	case BY_UNIT:
		be_in_group(target);
		break;
	case BY_USER:
		require(setresuid(USERS + target, (uid_t)-1, (uid_t)-1) == 0);
		call_often(target);
		require(setresuid(0, (uid_t)-1, (uid_t)-1) == 0);
		break;
	default:
		require(prctl(PR_SET_NAME, text("name-%u", target)) == 0);
		call_often(target);
		require(prctl(PR_SET_NAME, "nobody's") == 0);
	}
}

static void be_in_some(void)
{
	move_to(t.group);
	for (size_t i = 0; i < N_ELEMENTS(t.chosen); i++) {
		be_in(t.chosen[i]);
		syscall(SYS_getppid); /* of nobody */
	}
	move_to("/");
}

/* ---- The session ---- */

static int add_target(struct tl_session *s, unsigned target)
{
	char program[PATH_MAX], group[64], cgroup[160];
	const char *programs = program, *groups = kind_of(target) == BY_UNIT ? group : cgroup;
	struct tl_condition condition = { .low = USERS + target, .high = USERS + target };
	struct tl_target_spec spec = { .name = "target" };
	uint32_t id = 0;
	int r;

	condition.attribute = kind_of(target) == BY_USER ? TL_ATTRIBUTE_UID : TL_ATTRIBUTE_COMM;
	snprintf(condition.comm, sizeof(condition.comm), "name-%u", target);
	snprintf(program, sizeof(program), "%s/program-%u", run->folder, target);
	group_name(target, group, sizeof(group));
	snprintf(cgroup, sizeof(cgroup), "%s/%s", t.group, group);
	spec.executables = &programs;
	spec.n_executables = kind_of(target) == BY_PROGRAM;
	spec.cgroups = &groups;
	spec.n_cgroups = kind_of(target) == BY_CGROUP;
	spec.units = &groups;
	spec.n_units = kind_of(target) == BY_UNIT;
	spec.conditions = &condition;
	spec.n_conditions = kind_of(target) >= BY_USER;
	r = tl_session_add_target(s, &spec, &id);
	return r < 0 ? r : tl_session_add_handler(s, id, kind_of(target) == BY_PROGRAM ? "openat" : "getppid", 0);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	t.n_events++;
	for (unsigned i = 0; i < t.n; i++)
		t.counted[i] += e->targets[i / 64] >> (i % 64) & 1;
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_options options = { .attach = attach_wanted() };
	struct tl_session *s;
	int r = tl_session_new(&options, &s);

	(void)pid;
	for (unsigned i = 0; r >= 0 && i < t.n; i++)
		r = add_target(s, i);
	return start_made(s, r, on_event);
}

static bool is_chosen(unsigned target)
{
	for (size_t i = 0; i < N_ELEMENTS(t.chosen); i++)
		if (t.chosen[i] == target)
			return true;
	return false;
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};
	uint64_t n = 0;

	for (unsigned i = 0; i < t.n; i++) {
		unsigned wanted = is_chosen(i) ? calls_of(i) : 0;

		n += wanted;
		if (t.counted[i] != wanted)
			fail_case(OF_COUNTS, __FILE__, __LINE__, "target %u: wanted %u calls, found %u", i, wanted,
				  t.counted[i]);
	}
	if (t.n_events != n)
		fail_case(OF_COUNTS, __FILE__, __LINE__, "%llu events", (unsigned long long)t.n_events);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
}

/* ---- All ---- */

static bool find_hierarchy(void)
{
	FILE *mounts = setmntent("/proc/mounts", "r");
	const struct mntent *m;

	while (mounts && !t.mount[0] && (m = getmntent(mounts)))
		if (strcmp(m->mnt_type, "cgroup2") == 0)
			snprintf(t.mount, sizeof(t.mount), "%s", m->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return t.mount[0];
}

static void choose(void)
{
	unsigned per_kind = t.n / KINDS;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		t.chosen[kind * CHOSEN] = kind;
		t.chosen[kind * CHOSEN + 1] = per_kind / 2 * KINDS + kind;
		t.chosen[kind * CHOSEN + 2] = (per_kind - 1) * KINDS + kind;
	}
}

static void make_programs(void)
{
	for (unsigned i = 0; i < CHOSEN; i++)
		copy_of_helper(text("program-%u", t.chosen[BY_PROGRAM * CHOSEN + i]));
	fill_file("data", "of no interest\n");
}

int main(void)
{
	static const struct test_case cases[] = { CASE(be_in_some) };
	static const struct test test = { .event = "getppid", .cases = cases, .n_cases = 1 };
	const char *wanted = getenv("TL_TEST_TARGETS");
	char group[2 * PATH_MAX];
	bool all_ok = true, is_right;

	if (!prepare_run(&test))
		return 77;
	if (!find_hierarchy()) {
		printf("skip many-targets: no cgroup v2 is mounted\n");
		return 77;
	}
	t.n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 10000;
	t.counted = calloc(t.n, sizeof(*t.counted));
	choose();
	make_programs();
	snprintf(t.group, sizeof(t.group), "/traceleft-many-%d", getpid());
	snprintf(group, sizeof(group), "%s%s", t.mount, t.group);
	require(mkdir(group, 0755) == 0);
	is_right = run_session(&test, "many-targets", start_session, verify, 0, &all_ok);
	rmdir(group);
	if (!is_right)
		return 1;
	report(OF_COUNTS, text("of %u targets each has the calls that were in it", t.n), &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
