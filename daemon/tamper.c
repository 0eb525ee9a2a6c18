// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fnv.h"
#include "heartbeat.h"
#include "log.h"
#include "message-ids.h"
#include "tamper.h"
#include "util.h"

#define LOOK_TICKS 2 /* between two looks at everything */
#define MSEC UINT64_C(1000000) /* ns */
#define STOPPED_MIN (2000 * MSEC) /* who is told to go on was stopped if its last tick is longer ago */
#define SILENCE_MAX (10000 * MSEC) /* without a tick, whatever was the reason */
#define WAKE_AFTER (3500 * MSEC) /* without a tick: who is stopped is told to go on */
#define WAKE_LATE (1000 * MSEC) /* who goes on so much later, or has worked so much meanwhile, was not stopped */
#define OBJECTS_SIZE 512 /* of names that one record tells */

/* What lasts until somebody mends it. */
enum lasting { LASTING_HOOK, LASTING_SWITCH, LASTING_PROGRAM, LASTING_MAP, LASTING_POLICY, LASTINGS };

static const struct {
	const char *kind, *what, *means;
} lastings[LASTINGS] = {
	[LASTING_HOOK] = { "hook", "programs are off their hooks",
			   "what happens there is not audited any more, and missing from the balance" },
	[LASTING_SWITCH] = { "switch", "the kernel runs no programs on functions, by these switches of its own",
			     "what happens there is not audited any more, and missing from the balance" },
	[LASTING_PROGRAM] = { "program", "programs for these are gone or replaced", "they are not audited any more" },
	[LASTING_MAP] = { "map", "somebody has written to maps in the kernel, or made them read-only",
			  "what is audited may be less than the policy says" },
	[LASTING_POLICY] = { "policy", "these are not what is in force any more",
			     "reload the service if that was on purpose" },
};

/* What a look has found of one kind. */
struct finding {
	uint64_t hash; /* of all names; 0: nothing */
	size_t n;
	char objects[OBJECTS_SIZE]; /* as many names as fit */
};

/* A file of the policy, as it was at the last look. */
struct seen {
	struct stat st;
	bool same;
};

struct tl_tamper_watch {
	unsigned ticks;
	uint64_t beat; /* of the monotonic clock: the last tick */
	uint64_t beat_time; /* same, ns since the epoch */
	int schedstat; /* of this thread; -1: none */
	uint64_t worked; /* at the last tick, as worked() */
	timer_t timer; /* sends SIGCONT when the next tick is overdue */
	bool has_timer;
	struct tl_heartbeat *heartbeat; /* NULL: who hangs is told to have been stopped */
	uint64_t looked; /* the last look, ns since the epoch */
	uint64_t told[LASTINGS]; /* hash of what was told last */
	struct seen *seen; /* of the policy in force, as its texts */
	size_t n_seen;
	bool guards; /* the programs and maps of the session in force have been noted */
	bool says_why_not; /* that they cannot be is in the log */
};

/* ---- Telling ---- */

static void tell(struct tl_generation *g, const struct tl_tamper *tamper, const char *note,
		 const struct tl_requester *who)
{
	bool mended = strcmp(tamper->state, "mended") == 0;

	tl_generation_tamper(g, tamper, note, who);
	tl_log_id(mended ? LOG_NOTICE : LOG_CRIT, TL_MESSAGE_TAMPER, "tampering: %s", note);
}

/* What was so since then, and is over. who: has made it so, or ended it; NULL: nobody is known. */
static void tell_over(struct tl_generation *g, const char *kind, const char *object, uint64_t since, const char *note,
		      const struct tl_requester *who)
{
	const struct tl_tamper tamper = {
		.kind = kind,
		.object = object,
		.state = "over",
		.time_first = since,
		.time_last = tl_now(),
	};

	tell(g, &tamper, note, who);
}

void tl_tamper_tell_over(struct tl_generation *g, const char *kind, const char *object, uint64_t since, const char *note)
{
	tell_over(g, kind, object, since, note, NULL);
}

static void tell_lasting(struct tl_tamper_watch *w, struct tl_generation *g, enum lasting which,
			 const struct finding *found)
{
	char note[OBJECTS_SIZE + 256];
	struct tl_tamper tamper = {
		.kind = lastings[which].kind,
		.object = found->objects,
		.state = found->n ? "found" : "mended",
		.time_first = w->looked,
		.time_last = tl_now(),
	};

	if (found->hash == w->told[which])
		return;
	w->told[which] = found->hash;
	if (found->n)
		snprintf(note, sizeof(note), "%s: %s; %s", lastings[which].what, found->objects, lastings[which].means);
	else
		snprintf(note, sizeof(note), "no longer: %s", lastings[which].what);
	tell(g, &tamper, note, NULL);
}

/* The same name may come several times. */
static void add(struct finding *f, const char *object)
{
	const size_t n = strlen(f->objects), size = strlen(object);
	const char *at = strstr(f->objects, object);

	f->hash = tl_fnv1a(f->n++ ? f->hash : TL_FNV_BASIS, object, size + 1);
	if (at && (at == f->objects || at[-1] == ' ') && (at[size] == ',' || !at[size]))
		return;
	if (n + size + sizeof(", and others") < sizeof(f->objects))
		snprintf(f->objects + n, sizeof(f->objects) - n, "%s%s", n ? ", " : "", object);
	else if (!strstr(f->objects, ", and others"))
		strcat(f->objects, ", and others");
}

