/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only requests of io_uring can do: depend on each other, say nothing of a
 * success, use the ring's own table of files, end many times, come in crowds. That
 * each of them is like its system call the other tests show, with TL_TEST_DOOR.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness-request.h"

/* All at once, until as many as n_ended ends are told; which is which says the name. */
static void make(struct request *requests, unsigned n, unsigned n_ended)
{
	struct io_uring_cqe end;

	for (unsigned i = 0; i < n; i++) {
		requests[i].entry.user_data = i;
		ring_push(&requests[i].entry);
	}
	require(ring_enter(n, n_ended) == 0);
	while (ring_pop(&end))
		call_ended(requests[end.user_data].call, end.res);
}

static void what_follows_a_failure_is_cancelled(void)
{
	struct request r[2] = {};

	require(ring_open(false));
	new_file("kept", 0600);
	ask(&r[0], SYS_openat, AT_FDCWD, text("missing"), O_RDONLY, 0);
	ask(&r[1], SYS_unlinkat, AT_FDCWD, text("kept"), 0);
	r[0].entry.flags |= IOSQE_IO_LINK;
	make(r, 2, 2);
	require(r[0].call->ret == -ENOENT && r[1].call->ret == -ECANCELED);
	is_asked(r[0].call, in_folder("missing"));
	is_asked(r[1].call, in_folder("kept"));
}

/* Refused before it is begun, for what only entries of the queue have. */
static void refused_at_once(void)
{
	static const struct {
		int error;
		uint8_t flags;
		uint16_t ioprio, personality;
	} wrongs[] = {
		{ EINVAL, 0x80, 0, 0 }, /* there is no such flag */
		{ EINVAL, 0, 1, 0 }, /* which other operations have */
		{ EINVAL, 0, 0, 77 }, /* nobody's */
		{ EINVAL, IOSQE_CQE_SKIP_SUCCESS, 1, 0 }, /* it is told of a failure */
	};

	become_nobody();
	require(ring_open(false));
	if (is_old_kernel()) {
		skip_case("this kernel tells only of requests that it has accepted");
		return;
	}
	for (size_t i = 0; i < N_ELEMENTS(wrongs); i++) {
		struct request r = {};

		ask(&r, SYS_openat, AT_FDCWD, text("missing"), O_RDONLY, 0);
		r.entry.flags |= wrongs[i].flags;
		r.entry.ioprio = wrongs[i].ioprio;
		r.entry.personality = wrongs[i].personality;
		make(&r, 1, 1);
		require(r.call->ret == -wrongs[i].error);
		is_asked(r.call, in_folder("missing"));
	}
}

static void refused(void)
{
	in_child(refused_at_once);
}

/* The kernel tells nobody that it has succeeded: then the event says that it was made. */
static void silent_about_success(void)
{
	struct request r[2] = {};

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_CQE_SKIP)) {
		skip_case("this kernel tells of every success");
		return;
	}
	new_file("gone", 0600);
	ask(&r[0], SYS_unlinkat, AT_FDCWD, text("gone"), 0);
	ask(&r[1], SYS_unlinkat, AT_FDCWD, text("missing too"), 0);
	r[0].entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
	r[0].call->flags |= TL_EVENT_UNKNOWN_RESULT;
	make(r, 2, 1);
	require(r[1].call->ret == -ENOENT);
	/* Each is made by a thread of the kernel's own, and nobody says when the first has ended. */
	for (int i = 0; i < 1000 && access("gone", F_OK) == 0; i++)
		usleep(10000);
	require(access("gone", F_OK) < 0);
	call_ended(r[0].call, 0);
	is_asked(r[0].call, in_folder("gone"));
	is_asked(r[1].call, in_folder("missing too"));
}

/* Into the ring's own table, and read from there: a descriptor of the process there is none. */
static void place_in_the_table_of_files(void)
{
	const int none[4] = { -1, -1, -1, -1 };
	const char *path = in_folder("contents");
	struct request r[3] = {};

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_LINKED_FILE)) {
		skip_case("this kernel looks files up before what is linked has run");
		return;
	}
	ring_register(IORING_UNREGISTER_FILES, NULL, 0); /* of another case */
	require(ring_register(IORING_REGISTER_FILES, none, 4) == 0);
	fill_file("contents", "of the file");
	require(symlink("contents", "other") == 0);
	ask(&r[0], SYS_openat, AT_FDCWD, text("other"), O_RDONLY, 0);
	ask(&r[1], SYS_read, 2, room(64), 64);
	ask(&r[2], SYS_openat, AT_FDCWD, text("missing"), O_RDONLY, 0);
	r[0].entry.file_index = 3; /* place 2 */
	r[0].entry.flags |= IOSQE_IO_LINK;
	r[1].entry.flags |= IOSQE_FIXED_FILE;
	r[2].entry.file_index = 3;
	make(r, 3, 3);
	require(r[0].call->ret == 0 && r[1].call->ret == 11 && r[2].call->ret == -ENOENT);
	is_object(r[0].call, path, stat_of(path));
	is_object(r[1].call, path, stat_of(path));
	is_asked(r[2].call, in_folder("missing"));
}

