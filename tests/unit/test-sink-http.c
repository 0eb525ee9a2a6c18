// SPDX-License-Identifier: GPL-2.0-or-later
/* The output to a collector: every event arrives, whatever the collector does,
 * or is counted as lost; and the loop never waits. */
#include <inttypes.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <systemd/sd-event.h>
#include <zlib.h>

#include "encode-proto.h"
#include "event.pb-c.h"
#include "http-receiver.h"
#include "otlp.pb-c.h"
#include "sink-fixture.h"

#define SEQ_MAX 200000
#define STALL UINT64_C(50000000) /* ns */
#ifdef __SANITIZE_ADDRESS__
#define WORK_MAX (10 * STALL) /* what sanitizers do is not the output's work */
#else
#define WORK_MAX STALL
#endif

struct https {
	struct sinks sinks;
	struct receiver receiver;
	char url[64], spool[128];
	uint64_t longest, longest_work; /* ns that a step took at most, and of the processor's time */
	unsigned heavy, sleeps, stalls; /* steps with more work than WORK_MAX, that slept, that slept and took longer */
	uint8_t *times; /* that an event arrived, by seq */
	uint64_t lost_records, lost_count; /* in what arrived */
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* What others do meanwhile is not in it. */
static uint64_t work_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void init(struct https *t)
{
	memset(t, 0, sizeof(*t));
	sinks_init(&t->sinks);
	receiver_start(&t->receiver);
	snprintf(t->url, sizeof(t->url), "http://127.0.0.1:%u/v1/logs", t->receiver.port);
	snprintf(t->spool, sizeof(t->spool), "%s/spool", t->sinks.folder);
	t->sinks.output = (struct tl_policy_output){
		.name = (char *)"siem",
		.type = TL_OUTPUT_HTTP,
		.format = TL_FORMAT_NDJSON,
		.http = { .url = t->url,
			  .batch_events = 100,
			  .batch_size = 64 << 10,
			  .batch_time = 1,
			  .timeout = 1,
			  .compress = true,
			  .spool_size = 4 << 20 },
	};
	t->sinks.setup.memory = 4 << 20;
	t->sinks.setup.retry_ms = 2;
	assert_int_equal(sd_event_new(&t->sinks.setup.event), 0);
	t->times = calloc(SEQ_MAX, 1);
}

static void done(struct https *t)
{
	t->sinks.sink = tl_sink_unref(t->sinks.sink);
	receiver_done(&t->receiver);
	sd_event_unref(t->sinks.setup.event);
	sinks_done(&t->sinks);
	free(t->times);
}

/* How often this thread has waited for something: others may take the processor from it, but it gives
 * it away only then. */
static long sleeps_now(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

struct begin {
	uint64_t time, work;
	long sleeps;
};

static struct begin begin(void)
{
	return (struct begin){ now(), work_now(), sleeps_now() };
}

static void took(struct https *t, struct begin begin)
{
	uint64_t time = now() - begin.time, work = work_now() - begin.work;
	bool slept = sleeps_now() != begin.sleeps;

	t->longest = MAX(t->longest, time);
	t->longest_work = MAX(t->longest_work, work);
	t->heavy += work > WORK_MAX;
	t->sleeps += slept;
	t->stalls += slept && time > STALL;
}

static void step(struct https *t, unsigned wait_ms)
{
	struct begin start;

	if (wait_ms)
		sd_event_run(t->sinks.setup.event, wait_ms * 1000);
	start = begin();
	tl_sink_tick(t->sinks.sink);
	took(t, start);
	for (int r = 1; r > 0;) {
		start = begin();
		r = sd_event_run(t->sinks.setup.event, 0);
		took(t, start);
	}
	sinks_balance(&t->sinks);
}

static void write_events(struct https *t, uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct begin start = begin();

		sinks_write(&t->sinks, first + i);
		if (i % 50 == 0) {
			tl_sink_flush(t->sinks.sink);
			sd_event_run(t->sinks.setup.event, 0);
		}
		took(t, start);
	}
}

/* Until nothing waits any more. */
static void drain(struct https *t, unsigned seconds)
{
	uint64_t end = now() + seconds * UINT64_C(1000000000);

	while (tl_sink_waiting(t->sinks.sink) && now() < end)
		step(t, 5);
	assert_int_equal(tl_sink_waiting(t->sinks.sink), 0);
}

/* ---- What arrived ---- */

static void unpack(const char *body, size_t size, bool gzip, struct tl_buffer *ret)
{
	z_stream z = { .next_in = (Bytef *)body, .avail_in = (uInt)size };

	ret->size = 0;
	if (!gzip) {
		assert_int_equal(tl_buffer_append(ret, body, size), 0);
		return;
	}
	assert_int_equal(tl_buffer_reserve(ret, 64 << 20), 0);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_out = (Bytef *)ret->data;
	z.avail_out = 64 << 20;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	ret->size = z.total_out;
	inflateEnd(&z);
}

static void arrived(struct https *t, const char *action, uint64_t seq, uint64_t count)
{
	if (!strcmp(action, "lost")) {
		t->lost_records++;
		t->lost_count += count;
		return;
	}
	assert_string_equal(action, "openat");
	assert_true(seq < SEQ_MAX);
	t->times[seq] += t->times[seq] < 255;
}

static uint64_t number_behind(const char *text, const char *key)
{
	const char *found = strstr(text, key);

	return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

static void read_lines(struct https *t, struct tl_buffer *text)
{
	assert_int_equal(tl_buffer_append(text, "", 1), 0);
	for (char *line = text->data, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end); /* no torn line */
		*end = 0;
		if (!strncmp(line, "{\"index\"", 8))
			continue;
		assert_true(line[0] == '{' && end[-1] == '}');
		arrived(t, strstr(line, "\"action\":\"lost\"") ? "lost" : "openat", number_behind(line, "\"seq\":"),
			number_behind(line, "\"count\":"));
	}
}

static void read_proto(struct https *t, const struct tl_buffer *body)
{
	Traceleft__Events *events = traceleft__events__unpack(NULL, body->size, (uint8_t *)body->data);

	assert_non_null(events);
	for (size_t i = 0; i < events->n_events; i++)
		arrived(t, events->events[i]->event->action, events->events[i]->traceleft->seq,
			events->events[i]->traceleft->count);
	traceleft__events__free_unpacked(events, NULL);
}

static uint64_t attribute(const Traceleft__Otlp__LogRecord *record, const char *key)
{
	for (size_t i = 0; i < record->n_attributes; i++)
		if (!strcmp(record->attributes[i]->key, key))
			return (uint64_t)record->attributes[i]->value->int_value;
	return 0;
}

static void read_otlp(struct https *t, const struct tl_buffer *body)
{
	Traceleft__Otlp__ExportLogsServiceRequest *request = traceleft__otlp__export_logs_service_request__unpack(
		NULL, body->size, (uint8_t *)body->data);
	Traceleft__Otlp__ScopeLogs *logs;

	assert_non_null(request);
	logs = request->resource_logs[0]->scope_logs[0];
	for (size_t i = 0; i < logs->n_log_records; i++)
		arrived(t, logs->log_records[i]->event_name, attribute(logs->log_records[i], "traceleft.seq"),
			attribute(logs->log_records[i], "traceleft.count"));
	traceleft__otlp__export_logs_service_request__free_unpacked(request, NULL);
}

/* Fills `times` from all bodies that were taken. */
static void read_received(struct https *t)
{
	const struct received *r = t->receiver.r;
	struct tl_buffer body = { 0 };
	uint32_t size;

	memset(t->times, 0, SEQ_MAX);
	t->lost_records = t->lost_count = 0;
	for (size_t at = 0; at < r->size; at += size + sizeof(size)) {
		memcpy(&size, r->bodies + at, sizeof(size));
		unpack(r->bodies + at + sizeof(size), size, t->sinks.output.http.compress, &body);
		if (t->sinks.output.format == TL_FORMAT_PROTO)
			read_proto(t, &body);
		else if (t->sinks.output.format == TL_FORMAT_OTLP)
			read_otlp(t, &body);
		else
			read_lines(t, &body);
	}
	tl_buffer_done(&body);
}

/* How many of n events from `first` on arrived. */
static uint64_t count_arrived(const struct https *t, uint64_t first, uint64_t n)
{
	uint64_t count = 0;

	for (uint64_t i = first; i < first + n; i++)
		count += t->times[i] > 0;
	return count;
}

static uint64_t count_twice(const struct https *t)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < SEQ_MAX; i++)
		count += t->times[i] > 1;
	return count;
}

