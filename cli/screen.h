/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal as a whole, for what is shown again and again. One at a time. */
#ifndef TRACELEFT_CLI_SCREEN_H
#define TRACELEFT_CLI_SCREEN_H

#include <stdbool.h>

/* Takes the terminal that standard output is. False: it is none, or none that can do it. */
bool tl_screen_open(void);
/* Gives it back as it was. Fine if it was not opened. */
void tl_screen_close(void);

/* Shows lines, which are harmless, as many and as far as there is room; the first `heads` of them stand out. */
void tl_screen_show(const char *text, unsigned heads);

/* Whether somebody has typed q. Does not wait; a key is there when standard input can be read. */
bool tl_screen_quit(void);

#endif
