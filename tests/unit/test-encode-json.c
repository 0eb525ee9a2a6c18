/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as JSON lines. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chain.h"
#include "encode-cache.h"
#include "encode-fixture.h"
#include "encode-proto.h"
#include "fields.h"
#include "json-check.h"
#include "users.h"

#define KEEP_MAX (1 << 22)

/* Every line of every test, for jq at the end; and the fields seen in them. */
static struct tl_buffer kept;
static unsigned seen[256];

static void see(const char *path, const char *text, size_t n, void *userdata)
{
	const struct tl_field *field;

	(void)text;
	(void)n;
	(void)userdata;
	for (size_t i = 0; (field = tl_field_get(i)); i++) {
		if (tl_field_find(path) != field)
			continue;
		seen[i]++;
		return;
	}
	fail_msg("no field %s in the table", path);
}

/* Protobuf is the same line in another notation: nothing is lost on the way there and back. */
static void check_proto(const char *text)
{
	struct tl_buffer proto = { 0 }, back = { 0 };

	assert_int_equal(tl_proto_from_json(&proto, text, strlen(text)), 0);
	assert_int_equal(tl_proto_to_json(&back, proto.data, proto.size), 0);
	assert_int_equal(tl_buffer_append(&back, "", 1), 0);
	assert_string_equal(back.data, text);
	tl_buffer_done(&proto);
	tl_buffer_done(&back);
}

/* The line, after a check that it is one, that its fields are in the table, and
 * that protobuf carries it. */
static const char *line(struct fixture *f, const struct tl_annotation *annotation)
{
	const char *text = fixture_line(f, tl_encode_json, annotation);

	if (!json_line(text, strlen(text), see, NULL))
		fail_msg("not JSON: %s", text);
	check_proto(text);
	if (kept.size < KEEP_MAX)
		assert_int_equal(tl_buffer_append(&kept, text, strlen(text)), 0);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s in %s", part, text);
}

/* ---- Whole lines ---- */

static void an_openat_is_told_whole(void **state)
{
	struct fixture f;
	char want[4096];

	(void)state;
	fixture_init(&f);
	snprintf(want, sizeof(want),
		 "{\"@timestamp\":\"2026-11-26T04:00:00.123456789Z\",\"event\":{\"action\":\"openat\",\"category\":[\"file\"],"
		 "\"type\":[\"access\"],\"outcome\":\"success\",\"sequence\":42,\"id\":\"%.8s-1-42-%08x\","
		 "\"duration\":4200},\"process\":{\"pid\":1234,\"thread\":{\"id\":1235},\"entity_id\":\"0c1d2e3f-1234-77\","
		 "\"name\":\"sh\",\"executable\":\"/usr/bin/dash\",\"args\":[\"sh\",\"-c\",\"cat /etc/passwd\"],"
		 "\"command_line\":\"sh -c cat /etc/passwd\",\"working_directory\":\"/home/alice\","
		 "\"start\":\"2026-11-26T03:59:59.000000001Z\",\"parent\":{\"pid\":900,\"entity_id\":\"0c1d2e3f-900-5\","
		 "\"name\":\"sshd\",\"executable\":\"/usr/sbin/sshd\",\"command_line\":\"sshd: alice\"}},"
		 "\"user\":{\"id\":\"0\",\"name\":\"root\",\"effective\":{\"id\":\"0\",\"name\":\"root\","
		 "\"group\":{\"id\":\"101\"}},\"audit\":{\"id\":\"1000\",\"name\":\"alice\"}},\"group\":{\"id\":\"100\"},"
		 "\"file\":{\"path\":\"/etc/passwd\",\"inode\":\"131\",\"device\":\"8:1\",\"mode\":\"0644\",\"type\":\"file\"},"
		 "\"host\":{\"name\":\"%s\",\"id\":\"%s\",\"boot\":{\"id\":\"%s\"}},"
		 "\"traceleft\":{\"args\":{\"dfd\":-100,"
		 "\"filename\":\"/etc/passwd\",\"flags\":524288},"
		 "\"args_text\":\"AT_FDCWD, \\\"/etc/passwd\\\", O_RDONLY|O_CLOEXEC\",\"ret\":3,\"program_id\":7,\"cpu\":1,"
		 "\"seq\":42,\"hash\":\"0123456789abcdef\",\"netns\":4026531840,\"audit_session\":3,"
		 "\"cgroup\":\"/user.slice/session-3.scope\",\"unit\":\"session-3.scope\",\"mntns\":4026531841,"
		 "\"inner_pid\":7}}\n",
		 tl_host()->boot_id, (unsigned)(f.event.time & 0xffffffff), tl_host()->name, tl_host()->machine_id,
		 tl_host()->boot_id);
	assert_string_equal(line(&f, NULL), want);
	assert_string_equal(line(&f, NULL), want); /* from what was kept */
	fixture_done(&f);
}

static void a_failure_has_its_errors_name(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.ret = -EACCES;
	f.event.file.path.flags |= TL_VALUE_CLAIM;
	f.event.file.has_facts = false;
	has(line(&f, NULL), "\"outcome\":\"failure\"");
	has(line(&f, NULL), "\"ret\":-13,\"errno\":\"EACCES\",");
	has(line(&f, NULL), "\"file\":{\"path\":\"/etc/passwd\"},");
	has(line(&f, NULL), "\"flags\":[\"claim\"]}}\n");
	f.event.ret = -EINPROGRESS;
	has(line(&f, NULL), "\"outcome\":\"unknown\"");
	f.event.ret = -4000;
	has(line(&f, NULL), "\"errno\":\"4000\"");
	f.event.ret = -5000; /* no error: an address or an offset */
	has(line(&f, NULL), "\"outcome\":\"success\"");
	has_not(line(&f, NULL), "errno");
	fixture_done(&f);
}

