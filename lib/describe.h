/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a handler says what it is: a few lines of text in the ELF section
 * ".traceleft" of its object, so that the events of a handler made from
 * anybody's table are decoded without rebuilding anything.
 *
 *	traceleft-handler 1
 *	event openat
 *	class syscall
 *	groups file
 *	summary open a file relative to a directory
 *	numbers 257 295 257 56
 *	flags entry socket
 *	path ret:1,2
 *	target at:3,4
 *	spellings openat2
 *	io_uring OPENAT2,OPENAT fd,addr,off,len late,slot
 *	arg 2 pathname capture=string size=4096 length=0 hash=string decoder=path type=const char *
 *
 * A line without content is absent. numbers: per ABI in the order of struct
 * tl_event_type, "-" for none, "212,182" where a call has two. path, target:
 * "ret" or "ret:FD,NAME" (the descriptor returned; if the call failed, the name
 * asked for), "fd:FD", "at:FD,NAME", "name:NAME"; FD and NAME are positions, 0
 * for none. io_uring: the requests that stand for the call, where its arguments lie
 * in them, and flags, in the words of lib/opcodes.h.
 */
#ifndef TRACELEFT_DESCRIBE_H
#define TRACELEFT_DESCRIBE_H

#include "traceleft.h"

#define TL_DESCRIPTION_SECTION ".traceleft"
#define TL_DESCRIPTION_MAX 4096 /* bytes, with the NUL */
#define TL_CAPTURE_SIZE_MAX 4096 /* bytes of one argument; TL_CAPTURE_MAX of bpf/handler.h */
#define TL_ABIS 4

/* The words for numbers and bits, in the order of their enums, NULL at the end. */
extern const char *const tl_class_names[]; /* enum tl_event_class */
extern const char *const tl_capture_names[]; /* enum tl_capture */
extern const char *const tl_hash_names[]; /* enum tl_hash_function */
extern const char *const tl_flag_names[]; /* bit of TL_TYPE_* */
extern const char *const tl_abi_names[]; /* index of tl_event_type.number */
extern const char *const tl_decoder_names[]; /* of lib/values.h, in byte order */

/* Index of `name` (size bytes) in such a list, -ENOENT if it is not there. */
int tl_name_find(const char *const *names, const char *name, size_t size);

/* Whether the words of an event type are well-formed: they are looked at as
 * text everywhere, and written into C source. */
bool tl_name_valid(const char *name, size_t size); /* [a-z_][a-z0-9_]*, at most 31 bytes */
bool tl_type_name_valid(const char *type, size_t size); /* a C type: letters, digits, _, space, * */
bool tl_summary_valid(const char *text, size_t size); /* printable ASCII */

/* Writes the description and a NUL. Returns its length without the NUL,
 * -ENOBUFS if it does not fit; TL_DESCRIPTION_MAX is always enough. */
int tl_describe_write(const struct tl_event_type *t, char *buf, size_t size);

/* Reads a description; `text` need not end with a NUL, NULs at its end are
 * ignored. Nothing in it is trusted. -EBADMSG, and then *ret_why (if given) is
 * a static sentence and *ret is untouched. */
int tl_describe_parse(const char *text, size_t size, struct tl_event_type *ret, const char **ret_why);

#endif
