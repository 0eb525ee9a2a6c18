/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The door of io_uring: which of its requests are wanted as the events of their
 * system calls, and the programs that see them. */
#ifndef TRACELEFT_REQUESTS_H
#define TRACELEFT_REQUESTS_H

#include "session.h"

/* Before load: whether some event wanted can be made by a request and this kernel
 * tells of requests; what is not needed then is not loaded. 0, or a negative errno with its message in s. */
int tl_requests_plan(struct tl_session *s);
/* After load, with the configuration in place. 0 or a negative errno. */
int tl_requests_attach(struct tl_session *s);

#endif
