// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "message-ids.h"
#include "record.h"
#include "sink.h"
#include "sinks.h"
#include "util.h"

#define LOSSES_FIRST 16

/* The registry of outputs. */
static const struct {
	enum tl_output_type type;
	const struct tl_sink_ops *ops;
} registry[] = {
	{ TL_OUTPUT_JOURNALD, &tl_sink_journald },
	{ TL_OUTPUT_FILE, &tl_sink_file },
	{ TL_OUTPUT_STDOUT, &tl_sink_stdout },
	{ TL_OUTPUT_HTTP, &tl_sink_http },
};

const struct tl_sink_ops *tl_sink_ops_find(enum tl_output_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(registry); i++)
		if (registry[i].type == type)
			return registry[i].ops;
	return NULL;
}

/* For one more loss. */
static bool make_room(struct tl_sink *s)
{
	const size_t allocated = s->losses_allocated ? 2 * s->losses_allocated : LOSSES_FIRST;
	struct tl_sink_loss *grown;

	if (s->n_losses < s->losses_allocated)
		return true;
	grown = reallocarray(s->losses, allocated, sizeof(*grown));
	if (!grown)
		return false;
	s->losses = grown;
	s->losses_allocated = allocated;
	return true;
}

/* ---- Life ---- */

static void sink_free(struct tl_sink *s)
{
	free(s->losses);
	tl_chain_done(&s->chain);
	free(s->name);
	free(s->path);
	free(s);
}

/* What messages say of where it goes; a query may have a password in it. */
static char *place_of(const struct tl_policy_output *output)
{
	if (output->type == TL_OUTPUT_HTTP)
		return strndup(output->http.url, strcspn(output->http.url, "?#"));
	return output->path ? strdup(output->path) : NULL;
}

