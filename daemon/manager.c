// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "manager-parts.h"
#include "meanwhile.h"
#include "outage.h"
#include "phase.h"
#include "util.h"

#define BATCH 1024 /* events between two looks at everything else */
#define LEAVING_BATCHES 512 /* more than a buffer of the usual size holds: what is counted is behind all that waits */
#define CHANGE (2 * TL_USEC_PER_MSEC) /* between two looks at a change of policies */
#define LAST_CHANGE (10 * TL_NSEC_PER_SEC) /* in ns: that a stop waits for it at most */
#define TICK (1 * TL_USEC_PER_SEC)
#define LEDGER (60 * TL_USEC_PER_SEC)
#define STATUS_TICKS 5 /* between two STATUS= lines, and two counts of tasks */
#define HEARTBEAT_TICKS 10 /* the status file is written though nothing changed */
#define ACCURACY (1 * TL_USEC_PER_MSEC)
#define PRIORITY_SIGNAL SD_EVENT_PRIORITY_IMPORTANT
#define PRIORITY_TIMER (SD_EVENT_PRIORITY_NORMAL - 10)

/* ---- Events ---- */

/* From now on it is this process that is heard of: what it has said of the one before is to be out, or noted. */
static void begin_waiting(struct tl_manager *m)
{
	tl_outputs_flush(&m->generation->outputs);
	m->waits = tl_generation_waits(m->generation);
	tl_runtime_wait(&m->runtime, m->waits);
}

void tl_manager_note_waiting(struct tl_manager *m)
{
	if (m->waits || !tl_generation_waits(m->generation))
		return;
	m->waits = true;
	tl_runtime_wait(&m->runtime, true);
}

static void note_empty(struct tl_manager *m)
{
	if (!m->waits || tl_generation_waits(m->generation))
		return;
	m->waits = false;
	tl_runtime_wait(&m->runtime, false);
}

int tl_manager_read(struct tl_manager *m)
{
	struct tl_session *s = m->generation->session;
	int n = tl_session_dispatch(s, BATCH);
	uint64_t next = n >= BATCH ? 0 : (uint64_t)tl_session_timeout_ms(s) * TL_USEC_PER_MSEC;

	if (n < 0)
		return tl_manager_die(m, TL_STATUS_SOFTWARE, n, "cannot read events: %s", tl_session_error(s));
	tl_generation_flush(m->generation, false);
	tl_manager_note_waiting(m);
	tl_meanwhile_note(m->generation);
	tl_session_settle(s);
	sd_event_source_set_time_relative(m->drain, m->loading.changes ? MIN(next, CHANGE) : next);
	n = sd_event_source_set_enabled(m->drain, SD_EVENT_ONESHOT);
	return n >= 0 && m->loading.changes ? tl_manager_go_on_changing(m) : n;
}

static int on_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	return tl_manager_read(userdata);
}

static int on_drain(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	return tl_manager_read(userdata);
}

int tl_manager_watch(struct tl_manager *m)
{
	const struct tl_session *s = m->generation->session;
	int r;

	m->ring = sd_event_source_disable_unref(m->ring);
	m->drain = sd_event_source_disable_unref(m->drain);
	r = sd_event_add_io(m->event, &m->ring, tl_session_fd(s), EPOLLIN, on_ring, m);
	if (r < 0)
		return r;
	return sd_event_add_time_relative(m->event, &m->drain, CLOCK_MONOTONIC, 0, ACCURACY, on_drain, m);
}

/* ---- Timers ---- */

static void begin_watching(struct tl_manager *m)
{
	m->watch = tl_tamper_watch_new();
	tl_tamper_watch_begin(m->watch, m->generation);
}

static void make_control(struct tl_manager *m);

static int again(sd_event_source *source, uint64_t usec)
{
	sd_event_source_set_time_relative(source, usec);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct tl_manager *m = userdata;

	(void)usec;
	m->ticks++;
	/* Before the outputs look at their files: who moves one has until a later tick to say so. */
	if (!m->watch)
		begin_watching(m);
	tl_tamper_watch_tick(m->watch, m->generation, m->loading.next);
	tl_outputs_tick(&m->generation->outputs);
	tl_outputs_tell_seals(&m->generation->outputs);
	note_empty(m);
	tl_meanwhile_note(m->generation);
	tl_log_catch_up();
	tl_control_tick(m->control);
	if (!m->control)
		make_control(m);
	if (m->ticks % STATUS_TICKS == 0) {
		tl_manager_count_tasks(m);
		tl_manager_notify(m, "");
	}
	tl_manager_write_status(m, "running", m->ticks % HEARTBEAT_TICKS == 0);
	return again(source, TICK);
}

