/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strings and socket addresses in user memory. */
#include <arpa/inet.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
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

void tl_path_text(struct tl_buffer *out, const struct tl_bytes *bytes)
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

/* struct msgbuf, whose first member is a long. */
static void put_letter(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	int64_t type = 0;
	int32_t narrow;

	if (bytes->size < width) {
		tl_string_text(out, bytes);
		return;
	}
	memcpy(&type, bytes->data, width);
	memcpy(&narrow, bytes->data, sizeof(narrow));
	TL_PUT_LITERAL(out, "{mtype=");
	tl_put_i64(out, width == 4 ? narrow : type);
	TL_PUT_LITERAL(out, ", mtext=");
	put_quoted(out, bytes->data + width, bytes->size - width, bytes->flags & TL_VALUE_TRUNCATED);
	tl_put_char(out, '}');
}

static void letter_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_letter(out, bytes, 8);
}

static void letter_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_letter(out, bytes, 4);
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

bool tl_endpoint_known(const struct tl_endpoint *endpoint)
{
	static const uint8_t none[16];
	size_t n = endpoint->family == AF_INET ? 4 : 16;

	if (endpoint->family != AF_INET && endpoint->family != AF_INET6)
		return false;
	return endpoint->port || memcmp(endpoint->address, none, n);
}

uint32_t tl_endpoint_context(const struct tl_endpoint *endpoint)
{
	uint32_t cid;

	memcpy(&cid, endpoint->address, sizeof(cid));
	return cid;
}

bool tl_endpoint_is_context(const struct tl_endpoint *endpoint)
{
	return endpoint->family == AF_VSOCK && (endpoint->port || tl_endpoint_context(endpoint));
}

bool tl_endpoint_has_port(const struct tl_event *event, const struct tl_endpoint *endpoint)
{
	return endpoint->port || event->socket_type != SOCK_RAW;
}

void tl_endpoint_text(struct tl_buffer *out, const struct tl_event *event, const struct tl_endpoint *endpoint)
{
	char address[48];
	size_t n = tl_address_text(address, endpoint->family, endpoint->address);

	if (endpoint->family == AF_VSOCK) {
		TL_PUT_LITERAL(out, "vsock:");
		tl_put_u64(out, tl_endpoint_context(endpoint));
	}
	if (endpoint->family == AF_INET6)
		tl_put_char(out, '[');
	tl_put(out, address, n);
	if (endpoint->family == AF_INET6)
		tl_put_char(out, ']');
	if (!tl_endpoint_has_port(event, endpoint))
		return;
	tl_put_char(out, ':');
	tl_put_u64(out, endpoint->port);
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
	else if (vm.svm_cid == 1)
		TL_PUT_LITERAL(out, "VMADDR_CID_LOCAL");
	else if (vm.svm_cid == VMADDR_CID_HOST)
		TL_PUT_LITERAL(out, "VMADDR_CID_HOST");
	else
		tl_put_u64(out, vm.svm_cid);
	TL_PUT_LITERAL(out, ", svm_port=");
	tl_put_u64(out, vm.svm_port);
}

static void packet_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	const size_t at = offsetof(struct sockaddr_ll, sll_addr);
	struct sockaddr_ll ll = { 0 };

	memcpy(&ll, bytes->data, at);
	TL_PUT_LITERAL(out, ", ");
	tl_packet_text(out, &ll);
	if (!ll.sll_halen || bytes->size <= at)
		return;
	TL_PUT_LITERAL(out, ", sll_addr=");
	put_quoted(out, bytes->data + at, ll.sll_halen < bytes->size - at ? ll.sll_halen : bytes->size - at,
		   bytes->flags & TL_VALUE_TRUNCATED);
}

/* Of the kernel's own ciphers; a name may be longer than the structure says. */
static void algorithm_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	const size_t at = offsetof(struct sockaddr_alg, salg_name);
	struct sockaddr_alg alg = { 0 };

	memcpy(&alg, bytes->data, at);
	TL_PUT_LITERAL(out, ", salg_type=");
	put_quoted(out, (const char *)alg.salg_type, strnlen((const char *)alg.salg_type, sizeof(alg.salg_type)), false);
	TL_PUT_LITERAL(out, ", salg_feat=");
	tl_value_text(out, tl_decoder_find("hex"), alg.salg_feat);
	TL_PUT_LITERAL(out, ", salg_mask=");
	tl_value_text(out, tl_decoder_find("hex"), alg.salg_mask);
	TL_PUT_LITERAL(out, ", salg_name=");
	put_quoted(out, bytes->data + at, strnlen(bytes->data + at, bytes->size - at), bytes->flags & TL_VALUE_TRUNCATED);
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
	} else if (family == AF_ALG && bytes->size >= offsetof(struct sockaddr_alg, salg_name)) {
		algorithm_text(out, bytes);
	} else if (family == AF_PACKET && bytes->size >= offsetof(struct sockaddr_ll, sll_addr)) {
		packet_text(out, bytes);
	} else if (bytes->size > sizeof(family)) {
		TL_PUT_LITERAL(out, ", sa_data=");
		put_quoted(out, bytes->data + sizeof(family), bytes->size - sizeof(family),
			   bytes->flags & TL_VALUE_TRUNCATED);
	}
	tl_put_char(out, '}');
}

static const struct tl_decoder decoders[] = {
	BYTES("path", tl_path_text),
	BYTES("string", tl_path_text),
	BYTES("bytes", tl_string_text),
	BYTES("argv", argv_bytes),
	LAYOUTS("letter", letter_text, letter_text_32),
	BYTES("sockaddr", tl_sockaddr_text),
};

const struct tl_decoder_list tl_decoders_captured = { decoders, COUNT(decoders) };
