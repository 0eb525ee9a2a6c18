/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as the kernel part sends them, and what the reader makes of them. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "paths.h"
#include "session.h"
#include "util.h"

#define OPENAT 1
#define ACCEPT4 2
#define MKDIRAT 3
#define SETITIMER 4

struct fixture {
	struct tl_session session;
	struct tl_record *record; /* room for TL_RECORD_MAX */
	size_t size;
};

static int set_up(void **state)
{
	static const char *const names[] = { [OPENAT] = "openat", [ACCEPT4] = "accept4", [MKDIRAT] = "mkdirat",
					     [SETITIMER] = "setitimer" };
	struct fixture *f = calloc(1, sizeof(*f));

	f->session.text = malloc(TL_TEXT_MAX);
	assert_int_equal(tl_processes_new(0, NULL, &f->session.processes), 0);
	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		f->session.events[i].type = *tl_event_type_find(names[i]);
	f->session.n_events = ARRAY_SIZE(names) - 1;
	f->record = calloc(1, TL_RECORD_MAX);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tl_processes_free(f->session.processes);
	free(f->session.text);
	free(f->record);
	free(f);
	return 0;
}

static void begin(struct fixture *f, uint16_t event)
{
	memset(f->record, 0, TL_RECORD_MAX);
	f->record->kind = TL_RECORD_EVENT;
	f->record->event = event;
	f->record->handler = event;
	f->record->pid = f->record->tid = (uint32_t)getpid();
	f->size = sizeof(*f->record);
}

static void add(struct fixture *f, uint8_t type, uint8_t index, uint16_t flags, const void *data, size_t size)
{
	const struct tl_section section = { .type = type, .index = index, .flags = flags, .size = (uint32_t)size };
	char *to = (char *)f->record + f->size;

	memcpy(to, &section, sizeof(section));
	if (size)
		memcpy(to + sizeof(section), data, size);
	f->size += sizeof(section) + ((size + 7) & ~7UL);
	f->record->size = (uint32_t)f->size;
}

static const struct tl_event *decoded(struct fixture *f)
{
	assert_int_equal(tl_decode(&f->session, f->record, f->size), 0);
	return &f->session.event;
}

static void expect_path(const struct tl_bytes *path, const char *text, uint32_t flags)
{
	assert_true(path->flags & TL_VALUE_PRESENT);
	assert_string_equal(path->data, text);
	assert_int_equal(path->size, strlen(text));
	assert_int_equal(path->flags & ~TL_VALUE_PRESENT, flags);
}

static void components_become_a_path(void **state)
{
	struct fixture *f = *state;

	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, 0, "passwd\0etc", 11);
	expect_path(&decoded(f)->file.path, "/etc/passwd", 0);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, 0, "", 0);
	expect_path(&decoded(f)->file.path, "/", 0);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, TL_SECTION_DELETED, "x\0tmp", 6);
	expect_path(&decoded(f)->file.path, "/tmp/x", TL_VALUE_DELETED);
}

/* A path that is cut has lost its beginning: it must not look as if it began at the root. */
static void a_cut_path_does_not_begin_with_a_slash(void **state)
{
	struct fixture *f = *state;
	const struct tl_event *event;

	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, TL_SECTION_TRUNCATED, "shadow\0etc", 11);
	event = decoded(f);
	expect_path(&event->file.path, ".../etc/shadow", TL_VALUE_TRUNCATED);
	assert_true(event->flags & TL_EVENT_TRUNCATED);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, TL_SECTION_FAULT, "shadow", 7);
	event = decoded(f);
	expect_path(&event->file.path, ".../shadow", TL_VALUE_FAULT);
	assert_true(event->flags & TL_EVENT_INCOMPLETE);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, TL_SECTION_FAULT, "", 0);
	event = decoded(f);
	assert_false(event->file.path.flags & TL_VALUE_PRESENT);
	assert_true(event->flags & TL_EVENT_INCOMPLETE);
}