static int on_ledger(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct tl_manager *m = userdata;

	(void)usec;
	tl_generation_ledger(m->generation);
	return again(source, LEDGER);
}

/* ---- Signals ---- */

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct tl_sender who;

	(void)source;
	tl_record_sender(&who, info);
	return tl_manager_reload(userdata, &who);
}

static int on_continued(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct tl_manager *m = userdata;
	struct tl_sender who;

	(void)source;
	if (info->ssi_code == SI_TIMER) {
		tl_tamper_watch_woken(m->watch, m->generation);
		return 0;
	}
	tl_record_sender(&who, info);
	tl_tamper_watch_continued(m->watch, m->generation, &who);
	return 0;
}

/* ---- Start and stop ---- */

/* The next process will read what comes from now on. */
static void leave(struct tl_manager *m, const struct tl_sender *who)
{
	struct tl_session *s = m->generation->session;
	char note[TL_SENDER_SIZE + 64];
	bool is_left = false, is_counting = false; /* what the kernel part counts, and has counted before that */
	int n = BATCH;

	/* Somebody may be faster than we are. */
	for (unsigned i = 0; i < LEAVING_BATCHES && (n == BATCH || !is_left || is_counting); i++) {
		is_left = is_left || tl_session_leave_counts(s) == 0;
		n = tl_session_dispatch(s, BATCH);
		is_counting = tl_generation_flush(m->generation, false);
		tl_manager_note_waiting(m);
	}
	if (n < 0)
		tl_log(LOG_ERR, "cannot read events: %s", tl_session_error(s));
	tl_generation_flush(m->generation, true);
	tl_generation_ledger(m->generation);
	snprintf(note, sizeof(note), "%s; events wait for the next process", who->text);
	tl_generation_record(m->generation, TL_EVENT_STOP, note, &who->who);
	tl_manager_note_waiting(m);
	note_empty(m);
	tl_meanwhile_note(m->generation);
	m->leaves = true;
}

static void stop(struct tl_manager *m, const struct tl_sender *who)
{
	int r = tl_session_stop(m->generation->session);

	if (r < 0)
		tl_log(LOG_ERR, "the session did not end well: %s", tl_session_error(m->generation->session));
	tl_generation_flush(m->generation, true);
	tl_generation_ledger(m->generation);
	tl_generation_record(m->generation, TL_EVENT_STOP, who->text, &who->who);
}

/* What the policy that comes has told of is in the buffer already, and only its session knows what it is: the next
 * process goes on with that one. The kernel's part in it takes some milliseconds; on a machine that is too busy for
 * that a stop is not put off for longer, and what is lost is declared. */
static void end_changing(struct tl_manager *m)
{
	const uint64_t until = tl_now_steady() + LAST_CHANGE;
	int r = 0;

	m->loading.again[0] = '\0'; /* who asked for one more gets the next process's */
	while (r >= 0 && m->loading.changes && tl_now_steady() < until) {
		r = tl_manager_read(m);
		usleep(CHANGE);
	}
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct tl_manager *m = userdata;
	struct tl_sender who;

	(void)source;
	tl_tamper_watch_busy(m->watch);
	tl_record_sender(&who, info);
	end_changing(m);
	tl_outputs_tick(&m->generation->outputs);
	tl_tamper_watch_look(m->watch, m->generation, m->loading.next);
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
	tl_manager_write_status(m, "stopping", true);
	tl_log(LOG_NOTICE, "stopping: %s", who.text);
	tl_manager_give_up_loading(m);
	(m->store.number && tl_store_restarts() ? leave : stop)(m, &who);
	return sd_event_exit(m->event, 0);
}

static int add_signal(struct tl_manager *m, int number, sd_event_signal_handler_t handler)
{
	sd_event_source *source;
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r = sd_event_add_signal(m->event, &source, number, handler, m);
	if (r < 0)
		return r;
	sd_event_source_set_priority(source, PRIORITY_SIGNAL);
	sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return 0;
}

