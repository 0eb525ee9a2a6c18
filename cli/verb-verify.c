// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft verify: whether an output has all that was written to it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "encode-proto.h"
#include "escape.h"
#include "frames.h"
#include "input.h"
#include "sealed.h"
#include "verify.h"

enum { OPTION_JSON = 256, OPTION_PARTIAL, OPTION_SEAL };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "the answer as one JSON object" },
	{ OPTION_PARTIAL, "partial", NULL, "older files are gone: what was in them is not missed" },
	{ OPTION_SEAL, "seal", "HASH", "a seal that the files have to have" },
	{ 'q', "quiet", NULL, "say it by the exit status alone" },
	{ 0 },
};

#define TIME_AT (sizeof("{\"@timestamp\":\"") - 1) /* in a line */

struct verifier {
	struct tl_verify verify;
	struct tl_sealed sealed;
	const char *before; /* the file in front of this one; NULL: none */
	uint64_t begin; /* of that file, then of this one: time of its first line, ns since the epoch; 0: none */
	char newer[256]; /* a file that stands in front of an older one, and that one; empty: none */
};

/* What begins first was written first. */
static void look_at_order(struct verifier *v, const char *path, const char *line, size_t size)
{
	uint64_t begin = 0;

	if (size > TIME_AT + TL_TIME_SIZE)
		tl_time_parse(line + TIME_AT, TL_TIME_SIZE, &begin);
	if (v->before && !v->newer[0] && begin && begin < v->begin)
		snprintf(v->newer, sizeof(v->newer), "%.100s stands in front of %.100s", v->before, path);
	v->begin = begin;
	v->before = path;
}

static int take_line(struct verifier *v, const char *path, uint64_t n, const char *line, size_t size)
{
	bool whole = size && line[size - 1] == '\n';
	char where[4200];

	if (n == 1)
		look_at_order(v, tl_input_name(path), line, size);
	snprintf(where, sizeof(where), "%s:%" PRIu64, tl_input_name(path), n);
	return tl_verify_line(&v->verify, where, line, size - whole);
}

static int read_lines(struct verifier *v, const char *path, FILE *file)
{
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	uint64_t n = 0;
	ssize_t size;
	int r = 0;

	while (r >= 0 && (size = getline(&line, &room, file)) > 0) {
		r = tl_sealed_record(&v->sealed, line, (size_t)size);
		if (r >= 0)
			r = take_line(v, path, ++n, line, (size_t)size);
	}
	return r >= 0 && ferror(file) ? -errno : r;
}

static int take_event(struct verifier *v, const char *path, const struct tl_frames *f)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	int r = tl_sealed_record(&v->sealed, f->data, f->n);

	if (r >= 0)
		r = tl_proto_to_json(&line, f->data + f->head, f->n - f->head);
	if (r == -EBADMSG)
		r = 0; /* an empty line is no event either */
	return r < 0 ? r : take_line(v, path, v->sealed.record - 1, line.data ? line.data : "", line.size);
}

static int read_events(struct verifier *v, const char *path, FILE *file)
{
	struct tl_frames frames = { .file = file };
	int r;

	while ((r = tl_frames_next(&frames)) > 0) {
		r = take_event(v, path, &frames);
		if (r < 0)
			break;
	}
	if (r == -ENODATA || r == -EILSEQ) { /* what is there is none */
		r = tl_sealed_record(&v->sealed, frames.data, frames.n);
		if (r >= 0)
			r = take_line(v, path, v->sealed.record - 1, "", 0);
	}
	tl_frames_done(&frames);
	return r;
}

/* An event of protobuf is so long that its length takes two bytes, which tells. */
static bool is_proto(FILE *file)
{
	int c = getc(file);

	ungetc(c, file);
	return c != EOF && (c & 0x80);
}

static int read_file(struct verifier *v, const char *path)
{
	_cleanup_fclose_ FILE *file = tl_input_open(path);

	if (!file)
		return -errno;
	tl_sealed_begin(&v->sealed, tl_input_name(path), is_proto(file));
	return v->sealed.is_proto ? read_events(v, path, file) : read_lines(v, path, file);
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
		const char *counted = loss->counted[0] ? loss->counted : "events";
		_cleanup_(tl_buffer_done) struct tl_buffer what = { 0 };

		tl_escape_text(&what, counted, strlen(counted));
		TL_PUT_LITERAL(&what, ", ");
		tl_escape_text(&what, loss->stage, strlen(loss->stage));
		tl_put_char(&what, 0);
		printf("declared lost: %" PRIu64 " %s", loss->count, what.failed ? "?" : what.data);
		if (loss->first)
			printf(", CPU %u, numbers %" PRIu64 " to %" PRIu64, loss->cpu, loss->first, loss->last);
		printf("\n");
	}
}

/* Mostly there are none, and no address either. */
static void print_notes(const struct tl_buffer *notes)
{
	if (notes->size)
		fwrite(notes->data, 1, notes->size, stdout);
}

