// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "escape.h"
#include "log.h"
#include "manager.h"
#include "meanwhile.h"
#include "message-ids.h"
#include "outage.h"
#include "phase.h"
#include "put.h"
#include "record.h"
#include "runtime.h"
#include "status.h"
#include "tamper.h"
#include "util.h"

#define BATCH 1024 /* events between two looks at everything else */
#define LEAVING_BATCHES 512 /* more than a buffer of the usual size holds: what is counted is behind all that waits */
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define CHANGE (2 * USEC_PER_MSEC) /* between two looks at a change of policies */
#define LAST_CHANGE (10 * TL_NSEC_PER_SEC) /* in ns: that a stop waits for it at most */
#define TICK (1 * USEC_PER_SEC)
#define LEDGER (60 * USEC_PER_SEC)
#define STATUS_TICKS 5 /* between two STATUS= lines, and two counts of tasks */
#define HEARTBEAT_TICKS 10 /* the status file is written though nothing changed */
#define ASKERS_SIZE (4 * TL_SENDER_SIZE) /* several may ask while a policy is loaded */
#define ACCURACY (1 * USEC_PER_MSEC)
#define PRIORITY_SIGNAL SD_EVENT_PRIORITY_IMPORTANT
#define PRIORITY_TIMER (SD_EVENT_PRIORITY_NORMAL - 10)

/* A policy on its way into force. Its session is started in a thread of its own, for that
 * takes long and events are to be read meanwhile. */
struct loading {
	struct tl_generation *next; /* NULL: none */
	pthread_t thread;
	int result; /* of the start */
	bool changes; /* it is started, and takes over from the one in force */
	int done; /* descriptor: readable when there is a result */
	sd_event_source *source; /* of that */
	char who[ASKERS_SIZE]; /* asked for it */
	char again[ASKERS_SIZE]; /* asked for one more since; "": nobody */
	struct tl_requester first, first_again; /* of them */
};

struct manager {
	const struct tl_manager_options *options;
	struct tl_runtime runtime;
	sd_event *event;
	struct tl_generation *generation;
	struct loading loading;
	struct tl_store store;
	bool leaves; /* the session goes on with the next process */
	bool keeps; /* same, for this process has not got on, and the next one may */
	bool waits; /* outputs have something left, and the next process would know */
	struct tl_control *control; /* NULL: there was no memory, or no descriptor, for it */
	int control_error; /* why not, negative */
	struct tl_tails tails; /* who watches live */
	struct tl_tamper_watch *watch;
	pthread_t retiring; /* frees the session of the policy before, which takes long */
	bool retires;
	sd_event_source *ring, *drain; /* the session's descriptor, and the clock where it is silent */
	sd_event_source *tick, *ledger;
	uint64_t ticks;
	uint64_t started; /* ns since the epoch */
	uint64_t delivered, lost; /* by earlier generations */
	char refused[512]; /* why the last reload was refused */
	struct tl_buffer status; /* as it was written last, but for the time */
	int64_t *tasks;
	size_t n_tasks;
	enum tl_status exit_status;
	char failure[256]; /* why it ends; "": it was told to */
};

/* ---- What it says about itself ---- */

static void put_sum(struct tl_buffer *b, uint64_t n, const char *what)
{
	tl_put_u64(b, n);
	tl_put_text(b, what);
}

/* The unit's status line; prefix: other lines for systemd, each with its newline. */
static void notify_status(struct manager *m, const char *prefix)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	const struct tl_generation *g = m->generation;
	struct tl_counters sum = { 0 };

	tl_session_counters(g->session, NULL, &sum);
	if (*prefix)
		tl_put_text(&b, prefix);
	TL_PUT_LITERAL(&b, "STATUS=Auditing ");
	put_sum(&b, tl_generation_events(g), " events of ");
	put_sum(&b, g->policy->n_targets, " targets, ");
	put_sum(&b, m->delivered + sum.delivered, " delivered, ");
	put_sum(&b, m->lost + tl_balance_of(&sum).lost, " lost");
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tl_sink *s = g->outputs.sink[i];

		if (!s->error && !s->counters.lost)
			continue;
		TL_PUT_LITERAL(&b, "; output ");
		tl_put_text(&b, s->name);
		tl_put_text(&b, s->error ? " fails (" : " works (");
		put_sum(&b, s->counters.lost, " lost)");
	}
	if (m->refused[0]) {
		TL_PUT_LITERAL(&b, "; the last reload was refused: ");
		tl_escape_value(&b, m->refused, strlen(m->refused));
	}
	tl_put_char(&b, 0);
	if (!b.failed)
		sd_notify(0, b.data);
}