/* ---- The kernel part ---- */

static void on_damage(enum tl_damage damage, const char *object, void *userdata)
{
	static const enum lasting which[] = {
		[TL_DAMAGE_HOOK] = LASTING_HOOK,
		[TL_DAMAGE_PROGRAM] = LASTING_PROGRAM,
		[TL_DAMAGE_MAP] = LASTING_MAP,
		[TL_DAMAGE_SWITCH] = LASTING_SWITCH,
	};
	struct finding *found = userdata;

	add(&found[which[damage]], object);
}

/* ---- The policy ---- */

static bool same_text(int fd, const struct tl_policy_text *text)
{
	char chunk[16384];
	size_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, sizeof(chunk), (off_t)at)) > 0) {
		if ((size_t)n > text->size - at || memcmp(chunk, text->data + at, (size_t)n) != 0)
			return false;
		at += (size_t)n;
	}
	return n == 0 && at == text->size;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof(a->st_ctim)) == 0;
}

/* Whether there is still in it what is in force. Read again only if it is another file, or was written to. */
static bool is_in_force(const char *path, const struct tl_policy_text *text, struct seen *seen)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	/* Nobody has done anything to it for that. */
	if (fd < 0 && errno != EAGAIN && tl_is_momentary(-errno)) /* that: somebody has a lease on it */
		return true;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (!same_file(&st, &seen->st)) {
		seen->same = same_text(fd, text);
		seen->st = st;
	}
	return seen->same;
}

static void on_new_file(const char *path, void *userdata)
{
	add(userdata, path);
}

static void look_at_policy(struct tl_tamper_watch *w, const struct tl_policy *p, struct finding *found)
{
	for (size_t i = 0; i < p->n_texts && i < w->n_seen; i++)
		if (!is_in_force(p->files[i], &p->texts[i], &w->seen[i]))
			add(found, p->files[i]);
	/* What a later reload, perhaps by somebody who knows nothing of it, would put in force. */
	tl_policy_find_new(p, on_new_file, found);
}

/* ---- Outputs ---- */

static void tell_outputs(struct tl_tamper_watch *w, struct tl_generation *g)
{
	for (size_t i = 0; i < g->outputs.n; i++) {
		struct tl_sink *s = g->outputs.sink[i];
		const char *object = s->path ? s->path : s->name;
		char note[OBJECTS_SIZE + 256];

		if (!s->harm)
			continue;
		snprintf(note, sizeof(note), "output %s: %s was %s", s->name, object, s->harm);
		s->harm = NULL;
		tl_tamper_tell_over(g, "output", object, w->looked, note);
	}
}

/* ---- Being stopped ---- */

static void tell_stopped(const struct tl_tamper_watch *w, struct tl_generation *g, uint64_t ns, const struct tl_sender *who)
{
	char note[512];

	snprintf(note, sizeof(note),
		 "the daemon did not run for %" PRIu64 ".%" PRIu64 " seconds%s%s; what happened meanwhile and found no "
		 "room to wait is declared as lost",
		 ns / (1000 * MSEC), ns / (100 * MSEC) % 10,
		 who ? " until " : ": stopped, frozen, or without a CPU or a disk", who ? who->text : "");
	tell_over(g, "stopped", "traceleftd", w->beat_time, note, who && who->who.pid ? &who->who : NULL);
}

/* Which is over, and was in the log in time. Returns whether there was something to tell. */
static bool tell_hung(struct tl_tamper_watch *w, struct tl_generation *g)
{
	bool has_worked;
	uint64_t ns;
	char note[512];

	if (!tl_heartbeat_hung(w->heartbeat, &ns, &has_worked))
		return false;
	snprintf(note, sizeof(note),
		 "the daemon hung for %" PRIu64 ".%" PRIu64 " seconds: it %s; what happened meanwhile and found no room to "
		 "wait is declared as lost",
		 ns / (1000 * MSEC), ns / (100 * MSEC) % 10,
		 has_worked ? "worked on one thing" : "waited, as for a disk, in a call of the kernel");
	tl_tamper_tell_over(g, "hung", "traceleftd", tl_now() - ns, note);
	return true;
}

/* ns that this thread has run or waited for a CPU; 0: this kernel does not say. */
static uint64_t worked(const struct tl_tamper_watch *w)
{
	uint64_t ran, waited;
	char text[128];
	ssize_t n = w->schedstat < 0 ? 0 : pread(w->schedstat, text, sizeof(text) - 1, 0);

	text[MAX(n, 0)] = '\0';
	return sscanf(text, "%" SCNu64 " %" SCNu64, &ran, &waited) == 2 ? ran + waited : 0;
}

