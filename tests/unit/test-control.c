// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket: who is let in, how much one may ask, and what a slow reader costs others: nothing. */
#include <sys/socket.h>
#include <sys/un.h>

#include "control-request.h"
#include "control.h"
#include "put.h"
#include "rates.h"
#include "sink-fixture.h"

#define MANY 100
#define ROOM (32UL << 20)
#define MANY_EVENTS 20000 /* more than a client's queue has room for */

struct control_test {
	struct sinks sinks; /* for its folder and its event */
	char folder[96];
	struct tl_runtime runtime;
	struct tl_tails tails;
	sd_event *event;
	struct tl_control *control;
	unsigned reloads;
	char who[256];
};

static int on_reload(void *userdata, const struct tl_sender *who)
{
	struct control_test *t = userdata;

	t->reloads++;
	snprintf(t->who, sizeof(t->who), "%s", who->text);
	return 0;
}

static void control_init(struct control_test *t)
{
	struct tl_control_options options = {
		.runtime = &t->runtime, .tails = &t->tails, .reload = on_reload, .userdata = t
	};
	pid_t holder;

	memset(t, 0, sizeof(*t));
	sinks_init(&t->sinks);
	snprintf(t->folder, sizeof(t->folder), "%s/run", t->sinks.folder);
	assert_int_equal(setenv("RUNTIME_DIRECTORY", t->folder, 1), 0);
	assert_int_equal(tl_runtime_open(&t->runtime, &holder), 0);
	assert_int_equal(sd_event_new(&t->event), 0);
	options.event = t->event;
	assert_int_equal(tl_control_new(&options, &t->control), 0);
}

static void control_done(struct control_test *t)
{
	char path[128];

	t->control = tl_control_free(t->control);
	assert_null(t->tails.first);
	snprintf(path, sizeof(path), "%s/control", t->folder);
	assert_false(exists(path));
	sd_event_unref(t->event);
	tl_runtime_close(&t->runtime);
	sinks_done(&t->sinks);
}

/* Whatever is to be done. */
static void run(struct control_test *t)
{
	for (int i = 0; i < 1000 && sd_event_run(t->event, 0) > 0; i++)
		;
}

/* Returns what connect(2) does. */
static int try_to_connect(struct control_test *t, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control", t->folder);
	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(*ret_fd >= 0);
	return connect(*ret_fd, (struct sockaddr *)&address, sizeof(address));
}

static int connected(struct control_test *t)
{
	int fd;

	assert_int_equal(try_to_connect(t, &fd), 0);
	run(t);
	return fd;
}

static int asked(struct control_test *t, const char *request, size_t size)
{
	int fd = connected(t);

	assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
	run(t);
	return fd;
}

#define ASKED(t, literal) asked(t, literal, sizeof(literal)) /* with the NUL that ends it */

/* What has come so far, up to `size` bytes, with a NUL behind. */
static size_t received(int fd, char *ret, size_t size)
{
	size_t n = 0;
	ssize_t r;

	while (n < size - 1 && (r = recv(fd, ret + n, size - 1 - n, MSG_DONTWAIT)) > 0)
		n += (size_t)r;
	ret[n] = 0;
	return n;
}

static void expect_answer(int fd, const char *answer)
{
	char text[4096];

	received(fd, text, sizeof(text));
	assert_string_equal(text, answer);
}

static void expect_silence(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void expect_end(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

	assert_true(n == 0 || (n < 0 && errno != EAGAIN));
	close(fd);
}

static void ticks(struct control_test *t, int n)
{
	for (int i = 0; i < n; i++) {
		tl_control_tick(t->control);
		run(t);
	}
}

static void deliver(struct control_test *t, uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		t->sinks.fixture.event.seq = first + i;
		tl_tails_write(&t->tails, &t->sinks.fixture.event, NULL);
		if (i % 100 == 0)
			tl_tails_flush(&t->tails);
	}
	tl_tails_flush(&t->tails);
}

