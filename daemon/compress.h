/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_DAEMON_COMPRESS_H
#define TRACELEFT_DAEMON_COMPRESS_H

/* Makes NAME.gz of NAME, both in `directory`, with the same owner and mode, by
 * way of .NAME.gz.part, which who takes all NAME* does not see; then removes NAME. Takes its time. */
int tl_compress_file(int directory, const char *name);

#endif
