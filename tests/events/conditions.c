/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets by what a process is at the moment: it changes its name, namespace, login,
 * group and user, and counts calls in between. Every target is of this one
 * process, too.
 */
#include <sched.h>
#include <sys/prctl.h>

#include "harness-inside.h"

#define NAME "conditions"
#define NEW_NAME "renamed-long-na"
#define NEW_UID 4243
#define NEW_GID 4242
#define NEW_LOGIN 4244

enum { OF_COUNTS, OF_BALANCE };

/* What the process goes through; each phase has a number of calls that no sum of others gives. */
enum phase { AS_IT_WAS, RENAMED, ELSEWHERE, LOGGED_IN, OF_A_GROUP, OF_A_USER, PHASES };
static const unsigned calls[PHASES] = { 1, 5, 25, 125, 625, 3125 };

static struct {
	uint64_t mntns, pidns;
	uint64_t counted[64];
	uint64_t n_events;
} t;

static void call_often(enum phase phase)
{
	for (unsigned i = 0; i < calls[phase]; i++)
		syscall(SYS_getppid);
}

/* As PAM does. */
static void log_in(void)
{
	int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		require(dprintf(fd, "%u", NEW_LOGIN) > 0);
		close(fd);
	}
}

static void change(void)
{
	require(prctl(PR_SET_NAME, NAME) == 0);
	call_often(AS_IT_WAS);
	require(prctl(PR_SET_NAME, NEW_NAME) == 0);
	call_often(RENAMED);
	require(unshare(CLONE_NEWNS) == 0);
	call_often(ELSEWHERE);
	log_in();
	call_often(LOGGED_IN);
	require(setresgid(NEW_GID, NEW_GID, NEW_GID) == 0);
	call_often(OF_A_GROUP);
	require(setresuid(NEW_UID, NEW_UID, NEW_UID) == 0);
	call_often(OF_A_USER);
}

#define IS(what, from, to)                                                    \
	{                                                                     \
		.attribute = TL_ATTRIBUTE_##what, .low = (from), .high = (to) \
	}
#define IS_NOT(what, from, to)                                                                  \
	{                                                                                       \
		.attribute = TL_ATTRIBUTE_##what, .low = (from), .high = (to), .negative = true \
	}
#define CALLED(name)                                         \
	{                                                    \
		.attribute = TL_ATTRIBUTE_COMM, .comm = name \
	}
#define NOT_CALLED(name)                                                       \
	{                                                                      \
		.attribute = TL_ATTRIBUTE_COMM, .comm = name, .negative = true \
	}

#define BIT(phase) (1U << (phase))
#define ALL (BIT(PHASES) - 1)
#define SINCE_LOGIN (BIT(LOGGED_IN) | BIT(OF_A_GROUP) | BIT(OF_A_USER))

/* Conditions follow the phases in which the target is meant. The namespaces are filled in. */
#define TARGET_BUT(target, meant, executable, ...)                                                                  \
	{                                                                                                           \
		.name = (target), .phases = (meant), .not_executable = (executable), .conditions = { __VA_ARGS__ }, \
		.n_conditions = N_ELEMENTS(((struct tl_condition[]){ __VA_ARGS__ })),                               \
	}
#define TARGET(target, meant, ...) TARGET_BUT(target, meant, NULL, __VA_ARGS__)

static struct expected {
	const char *name, *not_executable;
	unsigned phases;
	struct tl_condition conditions[4];
	size_t n_conditions;
} expected[] = {
	TARGET("root", ALL & ~BIT(OF_A_USER), IS(UID, 0, 0)),
	TARGET("users from to", BIT(OF_A_USER), IS(UID, 4000, 5000)),
	TARGET("users below", ALL & ~BIT(OF_A_USER), IS(UID, 0, NEW_UID - 1)),
	TARGET("users above", 0, IS(UID, NEW_UID + 1, UINT64_MAX)),
	TARGET("either user", ALL, IS(UID, 0, 0), IS(UID, NEW_UID, NEW_UID)),
	TARGET("not root", BIT(OF_A_USER), IS_NOT(UID, 0, 0)),
	TARGET("neither user", 0, IS_NOT(UID, 0, 0), IS_NOT(UID, NEW_UID, NEW_UID)),
	TARGET("group", BIT(OF_A_GROUP) | BIT(OF_A_USER), IS(GID, NEW_GID, NEW_GID)),
	TARGET("user and group", BIT(OF_A_GROUP), IS(UID, 0, 0), IS(GID, NEW_GID, NEW_GID)),
	TARGET("name", BIT(AS_IT_WAS), CALLED(NAME)),
	TARGET("new name", ALL & ~BIT(AS_IT_WAS), CALLED(NEW_NAME)),
	TARGET("a shorter name", 0, CALLED("rename")),
	TARGET("beginning of a name", ALL & ~BIT(AS_IT_WAS), CALLED("renamed*")),
	TARGET("beginning of all names", ALL, CALLED("*")),
	TARGET("not the name", ALL & ~BIT(AS_IT_WAS), NOT_CALLED(NAME)),
	TARGET("not its beginning", ALL & ~BIT(AS_IT_WAS) & ~BIT(OF_A_USER), NOT_CALLED("cond*"), IS(UID, 0, 0)),
	TARGET("mount namespace", BIT(AS_IT_WAS) | BIT(RENAMED), IS(MNTNS, 0, 0)),
	TARGET("another mount namespace", ALL & ~BIT(AS_IT_WAS) & ~BIT(RENAMED), IS_NOT(MNTNS, 0, 0)),
	TARGET("pid namespace", ALL, IS(PIDNS, 0, 0)),
	TARGET("another pid namespace", 0, IS_NOT(PIDNS, 0, 0)),
	TARGET("login user", ALL, IS(LOGINUID, 0, UINT32_MAX)),
	TARGET("logged in", SINCE_LOGIN, IS(LOGINUID, NEW_LOGIN, NEW_LOGIN)),
	TARGET("not logged in", ALL & ~SINCE_LOGIN, IS_NOT(LOGINUID, NEW_LOGIN, NEW_LOGIN)),
	TARGET("another login session", SINCE_LOGIN, IS_NOT(SESSION, 0, 0)),
	TARGET_BUT("not this program", 0, "/proc/self/exe", IS(UID, 0, UINT32_MAX)),
	TARGET_BUT("not another program", ALL, "/bin/true", IS(UID, 0, UINT32_MAX)),
	TARGET("login session", ALL, IS(SESSION, 0, UINT32_MAX)),
};