static void count_tasks(struct manager *m)
{
	size_t n = m->generation->policy->n_targets;

	if (n != m->n_tasks) {
		int64_t *tasks = reallocarray(m->tasks, n + 1, sizeof(*tasks));

		if (!tasks)
			return;
		m->tasks = tasks;
		m->n_tasks = n;
	}
	for (size_t i = 0; i < n; i++)
		m->tasks[i] = tl_session_target_tasks(m->generation->session, (uint32_t)i);
}

/* Writes the status file if there is something new in it. */
static void write_status(struct manager *m, const char *state, bool always)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	const struct tl_status_facts facts = {
		.state = state,
		.started = m->started,
		.refused = m->refused,
		.generation = m->generation,
		.tasks = m->tasks,
		.n_tasks = m->n_tasks,
	};
	size_t size;
	int r;

	tl_status_put(&b, &facts);
	size = b.size;
	if (!always && size == m->status.size && !memcmp(b.data, m->status.data, size))
		return;
	tl_status_finish(&b, tl_now());
	if (b.failed)
		return;
	r = tl_runtime_write(&m->runtime, TL_STATUS_FILE, b.data, b.size);
	if (r < 0) {
		tl_log(LOG_WARNING, "cannot write the status file: %s", strerror(-r));
		return;
	}
	tl_buffer_done(&m->status);
	m->status = b;
	m->status.size = size;
	b = (struct tl_buffer){ 0 };
}

/* The daemon cannot go on: a loud end. Returns the error, negative. */
static int die(struct manager *m, enum tl_status status, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static int die(struct manager *m, enum tl_status status, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(m->failure, sizeof(m->failure), format, ap);
	va_end(ap);
	tl_log_id(LOG_CRIT, TL_MESSAGE_CANNOT_AUDIT, "%s", m->failure);
	sd_notifyf(0, "STATUS=%s\nERRNO=%d", m->failure, error < 0 ? -error : error);
	m->exit_status = tl_status_of(error, status);
	if (m->event)
		sd_event_exit(m->event, m->exit_status);
	return error;
}

/* ---- Events ---- */

static int go_on_changing(struct manager *m);

/* From now on it is this process that is heard of: what it has said of the one before is to be out, or noted. */
static void begin_waiting(struct manager *m)
{
	tl_outputs_flush(&m->generation->outputs);
	m->waits = tl_generation_waits(m->generation);
	tl_runtime_wait(&m->runtime, m->waits);
}

/* Before the session takes it that all is dealt with. */
static void note_waiting(struct manager *m)
{
	if (m->waits || !tl_generation_waits(m->generation))
		return;
	m->waits = true;
	tl_runtime_wait(&m->runtime, true);
}

static void note_empty(struct manager *m)
{
	if (!m->waits || tl_generation_waits(m->generation))
		return;
	m->waits = false;
	tl_runtime_wait(&m->runtime, false);
}

static int read_events(struct manager *m)
{
	struct tl_session *s = m->generation->session;
	int n = tl_session_dispatch(s, BATCH);
	uint64_t next = n >= BATCH ? 0 : (uint64_t)tl_session_timeout_ms(s) * USEC_PER_MSEC;

	if (n < 0)
		return die(m, TL_STATUS_SOFTWARE, n, "cannot read events: %s", tl_session_error(s));
	tl_generation_flush(m->generation, false);
	note_waiting(m);
	tl_meanwhile_note(m->generation);
	tl_session_settle(s);
	sd_event_source_set_time_relative(m->drain, m->loading.changes ? MIN(next, CHANGE) : next);
	n = sd_event_source_set_enabled(m->drain, SD_EVENT_ONESHOT);
	return n >= 0 && m->loading.changes ? go_on_changing(m) : n;
}

static int on_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	return read_events(userdata);
}

