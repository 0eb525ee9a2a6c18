// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each allocation fails, one after the other: what was asked for is done, or refused with -ENOMEM and
 * nothing of it is there; and with memory again everything is as if nothing had been. With the sanitizers
 * nothing leaks. The linker leads the calls of our own code to the functions below (see tests.mk).
 */
#include "encode-proto.h"
#include "entry.h"
#include "expression-fixture.h"
#include "http-batch.h"
#include "record.h"
#include "sink-fixture.h"
#include "users.h"

#define MOST 100000 /* allocations of anything here */

/* ---- Failing ---- */

static size_t left; /* until one fails; 0: none does */
static bool has_failed;

static bool fails(void)
{
	if (!left || --left)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

static void arm(size_t n)
{
	left = n;
	has_failed = false;
}

/* Whether there was such an allocation. */
static bool disarm(void)
{
	left = 0;
	return has_failed;
}

#define FAILING(type, name, parameters, arguments, failure)   \
	type __real_##name parameters;                        \
	type __wrap_##name parameters;                        \
	type __wrap_##name parameters                         \
	{                                                     \
		return fails() ? failure : __real_##name arguments; \
	}

FAILING(void *, malloc, (size_t size), (size), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(void *, realloc, (void *old, size_t size), (old, size), NULL)
FAILING(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size), NULL)
FAILING(char *, strdup, (const char *text), (text), NULL)
FAILING(char *, strndup, (const char *text, size_t n), (text, n), NULL)
FAILING(int, vasprintf, (char **ret, const char *format, va_list ap), (ret, format, ap), -1)
FAILING(int, __vasprintf_chk, (char **ret, int flag, const char *format, va_list ap), (ret, flag, format, ap), -1)

/* ---- Lines ---- */

typedef int (*encoder)(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);

/* Of that event, when nothing has been rendered before. */
static struct tl_buffer encode_afresh(encoder encode, const struct tl_event *event, struct tl_buffer b, int *ret)
{
	*ret = encode(&b, event, NULL);
	return b;
}

static void check_encoder(encoder encode, const struct tl_event *event)
{
	struct tl_buffer want = { 0 };
	int r;

	tl_encode_done();
	tl_users_set_path("/nowhere"); /* a name may be missing for a moment */
	want = encode_afresh(encode, event, want, &r);
	assert_int_equal(r, 0);
	for (size_t n = 1; n < MOST; n++) {
		struct tl_buffer b = { 0 };
		bool failed;

		tl_encode_done();
		tl_users_set_path("/nowhere");
		arm(n);
		b = encode_afresh(encode, event, b, &r);
		failed = disarm();
		assert_true(r == 0 || r == -ENOMEM);
		if (r < 0)
			assert_int_equal(b.size, 0);
		b.size = 0;
		assert_int_equal(encode(&b, event, NULL), 0);
		assert_int_equal(b.size, want.size);
		assert_memory_equal(b.data, want.data, b.size);
		tl_buffer_done(&b);
		if (!failed)
			break;
	}
	tl_buffer_done(&want);
	tl_encode_done();
}

static void lines_are_whole_or_not_there(void **state)
{
	static const encoder encoders[] = { tl_encode_json, tl_encode_text, tl_encode_proto, tl_entry_encode };
	const struct tl_lost lost = { .count = 9, .seq_first = 1, .seq_last = 9, .stage = "ring" };
	struct tl_event record;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	tl_record_lost(&record, 1, &lost, "a note");
	for (size_t i = 0; i < ARRAY_SIZE(encoders); i++) {
		check_encoder(encoders[i], &f.event);
		check_encoder(encoders[i], &record);
	}
	fixture_done(&f);
	tl_users_set_path(NULL);
}

static void fill_batch(struct tl_http_batch *b, const struct tl_event *event, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(tl_http_batch_add(b, event, NULL), 0);
}

static void check_batch(enum tl_output_format format, bool compress)
{
	const struct tl_policy_http settings = { .compress = compress,
						 .line_before = (char *)(format == TL_FORMAT_JSON ? "{\"index\":{}}" : NULL) };
	struct tl_http_batch want;
	struct fixture f;
	bool failed = true;

	fixture_init(&f);
	tl_users_set_path("/nowhere");
	assert_int_equal(tl_http_batch_init(&want, format, &settings), 0);
	fill_batch(&want, &f.event, 3);
	for (size_t n = 1; failed && n < MOST; n++) {
		struct tl_http_batch b;
		struct tl_block block;
		int r;

		tl_encode_done();
		tl_users_set_path("/nowhere");
		assert_int_equal(tl_http_batch_init(&b, format, &settings), 0);
		arm(n);
		r = tl_http_batch_add(&b, &f.event, NULL);
		r = tl_http_batch_add(&b, &f.event, NULL) < 0 ? -ENOMEM : r;
		failed = disarm();
		assert_true(b.records == (r < 0 ? 1 : 2));
		fill_batch(&b, &f.event, 3 - b.records);
		assert_int_equal(b.block.events, 3);
		assert_int_equal(b.block.body.size, want.block.body.size);
		assert_memory_equal(b.block.body.data, want.block.body.data, want.block.body.size);
		arm(failed ? n : 0);
		r = tl_http_batch_seal(&b, &block);
		failed |= disarm();
		if (r < 0)
			assert_int_equal(tl_http_batch_seal(&b, &block), 0);
		assert_int_equal(block.events, 3);
		tl_block_done(&block);
		tl_http_batch_done(&b);
	}
	tl_http_batch_done(&want);
	fixture_done(&f);
	tl_users_set_path(NULL);
}

static void batches_have_each_event_whole_or_not(void **state)
{
	(void)state;
	check_batch(TL_FORMAT_JSON, false);
	check_batch(TL_FORMAT_PROTO, false);
	check_batch(TL_FORMAT_OTLP, false);
	check_batch(TL_FORMAT_OTLP, true);
}

static void names_of_users_come_once_there_is_memory(void **state)
{
	char path[] = "/tmp/traceleft-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, "alice:x:7::::\n", 14) == 14 && close(fd) == 0);
	for (size_t n = 1, failed = 1; failed; n++) {
		tl_users_set_path(path);
		arm(n);
		tl_user_name(7);
		failed = disarm();
		/* They are looked for each second. */
		for (int i = 0; i < 200 && !tl_user_name(7); i++) {
			usleep(50000);
			tl_users_check();
		}
		assert_non_null(tl_user_name(7));
		assert_string_equal(tl_user_name(7), "alice");
	}
	tl_users_set_path(NULL);
	unlink(path);
}

/* ---- Outputs ---- */

/* Events in the file, and those it says are lost. */
static void count_file(const char *path, size_t *ret_events, size_t *ret_lost)
{
	size_t size, lost = 0;
	char *text = read_path(path, &size);

	for (char *p = text; (p = strstr(p, "\"count\":")); p++)
		lost += strtoul(p + strlen("\"count\":"), NULL, 10);
	*ret_events = count_of(text, "\"action\":\"openat\"");
	*ret_lost = lost;
	free(text);
}

static bool go_through_a_file(size_t n, bool own_first)
{
	struct tl_event own;
	struct sinks t;
	bool failed;
	size_t events, lost;

	sinks_init(&t);
	sinks_open(&t);
	arm(n);
	tl_record_make(&own, TL_EVENT_START, NULL, "it begins");
	if (own_first)
		tl_sink_write(t.sink, &own, NULL);
	tl_sink_flush(t.sink);
	sinks_write_many(&t, 1, 3);
	tl_sink_flush(t.sink);
	failed = disarm();
	tl_sink_tick(t.sink);
	events = t.sink->counters.lost;
	sinks_write_many(&t, 4, 2);
	tl_sink_flush(t.sink);
	assert_int_equal(t.sink->counters.lost, events); /* with memory it takes all of them */
	sinks_balance(&t);
	t.sink = tl_sink_unref(t.sink);
	check_lines(t.path);
	count_file(t.path, &events, &lost);
	assert_int_equal(events + lost, 5);
	sinks_done(&t);
	return failed;
}

static void a_file_has_each_event_or_says_that_it_is_lost(void **state)
{
	(void)state;
	for (size_t n = 1; go_through_a_file(n, true); n++)
		assert_true(n < MOST);
	for (size_t n = 1; go_through_a_file(n, false); n++)
		assert_true(n < MOST);
}

static void an_output_is_there_or_not(void **state)
{
	struct sinks t;
	bool failed = true;
	int r;

	(void)state;
	for (size_t n = 1; failed; n++) {
		sinks_init(&t);
		t.output.rotate_size = 1 << 20;
		t.output.seal = n % 2;
		arm(n);
		r = tl_sink_new(&t.output, &t.setup, &t.sink);
		failed = disarm();
		assert_true(r == 0 || r == -ENOMEM);
		assert_true(!r == !!t.sink);
		sinks_done(&t);
	}
}

/* ---- Words ---- */

static void what_has_to_be_said_is_said(void **state)
{
	char path[] = "/tmp/traceleft-test-XXXXXX";
	int fd = mkstemp(path), error = dup(STDERR_FILENO);
	char *text;

	(void)state;
	assert_true(fd >= 0 && error >= 0);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	tl_log_setup(true);
	for (size_t n = 1; n <= 3; n++) {
		arm(n);
		tl_log(LOG_ERR, "number %zu\nand more", n);
		disarm();
	}
	dup2(error, STDERR_FILENO);
	close(error);
	text = read_path(path, NULL);
	assert_int_equal(count_of(text, "traceleftd: number "), 3);
	assert_int_equal(count_of(text, "\n"), 3); /* nothing in it can begin a line */
	free(text);
	close(fd);
	unlink(path);
}

/* ---- Policies ---- */

static const char policy[] =
	"version: 1\n"
	"targets:\n"
	"  web: {unit: nginx.service, executable: [/usr/bin/*, /opt/x]}\n"
	"rules:\n"
	"  - {name: a, target: web, events: [openat, \"@network\"], where: 'uid in (1, 2, 3) and ret != -2'}\n"
	"  - {name: b, events: [openat], aggregate: {by: [executable, path], every: 10s, emit: 'top:5'}}\n"
	"  - {name: c, events: [read], limit: 3/1s}\n"
	"outputs:\n"
	"  log: {type: file, path: /var/log/x, rotate: {size: 1M, keep: 3}}\n"
	"  net: {type: http, url: 'http://127.0.0.1/', format: proto, spool: {path: /var/lib/y, size: 4M}}\n";

static void a_policy_is_read_or_there_is_no_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct tl_problems problems = { 0 };
		struct tl_policy *p = NULL;
		int r;

		arm(n);
		r = tl_policy_parse("policy.yaml", policy, strlen(policy), &p, &problems);
		failed = disarm();
		if (r != 0 && r != -ENOMEM)
			fail_msg("%d: %u:%u: %s", r, problems.n ? problems.problem[0].line : 0,
				 problems.n ? problems.problem[0].column : 0,
				 problems.n ? problems.problem[0].message : "");
		assert_true(!r == !!p);
		tl_policy_free(p);
		tl_problems_done(&problems);
	}
}