static void the_longest_path_fits(void **state)
{
	struct fixture *f = *state;
	char components[TL_PATH_MAX + TL_NAME_MAX], expected[sizeof(components) + 8] = "...";

	for (size_t i = 0; i < sizeof(components); i += 2)
		memcpy(components + i, "x", 2);
	for (size_t i = 0; i < sizeof(components); i += 2)
		memcpy(expected + 3 + i, "/x", 3);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, TL_SECTION_TRUNCATED, components, sizeof(components));
	expect_path(&decoded(f)->file.path, expected, TL_VALUE_TRUNCATED);
}

static void claim(struct fixture *f, const char *name, const char *base, size_t base_size, uint16_t flags)
{
	begin(f, MKDIRAT);
	add(f, TL_SECTION_ARG, 2, 0, name, strlen(name) + 1);
	if (base)
		add(f, TL_SECTION_PATH, TL_PATH_BASE, flags, base, base_size);
}

static void a_claim_starts_where_the_call_did(void **state)
{
	struct fixture *f = *state;

	claim(f, "./a/../b", "tmp", 4, 0);
	expect_path(&decoded(f)->file.path, "/tmp/b", TL_VALUE_CLAIM);
	claim(f, "/a//b/.", NULL, 0, 0); /* without a base: nothing is copied from it */
	expect_path(&decoded(f)->file.path, "/a/b", TL_VALUE_CLAIM);
	claim(f, "a", NULL, 0, 0);
	assert_false(decoded(f)->file.path.flags & TL_VALUE_PRESENT);
	claim(f, "../../../a", "tmp", 4, 0);
	expect_path(&decoded(f)->file.path, "/a", TL_VALUE_CLAIM);
}

/* mkdirat() of a name in a pipe or a socket. */
static void there_is_no_claim_below_what_is_no_directory(void **state)
{
	struct fixture *f = *state;

	claim(f, "x/../y", "pipe:", 6, TL_SECTION_PSEUDO);
	assert_false(decoded(f)->file.path.flags & TL_VALUE_PRESENT);
	claim(f, "/x", "pipe:", 6, TL_SECTION_PSEUDO);
	assert_false(decoded(f)->file.path.flags & TL_VALUE_PRESENT);
}

static void a_claim_from_a_cut_directory_is_cut(void **state)
{
	struct fixture *f = *state;

	claim(f, "a", "y\0x", 4, TL_SECTION_TRUNCATED);
	expect_path(&decoded(f)->file.path, ".../x/y/a", TL_VALUE_CLAIM | TL_VALUE_TRUNCATED);
	claim(f, "../../../../a", "y\0x", 4, TL_SECTION_TRUNCATED);
	expect_path(&decoded(f)->file.path, ".../a", TL_VALUE_CLAIM | TL_VALUE_TRUNCATED);
	claim(f, "/../a", "y\0x", 4, TL_SECTION_TRUNCATED); /* from a root that the process chose */
	expect_path(&decoded(f)->file.path, ".../x/y/a", TL_VALUE_CLAIM | TL_VALUE_TRUNCATED);
	claim(f, "a", "y\0x", 4, TL_SECTION_DETACHED);
	expect_path(&decoded(f)->file.path, "/x/y/a", TL_VALUE_CLAIM | TL_VALUE_DETACHED);
}

static const struct tl_socket_facts from_ten = {
	.family = AF_INET,
	.type = SOCK_STREAM,
	.protocol = 6,
	.local_port = 80,
	.remote_port = 0x1234,
	.local = { 127, 0, 0, 1 },
	.remote = { 10, 0, 0, 1 },
};

static const struct tl_event *accepted(struct fixture *f, const struct tl_socket_facts *facts, const void *address,
				       size_t size)
{
	begin(f, ACCEPT4);
	f->record->ret = 5;
	add(f, TL_SECTION_SOCKET, 0, 0, facts, sizeof(*facts));
	add(f, TL_SECTION_ARG, 2, 0, address, size);
	return decoded(f);
}

