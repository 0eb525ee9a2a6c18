// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel part decides of addresses and ports, against what the reader makes of
 * the same record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "filter-fixture.h"
#include "paths.h"
#include "session.h"
#include "util.h"

#define PAIRS 10000
#define TEXT_MAX 1024

static const char *const types[] = { "connect",	    "bind",	  "accept",    "accept4",     "listen",	     "sendto",
				     "recvfrom",    "sendmsg",	  "recvmsg",   "getsockname", "getpeername", "shutdown",
				     "net_connect", "net_accept", "net_close", "net_bind",    "net_listen",  "sendmmsg" };

static struct {
	struct tl_session session;
	/* As much of it can be read as of the kernel's. */
	_Alignas(8) __u8 data[TL_RECORD_MAX + 2 * TL_PATH_MAX];
	__u32 size;
	struct tl_parts parts;
} t;

static int set_up(void **state)
{
	(void)state;
	t.session.text = malloc(TL_TEXT_MAX);
	assert_int_equal(tl_processes_new(0, NULL, &t.session.processes), 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		t.session.events[i + 1].type = *tl_event_type_find(types[i]);
	t.session.n_events = ARRAY_SIZE(types);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tl_processes_free(t.session.processes);
	free(t.session.text);
	free(t.session.further);
	return 0;
}

/* ---- Records ---- */

static struct tl_record *record(void)
{
	return (struct tl_record *)t.data;
}

static void add(__u8 type, __u8 index, __u16 flags, const void *data, size_t size)
{
	const struct tl_section section = { .type = type, .index = index, .flags = flags, .size = (__u32)size };

	memcpy(t.data + t.size, &section, sizeof(section));
	if (size)
		memcpy(t.data + t.size + sizeof(section), data, size);
	t.size += sizeof(section) + (((__u32)size + 7) & ~7U);
	record()->size = t.size;
}

static const struct tl_event_type *begin(const char *name, int64_t ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i], name))
			continue;
		memset(t.data, 0, 4096);
		*record() = (struct tl_record){
			.size = sizeof(struct tl_record),
			.event = (__u16)(i + 1),
			.handler = (__u32)(i + 1),
			.kind = strncmp(name, "net_", 4) ? TL_RECORD_EVENT : TL_RECORD_NETWORK,
			.pid = (__u32)getpid(),
			.tid = (__u32)getpid(),
			.ret = ret,
		};
		t.size = record()->size;
		return &t.session.events[i + 1].type;
	}
	fail_msg("no event %s", name);
	return NULL;
}

static const struct tl_event *decoded(void)
{
	assert_int_equal(tl_decode(&t.session, t.data, t.size), 0);
	return &t.session.event;
}

/* ---- The kernel's side ---- */

/* Of the record as it is now. */
static bool passes(const struct tl_expression *e, const struct tl_event_type *type)
{
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	int n = tl_filter_make(&e, 1, type, TL_FILTER_WITH_OBJECT, tests);
	struct tl_filter filter;
	__u32 at = 0;

	memset(&t.parts, 0, sizeof(t.parts));
	if (n <= 0)
		return true;
	assert_int_equal(tl_filter_translate(type, TL_FILTER_WITH_OBJECT, tests, (size_t)n, &filter), 0);
	tl_parts_find(&t.parts, t.data, t.size, filter.ends & TL_ENDS_ADDRESS);
	if (!tl_ends_prepare(&t.parts, t.data, t.data, t.size, (__u32)filter.ends))
		return true;
	while (at < TL_CHECKS_MAX)
		at = tl_check_next(&filter, &filter.checks[at], t.data, &t.parts);
	return at == TL_CHECK_MET;
}

/* Whether both sides say `wanted`. */
static void expect(const char *text, bool wanted)
{
	struct tl_expression *e = compile(text);
	const struct tl_event_type *type = &t.session.events[record()->event].type;

	if (tl_expression_eval(e, decoded()) != wanted)
		fail_msg("%s of %s: the reader says %d", text, type->name, !wanted);
	if (passes(e, type) != wanted)
		fail_msg("%s of %s: the kernel part says %d", text, type->name, !wanted);
	tl_expression_free(e);
}

/* The kernel part leaves it to the reader. */
static void expect_left(const char *text)
{
	struct tl_expression *e = compile(text);

	assert_true(passes(e, &t.session.events[record()->event].type));
	tl_expression_free(e);
}

/* ---- Single ones ---- */

static const struct tl_socket_facts tcp4 = { .family = AF_INET,
					     .type = SOCK_STREAM,
					     .protocol = IPPROTO_TCP,
					     .local_port = 40000,
					     .remote_port = 443,
					     .local = { 10, 1, 2, 3 },
					     .remote = { 192, 0, 2, 7 } };

