// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process before this one has written comes once more, and is in the file once. */
#include "encode-proto.h"
#include "repair.h"
#include "sink-fixture.h"
#include "written.h"

/* As a process that was killed, and the one that goes on with its session. */
static void go_on(struct sinks *t)
{
	sinks_restart(t);
	tl_sink_comes_again(t->sink);
}

/* Each number from 1 to n is there that often. */
static void check_numbers(const struct sinks *t, unsigned n, size_t times)
{
	char *text = read_path(t->path, NULL);

	for (unsigned i = 1; i <= n; i++) {
		char want[32];

		snprintf(want, sizeof(want), "\"sequence\":%u,", i);
		assert_int_equal(count_of(text, want), times);
	}
	free(text);
}

static void check_there(struct sinks *t, const char *what, size_t times)
{
	char *text;

	tl_sink_flush(t->sink);
	text = read_path(t->path, NULL);
	assert_int_equal(count_of(text, what), times);
	free(text);
}

static void what_is_in_the_file_is_not_written_again(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 100);
	go_on(&t);
	sinks_write_many(&t, 51, 70);
	tl_sink_flush(t.sink);
	check_numbers(&t, 120, 1);
	assert_int_equal(t.sink->counters.accepted, 70);
	assert_int_equal(t.sink->counters.delivered, 70);
	sinks_done(&t);
}

static void without_a_session_that_goes_on_everything_is_written(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	sinks_restart(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	check_numbers(&t, 10, 2);
	sinks_done(&t);
}

/* Two rules may write the same event; the process may have ended between them. */
static void event_of_two_rules_is_there_for_both(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write(&t, 1);
	sinks_write(&t, 1);
	sinks_write(&t, 2);
	go_on(&t);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		sinks_write(&t, seq);
		sinks_write(&t, seq);
	}
	tl_sink_flush(t.sink);
	check_numbers(&t, 2, 2);
	sinks_done(&t);
}

static void same_number_at_another_time_or_cpu_is_another_event(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write(&t, 1);
	go_on(&t);
	t.fixture.event.cpu++;
	sinks_write(&t, 1);
	t.fixture.event.cpu--;
	t.fixture.event.time++;
	sinks_write(&t, 1);
	tl_sink_flush(t.sink);
	check_numbers(&t, 1, 3);
	sinks_done(&t);
}

/* It has the number of one of its events. */
static void result_is_not_the_event(void **state)
{
	static const struct tl_annotation result = { .result = "first", .count = 7 };
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	t.fixture.event.seq = 1;
	tl_sink_write(t.sink, &t.fixture.event, &result);
	go_on(&t);
	sinks_write(&t, 1);
	tl_sink_write(t.sink, &t.fixture.event, &result);
	tl_sink_flush(t.sink);
	check_numbers(&t, 1, 3);
	sinks_done(&t);
}

static void events_of_protobuf_are_recognised(void **state)
{
	struct sinks t;
	size_t size, length, n = 0;
	char *bytes;

	(void)state;
	sinks_init(&t);
	t.output.format = TL_FORMAT_PROTO;
	sinks_open(&t);
	sinks_write_many(&t, 1, 100);
	go_on(&t);
	sinks_write_many(&t, 51, 70);
	tl_sink_flush(t.sink);
	bytes = read_path(t.path, &size);
	for (size_t at = 0; at < size; n++) {
		int head = tl_proto_frame(bytes + at, size - at, &length);

		assert_true(head > 0);
		at += (size_t)head + length;
	}
	free(bytes);
	assert_int_equal(n, 120);
	sinks_done(&t);
}

static void what_went_into_the_file_before_is_recognised(void **state)
{
	struct sinks t;
	struct stat st;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 64 * 1024;
	t.output.rotate_keep = 10;
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	assert_int_equal(stat(t.path, &st), 0);
	/* The eleventh does not fit any more. */
	t.sink = tl_sink_unref(t.sink);
	t.output.rotate_size = (uint64_t)st.st_size;
	sinks_open(&t);
	sinks_write(&t, 11);
	tl_sink_flush(t.sink);
	assert_int_equal(t.sink->counters.rotations, 1);
	check_numbers(&t, 10, 0);
	go_on(&t);
	sinks_write_many(&t, 6, 6);
	tl_sink_flush(t.sink);
	check_numbers(&t, 10, 0);
	assert_int_equal(t.sink->counters.delivered, 6);
	sinks_done(&t);
}

