/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as lines like strace's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "encode-cache.h"
#include "encode-fixture.h"

static const char *line(struct fixture *f)
{
	return fixture_line(f, tl_encode_text, NULL);
}

static void an_opened_file_is_shown_behind_its_descriptor(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_string_equal(line(&f), "[pid 1235 sh] openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC) = 3 "
				      "</etc/passwd>\n");
	f.event.args[2] = O_CREAT | O_WRONLY;
	f.event.args[3] = 0600;
	assert_string_equal(line(&f), "[pid 1235 sh] openat(AT_FDCWD, \"/etc/passwd\", O_WRONLY|O_CREAT, 0600) = 3 "
				      "</etc/passwd>\n");
	f.event.file.path.flags |= TL_VALUE_DELETED;
	assert_non_null(strstr(line(&f), " = 3 </etc/passwd>(deleted)\n"));
	fixture_done(&f);
}

/* fcntl(3, ...) */
static void fcntl_init(struct fixture *f, enum tl_capture capture)
{
	fixture_init(f);
	fixture_type(&f->type, "fcntl", "file");
	fixture_arg(&f->type, "fd", "int", "fd", TL_CAPTURE_NONE);
	fixture_arg(&f->type, "cmd", "int", "fcntl_cmd", TL_CAPTURE_NONE);
	fixture_arg(&f->type, "arg", "unsigned long", "hex", capture);
	f->event.args[0] = 3;
}

static void a_call_that_is_several_has_the_arguments_of_one(void **state)
{
	struct fixture f;

	(void)state;
	fcntl_init(&f, TL_CAPTURE_NONE);
	f.event.args[1] = F_GETFL;
	f.event.ret = 0100002;
	assert_non_null(strstr(line(&f), " fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)"));
	assert_non_null(strstr(fixture_line(&f, tl_encode_json, NULL), "\"args\":{\"fd\":3,\"cmd\":3},\"args_text\":\"3, F_GETFL\""));
	f.event.args[1] = F_SETFD;
	f.event.args[2] = FD_CLOEXEC;
	f.event.ret = 0;
	assert_non_null(strstr(line(&f), " fcntl(3, F_SETFD, FD_CLOEXEC) = 0"));
	assert_non_null(strstr(fixture_line(&f, tl_encode_json, NULL), "\"args\":{\"fd\":3,\"cmd\":2,\"arg\":1}"));
	f.event.args[1] = 4711;
	assert_non_null(strstr(line(&f), " fcntl(3, 0x1267, 0x1) = 0"));
	fixture_done(&f);
}

/* A lock, and where there is none to be read a number. */
static void what_a_command_points_to_is_shown(void **state)
{
	const uint64_t lock[4] = { F_WRLCK | SEEK_END << 16, 5, 10, 0 };
	struct fixture f;

	(void)state;
	fcntl_init(&f, TL_CAPTURE_COMMAND);
	f.event.args[1] = F_SETLK;
	f.event.args[2] = 0x7fff1234;
	f.event.ret = 0;
	assert_non_null(strstr(line(&f), " fcntl(3, F_SETLK, 0x7fff1234) = 0"));
	assert_non_null(strstr(fixture_line(&f, tl_encode_json, NULL), "\"arg\":2147422772}"));
	f.event.captured[2] = fixture_bytes((const char *)lock, sizeof(lock));
	assert_non_null(strstr(line(&f), " fcntl(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_END, l_start=5, l_len=10}) = 0"));
	assert_non_null(strstr(fixture_line(&f, tl_encode_json, NULL),
			       "\"arg\":\"{l_type=F_WRLCK, l_whence=SEEK_END, l_start=5, l_len=10}\"}"));
	f.event.captured[2].flags |= TL_VALUE_FAULT;
	assert_non_null(strstr(line(&f), " fcntl(3, F_SETLK, 0x7fff1234) = 0"));
	f.event.args[1] = F_SETFD;
	f.event.args[2] = FD_CLOEXEC;
	f.event.captured[2].flags = 0;
	assert_non_null(strstr(line(&f), " fcntl(3, F_SETFD, FD_CLOEXEC) = 0"));
	fixture_done(&f);
}

static void a_failure_is_explained(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.ret = -EACCES;
	assert_string_equal(line(&f), "[pid 1235 sh] openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC) = -1 EACCES "
				      "(Permission denied)\n");
	f.event.ret = -512;
	assert_non_null(strstr(line(&f), " = ? ERESTARTSYS ("));
	f.event.ret = -4001;
	assert_non_null(strstr(line(&f), " = -1 4001 (Unknown error)\n"));
	fixture_done(&f);
}

