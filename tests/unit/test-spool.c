// SPDX-License-Identifier: GPL-2.0-or-later
/* The spool: oldest first, bounded, whole after a crash, and every event that
 * is not sent is told. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "sink-fixture.h"
#include "spool-format.h"
#include "spool.h"

struct spools {
	char folder[64];
	char path[128];
	struct tl_spool_setup setup;
	struct tl_spool *spool;
	uint64_t lost, lost_ranges, damaged; /* told */
	char why[32]; /* the last time */
};

static void on_lost(const struct tl_block_range *ranges, uint32_t n, uint32_t events, const char *why, void *userdata)
{
	struct spools *t = userdata;

	t->lost += events;
	t->damaged += !events;
	for (uint32_t i = 0; i < n; i++)
		t->lost_ranges += ranges[i].declared ? 0 : ranges[i].count;
	snprintf(t->why, sizeof(t->why), "%s", why);
}

static void open_spool(struct spools *t)
{
	assert_int_equal(tl_spool_open(&t->setup, &t->spool), 0);
}

static void restart(struct spools *t)
{
	t->spool = tl_spool_free(t->spool);
	open_spool(t);
}

static void init(struct spools *t, uint64_t size, bool drop_oldest)
{
	*t = (struct spools){ .folder = "/tmp/traceleft-spool-XXXXXX" };
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->path, sizeof(t->path), "%s/spool", t->folder);
	t->setup = (struct tl_spool_setup){
		.path = t->path,
		.size = size,
		.drop_oldest = drop_oldest,
		.lost = on_lost,
		.userdata = t,
	};
	open_spool(t);
}

static void done(struct spools *t)
{
	tl_spool_free(t->spool);
	nftw(t->folder, sinks_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A block of `events` events from number `first` on, with a body of `size` bytes that tells the first. */
static int add(struct tl_spool *s, uint64_t first, uint32_t events, size_t size)
{
	struct tl_block_range range = {
		.cpu = 1,
		.count = events,
		.seq_first = first,
		.seq_last = first + events - 1,
		.time_first = 5,
		.time_last = 6,
	};
	struct tl_block b = { .kind = 7, .events = events, .ranges = &range, .n_ranges = 1 };
	int r;

	assert_int_equal(tl_buffer_reserve(&b.body, size), 0);
	memset(b.body.data, 'x', size);
	b.body.size = size;
	memcpy(b.body.data, &first, sizeof(first));
	r = tl_spool_add(s, &b);
	tl_buffer_done(&b.body);
	return r;
}

static uint64_t first_of(const struct tl_block *b)
{
	uint64_t first;

	memcpy(&first, b->body.data, sizeof(first));
	return first;
}

/* Takes the oldest; its first number, 0 if there is none. */
static uint64_t take(struct spools *t)
{
	struct tl_block b;
	uint64_t first;
	int r = tl_spool_peek(t->spool, &b);

	if (r == -ENODATA)
		return 0;
	assert_int_equal(r, 0);
	assert_int_equal(b.kind, 7);
	assert_int_equal(b.n_ranges, 1);
	first = first_of(&b);
	assert_int_equal(b.ranges[0].seq_first, first);
	tl_block_done(&b);
	tl_spool_done(t->spool);
	return first;
}

static size_t count_segments(const struct spools *t)
{
	char command[256];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls %s | grep -c .", t->path);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu", &n), 1);
	pclose(f);
	return n;
}

static void blocks_come_out_as_they_went_in_the_oldest_first(void **state)
{
	struct spools t;

	(void)state;
	init(&t, 1 << 20, false);
	assert_int_equal(take(&t), 0);
	for (uint64_t i = 1; i <= 300; i++)
		assert_int_equal(add(t.spool, i * 10, 10, 1000 + i), 0);
	assert_int_equal(tl_spool_events(t.spool), 3000);
	assert_true(count_segments(&t) > 1);
	for (uint64_t i = 1; i <= 300; i++)
		assert_int_equal(take(&t), i * 10);
	assert_int_equal(take(&t), 0);
	assert_int_equal(tl_spool_events(t.spool), 0);
	assert_int_equal(tl_spool_bytes(t.spool), 0);
	assert_int_equal(count_segments(&t), 0);
	assert_int_equal(t.lost + t.damaged, 0);
	done(&t);
}

static void what_waits_is_there_after_a_restart_and_what_was_sent_is_not(void **state)
{
	struct spools t;
	struct tl_block b;

	(void)state;
	init(&t, 1 << 20, false);
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(add(t.spool, i, 1, 500), 0);
	for (uint64_t i = 1; i <= 20; i++)
		assert_int_equal(take(&t), i);
	assert_int_equal(tl_spool_peek(t.spool, &b), 0); /* under way, but not done */
	tl_block_done(&b);
	restart(&t);
	assert_int_equal(tl_spool_events(t.spool), 30);
	assert_int_equal(add(t.spool, 51, 1, 500), 0);
	for (uint64_t i = 21; i <= 51; i++)
		assert_int_equal(take(&t), i);
	assert_int_equal(take(&t), 0);
	assert_int_equal(t.lost + t.damaged, 0);
	done(&t);
}