static void plan(struct https *t, const enum answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		t->receiver.r->answers[i] = (uint8_t)answers[i];
	t->receiver.r->next = 0;
	t->receiver.r->n_answers = (uint32_t)n;
}

/* ---- Tests ---- */

static void every_format_arrives_once_and_whole(void **state)
{
	static const enum tl_output_format formats[] = { TL_FORMAT_NDJSON, TL_FORMAT_PROTO, TL_FORMAT_OTLP };
	static const char *const types[] = { "application/x-ndjson", "application/x-protobuf",
					     "application/x-protobuf" };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct https t;

		init(&t);
		t.sinks.output.format = formats[i / 2];
		t.sinks.output.http.compress = i % 2;
		sinks_open(&t.sinks);
		write_events(&t, 1, 1050);
		drain(&t, 10);
		read_received(&t);
		assert_int_equal(count_arrived(&t, 1, 1050), 1050);
		assert_int_equal(count_twice(&t), 0);
		assert_int_equal(t.sinks.sink->counters.delivered, 1050);
		assert_non_null(strstr(t.receiver.r->headers, types[i / 2]));
		assert_int_equal(!strstr(t.receiver.r->headers, "Content-Encoding: gzip"), i % 2 == 0);
		assert_true(t.receiver.r->requests >= 11);
		done(&t);
	}
}