static void the_rule_and_its_targets_are_named(void **state)
{
	static const char *const tags[] = { "identity", "with \"quote\"" };
	static const char *const names[] = { "web", "people", "third" };
	const uint64_t targets[2] = { 5 | 1ULL << 40, 1 };
	const struct tl_annotation annotation = {
		.rule = "etc-changes", .tags = tags, .n_tags = 2, .severity = "warning", .stream = "s", .group = "g",
		.target_names = names, .n_target_names = 3, .count = 12, .first = 1000000000, .last = 2000000001,
		.bytes = 4096,
	};
	struct fixture f;
	const char *text;

	(void)state;
	fixture_init(&f);
	f.event.targets = targets;
	f.event.n_target_words = 2;
	text = line(&f, &annotation);
	has(text, "},\"rule\":{\"name\":\"etc-changes\"},\"tags\":[\"identity\",\"with \\\"quote\\\"\"],"
		  "\"log\":{\"level\":\"warning\"},\"host\"");
	has(text, "\"targets\":[\"web\",\"third\"],\"program_id\"");
	has(text, "\"stream\":\"s\",\"group\":\"g\",\"count\":12,\"first\":\"1970-01-01T00:00:01.000000000Z\","
		  "\"last\":\"1970-01-01T00:00:02.000000001Z\",\"bytes\":4096}}\n");
	has_not(line(&f, NULL), "targets");
	fixture_done(&f);
}

static void flags_say_what_to_know_about_the_values(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.flags = TL_EVENT_TRUNCATED | TL_EVENT_INCOMPLETE | TL_EVENT_UNKNOWN_PROCESS;
	f.event.file.path.flags |= TL_VALUE_DELETED | TL_VALUE_DETACHED;
	f.process.flags = TL_PROCESS_ARGS_TRUNCATED | TL_PROCESS_DELETED;
	f.event.captured[1].flags = TL_VALUE_PRESENT | TL_VALUE_FAULT;
	has(line(&f, NULL), "\"flags\":[\"truncated\",\"incomplete\",\"deleted\",\"detached\",\"unknown_process\","
			    "\"args_truncated\",\"executable_deleted\"]}}\n");
	has(line(&f, NULL), "\"filename\":null,");
	has(line(&f, NULL), "\"args_text\":\"AT_FDCWD, 0x7ffd1000, O_RDONLY|O_CLOEXEC\"");
	fixture_done(&f);
}

static void arguments_keep_their_types(void **state)
{
	struct fixture f;
	const char *text;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "call", "");
	fixture_arg(&f.type, "signed", "long", "", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "big", "unsigned long", "", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "address", "void *", "", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "none", "void *", "", TL_CAPTURE_NONE);
	fixture_arg(&f.type, "list", "char *const *", "argv", TL_CAPTURE_ARGV);
	fixture_arg(&f.type, "to \"x\"", "struct sockaddr *", "sockaddr", TL_CAPTURE_SOCKADDR);
	f.event.args[0] = (uint64_t)-1;
	f.event.args[1] = UINT64_MAX;
	f.event.args[2] = 0x7ffd12345678;
	f.event.args[3] = 0;
	f.event.captured[1] = (struct tl_bytes){ 0 };
	f.event.captured[4] = fixture_bytes("a\0b\"\0", 5);
	f.event.captured[5] = fixture_bytes("\2\0\0\120\177\0\0\1\0\0\0\0\0\0\0\0", 16);
	text = line(&f, NULL);
	has(text, "\"args\":{\"signed\":-1,\"big\":18446744073709551615,\"address\":\"0x7ffd12345678\",\"none\":null,"
		  "\"list\":[\"a\",\"b\\\"\"],\"to \\\"x\\\"\":\"{sa_family=AF_INET, sin_port=htons(80), "
		  "sin_addr=inet_addr(\\\"127.0.0.1\\\")}\"},");
	has(text, "\"args_text\":\"-1, 18446744073709551615, 0x7ffd12345678, NULL, [\\\"a\\\", \\\"b\\\\\\\"\\\"], {sa_");
	has(text, "\"category\":[\"api\"],\"type\":[\"info\"]");
	fixture_done(&f);
}

/* It is whole in "args", so the list may be short. */
static void a_long_buffer_is_short_in_the_list(void **state)
{
	static const char zeros[40];
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "write", "file");
	fixture_arg(&f.type, "buf", "const void *", "", TL_CAPTURE_BUFFER);
	fixture_arg(&f.type, "name", "const char *", "", TL_CAPTURE_STRING);
	f.event.captured[0] = fixture_bytes("0123456789\n\"\\\0001234567890123456789", 33);
	f.event.captured[1] = fixture_bytes("a name of more than thirty-two bytes", 36);
	has(line(&f, NULL), "\"args\":{\"buf\":\"0123456789\\\\x0a\\\"\\\\\\\\x001234567890123456789\",\"name\":\"a name of "
			    "more than thirty-two bytes\"},\"args_text\":\"\\\"0123456789\\\\n\\\\\\\"\\\\\\\\\\\\x00123456789012345678"
			    "\\\"..., \\\"a name of more than thirty-two bytes\\\"\",");
	f.event.captured[0] = fixture_bytes("01234567890123456789012345678901", 32);
	has(line(&f, NULL), "\"args_text\":\"\\\"01234567890123456789012345678901\\\", ");
	f.event.captured[0].flags |= TL_VALUE_TRUNCATED;
	has(line(&f, NULL), "\"args_text\":\"\\\"01234567890123456789012345678901\\\"..., ");
	f.event.captured[0] = fixture_bytes(zeros, sizeof(zeros));
	has(line(&f, NULL), "\\\\x00\\\\x00\\\"..., ");
	assert_null(strstr(line(&f, NULL), "truncated"));
	f.event.captured[0].flags |= TL_VALUE_FAULT;
	f.event.args[0] = 0x1000;
	has(line(&f, NULL), "\"args_text\":\"0x1000, ");
	fixture_done(&f);
}

/* A type may be freed and another take its address, or the name and not the rest stay. */
static void another_type_at_the_same_address_is_noticed(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	has(line(&f, NULL), "\"action\":\"openat\"");
	snprintf(f.type.name, sizeof(f.type.name), "mkdir");
	has(line(&f, NULL), "\"action\":\"mkdir\",\"category\":[\"file\"],\"type\":[\"creation\"]");
	snprintf(f.type.args[1].name, sizeof(f.type.args[1].name), "pathname");
	has(line(&f, NULL), "\"pathname\":\"/etc/passwd\"");
	fixture_done(&f);
}

/* ---- Processes ---- */

