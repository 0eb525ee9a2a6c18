/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup-fixture.h"
#include "cgroup.h"
#include "util.h"

static void paths_tell_unit_slice_and_container(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct tl_cgroup *cgroup = tl_cgroup_parse(7, paths[i].path);

		assert_non_null(cgroup);
		assert_int_equal(cgroup->id, 7);
		assert_string_equal(cgroup->path, paths[i].path);
		assert_string_equal(cgroup->unit, paths[i].unit);
		assert_string_equal(cgroup->slice, paths[i].slice);
		assert_string_equal(cgroup->container_id, paths[i].container);
		assert_null(tl_cgroup_unref(cgroup));
	}
}

static void nothing_is_known_without_a_hierarchy(void **state)
{
	(void)state;
	assert_string_equal(tl_cgroups_find(NULL, 1)->path, "");
	assert_string_equal(tl_cgroup_ref(tl_cgroups_find(NULL, 1))->unit, "");
	tl_cgroup_unref(tl_cgroups_find(NULL, 1));
}

static void a_table_of_mounts_tells_the_layout(void **state)
{
#define ROOT "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
#define CONTROLLER "31 29 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:10 - cgroup cgroup rw,cpu,cpuacct\n"
#define CGROUP1 "30 29 0:26 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,xattr,name=systemd\n" CONTROLLER
#define ANOTHER "33 29 0:28 / /sys/fs/cgroup/name=systemd rw shared:9 - cgroup cgroup rw,name=systemd-not\n"
#define SECOND "34 29 0:26 / /of/a/container rw shared:9 - cgroup cgroup rw,xattr,name=systemd\n"
#define CGROUP2(where) "28 23 0:25 / " where " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	static const struct {
		const char *text;
		int layout;
		const char *mount;
	} tables[] = {
		{ ROOT, TL_CGROUPS_NONE, NULL },
		{ ROOT CGROUP1, TL_CGROUPS_LEGACY, "/sys/fs/cgroup/systemd" },
		{ ROOT CONTROLLER, TL_CGROUPS_FOREIGN, NULL },
		{ ROOT ANOTHER CONTROLLER, TL_CGROUPS_FOREIGN, NULL },
		{ ROOT ANOTHER CGROUP1 SECOND, TL_CGROUPS_LEGACY, "/sys/fs/cgroup/systemd" },
		{ ROOT CGROUP2("/sys/fs/cgroup"), TL_CGROUPS_UNIFIED, "/sys/fs/cgroup" },
		{ ROOT CGROUP2("/sys/fs/cgroup/unified") CGROUP1, TL_CGROUPS_HYBRID, "/sys/fs/cgroup/unified" },
		{ ROOT CGROUP1 CGROUP2("/sys/fs/cgroup/unified"), TL_CGROUPS_HYBRID, "/sys/fs/cgroup/unified" },
		{ ROOT CGROUP2("/with\\040space") CGROUP2("/of/a/container"), TL_CGROUPS_UNIFIED, "/with space" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		FILE *table = fmemopen((void *)tables[i].text, strlen(tables[i].text), "r");
		char *mount = NULL;

		assert_non_null(table);
		assert_int_equal(tl_cgroup_layout_read(table, &mount), tables[i].layout);
		assert_true(!mount == !tables[i].mount);
		if (mount)
			assert_string_equal(mount, tables[i].mount);
		assert_string_not_equal(tl_cgroup_layout_text(tables[i].layout), "unknown");
		free(mount);
		fclose(table);
	}
	assert_string_equal(tl_cgroup_layout_text(-ENOENT), "unknown");
}

static int hierarchy_of(const char *text, int layout)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int r = tl_cgroup_hierarchy_read(file, layout);

	fclose(file);
	return r;
}

static void the_hierarchy_has_the_kernel_s_number(void **state)
{
	static const char cgroup[] = "12:cpu,cpuacct:/\n3:name=systemd-not:/\n2:name=systemd:/init.scope\n0::/\n";

	(void)state;
	assert_int_equal(hierarchy_of(cgroup, TL_CGROUPS_LEGACY), 2);
	assert_int_equal(hierarchy_of(cgroup, TL_CGROUPS_HYBRID), 0);
	assert_int_equal(hierarchy_of(cgroup, TL_CGROUPS_UNIFIED), 0);
	assert_int_equal(hierarchy_of(cgroup, TL_CGROUPS_NONE), -ENOENT);
	assert_int_equal(hierarchy_of("12:cpu,cpuacct:/\n0::/\n", TL_CGROUPS_LEGACY), -ENOENT);
}

