/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of io_uring: its operations, and where an entry of its queue has what. */
#ifndef TRACELEFT_OPCODES_H
#define TRACELEFT_OPCODES_H

#include <stdint.h>

/* IORING_OP_NAME by number; NULL at the end. */
extern const char *const tl_opcode_names[];

/* Members of an entry as a table of events names them, NULL at the end; and their
 * codes for tl_request_type.fields, see TL_SQE_* of bpf/wire.h. */
extern const char *const tl_sqe_field_names[];
extern const uint8_t tl_sqe_field_codes[];

/* Bits of tl_request_type.flags, TL_OPCODE_* of bpf/wire.h; NULL at the end. */
extern const char *const tl_request_flag_names[];

/* Name of a field by its code; "none" for 0. */
const char *tl_sqe_field_name(uint8_t code);

#endif
