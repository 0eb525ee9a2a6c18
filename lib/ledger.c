// SPDX-License-Identifier: LGPL-2.1-or-later
/* The balance, from the kernel's counters and the reader's. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "util.h"

static int add_event(struct tl_session *s, uint32_t id, struct tl_account *accounts, struct tl_counters *sum)
{
	const struct tl_loaded *e = &s->events[id];
	uint64_t unwanted;

	if (bpf_map_lookup_elem(tl_map_fd(s, "ledger"), &id, accounts) < 0)
		return -errno;
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++) {
		sum->seen += accounts[cpu].seen;
		sum->filtered += accounts[cpu].filtered;
		sum->aggregated += accounts[cpu].aggregated;
		sum->emitted += accounts[cpu].emitted;
		sum->lost += accounts[cpu].lost;
	}
	/* What the reader keeps for the process table alone is filtered, too. */
	unwanted = e->received - e->delivered - e->malformed;
	sum->filtered += unwanted;
	sum->received += e->received;
	sum->malformed += e->malformed;
	sum->delivered += e->delivered;
	return 0;
}

int tl_session_counters(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret)
{
	_cleanup_free_ struct tl_account *accounts = NULL;
	struct tl_counters sum = {};
	bool any = false;

	if (!s->object || !s->config)
		return tl_fail(s, -EINVAL, "the session has not started");
	accounts = calloc(s->n_cpus, sizeof(*accounts));
	if (!accounts)
		return -ENOMEM;
	for (uint32_t id = 1; id <= s->n_events; id++) {
		int r;

		if (type && strcmp(s->events[id].type.name, type->name) != 0)
			continue;
		r = add_event(s, id, accounts, &sum);
		if (r < 0)
			return r;
		any = true;
	}
	if (type && !any)
		return -ENOENT;
	if (!type)
		sum.malformed += s->events[0].malformed; /* of no event that we know */
	*ret = sum;
	return 0;
}

const struct tl_event_type *tl_session_event_type(const struct tl_session *s, size_t i)
{
	return i < s->n_events ? &s->events[i + 1].type : NULL;
}

const char *tl_session_refusal(struct tl_session *s, size_t i, uint64_t *ret_count)
{
	static const char *const names[TL_REFUSALS] = {
		[TL_REFUSED_TASK_STATE] = "task-state", [TL_REFUSED_SET] = "target-combination",
		[TL_REFUSED_SLOT] = "record-slot",	[TL_REFUSED_HANDLER] = "handler",
		[TL_REFUSED_STASH] = "entry-stash",	[TL_REFUSED_CGROUP] = "cgroup",
		[TL_REFUSED_PENDING] = "missed-return",
	};
	_cleanup_free_ uint64_t *counts = NULL;
	uint32_t key = i;

	if (i >= TL_REFUSALS)
		return NULL;
	*ret_count = 0;
	counts = calloc(s->n_cpus, sizeof(*counts));
	if (!counts || !s->config || bpf_map_lookup_elem(tl_map_fd(s, "refusals"), &key, counts) < 0)
		return names[i];
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++)
		*ret_count += counts[cpu];
	return names[i];
}
