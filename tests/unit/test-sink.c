// SPDX-License-Identifier: GPL-2.0-or-later
/* What all outputs have in common: the balance, and losses that are declared. */
#include "outputs.h"
#include "record.h"
#include "sink-fixture.h"

/* An output that takes as many events as it is allowed, and remembers the losses it was told of. */
struct fake {
	unsigned room;
	bool refuse_records;
	unsigned records, flushes, refuse_writes;
	uint64_t number; /* of the record before the last */
	struct tl_lost told[8];
	uint32_t cpus[8];
	char stages[8][64];
};

static struct fake fake;

static int fake_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	if (fake.refuse_writes) {
		fake.refuse_writes--;
		return -ENOMEM;
	}
	fake.number = annotation->chain->records;
	if (event->kind == TL_EVENT_LOST) {
		if (fake.refuse_records)
			return -ENOBUFS;
		assert_true(fake.records < 8);
		fake.told[fake.records] = *event->lost;
		fake.cpus[fake.records] = event->cpu;
		strcpy(fake.stages[fake.records++], event->lost->stage);
		return 0;
	}
	if (!fake.room)
		return -ENOBUFS;
	fake.room--;
	if (event->kind < TL_EVENT_LOST)
		tl_sink_delivered(s, 1, 10);
	return 0;
}

static void fake_flush(struct tl_sink *s)
{
	(void)s;
	fake.flushes++;
}

static const struct tl_sink_ops fake_ops = {
	.type = "fake",
	.write = fake_write,
	.flush = fake_flush,
	.close = fake_flush,
};

static void open_fake(struct sinks *t)
{
	sinks_init(t);
	fake = (struct fake){ 0 };
	t->sink = calloc(1, sizeof(*t->sink));
	assert_non_null(t->sink);
	*t->sink = (struct tl_sink){ .ops = &fake_ops, .name = strdup("fake"), .references = 1 };
}

static void loss_is_declared_once_there_is_room(void **state)
{
	struct sinks t;

	(void)state;
	open_fake(&t);
	fake.room = 2;
	sinks_write_many(&t, 1, 5);
	assert_int_equal(t.sink->counters.delivered, 2);
	assert_int_equal(t.sink->counters.lost, 3);
	assert_int_equal(fake.records, 0);
	sinks_balance(&t);

	fake.room = 10;
	sinks_write(&t, 6); /* not before the output says so */
	assert_int_equal(t.sink->counters.lost, 4);
	tl_sink_unblock(t.sink);
	assert_int_equal(fake.records, 1);
	assert_int_equal(fake.told[0].count, 4);
	assert_int_equal(fake.told[0].seq_first, 3);
	assert_int_equal(fake.told[0].seq_last, 6);
	assert_string_equal(fake.stages[0], "fake");
	sinks_write(&t, 7);
	assert_int_equal(t.sink->counters.delivered, 3);
	tl_sink_unblock(t.sink);
	assert_int_equal(fake.records, 1);
	sinks_balance(&t);
	sinks_done(&t);
}

static void losses_are_kept_apart_by_cpu(void **state)
{
	struct sinks t;

	(void)state;
	open_fake(&t);
	t.fixture.event.cpu = 0;
	sinks_write_many(&t, 100, 3);
	t.fixture.event.cpu = 1;
	sinks_write_many(&t, 7, 2);
	tl_sink_unblock(t.sink);
	assert_int_equal(fake.records, 2);
	assert_int_equal(fake.cpus[0], 0);
	assert_int_equal(fake.told[0].count, 3);
	assert_int_equal(fake.cpus[1], 1);
	assert_int_equal(fake.told[1].count, 2);
	assert_int_equal(fake.told[1].seq_first, 7);
	sinks_done(&t);
}

static void loss_of_the_ring_that_cannot_be_told_is_told_later(void **state)
{
	const struct tl_lost lost = { .count = 9, .seq_first = 1, .seq_last = 9, .stage = "ring" };
	struct tl_event event;
	struct sinks t;

	(void)state;
	open_fake(&t);
	fake.refuse_records = true;
	tl_record_lost(&event, 1, &lost, NULL);
	tl_sink_write(t.sink, &event, NULL);
	tl_sink_unblock(t.sink);
	assert_int_equal(fake.records, 0);
	fake.refuse_records = false;
	tl_sink_unblock(t.sink);
	assert_int_equal(fake.records, 1);
	assert_int_equal(fake.told[0].count, 9);
	assert_int_equal(fake.cpus[0], 1);
	assert_string_equal(fake.stages[0], "ring");
	assert_int_equal(t.sink->counters.lost, 0); /* it is not the output's loss */
	sinks_done(&t);
}

