/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that are on their hooks twice, one behind the other. The kernel does not run a
 * program that is already under way on that CPU, as when it was interrupted or, on kernels
 * that preempt programs, when another task came to run; whoever meets its hook then has the
 * second one. Each of them does nothing where the other has seen to it (bpf/task.h).
 */
#ifndef TRACELEFT_TWINS_H
#define TRACELEFT_TWINS_H

#include "session.h"

/*
 * Whether kernel code may be preempted inside a program on a function or a
 * tracepoint. The kernel does not say for whom it skips a program then: only
 * a kprobe is exact there, and nearly so a program that is there twice.
 */
bool tl_programs_are_preempted(void);

/* Before loading, when it is known which programs are to be loaded: which are there twice. */
int tl_twins_choose(struct tl_session *s);
/* A program of that name is attached: so is its twin, if it has one. */
int tl_twin_attach(struct tl_session *s, const char *name);
/* Of runs that were skipped, how many the other of two has done instead. */
uint64_t tl_twins_made_up(const struct tl_session *s);

#endif