static int on_drain(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	return read_events(userdata);
}

/* Reads the events of the generation in force. */
static int watch(struct manager *m)
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

static void begin_watching(struct manager *m)
{
	m->watch = tl_tamper_watch_new();
	tl_tamper_watch_begin(m->watch, m->generation);
}

static void make_control(struct manager *m);

static int again(sd_event_source *source, uint64_t usec)
{
	sd_event_source_set_time_relative(source, usec);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *m = userdata;

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
		count_tasks(m);
		notify_status(m, "");
	}
	write_status(m, "running", m->ticks % HEARTBEAT_TICKS == 0);
	return again(source, TICK);
}

static int on_ledger(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *m = userdata;

	(void)usec;
	tl_generation_ledger(m->generation);
	return again(source, LEDGER);
}

/* ---- Reload ---- */

static void describe(const struct tl_generation *g, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < g->policy->n_files && n < size; i++)
		n += (size_t)snprintf(ret + n, size - n, "%s%s", i ? ", " : "policy ", g->policy->files[i]);
	if (n < size)
		snprintf(ret + n, size - n, "%srules: %zu, events: %zu, targets: %zu, outputs: %zu", n ? "; " : "",
			 g->policy->n_rules, tl_generation_events(g), g->policy->n_targets, g->policy->n_outputs);
}

static void tell_reload(struct manager *m, const char *who)
{
	char what[512], note[ASKERS_SIZE + 1024];

	describe(m->generation, what, sizeof(what));
	if (m->refused[0])
		snprintf(note, sizeof(note), "%s; refused, the old policy stays in force: %s", who, m->refused);
	else
		snprintf(note, sizeof(note), "%s; %s", who, what);
	tl_generation_record(m->generation, TL_EVENT_RELOAD, note, &m->loading.first);
	tl_log_id(m->refused[0] ? LOG_ERR : LOG_NOTICE, m->refused[0] ? TL_MESSAGE_POLICY_BROKEN : NULL, "reload: %s",
		  note);
	tl_control_reload_ended(m->control, !m->refused[0], m->refused[0] ? m->refused : what);
}

static void begin_reload(struct manager *m)
{
	struct timespec now;

	tl_control_reload_began(m->control);
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Loading the policy again",
		   (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000);
	write_status(m, "reloading", true);
}

/* From now on the session outlives this process. */
static void store(struct manager *m)
{
	int r = tl_store_put(&m->store, m->generation->session);

	if (r < 0)
		tl_log(LOG_WARNING, "a restart or a crash will leave a gap, for the session cannot be stored: %s",
		       strerror(-r));
}

/* What loading has taken and given back need not stay this process's. */
static void give_back_memory(void)
{
	malloc_trim(0);
}

static void *retire(void *session)
{
	tl_phase_only_read();
	tl_session_free(session);
	give_back_memory();
	return NULL;
}

/* Frees it; events are read meanwhile. The one before has been: see load(). */
static void begin_retiring(struct manager *m, struct tl_generation *old)
{
	m->retires = pthread_create(&m->retiring, NULL, retire, old->session) == 0;
	if (m->retires)
		old->session = NULL;
	tl_generation_free(old);
}

/* A policy has taken the place of another: its session has taken over. */
static int swap(struct manager *m, struct tl_generation *next)
{
	struct tl_generation *old = m->generation;
	struct tl_counters sum = { 0 };
	int r;

	tl_generation_flush(old, true);
	tl_generation_ledger(old);
	tl_session_counters(old->session, NULL, &sum);
	m->delivered += sum.delivered;
	m->lost += tl_balance_of(&sum).lost;
	m->generation = next;
	r = watch(m);
	store(m);
	begin_retiring(m, old);
	return r;
}

