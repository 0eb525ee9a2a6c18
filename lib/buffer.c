/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>

#include "put.h"

#define BUFFER_FIRST 1024

const char tl_digit_pairs[200] = "00010203040506070809101112131415161718192021222324"
				 "25262728293031323334353637383940414243444546474849"
				 "50515253545556575859606162636465666768697071727374"
				 "75767778798081828384858687888990919293949596979899";

#define HEX_ROW(c) c "0" c "1" c "2" c "3" c "4" c "5" c "6" c "7" c "8" c "9" c "a" c "b" c "c" c "d" c "e" c "f"

const char tl_hex_pairs[512] = HEX_ROW("0") HEX_ROW("1") HEX_ROW("2") HEX_ROW("3") HEX_ROW("4") HEX_ROW("5")
	HEX_ROW("6") HEX_ROW("7") HEX_ROW("8") HEX_ROW("9") HEX_ROW("a") HEX_ROW("b") HEX_ROW("c") HEX_ROW("d")
		HEX_ROW("e") HEX_ROW("f");

void tl_buffer_done(struct tl_buffer *b)
{
	free(b->data);
	*b = (struct tl_buffer){ 0 };
}

int tl_buffer_reserve(struct tl_buffer *b, size_t n)
{
	size_t capacity;
	char *data;

	if (b->capacity - b->size >= n)
		return 0;
	if (n > SIZE_MAX / 4 - b->size)
		goto fail;
	capacity = b->capacity ? b->capacity * 2 : BUFFER_FIRST;
	if (capacity < b->size + n)
		capacity = b->size + n;
	data = realloc(b->data, capacity);
	if (!data)
		goto fail;
	b->data = data;
	b->capacity = capacity;
	return 0;
fail:
	b->failed = true;
	return -ENOMEM;
}

int tl_buffer_append(struct tl_buffer *b, const void *data, size_t n)
{
	int r;

	if (!n)
		return 0;
	r = tl_buffer_reserve(b, n);
	if (r < 0)
		return r;
	memcpy(b->data + b->size, data, n);
	b->size += n;
	return 0;
}

void tl_put_octal(struct tl_buffer *b, uint64_t v)
{
	char text[24];
	char *at = text + sizeof(text);
	unsigned n = 0;

	do {
		*--at = (char)('0' + (v & 7));
		v >>= 3;
		n++;
	} while (v);
	if (*at != '0') {
		*--at = '0';
		n++;
	}
	for (; n < 3; n++)
		*--at = '0';
	tl_put(b, at, n);
}