static void the_object_is_shown_where_its_name_does_not_tell(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "unlink", "file");
	fixture_arg(&f.type, "pathname", "const char", "path", TL_CAPTURE_STRING);
	f.type.path_from = TL_FROM_NAME;
	f.type.path_name = 1;
	f.event.ret = 0;
	f.event.captured[0] = fixture_string("../passwd");
	assert_string_equal(line(&f), "[pid 1235 sh] unlink(\"../passwd\") = 0 </etc/passwd>\n");
	f.event.captured[0] = fixture_string("/etc/passwd");
	assert_string_equal(line(&f), "[pid 1235 sh] unlink(\"/etc/passwd\") = 0\n");
	fixture_arg(&f.type, "newpath", "const char", "path", TL_CAPTURE_STRING);
	f.type.target_from = TL_FROM_NAME;
	f.type.target_name = 2;
	f.event.captured[1] = fixture_string("new");
	f.event.target.path = fixture_string("/etc/new");
	assert_string_equal(line(&f), "[pid 1235 sh] unlink(\"/etc/passwd\", \"new\") = 0 -> </etc/new>\n");
	fixture_done(&f);
}

static void a_descriptor_is_followed_by_its_file(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "fchmod", "file");
	fixture_arg(&f.type, "fd", "unsigned int", "fd", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "mode", "mode_t", "mode", TL_CAPTURE_NONE);
	f.type.path_from = TL_FROM_FD;
	f.type.path_fd = 1;
	f.event.args[0] = 3;
	f.event.args[1] = 0640;
	f.event.ret = 0;
	assert_string_equal(line(&f), "[pid 1235 sh] fchmod(3</etc/passwd>, 0640) = 0\n");
	fixture_done(&f);
}

static void an_address_returned_is_in_hexadecimal(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "mmap", "memory");
	f.type.flags = TL_TYPE_RETURNS_POINTER;
	f.event.ret = 0x7f0000001000;
	assert_string_equal(line(&f), "[pid 1235 sh] mmap() = 0x7f0000001000 </etc/passwd>\n");
	fixture_done(&f);
}

static void a_socket_is_shown_with_both_ends(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "connect", "network");
	fixture_arg(&f.type, "fd", "int", "fd", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "addr", "struct sockaddr *", "sockaddr", TL_CAPTURE_SOCKADDR);
	fixture_arg(&f.type, "addrlen", "int", "", TL_CAPTURE_NONE);
	f.event.file = (struct tl_file){ 0 };
	f.event.args[0] = 5;
	f.event.args[2] = 16;
	f.event.captured[1] = fixture_bytes("\2\0\0\120\177\0\0\1\0\0\0\0\0\0\0\0", 16);
	f.event.ret = 0;
	f.event.has_socket = true;
	f.event.source = (struct tl_endpoint){ .family = AF_INET, .port = 40000, .address = { 127, 0, 0, 1 } };
	f.event.destination = (struct tl_endpoint){ .family = AF_INET6, .port = 80, .address = { [15] = 1 } };
	assert_string_equal(line(&f), "[pid 1235 sh] connect(5, {sa_family=AF_INET, sin_port=htons(80), "
				      "sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0 <127.0.0.1:40000->[::1]:80>\n");
	f.event.source = (struct tl_endpoint){ 0 };
	f.event.destination = (struct tl_endpoint){ .family = AF_UNIX, .path = fixture_bytes("\0bus>\n", 6) };
	assert_non_null(strstr(line(&f), " = 0 <->@bus>\\n>\n"));
	fixture_done(&f);
}

