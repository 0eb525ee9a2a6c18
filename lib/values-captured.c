/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of what lies in user memory. */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "escape.h"
#include "put.h"
#include "values-tables.h"

static void put_quoted(struct tl_buffer *out, const char *s, size_t n, bool truncated)
{
	tl_put_char(out, '"');
	tl_escape_text(out, s, n);
	tl_put_text(out, truncated ? "\"..." : "\"");
}

static void path_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_quoted(out, bytes->data, tl_string_size(bytes), bytes->flags & TL_VALUE_TRUNCATED);
}

/* Bytes that may hold NULs. */
void tl_string_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_quoted(out, bytes->data, bytes->size, bytes->flags & TL_VALUE_TRUNCATED);
}

void tl_argv_text(struct tl_buffer *out, const char *data, size_t size, bool truncated)
{
	size_t at = 0;

	tl_put_char(out, '[');
	while (at < size) {
		size_t n = strnlen(data + at, size - at);

		if (at)
			TL_PUT_LITERAL(out, ", ");
		put_quoted(out, data + at, n, truncated && at + n == size);
		at += n + 1;
	}
	if (truncated)
		tl_put_text(out, size ? ", ..." : "...");
	tl_put_char(out, ']');
}

static void argv_bytes(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	tl_argv_text(out, bytes->data, bytes->size, bytes->flags & TL_VALUE_TRUNCATED);
}

/* ---- Socket addresses ---- */

static char *write_v4(char *p, const uint8_t *a)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p = tl_w_u64(p, a[i]);
	}
	return p;
}

size_t tl_address_text(char ret[48], uint16_t family, const uint8_t address[16])
{
	if (family == AF_INET)
		return (size_t)(write_v4(ret, address) - ret);
	if (family == AF_INET6 && inet_ntop(AF_INET6, address, ret, 48))
		return strlen(ret);
	return 0;
}

static void inet_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct sockaddr_in in = { 0 };
	char address[16];

	memcpy(&in, bytes->data, sizeof(in) - sizeof(in.sin_zero));
	TL_PUT_LITERAL(out, ", sin_port=htons(");
	tl_put_u64(out, ntohs(in.sin_port));
	TL_PUT_LITERAL(out, "), sin_addr=inet_addr(\"");
	tl_put(out, address, (size_t)(write_v4(address, (const uint8_t *)&in.sin_addr) - address));
	TL_PUT_LITERAL(out, "\")");
}

static void inet6_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct sockaddr_in6 in = { 0 };
	char address[48];

	memcpy(&in, bytes->data, bytes->size < sizeof(in) ? bytes->size : sizeof(in));
	TL_PUT_LITERAL(out, ", sin6_port=htons(");
	tl_put_u64(out, ntohs(in.sin6_port));
	TL_PUT_LITERAL(out, "), sin6_flowinfo=htonl(");
	tl_put_u64(out, ntohl(in.sin6_flowinfo));
	TL_PUT_LITERAL(out, "), inet_pton(AF_INET6, \"");
	tl_put(out, address, tl_address_text(address, AF_INET6, (const uint8_t *)&in.sin6_addr));
	TL_PUT_LITERAL(out, "\", &sin6_addr), sin6_scope_id=");
	tl_put_u64(out, in.sin6_scope_id);
}

static void unix_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	const size_t at = offsetof(struct sockaddr_un, sun_path);
	const char *path = bytes->data + at;
	size_t n = bytes->size > at ? bytes->size - at : 0;
	bool truncated = bytes->flags & TL_VALUE_TRUNCATED;

	if (!n)
		return;
	TL_PUT_LITERAL(out, ", sun_path=");
	if (path[0]) {
		put_quoted(out, path, strnlen(path, n), truncated);
	} else {
		tl_put_char(out, '@');
		put_quoted(out, path + 1, n - 1, truncated);
	}
}

