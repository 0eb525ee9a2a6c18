// SPDX-License-Identifier: GPL-2.0-or-later
/* Sealed files: what is done to one afterwards is found, and what nobody did is not. */
#include "encode-proto.h"
#include "file-seal.h"
#include "sealed.h"
#include "sink-fixture.h"

/* ---- The sum ---- */

static void sum_is(const char *text, size_t repeat, const char *want)
{
	unsigned char sum[TL_SHA256_SIZE];
	char digits[TL_SHA256_HEX + 1];
	struct tl_sha256 s;

	tl_sha256_init(&s);
	for (size_t i = 0; i < repeat; i++)
		tl_sha256_update(&s, text, strlen(text));
	tl_sha256_result(&s, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		sprintf(digits + 2 * i, "%02x", sum[i]);
	assert_string_equal(digits, want);
}

/* FIPS 180-4's examples, and a million times "a". */
static void sums_are_those_of_the_standard(void **state)
{
	(void)state;
	for (int use = 0; use < 2; use++) {
		tl_sha256_use_instructions(use);
		sum_is("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
		sum_is("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		sum_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
		sum_is("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqr"
		       "smnopqrstnopqrstu",
		       1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
		sum_is("a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	}
}

static void sums_do_not_depend_on_the_pieces(void **state)
{
	unsigned char data[300], whole[TL_SHA256_SIZE], pieces[TL_SHA256_SIZE];
	struct tl_sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(data); n++)
		for (size_t at = 0; at <= n; at += 13) {
			tl_sha256_init(&s);
			tl_sha256_update(&s, data, n);
			tl_sha256_result(&s, whole);
			tl_sha256_init(&s);
			tl_sha256_update(&s, data, at);
			tl_sha256_update(&s, data + at, n - at);
			tl_sha256_result(&s, pieces);
			assert_memory_equal(whole, pieces, sizeof(whole));
		}
}

/* ---- Files ---- */

static void sealed_init(struct sinks *t, enum tl_output_format format)
{
	sinks_init(t);
	t->output.seal = true;
	t->output.format = format;
}

static void ticks(struct sinks *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		tl_sink_tick(t->sink);
}

/* Events, a seal, more events, a seal. */
static void write_two_ranges(struct sinks *t)
{
	sinks_write_many(t, 1, 5);
	ticks(t, 12);
	sinks_write_many(t, 6, 5);
	ticks(t, 12);
}

/* Where a record at `at` ends. */
static size_t end_of(const char *text, size_t size, size_t at, bool is_proto)
{
	size_t length;
	int head;

	if (!is_proto)
		return (size_t)((const char *)memchr(text + at, '\n', size - at) + 1 - text);
	head = tl_proto_frame(text + at, size - at, &length);
	return head > 0 && at + (size_t)head + length <= size ? at + (size_t)head + length : size;
}

static void look_at(struct tl_sealed *s, const char *path, bool is_proto)
{
	size_t size, end;
	char *text = read_path(path, &size);

	tl_sealed_begin(s, path, is_proto);
	for (size_t at = 0; at < size; at = end) {
		end = end_of(text, size, at, is_proto);
		assert_int_equal(tl_sealed_record(s, text + at, end - at), 0);
	}
	free(text);
}

/* Whether a file is as it was sealed; what is said otherwise contains `want`. */
static bool is_sealed(const struct sinks *t, const char *want)
{
	struct tl_sealed s = { 0 };
	bool good;

	look_at(&s, t->path, t->output.format == TL_FORMAT_PROTO);
	good = tl_sealed_end(&s);
	tl_buffer_reserve(&s.notes, 1);
	s.notes.data[s.notes.size] = 0;
	if (want && !strstr(s.notes.data, want))
		fail_msg("no '%s' in: %s", want, s.notes.data);
	tl_sealed_done(&s);
	return good;
}

static void save(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void a_file_that_nobody_touched_is_as_it_was_sealed(void **state)
{
	static const enum tl_output_format formats[] = { TL_FORMAT_JSON, TL_FORMAT_PROTO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct sinks t;

		sealed_init(&t, formats[i]);
		sinks_open(&t);
		write_two_ranges(&t);
		assert_int_equal(t.sink->seal.number, 3);
		assert_true(is_sealed(&t, NULL));
		sinks_write(&t, 11);
		tl_sink_flush(t.sink);
		assert_true(is_sealed(&t, "not sealed"));
		sinks_restart(&t);
		assert_true(is_sealed(&t, NULL));
		sinks_write(&t, 12);
		tl_sink_flush(t.sink);
		sinks_restart(&t);
		assert_true(is_sealed(&t, NULL));
		sinks_done(&t);
	}
}

/* What is at a time between two records can be changed in these ways. */
enum { EDIT, DELETE, INSERT, SWAP, N_WAYS };

static void change(const char *path, bool is_proto, int way)
{
	size_t size, second, third, end, n = 0;
	char *text = read_path(path, &size), *changed = malloc(2 * size);

	assert_non_null(changed);
	second = end_of(text, size, end_of(text, size, 0, is_proto), is_proto);
	third = end_of(text, size, second, is_proto);
	end = end_of(text, size, third, is_proto);
#define TAKE(from, to) (memcpy(changed + n, text + (from), (to) - (from)), n += (to) - (from))
	TAKE(0, second);
	if (way == SWAP)
		TAKE(third, end);
	if (way != DELETE)
		TAKE(second, third);
	if (way == INSERT)
		TAKE(second, third);
	TAKE(way == SWAP ? end : third, size);
#undef TAKE
	if (way == EDIT) {
		char *name = memmem(changed + second, third - second, "openat", 6);

		assert_non_null(name);
		name[0] = 'O';
	}
	save(path, changed, n);
	free(changed);
	free(text);
}

static void every_change_is_found(void **state)
{
	static const char *const want[] = { [EDIT] = "something was changed or moved",
					    [DELETE] = "were taken out",
					    [INSERT] = "were put in",
					    [SWAP] = "something was changed or moved" };

	(void)state;
	for (int is_proto = 0; is_proto < 2; is_proto++)
		for (int way = 0; way < N_WAYS; way++) {
			struct sinks t;

			sealed_init(&t, is_proto ? TL_FORMAT_PROTO : TL_FORMAT_JSON);
			sinks_open(&t);
			write_two_ranges(&t);
			t.sink = tl_sink_unref(t.sink);
			change(t.path, is_proto, way);
			assert_false(is_sealed(&t, want[way]));
			assert_false(is_sealed(&t, is_proto ? "events 2 to" : "lines 2 to"));
			sinks_done(&t);
		}
}

/* Each byte of the seals themselves as well: of the last one all are tried. */
static void every_single_byte_counts(void **state)
{
	struct sinks t;
	size_t size;
	char *text;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	sinks_open(&t);
	write_two_ranges(&t);
	t.sink = tl_sink_unref(t.sink);
	text = read_path(t.path, &size);
	for (size_t i = 0; i < size; i += i + 700 < size ? 41 : 1) {
		struct tl_sealed s = { 0 };

		if (text[i] == '\n')
			continue;
		text[i] ^= 1;
		save(t.path, text, size);
		text[i] ^= 1;
		look_at(&s, t.path, false);
		/* A last seal that is none any more leaves a range that is not sealed. */
		if (tl_sealed_end(&s))
			assert_true(s.records > 0);
		tl_sealed_done(&s);
	}
	free(text);
	sinks_done(&t);
}

static void a_seal_that_was_told_elsewhere_has_to_be_there(void **state)
{
	struct tl_sealed s = { 0 };
	char hash[TL_FILE_SEAL_HEX + 1];
	struct sinks t;
	size_t size, at = 0;
	char *text;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	sinks_open(&t);
	write_two_ranges(&t);
	memcpy(hash, t.sink->seal.hash, sizeof(hash));
	t.sink = tl_sink_unref(t.sink);
	s.wanted = hash;
	look_at(&s, t.path, false);
	assert_true(tl_sealed_end(&s));
	tl_sealed_done(&s);
	/* Cut behind the second seal: all that is left is in order. */
	text = read_path(t.path, &size);
	for (unsigned i = 0; i < 7; i++)
		at = end_of(text, size, at, false);
	save(t.path, text, at);
	free(text);
	assert_true(is_sealed(&t, NULL));
	s = (struct tl_sealed){ .wanted = hash };
	look_at(&s, t.path, false);
	assert_int_equal(s.seals, 2);
	assert_false(tl_sealed_end(&s));
	tl_sealed_done(&s);
	sinks_done(&t);
}

/* ---- One file after the other ---- */

/* Looks at the files with the numbers, and that without one. */
static bool are_sealed(const struct sinks *t, const unsigned *numbers, const char *want)
{
	struct tl_sealed s = { 0 };
	char paths[8][160];
	bool good;

	for (size_t i = 0; numbers[i]; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s.%06u", t->path, numbers[i]);
		look_at(&s, paths[i], t->output.format == TL_FORMAT_PROTO);
	}
	look_at(&s, t->path, t->output.format == TL_FORMAT_PROTO);
	good = tl_sealed_end(&s);
	tl_buffer_reserve(&s.notes, 1);
	s.notes.data[s.notes.size] = 0;
	if (want && !strstr(s.notes.data, want))
		fail_msg("no '%s' in: %s", want, s.notes.data);
	if (!want && !good)
		print_message("%s", s.notes.data);
	tl_sealed_done(&s);
	return good;
}

static unsigned rotated(const struct sinks *t)
{
	char path[160];
	unsigned n = 0;

	do
		snprintf(path, sizeof(path), "%s.%06u", t->path, ++n);
	while (exists(path));
	return n - 1;
}

static void rotating_init(struct sinks *t, enum tl_output_format format)
{
	sealed_init(t, format);
	t->output.rotate_size = 8192;
	t->output.rotate_keep = 100;
	sinks_open(t);
	for (uint64_t seq = 1; rotated(t) < 3; seq++) {
		sinks_write(t, seq);
		tl_sink_flush(t->sink);
	}
}

static void a_missing_file_is_noticed(void **state)
{
	static const enum tl_output_format formats[] = { TL_FORMAT_JSON, TL_FORMAT_PROTO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct sinks t;

		rotating_init(&t, formats[i]);
		sinks_restart(&t);
		sinks_write(&t, 1);
		t.sink = tl_sink_unref(t.sink);
		assert_true(are_sealed(&t, (const unsigned[]){ 1, 2, 3, 0 }, NULL));
		assert_false(are_sealed(&t, (const unsigned[]){ 1, 3, 0 }, "is missing"));
		assert_false(are_sealed(&t, (const unsigned[]){ 2, 3, 0 }, "those before it are missing"));
		assert_false(are_sealed(&t, (const unsigned[]){ 1, 3, 2, 0 }, "stands at another place"));
		sinks_done(&t);
	}
}

/* One more event, by somebody else: the second record of the file once more, for the first is a seal. */
static void append_event(const char *path)
{
	size_t size, begin, end;
	char *text = read_path(path, &size);
	FILE *f = fopen(path, "ae");

	assert_non_null(f);
	begin = end_of(text, size, 0, false);
	end = end_of(text, size, begin, false);
	assert_int_equal(fwrite(text + begin, 1, end - begin, f), end - begin);
	assert_int_equal(fclose(f), 0);
	free(text);
}

static void an_old_file_that_grew_is_noticed(void **state)
{
	struct sinks t;
	char path[160];

	(void)state;
	rotating_init(&t, TL_FORMAT_JSON);
	snprintf(path, sizeof(path), "%s.%06u", t.path, 2);
	append_event(path);
	assert_false(are_sealed(&t, (const unsigned[]){ 1, 2, 3, 0 }, "written behind the seal that closed the file"));
	sinks_done(&t);
}

/* The rotation had renamed the file, and was to rename the next one. */
static void kill_in_a_rotation_breaks_no_chain(void **state)
{
	char next[160], old[160];
	struct sinks t;
	unsigned n;

	(void)state;
	rotating_init(&t, TL_FORMAT_JSON);
	t.sink = tl_sink_unref(t.sink);
	/* The file was just begun; as if it had no name yet. */
	n = rotated(&t);
	snprintf(next, sizeof(next), "%s.new", t.path);
	snprintf(old, sizeof(old), "%s.%06u", t.path, n);
	{
		size_t size;
		char *text = read_path(t.path, &size);

		save(next, text, end_of(text, size, 0, false));
		free(text);
	}
	assert_int_equal(unlink(t.path), 0);
	sinks_open(&t);
	assert_false(exists(next));
	sinks_write(&t, 1);
	t.sink = tl_sink_unref(t.sink);
	assert_true(are_sealed(&t, (const unsigned[]){ 1, 2, 3, 0 }, NULL));
	/* Without it, a file that is gone is a new chain. */
	assert_int_equal(unlink(t.path), 0);
	sinks_open(&t);
	sinks_write(&t, 1);
	t.sink = tl_sink_unref(t.sink);
	assert_false(are_sealed(&t, (const unsigned[]){ 1, 2, 3, 0 }, "another chain begins"));
	sinks_done(&t);
}

/* ---- Another process ---- */

static void what_a_killed_process_left_is_sealed_as_found(void **state)
{
	static const enum tl_output_format formats[] = { TL_FORMAT_JSON, TL_FORMAT_PROTO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct sinks t;
		size_t size;
		char *text;

		sealed_init(&t, formats[i]);
		sinks_open(&t);
		write_two_ranges(&t);
		sinks_write_many(&t, 11, 3);
		tl_sink_flush(t.sink);
		text = read_path(t.path, &size); /* as a kill leaves it, with a torn record */
		t.sink = tl_sink_unref(t.sink);
		save(t.path, text, size - 5);
		free(text);
		sinks_open(&t);
		sinks_write(&t, 13);
		tl_sink_flush(t.sink);
		t.sink = tl_sink_unref(t.sink);
		assert_true(is_sealed(&t, "by a daemon that was killed"));
		sinks_done(&t);
	}
}

/* What the second one had written is not what somebody has added to the file that the first one closed. */
static void a_process_that_is_killed_soon_has_said_that_it_is_there(void **state)
{
	struct sinks t;
	size_t size;
	char *text;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	sinks_open(&t);
	write_two_ranges(&t);
	sinks_restart(&t);
	sinks_write_many(&t, 11, 3);
	tl_sink_flush(t.sink);
	text = read_path(t.path, &size);
	t.sink = tl_sink_unref(t.sink);
	save(t.path, text, size);
	free(text);
	sinks_open(&t);
	sinks_write(&t, 14);
	t.sink = tl_sink_unref(t.sink);
	assert_true(is_sealed(&t, "by a daemon that was killed"));
	sinks_done(&t);
}

static void what_somebody_added_to_a_closed_file_is_noticed(void **state)
{
	struct sinks t;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	sinks_open(&t);
	write_two_ranges(&t);
	sinks_write(&t, 11);
	t.sink = tl_sink_unref(t.sink);
	append_event(t.path);
	assert_false(is_sealed(&t, "behind the seal that closed the file"));
	sinks_open(&t);
	sinks_write(&t, 12);
	t.sink = tl_sink_unref(t.sink);
	assert_false(is_sealed(&t, "were not there when the daemon closed the file"));
	sinks_done(&t);
}

static void sealing_may_begin_in_the_middle_of_a_file(void **state)
{
	struct sinks t;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	t.output.seal = false;
	sinks_open(&t);
	sinks_write_many(&t, 1, 3);
	t.sink = tl_sink_unref(t.sink);
	t.output.seal = true;
	sinks_open(&t);
	sinks_write_many(&t, 4, 3);
	t.sink = tl_sink_unref(t.sink);
	assert_true(is_sealed(&t, "lines 1 to 3"));
	assert_true(is_sealed(&t, "there before the file was sealed"));
	sinks_done(&t);
}

static void files_without_seals_have_none(void **state)
{
	struct sinks t;
	char *text;

	(void)state;
	sinks_init(&t);
	sinks_open(&t);
	write_two_ranges(&t);
	t.sink = tl_sink_unref(t.sink);
	text = read_path(t.path, NULL);
	assert_int_equal(count_of(text, "\n"), 10);
	free(text);
	assert_true(is_sealed(&t, NULL));
	sinks_done(&t);
}

static void a_file_moved_away_is_followed_by_the_next(void **state)
{
	char away[160];
	struct sinks t;

	(void)state;
	sealed_init(&t, TL_FORMAT_JSON);
	sinks_open(&t);
	write_two_ranges(&t);
	snprintf(away, sizeof(away), "%s.%06u", t.path, 1);
	assert_int_equal(rename(t.path, away), 0);
	sinks_write(&t, 11);
	tl_sink_reopen(t.sink);
	sinks_write(&t, 12);
	t.sink = tl_sink_unref(t.sink);
	assert_true(are_sealed(&t, (const unsigned[]){ 1, 0 }, NULL));
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_standard),
		cmocka_unit_test(sums_do_not_depend_on_the_pieces),
		cmocka_unit_test(a_file_that_nobody_touched_is_as_it_was_sealed),
		cmocka_unit_test(every_change_is_found),
		cmocka_unit_test(every_single_byte_counts),
		cmocka_unit_test(a_seal_that_was_told_elsewhere_has_to_be_there),
		cmocka_unit_test(a_missing_file_is_noticed),
		cmocka_unit_test(an_old_file_that_grew_is_noticed),
		cmocka_unit_test(kill_in_a_rotation_breaks_no_chain),
		cmocka_unit_test(what_a_killed_process_left_is_sealed_as_found),
		cmocka_unit_test(a_process_that_is_killed_soon_has_said_that_it_is_there),
		cmocka_unit_test(what_somebody_added_to_a_closed_file_is_noticed),
		cmocka_unit_test(sealing_may_begin_in_the_middle_of_a_file),
		cmocka_unit_test(files_without_seals_have_none),
		cmocka_unit_test(a_file_moved_away_is_followed_by_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
