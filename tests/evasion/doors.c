/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doors of other programs: calls by 32-bit numbers out of 64-bit code, and by those of x32. */
#include <linux/net.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "../events/harness.h"

/* Numbers of i386, and of its calls that are many. */
enum { OPEN_32 = 5, UNLINK_32 = 10, CHMOD_32 = 15, OPENAT_32 = 295, FCHMOD_32 = 94 };

static bool has_door(void)
{
	if (has_call32())
		return true;
	skip_case("this kernel runs no 32-bit programs");
	return false;
}

static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void opens_of_32_bits(void)
{
	const char *path = new_file("file", 0600);

	if (!has_door())
		return;
	opened(call32(OPEN_32, path, O_RDONLY, 0), path);
	opened(call32(OPENAT_32, AT_FDCWD, text("./../%s/file", strrchr(folder(), '/') + 1), O_RDWR, 0), path);
	is_asked(call32(OPEN_32, text("none"), O_RDONLY, 0), in_folder("none"));
}

/* The same number is another call by each door: 10 is mprotect, 15 rt_sigreturn, 94 lchown. */
static void numbers_that_mean_something_else(void)
{
	const char *path = new_file("victim", 0600);
	struct stat before = stat_of(path);
	struct call *c;
	int fd;

	if (!has_door())
		return;
	c = call32(CHMOD_32, path, 0644);
	require(c->ret == 0);
	is_named(c, path, path, &before);
	fd = (int)syscall(SYS_open, path, O_RDONLY);
	before = stat_of(path);
	c = call32(FCHMOD_32, fd, 0600);
	require(c->ret == 0);
	is_object(c, path, before);
	c->file_object.after = stat_of(path);
	before = stat_of(path);
	c = call32(UNLINK_32, text("victim"));
	require(c->ret == 0);
	is_named(c, path, path, &before);
	require(close(fd) == 0);
}

/* One number for all that is done with sockets: each is the event that it is, with its own arguments. */
static void sockets_by_one_number(void)
{
	struct sockaddr_in *address = address4(0);
	socklen_t *size = room(sizeof(*size));
	struct call *c;
	int fd, other;

	if (!has_door())
		return;
	c = call_socket32("socket", SYS_SOCKET, AF_INET, SOCK_DGRAM, 0);
	require(c->ret >= 0);
	fd = (int)c->ret;
	is_socket(c, fd);
	c = call_socket32("bind", SYS_BIND, fd, address, sizeof(*address));
	require(c->ret == 0);
	is_socket(c, fd);
	c->destination = (struct tl_endpoint){};
	*size = sizeof(*address);
	require(getsockname(fd, (struct sockaddr *)address, size) == 0);
	other = socket(AF_INET, SOCK_DGRAM, 0);
	c = call_socket32("connect", SYS_CONNECT, other, address, sizeof(*address));
	require(c->ret == 0);
	is_socket(c, other);
	require(c->destination.port == ntohs(address->sin_port));
	/* send(2) has no event of its own. */
	c = call_socket32("sendto", SYS_SEND, other, text("secret"), 6, 0);
	require(c->ret == 6);
	is_socket(c, other);
	require(close(fd) == 0 && close(other) == 0);
	c = call_socket32("connect", SYS_CONNECT, -1, address, sizeof(*address));
	require(c->ret == -EBADF);
	c->destination = endpoint(address, sizeof(*address));
	/* Its own event has what is none of these. */
	require(call32(102, 99, 0)->ret == -EINVAL);
}

#define IPC_64 0x100

static void semaphores_by_one_number(void)
{
	struct sembuf *take = room(sizeof(*take));
	uint32_t *value = room(sizeof(*value));
	long id;

	if (!has_door())
		return;
	id = call_ipc32("semget", ARGS32(IPC_PRIVATE, 1, 0600), ARGS32(2, IPC_PRIVATE, 1, 0600))->ret;
	if (id == -ENOSYS) {
		skip_case("this kernel has no semaphores of System V");
		return;
	}
	require(id >= 0);
	*value = 5;
	*take = (struct sembuf){ .sem_op = -2 };
	require(call_ipc32("semctl", ARGS32(id, 0, SETVAL | IPC_64, 5), ARGS32(3, id, 0, SETVAL | IPC_64, value))->ret == 0);
	require(call_ipc32("semop", ARGS32(id, take, 1), ARGS32(1, id, 1, 0, take))->ret == 0);
	require(call_ipc32("semctl", ARGS32(id, 0, GETVAL, 5), ARGS32(3, id, 0, GETVAL, value))->ret == 3);
	require(call_ipc32("semtimedop", ARGS32(id, take, 0, NULL), ARGS32(4, id, 0, 0, take, NULL))->ret < 0);
	require(call_ipc32("semctl", ARGS32(id, 0, IPC_RMID, 5), ARGS32(3, id, 0, IPC_RMID, value))->ret == 0);
	/* Its own event has what is none of these. */
	require(call32(117, 99, 0, 0, 0, 0)->ret == -ENOSYS);
}

