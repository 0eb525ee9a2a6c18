// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the reader makes of records that nobody can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "util.h"

#define RING 65536

static struct {
	struct tl_session session;
	struct tl_cpu cpus[2];
	struct tl_stream streams[2];
	bool meddles; /* who is told of an event says in the reader's place that all is read */
	char declared[1024]; /* "CPU:FIRST-LAST xCOUNT STAGE", with commas between */
} t;

static int on_event(const struct tl_event *event, void *userdata)
{
	size_t n = strlen(t.declared);

	(void)userdata;
	assert_int_equal(event->kind, TL_EVENT_LOST);
	snprintf(t.declared + n, sizeof(t.declared) - n, "%s%u:%llu-%llu x%llu %s", n ? ", " : "", event->cpu,
		 (unsigned long long)event->lost->seq_first, (unsigned long long)event->lost->seq_last,
		 (unsigned long long)event->lost->count, event->lost->stage);
	if (t.meddles)
		*(unsigned long *)t.session.consumer = *(unsigned long *)t.session.producer;
	return 0;
}

static int set_up(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	struct tl_session *s = &t.session;

	(void)state;
	memset(&t, 0, sizeof(t));
	s->ring_size = RING;
	s->consumer = calloc(1, (size_t)page);
	s->producer = calloc(1, (size_t)page + 2 * RING);
	s->cpus = t.cpus;
	s->streams = t.streams;
	s->kept_socket = -1;
	s->n_cpus = 2;
	s->n_events = 1;
	s->streams[0].next = s->streams[1].next = 1;
	s->callback = on_event;
	return tl_processes_new(16, NULL, &s->processes);
}

static int tear_down(void **state)
{
	(void)state;
	tl_processes_free(t.session.processes);
	free(t.session.consumer);
	free(t.session.producer);
	return 0;
}

static void put(const void *data, uint32_t size)
{
	unsigned long *producer = t.session.producer;
	char *to = (char *)t.session.producer + sysconf(_SC_PAGESIZE) + *producer;

	memcpy(to, &size, sizeof(size));
	memcpy(to + BPF_RINGBUF_HDR_SZ, data, size);
	*producer += (size + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
}

static struct tl_record record(uint16_t cpu, uint64_t seq)
{
	t.cpus[cpu].seq = MAX(t.cpus[cpu].seq, seq);
	return (struct tl_record){ .size = sizeof(struct tl_record), .event = 1, .kind = TL_RECORD_EVENT, .cpu = cpu, .seq = seq };
}

static void a_record_of_no_event_is_declared_with_its_number(void **state)
{
	struct tl_record r = record(1, 1);

	(void)state;
	r.event = 77;
	put(&r, sizeof(r));
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_string_equal(t.declared, "1:1-1 x1 malformed");
	assert_int_equal(t.session.events[0].malformed, 1);
	assert_int_equal(t.streams[1].next, 2);
}

static void a_record_that_claims_more_than_there_is_is_declared(void **state)
{
	struct tl_record r = record(0, 1);

	(void)state;
	r.size = 4096;
	put(&r, sizeof(r));
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_string_equal(t.declared, "0:1-1 x1 malformed");
}

static void a_section_that_is_too_long_is_declared_once(void **state)
{
	struct {
		struct tl_record record;
		struct tl_section section;
	} r = { record(0, 1), { .type = TL_SECTION_ARGV, .size = 5000 } };

	(void)state;
	r.record.size = sizeof(r);
	put(&r, sizeof(r));
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_string_equal(t.declared, "0:1-1 x1 malformed");
	assert_int_equal(t.session.events[1].malformed, 1);
	assert_int_equal(t.session.events[1].received, 1);
}

static void rubbish_is_declared_once_though_its_number_is_missing(void **state)
{
	const char rubbish[8] = "rubbish";
	struct tl_record r;

	(void)state;
	put(rubbish, sizeof(rubbish)); /* was number 1 */
	r = record(0, 2);
	r.event = 99;
	put(&r, sizeof(r));
	assert_int_equal(tl_ring_read(&t.session, 0), 2);
	assert_string_equal(t.declared, "0:0-0 x1 malformed, 0:2-2 x1 malformed");
	t.declared[0] = '\0';
	/* At the end there are four holes: three losses of the kernel part, and one
	 * that is declared already. Which it was nobody knows; the sum is right. */
	t.cpus[0].seq = 5;
	t.cpus[0].lost = 3;
	tl_ring_declare(&t.session, true);
	assert_string_equal(t.declared, "0:1-1 x1 ring, 0:3-5 x2 ring");
	assert_int_equal(t.session.unplaced, 0);
}

static void a_number_that_was_never_given_is_not_believed(void **state)
{
	struct tl_record r = record(0, 3);

	(void)state;
	r.event = 99;
	r.seq = 1ULL << 60;
	put(&r, sizeof(r));
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_string_equal(t.declared, "0:0-0 x1 malformed");
	assert_int_equal(t.streams[0].next, 1);
}

static void put_malformed(uint64_t seq)
{
	struct tl_record r = record(0, seq);

	r.event = 99;
	put(&r, sizeof(r));
}

static void who_moves_the_readers_place_takes_nothing_and_is_noticed(void **state)
{
	(void)state;
	put_malformed(1);
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_false(t.session.is_moved);
	t.meddles = true;
	put_malformed(2);
	put_malformed(3);
	assert_int_equal(tl_ring_read(&t.session, 1), 1); /* while it reads: the place is as before afterwards */
	assert_true(t.session.is_moved);
	t.session.is_moved = false;
	t.meddles = false;
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_false(t.session.is_moved);
	put_malformed(4);
	*(unsigned long *)t.session.consumer = *(unsigned long *)t.session.producer; /* and between */
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	assert_true(t.session.is_moved);
	assert_string_equal(t.declared, "0:1-1 x1 malformed, 0:2-2 x1 malformed, 0:3-3 x1 malformed, 0:4-4 x1 malformed");
}

/* Who moves it, lets the kernel write, and puts it back. */
static void who_lets_the_kernel_write_over_the_ring_is_noticed(void **state)
{
	unsigned long *producer = t.session.producer;

	(void)state;
	put_malformed(1);
	assert_int_equal(tl_ring_read(&t.session, 0), 1);
	*producer += RING + 8;
	assert_int_equal(tl_ring_read(&t.session, 0), 0);
	assert_true(t.session.is_moved);
	assert_int_equal(t.session.position, *producer);
	assert_int_equal(*(unsigned long *)t.session.consumer, *producer);
	assert_string_equal(t.declared, "0:1-1 x1 malformed");
}

#define ring_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_test(a_record_of_no_event_is_declared_with_its_number),
		ring_test(a_record_that_claims_more_than_there_is_is_declared),
		ring_test(a_section_that_is_too_long_is_declared_once),
		ring_test(rubbish_is_declared_once_though_its_number_is_missing),
		ring_test(a_number_that_was_never_given_is_not_believed),
		ring_test(who_moves_the_readers_place_takes_nothing_and_is_noticed),
		ring_test(who_lets_the_kernel_write_over_the_ring_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
