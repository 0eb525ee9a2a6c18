// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "heartbeat.h"
#include "log.h"
#include "message-ids.h"
#include "record.h"
#include "rights.h"
#include "util.h"

#define MSEC UINT64_C(1000000) /* ns */
#define HANG_AFTER (4000 * MSEC) /* without a beat */
#define ONCE_MORE (300 * MSEC) /* for a loop that comes round just now, after a pause of the whole machine */
#define LATE (500 * MSEC) /* more than that, and this thread could not run, either */
#define PAUSE (90000 * MSEC) /* at most; as the unit gives a start or a stop */
#define AGAIN (500 * MSEC) /* between two looks whether a hang is over */

/* What a thread did, ns. */
struct times {
	uint64_t ran, waited; /* for a processor */
};

struct tl_heartbeat {
	pthread_t thread;
	int end; /* readable when the thread has to end */
	int schedstat; /* of the loop's thread; -1: none */
	_Atomic uint64_t beat; /* steady ns: since when it has not come round */
	_Atomic uint64_t patience; /* ns from then on */
	_Atomic uint64_t ran, waited; /* by then, as in struct times */
	_Atomic uint64_t told; /* the beat after which it was told to hang; 0: it was not */
	_Atomic bool worked; /* then */
};

static struct times times_of(const struct tl_heartbeat *h)
{
	struct times times = { 0 };
	char text[128];
	ssize_t n = h->schedstat < 0 ? 0 : pread(h->schedstat, text, sizeof(text) - 1, 0);

	text[MAX(n, 0)] = '\0';
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &times.ran, &times.waited) != 2)
		return (struct times){ 0 };
	return times;
}

/* Since the last beat. */
static struct times times_since(const struct tl_heartbeat *h)
{
	struct times now = times_of(h);

	return (struct times){ .ran = now.ran - MIN(now.ran, h->ran), .waited = now.waited - MIN(now.waited, h->waited) };
}

/* ---- The thread ---- */

/* Whether it goes on after that time. */
static bool wait_for(const struct tl_heartbeat *h, uint64_t ns)
{
	struct pollfd end = { .fd = h->end, .events = POLLIN };

	return poll(&end, 1, (int)((ns + MSEC - 1) / MSEC)) != 1;
}

static void tell(struct tl_heartbeat *h, uint64_t beat)
{
	const struct times since = times_since(h);
	const uint64_t silence = tl_now_steady() - beat;
	char text[256];

	/* Of the time in which it had a processor, or wanted none. */
	h->worked = since.ran > (silence - MIN(silence, since.waited)) / 2;
	snprintf(text, sizeof(text),
		 "tampering: the daemon hangs: for %" PRIu64 ".%" PRIu64 " seconds it %s; events wait in the buffer, and what "
		 "finds no room there is lost",
		 silence / (1000 * MSEC), silence / (100 * MSEC) % 10,
		 h->worked ? "has worked on one thing" : "has waited, as for a disk, in a call of the kernel");
	h->told = beat;
	tl_log_bare(LOG_CRIT, TL_MESSAGE_TAMPER, text);
}

/* Until then, or for as long as no hang can become due that is not known now: it goes on after that, unless it has to
 * end. late: set when this thread could not run, either. */
static bool wait_until(const struct tl_heartbeat *h, uint64_t now, uint64_t due, uint64_t *late)
{
	const uint64_t wake = MIN(due, now + HANG_AFTER);

	if (!wait_for(h, wake - now))
		return false;
	if (tl_now_steady() > wake + LATE)
		*late = tl_now_steady();
	return true;
}

static void *look(void *argument)
{
	struct tl_heartbeat *h = argument;
	uint64_t late = 0, told = 0; /* when this thread came late itself; the beat that was the last one */

	tl_rights_limit(0, 0);
	for (;;) {
		const uint64_t beat = h->beat, now = tl_now_steady();
		const uint64_t due = beat == told ? now + AGAIN : MAX(beat, late) + h->patience + times_since(h).waited;

		if (now < due) {
			if (!wait_until(h, now, due, &late))
				return NULL;
			continue;
		}
		if (!wait_for(h, ONCE_MORE))
			return NULL;
		if (h->beat != beat)
			continue;
		tell(h, beat);
		told = beat;
	}
}

/* ---- The loop ---- */

void tl_heartbeat_beat(struct tl_heartbeat *h)
{
	struct times times;

	if (!h)
		return;
	times = times_of(h);
	h->ran = times.ran;
	h->waited = times.waited;
	h->beat = tl_now_steady();
	h->patience = HANG_AFTER;
}

void tl_heartbeat_pause(struct tl_heartbeat *h)
{
	if (h)
		h->patience = PAUSE;
}

bool tl_heartbeat_hung(struct tl_heartbeat *h, uint64_t *ret_ns, bool *ret_worked)
{
	uint64_t told = h ? atomic_exchange(&h->told, 0) : 0;

	if (!told)
		return false;
	*ret_ns = tl_now_steady() - told;
	*ret_worked = h->worked;
	return true;
}

/* ---- Life ---- */

struct tl_heartbeat *tl_heartbeat_new(void)
{
	struct tl_heartbeat *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	h->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	tl_heartbeat_beat(h);
	if (h->end >= 0 && pthread_create(&h->thread, NULL, look, h) == 0)
		return h;
	if (h->end >= 0)
		close(h->end);
	if (h->schedstat >= 0)
		close(h->schedstat);
	free(h);
	return NULL;
}

struct tl_heartbeat *tl_heartbeat_free(struct tl_heartbeat *h)
{
	if (!h)
		return NULL;
	eventfd_write(h->end, 1);
	pthread_join(h->thread, NULL);
	close(h->end);
	if (h->schedstat >= 0)
		close(h->schedstat);
	free(h);
	return NULL;
}
