/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ", did you mean 'NAME'?" for names of events and groups, "" if none is near. */
#ifndef TRACELEFT_NEAREST_H
#define TRACELEFT_NEAREST_H

#include "suggest.h"

/* The text lives as long as *s and the table. */
const char *tl_nearest_event(const char *name, struct tl_suggest *s);
/* name without the '@'. */
const char *tl_nearest_group(const char *name, struct tl_suggest *s);

#endif
