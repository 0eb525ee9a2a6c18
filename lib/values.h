/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers and captured bytes as the text that strace shows. Everything is in
 * tables of names; a decoder is found by name once and then used by pointer.
 */
#ifndef TRACELEFT_VALUES_H
#define TRACELEFT_VALUES_H

#include "encode.h"

struct tl_constant {
	const char *name;
	uint64_t value;
};

enum tl_decoder_kind {
	TL_DECODE_ENUM, /* one of `values` */
	TL_DECODE_FLAGS, /* one of `values` in the bits of `mask`, and any of `flags` */
	TL_DECODE_NUMBER, /* number() */
	TL_DECODE_BYTES, /* bytes() of what was captured */
};

struct tl_decoder {
	const char *name; /* as in policy/events.yaml */
	const struct tl_constant *values;
	const struct tl_constant *flags; /* of several bits first */
	uint16_t n_values, n_flags;
	uint8_t kind; /* enum tl_decoder_kind */
	bool wide; /* all 64 bits count, not 32 */
	bool mask_last; /* the value comes after the flags */
	bool native; /* laid out as programs of 64 bits have it: of others, bytes32() or nothing */
	bool x32_narrow; /* x32, too, has it as programs of 32 bits do */
	uint16_t size32; /* bytes of it, as programs of 32 bits have it; 0: not less than others */
	uint64_t mask;
	void (*number)(struct tl_buffer *out, uint64_t value);
	void (*bytes)(struct tl_buffer *out, const struct tl_bytes *bytes);
	void (*bytes32)(struct tl_buffer *out, const struct tl_bytes *bytes); /* as programs of 32 bits have it */
	void (*bytes16)(struct tl_buffer *out, const struct tl_bytes *bytes); /* as their older call has it */
};

/* NULL if there is none of that name. Static storage. */
const struct tl_decoder *tl_decoder_find(const char *name);
/* The i-th of all, NULL after the last. */
const struct tl_decoder *tl_decoder_get(size_t i);

/* Whether the event's caller has what the decoder shows as programs of 32 bits have it; decoder may be NULL. */
bool tl_is_narrow(const struct tl_event *event, const struct tl_decoder *decoder);

/* How a C type reads the bits of a register. */
struct tl_number {
	uint8_t width; /* bytes: 1, 2, 4, 8 */
	bool is_signed;
	bool is_pointer;
};
struct tl_number tl_number_of(const struct tl_arg_type *arg);
/* The register's value, sign- or zero-extended from its width. */
uint64_t tl_number_value(struct tl_number number, uint64_t raw);

/* Appends the value as text; decoder may be NULL (a decimal number) or one for
 * captured bytes (the address). */
void tl_value_text(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t value);

/* Appends argument `arg` of the event, from what was captured where there is
 * something, as text that is harmless. decoder: tl_decoder_find(arg->decoder). */
void tl_argument_text(struct tl_buffer *out, const struct tl_event *event, const struct tl_arg_type *arg,
		      const struct tl_decoder *decoder);

/* Whether something was captured behind the argument; of others than that it is shown as a number. */
static inline bool tl_is_captured(const struct tl_event *event, const struct tl_arg_type *arg)
{
	uint32_t flags = event->captured[arg->position - 1].flags;

	return (flags & TL_VALUE_PRESENT) && !(flags & TL_VALUE_FAULT);
}

/* Whether the call has argument i of its type at all: the mode of an open that
 * creates nothing is whatever was in the register. The second says for which
 * argument of a type the question arises; then the flags before it decide. */
bool tl_argument_used(const struct tl_event *event, unsigned i);
bool tl_argument_conditional(const struct tl_event_type *type, unsigned i);
static inline bool tl_open_creates(uint64_t flags)
{
	return (flags & 0100) || (flags & 020000000); /* O_CREAT, __O_TMPFILE */
}

/* ---- Calls that are several in one: values-variants.c ---- */

#define TL_VARIANT_AS 4

