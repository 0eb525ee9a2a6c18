/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a handler must have captured of a call's arguments. */
#include <sys/socket.h>
#include <sys/uio.h>

#include "harness-inside.h"
#include "values.h"
#include "wire.h"

/* Bytes of this process from an address that may be none; how many could be read. */
static size_t peek(void *to, uint64_t from, size_t n)
{
	size_t have = 0;

	while (have < n) {
		size_t part = MIN(n - have, 4096 - ((from + have) & 4095));
		struct iovec here = { (char *)to + have, part }, there = { (void *)(uintptr_t)(from + have), part };

		if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)part)
			break;
		have += part;
	}
	return have;
}

static struct bytes peek_string(uint64_t from, uint32_t max)
{
	struct bytes b = { .flags = TL_VALUE_PRESENT };
	char *copy = room(max + 1);
	size_t n = peek(copy, from, max + 1), length = strnlen(copy, n);

	if (length == n && n < max + 1) {
		b.flags |= TL_VALUE_FAULT;
		return b;
	}
	if (length >= max)
		b.flags |= TL_VALUE_TRUNCATED;
	b.size = MIN((uint32_t)length, max - 1);
	b.data = copy;
	copy[b.size] = '\0';
	return b;
}

static struct bytes peek_bytes(uint64_t from, uint64_t n, uint32_t max)
{
	struct bytes b = { .flags = TL_VALUE_PRESENT, .size = MIN(n, max) };
	char *copy = room(max);

	if (n > max)
		b.flags |= TL_VALUE_TRUNCATED;
	if (peek(copy, from, b.size) < b.size) {
		b.flags |= TL_VALUE_FAULT;
		b.size = 0;
	}
	b.data = copy;
	return b;
}

static struct bytes peek_argv(uint64_t from, size_t width, uint32_t max)
{
	struct bytes b = { .flags = TL_VALUE_PRESENT }, one;
	char *copy = room(max + 256);

	b.data = copy;
	for (unsigned i = 0;; i++, from += width) {
		uint64_t string = 0;

		if (peek(&string, from, width) < width) {
			b.flags |= TL_VALUE_FAULT;
			return b;
		}
		if (!string)
			return b;
		if (b.size > max - 256 || i == 63) {
			b.flags |= TL_VALUE_TRUNCATED;
			return b;
		}
		one = peek_string(string, 256);
		b.flags |= one.flags;
		if (one.flags & TL_VALUE_FAULT)
			return b;
		memcpy(copy + b.size, one.data, one.size + 1);
		b.size += one.size + 1;
	}
}

/* Appends to b, of at most `most` vectors, the length and the first 64 bytes of what
 * went through. */
static void peek_vectors(struct bytes *b, size_t width, uint64_t from, uint64_t count, uint64_t most, uint64_t left)
{
	char *copy = (char *)b->data;

	if (count > most)
		b->flags |= TL_VALUE_TRUNCATED;
	for (uint32_t i = 0; i < count && i < most; i++) {
		uint64_t words[2] = {}, n;
		uint32_t size;

		if (peek(&words[0], from + 2 * i * width, width) < width ||
		    peek(&words[1], from + (2 * i + 1) * width, width) < width) {
			b->flags |= TL_VALUE_FAULT;
			return;
		}
		n = MIN(words[1], left);
		left -= n;
		size = MIN(n, 64);
		if (n > 64)
			b->flags |= TL_VALUE_TRUNCATED;
		if (peek(copy + b->size + 16, words[0], size) < size) {
			b->flags |= TL_VALUE_FAULT;
			size = 0;
		}
		memcpy(copy + b->size, &words[1], 8);
		memcpy(copy + b->size + 8, &size, 4);
		b->size += 16 + ((size + 7) & ~7U);
	}
}

