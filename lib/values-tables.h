/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How lib/values-*.c write down decoders. */
#ifndef TRACELEFT_VALUES_TABLES_H
#define TRACELEFT_VALUES_TABLES_H

#include "values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define C(name) { #name, (uint64_t)(name) }

#define ENUM(decoder, table) \
	{ .name = decoder, .kind = TL_DECODE_ENUM, .values = table, .n_values = COUNT(table) }
#define FLAGS(decoder, table) \
	{ .name = decoder, .kind = TL_DECODE_FLAGS, .flags = table, .n_flags = COUNT(table) }
#define FIELD(decoder, bits, table, flag_table)                                                      \
	{ .name = decoder, .kind = TL_DECODE_FLAGS, .mask = bits, .values = table,                   \
	  .n_values = COUNT(table), .flags = flag_table, .n_flags = COUNT(flag_table) }
#define NUMBER(decoder, function) { .name = decoder, .kind = TL_DECODE_NUMBER, .number = function }
#define NUMBER_OF(decoder, function, table)                                        \
	{ .name = decoder, .kind = TL_DECODE_NUMBER, .number = function, .values = table, \
	  .n_values = COUNT(table) }
#define BYTES(decoder, function) { .name = decoder, .kind = TL_DECODE_BYTES, .bytes = function }
/* Other functions for programs of 64 and of 32 bits; in size bytes for the latter. */
#define SMALLER(decoder, function, function32, size)                                         \
	{ .name = decoder, .kind = TL_DECODE_BYTES, .bytes = function, .bytes32 = function32, \
	  .native = true, .size32 = size }
#define LAYOUTS(decoder, function, function32) SMALLER(decoder, function, function32, 0)
/* The same, and x32 has them as those of 32 bits have: its addresses are of as many. */
#define SMALLER_POINTERS(decoder, function, function32, size)                                \
	{ .name = decoder, .kind = TL_DECODE_BYTES, .bytes = function, .bytes32 = function32, \
	  .native = true, .x32_narrow = true, .size32 = size }
#define POINTERS(decoder, function, function32) SMALLER_POINTERS(decoder, function, function32, 0)
#define NATIVE(decoder, function) { .name = decoder, .kind = TL_DECODE_BYTES, .bytes = function, .native = true }

struct tl_decoder_list {
	const struct tl_decoder *decoders;
	size_t n;
};

extern const struct tl_decoder_list tl_decoders_basic; /* values-basic.c */
extern const struct tl_decoder_list tl_decoders_file; /* values-file.c */
extern const struct tl_decoder_list tl_decoders_process; /* values-process.c */
extern const struct tl_decoder_list tl_decoders_network; /* values-network.c */
extern const struct tl_decoder_list tl_decoders_kernel; /* values-kernel.c */
extern const struct tl_decoder_list tl_decoders_captured; /* values-captured.c */
extern const struct tl_decoder_list tl_decoders_structs; /* values-structs.c */
extern const struct tl_decoder_list tl_decoders_messages; /* values-messages.c */
extern const struct tl_decoder_list tl_decoders_bpf; /* values-bpf.c */
extern const struct tl_decoder_list tl_decoders_commands; /* values-commands.c */
extern const struct tl_decoder_list tl_decoders_ioctl; /* values-ioctl.c */
extern const struct tl_decoder_list tl_decoders_sockopts; /* values-sockopts.c */
extern const struct tl_decoder_list tl_decoders_socketcall; /* values-socketcall.c */
extern const struct tl_decoder_list tl_decoders_structs_system; /* values-structs-system.c */
extern const struct tl_decoder_list tl_decoders_structs_ipc; /* values-structs-ipc.c */
extern const struct tl_decoder_list tl_decoders_structs_requests; /* values-structs-requests.c */
extern const struct tl_decoder_list tl_decoders_perf; /* values-perf.c */

extern const struct tl_constant tl_errno_constants[];
extern const size_t tl_n_errno_constants;
extern const struct tl_constant tl_signal_constants[];
extern const size_t tl_n_signal_constants;

/* Tables that more than one file reads. */
void tl_family_text(struct tl_buffer *out, uint64_t family);
/* All but the family. */
struct sockaddr_ll;
void tl_packet_text(struct tl_buffer *out, const struct sockaddr_ll *ll);
void tl_flags_text(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t value);

#endif