static void ends_of_a_connection_are_compared_in_the_kernel(void **state)
{
	(void)state;
	begin("connect", 0);
	add(TL_SECTION_SOCKET, 0, 0, &tcp4, sizeof(tcp4));
	expect("dport == 443", true);
	expect("dport == 80", false);
	expect("dport != 443", false);
	expect("dport in (80, 443)", true);
	expect("dport not in (80, 443)", false);
	expect("sport >= 1024 and dport < 1024", true);
	expect("daddr == 192.0.2.7", true);
	expect("daddr != 192.0.2.7", false);
	expect("daddr in 192.0.2.0/24", true);
	expect("daddr in 10.0.0.0/8", false);
	expect("daddr not in 10.0.0.0/8", true);
	expect("daddr in (10.0.0.0/8, ::1, 2001:db8::/32)", false);
	expect("saddr in (10.0.0.0/8, ::1, 2001:db8::/32)", true);
	expect("daddr in 0.0.0.0/0", true);
	expect("daddr in ::/0", false);
	expect("daddr in ::ffff:192.0.2.0/120", true);
	expect("family == AF_INET and protocol == IPPROTO_TCP and socket_type == SOCK_STREAM", true);
	expect("family == AF_INET6", false);
}

static void who_calls_is_the_source(void **state)
{
	(void)state;
	begin("accept4", 3);
	add(TL_SECTION_SOCKET, 0, 0, &tcp4, sizeof(tcp4));
	expect("sport == 443 and dport == 40000", true);
	expect("saddr in 10.0.0.0/8", false);
	begin("net_close", 0);
	add(TL_SECTION_SOCKET, 0, 0, &tcp4, sizeof(tcp4));
	add(TL_SECTION_TRAFFIC, 0, 0, &(struct tl_traffic_facts){ .incoming = 1 }, sizeof(struct tl_traffic_facts));
	expect("sport == 443 and dport == 40000", true);
	expect("dport == 443", false);
}

static void ipv6_is_compared_in_the_kernel(void **state)
{
	struct tl_socket_facts facts = { .family = AF_INET6,
					 .type = SOCK_STREAM,
					 .protocol = IPPROTO_TCP,
					 .remote_port = 443,
					 .remote = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 } };

	(void)state;
	begin("connect", 0);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	expect("daddr in 2001:db8::/32", true);
	expect("daddr in 2001:db8::/64", true);
	expect("daddr in 2001:db8::8/127", true);
	expect("daddr in 2001:db8::a/127", false);
	expect("daddr == 2001:db8::9", true);
	expect("daddr != 2001:db8::9", false);
	expect("daddr in 10.0.0.0/8", false);
	expect("daddr in ::/0", true);
	expect("daddr in 8000::/1", false);
	/* Of no address nothing is true. */
	expect("saddr in ::/0", false);
	expect("saddr != ::1", false);
	expect("saddr not in 2001:db8::/32", false);
	expect("not saddr in 2001:db8::/32", true);
	/* What is IPv4 in it. */
	memcpy(facts.remote, (const uint8_t[16]){ [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 }, 16);
	begin("connect", 0);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	expect("daddr in 10.0.0.0/8", true);
	expect("daddr in ::/0", false);
	expect("family == AF_INET6", true);
}

static void what_was_asked_for_counts_where_nothing_came_of_it(void **state)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(25) };
	struct tl_socket_facts facts = { .family = AF_INET, .type = SOCK_STREAM, .protocol = IPPROTO_TCP };

	(void)state;
	memcpy(&v4.sin_addr, (const uint8_t[4]){ 198, 51, 100, 1 }, 4);
	begin("connect", -ECONNREFUSED);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 2, 0, &v4, sizeof(v4));
	expect("dport == 25 and daddr in 198.51.100.0/24", true);
	expect("dport == 443", false);
	begin("bind", -EACCES);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 2, 0, &v4, sizeof(v4));
	expect("sport == 25 and saddr == 198.51.100.1", true);
	expect("sport == 80", false);
	/* A datagram goes where it is sent, whatever the socket is connected to. */
	facts.type = SOCK_DGRAM;
	facts.protocol = IPPROTO_UDP;
	facts.remote_port = 53;
	begin("sendto", 4);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 5, 0, &v4, sizeof(v4));
	expect("dport == 25", true);
	expect("dport == 53", false);
}

static void what_is_not_certain_is_left_to_the_reader(void **state)
{
	const struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(25) };
	struct tl_socket_facts facts = tcp4;

	(void)state;
	/* No socket. */
	begin("connect", -EBADF);
	expect_left("dport == 80");
	/* An address that is cut. */
	facts.remote_port = 0;
	begin("connect", -EINVAL);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 2, 0, &v6, 20);
	expect_left("dport == 80");
	/* A raw socket. */
	facts = tcp4;
	facts.type = SOCK_RAW;
	begin("connect", 0);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	expect_left("dport == 80");
}

