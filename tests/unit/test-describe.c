/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "util.h"
#include "values.h"
#include "wire.h"

#define START "traceleft-handler 1\nevent openat\nclass syscall\n"
#define ARG "arg 2 pathname capture=string size=4096 length=0 hash=string decoder=path type=const char *\n"

static void every_built_in_type_comes_back_as_it_was(void **state)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	(void)state;
	assert_true(n > 30);
	for (size_t i = 0; i < n; i++) {
		char text[TL_DESCRIPTION_MAX];
		struct tl_event_type back;
		int size = tl_describe_write(&types[i], text, sizeof(text));

		assert_true(size > 0);
		assert_int_equal(size, strlen(text));
		memset(&back, 0xaa, sizeof(back));
		assert_int_equal(tl_describe_parse(text, size, &back, NULL), 0);
		assert_memory_equal(&back, &types[i], sizeof(back));
	}
}

static void the_description_reads_as_documented(void **state)
{
	const struct tl_event_type *type = tl_event_type_find("renameat2");
	char text[TL_DESCRIPTION_MAX];

	(void)state;
	assert_non_null(type);
	assert_true(tl_describe_write(type, text, sizeof(text)) > 0);
	assert_string_equal(
		text, "traceleft-handler 1\n"
		      "event renameat2\n"
		      "class syscall\n"
		      "groups file rename\n"
		      "summary rename, move or exchange files relative to directories\n"
		      "numbers 316 353 316 276\n"
		      "path at:1,2\n"
		      "target at:3,4\n"
		      "io_uring RENAMEAT fd,addr,len_fd,off,op_flags\n"
		      "arg 1 olddirfd capture=none size=4 length=0 hash=value decoder=dirfd type=int\n"
		      "arg 2 oldpath capture=string size=4096 length=0 hash=string decoder=path type=const char *\n"
		      "arg 3 newdirfd capture=none size=4 length=0 hash=value decoder=dirfd type=int\n"
		      "arg 4 newpath capture=string size=4096 length=0 hash=string decoder=path type=const char *\n"
		      "arg 5 flags capture=none size=4 length=0 hash=value decoder=rename_flags type=unsigned int\n");
}

static void the_largest_description_fits_the_limit(void **state)
{
	struct tl_event_type type = { .n_args = TL_ARGS_MAX, .flags = 0x3f, .path_from = TL_FROM_RET };
	char text[TL_DESCRIPTION_MAX];
	struct tl_event_type back;
	int n;

	(void)state;
	memset(type.name, 'n', sizeof(type.name) - 1);
	memset(type.groups, 'g', 31);
	memset(type.summary, 's', sizeof(type.summary) - 1);
	memset(type.spellings, 'p', 31);
	for (unsigned i = 0; i < TL_ABIS; i++)
		type.number[i] = type.number2[i] = TL_NR_MAX - 1;
	type.path_fd = type.path_name = 6;
	for (unsigned i = 0; i < TL_ARGS_MAX; i++) {
		struct tl_arg_type *arg = &type.args[i];

		memset(arg->name, 'a', sizeof(arg->name) - 1);
		memset(arg->type, 't', sizeof(arg->type) - 1);
		memset(arg->decoder, 'd', sizeof(arg->decoder) - 1);
		arg->position = i + 1;
		arg->capture = TL_CAPTURE_SOCKADDR_POINTER;
		arg->length_arg = 6;
		arg->hash = TL_HASH_STRING;
		arg->size = TL_CAPTURE_SIZE_MAX;
	}
	n = tl_describe_write(&type, text, sizeof(text));
	assert_true(n > 0);
	assert_int_equal(tl_describe_parse(text, n, &back, NULL), 0);
	assert_memory_equal(&back, &type, sizeof(back));
}

static void a_description_that_does_not_fit_is_refused_at_every_size(void **state)
{
	const struct tl_event_type *type = tl_event_type_find("openat");
	char text[TL_DESCRIPTION_MAX];
	int n = tl_describe_write(type, text, sizeof(text));

	(void)state;
	for (int size = 1; size <= n; size++)
		assert_int_equal(tl_describe_write(type, text, size), -ENOBUFS);
	assert_int_equal(tl_describe_write(type, text, n + 1), n);
}

static void a_cut_description_is_refused_or_shorter_by_whole_lines(void **state)
{
	const struct tl_event_type *type = tl_event_type_find("openat");
	char text[TL_DESCRIPTION_MAX];
	int n = tl_describe_write(type, text, sizeof(text));

	(void)state;
	for (int size = 0; size < n; size++) {
		struct tl_event_type back;
		int r = tl_describe_parse(text, size, &back, NULL);

		if (r == 0)
			assert_int_equal(text[size - 1], '\n');
		else
			assert_int_equal(r, -EBADMSG);
	}
}

