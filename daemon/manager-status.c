// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon says about itself: to systemd, in the status file, and when it cannot go on. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "escape.h"
#include "log.h"
#include "manager-parts.h"
#include "message-ids.h"
#include "put.h"
#include "status.h"
#include "util.h"

static void put_sum(struct tl_buffer *b, uint64_t n, const char *what)
{
	tl_put_u64(b, n);
	tl_put_text(b, what);
}

void tl_manager_notify(struct tl_manager *m, const char *prefix)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	const struct tl_generation *g = m->generation;
	struct tl_counters sum = { 0 };

	tl_session_counters(g->session, NULL, &sum);
	if (*prefix)
		tl_put_text(&b, prefix);
	TL_PUT_LITERAL(&b, "STATUS=Auditing ");
	put_sum(&b, tl_generation_events(g), " events of ");
	put_sum(&b, g->policy->n_targets, " targets, ");
	put_sum(&b, m->delivered + sum.delivered, " delivered, ");
	put_sum(&b, m->lost + tl_balance_of(&sum).lost, " lost");
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tl_sink *s = g->outputs.sink[i];

		if (!s->error && !s->counters.lost)
			continue;
		TL_PUT_LITERAL(&b, "; output ");
		tl_put_text(&b, s->name);
		tl_put_text(&b, s->error ? " fails (" : " works (");
		put_sum(&b, s->counters.lost, " lost)");
	}
	if (m->refused[0]) {
		TL_PUT_LITERAL(&b, "; the last reload was refused: ");
		tl_escape_value(&b, m->refused, strlen(m->refused));
	}
	tl_put_char(&b, 0);
	if (!b.failed)
		sd_notify(0, b.data);
}

void tl_manager_count_tasks(struct tl_manager *m)
{
	size_t n = m->generation->policy->n_targets;

	if (n != m->n_tasks) {
		int64_t *tasks = reallocarray(m->tasks, n + 1, sizeof(*tasks));

		if (!tasks)
			return;
		m->tasks = tasks;
		m->n_tasks = n;
	}
	for (size_t i = 0; i < n; i++)
		m->tasks[i] = tl_session_target_tasks(m->generation->session, (uint32_t)i);
}

void tl_manager_write_status(struct tl_manager *m, const char *state, bool always)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	const struct tl_status_facts facts = {
		.state = state,
		.started = m->started,
		.refused = m->refused,
		.generation = m->generation,
		.tasks = m->tasks,
		.n_tasks = m->n_tasks,
	};
	size_t size;
	int r;

	tl_status_put(&b, &facts);
	size = b.size;
	if (!always && size == m->status.size && !memcmp(b.data, m->status.data, size))
		return;
	tl_status_finish(&b, tl_now());
	if (b.failed)
		return;
	r = tl_runtime_write(&m->runtime, TL_STATUS_FILE, b.data, b.size);
	if (r < 0) {
		tl_log(LOG_WARNING, "cannot write the status file: %s", strerror(-r));
		return;
	}
	tl_buffer_done(&m->status);
	m->status = b;
	m->status.size = size;
	b = (struct tl_buffer){ 0 };
}

int tl_manager_die(struct tl_manager *m, enum tl_status status, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(m->failure, sizeof(m->failure), format, ap);
	va_end(ap);
	tl_log_id(LOG_CRIT, TL_MESSAGE_CANNOT_AUDIT, "%s", m->failure);
	sd_notifyf(0, "STATUS=%s\nERRNO=%d", m->failure, error < 0 ? -error : error);
	m->exit_status = tl_status_of(error, status);
	if (m->event)
		sd_event_exit(m->event, m->exit_status);
	return error;
}

void tl_manager_describe(const struct tl_generation *g, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < g->policy->n_files && n < size; i++)
		n += (size_t)snprintf(ret + n, size - n, "%s%s", i ? ", " : "policy ", g->policy->files[i]);
	if (n < size)
		snprintf(ret + n, size - n, "%srules: %zu, events: %zu, targets: %zu, outputs: %zu", n ? "; " : "",
			 g->policy->n_rules, tl_generation_events(g), g->policy->n_targets, g->policy->n_outputs);
}
