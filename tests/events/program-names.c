/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs under other names than the one in the policy: one that is targeted, one that
 * is left out of a target, and one that is never traced; and others under their names, by
 * mounts that nobody else sees. Each run opens a file of its own.
 */
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "harness-inside.h"

enum { OF_NAMES, OF_FEIGNED, OF_FLOOD, OF_BALANCE };

#define ROOM 16 /* for programs that are put in a named one's place */
#define FLOOD 40

#define OTHERS 4000000 /* group of those who are told apart from the rest of the machine */

/* How often the file of each run is to be seen. */
static const struct {
	const char *data;
	unsigned named, others; /* by the target that names the program, by the one that leaves it out */
	int of;
} wanted[] = {
	{ "by-name", 1, 0, OF_NAMES },
	{ "linked", 1, 0, OF_NAMES },
	{ "mounted", 1, 0, OF_NAMES },
	{ "symbolic", 1, 0, OF_NAMES },
	{ "descriptor", 1, 0, OF_NAMES },
	{ "moved", 1, 0, OF_NAMES },
	{ "script", 1, 0, OF_NAMES },
	{ "disguised", 1, 0, OF_NAMES },
	{ "copied", 0, 1, OF_NAMES },
	{ "memory", 0, 1, OF_NAMES },
	{ "deleted", 1, 0, OF_NAMES },
	{ "replaced", 1, 0, OF_NAMES },
	{ "old", 1, 0, OF_NAMES },
	{ "new-linked", 1, 0, OF_NAMES },
	{ "through-link", 1, 0, OF_NAMES },
	{ "updated-link", 1, 0, OF_NAMES },
	{ "untracked", 0, 0, OF_NAMES },
	{ "untracked-link", 0, 0, OF_NAMES },
	/* Another program in the place of a named one in a tree of mounts of its own, which
	 * root has made, or who is root but there; and that program elsewhere. */
	{ "by-root", 1, 0, OF_FEIGNED },
	{ "by-root-untracked", 0, 0, OF_FEIGNED },
	{ "by-user", 1, 1, OF_FEIGNED },
	{ "by-user-untracked", 0, 1, OF_FEIGNED },
	{ "elsewhere", 0, 1, OF_FEIGNED },
	/* After more of them than there is room for: one that was there at the start, the last one. */
	{ "flood", FLOOD, 0, OF_FLOOD },
	{ "old-after-flood", 1, 0, OF_FLOOD },
	{ "new-after-flood", 1, 0, OF_FLOOD },
};

static struct {
	const char *program, *link, *untracked, *script, *other;
	unsigned named[N_ELEMENTS(wanted)], others[N_ELEMENTS(wanted)];
} t;

static void run_as(const char *file, const char *name, const char *data)
{
	char *const argv[] = { (char *)name, (char *)in_folder(data), NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execv(file, argv);
		_exit(127);
	}
	require(pid > 0 && reap(pid) == 0);
}

static void run_file(const char *file, const char *data)
{
	run_as(file, file, data);
}

/* By a path that leads to a descriptor. */
static void run_descriptor(int fd, const char *data)
{
	run_file(text("/proc/self/fd/%d", fd), data);
}

