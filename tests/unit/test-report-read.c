// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a report's events come from: files in all their forms, and the journal. */
#include "encode-fixture.h"
#include "report-fixture.h"

#include <sys/stat.h>
#include <zlib.h>

#include "encode-proto.h"
#include "entry.h"
#include "journal-parse.h"

static char directory[] = "/tmp/traceleft-report.XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* Writes a file; the path lives until it is removed. */
static char *write_file(const char *name, const void *data, size_t size, bool compressed)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	if (compressed) {
		gzFile gz = gzopen(path, "w");

		assert_non_null(gz);
		assert_int_equal(gzwrite(gz, data, (unsigned)size), size);
		assert_int_equal(gzclose(gz), Z_OK);
	} else {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		assert_int_equal(fwrite(data, 1, size, file), size);
		fclose(file);
	}
	return path;
}

static char *write_text(const char *name, const char *text)
{
	return write_file(name, text, strlen(text), false);
}

static void read_and_remove(struct tl_report *r, char **paths, size_t n)
{
	report_begin(r);
	assert_int_equal(tl_report_files(r, paths, n), 0);
	for (size_t i = 0; i < n; i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
}

#define EVENT(seq, more) LINE("openat", "success", "01.000000000", BY("/bin/a", "0"), ",\"seq\":" #seq more) "\n"
#define LEDGER(record, seq)                                                                                     \
	LINE("ledger", "success", "02.000000000", "",                                                           \
	     ",\"record\":" #record                                                                             \
	     ",\"ledger\":{\"balance\":{\"seen\":0,\"delivered\":0,\"filtered\":0,\"aggregated\":0,\"lost\":0," \
	     "\"under_way\":0},\"streams\":[{\"cpu\":0,\"seq\":" #seq "}]}")                                    \
	"\n"

static void all_forms_of_a_file_give_the_same_report(void **state)
{
	struct tl_buffer lines = { 0 }, frames = { 0 };
	char *json[3], *path;
	struct fixture f;
	struct tl_report r;

	(void)state;
	fixture_init(&f);
	for (unsigned i = 0; i < 50; i++) {
		struct tl_annotation a = { 0 };

		f.event.seq++;
		f.event.time += 1000000007;
		f.event.ret = i % 3 ? 3 : -13;
		f.event.file.path = fixture_string(i % 2 ? "/etc/pass\nwd<" : "/etc/shadow");
		if (i % 10 == 9)
			a = (struct tl_annotation){
				.result = "last", .count = i, .first = f.event.time - 5, .last = f.event.time
			};
		assert_int_equal(tl_encode_json(&lines, &f.event, &a), 0);
		assert_int_equal(tl_encode_proto(&frames, &f.event, &a), 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		path = i == 1 ? write_file("events", frames.data, frames.size, false) :
				write_file("events", lines.data, lines.size, i == 2);
		read_and_remove(&r, &path, 1);
		assert_int_equal(r.events, 45 + 9 + 19 + 29 + 39 + 49);
		assert_int_equal(r.results, 5);
		assert_int_equal(r.broken, 0);
		json[i] = report_as(&r, tl_report_json);
		tl_report_done(&r);
	}
	assert_string_equal(json[0], json[1]);
	assert_string_equal(json[0], json[2]);
	for (unsigned i = 0; i < 3; i++)
		free(json[i]);
	tl_buffer_done(&lines);
	tl_buffer_done(&frames);
	fixture_done(&f);
}

static void older_files_of_an_output_come_first(void **state)
{
	char *paths[] = {
		write_text("log", EVENT(5, "") LEDGER(1, 5)),
		write_text("log.000002", EVENT(3, "") EVENT(4, "")),
		write_file("log.000001.gz", EVENT(1, "") EVENT(2, ""), strlen(EVENT(1, "") EVENT(2, "")), true),
	};
	struct tl_report r;

	(void)state;
	read_and_remove(&r, paths, 3);
	assert_int_equal(r.events, 5);
	assert_int_equal(r.sources, 3);
	assert_int_equal(r.gaps, 0);
	assert_true(tl_report_complete(&r));
	tl_report_done(&r);
}

static void a_file_that_is_missing_in_between_is_noticed(void **state)
{
	char *paths[] = {
		write_text("log", EVENT(5, "") LEDGER(1, 5)),
		write_text("log.000001", EVENT(1, "") EVENT(2, "")),
	};
	struct tl_report r;

	(void)state;
	read_and_remove(&r, paths, 2);
	assert_int_equal(r.undeclared, 1);
	assert_false(tl_report_complete(&r));
	tl_report_done(&r);
}

static void several_outputs_are_not_taken_for_one(void **state)
{
	char *paths[] = {
		write_text("one", EVENT(1, "") EVENT(2, "") LEDGER(1, 2)),
		write_text("two", EVENT(7, ",\"seq_previous\":0") LEDGER(1, 7)),
	};
	struct tl_report r;

	(void)state;
	read_and_remove(&r, paths, 2);
	assert_int_equal(r.events, 3);
	assert_true(tl_report_complete(&r));
	tl_report_done(&r);
}

static void what_is_no_event_does_not_end_the_reading(void **state)
{
	char *path = write_text("log", EVENT(1, "") "hello\n\n{\"a\":1}\n" EVENT(2, "") "{\"@timestamp\":\"2026");
	struct tl_report r;

	(void)state;
	read_and_remove(&r, &path, 1);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.broken, 4);
	assert_int_equal(r.open, 1);
	assert_false(tl_report_complete(&r));
	tl_report_done(&r);
}

static void a_last_line_without_its_newline_is_an_event_if_it_is_whole(void **state)
{
	char *path = write_file("log", EVENT(1, ""), strlen(EVENT(1, "")) - 1, false);
	struct tl_report r;

	(void)state;
	read_and_remove(&r, &path, 1);
	assert_int_equal(r.events, 1);
	assert_int_equal(r.broken, 0);
	tl_report_done(&r);
}

static void a_line_without_end_is_passed_over(void **state)
{
	size_t size = (size_t)40 << 20, tail = strlen(EVENT(2, ""));
	char *text = malloc(size + 1 + 2 * tail);
	char *path;
	struct tl_report r;

	(void)state;
	memcpy(text, EVENT(1, ""), tail);
	memset(text + tail, 'x', size);
	text[tail + size] = '\n';
	memcpy(text + tail + size + 1, EVENT(2, ""), tail);
	path = write_file("log", text, size + 1 + 2 * tail, false);
	free(text);
	read_and_remove(&r, &path, 1);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.broken, 1);
	tl_report_done(&r);
}

static void a_file_that_is_not_there_does_not_end_it(void **state)
{
	char *paths[] = { strdup("/nowhere/none"), write_text("log", EVENT(1, "") LEDGER(1, 1)) };
	struct tl_report r;

	(void)state;
	read_and_remove(&r, paths, 2);
	assert_int_equal(r.events, 1);
	assert_int_equal(r.unreadable, 1);
	assert_false(tl_report_complete(&r));
	tl_report_done(&r);
}

/* ---- The journal ---- */

/* As journalctl -o json has it. */
static void put_field(const char *name, size_t n, const char *value, size_t m, void *userdata)
{
	struct tl_buffer *b = userdata;

	tl_put_text(b, b->size ? ",\"" : "{\"");
	tl_put(b, name, n);
	tl_put_text(b, "\":");
	tl_put_char(b, '"');
	for (size_t i = 0; i < m; i++) {
		if (value[i] == '"' || value[i] == '\\')
			tl_put_char(b, '\\');
		tl_put_char(b, value[i]);
	}
	tl_put_char(b, '"');
}

static struct tl_json *entry_of(const struct tl_event *event)
{
	struct tl_buffer entry = { 0 }, text = { 0 };
	struct tl_json *json = NULL, *line = NULL;

	assert_int_equal(tl_entry_encode(&entry, event, NULL), 0);
	assert_true(journal_parse(entry.data, entry.size, put_field, &text));
	tl_put_char(&text, '}');
	assert_int_equal(tl_json_parse(text.data, text.size, &json), 0);
	assert_int_equal(tl_report_entry(json, &line), 0);
	tl_json_free(json);
	tl_buffer_done(&entry);
	tl_buffer_done(&text);
	return line;
}

static void an_entry_of_the_journal_counts_like_the_line(void **state)
{
	struct tl_report r, same;
	struct tl_buffer b = { 0 };
	struct tl_json *line;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.ret = -13;
	report_begin(&r);
	report_begin(&same);
	line = entry_of(&f.event);
	assert_int_equal(tl_json_get_unsigned(tl_json_get(line, "traceleft"), "seq"), f.event.seq);
	assert_int_equal(tl_report_take(&r, line), 0);
	tl_json_free(line);
	assert_int_equal(tl_encode_json(&b, &f.event, NULL), 0);
	tl_put_char(&b, 0);
	report_line(&same, b.data);
	for (unsigned i = 0; i < TL_REPORT_TABLES; i++) {
		const struct tl_key_table *keys = &same.table[i].keys;

		assert_int_equal(r.table[i].keys.n, keys->n);
		for (size_t j = 0; j < keys->n; j++)
			assert_memory_equal(tl_key_of(r.table[i].keys.entries[j]), tl_key_of(keys->entries[j]),
					    keys->entries[j]->key_size);
	}
	assert_int_equal(r.failed, 1);
	assert_int_equal(r.time.bar[0].events[TL_REPORT_FILES], 1);
	tl_buffer_done(&b);
	tl_report_done(&r);
	tl_report_done(&same);
	fixture_done(&f);
}

/* As what `traceleft reload` says when the service runs it. */
static void text_under_our_name_is_no_event_and_no_fault(void **state)
{
	static const char text[] =
		"{\"SYSLOG_IDENTIFIER\":\"traceleft\",\"_TRANSPORT\":\"stdout\",\"MESSAGE\":\"in force\"}";
	struct tl_json *json = NULL, *line = NULL;

	(void)state;
	assert_int_equal(tl_json_parse(text, strlen(text), &json), 0);
	assert_int_equal(tl_report_entry(json, &line), -ENOENT);
	assert_null(line);
	tl_json_free(json);
}

static void entries_show_bytes_and_lists_in_their_ways(void **state)
{
	static const char text[] =
		"{\"TRACELEFT_EVENT\":\"openat\",\"TRACELEFT_CATEGORY\":[\"file\",\"host\"],"
		"\"TRACELEFT_PATH\":[47,120,60],\"_HOSTNAME\":\"h\",\"TRACELEFT_SEQ\":\"7\","
		"\"TRACELEFT_LEDGER_STREAMS\":\"[{\\\"cpu\\\":1,\\\"seq\\\":9}]\",\"TRACELEFT_UID\":null}";
	struct tl_json *json = NULL, *line = NULL;
	const struct tl_json *own;

	(void)state;
	assert_int_equal(tl_json_parse(text, strlen(text), &json), 0);
	assert_int_equal(tl_report_entry(json, &line), 0);
	own = tl_json_get(line, "traceleft");
	assert_string_equal(tl_json_get_text(tl_json_get(line, "file"), "path"), "/x<");
	assert_string_equal(tl_json_get_text(tl_json_get(line, "event"), "category"), "file");
	assert_string_equal(tl_json_get_text(tl_json_get(line, "host"), "name"), "h");
	assert_int_equal(tl_json_get_unsigned(own, "seq"), 7);
	assert_int_equal(tl_json_get_unsigned(tl_json_first(tl_json_get(tl_json_get(own, "ledger"), "streams")), "seq"),
			 9);
	assert_null(tl_json_get(line, "user"));
	tl_json_free(json);
	tl_json_free(line);
	assert_int_equal(tl_report_entry(NULL, &line), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_of_a_file_give_the_same_report),
		cmocka_unit_test(older_files_of_an_output_come_first),
		cmocka_unit_test(a_file_that_is_missing_in_between_is_noticed),
		cmocka_unit_test(several_outputs_are_not_taken_for_one),
		cmocka_unit_test(what_is_no_event_does_not_end_the_reading),
		cmocka_unit_test(a_last_line_without_its_newline_is_an_event_if_it_is_whole),
		cmocka_unit_test(a_line_without_end_is_passed_over),
		cmocka_unit_test(a_file_that_is_not_there_does_not_end_it),
		cmocka_unit_test(an_entry_of_the_journal_counts_like_the_line),
		cmocka_unit_test(text_under_our_name_is_no_event_and_no_fault),
		cmocka_unit_test(entries_show_bytes_and_lists_in_their_ways),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
