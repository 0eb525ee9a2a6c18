// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a record to a decoded event. The record comes from our own kernel part,
 * and yet every length in it is checked before it is believed. */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "dns.h"
#include "fnv.h"
#include "further.h"
#include "messages.h"
#include "overwritten.h"
#include "paths.h"
#include "session.h"
#include "util.h"
#include "values.h"

#define DNS_PORT 53

/* What the sections of a record hold, found in one pass. */
struct parts {
	struct tl_bytes path[TL_PATH_INDEXES]; /* components, leaf first; flags: TL_SECTION_* */
	struct tl_bytes name[TL_PATH_INDEXES];
	const struct tl_file_facts *file[TL_PATH_INDEXES];
	const struct tl_socket_facts *socket;
	const struct tl_traffic_facts *traffic;
	struct tl_bytes addresses; /* of messages that were not captured */
	struct tl_bytes dns[TL_DNS_MESSAGES_MAX];
	size_t n_dns;
	const struct tl_task_facts *task;
	const struct tl_namespaces *namespaces;
	const struct tl_identity_facts *identity[2];
	const struct tl_other_facts *other, *peer;
	struct tl_bytes argv;
	uint8_t copied; /* bit per argument, from 1 on: it is what the kernel goes by */
};

/* By the C library: of a size that is known the compiler makes slow string instructions. */
static __attribute__((noipa)) void clear(void *data, size_t n)
{
	memset(data, 0, n);
}

static uint32_t value_flags(uint32_t section_flags)
{
	return TL_VALUE_PRESENT | (section_flags & TL_SECTION_TRUNCATED ? TL_VALUE_TRUNCATED : 0) |
	       (section_flags & TL_SECTION_FAULT ? TL_VALUE_FAULT : 0) |
	       (section_flags & TL_SECTION_DELETED ? TL_VALUE_DELETED : 0) |
	       (section_flags & TL_SECTION_DETACHED ? TL_VALUE_DETACHED : 0);
}

/* What the process's memory holds does not count where the kernel has told what it has
 * copied from there; but how much of it is wanted does. */
static int take_argument(struct tl_session *s, struct parts *p, const struct tl_section *section,
			 const struct tl_bytes *bytes, bool *ret_counts)
{
	struct tl_bytes *captured;

	if (section->index < 1 || section->index > TL_ARGS_MAX)
		return -EBADMSG;
	captured = &s->event.captured[section->index - 1];
	*ret_counts = !(p->copied & 1U << section->index);
	if (*ret_counts) {
		*captured = *bytes;
		captured->flags = value_flags(section->flags);
	} else if (section->flags & TL_SECTION_TRUNCATED && section->size < captured->size) {
		captured->size = section->size;
		captured->flags |= TL_VALUE_TRUNCATED;
		s->event.flags |= TL_EVENT_TRUNCATED;
	}
	if (section->flags & TL_SECTION_COPIED)
		p->copied |= (uint8_t)(1U << section->index);
	return 0;
}

