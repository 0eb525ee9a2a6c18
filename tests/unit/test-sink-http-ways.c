// SPDX-License-Identifier: GPL-2.0-or-later
/* Ways to a collector: through a proxy, with a password, as HTTP/2; and answers that lie. */
#include <inttypes.h>
#include <systemd/sd-event.h>

#include "http-receiver.h"
#include "sink-fixture.h"

#define EVENTS 100

struct way {
	struct sinks sinks;
	struct receiver receiver;
	char here[64]; /* the receiver's address */
};

static void init(struct way *t)
{
	memset(t, 0, sizeof(*t));
	sinks_init(&t->sinks);
	receiver_start(&t->receiver);
	snprintf(t->here, sizeof(t->here), "http://127.0.0.1:%u", t->receiver.port);
	t->sinks.output = (struct tl_policy_output){
		.name = (char *)"siem",
		.type = TL_OUTPUT_HTTP,
		.format = TL_FORMAT_NDJSON,
		.http = { .url = t->here,
			  .batch_events = EVENTS,
			  .batch_size = 1 << 20,
			  .batch_time = 1,
			  .timeout = 30,
			  .spool_size = 1 << 20 },
	};
	t->sinks.setup.memory = 8 << 20;
	t->sinks.setup.retry_ms = 2;
	assert_int_equal(sd_event_new(&t->sinks.setup.event), 0);
}

static void done(struct way *t)
{
	t->sinks.sink = tl_sink_unref(t->sinks.sink);
	receiver_done(&t->receiver);
	sd_event_unref(t->sinks.setup.event);
	sinks_done(&t->sinks);
}

static void step(struct way *t)
{
	sd_event_run(t->sinks.setup.event, 5000);
	tl_sink_tick(t->sinks.sink);
	sinks_balance(&t->sinks);
}

static void deliver(struct way *t)
{
	while (tl_sink_waiting(t->sinks.sink))
		step(t);
	assert_int_equal(t->sinks.sink->counters.lost, 0);
}

static void await_failure(struct way *t, const char *why)
{
	for (unsigned i = 0; i < 2000 && !strstr(t->sinks.sink->why, why); i++)
		step(t);
	if (!strstr(t->sinks.sink->why, why))
		fail_msg("'%s' does not say '%s'", t->sinks.sink->why, why);
}

static void assert_header(const struct way *t, const char *header)
{
	if (!strstr(t->receiver.r->headers, header))
		fail_msg("no '%s' in: %s", header, t->receiver.r->headers);
}

static void proxy_carries_them_and_passwords_are_not_told(void **state)
{
	static const char asked[] = "POST http://collector.invalid:4318/v1/logs?password=hidden HTTP/1.1\r\n";
	char proxy[128];
	struct way t;

	(void)state;
	init(&t);
	/* Nobody has such a name: who asked for it would learn nothing. */
	t.sinks.output.http.url = (char *)"http://collector.invalid:4318/v1/logs?password=hidden";
	snprintf(proxy, sizeof(proxy), "http://me:secret@127.0.0.1:%u", t.receiver.port);
	t.sinks.output.http.proxy = proxy;
	receiver_stop(&t.receiver);
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, EVENTS);
	await_failure(&t, "Failed to connect to 127.0.0.1");
	assert_null(strstr(t.sinks.sink->why, "secret"));
	assert_null(strstr(t.sinks.sink->why, "hidden"));
	assert_int_equal(tl_sink_waiting(t.sinks.sink), EVENTS);
	receiver_start(&t.receiver);
	deliver(&t);
	assert_memory_equal(t.receiver.r->headers, asked, strlen(asked));
	assert_header(&t, "\r\nHost: collector.invalid:4318\r\n");
	assert_header(&t, "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n");
	done(&t);
}

static void proxy_of_the_environment_is_not_asked(void **state)
{
	static const char *const names[] = { "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy" };
	struct way t;

	(void)state;
	init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		setenv(names[i], "http://127.0.0.1:1", 1);
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, EVENTS);
	deliver(&t);
	assert_int_equal(strncmp(t.receiver.r->headers, "POST / HTTP/1.1\r\n", 17), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	done(&t);
}

/* What the documentation tells to put into the file. */
static void password_comes_from_a_file(void **state)
{
	struct tl_policy_header header = { .name = (char *)"Authorization" };
	char path[128];
	struct way t;

	(void)state;
	init(&t);
	snprintf(path, sizeof(path), "%s/password", t.sinks.folder);
	write_path(path, "Basic bWU6c2VjcmV0\n");
	header.file = path;
	t.sinks.output.http.headers = &header;
	t.sinks.output.http.n_headers = 1;
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, EVENTS);
	deliver(&t);
	assert_header(&t, "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n");
	/* Which is not ours to read any more. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	sinks_write_many(&t.sinks, EVENTS + 1, EVENTS);
	await_failure(&t, "cannot read the header Authorization from");
	assert_null(strstr(t.sinks.sink->why, "bWU6"));
	assert_int_equal(t.receiver.r->requests, 1);
	assert_int_equal(rmdir(path), 0);
	write_path(path, "Basic bWU6b3RoZXI=\n");
	deliver(&t);
	assert_header(&t, "\r\nAuthorization: Basic bWU6b3RoZXI=\r\n");
	done(&t);
}

/* Each is tried again, without waiting for the end of the request's time. */
static void answers_that_lie_are_none(void **state)
{
	static const struct {
		enum answer answer;
		const char *why;
	} cases[] = {
		{ ANSWER_SHORT, "bytes remaining to read" },
		{ ANSWER_LENGTH, "Content-Length" },
		{ ANSWER_GARBAGE, "HTTP/0.9" },
		{ ANSWER_ENDLESS, "has no end" },
		{ ANSWER_HEADERS, "" }, /* libcurl itself may have seen enough before we have */
		{ ANSWER_CONTINUE, "" },
	};
	struct way t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		init(&t);
		t.receiver.r->answers[0] = (uint8_t)cases[i].answer;
		t.receiver.r->n_answers = 1;
		sinks_open(&t.sinks);
		sinks_write_many(&t.sinks, 1, EVENTS);
		await_failure(&t, cases[i].why);
		assert_true(!strstr(t.sinks.sink->why, "timed out"));
		deliver(&t);
		assert_int_equal(t.receiver.r->requests, 2);
		assert_int_equal(t.receiver.r->taken, 1);
		done(&t);
	}
}

static void answer_that_nobody_asked_for_is_not_the_next_ones(void **state)
{
	struct way t;

	(void)state;
	init(&t);
	for (unsigned i = 0; i < 10; i++)
		t.receiver.r->answers[i] = ANSWER_LONG;
	t.receiver.r->n_answers = 10;
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, 20 * EVENTS);
	deliver(&t);
	assert_true(t.receiver.r->taken >= 20);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxy_carries_them_and_passwords_are_not_told),
		cmocka_unit_test(proxy_of_the_environment_is_not_asked),
		cmocka_unit_test(password_comes_from_a_file),
		cmocka_unit_test(answers_that_lie_are_none),
		cmocka_unit_test(answer_that_nobody_asked_for_is_not_the_next_ones),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
