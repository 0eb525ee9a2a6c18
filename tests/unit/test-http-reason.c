// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a request failed, in words that help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http-reason.h"
#include "util.h"

static void noise_of_the_library_is_left_out(void **state)
{
	static const char *const cases[][2] = {
		{ "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
		  "it wants a client's certificate, see tls: cert, key (tlsv13 alert certificate required)" },
		{ "OpenSSL/3.0.17: error:0A00042E:SSL routines::tlsv1 alert protocol version",
		  "no version of TLS suits both, see tls: minimum (tlsv1 alert protocol version)" },
		{ "OpenSSL SSL_read: error:00000000:other routines::something else, errno 104", "something else" },
		{ "SSL certificate problem: unable to get local issuer certificate",
		  "its certificate is from nobody whom we trust, see tls: ca "
		  "(SSL certificate problem: unable to get local issuer certificate)" },
		{ "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
		  "Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server" },
		{ "", "" },
	};
	char why[TL_HTTP_REASON_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tl_http_reason_failed(why, cases[i][0]);
		assert_string_equal(why, cases[i][1]);
	}
}

static void status_says_what_to_look_at_and_what_the_collector_says(void **state)
{
	static const struct {
		long status;
		const char *body, *why;
	} cases[] = {
		{ 500, NULL, "the collector answers with status 500" },
		{ 400, "", "the collector answers with status 400" },
		{ 404, "Code: 60, DB::Exception:\nTable audit.events doesn't exist.\n",
		  "the collector answers with status 404; see url: Code: 60, DB::Exception: Table audit.events doesn't "
		  "exist." },
		{ 400, "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head></html>\r\n",
		  "the collector answers with status 400: 400 No required SSL certificate was sent" },
		{ 401, "\x08\x10\x12\x08no\x1b[31m\xff\xc3\xa4 token",
		  "the collector answers with status 401; see headers: Authorization: no [31m token" },
		{ 307, NULL,
		  "the collector answers with status 307; nothing is sent where it points to, give that as url" },
	};
	char why[TL_HTTP_REASON_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tl_http_reason_status(why, cases[i].status, cases[i].body, cases[i].body ? strlen(cases[i].body) : 0);
		assert_string_equal(why, cases[i].why);
	}
}

static void whatever_is_in_a_body_one_short_line_is_told(void **state)
{
	static char body[64 << 10];
	char why[TL_HTTP_REASON_MAX];

	(void)state;
	srandom(23);
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(body); i++)
			body[i] = (char)(round % 2 ? random() : "ab<> \n"[random() % 6]);
		tl_http_reason_status(why, 500, body, round % 3 ? sizeof(body) : (size_t)random() % 300);
		assert_true(strlen(why) < 220);
		for (const char *p = why; *p; p++)
			assert_true(*p >= ' ' && *p < 0x7f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_of_the_library_is_left_out),
		cmocka_unit_test(status_says_what_to_look_at_and_what_the_collector_says),
		cmocka_unit_test(whatever_is_in_a_body_one_short_line_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