static int take_section(struct tl_session *s, struct parts *p, const struct tl_section *section, const void *data)
{
	struct tl_bytes bytes = { .data = data, .size = section->size, .flags = section->flags };
	bool index_fits = section->index < TL_PATH_INDEXES, counts = true;
	int r;

	switch (section->type) {
	case TL_SECTION_ARG:
		r = take_argument(s, p, section, &bytes, &counts);
		if (r < 0 || !counts)
			return r;
		break;
	case TL_SECTION_PATH:
		if (!index_fits)
			return -EBADMSG;
		bytes.flags |= TL_VALUE_PRESENT << 16;
		p->path[section->index] = bytes;
		break;
	case TL_SECTION_NAME:
		if (!index_fits || !section->size)
			return -EBADMSG;
		p->name[section->index] = bytes;
		break;
	case TL_SECTION_FILE:
		if (!index_fits || section->size != sizeof(struct tl_file_facts))
			return -EBADMSG;
		p->file[section->index] = data;
		break;
	case TL_SECTION_SOCKET:
		if (section->size != sizeof(struct tl_socket_facts))
			return -EBADMSG;
		p->socket = data;
		break;
	case TL_SECTION_DNS:
		if (p->n_dns < TL_DNS_MESSAGES_MAX)
			p->dns[p->n_dns++] = bytes;
		return 0; /* no argument is cut */
	case TL_SECTION_ADDRESSES:
		p->addresses = bytes;
		break;
	case TL_SECTION_TRAFFIC:
		if (section->size != sizeof(struct tl_traffic_facts))
			return -EBADMSG;
		p->traffic = data;
		break;
	case TL_SECTION_TASK:
		if (section->size != sizeof(struct tl_task_facts))
			return -EBADMSG;
		p->task = data;
		break;
	case TL_SECTION_NAMESPACES:
		if (section->size != sizeof(struct tl_namespaces))
			return -EBADMSG;
		p->namespaces = data;
		break;
	case TL_SECTION_IDENTITY:
		if (section->index > 1 || section->size != sizeof(struct tl_identity_facts))
			return -EBADMSG;
		p->identity[section->index] = data;
		break;
	case TL_SECTION_OTHER:
		if (section->size != sizeof(struct tl_other_facts))
			return -EBADMSG;
		p->other = data;
		break;
	case TL_SECTION_PEER:
		if (section->size != sizeof(struct tl_other_facts))
			return -EBADMSG;
		p->peer = data;
		break;
	case TL_SECTION_ARGV:
		p->argv = bytes;
		break;
	default:
		break; /* of a newer kernel part */
	}
	if (section->flags & TL_SECTION_TRUNCATED)
		s->event.flags |= TL_EVENT_TRUNCATED;
	if (section->flags & TL_SECTION_FAULT)
		s->event.flags |= TL_EVENT_INCOMPLETE;
	return 0;
}

static int read_sections(struct tl_session *s, struct parts *p, const char *record, size_t size)
{
	size_t at = sizeof(struct tl_record);

	while (at < size) {
		const struct tl_section *section = (const struct tl_section *)(record + at);
		int r;

		if (size - at < sizeof(*section) || section->size > size - at - sizeof(*section))
			return -EBADMSG;
		r = take_section(s, p, section, section + 1);
		if (r < 0)
			return r;
		at += sizeof(*section) + ((section->size + 7) & ~7UL);
	}
	return 0;
}

/* ---- Paths ---- */

/* Room for one path more in the text that belongs to the event. */
static char *text_room(struct tl_session *s, size_t n)
{
	char *room;

	if (s->text_size + n > TL_TEXT_MAX)
		return NULL;
	room = s->text + s->text_size;
	s->text_size += n;
	return room;
}

static void fill_facts(struct tl_file *file, const struct tl_file_facts *facts)
{
	if (!facts)
		return;
	file->has_facts = true;
	file->inode = facts->inode;
	file->major = facts->major;
	file->minor = facts->minor;
	file->mode = facts->mode;
	file->uid = facts->uid;
	file->gid = facts->gid;
}

/* A path that the kernel part climbed; empty if it did not. */
static struct tl_bytes make_path(struct tl_session *s, const struct tl_bytes *components,
				 const struct tl_file_facts *facts)
{
	size_t room = components->size + 64;
	struct tl_bytes path = {};
	/* Where the climb ended early, what is above is not known. */
	bool cut = components->flags & (TL_SECTION_TRUNCATED | TL_SECTION_FAULT);
	char *text;

	if (!(components->flags >> 16) || (cut && !components->size))
		return path;
	text = text_room(s, room);
	if (!text)
		return path;
	path.flags = value_flags(components->flags);
	path.data = text;
	if (components->flags & TL_SECTION_PSEUDO)
		path.size = tl_path_pseudo(text, room, components->data, components->size, facts);
	else
		path.size = tl_path_turn(text, components->data, components->size, cut);
	s->text_size -= room - path.size - 1;
	return path;
}