/* ---- On this machine ---- */

struct seen {
	const char *path;
	uint64_t id;
	size_t n, roots;
};

static int note(uint64_t id, const char *path, void *userdata)
{
	struct seen *seen = userdata;

	seen->n++;
	seen->roots += strcmp(path, "/") == 0;
	if (seen->path && strcmp(path, seen->path) == 0)
		seen->id = id;
	return 0;
}

static int refuse(uint64_t id, const char *path, void *userdata)
{
	(void)id;
	(void)path;
	++*(size_t *)userdata;
	return -ECANCELED;
}

static struct tl_cgroups *open_or_skip(void)
{
	struct tl_cgroups *c = NULL;
	int layout, r = tl_cgroups_new(&c, &layout);

	if (r < 0 || geteuid() != 0) {
		print_message("skipped: %s\n", r < 0 ? "no cgroup v2 here" : "not root");
		tl_cgroups_free(c);
		skip();
	}
	return c;
}

static void make(const struct tl_cgroups *c, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", tl_cgroups_mount(c), path);
	if (mkdir(whole, 0755) < 0)
		fail_msg("%s: %s", whole, strerror(errno));
}

static void take_away(const struct tl_cgroups *c, const char *path)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", tl_cgroups_mount(c), path);
	assert_int_equal(rmdir(whole), 0);
}

static void an_id_finds_its_path(void **state)
{
	struct tl_cgroups *c = open_or_skip(), *other = NULL;
	int layout;
	char top[64], path[128];
	struct seen seen = { .path = path };

	(void)state;
	snprintf(top, sizeof(top), "/traceleft-test-%d.slice", getpid());
	snprintf(path, sizeof(path), "%s/web.service", top);
	make(c, top);
	make(c, path);
	assert_int_equal(tl_cgroups_walk(c, note, &seen), 0);
	assert_int_equal(seen.roots, 1);
	assert_true(seen.n >= 3);
	assert_int_not_equal(seen.id, 0);
	assert_string_equal(tl_cgroups_find(c, seen.id)->path, path);
	assert_string_equal(tl_cgroups_find(c, seen.id)->unit, "web.service");
	assert_ptr_equal(tl_cgroups_find(c, seen.id), tl_cgroups_find(c, seen.id));

	take_away(c, path);
	/* What was known stays known; who has never seen it learns nothing. */
	assert_string_equal(tl_cgroups_find(c, seen.id)->path, path);
	assert_int_equal(tl_cgroups_new(&other, &layout), 0);
	assert_string_equal(tl_cgroups_find(other, seen.id)->path, "");
	assert_string_equal(tl_cgroups_find(other, seen.id)->unit, "");
	assert_int_equal(tl_cgroups_add(other, seen.id, "/told/x.scope"), 0);
	assert_string_equal(tl_cgroups_find(other, seen.id)->unit, "x.scope");
	assert_int_equal(tl_cgroups_add(other, seen.id, "told"), -EINVAL);
	tl_cgroups_free(other);
	take_away(c, top);
	tl_cgroups_free(c);
}

/* The cgroup that ends after it was opened and before its name is read. */
static char ends_before_its_name_is_read[256];

/* Stands before the C library's. */
ssize_t readlink(const char *path, char *buf, size_t size)
{
	if (*ends_before_its_name_is_read)
		assert_int_equal(rmdir(ends_before_its_name_is_read), 0);
	*ends_before_its_name_is_read = '\0';
	return readlinkat(AT_FDCWD, path, buf, size);
}

static bool remembers(uint64_t id, char ret_path[PATH_MAX], void *userdata)
{
	++*(size_t *)userdata;
	snprintf(ret_path, PATH_MAX, "/system.slice/of-%llu.scope", (unsigned long long)id);
	return true;
}

