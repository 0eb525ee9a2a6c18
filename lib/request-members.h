/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel itself has noted of a request of io_uring. The entry of the queue lies
 * in memory of the process, which may change it when the kernel has read it: so what
 * decides which object is told of is looked up in the kernel's own request, where the
 * kernel's types say that it is.
 */
#ifndef TRACELEFT_REQUEST_MEMBERS_H
#define TRACELEFT_REQUEST_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct btf;
struct tl_opcode;

/* Fills entry->own, ->slot, ->slot_shift and the copies of the operation of that number, whose ->field is known.
 * argument_of_file: number, from 1 on, of the argument that is the request's own file; 0: none. What the
 * types do not tell, or types that are NULL, leave 0. */
void tl_request_members(const struct btf *types, uint8_t opcode, uint8_t argument_of_file, struct tl_opcode *entry);

/* The bit of the kernel's REQ_F_name in a request's flags; 0: it is not known. */
uint32_t tl_request_flag(const struct btf *types, const char *name);

#endif
