// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whether what a session has in the kernel is still as it left it. Who may load programs may
 * also take others' out of their arrays or write to their maps; and who may trace the process
 * can have it close what it holds. None of that can be kept from root, but it can be told.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fnv.h"
#include "kept.h"
#include "live-maps.h"
#include "map-content.h"
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

/* They are written before the start and by nobody since, but for who is followed by his pid: see tl_guard_note_pids(). */
static const char *const constant_maps[] = {
	"terms",   "wants",     "ranges",    "automaton",   "paths",    "objects",
	"filters", "overrides", "blank_set", "empty_stash", "no_notes", "pids",
};
#define PIDS (ARRAY_SIZE(constant_maps) - 1)

/* What the kernel part alone writes to. */
static const char *const kernel_maps[] = {
	"tasks",	   "stashes",	   "calls",    "works",		"found_terms",	  "notes",
	"ended",	   "sockets",	   "requests", "requests_long", "requests_named", "network_requests",
	"learned_objects", "cgroup_names", "ledger",   "cpus",
};

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

/* Negative: nothing is known. */
static int look_at_hook(int fd, struct hook *ret)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);
	char path[32], what[NAME_SIZE] = "";
	int r = bpf_obj_get_info_by_fd(fd, &info, &size);

	if (r < 0 && tl_is_momentary(-errno))
		return -errno;
	*ret = (struct hook){};
	if (r == 0) {
		ret->link = info.id;
		ret->program = info.prog_id;
		/* Older kernels leave it as it was. */
		if (info.type == BPF_LINK_TYPE_TRACING)
			ret->function = info.tracing.target_btf_id;
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, what, sizeof(what) - 1) > 0)
		ret->is_probe = strcmp(what, "anon_inode:[perf_event]") == 0;
	return 0;
}

static void name_hook(int fd, struct hook *h)
{
	struct bpf_link_info info = { .raw_tracepoint = { .tp_name = (uint64_t)(uintptr_t)h->name,
							  .tp_name_len = sizeof(h->name) } };
	uint32_t size = sizeof(info);

	if (h->is_probe) {
		snprintf(h->name, sizeof(h->name), "a probe");
		return;
	}
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		info.type = BPF_LINK_TYPE_UNSPEC;
	if (info.type == BPF_LINK_TYPE_KPROBE_MULTI)
		snprintf(h->name, sizeof(h->name), "probes");
	else if (info.type != BPF_LINK_TYPE_RAW_TRACEPOINT)
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

		if (look_at_hook(s->links[i], &now) < 0)
			continue;
		if (now.link != g->hooks[i].link || now.program != g->hooks[i].program ||
		    now.is_probe != g->hooks[i].is_probe)
			report_hook(r, &g->hooks[i]);
	}
}

/* ---- Switches ---- */

/* The kernel's own, for the whole machine. What uses them stays where it is and does nothing. */
static const char probes_switch[] = "/sys/kernel/debug/kprobes/enabled"; /* for root alone, where it is mounted */
static const char functions_switch[] = "/proc/sys/kernel/ftrace_enabled";

static bool is_off(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char state = '1';

	return fd >= 0 && read(fd, &state, 1) == 1 && state == '0';
}

static bool has_probe(const struct tl_guard *g)
{
	for (size_t i = 0; i + 1 < g->n_hooks; i++)
		if (g->hooks[i].is_probe)
			return true;
	return false;
}

/* On the entry or the return of a function, not on a tracepoint. */
static bool is_on_function(int fd)
{
	struct bpf_link_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return false;
	return info.type == BPF_LINK_TYPE_KPROBE_MULTI ||
	       (info.type == BPF_LINK_TYPE_TRACING &&
		(info.tracing.attach_type == BPF_TRACE_FENTRY || info.tracing.attach_type == BPF_TRACE_FEXIT));
}

static bool has_function(const struct tl_session *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (is_on_function(s->links[i]))
			return true;
	return false;
}

/* Kernels that cannot do without what is on a function refuse to switch it off. */
static void check_switches(const struct tl_session *s, struct report *r)
{
	if (has_probe(s->guard) && is_off(probes_switch))
		r->callback(TL_DAMAGE_SWITCH, probes_switch, r->userdata);
	if (is_off(functions_switch) && (has_probe(s->guard) || has_function(s)))
		r->callback(TL_DAMAGE_SWITCH, functions_switch, r->userdata);
}

/* ---- Arrays of programs ---- */

/* Its id, 0: there is none. Negative: nothing is known. */
static int program_at(const struct tl_session *s, int kind, uint32_t at, uint32_t *ret)
{
	uint32_t id = 0;
	int r = bpf_map_lookup_elem(s->programs[kind], &at, &id);

	if (r < 0 && tl_is_momentary(-errno))
		return -errno;
	*ret = r < 0 ? 0 : id;
	return 0;
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
		for (uint32_t at = 0; s->programs[kind] >= 0 && at < SLOTS; at++) {
			const uint32_t noted = s->guard->programs[kind][at];
			uint32_t now = 0;

			if (noted && program_at(s, kind, at, &now) >= 0 && now != noted)
				report_program(s, at, r);
		}
}

/* ---- Maps ---- */

/* Without who comes first of two sessions, which a successor settles. */
static uint64_t hash_config(const struct tl_session *s)
{
	const struct tl_config *c = s->config;
	uint64_t hash = tl_fnv1a(TL_FNV_BASIS, c, offsetof(struct tl_config, second));

	return tl_fnv1a(hash, c->i386_forms, sizeof(c->i386_forms));
}