/* The kernel's memory is asked for its path: not "web.scope (deleted)". */
static void one_that_ends_while_it_is_looked_at(void **state)
{
	struct tl_cgroups *c = open_or_skip();
	char path[64], wanted[64];
	size_t asked = 0;
	struct seen seen = { .path = path };

	(void)state;
	tl_cgroups_set_memory(c, remembers, &asked);
	snprintf(path, sizeof(path), "/traceleft-test-%d.scope", getpid());
	make(c, path);
	assert_int_equal(tl_cgroups_walk(c, note, &seen), 0);
	snprintf(ends_before_its_name_is_read, sizeof(ends_before_its_name_is_read), "%s%s", tl_cgroups_mount(c), path);
	snprintf(wanted, sizeof(wanted), "of-%llu.scope", (unsigned long long)seen.id);
	assert_string_equal(tl_cgroups_find(c, seen.id)->unit, wanted);
	assert_string_equal(ends_before_its_name_is_read, "");
	assert_int_equal(asked, 1);
	tl_cgroups_free(c);
}

/* As the sandboxed daemon has it. */
static bool give_up_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	return syscall(SYS_capset, &header, none) == 0;
}

static void an_id_finds_its_path_without_capabilities(void **state)
{
	struct tl_cgroups *c = open_or_skip();
	char path[128];
	struct seen seen = { .path = path };
	int status;
	pid_t pid;

	(void)state;
	snprintf(path, sizeof(path), "/traceleft-test-%d.slice", getpid());
	make(c, path);
	assert_int_equal(tl_cgroups_walk(c, note, &seen), 0);
	pid = fork();
	if (pid == 0)
		_exit(!give_up_capabilities() || strcmp(tl_cgroups_find(c, seen.id)->path, path) != 0 ||
		      *tl_cgroups_find(c, 1ULL << 60)->path);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	take_away(c, path);
	assert_int_equal(status, 0);
	tl_cgroups_free(c);
}

static void the_callback_ends_the_walk(void **state)
{
	struct tl_cgroups *c = open_or_skip();
	size_t calls = 0;

	(void)state;
	assert_int_equal(tl_cgroups_walk(c, refuse, &calls), -ECANCELED);
	assert_int_equal(calls, 1);
	tl_cgroups_free(c);
}

static void the_root_is_a_slash(void **state)
{
	struct tl_cgroups *c = open_or_skip();
	struct seen seen = { .path = "/" };

	(void)state;
	assert_int_equal(tl_cgroups_walk(c, note, &seen), 0);
	assert_string_equal(tl_cgroups_find(c, seen.id)->path, "/");
	tl_cgroups_free(c);
}

static void memory_is_bounded_and_kept_ones_outlive_it(void **state)
{
	struct tl_cgroups *c = open_or_skip();
	const struct tl_cgroup *kept;
	char path[64];

	(void)state;
	assert_int_equal(tl_cgroups_add(c, 1ULL << 60, "/kept.slice/a.service"), 0);
	kept = tl_cgroup_ref(tl_cgroups_find(c, 1ULL << 60));
	for (uint64_t i = 1; i <= 100000; i++) {
		snprintf(path, sizeof(path), "/many.slice/%llu.scope", (unsigned long long)i);
		assert_int_equal(tl_cgroups_add(c, (1ULL << 60) + i, path), 0);
	}
	assert_string_equal(tl_cgroups_find(c, (1ULL << 60) + 100000)->unit, "100000.scope");
	assert_string_equal(tl_cgroups_find(c, (1ULL << 60) + 1)->unit, ""); /* pushed out, and no such cgroup */
	assert_string_equal(kept->unit, "a.service");
	tl_cgroup_unref(kept);
	tl_cgroups_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_tell_unit_slice_and_container),
		cmocka_unit_test(nothing_is_known_without_a_hierarchy),
		cmocka_unit_test(a_table_of_mounts_tells_the_layout),
		cmocka_unit_test(the_hierarchy_has_the_kernel_s_number),
		cmocka_unit_test(an_id_finds_its_path),
		cmocka_unit_test(one_that_ends_while_it_is_looked_at),
		cmocka_unit_test(an_id_finds_its_path_without_capabilities),
		cmocka_unit_test(the_callback_ends_the_walk),
		cmocka_unit_test(the_root_is_a_slash),
		cmocka_unit_test(memory_is_bounded_and_kept_ones_outlive_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
