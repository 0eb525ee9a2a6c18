/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run of a test: folder, child, session, comparison, report. */
#include <ftw.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "encode.h"
#include "harness-steps.h"
#include "wire.h"

struct seen *seen;
size_t n_seen;
static struct tl_session *session;

/* ---- Events ---- */

static void *copy_of(const void *data, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, data, n);
	copy[n] = '\0';
	return copy;
}

static void copy_process(struct tl_process *to, const struct tl_process *from)
{
	*to = *from;
	to->executable = copy_of(from->executable, strlen(from->executable));
	to->args = copy_of(from->args, from->args_size);
	to->working_directory = copy_of(from->working_directory, strlen(from->working_directory));
	to->cgroup = copy_of(from->cgroup, strlen(from->cgroup));
	to->parent = NULL;
}

static const char *copy_of_string(const char *s)
{
	return s ? copy_of(s, (uint32_t)strlen(s) + 1) : NULL;
}

/* With paths in the memory of the session: of these ends no test has any. */
static const struct tl_endpoint *copy_further(const struct tl_event *event)
{
	size_t size = event->n_further * sizeof(*event->further);

	return size ? (const void *)copy_of((const char *)event->further, (uint32_t)size) : NULL;
}

static void encode(struct seen *s, const struct tl_event *event)
{
	struct tl_buffer json = {}, line = {};

	if (tl_encode_json(&json, event, NULL) < 0 || tl_encode_text(&line, event, NULL) < 0)
		abort();
	s->json = json.data;
	s->json_size = json.size;
	s->line = line.data;
	s->line_size = line.size;
	if (getenv("TL_TEST_VERBOSE"))
		fprintf(stderr, "# %.*s", (int)s->line_size, s->line);
}

int on_event(const struct tl_event *event, void *userdata)
{
	struct seen *s;

	(void)userdata;
	seen = reallocarray(seen, n_seen + 1, sizeof(*seen));
	if (!seen)
		abort();
	s = &seen[n_seen++];
	memset(s, 0, sizeof(*s));
	s->event = *event;
	encode(s, event);
	copy_process(&s->process, event->process);
	if (event->process->parent)
		copy_process(&s->parent, event->process->parent);
	if (event->other)
		copy_process(&s->other, event->other);
	if (event->peer)
		copy_process(&s->peer, event->peer);
	s->event.peer_executable.data = copy_of(event->peer_executable.data, event->peer_executable.size);
	if (event->before)
		s->before = *event->before;
	if (event->after)
		s->after = *event->after;
	s->event.other_executable.data = copy_of(event->other_executable.data, event->other_executable.size);
	if (event->child)
		copy_process(&s->child, event->child);
	if (event->child && event->child->parent)
		copy_process(&s->child_parent, event->child->parent);
	if (event->lost)
		s->lost = *event->lost;
	if (event->targets)
		memcpy(s->targets, event->targets, MIN(event->n_target_words, 16U) * sizeof(s->targets[0]));
	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		s->event.captured[i].data = copy_of(event->captured[i].data, event->captured[i].size);
	s->event.file.path.data = copy_of(event->file.path.data, event->file.path.size);
	s->event.target.path.data = copy_of(event->target.path.data, event->target.path.size);
	s->event.source.path.data = copy_of(event->source.path.data, event->source.path.size);
	s->event.source.domain = copy_of_string(event->source.domain);
	s->event.destination.domain = copy_of_string(event->destination.domain);
	s->event.dns = event->dns ? (const void *)copy_of((const char *)event->dns, sizeof(*event->dns)) : NULL;
	s->event.further = copy_further(event);
	s->event.destination.path.data = copy_of(event->destination.path.data, event->destination.path.size);
	return 0;
}

/* Pointers into the array, once it grows no more. */
void settle(void)
{
	for (size_t i = 0; i < n_seen; i++) {
		struct seen *s = &seen[i];

		if (s->event.child) {
			s->child.parent = s->child_parent.pid ? &s->child_parent : NULL;
			s->event.child = &s->child;
		}
		s->process.parent = s->parent.pid ? &s->parent : NULL;
		s->event.process = &s->process;
		s->event.other = s->event.other ? &s->other : NULL;
		s->event.peer = s->event.peer ? &s->peer : NULL;
		s->event.before = s->event.before ? &s->before : NULL;
		s->event.after = s->event.after ? &s->after : NULL;
		s->event.targets = s->targets;
		s->event.lost = &s->lost;
	}
}

/* ---- What is true of all processes here ---- */