static void full_spool_refuses_what_is_new(void **state)
{
	struct spools t;
	uint64_t n = 0;

	(void)state;
	init(&t, 100000, false);
	while (add(t.spool, n + 1, 1, 1000) == 0)
		n++;
	assert_true(n > 80 && n < 100);
	assert_true(tl_spool_bytes(t.spool) <= 100000);
	assert_int_equal(add(t.spool, 9999, 1, 1000), -EDQUOT);
	for (uint64_t i = 1; i <= n; i++)
		assert_int_equal(take(&t), i);
	assert_int_equal(add(t.spool, 1, 1, 200000), -EDQUOT); /* never */
	assert_int_equal(t.lost, 0);
	done(&t);
}

static void full_spool_drops_the_oldest_and_tells_them(void **state)
{
	uint64_t taken = 0, first;
	struct spools t;

	(void)state;
	init(&t, 100000, true);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(add(t.spool, i * 3, 3, 1000), 0);
	assert_true(tl_spool_bytes(t.spool) <= 100000);
	assert_true(t.lost > 2000);
	assert_int_equal(t.lost, t.lost_ranges);
	assert_string_equal(t.why, "dropped");
	first = take(&t);
	assert_int_equal(first, t.lost + 3); /* exactly the one behind those that were lost */
	for (taken = 3; (first = take(&t)); taken += 3)
		;
	assert_int_equal(taken + t.lost, 3000);
	done(&t);
}

static void block_under_way_is_not_dropped(void **state)
{
	struct spools t;
	struct tl_block b;

	(void)state;
	init(&t, 100000, true);
	for (uint64_t i = 1; i <= 50; i++)
		assert_int_equal(add(t.spool, i, 1, 1000), 0);
	assert_int_equal(tl_spool_peek(t.spool, &b), 0);
	for (uint64_t i = 51; i <= 1000; i++)
		assert_int_equal(add(t.spool, i, 1, 1000), 0);
	assert_int_equal(first_of(&b), 1);
	tl_block_done(&b);
	tl_spool_done(t.spool);
	assert_int_equal(take(&t), 2); /* of the same file */
	assert_int_equal(tl_spool_events(t.spool) + t.lost, 998);
	done(&t);
}

static void two_do_not_share_a_spool(void **state)
{
	struct tl_spool *second = NULL;
	struct spools t;

	(void)state;
	init(&t, 100000, false);
	assert_int_equal(tl_spool_open(&t.setup, &second), -EBUSY);
	assert_null(second);
	assert_int_equal(chmod(t.path, 0777), 0);
	t.spool = tl_spool_free(t.spool);
	assert_int_equal(tl_spool_open(&t.setup, &second), -EPERM);
	done(&t);
}

/* ---- Damage ---- */

static void segment_path(const struct spools *t, unsigned number, char ret[256])
{
	snprintf(ret, 256, "%s/%010u.seg", t->path, number);
}

