// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The reader: takes records out of the ring, checks each CPU's numbering and
 * declares what is missing. A number that is missing when later ones are there
 * is a hole: the record may still come (its task was interrupted between
 * numbering and output), so a hole is declared lost only as far as the kernel
 * part has counted losses on that CPU.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "session.h"
#include "util.h"

#define TL_BUSY_NS 20000000ULL
#define TL_IDLE_NS 100000000ULL
#define TL_CLOCK_SET_NS 10000000 /* of a difference: the clock does not run apart so much within a second */
#define RECORDS_MAX (256 * 1024) /* bytes of the largest record */

uint64_t tl_now_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return tl_timespec_ns(&now);
}

static void set_clock(struct tl_session *s, int64_t realtime_offset)
{
	s->realtime_offset = realtime_offset;
	if (s->successor)
		s->successor->realtime_offset = realtime_offset;
	tl_processes_set_clock(s->processes, realtime_offset);
}

void tl_clock_adjust(struct tl_session *s)
{
	set_clock(s, tl_realtime_offset());
}

/* Once a second, and at once when somebody has set the clock. */
static void follow_clock(struct tl_session *s, uint64_t now)
{
	const int64_t offset = tl_realtime_offset();

	if (now / 1000000000ULL != s->tick / 1000000000ULL || llabs(offset - s->realtime_offset) > TL_CLOCK_SET_NS)
		set_clock(s, offset);
}

static int set_timer(struct tl_session *s, uint64_t ns)
{
	struct itimerspec timer = {
		.it_interval = { .tv_sec = ns / 1000000000ULL, .tv_nsec = ns % 1000000000ULL },
		.it_value = { .tv_sec = ns / 1000000000ULL, .tv_nsec = ns % 1000000000ULL },
	};

	return timerfd_settime(s->timer_fd, 0, &timer, NULL) < 0 ? -errno : 0;
}

/* Readable when the ring has been filled to its mark (edge: the kernel part
 * wakes, what lies in the ring does not) and at each turn of the timer. */
static int open_wakeups(struct tl_session *s)
{
	struct epoll_event ring = { .events = EPOLLIN | EPOLLET }, timer = { .events = EPOLLIN, .data.u32 = 1 };

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->epoll_fd < 0 || s->timer_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->ring_fd, &ring) < 0 ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->timer_fd, &timer) < 0)
		return tl_fail(s, -errno, "cannot wait for events: %s", strerror(errno));
	return set_timer(s, s->options.wake_ns ? s->options.wake_ns : TL_BUSY_NS);
}

/* The data is mapped again behind its end, so no record is in two pieces: as much of it as the largest one
 * takes, for all that is mapped counts as this process's memory twice. */
static size_t mapped(const struct tl_session *s)
{
	_Static_assert(RECORDS_MAX > TL_ARGV_MAX + TL_RECORD_MAX + TL_PATH_MAX, "the largest record fits");
	return (size_t)sysconf(_SC_PAGESIZE) + s->ring_size + MIN(s->ring_size, (size_t)RECORDS_MAX);
}

int tl_ring_open(struct tl_session *s)
{
	long page = sysconf(_SC_PAGESIZE);
	void *memory;

	s->ring_fd = tl_map_fd(s, "ring");
	memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, s->ring_fd, 0);
	if (memory == MAP_FAILED)
		return tl_fail(s, -errno, "cannot map the ring: %s", strerror(errno));
	s->consumer = memory;
	s->position = __atomic_load_n((unsigned long *)s->consumer, __ATOMIC_RELAXED);
	memory = mmap(NULL, mapped(s), PROT_READ, MAP_SHARED, s->ring_fd, page);
	if (memory == MAP_FAILED)
		return tl_fail(s, -errno, "cannot map the ring: %s", strerror(errno));
	s->producer = memory;
	memory = mmap(NULL, (s->n_cpus * sizeof(struct tl_cpu) + page - 1) / page * page, PROT_READ, MAP_SHARED,
		      tl_map_fd(s, "cpus"), 0);
	if (memory == MAP_FAILED)
		return tl_fail(s, -errno, "cannot map the CPUs' numbers: %s", strerror(errno));
	s->cpus = memory;
	s->streams = calloc(s->n_cpus, sizeof(*s->streams));
	if (!s->streams)
		return -ENOMEM;
	s->tick = tl_now_boot();
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++)
		s->streams[cpu] = (struct tl_stream){ .next = 1, .time = s->tick };
	return open_wakeups(s);
}

