// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft reload: has the daemon load its policy again, and says what came of it. */
#include <string.h>

#include "cli.h"
#include "daemon.h"
#include "escape.h"
#include "put.h"

enum { OPTION_SOCKET = 256 };

static const struct tl_option options[] = {
	{ OPTION_SOCKET, "socket", "FILE", "ask there, not at " TL_DAEMON_SOCKET },
	{ 0 },
};

static int print_in_force(const char *text)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	tl_escape_value(&b, text, strlen(text));
	if (!b.failed)
		printf("in force: %.*s\n", (int)b.size, b.data);
	return tl_finish_stdout(TL_EXIT_OK);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	const struct tl_control_request request = { .verb = TL_CONTROL_RELOAD };
	const char *path = TL_DAEMON_SOCKET;
	struct tl_daemon_answer answer;
	int id, fd;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id != OPTION_SOCKET)
			return id == TL_OPTION_HELP ? TL_EXIT_OK : TL_EXIT_USAGE;
		path = optarg;
	}
	if (optind < argc)
		return tl_usage_error(verb, "no argument is expected: %s", argv[optind]);
	fd = tl_daemon_ask(path, &request, &answer);
	if (fd < 0)
		return TL_EXIT_FAILED;
	close(fd);
	return answer.done ? print_in_force(answer.text) : tl_print_error("reload: %s", answer.text);
}

const struct tl_verb tl_verb_reload = {
	.name = "reload",
	.arguments = "[OPTIONS]",
	.summary = "Load the daemon's policy again and say what came of it.",
	.options = options,
	.details = "Waits until the policy is in force and prints what that is. If it cannot be used, the\n"
		   "old one stays in force, the error is printed with its FILE:LINE:COLUMN, and the exit\n"
		   "status is 1. Who asked is recorded in every output. For root and the group traceleft.\n",
	.run = run,
};
