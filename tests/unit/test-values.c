/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and captured bytes as strace shows them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/if_alg.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "describe.h"
#include "encode-fixture.h"
#include "values.h"
#include "wire.h"

static const char *done(struct tl_buffer *b)
{
	static char text[8192];

	assert_false(b->failed);
	assert_true(b->size < sizeof(text));
	if (b->size)
		memcpy(text, b->data, b->size);
	text[b->size] = 0;
	tl_buffer_done(b);
	return text;
}

static const char *number(const char *decoder, uint64_t value)
{
	const struct tl_decoder *d = tl_decoder_find(decoder);
	struct tl_buffer b = { 0 };

	assert_non_null(d);
	tl_value_text(&b, d, value);
	return done(&b);
}

/* As argument 1 of an event that captured it. */
static const char *captured(enum tl_capture capture, const char *decoder, struct tl_bytes bytes)
{
	struct tl_event_type type;
	struct tl_event event = { .type = &type, .args = { 0x7fff1234 }, .captured = { bytes } };
	struct tl_buffer b = { 0 };

	fixture_type(&type, "call", "");
	fixture_arg(&type, "a", "void *", decoder, capture);
	tl_argument_text(&b, &event, &type.args[0], decoder[0] ? tl_decoder_find(decoder) : NULL);
	return done(&b);
}

static const char *plain(const char *c_type, uint64_t value)
{
	struct tl_event_type type;
	struct tl_event event = { .type = &type, .args = { value } };
	struct tl_buffer b = { 0 };

	fixture_type(&type, "call", "");
	fixture_arg(&type, "a", c_type, "", TL_CAPTURE_NONE);
	tl_argument_text(&b, &event, &type.args[0], NULL);
	return done(&b);
}

static void decoders_and_their_names_in_descriptions_are_the_same(void **state)
{
	const struct tl_decoder *d;

	(void)state;
	for (size_t i = 0; tl_decoder_names[i]; i++)
		if (!tl_decoder_find(tl_decoder_names[i]))
			fail_msg("nothing decodes %s", tl_decoder_names[i]);
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		if (tl_name_find(tl_decoder_names, d->name, strlen(d->name)) < 0)
			fail_msg("no description may say %s", d->name);
		assert_true(strlen(d->name) < sizeof(((struct tl_arg_type *)0)->decoder));
		assert_ptr_equal(tl_decoder_find(d->name), d); /* no name twice */
	}
	assert_null(tl_decoder_find("no_such_decoder"));
}

static void numbers_are_read_by_their_c_type(void **state)
{
	(void)state;
	assert_string_equal(plain("int", 0xffffffffULL), "-1");
	assert_string_equal(plain("int", 0xdeadbeef00000005ULL), "5"); /* what is above an int is not part of it */
	assert_string_equal(plain("unsigned int", 0xffffffffffffffffULL), "4294967295");
	assert_string_equal(plain("long", (uint64_t)-5), "-5");
	assert_string_equal(plain("unsigned long", (uint64_t)-1), "18446744073709551615");
	assert_string_equal(plain("size_t", 4096), "4096");
	assert_string_equal(plain("ssize_t", (uint64_t)-1), "-1");
	assert_string_equal(plain("loff_t", (uint64_t)-1), "-1");
	assert_string_equal(plain("u64", (uint64_t)-1), "18446744073709551615");
	assert_string_equal(plain("__u32", (uint64_t)-1), "4294967295");
	assert_string_equal(plain("uid_t", (uint64_t)-1), "4294967295");
	assert_string_equal(plain("pid_t", 0xffffffff), "-1");
	assert_string_equal(plain("void *", 0x7ffd10), "0x7ffd10");
	assert_string_equal(plain("struct stat *", 0), "NULL");
}