static void nuls_at_the_end_are_ignored(void **state)
{
	struct tl_event_type back;

	(void)state;
	assert_int_equal(tl_describe_parse(START "\0\0", sizeof(START "\0\0"), &back, NULL), 0);
	assert_string_equal(back.name, "openat");
	assert_int_equal(back.number[0], -1);
}

static void what_is_absent_is_none(void **state)
{
	struct tl_event_type back;

	(void)state;
	assert_int_equal(tl_describe_parse(START, strlen(START), &back, NULL), 0);
	assert_string_equal(back.groups, "");
	assert_string_equal(back.summary, "");
	assert_int_equal(back.n_args, 0);
	assert_int_equal(back.path_from, TL_FROM_NONE);
	for (unsigned i = 0; i < TL_ABIS; i++) {
		assert_int_equal(back.number[i], -1);
		assert_int_equal(back.number2[i], -1);
	}
}

static void damaged_descriptions_are_refused_with_a_reason(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"traceleft-handler 1\n",
		"traceleft-handler 2\nevent openat\nclass syscall\n",
		"traceleft-handler 1\nclass syscall\n",
		"traceleft-handler 1\nevent openat\n",
		"traceleft-handler 1\nevent openat\ngroups file\n",
		"traceleft-handler 1\nclass syscall\nevent openat\n",
		"traceleft-handler 1\nevent open at\nclass syscall\n",
		"traceleft-handler 1\nevent ../openat\nclass syscall\n",
		"traceleft-handler 1\nevent 0pen\nclass syscall\n",
		"traceleft-handler 1\nevent an_event_with_a_name_of_32_bytes__\nclass syscall\n",
		"traceleft-handler 1\nevent openat\nclass sys\n",
		START "class syscall\n",
		START "event openat\n",
		START "unknown line\n",
		START "groups\n",
		START "groups \n",
		START "\n",
		START "groups file ",
		START "groups file \n",
		START "groups file  exec\n",
		START "groups fi\x01le\n",
		START "groups file\ngroups file\n",
		START "summary a\x1b[31m\n",
		START "summary \xc3\xa4\n",
		START "numbers 1 2 3\n",
		START "numbers 1 2 3 4 5\n",
		START "numbers 1 2 3 1024\n",
		START "numbers 1 2 3 -1\n",
		START "numbers 1 2 3 01\n",
		START "numbers 1 2 3 99999999999999999999\n",
		START "numbers 1 2 3 4,\n5\n",
		START "numbers 1 2 3 -,5\n",
		START "flags entry entry\n",
		START "flags entrance\n",
		START "path ret:\x31\n",
		START "path ret:1,0\n",
		START "path ret:1,7\n",
		START "path fd:0\n",
		START "path fd:7\n",
		START "path fd:\n",
		START "path at:0,1\n",
		START "path at:1\n",
		START "path name:1,2\n",
		START "path elsewhere\n",
		START "target at:1,2\npath at:1,2\n",
		START ARG ARG,
		START ARG "groups file\n",
		START "arg 0 a capture=none size=4 length=0 hash=value decoder= type=int\n",
		START "arg 7 a capture=none size=4 length=0 hash=value decoder= type=int\n",
		START "arg 1 A capture=none size=4 length=0 hash=value decoder= type=int\n",
		START "arg 1 a capture=all size=4 length=0 hash=value decoder= type=int\n",
		START "arg 1 a capture=none size=0 length=0 hash=value decoder= type=int\n",
		START "arg 1 a capture=none size=9 length=0 hash=value decoder= type=int\n",
		START "arg 1 a capture=string size=4097 length=0 hash=value decoder= type=char *\n",
		START "arg 1 a capture=none size=4 length=7 hash=value decoder= type=int\n",
		START "arg 1 a capture=sockaddr size=128 length=0 hash=value decoder= type=void *\n",
		START "arg 1 a capture=none size=4 length=0 hash=md5 decoder= type=int\n",
		START "arg 1 a capture=none size=4 length=0 hash=value decoder=../x type=int\n",
		START "arg 1 a capture=none size=4 length=0 hash=value decoder=a_decoder_of_24_bytes___ type=int\n",
		START "arg 1 a capture=none size=4 length=0 hash=value decoder= type=\n",
		START "arg 1 a capture=none size=4 length=0 hash=value decoder= type=int;\n",
		START "arg 1 a size=4 capture=none length=0 hash=value decoder= type=int\n",
		START "arg 1 a capture=none size=4 length=0 hash=value decoder=\n",
		START "arg 1 a\n",
		"traceleft-handler 1\nevent a\nclass process\nnumbers 1 - - -\n",
		"traceleft-handler 1\nevent a\nclass process\n" ARG,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct tl_event_type back, before;
		const char *why = NULL;

		memset(&back, 0x55, sizeof(back));
		before = back;
		if (tl_describe_parse(texts[i], strlen(texts[i]), &back, &why) != -EBADMSG)
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(why);
		assert_memory_equal(&back, &before, sizeof(back));
	}
}

