/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cgroups of version 1 alone: a tree of mounts of the test's own shows nothing else.
 * Targets are followed in systemd's hierarchy, wherever the process is in another one, and
 * whatever becomes of cgroups there that have the same numbers.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "harness-inside.h"

enum { OF_FOLLOWED, OF_NAMES, OF_NUMBERS_ALIKE, OF_BALANCE };

/* What the child says at each step: numbers of descriptors that it does not have. */
enum {
	ALREADY_THERE = 5000,
	LEFT,
	OUTSIDE,
	STARTED,
	BORN,
	STOPPED,
	STARTED_AGAIN,
	IN_ANOTHER,
	STARTED_WHILE_IN_ANOTHER,
	ALIKE,
	STEPS_END,
};

static const struct {
	int step;
	bool is_followed;
} steps[] = {
	{ ALREADY_THERE, true }, { LEFT, false },	{ OUTSIDE, false },
	{ STARTED, true },	 { BORN, true },	{ STOPPED, false },
	{ STARTED_AGAIN, true }, { IN_ANOTHER, false }, { STARTED_WHILE_IN_ANOTHER, true },
	{ ALIKE, true },
};

#define MOUNT "/mnt"
#define OTHER MOUNT "/other"
#define UNIT "web.service"

static struct {
	char systemd[PATH_MAX]; /* where its hierarchy is mounted */
	char group[64]; /* below it, of this test */
	unsigned n_seen[STEPS_END - ALREADY_THERE];
	unsigned n_others;
	bool *is_read; /* shared: the unit's first start; who looks it up later may find it gone */
} t;

/* ---- The two hierarchies ---- */

/* Of a file system's type whose options have that name among them, NULL: whatever they are. */
static bool find_mount(const char *type, const char *name, char *ret, size_t size)
{
	FILE *mounts = fopen("/proc/self/mounts", "r");
	char line[2 * PATH_MAX], where[PATH_MAX], is[64], options[PATH_MAX];
	bool is_found = false;

	while (mounts && !is_found && fgets(line, sizeof(line), mounts))
		is_found = sscanf(line, "%*s %4095s %63s %4095s", where, is, options) == 3 && strcmp(is, type) == 0 &&
			   (!name || strstr(options, name));
	if (mounts)
		fclose(mounts);
	if (is_found)
		snprintf(ret, size, "%s", where);
	return is_found;
}

static bool mount_hierarchy(const char *where, const char *name)
{
	return mkdir(where, 0755) == 0 && mount("cgroup", where, "cgroup", 0, text("none,name=%s", name)) == 0;
}

static bool show_first_version_alone(void)
{
	char second[PATH_MAX];

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", MOUNT, "tmpfs", 0, NULL) < 0)
		return false;
	while (find_mount("cgroup2", NULL, second, sizeof(second)))
		if (umount2(second, MNT_DETACH) < 0)
			return false;
	if (!find_mount("cgroup", "name=systemd", t.systemd, sizeof(t.systemd))) {
		snprintf(t.systemd, sizeof(t.systemd), MOUNT "/systemd");
		if (!mount_hierarchy(t.systemd, "systemd"))
			return false;
	}
	return mount_hierarchy(OTHER, text("traceleft-%d", getpid()));
}

static const char *below(const char *mount, const char *name)
{
	return text("%s%s%s%s", mount, t.group, *name ? "/" : "", name);
}

static void make(const char *mount, const char *name)
{
	require(mkdir(below(mount, name), 0755) == 0);
}

static void take_away(const char *mount, const char *name)
{
	require(rmdir(below(mount, name)) == 0);
}

static void move_to(const char *mount, const char *name, uint32_t pid)
{
	int fd = open(text("%s/cgroup.procs", below(mount, name)), O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && dprintf(fd, "%u", pid) > 0 && close(fd) == 0);
}

static uint64_t number_of(const char *mount, const char *name)
{
	struct stat st = {};

	require(stat(below(mount, name), &st) == 0);
	return st.st_ino;
}

/* ---- What the child does ---- */

static void say(int step)
{
	syscall(SYS_close, step);
}

static void say_in_child(int step)
{
	pid_t pid = fork();

	if (pid == 0) {
		say(step);
		_exit(0);
	}
	require(reap(pid) == 0);
}

static void be_in_unit(int step)
{
	make(t.systemd, UNIT);
	move_to(t.systemd, UNIT, 0);
	say(step);
}

static void leave_unit(void)
{
	move_to(t.systemd, "", 0);
	take_away(t.systemd, UNIT);
}

