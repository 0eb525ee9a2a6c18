/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meddle.h"
#include "util.h"

#define KEYS_MAX 4096 /* of an array of programs */

struct told {
	unsigned n[TL_DAMAGE_SWITCH + 1];
	char last[128];
};

static void on_damage(enum tl_damage damage, const char *object, void *userdata)
{
	struct told *told = userdata;

	told->n[damage]++;
	snprintf(told->last, sizeof(told->last), "%d %s", damage, object);
}

/* Whether that is told and nothing else; 0 of it: nothing at all. */
static bool is_told(struct tl_session *s, enum tl_damage damage, unsigned n)
{
	struct told told = {};

	tl_session_check(s, on_damage, &told);
	for (int i = 0; i <= TL_DAMAGE_SWITCH; i++)
		if (told.n[i] != (i == (int)damage ? n : 0)) {
			printf("# told: %s\n", told.last);
			return false;
		}
	return true;
}

/* The first descriptor of this process that fits; -1: none. */
static int find(bool (*fits)(int fd, const char *what))
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;

	while (directory && found < 0 && (entry = readdir(directory))) {
		char to[64] = "";

		if (readlinkat(dirfd(directory), entry->d_name, to, sizeof(to) - 1) > 0 &&
		    fits(atoi(entry->d_name), to))
			found = atoi(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return found;
}

static bool is_hook(int fd, const char *what)
{
	(void)fd;
	return strstr(what, "bpf_link") || strstr(what, "bpf-link");
}

/* A map of some type and of some name, as far as they are given. */
static bool is_map(int fd, const char *what, uint32_t type, const char *name)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	return strstr(what, "bpf-map") && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
	       (!type || info.type == type) && (!name || strcmp(info.name, name) == 0);
}

static bool has_program(int fd, uint32_t *ret_at, uint32_t *ret_id)
{
	for (uint32_t at = 0; at < KEYS_MAX; at++)
		if (bpf_map_lookup_elem(fd, &at, ret_id) == 0 && *ret_id) {
			*ret_at = at;
			return true;
		}
	return false;
}

static bool is_array_with_programs(int fd, const char *what)
{
	uint32_t at, id;

	return is_map(fd, what, BPF_MAP_TYPE_PROG_ARRAY, NULL) && has_program(fd, &at, &id);
}

static bool is_map_of_wants(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_ARRAY, "wants");
}

static bool is_ring(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_RINGBUF, "ring");
}

static bool is_map_of_sets(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_HASH, "sets");
}

static bool is_map_of_pids(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_HASH, "pids");
}

static bool is_map_of_cgroups(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_HASH, "cgroups");
}

static bool is_probe(int fd, const char *what)
{
	(void)fd;
	return strcmp(what, "anon_inode:[perf_event]") == 0;
}

static bool is_on_function(int fd, const char *what)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);

	if (!is_hook(fd, what) || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return false;
	return info.type == BPF_LINK_TYPE_KPROBE_MULTI ||
	       (info.type == BPF_LINK_TYPE_TRACING &&
		(info.tracing.attach_type == BPF_TRACE_FENTRY || info.tracing.attach_type == BPF_TRACE_FEXIT));
}

static const char *meddle_with_a_hook(struct tl_session *s)
{
	int hook = find(is_hook), kept = hook < 0 ? -1 : dup(hook);
	const char *why = NULL;

	if (kept < 0)
		return "there is no hook";
	if (dup2(STDIN_FILENO, hook) < 0 || !is_told(s, TL_DAMAGE_HOOK, 1))
		why = "a hook that was let go of is not told";
	if ((dup2(kept, hook) < 0 || !is_told(s, TL_DAMAGE_HOOK, 0)) && !why)
		why = "a hook is told that is there again";
	close(kept);
	return why;
}

static const char *meddle_with_a_program(struct tl_session *s)
{
	int array = find(is_array_with_programs), program;
	const char *why = NULL;
	uint32_t at, id;

	if (array < 0 || !has_program(array, &at, &id) || (program = bpf_prog_get_fd_by_id(id)) < 0)
		return "there is no array of programs";
	if (bpf_map_delete_elem(array, &at) < 0 || !is_told(s, TL_DAMAGE_PROGRAM, 1))
		why = "a program that was taken out is not told";
	if ((bpf_map_update_elem(array, &at, &program, BPF_ANY) < 0 || !is_told(s, TL_DAMAGE_PROGRAM, 0)) && !why)
		why = "a program is told that is there again";
	close(program);
	return why;
}

/* Changes a bit of its first value, and back. */
static const char *meddle_with_a_value(struct tl_session *s, int map, const char *name)
{
	static char why[64];
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	_cleanup_free_ unsigned char *key = NULL, *value = NULL;
	bool is_noticed;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0)
		return "there is no such map";
	key = malloc(info.key_size);
	value = malloc(info.value_size);
	if (!key || !value || bpf_map_get_next_key(map, NULL, key) < 0 || bpf_map_lookup_elem(map, key, value) < 0)
		return "the map cannot be read";
	value[0] ^= 1;
	is_noticed = bpf_map_update_elem(map, key, value, BPF_ANY) == 0 && is_told(s, TL_DAMAGE_MAP, 1);
	value[0] ^= 1;
	if (bpf_map_update_elem(map, key, value, BPF_ANY) == 0 && is_told(s, TL_DAMAGE_MAP, 0) && is_noticed)
		return NULL;
	snprintf(why, sizeof(why), "%s: %s", name, is_noticed ? "told though it is as it was" : "written to, and not told");
	return why;
}