void tl_ring_close(struct tl_session *s)
{
	long page = sysconf(_SC_PAGESIZE);

	if (s->consumer)
		munmap(s->consumer, page);
	if (s->producer)
		munmap(s->producer, mapped(s));
	if (s->cpus)
		munmap(s->cpus, (s->n_cpus * sizeof(struct tl_cpu) + page - 1) / page * page);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	s->consumer = s->producer = NULL;
	s->cpus = NULL;
	s->epoll_fd = s->timer_fd = -1;
	free(s->streams);
	s->streams = NULL;
}

/* ---- What is missing ---- */

/* What has no number was lost since then. */
static struct tl_hole since_last_look(const struct tl_session *s)
{
	return (struct tl_hole){ .time_first = s->tick, .time_last = tl_now_boot() };
}

static int declare_what(struct tl_session *s, uint32_t cpu, const struct tl_hole *hole, uint64_t count,
			const char *stage, const char *unit)
{
	struct tl_event *event = &s->event;
	int r;

	s->lost = (struct tl_lost){
		.count = count,
		.seq_first = hole->first,
		.seq_last = hole->last,
		.time_first = hole->time_first ? hole->time_first + s->realtime_offset : 0,
		.time_last = hole->time_last + s->realtime_offset,
		.stage = stage,
		.unit = unit,
	};
	memset(event, 0, sizeof(*event));
	event->kind = TL_EVENT_LOST;
	event->type = tl_event_type_find("lost");
	event->time = tl_now_boot() + s->realtime_offset;
	event->cpu = cpu;
	event->pid = event->tid = getpid();
	event->loginuid = event->audit_session = UINT32_MAX;
	event->process = tl_processes_get(s->processes, getpid(), 0, "traceleft");
	event->session = s;
	event->lost = &s->lost;
	if (!event->process) /* no memory: who tells it matters less than that it is told */
		event->process = &tl_process_nobody;
	if (!event->type || !s->callback)
		return 0;
	r = s->callback(event, s->userdata);
	return r < 0 ? r : 0;
}

static int declare(struct tl_session *s, uint32_t cpu, const struct tl_hole *hole, uint64_t count, const char *stage)
{
	return declare_what(s, cpu, hole, count, stage, NULL);
}

int tl_ring_declare_counted(struct tl_session *s, uint32_t cpu, uint64_t last, uint64_t n)
{
	const struct tl_hole hole = { .time_last = last };

	return declare(s, cpu, &hole, n, "count");
}

/* The first hole of a CPU. What the kernel part has not counted as lost was in
 * the ring, unreadable, and that is said already. */
static int declare_hole(struct tl_session *s, uint32_t cpu)
{
	struct tl_stream *stream = &s->streams[cpu];
	struct tl_hole hole = stream->holes[0];
	uint64_t count, lost, known;

	stream->declared += hole.last - hole.first + 1;
	stream->n_holes--;
	memmove(stream->holes, stream->holes + 1, stream->n_holes * sizeof(hole));
	count = hole.last - hole.first + 1;
	lost = __atomic_load_n(&s->cpus[cpu].lost, __ATOMIC_ACQUIRE);
	known = stream->declared > lost ? MIN(MIN(stream->declared - lost, s->unplaced), count) : 0;
	s->unplaced -= known;
	return count == known ? 0 : declare(s, cpu, &hole, count - known, "ring");
}

static void add_hole(struct tl_stream *stream, uint64_t first, uint64_t last, uint64_t now)
{
	struct tl_hole *hole = &stream->holes[stream->n_holes++];

	hole->first = first;
	hole->last = last;
	hole->time_first = stream->time;
	hole->time_last = now;
}

/* A number below the expected one: it was in a hole and is there after all. */
static void fill_hole(struct tl_stream *stream, uint64_t seq)
{
	for (size_t i = 0; i < stream->n_holes; i++) {
		struct tl_hole *hole = &stream->holes[i], rest;

		if (seq < hole->first || seq > hole->last)
			continue;
		rest = *hole;
		if (hole->first == hole->last) {
			stream->n_holes--;
			memmove(hole, hole + 1, (stream->n_holes - i) * sizeof(*hole));
		} else if (seq == hole->first) {
			hole->first++;
		} else if (seq == hole->last) {
			hole->last--;
		} else if (stream->n_holes < TL_HOLES_MAX) {
			memmove(hole + 2, hole + 1, (stream->n_holes - i - 1) * sizeof(*hole));
			stream->n_holes++;
			hole->last = seq - 1;
			rest.first = seq + 1;
			hole[1] = rest;
		}
		return;
	}
}

