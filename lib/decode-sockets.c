// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where from and where to: the ends of sockets, and the names that are asked for
 * and found behind them. */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "decode.h"
#include "dns.h"
#include "further.h"
#include "messages.h"
#include "util.h"
#include "values.h"

#define DNS_PORT 53

static bool endpoint_from_sockaddr(struct tl_endpoint *endpoint, const struct tl_bytes *captured)
{
	const struct sockaddr_in6 *v6 = (const void *)captured->data;
	const struct sockaddr_in *v4 = (const void *)captured->data;
	const struct sockaddr_un *un = (const void *)captured->data;
	const struct sockaddr_vm *vm = (const void *)captured->data;
	sa_family_t family;

	if (!(captured->flags & TL_VALUE_PRESENT) || captured->size < sizeof(family))
		return false;
	memcpy(&family, captured->data, sizeof(family));
	if (family && family != endpoint->family)
		endpoint->path.flags = TL_VALUE_CLAIM;
	endpoint->family = family;
	if (family == AF_INET && captured->size >= sizeof(*v4)) {
		endpoint->port = ntohs(v4->sin_port);
		memcpy(endpoint->address, &v4->sin_addr, 4);
	} else if (family == AF_INET6 && captured->size >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		endpoint->port = ntohs(v6->sin6_port);
		memcpy(endpoint->address, &v6->sin6_addr, 16);
	} else if (family == AF_UNIX && captured->size > offsetof(struct sockaddr_un, sun_path)) {
		endpoint->path.data = un->sun_path;
		endpoint->path.size = captured->size - offsetof(struct sockaddr_un, sun_path);
		if (un->sun_path[0]) /* otherwise abstract: all of it is the name */
			endpoint->path.size = strnlen(un->sun_path, endpoint->path.size);
		endpoint->path.flags |= TL_VALUE_PRESENT;
	} else if (family == AF_VSOCK &&
		   captured->size >= offsetof(struct sockaddr_vm, svm_cid) + sizeof(vm->svm_cid)) {
		memcpy(&endpoint->port, &vm->svm_port, sizeof(vm->svm_port));
		memcpy(endpoint->address, &vm->svm_cid, sizeof(vm->svm_cid));
	} else {
		return false;
	}
	endpoint->path.flags |= TL_VALUE_CLAIM;
	return true;
}

/* Where a unix socket is bound: a file, or an abstract name; empty if it is not. */
static struct tl_bytes unix_path(struct tl_session *s, const struct tl_parts *p, bool remote)
{
	enum tl_path_index index = remote ? TL_PATH_FAR : TL_PATH_NEAR;
	struct tl_bytes name = p->name[index];

	if (!name.data)
		return tl_decode_path(s, &p->path[index], NULL);
	name.flags = TL_VALUE_PRESENT;
	return name;
}

static struct tl_endpoint endpoint_of(struct tl_session *s, const struct tl_parts *p, bool remote)
{
	const struct tl_socket_facts *facts = p->socket;
	struct tl_endpoint endpoint = { .family = facts->family };

	if (facts->family == AF_UNIX)
		endpoint.path = unix_path(s, p, remote);
	if (facts->family == AF_INET || facts->family == AF_INET6) {
		/* A raw socket has its protocol where others have their port. */
		if (facts->type != SOCK_RAW)
			endpoint.port = remote ? facts->remote_port : facts->local_port;
		memcpy(endpoint.address, remote ? facts->remote : facts->local, facts->family == AF_INET ? 4 : 16);
	}
	return endpoint;
}

/* What stands in it: bytes of a sockaddr, none if there are none. */
static struct tl_bytes captured_address(const struct tl_event *event, const struct tl_arg_type *arg)
{
	const struct tl_bytes *captured = &event->captured[arg->position - 1];
	struct tl_message_view message = {};
	size_t at = 0;

	if (!tl_capture_is_message(arg->capture))
		return *captured;
	if (captured->flags & TL_VALUE_PRESENT)
		tl_message_next(captured, &at, &message);
	return message.name;
}

/*
 * The kernel writes as much of an address as there was room for, and says how
 * long it is: behind that stands whatever stood there before. How much room
 * there was is not known any more, but what the kernel had to write is.
 */
static void cut_unwritten(struct tl_event *event, struct tl_bytes *captured, const struct tl_endpoint *endpoint)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(endpoint->port) };
	const char *written = endpoint->family == AF_INET ? (const char *)&v4 : (const char *)&v6;
	uint32_t n = endpoint->family == AF_INET ? sizeof(v4) : offsetof(struct sockaddr_in6, sin6_scope_id);
	uint32_t same = 0;

	if (!tl_endpoint_known(endpoint) || !(captured->flags & TL_VALUE_PRESENT) || (captured->flags & TL_VALUE_FAULT))
		return;
	memcpy(&v4.sin_addr, endpoint->address, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, endpoint->address, sizeof(v6.sin6_addr));
	n = MIN(n, captured->size);
	if (endpoint->family == AF_INET6 && n >= offsetof(struct sockaddr_in6, sin6_addr))
		memcpy(&v6.sin6_flowinfo, captured->data + offsetof(struct sockaddr_in6, sin6_flowinfo),
		       sizeof(v6.sin6_flowinfo)); /* not known */
	while (same < n && captured->data[same] == written[same])
		same++;
	if (same == n)
		return;
	captured->size = same;
	captured->flags |= TL_VALUE_TRUNCATED;
	event->flags |= TL_EVENT_TRUNCATED;
}

