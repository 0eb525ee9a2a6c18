/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many opens while another thread changes what they name: between a check and
 * the use of a name an attacker needs but one that is not seen. What each open
 * has reached is known from its descriptor, and its event must say the same.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "../events/harness-inside.h"

enum { GOOD, EVIL, SIDES };

/* A way to change the name; its files are FOLDER/NAME/good and FOLDER/NAME/evil. */
struct race {
	const char *name;
	void (*flip)(unsigned turn); /* by the other thread, in the race's folder */
	long (*open)(void);
	unsigned n; /* opens that will do; at first, of all one in n */
	unsigned most; /* opens, until some have reached each side */
	const char *paths[SIDES];
	struct stat stats[SIDES];
};

/* Shared with the child. */
struct outcome_of {
	uint32_t n, n_evil;
	uint8_t reached[]; /* GOOD or EVIL by number of the open */
};

static char *name_in_memory;
static int directories[SIDES], either = -1;

/* ---- Names that change ---- */

static void flip_link(unsigned turn)
{
	if (symlink(turn & 1 ? "evil" : "good", "next") == 0)
		rename("next", "link");
}

static long open_link(void)
{
	return syscall(SYS_openat, AT_FDCWD, "link", O_RDONLY);
}

static void flip_links(unsigned turn)
{
	(void)turn;
	syscall(SYS_renameat2, AT_FDCWD, "one", AT_FDCWD, "other", 2 /* RENAME_EXCHANGE */);
}

static long open_one(void)
{
	return syscall(SYS_open, "one", O_RDONLY);
}

/* Four bytes at once: the kernel copies a name that is one or the other. */
static void flip_bytes(unsigned turn)
{
	uint32_t word;

	memcpy(&word, turn & 1 ? "evil" : "good", 4);
	__atomic_store_n((uint32_t *)name_in_memory, word, __ATOMIC_RELAXED);
}

static long open_bytes(void)
{
	return syscall(SYS_openat, AT_FDCWD, name_in_memory, O_RDONLY);
}

static void flip_directory(unsigned turn)
{
	dup2(directories[turn & 1], either);
}

static long open_in_directory(void)
{
	return syscall(SYS_openat, either, "file", O_RDONLY);
}

static struct race races[] = {
	{ "link", flip_link, open_link, 1, 0, {}, {} },
	{ "links", flip_links, open_one, 4, 0, {}, {} },
	{ "bytes", flip_bytes, open_bytes, 1, 0, {}, {} },
	{ "directory", flip_directory, open_in_directory, 4, 0, {}, {} },
};

static struct {
	unsigned n; /* opens */
	struct outcome_of *outcomes[N_ELEMENTS(races)];
	uint8_t *seen[N_ELEMENTS(races)]; /* what the event of each open says */
	unsigned n_seen[N_ELEMENTS(races)];
} t;

static void prepare_races(void)
{
	for (size_t i = 0; i < N_ELEMENTS(races); i++) {
		struct race *r = &races[i];
		bool nested = r->flip == flip_directory;
		const char *files[] = { text("%s/%s", r->name, nested ? "good/file" : "good"),
					text("%s/%s", r->name, nested ? "evil/file" : "evil") };

		r->n = t.n / r->n;
		r->most = 20 * r->n;
		t.outcomes[i] = room(sizeof(struct outcome_of) + r->most);
		t.seen[i] = room(r->most);
		if (mkdir(r->name, 0755) ||
		    (nested && (mkdir(text("%s/good", r->name), 0755) || mkdir(text("%s/evil", r->name), 0755))))
			abort();
		for (int side = 0; side < SIDES; side++) {
			r->paths[side] = new_file(files[side], 0644);
			r->stats[side] = stat_of(r->paths[side]);
		}
	}
	if (symlink("good", "link/link") || symlink("good", "links/one") || symlink("evil", "links/other"))
		abort();
	name_in_memory = room(8);
	strcpy(name_in_memory, "good");
}

/* ---- The race ---- */

static volatile bool over;

static bool is_raced(unsigned n, unsigned n_evil)
{
	return n_evil >= 2 && n >= n_evil + 2;
}

static void *flipper(void *race)
{
	for (unsigned turn = 0; !over; turn++)
		((struct race *)race)->flip(turn);
	return NULL;
}