static void print_seals(const struct tl_sealed *s)
{
	print_notes(&s->notes);
	if (s->seals)
		printf("seals: %" PRIu64 "%s, the last one is number %" PRIu64 ", %s\n", s->seals,
		       s->broken ? ", NOT what was sealed" : ", all is as it was sealed", s->last.number, s->last.hash);
}

static void print_text(const struct verifier *verifier, bool complete)
{
	const struct tl_verify *v = &verifier->verify;

	print_notes(&v->notes);
	print_gaps(v);
	print_seals(&verifier->sealed);
	printf("%s%s%s: %" PRIu64 " events, %" PRIu64 " results of %" PRIu64 " events, %" PRIu64 " records\n",
	       tl_style(stdout, complete ? TL_STYLE_GREEN : TL_STYLE_RED),
	       !complete		? "INCOMPLETE" :
	       v->n_gaps || v->n_losses ? "complete but for what is declared lost" :
					  "complete",
	       tl_style(stdout, TL_STYLE_END), v->events, v->results, v->counted, v->records);
	if (!complete && verifier->newer[0])
		printf("The oldest file is to be named first: %s, which begins before it.\n", verifier->newer);
}

static void put_seals(struct tl_buffer *b, const struct tl_sealed *s)
{
	tl_json_unsigned(b, "seals", s->seals);
	tl_json_unsigned(b, "broken_seals", s->broken);
	tl_json_unsigned(b, "unsealed", s->last.number ? s->records : 0);
	if (s->last.number)
		tl_json_string(b, "last_seal", s->last.hash);
}

static void print_json(const struct verifier *verifier, bool complete)
{
	const struct tl_verify *v = &verifier->verify;
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
	tl_json_unsigned(&b, "unended_runs", v->unended_runs);
	tl_json_bool(&b, "begins_in_a_session", v->is_orphan);
	tl_json_unsigned(&b, "gone_files", v->gone_files);
	put_seals(&b, &verifier->sealed);
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
		if (v->losses[i].counted[0])
			tl_json_string(&b, "counted", v->losses[i].counted);
		tl_json_unsigned(&b, "cpu", v->losses[i].cpu);
		tl_json_unsigned(&b, "seq_first", v->losses[i].first);
		tl_json_unsigned(&b, "seq_last", v->losses[i].last);
		tl_json_close(&b, '}');
	}
	tl_json_close(&b, ']');
	tl_put_text(&b, "}\n");
	fwrite(b.data, 1, b.size, stdout);
}

static void done(struct verifier *v)
{
	tl_verify_done(&v->verify);
	tl_sealed_done(&v->sealed);
}

static int verify(struct verifier *v, int n, char **paths, int how)
{
	bool complete;

	for (int i = 0; i < n; i++) {
		int r = read_file(v, paths[i]);

		if (r < 0)
			return tl_input_complain(tl_input_name(paths[i]), r);
	}
	complete = tl_verify_end(&v->verify);
	complete &= tl_sealed_end(&v->sealed);
	if (how == OPTION_JSON)
		print_json(v, complete);
	else if (!how)
		print_text(v, complete);
	return tl_finish_stdout(complete ? TL_EXIT_OK : TL_EXIT_FAILED);
}

static bool is_hash(const char *text)
{
	return strlen(text) == TL_FILE_SEAL_HEX && strspn(text, "0123456789abcdef") == TL_FILE_SEAL_HEX;
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	_cleanup_(done) struct verifier v = { .verify.began = true };
	int id, how = 0;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		if (id == TL_OPTION_BAD)
			return TL_EXIT_USAGE;
		if (id == OPTION_PARTIAL) {
			v.sealed.partial = true;
			v.verify.began = false;
		} else if (id == OPTION_SEAL) {
			if (!is_hash(optarg))
				return tl_usage_error(verb, "a HASH has %d digits of 0 to 9 and a to f",
						      TL_FILE_SEAL_HEX);
			v.sealed.wanted = optarg;
		} else {
			if (how && how != id)
				return tl_usage_error(verb, "either --json or --quiet");
			how = id;
		}
	}
	if (optind == argc)
		return tl_usage_error(verb, "a FILE is missing; - is standard input");
	return verify(&v, argc - optind, argv + optind, how);
}

const struct tl_verb tl_verb_verify = {
	.name = "verify",
	.arguments = "[OPTIONS] FILE...",
	.summary = "Say whether an output is complete and as it was written.",
	.options = options,
	.details = "FILEs are those of one output, JSON lines or protobuf, the oldest first, compressed by\n"
		   "gzip or not; - is standard input:\n\n"
		   "  traceleft verify events.jsonl.000001.gz events.jsonl.000002 events.jsonl\n"
		   "  traceleft decode events.pb | traceleft verify -\n\n"
		   "The exit status is 0 if every event that was written is there or declared lost, and\n"
		   "what was sealed (seal: true in the policy) is as it was; and 1 if not. With HASH, a\n"
		   "seal that was told elsewhere, files that were cut or written anew are found, too.\n",
	.run = run,
};
