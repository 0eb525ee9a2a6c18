// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libtraceleft in one page: a tool that shows what one process opens, connects
 * to and executes until it ends.
 *
 *	cc -o example example.c $(pkg-config --cflags --libs traceleft)
 *	./example PID
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceleft.h>

#define PROGRAM_ID 42 /* ours: every event of our handlers carries it */

/* Called for each event. What it points to is there during the call only. */
static int on_event(const struct tl_event *event, void *userdata)
{
	uint64_t *n = userdata;

	if (event->kind == TL_EVENT_LOST) {
		printf("lost %" PRIu64 " events\n", event->lost->count);
		return 0;
	}
	++*n;
	printf("%s pid=%u program_id=%u ret=%" PRId64, event->type->name, event->pid, event->program_id, event->ret);
	/* The object that was really used, as the kernel knows it; what was asked for is in event->captured. */
	if (event->file.path.flags & TL_VALUE_PRESENT)
		printf(" path=%.*s", (int)event->file.path.size, event->file.path.data);
	if (event->has_socket)
		printf(" port=%u", event->destination.port);
	printf(" executable=%s\n", event->process->executable);
	return 0;
}

static int add_events(struct tl_session *session, uint32_t pid)
{
	static const char *const events[] = { "openat", "connect", "exec" };
	struct tl_target_spec who = { .name = "example", .pids = &pid, .n_pids = 1 };
	uint32_t target;
	int r;

	r = tl_session_add_target(session, &who, &target);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]) && r >= 0; i++)
		r = tl_session_add_handler(session, target, events[i], PROGRAM_ID);
	return r;
}

static int run(struct tl_session *session, uint32_t pid)
{
	int r;

	r = add_events(session, pid);
	if (r >= 0)
		r = tl_session_start(session);
	if (r < 0)
		return r;
	printf("started\n");
	fflush(stdout);
	while (r >= 0 && kill((pid_t)pid, 0) == 0) {
		struct pollfd fd = { .fd = tl_session_fd(session), .events = POLLIN };

		if (poll(&fd, 1, tl_session_timeout_ms(session)) < 0 && errno != EINTR)
			return -errno;
		r = tl_session_dispatch(session, 0);
	}
	/* Detaches, and hands over what is still in the ring. */
	return r < 0 ? r : tl_session_stop(session);
}

int main(int argc, char **argv)
{
	struct tl_session *session = NULL;
	struct tl_counters all;
	uint64_t n = 0;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PID\n", argv[0]);
		return 2;
	}
	r = tl_session_new(NULL, &session);
	if (r >= 0) {
		tl_session_set_callback(session, on_event, &n);
		r = run(session, (uint32_t)strtoul(argv[1], NULL, 10));
	}
	if (r >= 0)
		r = tl_session_counters(session, NULL, &all);
	if (r >= 0)
		printf("seen %" PRIu64 " = delivered %" PRIu64 " + filtered %" PRIu64 " + lost %" PRIu64 "\n", all.seen,
		       n, all.filtered + all.internal, all.lost);
	else
		fprintf(stderr, "%s: %s\n", argv[0], tl_session_error(session));
	tl_session_free(session);
	return r < 0;
}