static int add_timer(struct tl_manager *m, sd_event_source **ret, uint64_t usec, sd_event_time_handler_t handler)
{
	int r = sd_event_add_time_relative(m->event, ret, CLOCK_MONOTONIC, usec, 0, handler, m);

	return r < 0 ? r : sd_event_source_set_priority(*ret, PRIORITY_TIMER);
}

static int make_loop(struct tl_manager *m)
{
	int r;

	/* What is written where nobody reads, or grows too large, is an error of write(2) like others. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if ((r = sd_event_default(&m->event)) < 0 || (r = add_signal(m, SIGTERM, on_stop)) < 0 ||
	    (r = add_signal(m, SIGINT, on_stop)) < 0 || (r = add_signal(m, SIGHUP, on_reload)) < 0 ||
	    (r = add_signal(m, SIGCONT, on_continued)) < 0)
		return r;
	return 0;
}

static int on_request(void *userdata, const struct tl_sender *who)
{
	return tl_manager_reload(userdata, who);
}

/* Without it the daemon audits all the same. */
static void make_control(struct tl_manager *m)
{
	const struct tl_control_options options = {
		.event = m->event,
		.runtime = &m->runtime,
		.tails = &m->tails,
		.reload = on_request,
		.userdata = m,
	};
	int r = tl_control_new(&options, &m->control);

	if (r < 0 && r != m->control_error)
		tl_log(LOG_ERR, "cannot listen for traceleft reload and tail: %s; it is tried again", strerror(-r));
	if (r >= 0 && m->control_error)
		tl_log(LOG_NOTICE, "listening for traceleft reload and tail");
	m->control_error = r < 0 ? r : 0;
}

static int make_timers(struct tl_manager *m)
{
	int r = add_timer(m, &m->tick, TICK, on_tick);

	return r < 0 ? r : add_timer(m, &m->ledger, LEDGER, on_ledger);
}

static int be_alone(struct tl_manager *m)
{
	pid_t holder;
	int r = tl_runtime_open(&m->runtime, &holder);

	if (r == -EBUSY)
		return tl_manager_die(m, TL_STATUS_RUNNING, r,
				      "traceleftd is running already, as process %d; stop that one first", (int)holder);
	if (r < 0)
		return tl_manager_die(m, TL_STATUS_CANNOT_CREATE, r, "cannot use the folder /run/traceleft: %s",
				      strerror(-r));
	return 0;
}

struct tl_setup tl_manager_setup(struct tl_manager *m)
{
	return (struct tl_setup){
		.policy = m->options->policy,
		.attach = m->options->attach,
		.event = m->event,
		.tails = &m->tails,
	};
}

static int first_generation(struct tl_manager *m)
{
	const struct tl_setup setup = tl_manager_setup(m);
	struct tl_failure why;
	int r = tl_generation_new(&setup, &m->store, &m->generation, &why);

	if (r >= 0) {
		if (!m->generation->goes_on)
			tl_manager_store(m);
		return 0;
	}
	sd_notifyf(0, "STATUS=%s\nERRNO=%d", why.text, -r);
	m->exit_status = why.status;
	return r;
}

static int start(struct tl_manager *m)
{
	char what[512], note[860];
	struct tl_meanwhile before;
	struct tl_sender parent;
	int r;

	m->started = tl_now();
	if (geteuid() != 0)
		return tl_manager_die(m, TL_STATUS_NOT_PERMITTED, -EPERM,
				      "auditing needs root; start the service with systemctl, or use sudo");
	tl_phase_start();
	r = be_alone(m);
	if (r < 0)
		return r;
	r = make_loop(m);
	if (r < 0)
		return tl_manager_die(m, TL_STATUS_SOFTWARE, r, "cannot make the event loop: %s", strerror(-r));
	r = tl_store_open(&m->store);
	if (r < 0)
		return tl_manager_die(m, TL_STATUS_SYSTEM, r, "cannot take what systemd has stored: %s", strerror(-r));
	tl_meanwhile_read(&m->store, &before);
	r = first_generation(m);
	if (r < 0)
		return r;
	tl_manager_discard(m);
	if ((r = tl_manager_watch(m)) < 0 || (r = make_timers(m)) < 0)
		return tl_manager_die(m, TL_STATUS_SOFTWARE, r, "cannot make the event loop: %s", strerror(-r));
	tl_manager_describe(m->generation, what, sizeof(what));
	tl_record_parent(&parent);
	snprintf(note, sizeof(note), "traceleftd %s, %s; %s%s", TL_VERSION, what, parent.text,
		 m->generation->goes_on ? "; " TL_RECORD_GOES_ON : "");
	tl_generation_record(m->generation, TL_EVENT_START, note, &parent.who);
	tl_log(LOG_NOTICE, "auditing: %s", note);
	tl_outage_declare(m->generation, &m->runtime, m->store.had_any);
	tl_meanwhile_tell(m->generation, &before, m->runtime.last_heard);
	tl_meanwhile_note(m->generation);
	begin_waiting(m);
	make_control(m);
	begin_watching(m);
	tl_log(LOG_INFO, "cgroups: %s", tl_session_cgroups(m->generation->session));
	tl_manager_count_tasks(m);
	tl_manager_write_status(m, "running", true);
	tl_runtime_forget(&m->runtime);
	tl_manager_notify(m, "READY=1\n");
	tl_manager_give_back_memory();
	tl_phase_read();
	/* From the first sign of life on systemd waits for the next one. A start may take longer
	 * than that, and has a time of its own. */
	r = sd_event_set_watchdog(m->event, true);
	return r < 0 ? tl_manager_die(m, TL_STATUS_SOFTWARE, r, "cannot feed the watchdog: %s", strerror(-r)) : 0;
}

/* It has not started. What was wrong may be over at the next try: then the session of the process before is to go on. */
static void give_up_start(struct tl_manager *m)
{
	if (!m->store.n_found && !(m->generation && m->generation->goes_on))
		return;
	m->keeps = m->exit_status == TL_STATUS_SYSTEM;
	tl_log(LOG_CRIT, "the session of the process before this one %s",
	       m->keeps ? "waits for the next one" : "ends, with what has waited in it");
}

static void finish(struct tl_manager *m)
{
	bool unwritten = false;

	m->control = tl_control_free(m->control);
	m->ring = sd_event_source_disable_unref(m->ring);
	m->drain = sd_event_source_disable_unref(m->drain);
	m->tick = sd_event_source_disable_unref(m->tick);
	m->ledger = sd_event_source_disable_unref(m->ledger);
	m->watch = tl_tamper_watch_free(m->watch);
	tl_manager_give_up_loading(m);
	tl_manager_await_retired(m);
	if (m->generation && !m->leaves && !m->keeps) {
		tl_session_set_callback(m->generation->session, NULL, NULL);
		tl_session_stop(m->generation->session);
		tl_store_clear(&m->store);
	}
	if (!m->keeps)
		tl_store_discard(&m->store);
	if (m->generation) {
		note_empty(m);
		unwritten = tl_outputs_done(&m->generation->outputs) > 0;
	}
	m->generation = tl_generation_free(m->generation);
	if (m->leaves)
		tl_runtime_leave(&m->runtime);
	else if (m->status.size && m->exit_status == TL_STATUS_OK) /* else the next one declares the gap */
		tl_runtime_stop(&m->runtime, unwritten);
	tl_runtime_close(&m->runtime);
	m->event = sd_event_unref(m->event);
	tl_buffer_done(&m->status);
	free(m->tasks);
	tl_encode_done();
}

/* What has come until now is told, and why nothing more will be. */
static void stop_for_failure(struct tl_manager *m)
{
	struct tl_sender nobody = { 0 };

	snprintf(nobody.text, sizeof(nobody.text), "%.*s", TL_SENDER_SIZE - 1, m->failure);
	stop(m, &nobody);
}

int tl_manager_main(const struct tl_manager_options *options)
{
	struct tl_manager m = { .options = options, .runtime = { .directory = -1, .lock = -1 } };
	int r = start(&m);

	if (r >= 0) {
		r = sd_event_loop(m.event);
		if (r < 0)
			tl_manager_die(&m, TL_STATUS_SOFTWARE, r, "the event loop failed: %s", strerror(-r));
		if (m.failure[0] && !m.leaves)
			stop_for_failure(&m);
	} else {
		give_up_start(&m);
	}
	finish(&m);
	return m.exit_status;
}
