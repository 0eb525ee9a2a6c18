/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kprobes.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach.h"
#include "kprobes.h"
#include "util.h"

/* Where probes work at all, they do here. */
static const char any_function[] = "__x64_sys_personality";

/* ---- Events of perf ---- */

static int open_event(const char *function, bool at_return)
{
	_cleanup_fclose_ FILE *file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	struct perf_event_attr attributes = {
		.size = sizeof(attributes),
		.config = at_return,
		.kprobe_func = (uint64_t)(uintptr_t)function,
	};
	int fd;

	if (!file && errno != ENOENT)
		return -errno;
	if (!file || fscanf(file, "%" SCNu32, &attributes.type) != 1)
		return -EOPNOTSUPP;
	fd = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool event_works(const char *function)
{
	int fd = open_event(function, true);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || tl_is_momentary(fd);
}

static int attach_event(struct tl_session *s, int program, const char *function, bool at_return)
{
	int fd = open_event(function, at_return);

	if (fd < 0)
		return tl_fail(s, fd, "cannot put a kprobe on %s: %s", function, strerror(-fd));
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) < 0 || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0) {
		int r = -errno;

		close(fd);
		return tl_fail(s, r, "cannot run a program on %s: %s", function, strerror(-r));
	}
	return tl_keep_link(s, fd);
}

/* ---- Links ---- */

static int open_link(int program, const char **functions, size_t n, bool at_return)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .kprobe_multi = { .flags = at_return ? BPF_F_KPROBE_MULTI_RETURN : 0,
				      .cnt = (uint32_t)n,
				      .syms = functions });
	int fd = bpf_link_create(program, 0, BPF_TRACE_KPROBE_MULTI, &options);

	return fd < 0 ? -errno : fd;
}

/* With a program that does nothing. Returns 0 or a negative error. */
static int try_link(const char *function)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	_cleanup_close_ int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "tl_probe", "GPL", nothing,
						    ARRAY_SIZE(nothing), &options);
	_cleanup_close_ int link = program < 0 ? program : open_link(program, &function, 1, true);

	return MIN(link, 0);
}

static bool link_works(const char *function)
{
	int r = try_link(function);

	return r == 0 || tl_is_momentary(r);
}

static int attach_link(struct tl_session *s, int program, const char **functions, size_t n, bool at_return)
{
	int fd = open_link(program, functions, n, at_return);

	if (fd < 0)
		return tl_fail(s, fd, "cannot put a kprobe on %s%s: %s", functions[0], n > 1 ? " and others" : "",
			       strerror(-fd));
	return tl_keep_link(s, fd);
}

/* ---- Either ---- */

enum tl_kprobes tl_kprobes_of(struct tl_session *s)
{
	if (s->kprobes)
		return s->kprobes;
	if (s->is_preempted && tl_kernel_version() >= 7000 && link_works(any_function))
		s->kprobes = TL_KPROBES_LINKS;
	else
		s->kprobes = event_works(any_function) ? TL_KPROBES_PERF : TL_KPROBES_NONE;
	return s->kprobes;
}

bool tl_kprobe_works(struct tl_session *s, const char *function)
{
	switch (tl_kprobes_of(s)) {
	case TL_KPROBES_LINKS:
		return link_works(function);
	case TL_KPROBES_PERF:
		return event_works(function);
	default:
		return false;
	}
}

bool tl_kprobe_exists(struct tl_session *s, const char *function)
{
	int fd = open_event(function, false);

	if (fd >= 0)
		close(fd);
	/* Who may not ask that way has been told that nothing can be hooked there: all functions of calls can be. */
	return fd != -ENOENT && !((fd == -EACCES || fd == -EPERM) && tl_kprobes_of(s) == TL_KPROBES_LINKS);
}

int tl_kprobe_attach(struct tl_session *s, int program, const char *function, bool at_return)
{
	return tl_kprobes_of(s) == TL_KPROBES_LINKS ? attach_link(s, program, &function, 1, at_return) :
						      attach_event(s, program, function, at_return);
}