/* As a request of io_uring has them: what the kernel goes by, and what the process's memory says later. */
static const struct tl_event *copied(struct fixture *f, const char *name, uint16_t flags, const char *later,
				     size_t size)
{
	begin(f, MKDIRAT);
	f->record->args[1] = 0x1000;
	add(f, TL_SECTION_PATH, TL_PATH_BASE, 0, "srv", 4);
	add(f, TL_SECTION_ARG, 2, TL_SECTION_COPIED, name, strlen(name) + 1);
	add(f, TL_SECTION_ARG, 2, flags, later, size);
	return decoded(f);
}

static void what_the_kernel_has_copied_is_what_was_asked(void **state)
{
	struct fixture *f = *state;
	const struct tl_event *event = copied(f, "good", 0, "worse", 6);

	assert_string_equal(event->captured[1].data, "good");
	assert_int_equal(event->captured[1].size, 5);
	assert_int_equal(event->captured[1].flags, TL_VALUE_PRESENT);
	expect_path(&event->file.path, "/srv/good", TL_VALUE_CLAIM);
	event = copied(f, "good", TL_SECTION_FAULT, "", 0);
	assert_string_equal(event->captured[1].data, "good");
	assert_int_equal(event->flags & (TL_EVENT_INCOMPLETE | TL_EVENT_TRUNCATED), 0);
}

/* The handler takes no more of an argument than the policy wants. */
static void no_more_of_a_copy_is_told_than_is_wanted(void **state)
{
	struct fixture *f = *state;
	const struct tl_event *event = copied(f, "goodness", TL_SECTION_TRUNCATED, "evi", 4);

	assert_memory_equal(event->captured[1].data, "good", 4);
	assert_int_equal(event->captured[1].size, 4);
	assert_int_equal(event->captured[1].flags, TL_VALUE_PRESENT | TL_VALUE_TRUNCATED);
	assert_true(event->flags & TL_EVENT_TRUNCATED);
	event = copied(f, "go", TL_SECTION_TRUNCATED, "evi", 4);
	assert_int_equal(event->captured[1].size, 3);
	assert_false(event->flags & TL_EVENT_TRUNCATED);
}

/* accept4() with room for less: behind that is what the buffer held before. */
static void bytes_that_the_kernel_did_not_write_are_cut(void **state)
{
	static const char whole[16] = { AF_INET, 0, 0x12, 0x34, 10, 0, 0, 1 };
	static const char part[16] = { AF_INET, 0, 0x12, 0x34, 10, 66, 66, 66, 1, 2, 3, 4 };
	struct fixture *f = *state;
	const struct tl_event *event = accepted(f, &from_ten, whole, sizeof(whole));

	assert_int_equal(event->captured[1].size, 16);
	assert_false(event->flags & TL_EVENT_TRUNCATED);
	event = accepted(f, &from_ten, part, sizeof(part));
	assert_int_equal(event->captured[1].size, 5);
	assert_true(event->captured[1].flags & TL_VALUE_TRUNCATED);
	assert_true(event->flags & TL_EVENT_TRUNCATED);
	assert_int_equal(event->source.port, 0x1234);
	assert_memory_equal(event->source.address, from_ten.remote, 4);
}

static void flow_and_scope_of_an_address_are_believed(void **state)
{
	static const struct tl_socket_facts facts = {
		.family = AF_INET6,
		.type = SOCK_STREAM,
		.remote_port = 7,
		.remote = { 0xfe, 0x80, [15] = 9 },
	};
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(7),
		.sin6_flowinfo = 5,
		.sin6_scope_id = 3,
	};
	struct fixture *f = *state;

	memcpy(&address.sin6_addr, facts.remote, sizeof(facts.remote));
	assert_int_equal(accepted(f, &facts, &address, sizeof(address))->captured[1].size, sizeof(address));
	address.sin6_addr.s6_addr[15] = 8;
	assert_int_equal(accepted(f, &facts, &address, sizeof(address))->captured[1].size, 23);
}