static void run_race(size_t i)
{
	struct race *r = &races[i];
	struct outcome_of *o = t.outcomes[i];
	struct stat st;
	pthread_t other;

	require(chdir(in_folder(r->name)) == 0);
	if (r->flip == flip_directory) {
		directories[GOOD] = open("good", O_PATH);
		directories[EVIL] = open("evil", O_PATH);
		either = fcntl(directories[GOOD], F_DUPFD, 100);
	}
	over = false;
	require(pthread_create(&other, NULL, flipper, r) == 0);
	/* The other thread may not have run yet: without a change nothing is raced. */
	while (o->n < r->n || (o->n < r->most && !is_raced(o->n, o->n_evil))) {
		long fd = r->open();

		require(fd >= 0 && fstat((int)fd, &st) == 0);
		o->reached[o->n] = st.st_ino == r->stats[EVIL].st_ino;
		o->n_evil += o->reached[o->n++];
		close((int)fd);
		if (o->n >= r->n)
			sched_yield();
	}
	over = true;
	require(pthread_join(other, NULL) == 0);
}

static void run_races(void)
{
	for (size_t i = 0; i < N_ELEMENTS(races); i++)
		run_race(i);
}

static const struct race *race_of(const char *path, int *ret_side)
{
	for (size_t i = 0; i < N_ELEMENTS(races); i++)
		for (int side = 0; side < SIDES; side++)
			if (strcmp(races[i].paths[side], path) == 0) {
				*ret_side = side;
				return &races[i];
			}
	return NULL;
}

static int on_event(const struct tl_event *e, void *userdata)
{
	const char *path = e->file.path.data ?: "";
	int side = 0;
	const struct race *r = race_of(path, &side);
	size_t i = (size_t)(r - races);

	(void)userdata;
	if (!r && e->args[2] & O_PATH)
		return 0; /* the preparation of a race */
	if (!r) {
		fail_case(OF_SESSION, __FILE__, __LINE__, "open of '%s' gave %d", path, (int)e->ret);
		return 0;
	}
	if (t.n_seen[i] < r->most)
		t.seen[i][t.n_seen[i]] = (uint8_t)side;
	t.n_seen[i]++;
	if (e->file.inode != r->stats[side].st_ino || e->flags & TL_EVENT_CLAIM)
		fail_case((int)i, __FILE__, __LINE__, "path and inode are of two files");
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1 };
	const struct tl_options options = { .attach = attach_wanted(), .buffer = 64U << 20 };
	static const char *const events[] = { "open", "openat", NULL };

	return start_for(&options, &target, events, on_event);
}

/* Open by open: is what it has reached what its event says? */
static void verify_race(size_t i)
{
	struct race *r = &races[i];
	const uint8_t *reached = t.outcomes[i]->reached;
	unsigned n = t.outcomes[i]->n, n_evil = t.outcomes[i]->n_evil;

	for (unsigned j = 0; j < n; j++) {
		if (reached[j] != t.seen[i][j])
			fail_case((int)i, __FILE__, __LINE__, "open %u reached %s, its event says '%s'", j,
				  r->paths[reached[j]], r->paths[t.seen[i][j]]);
	}
	if (t.n_seen[i] != n)
		fail_case((int)i, __FILE__, __LINE__, "%u opens, %u events", n, t.n_seen[i]);
	if (!is_raced(n, n_evil))
		fail_case((int)i, __FILE__, __LINE__, "%u of %u opens reached the evil file", n_evil, n);
	r->name = text("%s: %u of %u opens reached the evil file, and so their events say", r->name, n_evil, n);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	for (size_t i = 0; i < N_ELEMENTS(races); i++)
		verify_race(i);
	if (tl_session_counters(s, NULL, &k) < 0 || k.lost)
		fail_case(OF_SESSION, __FILE__, __LINE__, "lost %llu", (unsigned long long)k.lost);
	verify_balance(&k, OF_SESSION);
	verify_refusals(s, OF_SESSION);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(run_races) };
	static const struct test test = { "openat", cases, 1, NULL, NULL };
	const char *wanted = getenv("TL_TEST_OPENS");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 20000;
	prepare_races();
	if (!run_session(&test, "race", start_session, verify, 0, &all_ok))
		return 1;
	for (size_t i = 0; i < N_ELEMENTS(races); i++)
		report((int)i, races[i].name, &all_ok);
	return all_ok ? 0 : 1;
}
