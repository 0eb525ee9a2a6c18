// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "encode.h"
#include "verify.h"

#define CPUS_MAX 65536

void tl_verify_done(struct tl_verify *v)
{
	free(v->last);
	free(v->known);
	free(v->gaps);
	free(v->losses);
	tl_buffer_done(&v->notes);
	*v = (struct tl_verify){ 0 };
}

/* ---- Numbers of events ---- */

static int need_cpu(struct tl_verify *v, uint64_t cpu)
{
	size_t n = (size_t)cpu + 1;
	uint64_t *last;
	bool *known;

	if (n <= v->n_cpus)
		return 0;
	last = reallocarray(v->last, n, sizeof(*last));
	if (!last)
		return -ENOMEM;
	v->last = last;
	known = reallocarray(v->known, n, sizeof(*known));
	if (!known)
		return -ENOMEM;
	v->known = known;
	for (size_t i = v->n_cpus; i < n; i++) {
		last[i] = 0;
		known[i] = v->began;
	}
	v->n_cpus = n;
	return 0;
}

static int add_gap(struct tl_verify *v, uint64_t cpu, uint64_t after, uint64_t last)
{
	struct tl_verify_gap *grown = reallocarray(v->gaps, v->n_gaps + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	v->gaps = grown;
	v->gaps[v->n_gaps++] = (struct tl_verify_gap){ .cpu = (uint32_t)cpu,
						       .after = after < last ? after : last - 1,
						       .last = last };
	return 0;
}

/* The output had event `before` of the CPU last. Have we? */
static int expect(struct tl_verify *v, uint64_t cpu, uint64_t before)
{
	int r = need_cpu(v, cpu);

	if (r < 0)
		return r;
	if (v->known[cpu] && v->last[cpu] != before && before)
		return add_gap(v, cpu, v->last[cpu], before);
	return 0;
}

static int take_event(struct tl_verify *v, const struct tl_json *own)
{
	const struct tl_json *previous = tl_json_get(own, "seq_previous");
	uint64_t cpu = tl_json_get_unsigned(own, "cpu"), seq = tl_json_get_unsigned(own, "seq");
	/* Without it the event follows the number before its own. */
	uint64_t before = previous ? tl_json_get_unsigned(own, "seq_previous") : seq - 1;
	int r;

	v->events++;
	v->open = true;
	if (!seq || cpu >= CPUS_MAX) {
		v->broken++;
		return 0;
	}
	r = expect(v, cpu, before);
	if (r < 0)
		return r;
	v->last[cpu] = seq;
	v->known[cpu] = true;
	return 0;
}

/* ---- Results and records of TraceLeft's own ---- */

static void begin_run(struct tl_verify *v)
{
	v->record = 0;
	v->began = true;
	v->declared = v->lost_before = v->lost = 0;
	for (size_t i = 0; i < v->n_cpus; i++) {
		v->last[i] = 0;
		v->known[i] = true;
	}
}

/* It has to say that something is missing, or to go on where the one before it ended. */
static void end_run(struct tl_verify *v, const char *where, const char *message)
{
	v->unended_runs += v->unended;
	v->unended = v->open && !strstr(message, TL_RECORD_GOES_ON);
	if (v->open)
		tl_put_format(&v->notes,
			      "%s: the run before it has no balance at its end: what it wrote last is not known\n",
			      where);
	v->open = false;
}

/* It goes on with what a process before it has begun, of which nothing is there: the output was none of that process's,
 * or its file was lost while there was no process, which the numbers do not tell, for they begin anew. */
static void check_origin(struct tl_verify *v, const char *where, const char *message)
{
	if (!v->began || v->record || v->events || v->results || !strstr(message, TL_RECORD_GOES_ON))
		return;
	v->is_orphan = true;
	tl_put_format(&v->notes, "%s: the session was begun by a process before, of which nothing is here\n", where);
}

/* The process has found what was done to files in between. */
static void take_tamper(struct tl_verify *v, const struct tl_json *own, const char *where)
{
	if (!v->is_orphan || strcmp(tl_json_get_text(tl_json_get(own, "tamper"), "kind"), "output") != 0)
		return;
	v->gone_files++;
	tl_put_format(&v->notes, "%s: what that process wrote is missing\n", where);
}

/* start: its message, NULL: it is none. */
static void take_number(struct tl_verify *v, uint64_t number, const char *where, const char *start)
{
	if (!number)
		return; /* of an output that nobody verifies */
	if (number == 1 && start) {
		check_origin(v, where, start);
		end_run(v, where, start);
		begin_run(v);
	}
	if ((v->record || v->began) && number != v->record + 1) {
		uint64_t gone = number > v->record ? number - v->record - 1 : 1;

		v->gone_records += gone;
		tl_put_format(&v->notes, "%s: %" PRIu64 " %s missing in front of it\n", where, gone,
			      gone == 1 ? "result or record is" : "results or records are");
	}
	v->record = number;
}

static int take_loss(struct tl_verify *v, const struct tl_json *own)
{
	struct tl_verify_loss loss = {
		.cpu = (uint32_t)tl_json_get_unsigned(own, "cpu"),
		.count = tl_json_get_unsigned(own, "count"),
		.first = tl_json_get_unsigned(own, "seq_first"),
		.last = tl_json_get_unsigned(own, "seq_last"),
	};
	struct tl_verify_loss *grown = reallocarray(v->losses, v->n_losses + 1, sizeof(*grown));
	static const char *const before_outputs[] = { "ring", "malformed", "memory", "program", "rules" };

	if (!grown)
		return -ENOMEM;
	snprintf(loss.stage, sizeof(loss.stage), "%s", tl_json_get_text(own, "stage"));
	snprintf(loss.counted, sizeof(loss.counted), "%s", tl_json_get_text(own, "counted"));
	v->losses = grown;
	v->losses[v->n_losses++] = loss;
	for (size_t i = 0; i < ARRAY_SIZE(before_outputs); i++)
		if (strcmp(loss.stage, before_outputs[i]) == 0)
			v->declared += loss.count;
	if (strcmp(loss.stage, "outage") == 0)
		v->unended = false;
	if (loss.counted[0])
		v->unaudited += loss.count;
	return 0;
}

static void check_balance(struct tl_verify *v, const struct tl_json *ledger, const char *where)
{
	const struct tl_json *b = tl_json_get(ledger, "balance");
	uint64_t seen = tl_json_get_unsigned(b, "seen");
	uint64_t sum = tl_json_get_unsigned(b, "delivered") + tl_json_get_unsigned(b, "filtered") +
		       tl_json_get_unsigned(b, "aggregated") + tl_json_get_unsigned(b, "lost");
	int64_t under_way = (int64_t)strtoll(tl_json_get_text(b, "under_way"), NULL, 10);

	if (!b)
		return;
	if (sum + (uint64_t)under_way != seen) {
		v->unbalanced++;
		tl_put_format(&v->notes, "%s: the balance does not add up\n", where);
	}
	v->lost = tl_json_get_unsigned(b, "lost");
	/* At rest all that is lost has been said. */
	if (!under_way && v->began && v->lost_before + v->lost > v->declared) {
		v->unbalanced++;
		tl_put_format(&v->notes, "%s: %" PRIu64 " events are lost, and %" PRIu64 " were declared\n", where,
			      v->lost_before + v->lost, v->declared);
	}
}

/* The balance of another policy begins, unless it was refused. What is declared lost may be
 * of either: the two go on with one numbering. */
static void take_reload(struct tl_verify *v, const struct tl_json *line)
{
	if (strstr(tl_json_get_text(line, "message"), "; refused, "))
		return;
	v->lost_before += v->lost;
	v->lost = 0;
}

/* The last numbers that the output had. Another session may begin behind it. */
static int take_ledger(struct tl_verify *v, const struct tl_json *own, const char *where)
{
	const struct tl_json *ledger = tl_json_get(own, "ledger"), *stream;
	int r = 0;

	for (stream = tl_json_first(tl_json_get(ledger, "streams")); stream && r >= 0; stream = stream->next) {
		uint64_t cpu = tl_json_get_unsigned(stream, "cpu"), seq = tl_json_get_unsigned(stream, "seq");

		if (cpu >= CPUS_MAX)
			continue;
		r = expect(v, cpu, seq);
		if (r >= 0) {
			v->last[cpu] = seq;
			v->known[cpu] = true;
		}
	}
	check_balance(v, ledger, where);
	v->open = false;
	return r;
}

static int take_record(struct tl_verify *v, const struct tl_json *line, const struct tl_json *own, const char *action,
		       const char *where)
{
	take_number(v, tl_json_get_unsigned(own, "record"), where,
		    strcmp(action, "start") == 0 ? tl_json_get_text(line, "message") : NULL);
	if (*tl_json_get_text(own, "result")) {
		v->results++;
		v->counted += tl_json_get_unsigned(own, "count");
		return 0;
	}
	v->records++;
	if (strcmp(action, "lost") == 0)
		return take_loss(v, own);
	if (strcmp(action, "ledger") == 0)
		return take_ledger(v, own, where);
	if (strcmp(action, "reload") == 0)
		take_reload(v, line);
	if (strcmp(action, "tamper") == 0)
		take_tamper(v, own, where);
	return 0;
}

/* ---- Lines ---- */

bool tl_verify_is_own(const char *action)
{
	static const char *const names[] = { "lost", "ledger", "start", "stop", "reload", "tamper", "seal" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], action) == 0)
			return true;
	return false;
}

