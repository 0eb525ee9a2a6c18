/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The three builds of the kernel part, inside the library. */
	.section .rodata
	.macro object name
	.balign 64
	.global tl_object_\name
	.hidden tl_object_\name
tl_object_\name:
	.incbin "bpf/traceleft-\name\().bpf.o"
	.global tl_object_\name\()_end
	.hidden tl_object_\name\()_end
tl_object_\name\()_end:
	.byte 0
	.endm

	object base
	object task
	object typed

	.section .note.GNU-stack, "", @progbits
