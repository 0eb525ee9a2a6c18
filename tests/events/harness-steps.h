/* SPDX-License-Identifier: GPL-2.0-or-later */
/* harness.c: what run_test() is made of, for several tests in one session. */
#ifndef TRACELEFT_TEST_EVENTS_STEPS_H
#define TRACELEFT_TEST_EVENTS_STEPS_H

#include "harness-inside.h"

bool may_run(const char *name); /* false: not as root, and said so */
/* The test's folder, with what `prepare` makes there, and its surroundings. */
void prepare_test(const struct test *test);
/* Handlers of what the test is about, for the target of its child. */
bool add_events(struct tl_session *s, uint32_t target);
/* The session that is looked at from now on, its kinds of hooks and the one task of the target. */
void verify_session(struct tl_session *s);
int on_event(const struct tl_event *event, void *userdata); /* into `seen` */
/* When `seen` grows no more: pointers into it; then events and calls are compared. */
void settle(void);
void compare(void);
void verify_called(int of); /* of a test of several events: the case got as far as a call */
/* Numbers of all events in `seen`, of which `filtered` were kept back. */
void verify_numbers(uint64_t filtered);
/* read_until_end(), but the session goes on; and what it does then. */
void read_while(struct tl_session *s, pid_t pid, int of, unsigned pause_us);
void stop_session(struct tl_session *s, int of);

#endif
