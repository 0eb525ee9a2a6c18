/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hostile strings made harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "escape.h"
#include "put.h"

static bool escaped;

static const char *done(struct tl_buffer *b)
{
	static char text[16384];

	assert_false(b->failed);
	assert_true(b->size < sizeof(text));
	if (b->size)
		memcpy(text, b->data, b->size);
	text[b->size] = 0;
	tl_buffer_done(b);
	return text;
}

static const char *json(const char *s, size_t n)
{
	struct tl_buffer b = { 0 };

	escaped = tl_escape_json(&b, s, n);
	return done(&b);
}

static const char *value(const char *s, size_t n)
{
	struct tl_buffer b = { 0 };

	escaped = tl_escape_value(&b, s, n);
	return done(&b);
}

static const char *text(const char *s, size_t n)
{
	struct tl_buffer b = { 0 };

	tl_escape_text(&b, s, n);
	return done(&b);
}

#define JSON(literal) json(literal, sizeof(literal) - 1)
#define VALUE(literal) value(literal, sizeof(literal) - 1)
#define TEXT(literal) text(literal, sizeof(literal) - 1)

static void clean_text_is_copied(void **state)
{
	char s[300];

	(void)state;
	for (size_t n = 0; n < sizeof(s); n++) {
		for (size_t i = 0; i < n; i++)
			s[i] = (char)(' ' + (i * 7 + n) % 95);
		for (size_t i = 0; i < n; i++)
			if (s[i] == '"' || s[i] == '\\')
				s[i] = 'x';
		assert_memory_equal(json(s, n), s, n);
		assert_false(escaped);
		assert_memory_equal(value(s, n), s, n);
		assert_memory_equal(text(s, n), s, n);
	}
}

/* Each special byte at each place of each length: no fast path skips one. */
static void a_special_byte_is_found_anywhere(void **state)
{
	static const unsigned char specials[] = { 0, 1, '\n', 0x1f, '"', '\\', 0x7f, 0x80, 0xff, 0xc3 };
	char s[80], want[400];

	(void)state;
	for (size_t n = 1; n < sizeof(s); n++) {
		for (size_t at = 0; at < n; at++) {
			for (size_t k = 0; k < sizeof(specials); k++) {
				unsigned char c = specials[k];
				char escape[8];

				memset(s, 'a', n);
				s[at] = (char)c;
				if (c == '"' || c == '\\')
					snprintf(escape, sizeof(escape), "\\%c", c);
				else
					snprintf(escape, sizeof(escape), "\\\\x%02x", c);
				snprintf(want, sizeof(want), "%.*s%s%.*s", (int)at, s, escape, (int)(n - at - 1),
					 s + at + 1);
				assert_string_equal(json(s, n), want);
				assert_int_equal(escaped, c != '"' && c != '\\');
			}
		}
	}
}

static void controls_cannot_forge_a_line(void **state)
{
	(void)state;
	assert_string_equal(JSON("a\nb\tc\rd"), "a\\\\x0ab\\\\x09c\\\\x0dd");
	assert_true(escaped);
	assert_string_equal(VALUE("a\nb"), "a\\x0ab");
	assert_string_equal(VALUE("\033]0;title\007\033[2J"), "\\x1b]0;title\\x07\\x1b[2J");
	assert_string_equal(VALUE("\177\000"), "\\x7f\\x00");
	assert_string_equal(JSON("\",\"forged\":\""), "\\\",\\\"forged\\\":\\\"");
	assert_false(escaped);
}

static void utf8_is_kept(void **state)
{
	(void)state;
	assert_string_equal(JSON("gr\303\274n \342\202\254 \360\237\230\200 \346\227\245"),
			    "gr\303\274n \342\202\254 \360\237\230\200 \346\227\245");
	assert_false(escaped);
	assert_string_equal(TEXT("\303\274"), "\303\274");
}