static void messages_of_dns_are_never_left_out(void **state)
{
	struct tl_socket_facts facts = { .family = AF_INET,
					 .type = SOCK_DGRAM,
					 .protocol = IPPROTO_UDP,
					 .remote_port = 53,
					 .remote = { 192, 0, 2, 53 } };

	(void)state;
	begin("recvfrom", 12);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	expect("sport == 80", false);
	expect("pid == 0", false);
	add(TL_SECTION_DNS, 0, TL_SECTION_TRUNCATED, "123456789012", 12);
	expect_left("sport == 80");
	expect_left("pid == 0");
	/* Nor what may have one behind all the others. */
	begin("recvfrom", 12);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	for (int i = 0; i < TL_CHECK_SECTIONS; i++)
		add(TL_SECTION_NAMESPACES, 0, 0, "12345678", 8);
	expect_left("sport == 80");
}

/* Those behind the first may go where the condition asks for. */
static void several_messages_are_left_to_the_reader(void **state)
{
	struct tl_socket_facts facts = { .family = AF_INET, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP };
	struct {
		struct tl_message message;
		struct sockaddr_in address;
	} two[2] = {};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		two[i].message.name_size = sizeof(two[i].address);
		two[i].address.sin_family = AF_INET;
		two[i].address.sin_port = htons((uint16_t)(80 + i));
		two[i].address.sin_addr.s_addr = htonl(0x0a000001);
	}
	begin("sendmmsg", 1);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 2, 0, two, sizeof(two[0]));
	expect("dport == 80", true);
	expect("dport == 81", false);
	begin("sendmmsg", 2);
	add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	add(TL_SECTION_ARG, 2, 0, two, sizeof(two));
	expect("dport == 81", true);
	expect("dport != 80", true); /* that of one of them is not */
	expect_left("daddr == 10.0.0.2");
}

/* ---- Random ones ---- */

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

static const uint16_t ports[] = { 0, 53, 80, 443, 40000, 65535 };
static const uint8_t addresses[][16] = {
	{},
	{ 10, 0, 0, 1 },
	{ 127, 0, 0, 1 },
	{ 255, 255, 255, 255 },
	{ [15] = 1 },
	{ [10] = 0xff, [11] = 0xff },
	{ [10] = 0xff, [11] = 0xff, 10, 0, 0, 1 },
	{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 },
	{ 0xfe, 0x80, [8] = 2, [15] = 1 },
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

static uint16_t random_family(void)
{
	static const uint16_t families[] = { AF_INET,  AF_INET, AF_INET,    AF_INET6, AF_INET6,
					     AF_INET6, AF_UNIX, AF_NETLINK, AF_VSOCK, AF_UNSPEC };

	return PICK(families);
}

static struct tl_socket_facts random_facts(void)
{
	static const uint16_t socket_types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_DGRAM, SOCK_RAW };
	static const uint16_t protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP };
	struct tl_socket_facts facts = { .family = random_family(),
					 .type = PICK(socket_types),
					 .protocol = PICK(protocols),
					 .local_port = PICK(ports),
					 .remote_port = PICK(ports) };

	memcpy(facts.local, PICK(addresses), 16);
	memcpy(facts.remote, PICK(addresses), 16);
	return facts;
}

/* A socket address, of any length. Returns that. */
static size_t random_sockaddr(uint8_t to[TL_ADDRESS_MAX])
{
	static const size_t sizes[] = { 0, 1, 2, 3, 8, 15, 16, 16, 16, 23, 24, 28, 28, 28, 110, 128 };
	uint16_t family = random_family(), port = htons(PICK(ports));

	memset(to, below(2) ? 0 : 'x', TL_ADDRESS_MAX);
	memcpy(to, &family, sizeof(family));
	memcpy(to + 2, &port, sizeof(port));
	memcpy(to + (family == AF_INET6 ? 8 : 4), PICK(addresses), 16);
	return PICK(sizes);
}

static void add_random_address(const struct tl_event_type *type)
{
	uint8_t bytes[sizeof(struct tl_message) + TL_ADDRESS_MAX + 16] = {};
	const struct tl_arg_type *asked = tl_address_argument(type);
	struct tl_message message = {};
	size_t size;

	if (type->class == TL_CLASS_NETWORK || !asked || !tl_capture_is_message(asked->capture)) {
		size = random_sockaddr(bytes);
		if (!below(10))
			add(TL_SECTION_ARG, asked ? asked->position : 2, TL_SECTION_FAULT, "", 0);
		else
			add(TL_SECTION_ARG, asked ? asked->position : 2, 0, bytes, size);
		return;
	}
	message.name_size = (__u32)random_sockaddr(bytes + sizeof(message));
	memcpy(bytes, &message, sizeof(message));
	size = sizeof(message) + ((message.name_size + 7) & ~7U);
	add(TL_SECTION_ARG, asked->position, below(4) ? 0 : TL_SECTION_TRUNCATED, bytes, below(8) ? size : below(80));
}