static void a_change_of_the_process_shows(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	has(line(&f, NULL), "\"executable\":\"/usr/bin/dash\"");
	f.process.executable = "/usr/bin/id";
	f.process.generation++;
	has(line(&f, NULL), "\"executable\":\"/usr/bin/id\"");
	f.parent.comm[0] = 'S';
	f.parent.generation++;
	has(line(&f, NULL), "\"name\":\"Sshd\"");
	f.process.parent = NULL;
	has(line(&f, NULL), "\"parent\":{\"pid\":900}}");
	f.event.euid = 65534;
	f.event.loginuid = UINT32_MAX;
	has(line(&f, NULL), "\"effective\":{\"id\":\"65534\",\"name\":\"nobody\",\"group\":{\"id\":\"101\"}}},\"group\"");
	f.event.uid = 4242;
	has(line(&f, NULL), "\"user\":{\"id\":\"4242\",\"effective\"");
	f.process.container_id = "0123abcd";
	f.process.pidns = 4026531836;
	f.process.generation++;
	has(line(&f, NULL), "\"container\":{\"id\":\"0123abcd\"},\"file\"");
	has(line(&f, NULL), "\"pidns\":4026531836");
	fixture_done(&f);
}

/* A chain of processes `name`-0, -1 and so on, each the child of the next. */
static void make_chain(struct tl_process *chain, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		chain[i] = (struct tl_process){ .pid = 800 - (uint32_t)i, .executable = "/sbin/init", .generation = 10 + i };
		snprintf(chain[i].entity_id, sizeof(chain[i].entity_id), "boot-%u-1", chain[i].pid);
		chain[i].parent = i + 1 < n ? &chain[i + 1] : NULL;
	}
}

static void who_is_above_the_parent_is_told_up_to_the_first(void **state)
{
	struct tl_process chain[TL_ANCESTORS_MAX + 8];
	struct fixture f;

	(void)state;
	fixture_init(&f);
	has_not(line(&f, NULL), "ancestors");
	make_chain(chain, 2);
	chain[0].executable = "/usr/bin/login";
	f.parent.parent = chain;
	has(line(&f, NULL), "\"ancestors\":[{\"pid\":800},{\"pid\":799}]");
	f.event.kind = TL_EVENT_EXEC;
	has(line(&f, NULL), "\"ancestors\":[{\"pid\":800,\"entity_id\":\"boot-800-1\",\"executable\":\"/usr/bin/login\"},"
			    "{\"pid\":799,\"entity_id\":\"boot-799-1\",\"executable\":\"/sbin/init\"}]");
	/* The last of them runs another program. */
	chain[1].executable = "/sbin/other";
	chain[1].generation = 100;
	has(line(&f, NULL), "\"executable\":\"/sbin/other\"}]");
	make_chain(chain, TL_ANCESTORS_MAX + 8);
	f.parent.generation++;
	has(line(&f, NULL), "{\"pid\":770,"); /* with the parent 32 */
	has_not(line(&f, NULL), "{\"pid\":769,");
	f.event.kind = TL_EVENT_SYSCALL;
	has(line(&f, NULL), ",{\"pid\":770}]");
	fixture_done(&f);
}

/* "é" over the end of what is shown of them. */
static void long_arguments_are_whole_where_the_process_is_told_of(void **state)
{
	static char args[TL_ENCODE_ARGS_MAX + 100] = "a\0b";
	struct fixture f;

	(void)state;
	fixture_init(&f);
	memset(args + 4, 'x', sizeof(args) - 5);
	memcpy(args + TL_ENCODE_ARGS_MAX - 1, "\xc3\xa9", 2);
	f.process.args = args;
	f.process.args_size = sizeof(args);
	f.process.n_args = 3;
	has(line(&f, NULL), "xxx\"],\"command_line\":\"a b xxx");
	has(line(&f, NULL), "\"flags\":[\"args_truncated\"]");
	has_not(line(&f, NULL), "\xc3\xa9");
	f.event.kind = TL_EVENT_EXEC;
	has(line(&f, NULL), "xxx\xc3\xa9xxx");
	has_not(line(&f, NULL), "args_truncated");
	f.event.kind = TL_EVENT_SYSCALL;
	f.process.args_size = TL_ENCODE_ARGS_MAX - 1;
	f.process.generation++;
	has_not(line(&f, NULL), "args_truncated");
	f.parent.args = args;
	f.parent.args_size = sizeof(args);
	f.parent.generation++;
	f.process.generation++;
	has(line(&f, NULL), "\"flags\":[\"args_truncated\"]");
	fixture_done(&f);
}

static void who_the_process_was_and_is_is_told(void **state)
{
	struct tl_identity before = { .euid = 1000, .suid = 1000, .fsuid = 1000, .permitted = 1, .inheritable = 1,
				      .effective = 1, .bounding = 3, .ambient = 1 };
	struct tl_identity after = { .euid = 1001, .permitted = 1, .inheritable = 1, .effective = 0x21, .bounding = 3,
				     .ambient = 1 };
	const char *text;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.before = &before;
	f.event.after = &after;
	text = line(&f, NULL);
	/* What is the same on both sides is left out, but for the ids. */
	has(text, ",\"before\":{\"uid\":0,\"euid\":1000,\"suid\":1000,\"fsuid\":1000,\"gid\":0,\"egid\":0,\"sgid\":0,"
		  "\"fsgid\":0,\"cap_effective\":[\"CAP_CHOWN\"]},\"after\":{\"uid\":0,\"euid\":1001,");
	has(text, "\"fsgid\":0,\"cap_effective\":[\"CAP_CHOWN\",\"CAP_KILL\"]},\"program_id\"");
	after.effective = 0;
	/* None is no array. */
	has(line(&f, NULL), "\"fsgid\":0},\"program_id\"");
	memset(&after.inheritable, 0xff, sizeof(after) - offsetof(struct tl_identity, inheritable));
	text = line(&f, NULL);
	has(text, "\"fsgid\":0,\"cap_effective\":[\"CAP_CHOWN\"],\"cap_permitted\":[\"CAP_CHOWN\"],\"cap_inheritable\":["
		  "\"CAP_CHOWN\"],\"cap_bounding\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"],\"cap_ambient\":[\"CAP_CHOWN\"],"
		  "\"mntns\":0,");
	has(text, "\"fsgid\":0,\"cap_effective\":[\"CAP_CHOWN\",");
	has(text, "\"userns\":4294967295,\"child_pidns\":4294967295,\"child_timens\":4294967295},");
	f.event.before = NULL;
	has_not(line(&f, NULL), "before");
	has(line(&f, NULL), "\"after\":{\"uid\":0,");
	fixture_done(&f);
}

