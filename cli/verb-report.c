// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft report: who did what, of the events in files or in the journal. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "output.h"
#include "report-read.h"

enum { OPTION_JSON = 256, OPTION_HTML, OPTION_JOURNAL, OPTION_SINCE, OPTION_UNTIL };

static const struct tl_option options[] = {
	{ OPTION_JOURNAL, "journal", NULL, "read what the daemon has written to the journal" },
	{ 'n', "lines", "N", "so many rows of each table: 10 if it is not said, 0 is all" },
	{ OPTION_SINCE, "since", "TIME", "only what happened at that time or later, UTC" },
	{ OPTION_UNTIL, "until", "TIME", "only what happened before that time" },
	{ OPTION_HTML, "html", "FILE", "write a page with a timeline to FILE, no text" },
	{ OPTION_JSON, "json", NULL, "one JSON object instead of text" },
	{ 0 },
};

struct settings {
	const char *html; /* NULL: no page */
	uint64_t lines;
	bool json, journal;
};

static int parse_lines(const struct tl_verb *verb, const char *text, uint64_t *ret)
{
	if (strcmp(text, "0") != 0)
		return tl_parse_number_of(verb, "lines", text, ret);
	*ret = 0;
	return TL_EXIT_OK;
}

static int parse_time(const struct tl_verb *verb, const char *option, const char *text, uint64_t *ret)
{
	if (tl_report_time_parse(text, ret) >= 0)
		return TL_EXIT_OK;
	return tl_usage_error(verb, "--%s: a time is written 2026-11-27, 2026-11-27T20:15 or 2026-11-27T20:15:48.5: %s",
			      option, text);
}

static int parse(const struct tl_verb *verb, int argc, char **argv, struct settings *s, struct tl_report *r,
		 bool *ret_help)
{
	int id, status = TL_EXIT_OK;

	while (status == TL_EXIT_OK && (id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		switch (id) {
		case OPTION_JSON:
			s->json = true;
			break;
		case OPTION_HTML:
			s->html = optarg;
			break;
		case OPTION_JOURNAL:
			s->journal = true;
			break;
		case OPTION_SINCE:
			status = parse_time(verb, "since", optarg, &r->since);
			break;
		case OPTION_UNTIL:
			status = parse_time(verb, "until", optarg, &r->until);
			break;
		case 'n':
			status = parse_lines(verb, optarg, &s->lines);
			break;
		default:
			*ret_help = id == TL_OPTION_HELP;
			return *ret_help ? TL_EXIT_OK : TL_EXIT_USAGE;
		}
	}
	if (status == TL_EXIT_OK && optind == argc && !s->journal)
		return tl_usage_error(verb, "a FILE or --journal is missing; - is standard input");
	return status;
}

static int print(struct tl_report *r, const struct settings *s)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	size_t lines = (size_t)s->lines;
	int e = s->json ? tl_report_json(r, &b, lines) : tl_report_text(r, &b, lines, *tl_style(stdout, TL_STYLE_BOLD));

	if (e < 0)
		return e;
	fwrite(b.data, 1, b.size, stdout);
	return 0;
}

/* Returns the exit status. */
static int write_page(struct tl_report *r, const struct settings *s)
{
	bool to_stdout = strcmp(s->html, "-") == 0;
	struct tl_output out;
	int e = 0, end;

	if (to_stdout)
		tl_output_stdout(&out);
	else
		e = tl_output_open(s->html, &out);
	if (e < 0)
		return tl_print_errno(e, "%s", s->html);
	e = tl_report_html(r, &out.records.text, (size_t)s->lines);
	if (e >= 0)
		e = tl_output_end(&out, true);
	end = tl_output_done(&out);
	e = e < 0 ? e : end;
	return e < 0 && e != -EPIPE ? tl_print_errno(e, "%s", out.name) : TL_EXIT_OK;
}

/* Returns the exit status. */
static int report(struct tl_report *r, const struct settings *s, char **paths, size_t n)
{
	int e = tl_report_tables_init(r), status = TL_EXIT_OK;

	if (e >= 0)
		e = tl_report_files(r, paths, n);
	if (e >= 0 && s->journal)
		e = tl_report_journal(r);
	tl_report_end(r);
	if (e >= 0 && (s->json || !s->html))
		e = print(r, s);
	if (e < 0)
		return tl_print_errno(e, "report");
	if (s->html)
		status = write_page(r, s);
	status = tl_finish_stdout(status);
	return r->broken || r->unreadable ? TL_EXIT_FAILED : status;
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	_cleanup_(tl_report_done) struct tl_report r = { 0 };
	struct settings s = { .lines = 10 };
	bool help = false;
	int status = parse(verb, argc, argv, &s, &r, &help);

	if (status != TL_EXIT_OK || help)
		return status;
	return report(&r, &s, argv + optind, (size_t)(argc - optind));
}

const struct tl_verb tl_verb_report = {
	.name = "report",
	.arguments = "[OPTIONS] FILE...|--journal",
	.summary = "Show who did what: events by executable, user, path, destination, failure.",
	.options = options,
	.details = "FILEs are what file outputs or trace -o have written, JSON lines or protobuf, compressed\n"
		   "by gzip or not; - is standard input. Of files that rotation has made the older ones are\n"
		   "read first, however they are named here:\n\n"
		   "  traceleft report /var/log/traceleft/events.jsonl*\n"
		   "  traceleft report --journal --since 2026-11-27 --html report.html\n\n"
		   "Results of counts are taken for as many events as they stand for. What is no event is told\n"
		   "with its place and left out; the exit status is 1 then.\n",
	.run = run,
};