static const struct tl_event_type *random_record(void)
{
	const struct tl_event_type *type = begin(PICK(types), below(3) ? 0 : -ECONNREFUSED);
	struct tl_socket_facts facts = random_facts();
	struct tl_traffic_facts traffic = { .incoming = below(2) };

	if (below(8))
		add(TL_SECTION_SOCKET, 0, 0, &facts, sizeof(facts));
	if (type->class == TL_CLASS_NETWORK && below(8))
		add(TL_SECTION_TRAFFIC, 0, 0, &traffic, sizeof(traffic));
	if (below(4))
		add_random_address(type);
	return type;
}

static const char *const networks[] = { "10.0.0.0/8",
					"10.0.0.1",
					"127.0.0.0/8",
					"0.0.0.0/0",
					"0.0.0.0",
					"128.0.0.0/1",
					"::/0",
					"::1",
					"::",
					"2001:db8::/32",
					"2001:db8::1",
					"fe80::/10",
					"fe80::2:0:0:0:1",
					"fe80::/64",
					"ffff::/16",
					"::ffff:0:0/96",
					"2001:db8::/127" };
static const char *const hosts[] = { "10.0.0.1", "0.0.0.0",	"255.255.255.255", "::1",
				     "::",	 "2001:db8::1", "::ffff:10.0.0.1" };

static int random_comparison(char *to)
{
	static const char *const numbers[] = { "0", "1", "2", "6", "10", "17", "53", "80", "443", "40000", "65535" };
	static const char *const relations[] = { "==", "!=", "<", "<=", ">", ">=" };
	static const char *const fields[] = { "sport", "dport", "sport", "dport", "family", "protocol", "socket_type" };
	const char *end = below(2) ? "saddr" : "daddr", *not = below(3) ? "" : "not ";

	switch (below(6)) {
	case 0:
		return sprintf(to, "%s %sin %s", end, not, PICK(networks));
	case 1:
		return sprintf(to, "%s %sin (%s, %s, %s)", end, not, PICK(networks), PICK(networks), PICK(networks));
	case 2:
		return sprintf(to, "%s %s %s", end, below(2) ? "==" : "!=", PICK(hosts));
	case 3:
		return sprintf(to, "%s %sin (%s, %s)", PICK(fields), not, PICK(numbers), PICK(numbers));
	default:
		return sprintf(to, "%s %s %s", PICK(fields), PICK(relations), PICK(numbers));
	}
}

static void random_condition(char *to, unsigned depth)
{
	if (!depth || !below(3)) {
		random_comparison(to);
		return;
	}
	to += sprintf(to, below(4) ? "(" : "not (");
	random_condition(to, depth - 1);
	to += strlen(to);
	to += sprintf(to, ") %s (", below(2) ? "and" : "or");
	random_condition(to, depth - 1);
	strcat(to, ")");
}

static void both_sides_say_the_same_of_random_ends(void **state)
{
	unsigned known = 0, met = 0, left_out = 0;
	char text[TEXT_MAX];

	(void)state;
	srandom(5);
	for (unsigned pairs = 0; pairs < PAIRS;) {
		struct tl_expression *e;

		random_condition(text, 2);
		e = compile(text);
		for (unsigned i = 0; i < 10; i++, pairs++) {
			const struct tl_event_type *type = random_record();
			bool wanted, passed = passes(e, type), exact;

			exact = t.parts.offset[TL_PART_ENDS] && is_exact(e, type);
			wanted = tl_expression_eval(e, decoded());
			if (passed != wanted && (exact || wanted))
				fail_msg("pair %u: %s of %s: wanted %d, let through %d", pairs, text, type->name,
					 wanted, passed);
			known += exact;
			met += wanted;
			left_out += !passed;
		}
		tl_expression_free(e);
	}
	/* Otherwise it shows nothing. */
	assert_true(known > PAIRS / 3);
	assert_true(met > PAIRS / 10);
	assert_true(left_out > PAIRS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_a_connection_are_compared_in_the_kernel),
		cmocka_unit_test(who_calls_is_the_source),
		cmocka_unit_test(ipv6_is_compared_in_the_kernel),
		cmocka_unit_test(what_was_asked_for_counts_where_nothing_came_of_it),
		cmocka_unit_test(what_is_not_certain_is_left_to_the_reader),
		cmocka_unit_test(messages_of_dns_are_never_left_out),
		cmocka_unit_test(several_messages_are_left_to_the_reader),
		cmocka_unit_test(both_sides_say_the_same_of_random_ends),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