static void run_mounted(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(in_folder("mount"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

		require(fd >= 0 && close(fd) == 0 && unshare(CLONE_NEWNS) == 0);
		require(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		require(mount(t.program, in_folder("mount"), NULL, MS_BIND, NULL) == 0);
		run_file(in_folder("mount"), "mounted");
		_exit(0);
	}
	require(pid > 0 && reap(pid) == 0);
}

static void run_in_memory(void)
{
	int fd = memfd_create("program", 0);

	copy_bytes(t.program, fd);
	run_descriptor(fd, "memory");
	close(fd);
}

static void run_disguised(void)
{
	require(prctl(PR_SET_NAME, "somebody") == 0);
	run_as(t.program, "/usr/bin/somebody", "disguised");
}

/* A package brings a new one. */
static void replace(const char *path)
{
	require(rename(copy_of_helper("package"), path) == 0);
}

/* The other program by the names of two, where only who is in that tree of mounts sees it. */
static void run_feigned(int flags, const char *data, const char *data_untracked)
{
	pid_t pid = fork();

	if (pid == 0) {
		require(unshare(flags) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		require(mount(t.other, t.program, NULL, MS_BIND, NULL) == 0 &&
			mount(t.other, t.untracked, NULL, MS_BIND, NULL) == 0);
		run_file(t.program, data);
		run_file(t.untracked, data_untracked);
		_exit(0);
	}
	require(pid > 0 && reap(pid) == 0);
}

static void flood(void)
{
	for (unsigned i = 0; i < FLOOD; i++) {
		replace(t.program);
		run_file(t.program, "flood");
	}
	run_file(in_folder("old-link"), "old-after-flood");
	require(link(t.program, in_folder("newest-link")) == 0);
	run_file(in_folder("newest-link"), "new-after-flood");
}

static void run_all(void)
{
	int fd = open(t.program, O_RDONLY); /* not O_CLOEXEC: it is to be found under /proc */

	require(setresgid(OTHERS, (gid_t)-1, (gid_t)-1) == 0);
	run_file(t.program, "by-name");
	require(link(t.program, in_folder("link")) == 0 && symlink(t.program, in_folder("symbolic-link")) == 0);
	run_file(in_folder("link"), "linked");
	run_file(in_folder("symbolic-link"), "symbolic");
	run_mounted();
	run_descriptor(fd, "descriptor");
	run_file(t.script, "script");
	run_disguised();
	run_file(copy_of_helper("copy"), "copied");
	run_in_memory();
	require(rename(t.program, in_folder("moved-program")) == 0);
	run_file(in_folder("moved-program"), "moved");
	require(rename(in_folder("moved-program"), t.program) == 0);
	require(link(t.program, in_folder("old-link")) == 0);
	replace(t.program);
	run_descriptor(fd, "deleted");
	run_file(in_folder("old-link"), "old");
	run_file(t.program, "replaced");
	require(link(t.program, in_folder("new-link")) == 0);
	run_file(in_folder("new-link"), "new-linked");
	/* A target that is a symbolic link. */
	run_file(t.link, "through-link");
	replace(in_folder("linked-program"));
	run_file(t.link, "updated-link");
	run_file(t.untracked, "untracked");
	require(link(t.untracked, in_folder("untracked-other")) == 0);
	run_file(in_folder("untracked-other"), "untracked-link");
	run_feigned(CLONE_NEWNS, "by-root", "by-root-untracked");
	run_feigned(CLONE_NEWNS | CLONE_NEWUSER, "by-user", "by-user-untracked");
	run_file(t.other, "elsewhere");
	flood();
	close(fd);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	const char *path = e->file.path.data ? e->file.path.data : "";

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	for (size_t i = 0; i < N_ELEMENTS(wanted); i++)
		if (strcmp(path, in_folder(wanted[i].data)) == 0) {
			t.named[i] += e->targets[0] & 1;
			t.others[i] += e->targets[0] >> 1 & 1;
			return 0;
		}
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const char *const programs[] = { t.program, t.link };
	const struct tl_condition group = { .attribute = TL_ATTRIBUTE_GID, .low = OTHERS, .high = OTHERS };
	const struct tl_target_spec targets[] = {
		{ .name = "named", .executables = programs, .n_executables = N_ELEMENTS(programs) },
		{ .name = "others",
		  .not_executables = programs,
		  .n_not_executables = N_ELEMENTS(programs),
		  .conditions = &group,
		  .n_conditions = 1 },
	};
	const struct tl_options options = { .attach = attach_wanted(), .programs_max = ROOM };
	struct tl_session *s;
	uint32_t id = 0;
	int r = tl_session_new(&options, &s);

	(void)pid;
	for (size_t i = 0; r >= 0 && i < N_ELEMENTS(targets); i++) {
		r = tl_session_add_target(s, &targets[i], &id);
		if (r >= 0)
			r = tl_session_add_handler(s, id, "openat", 0);
	}
	if (r >= 0)
		r = tl_session_add_untracked_executable(s, t.untracked);
	return start_made(s, r, on_event);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	for (size_t i = 0; i < N_ELEMENTS(wanted); i++)
		if (t.named[i] != wanted[i].named || t.others[i] != wanted[i].others)
			fail_case(wanted[i].of, __FILE__, __LINE__, "%s: %u by name, %u by others", wanted[i].data,
				  t.named[i], t.others[i]);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
}

static void prepare(void)
{
	t.program = copy_of_helper("program");
	t.untracked = copy_of_helper("untracked-program");
	t.other = copy_of_helper("other-program");
	t.link = in_folder("target-link");
	copy_of_helper("linked-program");
	require(symlink("linked-program", t.link) == 0);
	for (size_t i = 0; i < N_ELEMENTS(wanted); i++)
		fill_file(wanted[i].data, "of no interest\n");
	t.script = in_folder("a-script");
	fill_file("a-script", text("#!%s %s\n", t.program, in_folder("script")));
	require(chmod(t.script, 0755) == 0);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(run_all) };
	static const struct test test = { .event = "openat", .cases = cases, .n_cases = 1 };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	prepare();
	if (!run_session(&test, "program-names", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_NAMES, "a program is followed by all names of its object, and by its path when it was replaced",
	       &all_ok);
	report(OF_FEIGNED, "a name in a tree of mounts of one's own leaves nobody out, and says nothing of others",
	       &all_ok);
	report(OF_FLOOD, "of programs in a named one's place the latest are known, and those of the start", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