/* next: to be put into force; NULL: refused, why is known. */
static int end_reload(struct manager *m, struct tl_generation *next, const char *who)
{
	int r = next ? swap(m, next) : 0;

	if (r < 0)
		return die(m, TL_STATUS_SOFTWARE, r, "cannot watch the new session: %s", strerror(-r));
	tell_reload(m, who);
	count_tasks(m);
	write_status(m, "running", true);
	notify_status(m, "READY=1\n");
	return 0;
}

/* Waits for the thread. Returns what the start did. */
static int join_loading(struct loading *l)
{
	pthread_join(l->thread, NULL);
	l->source = sd_event_source_disable_unref(l->source);
	close(l->done);
	return l->result;
}

static int reload_for(struct manager *m, const char *who, const struct tl_requester *first);

/* The policy that was loaded is in force, or, r < 0, refused. */
static int finish_loading(struct manager *m, int r)
{
	struct loading *l = &m->loading;
	struct tl_generation *next = TAKE_PTR(l->next);
	char again[ASKERS_SIZE];

	l->changes = false;
	if (r < 0) {
		next = tl_generation_free(next);
		give_back_memory();
	}
	r = end_reload(m, next, l->who);
	if (next)
		tl_tamper_watch_begin(m->watch, m->generation);
	if (r < 0 || !l->again[0])
		return r;
	memcpy(again, l->again, sizeof(again));
	return reload_for(m, again, &l->first_again);
}

static int go_on_changing(struct manager *m)
{
	struct tl_session *s = m->loading.next->session;
	int r;

	tl_tamper_watch_busy(m->watch);
	tl_phase_load();
	r = tl_session_take_over(s);
	tl_phase_read();
	if (r > 0)
		return 0;
	if (r < 0)
		tl_log(LOG_ERR, "the old policy did not end well: %s", tl_session_error(s));
	return finish_loading(m, 0);
}

static int on_loaded(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct manager *m = userdata;
	struct loading *l = &m->loading;
	struct tl_failure why;
	int r;

	(void)source;
	(void)fd;
	(void)events;
	tl_tamper_watch_busy(m->watch);
	r = tl_generation_started(l->next, join_loading(l), &why);
	snprintf(m->refused, sizeof(m->refused), "%s", r < 0 ? why.text : "");
	if (r < 0)
		return finish_loading(m, r);
	l->changes = true;
	return read_events(m);
}

static void await_retired(struct manager *m)
{
	if (m->retires)
		pthread_join(m->retiring, NULL);
	m->retires = false;
}

static void *discard(void *store)
{
	tl_phase_only_read();
	tl_store_discard(store);
	return NULL;
}

/* Sessions of processes before this one that nobody reads; events are read meanwhile. */
static void begin_discarding(struct manager *m)
{
	if (m->store.n_found)
		m->retires = pthread_create(&m->retiring, NULL, discard, &m->store) == 0;
}

static void *load(void *argument)
{
	struct manager *m = argument;
	struct loading *l = &m->loading;

	tl_phase_load();
	await_retired(m);
	l->result = tl_session_start(l->next->session);
	eventfd_write(l->done, 1);
	return NULL;
}

/* Starts the session of l->next, and on_loaded() when that is done. */
static int begin_loading(struct manager *m)
{
	struct loading *l = &m->loading;
	int r;

	l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->done < 0)
		return -errno;
	r = sd_event_add_io(m->event, &l->source, l->done, EPOLLIN, on_loaded, m);
	if (r >= 0)
		r = -pthread_create(&l->thread, NULL, load, m);
	if (r < 0) {
		l->source = sd_event_source_disable_unref(l->source);
		close(l->done);
	}
	return r;
}

/* who: all that asked for it, in words. */
static int reload_for(struct manager *m, const char *who, const struct tl_requester *first)
{
	const struct tl_setup setup = {
		.policy = m->options->policy,
		.attach = m->options->attach,
		.event = m->event,
		.tails = &m->tails,
	};
	struct loading *l = &m->loading;
	struct tl_failure why;
	int r;

	snprintf(l->who, sizeof(l->who), "%s", who);
	l->first = *first;
	l->again[0] = '\0';
	begin_reload(m);
	/* Whatever becomes of the policy: somebody may have moved the files. */
	tl_outputs_reopen(&m->generation->outputs);
	tl_tamper_watch_busy(m->watch);
	tl_phase_load();
	r = tl_generation_prepare(&setup, m->generation, &l->next, &why);
	tl_phase_read();
	tl_tamper_watch_awake(m->watch); /* that may have taken long */
	if (r >= 0 && (r = begin_loading(m)) < 0) {
		snprintf(why.text, sizeof(why.text), "cannot start a thread: %s", strerror(-r));
		l->next = tl_generation_free(l->next);
	}
	if (r >= 0)
		return 0;
	snprintf(m->refused, sizeof(m->refused), "%s", why.text);
	return end_reload(m, NULL, who);
}

