/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A seal, as it may stand in a file that somebody has written to. */
#include <stdlib.h>
#include <string.h>

#include "file-seal.h"
#include "sealed.h"

/* What is one is written in one way only. */
static void check_one(const uint8_t *data, size_t size, bool is_proto)
{
	struct tl_buffer again = { 0 };
	struct tl_file_seal seal;

	if (tl_file_seal_read(data, size, is_proto, &seal) < 0)
		return;
	if (tl_file_seal_write(&again, &seal, is_proto) < 0 || again.size != size ||
	    memcmp(again.data, data, size) != 0)
		abort();
	tl_buffer_done(&again);
}

/* As records of a file, of which each begins with its size. */
static void check_file(const uint8_t *data, size_t size, bool is_proto)
{
	struct tl_sealed s = { 0 };

	tl_sealed_begin(&s, "file", is_proto);
	while (size > 2) {
		size_t n = data[0] | (size_t)data[1] << 8;

		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		if (tl_sealed_record(&s, data, n) < 0)
			abort();
		data += n;
		size -= n;
	}
	tl_sealed_end(&s);
	tl_sealed_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int is_proto = 0; is_proto < 2; is_proto++) {
		check_one(data, size, is_proto);
		check_file(data, size, is_proto);
	}
	return 0;
}