static void seven_arguments_are_refused(void **state)
{
	char text[2048] = START;
	struct tl_event_type back;

	(void)state;
	for (unsigned i = 1; i <= 7; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "arg %u a%u capture=none size=4 length=0 hash=value decoder= type=int\n", i, i);
		assert_int_equal(tl_describe_parse(text, strlen(text), &back, NULL), i < 7 ? 0 : -EBADMSG);
	}
}

static void a_description_beyond_the_limit_is_refused(void **state)
{
	char text[TL_DESCRIPTION_MAX + 2];
	struct tl_event_type back;

	(void)state;
	memset(text, '\n', sizeof(text));
	memcpy(text, START, strlen(START));
	assert_int_equal(tl_describe_parse(text, sizeof(text), &back, NULL), -EBADMSG);
}

static void decoder_names_and_decoders_are_the_same(void **state)
{
	const struct tl_decoder *decoder;

	(void)state;
	for (size_t i = 0; tl_decoder_names[i]; i++) {
		if (!tl_decoder_find(tl_decoder_names[i]))
			fail_msg("no decoder %s in lib/values-*.c", tl_decoder_names[i]);
		if (i && strcmp(tl_decoder_names[i - 1], tl_decoder_names[i]) >= 0)
			fail_msg("decoder %s is not in order", tl_decoder_names[i]);
	}
	for (size_t i = 0; (decoder = tl_decoder_get(i)); i++)
		if (tl_name_find(tl_decoder_names, decoder->name, strlen(decoder->name)) < 0)
			fail_msg("decoder %s is not in tl_decoder_names of lib/describe.c", decoder->name);
}

static void words_are_as_many_as_their_enums(void **state)
{
	(void)state;
	assert_string_equal(tl_class_names[TL_CLASS_RECORD], "record");
	assert_null(tl_class_names[TL_CLASS_RECORD + 1]);
	assert_string_equal(tl_capture_names[TL_CAPTURE_LETTER], "letter");
	assert_null(tl_capture_names[TL_CAPTURE_LETTER + 1]);
	assert_string_equal(tl_hash_names[TL_HASH_SKIP], "skip");
	assert_null(tl_hash_names[TL_HASH_SKIP + 1]);
	assert_string_equal(tl_flag_names[__builtin_ctz(TL_TYPE_UNLISTED)], "unlisted");
	assert_string_equal(tl_flag_names[__builtin_ctz(TL_TYPE_IDENTITY)], "identity");
	assert_null(tl_flag_names[__builtin_ctz(TL_TYPE_IDENTITY) + 1]);
	assert_null(tl_abi_names[TL_ABIS]);
}

static void groups_are_matched_by_whole_words(void **state)
{
	struct tl_event_type type = { .groups = "file exec_more perms" };

	(void)state;
	assert_true(tl_event_type_in_group(&type, "file"));
	assert_true(tl_event_type_in_group(&type, "perms"));
	assert_true(tl_event_type_in_group(&type, "all"));
	assert_false(tl_event_type_in_group(&type, "exec"));
	assert_false(tl_event_type_in_group(&type, "perm"));
	assert_false(tl_event_type_in_group(&type, ""));
	assert_false(tl_event_type_in_group(&type, "file exec_more"));
	type.class = TL_CLASS_RECORD;
	assert_false(tl_event_type_in_group(&type, "all"));
}

static void a_type_is_found_by_its_whole_name(void **state)
{
	(void)state;
	assert_string_equal(tl_event_type_find("open")->name, "open");
	assert_string_equal(tl_event_type_find("openat2")->name, "openat2");
	assert_null(tl_event_type_find("ope"));
	assert_null(tl_event_type_find("openat3"));
	assert_null(tl_event_type_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_built_in_type_comes_back_as_it_was),
		cmocka_unit_test(the_description_reads_as_documented),
		cmocka_unit_test(the_largest_description_fits_the_limit),
		cmocka_unit_test(a_description_that_does_not_fit_is_refused_at_every_size),
		cmocka_unit_test(a_cut_description_is_refused_or_shorter_by_whole_lines),
		cmocka_unit_test(nuls_at_the_end_are_ignored),
		cmocka_unit_test(what_is_absent_is_none),
		cmocka_unit_test(damaged_descriptions_are_refused_with_a_reason),
		cmocka_unit_test(seven_arguments_are_refused),
		cmocka_unit_test(a_description_beyond_the_limit_is_refused),
		cmocka_unit_test(decoder_names_and_decoders_are_the_same),
		cmocka_unit_test(words_are_as_many_as_their_enums),
		cmocka_unit_test(groups_are_matched_by_whole_words),
		cmocka_unit_test(a_type_is_found_by_its_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