int tl_verify_event(struct tl_verify *v, const char *where, const struct tl_json *line)
{
	const struct tl_json *own = tl_json_get(line, "traceleft");
	const char *action = tl_json_get_text(tl_json_get(line, "event"), "action");

	if (!own || !*action) {
		v->broken++;
		tl_put_format(&v->notes, "%s: this is no event\n", where);
		return 0;
	}
	if (tl_verify_is_own(action) || *tl_json_get_text(own, "result"))
		return take_record(v, line, own, action, where);
	return take_event(v, own);
}

int tl_verify_line(struct tl_verify *v, const char *where, const char *line, size_t size)
{
	_cleanup_(tl_json_freep) struct tl_json *j = NULL;
	int r = tl_json_parse(line, size, &j);

	return r == -ENOMEM ? r : tl_verify_event(v, where, j);
}

/* ---- The end ---- */

static bool covers(const struct tl_verify_loss *loss, const struct tl_verify_gap *gap)
{
	return loss->cpu == gap->cpu && loss->first && loss->first <= gap->last && loss->last >= gap->last;
}

bool tl_verify_end(struct tl_verify *v)
{
	bool complete = !v->broken && !v->gone_records && !v->unbalanced && !v->unaudited && !v->gone_files;

	for (size_t i = 0; i < v->n_gaps; i++) {
		struct tl_verify_gap *gap = &v->gaps[i];

		for (size_t j = 0; j < v->n_losses && !gap->declared; j++)
			gap->declared = covers(&v->losses[j], gap);
		complete &= gap->declared;
	}
	v->unended_runs += v->unended;
	v->unended = false;
	complete &= !v->unended_runs;
	if (v->open)
		tl_put_format(&v->notes, "there is no balance at the end: what was written last is not known\n");
	return complete && !v->open && !v->notes.failed;
}
