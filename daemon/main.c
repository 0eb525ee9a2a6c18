// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleftd: reads its options and runs. */
#include <getopt.h>
#include <malloc.h>
#include <string.h>

#include "descriptors.h"
#include "log.h"
#include "manager.h"
#include "util.h"

#define LARGE_BLOCK (256 * 1024)

enum { OPTION_POLICY = 'p', OPTION_FOREGROUND = 'f', OPTION_HELP = 'h', OPTION_ATTACH = 256, OPTION_VERSION };

static const struct option options[] = {
	{ "policy", required_argument, NULL, OPTION_POLICY }, { "foreground", no_argument, NULL, OPTION_FOREGROUND },
	{ "attach", required_argument, NULL, OPTION_ATTACH }, { "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },	      { 0 },
};

static void usage(FILE *out)
{
	fprintf(out,
		"usage: traceleftd [OPTIONS]\n"
		"Audit this machine as /etc/traceleft/policy.yaml says. Started by systemd as traceleftd.service.\n\n"
		"Options:\n"
		"  -p, --policy FILE  read this policy alone\n"
		"  -f, --foreground   write messages to standard error, not to the journal\n"
		"      --attach KIND  use only this kind of hook: fexit, kprobe or raw_tp\n"
		"      --version      show the version\n"
		"  -h, --help         show this\n\n"
		"Signals: SIGHUP loads the policy again and opens files anew, SIGTERM and SIGINT stop.\n"
		"traceleft status shows what it does, traceleft check FILE what a policy would do.\n");
}

static int usage_error(const char *what, const char *about)
{
	fprintf(stderr, "traceleftd: %s%s (see traceleftd --help)\n", what, about);
	return TL_STATUS_USAGE;
}

static int unknown_option(char **argv)
{
	const char letter[] = { '-', (char)optopt, 0 };

	/* A letter may be anywhere in an argument. */
	return usage_error("unknown option ", optopt > 0 && optopt < OPTION_ATTACH ? letter : argv[optind - 1]);
}

int main(int argc, char **argv)
{
	struct tl_manager_options manager = { 0 };
	bool foreground = false;
	int id;

	/* What loading a policy takes is large and soon free; with thresholds that go up with it, it would stay. */
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
	tl_descriptors_keep_standard();
	tl_descriptors_allow_many();
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":p:fh", options, NULL)) != -1) {
		switch (id) {
		case OPTION_POLICY:
			manager.policy = optarg;
			break;
		case OPTION_FOREGROUND:
			foreground = true;
			break;
		case OPTION_ATTACH:
			if (tl_session_attach_find(optarg, &manager.attach) < 0)
				return usage_error("unknown kind of hook: ", optarg);
			break;
		case OPTION_VERSION:
			puts("traceleftd " TL_VERSION);
			return TL_STATUS_OK;
		case OPTION_HELP:
			usage(stdout);
			return TL_STATUS_OK;
		case ':':
			return usage_error("an argument is missing behind ", argv[optind - 1]);
		default:
			return unknown_option(argv);
		}
	}
	if (optind < argc)
		return usage_error("no argument is expected: ", argv[optind]);
	tl_log_setup(foreground);
	return tl_manager_main(&manager);
}