static void fill_peer(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;

	event->has_peer = true;
	event->peer_pid = p->peer->pid;
	event->peer_uid = p->peer->uid;
	event->peer_gid = p->peer->gid;
	event->peer = tl_decode_other(s, p->peer);
	event->peer_executable = tl_decode_path(s, &p->path[TL_PATH_PEER_EXE], p->file[TL_PATH_PEER_EXE]);
}

/* Without a connection the kernel has no far end. Raw sockets have none of ports. */
static bool knows_far_end(const struct tl_event *event, const struct tl_endpoint *far)
{
	if (far->family == AF_UNIX)
		return far->path.flags & TL_VALUE_PRESENT;
	return event->socket_type == SOCK_RAW ? tl_endpoint_known(far) : far->port;
}

static void fill_socket_facts(struct tl_session *s, const struct tl_parts *p, struct tl_endpoint *near,
			      struct tl_endpoint *far)
{
	struct tl_event *event = &s->event;

	event->has_socket = true;
	event->socket_type = p->socket->type;
	event->socket_protocol = p->socket->protocol;
	event->socket_netns = p->socket->netns;
	*near = endpoint_of(s, p, false);
	*far = endpoint_of(s, p, true);
	/* What has given up its connection still has the address of it. */
	if (p->socket->protocol == IPPROTO_UDP && !knows_far_end(event, far))
		memset(far->address, 0, sizeof(far->address));
	if (p->peer)
		fill_peer(s, p);
}

/* A datagram goes to the address that comes with it, whatever the socket is connected to. */
static bool goes_elsewhere(const struct tl_event *event, bool incoming, const struct tl_endpoint *far,
			   const struct tl_bytes *address)
{
	struct tl_endpoint given = {};

	return !incoming && (event->socket_type == SOCK_DGRAM || event->socket_type == SOCK_RAW) &&
	       strcmp(event->type->name, "connect") && endpoint_from_sockaddr(&given, address) &&
	       (given.port != far->port || given.family != far->family || given.family == AF_UNIX ||
		memcmp(given.address, far->address, sizeof(given.address)));
}

/* What there is of a sockaddr, or else where the socket is connected to. */
static void add_further(struct tl_session *s, const struct tl_bytes *address, const struct tl_endpoint *connected)
{
	struct tl_endpoint end = {};

	if (endpoint_from_sockaddr(&end, address))
		tl_further_add(s->further, &end);
	else if (connected->family)
		tl_further_add(s->further, connected);
}

/* Behind those that were captured come those of which nothing but the address was. */
static void add_uncaptured(struct tl_session *s, const struct tl_bytes *addresses, const struct tl_endpoint *connected)
{
	uint32_t size;

	for (size_t at = 0; at + sizeof(size) <= addresses->size; at += sizeof(size) + ((size + 3UL) & ~3UL)) {
		struct tl_bytes address = { .data = addresses->data + at + sizeof(size) };

		memcpy(&size, addresses->data + at, sizeof(size));
		if (size > addresses->size - at - sizeof(size))
			break;
		address.size = size;
		address.flags = size ? TL_VALUE_PRESENT : 0;
		add_further(s, &address, connected);
	}
}

/* The far ends of all messages but the first. connected: what the kernel has of the socket's, with
 * a family if it has one. */
static void fill_further(struct tl_session *s, const struct tl_parts *p, const struct tl_arg_type *asked, bool incoming,
			 const struct tl_endpoint *connected)
{
	struct tl_event *event = &s->event;
	const struct tl_bytes *captured = &event->captured[asked->position - 1];
	struct tl_message_view message;
	size_t at = 0;

	if (!(captured->flags & TL_VALUE_PRESENT) || !tl_message_next(captured, &at, &message) ||
	    (at >= captured->size && !p->addresses.size))
		return;
	/* Over a connection all goes to its end, and comes from there. */
	if (connected->family && (incoming || (event->socket_type != SOCK_DGRAM && event->socket_type != SOCK_RAW)))
		return;
	if (!s->further)
		s->further = calloc(1, sizeof(*s->further));
	if (!s->further) {
		event->flags |= TL_EVENT_INCOMPLETE;
		return;
	}
	tl_further_begin(s->further, incoming ? &event->source : &event->destination);
	while (tl_message_next(captured, &at, &message))
		add_further(s, &message.name, connected);
	add_uncaptured(s, &p->addresses, connected);
	event->further = s->further->ends;
	event->n_further = s->further->n;
	event->further_are_sources = incoming && event->n_further;
}

/* Who calls whom: accept's peer is the source, connect's the destination. Returns
 * whether it is the other end that calls. */
