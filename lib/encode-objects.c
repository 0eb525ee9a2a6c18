/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects that an event is about, as the kernel knows them: file, source,
 * destination, network. */
#include <netinet/in.h>
#include <sys/socket.h>

#include "encode-line.h"

static const char *file_type(uint32_t mode)
{
	switch (mode & 0170000) {
	case 0100000:
		return "file";
	case 0040000:
		return "dir";
	case 0120000:
		return "symlink";
	case 0140000:
		return "socket";
	case 0010000:
		return "fifo";
	case 0020000:
		return "character_device";
	case 0060000:
		return "block_device";
	}
	return NULL;
}

static void put_file_facts(struct tl_line *l)
{
	const struct tl_file *file = &l->event->file;
	const char *type = file_type(file->mode);
	char *p;

	if (!tl_room(l->b, TL_SEGMENT))
		return;
	p = tl_end(l->b);
	p = TL_W_LITERAL(p, "\"inode\":\"");
	p = tl_w_u64(p, file->inode);
	p = TL_W_LITERAL(p, "\",\"device\":\"");
	p = tl_w_u64(p, file->major);
	*p++ = ':';
	p = tl_w_u64(p, file->minor);
	p = TL_W_LITERAL(p, "\",\"mode\":\"");
	for (int shift = 9; shift >= 0; shift -= 3)
		*p++ = (char)('0' + ((file->mode >> shift) & 7));
	*p++ = '"';
	if (type) {
		p = TL_W_LITERAL(p, ",\"type\":\"");
		p = tl_w_bytes(p, type, strlen(type));
		*p++ = '"';
	}
	*p++ = ',';
	tl_ended(l->b, p);
}

/* The members of "file", each with a comma behind; the last comma becomes the brace. */
void tl_line_file(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	size_t start = l->b->size;

	TL_PUT_LITERAL(l->b, ",\"file\":{");
	if (event->file.path.flags & TL_VALUE_PRESENT) {
		TL_PUT_LITERAL(l->b, "\"path\":");
		tl_line_string(l, event->file.path.data, tl_string_size(&event->file.path));
		tl_put_char(l->b, ',');
	}
	if (event->file.has_facts)
		put_file_facts(l);
	if (event->target.path.flags & TL_VALUE_PRESENT) {
		TL_PUT_LITERAL(l->b, "\"target_path\":");
		tl_line_string(l, event->target.path.data, tl_string_size(&event->target.path));
		tl_put_char(l->b, ',');
	}
	if (l->b->failed)
		return;
	if (l->b->data[l->b->size - 1] == ',')
		l->b->data[l->b->size - 1] = '}';
	else
		l->b->size = start;
}

/* Of a path or, with '@' in front, an abstract name; nothing of a socket that has neither. */
static void put_unix_name(struct tl_line *l, const struct tl_bytes *path)
{
	bool abstract;

	if (!path->size)
		return;
	abstract = !path->data[0];
	if (abstract)
		tl_put_char(l->b, '@');
	l->escaped |= tl_escape_json(l->b, path->data + abstract, abstract ? path->size - 1 : tl_string_size(path));
}

/* bytes: what this end sent; NULL: not known. */
static void put_endpoint(struct tl_line *l, const char *key, const struct tl_endpoint *endpoint, const uint64_t *bytes)
{
	char address[48];

	if (tl_endpoint_known(endpoint)) {
		tl_put_text(l->b, key);
		TL_PUT_LITERAL(l->b, "\"ip\":\"");
		tl_put(l->b, address, tl_address_text(address, endpoint->family, endpoint->address));
		tl_put_char(l->b, '"');
		if (tl_endpoint_has_port(l->event, endpoint)) {
			TL_PUT_LITERAL(l->b, ",\"port\":");
			tl_put_u64(l->b, endpoint->port);
		}
		if (bytes) {
			TL_PUT_LITERAL(l->b, ",\"bytes\":");
			tl_put_u64(l->b, *bytes);
		}
		tl_line_member(l, ",\"domain\":", endpoint->domain);
		tl_put_char(l->b, '}');
	} else if (tl_endpoint_is_context(endpoint)) {
		tl_put_text(l->b, key);
		TL_PUT_LITERAL(l->b, "\"address\":\"");
		tl_put_u64(l->b, tl_endpoint_context(endpoint));
		TL_PUT_LITERAL(l->b, "\",\"port\":");
		tl_put_u64(l->b, endpoint->port);
		tl_put_char(l->b, '}');
	} else if (endpoint->family == AF_UNIX && (endpoint->path.flags & TL_VALUE_PRESENT)) {
		tl_put_text(l->b, key);
		TL_PUT_LITERAL(l->b, "\"address\":\"");
		put_unix_name(l, &endpoint->path);
		TL_PUT_LITERAL(l->b, "\"}");
	}
}

static const char *transport(const struct tl_event *event)
{
	switch (event->socket_protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP: /* that is what goes over the wire */
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_UDPLITE:
		return "udplite";
	}
	return NULL;
}

static const char *network_type(uint16_t family)
{
	return family == AF_INET    ? "ipv4" :
	       family == AF_INET6   ? "ipv6" :
	       family == AF_UNIX    ? "unix" :
	       family == AF_NETLINK ? "netlink" :
	       family == AF_PACKET  ? "packet" :
	       family == AF_VSOCK   ? "vsock" :
				      NULL;
}

void tl_line_network(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	uint16_t family = event->destination.family ? event->destination.family : event->source.family;
	const char *carrier = transport(event), *type = network_type(family);

	put_endpoint(l, ",\"source\":{", &event->source, event->has_bytes ? &event->source_bytes : NULL);
	put_endpoint(l, ",\"destination\":{", &event->destination, event->has_bytes ? &event->destination_bytes : NULL);
	if (!carrier && !type)
		return;
	TL_PUT_LITERAL(l->b, ",\"network\":{");
	if (carrier) {
		TL_PUT_LITERAL(l->b, "\"transport\":\"");
		tl_put_text(l->b, carrier);
		tl_put_text(l->b, type ? "\"," : "\"");
	}
	if (type) {
		TL_PUT_LITERAL(l->b, "\"type\":\"");
		tl_put_text(l->b, type);
		tl_put_char(l->b, '"');
	}
	tl_put_char(l->b, '}');
}

static void put_far_end(struct tl_line *l, const struct tl_endpoint *endpoint)
{
	tl_put_char(l->b, '"');
	if (endpoint->family == AF_UNIX)
		put_unix_name(l, &endpoint->path);
	else
		tl_endpoint_text(l->b, l->event, endpoint);
	tl_put_char(l->b, '"');
}

void tl_line_endpoints(struct tl_line *l)
{
	const struct tl_event *event = l->event;

	TL_PUT_LITERAL(l->b, "\"endpoints\":[");
	put_far_end(l, event->further_are_sources ? &event->source : &event->destination);
	for (size_t i = 0; i < event->n_further; i++) {
		tl_put_char(l->b, ',');
		put_far_end(l, &event->further[i]);
	}
	TL_PUT_LITERAL(l->b, "],");
}
