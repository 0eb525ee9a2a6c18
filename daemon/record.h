/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of TraceLeft's own: made here, written to every output. */
#ifndef TRACELEFT_DAEMON_RECORD_H
#define TRACELEFT_DAEMON_RECORD_H

#include <signal.h>
#include <sys/socket.h>
#include <sys/signalfd.h>

#include "encode.h"

/* kind: TL_EVENT_LEDGER, START, STOP, RELOAD or TAMPER. note and session may be NULL and are borrowed. */
void tl_record_make(struct tl_event *ret, enum tl_event_kind kind, struct tl_session *session, const char *note);
/* LOST. note may be NULL. */
void tl_record_lost(struct tl_event *ret, uint32_t cpu, const struct tl_lost *lost, const char *note);

/* Who asks for something; and in words: "SIGTERM from process 1 (systemd), user 0, login user 1000". */
#define TL_SENDER_SIZE 128
struct tl_sender {
	struct tl_requester who;
	char text[TL_SENDER_SIZE];
};

/* Of a signal. */
void tl_record_sender(struct tl_sender *ret, const struct signalfd_siginfo *info);
/* Same, of somebody at the other end of a socket; what: "request". */
void tl_record_peer(struct tl_sender *ret, const char *what, const struct ucred *peer);
/* Same, who has started this process. */
void tl_record_parent(struct tl_sender *ret);

/* ns since the epoch. */
uint64_t tl_now(void);
/* ns of a clock that nobody sets: for how long something takes. */
uint64_t tl_now_steady(void);

#endif
