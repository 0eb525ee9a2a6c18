// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "ledger.h"
#include "put.h"
#include "trace.h"

bool tl_ledger_line(struct tl_buffer *b, const struct tl_counters *c, const struct tl_ledger_end *end)
{
	struct tl_balance balance = tl_balance_of(c);
	uint64_t sum;

	balance.delivered = end->delivered;
	balance.aggregated -= end->lost_results;
	balance.lost += end->lost + end->lost_results;
	sum = balance.delivered + balance.filtered + balance.aggregated + balance.lost;
	tl_put_format(b,
		      "seen %" PRIu64 " = delivered %" PRIu64 " + filtered %" PRIu64 " + aggregated %" PRIu64
		      " + lost %" PRIu64,
		      balance.seen, balance.delivered, balance.filtered, balance.aggregated, balance.lost);
	if (sum != balance.seen)
		tl_put_format(b, ": NOT BALANCED, %" PRIu64 " %s",
			      sum < balance.seen ? balance.seen - sum : sum - balance.seen,
			      sum < balance.seen ? "missing" : "too many");
	else if (!end->unaudited)
		tl_put_format(b, ": balanced");
	if (end->unaudited)
		tl_put_format(b, ": INCOMPLETE, %" PRIu64 " times there was no room to find out what to audit",
			      end->unaudited);
	return sum == balance.seen && !end->unaudited;
}

unsigned tl_ledger_explain(struct tl_buffer *b, const char *name, const struct tl_counters *c)
{
	uint64_t kernel = c->filtered + c->aggregated + c->emitted + c->lost;
	uint64_t reader = c->malformed + c->internal + c->reader_filtered + c->reader_aggregated + c->reader_lost +
			  c->delivered;
	unsigned n = 0;

	if (kernel != c->seen) {
		tl_put_format(b,
			      "%s: kernel: seen %" PRIu64 ", but filtered %" PRIu64 " + aggregated %" PRIu64
			      " + emitted %" PRIu64 " + lost %" PRIu64 " is %" PRIu64 "\n",
			      name, c->seen, c->filtered, c->aggregated, c->emitted, c->lost, kernel);
		n++;
	}
	if (c->emitted != c->received) {
		tl_put_format(b, "%s: ring: emitted %" PRIu64 ", but received %" PRIu64 "\n", name, c->emitted,
			      c->received);
		n++;
	}
	if (reader != c->received) {
		tl_put_format(b, "%s: reader: received %" PRIu64 ", but the sum of what became of it is %" PRIu64 "\n",
			      name, c->received, reader);
		n++;
	}
	return n;
}

static void explain(const struct tl_trace *t, const struct tl_counters *all, const struct tl_ledger_end *end)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	const struct tl_event_type *type;
	struct tl_counters c;

	for (size_t i = 0; (type = tl_session_event_type(t->session, i)); i++)
		if (tl_session_counters(t->session, type, &c) >= 0)
			tl_ledger_explain(&b, type->name, &c);
	if (end->delivered + end->lost != all->delivered)
		tl_put_format(&b,
			      "output: handed over %" PRIu64 ", but delivered %" PRIu64 " + lost %" PRIu64
			      " is %" PRIu64 "\n",
			      all->delivered, end->delivered, end->lost, end->delivered + end->lost);
	if (b.size)
		fwrite(b.data, 1, b.size, stderr);
}

static void print_refusals(const struct tl_trace *t)
{
	const char *name;
	uint64_t count;

	for (size_t i = 0; (name = tl_session_refusal(t->session, i, &count)); i++)
		if (count)
			fprintf(stderr, "traceleft: refused by the kernel part: %s: %" PRIu64 "\n", name, count);
}

static struct tl_ledger_end end_of(const struct tl_trace *t)
{
	struct tl_ledger_end end = {
		.delivered = t->main.output.delivered,
		.lost = t->main.output.lost,
		.lost_results = t->lost_results,
		.unaudited = tl_session_unaudited(t->session),
	};

	for (size_t i = 0; i < t->n_channels; i++) {
		end.delivered += t->channels[i].output.delivered;
		end.lost += t->channels[i].output.lost;
	}
	/* What is in two channels is one event. */
	end.delivered -= t->copies;
	return end;
}

int tl_ledger_sum(const struct tl_trace *t, char **ret_line, bool *ret_balanced)
{
	const struct tl_ledger_end end = end_of(t);
	struct tl_buffer b = { 0 };
	struct tl_counters all;
	int r = tl_session_counters(t->session, NULL, &all);

	if (r < 0)
		return r;
	*ret_balanced = tl_ledger_line(&b, &all, &end);
	tl_put_char(&b, 0);
	if (b.failed) {
		tl_buffer_done(&b);
		return -ENOMEM;
	}
	*ret_line = b.data;
	return 0;
}

bool tl_ledger_print(const struct tl_trace *t)
{
	const struct tl_ledger_end end = end_of(t);
	_cleanup_free_ char *line = NULL;
	enum tl_style style = TL_STYLE_GREEN;
	struct tl_counters all;
	bool balanced;

	if (tl_session_counters(t->session, NULL, &all) < 0 || tl_ledger_sum(t, &line, &balanced) < 0) {
		tl_print_error("ledger: %s", tl_session_error(t->session));
		return false;
	}
	if (!balanced || tl_balance_of(&all).lost || end.lost || end.lost_results)
		style = TL_STYLE_RED;
	if (!t->settings.quiet || !balanced)
		fprintf(stderr, "traceleft: %s%s%s\n", tl_style(stderr, style), line, tl_style(stderr, TL_STYLE_END));
	if (!t->settings.quiet)
		print_refusals(t);
	if (!balanced)
		explain(t, &all, &end);
	return balanced;
}
