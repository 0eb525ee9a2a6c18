/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRACELEFT_BATTERY_H
#define TRACELEFT_BATTERY_H

/* Folder of the handlers: $TRACELEFT_BATTERY, else beside the program, else
 * where it is installed. Static storage; need not exist. */
const char *tl_battery_default(void);

/* Folder of the running program, without a slash at its end. Static storage. */
const char *tl_program_folder(void);

#endif