/* A cgroup of the other hierarchy has the unit's number, and goes. */
static void take_away_number(uint64_t number)
{
	uint64_t found = 0;

	while (found < number) {
		make(OTHER, "alike");
		found = number_of(OTHER, "alike");
		take_away(OTHER, "alike");
	}
	if (found != number)
		fail_case(OF_NUMBERS_ALIKE, __FILE__, __LINE__, "%llu is not to be had: %llu",
			  (unsigned long long)number, (unsigned long long)found);
}

static void come_and_go(void)
{
	say(ALREADY_THERE);
	move_to(t.systemd, "", 0);
	take_away(t.systemd, "before");
	say(LEFT);
	make(t.systemd, "outside");
	move_to(t.systemd, "outside", 0);
	say(OUTSIDE);
	be_in_unit(STARTED);
	for (int i = 0; i < 5000 && !__atomic_load_n(t.is_read, __ATOMIC_SEQ_CST); i++)
		usleep(1000);
	say_in_child(BORN);
	leave_unit();
	say(STOPPED);
	be_in_unit(STARTED_AGAIN);
	leave_unit();
	make(OTHER, UNIT);
	move_to(OTHER, UNIT, 0);
	say(IN_ANOTHER);
	be_in_unit(STARTED_WHILE_IN_ANOTHER);
	leave_unit();
	make(t.systemd, UNIT);
	take_away_number(number_of(t.systemd, UNIT));
	move_to(t.systemd, UNIT, 0);
	say(ALIKE);
	leave_unit();
	move_to(OTHER, "", 0);
	take_away(OTHER, UNIT);
	take_away(t.systemd, "outside");
}

/* ---- The session ---- */

static void check_names(const struct tl_event *e, const char *name, const char *unit)
{
	const struct tl_process *p = e->process;

	if (strcmp(p->cgroup, text("%s/%s", t.group, name)) != 0 || strcmp(p->unit, unit) != 0)
		fail_case(OF_NAMES, __FILE__, __LINE__, "cgroup '%s', unit '%s'", p->cgroup, p->unit);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	unsigned step = (unsigned)e->args[0] - ALREADY_THERE;

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL || step >= N_ELEMENTS(t.n_seen)) {
		t.n_others += e->kind == TL_EVENT_LOST;
		return 0;
	}
	t.n_seen[step]++;
	if (e->args[0] == ALREADY_THERE)
		check_names(e, "before", "");
	if (e->args[0] == STARTED) {
		check_names(e, UNIT, UNIT);
		__atomic_store_n(t.is_read, true, __ATOMIC_SEQ_CST);
	}
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const char *const groups[] = { text("%s/before", t.group), text("%s/w*", t.group) };
	const struct tl_target_spec target = { .name = "groups", .cgroups = groups, .n_cgroups = 2 };
	const struct tl_options options = { .attach = attach_wanted() };
	static const char *const events[] = { "close", NULL };
	struct tl_session *s;

	make(t.systemd, "");
	make(OTHER, "");
	make(t.systemd, "before");
	move_to(t.systemd, "before", pid);
	s = start_for(&options, &target, events, on_event);
	if (s && strcmp(tl_session_cgroups(s), "version 1: systemd's hierarchy") != 0)
		fail_case(OF_SESSION, __FILE__, __LINE__, "cgroups: %s", tl_session_cgroups(s));
	return s;
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		unsigned n = t.n_seen[steps[i].step - ALREADY_THERE];

		if (n != steps[i].is_followed)
			fail_case(steps[i].step == ALIKE ? OF_NUMBERS_ALIKE : OF_FOLLOWED, __FILE__, __LINE__,
				  "step %zu is seen %u times", i, n);
	}
	if (t.n_others || tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "%u losses are declared", t.n_others);
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(come_and_go) };
	static const struct test test = { .event = "close", .cases = cases, .n_cases = 1 };
	bool all_ok = true, is_right;

	if (!prepare_run(&test))
		return 77;
	if (!show_first_version_alone()) {
		printf("skip hierarchies: no cgroups of version 1 can be mounted: %s\n", strerror(errno));
		return 77;
	}
	t.is_read = mmap(NULL, sizeof(*t.is_read), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(t.group, sizeof(t.group), "/traceleft-hierarchies-%d", getpid());
	is_right = run_session(&test, "hierarchies", start_session, verify, 0, &all_ok);
	rmdir(below(t.systemd, ""));
	rmdir(below(OTHER, ""));
	if (!is_right)
		return 1;
	report(OF_FOLLOWED, "targets are followed in systemd's hierarchy of version 1", &all_ok);
	report(OF_NAMES, "cgroup and unit are named as they are there", &all_ok);
	report(OF_NUMBERS_ALIKE, "a cgroup of the same number in another hierarchy is another one", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