static void flags_are_joined(void **state)
{
	(void)state;
	assert_string_equal(number("open_flags", 0), "O_RDONLY");
	assert_string_equal(number("open_flags", O_WRONLY | O_CREAT | O_TRUNC), "O_WRONLY|O_CREAT|O_TRUNC");
	assert_string_equal(number("open_flags", O_RDWR | O_CLOEXEC | 0x40000000), "O_RDWR|O_CLOEXEC|0x40000000");
	assert_string_equal(number("open_flags", O_TMPFILE | O_RDWR), "O_RDWR|O_TMPFILE");
	assert_string_equal(number("open_flags", O_DIRECTORY), "O_RDONLY|O_DIRECTORY");
	assert_string_equal(number("open_flags", O_SYNC), "O_RDONLY|O_SYNC");
	assert_string_equal(number("open_flags", O_DSYNC), "O_RDONLY|O_DSYNC");
	assert_string_equal(number("open_flags", 0xffffffff00000002ULL), "O_RDWR");
	assert_string_equal(number("at_flags", 0), "0");
	assert_string_equal(number("at_flags", AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
			    "AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH");
	assert_string_equal(number("mount_flags", MS_BIND | MS_REC), "MS_BIND|MS_REC");
	assert_string_equal(number("mount_flags", 0xC0ED0000 | MS_RDONLY), "MS_MGC_VAL|MS_RDONLY");
	assert_string_equal(number("mount_flags", 1U << 31), "MS_NOUSER");
	assert_string_equal(number("prot", 0), "PROT_NONE");
	assert_string_equal(number("prot", 5), "PROT_READ|PROT_EXEC");
	assert_string_equal(number("mmap_flags", 0x22), "MAP_PRIVATE|MAP_ANONYMOUS");
	assert_string_equal(number("access_mode", 0), "F_OK");
	assert_string_equal(number("access_mode", 6), "R_OK|W_OK");
	assert_string_equal(number("socket_type", 1 | 02000000), "SOCK_STREAM|SOCK_CLOEXEC");
	assert_string_equal(number("socket_type", 2), "SOCK_DGRAM");
	assert_string_equal(number("clone_flags", 0x1200011), "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
	assert_string_equal(number("clone_flags", 0x11), "SIGCHLD");
	assert_string_equal(number("clone3_flags", 1ULL << 33), "CLONE_INTO_CGROUP");
	assert_string_equal(number("epoll_events", 0x80000001), "EPOLLIN|EPOLLET");
	assert_string_equal(number("futex_op", 129), "FUTEX_WAKE_PRIVATE");
	assert_string_equal(number("futex_op", 0x189), "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME");
	assert_string_equal(number("ipc_flags", 01600), "IPC_CREAT|0600");
	assert_string_equal(number("sched_policy", 0x40000001), "SCHED_FIFO|SCHED_RESET_ON_FORK");
}

static void values_have_names(void **state)
{
	(void)state;
	assert_string_equal(number("dirfd", (uint32_t)AT_FDCWD), "AT_FDCWD");
	assert_string_equal(number("dirfd", 5), "5");
	assert_string_equal(number("fd", 0xffffffff), "-1");
	assert_string_equal(number("mode", 0), "000");
	assert_string_equal(number("mode", 0600), "0600");
	assert_string_equal(number("mode", 07), "007");
	assert_string_equal(number("mode", 0xdead0000 | 04755), "04755");
	assert_string_equal(number("umask", 022), "022");
	assert_string_equal(number("file_mode", 0020644), "S_IFCHR|0644");
	assert_string_equal(number("file_mode", 0101644), "S_IFREG|S_ISVTX|0644");
	assert_string_equal(number("device", 0x103), "makedev(0x1, 0x3)");
	assert_string_equal(number("signal", 9), "SIGKILL");
	assert_string_equal(number("signal", 0), "0");
	assert_string_equal(number("signal", 34), "SIGRT_2");
	assert_string_equal(number("errno", EACCES), "EACCES");
	assert_string_equal(number("address_family", AF_INET6), "AF_INET6");
	assert_string_equal(number("address_family", 200), "0xc8");
	assert_string_equal(number("protocol", 6), "IPPROTO_TCP");
	assert_string_equal(number("protocol", 262), "IPPROTO_MPTCP");
	assert_string_equal(number("ptrace_request", 16), "PTRACE_ATTACH");
	assert_string_equal(number("ptrace_request", 0x4206), "PTRACE_SEIZE");
	assert_string_equal(number("uid", 0xffffffff), "-1");
	assert_string_equal(number("gid", 1000), "1000");
	assert_string_equal(number("pointer", 0), "NULL");
	assert_string_equal(number("pointer", 0xffffffffffffffffULL), "0xffffffffffffffff");
	assert_string_equal(number("ioctl_request", 0x5401), "TCGETS");
	assert_string_equal(number("ioctl_request", 0x5412), "TIOCSTI");
	assert_string_equal(number("ioctl_request", 0x80041234), "_IOC(_IOC_READ, 0x12, 0x34, 0x4)");
	assert_string_equal(number("rusage_who", 0xffffffff), "RUSAGE_CHILDREN");
	assert_string_equal(number("quota_cmd", 0x80000200), "QCMD(Q_QUOTAON, USRQUOTA)");
	assert_string_equal(number("fcntl_cmd", 1030), "F_DUPFD_CLOEXEC");
	assert_string_equal(number("prctl_option", 15), "PR_SET_NAME");
	assert_string_equal(number("bpf_cmd", 5), "BPF_PROG_LOAD");
}

/* Every flag alone is its own name, or another that the same bits have. */
static void every_flag_shows_itself(void **state)
{
	const struct tl_decoder *d;

	(void)state;
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		for (size_t k = 0; k < d->n_flags; k++) {
			uint64_t bits = d->wide ? d->flags[k].value : (uint32_t)d->flags[k].value;
			int64_t value;
			const char *text = number(d->name, bits);
			const char *last = strrchr(text, '|');
			char field[64];

			snprintf(field, sizeof(field), "%.*s", (int)(last ? (size_t)(last - text) : strlen(text)),
				 text);
			if (!d->mask_last && last)
				snprintf(field, sizeof(field), "%s", last + 1);
			if (bits & d->mask || !bits || strstr(text, d->flags[k].name))
				continue;
			if (tl_constant_find(field, &value) < 0 && !strstr(text, "0x"))
				continue; /* of several names, as IN_CLOSE */
			if ((uint64_t)value != bits && !strchr(text, '|'))
				fail_msg("%s: %s is shown as %s", d->name, d->flags[k].name, text);
		}
	}
}

static void constants_are_found_by_name(void **state)
{
	int64_t value = 77;

	(void)state;
	assert_int_equal(tl_constant_find("O_WRONLY", &value), 0);
	assert_int_equal(value, O_WRONLY);
	assert_int_equal(tl_constant_find("EACCES", &value), 0);
	assert_int_equal(value, EACCES);
	assert_int_equal(tl_constant_find("EWOULDBLOCK", &value), 0);
	assert_int_equal(value, EAGAIN);
	assert_int_equal(tl_constant_find("AF_INET6", &value), 0);
	assert_int_equal(value, AF_INET6);
	assert_int_equal(tl_constant_find("SIGKILL", &value), 0);
	assert_int_equal(value, SIGKILL);
	assert_int_equal(tl_constant_find("AT_FDCWD", &value), 0);
	assert_int_equal(value, AT_FDCWD);
	assert_int_equal(tl_constant_find("MS_NOUSER", &value), 0);
	assert_int_equal(value, 1LL << 31);
	assert_int_equal(tl_constant_find("CLONE_INTO_CGROUP", &value), 0);
	assert_int_equal(value, 1LL << 33);
	assert_int_equal(tl_constant_find("CAP_SYS_ADMIN", &value), 0);
	assert_int_equal(value, 21);
	assert_int_equal(tl_constant_find("S_IFREG", &value), 0);
	assert_int_equal(value, 0100000);
	value = 77;
	assert_int_equal(tl_constant_find("O_NOSUCH", &value), -ENOENT);
	assert_int_equal(tl_constant_find("", &value), -ENOENT);
	assert_int_equal(value, 77);
}

/* The index is sorted and without a name twice; no name has two values. */
static void no_constant_has_two_values(void **state)
{
	const char *name, *before = "";
	const struct tl_decoder *d;
	int64_t value;

	(void)state;
	for (size_t i = 0; (name = tl_constant_name(i)); i++) {
		assert_true(strcmp(before, name) < 0);
		assert_true((name[0] >= 'A' && name[0] <= 'Z') || name[0] == '_');
		assert_int_equal(tl_constant_find(name, &value), 0);
		before = name;
	}
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		for (size_t k = 0; k < (size_t)d->n_values + d->n_flags; k++) {
			const struct tl_constant *c = k < d->n_values ? &d->values[k] : &d->flags[k - d->n_values];

			assert_int_equal(tl_constant_find(c->name, &value), 0);
			if ((uint32_t)value != (uint32_t)c->value)
				fail_msg("%s is %#llx and in %s %#llx", c->name, (unsigned long long)value, d->name,
					 (unsigned long long)c->value);
		}
	}
}