/* For this process, that is: a reader who cannot write to his maps cannot follow what begins. Negative: nothing is
 * known. */
static int is_frozen(int fd)
{
	char path[40], text[1024];
	_cleanup_close_ int info = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	n = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return strstr(text, "\nfrozen:\t1\n") != NULL;
}

static bool is_kernel_map(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_maps); i++)
		if (strcmp(kernel_maps[i], name) == 0)
			return true;
	return false;
}

int tl_guard_freeze(struct tl_session *s)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(kernel_maps); i++) {
		int fd = tl_map_fd(s, kernel_maps[i]), frozen;

		if (fd < 0 || bpf_map_freeze(fd) == 0)
			continue;
		r = -errno;
		frozen = is_frozen(fd);
		if (frozen < 0)
			r = frozen;
		if (frozen <= 0) /* else by a predecessor, with whom it is shared */
			return tl_fail(s, r, "cannot keep others from writing to the map %s: %s", kernel_maps[i],
				       strerror(-r));
	}
	return 0;
}

/* Constants of programs are frozen by who loads them. */
static void check_frozen(const struct tl_session *s, struct report *r)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, s->object) {
		const char *name = bpf_map__name(map);

		if (!strstr(name, "rodata") && !is_kernel_map(name) && is_frozen(bpf_map__fd(map)) > 0)
			r->callback(TL_DAMAGE_MAP, name, r->userdata);
	}
}

static void check_maps(struct tl_session *s, struct report *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(constant_maps); i++) {
		uint64_t now = 0;

		if (tl_map_hash(tl_map_fd(s, constant_maps[i]), &now) >= 0 && now != s->guard->maps[i])
			r->callback(TL_DAMAGE_MAP, constant_maps[i], r->userdata);
	}
	if (hash_config(s) != s->guard->config)
		r->callback(TL_DAMAGE_MAP, "configuration", r->userdata);
	if (__atomic_load_n(s->gate, __ATOMIC_RELAXED) != s->number) /* who takes over goes by it */
		r->callback(TL_DAMAGE_MAP, "gate", r->userdata);
	if (s->is_moved)
		r->callback(TL_DAMAGE_MAP, "ring", r->userdata);
	s->is_moved = false;
	tl_live_maps_check(s->live_maps, s, r->callback, r->userdata);
	check_frozen(s, r);
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
	s->live_maps = tl_live_maps_free(s->live_maps);
}

bool tl_guard_knows_pids(const struct tl_session *s)
{
	const struct tl_guard *kept = tl_kept_guard(s);
	uint64_t pids;

	return !kept || !kept->n_hooks || tl_map_hash(tl_map_fd(s, constant_maps[PIDS]), &pids) < 0 ||
	       pids == kept->maps[PIDS];
}

void tl_guard_note_pids(struct tl_session *s)
{
	struct tl_guard *kept = tl_kept_guard(s);
	uint64_t pids;

	if (tl_map_hash(tl_map_fd(s, constant_maps[PIDS]), &pids) < 0)
		return; /* it is told at the next look */
	if (kept)
		kept->maps[PIDS] = pids;
	if (s->guard)
		s->guard->maps[PIDS] = pids;
}

/* What there is now. */
static int take_note(const struct tl_session *s, struct tl_guard *g)
{
	int r = 0;

	for (size_t i = 0; i < s->n_links && r >= 0; i++) {
		r = look_at_hook(s->links[i], &g->hooks[i]);
		if (r >= 0)
			name_hook(s->links[i], &g->hooks[i]);
	}
	for (int kind = 0; kind < TL_KINDS; kind++)
		for (uint32_t at = 0; r >= 0 && s->programs[kind] >= 0 && at < SLOTS; at++)
			r = program_at(s, kind, at, &g->programs[kind][at]);
	for (size_t i = 0; i < ARRAY_SIZE(constant_maps) && r >= 0; i++)
		r = tl_map_hash(tl_map_fd(s, constant_maps[i]), &g->maps[i]);
	g->config = hash_config(s);
	g->n_hooks = (uint32_t)s->n_links + 1;
	return r;
}

int tl_session_guard(struct tl_session *s)
{
	/* Of a session that another process began, what that has noted: else whoever meddles while
	 * there is no process would go unnoticed. */
	const bool is_first = !s->guard && s->adopted;
	_cleanup_free_ struct tl_guard *g = NULL;
	struct tl_guard *kept = tl_kept_guard(s);
	const size_t size = tl_guard_size((uint32_t)s->n_links);
	int r = 0;

	if (!s->started || s->stopped)
		return tl_fail(s, -EINVAL, "the session does not run");
	g = calloc(1, size);
	if (!g)
		return tl_fail(s, -ENOMEM, "no memory");
	if (is_first && kept && kept->n_hooks == s->n_links + 1)
		memcpy(g, kept, size);
	else
		r = take_note(s, g);
	if (r < 0)
		return tl_fail(s, r, "cannot read what is in the kernel: %s", strerror(-r));
	if (kept)
		memcpy(kept, g, size);
	tl_guard_free(s);
	s->live_maps = tl_live_maps_new(s);
	if (!s->live_maps)
		return tl_fail(s, -EAGAIN, "cannot read what is in the kernel's maps");
	s->guard = TAKE_PTR(g);
	return 0;
}

void tl_session_check(struct tl_session *s, tl_damage_callback callback, void *userdata)
{
	struct report r = { .callback = callback, .userdata = userdata };

	if (!s->guard || s->stopped || s->successor)
		return;
	check_hooks(s, &r);
	check_switches(s, &r);
	check_programs(s, &r);
	check_maps(s, &r);
	btf__free(r.btf);
}