bool tl_decode_socket(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;
	const struct tl_arg_type *asked = tl_address_argument(event->type);
	bool incoming = tl_is_incoming(event->type);
	bool binds = asked && !incoming && strcmp(event->type->name, "bind") == 0;
	struct tl_endpoint *near = incoming ? &event->destination : &event->source;
	struct tl_endpoint *far = incoming ? &event->source : &event->destination;
	struct tl_endpoint connected = {};
	struct tl_bytes address;

	if (p->socket) {
		fill_socket_facts(s, p, near, far);
		if (incoming && asked && asked->capture == TL_CAPTURE_SOCKADDR_POINTER)
			cut_unwritten(event, &event->captured[asked->position - 1], far);
	}
	if (!asked)
		return incoming;
	address = captured_address(event, asked);
	if (knows_far_end(event, far))
		connected = *far;
	if (binds) {
		if (event->ret < 0 || !(near->port || near->path.flags & TL_VALUE_PRESENT))
			endpoint_from_sockaddr(near, &address);
		memset(far, 0, sizeof(*far));
	} else if (!knows_far_end(event, far) || goes_elsewhere(event, incoming, far, &address)) {
		endpoint_from_sockaddr(far, &address);
	}
	if (tl_capture_is_message(asked->capture) && asked->length_arg)
		fill_further(s, p, asked, incoming, &connected);
	return incoming;
}

/* Whether what was received is still to be read: then it comes once more. */
static bool is_peeked(const struct tl_event *event)
{
	const struct tl_event_type *type = event->type;

	for (unsigned i = 0; i < type->n_args; i++)
		if (strcmp(type->args[i].decoder, "msg_flags") == 0)
			return event->args[i] & MSG_PEEK;
	return false;
}

/* In a stream a message comes behind its length, and in pieces. */
static int parse_dns(struct tl_session *s, const struct tl_parts *p, const struct tl_bytes *bytes, struct tl_dns *ret)
{
	const struct tl_event *event = &s->event;
	struct tl_dns_stream_key key = { event->file.inode, event->source.port == DNS_PORT };
	const uint8_t *data = (const uint8_t *)bytes->data;

	if (!p->socket || p->socket->type != SOCK_STREAM)
		return tl_dns_parse(data, bytes->size, ret);
	if (event->ret <= 0 || !event->file.has_facts || is_peeked(event))
		return -EBADMSG;
	if (!s->dns_streams)
		s->dns_streams = tl_dns_streams_new();
	if (!s->dns_streams)
		return -ENOMEM;
	return tl_dns_stream_add(s->dns_streams, &key, data, bytes->size, (uint64_t)event->ret, ret);
}

/* The first message is the event's; what answers say is remembered of all of them. */
void tl_decode_dns(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;
	struct tl_dns dns;

	for (size_t i = 0; i < p->n_dns; i++) {
		if (parse_dns(s, p, &p->dns[i], &dns) < 0)
			continue;
		if (!event->dns) {
			s->dns = dns;
			event->dns = &s->dns;
		}
		/* Only what has come: a process may send what it likes. */
		if (!dns.is_answer || event->source.port != DNS_PORT)
			continue;
		if (!s->dns_names)
			s->dns_names = tl_dns_cache_new();
		if (s->dns_names)
			tl_dns_cache_add(s->dns_names, event->socket_netns, &dns);
	}
}

/* The name by which the other end was found. */
void tl_decode_domain(struct tl_session *s, bool incoming)
{
	struct tl_endpoint *far = incoming ? &s->event.source : &s->event.destination;

	if (s->dns_names && tl_endpoint_known(far))
		far->domain = tl_dns_cache_find(s->dns_names, s->event.socket_netns, far->family, far->address);
	for (size_t i = 0; s->dns_names && i < s->event.n_further; i++) {
		far = &s->further->ends[i];
		if (tl_endpoint_known(far))
			far->domain = tl_dns_cache_find(s->dns_names, s->event.socket_netns, far->family, far->address);
	}
}

/* Who began a connection is its source; of other sockets this end is. */
void tl_decode_network(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;
	bool incoming = p->traffic && p->traffic->incoming;
	struct tl_endpoint *near = incoming ? &event->destination : &event->source;
	struct tl_endpoint *far = incoming ? &event->source : &event->destination;

	event->kind = TL_EVENT_NETWORK;
	if (!p->socket)
		return;
	fill_socket_facts(s, p, near, far);
	if (!tl_endpoint_known(far)) /* bound, or listening */
		memset(far, 0, sizeof(*far));
	if (event->captured[1].flags & TL_VALUE_PRESENT)
		endpoint_from_sockaddr(near, &event->captured[1]);
	memset(event->captured, 0, sizeof(event->captured));
	tl_decode_domain(s, incoming);
	if (!p->traffic || !p->traffic->ended)
		return;
	event->has_bytes = true;
	event->source_bytes = incoming ? p->traffic->received : p->traffic->sent;
	event->destination_bytes = incoming ? p->traffic->sent : p->traffic->received;
}
