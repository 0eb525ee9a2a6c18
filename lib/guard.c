// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether what a session has in the kernel is still as it left it. Who may load programs may
 * also take others' out of their arrays or write to their maps; and who may trace the process
 * can have it close what it holds. None of that can be kept from root, but it can be told.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fnv.h"
#include "kept.h"
#include "util.h"

#define SLOTS (TL_STAGES + 2 * TL_EVENTS_MAX)
#define NAME_SIZE 64

/* What the kernel says of a link; of a probe, which is none on older kernels, only that it is one. */
struct hook {
	uint32_t link, program; /* ids */
	uint32_t function; /* BTF id; 0: unknown */
	bool is_probe; /* of perf */
	char name[NAME_SIZE]; /* of a tracepoint, or "" */
};

/* They are written before the start and by nobody since. */
static const char *const constant_maps[] = { "terms", "wants", "ranges", "automaton", "paths", "objects", "filters" };

struct tl_guard {
	uint32_t n_hooks; /* + 1; 0: nothing has been noted */
	uint32_t programs[TL_KINDS][SLOTS]; /* ids; 0: none */
	uint64_t maps[ARRAY_SIZE(constant_maps)]; /* hashes of what is in them */
	uint64_t config;
	struct hook hooks[]; /* as s->links */
};

struct report {
	tl_damage_callback callback;
	void *userdata;
	struct btf *btf; /* of the kernel; NULL until it is needed */
};

/* ---- Hooks ---- */

static void look_at_hook(int fd, struct hook *ret)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);
	char path[32], what[NAME_SIZE] = "";

	*ret = (struct hook){};
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
		ret->link = info.id;
		ret->program = info.prog_id;
		/* Older kernels leave it as it was. */
		if (info.type == BPF_LINK_TYPE_TRACING)
			ret->function = info.tracing.target_btf_id;
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, what, sizeof(what) - 1) > 0)
		ret->is_probe = strcmp(what, "anon_inode:[perf_event]") == 0;
}

static void name_hook(int fd, struct hook *h)
{
	struct bpf_link_info info = { .raw_tracepoint = { .tp_name = (uint64_t)(uintptr_t)h->name,
							  .tp_name_len = sizeof(h->name) } };
	uint32_t size = sizeof(info);

	if (h->is_probe)
		snprintf(h->name, sizeof(h->name), "a probe");
	else if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || info.type != BPF_LINK_TYPE_RAW_TRACEPOINT)
		h->name[0] = '\0';
}

/* Names of functions are in the kernel's types, which are large and seldom needed. */
static void report_hook(struct report *r, const struct hook *hook)
{
	const struct btf_type *type;
	const char *name = hook->name[0] ? hook->name : "a function";

	if (hook->function && !r->btf)
		r->btf = btf__load_vmlinux_btf();
	type = hook->function && r->btf ? btf__type_by_id(r->btf, hook->function) : NULL;
	if (type)
		name = btf__name_by_offset(r->btf, type->name_off);
	r->callback(TL_DAMAGE_HOOK, name ? name : "a function", r->userdata);
}

static void check_hooks(const struct tl_session *s, struct report *r)
{
	const struct tl_guard *g = s->guard;

	for (size_t i = 0; i + 1 < g->n_hooks; i++) {
		struct hook now;

		look_at_hook(s->links[i], &now);
		if (now.link != g->hooks[i].link || now.program != g->hooks[i].program ||
		    now.is_probe != g->hooks[i].is_probe)
			report_hook(r, &g->hooks[i]);
	}
}

/* ---- Arrays of programs ---- */

static uint32_t program_at(const struct tl_session *s, int kind, uint32_t at)
{
	uint32_t id = 0;

	return bpf_map_lookup_elem(s->programs[kind], &at, &id) < 0 ? 0 : id;
}

static void report_program(const struct tl_session *s, uint32_t at, struct report *r)
{
	uint32_t slot = at - TL_STAGES;

	if (at >= TL_STAGES && s->slots && slot < TL_EVENTS_MAX + s->n_extra_slots)
		r->callback(TL_DAMAGE_PROGRAM, s->events[s->slots[slot].event].type.name, r->userdata);
	else
		r->callback(TL_DAMAGE_PROGRAM, "all calls", r->userdata);
}

