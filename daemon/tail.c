// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/socket.h>

#include "tail.h"
#include "util.h"

#define QUEUE (4UL << 20) /* bytes of events that may wait for a reader */
#define SOCKET_QUEUE (512 << 10) /* same, handed over already */

static void tail_free(struct tl_tail *tail)
{
	tl_sink_unref(tail->sink);
	tl_expression_free(tail->where);
	free(tail);
}

int tl_tails_add(struct tl_tails *t, const struct tl_tail_options *options, struct tl_tail **ret,
		 struct tl_expression_error *ret_error)
{
	const struct tl_policy_output output = {
		.name = (char *)"tail",
		.type = TL_OUTPUT_STDOUT,
		.format = options->json ? TL_FORMAT_JSON : TL_FORMAT_TEXT,
	};
	const struct tl_sink_setup setup = { .client = options->fd, .memory = QUEUE };
	struct tl_tail *tail = calloc(1, sizeof(*tail));
	int r = 0;

	if (!tail)
		return -ENOMEM;
	if (t->n >= TL_TAILS_MAX) {
		free(tail);
		return -EUSERS;
	}
	/* Of all built-in events, so that it outlives the policy in force. */
	if (options->where)
		r = tl_expression_compile(options->where, NULL, 0, &tail->where, ret_error);
	if (r >= 0)
		r = tl_sink_new(&output, &setup, &tail->sink);
	if (r < 0) {
		tail_free(tail);
		return r;
	}
	tail->reader = options->reader;
	setsockopt(options->fd, SOL_SOCKET, SO_SNDBUF, &(int){ SOCKET_QUEUE }, sizeof(int));
	tail->next = t->first;
	t->n++;
	t->first = tail;
	*ret = tail;
	return 0;
}

void tl_tails_remove(struct tl_tails *t, struct tl_tail *tail)
{
	struct tl_tail **at = &t->first;

	if (!tail)
		return;
	while (*at != tail)
		at = &(*at)->next;
	*at = tail->next;
	t->n--;
	tail_free(tail);
}

static bool wants(const struct tl_tail *tail, const struct tl_event *event)
{
	if (event->kind < TL_EVENT_LOST && tail->reader && event->pid == tail->reader)
		return false;
	if (!tail->where || event->kind == TL_EVENT_LOST)
		return true;
	return event->kind < TL_EVENT_LOST && tl_expression_eval(tail->where, event);
}

void tl_tails_write(const struct tl_tails *t, const struct tl_event *event, const struct tl_annotation *annotation)
{
	for (struct tl_tail *tail = t->first; tail; tail = tail->next)
		if (wants(tail, event))
			tl_sink_write(tail->sink, event, annotation);
}

void tl_tails_flush(const struct tl_tails *t)
{
	for (struct tl_tail *tail = t->first; tail; tail = tail->next)
		tl_sink_flush(tail->sink);
}
