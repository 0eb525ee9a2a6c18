/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_PROBLEMS_H
#define TRACELEFT_PROBLEMS_H

#include "policy.h"

/* Prints each on stderr: FILE:LINE:COLUMN: [warning: ]MESSAGE. */
void tl_problems_print(const struct tl_problems *p);

#endif