static uint32_t read_number(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned number = UINT32_MAX;

	if (file) {
		if (fscanf(file, "%u", &number) != 1)
			number = UINT32_MAX;
		fclose(file);
	}
	return number;
}

static void find_cgroup(void)
{
	char line[4096], mount[PATH_MAX] = "", path[PATH_MAX] = "", *type;
	FILE *file = fopen("/proc/self/mountinfo", "r");
	struct stat st;

	while (file && fgets(line, sizeof(line), file)) {
		type = strstr(line, " - cgroup2 ");
		if (type && sscanf(line, "%*s %*s %*s %*s %4095s", mount) == 1)
			break;
	}
	if (file)
		fclose(file);
	file = fopen("/proc/self/cgroup", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "0::%4095[^\n]", path) == 1)
			break;
	if (file)
		fclose(file);
	run->cgroup = text("%s", path);
	if (mount[0] && stat(text("%s%s", mount, path), &st) == 0)
		run->cgroup_id = st.st_ino;
}

static void find_surroundings(void)
{
	char program[PATH_MAX] = "", line[65536] = "";
	const char *argv[64] = {};
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	FILE *file = fopen("/proc/self/cmdline", "r");
	struct being *tester;
	size_t length = file ? fread(line, 1, sizeof(line) - 1, file) : 0, at = 0;

	if (file)
		fclose(file);
	for (size_t i = 0; i < N_ELEMENTS(argv) - 1 && at < length; i++, at += strlen(line + at) + 1)
		argv[i] = line + at;
	run->program_folder = text("%.*s", (int)(strrchr(program, '/') - program), program);
	run->loginuid = read_number("/proc/self/loginuid");
	run->audit_session = read_number("/proc/self/sessionid");
	run->mntns = stat_of("/proc/self/ns/mnt").st_ino;
	run->netns = stat_of("/proc/self/ns/net").st_ino;
	run->pidns = stat_of("/proc/self/ns/pid").st_ino;
	find_cgroup();
	(void)n;
	tester = being_new(program, argv);
	tester->pid = getpid();
	tester->ppid = getppid();
	tester->born_before = 0;
	run->child = room(sizeof(*run->child));
	*run->child = *tester;
	run->child->ppid = tester->pid;
	run->child->parent = tester;
	run->child->working_directory = run->folder;
}

