/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: its loop, its signals, its policy in force, what it tells systemd. */
#ifndef TRACELEFT_DAEMON_MANAGER_H
#define TRACELEFT_DAEMON_MANAGER_H

#include "generation.h"

struct tl_manager_options {
	const char *policy; /* NULL: the system's */
	enum tl_attach attach;
};

/* Runs until it is told to stop or cannot go on. Returns the exit status. */
int tl_manager_main(const struct tl_manager_options *options);

#endif
