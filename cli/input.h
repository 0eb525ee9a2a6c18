/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_CLI_INPUT_H
#define TRACELEFT_CLI_INPUT_H

#include <stdio.h>

/* Opens a file to read, what gzip has compressed as what it was; or "-" for standard input, as it
 * is and as it comes. NULL: errno says why. Reading fails with EBADMSG where what is compressed is
 * damaged or ends too early. To be closed with fclose(), which leaves standard input open. */
FILE *tl_input_open(const char *path);

/* What people call it: the path, or "standard input". */
const char *tl_input_name(const char *path);

/* Says on standard error why it cannot be read any more; error: negative errno. Returns TL_EXIT_FAILED. */
int tl_input_complain(const char *name, int error);

#endif