/* Same, at places that the kernel chooses, by whichever thread. */
static void some_place_in_the_table_of_files(void)
{
	const int none[4] = { -1, -1, -1, -1 };
	const char *path = new_file("anywhere", 0600);
	struct request r[3] = {};

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_LINKED_FILE)) {
		skip_case("this kernel chooses no places");
		return;
	}
	ring_register(IORING_UNREGISTER_FILES, NULL, 0); /* of another case */
	require(ring_register(IORING_REGISTER_FILES, none, 4) == 0);
	for (unsigned i = 0; i < N_ELEMENTS(r); i++) {
		ask(&r[i], SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
		r[i].entry.file_index = IORING_FILE_INDEX_ALLOC;
		r[i].entry.flags |= i == 1 ? IOSQE_ASYNC : 0;
		make(&r[i], 1, 1);
		if (require(r[i].call->ret == (int)i))
			is_object(r[i].call, path, stat_of(path));
	}
}

/* A place in the ring's own table becomes a descriptor of the process, as of dup(2). */
static void descriptor_of_a_place(void)
{
	struct request r[2] = {};
	const char *path = new_file("placed", 0600);
	int fd = open(path, O_RDONLY);

	require(ring_open(false));
	if (!ring_knows(FIXED_FD_INSTALL)) {
		skip_case("this kernel has no such requests");
		return;
	}
	ring_register(IORING_UNREGISTER_FILES, NULL, 0); /* of another case */
	require(ring_register(IORING_REGISTER_FILES, &fd, 1) == 0 && close(fd) == 0);
	for (int i = 0; i < 2; i++) {
		ask(&r[i], SYS_dup, i);
		r[i].entry.flags |= IOSQE_FIXED_FILE;
	}
	make(r, 2, 2);
	require(r[0].call->ret >= 0 && r[1].call->ret == -EBADF);
	is_object(r[0].call, path, stat_of_fd((int)r[0].call->ret));
}

/* More at once than anything here has room for beforehand, by threads of the kernel's own. */
static void crowd(void)
{
	static struct request r[60];
	const char *path = new_file("crowded", 0600);

	require(ring_open(false));
	for (int round = 0; round < 5; round++) {
		memset(r, 0, sizeof(r));
		for (unsigned i = 0; i < N_ELEMENTS(r); i++) {
			ask(&r[i], SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
			r[i].entry.flags |= i & 1 ? IOSQE_ASYNC : 0;
		}
		make(r, N_ELEMENTS(r), N_ELEMENTS(r));
		for (unsigned i = 0; i < N_ELEMENTS(r); i++) {
			if (require(r[i].call->ret >= 0))
				is_object(r[i].call, path, stat_of(path));
			close((int)r[i].call->ret);
		}
	}
}

/* One request, one event for each that calls, and one when it is over. */
static void one_request_for_many_callers(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), callers[3];
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL, .user_data = 1 };
	struct request r[4] = {};
	struct io_uring_cqe end;
	socklen_t size = sizeof(address);

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_LINKED_FILE)) {
		skip_case("this kernel has no such requests");
		return;
	}
	require(bind(fd, (void *)&address, size) == 0 && listen(fd, 8) == 0);
	require(getsockname(fd, (void *)&address, &size) == 0);
	for (unsigned i = 0; i < N_ELEMENTS(r); i++)
		ask(&r[i], SYS_accept4, fd, 0, 0, 0);
	r[0].entry.ioprio = IORING_ACCEPT_MULTISHOT;
	ring_push(&r[0].entry);
	require(ring_enter(1, 0) == 0);
	for (unsigned i = 0; i < N_ELEMENTS(callers); i++) {
		/* Older kernels tell of sockets what system calls do with them alone. */
		struct call *accepted = is_old_kernel() ? NULL : expect(TL_EVENT_NETWORK, "net_accept");

		callers[i] = socket(AF_INET, SOCK_STREAM, 0);
		require(connect(callers[i], (void *)&address, size) == 0 && ring_enter(0, 1) == 0 && ring_pop(&end));
		call_ended(r[i].call, end.res);
		if (require(end.res >= 0 && end.flags & IORING_CQE_F_MORE)) {
			is_object(r[i].call, text("socket:[%llu]", (unsigned long long)stat_of_fd(end.res).st_ino),
				  stat_of_fd(end.res));
			is_socket(r[i].call, end.res);
			r[i].call->source = far_end(end.res);
			r[i].call->destination = near_end(end.res);
		}
		if (accepted && end.res >= 0) {
			accepted->after = now();
			accepted->flags = TL_EVENT_IO_URING;
			is_connection(accepted, end.res, true);
		}
	}
	ring_push(&cancel);
	require(ring_enter(1, 2) == 0);
	while (ring_pop(&end))
		if (!end.user_data)
			call_ended(r[3].call, end.res);
	require(r[3].call->ret == -ECANCELED);
}

