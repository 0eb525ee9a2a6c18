// SPDX-License-Identifier: GPL-2.0-or-later
/* Another policy comes into force: its session is loaded beside the one in force, takes over from it, and that one
 * is freed, while events are read. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "manager-parts.h"
#include "message-ids.h"
#include "phase.h"
#include "util.h"

static void tell_reload(struct tl_manager *m, const char *who)
{
	char what[512], note[TL_ASKERS_SIZE + 1024];

	tl_manager_describe(m->generation, what, sizeof(what));
	if (m->refused[0])
		snprintf(note, sizeof(note), "%s; refused, the old policy stays in force: %s", who, m->refused);
	else
		snprintf(note, sizeof(note), "%s; %s", who, what);
	tl_generation_record(m->generation, TL_EVENT_RELOAD, note, &m->loading.first);
	tl_log_id(m->refused[0] ? LOG_ERR : LOG_NOTICE, m->refused[0] ? TL_MESSAGE_POLICY_BROKEN : NULL, "reload: %s",
		  note);
	tl_control_reload_ended(m->control, !m->refused[0], m->refused[0] ? m->refused : what);
}

static void begin_reload(struct tl_manager *m)
{
	struct timespec now;

	tl_control_reload_began(m->control);
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Loading the policy again",
		   (uint64_t)now.tv_sec * TL_USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000);
	tl_manager_write_status(m, "reloading", true);
}

void tl_manager_store(struct tl_manager *m)
{
	int r = tl_store_put(&m->store, m->generation->session);

	if (r < 0)
		tl_log(LOG_WARNING, "a restart or a crash will leave a gap, for the session cannot be stored: %s",
		       strerror(-r));
}

void tl_manager_give_back_memory(void)
{
	malloc_trim(0);
}

static void *retire(void *session)
{
	tl_phase_only_read();
	tl_session_free(session);
	tl_manager_give_back_memory();
	return NULL;
}

/* Frees it; events are read meanwhile. The one before has been: see load(). */
static void begin_retiring(struct tl_manager *m, struct tl_generation *old)
{
	m->retires = pthread_create(&m->retiring, NULL, retire, old->session) == 0;
	if (m->retires)
		old->session = NULL;
	tl_generation_free(old);
}

/* A policy has taken the place of another: its session has taken over. */
static int swap(struct tl_manager *m, struct tl_generation *next)
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
	r = tl_manager_watch(m);
	/* What it has told so far is behind the place where a process that finds its session would begin. */
	tl_generation_flush(next, false);
	tl_manager_note_waiting(m);
	tl_manager_store(m);
	begin_retiring(m, old);
	return r;
}

/* next: to be put into force; NULL: refused, why is known. */
static int end_reload(struct tl_manager *m, struct tl_generation *next, const char *who)
{
	int r = next ? swap(m, next) : 0;

	if (r < 0)
		return tl_manager_die(m, TL_STATUS_SOFTWARE, r, "cannot watch the new session: %s", strerror(-r));
	tell_reload(m, who);
	tl_manager_count_tasks(m);
	tl_manager_write_status(m, "running", true);
	tl_manager_notify(m, "READY=1\n");
	return 0;
}

/* Waits for the thread. Returns what the start did. */
static int join_loading(struct tl_loading *l)
{
	pthread_join(l->thread, NULL);
	l->source = sd_event_source_disable_unref(l->source);
	close(l->done);
	return l->result;
}

static int reload_for(struct tl_manager *m, const char *who, const struct tl_requester *first);

/* The policy that was loaded is in force, or, r < 0, refused. */
static int finish_loading(struct tl_manager *m, int r)
{
	struct tl_loading *l = &m->loading;
	struct tl_generation *next = TAKE_PTR(l->next);
	char again[TL_ASKERS_SIZE];

	l->changes = false;
	if (r < 0) {
		next = tl_generation_free(next);
		tl_manager_give_back_memory();
	}
	r = end_reload(m, next, l->who);
	if (next)
		tl_tamper_watch_begin(m->watch, m->generation);
	if (r < 0 || !l->again[0])
		return r;
	memcpy(again, l->again, sizeof(again));
	return reload_for(m, again, &l->first_again);
}

int tl_manager_go_on_changing(struct tl_manager *m)
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
	struct tl_manager *m = userdata;
	struct tl_loading *l = &m->loading;
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
	return tl_manager_read(m);
}

void tl_manager_await_retired(struct tl_manager *m)
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

void tl_manager_discard(struct tl_manager *m)
{
	if (m->store.n_found)
		m->retires = pthread_create(&m->retiring, NULL, discard, &m->store) == 0;
}

static void *load(void *argument)
{
	struct tl_manager *m = argument;
	struct tl_loading *l = &m->loading;

	tl_phase_load();
	tl_manager_await_retired(m);
	l->result = tl_session_start(l->next->session);
	eventfd_write(l->done, 1);
	return NULL;
}

/* Starts the session of l->next, and on_loaded() when that is done. */
static int begin_loading(struct tl_manager *m)
{
	struct tl_loading *l = &m->loading;
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
static int reload_for(struct tl_manager *m, const char *who, const struct tl_requester *first)
{
	const struct tl_setup setup = tl_manager_setup(m);
	struct tl_loading *l = &m->loading;
	struct tl_failure why;
	int r;

	snprintf(l->who, sizeof(l->who), "%s", who);
	l->first = *first;
	l->again[0] = '\0';
	begin_reload(m);
	tl_tamper_watch_look(m->watch, m->generation, false);
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

int tl_manager_reload(struct tl_manager *m, const struct tl_sender *who)
{
	struct tl_loading *l = &m->loading;
	const size_t n = strlen(l->again);

	if (!l->next)
		return reload_for(m, who->text, &who->who);
	if (!n)
		l->first_again = who->who;
	snprintf(l->again + n, sizeof(l->again) - n, "%s%s", n ? ", " : "", who->text);
	return 0;
}

void tl_manager_give_up_loading(struct tl_manager *m)
{
	if (!m->loading.next)
		return;
	if (!m->loading.changes)
		join_loading(&m->loading);
	m->loading.changes = false;
	m->loading.next = tl_generation_free(m->loading.next);
}