static void an_event_waits_for_others_only_so_long(void **state)
{
	struct https t;
	uint64_t start = now();

	(void)state;
	init(&t);
	sinks_open(&t.sinks);
	write_events(&t, 1, 1);
	drain(&t, 10);
	assert_true(now() - start >= UINT64_C(900000000) && now() - start < UINT64_C(3000000000));
	done(&t);
}

static void a_line_stands_before_each_event(void **state)
{
	struct tl_buffer body = { 0 };
	struct https t;
	uint32_t size;

	(void)state;
	init(&t);
	t.sinks.output.http.line_before = (char *)"{\"index\":{}}";
	sinks_open(&t.sinks);
	write_events(&t, 1, 100);
	drain(&t, 10);
	memcpy(&size, t.receiver.r->bodies, sizeof(size));
	unpack(t.receiver.r->bodies + sizeof(size), size, true, &body);
	assert_int_equal(tl_buffer_append(&body, "", 1), 0);
	assert_int_equal(count_of(body.data, "{\"index\":{}}\n{\"@timestamp\""),
			 t.receiver.r->taken == 1 ? 100 : count_of(body.data, "{\"index\""));
	tl_buffer_done(&body);
	read_received(&t);
	assert_int_equal(count_arrived(&t, 1, 100), 100);
	done(&t);
}

/* All that can go wrong, in any order. */
static void plan_trouble(struct https *t)
{
	unsigned silences = 0;

	for (unsigned i = 0; i < 250; i++) {
		enum answer answer = (enum answer)(random() % ANSWERS);

		/* These are for good, or take their time. */
		if (answer == ANSWER_400 || answer == ANSWER_REDIRECT || answer == ANSWER_429_LATER ||
		    (answer == ANSWER_PARTIAL && t->sinks.output.format != TL_FORMAT_OTLP) ||
		    (answer == ANSWER_SILENCE && silences == 4))
			answer = ANSWER_OK;
		silences += answer == ANSWER_SILENCE;
		t->receiver.r->answers[i] = (uint8_t)answer;
	}
	t->receiver.r->n_answers = 250;
}

static uint64_t partial_successes(const struct received *r)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < MIN(r->next, r->n_answers); i++)
		n += r->answers[i] == ANSWER_PARTIAL;
	return n;
}

/* A disk may keep anybody waiting: the folder gets one of memory. Whether it could. */
static bool mount_memory(const char *folder)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", folder, "tmpfs", 0, NULL) == 0;
}

static void endure(enum tl_output_format format, uint64_t n)
{
	struct https t;
	uint64_t refused;
	bool memory;

	srandom(17);
	init(&t);
	memory = mount_memory(t.sinks.folder);
	t.sinks.output.format = format;
	t.sinks.output.http.spool_path = t.spool;
	t.sinks.output.http.spool_size = 64 << 20;
	t.sinks.output.http.batch_events = 1000;
	t.sinks.output.http.batch_size = 1 << 20;
	plan_trouble(&t);
	sinks_open(&t.sinks);
	write_events(&t, 1, n);
	drain(&t, 120);
	read_received(&t);
	refused = partial_successes(t.receiver.r);
	print_message("%u requests, %u taken, %" PRIu64 " in part; longest step %.1f ms, %.1f ms of them work; "
		      "%u slept%s\n",
		      t.receiver.r->requests, t.receiver.r->taken, refused, (double)t.longest / 1e6,
		      (double)t.longest_work / 1e6, t.sleeps, memory ? "" : ", maybe for the disk");
	/* No step is a stall for its work, or for what it waits for, however busy the machine is. */
	assert_int_equal(t.heavy, 0);
	assert_true(!t.stalls || !memory);
	assert_int_equal(count_arrived(&t, 1, n), n);
	/* What a collector says it has not taken is believed, though here it has come. */
	assert_int_equal(t.sinks.sink->counters.lost, refused);
	assert_int_equal(t.sinks.sink->counters.delivered, n - refused);
	assert_true(t.receiver.r->requests > t.receiver.r->taken + 50);
	assert_true(format != TL_FORMAT_OTLP || refused > 0);
	t.sinks.sink = tl_sink_unref(t.sinks.sink);
	if (memory)
		umount2(t.sinks.folder, MNT_DETACH);
	done(&t);
}

