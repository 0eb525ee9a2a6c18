// SPDX-License-Identifier: GPL-2.0-or-later
/* A 32-bit program, without a C library, for there need be none: it ends. */

__attribute__((noreturn)) void _start(void);

void _start(void)
{
	for (;;)
		__asm__ volatile("int $0x80" : : "a"(1), "b"(0));
}
