/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the domain name system, and the names of addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "dns.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define QUESTION "\3www\7example\3org\0\0\1\0\1"
#define QUERY "\x12\x34\1\0\0\1\0\0\0\0\0\0" QUESTION

/* www.example.org is another name of web.example.org, which has two addresses. */
#define ANSWER                                                                                    \
	"\x12\x34\x81\x80\0\1\0\3\0\0\0\0" QUESTION "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3web\xc0\x10" \
	"\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"                                                \
	"\xc0\x2d\0\x1c\0\1\0\0\0\x3c\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

static void query_has_its_question(void **state)
{
	struct tl_dns dns;

	(void)state;
	assert_int_equal(tl_dns_parse(BYTES(QUERY), &dns), 0);
	assert_string_equal(dns.name, "www.example.org");
	assert_int_equal(dns.type, 1);
	assert_false(dns.is_answer);
	assert_int_equal(dns.n_addresses, 0);
}

static void answer_has_the_addresses_behind_another_name(void **state)
{
	struct tl_dns dns;

	(void)state;
	assert_int_equal(tl_dns_parse(BYTES(ANSWER), &dns), 0);
	assert_string_equal(dns.name, "www.example.org");
	assert_true(dns.is_answer);
	assert_int_equal(dns.code, 0);
	assert_int_equal(dns.n_addresses, 2);
	assert_int_equal(dns.addresses[0].family, AF_INET);
	assert_memory_equal(dns.addresses[0].address, "\xc0\0\2\1", 4);
	assert_int_equal(dns.addresses[1].family, AF_INET6);
	assert_memory_equal(dns.addresses[1].address, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static void message_that_is_cut_has_what_came_before(void **state)
{
	const size_t question = sizeof(QUERY) - 1;
	struct tl_dns dns;

	(void)state;
	for (size_t n = 0; n < sizeof(ANSWER) - 1; n++) {
		int r = tl_dns_parse((const uint8_t *)ANSWER, n, &dns);

		assert_int_equal(r, n < question ? -EBADMSG : 0);
		if (r == 0)
			assert_int_equal(dns.n_addresses, n >= sizeof(ANSWER) - 1 - 28);
	}
}

static void refused(const uint8_t *data, size_t size)
{
	struct tl_dns dns;

	assert_int_equal(tl_dns_parse(data, size, &dns), -EBADMSG);
}

static void names_that_do_not_end_are_refused(void **state)
{
	(void)state;
	refused(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1")); /* to itself */
	refused(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\x0c\0\1\0\1")); /* in a circle */
	refused(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x20\0\1\0\1")); /* forwards */
	refused(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\x40"
		      "a\0\0\1\0\1")); /* of a kind that is none */
	refused(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\x3f"
		      "abc\0\0\1\0\1")); /* longer than the message */
	refused(BYTES("\0\1\1\0\0\0\0\0\0\0\0\0" QUESTION)); /* no question */
}

static void dots_and_nuls_in_labels_forge_no_name(void **state)
{
	struct tl_dns dns;

	(void)state;
	assert_int_equal(tl_dns_parse(BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\5a.b\0c\3org\0\0\1\0\1"), &dns), 0);
	assert_string_equal(dns.name, "a\\.b?c.org");
}

static void longest_name_is_whole(void **state)
{
	uint8_t message[600] = { 0, 1, 1, 0, 0, 1 };
	struct tl_dns dns;
	size_t at = 12;

	(void)state;
	for (int i = 0; i < 4; i++) {
		message[at++] = i < 3 ? 63 : 61;
		memset(message + at, '.', 63);
		at += i < 3 ? 63 : 61;
	}
	memcpy(message + at, "\0\0\1\0\1", 5);
	assert_int_equal(tl_dns_parse(message, at + 5, &dns), 0);
	assert_int_equal(strlen(dns.name), 2 * (3 * 63 + 61) + 3);
}

static void addresses_have_the_name_that_was_asked_for(void **state)
{
	struct tl_dns_cache *cache = tl_dns_cache_new();
	const uint8_t v4[16] = { 192, 0, 2, 1 }, other[16] = { 192, 0, 2, 2 };
	const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	struct tl_dns dns;

	(void)state;
	assert_non_null(cache);
	assert_null(tl_dns_cache_find(cache, 7, AF_INET, v4));
	assert_int_equal(tl_dns_parse(BYTES(ANSWER), &dns), 0);
	tl_dns_cache_add(cache, 7, &dns);
	assert_string_equal(tl_dns_cache_find(cache, 7, AF_INET, v4), "www.example.org");
	assert_string_equal(tl_dns_cache_find(cache, 7, AF_INET6, mapped), "www.example.org");
	assert_null(tl_dns_cache_find(cache, 8, AF_INET, v4)); /* another network */
	assert_null(tl_dns_cache_find(cache, 7, AF_INET, other));
	strcpy(dns.name, "newer.example.org");
	tl_dns_cache_add(cache, 7, &dns);
	assert_string_equal(tl_dns_cache_find(cache, 7, AF_INET, v4), "newer.example.org");
	tl_dns_cache_free(cache);
}

static void old_names_make_room(void **state)
{
	struct tl_dns_cache *cache = tl_dns_cache_new();
	struct tl_dns dns = { .is_answer = true, .n_addresses = 1, .name = "a" };
	unsigned kept = 0;

	(void)state;
	assert_non_null(cache);
	dns.addresses[0].family = AF_INET;
	for (uint32_t i = 0; i < 4 * TL_DNS_NAMES_MAX; i++) {
		memcpy(dns.addresses[0].address, &i, sizeof(i));
		tl_dns_cache_add(cache, 1, &dns);
		assert_non_null(tl_dns_cache_find(cache, 1, AF_INET, dns.addresses[0].address));
	}
	for (uint32_t i = 0; i < 4 * TL_DNS_NAMES_MAX; i++) {
		memcpy(dns.addresses[0].address, &i, sizeof(i));
		kept += tl_dns_cache_find(cache, 1, AF_INET, dns.addresses[0].address) != NULL;
	}
	assert_true(kept <= TL_DNS_NAMES_MAX && kept > TL_DNS_NAMES_MAX / 2);
	tl_dns_cache_free(cache);
}

/* What came of it when the bytes were given in pieces of `size`; the last result. */
static int in_pieces(struct tl_dns_streams *streams, uint64_t socket, const uint8_t *data, size_t n, size_t size,
		     struct tl_dns *ret)
{
	const struct tl_dns_stream_key key = { socket, true };
	int r = -EINVAL;

	for (size_t at = 0; at < n; at += size) {
		size_t length = size < n - at ? size : n - at;

		assert_true(at == 0 || r == -EAGAIN);
		r = tl_dns_stream_add(streams, &key, data + at, length, length, ret);
	}
	return r;
}

static void message_in_pieces_is_told_when_it_is_whole(void **state)
{
	static const char whole[] = "\0\41" QUERY;
	struct tl_dns_streams *streams = tl_dns_streams_new();
	const struct tl_dns_stream_key key = { 1, true }, other = { 1, false };
	struct tl_dns dns;

	(void)state;
	assert_non_null(streams);
	for (size_t size = 1; size < sizeof(whole); size++) {
		memset(&dns, 0, sizeof(dns));
		assert_int_equal(in_pieces(streams, 1, BYTES(whole), size, &dns), 0);
		assert_string_equal(dns.name, "www.example.org");
	}
	/* Something is lost: the next one that is whole is told. */
	assert_int_equal(tl_dns_stream_add(streams, &key,
					   BYTES("\0\41"
						 "abc"),
					   5, &dns),
			 -EAGAIN);
	assert_int_equal(tl_dns_stream_add(streams, &key, BYTES(whole), sizeof(whole) - 1, &dns), 0);
	assert_int_equal(tl_dns_stream_add(streams, &key, BYTES(whole), sizeof(whole) - 1, &dns), 0);
	/* The other direction has a beginning of its own. */
	assert_int_equal(tl_dns_stream_add(streams, &key, BYTES("\0"), 1, &dns), -EAGAIN);
	assert_int_equal(tl_dns_stream_add(streams, &other, BYTES("\0"), 1, &dns), -EAGAIN);
	assert_int_equal(tl_dns_stream_add(streams, &key, (const uint8_t *)whole + 1, 34, 34, &dns), 0);
	/* Of what is no message nothing remains. */
	assert_int_equal(tl_dns_stream_add(streams, &key, BYTES("\0\2ab"), 4, &dns), -EBADMSG);
	assert_int_equal(tl_dns_stream_add(streams, &key, BYTES(whole), sizeof(whole) - 1, &dns), 0);
	tl_dns_streams_free(streams);
}

/* More than is kept, and more streams than there is room for. */
static void long_messages_and_many_streams_have_their_bounds(void **state)
{
	static uint8_t data[2 + 3000] = { 3000 >> 8, 3000 & 0xff };
	struct tl_dns_streams *streams = tl_dns_streams_new();
	const struct tl_dns_stream_key key = { 7, false };
	struct tl_dns dns;
	unsigned n_told = 0;

	(void)state;
	assert_non_null(streams);
	memcpy(data + 2, QUERY, sizeof(QUERY) - 1);
	for (size_t at = 0; at < sizeof(data); at += 2)
		n_told += tl_dns_stream_add(streams, &key, data + at, 2, 2, &dns) == 0;
	assert_int_equal(n_told, 1);
	assert_int_equal(in_pieces(streams, 7, BYTES("\0\41" QUERY), 9, &dns), 0);
	for (uint64_t i = 0; i < 1000; i++) {
		struct tl_dns_stream_key each = { i, false };

		assert_int_equal(tl_dns_stream_add(streams, &each, data, 1, 1, &dns), -EAGAIN);
	}
	tl_dns_streams_free(streams);
}

static void types_and_codes_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(tl_dns_type_name(28), "AAAA");
	assert_null(tl_dns_type_name(999));
	assert_string_equal(tl_dns_code_name(3), "NXDOMAIN");
	assert_null(tl_dns_code_name(15));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query_has_its_question),
		cmocka_unit_test(answer_has_the_addresses_behind_another_name),
		cmocka_unit_test(message_that_is_cut_has_what_came_before),
		cmocka_unit_test(names_that_do_not_end_are_refused),
		cmocka_unit_test(dots_and_nuls_in_labels_forge_no_name),
		cmocka_unit_test(longest_name_is_whole),
		cmocka_unit_test(addresses_have_the_name_that_was_asked_for),
		cmocka_unit_test(old_names_make_room),
		cmocka_unit_test(message_in_pieces_is_told_when_it_is_whole),
		cmocka_unit_test(long_messages_and_many_streams_have_their_bounds),
		cmocka_unit_test(types_and_codes_have_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
