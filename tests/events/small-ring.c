/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring that is much too small for what happens: losing is allowed, but each
 * event is delivered once or declared lost.
 */
#include "encode.h"
#include "harness-inside.h"

#define RING 65536
#define CPUS 1024

enum { OF_SUM, OF_RECORDS, OF_STREAMS, OF_BALANCE };

static struct {
	uint64_t n; /* calls */
	uint64_t delivered, n_records, declared;
	struct stream {
		uint8_t *bits; /* by number: accounted for */
		uint64_t room, last;
	} streams[CPUS];
} t;

#define wants(of, condition, ...) ((condition) ? (void)0 : fail_case(of, __FILE__, __LINE__, __VA_ARGS__))

static void account(uint32_t cpu, uint64_t first, uint64_t last)
{
	struct stream *stream = &t.streams[cpu];

	if (last >= stream->room) {
		uint64_t grown = MAX(2 * last, 65536UL);

		stream->bits = realloc(stream->bits, grown);
		if (!stream->bits)
			abort();
		memset(stream->bits + stream->room, 0, grown - stream->room);
		stream->room = grown;
	}
	for (uint64_t seq = first; seq <= last; seq++) {
		wants(OF_STREAMS, !stream->bits[seq], "number %llu of CPU %u twice", (unsigned long long)seq, cpu);
		stream->bits[seq] = 1;
	}
	stream->last = MAX(stream->last, last);
}

static void verify_record(const struct tl_event *e)
{
	const struct tl_lost *lost = e->lost;
	struct tl_buffer json = {}, line = {};

	t.n_records++;
	t.declared += lost->count;
	wants(OF_RECORDS, strcmp(e->type->name, "lost") == 0, "type %s", e->type->name);
	wants(OF_RECORDS, lost->count == lost->seq_last - lost->seq_first + 1, "count %llu of numbers %llu to %llu",
	      (unsigned long long)lost->count, (unsigned long long)lost->seq_first, (unsigned long long)lost->seq_last);
	wants(OF_RECORDS, strcmp(lost->stage, "ring") == 0, "stage %s", lost->stage);
	wants(OF_RECORDS, lost->time_first <= lost->time_last && lost->time_last <= now() + 20000000,
	      "times are wrong");
	account(e->cpu, lost->seq_first, lost->seq_last);
	wants(OF_RECORDS, tl_encode_json(&json, e, NULL) == 0 && tl_encode_text(&line, e, NULL) == 0, "not encoded");
	wants(OF_RECORDS, memmem(json.data, json.size, "\"action\":\"lost\"", 15) && json.data[json.size - 1] == '\n',
	      "JSON: %.*s", (int)json.size, json.data);
	wants(OF_RECORDS,
	      memmem(json.data, json.size, "\"seq_first\":", 12) &&
		      memmem(json.data, json.size, "\"stage\":\"ring\"", 14),
	      "JSON: %.*s", (int)json.size, json.data);
	wants(OF_RECORDS, memmem(line.data, line.size, "lost", 4) && line.data[line.size - 1] == '\n', "text: %.*s",
	      (int)line.size, line.data);
	tl_buffer_done(&json);
	tl_buffer_done(&line);
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	if (e->cpu >= CPUS)
		abort();
	if (e->kind == TL_EVENT_LOST) {
		verify_record(e);
		return 0;
	}
	t.delivered++;
	wants(OF_SUM, e->kind == TL_EVENT_SYSCALL && e->pid == (uint32_t)run->child->pid,
	      "an event of kind %d of process %u", e->kind, e->pid);
	account(e->cpu, e->seq, e->seq);
	return 0;
}

static void call_all(void)
{
	for (uint64_t i = 0; i < t.n; i++)
		syscall(SYS_getppid);
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1 };
	const struct tl_options options = { .attach = attach_wanted(), .buffer = RING };
	static const char *const events[] = { "getppid", NULL };

	return start_for(&options, &target, events, on_event);
}

static void verify(struct tl_session *s)
{
	struct tl_counters own = {}, all = {};
	uint64_t missing = 0;

	wants(OF_BALANCE, tl_session_counters(s, run->type, &own) == 0 && tl_session_counters(s, NULL, &all) == 0,
	      "no counters");
	verify_balance(&own, OF_BALANCE);
	verify_balance(&all, OF_BALANCE);
	verify_refusals(s, OF_BALANCE);
	wants(OF_SUM, own.seen == t.n, "seen %llu", (unsigned long long)own.seen);
	wants(OF_SUM, own.delivered == t.delivered && t.delivered + own.lost == t.n, "delivered %llu, lost %llu",
	      (unsigned long long)t.delivered, (unsigned long long)own.lost);
	wants(OF_SUM, own.lost > 0 && t.delivered > 0, "nothing was lost: the test shows nothing");
	wants(OF_RECORDS, t.declared == all.lost, "declared %llu, lost %llu", (unsigned long long)t.declared,
	      (unsigned long long)all.lost);
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		for (uint64_t seq = 1; seq <= t.streams[cpu].last; seq++)
			missing += !t.streams[cpu].bits[seq];
	wants(OF_STREAMS, missing <= all.filtered, "%llu undeclared, %llu kept back", (unsigned long long)missing,
	      (unsigned long long)all.filtered);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(call_all) };
	static const struct test test = { "getppid", cases, 1, NULL, NULL };
	const char *wanted = getenv("TL_TEST_CALLS");
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.n = wanted ? strtoull(wanted, NULL, 10) : 1000000;
	if (!run_session(&test, "small-ring", start_session, verify, 20000, &all_ok))
		return 1;
	report(OF_SUM, text("delivered and lost are %llu", (unsigned long long)t.n), &all_ok);
	report(OF_RECORDS, text("%s declare all that is lost", t.n_records ? "records" : "no records"), &all_ok);
	report(OF_STREAMS, "each number delivered or declared, once", &all_ok);
	report(OF_BALANCE, "ledger balances", &all_ok);
	return all_ok ? 0 : 1;
}
