/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets to other machines on this one: of an end the number of its context and its port
 * are told, as the call had them. */
#include <linux/vm_sockets.h>
#include <sys/socket.h>

#include "harness.h"

static struct sockaddr_vm *address_of(uint32_t cid, uint32_t port)
{
	struct sockaddr_vm *address = room(sizeof(*address));

	address->svm_family = AF_VSOCK;
	address->svm_cid = cid;
	address->svm_port = port;
	return address;
}

static int vsock(void)
{
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);

	if (fd < 0)
		skip_case("this kernel has no such sockets");
	return fd;
}

/* There need be nobody, nor a way to get there. */
static void connects(void)
{
	struct sockaddr_vm *address = address_of(VMADDR_CID_HOST, 70000);
	int fd = vsock();
	struct call *c;

	if (fd < 0)
		return;
	c = call(SYS_connect, fd, address, sizeof(*address));
	require(c->ret < 0);
	is_socket(c, fd);
	c->source = (struct tl_endpoint){ .family = AF_VSOCK };
	c->destination = endpoint(address, sizeof(*address));
	require(c->destination.port == 70000 && c->destination.address[0] == 2);
	require(close(fd) == 0);
}

static void binds(void)
{
	struct sockaddr_vm *address = address_of(VMADDR_CID_ANY, 0x12345678);
	int fd = vsock();
	struct call *c;

	if (fd < 0)
		return;
	c = call(SYS_bind, fd, address, sizeof(*address));
	is_socket(c, fd);
	c->source = endpoint(address, sizeof(*address));
	c->destination = (struct tl_endpoint){};
	require(c->source.port == 0x12345678);
	require(close(fd) == 0);
}

static const struct test_case cases[] = { CASE(connects), CASE(binds) };

TEST_OF("vsock", NULL, "connect", "bind")
