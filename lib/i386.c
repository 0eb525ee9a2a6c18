// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session.h"
#include "util.h"

#define IDS2(first) (TL_I386_ID(first) | TL_I386_ID((first) + 1))

/* Calls of 32-bit programs whose arguments are narrower than those of the call of that name. */
static const struct {
	uint16_t nr, form;
} narrow[] = {
	{ 16, IDS2(1) }, /* lchown */
	{ 19, TL_I386_SIGNED(1) }, /* lseek */
	{ 23, TL_I386_ID(0) }, /* setuid */
	{ 46, TL_I386_ID(0) }, /* setgid */
	{ 70, IDS2(0) }, /* setreuid */
	{ 71, IDS2(0) }, /* setregid */
	{ 82, TL_I386_MEMORY }, /* select */
	{ 90, TL_I386_MEMORY | TL_I386_MMAP }, /* mmap */
	{ 92, TL_I386_SIGNED(1) }, /* truncate */
	{ 93, TL_I386_SIGNED(1) }, /* ftruncate */
	{ 95, IDS2(1) }, /* fchown */
	{ 138, TL_I386_ID(0) }, /* setfsuid */
	{ 139, TL_I386_ID(0) }, /* setfsgid */
	{ 164, IDS2(0) | TL_I386_ID(2) }, /* setresuid */
	{ 170, IDS2(0) | TL_I386_ID(2) }, /* setresgid */
	{ 182, IDS2(1) }, /* chown */
	{ 247, TL_I386_SIGNED(1) | TL_I386_SIGNED(2) }, /* io_getevents */
	{ 248, TL_I386_SIGNED(1) }, /* io_submit */
	{ 385, TL_I386_SIGNED(1) | TL_I386_SIGNED(2) }, /* io_pgetevents */
	{ 401, TL_I386_SIGNED(3) }, /* msgrcv */
	{ 416, TL_I386_SIGNED(1) | TL_I386_SIGNED(2) }, /* io_pgetevents_time64 */
};

void tl_i386_configure(struct tl_config *config)
{
	for (size_t i = 0; i < ARRAY_SIZE(narrow); i++)
		config->i386_forms[narrow[i].nr] = narrow[i].form;
}