static int note_number(struct tl_session *s, const struct tl_record *record)
{
	struct tl_stream *stream = &s->streams[record->cpu];
	int r = 0;

	if (record->seq == stream->next) {
		stream->next++;
	} else if (record->seq > stream->next) {
		if (stream->n_holes == TL_HOLES_MAX)
			r = declare_hole(s, record->cpu);
		add_hole(stream, stream->next, record->seq - 1, record->time);
		stream->next = record->seq + 1;
	} else {
		fill_hole(stream, record->seq);
	}
	stream->time = record->time;
	return r;
}

/* Losses that never had a number: no slot, no handler. */
static int declare_refused(struct tl_session *s)
{
	uint64_t numbered = 0, refused;
	struct tl_hole hole = since_last_look(s);
	uint64_t lost = s->lost_before + tl_lost_in_kernel(s);

	if (s->successor)
		lost += tl_lost_in_kernel(s->successor);
	/* The kernel part counts the number first: see tl_record_send(). */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++)
		numbered += __atomic_load_n(&s->cpus[cpu].lost, __ATOMIC_RELAXED);
	refused = lost > numbered ? lost - numbered : 0;
	if (refused <= s->refused_declared)
		return 0;
	refused -= s->refused_declared;
	s->refused_declared += refused;
	return declare(s, 0, &hole, refused, "program");
}

#define LOOK_PAUSE_MIN 1000000000ULL /* ns */
#define LOOK_PAUSE_MAX 64000000000ULL

/* Tasks without a state are looked for when there may be room again; more seldom if there was none. */
static int look_again(struct tl_session *s, bool are_refused)
{
	uint64_t now = tl_now_boot();

	if (are_refused && !s->look_again) {
		s->look_pause = MIN(MAX(2 * s->look_pause, LOOK_PAUSE_MIN), LOOK_PAUSE_MAX);
		s->look_again = now + s->look_pause;
	}
	if (are_refused || !s->look_again) {
		s->look_pause = are_refused ? s->look_pause : 0;
		return 0;
	}
	if (now < s->look_again)
		return 0;
	s->look_again = 0;
	return tl_targets_mark_again(s);
}

/* Tasks that nobody could look at: how many events are missing is not known. */
static int declare_unaudited(struct tl_session *s, bool final)
{
	bool are_refused = false;
	int r = 0;

	for (unsigned i = 0; i < TL_REFUSALS && r >= 0; i++) {
		struct tl_hole hole = since_last_look(s);
		uint64_t count, *declared = &s->unaudited_declared[i];
		const char *stage = tl_refusal_unaudited(s, i, &count);

		if (!stage || count <= *declared)
			continue;
		count -= *declared;
		*declared += count;
		are_refused |= i == TL_REFUSED_TASK_STATE;
		r = declare_what(s, 0, &hole, count, stage, "refusals");
	}
	return r < 0 || final ? r : look_again(s, are_refused);
}

/* Numbers in holes that are not declared yet. */
static uint64_t missing(const struct tl_stream *stream)
{
	uint64_t n = 0;

	for (size_t i = 0; i < stream->n_holes; i++)
		n += stream->holes[i].last - stream->holes[i].first + 1;
	return n;
}

int tl_ring_declare(struct tl_session *s, bool final)
{
	int r;

	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++) {
		struct tl_stream *stream = &s->streams[cpu];
		uint64_t lost = __atomic_load_n(&s->cpus[cpu].lost, __ATOMIC_ACQUIRE);
		uint64_t seq = __atomic_load_n(&s->cpus[cpu].seq, __ATOMIC_ACQUIRE);

		/* Numbers at the end that nothing came after yet: as soon as all that
		 * is missing is known to be lost, or there is nothing to wait for. */
		if (seq >= stream->next && stream->n_holes < TL_HOLES_MAX &&
		    (final || missing(stream) + (seq - stream->next + 1) == lost - stream->declared)) {
			add_hole(stream, stream->next, seq, tl_now_boot());
			stream->next = seq + 1;
		}
		while (stream->n_holes &&
		       (final || stream->declared + stream->holes[0].last - stream->holes[0].first + 1 <= lost)) {
			r = declare_hole(s, cpu);
			if (r < 0)
				return r;
		}
	}
	r = declare_refused(s);
	return r < 0 ? r : declare_unaudited(s, final);
}

/* ---- Records ---- */