static int manager_reload(struct manager *m, const struct tl_sender *who)
{
	struct loading *l = &m->loading;
	const size_t n = strlen(l->again);

	if (!l->next)
		return reload_for(m, who->text, &who->who);
	if (!n)
		l->first_again = who->who;
	snprintf(l->again + n, sizeof(l->again) - n, "%s%s", n ? ", " : "", who->text);
	return 0;
}

/* A policy that is not in force yet will never be. */
static void give_up_loading(struct manager *m)
{
	if (!m->loading.next)
		return;
	if (!m->loading.changes)
		join_loading(&m->loading);
	m->loading.changes = false;
	m->loading.next = tl_generation_free(m->loading.next);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct tl_sender who;

	(void)source;
	tl_record_sender(&who, info);
	return manager_reload(userdata, &who);
}

static int on_continued(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *m = userdata;
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
static void leave(struct manager *m, const struct tl_sender *who)
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
		note_waiting(m);
	}
	if (n < 0)
		tl_log(LOG_ERR, "cannot read events: %s", tl_session_error(s));
	tl_generation_flush(m->generation, true);
	tl_generation_ledger(m->generation);
	snprintf(note, sizeof(note), "%s; events wait for the next process", who->text);
	tl_generation_record(m->generation, TL_EVENT_STOP, note, &who->who);
	note_waiting(m);
	note_empty(m);
	tl_meanwhile_note(m->generation);
	m->leaves = true;
}

static void stop(struct manager *m, const struct tl_sender *who)
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
static void end_changing(struct manager *m)
{
	const uint64_t until = tl_now_steady() + LAST_CHANGE;
	int r = 0;

	m->loading.again[0] = '\0'; /* who asked for one more gets the next process's */
	while (r >= 0 && m->loading.changes && tl_now_steady() < until) {
		r = read_events(m);
		usleep(CHANGE);
	}
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct manager *m = userdata;
	struct tl_sender who;

	(void)source;
	tl_tamper_watch_busy(m->watch);
	tl_record_sender(&who, info);
	end_changing(m);
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
	write_status(m, "stopping", true);
	tl_log(LOG_NOTICE, "stopping: %s", who.text);
	give_up_loading(m);
	(m->store.number && tl_store_restarts() ? leave : stop)(m, &who);
	return sd_event_exit(m->event, 0);
}

static int add_signal(struct manager *m, int number, sd_event_signal_handler_t handler)
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

static int add_timer(struct manager *m, sd_event_source **ret, uint64_t usec, sd_event_time_handler_t handler)
{
	int r = sd_event_add_time_relative(m->event, ret, CLOCK_MONOTONIC, usec, 0, handler, m);

	return r < 0 ? r : sd_event_source_set_priority(*ret, PRIORITY_TIMER);
}

static int make_loop(struct manager *m)
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
	return manager_reload(userdata, who);
}

/* Without it the daemon audits all the same. */
static void make_control(struct manager *m)
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

static int make_timers(struct manager *m)
{
	int r = add_timer(m, &m->tick, TICK, on_tick);

	return r < 0 ? r : add_timer(m, &m->ledger, LEDGER, on_ledger);
}

static int be_alone(struct manager *m)
{
	pid_t holder;
	int r = tl_runtime_open(&m->runtime, &holder);

	if (r == -EBUSY)
		return die(m, TL_STATUS_RUNNING, r, "traceleftd is running already, as process %d; stop that one first",
			   (int)holder);
	if (r < 0)
		return die(m, TL_STATUS_CANNOT_CREATE, r, "cannot use the folder /run/traceleft: %s", strerror(-r));
	return 0;
}

