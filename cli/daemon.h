/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking to the daemon over its control socket. Errors are printed. */
#ifndef TRACELEFT_CLI_DAEMON_H
#define TRACELEFT_CLI_DAEMON_H

#include "control-request.h"

#define TL_DAEMON_SOCKET "/run/traceleft/" TL_CONTROL_SOCKET

struct tl_daemon_answer {
	bool done; /* not refused */
	char text[TL_CONTROL_ANSWER_MAX]; /* what is in force, why not; not to be trusted by a terminal */
};

/* Connects to `path`, asks and waits for the answer. Returns the descriptor, the caller's, or a
 * negative errno. */
int tl_daemon_ask(const char *path, const struct tl_control_request *request, struct tl_daemon_answer *ret);

#endif