/* Appends a message, laid out as programs with addresses of `width` bytes have it. */
static void peek_message(struct bytes *b, size_t width, uint64_t from, uint64_t length, uint64_t most)
{
	struct tl_message *m = (struct tl_message *)(b->data + b->size);
	uint64_t words[7] = {};
	uint32_t start;

	for (unsigned i = 0; i < 7; i++)
		if (peek(&words[i], from + i * width, width) < width) {
			b->flags |= TL_VALUE_FAULT;
			return;
		}
	*m = (struct tl_message){ .name = words[0], .control = words[4], .control_size = words[5], .vectors = words[3],
				  .length = length, .name_length = (uint32_t)words[1], .flags = (uint32_t)words[6] };
	m->name_size = m->name ? MIN(m->name_length, 128U) : 0;
	if (peek(m + 1, m->name, m->name_size) < m->name_size) {
		b->flags |= TL_VALUE_FAULT;
		m->name_size = 0;
	}
	b->size += sizeof(*m) + ((m->name_size + 7) & ~7U);
	m->control_taken = m->control ? MIN(m->control_size, 120U) : 0;
	if (m->control && m->control_size > 120)
		b->flags |= TL_VALUE_TRUNCATED;
	if (peek((char *)b->data + b->size, m->control, m->control_taken) < m->control_taken) {
		b->flags |= TL_VALUE_FAULT;
		m->control_taken = 0;
	}
	b->size += (m->control_taken + 7) & ~7U;
	start = b->size;
	peek_vectors(b, width, words[2], m->vectors, most, length);
	m->vectors_size = b->size - start;
}

static struct bytes peek_messages(const struct call *c, const struct tl_arg_type *arg, uint64_t from, uint64_t vlen)
{
	struct bytes b = { .flags = TL_VALUE_PRESENT, .data = room(arg->size + 1024) }, nothing = {};
	size_t width = c->abi == TL_ABI_X86_64 ? 8 : 4;
	uint32_t count = c->ret < 0 ? (uint32_t)vlen : (uint32_t)c->ret;

	if (c->ret < 0 && arg->capture == TL_CAPTURE_MESSAGES_RECEIVED)
		return nothing;
	if (!arg->length_arg) {
		peek_message(&b, width, from, c->ret < 0 ? 0 : (uint64_t)c->ret, 8);
		return b;
	}
	for (uint32_t i = 0; i < count; i++, from += 8 * width) {
		uint64_t length = 0;

		if (i == 8 || b.size + sizeof(struct tl_message) + 128 + 120 > arg->size) {
			b.flags |= TL_VALUE_TRUNCATED;
			break;
		}
		if (c->ret >= 0)
			peek(&length, from + 7 * width, 4);
		peek_message(&b, width, from, length, 4);
		if (b.flags & TL_VALUE_FAULT)
			break;
	}
	return b;
}

/* What the call's command puts behind the argument. */
static struct bytes peek_command(const struct call *c, const struct tl_arg_type *arg)
{
	uint64_t from = c->args[arg->position - 1];
	const struct tl_variant *v = NULL;
	struct bytes nothing = {}, string;

	while ((v = tl_variant_next(c->type, v))) {
		uint32_t size = c->abi == TL_ABI_I386 ? v->behind.size32 : v->behind.size;

		if (v->behind.position != arg->position || ((uint32_t)c->args[v->selector - 1] & v->mask) != v->value)
			continue;
		if (c->ret < 0)
			size = MIN(size, v->behind.failed);
		if (!size)
			return nothing;
		if (!v->behind.is_string)
			return peek_bytes(from, size, size);
		string = peek_string(from, v->behind.size);
		string.size += !(string.flags & TL_VALUE_FAULT); /* with the NUL */
		return string;
	}
	return nothing;
}

/* It says itself how long it is; one that was not written at most that. */
static struct bytes peek_handle(uint64_t from, bool is_unwritten)
{
	uint32_t length = 0;

	peek(&length, from, sizeof(length));
	return peek_bytes(from, is_unwritten ? 4 : length <= 128 ? 8 + length : 8, 136);
}