static void errors_and_signals_have_names(void **state)
{
	(void)state;
	for (int i = 1; i < 134; i++) {
		if (i == 41 || i == 58) {
			assert_null(tl_errno_name(i));
			assert_string_equal(tl_errno_message(i), "Unknown error");
			continue;
		}
		assert_string_equal(tl_errno_name(i), strerrorname_np(i) ? strerrorname_np(i) : "");
		assert_string_equal(tl_errno_message(i), strerrordesc_np(i));
	}
	assert_string_equal(tl_errno_name(512), "ERESTARTSYS");
	assert_null(tl_errno_name(0));
	assert_null(tl_errno_name(-1));
	assert_null(tl_errno_name(4095));
	assert_string_equal(tl_errno_message(-7), "Unknown error");
	for (int i = 1; i < 32; i++)
		assert_string_equal(tl_signal_name(i) + 3, i == SIGIO ? "IO" : sigabbrev_np(i));
	assert_null(tl_signal_name(0));
	assert_null(tl_signal_name(32));
}

static void strings_show_what_was_captured(void **state)
{
	struct tl_bytes bytes = fixture_string("/a \"b\"\n");

	(void)state;
	assert_string_equal(captured(TL_CAPTURE_STRING, "path", bytes), "\"/a \\\"b\\\"\\n\"");
	bytes.flags |= TL_VALUE_TRUNCATED;
	assert_string_equal(captured(TL_CAPTURE_STRING, "path", bytes), "\"/a \\\"b\\\"\\n\"...");
	bytes = fixture_bytes("x\0y", 3);
	assert_string_equal(captured(TL_CAPTURE_BUFFER, "", bytes), "\"x\\x00y\"");
	bytes = fixture_bytes("x\0", 2);
	assert_string_equal(captured(TL_CAPTURE_STRING, "", bytes), "\"x\\x00\"");
	assert_string_equal(captured(TL_CAPTURE_STRING, "path", bytes), "\"x\"");
	bytes.flags = TL_VALUE_PRESENT | TL_VALUE_FAULT;
	assert_string_equal(captured(TL_CAPTURE_STRING, "path", bytes), "0x7fff1234");
	bytes.flags = 0;
	assert_string_equal(captured(TL_CAPTURE_STRING, "path", bytes), "0x7fff1234");
}