static void reload_is_answered_when_it_is_decided(void **state)
{
	struct control_test t;
	char wanted[128];
	int first, second;

	(void)state;
	control_init(&t);
	first = ASKED(&t, "reload\0");
	assert_int_equal(t.reloads, 1);
	snprintf(wanted, sizeof(wanted), "request from process %d (", (int)getpid());
	assert_ptr_equal(strstr(t.who, wanted), t.who);
	assert_non_null(strstr(t.who, "), user "));
	expect_silence(first);
	tl_control_reload_began(t.control);
	second = ASKED(&t, "reload\0"); /* wants one that has not begun */
	tl_control_reload_ended(t.control, false, "p.yaml:3:5: bogus");
	expect_answer(first, "-p.yaml:3:5: bogus");
	expect_silence(second);
	tl_control_reload_began(t.control);
	tl_control_reload_ended(t.control, true, "rules: 1");
	expect_answer(second, "+rules: 1");
	close(first);
	close(second);
	control_done(&t);
}

static void who_waits_at_the_end_is_told(void **state)
{
	struct control_test t;
	int fd;

	(void)state;
	control_init(&t);
	fd = ASKED(&t, "reload\0");
	t.control = tl_control_free(t.control);
	expect_answer(fd, "-the daemon stops");
	close(fd);
	control_done(&t);
}

static void what_is_no_request_is_refused(void **state)
{
	static const char garbage[] = "\xff\xfe\x1b[2J", other[] = "reload\0now\0", twice[] = "reload\0\0reload\0";
	struct control_test t;
	int fd;

	(void)state;
	control_init(&t);
	fd = asked(&t, garbage, sizeof(garbage));
	expect_answer(fd, "-no such request");
	close(fd);
	fd = asked(&t, other, sizeof(other));
	expect_answer(fd, "-this request takes no more words");
	close(fd);
	fd = asked(&t, twice, sizeof(twice));
	expect_answer(fd, "-one request at a time");
	close(fd);
	fd = ASKED(&t, "tail\0json\0json\0");
	expect_answer(fd, "-a word that this request does not take, or takes once only");
	close(fd);
	fd = ASKED(&t, "tail\0where=path == 1\0");
	expect_answer(fd, "-where: column 9: 'path' is a string, not a number");
	close(fd);
	assert_int_equal(t.reloads, 0);
	control_done(&t);
}

static void request_that_is_too_long_is_refused(void **state)
{
	struct control_test t;
	char *request = calloc(1, 2 * TL_CONTROL_REQUEST_MAX);
	int fd;

	(void)state;
	control_init(&t);
	memset(request, 'x', 2 * TL_CONTROL_REQUEST_MAX);
	memcpy(request, "tail\0where=", 11);
	fd = asked(&t, request, 2 * TL_CONTROL_REQUEST_MAX);
	expect_answer(fd, "-the request is too long");
	close(fd);
	free(request);
	control_done(&t);
}

static void half_a_request_has_five_seconds(void **state)
{
	struct control_test t;
	int half, slow, mute;

	(void)state;
	control_init(&t);
	mute = connected(&t);
	half = asked(&t, "relo", 4);
	slow = asked(&t, "relo", 4);
	ticks(&t, TL_CONTROL_TIME_MAX - 1);
	assert_int_equal(send(slow, "ad\0\0", 4, 0), 4);
	run(&t);
	assert_int_equal(t.reloads, 1);
	expect_silence(half);
	ticks(&t, 1);
	expect_end(half);
	expect_end(mute);
	expect_silence(slow); /* waits for the verdict, however long it takes */
	close(slow);
	control_done(&t);
}

static void one_who_keeps_its_answer_waiting_is_sent_away(void **state)
{
	struct control_test t;
	int fd;

	(void)state;
	control_init(&t);
	fd = ASKED(&t, "bogus\0");
	ticks(&t, TL_CONTROL_TIME_MAX);
	expect_answer(fd, "-no such request");
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(errno, EPIPE);
	close(fd);
	control_done(&t);
}