/* What was asked for, from where it starts: a claim. `base` is the directory that a
 * relative name starts from; of an absolute one the process's root, if that is not
 * the namespace's. */
static struct tl_bytes make_claim(struct tl_session *s, const struct tl_bytes *name, const struct tl_bytes *base)
{
	size_t room = base->size + name->size + 4;
	struct tl_bytes path = {};
	char *text, *asked, *end;

	if (!(name->flags & TL_VALUE_PRESENT) || (name->flags & TL_VALUE_FAULT) || !name->size || !name->data[0])
		return path;
	if (name->data[0] != '/' && !(base->flags & TL_VALUE_PRESENT))
		return path;
	/* Below a pipe or a socket there is nothing. */
	if (base->size && !tl_path_is_rooted(base->data))
		return path;
	text = text_room(s, room);
	if (!text)
		return path;
	path.flags = TL_VALUE_PRESENT | TL_VALUE_CLAIM | (name->flags & TL_VALUE_TRUNCATED);
	path.flags |= base->flags & (TL_VALUE_TRUNCATED | TL_VALUE_FAULT | TL_VALUE_DELETED | TL_VALUE_DETACHED);
	if (base->size)
		memcpy(text, base->data, base->size);
	end = asked = text + base->size;
	*end++ = '/';
	end = mempcpy(end, name->data, strnlen(name->data, name->size));
	*end = '\0';
	/* An absolute name does not leave its base, which is the process's root then. */
	if (name->data[0] == '/')
		tl_path_clean(asked);
	path.data = text;
	path.size = tl_path_clean(text);
	s->text_size -= room - path.size - 1;
	s->event.flags |= TL_EVENT_CLAIM;
	return path;
}

static void fill_claims(struct tl_session *s, const struct parts *p, const struct tl_event_type *type)
{
	struct tl_event *event = &s->event;
	struct tl_bytes base;

	if (!(event->file.path.flags & TL_VALUE_PRESENT) && type->path_name) {
		base = make_path(s, &p->path[TL_PATH_BASE], NULL);
		event->file.path = make_claim(s, &event->captured[type->path_name - 1], &base);
	}
	if (!(event->target.path.flags & TL_VALUE_PRESENT) && type->target_name) {
		base = make_path(s, &p->path[TL_PATH_BASE_TARGET], NULL);
		event->target.path = make_claim(s, &event->captured[type->target_name - 1], &base);
	}
}

static void fill_paths(struct tl_session *s, const struct parts *p, const struct tl_event_type *type)
{
	struct tl_event *event = &s->event;

	event->file.path = make_path(s, &p->path[TL_PATH_FILE], p->file[TL_PATH_FILE]);
	fill_facts(&event->file, p->file[TL_PATH_FILE]);
	event->target.path = make_path(s, &p->path[TL_PATH_TARGET], p->file[TL_PATH_TARGET]);
	fill_facts(&event->target, p->file[TL_PATH_TARGET]);
	if (type->path_name || type->target_name)
		fill_claims(s, p, type);
}

/* ---- Sockets ---- */

/* Another process; NULL if it is gone. */
static const struct tl_process *process_of(struct tl_session *s, const struct tl_other_facts *facts)
{
	const struct tl_process *own = s->event.process, *other;
	char comm[TL_COMM_LEN + 1] = "";

	if (!facts->start)
		return NULL;
	memcpy(comm, facts->comm, TL_COMM_LEN);
	other = tl_processes_get(s->processes, facts->pid, facts->start, comm);
	/* It may be the parent, whose start is exact from now on. */
	if (own)
		tl_processes_find(s->processes, own->pid, own->start);
	return other;
}

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
static struct tl_bytes unix_path(struct tl_session *s, const struct parts *p, bool remote)
{
	enum tl_path_index index = remote ? TL_PATH_FAR : TL_PATH_NEAR;
	struct tl_bytes name = p->name[index];

