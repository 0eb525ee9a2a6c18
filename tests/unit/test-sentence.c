// SPDX-License-Identifier: GPL-2.0-or-later
/* Events as people would say them. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "sentence.h"
#include "sink-fixture.h"

static char text[1024];

static const char *say(const struct fixture *f)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	tl_sentence(&b, &f->event, NULL);
	assert_false(b.failed);
	snprintf(text, sizeof(text), "%.*s", (int)b.size, b.data);
	return text;
}

static void name_event(struct fixture *f, const char *name)
{
	snprintf(f->type.name, sizeof(f->type.name), "%s", name);
}

static void what_a_file_was_opened_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.args[2] = O_WRONLY | O_CREAT;
	assert_string_equal(say(&f), "sh[1234] (root) opened /etc/passwd for writing");
	f.event.args[2] = O_RDWR;
	assert_string_equal(say(&f), "sh[1234] (root) opened /etc/passwd for reading and writing");
	fixture_done(&f);
}

static void user_without_a_name_has_a_number(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.uid = 3999999999;
	assert_string_equal(say(&f), "sh[1234] (user 3999999999) opened /etc/passwd for reading");
	fixture_done(&f);
}

static void failure_says_why_and_what_was_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.type.path_name = 2;
	f.event.file.path.flags = 0;
	f.event.captured[1] = fixture_string("../x");
	f.event.ret = -ENOENT;
	assert_string_equal(say(&f), "sh[1234] (root) could not open ../x for reading: No such file or directory");
	fixture_done(&f);
}

static void rename_names_both(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	name_event(&f, "rename");
	f.event.target.path = fixture_string("/etc/shadow");
	assert_string_equal(say(&f), "sh[1234] (root) renamed /etc/passwd to /etc/shadow");
	fixture_done(&f);
}

static void mode_is_octal(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	name_event(&f, "chmod");
	f.event.args[3] = 04755;
	assert_string_equal(say(&f), "sh[1234] (root) changed the mode of /etc/passwd to 04755");
	fixture_done(&f);
}

static void connection_names_the_other_end(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	name_event(&f, "connect");
	f.event.destination = (struct tl_endpoint){ .family = AF_INET, .port = 443, .address = { 192, 0, 2, 1 } };
	f.event.ret = 0;
	assert_string_equal(say(&f), "sh[1234] (root) connected to 192.0.2.1 port 443");
	f.event.ret = -ECONNREFUSED;
	assert_string_equal(say(&f), "sh[1234] (root) could not connect to 192.0.2.1 port 443: Connection refused");
	fixture_done(&f);
}

static void unknown_call_is_shown_with_its_arguments(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	name_event(&f, "frobnicate");
	assert_string_equal(say(&f),
			    "sh[1234] (root) called frobnicate(AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC)");
	fixture_done(&f);
}

static void call_without_its_object_is_shown_with_its_arguments(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	name_event(&f, "connect");
	f.event.ret = -EBADF;
	assert_string_equal(say(&f), "sh[1234] (root) could not call connect(AT_FDCWD, \"/etc/passwd\", "
				     "O_RDONLY|O_CLOEXEC): Bad file descriptor");
	fixture_done(&f);
}

static void process_events_have_their_own_words(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.event.kind = TL_EVENT_EXEC;
	f.event.file.path.flags = 0;
	assert_string_equal(say(&f),
			    "sh[1234] (root) executed /usr/bin/dash with [\"sh\", \"-c\", \"cat /etc/passwd\"]");
	f.event.kind = TL_EVENT_EXIT;
	f.event.exit_code = 3 << 8;
	assert_string_equal(say(&f), "sh[1234] (root) exited with 3");
	f.event.exit_code = 9;
	assert_string_equal(say(&f), "sh[1234] (root) was killed by SIGKILL");
	f.event.kind = TL_EVENT_FORK;
	f.event.child = &f.parent;
	assert_string_equal(say(&f), "sh[1234] (root) started process 900");
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_was_opened_for),
		cmocka_unit_test(user_without_a_name_has_a_number),
		cmocka_unit_test(failure_says_why_and_what_was_asked_for),
		cmocka_unit_test(rename_names_both),
		cmocka_unit_test(mode_is_octal),
		cmocka_unit_test(connection_names_the_other_end),
		cmocka_unit_test(unknown_call_is_shown_with_its_arguments),
		cmocka_unit_test(call_without_its_object_is_shown_with_its_arguments),
		cmocka_unit_test(process_events_have_their_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
