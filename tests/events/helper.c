/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests run: helper [FILE [STATUS]] opens the file, if it is named, and exits. */
#include <sys/syscall.h>

static long system_call(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return r;
}

static long number_of(const char *text)
{
	long n = 0;

	while (*text >= '0' && *text <= '9')
		n = 10 * n + *text++ - '0';
	return n;
}

/* The stack as the kernel leaves it: argc, then argv. */
__attribute__((noreturn, used)) static void begin(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (stack[0] > 1 && argv[1][0])
		system_call(SYS_openat, -100 /* AT_FDCWD */, (long)argv[1], 0, 0);
	for (;;)
		system_call(SYS_exit_group, stack[0] > 2 ? number_of(argv[2]) : 0, 0, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call begin\n");