static bool plausible(const struct tl_session *s, const struct tl_record *record, size_t size)
{
	/* One of a successor that ended with its process is of other events than these. */
	const bool is_own = size >= sizeof(*record) && !(record->flags & TL_RECORD_ODD) == !(s->number & 1);

	return is_own && record->size <= size && record->size >= sizeof(*record) && record->cpu < s->n_cpus &&
	       record->event >= 1 && record->event <= s->n_events;
}

/* Whether there is at least a number in it that can be believed. */
static bool is_numbered(const struct tl_session *s, const struct tl_record *record, size_t size)
{
	return size >= sizeof(*record) && record->cpu < s->n_cpus && record->seq &&
	       record->seq <= __atomic_load_n(&s->cpus[record->cpu].seq, __ATOMIC_ACQUIRE);
}

static int declare_record(struct tl_session *s, const struct tl_record *record, const char *stage)
{
	const struct tl_hole hole = {
		.first = record->seq, .last = record->seq, .time_first = record->time, .time_last = record->time
	};

	return declare(s, record->cpu, &hole, 1, stage);
}

/* What nobody can make sense of. Its number stays a hole if it cannot be read. */
static int refuse_record(struct tl_session *s, const struct tl_record *record, size_t size)
{
	const struct tl_hole hole = since_last_look(s);
	int r;

	s->events[0].malformed++;
	if (is_numbered(s, record, size)) {
		r = note_number(s, record);
		return r < 0 ? r : declare_record(s, record, "malformed");
	}
	s->unplaced++;
	return declare(s, 0, &hole, 1, "malformed");
}

/* The event to whoever asked for it, who says what became of it. */
static int hand_on(struct tl_session *s, struct tl_loaded *loaded)
{
	int r = s->callback ? s->callback(&s->event, s->userdata) : TL_FATE_DELIVERED;

	loaded->fates[r < 0 || r >= TL_FATES ? TL_FATE_LOST : r]++;
	return r < 0 ? r : 0;
}

/* Whose programs have made the record. */
static struct tl_session *maker(struct tl_session *s, const struct tl_record *record, size_t size)
{
	bool is_odd = size >= sizeof(*record) && record->flags & TL_RECORD_ODD;

	return s->successor && is_odd != (s->number & 1) ? s->successor : s;
}

static int take_record(struct tl_session *reader, const void *data, size_t size)
{
	const struct tl_record *record = data;
	struct tl_session *s = maker(reader, record, size);
	struct tl_loaded *loaded;
	int r;

	if (!plausible(s, record, size))
		return refuse_record(reader, record, size);
	loaded = &s->events[record->event];
	loaded->received++;
	r = note_number(reader, record);
	if (r < 0)
		return r;
	r = tl_decode(s, data, record->size);
	if (r == -EBADMSG) {
		loaded->malformed++;
		return declare_record(reader, record, "malformed");
	}
	if (r < 0) { /* there may be memory for the next one */
		loaded->fates[TL_FATE_LOST]++;
		return declare_record(reader, record, "memory");
	}
	if (r > 0) {
		loaded->internal++;
		return 0;
	}
	return hand_on(s, loaded);
}

/* The record that comes next, which another CPU has in its cache. */
static void prefetch(const char *record)
{
	for (size_t line = 0; line < 4; line++)
		__builtin_prefetch(record + line * 64);
}

unsigned long tl_ring_held(const struct tl_session *s)
{
	return s->holds ? MIN(s->held, s->position) : s->position;
}

void tl_ring_release(struct tl_session *s, unsigned long at)
{
	const unsigned long told = __atomic_exchange_n((unsigned long *)s->consumer, at, __ATOMIC_ACQ_REL);

	/* Who says so while a batch is read would be written over unseen otherwise. */
	s->is_moved |= s->releases && told != s->released;
	s->released = at;
	s->releases = true;
}

/* What somebody else has said in the reader's place is noticed and taken back. If the kernel has written over what was
 * not read, it goes on where there is a record for certain. */
static void hold_ring(struct tl_session *s)
{
	const unsigned long told = __atomic_load_n((unsigned long *)s->consumer, __ATOMIC_RELAXED);
	const unsigned long end = __atomic_load_n((unsigned long *)s->producer, __ATOMIC_ACQUIRE);
	const bool is_overwritten = end - s->released > s->ring_size;

	if (!s->releases || (told == s->released && !is_overwritten))
		return;
	if (is_overwritten) {
		s->is_moved = true;
		s->position = told > s->position && told <= end ? told : end;
	}
	tl_ring_release(s, is_overwritten ? s->position : s->released);
}

