// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "journal.h"
#include "put.h"
#include "util.h"

#define SEND_BUFFER (8 * 1024 * 1024)

int tl_journal_open(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	int size = SEND_BUFFER;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Only root may have more than the system's maximum. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* What is too large for a datagram goes as a file in memory that nobody can change any more. */
static int make_file(const void *entry, size_t size)
{
	_cleanup_close_ int fd = memfd_create("traceleft-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *data = entry;

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, data + done, size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int send_file(int fd, const void *entry, size_t size)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	_cleanup_close_ int file = make_file(entry, size);

	if (file < 0)
		return file;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &file, sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int tl_journal_send(int fd, const void *entry, size_t size)
{
	if (send(fd, entry, size, MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EMSGSIZE || errno == ENOBUFS)
		return send_file(fd, entry, size);
	return -errno;
}

void tl_journal_field(struct tl_buffer *b, const char *name, const void *value, size_t size)
{
	tl_put_text(b, name);
	if (size && memchr(value, '\n', size)) {
		uint64_t length = htole64(size);

		tl_put_char(b, '\n');
		tl_put(b, &length, sizeof(length));
	} else {
		tl_put_char(b, '=');
	}
	if (size)
		tl_put(b, value, size);
	tl_put_char(b, '\n');
}