static void whatever_the_collector_answers_every_event_arrives(void **state)
{
	(void)state;
	endure(TL_FORMAT_OTLP, 100000);
}

static void what_is_refused_is_lost_and_declared_and_not_sent_again(void **state)
{
	static const enum answer answers[] = { ANSWER_400, ANSWER_REDIRECT };
	struct https t;

	(void)state;
	init(&t);
	plan(&t, answers, 2);
	sinks_open(&t.sinks);
	write_events(&t, 1, 300);
	drain(&t, 10);
	for (unsigned i = 0; i < 300; i++)
		step(&t, 5); /* the declaration waits for others, too */
	read_received(&t);
	assert_int_equal(t.sinks.sink->counters.lost, 300 - count_arrived(&t, 1, 300));
	assert_true(t.sinks.sink->counters.lost >= 100);
	assert_int_equal(t.lost_count, t.sinks.sink->counters.lost);
	assert_int_equal(count_twice(&t), 0);
	done(&t);
}

static void a_partial_success_counts_what_was_not_taken(void **state)
{
	static const enum answer answers[] = { ANSWER_PARTIAL };
	struct https t;

	(void)state;
	init(&t);
	t.sinks.output.format = TL_FORMAT_OTLP;
	plan(&t, answers, 1);
	sinks_open(&t.sinks);
	write_events(&t, 1, 100);
	drain(&t, 10);
	assert_int_equal(t.sinks.sink->counters.lost, 1);
	assert_int_equal(t.sinks.sink->counters.delivered, 99);
	done(&t);
}

static void the_collector_says_when_to_come_back(void **state)
{
	static const enum answer answers[] = { ANSWER_429_LATER };
	struct https t;
	uint64_t start;

	(void)state;
	init(&t);
	plan(&t, answers, 1);
	sinks_open(&t.sinks);
	start = now();
	write_events(&t, 1, 100);
	drain(&t, 10);
	assert_true(now() - start >= UINT64_C(2000000000));
	assert_int_equal(t.receiver.r->requests, t.receiver.r->taken + 1);
	done(&t);
}

static void what_waits_on_the_disk_is_sent_by_the_next_start(void **state)
{
	struct https t;

	(void)state;
	init(&t);
	t.sinks.output.http.spool_path = t.spool;
	receiver_stop(&t.receiver);
	sinks_open(&t.sinks);
	write_events(&t, 1, 950);
	step(&t, 10);
	assert_int_equal(tl_sink_waiting(t.sinks.sink), 950);
	assert_true(t.sinks.sink->error < 0);
	sinks_restart(&t.sinks);
	assert_int_equal(tl_sink_waiting(t.sinks.sink), 950);
	write_events(&t, 951, 50);
	receiver_start(&t.receiver);
	drain(&t, 10);
	assert_int_equal(t.sinks.sink->error, 0);
	read_received(&t);
	assert_int_equal(count_arrived(&t, 1, 1000), 1000);
	assert_int_equal(t.sinks.sink->counters.lost, 0);
	done(&t);
}

static void without_room_what_is_new_is_lost_and_declared(void **state)
{
	struct https t;
	uint64_t lost;

	(void)state;
	init(&t);
	t.sinks.output.http.spool_path = t.spool;
	t.sinks.output.http.spool_size = 128 << 10;
	t.sinks.output.http.compress = false;
	t.sinks.setup.memory = 256 << 10;
	receiver_stop(&t.receiver);
	sinks_open(&t.sinks);
	write_events(&t, 1, 2000);
	lost = t.sinks.sink->counters.lost;
	assert_true(lost > 1000);
	receiver_start(&t.receiver);
	drain(&t, 10);
	for (unsigned i = 0; i < 300; i++)
		step(&t, 5);
	read_received(&t);
	assert_int_equal(t.sinks.sink->counters.lost, lost);
	assert_int_equal(count_arrived(&t, 1, 2000 - lost), 2000 - lost); /* the first ones */
	assert_int_equal(t.lost_count, lost);
	done(&t);
}

