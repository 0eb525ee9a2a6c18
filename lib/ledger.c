// SPDX-License-Identifier: LGPL-2.1-or-later
/* The balance, from the kernel's counters and the reader's. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "twins.h"
#include "util.h"

static void add_event(const struct tl_session *s, uint32_t id, struct tl_counters *sum)
{
	const struct tl_loaded *e = &s->events[id];

	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++) {
		const struct tl_account *account = &s->ledger[(size_t)cpu * TL_EVENTS_MAX + id];

		sum->seen += __atomic_load_n(&account->seen, __ATOMIC_RELAXED);
		sum->filtered += __atomic_load_n(&account->filtered, __ATOMIC_RELAXED);
		sum->aggregated += __atomic_load_n(&account->aggregated, __ATOMIC_RELAXED);
		sum->emitted += __atomic_load_n(&account->emitted, __ATOMIC_RELAXED);
		sum->lost += __atomic_load_n(&account->lost, __ATOMIC_RELAXED);
	}
	/* Of what the kernel part counted, what turned out to be in no count. */
	sum->aggregated -= e->tallied[TL_FATE_FILTERED] + e->tallied[TL_FATE_LOST];
	sum->filtered += e->tallied[TL_FATE_FILTERED];
	sum->lost += e->tallied[TL_FATE_LOST];
	sum->received += e->received;
	sum->malformed += e->malformed;
	sum->internal += e->internal;
	sum->reader_filtered += e->fates[TL_FATE_FILTERED];
	sum->reader_aggregated += e->fates[TL_FATE_AGGREGATED];
	sum->reader_lost += e->fates[TL_FATE_LOST];
	sum->delivered += e->fates[TL_FATE_DELIVERED];
}

uint64_t tl_lost_in_kernel(const struct tl_session *s)
{
	uint64_t n = 0;

	for (uint32_t cpu = 0; s->ledger && cpu < s->n_cpus; cpu++)
		for (uint32_t id = 1; id <= s->n_events; id++)
			n += __atomic_load_n(&s->ledger[(size_t)cpu * TL_EVENTS_MAX + id].lost, __ATOMIC_RELAXED);
	return n;
}

int tl_session_counters(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret)
{
	struct tl_counters sum = type ? (struct tl_counters){} : s->given_up;
	bool any = false;

	if (!s->ledger)
		return tl_fail(s, -EINVAL, "the session has not started");
	for (uint32_t id = 1; id <= s->n_events; id++) {
		if (type && strcmp(s->events[id].type.name, type->name) != 0)
			continue;
		add_event(s, id, &sum);
		any = true;
	}
	if (type && !any)
		return -ENOENT;
	if (!type) { /* of no event that we know */
		sum.received += s->events[0].malformed;
		sum.malformed += s->events[0].malformed;
	}
	*ret = sum;
	return 0;
}

const struct tl_event_type *tl_session_event_type(const struct tl_session *s, size_t i)
{
	return i < s->n_events ? &s->events[i + 1].type : NULL;
}

uint64_t tl_program_skipped(int program)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) < 0 ? 0 : info.recursion_misses;
}

/* Runs of our programs that the kernel skipped, since another one of them, or
 * a call for a map, was under way on that CPU; for whom it does not say. */
static uint64_t skipped(const struct tl_session *s)
{
	struct bpf_program *program;
	uint64_t n = 0;

	bpf_object__for_each_program(program, s->object) n += tl_program_skipped(tl_program_fd_of(s, program));
	for (size_t i = 0; i < s->n_loaded_programs; i++)
		n += tl_program_skipped(s->loaded_programs[i]);
	return n - MIN(n, tl_twins_made_up(s));
}

static const char *const refusal_names[TL_REFUSALS + 1] = {
	[TL_REFUSED_TASK_STATE] = "task-state", [TL_REFUSED_SET] = "target-combination",
	[TL_REFUSED_SLOT] = "record-slot",	[TL_REFUSED_HANDLER] = "handler",
	[TL_REFUSED_STASH] = "entry-stash",	[TL_REFUSED_CGROUP] = "cgroup",
	[TL_REFUSED_PENDING] = "missed-return", [TL_REFUSED_OVERRIDE] = "own-handlers",
	[TL_REFUSED_REQUEST] = "io_uring-request", [TL_REFUSED_SOCKET] = "socket-owner",
	[TL_REFUSED_OBJECT] = "program-object",
	[TL_REFUSALS] = "skipped-program",
};

static uint64_t refused(const struct tl_session *s, size_t i)
{
	uint64_t n = i == TL_REFUSED_CGROUP ? s->n_cgroups_refused : 0;

	for (uint32_t cpu = 0; s->refusals && cpu < s->n_cpus; cpu++)
		n += __atomic_load_n(&s->refusals[(size_t)cpu * TL_REFUSALS + i], __ATOMIC_RELAXED);
	return n;
}

const char *tl_session_refusal(struct tl_session *s, size_t i, uint64_t *ret_count)
{
	if (i > TL_REFUSALS)
		return NULL;
	if (i < TL_REFUSALS)
		*ret_count = refused(s, i);
	else
		*ret_count = s->ledger ? skipped(s) : 0;
	return refusal_names[i];
}

const char *tl_refusal_unaudited(const struct tl_session *s, unsigned refusal, uint64_t *ret_count)
{
	/* A program that is not learned as an object goes on to be known by its path. */
	if (refusal != TL_REFUSED_TASK_STATE && refusal != TL_REFUSED_SET && refusal != TL_REFUSED_CGROUP)
		return NULL;
	*ret_count = refused(s, refusal);
	return refusal_names[refusal];
}

uint64_t tl_session_unaudited(struct tl_session *s)
{
	uint64_t sum = 0, count;

	for (unsigned i = 0; i < TL_REFUSALS; i++)
		if (tl_refusal_unaudited(s, i, &count))
			sum += count;
	return sum;
}
