/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness-inside.h"

void *address4(uint16_t port)
{
	struct sockaddr_in *address = room(sizeof(*address));

	address->sin_family = AF_INET;
	address->sin_port = htons(port);
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

void *address6(uint16_t port)
{
	struct sockaddr_in6 *address = room(sizeof(*address));

	address->sin6_family = AF_INET6;
	address->sin6_port = htons(port);
	address->sin6_addr = in6addr_loopback;
	return address;
}

void *address_unix(const char *path, size_t *ret_size)
{
	struct sockaddr_un *address = room(sizeof(*address));

	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	*ret_size = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	return address;
}

void *address_abstract(const char *name, size_t *ret_size)
{
	struct sockaddr_un *address = room(sizeof(*address));

	address->sun_family = AF_UNIX;
	memcpy(address->sun_path + 1, name, strlen(name));
	*ret_size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	return address;
}

struct tl_endpoint endpoint(const void *address, size_t size)
{
	const struct sockaddr_in *v4 = address;
	const struct sockaddr_in6 *v6 = address;
	const struct sockaddr_un *un = address;
	const struct sockaddr_vm *vm = address;
	struct tl_endpoint e = {};

	if (!address || size < sizeof(sa_family_t))
		return e;
	e.family = v4->sin_family;
	if (e.family == AF_INET) {
		e.port = ntohs(v4->sin_port);
		memcpy(e.address, &v4->sin_addr, 4);
	} else if (e.family == AF_INET6) {
		e.port = ntohs(v6->sin6_port);
		memcpy(e.address, &v6->sin6_addr, 16);
	} else if (e.family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path)) {
		e.path.data = un->sun_path;
		e.path.size = (uint32_t)(size - offsetof(struct sockaddr_un, sun_path));
		if (un->sun_path[0])
			e.path.size = (uint32_t)strnlen(un->sun_path, e.path.size);
	} else if (e.family == AF_VSOCK && size >= sizeof(*vm)) {
		e.port = vm->svm_port;
		memcpy(e.address, &vm->svm_cid, sizeof(vm->svm_cid));
	} else if (e.family == AF_INET || e.family == AF_INET6 || e.family == AF_UNIX) {
		return e; /* too short: no more than the family, which the socket has, too */
	}
	e.path.flags = TL_VALUE_CLAIM;
	return e;
}

static struct tl_endpoint end_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage *address = room(sizeof(*address));
	socklen_t size = sizeof(*address), family_size = sizeof(int);
	struct tl_endpoint e = {};
	int family = 0;

	require(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_size) == 0);
	if (get(fd, (struct sockaddr *)address, &size) == 0)
		e = endpoint(address, size);
	e.family = (uint16_t)family;
	/* The kernel gives the name that was asked for, and knows the file. */
	if (family == AF_UNIX && e.path.size && e.path.data[0]) {
		e.path.data = e.path.data[0] == '/' ? e.path.data : in_folder(e.path.data);
		e.path.size = (uint32_t)strlen(e.path.data);
	}
	e.path.flags = 0; /* it is the kernel that says it */
	return e;
}

static int get_near(int fd, struct sockaddr *address, socklen_t *size)
{
	return getsockname(fd, address, size);
}

static int get_far(int fd, struct sockaddr *address, socklen_t *size)
{
	return getpeername(fd, address, size);
}

struct tl_endpoint near_end(int fd)
{
	return end_of(fd, get_near);
}

struct tl_endpoint far_end(int fd)
{
	return end_of(fd, get_far);
}

static void peer_facts(struct call *c, int fd)
{
	struct ucred cred = {};
	socklen_t size = sizeof(cred), int_size = sizeof(int);
	int listens = 0;

	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &int_size);
	if (listens || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0 || !cred.pid)
		return;
	read_process(cred.pid, &c->peer);
	c->peer.pid = (uint32_t)cred.pid;
	c->peer_uid = cred.uid;
	c->peer_gid = cred.gid;
}

static void socket_facts(struct call *c, int fd)
{
	socklen_t size = sizeof(int);
	int type = 0, protocol = 0;

	require(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0);
	require(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0);
	c->has_socket = true;
	c->socket_type = (uint16_t)type;
	c->socket_protocol = (uint16_t)protocol;
	peer_facts(c, fd);
}

void is_socket(struct call *c, int fd)
{
	is_object(c, text("socket:[%llu]", (unsigned long long)stat_of_fd(fd).st_ino), stat_of_fd(fd));
	socket_facts(c, fd);
	c->source = near_end(fd);
	c->destination = far_end(fd);
	if (c->socket_type == SOCK_RAW) /* there the kernel keeps the protocol */
		c->source.port = c->destination.port = 0;
}

void is_connection(struct call *c, int fd, bool incoming)
{
	struct tl_endpoint near = near_end(fd), far = far_end(fd);

	socket_facts(c, fd);
	if (!far.port) /* no connection */
		far = (struct tl_endpoint){};
	c->source = incoming ? far : near;
	c->destination = incoming ? near : far;
}