static void argument_vectors_are_lists(void **state)
{
	struct tl_bytes bytes = fixture_bytes("sh\0-c\0a b\0", 10);

	(void)state;
	assert_string_equal(captured(TL_CAPTURE_ARGV, "argv", bytes), "[\"sh\", \"-c\", \"a b\"]");
	bytes = fixture_bytes("sh\0-c", 5);
	bytes.flags |= TL_VALUE_TRUNCATED;
	assert_string_equal(captured(TL_CAPTURE_ARGV, "argv", bytes), "[\"sh\", \"-c\"..., ...]");
	bytes = fixture_bytes("", 0);
	assert_string_equal(captured(TL_CAPTURE_ARGV, "", bytes), "[]");
	bytes = fixture_bytes("\0\0", 2);
	assert_string_equal(captured(TL_CAPTURE_ARGV, "", bytes), "[\"\", \"\"]");
}

static const char *sockaddr(const void *address, size_t size)
{
	return captured(TL_CAPTURE_SOCKADDR, "sockaddr", fixture_bytes(address, size));
}

static void internet_addresses_are_decoded(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(80), .sin_addr.s_addr = htonl(0x7f000001) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(53), .sin6_addr.s6_addr[15] = 1 };

	(void)state;
	assert_string_equal(sockaddr(&in, sizeof(in)),
			    "{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}");
	in.sin_addr.s_addr = htonl(0xffffffff);
	assert_non_null(strstr(sockaddr(&in, sizeof(in)), "\"255.255.255.255\""));
	assert_string_equal(sockaddr(&in6, sizeof(in6)),
			    "{sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), "
			    "inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}");
	assert_string_equal(sockaddr(&in, 4), "{sa_family=AF_INET, sa_data=\"\\x00P\"}"); /* cut by the caller */
	assert_string_equal(sockaddr(&in, 2), "{sa_family=AF_INET}");
	assert_string_equal(sockaddr(&in, 1), "\"\\x02\"");
}