int tl_ring_read(struct tl_session *s, size_t max)
{
	unsigned long *producer = s->producer;
	const char *data = (const char *)s->producer + sysconf(_SC_PAGESIZE);
	unsigned long at, end, begun;
	size_t n = 0;
	int r = 0;

	hold_ring(s);
	tl_session_settle(s);
	at = begun = s->position;
	end = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
	while (at < end && (!max || n < max)) {
		const uint32_t *header = (const uint32_t *)(data + (at & (s->ring_size - 1)));
		uint32_t length = __atomic_load_n(header, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			break;
		at += ((length & ~BPF_RINGBUF_DISCARD_BIT) + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		/* No record goes beyond: what is there is none. */
		if (at > end) {
			s->is_moved = true;
			s->position = at = end;
			break;
		}
		prefetch(data + (at & (s->ring_size - 1)));
		if (!(length & BPF_RINGBUF_DISCARD_BIT)) {
			r = take_record(s, header + 2, length);
			n++;
		}
		s->position = at;
		/* Room for the kernel before the end, but not at each record. */
		if (r < 0 || at - begun > s->ring_size / 8) {
			if (tl_is_left(s))
				return r < 0 ? r : (int)n; /* the caller has to deal with these first */
			tl_ring_release(s, at);
			begun = at;
		}
		if (r < 0)
			return r;
		if (at >= end)
			end = __atomic_load_n(producer, __ATOMIC_ACQUIRE);
		if (!max && n >= 1000000)
			break; /* a flood must not keep the caller from its other duties */
	}
	if (!tl_is_left(s))
		tl_ring_release(s, at);
	return n;
}

static int look_from(struct tl_session *s, unsigned long at, unsigned long end,
		     int (*look)(struct tl_session *s, const struct tl_record *record, size_t size))
{
	const char *data = (const char *)s->producer + sysconf(_SC_PAGESIZE);
	int r = 0;

	while (r >= 0 && at < end) {
		const uint32_t *header = (const uint32_t *)(data + (at & (s->ring_size - 1)));
		uint32_t length = __atomic_load_n(header, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!(length & BPF_RINGBUF_DISCARD_BIT))
			r = look(s, (const void *)(header + 2), length);
		at += ((length & ~BPF_RINGBUF_DISCARD_BIT) + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
	}
	return r;
}

int tl_ring_look(struct tl_session *s, int (*look)(struct tl_session *s, const struct tl_record *record, size_t size))
{
	return look_from(s, s->position, __atomic_load_n((unsigned long *)s->producer, __ATOMIC_ACQUIRE), look);
}

/* An event that the process before has told: more like it are counted. What cannot be told of it has been declared. */
static int tell_again(struct tl_session *s, const struct tl_record *record, size_t size)
{
	int r;

	if (!plausible(s, record, size) || !(record->flags & TL_RECORD_TALLIED) || tl_decode(s, record, record->size))
		return 0;
	s->event.flags |= TL_EVENT_AGAIN;
	r = s->callback ? s->callback(&s->event, s->userdata) : 0;
	return MIN(r, 0);
}

static int tell_held(struct tl_session *s)
{
	int r;

	if (!s->is_again)
		return 0;
	r = look_from(s, s->held, s->position, tell_again);
	s->holds = s->is_again = false;
	return r;
}

/* Quicker turns while there is something to read. */
static void pace(struct tl_session *s, bool idle)
{
	if (s->options.wake_ns || s->idle == idle)
		return;
	s->idle = idle;
	set_timer(s, idle ? TL_IDLE_NS : TL_BUSY_NS);
}

int tl_session_dispatch(struct tl_session *s, size_t max)
{
	struct epoll_event events[2];
	uint64_t turns, now;
	int n, r;

	if (!s->started || s->stopped || s->predecessor)
		return tl_fail(s, -EINVAL, "the session is not running");
	epoll_wait(s->epoll_fd, events, 2, 0);
	if (read(s->timer_fd, &turns, sizeof(turns)) < 0 && errno != EAGAIN && errno != EINTR)
		return tl_fail(s, -errno, "cannot read the timer: %s", strerror(errno));
	r = tell_held(s);
	n = r < 0 ? r : tl_ring_read(s, max);
	if (n < 0)
		return n;
	now = tl_now_boot();
	if (now - s->tick > TL_BUSY_NS) {
		/* Before: whoever reads this again, after a kill, says the same times, and knows by them what was told. */
		r = tl_ring_declare(s, false);
		if (r < 0)
			return r;
		follow_clock(s, now);
		s->tick = now;
		pace(s, n == 0);
	}
	return n;
}
