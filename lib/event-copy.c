// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>

#include "event-copy.h"

/* Memory in one piece; without it, only its size is counted. */
struct copier {
	char *at;
	size_t used;
};

/* n bytes and a NUL behind them. */
static void *keep(struct copier *c, const void *data, size_t n)
{
	char *to = c->at ? c->at + c->used : NULL;

	c->used += (n + 8) & ~(size_t)7;
	if (!to || !data)
		return to;
	memcpy(to, data, n);
	to[n] = '\0';
	return to;
}

static const char *keep_string(struct copier *c, const char *s)
{
	return s ? keep(c, s, strlen(s)) : NULL;
}

static void keep_bytes(struct copier *c, struct tl_bytes *bytes)
{
	if (bytes->data)
		bytes->data = keep(c, bytes->data, bytes->size);
}

/* The encoders know a process by its generation: a copy is one that they have not seen. */
static uint64_t next_generation(void)
{
	static uint64_t last = 1ULL << 63;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

static void keep_texts(struct copier *c, struct tl_process *copy, const struct tl_process *p)
{
	copy->args = p->args ? keep(c, p->args, p->args_size) : NULL;
	copy->working_directory = keep_string(c, p->working_directory);
	copy->cgroup = keep_string(c, p->cgroup);
	copy->unit = keep_string(c, p->unit);
	copy->container_id = keep_string(c, p->container_id);
}

/* Of those from the depth `named` on nothing is kept but who they are. */
static const struct tl_process *keep_process(struct copier *c, const struct tl_process *p, unsigned named,
					     unsigned ancestors)
{
	struct tl_process copy, *to;

	if (!p)
		return NULL;
	copy = *p;
	to = keep(c, NULL, sizeof(copy));
	copy.executable = keep_string(c, p->executable);
	copy.args = copy.working_directory = copy.cgroup = copy.unit = copy.container_id = "";
	copy.args_size = copy.n_args = 0;
	if (named) {
		copy.args_size = p->args_size;
		copy.n_args = p->n_args;
		keep_texts(c, &copy, p);
	}
	copy.parent = ancestors ? keep_process(c, p->parent, named ? named - 1 : 0, ancestors - 1) : NULL;
	if (to) {
		copy.generation = next_generation();
		*to = copy;
	}
	return to;
}

static const struct tl_endpoint *keep_further(struct copier *c, const struct tl_event *event)
{
	struct tl_endpoint *to = NULL, end;

	if (event->n_further)
		to = keep(c, event->further, event->n_further * sizeof(*event->further));
	for (size_t i = 0; i < event->n_further; i++) {
		end = event->further[i];
		keep_bytes(c, &end.path);
		end.domain = keep_string(c, end.domain);
		if (to)
			to[i] = end;
	}
	return to;
}

static struct tl_event *copy_event(struct copier *c, const struct tl_event *event)
{
	struct tl_event copy = *event, *to = keep(c, NULL, sizeof(copy));

	for (size_t i = 0; i < TL_ARGS_MAX; i++)
		keep_bytes(c, &copy.captured[i]);
	keep_bytes(c, &copy.file.path);
	keep_bytes(c, &copy.target.path);
	keep_bytes(c, &copy.source.path);
	keep_bytes(c, &copy.destination.path);
	keep_bytes(c, &copy.module);
	keep_bytes(c, &copy.other_executable);
	keep_bytes(c, &copy.peer_executable);
	copy.process = keep_process(c, event->process, 2, TL_ANCESTORS_MAX);
	copy.child = keep_process(c, event->child, 1, 0);
	copy.other = keep_process(c, event->other, 1, 0);
	copy.peer = keep_process(c, event->peer, 1, 0);
	if (event->before)
		copy.before = keep(c, event->before, sizeof(*event->before));
	if (event->after)
		copy.after = keep(c, event->after, sizeof(*event->after));
	copy.further = keep_further(c, event);
	copy.source.domain = keep_string(c, event->source.domain);
	copy.destination.domain = keep_string(c, event->destination.domain);
	if (event->dns)
		copy.dns = keep(c, event->dns, sizeof(*event->dns));
	if (event->targets)
		copy.targets = keep(c, event->targets, event->n_target_words * sizeof(*event->targets));
	copy.record = NULL;
	copy.record_size = 0;
	if (to)
		*to = copy;
	return to;
}

size_t tl_event_copy_size(const struct tl_event *event)
{
	struct copier c = { 0 };

	copy_event(&c, event);
	return c.used;
}

struct tl_event *tl_event_copy(const struct tl_event *event)
{
	struct copier c = { .at = malloc(tl_event_copy_size(event)) };

	return c.at ? copy_event(&c, event) : NULL;
}

struct tl_event *tl_event_copy_free(struct tl_event *copy)
{
	free(copy); /* all of it is one piece that begins with the event */
	return NULL;
}