/* What is written before anything is settled may fill several files. */
static void what_went_into_several_files_is_recognised(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	t.output.rotate_size = 4096;
	t.output.rotate_keep = 1000;
	t.output.rotate_compress = true;
	sinks_open(&t);
	for (unsigned i = 1; i <= 100; i++) {
		sinks_write(&t, i);
		tl_sink_flush(t.sink);
	}
	assert_true(t.sink->counters.rotations > 3);
	go_on(&t);
	for (unsigned i = 1; i <= 101; i++) {
		sinks_write(&t, i);
		tl_sink_flush(t.sink);
	}
	assert_true(t.sink->counters.rotations <= 1);
	check_there(&t, "\"sequence\":101,", 1);
	sinks_done(&t);
}

static void what_is_not_ours_is_passed_over(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	write_path(t.path, "{}\nno JSON\n{\"event\":{\"id\":7}}\n");
	sinks_open(&t);
	sinks_write_many(&t, 1, 3);
	go_on(&t);
	sinks_write_many(&t, 2, 3);
	tl_sink_flush(t.sink);
	check_numbers(&t, 4, 1);
	sinks_done(&t);
}

/* From wherever one begins to read, the next whole one is found. */
static void check_begins(enum tl_output_format format)
{
	struct sinks t;
	size_t size;
	char *text;
	off_t begin, ends[4] = { 0 };
	int fd;

	sinks_init(&t);
	t.output.format = format;
	sinks_open(&t);
	for (uint64_t i = 1; i <= 3; i++) {
		struct stat st;

		sinks_write(&t, i);
		tl_sink_flush(t.sink);
		assert_int_equal(stat(t.path, &st), 0);
		ends[i] = st.st_size;
	}
	text = read_path(t.path, &size);
	fd = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (off_t from = 0, i = 0; from <= ends[3]; from++) {
		i += from > ends[i];
		assert_int_equal(tl_repair_begin(fd, format == TL_FORMAT_PROTO, from, &begin), 0);
		assert_int_equal(begin, ends[i]);
	}
	close(fd);
	free(text);
	sinks_done(&t);
}

static void next_whole_record_is_found(void **state)
{
	(void)state;
	check_begins(TL_FORMAT_JSON);
	check_begins(TL_FORMAT_PROTO);
}

static void declare(struct sinks *t, const struct tl_lost *lost)
{
	struct tl_event event = t->fixture.event;

	event.kind = TL_EVENT_LOST;
	event.type = tl_event_type_find("lost");
	event.lost = lost;
	tl_sink_write(t->sink, &event, NULL);
}

/* Numbers of the event's CPU, and when what stands around them was. */
static void lose(struct sinks *t, uint64_t first, uint64_t last, uint64_t time_first)
{
	declare(t, &(struct tl_lost){ .count = last - first + 1,
				      .seq_first = first,
				      .seq_last = last,
				      .time_first = time_first,
				      .time_last = time_first + 10,
				      .stage = "ring" });
}

static void what_is_declared_lost_is_not_declared_again(enum tl_output_format format)
{
	struct sinks t;
	struct tl_written w = { 0 };
	int fd;

	sinks_init(&t);
	t.output.format = format;
	sinks_open(&t);
	lose(&t, 1, 5, 1000);
	lose(&t, 10, 20, 2000);
	lose(&t, 30, 30, 3000);
	tl_sink_flush(t.sink);
	fd = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(tl_written_read(&w, fd, format == TL_FORMAT_PROTO), 0);
	assert_int_equal(w.n_losses, 3);
	tl_written_done(&w);
	close(fd);
	go_on(&t);
	lose(&t, 10, 20, 2000);
	/* More are missing by now. */
	lose(&t, 30, 35, 3000);
	if (format == TL_FORMAT_JSON) {
		check_there(&t, "\"count\":11,\"seq_first\":10,\"seq_last\":20,", 1);
		check_there(&t, "\"count\":5,\"seq_first\":31,\"seq_last\":35,", 1);
	}
	tl_sink_flush(t.sink);
	fd = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(tl_written_read(&w, fd, format == TL_FORMAT_PROTO), 0);
	assert_int_equal(w.n_losses, 4);
	tl_written_done(&w);
	close(fd);
	sinks_done(&t);
}
static void losses_of_lines_are_recognised(void **state)
{
	(void)state;
	what_is_declared_lost_is_not_declared_again(TL_FORMAT_JSON);
}
static void losses_of_protobuf_are_recognised(void **state)
{
	(void)state;
	what_is_declared_lost_is_not_declared_again(TL_FORMAT_PROTO);
}

