/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <threads.h>

#include "put.h"
#include "util.h"
#include "values-tables.h"
#include "wire.h"

static const struct tl_decoder_list *const lists[] = {
	&tl_decoders_basic,  &tl_decoders_file,	    &tl_decoders_process, &tl_decoders_network,
	&tl_decoders_kernel, &tl_decoders_captured, &tl_decoders_structs,
	&tl_decoders_messages,
	&tl_decoders_structs_system,
	&tl_decoders_structs_ipc,
	&tl_decoders_structs_requests,
	&tl_decoders_perf,
	&tl_decoders_bpf,
	&tl_decoders_socketcall,
	&tl_decoders_sockopts,
	&tl_decoders_commands,
	&tl_decoders_ioctl,
};

const struct tl_decoder *tl_decoder_get(size_t i)
{
	for (size_t l = 0; l < COUNT(lists); l++) {
		if (i < lists[l]->n)
			return &lists[l]->decoders[i];
		i -= lists[l]->n;
	}
	return NULL;
}

const struct tl_decoder *tl_decoder_find(const char *name)
{
	const struct tl_decoder *decoder;

	for (size_t i = 0; (decoder = tl_decoder_get(i)); i++)
		if (!strcmp(decoder->name, name))
			return decoder;
	return NULL;
}

/* ---- Numbers ---- */

static bool has_word(const char *type, const char *word)
{
	return strstr(type, word) != NULL;
}

static uint8_t width_of(const char *type)
{
	static const char *const eight[] = { "long", "64", "size_t", "off_t", "aio_context_t", "time_t", "intptr" };

	for (size_t i = 0; i < COUNT(eight); i++)
		if (has_word(type, eight[i]))
			return 8;
	if (has_word(type, "short") || has_word(type, "16"))
		return 2;
	if (has_word(type, "char") || has_word(type, "u8"))
		return 1;
	return 4;
}

struct tl_number tl_number_of(const struct tl_arg_type *arg)
{
	static const char *const unsigned_words[] = { "unsigned", "uint",   "size_t",	     "uid_t",
						      "gid_t",	  "mode_t", "aio_context_t", "dev_t" };
	const char *type = arg->type;
	struct tl_number number = { .width = 8, .is_signed = true };

	if (!tl_capture_is_number(arg->capture) || strchr(type, '*') || strchr(type, '[')) {
		number.is_pointer = true;
		number.is_signed = false;
		return number;
	}
	number.width = width_of(type);
	if (arg->capture == TL_CAPTURE_NONE && (arg->size == 1 || arg->size == 2 || arg->size == 4 || arg->size == 8))
		number.width = (uint8_t)arg->size;
	for (size_t i = 0; i < COUNT(unsigned_words); i++)
		if (has_word(type, unsigned_words[i]))
			number.is_signed = false;
	if (has_word(type, "ssize_t"))
		number.is_signed = true;
	if (type[0] == 'u' || !strncmp(type, "__u", 3))
		number.is_signed = false;
	return number;
}

uint64_t tl_number_value(struct tl_number number, uint64_t raw)
{
	unsigned shift = 64 - number.width * 8U;

	return number.is_signed ? (uint64_t)((int64_t)(raw << shift) >> shift) : raw << shift >> shift;
}

/* ---- Tables ---- */

static const struct tl_constant *find_value(const struct tl_constant *table, size_t n, uint64_t value, bool wide)
{
	for (size_t i = 0; i < n; i++)
		if (wide ? table[i].value == value : (uint32_t)table[i].value == (uint32_t)value)
			return &table[i];
	return NULL;
}

static void put_separator(struct tl_buffer *out, size_t start)
{
	if (out->size > start)
		tl_put_char(out, '|');
}

static void put_field(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t field, size_t start)
{
	const struct tl_constant *c = find_value(decoder->values, decoder->n_values, field, decoder->wide);

	if (!c && !field)
		return;
	put_separator(out, start);
	if (c)
		tl_put_text(out, c->name);
	else
		tl_put_hex(out, field);
}

void tl_flags_text(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t value)
{
	size_t start = out->size;
	uint64_t rest = (decoder->wide ? value : (uint32_t)value) & ~decoder->mask;
	uint64_t field = value & decoder->mask;

	if (decoder->mask && !decoder->mask_last)
		put_field(out, decoder, field, start);
	for (size_t i = 0; i < decoder->n_flags && rest; i++) {
		uint64_t bits = decoder->wide ? decoder->flags[i].value : (uint32_t)decoder->flags[i].value;

		if (!bits || (rest & bits) != bits)
			continue;
		rest &= ~bits;
		put_separator(out, start);
		tl_put_text(out, decoder->flags[i].name);
	}
	if (rest) {
		put_separator(out, start);
		tl_put_hex(out, rest);
	}
	if (decoder->mask && decoder->mask_last)
		put_field(out, decoder, field, start);
	if (out->size == start) {
		const struct tl_constant *zero = find_value(decoder->flags, decoder->n_flags, 0, decoder->wide);

		tl_put_text(out, zero ? zero->name : "0");
	}
}

static void enum_text(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t value)
{
	const struct tl_constant *c = find_value(decoder->values, decoder->n_values, value, decoder->wide);

	if (c)
		tl_put_text(out, c->name);
	else if ((int32_t)value < 0 || value < 10)
		tl_put_i64(out, decoder->wide ? (int64_t)value : (int32_t)value);
	else
		tl_put_hex(out, decoder->wide ? value : (uint32_t)value);
}

static void put_pointer(struct tl_buffer *out, uint64_t value)
{
	if (value)
		tl_put_hex(out, value);
	else
		TL_PUT_LITERAL(out, "NULL");
}

