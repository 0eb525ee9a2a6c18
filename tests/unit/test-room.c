// SPDX-License-Identifier: GPL-2.0-or-later
/* Files in memory are full before the service's MemoryMax= is; those on a disk are not. */
#include <inttypes.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "room.h"
#include "sink-fixture.h"
#include "spool.h"

#define MIB (UINT64_C(1) << 20)

/* In the place of the kernel's. */
static struct {
	const char *limits; /* folder with what the control group says; NULL: it is asked for nothing */
	long magic; /* of every file system; 0: as it is */
} kernel;

int openat(int folder, const char *path, int flags, ...)
{
	char there[256];
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, int) : 0;
	va_end(ap);
	if (kernel.limits && (!strncmp(path, "/sys/fs/cgroup/", 15) || !strcmp(path, "/proc/self/cgroup"))) {
		snprintf(there, sizeof(there), "%s%s", kernel.limits, strrchr(path, '/'));
		path = there;
	}
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int fstatfs(int fd, struct statfs *st)
{
	int r = (int)syscall(SYS_fstatfs, fd, st);

	if (r == 0 && kernel.magic)
		st->f_type = kernel.magic;
	return r;
}

static void say(const struct sinks *t, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", t->folder, name);
	write_path(path, text);
}

static void say_bytes(const struct sinks *t, const char *name, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", bytes);
	say(t, name, text);
}

static void files_are_in_memory(struct sinks *t)
{
	sinks_init(t);
	say(t, "cgroup", "0::/system.slice/traceleftd.service\n");
	say(t, "memory.swap.max", "0\n");
	kernel.limits = t->folder;
	kernel.magic = TMPFS_MAGIC;
}

static void done(struct sinks *t)
{
	sinks_done(t);
	memset(&kernel, 0, sizeof(kernel));
}

static void a_fourth_of_the_limit_is_kept(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	assert_true(tl_room_of(t.folder, 7) == UINT64_MAX); /* nothing is said */
	say(&t, "memory.max", "max\n");
	assert_true(tl_room_of(t.folder, 7) == UINT64_MAX);
	say_bytes(&t, "memory.max", 400 * MIB);
	say_bytes(&t, "memory.current", 250 * MIB);
	assert_int_equal(tl_room_of(t.folder, 0), 50 * MIB);
	say_bytes(&t, "memory.current", 301 * MIB);
	assert_int_equal(tl_room_of(t.folder, 0), 0);
	sinks_done(&t);
}

static void what_is_on_a_disk_as_well_leaves_room(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	say_bytes(&t, "memory.max", 400 * MIB);
	say_bytes(&t, "memory.current", 399 * MIB);
	say(&t, "memory.stat", "anon 1048576\nfile 209715200\nfile_mapped 5\nnofile 7\nshmem 104857600\n");
	assert_int_equal(tl_room_of(t.folder, 0), 1 * MIB);
	sinks_done(&t);
}

static void swap_is_room_as_far_as_it_may_be_used(void **state)
{
	struct sinks t;

	(void)state;
	sinks_init(&t);
	say_bytes(&t, "memory.max", 400 * MIB);
	say_bytes(&t, "memory.current", 300 * MIB);
	assert_int_equal(tl_room_of(t.folder, 9 * MIB), 9 * MIB);
	say_bytes(&t, "memory.swap.max", 8 * MIB);
	say_bytes(&t, "memory.swap.current", 5 * MIB);
	assert_int_equal(tl_room_of(t.folder, 9 * MIB), 3 * MIB);
	sinks_done(&t);
}

static void folder_of_the_control_group_is_found(void **state)
{
	char folder[64], small[20];

	(void)state;
	assert_true(tl_room_folder("0::/a.slice/b.service\n", folder, sizeof(folder)));
	assert_string_equal(folder, "/sys/fs/cgroup/a.slice/b.service");
	assert_true(tl_room_folder("4:memory:/x\n0::/\n", folder, sizeof(folder)));
	assert_string_equal(folder, "/sys/fs/cgroup/");
	assert_false(tl_room_folder("4:memory:/x\n", folder, sizeof(folder)));
	assert_false(tl_room_folder("", folder, sizeof(folder)));
	assert_false(tl_room_folder("0::/a.slice\n", small, sizeof(small)));
	assert_false(tl_room_folder("0::/a.slice/b.service\n", small, sizeof(small)));
}

static void memory_is_told_from_a_disk(void **state)
{
	int memory = memfd_create("room", MFD_CLOEXEC), other = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	struct tl_room room;

	(void)state;
	tl_room_init(&room, memory);
	assert_true(room.is_memory);
	tl_room_init(&room, other);
	assert_false(room.is_memory);
	assert_int_equal(tl_room_take(&room, SIZE_MAX), 0);
	close(memory);
	close(other);
}

static void events_wait_until_there_is_room_for_their_file(void **state)
{
	struct sinks t;

	(void)state;
	files_are_in_memory(&t);
	say_bytes(&t, "memory.max", 400 * MIB);
	say_bytes(&t, "memory.current", 300 * MIB);
	sinks_open(&t);
	sinks_write_many(&t, 1, 10);
	tl_sink_flush(t.sink);
	assert_int_equal(t.sink->error, -ENOSPC);
	assert_non_null(strstr(t.sink->why, "MemoryMax="));
	assert_non_null(strstr(t.sink->why, t.path));
	sinks_write_many(&t, 11, 1000);
	tl_sink_tick(t.sink);
	sinks_balance(&t);
	assert_int_equal(t.sink->counters.delivered, 0);
	assert_true(t.sink->counters.lost > 0);
	say_bytes(&t, "memory.current", 290 * MIB);
	tl_sink_tick(t.sink);
	assert_int_equal(t.sink->error, 0);
	assert_true(t.sink->counters.delivered > 10);
	sinks_balance(&t);
	/* Looked at again as it grows. */
	say_bytes(&t, "memory.current", 300 * MIB);
	for (unsigned n = 0; n < 100 && !t.sink->error; n++) {
		sinks_write_many(&t, 2000 + 20 * n, 20);
		tl_sink_flush(t.sink);
	}
	assert_int_equal(t.sink->error, -ENOSPC);
	done(&t);
}

static void spool_in_memory_is_full_before_the_limit(void **state)
{
	struct tl_block block = { .kind = 7, .events = 1 };
	struct tl_spool_setup setup = { .size = 8 * MIB };
	struct tl_spool *spool;
	struct sinks t;

	(void)state;
	files_are_in_memory(&t);
	say_bytes(&t, "memory.max", 400 * MIB);
	say_bytes(&t, "memory.current", 300 * MIB);
	setup.path = t.path;
	assert_int_equal(tl_spool_open(&setup, &spool), 0);
	assert_int_equal(tl_buffer_append(&block.body, "event", 5), 0);
	assert_int_equal(tl_spool_add(spool, &block), -ENOSPC);
	assert_int_equal(tl_spool_bytes(spool), 0);
	say_bytes(&t, "memory.current", 290 * MIB);
	assert_int_equal(tl_spool_add(spool, &block), 0);
	tl_spool_free(spool);
	tl_buffer_done(&block.body);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fourth_of_the_limit_is_kept),
		cmocka_unit_test(what_is_on_a_disk_as_well_leaves_room),
		cmocka_unit_test(swap_is_room_as_far_as_it_may_be_used),
		cmocka_unit_test(folder_of_the_control_group_is_found),
		cmocka_unit_test(memory_is_told_from_a_disk),
		cmocka_unit_test(events_wait_until_there_is_room_for_their_file),
		cmocka_unit_test(spool_in_memory_is_full_before_the_limit),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
