// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "outputs.h"
#include "record.h"
#include "util.h"

#define MEMORY_DEFAULT (32UL << 20) /* for all that waits in outputs */
#define MEMORY_MIN (256UL << 10) /* each */

static struct tl_sink *take_over(const struct tl_policy_output *wanted, const struct tl_policy *old_policy,
				 const struct tl_outputs *old)
{
	for (size_t i = 0; old && i < old->n; i++)
		if (tl_sink_same(&old_policy->outputs[i], wanted))
			return tl_sink_ref(old->sink[i]);
	return NULL;
}

int tl_outputs_open(struct tl_outputs *ret, const struct tl_policy *policy, const struct tl_policy *old_policy,
		    const struct tl_outputs *old, struct sd_event *event)
{
	_cleanup_(tl_outputs_done) struct tl_outputs o = { 0 };
	struct tl_sink_setup setup = { .event = event };
	int result = 0;

	o.sink = calloc(policy->n_outputs + 1, sizeof(*o.sink));
	if (!o.sink)
		return -ENOMEM;
	o.n = policy->n_outputs;
	setup.memory = (policy->limit_memory ? policy->limit_memory : MEMORY_DEFAULT) / MAX(o.n, 1UL);
	setup.memory = MAX(setup.memory, MEMORY_MIN);
	for (size_t i = 0; i < o.n; i++) {
		int r = 0;

		o.sink[i] = take_over(&policy->outputs[i], old_policy, old);
		if (!o.sink[i])
			r = tl_sink_new(&policy->outputs[i], &setup, &o.sink[i]);
		if (r < 0)
			result = r;
	}
	if (result < 0)
		return result;
	*ret = o;
	o = (struct tl_outputs){ 0 };
	return 0;
}

uint64_t tl_outputs_done(struct tl_outputs *o)
{
	uint64_t unwritten = 0;

	for (size_t i = 0; i < o->n; i++)
		unwritten += tl_sink_close(o->sink[i]);
	free(o->sink);
	*o = (struct tl_outputs){ 0 };
	return unwritten;
}

const struct tl_annotation *tl_outputs_annotation(const struct tl_event *event)
{
	static const struct tl_annotation lost = { .severity = "warning" }, other = { .severity = "notice" },
					  tamper = { .severity = "crit" };

	if (event->kind == TL_EVENT_TAMPER)
		return event->tamper && strcmp(event->tamper->state, "mended") == 0 ? &other : &tamper;
	return event->kind == TL_EVENT_LOST ? &lost : &other;
}

void tl_outputs_write(struct tl_outputs *o, const struct tl_event *event)
{
	for (size_t i = 0; i < o->n; i++)
		tl_sink_write(o->sink[i], event, tl_outputs_annotation(event));
}

void tl_outputs_flush(struct tl_outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		tl_sink_flush(o->sink[i]);
}

void tl_outputs_tick(struct tl_outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		tl_sink_tick(o->sink[i]);
}

void tl_outputs_tell_seals(struct tl_outputs *o)
{
	struct tl_event event;

	for (size_t i = 0; i < o->n; i++) {
		struct tl_sink *s = o->sink[i];
		char note[256];

		if (!s->sealed)
			continue;
		s->sealed = false;
		s->seal.file = s->path;
		snprintf(note, sizeof(note), "output %s, number %" PRIu64 ": %s", s->name, s->seal.number,
			 s->seal.hash);
		tl_record_make(&event, TL_EVENT_SEAL, NULL, note);
		event.seal = &s->seal;
		for (size_t j = 0; j < o->n; j++)
			if (j != i)
				tl_sink_write(o->sink[j], &event, tl_outputs_annotation(&event));
	}
}

void tl_outputs_reopen(struct tl_outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		tl_sink_reopen(o->sink[i]);
}

void tl_outputs_come_again(struct tl_outputs *o)
{
	for (size_t i = 0; i < o->n; i++)
		tl_sink_comes_again(o->sink[i]);
}