static void event_that_is_lost_inside_is_declared_at_the_next_flush(void **state)
{
	struct sinks t;

	(void)state;
	open_fake(&t);
	t.sink->counters.accepted = 1;
	tl_sink_lost(t.sink, 3, 55, 0);
	tl_sink_flush(t.sink);
	assert_int_equal(fake.records, 1);
	assert_int_equal(fake.cpus[0], 3);
	assert_int_equal(fake.told[0].seq_last, 55);
	sinks_balance(&t);
	sinks_done(&t);
}

static void record_that_finds_no_room_is_written_after_a_flush_or_its_number_is_missing(void **state)
{
	struct tl_event event;
	struct sinks t;

	(void)state;
	open_fake(&t);
	tl_record_make(&event, TL_EVENT_STOP, NULL, "SIGTERM");
	fake.room = 10;
	fake.refuse_writes = 1;
	tl_sink_write(t.sink, &event, NULL);
	assert_int_equal(fake.flushes, 1);
	assert_int_equal(fake.room, 9);
	assert_int_equal(fake.number, 0);
	fake.refuse_writes = 2;
	tl_sink_write(t.sink, &event, NULL);
	assert_int_equal(fake.room, 9);
	tl_sink_write(t.sink, &event, NULL);
	assert_int_equal(fake.room, 8);
	assert_int_equal(fake.number, 2);
	sinks_done(&t);
}

static void output_that_serves_as_it_is_is_taken_over(void **state)
{
	struct tl_policy_output outputs[2];
	struct tl_policy before = { .outputs = outputs, .n_outputs = 1 },
			 after = { .outputs = outputs, .n_outputs = 2 };
	struct tl_outputs old = { 0 }, new = { 0 };
	char other[160];
	struct sinks t;

	(void)state;
	sinks_init(&t);
	snprintf(other, sizeof(other), "%s.other", t.path);
	outputs[0] = t.output;
	outputs[1] = t.output;
	outputs[1].name = (char *)"other";
	outputs[1].path = other;
	assert_int_equal(tl_outputs_open(&old, &before, NULL, NULL, NULL), 0);
	assert_int_equal(tl_outputs_open(&new, &after, &before, &old, NULL), 0);
	assert_ptr_equal(new.sink[0], old.sink[0]);
	assert_ptr_not_equal(new.sink[1], old.sink[0]);
	tl_outputs_done(&old);
	t.sink = tl_sink_ref(new.sink[0]);
	sinks_write(&t, 1);
	tl_outputs_flush(&new);
	assert_int_equal(t.sink->counters.delivered, 1);
	tl_outputs_done(&new);
	sinks_done(&t);
}

static void one_output_that_cannot_be_opened_refuses_all(void **state)
{
	struct tl_policy_output outputs[2];
	struct tl_policy policy = { .outputs = outputs, .n_outputs = 2 };
	struct tl_outputs opened = { 0 };
	struct sinks t;

	(void)state;
	sinks_init(&t);
	outputs[0] = outputs[1] = t.output;
	outputs[1].path = (char *)"/nonexistent/out";
	assert_int_equal(tl_outputs_open(&opened, &policy, NULL, NULL, NULL), -ENOENT);
	assert_null(opened.sink);
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_is_declared_once_there_is_room),
		cmocka_unit_test(losses_are_kept_apart_by_cpu),
		cmocka_unit_test(loss_of_the_ring_that_cannot_be_told_is_told_later),
		cmocka_unit_test(event_that_is_lost_inside_is_declared_at_the_next_flush),
		cmocka_unit_test(record_that_finds_no_room_is_written_after_a_flush_or_its_number_is_missing),
		cmocka_unit_test(output_that_serves_as_it_is_is_taken_over),
		cmocka_unit_test(one_output_that_cannot_be_opened_refuses_all),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
