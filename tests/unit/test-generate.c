/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policy/battery.h"
#include "describe.h"
#include "generate.h"
#include "encode-cache.h"
#include "entry-fields.h"
#include "fields.h"
#include "util.h"

/* ---- Text ---- */

typedef int (*generator)(FILE *out, const struct tl_event_type *types, size_t n);

static int one_handler(FILE *out, const struct tl_event_type *types, size_t n)
{
	(void)n;
	return tl_generate_handler(out, types);
}

static char *generate(generator function, const struct tl_event_type *types, size_t n, int expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(function(f, types, n), expected);
	assert_int_equal(fclose(f), 0);
	return text;
}

static char *handler(const char *name)
{
	const struct tl_event_type *type = tl_event_type_find(name);

	assert_non_null(type);
	return generate(one_handler, type, 1, 0);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("there is no \"%s\" in\n%s", part, text);
}

static void a_handler_describes_itself_and_captures_its_arguments(void **state)
{
	_cleanup_free_ char *text = handler("rename");

	(void)state;
	assert_string_equal(
		text,
		"/* SPDX-License-Identifier: GPL-2.0 */\n"
		"/* Made from the row of rename in a table of events. */\n"
		"#include \"handler.h\"\n"
		"\n"
		"TL_DESCRIPTION(\n"
		"\t\"traceleft-handler 1\\n\"\n"
		"\t\"event rename\\n\"\n"
		"\t\"class syscall\\n\"\n"
		"\t\"groups file rename\\n\"\n"
		"\t\"summary rename or move a file\\n\"\n"
		"\t\"numbers 82 38 82 -\\n\"\n"
		"\t\"path name:1\\n\"\n"
		"\t\"target name:2\\n\"\n"
		"\t\"spellings renameat renameat2\\n\"\n"
		"\t\"arg 1 oldpath capture=string size=4096 length=0 hash=string decoder=path type=const char *\\n\"\n"
		"\t\"arg 2 newpath capture=string size=4096 length=0 hash=string decoder=path type=const char "
		"*\\n\");\n"
		"\n"
		"TL_HANDLER\n"
		"{\n"
		"\tstruct tl_call *call = tl_handler_begin();\n"
		"\n"
		"\tif (!call)\n"
		"\t\treturn 0;\n"
		"\ttl_capture_string(call, 1, 4096);\n"
		"\ttl_capture_string(call, 2, 4096);\n"
		"\treturn tl_handler_end(call);\n"
		"}\n");
}