	if (!name.data)
		return make_path(s, &p->path[index], NULL);
	name.flags = TL_VALUE_PRESENT;
	return name;
}

static struct tl_endpoint endpoint_of(struct tl_session *s, const struct parts *p, bool remote)
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

static void fill_peer(struct tl_session *s, const struct parts *p)
{
	struct tl_event *event = &s->event;

	event->has_peer = true;
	event->peer_pid = p->peer->pid;
	event->peer_uid = p->peer->uid;
	event->peer_gid = p->peer->gid;
	event->peer = process_of(s, p->peer);
	event->peer_executable = make_path(s, &p->path[TL_PATH_PEER_EXE], p->file[TL_PATH_PEER_EXE]);
}

/* Without a connection the kernel has no far end. Raw sockets have none of ports. */
static bool knows_far_end(const struct tl_event *event, const struct tl_endpoint *far)
{
	if (far->family == AF_UNIX)
		return far->path.flags & TL_VALUE_PRESENT;
	return event->socket_type == SOCK_RAW ? tl_endpoint_known(far) : far->port;
}

static void fill_socket_facts(struct tl_session *s, const struct parts *p, struct tl_endpoint *near,
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
static void fill_further(struct tl_session *s, const struct parts *p, const struct tl_arg_type *asked, bool incoming,
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
static bool fill_socket(struct tl_session *s, const struct parts *p)
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
static int parse_dns(struct tl_session *s, const struct parts *p, const struct tl_bytes *bytes, struct tl_dns *ret)
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
static void fill_dns(struct tl_session *s, const struct parts *p)
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
static void fill_domain(struct tl_session *s, bool incoming)
{
	struct tl_endpoint *far = incoming ? &s->event.source : &s->event.destination;

	if (s->dns_names && tl_endpoint_known(far))
		far->domain = tl_dns_cache_find(s->dns_names, s->event.socket_netns, far->family, far->address);
	for (size_t i = 0; s->dns_names && i < s->event.n_further; i++) {
		far = &s->further->ends[i];
		if (tl_endpoint_known(far))
			far->domain =
				tl_dns_cache_find(s->dns_names, s->event.socket_netns, far->family, far->address);
	}
}

/* Who began a connection is its source; of other sockets this end is. */
static void decode_network(struct tl_session *s, const struct parts *p)
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
	fill_domain(s, incoming);
	if (!p->traffic || !p->traffic->ended)
		return;
	event->has_bytes = true;
	event->source_bytes = incoming ? p->traffic->received : p->traffic->sent;
	event->destination_bytes = incoming ? p->traffic->sent : p->traffic->received;
}

static void fill_objects(struct tl_session *s, const struct parts *p, const struct tl_event_type *type)
{
	bool incoming;

	fill_paths(s, p, type);
	if (!(type->flags & TL_TYPE_SOCKET) && !p->socket)
		return;
	incoming = fill_socket(s, p);
	if (p->n_dns)
		fill_dns(s, p);
	fill_domain(s, incoming);
}

/* ---- Hash ---- */

/* Of a number that is narrower than its register only what the call looks at. */
static uint64_t hash_number(uint64_t hash, const struct tl_arg_type *arg, uint64_t value)
{
	if (arg->capture == TL_CAPTURE_NONE && (arg->size == 1 || arg->size == 2 || arg->size == 4))
		value &= (UINT64_C(1) << (8 * arg->size)) - 1;
	return tl_fnv1a(hash, &value, sizeof(value));
}

/* FNV-1a of the arguments as their hash functions say. */
static uint64_t hash_arguments(const struct tl_event *event)
{
	uint64_t hash = TL_FNV_BASIS;

	for (size_t i = 0; i < event->type->n_args; i++) {
		const struct tl_arg_type *arg = &event->type->args[i];
		const struct tl_bytes *captured = &event->captured[arg->position - 1];

		if (arg->hash == TL_HASH_SKIP || !tl_argument_used(event, (unsigned)i))
			continue;
		if (arg->hash == TL_HASH_STRING)
			hash = tl_fnv1a(hash, captured->data, captured->size ? strnlen(captured->data, captured->size) : 0);
		else if (captured->flags & TL_VALUE_PRESENT)
			hash = tl_fnv1a(hash, captured->data, captured->size);
		else
			hash = hash_number(hash, arg, event->args[arg->position - 1]);
	}
	return hash;
}

/* ---- Processes ---- */

static int decode_exec(struct tl_session *s, const struct tl_record *record, const struct parts *p)
{
	struct tl_bytes exe = make_path(s, &p->path[TL_PATH_EXE], p->file[TL_PATH_EXE]);
	struct tl_bytes cwd = make_path(s, &p->path[TL_PATH_CWD], NULL);
	struct tl_bytes parent = make_path(s, &p->path[TL_PATH_PARENT_EXE], p->file[TL_PATH_PARENT_EXE]);
	const struct tl_file_facts *file = p->file[TL_PATH_EXE];
	struct tl_process *process = NULL;
	struct tl_exec_facts facts = {};
	char comm[TL_COMM_LEN + 1] = "", parent_comm[TL_COMM_LEN + 1] = "";
	int r;

	if (!p->task)
		return -EBADMSG;
	memcpy(comm, record->comm, TL_COMM_LEN);
	memcpy(parent_comm, p->task->parent_comm, TL_COMM_LEN);
	facts.pid = record->pid;
	facts.inner_pid = p->task->inner_pid;
	facts.ppid = p->task->ppid;
	facts.mntns = p->task->mntns;
	facts.netns = p->task->netns;
	facts.pidns = p->task->pidns;
	facts.start = record->start;
	facts.parent_start = p->task->parent_start;
	facts.cgroup = record->cgroup;
	facts.realtime_offset = s->realtime_offset;
	facts.comm = comm;
	facts.executable = exe.data;
	facts.working_directory = cwd.data;
	facts.parent_comm = parent_comm;
	facts.parent_executable = parent.data;
	facts.args = p->argv.data;
	facts.args_size = p->argv.size;
	facts.args_truncated = p->argv.flags & TL_SECTION_TRUNCATED;
	facts.executable_inode = file ? file->inode : 0;
	facts.executable_major = file ? file->major : 0;
	facts.executable_minor = file ? file->minor : 0;
	facts.parent_inode = p->file[TL_PATH_PARENT_EXE] ? p->file[TL_PATH_PARENT_EXE]->inode : 0;
	facts.executable_deleted = exe.flags & TL_VALUE_DELETED || (file && !file->nlink);
	r = tl_processes_exec(s->processes, &facts, &process);
	if (r < 0)
		return r;
	s->event.kind = TL_EVENT_EXEC;
	s->event.process = process;
	s->event.file.path = exe;
	fill_facts(&s->event.file, file);
	return 0;
}

static int decode_fork(struct tl_session *s, const struct tl_record *record, const struct parts *p)
{
	char comm[TL_COMM_LEN + 1] = "", child_comm[TL_COMM_LEN + 1] = "";
	struct tl_process *child = NULL;
	struct tl_fork_facts facts = {};
	int r;

	if (!p->task)
		return -EBADMSG;
	memcpy(comm, record->comm, TL_COMM_LEN);
	memcpy(child_comm, p->task->comm, TL_COMM_LEN);
	/* The parent first: its entry is what the child takes over. */
	tl_processes_get(s->processes, record->pid, record->start, comm);
	facts.pid = p->task->pid;
	facts.inner_pid = p->task->inner_pid;
	facts.mntns = p->task->mntns;
	facts.netns = p->task->netns;
	facts.pidns = p->task->pidns;
	facts.parent_pid = p->task->ppid; /* not the maker's, if that asked for CLONE_PARENT */
	facts.start = p->task->start;
	facts.parent_start = p->task->parent_start;
	facts.cgroup = p->task->cgroup;
	facts.realtime_offset = s->realtime_offset;
	facts.comm = child_comm;
	facts.parent_comm = comm;
	r = tl_processes_fork(s->processes, &facts, &child);
	if (r < 0)
		return r;
	s->event.kind = TL_EVENT_FORK;
	s->event.child = child;
	return 0;
}

static void decode_exit(struct tl_session *s, const struct parts *p)
{
	s->event.kind = TL_EVENT_EXIT;
	if (!p->task)
		return;
	s->event.exit_code = p->task->exit_code;
	s->event.utime = p->task->utime;
	s->event.stime = p->task->stime;
}

_Static_assert(sizeof(struct tl_identity) == sizeof(struct tl_identity_facts), "the same members");

static void fill_identities(struct tl_session *s, const struct parts *p)
{
	struct tl_event *event = &s->event;

	for (size_t i = 0; i < ARRAY_SIZE(s->identities); i++)
		if (p->identity[i])
			memcpy(&s->identities[i], p->identity[i], sizeof(s->identities[i]));
	event->before = p->identity[0] ? &s->identities[0] : NULL;
	event->after = p->identity[1] ? &s->identities[1] : NULL;
}

static void fill_other(struct tl_session *s, const struct parts *p)
{
	struct tl_event *event = &s->event;

	event->other = process_of(s, p->other);
	event->other_tid = p->other->tid;
	event->other_uid = p->other->uid;
	event->other_executable = make_path(s, &p->path[TL_PATH_OTHER_EXE], p->file[TL_PATH_OTHER_EXE]);
}

/* ---- All of it ---- */

static void fill_header(struct tl_session *s, const struct tl_record *record)
{
	struct tl_event *event = &s->event;

	clear(event, sizeof(*event));
	event->time = record->time + s->realtime_offset;
	event->duration = record->duration;
	event->seq = record->seq;
	event->cpu = record->cpu;
	event->program_id = record->program_id;
	event->pid = record->pid;
	event->tid = record->tid;
	event->uid = record->uid;
	event->gid = record->gid;
	event->euid = record->euid;
	event->egid = record->egid;
	event->loginuid = record->loginuid;
	event->audit_session = record->session;
	event->cgroup_id = record->cgroup;
	memcpy(event->comm, record->comm, sizeof(event->comm));
	event->comm[sizeof(event->comm) - 1] = '\0';
	event->abi = record->abi;
	event->nr = record->nr;
	event->ret = record->ret;
	memcpy(event->args, record->args, sizeof(event->args));
	event->session = s;
	event->record = record;
	event->record_size = record->size;
	if (record->flags & TL_RECORD_TRUNCATED)
		event->flags |= TL_EVENT_TRUNCATED;
	if (record->flags & TL_RECORD_INCOMPLETE)
		event->flags |= TL_EVENT_INCOMPLETE;
	if (record->flags & TL_RECORD_THREAD)
		event->flags |= TL_EVENT_THREAD;
	if (record->flags & TL_RECORD_TALLIED)
		event->flags |= TL_EVENT_COUNTED;
	if (record->flags & TL_RECORD_IO_URING)
		event->flags |= TL_EVENT_IO_URING;
	if (record->flags & TL_RECORD_UNKNOWN_RESULT)
		event->flags |= TL_EVENT_UNKNOWN_RESULT;
}

static void find_process(struct tl_session *s, const struct tl_record *record)
{
	char comm[TL_COMM_LEN + 1] = "";
	struct tl_process *process = tl_processes_find(s->processes, record->pid, record->start);

	if (!process) {
		memcpy(comm, record->comm, TL_COMM_LEN);
		process = tl_processes_get(s->processes, record->pid, record->start, comm);
	}
	if (process)
		tl_processes_set_cgroup(s->processes, process, record->cgroup);
	/* prctl(PR_SET_NAME) is no event that is always there. */
	if (process && record->kind == TL_RECORD_EVENT && record->tid == record->pid &&
	    !(record->flags & TL_RECORD_IO_URING))
		tl_processes_set_comm(s->processes, process, record->comm);
	s->event.process = process;
}

static int decode_kind(struct tl_session *s, const struct tl_record *record, const struct parts *p)
{
	int r;

	if (record->kind == TL_RECORD_EXEC)
		return decode_exec(s, record, p);
	if (record->kind == TL_RECORD_FORK) {
		r = decode_fork(s, record, p);
		if (r < 0)
			return r;
	}
	find_process(s, record);
	if (s->event.process)
		tl_processes_set_namespaces(s->processes, (struct tl_process *)s->event.process,
					    p->namespaces ? p->namespaces->mntns : 0,
					    p->namespaces ? p->namespaces->netns : 0);
	if (record->kind == TL_RECORD_EXIT)
		decode_exit(s, p);
	else if (record->kind == TL_RECORD_NETWORK)
		decode_network(s, p);
	else if (record->kind == TL_RECORD_EVENT) {
		s->event.kind = TL_EVENT_SYSCALL;
		tl_forget_overwritten(&s->event);
		if (!s->options.no_objects)
			fill_objects(s, p, s->event.type);
		if (p->identity[0] || p->identity[1])
			fill_identities(s, p);
		if (p->other)
			fill_other(s, p);
		if (p->name[TL_PATH_FILE].size && tl_loads_module(s->event.type)) {
			s->event.module = p->name[TL_PATH_FILE];
			s->event.module.flags = value_flags(s->event.module.flags);
		}
		s->event.hash = hash_arguments(&s->event);
	}
	return 0;
}

/* Did somebody ask for this event of this task, or is it for the table only? */
static bool is_asked_for(const struct tl_session *s, const struct tl_record *record, const struct tl_known_set *set)
{
	if (record->kind == TL_RECORD_EVENT || record->kind == TL_RECORD_NETWORK)
		return true;
	return s->events[record->event].wanted && set && (set->events[record->event / 64] >> (record->event % 64) & 1);
}

int tl_decode(struct tl_session *s, const void *data, size_t size)
{
	const struct tl_record *record = data;
	const struct tl_known_set *set = tl_set_find(s, record->set);
	struct parts parts;
	int r;

	clear(&parts, sizeof(parts));
	s->text_size = 0;
	fill_header(s, record);
	s->event.type = record->handler >= TL_EVENTS_MAX && record->handler < TL_EVENTS_MAX + s->n_extra_slots ?
				&s->slots[record->handler].handler.type :
				&s->events[record->event].type;
	/* 32 bits of an address are no negative number. */
	if (record->abi == TL_ABI_I386 && s->event.type->flags & TL_TYPE_RETURNS_POINTER && s->event.ret < -4095)
		s->event.ret = (uint32_t)s->event.ret;
	r = read_sections(s, &parts, data, size);
	if (r < 0)
		return r;
	r = decode_kind(s, record, &parts);
	if (r < 0)
		return r;
	if (!s->event.process)
		return -ENOMEM;
	if (s->event.process->flags & TL_PROCESS_UNKNOWN)
		s->event.flags |= TL_EVENT_UNKNOWN_PROCESS;
	if (set) {
		s->event.targets = set->targets;
		s->event.n_target_words = (uint32_t)tl_targets_words(s);
	}
	if (record->kind == TL_RECORD_EXIT)
		tl_processes_exit(s->processes, (struct tl_process *)s->event.process);
	return is_asked_for(s, record, set) ? 0 : 1;
}