static int listen_at(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	require(bind(fd, (void *)address, size) == 0 && listen(fd, 8) == 0);
	require(getsockname(fd, (void *)address, &size) == 0);
	return fd;
}

/* Asks for all callers, by the one name of all that ask. */
static void answer_all(struct request *r)
{
	r->entry.ioprio = IORING_ACCEPT_MULTISHOT;
	r->entry.user_data = 7;
	ring_push(&r->entry);
	require(ring_enter(1, 0) == 0);
}

static void call_answered(struct sockaddr_in *address, struct call *c)
{
	struct call *accepted = expect(TL_EVENT_NETWORK, "net_accept");
	struct io_uring_cqe end;

	require(connect(socket(AF_INET, SOCK_STREAM, 0), (void *)address, sizeof(*address)) == 0);
	require(ring_enter(0, 1) == 0 && ring_pop(&end));
	call_ended(c, end.res);
	if (!require(end.res >= 0 && end.flags & IORING_CQE_F_MORE))
		return;
	is_object(c, text("socket:[%llu]", (unsigned long long)stat_of_fd(end.res).st_ino), stat_of_fd(end.res));
	is_socket(c, end.res);
	c->source = far_end(end.res);
	c->destination = near_end(end.res);
	accepted->after = now();
	accepted->flags = TL_EVENT_IO_URING;
	is_connection(accepted, end.res, true);
}

static void answer_no_more(int fd, struct call *c)
{
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL, .cancel_flags = IORING_ASYNC_CANCEL_FD,
				       .user_data = 1, .fd = fd };
	struct io_uring_cqe end;

	ring_push(&cancel);
	require(ring_enter(1, 2) == 0);
	while (ring_pop(&end))
		if (end.user_data == 7)
			call_ended(c, end.res);
	require(c->ret == -ECANCELED);
}

/* As long as there are two nobody knows whose caller it was; then it is known again, however the others ended. */
static void two_requests_with_one_name(void)
{
	struct sockaddr_in address[2];
	struct request unknown = {}, end[2] = {}, known[2] = {};
	int fd[2];

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_LINKED_FILE) || is_old_kernel()) {
		skip_case("this kernel has no such requests");
		return;
	}
	for (unsigned i = 0; i < N_ELEMENTS(fd); i++)
		fd[i] = listen_at(&address[i]);
	ask(&unknown, SYS_accept4, -1, 0, 0, 0);
	unknown.call->flags |= TL_EVENT_INCOMPLETE;
	ask(&end[1], SYS_accept4, fd[1], 0, 0, 0);
	for (unsigned i = 0; i < N_ELEMENTS(known); i++)
		ask(&known[i], SYS_accept4, fd[0], 0, 0, 0);
	ask(&end[0], SYS_accept4, fd[0], 0, 0, 0);
	answer_all(&end[0]);
	answer_all(&end[1]);
	call_answered(&address[0], unknown.call);
	answer_no_more(fd[1], end[1].call);
	for (unsigned i = 0; i < N_ELEMENTS(known); i++)
		call_answered(&address[0], known[i].call);
	answer_no_more(fd[0], end[0].call);
}

static const struct test_case cases[] = {
	CASE(what_follows_a_failure_is_cancelled), CASE(refused), CASE(silent_about_success),
	CASE(place_in_the_table_of_files),	   CASE(crowd),	  CASE(one_request_for_many_callers),
	CASE(two_requests_with_one_name),	   CASE(descriptor_of_a_place),
	CASE(some_place_in_the_table_of_files),
};

TEST_OF("io-uring", NULL, "unlinkat", "openat", "read", "accept4", "net_accept", "dup")