void tl_tamper_watch_awake(struct tl_tamper_watch *w)
{
	const struct itimerspec next = { .it_value = { .tv_sec = WAKE_AFTER / TL_NSEC_PER_SEC,
						       .tv_nsec = WAKE_AFTER % TL_NSEC_PER_SEC } };

	if (!w)
		return;
	w->beat = tl_now_steady();
	w->beat_time = tl_now();
	w->worked = worked(w);
	tl_heartbeat_beat(w->heartbeat);
	if (w->has_timer)
		timer_settime(w->timer, 0, &next, NULL);
}

static void beat(struct tl_tamper_watch *w, struct tl_generation *g, uint64_t limit, const struct tl_sender *who)
{
	const uint64_t silence = tl_now_steady() - w->beat;

	if (!tell_hung(w, g) && silence > limit)
		tell_stopped(w, g, silence, who);
	tl_tamper_watch_awake(w);
}

void tl_tamper_watch_busy(struct tl_tamper_watch *w)
{
	if (w)
		tl_heartbeat_pause(w->heartbeat);
}

void tl_tamper_watch_continued(struct tl_tamper_watch *w, struct tl_generation *g, const struct tl_sender *who)
{
	if (w)
		beat(w, g, STOPPED_MIN, who);
}

/* The signal was the timer's: it ends a stop, and is late in all else that there may be without a tick. */
void tl_tamper_watch_woken(struct tl_tamper_watch *w, struct tl_generation *g)
{
	static const struct tl_sender own = { .text = "its own timer woke it" };
	const uint64_t silence = w ? tl_now_steady() - w->beat : 0;

	if (w && tell_hung(w, g)) {
		tl_tamper_watch_awake(w);
		return;
	}
	if (silence < WAKE_AFTER || silence > WAKE_AFTER + WAKE_LATE || worked(w) - w->worked > WAKE_LATE)
		return;
	tell_stopped(w, g, silence, &own);
	tl_tamper_watch_awake(w);
}

/* ---- Looking ---- */

/* What there is to be compared with, unless it is known; what fails is tried again before the next look. */
static void take_note(struct tl_tamper_watch *w, struct tl_generation *g)
{
	if (!w->seen) {
		w->seen = calloc(g->policy->n_texts + 1, sizeof(*w->seen));
		w->n_seen = w->seen ? g->policy->n_texts : 0;
	}
	if (w->guards)
		return;
	w->guards = tl_session_guard(g->session) >= 0;
	if (!w->guards && !w->says_why_not)
		tl_log(LOG_ERR, "cannot watch over the programs: %s; it is tried again", tl_session_error(g->session));
	if (w->guards && w->says_why_not)
		tl_log(LOG_NOTICE, "watching over the programs");
	w->says_why_not = !w->guards;
}

static void look(struct tl_tamper_watch *w, struct tl_generation *g, bool at_policy)
{
	_cleanup_free_ struct finding *found = calloc(LASTINGS, sizeof(*found));

	if (!found)
		return;
	take_note(w, g);
	tl_session_check(g->session, on_damage, found);
	if (at_policy)
		look_at_policy(w, g->policy, &found[LASTING_POLICY]);
	for (int which = 0; which < LASTINGS; which++)
		if (at_policy || which != LASTING_POLICY)
			tell_lasting(w, g, which, &found[which]);
	w->looked = tl_now();
}

void tl_tamper_watch_tick(struct tl_tamper_watch *w, struct tl_generation *g, bool loading)
{
	if (!w)
		return;
	beat(w, g, SILENCE_MAX, NULL);
	tell_outputs(w, g);
	if (++w->ticks % LOOK_TICKS == 0 && !loading)
		look(w, g, true);
}

void tl_tamper_watch_look(struct tl_tamper_watch *w, struct tl_generation *g, bool loading)
{
	if (!w)
		return;
	if (!loading)
		look(w, g, false);
	tell_outputs(w, g);
}

/* ---- Life ---- */

struct tl_tamper_watch *tl_tamper_watch_new(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	struct tl_tamper_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	w->has_timer = timer_create(CLOCK_MONOTONIC, &event, &w->timer) == 0;
	if (!w->has_timer)
		tl_log(LOG_WARNING, "cannot make a timer, who stops this process stops it for good: %s", strerror(errno));
	w->heartbeat = tl_heartbeat_new();
	if (!w->heartbeat)
		tl_log(LOG_WARNING, "cannot start a thread, nobody will say at once if this process hangs");
	tl_tamper_watch_awake(w);
	return w;
}

struct tl_tamper_watch *tl_tamper_watch_free(struct tl_tamper_watch *w)
{
	if (!w)
		return NULL;
	tl_heartbeat_free(w->heartbeat);
	if (w->has_timer)
		timer_delete(w->timer);
	if (w->schedstat >= 0)
		close(w->schedstat);
	free(w->seen);
	free(w);
	return NULL;
}

void tl_tamper_watch_begin(struct tl_tamper_watch *w, struct tl_generation *g)
{
	if (!w)
		return;
	tl_tamper_watch_busy(w);
	free(w->seen);
	w->seen = NULL;
	w->n_seen = 0;
	w->guards = w->says_why_not = false;
	w->looked = tl_now();
	take_note(w, g);
	tl_tamper_watch_awake(w);
}
