// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "ledger.h"
#include "put.h"
#include "trace.h"

bool tl_ledger_line(struct tl_buffer *b, const struct tl_counters *kernel, const struct tl_ledger_reader *reader)
{
	uint64_t filtered = kernel->filtered + reader->filtered;
	uint64_t aggregated = kernel->aggregated + reader->aggregated;
	uint64_t lost = kernel->lost + kernel->malformed + reader->lost;
	uint64_t sum = reader->delivered + filtered + aggregated + lost;

	tl_put_format(b,
		   "seen %" PRIu64 " = delivered %" PRIu64 " + filtered %" PRIu64 " + aggregated %" PRIu64
		   " + lost %" PRIu64,
		   kernel->seen, reader->delivered, filtered, aggregated, lost);
	if (sum == kernel->seen) {
		tl_put_format(b, ": balanced");
		return true;
	}
	tl_put_format(b, ": NOT BALANCED, %" PRIu64 " %s", sum < kernel->seen ? kernel->seen - sum : sum - kernel->seen,
		   sum < kernel->seen ? "missing" : "too many");
	return false;
}

unsigned tl_ledger_explain(struct tl_buffer *b, const char *name, const struct tl_counters *c)
{
	/* What the reader keeps for the process table alone stands in `filtered`, and was emitted. */
	uint64_t unwanted = c->received - c->malformed - c->delivered;
	uint64_t kernel = c->filtered - unwanted + c->aggregated + c->emitted + c->lost;
	unsigned n = 0;

	if (kernel != c->seen) {
		tl_put_format(b,
			   "%s: kernel: seen %" PRIu64 ", but filtered %" PRIu64 " + aggregated %" PRIu64
			   " + emitted %" PRIu64 " + lost %" PRIu64 " is %" PRIu64 "\n",
			   name, c->seen, c->filtered - unwanted, c->aggregated, c->emitted, c->lost, kernel);
		n++;
	}
	if (c->emitted != c->received) {
		tl_put_format(b, "%s: ring: emitted %" PRIu64 ", but received %" PRIu64 "\n", name, c->emitted,
			   c->received);
		n++;
	}
	return n;
}

static void explain(const struct tl_trace *t, const struct tl_counters *all, const struct tl_ledger_reader *reader)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	uint64_t sum = reader->delivered + reader->filtered + reader->aggregated + reader->lost;
	const struct tl_event_type *type;
	struct tl_counters c;

	for (size_t i = 0; (type = tl_session_event_type(t->session, i)); i++)
		if (tl_session_counters(t->session, type, &c) >= 0)
			tl_ledger_explain(&b, type->name, &c);
	if (sum != all->delivered)
		tl_put_format(&b,
			   "output: received %" PRIu64 ", but delivered %" PRIu64 " + filtered %" PRIu64
			   " + aggregated %" PRIu64 " + lost %" PRIu64 " is %" PRIu64 "\n",
			   all->delivered, reader->delivered, reader->filtered, reader->aggregated, reader->lost, sum);
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

static struct tl_ledger_reader reader_of(const struct tl_trace *t)
{
	return (struct tl_ledger_reader){
		.received = t->received,
		.delivered = t->output.delivered,
		.filtered = t->filtered,
		.aggregated = t->summed,
		.lost = t->output.lost + t->failed,
	};
}

int tl_ledger_sum(const struct tl_trace *t, char **ret_line, bool *ret_balanced)
{
	const struct tl_ledger_reader reader = reader_of(t);
	struct tl_buffer b = { 0 };
	struct tl_counters all;
	int r = tl_session_counters(t->session, NULL, &all);

	if (r < 0)
		return r;
	*ret_balanced = tl_ledger_line(&b, &all, &reader);
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
	const struct tl_ledger_reader reader = reader_of(t);
	_cleanup_free_ char *line = NULL;
	enum tl_style style = TL_STYLE_GREEN;
	struct tl_counters all;
	bool balanced;

	if (tl_session_counters(t->session, NULL, &all) < 0 || tl_ledger_sum(t, &line, &balanced) < 0) {
		tl_print_error("ledger: %s", tl_session_error(t->session));
		return false;
	}
	if (!balanced || all.lost || reader.lost)
		style = TL_STYLE_RED;
	if (!t->settings.quiet || !balanced)
		fprintf(stderr, "traceleft: %s%s%s\n", tl_style(stderr, style), line, tl_style(stderr, TL_STYLE_END));
	if (!t->settings.quiet)
		print_refusals(t);
	if (!balanced)
		explain(t, &all, &reader);
	return balanced;
}