static void hundred_clients_are_not_all_let_in(void **state)
{
	struct control_test t;
	unsigned refused = 0;
	char text[64];
	int fd[MANY];
	const unsigned room = TL_CONTROL_CLIENTS_MAX - (getuid() ? TL_CONTROL_CLIENTS_RESERVED : 0);

	(void)state;
	control_init(&t);
	for (int i = 0; i < MANY; i++) {
		fd[i] = connected(&t);
		if (received(fd[i], text, sizeof(text))) {
			assert_string_equal(text, "-too many ask at a time");
			refused++;
		}
	}
	assert_int_equal(refused, MANY - room);
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	run(&t);
	fd[0] = ASKED(&t, "reload\0");
	assert_int_equal(t.reloads, 1);
	close(fd[0]);
	control_done(&t);
}

static void tail_gives_events_that_meet_the_condition(void **state)
{
	struct control_test t;
	char text[8192];
	int all, some, none;

	(void)state;
	control_init(&t);
	all = ASKED(&t, "tail\0");
	some = ASKED(&t, "tail\0json\0where=event == 'openat'\0");
	none = ASKED(&t, "tail\0where=event == 'close'\0");
	expect_answer(all, "+");
	expect_answer(some, "+");
	expect_answer(none, "+");
	deliver(&t, 1, 1);
	assert_true(received(all, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "openat("));
	assert_int_equal(count_of(text, "\n"), 1);
	received(some, text, sizeof(text));
	assert_int_equal(text[0], '{');
	assert_int_equal(count_of(text, "\n"), 1);
	expect_silence(none);
	close(all);
	close(some);
	run(&t);
	assert_ptr_equal(t.tails.first->next, NULL);
	/* It has nothing more to say. */
	assert_int_equal(send(none, "x", 1, 0), 1);
	run(&t);
	assert_null(t.tails.first);
	close(none);
	control_done(&t);
}

static void a_reader_does_not_see_what_its_own_reading_makes(void **state)
{
	struct control_test t;
	char text[8192];
	int fd;

	(void)state;
	control_init(&t);
	fd = ASKED(&t, "tail\0json\0");
	expect_answer(fd, "+");
	t.sinks.fixture.event.pid = (uint32_t)getpid();
	deliver(&t, 1, 2);
	expect_silence(fd);
	t.sinks.fixture.event.pid++;
	deliver(&t, 3, 1);
	received(fd, text, sizeof(text));
	assert_int_equal(count_of(text, "\n"), 1);
	close(fd);
	control_done(&t);
}

/* Reads lines, counts events, and adds up what is declared lost. */
static void account(struct control_test *t, int fd, uint64_t *ret_events, uint64_t *ret_lost)
{
	char *text = malloc(ROOM), *line, *rest, *at;
	size_t size = 0, n;

	assert_non_null(text);
	for (int i = 0; i < 100; i++) {
		n = received(fd, text + size, ROOM - size);
		size += n;
		run(t); /* room in the socket is news to the other side */
		if (!n && i)
			break;
	}
	*ret_events = *ret_lost = 0;
	for (rest = text[0] == '+' ? text + 2 : text; (line = strsep(&rest, "\n")) && *line;) {
		assert_non_null(strstr(line, "}}"));
		if (!strstr(line, "\"action\":\"lost\""))
			++*ret_events;
		else if ((at = strstr(line, "\"count\":")))
			*ret_lost += strtoull(at + 8, NULL, 10);
	}
	free(text);
}