static void the_process_that_a_call_is_about_is_told(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.other = &f.parent;
	f.event.other_tid = 900;
	f.event.other_uid = 1000;
	has(line(&f, NULL), "\"target\":{\"pid\":900,\"entity_id\":\"0c1d2e3f-900-5\",\"name\":\"sshd\","
			    "\"executable\":\"/usr/sbin/sshd\",\"uid\":1000},");
	/* The kernel's word comes first; a name may be anything. */
	f.event.other_tid = 901;
	f.event.other_executable = fixture_string("/usr/\"x\"\n");
	has(line(&f, NULL), "\"target\":{\"pid\":900,\"tid\":901,");
	has(line(&f, NULL), "\"executable\":\"/usr/\\\"x\\\"\\\\x0a\",\"uid\"");
	fixture_done(&f);
}

static void which_module_was_loaded_is_told(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	has_not(line(&f, NULL), "\"module\"");
	f.event.module = fixture_string("nf_\"x\"");
	has(line(&f, NULL), "\"module\":\"nf_\\\"x\\\"\",");
	fixture_done(&f);
}

static void who_is_at_the_other_end_of_a_socket_is_told(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.has_peer = true;
	f.event.peer_pid = 900;
	f.event.peer_uid = 1000;
	f.event.peer_gid = 100;
	has(line(&f, NULL), "\"peer\":{\"pid\":900,\"uid\":1000,\"gid\":100},"); /* it is gone */
	f.event.peer = &f.parent;
	f.event.peer_executable = fixture_string("/usr/\"x\"\n");
	has(line(&f, NULL), "\"peer\":{\"pid\":900,\"entity_id\":\"0c1d2e3f-900-5\",\"name\":\"sshd\","
			    "\"executable\":\"/usr/\\\"x\\\"\\\\x0a\",\"uid\":1000,\"gid\":100},");
	fixture_done(&f);
}

static void a_thread_may_have_a_name_of_its_own(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	memcpy(f.event.comm, "worker", 7);
	has(line(&f, NULL), "\"thread\":{\"id\":1235,\"name\":\"worker\"},\"entity_id\"");
	fixture_done(&f);
}

static void a_process_of_which_only_the_pid_is_known_is_told(void **state)
{
	static struct tl_process unknown = { .pid = 1234, .flags = TL_PROCESS_UNKNOWN };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.process = &unknown;
	has(line(&f, NULL), "\"process\":{\"pid\":1234,\"thread\":{\"id\":1235},\"name\":\"sh\"},\"user\"");
	has(line(&f, NULL), "\"flags\":[\"unknown_process\"]");
	memcpy(f.event.comm, "other", 6);
	has(line(&f, NULL), "\"name\":\"other\"}");
	fixture_done(&f);
}

/* More processes than are kept, in any order: each line has its own facts. */
static void many_processes_do_not_mix(void **state)
{
	static struct tl_process processes[3000];
	char want[64];
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (unsigned i = 0; i < 3000; i++) {
		processes[i] = f.process;
		processes[i].pid = i + 1;
		snprintf(processes[i].entity_id, sizeof(processes[i].entity_id), "boot-%u-", i);
	}
	srandom(1);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned which = (unsigned)random() % (i % 2 ? 3000 : 50);

		f.event.process = &processes[which];
		snprintf(want, sizeof(want), "\"entity_id\":\"boot-%u-\"", which);
		has(fixture_line(&f, tl_encode_json, NULL), want);
	}
	fixture_done(&f);
}

static void a_fork_names_the_child(void **state)
{
	static struct tl_process child = { .pid = 77, .entity_id = "boot-77-9" };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "fork", "process");
	f.type.class = TL_CLASS_PROCESS;
	f.event.kind = TL_EVENT_FORK;
	f.event.child = &child;
	f.event.flags = TL_EVENT_THREAD;
	f.event.ret = 77;
	has(line(&f, NULL), "\"action\":\"fork\",\"category\":[\"process\"],\"type\":[\"start\"]");
	has(line(&f, NULL), "\"traceleft\":{\"ret\":77,\"child\":{\"pid\":77,\"entity_id\":\"boot-77-9\"},\"program_id\"");
	has(line(&f, NULL), "\"flags\":[\"thread\"]");
	fixture_done(&f);
}

static void an_exit_tells_how(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "exit", "process");
	f.type.class = TL_CLASS_PROCESS;
	f.event.kind = TL_EVENT_EXIT;
	f.event.exit_code = 3 << 8;
	f.event.utime = 1000;
	f.event.stime = 2000;
	has(line(&f, NULL), "\"thread\":{\"id\":1235},\"exit_code\":3,\"entity_id\"");
	has(line(&f, NULL), "\"type\":[\"end\"]");
	has(line(&f, NULL), "\"traceleft\":{\"utime\":1000,\"stime\":2000,");
	f.event.exit_code = 9;
	has(line(&f, NULL), "\"exit_code\":137,");
	has(line(&f, NULL), "\"signal\":\"SIGKILL\",");
	f.event.exit_code = 35;
	has(line(&f, NULL), "\"signal\":\"35\",");
	fixture_done(&f);
}

/* ---- Network ---- */

