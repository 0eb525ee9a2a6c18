// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft: finds the verb and runs it. */
#include <signal.h>
#include <string.h>

#include "cli.h"
#include "descriptors.h"
#include "suggest.h"

static int run_help(const struct tl_verb *verb, int argc, char **argv);

static const struct tl_verb verb_help = {
	.name = "help",
	.arguments = "[VERB]",
	.summary = "Show what a verb does and takes.",
	.run = run_help,
};

/* The verb table: what help lists, in this order. */
static const struct tl_verb *const verbs[] = {
	&tl_verb_trace,	 &tl_verb_events,	&tl_verb_check,	  &tl_verb_status, &tl_verb_reload,
	&tl_verb_tail,	 &tl_verb_top,		&tl_verb_battery, &tl_verb_report, &tl_verb_decode,
	&tl_verb_verify, &tl_verb_import_audit, &verb_help,
};

#define N_VERBS ARRAY_SIZE(verbs)

static const struct tl_verb *verb_find(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static void usage(FILE *out)
{
	fprintf(out, "usage: traceleft VERB [OPTIONS] [ARGUMENTS]\n"
		     "Audit what processes do: system calls, files, network.\n\nVerbs:\n");
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "  %s%-14s%s%s\n", tl_style(out, TL_STYLE_BOLD), verbs[i]->name,
			tl_style(out, TL_STYLE_END), verbs[i]->summary);
	fprintf(out, "\nOptions:\n"
		     "  --help      show this\n"
		     "  --version   show the version\n\n"
		     "traceleft VERB --help tells more. Try: traceleft trace @file -- ls /\n");
}

static int unknown_verb(const char *name)
{
	struct tl_suggest suggestion;

	tl_suggest_init(&suggestion, name, strlen(name));
	for (size_t i = 0; i < N_VERBS; i++)
		tl_suggest_offer(&suggestion, verbs[i]->name);
	tl_print_error("%s: no such verb%s (see traceleft --help)", name, tl_suggest_text(&suggestion));
	return TL_EXIT_USAGE;
}

static int run_help(const struct tl_verb *verb, int argc, char **argv)
{
	const struct tl_verb *about;
	int id = tl_option_next(verb, argc, argv);

	if (id != TL_OPTION_END)
		return id == TL_OPTION_HELP ? TL_EXIT_OK : TL_EXIT_USAGE;
	if (argc - optind > 1)
		return tl_usage_error(verb, "one verb at most");
	if (optind == argc) {
		usage(stdout);
		return tl_finish_stdout(TL_EXIT_OK);
	}
	about = verb_find(argv[optind]);
	if (!about)
		return unknown_verb(argv[optind]);
	tl_verb_help(stdout, about);
	return tl_finish_stdout(TL_EXIT_OK);
}

int main(int argc, char **argv)
{
	const struct tl_verb *verb;

	tl_descriptors_keep_standard();
	/* A closed pipe is an error of write(2) like others, not the end of us. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return TL_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("traceleft %s\n", TL_VERSION);
		return tl_finish_stdout(TL_EXIT_OK);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return tl_finish_stdout(TL_EXIT_OK);
	}
	verb = verb_find(argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);
	return verb->run(verb, argc - 1, argv + 1);
}
