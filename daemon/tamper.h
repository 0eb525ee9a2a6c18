/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether somebody meddles with the daemon: with what it has in the kernel, with its outputs'
 * files or its policy, or by stopping it; and whether it hangs. Looked at every two seconds, and told to every output:
 * once when it begins or changes, once when it is mended.
 */
#ifndef TRACELEFT_DAEMON_TAMPER_H
#define TRACELEFT_DAEMON_TAMPER_H

#include "generation.h"
#include "record.h"

struct tl_tamper_watch;

/* NULL: no memory. */
struct tl_tamper_watch *tl_tamper_watch_new(void);
/* NULL is fine. Returns NULL. */
struct tl_tamper_watch *tl_tamper_watch_free(struct tl_tamper_watch *w);

/* A policy has come into force: what there is now is as it should be. w may be NULL here and below. */
void tl_tamper_watch_begin(struct tl_tamper_watch *w, struct tl_generation *g);
/* What takes long by its own will begins, until the next tick or tl_tamper_watch_awake(). */
void tl_tamper_watch_busy(struct tl_tamper_watch *w);
/* The daemon was busy by its own will: it was not stopped. */
void tl_tamper_watch_awake(struct tl_tamper_watch *w);
/* Once per second. loading: another session is about to take over, and may change things in the kernel. */
void tl_tamper_watch_tick(struct tl_tamper_watch *w, struct tl_generation *g, bool loading);
/* Before the session ends or another one is to take its place: what was done since the last look. The policy's files
 * may be what is to come into force. */
void tl_tamper_watch_look(struct tl_tamper_watch *w, struct tl_generation *g, bool loading);
/* The daemon was told to go on, by whomever. */
void tl_tamper_watch_continued(struct tl_tamper_watch *w, struct tl_generation *g, const struct tl_sender *who);

/* Same, by the watch's own timer: who stops the daemon stops it for some three seconds. */
void tl_tamper_watch_woken(struct tl_tamper_watch *w, struct tl_generation *g);

/* Tells every output what was so, and is over, that is noticed now; since: when all was well last, ns since the epoch. */
void tl_tamper_tell_over(struct tl_generation *g, const char *kind, const char *object, uint64_t since,
			 const char *note);

#endif