static void slow_reader_loses_only_its_own_and_is_told(void **state)
{
	struct control_test t;
	uint64_t events = 0, lost = 0, quick_events = 0, more, none;
	int slow, quick;

	(void)state;
	control_init(&t);
	slow = ASKED(&t, "tail\0json\0");
	quick = ASKED(&t, "tail\0json\0");
	expect_answer(quick, "+");
	for (uint64_t i = 0; i < MANY_EVENTS / 100; i++) {
		deliver(&t, 1 + i * 100, 100);
		account(&t, quick, &more, &none);
		assert_int_equal(none, 0);
		quick_events += more;
	}
	assert_int_equal(quick_events, MANY_EVENTS);
	account(&t, slow, &events, &lost);
	assert_true(events > 0 && lost > 0);
	assert_int_equal(events + lost, MANY_EVENTS);
	/* It is in time again: all that comes now is there. */
	deliver(&t, MANY_EVENTS + 1, 10);
	account(&t, slow, &events, &lost);
	assert_int_equal(events, 10);
	assert_int_equal(lost, 0);
	close(slow);
	close(quick);
	control_done(&t);
}

static void one_who_never_reads_has_a_bounded_queue(void **state)
{
	struct control_test t;
	const struct tl_sink *sink;
	int fd;

	(void)state;
	control_init(&t);
	fd = ASKED(&t, "tail\0json\0");
	deliver(&t, 1, MANY_EVENTS);
	sink = t.tails.first->sink;
	assert_int_equal(sink->counters.accepted, MANY_EVENTS);
	assert_true(sink->counters.lost > 0);
	assert_in_range(tl_sink_waiting(sink), 1, MANY_EVENTS);
	assert_int_equal(sink->counters.delivered + sink->counters.lost + tl_sink_waiting(sink), MANY_EVENTS);
	close(fd);
	run(&t);
	assert_null(t.tails.first);
	control_done(&t);
}

static void more_than_sixteen_may_not_watch(void **state)
{
	struct control_test t;
	int fd[TL_TAILS_MAX + 1];

	(void)state;
	control_init(&t);
	for (int i = 0; i <= TL_TAILS_MAX; i++)
		fd[i] = ASKED(&t, "tail\0");
	expect_answer(fd[TL_TAILS_MAX - 1], "+");
	expect_answer(fd[TL_TAILS_MAX], "-too many watch at a time");
	close(fd[0]);
	run(&t);
	fd[0] = ASKED(&t, "tail\0");
	expect_answer(fd[0], "+");
	for (int i = 0; i <= TL_TAILS_MAX; i++)
		close(fd[i]);
	control_done(&t);
}

static void count(struct control_test *t, uint64_t n, const char *executable)
{
	t->sinks.fixture.process.executable = executable;
	for (uint64_t i = 0; i < n; i++)
		tl_rates_count(t->tails.rates, &t->sinks.fixture.event);
}

static void top_tells_each_second_how_many(void **state)
{
	struct control_test t;
	char text[65536];
	int fd;

	(void)state;
	control_init(&t);
	assert_null(t.tails.rates);
	fd = ASKED(&t, "top\0");
	expect_answer(fd, "+");
	count(&t, 3, "/usr/bin/a");
	count(&t, 5, "/usr/bin/b\n\033[2J");
	count(&t, 3, "/usr/bin/a");
	ticks(&t, 1);
	received(fd, text, sizeof(text));
	assert_int_equal(count_of(text, "\n"), 1);
	assert_non_null(strstr(
		text, "\"events\":11,\"others\":0,\"rows\":[{\"event\":\"openat\",\"executable\":\"/usr/bin/a\""));
	assert_non_null(strstr(text, "\"count\":6},{"));
	assert_null(strchr(text, '\033'));
	ticks(&t, 1);
	received(fd, text, sizeof(text));
	assert_non_null(strstr(text, "\"events\":0,\"others\":0,\"rows\":[]}"));
	close(fd);
	run(&t);
	ticks(&t, 1);
	assert_null(t.tails.rates);
	control_done(&t);
}

