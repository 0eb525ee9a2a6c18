// SPDX-License-Identifier: GPL-2.0-or-later
/* Waits for events, for the end of what is traced, and for signals. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include "trace.h"

#define BATCH 4096 /* events between two looks at signals */
#define WAITING_MAX 8
#define LEDGER_SECONDS 60

enum source { SOURCE_SESSION, SOURCE_SIGNAL, SOURCE_COMMAND, SOURCE_PROCESS };

struct loop {
	struct tl_trace *trace;
	int epoll, signals;
	int *processes; /* pidfds of those that were named, -1 once ended */
	size_t n_processes, n_left;
	time_t ledger; /* when the last one was written, CLOCK_MONOTONIC */
	bool passed_on; /* a signal, to the command */
	bool ended;
};

static void loop_done(struct loop *l)
{
	for (size_t i = 0; i < l->n_processes; i++)
		tl_closep(&l->processes[i]);
	free(l->processes);
	tl_closep(&l->epoll);
	tl_closep(&l->signals);
}

static int loop_add(struct loop *l, int fd, enum source source, size_t index)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = (uint64_t)index << 8 | source };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* A run without a default target and without a command ends with its processes. */
static int loop_add_processes(struct loop *l, const struct tl_selection *s)
{
	size_t n = 0;
	int r;

	for (size_t i = 0; i < s->n_targets; i++)
		n += s->targets[i].n_pids;
	l->processes = calloc(n + 1, sizeof(*l->processes));
	if (!l->processes)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_targets; i++)
		for (size_t j = 0; j < s->targets[i].n_pids; j++) {
			int fd = (int)syscall(SYS_pidfd_open, s->targets[i].pids[j], 0);

			if (fd < 0 && errno == ESRCH)
				continue; /* ended since it was looked at */
			if (fd < 0)
				return -errno;
			l->processes[l->n_processes++] = fd;
			r = loop_add(l, fd, SOURCE_PROCESS, l->n_processes - 1);
			if (r < 0)
				return r;
			l->n_left++;
		}
	l->ended = !l->n_left;
	return 0;
}

static int loop_open(struct loop *l)
{
	struct tl_trace *t = l->trace;
	int r;

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->signals = signalfd(-1, &t->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->epoll < 0 || l->signals < 0)
		return -errno;
	r = loop_add(l, tl_session_fd(t->session), SOURCE_SESSION, 0);
	if (r >= 0)
		r = loop_add(l, l->signals, SOURCE_SIGNAL, 0);
	if (r >= 0 && t->command)
		r = loop_add(l, tl_command_fd(t->command), SOURCE_COMMAND, 0);
	if (r >= 0 && !t->command && (!t->policy || t->settings.spec) && !tl_selection_has_default(&t->selection))
		r = loop_add_processes(l, &t->selection);
	return r;
}

/* A signal from the terminal has reached the command, too: it decides what
 * happens. One that was sent to us alone is passed on, a second one ends the
 * tracing and leaves the command alone. */
static void take_signal(struct loop *l, const struct signalfd_siginfo *info)
{
	struct tl_trace *t = l->trace;

	if (!t->command) {
		t->interrupted = (int)info->ssi_signo;
		l->ended = true;
	} else if (info->ssi_code == SI_KERNEL) {
		return;
	} else if (!l->passed_on) {
		l->passed_on = true;
		tl_command_signal(t->command, (int)info->ssi_signo);
	} else {
		t->interrupted = (int)info->ssi_signo;
		l->ended = true;
	}
}

static void take_source(struct loop *l, uint64_t data)
{
	struct signalfd_siginfo info;
	size_t index = data >> 8;

	switch ((enum source)(data & 0xff)) {
	case SOURCE_SESSION:
		break;
	case SOURCE_SIGNAL:
		while (read(l->signals, &info, sizeof(info)) == sizeof(info))
			take_signal(l, &info);
		break;
	case SOURCE_COMMAND:
		l->ended = true;
		break;
	case SOURCE_PROCESS:
		if (l->processes[index] < 0)
			break;
		close(l->processes[index]);
		l->processes[index] = -1;
		l->ended = --l->n_left == 0;
		break;
	}
}

static int loop_turn(struct loop *l, bool busy)
{
	struct epoll_event events[WAITING_MAX];
	int n;

	n = epoll_wait(l->epoll, events, WAITING_MAX, busy ? 0 : tl_session_timeout_ms(l->trace->session));
	if (n < 0 && errno != EINTR)
		return tl_print_errno(errno, "waiting"), -errno;
	for (int i = 0; i < n; i++)
		take_source(l, events[i].data.u64);
	return 0;
}

/* What is done when there is nothing to read. */
static void loop_idle(struct loop *l)
{
	tl_trace_flush(l->trace, false);
	tl_trace_flush_outputs(l->trace);
	if (tl_seconds_now() - l->ledger < LEDGER_SECONDS)
		return;
	l->ledger = tl_seconds_now();
	tl_trace_write_ledger(l->trace, false);
}

static int loop_run(struct loop *l)
{
	struct tl_trace *t = l->trace;
	int r = 0;

	l->ledger = tl_seconds_now();
	while (!l->ended && !tl_trace_error(t)) {
		int n;

		r = loop_turn(l, r == BATCH);
		if (r < 0)
			return r;
		n = tl_session_dispatch(t->session, BATCH);
		if (n < 0) {
			tl_print_error("%s", tl_session_error(t->session));
			return n;
		}
		r = n;
		if (n < BATCH)
			loop_idle(l);
	}
	return 0;
}

int tl_trace_loop(struct tl_trace *t)
{
	_cleanup_(loop_done) struct loop l = { .trace = t, .epoll = -1, .signals = -1 };
	int r = loop_open(&l);

	if (r < 0) {
		tl_print_errno(r, "waiting for events");
		return r;
	}
	return loop_run(&l);
}