static uint64_t namespace_of(const char *name)
{
	struct stat facts;

	require(stat(name, &facts) == 0);
	return facts.st_ino;
}

static void fill_in(struct tl_condition *c)
{
	if (c->attribute == TL_ATTRIBUTE_MNTNS)
		c->low = c->high = namespace_of("/proc/self/ns/mnt");
	if (c->attribute == TL_ATTRIBUTE_PIDNS)
		c->low = c->high = namespace_of("/proc/self/ns/pid");
	if (c->attribute == TL_ATTRIBUTE_SESSION && c->negative)
		c->low = c->high = run->audit_session;
}

static int add_target(struct tl_session *s, struct expected *e, uint32_t pid)
{
	char program[PATH_MAX] = "";
	const char *not_executable = program;
	struct tl_target_spec spec = {
		.name = e->name,
		.pids = &pid,
		.n_pids = 1,
		.conditions = e->conditions,
		.n_conditions = e->n_conditions,
		.not_executables = &not_executable,
		.n_not_executables = e->not_executable != NULL,
	};
	uint32_t id = 0;
	int r;

	for (size_t i = 0; i < spec.n_conditions; i++)
		fill_in(&e->conditions[i]);
	if (e->not_executable)
		require(realpath(e->not_executable, program) != NULL);
	r = tl_session_add_target(s, &spec, &id);
	return r < 0 ? r : tl_session_add_handler(s, id, "getppid", 0);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	t.n_events++;
	for (size_t i = 0; i < N_ELEMENTS(expected); i++)
		t.counted[i] += e->targets[i / 64] >> (i % 64) & 1;
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_options options = { .attach = attach_wanted() };
	struct tl_session *s;
	int r = tl_session_new(&options, &s);

	for (size_t i = 0; r >= 0 && i < N_ELEMENTS(expected); i++)
		r = add_target(s, &expected[i], pid);
	return start_made(s, r, on_event);
}

static bool is_of_login(const struct expected *e)
{
	return e->conditions[0].attribute == TL_ATTRIBUTE_LOGINUID ||
	       e->conditions[0].attribute == TL_ATTRIBUTE_SESSION;
}

static void verify(struct tl_session *s)
{
	const bool has_logins = access("/proc/self/loginuid", F_OK) == 0;
	struct tl_counters k = {};
	uint64_t all = 0;

	if (!has_logins)
		printf("skip conditions: this kernel knows of no logins\n");
	for (enum phase p = 0; p < PHASES; p++)
		all += calls[p];
	for (size_t i = 0; i < N_ELEMENTS(expected); i++) {
		uint64_t wanted = 0;

		if (is_of_login(&expected[i]) && !has_logins)
			continue;
		for (enum phase p = 0; p < PHASES; p++)
			wanted += expected[i].phases & BIT(p) ? calls[p] : 0;
		if (t.counted[i] != wanted)
			fail_case(OF_COUNTS, __FILE__, __LINE__, "%s: wanted %llu calls, found %llu", expected[i].name,
				  (unsigned long long)wanted, (unsigned long long)t.counted[i]);
	}
	if (t.n_events != all)
		fail_case(OF_COUNTS, __FILE__, __LINE__, "%llu events", (unsigned long long)t.n_events);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(change) };
	static const struct test test = { .event = "getppid", .cases = cases, .n_cases = 1 };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	if (!run_session(&test, "conditions", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_COUNTS, "each target has the calls of its phases", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
