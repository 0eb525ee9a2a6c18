// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft verify: whether an output has all that was written to it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "input.h"
#include "verify.h"

enum { OPTION_JSON = 256, OPTION_PARTIAL };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "the answer as one JSON object" },
	{ OPTION_PARTIAL, "partial", NULL, "older files are gone: what was in them is not missed" },
	{ 'q', "quiet", NULL, "say it by the exit status alone" },
	{ 0 },
};

static int read_file(struct tl_verify *v, const char *path)
{
	_cleanup_fclose_ FILE *file = tl_input_open(path);
	_cleanup_free_ char *line = NULL;
	char where[4200];
	size_t room = 0;
	uint64_t n = 0;
	ssize_t size;
	int r = 0;

	if (!file)
		return -errno;
	while (r >= 0 && (size = getline(&line, &room, file)) > 0) {
		bool whole = line[size - 1] == '\n';

		snprintf(where, sizeof(where), "%s:%" PRIu64, tl_input_name(path), ++n);
		r = tl_verify_line(v, where, line, (size_t)size - whole);
	}
	if (r >= 0 && ferror(file))
		r = -errno;
	return r;
}

static void print_gaps(const struct tl_verify *v)
{
	for (size_t i = 0; i < v->n_gaps; i++) {
		const struct tl_verify_gap *gap = &v->gaps[i];

		printf("missing: CPU %u, events behind number %" PRIu64 " up to %" PRIu64 ": %s\n", gap->cpu,
		       gap->after, gap->last, gap->declared ? "declared lost" : "not declared");
	}
	for (size_t i = 0; i < v->n_losses; i++) {
		const struct tl_verify_loss *loss = &v->losses[i];
		_cleanup_(tl_buffer_done) struct tl_buffer stage = { 0 };

		tl_escape_text(&stage, loss->stage, strlen(loss->stage));
		tl_put_char(&stage, 0);
		printf("declared lost: %" PRIu64 " %s, %s", loss->count, loss->refusals ? "refusals" : "events",
		       stage.failed ? "?" : stage.data);
		if (loss->first)
			printf(", CPU %u, numbers %" PRIu64 " to %" PRIu64, loss->cpu, loss->first, loss->last);
		printf("\n");
	}
}

static void print_text(const struct tl_verify *v, bool complete)
{
	fwrite(v->notes.data, 1, v->notes.size, stdout);
	print_gaps(v);
	printf("%s%s%s: %" PRIu64 " events, %" PRIu64 " results of %" PRIu64 " events, %" PRIu64 " records\n",
	       tl_style(stdout, complete ? TL_STYLE_GREEN : TL_STYLE_RED),
	       !complete		? "INCOMPLETE" :
	       v->n_gaps || v->n_losses ? "complete but for what is declared lost" :
					  "complete",
	       tl_style(stdout, TL_STYLE_END), v->events, v->results, v->counted, v->records);
}

static void print_json(const struct tl_verify *v, bool complete)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	tl_put_char(&b, '{');
	tl_json_bool(&b, "complete", complete);
	tl_json_unsigned(&b, "events", v->events);
	tl_json_unsigned(&b, "results", v->results);
	tl_json_unsigned(&b, "counted", v->counted);
	tl_json_unsigned(&b, "records", v->records);
	tl_json_unsigned(&b, "broken_lines", v->broken);
	tl_json_unsigned(&b, "missing_records", v->gone_records);
	tl_json_unsigned(&b, "unbalanced", v->unbalanced);
	tl_json_unsigned(&b, "unaudited", v->unaudited);
	tl_json_bool(&b, "ends_with_a_balance", !v->open);
	tl_json_open(&b, "missing", '[');
	for (size_t i = 0; i < v->n_gaps; i++) {
		tl_json_open(&b, NULL, '{');
		tl_json_unsigned(&b, "cpu", v->gaps[i].cpu);
		tl_json_unsigned(&b, "after", v->gaps[i].after);
		tl_json_unsigned(&b, "last", v->gaps[i].last);
		tl_json_bool(&b, "declared", v->gaps[i].declared);
		tl_json_close(&b, '}');
	}
	tl_json_close(&b, ']');
	tl_json_open(&b, "lost", '[');
	for (size_t i = 0; i < v->n_losses; i++) {
		tl_json_open(&b, NULL, '{');
		tl_json_string(&b, "stage", v->losses[i].stage);
		tl_json_unsigned(&b, "count", v->losses[i].count);
		tl_json_unsigned(&b, "cpu", v->losses[i].cpu);
		tl_json_unsigned(&b, "seq_first", v->losses[i].first);
		tl_json_unsigned(&b, "seq_last", v->losses[i].last);
		tl_json_close(&b, '}');
	}
	tl_json_close(&b, ']');
	tl_put_text(&b, "}\n");
	fwrite(b.data, 1, b.size, stdout);
}

static int verify(const struct tl_verb *verb, int n, char **paths, int how, bool partial)
{
	_cleanup_(tl_verify_done) struct tl_verify v = { .began = !partial };
	bool complete;

	if (n < 1)
		return tl_usage_error(verb, "a FILE is missing; - is standard input");
	for (int i = 0; i < n; i++) {
		int r = read_file(&v, paths[i]);

		if (r < 0)
			return tl_input_complain(tl_input_name(paths[i]), r);
	}
	complete = tl_verify_end(&v);
	if (how == OPTION_JSON)
		print_json(&v, complete);
	else if (!how)
		print_text(&v, complete);
	return tl_finish_stdout(complete ? TL_EXIT_OK : TL_EXIT_FAILED);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	bool partial = false;
	int id, how = 0;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		if (id == TL_OPTION_BAD)
			return TL_EXIT_USAGE;
		if (id == OPTION_PARTIAL) {
			partial = true;
			continue;
		}
		if (how && how != id)
			return tl_usage_error(verb, "either --json or --quiet");
		how = id;
	}
	return verify(verb, argc - optind, argv + optind, how, partial);
}

const struct tl_verb tl_verb_verify = {
	.name = "verify",
	.arguments = "[OPTIONS] FILE...",
	.summary = "Say whether an output is complete, or what is missing.",
	.options = options,
	.details = "FILEs are JSON lines of one output, the oldest first, compressed by gzip or not; - is\n"
		   "standard input:\n\n"
		   "  traceleft decode events.pb | traceleft verify -\n"
		   "  traceleft verify events.jsonl.000001.gz events.jsonl.000002 events.jsonl\n\n"
		   "The exit status is 0 if every event that was written is there or declared lost,\n"
		   "and 1 if not.\n",
	.run = run,
};