static void the_oldest_are_lost_and_declared_if_that_is_wanted(void **state)
{
	struct https t;

	(void)state;
	init(&t);
	t.sinks.output.http.spool_path = t.spool;
	t.sinks.output.http.spool_size = 128 << 10;
	t.sinks.output.http.spool_drop = 1;
	t.sinks.output.http.compress = false;
	t.sinks.output.http.batch_events = 10;
	receiver_stop(&t.receiver);
	sinks_open(&t.sinks);
	write_events(&t, 1, 2000);
	assert_true(t.sinks.sink->counters.lost > 1000);
	receiver_start(&t.receiver);
	drain(&t, 10);
	for (unsigned i = 0; i < 300; i++)
		step(&t, 5);
	read_received(&t);
	assert_int_equal(count_arrived(&t, 1, 2000) + t.sinks.sink->counters.lost, 2000);
	assert_int_equal(count_arrived(&t, 1950, 51), 51); /* the last ones are there */
	assert_int_equal(t.lost_count, t.sinks.sink->counters.lost);
	done(&t);
}

static void the_token_is_read_for_each_request(void **state)
{
	struct tl_policy_header headers[] = { { .name = (char *)"Authorization" },
					      { .name = (char *)"X-Fleet", .value = (char *)"a b" } };
	char path[128];
	struct https t;

	(void)state;
	init(&t);
	snprintf(path, sizeof(path), "%s/token", t.sinks.folder);
	headers[0].file = path;
	t.sinks.output.http.headers = headers;
	t.sinks.output.http.n_headers = 2;
	sinks_open(&t.sinks);
	write_events(&t, 1, 100);
	for (unsigned i = 0; i < 5; i++)
		step(&t, 5);
	assert_non_null(strstr(t.sinks.sink->why, "token"));
	assert_int_equal(t.receiver.r->requests, 0); /* not without */
	write_path(path, "Bearer one\nmore\n");
	drain(&t, 10);
	assert_non_null(strstr(t.receiver.r->headers, "\r\nAuthorization: Bearer one\r\n"));
	assert_non_null(strstr(t.receiver.r->headers, "\r\nX-Fleet: a b\r\n"));
	write_path(path, "Bearer two");
	write_events(&t, 101, 100);
	drain(&t, 10);
	assert_non_null(strstr(t.receiver.r->headers, "\r\nAuthorization: Bearer two\r\n"));
	done(&t);
}

static void a_reload_takes_the_spool_over(void **state)
{
	struct tl_sink *old;
	struct https t;

	(void)state;
	init(&t);
	t.sinks.output.http.spool_path = t.spool;
	receiver_stop(&t.receiver);
	sinks_open(&t.sinks);
	write_events(&t, 1, 500);
	old = t.sinks.sink;
	t.sinks.output.http.batch_events = 50; /* another output, so that it is opened anew */
	sinks_open(&t.sinks); /* while the old one has the spool */
	write_events(&t, 501, 100);
	tl_sink_unref(old);
	receiver_start(&t.receiver);
	drain(&t, 10);
	read_received(&t);
	assert_int_equal(count_arrived(&t, 1, 600), 600);
	done(&t);
}

static void a_spool_that_cannot_be_is_told_at_the_start(void **state)
{
	struct https t;

	(void)state;
	init(&t);
	t.sinks.output.http.spool_path = (char *)"/nonexistent/spool";
	assert_int_equal(tl_sink_new(&t.sinks.output, &t.sinks.setup, &t.sinks.sink), -ENOENT);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_arrives_once_and_whole),
		cmocka_unit_test(an_event_waits_for_others_only_so_long),
		cmocka_unit_test(a_line_stands_before_each_event),
		cmocka_unit_test(whatever_the_collector_answers_every_event_arrives),
		cmocka_unit_test(what_is_refused_is_lost_and_declared_and_not_sent_again),
		cmocka_unit_test(a_partial_success_counts_what_was_not_taken),
		cmocka_unit_test(the_collector_says_when_to_come_back),
		cmocka_unit_test(what_waits_on_the_disk_is_sent_by_the_next_start),
		cmocka_unit_test(without_room_what_is_new_is_lost_and_declared),
		cmocka_unit_test(the_oldest_are_lost_and_declared_if_that_is_wanted),
		cmocka_unit_test(the_token_is_read_for_each_request),
		cmocka_unit_test(a_reload_takes_the_spool_over),
		cmocka_unit_test(a_spool_that_cannot_be_is_told_at_the_start),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
