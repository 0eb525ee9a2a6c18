/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters in the kernel on the paths and facts of what was opened: of a table of
 * opens those come whose path is asked for, or is not known there.
 */
#include "harness-inside.h"

#define USER 4243

enum { OF_EVENTS, OF_ACCOUNTS };

static const struct {
	const char *name, *opened; /* NULL: the same */
	bool comes;
} opens[] = {
	{ "in/one", NULL, true },
	{ "in/deep/er/one", NULL, true },
	{ "inn/one", NULL, false },
	{ "out/one", NULL, false },
	{ "in", NULL, false }, /* that directory itself is not below it */
	{ "out/exact", NULL, true },
	{ "out/exactly", NULL, false },
	{ "out/../out/one", "out/one", false },
	{ "link", "in/one", true },
	{ "out/of-a-user", NULL, true },
	{ "none", NULL, true }, /* the reader knows what was asked for */
	{ "out", NULL, false },
};

static struct {
	char folder[32];
	char below[48], exact[48];
	unsigned at, n_events, n_wrong;
} t;

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t.folder, name);
	return path;
}

static void make_files(void)
{
	static const char *const directories[] = { "in", "in/deep", "in/deep/er", "inn", "out" };

	require(mkdtemp(strcpy(t.folder, "/tmp/filters.XXXXXX")) != NULL);
	require(chmod(t.folder, 0755) == 0);
	for (unsigned i = 0; i < N_ELEMENTS(directories); i++)
		require(mkdir(path_of(directories[i]), 0755) == 0);
	require(symlink("in/one", path_of("link")) == 0);
	for (unsigned i = 0; i < N_ELEMENTS(opens); i++)
		if (!opens[i].opened && strcmp(opens[i].name, "none"))
			mknod(path_of(opens[i].name), S_IFREG | 0644, 0);
	require(chown(path_of("out/of-a-user"), USER, USER) == 0);
}

static void open_all(void)
{
	for (unsigned i = 0; i < N_ELEMENTS(opens); i++) {
		long fd = syscall(SYS_openat, AT_FDCWD, path_of(opens[i].name), O_RDONLY);

		require((fd >= 0) == (strcmp(opens[i].name, "none") != 0));
		if (fd >= 0)
			close((int)fd);
	}
}

static int on_event(const struct tl_event *e, void *userdata)
{
	const char *wanted;

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL)
		return 0;
	t.n_events++;
	while (t.at < N_ELEMENTS(opens) && !opens[t.at].comes)
		t.at++;
	if (t.at == N_ELEMENTS(opens)) {
		t.n_wrong++;
		return 0;
	}
	wanted = path_of(opens[t.at].opened ? opens[t.at].opened : opens[t.at].name);
	t.n_wrong += e->file.path.size != strlen(wanted) || memcmp(e->file.path.data, wanted, e->file.path.size) != 0;
	t.at++;
	return 0;
}

/* Below a folder, or one file, or whatever is of that user. */
static int set_filter(struct tl_session *s)
{
	struct tl_filter_test tests[] = {
		{ .field = TL_FILTER_PATH,
		  .kind = TL_FILTER_BELOW,
		  .text = t.below,
		  .text_size = strlen(t.below),
		  .if_true = TL_FILTER_MET,
		  .if_false = 1 },
		{ .field = TL_FILTER_FILE_UID, .low = USER, .high = USER, .if_true = TL_FILTER_MET, .if_false = 2 },
		{ .field = TL_FILTER_PATH,
		  .kind = TL_FILTER_IS,
		  .text = t.exact,
		  .text_size = strlen(t.exact),
		  .if_true = TL_FILTER_MET,
		  .if_false = TL_FILTER_UNMET },
	};

	return tl_session_set_filter(s, "openat", TL_FILTER_WITH_OBJECT, tests, N_ELEMENTS(tests));
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_options options = { .attach = attach_wanted() };
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1 };
	const char *const events[] = { "openat", NULL };
	struct tl_session *s;
	int r = make_for(&options, &target, events, &s);

	if (r >= 0)
		r = set_filter(s);
	return start_made(s, r, on_event);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};
	unsigned wanted = 0;

	for (unsigned i = 0; i < N_ELEMENTS(opens); i++)
		wanted += opens[i].comes;
	if (t.n_events != wanted || t.n_wrong)
		fail_case(OF_EVENTS, __FILE__, __LINE__, "%u events of %u, %u of them wrong", t.n_events, wanted,
			  t.n_wrong);
	if (tl_session_counters(s, tl_event_type_find("openat"), &k) < 0 || k.seen != N_ELEMENTS(opens) ||
	    k.filtered != N_ELEMENTS(opens) - wanted || k.delivered != wanted)
		fail_case(OF_ACCOUNTS, __FILE__, __LINE__, "seen %llu, filtered %llu, delivered %llu",
			  (unsigned long long)k.seen, (unsigned long long)k.filtered, (unsigned long long)k.delivered);
	verify_balance(&k, OF_ACCOUNTS);
	verify_refusals(s, OF_ACCOUNTS);
}

static void remove_files(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", t.folder);
	require(system(command) == 0);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(open_all) };
	static const struct test test = { .event = "openat", .cases = cases, .n_cases = 1 };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	make_files();
	snprintf(t.below, sizeof(t.below), "%s/in/", t.folder);
	snprintf(t.exact, sizeof(t.exact), "%s/out/exact", t.folder);
	if (!run_session(&test, "filters-paths", start_session, verify, 0, &all_ok)) {
		remove_files();
		return 1;
	}
	remove_files();
	report(OF_EVENTS, "opens below a folder, of one file and of a user's files come", &all_ok);
	report(OF_ACCOUNTS, "what is left out is counted as filtered in the kernel", &all_ok);
	return all_ok ? 0 : 1;
}