static void netlink_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct sockaddr_nl nl = { 0 };

	memcpy(&nl, bytes->data, sizeof(nl));
	TL_PUT_LITERAL(out, ", nl_pid=");
	tl_put_u64(out, nl.nl_pid);
	TL_PUT_LITERAL(out, ", nl_groups=");
	if (nl.nl_groups)
		tl_put_hex(out, nl.nl_groups);
	else
		TL_PUT_LITERAL(out, "00000000");
}

static void vsock_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct sockaddr_vm vm = { 0 };

	memcpy(&vm, bytes->data, bytes->size < sizeof(vm) ? bytes->size : sizeof(vm));
	TL_PUT_LITERAL(out, ", svm_cid=");
	if (vm.svm_cid == VMADDR_CID_ANY)
		TL_PUT_LITERAL(out, "VMADDR_CID_ANY");
	else if (vm.svm_cid == VMADDR_CID_HOST)
		TL_PUT_LITERAL(out, "VMADDR_CID_HOST");
	else
		tl_put_u64(out, vm.svm_cid);
	TL_PUT_LITERAL(out, ", svm_port=");
	tl_put_u64(out, vm.svm_port);
}

void tl_sockaddr_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	uint16_t family;

	if (bytes->size < sizeof(family)) {
		tl_string_text(out, bytes);
		return;
	}
	memcpy(&family, bytes->data, sizeof(family));
	TL_PUT_LITERAL(out, "{sa_family=");
	tl_family_text(out, family);
	if (family == AF_INET && bytes->size >= 8) {
		inet_text(out, bytes);
	} else if (family == AF_INET6 && bytes->size >= 24) {
		inet6_text(out, bytes);
	} else if (family == AF_UNIX) {
		unix_text(out, bytes);
	} else if (family == AF_NETLINK && bytes->size >= sizeof(struct sockaddr_nl)) {
		netlink_text(out, bytes);
	} else if (family == AF_VSOCK && bytes->size >= 12) {
		vsock_text(out, bytes);
	} else if (bytes->size > sizeof(family)) {
		TL_PUT_LITERAL(out, ", sa_data=");
		put_quoted(out, bytes->data + sizeof(family), bytes->size - sizeof(family),
			   bytes->flags & TL_VALUE_TRUNCATED);
	}
	tl_put_char(out, '}');
}

/* ---- Structures ---- */

static uint64_t word_at(const struct tl_bytes *bytes, size_t i)
{
	uint64_t v = 0;

	if ((i + 1) * sizeof(v) <= bytes->size)
		memcpy(&v, bytes->data + i * sizeof(v), sizeof(v));
	return v;
}

static void put_decoded(struct tl_buffer *out, const char *key, const char *decoder, uint64_t value)
{
	tl_put_text(out, key);
	tl_value_text(out, tl_decoder_find(decoder), value);
}

static void open_how_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	uint64_t flags = word_at(bytes, 0), mode = word_at(bytes, 1), resolve = word_at(bytes, 2);

	if (bytes->size < sizeof(struct open_how)) {
		tl_string_text(out, bytes);
		return;
	}
	put_decoded(out, "{flags=", "open_flags", flags);
	if (mode)
		put_decoded(out, ", mode=", "mode", mode);
	put_decoded(out, ", resolve=", "resolve_flags", resolve);
	if (bytes->size > sizeof(struct open_how) || bytes->flags & TL_VALUE_TRUNCATED)
		TL_PUT_LITERAL(out, ", ...");
	tl_put_char(out, '}');
}

static void put_pair(struct tl_buffer *out, const struct tl_bytes *bytes, const char *first, const char *second)
{
	if (bytes->size < 16) {
		tl_string_text(out, bytes);
		return;
	}
	tl_put_char(out, '{');
	tl_put_text(out, first);
	tl_put_char(out, '=');
	tl_put_i64(out, (int64_t)word_at(bytes, 0));
	TL_PUT_LITERAL(out, ", ");
	tl_put_text(out, second);
	tl_put_char(out, '=');
	tl_put_i64(out, (int64_t)word_at(bytes, 1));
	tl_put_char(out, '}');
}

static void timespec_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_pair(out, bytes, "tv_sec", "tv_nsec");
}

static void timeval_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_pair(out, bytes, "tv_sec", "tv_usec");
}