static void processes_begin_and_end(void **state)
{
	static struct tl_process child = { .pid = 77 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "exec", "process");
	f.type.class = TL_CLASS_PROCESS;
	f.event.kind = TL_EVENT_EXEC;
	f.event.file.path = fixture_string("/usr/bin/dash");
	assert_string_equal(line(&f), "[pid 1235 sh] exec /usr/bin/dash [\"sh\", \"-c\", \"cat /etc/passwd\"] "
				      "(parent 900 sshd)\n");
	f.process.flags = TL_PROCESS_ARGS_TRUNCATED;
	assert_non_null(strstr(line(&f), "\"cat /etc/passwd\", ...] ("));
	f.event.kind = TL_EVENT_FORK;
	f.event.child = &child;
	assert_string_equal(line(&f), "[pid 1235 sh] fork = 77\n");
	f.event.flags = TL_EVENT_THREAD;
	assert_string_equal(line(&f), "[pid 1235 sh] thread = 77\n");
	f.event.flags = 0;
	f.event.kind = TL_EVENT_EXIT;
	f.event.exit_code = 3 << 8;
	assert_string_equal(line(&f), "[pid 1235 sh] exited with 3\n");
	f.event.exit_code = 9;
	assert_string_equal(line(&f), "[pid 1235 sh] killed by SIGKILL\n");
	f.event.exit_code = 11 | 0x80;
	assert_string_equal(line(&f), "[pid 1235 sh] killed by SIGSEGV (core dumped)\n");
	fixture_done(&f);
}

static void a_loss_is_declared(void **state)
{
	struct tl_lost lost = { .count = 12, .seq_first = 100, .seq_last = 111 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.kind = TL_EVENT_LOST;
	f.event.lost = &lost;
	assert_string_equal(line(&f), "lost 12 events on cpu 1 (sequence 100-111)\n");
	lost.count = 1;
	lost.stage = "ring";
	assert_string_equal(line(&f), "lost 1 event on cpu 1 (sequence 100-111, ring)\n");
	fixture_done(&f);
}

static void records_have_their_note(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "reload", "");
	f.event.kind = TL_EVENT_RELOAD;
	f.event.note = "policy of 3 rules\n";
	assert_string_equal(line(&f), "reload: policy of 3 rules\\n\n");
	fixture_done(&f);
}

static struct tl_event_type ledger_types[1];

static const struct tl_event_type *ledger_type(const struct tl_session *s, size_t i)
{
	(void)s;
	return i < 1 ? &ledger_types[i] : NULL;
}

static int ledger_counters(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret)
{
	(void)s;
	(void)type;
	*ret = (struct tl_counters){
		.seen = 10,
		.filtered = 1,
		.aggregated = 2,
		.emitted = 6,
		.lost = 1,
		.received = 6,
		.malformed = 1,
		.internal = 1,
		.delivered = 4,
	};
	return 0;
}

static const char *ledger_refusal(struct tl_session *s, size_t i, uint64_t *ret_count)
{
	(void)s;
	*ret_count = i * 5;
	return i < 2 ? (i ? "handler" : "task-state") : NULL;
}

static void expect_ledger(const struct tl_ledger_source *source, const char *note, const char *expected)
{
	struct tl_buffer b = { 0 };

	tl_encode_ledger_text(&b, NULL, source, note);
	assert_int_equal(tl_buffer_append(&b, "", 1), 0);
	assert_string_equal(b.data, expected);
	tl_buffer_done(&b);
}

static void the_ledger_is_one_line(void **state)
{
	static const struct tl_ledger_source source = { ledger_type, ledger_counters, ledger_refusal, NULL };

	(void)state;
	fixture_type(&ledger_types[0], "openat", "file");
	expect_ledger(&source, NULL,
		      "ledger: seen 10 = delivered 4 + filtered 2 + aggregated 2 + lost 2 + under way 0; "
		      "refused: handler 5\n");
	expect_ledger(&source, "seen 1 = delivered 1: \nbalanced",
		      "ledger: seen 1 = delivered 1: \\nbalanced; refused: handler 5\n");
}

static void an_object_without_a_name_is_marked(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.file.path = fixture_string("/etc/passwd");
	f.event.file.path.flags |= TL_VALUE_DELETED;
	assert_non_null(strstr(line(&f), " = 3 </etc/passwd>(deleted)\n"));
	f.event.file.path.flags ^= TL_VALUE_DELETED | TL_VALUE_DETACHED;
	assert_non_null(strstr(line(&f), " = 3 </etc/passwd>(detached)\n"));
	/* Where the name that was asked for says it, and of a descriptor. */
	f.type.path_from = TL_FROM_AT;
	f.type.path_name = 2;
	assert_non_null(strstr(line(&f), "/etc/passwd\""));
	assert_non_null(strstr(line(&f), " = 3 </etc/passwd>(detached)\n"));
	fixture_type(&f.type, "fchmod", "file");
	fixture_arg(&f.type, "fd", "unsigned int", "fd", TL_CAPTURE_NONE);
	f.type.path_from = TL_FROM_FD;
	f.type.path_fd = 1;
	f.event.args[0] = 3;
	assert_non_null(strstr(line(&f), "fchmod(3</etc/passwd>(detached)) = "));
	/* No name of a file looks so. */
	f.event.file.path = fixture_string("/x>(deleted)");
	assert_non_null(strstr(line(&f), "fchmod(3</x\\x3e(deleted)>) = "));
	fixture_done(&f);
}

