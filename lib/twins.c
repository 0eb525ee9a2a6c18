/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See twins.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach.h"
#include "twins.h"
#include "util.h"

static const struct twin {
	const char *name;
	const char *again; /* NULL: the same once more, which finds out by itself what is left to do */
	bool always; /* on all kernels, not only where programs are preempted */
} twins[] = {
	{ "tl_fork", NULL, false },
	{ "tl_exec", NULL, false },
	{ "tl_exit_process", NULL, false },
	{ "tl_cgroup_mkdir", NULL, false },
	{ "tl_prepare_exec", NULL, false },
	{ "tl_network_state_changed", NULL, true },
	{ "tl_network_call", "tl_network_call_again", false },
	{ "tl_exit_raw_tp", "tl_exit_raw_tp_again", false },
	{ "tl_enter_raw_tp", "tl_enter_raw_tp_again", false },
};

bool tl_programs_are_preempted(void)
{
	_cleanup_fclose_ FILE *file = NULL;
	struct utsname name;
	char mode[64] = "";

	if (tl_kernel_version() >= 7000)
		return true;
	file = fopen("/sys/kernel/debug/sched/preempt", "re");
	if (file && fgets(mode, sizeof(mode), file))
		return strstr(mode, "(full)") || strstr(mode, "(lazy)");
	return uname(&name) == 0 && strstr(name.version, " PREEMPT ");
}

int tl_twins_choose(struct tl_session *s)
{
	s->twice = s->build == TL_BUILD_TYPED && s->is_preempted;
	for (size_t i = 0; i < ARRAY_SIZE(twins); i++)
		if (twins[i].again)
			tl_choose_program(s, twins[i].again, s->twice && tl_has_program(s, twins[i].name));
	return tl_set_constant(s, "twice", &s->twice, sizeof(s->twice));
}

static int keep_twin(struct tl_session *s, int first, int again)
{
	struct tl_twin *grown = reallocarray(s->twins, s->n_twins + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->twins = grown;
	s->twins[s->n_twins++] = (struct tl_twin){ first, again };
	return 0;
}

int tl_twin_attach(struct tl_session *s, const char *name)
{
	const struct twin *twin = NULL;
	int first, again, r;

	for (size_t i = 0; i < ARRAY_SIZE(twins); i++)
		if (strcmp(twins[i].name, name) == 0)
			twin = &twins[i];
	if (!twin || (!s->twice && !twin->always))
		return 0;
	first = tl_program_fd(s, name);
	if (twin->again) {
		again = tl_program_fd(s, twin->again);
	} else {
		r = tl_tracepoint_type(s, name);
		again = r < 0 ? r : tl_program_copy(s, name, TL_KIND_RAW_TP, (uint32_t)r, BPF_TRACE_RAW_TP);
	}
	if (again < 0)
		return again;
	r = keep_twin(s, first, again);
	return r < 0 ? r : tl_attach_trace(s, again, NULL);
}

uint64_t tl_twins_made_up(const struct tl_session *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n_twins; i++)
		n += MAX(tl_program_skipped(s->twins[i].first), tl_program_skipped(s->twins[i].again));
	return n;
}
