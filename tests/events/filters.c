/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters in the kernel: a process makes calls with random arguments, as root and
 * as another user, by the 64-bit and the 32-bit door. Those that meet a random
 * filter must come, in order, and no others; all are accounted for.
 */
#include "harness-inside.h"

#define CALLS 3000
#define USER 4243

enum { OF_EVENTS, OF_ACCOUNTS };

static struct kind {
	const char *event;
	long number, number32;
	unsigned n_args;
	unsigned n_tests;
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
} kinds[] = {
	{ "lseek", SYS_lseek, 19, 3, 1, {} },
	{ "getpriority", SYS_getpriority, 96, 2, 5, {} },
	{ "getppid", SYS_getppid, 64, 0, 17, {} },
	{ "sched_get_priority_max", SYS_sched_get_priority_max, 159, 1, TL_FILTER_TESTS_MAX, {} },
};

/* What the child has done. */
struct made {
	uint8_t kind, abi;
	uint32_t pid, uid;
	int64_t ret;
	uint64_t args[TL_ARGS_MAX];
};

static struct {
	struct made *calls; /* CALLS of them; shared */
	uint32_t *n_calls;
	struct made events[CALLS]; /* that have come, n_events */
	unsigned n_events;
} t;

/* ---- Filters ---- */

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

static int64_t some_number(void)
{
	static const int64_t numbers[] = {
		INT64_MIN, -4095, -9, -3, -1, 0, 1, 2, 3, 20, 99, UINT32_MAX, INT64_MAX, USER
	};

	return numbers[below(N_ELEMENTS(numbers))];
}

static uint16_t somewhere_behind(unsigned i, unsigned n)
{
	if (i + 1 < n && below(4))
		return (uint16_t)(i + 1 + below(MIN(n - i - 1, 3)));
	return below(2) ? TL_FILTER_MET : TL_FILTER_UNMET;
}

/* With a low that is larger than the high nothing is between them: that is a filter, too. */
static struct tl_filter_test some_test(const struct kind *k, unsigned i)
{
	static const uint8_t fields[] = { TL_FILTER_RET, TL_FILTER_UID, TL_FILTER_PID, TL_FILTER_EUID };
	struct tl_filter_test test = {
		.kind = (uint8_t)(below(4) ? TL_FILTER_RANGE : TL_FILTER_BITS),
		.low = (uint64_t)some_number(),
		.high = (uint64_t)some_number(),
		.if_true = somewhere_behind(i, k->n_tests),
		.if_false = somewhere_behind(i, k->n_tests),
	};

	if (test.kind == TL_FILTER_BITS)
		test.low &= 7;
	if (k->n_args && below(3)) {
		test.field = TL_FILTER_ARG;
		test.index = (uint8_t)(1 + below(k->n_args));
		test.width = (uint8_t)(1 << below(4));
		test.is_signed = below(2);
	} else {
		test.field = fields[below(N_ELEMENTS(fields))];
	}
	return test;
}

/* ---- What they mean ---- */

static uint64_t narrow(uint64_t value, unsigned width, bool is_signed)
{
	switch (width) {
	case 1:
		return is_signed ? (uint64_t)(int8_t)value : (uint8_t)value;
	case 2:
		return is_signed ? (uint64_t)(int16_t)value : (uint16_t)value;
	case 4:
		return is_signed ? (uint64_t)(int32_t)value : (uint32_t)value;
	default:
		return value;
	}
}

static bool is_true(const struct tl_filter_test *test, const struct made *c)
{
	bool is_signed = test->field == TL_FILTER_RET || (test->field == TL_FILTER_ARG && test->is_signed);
	uint64_t value = test->field == TL_FILTER_RET ? (uint64_t)c->ret :
			 test->field == TL_FILTER_ARG ? narrow(c->args[test->index - 1], test->width, test->is_signed) :
			 test->field == TL_FILTER_PID ? c->pid :
							c->uid;

	if (test->kind == TL_FILTER_BITS)
		return (value & test->low) == test->low;
	if (is_signed)
		return (int64_t)test->low <= (int64_t)value && (int64_t)value <= (int64_t)test->high;
	return test->low <= value && value <= test->high;
}

static bool is_met(const struct made *c)
{
	const struct kind *k = &kinds[c->kind];
	uint16_t at = 0;

	while (at < TL_FILTER_TESTS_MAX)
		at = is_true(&k->tests[at], c) ? k->tests[at].if_true : k->tests[at].if_false;
	return at == TL_FILTER_MET;
}

static struct made some_call(uint8_t kind)
{
	struct made c = { .kind = kind, .pid = 1000, .uid = below(2) ? USER : 0, .ret = some_number() };

	for (unsigned i = 0; i < kinds[kind].n_args; i++)
		c.args[i] = (uint64_t)some_number();
	return c;
}

/* One that lets some through, and not all. */
static void make_filter(uint8_t kind)
{
	unsigned met;

	do {
		for (unsigned i = 0; i < kinds[kind].n_tests; i++)
			kinds[kind].tests[i] = some_test(&kinds[kind], i);
		met = 0;
		for (unsigned i = 0; i < 100; i++) {
			struct made c = some_call(kind);

			met += is_met(&c);
		}
	} while (met < 20 || met > 80);
}

/* ---- The child ---- */