static void every_kind_of_capture_has_its_call(void **state)
{
	static const char *const expected[][2] = {
		{ "read", "\ttl_capture_buffer(call, 2, 0, 1, 64);\n" },
		{ "poll", "\ttl_capture_buffer(call, 1, 2, 8, 128);\n" },
		{ "setgroups", "\ttl_capture_buffer(call, 2, 1, tl_id_size(call, 81), 256);\n" },
		{ "getresuid", "\ttl_capture_output(call, 1, tl_id_size(call, 165));\n" },
		{ "writev", "\ttl_capture_iovec(call, 2, 3, 640);\n" },
		{ "openat2", "\ttl_capture_buffer(call, 3, 4, 1, 24);\n" },
		{ "capset", "\ttl_capture_struct(call, 1, 8);\n" },
		{ "getsockopt", "\ttl_capture_written(call, 4, 5, 64);\n" },
		{ "futex", "\tswitch ((__u32)call->record.args[1] & 0x7f) {\n\tcase 0x0:\n\t\tsize = tl_command_size(call, 16, 8, 16);\n" },
		{ "connect", "\ttl_capture_sockaddr(call, 2, 3, 0);\n" },
		{ "accept4", "\tif (call->record.ret >= 0)\n\t\ttl_capture_sockaddr(call, 2, 3, 1);\n" },
		{ "process_vm_readv", "\ttl_capture_buffer(call, 4, 5, 2 * tl_address_width(call), 128);\n" },
		{ "name_to_handle_at", "\ttl_capture_handle(call, 3, 1);\n" },
		{ "open_by_handle_at", "\ttl_capture_handle(call, 2, 0);\n" },
		{ "execve", "\ttl_capture_argv(call, 2, 4096);\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		_cleanup_free_ char *text = handler(expected[i][0]);

		assert_has(text, expected[i][1]);
	}
}

static void a_handler_without_captures_captures_nothing(void **state)
{
	_cleanup_free_ char *text = handler("getppid");

	(void)state;
	assert_null(strstr(text, "tl_capture"));
}

static void the_same_event_gives_the_same_text(void **state)
{
	_cleanup_free_ char *one = handler("openat"), *two = handler("openat");

	(void)state;
	assert_string_equal(one, two);
}

static void what_is_no_system_call_has_no_handler(void **state)
{
	_cleanup_free_ char *text = generate(one_handler, tl_event_type_find("fork"), 1, -EINVAL);

	(void)state;
	assert_string_equal(text, "");
}

static void text_that_would_leave_its_string_is_refused(void **state)
{
	static const char *const names[] = { "a\"b", "a\nb", "a b", "a\\", "../a", "A", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct tl_event_type type = *tl_event_type_find("openat");
		_cleanup_free_ char *in_event = NULL, *in_arg = NULL;

		strcpy(type.name, names[i]);
		in_event = generate(one_handler, &type, 1, -EINVAL);
		assert_string_equal(in_event, "");
		type = *tl_event_type_find("openat");
		strcpy(type.args[0].name, names[i]);
		in_arg = generate(one_handler, &type, 1, -EINVAL);
		assert_string_equal(in_arg, "");
	}
}

static void quotes_in_a_summary_stay_inside_the_string(void **state)
{
	struct tl_event_type type = *tl_event_type_find("getppid");
	_cleanup_free_ char *text = NULL, *table = NULL;

	(void)state;
	strcpy(type.summary, "a \"b\" \\n %s");
	text = generate(one_handler, &type, 1, 0);
	assert_has(text, "\t\"summary a \\\"b\\\" \\\\n %s\\n\"\n");
	table = generate(tl_generate_table, &type, 1, 0);
	assert_has(table, "\t\t.summary = \"a \\\"b\\\" \\\\n %s\",\n");
}

static void the_manual_has_every_event_once(void **state)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);
	_cleanup_free_ char *text = generate(tl_generate_man, types, n, 0);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char heading[64], *at;

		snprintf(heading, sizeof(heading), ".TP\n.B %s\n", types[i].name);
		at = strstr(text, heading);
		assert_non_null(at);
		assert_null(strstr(at + 1, heading));
	}
	assert_has(text, "\\fBopenat\\fP(int \\fIdirfd\\fP, const char *\\fIpathname\\fP, int \\fIflags\\fP, "
			 "mode_t \\fImode\\fP); returns a descriptor\n");
	assert_has(text, "Number: x86_64 92, i386 212 and 182, x32 92.\n");
	assert_has(text, "\\fB@perms\\fP");
}

static void the_manual_has_every_field_of_an_event(void **state)
{
	_cleanup_free_ char *text = generate(tl_generate_man, tl_event_types(&(size_t){ 0 }), 1, 0);
	const struct tl_entry_field *entry;
	const struct tl_field *field;
	size_t n = 0, hint = 0, in_journal = 0;
	char heading[128];

	(void)state;
	for (; (field = tl_field_get(n)); n++) {
		snprintf(heading, sizeof(heading), ".TP\n.BR %s \" (%s)\"\n", field->name, field->type);
		assert_has(text, heading);
		entry = tl_entry_field_find(field->name, &hint);
		if (!entry || !entry->journal)
			continue;
		snprintf(heading, sizeof(heading), "\n[\\fB%s\\fP]\n", entry->journal);
		assert_has(text, heading);
		in_journal++;
	}
	assert_true(n > 50 && in_journal > 50);
}

/* Those that the encoders write, all of them and no others. */
static void the_manual_has_every_word_of_the_flags(void **state)
{
	_cleanup_free_ char *text = generate(tl_generate_man, tl_event_types(&(size_t){ 0 }), 1, 0);
	const struct tl_process process = { .flags = UINT32_MAX };
	const struct tl_event event = { .flags = UINT32_MAX, .file.path.flags = UINT32_MAX, .process = &process };
	_cleanup_(tl_buffer_done) struct tl_buffer words = { 0 };
	unsigned n = tl_encode_flags(&words, &event, true, true), found = 0;
	char heading[64], *at = strstr(text, ".SS Words of traceleft.flags\n");

	(void)state;
	assert_non_null(at);
	assert_int_equal(tl_buffer_append(&words, "", 1), 0);
	for (char *rest = NULL, *word = strtok_r(words.data, ",\"", &rest); word; word = strtok_r(NULL, ",\"", &rest)) {
		snprintf(heading, sizeof(heading), ".TP\n.B %s\n", word);
		assert_has(at, heading);
	}
	*strstr(at, ".SH ") = 0;
	for (; (at = strstr(at, ".TP\n")); at++)
		found++;
	assert_int_equal(found, n);
}

