/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages out of what was captured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "messages.h"

#define SIZE (sizeof(struct tl_message) + 16 + 8 + sizeof(struct tl_vector) + 8)

/* One message with an address of 10 bytes, control data of 4 and a vector of 3 of 5. */
static struct tl_bytes message(char data[static SIZE])
{
	struct tl_message head = { .length = 3,
				   .name_length = 10,
				   .name_size = 10,
				   .control_size = 4,
				   .control_taken = 4,
				   .vectors_size = sizeof(struct tl_vector) + 8 };
	struct tl_vector vector = { .length = 5, .size = 3 };

	memset(data, 0, SIZE);
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), "0123456789", 10);
	memcpy(data + sizeof(head) + 16, "wxyz", 4);
	memcpy(data + sizeof(head) + 24, &vector, sizeof(vector));
	memcpy(data + sizeof(head) + 24 + sizeof(vector), "abc", 3);
	return (struct tl_bytes){ .data = data, .size = SIZE, .flags = TL_VALUE_PRESENT };
}

static void message_has_its_address_and_vectors(void **state)
{
	char data[SIZE];
	struct tl_bytes captured = message(data), bytes;
	struct tl_message_view view;
	size_t at = 0, vector = 0;
	uint64_t length;

	(void)state;
	assert_true(tl_message_next(&captured, &at, &view));
	assert_int_equal(view.head.length, 3);
	assert_int_equal(view.name.size, 10);
	assert_memory_equal(view.name.data, "0123456789", 10);
	assert_int_equal(view.control.size, 4);
	assert_memory_equal(view.control.data, "wxyz", 4);
	assert_int_equal(view.control.flags, TL_VALUE_PRESENT);
	assert_true(tl_vector_next(&view.vectors, &vector, &length, &bytes));
	assert_int_equal(length, 5);
	assert_int_equal(bytes.size, 3);
	assert_memory_equal(bytes.data, "abc", 3);
	assert_false(tl_vector_next(&view.vectors, &vector, &length, &bytes));
	assert_false(tl_message_next(&captured, &at, &view));
}

static void message_that_is_cut_anywhere_is_none(void **state)
{
	char data[SIZE];
	struct tl_bytes captured = message(data);
	struct tl_message_view view;

	(void)state;
	for (captured.size = 0; captured.size < SIZE; captured.size++) {
		size_t at = 0;

		assert_false(tl_message_next(&captured, &at, &view));
	}
}

/* A rule with a capture keeps the beginning. */
static void what_a_rule_cuts_keeps_its_beginning(void **state)
{
	char data[SIZE];
	struct tl_bytes captured = message(data), bytes;
	struct tl_message_view view;
	uint64_t length;
	size_t at = 0;

	(void)state;
	captured.flags |= TL_VALUE_TRUNCATED;
	captured.size = (uint32_t)(sizeof(struct tl_message) + 24 + sizeof(struct tl_vector) + 2);
	assert_true(tl_message_next(&captured, &at, &view));
	assert_true(view.vectors.flags & TL_VALUE_TRUNCATED);
	at = 0;
	assert_true(tl_vector_next(&view.vectors, &at, &length, &bytes));
	assert_int_equal(length, 5);
	assert_int_equal(bytes.size, 2);
	assert_memory_equal(bytes.data, "ab", 2);
	assert_true(bytes.flags & TL_VALUE_TRUNCATED);
	assert_false(tl_vector_next(&view.vectors, &at, &length, &bytes));
}

static void lengths_that_are_too_large_are_not_believed(void **state)
{
	char data[SIZE];
	struct tl_bytes captured = message(data), bytes;
	struct tl_message *head = (struct tl_message *)data;
	struct tl_message_view view;
	uint64_t length;
	size_t at = 0;

	(void)state;
	head->vectors_size = UINT32_MAX;
	assert_false(tl_message_next(&captured, &at, &view));
	head->vectors_size = 8;
	at = 0;
	assert_true(tl_message_next(&captured, &at, &view));
	at = 0;
	assert_false(tl_vector_next(&view.vectors, &at, &length, &bytes));
	head->control_taken = UINT32_MAX - 3;
	at = 0;
	assert_false(tl_message_next(&captured, &at, &view));
	head->control_taken = 4;
	head->name_size = UINT32_MAX - 3;
	at = 0;
	assert_false(tl_message_next(&captured, &at, &view));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_has_its_address_and_vectors),
		cmocka_unit_test(what_a_rule_cuts_keeps_its_beginning),
		cmocka_unit_test(message_that_is_cut_anywhere_is_none),
		cmocka_unit_test(lengths_that_are_too_large_are_not_believed),
	};

	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
