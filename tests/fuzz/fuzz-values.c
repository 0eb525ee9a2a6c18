/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes out of a traced process, through every decoder and both encoders:
 * nothing reads too far, and each line stays one line of JSON. */
#include <stdlib.h>

#include "../unit/encode-fixture.h"
#include "../unit/json-check.h"
#include "escape.h"
#include "values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly n bytes, so that reading beyond them is seen. */
static char *copy(const uint8_t *data, size_t n)
{
	char *bytes = malloc(n ? n : 1);

	if (!bytes)
		abort();
	if (n)
		memcpy(bytes, data, n);
	return bytes;
}

static void decode(const struct tl_bytes *bytes, uint64_t value)
{
	const struct tl_decoder *d;
	struct tl_buffer b = { 0 };

	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		if (d->kind == TL_DECODE_BYTES)
			d->bytes(&b, bytes);
		if (d->bytes32)
			d->bytes32(&b, bytes);
		if (d->bytes16)
			d->bytes16(&b, bytes);
		tl_value_text(&b, d, value);
	}
	tl_argv_text(&b, bytes->data, bytes->size, true);
	for (size_t i = 0; i < b.size; i++)
		if ((unsigned char)b.data[i] < 0x20 || b.data[i] == 0x7f)
			abort();
	tl_buffer_done(&b);
}

static void encode(struct fixture *f, const struct tl_bytes *bytes, uint8_t choice)
{
	static const enum tl_capture captures[] = { TL_CAPTURE_STRING, TL_CAPTURE_BUFFER, TL_CAPTURE_STRUCT,
						    TL_CAPTURE_SOCKADDR, TL_CAPTURE_ARGV };
	const struct tl_decoder *d;
	size_t n = 0;

	while (tl_decoder_get(n))
		n++;
	d = tl_decoder_get(choice % n);
	f->type.args[1].capture = captures[choice % 5];
	snprintf(f->type.args[1].decoder, sizeof(f->type.args[1].decoder), "%s", d->name);
	f->event.captured[1] = f->event.file.path = f->event.target.path = *bytes;
	f->event.source = f->event.destination = (struct tl_endpoint){ .family = 1, .path = *bytes };
	f->process.args = bytes->data;
	f->process.args_size = bytes->size;
	f->out.size = 0;
	if (tl_encode_json(&f->out, &f->event, NULL) < 0 || !json_line(f->out.data, f->out.size, NULL, NULL))
		abort();
	f->out.size = 0;
	if (tl_encode_text(&f->out, &f->event, NULL) < 0 ||
	    memchr(f->out.data, '\n', f->out.size) != f->out.data + f->out.size - 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t generation;
	struct tl_bytes bytes;
	struct fixture f;
	uint64_t value;
	char *copied;

	if (size < sizeof(value) + 1)
		return 0;
	memcpy(&value, data, sizeof(value));
	fixture_init(&f);
	f.process.generation = ++generation;
	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		f.event.args[i] = value * (i + 1);
	f.event.ret = (int64_t)value;
	f.event.flags = (uint32_t)value;
	for (size_t i = 0; i < sizeof(f.event.comm); i++)
		f.event.comm[i] = (char)data[i % size];
	copied = copy(data + sizeof(value) + 1, size - sizeof(value) - 1);
	bytes = fixture_bytes(copied, size - sizeof(value) - 1);
	bytes.flags |= data[sizeof(value)] & (TL_VALUE_TRUNCATED | TL_VALUE_DELETED);
	decode(&bytes, value);
	encode(&f, &bytes, data[sizeof(value)]);
	tl_buffer_done(&f.out);
	free(copied);
	return 0;
}
