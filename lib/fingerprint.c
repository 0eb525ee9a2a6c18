/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a session that is asked for is one that is there already. */
#include <string.h>

#include "fnv.h"
#include "kept.h"
#include "util.h"

static uint64_t add_number(uint64_t hash, uint64_t n)
{
	return tl_fnv1a(hash, &n, sizeof(n));
}

static uint64_t add_text(uint64_t hash, const char *text)
{
	return tl_fnv1a(hash, text, strlen(text) + 1);
}

static uint64_t add_texts(uint64_t hash, char *const *texts, size_t n)
{
	hash = add_number(hash, n);
	for (size_t i = 0; i < n; i++)
		hash = add_text(hash, texts[i]);
	return hash;
}

static uint64_t add_options(uint64_t hash, const struct tl_options *o)
{
	const uint64_t numbers[] = { o->buffer,	   o->attach,	   o->no_objects,  o->durations,
				     o->tasks_max, o->cgroups_max, o->programs_max };

	return tl_fnv1a(hash, numbers, sizeof(numbers));
}

static uint64_t add_target(uint64_t hash, const struct tl_target *t)
{
	hash = add_number(hash, (uint64_t)t->everything << 1 | t->descendants);
	hash = add_number(hash, t->n_pids);
	hash = tl_fnv1a(hash, t->pids, t->n_pids * sizeof(*t->pids));
	hash = add_texts(hash, t->executables, t->n_executables);
	hash = add_texts(hash, t->cgroups, t->n_cgroups);
	hash = add_texts(hash, t->units, t->n_units);
	hash = add_texts(hash, t->not_executables, t->n_not_executables);
	hash = add_number(hash, t->n_conditions);
	for (size_t i = 0; i < t->n_conditions; i++) {
		const struct tl_condition *c = &t->conditions[i];

		hash = add_number(hash, (uint64_t)c->attribute << 1 | c->negative);
		hash = add_number(hash, c->low);
		hash = add_number(hash, c->high);
		hash = add_text(hash, c->comm);
	}
	return hash;
}

static uint64_t add_event(uint64_t hash, const struct tl_loaded *e)
{
	hash = add_text(hash, e->type.name);
	hash = add_number(hash, e->type.flags);
	hash = add_number(hash, e->tally);
	return tl_fnv1a(hash, e->filters, sizeof(e->filters));
}

static uint64_t add_handler(uint64_t hash, const struct tl_slot *slot)
{
	const struct tl_handler *h = &slot->handler;

	hash = add_number(hash, slot->event);
	hash = add_number(hash, h->n_insns);
	hash = tl_fnv1a(hash, h->insns, h->n_insns * sizeof(*h->insns));
	for (size_t i = 0; i < h->n_references; i++) {
		hash = add_number(hash, h->references[i].insn);
		hash = add_text(hash, h->references[i].map);
	}
	return hash;
}

static uint64_t add_registration(uint64_t hash, const struct tl_registration *g)
{
	const uint64_t numbers[] = { g->target, g->event, g->slot, g->program_id };

	return tl_fnv1a(hash, numbers, sizeof(numbers));
}

uint64_t tl_fingerprint(const struct tl_session *s)
{
	uint64_t hash = add_number(TL_FNV_BASIS, tl_kernel_hash(s));

	hash = add_number(hash, s->n_cpus);
	hash = add_options(hash, &s->options);
	for (size_t i = 0; i < s->n_targets; i++)
		hash = add_target(hash, &s->targets[i]);
	for (uint32_t id = 1; id <= s->n_events; id++)
		hash = add_event(hash, &s->events[id]);
	for (uint32_t i = 0; i < TL_EVENTS_MAX + s->n_extra_slots; i++)
		hash = add_handler(hash, &s->slots[i]);
	for (size_t i = 0; i < s->n_registrations; i++)
		hash = add_registration(hash, &s->registrations[i]);
	hash = tl_fnv1a(hash, s->filters, s->n_filters * sizeof(*s->filters));
	hash = add_number(hash, s->n_untracked);
	hash = tl_fnv1a(hash, s->untracked, s->n_untracked * sizeof(*s->untracked));
	return add_texts(hash, s->untracked_executables, s->n_untracked_executables);
}