static void a_connection_has_both_ends(void **state)
{
	struct fixture f;
	const char *text;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "connect", "network");
	f.type.class = TL_CLASS_NETWORK;
	f.event.file = (struct tl_file){ 0 };
	f.event.has_socket = true;
	f.event.socket_netns = 99;
	f.event.socket_protocol = IPPROTO_TCP;
	f.event.source = (struct tl_endpoint){ .family = AF_INET, .port = 40000, .address = { 127, 0, 0, 1 } };
	f.event.destination = (struct tl_endpoint){ .family = AF_INET, .port = 80, .address = { 10, 200, 30, 4 } };
	text = line(&f, NULL);
	has(text, "\"category\":[\"network\"],\"type\":[\"connection\",\"start\"]");
	has(text, "},\"source\":{\"ip\":\"127.0.0.1\",\"port\":40000},\"destination\":{\"ip\":\"10.200.30.4\",\"port\":80},"
		  "\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\"},\"host\"");
	has(text, "\"netns\":99");
	f.event.socket_protocol = IPPROTO_MPTCP;
	has(line(&f, NULL), "\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\"}");
	f.event.socket_protocol = IPPROTO_TCP;
	f.event.has_bytes = true;
	f.event.source_bytes = 5;
	has(line(&f, NULL), "},\"source\":{\"ip\":\"127.0.0.1\",\"port\":40000,\"bytes\":5},\"destination\":{\"ip\":"
			    "\"10.200.30.4\",\"port\":80,\"bytes\":0},");
	f.event.has_bytes = false;
	f.event.source.domain = "a.example";
	f.event.destination.domain = "b.example";
	has(line(&f, NULL), "\"port\":40000,\"domain\":\"a.example\"},\"destination\":{\"ip\":\"10.200.30.4\",\"port\":80,"
			    "\"domain\":\"b.example\"},");
	fixture_type(&f.type, "net_close", "network");
	f.type.class = TL_CLASS_NETWORK;
	has(line(&f, NULL), "\"action\":\"close\",\"category\":[\"network\"],\"type\":[\"connection\",\"end\"]");
	f.event.destination = (struct tl_endpoint){ .family = AF_INET6, .port = 53, .address = { [0] = 0x20, [1] = 1, [15] = 1 } };
	f.event.source = (struct tl_endpoint){ 0 };
	f.event.socket_protocol = IPPROTO_UDP;
	has(line(&f, NULL), "},\"destination\":{\"ip\":\"2001::1\",\"port\":53},\"network\":{\"transport\":\"udp\",\"type\":\"ipv6\"}");
	fixture_done(&f);
}

static void a_question_and_its_answer(void **state)
{
	struct tl_dns dns = { .type = 28, .name = "a.\x1b\"x" };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.dns = &dns;
	has(line(&f, NULL), ",\"dns\":{\"type\":\"query\",\"question\":{\"name\":\"a.\\\\x1b\\\"x\",\"type\":\"AAAA\"}},");
	dns = (struct tl_dns){ .is_answer = true, .code = 0, .type = 999, .name = "b", .n_addresses = 2 };
	dns.addresses[0] = (struct tl_endpoint){ .family = AF_INET, .address = { 192, 0, 2, 1 } };
	dns.addresses[1] = (struct tl_endpoint){ .family = AF_INET6, .address = { [15] = 1 } };
	has(line(&f, NULL), ",\"dns\":{\"type\":\"answer\",\"question\":{\"name\":\"b\",\"type\":\"TYPE999\"},"
			    "\"response_code\":\"NOERROR\",\"resolved_ip\":[\"192.0.2.1\",\"::1\"]},");
	fixture_done(&f);
}

static void an_end_that_is_not_set_is_left_out(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.has_socket = true;
	f.event.socket_protocol = IPPROTO_TCP;
	f.event.source = (struct tl_endpoint){ .family = AF_INET, .port = 80 };
	f.event.destination = (struct tl_endpoint){ .family = AF_INET };
	has(line(&f, NULL), "},\"source\":{\"ip\":\"0.0.0.0\",\"port\":80},\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\"}");
	fixture_done(&f);
}

static void a_unix_socket_has_an_address(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.has_socket = true;
	f.event.source = (struct tl_endpoint){ .family = AF_UNIX, .path = fixture_bytes("\0bus\n", 5) };
	f.event.destination = (struct tl_endpoint){ .family = AF_UNIX, .path = fixture_string("/run/x") };
	has(line(&f, NULL), "\"source\":{\"address\":\"@bus\\\\x0a\"},\"destination\":{\"address\":\"/run/x\"},"
			    "\"network\":{\"type\":\"unix\"}");
	has(line(&f, NULL), "\"flags\":[\"escaped\"]");
	fixture_done(&f);
}

static void several_ends_are_listed_from_the_first_on(void **state)
{
	struct tl_endpoint further[] = { { .family = AF_INET6, .port = 53, .address = { [15] = 1 } },
					 { .family = AF_UNIX, .path = fixture_bytes("\0bus\n", 5) } };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.has_socket = true;
	f.event.source = (struct tl_endpoint){ .family = AF_INET, .port = 7, .address = { 127, 0, 0, 1 } };
	f.event.destination = (struct tl_endpoint){ .family = AF_INET, .port = 80, .address = { 10, 200, 30, 4 } };
	has_not(line(&f, NULL), "endpoints");
	f.event.further = further;
	f.event.n_further = 2;
	has(line(&f, NULL), "\"endpoints\":[\"10.200.30.4:80\",\"[::1]:53\",\"@bus\\\\x0a\"],");
	has(line(&f, NULL), "\"flags\":[\"escaped\"]");
	f.event.n_further = 1;
	f.event.further_are_sources = true;
	has(line(&f, NULL), "\"endpoints\":[\"127.0.0.1:7\",\"[::1]:53\"],");
	fixture_done(&f);
}

static void an_end_of_another_machine_has_its_number(void **state)
{
	const uint32_t any = UINT32_MAX, host = 2;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.has_socket = true;
	f.event.source = (struct tl_endpoint){ .family = AF_VSOCK, .port = any };
	memcpy(f.event.source.address, &any, sizeof(any));
	f.event.destination = (struct tl_endpoint){ .family = AF_VSOCK, .port = 70000 };
	memcpy(f.event.destination.address, &host, sizeof(host));
	has(line(&f, NULL), "\"source\":{\"address\":\"4294967295\",\"port\":4294967295},"
			    "\"destination\":{\"address\":\"2\",\"port\":70000},\"network\":{\"type\":\"vsock\"}");
	f.event.source = (struct tl_endpoint){ .family = AF_VSOCK };
	has_not(line(&f, NULL), "\"source\":{");
	fixture_done(&f);
}

static void a_call_by_another_door_says_so(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	has_not(line(&f, NULL), "\"nr\"");
	f.event.abi = TL_ABI_I386;
	f.event.nr = 295;
	has(line(&f, NULL), "\"abi\":\"i386\",\"nr\":295");
	fixture_done(&f);
}

static void a_rename_has_two_paths(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.target.path = fixture_string("/etc/passwd.new");
	has(line(&f, NULL), "\"type\":\"file\",\"target_path\":\"/etc/passwd.new\"},");
	f.event.file = (struct tl_file){ .has_facts = true, .mode = 0040755, .inode = 2 };
	f.event.target = (struct tl_file){ 0 };
	has(line(&f, NULL), "\"file\":{\"inode\":\"2\",\"device\":\"0:0\",\"mode\":\"0755\",\"type\":\"dir\"},");
	fixture_done(&f);
}