static void check_programs(const struct tl_session *s, struct report *r)
{
	for (int kind = 0; kind < TL_KINDS; kind++)
		for (uint32_t at = 0; s->programs[kind] >= 0 && at < SLOTS; at++)
			if (s->guard->programs[kind][at] && s->guard->programs[kind][at] != program_at(s, kind, at))
				report_program(s, at, r);
}

/* ---- Maps ---- */

/* Entries in whatever order: 0 if it cannot be read. */
static uint64_t hash_map(int fd)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), count, batch;
	_cleanup_free_ unsigned char *keys = NULL, *values = NULL;
	uint64_t sum = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return 0;
	count = info.max_entries;
	keys = calloc(count, info.key_size);
	values = calloc(count, info.value_size);
	if (!keys || !values)
		return 0;
	if (bpf_map_lookup_batch(fd, NULL, &batch, keys, values, &count, NULL) < 0 && errno != ENOENT)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		sum += tl_fnv1a(tl_fnv1a(TL_FNV_BASIS, keys + (size_t)i * info.key_size, info.key_size),
				values + (size_t)i * info.value_size, info.value_size);
	return sum + count;
}

/* Without who comes first of two sessions, which a successor settles. */
static uint64_t hash_config(const struct tl_session *s)
{
	const struct tl_config *c = s->config;
	uint64_t hash = tl_fnv1a(TL_FNV_BASIS, c, offsetof(struct tl_config, second));

	return tl_fnv1a(hash, c->i386_forms, sizeof(c->i386_forms));
}

static void check_maps(const struct tl_session *s, struct report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(constant_maps); i++)
		if (hash_map(tl_map_fd(s, constant_maps[i])) != s->guard->maps[i])
			r->callback(TL_DAMAGE_MAP, constant_maps[i], r->userdata);
	if (hash_config(s) != s->guard->config)
		r->callback(TL_DAMAGE_MAP, "configuration", r->userdata);
}

/* ---- Life ---- */

size_t tl_guard_size(uint32_t n_links)
{
	return sizeof(struct tl_guard) + n_links * sizeof(struct hook);
}

void tl_guard_free(struct tl_session *s)
{
	free(s->guard);
	s->guard = NULL;
}

/* What there is now. */
static void take_note(const struct tl_session *s, struct tl_guard *g)
{
	for (size_t i = 0; i < s->n_links; i++) {
		look_at_hook(s->links[i], &g->hooks[i]);
		name_hook(s->links[i], &g->hooks[i]);
	}
	for (int kind = 0; kind < TL_KINDS; kind++)
		for (uint32_t at = 0; s->programs[kind] >= 0 && at < SLOTS; at++)
			g->programs[kind][at] = program_at(s, kind, at);
	for (size_t i = 0; i < ARRAY_SIZE(constant_maps); i++)
		g->maps[i] = hash_map(tl_map_fd(s, constant_maps[i]));
	g->config = hash_config(s);
	g->n_hooks = (uint32_t)s->n_links + 1;
}

int tl_session_guard(struct tl_session *s)
{
	/* Of a session that another process began, what that has noted: else whoever meddles while
	 * there is no process would go unnoticed. */
	const bool is_first = !s->guard && s->adopted;
	struct tl_guard *g, *kept = tl_kept_guard(s);
	const size_t size = tl_guard_size((uint32_t)s->n_links);

	if (!s->started || s->stopped)
		return tl_fail(s, -EINVAL, "the session does not run");
	g = calloc(1, size);
	if (!g)
		return tl_fail(s, -ENOMEM, "no memory");
	if (is_first && kept && kept->n_hooks == s->n_links + 1)
		memcpy(g, kept, size);
	else
		take_note(s, g);
	if (kept)
		memcpy(kept, g, size);
	tl_guard_free(s);
	s->guard = g;
	return 0;
}

void tl_session_check(struct tl_session *s, tl_damage_callback callback, void *userdata)
{
	struct report r = { .callback = callback, .userdata = userdata };

	if (!s->guard || s->stopped || s->successor)
		return;
	check_hooks(s, &r);
	check_programs(s, &r);
	check_maps(s, &r);
	btf__free(r.btf);
}