static void top_knows_a_limited_number_of_programs(void **state)
{
	struct tl_rates *r = tl_rates_new(1);
	struct tl_buffer b = { 0 };
	struct fixture f;
	char name[32];

	(void)state;
	fixture_init(&f);
	f.process.executable = name;
	for (int i = 0; i < 3 * TL_RATES_MAX; i++) {
		snprintf(name, sizeof(name), "/bin/%d", i);
		tl_rates_count(r, &f.event);
	}
	tl_rates_put(r, &b, 1000000001);
	tl_put_char(&b, 0);
	assert_false(b.failed);
	snprintf(name, sizeof(name), "\"others\":%d,", 3 * TL_RATES_MAX - TL_RATES_TOLD_MAX);
	assert_non_null(strstr(b.data, name));
	assert_non_null(strstr(b.data, "{\"nanoseconds\":1000000000,\"events\":3072,"));
	assert_int_equal(count_of(b.data, "\"count\":1}"), TL_RATES_TOLD_MAX);
	tl_buffer_done(&b);
	tl_rates_free(r);
	fixture_done(&f);
}

/* Others get theirs; it gets whole lines. */
static void slow_reader_of_counts_misses_seconds(void **state)
{
	struct control_test t;
	char *text = malloc(ROOM), *line, *rest;
	int slow, quick;

	(void)state;
	assert_non_null(text);
	control_init(&t);
	slow = ASKED(&t, "top\0");
	quick = ASKED(&t, "top\0");
	expect_answer(quick, "+");
	for (int i = 0; i < 100; i++) {
		for (int j = 0; j < TL_RATES_TOLD_MAX; j++) {
			char name[200];

			snprintf(name, sizeof(name), "/usr/bin/%0150d", j);
			count(&t, 1, name);
		}
		ticks(&t, 1);
		received(quick, text, ROOM);
		assert_int_equal(count_of(text, "\n"), 1);
	}
	for (size_t size = 0, n = 1; n; run(&t))
		size += n = received(slow, text + size, ROOM - size);
	rest = text + 2;
	assert_in_range(count_of(rest, "\n"), 2, 99);
	while ((line = strsep(&rest, "\n")) && *line)
		assert_true(line[0] == '{' && line[strlen(line) - 1] == '}');
	free(text);
	close(slow);
	close(quick);
	control_done(&t);
}

/* Somebody who may come as far as the socket, but is no member of the group. */
static void others_are_refused(void **state)
{
	struct control_test t;
	char path[128];
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	control_init(&t);
	snprintf(path, sizeof(path), "%s/control", t.folder);
	assert_int_equal(chmod(t.sinks.folder, 0755) | chmod(t.folder, 0755), 0);
	assert_int_equal(setegid(65534) | seteuid(65534), 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(try_to_connect(&t, &fd), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(seteuid(0) | setegid(0), 0);
	assert_int_equal(chmod(path, 0666), 0); /* somebody's mistake */
	assert_int_equal(setegid(65534) | seteuid(65534), 0);
	close(fd);
	fd = connected(&t);
	assert_int_equal(seteuid(0) | setegid(0), 0);
	expect_answer(fd, "-only root and members of the group traceleft may ask");
	close(fd);
	control_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload_is_answered_when_it_is_decided),
		cmocka_unit_test(who_waits_at_the_end_is_told),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(request_that_is_too_long_is_refused),
		cmocka_unit_test(half_a_request_has_five_seconds),
		cmocka_unit_test(one_who_keeps_its_answer_waiting_is_sent_away),
		cmocka_unit_test(hundred_clients_are_not_all_let_in),
		cmocka_unit_test(tail_gives_events_that_meet_the_condition),
		cmocka_unit_test(a_reader_does_not_see_what_its_own_reading_makes),
		cmocka_unit_test(slow_reader_loses_only_its_own_and_is_told),
		cmocka_unit_test(one_who_never_reads_has_a_bounded_queue),
		cmocka_unit_test(more_than_sixteen_may_not_watch),
		cmocka_unit_test(top_tells_each_second_how_many),
		cmocka_unit_test(top_knows_a_limited_number_of_programs),
		cmocka_unit_test(slow_reader_of_counts_misses_seconds),
		cmocka_unit_test(others_are_refused),
	};

	tl_log_setup(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
