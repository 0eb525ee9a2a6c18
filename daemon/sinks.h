/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of outputs, for the registry. */
#ifndef TRACELEFT_DAEMON_SINKS_H
#define TRACELEFT_DAEMON_SINKS_H

struct tl_sink_ops;

extern const struct tl_sink_ops tl_sink_journald;
extern const struct tl_sink_ops tl_sink_file;
extern const struct tl_sink_ops tl_sink_stdout;
extern const struct tl_sink_ops tl_sink_http;

#endif
