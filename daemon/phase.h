/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon may do depends on what it is about. Each of these is for the calling thread alone. */
#ifndef TRACELEFT_PHASE_H
#define TRACELEFT_PHASE_H

/* The process begins, and is about to load: all that no phase needs is given up for good. */
void tl_phase_start(void);

/* Loads programs, or attaches them: until tl_phase_read(), or the end of the thread. */
void tl_phase_load(void);

/* Reads events, and writes them. */
void tl_phase_read(void);

/* From now on nothing but what reading needs, for good: a thread that frees what others have loaded. */
void tl_phase_only_read(void);

/* From now on nothing but what files need, for good: a child that writes. */
void tl_phase_only_write(void);

#endif
