/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events that the kernel part counts. Used by lib/ only. */
#ifndef TRACELEFT_TALLY_LIB_H
#define TRACELEFT_TALLY_LIB_H

#include <stdbool.h>

struct tl_session;

/* Where the kernel part counts. */
#define TL_TALLY_TABLES 2
struct tl_tallies {
	int tables[TL_TALLY_TABLES]; /* fds; 0: nothing is counted */
	unsigned used; /* index of the one in use */
	bool paused; /* none is: that one was the last */
	bool adopted; /* none is yet: both have counts of a process before this one */
	bool again; /* when that is done, once more: those of the other table were not waited for */
	bool left; /* that one counts for whoever adopts the session */
	bool collecting; /* the other one's counts are final, and of events that are in the ring */
	unsigned long end; /* up to there */
};

/* Whether some event is to be counted. */
bool tl_tallies_wanted(const struct tl_session *s);
/* Before the kernel part is loaded: what of it counts is in it only then. Negative errno: it cannot be told. */
int tl_tallies_choose(struct tl_session *s);
/* What the kernel part needs for that, once it is loaded and has its plans. */
int tl_tallies_install(struct tl_session *s);
/* Same, where another process has counted with these tables: what it has left there becomes final, and is
 * collected first. Programs count on, unless that process was killed while it collected. */
int tl_tallies_adopt(struct tl_session *s);
void tl_tallies_close(struct tl_session *s);

#endif