static void put_limit(struct tl_buffer *out, uint64_t limit)
{
	if (limit == UINT64_MAX)
		TL_PUT_LITERAL(out, "RLIM_INFINITY");
	else if (limit >= 1024 && limit % 1024 == 0) {
		tl_put_u64(out, limit / 1024);
		TL_PUT_LITERAL(out, "*1024");
	} else
		tl_put_u64(out, limit);
}

static void rlimit_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (bytes->size < 16) {
		tl_string_text(out, bytes);
		return;
	}
	TL_PUT_LITERAL(out, "{rlim_cur=");
	put_limit(out, word_at(bytes, 0));
	TL_PUT_LITERAL(out, ", rlim_max=");
	put_limit(out, word_at(bytes, 1));
	tl_put_char(out, '}');
}

/* struct clone_args, from flags to what there is of it. */
static void clone_args_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const names[] = { "pidfd", "child_tid", "parent_tid", "exit_signal", "stack", "stack_size",
					     "tls",   "set_tid",   "set_tid_size", "cgroup" };

	if (bytes->size < 64) {
		tl_string_text(out, bytes);
		return;
	}
	put_decoded(out, "{flags=", "clone3_flags", word_at(bytes, 0));
	for (size_t i = 0; i < COUNT(names) && (i + 2) * 8 <= bytes->size; i++) {
		uint64_t v = word_at(bytes, i + 1);

		if (!v && i != 3)
			continue;
		TL_PUT_LITERAL(out, ", ");
		tl_put_text(out, names[i]);
		if (i == 3)
			put_decoded(out, "=", "signal", v);
		else
			put_decoded(out, "=", "pointer", v);
	}
	tl_put_char(out, '}');
}

/* Two descriptors that pipe(2) or socketpair(2) wrote. */
static void fd_pair_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	int32_t fds[2];

	if (bytes->size < sizeof(fds)) {
		tl_string_text(out, bytes);
		return;
	}
	memcpy(fds, bytes->data, sizeof(fds));
	tl_put_char(out, '[');
	tl_put_i64(out, fds[0]);
	TL_PUT_LITERAL(out, ", ");
	tl_put_i64(out, fds[1]);
	tl_put_char(out, ']');
}

static void int_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	int32_t v;

	if (bytes->size < sizeof(v)) {
		tl_string_text(out, bytes);
		return;
	}
	memcpy(&v, bytes->data, sizeof(v));
	tl_put_char(out, '[');
	tl_put_i64(out, v);
	tl_put_char(out, ']');
}

static void sigset_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	uint64_t set = word_at(bytes, 0);
	bool most = __builtin_popcountll(set) > 40, first = true;

	if (bytes->size < sizeof(set)) {
		tl_string_text(out, bytes);
		return;
	}
	if (most) {
		tl_put_char(out, '~');
		set = ~set;
	}
	tl_put_char(out, '[');
	for (; set; set &= set - 1) {
		int number = __builtin_ctzll(set) + 1;
		const char *name = tl_signal_name(number);

		if (!first)
			tl_put_char(out, ' ');
		first = false;
		if (name)
			tl_put_text(out, name + 3);
		else {
			TL_PUT_LITERAL(out, "RT_");
			tl_put_i64(out, number - 32);
		}
	}
	tl_put_char(out, ']');
}

static const struct tl_decoder decoders[] = {
	BYTES("path", path_text),
	BYTES("string", path_text),
	BYTES("bytes", tl_string_text),
	BYTES("argv", argv_bytes),
	BYTES("sockaddr", tl_sockaddr_text),
	BYTES("open_how", open_how_text),
	BYTES("timespec", timespec_text),
	BYTES("timeval", timeval_text),
	BYTES("rlimit", rlimit_text),
	BYTES("clone_args", clone_args_text),
	BYTES("fd_pair", fd_pair_text),
	BYTES("int_pointer", int_text),
	BYTES("sigset", sigset_text),
};

const struct tl_decoder_list tl_decoders_captured = { decoders, COUNT(decoders) };