static void other_addresses_are_decoded(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/run/x.sock" };
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_pid = 12 };
	struct sockaddr_alg alg = { .salg_family = AF_ALG, .salg_type = "hash", .salg_feat = 1, .salg_name = "sha256" };
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = 22 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = 2, .sll_pkttype = PACKET_OUTGOING };

	(void)state;
	assert_string_equal(sockaddr(&un, sizeof(un)), "{sa_family=AF_UNIX, sun_path=\"/run/x.sock\"}");
	assert_string_equal(sockaddr(&un, 2 + 4), "{sa_family=AF_UNIX, sun_path=\"/run\"}");
	assert_string_equal(sockaddr(&un, 2), "{sa_family=AF_UNIX}");
	memcpy(un.sun_path, "\0bus", 4);
	assert_string_equal(sockaddr(&un, 2 + 4), "{sa_family=AF_UNIX, sun_path=@\"bus\"}");
	assert_string_equal(sockaddr(&nl, sizeof(nl)), "{sa_family=AF_NETLINK, nl_pid=12, nl_groups=00000000}");
	assert_string_equal(sockaddr(&alg, sizeof(alg)),
			    "{sa_family=AF_ALG, salg_type=\"hash\", salg_feat=0x1, salg_mask=0, salg_name=\"sha256\"}");
	assert_string_equal(sockaddr(&alg, 24),
			    "{sa_family=AF_ALG, salg_type=\"hash\", salg_feat=0x1, salg_mask=0, salg_name=\"\"}");
	assert_non_null(strstr(sockaddr(&alg, 23), "sa_data="));
	assert_string_equal(number("tcp_option", 38), "TCP_AO_ADD_KEY");
	assert_string_equal(sockaddr(&vm, sizeof(vm)), "{sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=22}");
	assert_string_equal(sockaddr(&ll, sizeof(ll)), "{sa_family=AF_PACKET, sll_protocol=htons(ETH_P_ARP), sll_ifindex=2, sll_hatype=0, "
						       "sll_pkttype=PACKET_OUTGOING, sll_halen=0}");
	ll.sll_protocol = htons(0x4321);
	ll.sll_halen = 6;
	memcpy(ll.sll_addr, "abcdef\1", 7);
	assert_non_null(strstr(sockaddr(&ll, sizeof(ll)), "htons(0x4321)"));
	assert_non_null(strstr(sockaddr(&ll, sizeof(ll)), "sll_halen=6, sll_addr=\"abcdef\"}"));
	assert_non_null(strstr(sockaddr(&ll, 12), "sll_halen=6}"));
	assert_non_null(strstr(sockaddr(&ll, 11), "sa_data="));
}

static void structures_are_decoded(void **state)
{
	uint64_t how[4] = { O_CREAT | O_WRONLY, 0644, 8 }, limit[2] = { 1024, UINT64_MAX }, time[2] = { 1, 500 };
	uint64_t set = 1ULL << (SIGINT - 1) | 1ULL << (SIGCHLD - 1) | 1ULL << 33;
	uint64_t clone[11] = { 0x100, 0, 0, 0, SIGCHLD, 0x1000, 4096 };
	int fds[2] = { 3, 4 };

	(void)state;
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "open_how", fixture_bytes((char *)how, 24)),
			    "{flags=O_WRONLY|O_CREAT, mode=0644, resolve=RESOLVE_BENEATH}");
	how[0] |= 1ULL << 56;
	how[1] |= 1ULL << 32;
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "open_how", fixture_bytes((char *)how, 24)),
			    "{flags=O_WRONLY|O_CREAT|0x100000000000000, mode=040000000644, resolve=RESOLVE_BENEATH}");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "open_how", fixture_bytes((char *)how, 8)),
			    "\"A\\x00\\x00\\x00\\x00\\x00\\x00\\x01\"");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "rlimit", fixture_bytes((char *)limit, 16)),
			    "{rlim_cur=1024, rlim_max=RLIM64_INFINITY}");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "timespec", fixture_bytes((char *)time, 16)),
			    "{tv_sec=1, tv_nsec=500}");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "sigset", fixture_bytes((char *)&set, 8)), "[INT CHLD RT_2]");
	set = ~(1ULL << (SIGKILL - 1));
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "sigset", fixture_bytes((char *)&set, 8)), "~[KILL]");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "fd_pair", fixture_bytes((char *)fds, 8)), "[3, 4]");
	assert_string_equal(captured(TL_CAPTURE_STRUCT, "clone_args", fixture_bytes((char *)clone, 88)),
			    "{flags=CLONE_VM, exit_signal=SIGCHLD, stack=0x1000, stack_size=0x1000}");
}

static const char *structure(const char *decoder, const void *data, size_t size)
{
	return captured(TL_CAPTURE_STRUCT, decoder, fixture_bytes(data, size));
}