static void what_is_not_utf8_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(VALUE("\xff"), "\\xff");
	assert_string_equal(VALUE("\xc0\xaf"), "\\xc0\\xaf"); /* longer than it need be */
	assert_string_equal(VALUE("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
	assert_string_equal(VALUE("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf");
	assert_string_equal(VALUE("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* a surrogate */
	assert_string_equal(VALUE("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* beyond the last */
	assert_string_equal(VALUE("\xe2\x82"), "\\xe2\\x82"); /* cut */
	assert_string_equal(VALUE("\xe2\x82x"), "\\xe2\\x82x");
	assert_string_equal(VALUE("\x80"), "\\x80");
	assert_true(escaped);
}

static void marks_that_mislead_the_eye_are_escaped(void **state)
{
	(void)state;
	assert_string_equal(VALUE("\xc2\x85"), "\\xc2\\x85"); /* NEL */
	assert_string_equal(VALUE("\xc2\x9b"
				  "2J"),
			    "\\xc2\\x9b2J"); /* CSI */
	assert_string_equal(VALUE("\xe2\x80\xa8"), "\\xe2\\x80\\xa8"); /* line separator */
	assert_string_equal(VALUE("\xe2\x80\xa9"), "\\xe2\\x80\\xa9");
	assert_string_equal(VALUE("gpj.\xe2\x80\xae"
				  "exe"),
			    "gpj.\\xe2\\x80\\xaeexe"); /* right to left */
	assert_string_equal(VALUE("\xe2\x80\x8e"), "\\xe2\\x80\\x8e");
	assert_string_equal(VALUE("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");
	assert_string_equal(VALUE("\xef\xbb\xbf"), "\\xef\\xbb\\xbf"); /* byte order mark */
	assert_string_equal(TEXT("\xe2\x80\xae"), "\\xe2\\x80\\xae");
	assert_string_equal(VALUE("\xc2\xa0\xe2\x80\x93"), "\xc2\xa0\xe2\x80\x93"); /* harmless neighbours */
}

static void a_backslash_is_told_from_an_escape(void **state)
{
	(void)state;
	assert_string_equal(VALUE("C:\\dir"), "C:\\dir");
	assert_false(escaped);
	assert_string_equal(VALUE("\\x41"), "\\x5cx41");
	assert_true(escaped);
	assert_string_equal(VALUE("\\x4"), "\\x4");
	assert_string_equal(VALUE("\\x4g"), "\\x4g");
	assert_string_equal(JSON("\\x41"), "\\\\x5cx41");
	assert_string_equal(JSON("\\"), "\\\\");
}

static void text_is_in_the_notation_of_c(void **state)
{
	(void)state;
	assert_string_equal(TEXT("a\n\t\r\"\\\x01\x7f"), "a\\n\\t\\r\\\"\\\\\\x01\\x7f");
	assert_string_equal(TEXT("\\x41"), "\\\\x41");
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* What the header promises to readers: replace every \xNN. */
static size_t unescape(char *p)
{
	char *from = p, *to = p;

	while (*from) {
		if (from[0] == '\\' && from[1] == 'x' && is_hex(from[2]) && is_hex(from[3])) {
			*to++ = (char)(digit(from[2]) << 4 | digit(from[3]));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return (size_t)(to - p);
}

static void the_bytes_come_back(void **state)
{
	static const char pieces[][5] = {
		"\\", "x", "5c", "\n", "\xe2\x80", "\xae", "a", "0", "\"", "\xff", "\\x", ""
	};
	char s[64], back[4096];

	(void)state;
	srandom(7);
	for (unsigned round = 0; round < 200000; round++) {
		size_t n = 0, m;

		for (unsigned i = (unsigned)random() % 12; i; i--) {
			const char *piece = pieces[(unsigned long)random() % (sizeof(pieces) / sizeof(pieces[0]))];
			size_t size = piece[0] ? strlen(piece) : 1;

			memcpy(s + n, piece, size);
			n += size;
		}
		strcpy(back, value(s, n));
		for (const char *p = back; *p; p++)
			assert_true((unsigned char)*p >= 0x20);
		m = unescape(back);
		assert_int_equal(m, n);
		assert_memory_equal(back, s, n);
	}
}

static void harmless_text_is_quoted_only(void **state)
{
	static const char harmless[] = "\"a\\x01\\n\" = \303\274 and more that is long";
	struct tl_buffer b = { 0 };

	(void)state;
	tl_quote_json(&b, harmless, sizeof(harmless) - 1);
	assert_string_equal(done(&b), "\\\"a\\\\x01\\\\n\\\" = \303\274 and more that is long");
}

/* Text at once as JSON is text, and then quoted. */
static void text_is_quoted_in_one_go(void **state)
{
	char s[90];

	(void)state;
	srandom(11);
	for (int turn = 0; turn < 50000; turn++) {
		size_t n = (size_t)random() % sizeof(s);
		struct tl_buffer one = { 0 }, two = { 0 };
		char want[2048];

		for (size_t i = 0; i < n; i++)
			s[i] = (char)(random() % 3 ? random() : "\"\\\n\t\rax\303\274\0"[random() % 10]);
		strcpy(want, text(s, n));
		tl_quote_json(&two, want, strlen(want));
		strcpy(want, done(&two));
		tl_escape_text_json(&one, s, n);
		assert_string_equal(done(&one), want);
	}
}

/* By words, and byte by byte: in pieces of one byte nothing is done at once. */
static void any_number_of_nuls_is_written_as_so_many(void **state)
{
	char s[300];

	(void)state;
	for (size_t before = 0; before < 20; before++)
		for (size_t n = 1; n < 200; n++) {
			struct tl_buffer json = { 0 }, quoted = { 0 }, once = { 0 }, once_quoted = { 0 };
			size_t size = before + n + 1;

			memset(s, 'a', sizeof(s));
			memset(s + before, 0, n);
			for (size_t i = 0; i < size; i++) {
				tl_escape_json(&json, s + i, 1);
				tl_escape_text_json(&quoted, s + i, 1);
			}
			assert_true(tl_escape_json(&once, s, size));
			tl_escape_text_json(&once_quoted, s, size);
			assert_int_equal(once.size, json.size);
			assert_memory_equal(once.data, json.data, json.size);
			assert_int_equal(once_quoted.size, quoted.size);
			assert_memory_equal(once_quoted.data, quoted.data, quoted.size);
			tl_buffer_done(&json);
			tl_buffer_done(&quoted);
			tl_buffer_done(&once);
			tl_buffer_done(&once_quoted);
		}
}

static void no_memory_is_remembered(void **state)
{
	struct tl_buffer b = { 0 };

	(void)state;
	assert_int_equal(tl_buffer_reserve(&b, SIZE_MAX / 2), -12);
	assert_true(b.failed);
	assert_int_equal(b.size, 0);
	assert_null(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_text_is_copied),
		cmocka_unit_test(a_special_byte_is_found_anywhere),
		cmocka_unit_test(controls_cannot_forge_a_line),
		cmocka_unit_test(utf8_is_kept),
		cmocka_unit_test(what_is_not_utf8_is_escaped),
		cmocka_unit_test(marks_that_mislead_the_eye_are_escaped),
		cmocka_unit_test(a_backslash_is_told_from_an_escape),
		cmocka_unit_test(text_is_in_the_notation_of_c),
		cmocka_unit_test(the_bytes_come_back),
		cmocka_unit_test(harmless_text_is_quoted_only),
		cmocka_unit_test(text_is_quoted_in_one_go),
		cmocka_unit_test(any_number_of_nuls_is_written_as_so_many),
		cmocka_unit_test(no_memory_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