static void the_protocol_of_a_raw_socket_is_no_port(void **state)
{
	struct tl_socket_facts raw = from_ten;
	struct fixture *f = *state;

	raw.type = SOCK_RAW;
	raw.local_port = 1;
	assert_int_equal(accepted(f, &raw, "", 0)->destination.port, 0);
}

/* setitimer(2): what the timer was may be written over what it is to be. */
static const struct tl_event *timer_is_set(struct fixture *f, uint8_t abi, uint64_t given, uint64_t written)
{
	const uint64_t zero[4] = { 0 };

	begin(f, SETITIMER);
	f->record->abi = abi;
	f->record->args[1] = given;
	f->record->args[2] = written;
	add(f, TL_SECTION_ARG, 2, 0, zero, sizeof(zero));
	add(f, TL_SECTION_ARG, 3, 0, zero, sizeof(zero));
	return decoded(f);
}

static void what_is_written_over_what_was_given_hides_it(void **state)
{
	static const struct {
		uint8_t abi;
		uint64_t given, written;
		bool hides;
	} rows[] = {
		{ TL_ABI_X86_64, 4096, 4096, true },	   { TL_ABI_X86_64, 4096, 4096 + 31, true },
		{ TL_ABI_X86_64, 4096, 4096 + 32, false }, { TL_ABI_X86_64, 4096 + 32, 4096, false },
		{ TL_ABI_X86_64, 4096 + 31, 4096, true },  { TL_ABI_X32, 4096, 4096 + 31, true },
		/* Half as large there. */
		{ TL_ABI_I386, 4096, 4096, true },	   { TL_ABI_I386, 4096, 4096 + 15, true },
		{ TL_ABI_I386, 4096, 4096 + 16, false },   { TL_ABI_I386, 4096 + 16, 4096, false },
		{ TL_ABI_I386, 4096 + 15, 4096, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct tl_event *event = timer_is_set(*state, rows[i].abi, rows[i].given, rows[i].written);

		assert_int_equal(!(event->captured[1].flags & TL_VALUE_PRESENT), rows[i].hides);
		assert_int_equal(event->flags & TL_EVENT_INCOMPLETE, rows[i].hides ? TL_EVENT_INCOMPLETE : 0);
		assert_true(event->captured[2].flags & TL_VALUE_PRESENT);
	}
}

static void sections_that_lie_about_their_size_are_refused(void **state)
{
	struct fixture *f = *state;

	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_FILE, 0, "passwd\0etc", 11);
	assert_int_equal(tl_decode(&f->session, f->record, f->size - 8), -EBADMSG);
	begin(f, OPENAT);
	add(f, TL_SECTION_PATH, TL_PATH_INDEXES, 0, "x", 2);
	assert_int_equal(tl_decode(&f->session, f->record, f->size), -EBADMSG);
	begin(f, OPENAT);
	add(f, TL_SECTION_SOCKET, 0, 0, "x", 2);
	assert_int_equal(tl_decode(&f->session, f->record, f->size), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(components_become_a_path),
		cmocka_unit_test(a_cut_path_does_not_begin_with_a_slash),
		cmocka_unit_test(the_longest_path_fits),
		cmocka_unit_test(a_claim_starts_where_the_call_did),
		cmocka_unit_test(there_is_no_claim_below_what_is_no_directory),
		cmocka_unit_test(a_claim_from_a_cut_directory_is_cut),
		cmocka_unit_test(what_the_kernel_has_copied_is_what_was_asked),
		cmocka_unit_test(no_more_of_a_copy_is_told_than_is_wanted),
		cmocka_unit_test(bytes_that_the_kernel_did_not_write_are_cut),
		cmocka_unit_test(flow_and_scope_of_an_address_are_believed),
		cmocka_unit_test(the_protocol_of_a_raw_socket_is_no_port),
		cmocka_unit_test(what_is_written_over_what_was_given_hides_it),
		cmocka_unit_test(sections_that_lie_about_their_size_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