static const char *structure_by(uint8_t abi, const char *decoder, const void *data, size_t size)
{
	struct tl_event_type type;
	struct tl_event event = { .type = &type, .abi = abi, .args = { 1 }, .captured = { fixture_bytes(data, size) } };
	struct tl_buffer b = { 0 };

	fixture_type(&type, "call", "");
	fixture_arg(&type, "a", "void *", decoder, TL_CAPTURE_STRUCT);
	tl_argument_text(&b, &event, &type.args[0], tl_decoder_find(decoder));
	return done(&b);
}

static const char *structure_32(const char *decoder, const void *data, size_t size)
{
	return structure_by(TL_ABI_I386, decoder, data, size);
}

/* Its addresses are of 32 bits, its times and limits of 64. */
static void x32_has_addresses_of_32_bits(void **state)
{
	const uint32_t action[8] = { 0x8000, 0x10000000, 0, 2, 0 }, stack[6] = { 0x1000, 2, 8192 };
	const uint64_t words[2] = { 1, 2 };

	(void)state;
	assert_string_equal(structure_by(TL_ABI_X32, "sigaction", action, 32),
			    "{sa_handler=0x8000, sa_mask=[INT], sa_flags=SA_RESTART}");
	assert_string_equal(structure_by(TL_ABI_X32, "stack", stack, 24), "{ss_sp=0x1000, ss_flags=SS_DISABLE, ss_size=8192}");
	assert_string_equal(structure_by(TL_ABI_X32, "timespec", words, 16), "{tv_sec=1, tv_nsec=2}");
	assert_string_equal(structure_by(TL_ABI_X32, "rlimit", words, 16), "{rlim_cur=1, rlim_max=2}");
}

/* A message with nothing but `size` bytes of control data, of which `taken` were collected. */
static const char *control(uint8_t abi, const uint32_t data[16], uint32_t size, uint32_t taken)
{
	struct {
		struct tl_message head;
		uint32_t control[16];
	} m = { .head = { .control = 0x1000, .control_size = size, .control_taken = taken } };
	static char text[512];
	const char *all, *at, *end;

	memcpy(m.control, data, taken);
	all = structure_by(abi, "message", &m, sizeof(m.head) + ((taken + 7) & ~7U));
	at = strstr(all, "msg_control=");
	end = strstr(all, ", msg_controllen=");
	assert_non_null(at);
	assert_non_null(end);
	snprintf(text, sizeof(text), "%.*s", (int)(end - at - 12), at + 12);
	return text;
}

static void control_data_are_listed(void **state)
{
	const uint32_t two[16] = { 24, 0, 1, 1, 7, 8, 28, 0, 1, 2, 10, 20, 30, 0 };
	const uint32_t narrow[16] = { 16, 1, 1, 9, 13, 0, 8, 255 }, wrong[16] = { 15, 0, 1, 1, 7, 8 };

	(void)state;
	assert_string_equal(control(TL_ABI_X86_64, two, 56, 56),
			    "[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8]}, "
			    "{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=10, uid=20, gid=30}}]");
	assert_string_equal(control(TL_ABI_X86_64, two, 100, 20),
			    "[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7, ...]}, ...]");
	assert_string_equal(control(TL_ABI_X86_64, two, 56, 0), "0x1000");
	assert_string_equal(control(TL_ABI_X86_64, wrong, 24, 24), "[]");
	for (unsigned i = 0; i < 2; i++)
		assert_string_equal(control(i ? TL_ABI_X32 : TL_ABI_I386, narrow, 29, 29),
				    "[{cmsg_len=16, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[9]}, "
				    "{cmsg_len=13, cmsg_level=SOL_IP, cmsg_type=IP_PKTINFO, cmsg_data=\"\\xff\"}]");
}

static void programs_of_32_bits_have_layouts_of_their_own(void **state)
{
	const uint32_t words[5] = { (uint32_t)-1, 2, UINT32_MAX, 1 << 9, 0 };
	const uint32_t limit[2] = { 2048, UINT32_MAX };
	const uint32_t action[5] = { 0x8000, 0x10000000, 0, 2, 0 };

	(void)state;
	assert_string_equal(structure_32("timespec", words, 8), "{tv_sec=-1, tv_nsec=2}");
	assert_string_equal(structure_32("timespec64", (const uint64_t[2]){ 1, 2 }, 16), "{tv_sec=1, tv_nsec=2}");
	assert_string_equal(structure_32("rlimit", limit, 8), "{rlim_cur=2*1024, rlim_max=RLIM_INFINITY}");
	assert_string_equal(structure_32("sigaction", action, 20), "{sa_handler=0x8000, sa_mask=[INT], sa_flags=SA_RESTART}");
	assert_string_equal(structure_32("call_socket", (const uint32_t[6]){ 2, 1, 0 }, 24), "[AF_INET, SOCK_STREAM, 0]");
	assert_string_equal(structure_32("call_socket", (const uint32_t[6]){ 2, 1, 0 }, 8), "[AF_INET, SOCK_STREAM]");
}

