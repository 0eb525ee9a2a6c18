/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a handler must have captured of a call's arguments. */
#include <sys/socket.h>
#include <sys/uio.h>

#include "harness-inside.h"
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

/* Of at most 8 vectors the length and the first 64 bytes of what went through. */
static struct bytes peek_vectors(const struct call *c, uint64_t from, uint32_t count, uint32_t max)
{
	struct bytes b = { .flags = TL_VALUE_PRESENT };
	size_t width = c->abi == TL_ABI_X86_64 ? 8 : 4;
	uint64_t left = c->ret < 0 ? 0 : (uint64_t)c->ret;
	char *copy = room(max + 128);

	b.data = copy;
	if (count > 8)
		b.flags |= TL_VALUE_TRUNCATED;
	for (uint32_t i = 0; i < count && i < 8; i++) {
		uint64_t words[2] = {}, n;
		uint32_t size;

		if (peek(&words[0], from + 2 * i * width, width) < width ||
		    peek(&words[1], from + (2 * i + 1) * width, width) < width) {
			b.flags |= TL_VALUE_FAULT;
			return b;
		}
		n = MIN(words[1], left);
		left -= n;
		size = MIN(n, 64);
		if (n > 64)
			b.flags |= TL_VALUE_TRUNCATED;
		if (peek(copy + b.size + 16, words[0], size) < size) {
			b.flags |= TL_VALUE_FAULT;
			size = 0;
		}
		memcpy(copy + b.size, &words[1], 8);
		memcpy(copy + b.size + 8, &size, 4);
		b.size += 16 + ((size + 7) & ~7U);
	}
	return b;
}

struct bytes captured_of(const struct call *c, const struct tl_arg_type *arg)
{
	uint64_t from = c->args[arg->position - 1], length = 0;
	struct bytes nothing = {};

	if (arg->length_arg)
		length = c->args[arg->length_arg - 1];
	if (!from)
		return nothing;
	switch (arg->capture) {
	case TL_CAPTURE_STRING:
		return peek_string(from, arg->size);
	case TL_CAPTURE_BUFFER:
		if (!arg->length_arg && c->ret < 0)
			return nothing;
		length = arg->length_arg ? length : (uint64_t)c->ret;
		return peek_bytes(from, arg->unit > 1 ? (uint32_t)length * (uint64_t)arg->unit : length, arg->size);
	case TL_CAPTURE_STRUCT:
		return peek_bytes(from, arg->size, arg->size);
	case TL_CAPTURE_SOCKADDR:
		return peek_bytes(from, (uint32_t)length, 128);
	case TL_CAPTURE_SOCKADDR_POINTER: {
		socklen_t n = 0;

		if (c->ret < 0) /* what lies there is of an earlier call */
			return nothing;
		return length && peek(&n, length, sizeof(n)) == sizeof(n) ? peek_bytes(from, n, 128) : nothing;
	}
	case TL_CAPTURE_IOVEC:
		return peek_vectors(c, from, (uint32_t)length, arg->size);
	case TL_CAPTURE_ARGV:
		return peek_argv(from, c->abi == TL_ABI_I386 ? 4 : 8, arg->size);
	}
	return nothing;
}