static void make_folder(void)
{
	char path[PATH_MAX];
	const char *base = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/traceleft-test-XXXXXX", base && base[0] == '/' ? base : "/tmp");
	if (!mkdtemp(path) || chmod(path, 0755) < 0 || chdir(path) < 0 || !getcwd(path, sizeof(path))) {
		perror(path);
		exit(1);
	}
	umask(022);
	run->folder = text("%s", path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

void remove_folder(void)
{
	if (chdir("/") < 0 || nftw(run->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0)
		perror(run->folder);
}

/* ---- Session ---- */

static const struct {
	const char *name;
	enum tl_attach attach;
} kinds[] = {
	{ "auto", TL_ATTACH_AUTO },
	{ "fexit", TL_ATTACH_FEXIT },
	{ "kprobe", TL_ATTACH_KPROBE },
	{ "raw_tp", TL_ATTACH_RAW_TP },
};

enum tl_attach attach_wanted(void)
{
	const char *name = getenv("TL_TEST_ATTACH");

	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (name && strcmp(name, kinds[i].name) == 0)
			return kinds[i].attach;
	return TL_ATTACH_AUTO;
}

struct tl_session *start_made(struct tl_session *s, int r, tl_event_callback callback)
{
	if (r >= 0) {
		tl_session_set_callback(s, callback, NULL);
		r = tl_session_start(s);
	}
	if (r >= 0)
		return s;
	fail_case(OF_SESSION, __FILE__, __LINE__, "%s", tl_session_error(s));
	return tl_session_free(s);
}

int make_for(const struct tl_options *options, const struct tl_target_spec *target, const char *const *events,
	     struct tl_session **ret)
{
	uint32_t id = 0;
	int r = tl_session_new(options, ret);

	if (r >= 0)
		r = tl_session_add_target(*ret, target, &id);
	for (; r >= 0 && *events; events++)
		r = tl_session_add_handler(*ret, id, *events, PROGRAM_ID);
	return r;
}

struct tl_session *start_for(const struct tl_options *options, const struct tl_target_spec *target,
			     const char *const *events, tl_event_callback callback)
{
	struct tl_session *s;
	int r = make_for(options, target, events, &s);

	return start_made(s, r, callback);
}

/* The event under test, or those of a test of several. */
bool add_events(struct tl_session *s, uint32_t target)
{
	if (run->type)
		return tl_session_add_handler(s, target, run->test->event, PROGRAM_ID) == 0;
	for (const char *const *name = run->test->events; *name; name++)
		if (tl_session_add_handler(s, target, *name, PROGRAM_ID) < 0)
			return false;
	return true;
}

static void verify_kind(const struct tl_session *s)
{
	const char *kind = tl_session_attach_kind(s, run->type) ?: "nothing";

	if (run->type->class != TL_CLASS_SYSCALL && strcmp(kind, "tracepoint") != 0)
		fail_case(OF_SESSION, __FILE__, __LINE__, "attached by %s", kind);
	if (run->type->class == TL_CLASS_SYSCALL && attach_wanted() && strcmp(kind, getenv("TL_TEST_ATTACH")) != 0)
		fail_case(OF_SESSION, __FILE__, __LINE__, "wanted %s, attached by %s", getenv("TL_TEST_ATTACH"), kind);
}

void verify_session(struct tl_session *s)
{
	int tasks = (int)tl_session_target_tasks(s, run->target);

	session = s;
	if (run->type)
		verify_kind(s);
	if (tasks != 1)
		fail_case(OF_SESSION, __FILE__, __LINE__, "wanted 1 task followed, found %d", tasks);
}

static bool start_session(struct tl_session **ret, uint32_t pid)
{
	const struct tl_target_spec target = { .name = "child", .descendants = true, .pids = &pid, .n_pids = 1 };
	const struct tl_options options = { .attach = attach_wanted() };
	struct tl_session *s;
	uint32_t id = UINT32_MAX;

	if (tl_session_new(&options, &s) < 0 || tl_session_add_target(s, &target, &id) < 0 || !add_events(s, id)) {
		fail_case(OF_SESSION, __FILE__, __LINE__, "%s", tl_session_error(s));
		tl_session_free(s);
		return false;
	}
	*ret = s;
	run->target = id;
	tl_session_set_callback(s, on_event, NULL);
	if (tl_session_start(s) < 0) {
		fail_case(OF_SESSION, __FILE__, __LINE__, "%s", tl_session_error(s));
		return false;
	}
	verify_session(s);
	return true;
}

void (*each_turn)(struct tl_session *s);

void read_while(struct tl_session *s, pid_t pid, int of, unsigned pause_us)
{
	const char *limit = getenv("TL_TEST_TIMEOUT");
	uint64_t deadline = now() + (limit ? strtoull(limit, NULL, 10) : 60) * 1000000000ULL;
	int status = -1, r;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		struct pollfd wait = { .fd = tl_session_fd(s), .events = POLLIN };

		if (pause_us)
			usleep(pause_us);
		else
			poll(&wait, 1, MIN(tl_session_timeout_ms(s), 20));
		r = tl_session_dispatch(s, 0);
		if (r < 0)
			fail_case(of, __FILE__, __LINE__, "dispatch: %s", tl_session_error(s));
		if (each_turn)
			each_turn(s);
		if (now() < deadline)
			continue;
		fail_case(of, __FILE__, __LINE__, "the child does not end");
		kill(pid, SIGKILL);
	}
	if (status != 0)
		fail_case(of, __FILE__, __LINE__, "the child ended with status %#x", status);
}

void stop_session(struct tl_session *s, int of)
{
	int r = tl_session_stop(s);

	if (r < 0)
		fail_case(of, __FILE__, __LINE__, "stop: %s", strerror(-r));
}

void read_until_end(struct tl_session *s, pid_t pid, int of, unsigned pause_us)
{
	read_while(s, pid, of, pause_us);
	stop_session(s, of);
}

/* ---- Comparison ---- */

/* The harness makes calls, too: among several events one is told from theirs by all that was given. */
static bool is_that(const struct tl_event *e, const struct call *c)
{
	if (e->kind != TL_EVENT_SYSCALL)
		return true;
	if (e->nr != c->nr || (e->ret != c->ret && !c->is_of_other) || e->time + 20000000 < c->before)
		return false;
	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		if (!(c->unknown_args >> i & 1) && e->args[i] != c->args[i])
			return false;
	return true;
}

static struct call *find_call(const struct tl_event *e)
{
	for (uint32_t i = 0; i < run->n_calls; i++) {
		struct call *c = run->calls[i];

		if (!c->matched && c->pid == (pid_t)e->pid && (!c->tid || c->tid == (pid_t)e->tid) &&
		    c->kind == e->kind && strcmp(c->event, e->type->name) == 0 && (run->type || is_that(e, c)))
			return c;
	}
	return NULL;
}

bool is_by_tracepoint(const struct tl_event_type *type)
{
	const char *kind = tl_session_attach_kind(session, type);

	return kind && strcmp(kind, "raw_tp") == 0;
}

/* A call that this kernel has not: nothing looks at it but the tracepoint. */
static bool is_absent(const struct call *c)
{
	return c->type && !run->type && c->ret == -ENOSYS && !is_by_tracepoint(c->type);
}

void compare(void)
{
	for (size_t i = 0; i < n_seen; i++) {
		struct seen *s = &seen[i];
		struct call *c = find_call(&s->event);

		if (!c && !run->type)
			continue;
		if (!c) {
			fail_case(OF_SESSION, __FILE__, __LINE__, "an event of no call: %.*s", (int)s->line_size - 1,
				  s->line);
			continue;
		}
		c->matched = true;
		s->call = c;
		verify_event(s, c);
		verify_encoded(s, c);
	}
	for (uint32_t i = 0; i < run->n_calls; i++) {
		const struct call *c = run->calls[i];

		if (!c->matched && !is_absent(c))
			fail_case(c->of, c->file, c->line, "wanted an event %s, found none", c->event);
	}
	verify_hashes(OF_HASHES);
}

void verify_balance(const struct tl_counters *k, int of)
{
	struct tl_balance b = tl_balance_of(k);

	if (b.under_way)
		fail_case(of, __FILE__, __LINE__,
			  "seen %llu != delivered %llu + filtered %llu + aggregated %llu + lost %llu",
			  (unsigned long long)b.seen, (unsigned long long)b.delivered, (unsigned long long)b.filtered,
			  (unsigned long long)b.aggregated, (unsigned long long)b.lost);
	if (k->emitted != k->received || k->malformed)
		fail_case(of, __FILE__, __LINE__, "emitted %llu, received %llu, malformed %llu",
			  (unsigned long long)k->emitted, (unsigned long long)k->received,
			  (unsigned long long)k->malformed);
}

void verify_refusals(struct tl_session *s, int of)
{
	const char *name;
	uint64_t n;

	for (size_t i = 0; (name = tl_session_refusal(s, i, &n)); i++) {
		if (!n)
			continue;
		/* In any case: of several failures the first one alone is told, and the runner looks for this. */
		printf("# refused: %s %llu\n", name, (unsigned long long)n);
		/* A family's own bpf(2) makes the kernel skip what runs meanwhile. */
		if (run->type || strcmp(name, "skipped-program") != 0)
			fail_case(of, __FILE__, __LINE__, "refused: %s %llu", name, (unsigned long long)n);
	}
}

static void verify_nothing_lost(struct tl_session *s, int of)
{
	const struct tl_event_type *type = tl_event_type_find(run->test->cases[of].name);
	struct tl_counters k = {};

	if (type && tl_session_counters(s, type, &k) == 0 && k.lost)
		fail_case(of, __FILE__, __LINE__, "lost %llu, attached by %s", (unsigned long long)k.lost,
			  tl_session_attach_kind(s, type) ?: "nothing");
}

static void verify_ledger(struct tl_session *s, uint64_t *ret_filtered)
{
	struct tl_counters all = {}, own = {};

	if (tl_session_counters(s, NULL, &all) < 0 || (run->type && tl_session_counters(s, run->type, &own) < 0))
		fail_case(OF_LEDGER, __FILE__, __LINE__, "no counters: %s", tl_session_error(s));
	verify_balance(&all, OF_LEDGER);
	verify_balance(&own, OF_LEDGER);
	for (size_t i = 0; !run->type && i < run->test->n_cases; i++)
		verify_nothing_lost(s, (int)i);
	if (all.lost || own.aggregated || own.filtered || own.internal)
		fail_case(OF_LEDGER, __FILE__, __LINE__, "lost %llu, aggregated %llu, filtered %llu",
			  (unsigned long long)all.lost, (unsigned long long)own.aggregated,
			  (unsigned long long)own.filtered);
	if (run->type && own.delivered != n_seen)
		fail_case(OF_LEDGER, __FILE__, __LINE__, "delivered %llu, found %zu", (unsigned long long)own.delivered,
			  n_seen);
	verify_refusals(s, OF_LEDGER);
	*ret_filtered = all.filtered + all.internal;
}

static int by_number(const void *a, const void *b)
{
	const struct tl_event *x = &((const struct seen *)a)->event, *y = &((const struct seen *)b)->event;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Each number once, and no more holes than there are records for the process table alone. */
void verify_numbers(uint64_t filtered)
{
	struct seen *sorted = copy_of(seen, n_seen * sizeof(*seen));
	uint64_t holes = 0, next = 1;

	qsort(sorted, n_seen, sizeof(*sorted), by_number);
	for (size_t i = 0; i < n_seen; i++) {
		const struct tl_event *e = &sorted[i].event;

		if (i == 0 || e->cpu != sorted[i - 1].event.cpu)
			next = 1;
		if (e->seq < next)
			fail_case(OF_NUMBERS, __FILE__, __LINE__, "number %llu twice on CPU %u",
				  (unsigned long long)e->seq, e->cpu);
		holes += e->seq > next ? e->seq - next : 0;
		next = e->seq + 1;
	}
	if (holes > filtered)
		fail_case(OF_NUMBERS, __FILE__, __LINE__, "%llu holes, %llu records were kept back",
			  (unsigned long long)holes, (unsigned long long)filtered);
	free(sorted);
}

/* ---- Report ---- */

void report(int of, const char *name, bool *all_ok)
{
	const struct outcome *o = &run->outcomes[of];

	if (o->n_failures > 1)
		printf("not ok %s: %s: %s (and %u more)\n", run->test->event, name, o->failure, o->n_failures - 1);
	else if (o->n_failures)
		printf("not ok %s: %s: %s\n", run->test->event, name, o->failure);
	else if (o->skipped[0])
		printf("skip %s: %s: %s\n", run->test->event, name, o->skipped);
	else
		printf("ok %s: %s\n", run->test->event, name);
	*all_ok &= !o->n_failures;
}

void verify_called(int of)
{
	for (uint32_t i = 0; i < run->n_calls; i++)
		if (run->calls[i]->of == of)
			return;
	if (!run->outcomes[of].skipped[0])
		fail_case(of, __FILE__, __LINE__, "no call was made");
}

bool may_run(const char *name)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid() == 0)
		return true;
	printf("skip %s: needs root\n", name);
	return false;
}

void prepare_test(const struct test *test)
{
	run->test = test;
	run->type = test->events ? NULL : tl_event_type_find(test->event);
	if (!run->type && !test->events) {
		printf("not ok %s: no such event\n", test->event);
		exit(1);
	}
	make_folder();
	find_surroundings();
	run->at_case = OF_SESSION;
	if (test->prepare)
		test->prepare();
}

bool prepare_run(const struct test *test)
{
	if (!may_run(test->event))
		return false;
	child_setup(MEMORY);
	prepare_test(test);
	return true;
}

bool run_session(const struct test *test, const char *name, struct tl_session *(*start)(uint32_t pid),
		 void (*verify)(struct tl_session *s), unsigned pause_us, bool *all_ok)
{
	static struct test named;
	int gate = child_gate();
	pid_t pid = child_make(gate);
	struct tl_session *s = start((uint32_t)pid);
	bool ran = s != NULL;

	if (s) {
		open_gate(gate);
		read_until_end(s, pid, OF_SESSION, pause_us);
		verify(s);
	} else {
		child_end(pid);
	}
	tl_session_free(s);
	remove_folder();
	named = *test;
	named.event = name;
	run->test = &named;
	report(OF_SESSION, "session", all_ok);
	return ran;
}

int run_test(const struct test *test)
{
	struct tl_session *s = NULL;
	uint64_t filtered = 0;
	bool all_ok = true, ran = false;
	pid_t pid;
	int gate;

	if (!prepare_run(test))
		return 77;
	gate = child_gate();
	pid = child_make(gate);
	if (start_session(&s, (uint32_t)pid)) {
		open_gate(gate);
		read_until_end(s, pid, OF_SESSION, 0);
		settle();
		compare();
		verify_ledger(s, &filtered);
		verify_numbers(filtered);
		ran = true;
	} else {
		child_end(pid);
	}
	tl_session_free(s);
	remove_folder();
	report(OF_SESSION, "session", &all_ok);
	if (!ran)
		return 1;
	for (size_t i = 0; test->events && i < test->n_cases; i++)
		verify_called((int)i);
	for (size_t i = 0; i < test->n_cases; i++)
		report((int)i, test->cases[i].name, &all_ok);
	report(OF_LEDGER, "ledger balances", &all_ok);
	report(OF_NUMBERS, "numbers without holes", &all_ok);
	report(OF_HASHES, "hashes", &all_ok);
	return all_ok ? 0 : 1;
}