struct bytes captured_of(const struct call *c, const struct tl_arg_type *arg)
{
	uint64_t from = c->args[arg->position - 1], length = 0;
	size_t width = c->abi == TL_ABI_I386 ? 4 : 8; /* of a long */
	struct bytes nothing = {};

	if (arg->length_arg)
		length = c->args[arg->length_arg - 1];
	if (!from)
		return nothing;
	if (strcmp(arg->decoder, "file_handle") == 0)
		return peek_handle(from, arg->capture == TL_CAPTURE_OUTPUT && c->ret < 0);
	switch (arg->capture) {
	case TL_CAPTURE_STRING:
		return peek_string(from, arg->size);
	case TL_CAPTURE_BUFFER:
		if (!arg->length_arg && c->ret < 0)
			return nothing;
		if (arg->length_arg && strchr(c->type->args[arg->length_arg - 1].type, '*')) {
			socklen_t n;

			if (c->ret < 0 || peek(&n, length, sizeof(n)) < sizeof(n))
				return nothing;
			length = n;
		}
		length = arg->length_arg ? length : (uint64_t)c->ret;
		if (strcmp(arg->decoder, "vectors") == 0)
			return peek_bytes(from, (uint32_t)length * (c->abi == TL_ABI_X86_64 ? 16ULL : 8ULL), arg->size);
		return peek_bytes(from, arg->unit > 1 ? (uint32_t)length * (uint64_t)arg->unit : length, arg->size);
	case TL_CAPTURE_BITS: {
		int word = 8 * (int)width;

		return (int)length < 0 ? nothing : peek_bytes(from, ((int)length + word - 1) / word * word / 8, arg->size);
	}
	case TL_CAPTURE_MASK: {
		struct bytes b = peek_bytes(from, 2 * width, 16), set = nothing;
		uint64_t *words = room(24);

		if (b.flags & TL_VALUE_FAULT)
			return b;
		for (int i = 0; i < 2; i++)
			memcpy(&words[i], b.data + width * i, width);
		if (words[0])
			set = peek_bytes(words[0], 8, 8);
		b.data = (char *)words;
		b.size = 16;
		if (words[0] && !(set.flags & TL_VALUE_FAULT)) {
			memcpy(&words[2], set.data, 8);
			b.size = 24;
		}
		return b;
	}
	case TL_CAPTURE_LETTER:
		if (!arg->length_arg && c->ret < 0)
			return nothing;
		return peek_bytes(from, (arg->length_arg ? length : (uint64_t)c->ret) + width, arg->size);
	case TL_CAPTURE_COMMAND:
		return peek_command(c, arg);
	case TL_CAPTURE_STRUCT:
		return peek_bytes(from, arg->size, arg->size);
	case TL_CAPTURE_OUTPUT: /* after a failure there is what lay there before */
		return c->ret < 0 ? nothing : peek_bytes(from, arg->size, arg->size);
	case TL_CAPTURE_SOCKADDR:
		return peek_bytes(from, (uint32_t)length, 128);
	case TL_CAPTURE_SOCKADDR_POINTER: {
		socklen_t n = 0;

		if (c->ret < 0) /* what lies there is of an earlier call */
			return nothing;
		return length && peek(&n, length, sizeof(n)) == sizeof(n) ? peek_bytes(from, n, 128) : nothing;
	}
	case TL_CAPTURE_IOVEC: {
		struct bytes b = { .flags = TL_VALUE_PRESENT, .data = room(arg->size + 128) };

		peek_vectors(&b, c->abi == TL_ABI_X86_64 ? 8 : 4, from, (uint32_t)length, 8,
			     c->ret < 0 ? 0 : (uint64_t)c->ret);
		return b;
	}
	case TL_CAPTURE_MESSAGES_SENT:
	case TL_CAPTURE_MESSAGES_RECEIVED:
		return peek_messages(c, arg, from, length);
	case TL_CAPTURE_ARGV:
		return peek_argv(from, width, arg->size);
	}
	return nothing;
}
