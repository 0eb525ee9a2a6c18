// SPDX-License-Identifier: GPL-2.0-or-later
/* What stands above and below the tables of a report: sentences for text and page. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "report.h"

/* "1 file", "3 files" */
static void put_number(struct tl_buffer *b, uint64_t n, const char *one, const char *more)
{
	tl_put_u64(b, n);
	tl_put_char(b, ' ');
	tl_put_text(b, n == 1 ? one : more);
}

static void put_time(struct tl_buffer *b, uint64_t ns)
{
	char text[TL_REPORT_TIME_SIZE];

	tl_report_time_text(text, ns);
	tl_put(b, text, sizeof(text));
}

static bool put_period(const struct tl_report *r, struct tl_buffer *b)
{
	if (!r->last) {
		tl_put_text(b, r->outside ? "nothing happened in it" : "there is no event");
		return false;
	}
	put_time(b, r->first);
	tl_put_text(b, " to ");
	put_time(b, r->last);
	tl_put_text(b, " UTC, ");
	tl_report_span(b, r->last - r->first);
	return false;
}

static bool put_events(const struct tl_report *r, struct tl_buffer *b)
{
	tl_put_u64(b, r->events);
	tl_put_text(b, "; ");
	tl_put_u64(b, r->failed);
	tl_put_text(b, " failed");
	if (r->unknown) {
		tl_put_text(b, "; outcome unknown of ");
		tl_put_u64(b, r->unknown);
	}
	if (r->results) {
		tl_put_text(b, "; ");
		tl_put_u64(b, r->counted);
		tl_put_text(b, " stand in ");
		put_number(b, r->results, "count", "counts");
		if (r->results < r->lines)
			tl_put_text(b, " (and a second time where another rule has told them)");
	}
	if (r->again) {
		tl_put_text(b, "; ");
		put_number(b, r->again, "line is", "lines are");
		tl_put_text(b, " of events that another rule has told already");
	}
	return false;
}

static bool put_sources(const struct tl_report *r, struct tl_buffer *b)
{
	if (!r->sources)
		tl_put_text(b, "none");
	if (r->sources > r->journal)
		put_number(b, r->sources - r->journal, "file", "files");
	if (r->journal)
		tl_put_text(b, r->sources > 1 ? " and the journal" : "the journal");
	for (size_t i = 0; i < r->n_hosts; i++) {
		tl_put_text(b, i ? ", " : r->n_hosts > 1 ? "; hosts " : "; host ");
		tl_put_text(b, r->hosts[i]);
	}
	if (r->more_hosts)
		tl_put_text(b, " and more");
	if (r->unreadable) {
		tl_put_text(b, "; ");
		tl_put_u64(b, r->unreadable);
		tl_put_text(b, " could not be read to the end");
	}
	return r->unreadable > 0;
}

static bool put_losses(const struct tl_report *r, struct tl_buffer *b)
{
	if (!r->n_losses)
		tl_put_text(b, "nothing is declared lost");
	for (size_t i = 0; i < r->n_losses; i++) {
		tl_put_text(b, i ? ", " : "declared: ");
		tl_put_u64(b, r->loss[i].count);
		tl_put_char(b, ' ');
		tl_put_text(b, r->loss[i].counted);
		tl_put_text(b, " (");
		tl_put_text(b, r->loss[i].stage);
		tl_put_char(b, ')');
	}
	return r->n_losses > 0;
}

/* One reason more. */
static void put_reason(struct tl_buffer *b, bool *any, uint64_t n, const char *one, const char *more)
{
	if (!n)
		return;
	tl_put_text(b, *any ? "; " : "NO: ");
	put_number(b, n, one, more);
	*any = true;
}

static bool put_complete(const struct tl_report *r, struct tl_buffer *b)
{
	bool any = false;

	put_reason(b, &any, r->undeclared, "gap that nobody declared", "gaps that nobody declared");
	put_reason(b, &any, r->gone_records, "result or record is missing", "results or records are missing");
	put_reason(b, &any, r->unbalanced, "balance does not add up", "balances do not add up");
	put_reason(b, &any, r->unaudited, "task could not be looked at", "tasks could not be looked at");
	put_reason(b, &any, r->broken, "place is no event", "places are no events");
	put_reason(b, &any, r->unreadable, "source could not be read", "sources could not be read");
	if (any)
		return true;
	if (r->open == r->sources && !r->ledgers)
		tl_put_text(b, "not known, for there is no balance");
	else if (r->open)
		tl_put_text(b, "up to the last balance; what came after it is not known");
	else if (r->gaps || r->n_losses)
		tl_put_text(b, "but for what is declared lost, as far as the sources tell");
	else
		tl_put_text(b, "yes, as far as the sources tell");
	return false;
}

static bool put_records(const struct tl_report *r, struct tl_buffer *b)
{
	const struct {
		uint64_t n;
		const char *one, *more;
	} records[] = {
		{ r->tampers, "tampering", "tamperings" },
		{ r->starts, "start", "starts" },
		{ r->stops, "stop", "stops" },
		{ r->reloads, "reload", "reloads" },
		{ r->ledgers, "balance", "balances" },
		{ r->seals, "seal, which traceleft verify checks", "seals, which traceleft verify checks" },
	};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		if (!records[i].n)
			continue;
		if (any)
			tl_put_text(b, ", ");
		put_number(b, records[i].n, records[i].one, records[i].more);
		any = true;
	}
	if (!any)
		tl_put_text(b, "none");
	return r->tampers > 0;
}

static bool put_outside(const struct tl_report *r, struct tl_buffer *b)
{
	put_number(b, r->outside, "line is", "lines are");
	tl_put_text(b, " of other times");
	return false;
}

bool tl_report_fact(const struct tl_report *r, size_t i, const char **ret_label, struct tl_buffer *b, bool *ret_bad)
{
	static const struct {
		const char *label;
		bool (*put)(const struct tl_report *r, struct tl_buffer *b);
	} facts[] = {
		{ "Period", put_period },    { "Events", put_events },	   { "Sources", put_sources },
		{ "Lost", put_losses },	     { "Complete", put_complete }, { "Own records", put_records },
		{ "Left out", put_outside },
	};

	if (i >= ARRAY_SIZE(facts) || (facts[i].put == put_outside && !r->outside))
		return false;
	*ret_label = facts[i].label;
	*ret_bad = facts[i].put(r, b);
	return true;
}

void tl_report_table_note(const struct tl_report *r, enum tl_report_by by, struct tl_buffer *b)
{
	const struct tl_report_table *t = &r->table[by];

	if (!t->keys.n)
		return;
	if (r->pairs.short_by || r->names.full)
		tl_put_format(b,
			      "Too many names go with the rows: each may miss some, with up to %" PRIu64
			      " events each%s.%s",
			      r->pairs.short_by, r->names.full ? ", and others are counted as (others)" : "",
			      t->cut_rows ? " " : "");
	if (!t->cut_rows)
		return;
	tl_put_text(b, "There were too many: ");
	put_number(b, t->cut_rows, "rare one", "rare ones");
	tl_put_text(b, ", with ");
	put_number(b, t->cut_events, "event", "events");
	tl_put_text(b, ", were let go; a count may be up to ");
	tl_put_u64(b, t->short_by);
	tl_put_text(b, " too low.");
}