static void a_path_without_its_beginning_is_shown_as_it_is(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.file.path = fixture_string(".../b/c");
	f.event.file.path.flags |= TL_VALUE_TRUNCATED;
	assert_non_null(strstr(line(&f), " = 3 <.../b/c>\n"));
	f.event.file.path = fixture_string("/b/c");
	f.event.file.path.flags |= TL_VALUE_TRUNCATED;
	assert_non_null(strstr(line(&f), " = 3 </b/c...>\n"));
	fixture_done(&f);
}

static void an_executable_that_is_gone_is_marked(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.kind = TL_EVENT_EXEC;
	f.event.file.path = fixture_string("/tmp/x");
	assert_non_null(strstr(line(&f), "exec /tmp/x ["));
	f.event.file.path.flags |= TL_VALUE_DELETED;
	assert_non_null(strstr(line(&f), "exec </tmp/x>(deleted) ["));
	fixture_done(&f);
}

static void an_aggregate_says_how_many(void **state)
{
	const struct tl_annotation annotation = { .count = 12 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_non_null(strstr(fixture_line(&f, tl_encode_text, &annotation), " = 3 </etc/passwd> x 12\n"));
	fixture_done(&f);
}

static void a_name_does_not_end_where_it_likes(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	memcpy(f.event.comm, "x] exit() = 0 [", 16);
	assert_int_equal(strncmp(line(&f), "[pid 1235 x\\x5d exit(\\x29 = 0 [] openat(", 39), 0);
	memcpy(f.event.comm, ")]0123456789abcd", 16);
	assert_int_equal(strncmp(line(&f), "[pid 1235 \\x29\\x5d0123456789abcd] openat(", 41), 0);
	fixture_done(&f);
}

static void nothing_hostile_forges_a_line(void **state)
{
	static const char hostile[] = "x\n[pid 1 init] exit\r\033[2J\xe2\x80\xae\xff\"";
	struct fixture f;
	const char *text;

	(void)state;
	fixture_init(&f);
	memcpy(f.event.comm, hostile, sizeof(f.event.comm));
	f.event.captured[1] = f.event.file.path = fixture_string(hostile);
	text = line(&f);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	for (const char *p = text; p[1]; p++)
		assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
	assert_non_null(
		strstr(text, "openat(AT_FDCWD, \"x\\n[pid 1 init] exit\\r\\x1b[2J\\xe2\\x80\\xae\\xff\\\"\", "));
	fixture_done(&f);
}

static void what_is_not_there_is_an_address(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.captured[1] = (struct tl_bytes){ 0 };
	assert_non_null(strstr(line(&f), "(AT_FDCWD, 0x7ffd1000, "));
	f.event.args[1] = 0;
	assert_non_null(strstr(line(&f), "(AT_FDCWD, NULL, "));
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_opened_file_is_shown_behind_its_descriptor),
		cmocka_unit_test(a_call_that_is_several_has_the_arguments_of_one),
		cmocka_unit_test(what_a_command_points_to_is_shown),
		cmocka_unit_test(a_failure_is_explained),
		cmocka_unit_test(the_object_is_shown_where_its_name_does_not_tell),
		cmocka_unit_test(a_descriptor_is_followed_by_its_file),
		cmocka_unit_test(an_address_returned_is_in_hexadecimal),
		cmocka_unit_test(a_socket_is_shown_with_both_ends),
		cmocka_unit_test(processes_begin_and_end),
		cmocka_unit_test(a_loss_is_declared),
		cmocka_unit_test(records_have_their_note),
		cmocka_unit_test(the_ledger_is_one_line),
		cmocka_unit_test(an_object_without_a_name_is_marked),
		cmocka_unit_test(a_path_without_its_beginning_is_shown_as_it_is),
		cmocka_unit_test(an_executable_that_is_gone_is_marked),
		cmocka_unit_test(an_aggregate_says_how_many),
		cmocka_unit_test(a_name_does_not_end_where_it_likes),
		cmocka_unit_test(nothing_hostile_forges_a_line),
		cmocka_unit_test(what_is_not_there_is_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