/* ---- TraceLeft's own records ---- */

static void a_loss_is_declared(void **state)
{
	const struct tl_lost tasks = { .count = 1, .stage = "cgroup", .unit = "refusals" };
	const struct tl_lost lost = { .count = 12, .seq_first = 100, .seq_last = 111, .time_first = 1000000000,
				      .time_last = 2000000000, .stage = "ring" };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "lost", "");
	f.type.class = TL_CLASS_RECORD;
	f.event.kind = TL_EVENT_LOST;
	f.event.duration = 0;
	f.event.ret = 0;
	f.event.lost = &lost;
	has(line(&f, NULL), "\"event\":{\"action\":\"lost\",\"category\":[\"host\"],\"type\":[\"info\"],\"outcome\":\"success\"");
	has(line(&f, NULL), "\"traceleft\":{\"cpu\":1,\"seq\":42,\"count\":12,\"seq_first\":100,\"seq_last\":111,"
			    "\"stage\":\"ring\",\"first\":\"1970-01-01T00:00:01.000000000Z\","
			    "\"last\":\"1970-01-01T00:00:02.000000000Z\"}}\n");
	has_not(line(&f, NULL), "\"process\"");
	f.event.lost = &tasks;
	has(line(&f, NULL), "\"stage\":\"cgroup\",\"counted\":\"refusals\"");
	fixture_done(&f);
}

static void a_result_is_its_key_and_its_numbers(void **state)
{
	const struct tl_key_value key[] = {
		{ .name = "path", .text = "/a\"b", .size = 4 },
		{ .name = "uid", .text = "0", .size = 1, .is_number = true },
		{ .name = "daddr", .is_missing = true },
	};
	const struct tl_annotation annotation = {
		.rule = "r", .result = "count", .count = 3, .first = 1000000000, .last = 2000000000, .bytes = 12,
		.key = key, .n_key = 3,
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.flags = TL_EVENT_RESULT;
	has(line(&f, &annotation), "\"outcome\":\"unknown\"");
	has(line(&f, &annotation), ",\"file\":{\"path\":\"/a\\\"b\"},\"user\":{\"id\":\"0\"},\"rule\":{\"name\":\"r\"}");
	has(line(&f, &annotation),
	    "\"traceleft\":{\"program_id\":0,\"result\":\"count\","
	    "\"key\":{\"path\":\"/a\\\"b\",\"uid\":0,\"daddr\":null},"
	    "\"count\":3,\"first\":\"1970-01-01T00:00:01.000000000Z\",\"last\":\"1970-01-01T00:00:02.000000000Z\","
	    "\"bytes\":12}}\n");
	has_not(line(&f, &annotation), "\"ret\"");
	has_not(line(&f, &annotation), "\"process\"");
	fixture_done(&f);
}

static void a_line_says_where_it_stands_in_its_output(void **state)
{
	struct tl_chain chain = { 0 };
	struct tl_annotation annotation = { .chain = &chain };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.cpu = 3;
	f.event.seq = 1;
	assert_int_equal(tl_chain_reserve(&chain, &f.event), 0);
	has_not(line(&f, &annotation), "seq_previous");
	tl_chain_note(&chain, &f.event, &annotation);
	f.event.seq = 2;
	has_not(line(&f, &annotation), "seq_previous");
	f.event.seq = 5;
	has(line(&f, &annotation), "\"cpu\":3,\"seq\":5,\"seq_previous\":1");
	tl_chain_note(&chain, &f.event, &annotation);
	annotation.result = "first";
	annotation.count = 2;
	has(line(&f, &annotation), "\"seq\":5,\"record\":1");
	tl_chain_note(&chain, &f.event, &annotation);
	has(line(&f, &annotation), "\"record\":2");
	annotation.result = NULL;
	f.event.seq = 6;
	has_not(line(&f, &annotation), "seq_previous");
	tl_chain_done(&chain);
	fixture_done(&f);
}

static void a_start_says_who_and_why(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "start", "");
	f.type.class = TL_CLASS_RECORD;
	f.event.kind = TL_EVENT_START;
	f.event.note = "by root\n";
	has(line(&f, NULL), "},\"message\":\"by root\\\\x0a\",\"host\"");
	has(line(&f, NULL), "\"flags\":[\"escaped\"]");
	fixture_done(&f);
}

static void a_record_says_who_asked_for_it(void **state)
{
	struct tl_requester who = { .pid = 7, .uid = 0, .loginuid = 1000, .name = "sh", .unit = "x\n.scope",
				    .executable = "/bin/sh" };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "stop", "");
	f.type.class = TL_CLASS_RECORD;
	f.event.kind = TL_EVENT_STOP;
	f.event.requester = &who;
	has(line(&f, NULL), ",\"requester\":{\"pid\":7,\"name\":\"sh\",\"executable\":\"/bin/sh\",\"unit\":\"x\\\\x0a.scope\","
			    "\"uid\":0,\"loginuid\":1000},\"flags\":[\"escaped\"]}}");
	who = (struct tl_requester){ .pid = 7, .uid = UINT32_MAX, .loginuid = UINT32_MAX };
	has(line(&f, NULL), ",\"requester\":{\"pid\":7}}}");
	fixture_done(&f);
}

static void a_seal_says_of_what_it_is(void **state)
{
	struct tl_file_seal seal = { .file = "/var/log/a\nb", .kind = "interval", .format = "json", .number = 7,
				     .offset = 10, .bytes = 20 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "seal", "");
	f.type.class = TL_CLASS_RECORD;
	f.event.kind = TL_EVENT_SEAL;
	f.event.seal = &seal;
	memset(seal.previous, 'a', TL_FILE_SEAL_HEX);
	memset(seal.hash, 'b', TL_FILE_SEAL_HEX);
	has(line(&f, NULL), "\"seal\":{\"file\":\"/var/log/a\\\\x0ab\",\"kind\":\"interval\",\"format\":\"json\",\"number\":7,"
			    "\"offset\":10,\"bytes\":20,\"previous\":\"aaaa");
	has(line(&f, NULL), "bbbb\"},\"flags\":[\"escaped\"]}}");
	fixture_done(&f);
}

