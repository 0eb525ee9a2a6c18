// SPDX-License-Identifier: GPL-2.0-or-later
/* The output to the journal, against a socket of our own. */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "entry.h"
#include "journal.h"
#include "journal-parse.h"
#include "record.h"
#include "sink-fixture.h"

struct journal_test {
	struct sinks sinks;
	int server;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void journal_init(struct journal_test *t)
{
	sinks_init(&t->sinks);
	t->server = listen_at(t->sinks.path);
	t->sinks.output.type = TL_OUTPUT_JOURNALD;
	t->sinks.output.name = (char *)"journal";
	t->sinks.output.path = NULL;
	t->sinks.setup.journal_socket = t->sinks.path;
	sinks_open(&t->sinks);
}

static void journal_done(struct journal_test *t)
{
	sinks_done(&t->sinks);
	if (t->server >= 0)
		close(t->server);
}

/* Next entry, with a NUL behind; NULL if there is none. To be freed. */
static char *receive(struct journal_test *t, size_t *ret_size)
{
	size_t capacity = 1 << 20;
	char *data = malloc(capacity);
	struct iovec iov = { .iov_base = data, .iov_len = capacity - 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(t->server, &message, MSG_CMSG_CLOEXEC);

	if (n < 0) {
		free(data);
		return NULL;
	}
	if (message.msg_controllen >= sizeof(struct cmsghdr)) {
		struct stat st;
		int fd;

		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
		/* journald takes files only that nobody can change any more. */
		assert_int_equal(fcntl(fd, F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
				 F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
		assert_int_equal(fstat(fd, &st), 0);
		data = realloc(data, (size_t)st.st_size + 1);
		n = pread(fd, data, (size_t)st.st_size, 0);
		assert_int_equal(n, st.st_size);
		close(fd);
	}
	data[n] = 0;
	*ret_size = (size_t)n;
	return data;
}

struct wanted {
	const char *name;
	char value[512];
	unsigned n; /* how often it is there */
	unsigned fields; /* all */
};

static void keep(const char *name, size_t n, const char *value, size_t m, void *userdata)
{
	struct wanted *w = userdata;

	assert_true(n >= 1 && n <= 64 && name[0] >= 'A' && name[0] <= 'Z');
	for (size_t i = 0; i < n; i++)
		assert_true((name[i] >= 'A' && name[i] <= 'Z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_');
	w->fields++;
	if (n != strlen(w->name) || memcmp(w->name, name, n))
		return;
	snprintf(w->value, sizeof(w->value), "%.*s", (int)m, value);
	w->n++;
}

static struct wanted find(const char *entry, size_t size, const char *name)
{
	struct wanted w = { .name = name };

	assert_true(journal_parse(entry, size, keep, &w));
	return w;
}

#define assert_field(entry, size, name, expected) assert_string_equal(find((entry), (size), (name)).value, (expected))

static void entry_has_the_facts_of_the_event(void **state)
{
	static const char *const tags[] = { "identity", "pci" }, *const targets[] = { "people", "web" };
	struct tl_annotation annotation = {
		.rule = "etc-changes",
		.severity = "warning",
		.tags = tags,
		.n_tags = 2,
		.target_names = targets,
		.n_target_names = 2,
	};
	const uint64_t bits = 3;
	struct journal_test t;
	size_t size;
	char *e;

	(void)state;
	journal_init(&t);
	t.sinks.fixture.event.targets = &bits;
	t.sinks.fixture.event.n_target_words = 1;
	tl_sink_write(t.sinks.sink, &t.sinks.fixture.event, &annotation);
	e = receive(&t, &size);
	assert_non_null(e);
	assert_field(e, size, "MESSAGE", "sh[1234] (root) opened /etc/passwd for reading");
	assert_field(e, size, "PRIORITY", "4");
	assert_field(e, size, "SYSLOG_IDENTIFIER", "traceleft");
	assert_field(e, size, "OBJECT_PID", "1234");
	assert_field(e, size, "TRACELEFT_EVENT", "openat");
	assert_field(e, size, "TRACELEFT_PATH", "/etc/passwd");
	assert_field(e, size, "TRACELEFT_EXECUTABLE", "/usr/bin/dash");
	assert_field(e, size, "TRACELEFT_CMDLINE", "sh -c cat /etc/passwd");
	assert_field(e, size, "TRACELEFT_PPID", "900");
	assert_field(e, size, "TRACELEFT_TID", "1235");
	assert_field(e, size, "TRACELEFT_LOGINUID", "1000");
	assert_field(e, size, "TRACELEFT_SESSION", "3");
	assert_field(e, size, "TRACELEFT_RET", "3");
	assert_field(e, size, "TRACELEFT_RULE", "etc-changes");
	assert_field(e, size, "TRACELEFT_SEQ", "42");
	assert_field(e, size, "TRACELEFT_CPU", "1");
	assert_field(e, size, "TRACELEFT_UNIT", "session-3.scope");
	assert_field(e, size, "TRACELEFT_TIME", "2026-11-26T04:00:00.123456789Z");
	assert_field(e, size, "TRACELEFT_ARG_FILENAME", "/etc/passwd");
	assert_field(e, size, "TRACELEFT_ARG_FLAGS", "O_RDONLY|O_CLOEXEC");
	assert_field(e, size, "TRACELEFT_ARGS", "AT_FDCWD, \"/etc/passwd\", O_RDONLY|O_CLOEXEC");
	assert_int_equal(find(e, size, "TRACELEFT_TAGS").n, 2);
	assert_int_equal(find(e, size, "TRACELEFT_TARGETS").n, 2);
	assert_int_equal(find(e, size, "TRACELEFT_ERRNO").n, 0);
	assert_int_equal(find(e, size, "MESSAGE_ID").n, 1);
	free(e);
	assert_int_equal(t.sinks.sink->counters.delivered, 1);
	journal_done(&t);
}

static void failure_has_its_name(void **state)
{
	struct journal_test t;
	size_t size;
	char *e;

	(void)state;
	journal_init(&t);
	t.sinks.fixture.event.ret = -EACCES;
	sinks_write(&t.sinks, 1);
	e = receive(&t, &size);
	assert_field(e, size, "TRACELEFT_ERRNO", "EACCES");
	assert_field(e, size, "MESSAGE", "sh[1234] (root) could not open /etc/passwd for reading: Permission denied");
	free(e);
	journal_done(&t);
}

static void nothing_that_a_process_controls_makes_a_field(void **state)
{
	static const char evil[] = "/tmp/x\nTRACELEFT_UID=0\nMESSAGE=all is well\n\033[2J\xff\xe2\x80\xae";
	struct journal_test t;
	size_t size;
	char *e;

	(void)state;
	journal_init(&t);
	t.sinks.fixture.event.uid = 1000;
	t.sinks.fixture.event.file.path = fixture_string(evil);
	t.sinks.fixture.event.captured[1] = fixture_string(evil);
	memcpy(t.sinks.fixture.event.comm, "a\nMESSAGE=b\nC=d", 16);
	t.sinks.fixture.process.executable = evil;
	t.sinks.fixture.process.args = evil;
	t.sinks.fixture.process.args_size = sizeof(evil);
	t.sinks.fixture.process.working_directory = evil;
	sinks_write(&t.sinks, 1);
	e = receive(&t, &size);
	assert_non_null(e);
	assert_int_equal(find(e, size, "MESSAGE").n, 1);
	assert_int_equal(find(e, size, "TRACELEFT_UID").n, 1);
	assert_int_equal(find(e, size, "C").n, 0);
	assert_field(e, size, "TRACELEFT_UID", "1000");
	assert_field(e, size, "TRACELEFT_PATH",
		     "/tmp/x\\x0aTRACELEFT_UID=0\\x0aMESSAGE=all is well\\x0a\\x1b[2J\\xff\\xe2\\x80\\xae");
	assert_null(memchr(e, '\033', size));
	assert_non_null(strstr(find(e, size, "TRACELEFT_FLAGS").value, "escaped"));
	free(e);
	journal_done(&t);
}

static void value_with_a_newline_goes_with_its_length(void **state)
{
	static const char value[] = "a\nMESSAGE=forged\n";
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	struct wanted w;

	(void)state;
	tl_journal_field(&b, "FIRST", value, strlen(value));
	tl_journal_field(&b, "EMPTY", NULL, 0);
	tl_journal_field(&b, "LAST", "z", 1);
	w = find(b.data, b.size, "FIRST");
	assert_string_equal(w.value, value);
	assert_int_equal(w.fields, 3);
	assert_int_equal(find(b.data, b.size, "MESSAGE").n, 0);
	assert_string_equal(find(b.data, b.size, "LAST").value, "z");
}

static void entry_too_large_for_the_socket_goes_as_a_file(void **state)
{
	struct journal_test t;
	size_t size, n = 9 << 20; /* more than root may have in a socket */
	char *e, *path = malloc(n + 1);

	(void)state;
	journal_init(&t);
	memset(path, 'p', n);
	path[n] = 0;
	t.sinks.fixture.event.file.path = fixture_bytes(path, n);
	sinks_write(&t.sinks, 1);
	e = receive(&t, &size);
	assert_non_null(e);
	assert_true(size > n);
	assert_int_equal(find(e, size, "TRACELEFT_PATH").n, 1);
	assert_int_equal(t.sinks.sink->counters.delivered, 1);
	free(e);
	free(path);
	journal_done(&t);
}

/* Reads all that is there and notes what it is. */
static void count_entries(struct journal_test *t, uint64_t *events, uint64_t *lost)
{
	size_t size;
	char *e;

	while ((e = receive(t, &size))) {
		if (!strcmp(find(e, size, "TRACELEFT_EVENT").value, "lost"))
			*lost += strtoul(find(e, size, "TRACELEFT_COUNT").value, NULL, 10);
		else
			++*events;
		free(e);
		tl_sink_flush(t->sinks.sink);
	}
}

static void full_socket_makes_events_wait_and_then_counts(void **state)
{
	const struct tl_sink_counters *c;
	uint64_t events = 0, lost = 0;
	struct journal_test t;

	(void)state;
	journal_init(&t);
	c = &t.sinks.sink->counters;
	sinks_write_many(&t.sinks, 1, 5000);
	assert_true(tl_sink_waiting(t.sinks.sink) > 0);
	assert_true(c->lost > 0);
	sinks_balance(&t.sinks);
	count_entries(&t, &events, &lost);
	assert_int_equal(tl_sink_waiting(t.sinks.sink), 0);
	assert_int_equal(events, c->delivered);
	assert_int_equal(lost, c->lost);
	assert_int_equal(events + lost, 5000);
	/* And it works as before. */
	sinks_write(&t.sinks, 5001);
	count_entries(&t, &events, &lost);
	assert_int_equal(events + lost, 5001);
	journal_done(&t);
}

static void order_is_kept_when_events_had_to_wait(void **state)
{
	struct journal_test t;
	uint64_t last = 0, seq;
	size_t size;
	char *e;

	(void)state;
	journal_init(&t);
	t.sinks.setup.memory = 4 << 20;
	t.sinks.sink = tl_sink_unref(t.sinks.sink);
	sinks_open(&t.sinks);
	sinks_write_many(&t.sinks, 1, 1500);
	assert_int_equal(t.sinks.sink->counters.lost, 0);
	while ((e = receive(&t, &size))) {
		seq = strtoul(find(e, size, "TRACELEFT_SEQ").value, NULL, 10);
		assert_int_equal(seq, last + 1);
		last = seq;
		free(e);
		tl_sink_flush(t.sinks.sink);
	}
	assert_int_equal(last, 1500);
	journal_done(&t);
}

static void journald_may_go_and_come_back(void **state)
{
	uint64_t events = 0, lost = 0;
	struct journal_test t;

	(void)state;
	journal_init(&t);
	close(t.server);
	assert_int_equal(unlink(t.sinks.path), 0);
	sinks_write_many(&t.sinks, 1, 3);
	tl_sink_tick(t.sinks.sink);
	assert_true(t.sinks.sink->error < 0);
	assert_int_equal(tl_sink_waiting(t.sinks.sink), 3);
	t.server = listen_at(t.sinks.path);
	tl_sink_tick(t.sinks.sink);
	assert_int_equal(t.sinks.sink->error, 0);
	count_entries(&t, &events, &lost);
	assert_int_equal(events, 3);
	assert_int_equal(lost, 0);
	journal_done(&t);
}

static void missing_journald_is_refused_at_the_start(void **state)
{
	struct journal_test t;

	(void)state;
	journal_init(&t);
	t.sinks.sink = tl_sink_unref(t.sinks.sink);
	t.sinks.setup.journal_socket = "/nonexistent/socket";
	assert_int_equal(tl_sink_new(&t.sinks.output, &t.sinks.setup, &t.sinks.sink), -ENOENT);
	journal_done(&t);
}

static void records_of_our_own_are_entries_too(void **state)
{
	const struct tl_lost lost = { .count = 5, .seq_first = 10, .seq_last = 14, .stage = "ring" };
	struct journal_test t;
	struct tl_event event;
	size_t size;
	char *e;

	(void)state;
	journal_init(&t);
	tl_record_lost(&event, 1, &lost, NULL);
	tl_sink_write(t.sinks.sink, &event, NULL);
	e = receive(&t, &size);
	assert_field(e, size, "MESSAGE", "5 events of CPU 1 were lost in ring, sequence numbers 10 to 14");
	assert_field(e, size, "TRACELEFT_EVENT", "lost");
	assert_field(e, size, "TRACELEFT_COUNT", "5");
	assert_field(e, size, "TRACELEFT_SEQ_FIRST", "10");
	assert_field(e, size, "PRIORITY", "4");
	free(e);
	tl_record_make(&event, TL_EVENT_STOP, NULL, "SIGTERM from process 1 (systemd), user 0");
	tl_sink_write(t.sinks.sink, &event, NULL);
	e = receive(&t, &size);
	assert_field(e, size, "MESSAGE", "auditing ended: SIGTERM from process 1 (systemd), user 0");
	assert_field(e, size, "TRACELEFT_NOTE", "SIGTERM from process 1 (systemd), user 0");
	free(e);
	assert_int_equal(t.sinks.sink->counters.accepted, 0);
	journal_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_has_the_facts_of_the_event),
		cmocka_unit_test(failure_has_its_name),
		cmocka_unit_test(nothing_that_a_process_controls_makes_a_field),
		cmocka_unit_test(value_with_a_newline_goes_with_its_length),
		cmocka_unit_test(entry_too_large_for_the_socket_goes_as_a_file),
		cmocka_unit_test(full_socket_makes_events_wait_and_then_counts),
		cmocka_unit_test(order_is_kept_when_events_had_to_wait),
		cmocka_unit_test(journald_may_go_and_come_back),
		cmocka_unit_test(missing_journald_is_refused_at_the_start),
		cmocka_unit_test(records_of_our_own_are_entries_too),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
