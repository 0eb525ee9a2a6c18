// SPDX-License-Identifier: GPL-2.0-or-later
/* Bodies that are compressed while they grow: one member of gzip, with all that was in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packer.h"
#include "util.h"

#define BODY_MAX ((size_t)1 << 20)
#define LEFT_MAX ((size_t)64 * 1024)

static char body[BODY_MAX], head[200000], back[BODY_MAX + sizeof(head)];

static void assert_same(const struct tl_buffer *packed, size_t head_size, size_t size)
{
	z_stream z = { .next_in = (Bytef *)packed->data, .avail_in = (uInt)packed->size };

	z.next_out = (Bytef *)back;
	z.avail_out = sizeof(back);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END); /* the sum is right, too */
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, head_size + size);
	assert_memory_equal(back, head, head_size);
	assert_memory_equal(back + head_size, body, size);
	inflateEnd(&z);
}

static void fill(unsigned kind)
{
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(kind == 0 ? random() : kind == 1 ? "{\"event\":\"openat\"}\n"[i % 19] : random() % 4);
	for (size_t i = 0; i < sizeof(head); i++)
		head[i] = (char)random();
}

static void whatever_grows_comes_back(void **state)
{
	static const size_t heads[] = { 0, 1, 100, 65535, 65536, sizeof(head) };
	struct tl_buffer packed = { 0 };
	struct tl_packer p = { 0 };

	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 60; round++) {
		size_t end = round % 10 ? (size_t)random() % BODY_MAX : round % 20 ? BODY_MAX : 0, size = 0;

		fill(round % 3);
		while (size < end) {
			size += MIN((size_t)random() % 5000, end - size);
			tl_packer_take(&p, body, size);
			/* So little is left for the end. */
			assert_true(size - p.taken < LEFT_MAX);
		}
		packed.size = 0;
		assert_int_equal(tl_packer_finish(&p, head, heads[round % ARRAY_SIZE(heads)], body, size, &packed), 0);
		assert_same(&packed, heads[round % ARRAY_SIZE(heads)], size);
		assert_true(round % 3 != 1 || packed.size < heads[round % ARRAY_SIZE(heads)] + size / 20 + 200);
	}
	tl_buffer_done(&packed);
	tl_packer_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_grows_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