static void a_group_of_its_own_has_a_place_in_the_manual(void **state)
{
	struct tl_event_type type = *tl_event_type_find("getppid");
	_cleanup_free_ char *text = NULL;

	(void)state;
	strcpy(type.groups, "novel");
	text = generate(tl_generate_man, &type, 1, 0);
	assert_has(text, ".SS Others\n");
	assert_has(text, ".B getppid\n");
}

static void a_summary_cannot_become_a_request(void **state)
{
	struct tl_event_type type = *tl_event_type_find("getppid");
	_cleanup_free_ char *text = NULL;

	(void)state;
	strcpy(type.summary, ".sy \\*(RE 'a - b");
	text = generate(tl_generate_man, &type, 1, 0);
	assert_has(text, "\n\\&.sy \\e*(RE \\(aqa \\- b.\n");
}

static void a_full_disk_is_an_error(void **state)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(full);
	assert_int_equal(tl_generate_handler(full, tl_event_type_find("openat")), -EIO);
	assert_int_equal(tl_generate_table(full, types, n), -EIO);
	assert_int_equal(tl_generate_man(full, types, n), -EIO);
	fclose(full);
}

/* ---- Compiling ---- */

struct folder {
	char path[64];
	unsigned n_problems, n_built;
	char problem[512];
};

static void note_problem(void *userdata, unsigned line, unsigned column, const char *message)
{
	struct folder *f = userdata;

	(void)line;
	(void)column;
	f->n_problems++;
	snprintf(f->problem, sizeof(f->problem), "%s", message);
}

static void note_built(void *userdata, const struct tl_event_type *type, const char *object_path)
{
	struct folder *f = userdata;

	assert_int_equal(access(object_path, R_OK), 0);
	assert_has(object_path, type->name);
	f->n_built++;
}

static unsigned count_files(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d));)
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(d);
	return n;
}

static int make_folder(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/traceleft-test-XXXXXX");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;
	DIR *d = opendir(f->path);

	for (struct dirent *entry; d && (entry = readdir(d));)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(f->path);
	free(f);
	return 0;
}

static struct tl_battery_options options_for(struct folder *f)
{
	struct tl_battery_options o = {
		.include_dir = "bpf",
		.built = note_built,
		.problem = note_problem,
		.userdata = f,
	};

	o.builtin = tl_event_types(&o.n_builtin);
	return o;
}

static void the_original_config_becomes_handlers_that_say_what_they_are(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);
	struct tl_event_type type;
	char path[128];
	const char *why = NULL;

	assert_int_equal(tl_battery_build("tests/compat/config.json", f->path, &o), 12);
	assert_int_equal(f->n_problems, 0);
	assert_int_equal(f->n_built, 12);
	assert_int_equal(count_files(f->path), 12);
	snprintf(path, sizeof(path), "%s/" TL_HANDLER_OBJECT, f->path, "chmod");
	assert_int_equal(tl_handler_describe(path, &type, &why), 0);
	assert_string_equal(type.name, "chmod");
	assert_string_equal(type.args[0].name, "filename");
	assert_int_equal(type.args[0].size, 256);
	assert_int_equal(type.number[0], 90);
}

static void sources_are_kept_when_asked_for(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	o.keep_source = true;
	o.jobs = 1;
	assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, f->path, &o), 1);
	assert_int_equal(count_files(f->path), 2);
}

/* Links that lie where the source or the object go are replaced, what they lead to stays. */
static void links_in_the_folder_are_not_followed(void **state)
{
	static const char *const names[] = { TL_HANDLER_OBJECT, TL_HANDLER_SOURCE };
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);
	char precious[128], path[160], text[16] = "";
	struct stat st;
	int fd;

	snprintf(precious, sizeof(precious), "%s/precious", f->path);
	fd = open(precious, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "precious", 8), 8);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		path[snprintf(path, sizeof(path), "%s/", f->path)] = 0;
		snprintf(path + strlen(path), sizeof(path) - strlen(path), names[i], "kill"); /* NOLINT: ours */
		assert_int_equal(symlink(precious, path), 0);
	}
	o.keep_source = true;
	assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, f->path, &o), 1);
	assert_int_equal(count_files(f->path), 3);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(pread(fd, text, sizeof(text), 0), 8);
	assert_string_equal(text, "precious");
	close(fd);
}