static void requests_of_bpf_are_decoded(void **state)
{
	uint32_t load[20] = { 2, 7, 0x1000, 0, 0x2000, 0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	memcpy(&load[12], "spy", 4);
	assert_string_equal(structure("bpf_prog_load", load, sizeof(load)),
			    "{prog_type=BPF_PROG_TYPE_KPROBE, insn_cnt=7, insns=0x1000, license=0x2000, log_level=0, "
			    "log_size=0, log_buf=NULL, kern_version=0, prog_flags=0, prog_name=\"spy\", prog_ifindex=0, "
			    "expected_attach_type=0, ...}");
	assert_string_equal(structure("bpf_prog_load", load, 24),
			    "{prog_type=BPF_PROG_TYPE_KPROBE, insn_cnt=7, insns=0x1000, license=0x2000, ...}");
	assert_string_equal(structure("bpf_map_create", (const uint32_t[4]){ 1, 4, 8, 9 }, 16),
			    "{map_type=BPF_MAP_TYPE_HASH, key_size=4, value_size=8, max_entries=9, ...}");
	assert_string_equal(structure("bpf_object", (const uint64_t[2]){ 0x1000, 5 }, 16),
			    "{pathname=0x1000, bpf_fd=5, file_flags=0}");
}

static void times_are_decoded(void **state)
{
	const uint64_t times[4] = { 1, 2, 3, 4 }, touch[4] = { 0, (1 << 30) - 1, 0, (1 << 30) - 2 };

	(void)state;
	assert_string_equal(structure("timespec_pair", times, 32), "[{tv_sec=1, tv_nsec=2}, {tv_sec=3, tv_nsec=4}]");
	assert_string_equal(structure("timespec_pair", touch, 32), "[UTIME_NOW, UTIME_OMIT]");
	assert_string_equal(structure("timeval_pair", times, 32), "[{tv_sec=1, tv_usec=2}, {tv_sec=3, tv_usec=4}]");
	assert_string_equal(structure("itimerspec", times, 32),
			    "{it_interval={tv_sec=1, tv_nsec=2}, it_value={tv_sec=3, tv_nsec=4}}");
	assert_string_equal(structure("itimerval", times, 32),
			    "{it_interval={tv_sec=1, tv_usec=2}, it_value={tv_sec=3, tv_usec=4}}");
}

static void the_kernels_structures_are_decoded(void **state)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 5 };
	struct pollfd fds[2] = { { .fd = 3, .events = POLLIN }, { .fd = -1 } };
	const uint64_t action[4] = { 1, 0x14000000, 0x1000, 2 };
	const uint32_t caps[6] = { 1 << 21, 0xffffffff, 0, 1 << 7, 0xffffffff, 0 };
	struct stat st;

	(void)state;
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_string_equal(structure("stat", &st, sizeof(st)),
			    "{st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}");
	st.st_mode = S_IFREG | 0644;
	st.st_size = 12;
	assert_string_equal(structure("stat", &st, sizeof(st)), "{st_mode=S_IFREG|0644, st_size=12, ...}");
	assert_string_equal(structure("epoll_event", &event, sizeof(event)), "{events=EPOLLIN, data={u32=5, u64=5}}");
	assert_string_equal(structure("pollfds", fds, sizeof(fds)), "[{fd=3, events=POLLIN}, {fd=-1, events=0}]");
	assert_string_equal(structure("sigaction", action, sizeof(action)),
			    "{sa_handler=SIG_IGN, sa_mask=[INT], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x1000}");
	assert_string_equal(structure("capabilities", caps, sizeof(caps)),
			    "{effective=CAP_SYS_ADMIN|CAP_BPF, permitted=~0, inheritable=0}");
	assert_string_equal(structure("mount_attr", (const uint64_t[4]){ 1, 2, 1 << 18, 0 }, 32),
			    "{attr_set=MOUNT_ATTR_RDONLY, attr_clr=MOUNT_ATTR_NOSUID, propagation=MS_PRIVATE, "
			    "userns_fd=0}");
}