/* ---- Many at once ---- */

int tl_kprobe_add(struct tl_session *s, int program, const char *function, bool at_return)
{
	struct tl_kprobe *grown;

	if (tl_kprobes_of(s) != TL_KPROBES_LINKS)
		return attach_event(s, program, function, at_return);
	/* The kernel would refuse all of them if one came twice. */
	for (size_t i = 0; i < s->n_waiting_probes; i++) {
		const struct tl_kprobe *other = &s->waiting_probes[i];

		if (other->program == program && other->at_return == at_return &&
		    strcmp(other->function, function) == 0)
			return 0;
	}
	grown = reallocarray(s->waiting_probes, s->n_waiting_probes + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->waiting_probes = grown;
	grown[s->n_waiting_probes] = (struct tl_kprobe){ .program = program, .at_return = at_return };
	snprintf(grown[s->n_waiting_probes++].function, sizeof(grown->function), "%s", function);
	return 0;
}

bool tl_kprobe_refused(const struct tl_session *s, const char *function)
{
	for (size_t i = 0; i < s->n_refused_probes; i++)
		if (strcmp(s->refused_probes[i].function, function) == 0)
			return true;
	return false;
}

/* Whether it is for some of them that the kernel refuses all; which ones is known afterwards. */
static int find_refused(struct tl_session *s, const char **functions, size_t n)
{
	int any = 0;

	for (size_t i = 0; i < n; i++) {
		struct tl_kprobe *grown;

		if (!tl_kprobe_refused(s, functions[i])) {
			int r = try_link(functions[i]);

			if (r >= 0)
				continue;
			if (tl_is_momentary(r))
				return tl_fail(s, r, "cannot put a kprobe on %s: %s", functions[i], strerror(-r));
			grown = reallocarray(s->refused_probes, s->n_refused_probes + 1, sizeof(*grown));
			if (!grown)
				return tl_fail(s, -ENOMEM, "not enough memory");
			s->refused_probes = grown;
			grown[s->n_refused_probes] = (struct tl_kprobe){};
			snprintf(grown[s->n_refused_probes++].function, sizeof(grown->function), "%s", functions[i]);
		}
		any = 1;
	}
	return any;
}

/* Those of the same program as the first of them, which are taken from the list. 1: some are refused. */
static int link_next(struct tl_session *s)
{
	const struct tl_kprobe first = s->waiting_probes[0];
	_cleanup_free_ struct tl_kprobe *taken = calloc(s->n_waiting_probes, sizeof(*taken));
	_cleanup_free_ const char **functions = calloc(s->n_waiting_probes, sizeof(*functions));
	size_t n = 0, kept = 0;
	int r, refused;

	if (!taken || !functions)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_waiting_probes; i++) {
		const struct tl_kprobe *probe = &s->waiting_probes[i];

		if (probe->program != first.program || probe->at_return != first.at_return) {
			s->waiting_probes[kept++] = *probe;
			continue;
		}
		taken[n] = *probe;
		functions[n] = taken[n].function;
		n++;
	}
	s->n_waiting_probes = kept;
	r = attach_link(s, first.program, functions, n, first.at_return);
	if (r != -ESRCH && r != -ENOENT && r != -EINVAL)
		return r;
	refused = find_refused(s, functions, n);
	return refused ? refused : r;
}

int tl_kprobes_link(struct tl_session *s)
{
	const size_t n_links = s->n_links;
	bool refused = false;
	int r = 0;

	while (s->n_waiting_probes && r >= 0) {
		r = link_next(s);
		refused |= r > 0;
	}
	if (refused)
		tl_detach_from(s, n_links);
	return r < 0 ? r : refused;
}

void tl_kprobes_free(struct tl_session *s)
{
	free(s->waiting_probes);
	free(s->refused_probes);
	s->waiting_probes = s->refused_probes = NULL;
	s->n_waiting_probes = s->n_refused_probes = 0;
}
