// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cli.h"
#include "daemon.h"
#include "put.h"

static int print_unreachable(const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		tl_print_error("traceleftd: not running (nobody listens at %s)", path);
		break;
	case EACCES:
		tl_print_error("%s: only root and members of the group traceleft may ask the daemon", path);
		break;
	default:
		tl_print_errno(error, "%s", path);
	}
	return -error;
}

static int open_socket(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return print_unreachable(path, errno);
	if (strlen(path) >= sizeof(address.sun_path))
		return print_unreachable(path, ENAMETOOLONG);
	strcpy(address.sun_path, path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return print_unreachable(path, errno);
	return TAKE_FD(fd);
}

/* Whoever does not listen to the end may have answered already: no error here. */
static void send_request(int fd, const struct tl_buffer *request)
{
	size_t done = 0;
	ssize_t n;

	while (done < request->size) {
		n = send(fd, request->data + done, request->size - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

/* Byte by byte, for what follows is not part of it. */
static int read_answer(int fd, struct tl_daemon_answer *ret)
{
	size_t size = 0;
	char c, status = 0;
	ssize_t n;

	while (size < sizeof(ret->text)) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		if (!status) {
			status = c;
			continue;
		}
		ret->text[size++] = c;
		if (!c)
			break;
	}
	if (!size || ret->text[size - 1] || (status != TL_CONTROL_DONE && status != TL_CONTROL_REFUSED))
		return -EBADMSG;
	ret->done = status == TL_CONTROL_DONE;
	return 0;
}

int tl_daemon_ask(const char *path, const struct tl_control_request *request, struct tl_daemon_answer *ret)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	_cleanup_close_ int fd = -1;
	int r = tl_control_request_put(&b, request);

	if (r < 0) {
		tl_print_errno(r, "request");
		return r;
	}
	fd = open_socket(path);
	if (fd < 0)
		return fd;
	send_request(fd, &b);
	r = read_answer(fd, ret);
	if (r < 0) {
		tl_print_errno(r, "traceleftd: no answer");
		return r;
	}
	return TAKE_FD(fd);
}
