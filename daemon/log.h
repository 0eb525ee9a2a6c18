/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon says about itself: to the journal where standard error goes
 * there, else to standard error. Never blocks for the journal, nor for who does not read
 * standard error: what finds no room is counted, and the number is said as soon as there is
 * room. A message is a sentence without a full stop; what comes from outside in it is made harmless.
 */
#ifndef TRACELEFT_DAEMON_LOG_H
#define TRACELEFT_DAEMON_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* foreground: to standard error, whatever it is. */
void tl_log_setup(bool foreground);

/* priority: LOG_ERR, ... of syslog(3). */
void tl_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Same, with the id of an entry of the journal's catalog, see message-ids.h. */
void tl_log_id(int priority, const char *message_id, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says how many messages are missing, if some are and there is room again. Now and then. */
void tl_log_catch_up(void);

/* Without memory and without a lock, for who cannot know whether somebody holds one for good. text: harmless, one line,
 * some hundred bytes. */
void tl_log_bare(int priority, const char *message_id, const char *text);

#endif