/* In a folder of everybody somebody else decides where a link leads. */
static void a_folder_that_is_somebody_elses_link_is_refused(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);
	char link[192], real[128];

	snprintf(link, sizeof(link), "%s/link", f->path);
	snprintf(real, sizeof(real), "%s/real", f->path);
	assert_int_equal(mkdir(real, 0755), 0);
	assert_int_equal(symlink(real, link), 0);
	assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, link, &o), 1);
	if (lchown(link, 65534, 65534) == 0) {
		assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, link, &o), -ELOOP);
		assert_has(f->problem, "symbolic link");
	}
	unlink(link);
	assert_int_equal(count_files(real), 1);
	snprintf(link, sizeof(link), "%s/" TL_HANDLER_OBJECT, real, "kill");
	unlink(link);
	rmdir(real);
}

static void a_folder_that_is_missing_is_made(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, f->path, &o), 1);
	assert_int_equal(count_files(f->path), 1);
}

static void a_missing_compiler_is_one_problem(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	o.clang = "no-such-compiler";
	assert_int_equal(tl_battery_build("tests/compat/config.json", f->path, &o), -ENOENT);
	assert_int_equal(f->n_problems, 1);
	assert_has(f->problem, "no-such-compiler");
	assert_int_equal(count_files(f->path), 0);
}

static void a_compiler_that_refuses_is_quoted_and_leaves_the_old_object(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);
	char path[128], text[8] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/" TL_HANDLER_OBJECT, f->path, "kill");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	o.include_dir = "/nonexistent";
	assert_int_equal(tl_battery_build_types(tl_event_type_find("kill"), 1, f->path, &o), -EBADMSG);
	assert_int_equal(f->n_problems, 1);
	assert_has(f->problem, "kill: the compiler refused the handler");
	assert_has(f->problem, "'handler.h' file not found");
	assert_int_equal(count_files(f->path), 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	close(fd);
	assert_string_equal(text, "old");
}

static void every_refused_handler_is_a_problem(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	o.clang = "false";
	assert_int_equal(tl_battery_build("tests/compat/config.json", f->path, &o), -EBADMSG);
	assert_int_equal(f->n_problems, 12);
	assert_int_equal(count_files(f->path), 0);
}

static void a_folder_that_cannot_be_made_is_a_problem(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	assert_int_equal(tl_battery_build("tests/compat/config.json", "/nonexistent/out", &o), -ENOENT);
	assert_int_equal(f->n_problems, 1);
	assert_has(f->problem, "/nonexistent/out");
}

static void a_wrong_table_builds_nothing(void **state)
{
	struct folder *f = *state;
	struct tl_battery_options o = options_for(f);

	assert_int_equal(tl_battery_build("tests/unit/test-generate.c", f->path, &o), -EINVAL);
	assert_true(f->n_problems > 0);
	assert_int_equal(count_files(f->path), 0);
	assert_int_equal(tl_battery_build("/nonexistent", f->path, &o), -ENOENT);
}

#define folder_test(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_describes_itself_and_captures_its_arguments),
		cmocka_unit_test(every_kind_of_capture_has_its_call),
		cmocka_unit_test(a_handler_without_captures_captures_nothing),
		cmocka_unit_test(the_same_event_gives_the_same_text),
		cmocka_unit_test(what_is_no_system_call_has_no_handler),
		cmocka_unit_test(text_that_would_leave_its_string_is_refused),
		cmocka_unit_test(quotes_in_a_summary_stay_inside_the_string),
		cmocka_unit_test(the_manual_has_every_event_once),
		cmocka_unit_test(the_manual_has_every_field_of_an_event),
		cmocka_unit_test(the_manual_has_every_word_of_the_flags),
		cmocka_unit_test(a_group_of_its_own_has_a_place_in_the_manual),
		cmocka_unit_test(a_summary_cannot_become_a_request),
		cmocka_unit_test(a_full_disk_is_an_error),
		folder_test(the_original_config_becomes_handlers_that_say_what_they_are),
		folder_test(sources_are_kept_when_asked_for),
		folder_test(links_in_the_folder_are_not_followed),
		folder_test(a_folder_that_is_somebody_elses_link_is_refused),
		folder_test(a_folder_that_is_missing_is_made),
		folder_test(a_missing_compiler_is_one_problem),
		folder_test(a_compiler_that_refuses_is_quoted_and_leaves_the_old_object),
		folder_test(every_refused_handler_is_a_problem),
		folder_test(a_folder_that_cannot_be_made_is_a_problem),
		folder_test(a_wrong_table_builds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