static void tampering_says_with_what_and_since_when(void **state)
{
	const struct tl_tamper tamper = { .kind = "program", .object = "openat, ex\nec", .state = "found",
					  .time_first = UINT64_C(1000000000), .time_last = UINT64_C(3000000000) };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fixture_type(&f.type, "tamper", "");
	f.type.class = TL_CLASS_RECORD;
	f.event.kind = TL_EVENT_TAMPER;
	f.event.tamper = &tamper;
	f.event.note = "gone";
	has(line(&f, NULL), ",\"message\":\"gone\",");
	has(line(&f, NULL), ",\"first\":\"1970-01-01T00:00:01.000000000Z\",\"last\":\"1970-01-01T00:00:03.000000000Z\","
			    "\"tamper\":{\"kind\":\"program\",\"object\":\"openat, ex\\\\x0aec\",\"state\":\"found\"},"
			    "\"flags\":[\"escaped\"]}}");
	fixture_done(&f);
}

static struct tl_event_type ledger_types[2];

static const struct tl_event_type *ledger_type(const struct tl_session *s, size_t i)
{
	(void)s;
	return i < 2 ? &ledger_types[i] : NULL;
}

static int ledger_counters(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret)
{
	uint64_t n = type ? 1 + (uint64_t)(type - ledger_types) : 3;

	(void)s;
	*ret = (struct tl_counters){
		.seen = n * 20, .filtered = n, .aggregated = n * 2, .emitted = n * 16, .lost = n, .received = n * 15,
		.malformed = n, .internal = n * 2, .reader_filtered = n * 3, .reader_aggregated = n * 4,
		.reader_lost = n, .delivered = n * 4,
	};
	return 0;
}

static const char *ledger_refusal(struct tl_session *s, size_t i, uint64_t *ret_count)
{
	(void)s;
	*ret_count = i * 5;
	return i < 2 ? (i ? "handler" : "task-state") : NULL;
}

static uint64_t ledger_unaudited(struct tl_session *s)
{
	(void)s;
	return 7;
}

static const struct tl_ledger_source ledger_source = {
	ledger_type, ledger_counters, ledger_refusal, ledger_unaudited
};

static void the_ledger_is_the_whole_balance(void **state)
{
	const struct tl_ledger_rule rules[] = { { "a\"", 9, 1, 2, 5, 1, 3, 4 }, { .name = "b" } };
	const struct tl_ledger_output output = { "log", 6, 3, 2, 1 };
	const struct tl_ledger_view view = { rules, 2, &output, 1 };
	uint64_t last[] = { 5, 0, 7 };
	const struct tl_chain chain = { .last = last, .n_cpus = 3 };
	struct tl_buffer b = { 0 };

	(void)state;
	fixture_type(&ledger_types[0], "openat", "file");
	fixture_type(&ledger_types[1], "close", "file");
	assert_int_equal(tl_buffer_append(&b, "{\"traceleft\":{\"cpu\":0", 21), 0);
	tl_encode_ledger_json(&b, NULL, &ledger_source, &view, &chain);
	assert_int_equal(tl_buffer_append(&b, "}}\n", 4), 0);
	assert_true(json_line(b.data, b.size - 1, see, NULL));
	check_proto(b.data);
	assert_string_equal(b.data,
		"{\"traceleft\":{\"cpu\":0,\"ledger\":{\"total\":{\"seen\":60,\"filtered\":3,\"aggregated\":6,\"emitted\":48,"
		"\"lost\":3,\"received\":45,\"malformed\":3,\"internal\":6,\"reader_filtered\":9,"
		"\"reader_aggregated\":12,\"reader_lost\":3,\"delivered\":12},"
		"\"balance\":{\"seen\":60,\"delivered\":12,\"filtered\":18,\"aggregated\":18,\"lost\":9,\"under_way\":3,"
		"\"unaudited\":7},\"events\":["
		"{\"name\":\"openat\",\"seen\":20,\"filtered\":1,\"aggregated\":2,\"emitted\":16,\"lost\":1,\"received\":15,"
		"\"malformed\":1,\"internal\":2,\"reader_filtered\":3,\"reader_aggregated\":4,\"reader_lost\":1,"
		"\"delivered\":4},{\"name\":\"close\",\"seen\":40,\"filtered\":2,\"aggregated\":4,"
		"\"emitted\":32,\"lost\":2,\"received\":30,\"malformed\":2,\"internal\":4,\"reader_filtered\":6,"
		"\"reader_aggregated\":8,\"reader_lost\":2,\"delivered\":8}],"
		"\"rules\":[{\"name\":\"a\\\"\",\"matched\":9,\"delivered\":1,\"filtered\":2,\"aggregated\":5,\"lost\":1,"
		"\"results\":3,\"overflow\":4},{\"name\":\"b\",\"matched\":0,\"delivered\":0,\"filtered\":0,"
		"\"aggregated\":0,\"lost\":0,\"results\":0,\"overflow\":0}],"
		"\"outputs\":[{\"name\":\"log\",\"accepted\":6,\"delivered\":3,\"lost\":2,\"waiting\":1}],"
		"\"streams\":[{\"cpu\":0,\"seq\":5},{\"cpu\":2,\"seq\":7}],\"refusals\":["
		"{\"name\":\"task-state\",\"count\":0},{\"name\":\"handler\",\"count\":5}]}}}\n");
	tl_buffer_done(&b);
}

/* ---- Hostile input ---- */

static const char *const hostile[] = {
	"\n{\"forged\":1}\n", "\",\"forged\":\"", "\\\",\\\"forged\\\":\\\"", "\\", "\\\\x41\\x41", "\033[2J\033]0;x\007",
	"\xff\xfe\x80", "\xe2\x80\xae" "evil", "\xe2\x80\xa8{}", "\xc2\x85", "\xed\xa0\x80", "\xf0\x9f\x98", "\r\n\t\b\f",
	"%s%n", "\xef\xbb\xbf", "'\"`$(x)", "\x7f", "",
};