static void queues_by_one_number(void)
{
	uint32_t *message = room(16), *where = room(8);
	long id;
	struct call *c;

	if (!has_door())
		return;
	id = call_ipc32("msgget", ARGS32(IPC_PRIVATE, 0600), ARGS32(13, IPC_PRIVATE, 0600))->ret;
	if (id == -ENOSYS) {
		skip_case("this kernel has no queues of System V");
		return;
	}
	require(id >= 0);
	message[0] = 7; /* its type */
	for (int i = 0; i < 2; i++) {
		c = call_ipc32("msgsnd", ARGS32(id, message, 4, IPC_NOWAIT), ARGS32(11, id, 4, IPC_NOWAIT, message));
		require(c->ret == 0);
	}
	where[0] = (uint32_t)(uintptr_t)message;
	where[1] = 7;
	c = call_ipc32("msgrcv", ARGS32(id, message, 4, 7, IPC_NOWAIT), ARGS32(12, id, 4, IPC_NOWAIT, where));
	require(c->ret == 4);
	c = call_ipc32("msgrcv", ARGS32(id, message, 4, 7, IPC_NOWAIT), ARGS32(1 << 16 | 12, id, 4, IPC_NOWAIT, message, 7));
	require(c->ret == 4);
	require(call_ipc32("msgctl", ARGS32(id, IPC_RMID, NULL), ARGS32(14, id, IPC_RMID, 0, NULL))->ret == 0);
}

static void memory_by_one_number(void)
{
	long id;
	uint32_t *address = room(sizeof(*address));
	struct call *c;

	if (!has_door())
		return;
	id = call_ipc32("shmget", ARGS32(IPC_PRIVATE, 4096, 0600), ARGS32(23, IPC_PRIVATE, 4096, 0600))->ret;
	if (id == -ENOSYS) {
		skip_case("this kernel has no shared memory of System V");
		return;
	}
	require(id >= 0);
	c = call_ipc32("shmat", ARGS32(id, NULL, SHM_RDONLY), ARGS32(21, id, SHM_RDONLY, address, NULL));
	require(c->ret == 0 && *address);
	c->ret = *address; /* that is its result */
	require(call_ipc32("shmdt", ARGS32(*address), ARGS32(22, 0, 0, 0, *address))->ret == 0);
	c = call_ipc32("shmat", ARGS32(-1, NULL, 0), ARGS32(21, -1, 0, address, NULL));
	require(c->ret == -EINVAL || c->ret == -EIDRM);
	require(call_ipc32("shmctl", ARGS32(id, IPC_RMID, NULL), ARGS32(24, id, IPC_RMID, 0, NULL))->ret == 0);
}

/* Most kernels refuse them; an attempt is an event all the same where all calls are seen. */
static void numbers_of_x32(void)
{
	const char *path = new_file("x32", 0600);
	struct call *c = call_x32(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);

	if (c->ret >= 0)
		opened(c, path);
	else
		is_asked(c, path);
	c = call_x32(SYS_unlink, text("none"));
	require(c->ret == -ENOENT || c->ret == -ENOSYS);
	is_asked(c, in_folder("none"));
}

static const struct test_case cases[] = {
	CASE(opens_of_32_bits),
	CASE(numbers_that_mean_something_else),
	CASE(sockets_by_one_number),
	CASE(semaphores_by_one_number),
	CASE(queues_by_one_number),
	CASE(memory_by_one_number),
	CASE(numbers_of_x32),
};

TEST_OF("doors", NULL, "open", "openat", "chmod", "fchmod", "unlink", "socketcall", "socket", "bind", "connect",
	"sendto", "ipc", "semget", "semctl", "semop", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "shmget",
	"shmat", "shmdt", "shmctl")