/* Any bytes at all: no decoder reads beyond them, and what comes out is printable. */
static void any_bytes_give_harmless_text(void **state)
{
	const struct tl_decoder *d;

	(void)state;
	srandom(3);
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		for (unsigned round = 0; round < 200 && d->kind == TL_DECODE_BYTES; round++) {
			size_t n = (size_t)random() % 130;
			char *bytes = malloc(n ? n : 1);

			for (size_t k = 0; k < n; k++)
				bytes[k] = (char)(round % 2 ? random() : random() % 45);
			for (const char *p = captured(TL_CAPTURE_STRUCT, d->name, fixture_bytes(bytes, n)); *p; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			free(bytes);
		}
	}
}

static void any_number_gives_harmless_text(void **state)
{
	const struct tl_decoder *d;

	(void)state;
	for (size_t i = 0; (d = tl_decoder_get(i)); i++) {
		for (unsigned bit = 0; bit < 64; bit++) {
			assert_true(number(d->name, 1ULL << bit)[0]);
			assert_true(number(d->name, ~(1ULL << bit))[0]);
		}
		assert_true(number(d->name, 0)[0]);
		assert_true(number(d->name, UINT64_MAX)[0]);
	}
}

static void the_mode_of_an_open_that_creates_nothing_is_none(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_false(tl_argument_used(&f.event, 3));
	f.event.args[2] = O_CREAT | O_WRONLY;
	assert_true(tl_argument_used(&f.event, 3));
	f.event.args[2] = O_TMPFILE;
	assert_true(tl_argument_used(&f.event, 3));
	f.event.args[2] = O_DIRECTORY;
	assert_false(tl_argument_used(&f.event, 3));
	for (unsigned i = 0; i < 3; i++)
		assert_true(tl_argument_used(&f.event, i));
	fixture_done(&f);
}

/* A handler asks for the command alone, and what it captured is shown as what it is. */
static void what_a_command_points_to_has_a_decoder(void **state)
{
	const struct tl_event_type *types;
	unsigned n_found = 0;
	size_t n;

	(void)state;
	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++) {
		const struct tl_variant *v = NULL;
		uint32_t mask = 0;

		tl_variants_of(&types[i]);
		while ((v = tl_variant_next(&types[i], v))) {
			const struct tl_decoder *decoder = tl_variant_decoder(v, v->behind.position, NULL);

			if (!v->behind.position)
				continue;
			n_found++;
			assert_true(v->mask && (!mask || v->mask == mask)); /* the same for all of the call */
			mask = v->mask;
			assert_int_equal(v->also_at, 0);
			assert_true(v->selector > 0);
			assert_int_equal(types[i].args[v->behind.position - 1].capture, TL_CAPTURE_COMMAND);
			assert_true(types[i].args[v->behind.position - 1].size >= v->behind.size);
			assert_non_null(decoder);
			assert_int_equal(decoder->kind, TL_DECODE_BYTES);
		}
	}
	assert_true(n_found > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoders_and_their_names_in_descriptions_are_the_same),
		cmocka_unit_test(what_a_command_points_to_has_a_decoder),
		cmocka_unit_test(numbers_are_read_by_their_c_type),
		cmocka_unit_test(flags_are_joined),
		cmocka_unit_test(values_have_names),
		cmocka_unit_test(every_flag_shows_itself),
		cmocka_unit_test(constants_are_found_by_name),
		cmocka_unit_test(no_constant_has_two_values),
		cmocka_unit_test(errors_and_signals_have_names),
		cmocka_unit_test(strings_show_what_was_captured),
		cmocka_unit_test(argument_vectors_are_lists),
		cmocka_unit_test(internet_addresses_are_decoded),
		cmocka_unit_test(other_addresses_are_decoded),
		cmocka_unit_test(structures_are_decoded),
		cmocka_unit_test(times_are_decoded),
		cmocka_unit_test(programs_of_32_bits_have_layouts_of_their_own),
		cmocka_unit_test(x32_has_addresses_of_32_bits),
		cmocka_unit_test(control_data_are_listed),
		cmocka_unit_test(requests_of_bpf_are_decoded),
		cmocka_unit_test(the_kernels_structures_are_decoded),
		cmocka_unit_test(any_bytes_give_harmless_text),
		cmocka_unit_test(any_number_gives_harmless_text),
		cmocka_unit_test(the_mode_of_an_open_that_creates_nothing_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