static void make_one(void)
{
	struct made *c = &t.calls[*t.n_calls];
	long args[6] = {};

	c->kind = (uint8_t)below(N_ELEMENTS(kinds));
	c->abi = has_call32() && !below(4);
	for (unsigned i = 0; i < kinds[c->kind].n_args; i++)
		args[i] = below(2) ? some_number() : (long)below(4);
	c->pid = (uint32_t)getpid();
	c->uid = getuid();
	for (unsigned i = 0; i < kinds[c->kind].n_args; i++)
		c->args[i] = c->abi ? (uint32_t)args[i] : (uint64_t)args[i];
	if (c->abi) {
		c->ret = int80(kinds[c->kind].number32, args);
	} else {
		c->ret = syscall(kinds[c->kind].number, args[0], args[1], args[2], args[3], args[4], args[5]);
		c->ret = c->ret == -1 ? -errno : c->ret;
	}
	++*t.n_calls;
}

static void make_calls(void)
{
	while (*t.n_calls < CALLS / 2)
		make_one();
	require(setresuid(USER, USER, USER) == 0);
	while (*t.n_calls < CALLS)
		make_one();
}

/* ---- The tester ---- */

/* Compared when all is over: an event may come before the child has noted its call. */
static int on_event(const struct tl_event *e, void *userdata)
{
	struct made *to = &t.events[t.n_events];

	(void)userdata;
	if (e->kind != TL_EVENT_SYSCALL || t.n_events == CALLS)
		return 0;
	t.n_events++;
	*to = (struct made){ .abi = e->abi, .pid = e->pid, .uid = e->uid, .ret = e->ret };
	while (to->kind < N_ELEMENTS(kinds) && strcmp(kinds[to->kind].event, e->type->name) != 0)
		to->kind++;
	memcpy(to->args, e->args, sizeof(to->args));
	return 0;
}

static bool is_event_of(const struct made *e, const struct made *c)
{
	return e->kind == c->kind && e->abi == c->abi && e->ret == c->ret && e->pid == c->pid && e->uid == c->uid &&
	       memcmp(e->args, c->args, kinds[c->kind].n_args * sizeof(e->args[0])) == 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_options options = { .attach = attach_wanted() };
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1 };
	const char *events[N_ELEMENTS(kinds) + 1] = {};
	struct tl_session *s;
	int r;

	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		events[i] = kinds[i].event;
	r = make_for(&options, &target, events, &s);
	for (size_t i = 0; r >= 0 && i < N_ELEMENTS(kinds); i++)
		r = tl_session_set_filter(s, kinds[i].event, TL_FILTER_AT_ONCE, kinds[i].tests, kinds[i].n_tests);
	return start_made(s, r, on_event);
}

static void verify_kind(struct tl_session *s, unsigned kind)
{
	struct tl_counters k = {};
	uint64_t made = 0, met = 0;

	for (unsigned i = 0; i < CALLS; i++)
		if (t.calls[i].kind == kind) {
			made++;
			met += is_met(&t.calls[i]);
		}
	if (tl_session_counters(s, tl_event_type_find(kinds[kind].event), &k) < 0 || k.seen != made ||
	    k.filtered != made - met || k.emitted != met || k.delivered != met)
		fail_case(OF_ACCOUNTS, __FILE__, __LINE__,
			  "%s: %llu calls, %llu of them wanted: seen %llu, filtered %llu, emitted %llu, delivered %llu",
			  kinds[kind].event, (unsigned long long)made, (unsigned long long)met,
			  (unsigned long long)k.seen, (unsigned long long)k.filtered, (unsigned long long)k.emitted,
			  (unsigned long long)k.delivered);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};
	unsigned met = 0, wrong = 0;

	for (unsigned i = 0; i < *t.n_calls; i++)
		if (is_met(&t.calls[i])) {
			wrong += met >= t.n_events || !is_event_of(&t.events[met], &t.calls[i]);
			met++;
		}
	if (*t.n_calls != CALLS || t.n_events != met || wrong)
		fail_case(OF_EVENTS, __FILE__, __LINE__, "%u calls, %u of them wanted: %u events, %u of them wrong",
			  *t.n_calls, met, t.n_events, wrong);
	/* Otherwise it shows nothing. */
	if (met < CALLS / 10 || met > CALLS - CALLS / 10)
		fail_case(OF_EVENTS, __FILE__, __LINE__, "%u of %u calls wanted", met, CALLS);
	for (unsigned i = 0; i < N_ELEMENTS(kinds); i++)
		verify_kind(s, i);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_ACCOUNTS, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_ACCOUNTS);
	verify_refusals(s, OF_ACCOUNTS);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(make_calls) };
	static const struct test test = { .event = "lseek", .cases = cases, .n_cases = 1 };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.calls = room(CALLS * sizeof(*t.calls));
	t.n_calls = room(sizeof(*t.n_calls));
	srandom(4);
	for (uint8_t i = 0; i < N_ELEMENTS(kinds); i++)
		make_filter(i);
	if (!run_session(&test, "filters", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_EVENTS, "what meets a filter comes, in order, and nothing else", &all_ok);
	report(OF_ACCOUNTS, "what is left out is counted as filtered in the kernel", &all_ok);
	return all_ok ? 0 : 1;
}