static int add_up(const struct tl_policy_rule *rule, const struct tl_event *event, const struct tl_annotation *a,
		  void *userdata)
{
	(void)rule;
	(void)event;
	*(uint64_t *)userdata += a->result ? a->count : 1;
	return 0;
}

static void each_event_is_counted(void **state)
{
	static const char *const names[] = { "read-passwd", "write-shadow", "read", "read-passwd" };
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		static const char text[] = "version: 1\noutputs: {journal: {type: journald}}\nrules:\n"
					   "  - {name: a, events: [openat, read], aggregate: {by: [executable, path], every: 10s}}\n";
		struct tl_problems problems = { 0 };
		struct tl_policy *p = NULL;
		uint64_t sum = 0;

		assert_int_equal(tl_policy_parse("policy.yaml", text, strlen(text), &p, &problems), 0);
		arm(n);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct tl_event event;

			assert_true(fixture_find(names[i], &event));
			event.time = (1700000000 + i) * 1000000000ULL;
			assert_int_equal(tl_policy_filter(p, &event, add_up, &sum), TL_FATE_AGGREGATED);
		}
		failed = disarm();
		assert_int_equal(tl_policy_flush(p, 1700000009ULL * 1000000000, true, add_up, &sum), 0);
		assert_int_equal(sum, ARRAY_SIZE(names));
		tl_policy_free(p);
		tl_problems_done(&problems);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_whole_or_not_there),
		cmocka_unit_test(batches_have_each_event_whole_or_not),
		cmocka_unit_test(names_of_users_come_once_there_is_memory),
		cmocka_unit_test(a_file_has_each_event_or_says_that_it_is_lost),
		cmocka_unit_test(an_output_is_there_or_not),
		cmocka_unit_test(what_has_to_be_said_is_said),
		cmocka_unit_test(a_policy_is_read_or_there_is_no_memory),
		cmocka_unit_test(each_event_is_counted),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
