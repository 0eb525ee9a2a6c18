/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is missing because the process before this one has ended. */
#ifndef TRACELEFT_DAEMON_OUTAGE_H
#define TRACELEFT_DAEMON_OUTAGE_H

#include <stdbool.h>

#include "generation.h"
#include "runtime.h"

/* Says in all outputs of the first generation that something is missing, if that may be so and nobody
 * else declares it; the next process will, if this one does not live until it is out. was_stored: that process had left a session in the store. */
void tl_outage_declare(struct tl_generation *g, struct tl_runtime *before, bool was_stored);

#endif