void tl_value_text(struct tl_buffer *out, const struct tl_decoder *decoder, uint64_t value)
{
	if (!decoder) {
		tl_put_i64(out, (int64_t)value);
		return;
	}
	switch ((enum tl_decoder_kind)decoder->kind) {
	case TL_DECODE_ENUM:
		enum_text(out, decoder, value);
		return;
	case TL_DECODE_FLAGS:
		tl_flags_text(out, decoder, value);
		return;
	case TL_DECODE_NUMBER:
		decoder->number(out, value);
		return;
	case TL_DECODE_BYTES:
		put_pointer(out, value);
		return;
	}
}

/* ---- Arguments ---- */

bool tl_argument_conditional(const struct tl_event_type *type, unsigned i)
{
	const struct tl_arg_type *arg = &type->args[i], *before = arg - 1;

	return i && NAME_IS(arg->decoder, "mode") && NAME_IS(before->decoder, "open_flags") &&
	       before->position >= 1 && before->position <= TL_ARGS_MAX;
}

bool tl_argument_used(const struct tl_event *event, unsigned i)
{
	return !tl_argument_conditional(event->type, i) ||
	       tl_open_creates(event->args[event->type->args[i - 1].position - 1]);
}

/* Whether it is the call of 32-bit programs that had another number at first. */
static bool is_older(const struct tl_event *event)
{
	return event->abi == TL_ABI_I386 && (int64_t)event->nr == event->type->number2[TL_ABI_I386];
}

/* Whether what is behind the argument is laid out as programs of 32 bits have it. */
bool tl_is_narrow(const struct tl_event *event, const struct tl_decoder *decoder)
{
	return event->abi == TL_ABI_I386 || (event->abi == TL_ABI_X32 && decoder && decoder->x32_narrow);
}

static void captured_text(struct tl_buffer *out, const struct tl_event *event, const struct tl_arg_type *arg,
			  const struct tl_decoder *decoder)
{
	const struct tl_bytes *bytes = &event->captured[arg->position - 1];
	bool is_32 = tl_is_narrow(event, decoder);

	if (decoder && decoder->bytes16 && is_older(event))
		decoder->bytes16(out, bytes);
	else if (decoder && is_32 && decoder->bytes32)
		decoder->bytes32(out, bytes);
	else if (decoder && decoder->kind == TL_DECODE_BYTES && decoder->bytes)
		decoder->bytes(out, bytes);
	else if (arg->capture == TL_CAPTURE_ARGV)
		tl_argv_text(out, bytes->data, bytes->size, bytes->flags & TL_VALUE_TRUNCATED);
	else if (arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER)
		tl_sockaddr_text(out, bytes);
	else
		tl_string_text(out, bytes);
}

void tl_argument_text(struct tl_buffer *out, const struct tl_event *event, const struct tl_arg_type *arg,
		      const struct tl_decoder *decoder)
{
	unsigned i = arg->position - 1U;
	struct tl_number number;
	uint64_t value;

	if (i >= TL_ARGS_MAX)
		return;
	if (!tl_capture_is_number(arg->capture) || tl_is_captured(event, arg)) {
		bool is_32 = tl_is_narrow(event, decoder);

		if (tl_is_captured(event, arg) &&
		    (!decoder || decoder->kind == TL_DECODE_BYTES || arg->capture == TL_CAPTURE_STRING) &&
		    !(decoder && decoder->native && is_32 && !decoder->bytes32))
			captured_text(out, event, arg, decoder);
		else
			put_pointer(out, event->args[i]);
		return;
	}
	number = tl_number_of(arg);
	value = tl_number_value(number, event->args[i]);
	if (decoder)
		tl_value_text(out, decoder, value);
	else if (number.is_pointer)
		put_pointer(out, value);
	else if (number.is_signed)
		tl_put_i64(out, (int64_t)value);
	else
		tl_put_u64(out, value);
}

/* ---- Constants by name ---- */

static struct {
	const char *name;
	int64_t value;
} * constants;
static size_t n_constants;

static int compare_constants(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void index_add(const struct tl_constant *table, size_t n, bool extend)
{
	for (size_t i = 0; i < n; i++) {
		constants[n_constants].name = table[i].name;
		constants[n_constants].value = extend ? (int64_t)table[i].value : (uint32_t)table[i].value;
		n_constants++;
	}
}

static void index_build(void)
{
	const struct tl_decoder *d;
	size_t n = tl_n_errno_constants + tl_n_signal_constants, kept = 0;

	for (size_t i = 0; (d = tl_decoder_get(i)); i++)
		n += d->n_values + (size_t)d->n_flags;
	constants = calloc(n, sizeof(*constants));
	if (!constants)
		return;
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		index_add(d->values, d->n_values, true);
		index_add(d->flags, d->n_flags, d->wide);
	}
	index_add(tl_errno_constants, tl_n_errno_constants, true);
	index_add(tl_signal_constants, tl_n_signal_constants, true);
	qsort(constants, n_constants, sizeof(*constants), compare_constants);
	for (size_t i = 0; i < n_constants; i++)
		if (!kept || strcmp(constants[kept - 1].name, constants[i].name))
			constants[kept++] = constants[i];
	n_constants = kept;
}

static void index_need(void)
{
	static once_flag once = ONCE_FLAG_INIT;

	call_once(&once, index_build);
}

int tl_constant_find(const char *name, int64_t *ret)
{
	size_t low = 0, high;

	index_need();
	for (high = n_constants; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(constants[middle].name, name);

		if (!order) {
			*ret = constants[middle].value;
			return 0;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -ENOENT;
}

const char *tl_constant_name(size_t i)
{
	index_need();
	return i < n_constants ? constants[i].name : NULL;
}
