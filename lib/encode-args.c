/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "encode-cache.h"
#include "escape.h"
#include "put.h"

/* Of a buffer; the limit of strace. */
#define SHOWN_BYTES 32

static void plain_number(struct tl_buffer *out, const struct tl_encode_arg *arg, uint64_t value)
{
	if (arg->form == TL_FORM_SIGNED)
		tl_put_i64(out, (int64_t)value);
	else if (arg->form == TL_FORM_UNSIGNED)
		tl_put_u64(out, value);
	else if (value)
		tl_put_hex(out, value);
	else
		TL_PUT_LITERAL(out, "NULL");
}

void tl_encode_number_text(struct tl_buffer *out, struct tl_encode_arg *arg, uint64_t value)
{
	struct tl_encode_memo *memo = &arg->memo;
	size_t start = out->size, n;

	if (!arg->decoder || arg->decoder->kind == TL_DECODE_BYTES) {
		plain_number(out, arg, value);
		return;
	}
	if (memo->size && memo->value == value) {
		tl_put_64(out, memo->text, memo->size);
		return;
	}
	tl_value_text(out, arg->decoder, value);
	n = out->size - start;
	if (n && n <= sizeof(memo->text) && !out->failed) {
		memcpy(memo->text, out->data + start, n);
		memo->value = value;
		memo->size = (uint8_t)n;
	}
}

void tl_encode_link(struct tl_buffer *out, const struct tl_bytes *path)
{
	const char *at = path->data, *end = at + tl_string_size(path), *bracket;

	tl_put_char(out, '<');
	while ((bracket = memchr(at, '>', (size_t)(end - at)))) {
		tl_escape_text(out, at, (size_t)(bracket - at));
		TL_PUT_LITERAL(out, "\\x3e");
		at = bracket + 1;
	}
	tl_escape_text(out, at, (size_t)(end - at));
	/* The beginning is missing, or the end of what was asked for. */
	if ((path->flags & TL_VALUE_TRUNCATED) && path->data[0] == '/')
		TL_PUT_LITERAL(out, "...");
	tl_put_char(out, '>');
	if (path->flags & TL_VALUE_DELETED)
		TL_PUT_LITERAL(out, "(deleted)");
	if (path->flags & TL_VALUE_DETACHED)
		TL_PUT_LITERAL(out, "(detached)");
}

/* An argument that is a number: its own decoder's text through the memo, another one's without. */
static void put_number(struct tl_buffer *out, const struct tl_event *event, unsigned position,
		       struct tl_encode_arg *known, const struct tl_variant *variant)
{
	const struct tl_decoder *decoder = tl_variant_decoder(variant, position, known->decoder);
	uint64_t value = tl_number_value(known->number, event->args[position - 1]);

	if (decoder == known->decoder)
		tl_encode_number_text(out, known, value);
	else
		tl_value_text(out, decoder, value);
}

void tl_encode_arguments(struct tl_buffer *out, const struct tl_event *event, struct tl_encode_type *type,
			 unsigned fd_position, const struct tl_bytes *fd_path)
{
	const struct tl_variant *variant = tl_encode_variant(type, event);
	bool first = true;

	for (unsigned i = 0; i < type->type.n_args && i < TL_ARGS_MAX; i++) {
		const struct tl_arg_type *arg = &type->type.args[i];
		struct tl_encode_arg *known = &type->args[i];

		if (!tl_encode_has(known, event, variant))
			continue;
		if (!first)
			TL_PUT_LITERAL(out, ", ");
		first = false;
		if (tl_encode_is_number(known, event, arg))
			put_number(out, event, arg->position, known, variant);
		else
			tl_argument_text(out, event, arg, tl_variant_decoder(variant, arg->position, known->decoder));
		if (!fd_path || arg->position != fd_position)
			continue;
		tl_encode_link(out, fd_path);
	}
}

static void put_string(struct tl_buffer *out, const struct tl_encode_arg *known, const struct tl_bytes *bytes)
{
	size_t n = known->is_trimmed ? tl_string_size(bytes) : bytes->size;
	bool cut = bytes->flags & TL_VALUE_TRUNCATED;

	if (known->form == TL_FORM_BYTES && n > SHOWN_BYTES) {
		n = SHOWN_BYTES;
		cut = true;
	}
	TL_PUT_LITERAL(out, "\\\"");
	tl_escape_text_json(out, bytes->data, n);
	tl_put_text(out, cut ? "\\\"..." : "\\\"");
}