static void nothing_hostile_forges_anything(void **state)
{
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		const char *text;

		fixture_init(&f);
		f.process.executable = f.process.working_directory = f.process.cgroup = f.process.unit = hostile[i];
		f.process.container_id = f.parent.executable = hostile[i];
		f.process.args = f.parent.args = hostile[i];
		f.process.args_size = f.parent.args_size = (uint32_t)strlen(hostile[i]) + 1;
		memset(f.event.comm, 'x', sizeof(f.event.comm)); /* not terminated */
		memcpy(f.event.comm, hostile[i], strnlen(hostile[i], sizeof(f.event.comm)));
		memcpy(f.process.comm, f.event.comm, sizeof(f.process.comm));
		f.event.file.path = f.event.target.path = f.event.captured[1] = fixture_string(hostile[i]);
		text = line(&f, NULL);
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		has_not(text, "\"forged\":");
		fixture_done(&f);
	}
}

/* Any bytes anywhere. */
static void random_bytes_give_one_line(void **state)
{
	char bytes[256];
	struct fixture f;

	(void)state;
	srandom(11);
	for (unsigned round = 0; round < 3000; round++) {
		for (size_t i = 0; i < sizeof(bytes) - 1; i++)
			bytes[i] = (char)(random() % 3 ? random() : "\"\\x\n{},:"[random() % 8]);
		bytes[255] = 0;
		fixture_init(&f);
		f.process.executable = bytes + random() % 200;
		f.process.args = bytes;
		f.process.args_size = (uint32_t)random() % 256;
		memcpy(f.event.comm, bytes + 17, 16);
		memcpy(f.process.comm, bytes + 33, 16);
		f.event.file.path = fixture_bytes(bytes + 3, (size_t)random() % 100);
		f.event.captured[1] = fixture_bytes(bytes + 5, (size_t)random() % 100);
		line(&f, NULL);
		fixture_done(&f);
	}
}

static void no_memory_leaves_the_buffer_as_it_was(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	line(&f, NULL);
	tl_buffer_done(&f.out);
	f.out.size = f.out.capacity = SIZE_MAX / 4; /* as full as a buffer may be */
	assert_int_equal(tl_encode_json(&f.out, &f.event, NULL), -ENOMEM);
	assert_int_equal(f.out.size, SIZE_MAX / 4);
	assert_false(f.out.failed);
	fixture_done(&f);
}

/* ---- At the end ---- */

static void every_field_of_the_table_was_written(void **state)
{
	const struct tl_field *field;

	(void)state;
	for (size_t i = 0; (field = tl_field_get(i)); i++) {
		assert_true(i < sizeof(seen) / sizeof(seen[0]));
		if (!seen[i])
			fail_msg("%s is in the table of fields and was never written", field->name);
	}
}

static void jq_reads_every_line(void **state)
{
	FILE *jq;

	(void)state;
	if (system("command -v jq > /dev/null") != 0) {
		print_message("jq is not installed\n");
		skip();
	}
	jq = popen("jq -e . > /dev/null", "w");
	assert_non_null(jq);
	assert_int_equal(fwrite(kept.data, 1, kept.size, jq), kept.size);
	assert_int_equal(pclose(jq), 0);
}

static int prepare(void **state)
{
	static char path[] = "/tmp/traceleft-passwd-XXXXXX";
	static const char users[] = "root:x:0:0::/root:/bin/sh\nbroken\nnobody:x:65534:65534::/:/bin/false\n"
				    "alice:x:1000:100::/home/alice:/bin/sh\nsecond:x:1000:100::/:/bin/sh\n";
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, users, sizeof(users) - 1) < 0)
		return -1;
	close(fd);
	tl_users_set_path(path);
	*state = path;
	return 0;
}

static int clean(void **state)
{
	unlink(*state);
	tl_users_set_path(NULL);
	tl_buffer_done(&kept);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_openat_is_told_whole),
		cmocka_unit_test(a_failure_has_its_errors_name),
		cmocka_unit_test(the_rule_and_its_targets_are_named),
		cmocka_unit_test(flags_say_what_to_know_about_the_values),
		cmocka_unit_test(arguments_keep_their_types),
		cmocka_unit_test(a_long_buffer_is_short_in_the_list),
		cmocka_unit_test(another_type_at_the_same_address_is_noticed),
		cmocka_unit_test(a_change_of_the_process_shows),
		cmocka_unit_test(who_is_above_the_parent_is_told_up_to_the_first),
		cmocka_unit_test(long_arguments_are_whole_where_the_process_is_told_of),
		cmocka_unit_test(who_the_process_was_and_is_is_told),
		cmocka_unit_test(which_module_was_loaded_is_told),
		cmocka_unit_test(who_is_at_the_other_end_of_a_socket_is_told),
		cmocka_unit_test(the_process_that_a_call_is_about_is_told),
		cmocka_unit_test(a_thread_may_have_a_name_of_its_own),
		cmocka_unit_test(a_process_of_which_only_the_pid_is_known_is_told),
		cmocka_unit_test(many_processes_do_not_mix),
		cmocka_unit_test(a_fork_names_the_child),
		cmocka_unit_test(an_exit_tells_how),
		cmocka_unit_test(a_connection_has_both_ends),
		cmocka_unit_test(a_question_and_its_answer),
		cmocka_unit_test(an_end_that_is_not_set_is_left_out),
		cmocka_unit_test(a_unix_socket_has_an_address),
		cmocka_unit_test(several_ends_are_listed_from_the_first_on),
		cmocka_unit_test(an_end_of_another_machine_has_its_number),
		cmocka_unit_test(a_call_by_another_door_says_so),
		cmocka_unit_test(a_rename_has_two_paths),
		cmocka_unit_test(a_loss_is_declared),
		cmocka_unit_test(a_result_is_its_key_and_its_numbers),
		cmocka_unit_test(a_line_says_where_it_stands_in_its_output),
		cmocka_unit_test(a_start_says_who_and_why),
		cmocka_unit_test(a_record_says_who_asked_for_it),
		cmocka_unit_test(a_seal_says_of_what_it_is),
		cmocka_unit_test(tampering_says_with_what_and_since_when),
		cmocka_unit_test(the_ledger_is_the_whole_balance),
		cmocka_unit_test(nothing_hostile_forges_anything),
		cmocka_unit_test(random_bytes_give_one_line),
		cmocka_unit_test(no_memory_leaves_the_buffer_as_it_was),
		cmocka_unit_test(every_field_of_the_table_was_written),
		cmocka_unit_test(jq_reads_every_line),
	};

	return cmocka_run_group_tests(tests, prepare, clean);
}
