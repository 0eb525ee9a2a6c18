/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meddle.h"
#include "util.h"

#define KEYS_MAX 4096 /* of an array of programs */

struct told {
	unsigned n[TL_DAMAGE_MAP + 1];
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
	for (int i = 0; i <= TL_DAMAGE_MAP; i++)
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

/* A map of some type, and of some name if that is given. */
static bool is_map(int fd, const char *what, uint32_t type, const char *name)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	return strstr(what, "bpf-map") && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.type == type &&
	       (!name || strcmp(info.name, name) == 0);
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

static const char *meddle_with_a_map(struct tl_session *s)
{
	int map = find(is_map_of_wants);
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), at = 0;
	_cleanup_free_ unsigned char *value = NULL;
	const char *why = NULL;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &size) < 0)
		return "there is no such map";
	value = malloc(info.value_size);
	if (!value || bpf_map_lookup_elem(map, &at, value) < 0)
		return "the map cannot be read";
	value[0] ^= 1;
	if (bpf_map_update_elem(map, &at, value, BPF_ANY) < 0 || !is_told(s, TL_DAMAGE_MAP, 1))
		why = "a map that was written to is not told";
	value[0] ^= 1;
	if ((bpf_map_update_elem(map, &at, value, BPF_ANY) < 0 || !is_told(s, TL_DAMAGE_MAP, 0)) && !why)
		why = "a map is told that is as it was";
	return why;
}

const char *meddle(struct tl_session *s)
{
	const char *why;

	if (tl_session_guard(s) < 0)
		return tl_session_error(s);
	if (!is_told(s, TL_DAMAGE_HOOK, 0))
		return "something is told though nothing has happened";
	why = meddle_with_a_hook(s);
	if (!why)
		why = meddle_with_a_program(s);
	return why ? why : meddle_with_a_map(s);
}