static void put_captured(struct tl_buffer *out, const struct tl_event *event, const struct tl_arg_type *arg,
			 const struct tl_encode_arg *known, const struct tl_variant *variant)
{
	const struct tl_bytes *bytes = &event->captured[arg->position - 1];
	struct tl_buffer *scratch;

	if (known->is_string && tl_is_captured(event, arg)) {
		put_string(out, known, bytes);
		return;
	}
	scratch = tl_encode_scratch();
	tl_argument_text(scratch, event, arg, tl_variant_decoder(variant, arg->position, known->decoder));
	tl_quote_json(out, scratch->data, scratch->size);
	out->failed |= scratch->failed;
}

void tl_encode_arguments_json(struct tl_buffer *out, const struct tl_event *event, struct tl_encode_type *type)
{
	const struct tl_variant *variant = tl_encode_variant(type, event);
	bool first = true;

	for (unsigned i = 0; i < type->type.n_args && i < TL_ARGS_MAX; i++) {
		const struct tl_arg_type *arg = &type->type.args[i];
		struct tl_encode_arg *known = &type->args[i];

		if (!tl_encode_has(known, event, variant))
			continue;
		if (!first)
			TL_PUT_LITERAL(out, ", ");
		first = false;
		if (tl_encode_is_number(known, event, arg)) /* its text has nothing to quote */
			put_number(out, event, arg->position, known, variant);
		else
			put_captured(out, event, arg, known, variant);
	}
}

/* Of all ends. */
static uint32_t address_flags(const struct tl_event *event)
{
	uint32_t flags = event->source.path.flags | event->destination.path.flags;

	for (size_t i = 0; i < event->n_further; i++)
		flags |= event->further[i].path.flags;
	return flags;
}

bool tl_encode_has_flags(const struct tl_event *event)
{
	const uint32_t path = TL_VALUE_CLAIM | TL_VALUE_DELETED | TL_VALUE_DETACHED;
	const uint32_t process = TL_PROCESS_UNKNOWN | TL_PROCESS_ARGS_TRUNCATED | TL_PROCESS_DELETED;

	return event->flags || ((event->file.path.flags | event->target.path.flags) & path) ||
	       (address_flags(event) & path) || (event->process->flags & process);
}

static void put_word(struct tl_buffer *b, bool is_first, const char *word)
{
	if (!is_first)
		tl_put_char(b, ',');
	tl_put_char(b, '"');
	tl_put_text(b, word);
	tl_put_char(b, '"');
}

/* Behind n others. Returns 1 if it is set. */
static inline unsigned put_flag(struct tl_buffer *b, unsigned n, bool is_set, const char *word)
{
	if (is_set)
		put_word(b, !n, word);
	return is_set;
}

unsigned tl_encode_flags(struct tl_buffer *b, const struct tl_event *event, bool escaped, bool cut)
{
	uint32_t path = event->file.path.flags | event->target.path.flags;
	uint32_t address = address_flags(event);
	uint32_t process = event->process->flags;
	unsigned n = 0;

	n += put_flag(b, n, event->flags & TL_EVENT_TRUNCATED, "truncated");
	n += put_flag(b, n, event->flags & TL_EVENT_INCOMPLETE, "incomplete");
	n += put_flag(b, n, escaped, "escaped");
	n += put_flag(b, n, (event->flags & TL_EVENT_CLAIM) || (path & TL_VALUE_CLAIM), "claim");
	n += put_flag(b, n, address & TL_VALUE_CLAIM, "address_claim");
	n += put_flag(b, n, (path | address) & TL_VALUE_DELETED, "deleted");
	n += put_flag(b, n, (path | address) & TL_VALUE_DETACHED, "detached");
	n += put_flag(b, n, (event->flags & TL_EVENT_UNKNOWN_PROCESS) || (process & TL_PROCESS_UNKNOWN), "unknown_process");
	n += put_flag(b, n, event->flags & TL_EVENT_THREAD, "thread");
	n += put_flag(b, n, event->flags & TL_EVENT_IO_URING, "io_uring");
	n += put_flag(b, n, cut || (process & TL_PROCESS_ARGS_TRUNCATED), "args_truncated");
	n += put_flag(b, n, process & TL_PROCESS_DELETED, "executable_deleted");
	return n;
}
