// SPDX-License-Identifier: GPL-2.0-or-later
/* Options from a verb's table, and its help. */
#include <getopt.h>
#include <string.h>

#include "cli.h"

#define OPTIONS_MAX 32
#define HELP_ID 'h'
#define HELP_COLUMN 26

struct parser {
	char letters[OPTIONS_MAX * 2 + 4];
	struct option options[OPTIONS_MAX + 2];
};

static void parser_make(const struct tl_verb *verb, struct parser *p)
{
	size_t n_letters = 0, n = 0;

	p->letters[n_letters++] = ':'; /* tell a missing argument from an unknown option */
	p->letters[n_letters++] = HELP_ID;
	p->options[n++] = (struct option){ "help", no_argument, NULL, HELP_ID };
	for (const struct tl_option *o = verb->options; o && o->id && n < OPTIONS_MAX; o++) {
		if (o->id < 256) {
			p->letters[n_letters++] = (char)o->id;
			if (o->argument)
				p->letters[n_letters++] = ':';
		}
		if (o->name)
			p->options[n++] = (struct option){ o->name, o->argument ? required_argument : no_argument, NULL,
							   o->id };
	}
	p->letters[n_letters] = 0;
	p->options[n] = (struct option){ 0 };
}

static int option_refused(const struct tl_verb *verb, int what, char **argv)
{
	/* A long option is an argument of its own, just behind us; a letter may be anywhere in one. */
	const char *given = optind > 0 ? argv[optind - 1] : "";

	if (what == ':') {
		if (optopt < 256 && strncmp(given, "--", 2) != 0)
			tl_usage_error(verb, "option -%c needs an argument", optopt);
		else
			tl_usage_error(verb, "option %s needs an argument", given);
	} else if (optopt && optopt < 256 && optopt != HELP_ID && strncmp(given, "--", 2) != 0)
		tl_usage_error(verb, "unknown option -%c", optopt);
	else if (optopt)
		tl_usage_error(verb, "option %s takes no argument", given);
	else
		tl_usage_error(verb, "unknown option %s", given);
	return TL_OPTION_BAD;
}

int tl_option_next(const struct tl_verb *verb, int argc, char **argv)
{
	struct parser p;
	int id;

	parser_make(verb, &p);
	opterr = 0;
	optopt = 0;
	id = getopt_long(argc, argv, p.letters, p.options, NULL);
	if (id < 0)
		return TL_OPTION_END;
	if (id == '?' || id == ':')
		return option_refused(verb, id, argv);
	if (id == HELP_ID) {
		tl_verb_help(stdout, verb);
		return tl_finish_stdout(TL_EXIT_OK) == TL_EXIT_OK ? TL_OPTION_HELP : TL_OPTION_BAD;
	}
	return id;
}

static void help_option(FILE *out, int id, const char *name, const char *argument, const char *help)
{
	char left[64];
	int n = 0;

	n += snprintf(left + n, sizeof(left) - (size_t)n, id && id < 256 ? "-%c" : "  ", id);
	n += snprintf(left + n, sizeof(left) - (size_t)n, name ? "%s--%s" : "%s", id && id < 256 && name ? ", " : "  ",
		      name);
	if (argument)
		n += snprintf(left + n, sizeof(left) - (size_t)n, " %s", argument);
	if (n > HELP_COLUMN - 2)
		fprintf(out, "  %s\n  %*s%s\n", left, HELP_COLUMN, "", help);
	else
		fprintf(out, "  %-*s%s\n", HELP_COLUMN, left, help);
}

void tl_verb_help(FILE *out, const struct tl_verb *verb)
{
	fprintf(out, "usage: traceleft %s %s\n%s\n\nOptions:\n", verb->name, verb->arguments, verb->summary);
	for (const struct tl_option *o = verb->options; o && o->id; o++)
		help_option(out, o->id, o->name, o->argument, o->help);
	help_option(out, HELP_ID, "help", NULL, "show this");
	if (verb->details)
		fprintf(out, "\n%s", verb->details);
}

int tl_parse_number_of(const struct tl_verb *verb, const char *what, const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || !*ret)
		return tl_usage_error(verb, "-n: a number of %s is wanted, 1 at least: %s", what, text);
	return TL_EXIT_OK;
}