static int first_generation(struct manager *m)
{
	const struct tl_setup setup = {
		.policy = m->options->policy,
		.attach = m->options->attach,
		.event = m->event,
		.tails = &m->tails,
	};
	struct tl_failure why;
	int r = tl_generation_new(&setup, &m->store, &m->generation, &why);

	if (r >= 0) {
		if (!m->generation->goes_on)
			store(m);
		return 0;
	}
	sd_notifyf(0, "STATUS=%s\nERRNO=%d", why.text, -r);
	m->exit_status = why.status;
	return r;
}

static int start(struct manager *m)
{
	char what[512], note[860];
	struct tl_meanwhile before;
	struct tl_sender parent;
	int r;

	m->started = tl_now();
	if (geteuid() != 0)
		return die(m, TL_STATUS_NOT_PERMITTED, -EPERM,
			   "auditing needs root; start the service with systemctl, or use sudo");
	tl_phase_start();
	r = be_alone(m);
	if (r < 0)
		return r;
	r = make_loop(m);
	if (r < 0)
		return die(m, TL_STATUS_SOFTWARE, r, "cannot make the event loop: %s", strerror(-r));
	r = tl_store_open(&m->store);
	if (r < 0)
		return die(m, TL_STATUS_SYSTEM, r, "cannot take what systemd has stored: %s", strerror(-r));
	tl_meanwhile_read(&m->store, &before);
	r = first_generation(m);
	if (r < 0)
		return r;
	begin_discarding(m);
	if ((r = watch(m)) < 0 || (r = make_timers(m)) < 0)
		return die(m, TL_STATUS_SOFTWARE, r, "cannot make the event loop: %s", strerror(-r));
	describe(m->generation, what, sizeof(what));
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
	count_tasks(m);
	write_status(m, "running", true);
	tl_runtime_forget(&m->runtime);
	notify_status(m, "READY=1\n");
	give_back_memory();
	tl_phase_read();
	/* From the first sign of life on systemd waits for the next one. A start may take longer
	 * than that, and has a time of its own. */
	r = sd_event_set_watchdog(m->event, true);
	return r < 0 ? die(m, TL_STATUS_SOFTWARE, r, "cannot feed the watchdog: %s", strerror(-r)) : 0;
}

/* It has not started. What was wrong may be over at the next try: then the session of the process before is to go on. */
static void give_up_start(struct manager *m)
{
	if (!m->store.n_found && !(m->generation && m->generation->goes_on))
		return;
	m->keeps = m->exit_status == TL_STATUS_SYSTEM;
	tl_log(LOG_CRIT, "the session of the process before this one %s",
	       m->keeps ? "waits for the next one" : "ends, with what has waited in it");
}

static void finish(struct manager *m)
{
	bool unwritten = false;

	m->control = tl_control_free(m->control);
	m->ring = sd_event_source_disable_unref(m->ring);
	m->drain = sd_event_source_disable_unref(m->drain);
	m->tick = sd_event_source_disable_unref(m->tick);
	m->ledger = sd_event_source_disable_unref(m->ledger);
	m->watch = tl_tamper_watch_free(m->watch);
	give_up_loading(m);
	await_retired(m);
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
static void stop_for_failure(struct manager *m)
{
	struct tl_sender nobody = { 0 };

	snprintf(nobody.text, sizeof(nobody.text), "%.*s", TL_SENDER_SIZE - 1, m->failure);
	stop(m, &nobody);
}

int tl_manager_main(const struct tl_manager_options *options)
{
	struct manager m = { .options = options, .runtime = { .directory = -1, .lock = -1 } };
	int r = start(&m);

	if (r >= 0) {
		r = sd_event_loop(m.event);
		if (r < 0)
			die(&m, TL_STATUS_SOFTWARE, r, "the event loop failed: %s", strerror(-r));
		if (m.failure[0] && !m.leaves)
			stop_for_failure(&m);
	} else {
		give_up_start(&m);
	}
	finish(&m);
	return m.exit_status;
}
