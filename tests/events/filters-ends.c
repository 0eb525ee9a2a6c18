/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters in the kernel on who is at a socket's other end: of connections and datagrams to
 * several ports those to one of them come, and what only the reader can tell.
 */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness-inside.h"

enum { OF_EVENTS, OF_ACCOUNTS };
enum { CONNECT, SENDTO, NET_CONNECT, N_KINDS };

static const char *const names[] = { [CONNECT] = "connect", [SENDTO] = "sendto", [NET_CONNECT] = "net_connect" };

static struct {
	uint16_t wanted, other, closed; /* ports */
	unsigned *seen, *comes; /* N_KINDS of them; shared */
	unsigned n_events[N_KINDS], n_wrong;
} t;

/* ---- The child ---- */

static void made(unsigned kind, bool comes)
{
	t.seen[kind]++;
	t.comes[kind] += comes;
}

static int connect_to(int fd, const void *address, size_t size, bool comes)
{
	int r = (int)syscall(SYS_connect, fd, address, size);

	made(CONNECT, comes);
	return r < 0 ? -errno : 0;
}

static void connect_stream(uint16_t port, int result, bool comes)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(connect_to(fd, address4(port), sizeof(struct sockaddr_in), comes) == result);
	made(NET_CONNECT, comes);
	close(fd);
}

static void connect_mapped(uint16_t port, bool comes)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0)
		return;
	memcpy(&address.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	require(connect_to(fd, &address, sizeof(address), comes) == 0);
	made(NET_CONNECT, comes);
	close(fd);
}

static void send_to(int fd, uint16_t port, bool comes)
{
	const void *address = port ? address4(port) : NULL;

	syscall(SYS_sendto, fd, "x", 1, MSG_NOSIGNAL, address, address ? sizeof(struct sockaddr_in) : 0);
	made(SENDTO, comes);
}

static void send_datagrams(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	send_to(fd, t.wanted, true);
	send_to(fd, t.other, false);
	require(connect_to(fd, address4(t.other), sizeof(struct sockaddr_in), false) == 0);
	send_to(fd, 0, false);
	send_to(fd, t.wanted, true);
	close(fd);
}

static void call_all(void)
{
	const struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
	int fd;

	connect_stream(t.wanted, 0, true);
	connect_stream(t.other, 0, false);
	connect_stream(t.closed, -ECONNREFUSED, false);
	connect_mapped(t.wanted, true);
	connect_mapped(t.other, false);
	send_datagrams();
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	require(connect_to(fd, &nowhere, sizeof(nowhere), false) == -ENOENT);
	close(fd);
	/* What only the reader can tell: no socket, and an address that is cut. */
	require(connect_to(-1, address4(t.other), sizeof(struct sockaddr_in), true) == -EBADF);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	require(connect_to(fd, address4(t.other), 8, true) == -EINVAL);
	close(fd);
}

/* ---- The tester ---- */

static uint16_t listening(bool listens)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	require(fd >= 0 && bind(fd, address4(0), sizeof(struct sockaddr_in)) == 0);
	require(!listens || listen(fd, 16) == 0);
	return near_end(fd).port;
}

static int on_event(const struct tl_event *e, void *userdata)
{
	(void)userdata;
	for (unsigned i = 0; i < N_KINDS; i++)
		if (strcmp(e->type->name, names[i]) == 0) {
			t.n_events[i]++;
			t.n_wrong += e->destination.port != t.wanted && e->ret != -EBADF && e->ret != -EINVAL;
		}
	return 0;
}

static struct tl_session *start_session(uint32_t pid)
{
	const struct tl_options options = { .attach = attach_wanted() };
	const struct tl_target_spec target = { .name = "child", .pids = &pid, .n_pids = 1 };
	const struct tl_filter_test tests[] = {
		{ .field = TL_FILTER_DESTINATION_PORT,
		  .low = t.wanted,
		  .high = t.wanted,
		  .if_true = 1,
		  .if_false = TL_FILTER_UNMET },
		{ .field = TL_FILTER_DESTINATION_V4,
		  .low = 0x7f000000,
		  .high = 0x7fffffff,
		  .if_true = TL_FILTER_MET,
		  .if_false = TL_FILTER_UNMET },
	};
	const char *const events[] = { "connect", "sendto", "net_connect", NULL };
	struct tl_session *s;
	int r = make_for(&options, &target, events, &s);

	for (unsigned i = 0; r >= 0 && i < N_KINDS; i++)
		r = tl_session_set_filter(s, names[i], TL_FILTER_WITH_OBJECT, tests, N_ELEMENTS(tests));
	return start_made(s, r, on_event);
}

static void verify(struct tl_session *s)
{
	struct tl_counters k = {};

	for (unsigned i = 0; i < N_KINDS; i++) {
		if (t.n_events[i] != t.comes[i])
			fail_case(OF_EVENTS, __FILE__, __LINE__, "%s: %u events of %u", names[i], t.n_events[i],
				  t.comes[i]);
		if (tl_session_counters(s, tl_event_type_find(names[i]), &k) < 0 || k.seen != t.seen[i] ||
		    k.filtered != t.seen[i] - t.comes[i] || k.delivered != t.comes[i])
			fail_case(OF_ACCOUNTS, __FILE__, __LINE__, "%s: seen %llu, filtered %llu, delivered %llu",
				  names[i], (unsigned long long)k.seen, (unsigned long long)k.filtered,
				  (unsigned long long)k.delivered);
	}
	if (t.n_wrong)
		fail_case(OF_EVENTS, __FILE__, __LINE__, "%u events to other ports", t.n_wrong);
	if (tl_session_counters(s, NULL, &k) < 0)
		fail_case(OF_ACCOUNTS, __FILE__, __LINE__, "no counters");
	verify_balance(&k, OF_ACCOUNTS);
	verify_refusals(s, OF_ACCOUNTS);
}

int main(void)
{
	static const struct test_case cases[] = { CASE(call_all) };
	static const struct test test = { .event = "connect", .cases = cases, .n_cases = 1 };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	t.seen = room(N_KINDS * sizeof(*t.seen));
	t.comes = room(N_KINDS * sizeof(*t.comes));
	t.wanted = listening(true);
	t.other = listening(true);
	t.closed = listening(false);
	if (!run_session(&test, "filters-ends", start_session, verify, 0, &all_ok))
		return 1;
	report(OF_EVENTS, "what goes to a port of an address comes, and what the kernel cannot tell", &all_ok);
	report(OF_ACCOUNTS, "what is left out is counted as filtered in the kernel", &all_ok);
	return all_ok ? 0 : 1;
}