/* The same numbers are of another CPU, or of a session before, or nobody knows of when they are. */
static void other_losses_are_declared(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	lose(&t, 10, 20, 2000);
	go_on(&t);
	t.fixture.event.cpu++;
	lose(&t, 10, 20, 2000);
	t.fixture.event.cpu--;
	lose(&t, 10, 20, 0);
	lose(&t, 10, 20, 5000);
	check_there(&t, "\"count\":11,\"seq_first\":10,\"seq_last\":20,", 4);
	sinks_done(&t);
}

static void part_of_a_loss_is_declared(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	lose(&t, 10, 12, 2000);
	lose(&t, 15, 16, 2000);
	go_on(&t);
	lose(&t, 8, 18, 2000);
	check_there(&t, "\"count\":6,\"seq_first\":8,\"seq_last\":18,", 1);
	sinks_done(&t);
}

/* Since a time so many were counted that have no number. */
static void count(struct sinks *t, uint64_t n, uint64_t time_first, const char *unit)
{
	declare(t, &(struct tl_lost){ .count = n,
				      .time_first = time_first,
				      .time_last = time_first + 10 + n,
				      .stage = unit ? "task-state" : "program",
				      .unit = unit });
}

static void what_has_no_number_is_not_declared_again(void **state)
{
	static const char *const units[] = { NULL, "refusals" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		struct sinks t;

		sinks_init(&t);
		sinks_open(&t);
		count(&t, 5, 2000, units[i]);
		count(&t, 7, 3000, units[i]);
		go_on(&t);
		count(&t, 19, 3000, units[i]); /* more by now */
		count(&t, 5, 5000, units[i]);
		check_there(&t, "\"count\":12,", 1);
		check_there(&t, "\"count\":5,", 2);
		check_there(&t, "\"count\":19,", 0);
		sinks_done(&t);
	}
}

/* Numbers begin anew with each session, and somebody may have set the clock back before this one. */
static void losses_of_a_later_time_are_of_another_session(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	lose(&t, 10, 20, 5000);
	go_on(&t);
	lose(&t, 10, 20, 2000);
	check_there(&t, "\"count\":11,\"seq_first\":10,\"seq_last\":20,", 2);
	sinks_done(&t);
}

/* A policy that was about to come into force had it told, and was killed: nobody else can read what is in the ring. */
static void what_was_told_is_not_declared_as_malformed(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write(&t, 1);
	go_on(&t);
	for (uint64_t seq = 1; seq <= 2; seq++)
		declare(&t, &(struct tl_lost){ .count = 1,
					       .seq_first = seq,
					       .seq_last = seq,
					       .time_first = t.fixture.event.time,
					       .time_last = t.fixture.event.time,
					       .stage = "malformed" });
	check_there(&t, "\"malformed\"", 1);
	check_there(&t, "\"count\":1,\"seq_first\":2,\"seq_last\":2,", 1);
	sinks_done(&t);
}

static void many_are_taken_once_each(void **state)
{
	struct tl_written w = { 0 };
	struct sinks t;
	int fd;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	sinks_write_many(&t, 1, 5000);
	tl_sink_flush(t.sink);
	fd = open(t.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(tl_written_read(&w, fd, false), 0);
	assert_int_equal(w.ids.n, 5000);
	for (uint64_t i = 0; i < 5000; i++) {
		t.fixture.event.seq = i + 1;
		assert_true(tl_written_take(&w, &t.fixture.event));
		assert_false(tl_written_take(&w, &t.fixture.event));
	}
	close(fd);
	tl_written_done(&w);
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_file_is_not_written_again),
		cmocka_unit_test(without_a_session_that_goes_on_everything_is_written),
		cmocka_unit_test(event_of_two_rules_is_there_for_both),
		cmocka_unit_test(same_number_at_another_time_or_cpu_is_another_event),
		cmocka_unit_test(result_is_not_the_event),
		cmocka_unit_test(events_of_protobuf_are_recognised),
		cmocka_unit_test(what_went_into_the_file_before_is_recognised),
		cmocka_unit_test(what_went_into_several_files_is_recognised),
		cmocka_unit_test(what_is_not_ours_is_passed_over),
		cmocka_unit_test(next_whole_record_is_found),
		cmocka_unit_test(losses_of_lines_are_recognised),
		cmocka_unit_test(losses_of_protobuf_are_recognised),
		cmocka_unit_test(other_losses_are_declared),
		cmocka_unit_test(part_of_a_loss_is_declared),
		cmocka_unit_test(what_has_no_number_is_not_declared_again),
		cmocka_unit_test(losses_of_a_later_time_are_of_another_session),
		cmocka_unit_test(what_was_told_is_not_declared_as_malformed),
		cmocka_unit_test(many_are_taken_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