static void overwrite(const struct spools *t, unsigned segment, off_t at, const char *bytes, size_t n)
{
	char path[256];
	int fd;

	segment_path(t, segment, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

#define BLOCK (off_t)(sizeof(struct tl_spool_head) + sizeof(struct tl_block_range) + 500)

static void damaged_body_is_told_and_stepped_over(void **state)
{
	struct spools t;

	(void)state;
	init(&t, 1 << 20, false);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(add(t.spool, i * 10, 10, 500), 0);
	overwrite(&t, 1, 2 * BLOCK + 300, "!", 1);
	assert_int_equal(take(&t), 10);
	assert_int_equal(take(&t), 20);
	assert_int_equal(take(&t), 40);
	assert_int_equal(t.lost, 10);
	assert_int_equal(t.lost_ranges, 10);
	assert_string_equal(t.why, "damaged");
	assert_int_equal(take(&t), 50);
	assert_int_equal(tl_spool_events(t.spool), 0);
	done(&t);
}

static void damaged_head_costs_its_block_alone(void **state)
{
	struct spools t;

	(void)state;
	init(&t, 1 << 20, false);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(add(t.spool, i * 10, 10, 500), 0);
	overwrite(&t, 1, BLOCK + 16, "\xff\xff\xff\xff", 4);
	assert_int_equal(take(&t), 10);
	assert_int_equal(take(&t), 30);
	assert_int_equal(take(&t), 40);
	assert_int_equal(take(&t), 50);
	assert_int_equal(t.lost, 10); /* the number was known before */
	done(&t);

	init(&t, 1 << 20, false);
	for (uint64_t i = 1; i <= 5; i++)
		assert_int_equal(add(t.spool, i * 10, 10, 500), 0);
	overwrite(&t, 1, BLOCK, "garbage", 7);
	restart(&t);
	assert_int_equal(t.damaged, 1); /* nobody knows how many */
	assert_int_equal(tl_spool_events(t.spool), 40);
	assert_int_equal(take(&t), 10);
	assert_int_equal(take(&t), 30);
	assert_int_equal(take(&t), 40);
	assert_int_equal(take(&t), 50);
	assert_int_equal(take(&t), 0);
	done(&t);
}

static void every_cut_of_the_last_block_leaves_the_others(void **state)
{
	(void)state;
	for (off_t cut = 1; cut <= BLOCK; cut += cut < 40 ? 1 : 37) {
		struct spools t;
		char path[256];

		init(&t, 1 << 20, false);
		for (uint64_t i = 1; i <= 3; i++)
			assert_int_equal(add(t.spool, i, 1, 500), 0);
		t.spool = tl_spool_free(t.spool);
		segment_path(&t, 1, path);
		assert_int_equal(truncate(path, 3 * BLOCK - cut), 0);
		open_spool(&t);
		assert_int_equal(t.damaged, cut < BLOCK);
		assert_int_equal(add(t.spool, 4, 1, 500), 0);
		assert_int_equal(take(&t), 1);
		assert_int_equal(take(&t), 2);
		assert_int_equal(take(&t), 4);
		assert_int_equal(take(&t), 0);
		done(&t);
	}
}

static void random_damage_is_survived(void **state)
{
	(void)state;
	srandom(3);
	for (unsigned round = 0; round < 300; round++) {
		uint64_t taken = 0, last = 0, first;
		struct spools t;

		init(&t, 1 << 20, false);
		for (uint64_t i = 1; i <= 20; i++)
			assert_int_equal(add(t.spool, i, 1, 500), 0);
		for (unsigned i = 0; i < 1 + round % 5; i++) {
			char byte = (char)random();

			overwrite(&t, 1, random() % (20 * BLOCK), &byte, 1);
		}
		if (round % 2)
			restart(&t);
		for (; (first = take(&t)); taken++) {
			assert_true(first > last && first <= 20);
			last = first;
		}
		assert_true(taken >= 15); /* at most one block for each byte */
		assert_true(round % 2 || taken + t.lost == 20);
		assert_int_equal(tl_spool_events(t.spool), 0);
		done(&t);
	}
}

/* A child adds and takes until it is killed; what it had added is there, but for
 * what it had taken. */
static void killed_at_any_time_it_goes_on(void **state)
{
	volatile uint64_t *added = mmap(NULL, 2 * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
					-1, 0);
	uint64_t next = 1, expect = 1;
	struct spools t;

	(void)state;
	assert_true(added != MAP_FAILED);
	init(&t, 64 << 20, false);
	t.spool = tl_spool_free(t.spool);
	for (unsigned round = 0; round < 50; round++) {
		uint64_t first;
		int status;
		pid_t pid;

		added[0] = next;
		added[1] = 0;
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			if (tl_spool_open(&t.setup, &t.spool) < 0)
				_exit(1);
			for (;; added[0]++, added[1] = 1)
				if (add(t.spool, added[0], 1, 200 + added[0] % 3000) < 0)
					_exit(2);
		}
		while (!added[1] && waitpid(pid, &status, WNOHANG) == 0)
			usleep(200);
		usleep((useconds_t)(random() % 3000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		next = added[0];
		open_spool(&t);
		/* The one that was being written may be there or not. */
		while ((first = take(&t)))
			assert_int_equal(first, expect++);
		assert_true(expect == next || expect == next + 1);
		expect = next = next + 1;
		t.spool = tl_spool_free(t.spool);
	}
	assert_true(next > 50);
	munmap((void *)added, 2 * sizeof(uint64_t));
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_come_out_as_they_went_in_the_oldest_first),
		cmocka_unit_test(what_waits_is_there_after_a_restart_and_what_was_sent_is_not),
		cmocka_unit_test(full_spool_refuses_what_is_new),
		cmocka_unit_test(full_spool_drops_the_oldest_and_tells_them),
		cmocka_unit_test(block_under_way_is_not_dropped),
		cmocka_unit_test(two_do_not_share_a_spool),
		cmocka_unit_test(damaged_body_is_told_and_stepped_over),
		cmocka_unit_test(damaged_head_costs_its_block_alone),
		cmocka_unit_test(every_cut_of_the_last_block_leaves_the_others),
		cmocka_unit_test(random_damage_is_survived),
		cmocka_unit_test(killed_at_any_time_it_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