/* What an argument's value (or, for 0, the result) makes of the others. */
struct tl_variant {
	const char *calls; /* names, a space between */
	uint8_t selector; /* position of the argument that decides; 0: the result */
	uint32_t mask, value; /* the bits of it that do */
	uint8_t also_at; /* position of an argument that has to be `also` besides; 0: none */
	uint32_t also;
	uint8_t used; /* bit 0: there is argument 1, and so on */
	struct {
		uint8_t position; /* 0: no more */
		const char *decoder;
	} as[TL_VARIANT_AS]; /* arguments that are shown as something else than otherwise */
	struct {
		uint8_t position; /* of one with capture `command`; 0: none */
		bool is_string;
		uint16_t size, size32; /* bytes of it, of programs of 64 and of 32 bits; of a string at most */
		uint16_t failed; /* of these, what is there even if the call fails */
	} behind; /* what an argument points to; then `selector` decides alone, by the same bits for all */
	const char *result; /* decoder of the result, or NULL: a number */
	const char *word; /* of a result that is flags: what is before their names */
};

/* Those of a type, and perhaps others between; n is 0 if there are none. */
struct tl_variants {
	const struct tl_variant *first;
	uint16_t n;
};
struct tl_variants tl_variants_of(const struct tl_event_type *type);
/* The one of the type after `before` (NULL: the first), NULL after the last. Its decoders
 * are known once tl_variants_of() was called. */
const struct tl_variant *tl_variant_next(const struct tl_event_type *type, const struct tl_variant *before);
/* The one that the event is, or NULL. */
const struct tl_variant *tl_variant_among(struct tl_variants all, const struct tl_event *event);
/* The argument's decoder; variant may be NULL: `otherwise`. */
const struct tl_decoder *tl_variant_decoder(const struct tl_variant *variant, unsigned position,
					    const struct tl_decoder *otherwise);
/* The result's, or NULL; variant may be NULL. */
const struct tl_decoder *tl_variant_result(const struct tl_variant *variant);

/* "EACCES" for 13, NULL if there is none; the number is positive. */
const char *tl_errno_name(int number);
/* "Permission denied"; never NULL, independent of the locale. */
const char *tl_errno_message(int number);
/* "SIGKILL" for 9, NULL if there is none (as for real-time signals). */
const char *tl_signal_name(int number);

/* Value of a constant of any table. -ENOENT. Safe from any thread. */
int tl_constant_find(const char *name, int64_t *ret);
/* The i-th name in byte order, NULL after the last; for "did you mean". */
const char *tl_constant_name(size_t i);

/* Bytes of a string without the NULs at its end. */
static inline size_t tl_string_size(const struct tl_bytes *bytes)
{
	size_t n = bytes->size;

	while (n && !bytes->data[n - 1])
		n--;
	return n;
}

/* Parts of decoders that others use, too. */
void tl_sockaddr_text(struct tl_buffer *out, const struct tl_bytes *bytes);
/* In quotes: all of it, or without the NULs at its end. */
void tl_string_text(struct tl_buffer *out, const struct tl_bytes *bytes);
void tl_path_text(struct tl_buffer *out, const struct tl_bytes *bytes);
/* "[\"a\", \"b\"]" of n strings with a NUL after each; the last may be cut. */
void tl_argv_text(struct tl_buffer *out, const char *data, size_t size, bool truncated);
/* Whether it is AF_INET or AF_INET6, and more than an unset address and port. */
bool tl_endpoint_known(const struct tl_endpoint *endpoint);
/* An end of AF_VSOCK that is known: the number of a machine's context, and a port. */
bool tl_endpoint_is_context(const struct tl_endpoint *endpoint);
uint32_t tl_endpoint_context(const struct tl_endpoint *endpoint);
/* Whether it has a port: those of raw sockets have none unless one was given. */
bool tl_endpoint_has_port(const struct tl_event *event, const struct tl_endpoint *endpoint);
/* "127.0.0.1:80", "[::1]:80", "vsock:2:80": all of an end that is no unix socket's. */
void tl_endpoint_text(struct tl_buffer *out, const struct tl_event *event, const struct tl_endpoint *endpoint);
/* "127.0.0.1", "::1"; AF_INET or AF_INET6, at most 45 characters, returns the length. */
size_t tl_address_text(char ret[48], uint16_t family, const uint8_t address[16]);

#endif