/* What is written before the start, what the kernel part writes, what both may. */
static const char *meddle_with_maps(struct tl_session *s)
{
	const char *why = meddle_with_a_value(s, find(is_map_of_wants), "wants");

	if (!why)
		why = meddle_with_a_value(s, find(is_map_of_sets), "sets");
	return why ? why : meddle_with_a_value(s, find(is_map_of_pids), "pids");
}

static bool turn(const char *path, const char *state)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, state, strlen(state)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

/* `silences`: the session has hooks that it is for. */
static const char *meddle_with_a_switch(struct tl_session *s, const char *path, bool silences, bool may_be_refused)
{
	const char *why = NULL;

	if (!turn(path, "0"))
		return may_be_refused ? NULL : "a switch cannot be turned";
	if (!is_told(s, TL_DAMAGE_SWITCH, silences))
		why = silences ? "hooks that are switched off are not told" : "a switch is told that is for other hooks";
	if ((!turn(path, "1") || !is_told(s, TL_DAMAGE_SWITCH, 0)) && !why)
		why = "hooks are told as switched off that are not";
	return why;
}

/* A kernel that cannot do without what is on its functions refuses. */
static const char *meddle_with_switches(struct tl_session *s)
{
	const bool probes = find(is_probe) >= 0, functions = find(is_on_function) >= 0;
	const char *why = meddle_with_a_switch(s, "/sys/kernel/debug/kprobes/enabled", probes, false);

	return why ? why :
		     meddle_with_a_switch(s, "/proc/sys/kernel/ftrace_enabled", probes || functions, functions);
}

static int count(const struct tl_event *event, void *userdata)
{
	unsigned *n = userdata;

	*n += event->type->class == TL_CLASS_SYSCALL;
	return TL_FATE_DELIVERED;
}

/* A child that is followed, and makes calls. */
static bool make_events(struct tl_session *s)
{
	int go[2], status;
	char byte = 0;
	pid_t child;

	if (pipe(go) < 0 || (child = fork()) < 0)
		return false;
	if (!child) {
		close(go[1]);
		status = read(go[0], &byte, 1) == 1;
		for (int i = 0; i < 10; i++)
			syscall(SYS_getppid);
		_exit(!status);
	}
	close(go[0]);
	status = tl_session_follow(s, 0, (uint32_t)child) == 0 && write(go[1], &byte, 1) == 1;
	close(go[1]);
	return waitpid(child, &go[0], 0) == child && go[0] == 0 && status;
}

/* Says in the reader's place that all is read. The events are there all the same. */
static const char *meddle_with_the_ring(struct tl_session *s)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int ring = find(is_ring);
	unsigned long *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	unsigned long *producer = mmap(NULL, page, PROT_READ, MAP_SHARED, ring, (off_t)page);
	const char *why = NULL;
	unsigned n = 0;

	if (consumer == MAP_FAILED || producer == MAP_FAILED)
		return "there is no ring";
	tl_session_set_callback(s, count, &n);
	if (tl_session_dispatch(s, 0) < 0 || !is_told(s, TL_DAMAGE_MAP, 0))
		why = "the ring is told though it is as it was";
	n = 0;
	if (!why && (!make_events(s) || *consumer == *producer))
		why = "nothing has come into the ring";
	*consumer = *producer;
	if (!why && (tl_session_dispatch(s, 0) < 0 || !n))
		why = "events are lost that were in the ring";
	if (!why && !is_told(s, TL_DAMAGE_MAP, 1))
		why = "who reads the ring in our place is not told";
	if (!why && (tl_session_dispatch(s, 0) < 0 || !is_told(s, TL_DAMAGE_MAP, 0)))
		why = "it is told that somebody reads the ring who does not";
	tl_session_set_callback(s, NULL, NULL);
	munmap(consumer, page);
	munmap(producer, page);
	return why;
}

/* The last of all: nobody can undo it. */
static const char *make_a_map_read_only(struct tl_session *s)
{
	int map = find(is_map_of_cgroups);

	if (map < 0 || bpf_map_freeze(map) < 0)
		return "there is no such map";
	return is_told(s, TL_DAMAGE_MAP, 1) ? NULL : "a map that was made read-only is not told";
}

static bool is_map_of_tasks(int fd, const char *what)
{
	return is_map(fd, what, 0, "tasks");
}

static bool is_map_of_numbers(int fd, const char *what)
{
	return is_map(fd, what, BPF_MAP_TYPE_ARRAY, "cpus");
}

/* What the kernel part alone writes to. */
static const char *write_in_its_place(struct tl_session *s)
{
	int tasks = find(is_map_of_tasks), numbers = find(is_map_of_numbers), key = 0;
	_cleanup_close_ int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	unsigned char number[64] = {};

	(void)s;
	if (tasks < 0 || numbers < 0 || self < 0)
		return "there is no such map";
	if (bpf_map_delete_elem(tasks, &self) == 0 || errno != EPERM)
		return "what is known of a task can be taken away";
	if (bpf_map_update_elem(numbers, &key, number, BPF_ANY) == 0 || errno != EPERM)
		return "the numbers of events can be changed";
	return NULL;
}

const char *meddle(struct tl_session *s)
{
	static const char *(*const also[])(struct tl_session *s) = {
		meddle_with_a_program, meddle_with_maps, meddle_with_switches, meddle_with_the_ring, write_in_its_place,
		make_a_map_read_only,
	};
	const char *why;

	if (tl_session_guard(s) < 0)
		return tl_session_error(s);
	if (!is_told(s, TL_DAMAGE_HOOK, 0))
		return "something is told though nothing has happened";
	why = meddle_with_a_hook(s);
	for (size_t i = 0; !why && i < ARRAY_SIZE(also); i++)
		why = also[i](s);
	return why;
}