int tl_sink_new(const struct tl_policy_output *output, const struct tl_sink_setup *setup, struct tl_sink **ret)
{
	bool has_place = output->type == TL_OUTPUT_HTTP || output->path;
	struct tl_sink *s;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->references = 1;
	s->ops = tl_sink_ops_find(output->type);
	s->name = strdup(output->name);
	s->path = place_of(output);
	if (!s->name || !make_room(s) || (has_place && !s->path)) {
		r = -ENOMEM;
	} else if (!s->ops) {
		r = -EOPNOTSUPP;
		tl_log(LOG_ERR, "output %s: this version of TraceLeft has no outputs of that type", s->name);
	} else {
		r = s->ops->open(s, output, setup);
	}
	if (r < 0) {
		sink_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct tl_sink *tl_sink_ref(struct tl_sink *s)
{
	s->references++;
	return s;
}

static void declare(struct tl_sink *s);

struct tl_sink *tl_sink_unref(struct tl_sink *s)
{
	tl_sink_close(s);
	return NULL;
}

uint64_t tl_sink_close(struct tl_sink *s)
{
	uint64_t lost;

	if (!s || --s->references)
		return 0;
	declare(s);
	s->ops->flush(s);
	s->ops->close(s);
	lost = tl_sink_waiting(s) - s->kept;
	if (lost)
		tl_log_id(LOG_ERR, TL_MESSAGE_OUTPUT_FAILED,
			  "output %s: closed while %" PRIu64 " events could not be written", s->name, lost);
	sink_free(s);
	return lost;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool tl_sink_same(const struct tl_policy_output *a, const struct tl_policy_output *b)
{
	return a->type == b->type && a->format == b->format && same_text(a->name, b->name) &&
	       same_text(a->path, b->path) && a->rotate_size == b->rotate_size && a->rotate_keep == b->rotate_keep &&
	       a->rotate_compress == b->rotate_compress && a->rotate_age == b->rotate_age && a->fsync == b->fsync &&
	       a->seal == b->seal && tl_policy_http_same(&a->http, &b->http);
}

/* ---- Losses ---- */

/* The lower of two numbers of which 0 is "unknown". */
static uint64_t lower(uint64_t a, uint64_t b)
{
	return a && b ? MIN(a, b) : MAX(a, b);
}

static void merge(struct tl_lost *to, const struct tl_lost *lost)
{
	to->count += lost->count;
	to->seq_first = lower(to->seq_first, lost->seq_first);
	to->seq_last = MAX(to->seq_last, lost->seq_last);
	to->time_first = lower(to->time_first, lost->time_first);
	to->time_last = MAX(to->time_last, lost->time_last);
}

static void add_loss(struct tl_sink *s, const char *stage, uint32_t cpu, const struct tl_lost *lost)
{
	for (size_t i = 0; i < s->n_losses; i++)
		if (s->losses[i].cpu == cpu &&
		    strncmp(s->losses[i].stage, stage, sizeof(s->losses[i].stage) - 1) == 0) {
			merge(&s->losses[i].lost, lost);
			return;
		}
	if (!make_room(s)) {
		/* Better under a wrong heading than nowhere. */
		if (s->n_losses)
			merge(&s->losses[s->n_losses - 1].lost, lost);
		return;
	}
	s->losses[s->n_losses] = (struct tl_sink_loss){ .cpu = cpu, .lost = *lost };
	snprintf(s->losses[s->n_losses].stage, sizeof(s->losses[0].stage), "%s", stage);
	s->n_losses++;
}

void tl_sink_lost(struct tl_sink *s, uint32_t cpu, uint64_t seq, uint64_t time)
{
	struct tl_lost lost = { .count = 1, .seq_first = seq, .seq_last = seq, .time_first = time, .time_last = time };

	s->counters.lost++;
	add_loss(s, s->name, cpu, &lost);
}

void tl_sink_lost_block(struct tl_sink *s, const struct tl_block_range *ranges, uint32_t n, uint32_t events,
			const char *why)
{
	char stage[sizeof(s->losses[0].stage)];
	uint64_t told = 0;

	snprintf(stage, sizeof(stage), "%s%s%s", s->name, why ? " " : "", why ? why : "");
	for (uint32_t i = 0; i < n; i++) {
		const struct tl_lost lost = {
			.count = ranges[i].count,
			.seq_first = ranges[i].seq_first,
			.seq_last = ranges[i].seq_last,
			.time_first = ranges[i].time_first,
			.time_last = ranges[i].time_last,
		};

		add_loss(s, stage, ranges[i].cpu, &lost);
		told += ranges[i].declared ? 0 : ranges[i].count;
	}
	/* Of damage nobody knows more than that. */
	if (told < events || (!ranges && !events)) {
		const struct tl_lost lost = { .count = events > told ? events - told : 1 };

		add_loss(s, stage, 0, &lost);
	}
	s->counters.lost += events;
}

void tl_sink_adopted(struct tl_sink *s, uint64_t events)
{
	s->counters.accepted += events;
}

void tl_sink_torn(struct tl_sink *s, uint64_t time)
{
	struct tl_lost lost = { .count = 1, .time_first = time, .time_last = time };

	s->counters.torn++;
	add_loss(s, "torn", 0, &lost);
}

void tl_sink_comes_again(struct tl_sink *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_losses; i++)
		if (strcmp(s->losses[i].stage, "torn") != 0)
			s->losses[kept++] = s->losses[i];
	s->n_losses = kept;
	if (s->ops->come_again)
		s->ops->come_again(s);
}

/* Writes what is known to be lost; what does not get out is kept. */
static void declare(struct tl_sink *s)
{
	static const struct tl_annotation annotation = { .severity = "warning" };

	for (size_t n = s->n_losses; n; n--) {
		struct tl_sink_loss loss = s->losses[0];
		struct tl_event event;

		memmove(s->losses, s->losses + 1, --s->n_losses * sizeof(loss));
		loss.lost.stage = loss.stage;
		tl_record_lost(&event, loss.cpu, &loss.lost, NULL);
		tl_sink_write(s, &event, &annotation);
	}
}

void tl_sink_unblock(struct tl_sink *s)
{
	if (!s->blocked)
		return;
	s->blocked = false;
	declare(s);
}

/* ---- Events ---- */

/* Hands it to the output, with its place among all that the output has. */
static int write_chained(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct tl_annotation chained = { 0 };
	int r = tl_chain_reserve(&s->chain, event);

	if (r < 0)
		return r;
	if (annotation)
		chained = *annotation;
	chained.chain = &s->chain;
	r = s->ops->write(s, event, &chained);
	if (r >= 0)
		tl_chain_note(&s->chain, event, annotation);
	return r;
}

/* Its number goes with it, so that whoever verifies the output misses it. */
static void lose_record(struct tl_sink *s, const struct tl_event *event)
{
	s->chain.records++;
	tl_log(LOG_ERR, "output %s: there was no room for a record of its own: %s%s%s", s->name, event->type->name,
	       event->note ? ": " : "", event->note ? event->note : "");
}

static void write_record(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	bool is_loss = event->kind == TL_EVENT_LOST && event->lost;
	int r = write_chained(s, event, annotation);

	if (r < 0 && !is_loss) {
		s->ops->flush(s); /* which may make room */
		r = write_chained(s, event, annotation);
	}
	if (r >= 0)
		return;
	if (r == -ENOBUFS) /* where there was no memory there may be some for the next event */
		s->blocked = true;
	if (is_loss)
		add_loss(s, event->lost->stage ? event->lost->stage : "ring", event->cpu, event->lost);
	else
		lose_record(s, event);
}

static void write_own(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	bool may_be_there = event->kind == TL_EVENT_LOST && event->lost && s->ops->cut;
	struct tl_event part;
	struct tl_lost rest;

	if (may_be_there) {
		rest = *event->lost;
		if (!s->ops->cut(s, event->cpu, &rest))
			return;
		if (rest.count != event->lost->count) {
			part = *event;
			part.lost = &rest;
			event = &part;
		}
	}
	write_record(s, event, annotation);
}

/* Its events are in no output any more. */
static void lose_result(struct tl_sink *s, const struct tl_annotation *a)
{
	const struct tl_lost lost = { .count = a->count, .time_first = a->first, .time_last = a->last };

	s->counters.lost++;
	add_loss(s, s->name, 0, &lost);
}

void tl_sink_write(struct tl_sink *s, const struct tl_event *event, const struct tl_annotation *annotation)
{
	bool is_result = annotation && annotation->result;
	int r;

	if (event->kind >= TL_EVENT_LOST) {
		write_own(s, event, annotation);
		return;
	}
	s->counters.accepted++;
	if (!is_result && s->ops->has && s->ops->has(s, event)) {
		tl_sink_delivered(s, 1, 0);
		return;
	}
	r = s->blocked ? -ENOBUFS : write_chained(s, event, annotation);
	if (r >= 0)
		return;
	if (r == -ENOBUFS)
		s->blocked = true;
	if (is_result)
		lose_result(s, annotation);
	else
		tl_sink_lost(s, event->cpu, event->seq, event->time);
}

void tl_sink_flush(struct tl_sink *s)
{
	if (s->n_losses && !s->blocked)
		declare(s);
	s->ops->flush(s);
}

void tl_sink_tick(struct tl_sink *s)
{
	if (s->ops->tick)
		s->ops->tick(s);
	tl_sink_flush(s);
}

void tl_sink_reopen(struct tl_sink *s)
{
	if (s->ops->reopen)
		s->ops->reopen(s);
}

uint64_t tl_sink_waiting(const struct tl_sink *s)
{
	return s->counters.accepted - s->counters.delivered - s->counters.lost;
}

bool tl_sink_holds(const struct tl_sink *s)
{
	return s->ops->holds(s);
}

void tl_sink_delivered(struct tl_sink *s, uint64_t events, uint64_t bytes)
{
	s->counters.delivered += events;
	s->counters.bytes += bytes;
}

void tl_sink_fails(struct tl_sink *s, int error, const char *what)
{
	char why[256];

	snprintf(why, sizeof(why), "%s%s%.128s: %s", what, s->path ? " " : "", s->path ? s->path : "",
		 strerror(-error));
	if (s->error != error)
		tl_sink_fails_because(s, error, why);
}

void tl_sink_fails_because(struct tl_sink *s, int error, const char *why)
{
	if (s->error == error && !strcmp(s->why, why))
		return;
	s->error = error;
	snprintf(s->why, sizeof(s->why), "%s", why);
	tl_log_id(LOG_ERR, TL_MESSAGE_OUTPUT_FAILED,
		  "output %s: %s; events wait, and are counted as lost when there is no room", s->name, s->why);
}

void tl_sink_works(struct tl_sink *s)
{
	if (!s->error)
		return;
	s->error = 0;
	tl_log_id(LOG_NOTICE, TL_MESSAGE_OUTPUT_WORKS, "output %s: works again; %" PRIu64 " events lost in it so far",
		  s->name, s->counters.lost);
}
