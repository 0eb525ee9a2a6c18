/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_TESTS_MEDDLE_H
#define TRACELEFT_TESTS_MEDDLE_H

#include "traceleft.h"

/* Meddles with what the session, which runs, has in the kernel, by way of this process's
 * descriptors: each time tl_session_check() has to tell, and once it is mended no more. Returns
 * NULL, or what went wrong. */
const char *meddle(struct tl_session *s);

#endif
