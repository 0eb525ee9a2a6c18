/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Capabilities of the calling thread. Other threads keep theirs; those that it begins, and its
 * children, begin with what it has then. Sets have a bit per capability.
 */
#ifndef TRACELEFT_RIGHTS_H
#define TRACELEFT_RIGHTS_H

#include <linux/capability.h>
#include <stdint.h>

#define TL_RIGHT(capability) (UINT64_C(1) << (capability))
/* To look at what other processes are: their links in /proc, and files that their owners alone may read. */
#define TL_RIGHTS_LOOK (TL_RIGHT(CAP_SYS_PTRACE) | TL_RIGHT(CAP_DAC_READ_SEARCH))

/* Gives up for good what is not in `keep`; of that, what is not in `use` has no effect until tl_rights_use().
 * What the thread has not is left out. Error: of capset(2), nothing has changed. */
int tl_rights_limit(uint64_t keep, uint64_t use);

/* Of what it has kept, these have effect from now on, and no others. */
int tl_rights_use(uint64_t use);

#endif
