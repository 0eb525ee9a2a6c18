/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kept.h: how a session is put there. What takes it from there is in adopt.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kept.h"
#include "util.h"

/* ---- The memory ---- */

static size_t take(size_t *at, size_t bytes)
{
	size_t begin = *at;

	*at += (bytes + 7) & ~(size_t)7;
	return begin;
}

struct tl_kept_layout tl_kept_layout(uint32_t n_cpus, uint32_t n_events, uint32_t n_descriptors, uint32_t n_twins)
{
	size_t at = 0, state = 0;
	struct tl_kept_layout l;

	take(&state, sizeof(struct tl_kept_state));
	l.counts = take(&state, ((size_t)n_events + 1) * sizeof(struct tl_kept_count));
	l.streams = take(&state, (size_t)n_cpus * sizeof(struct tl_stream));
	take(&at, sizeof(struct tl_kept_header));
	l.descriptors = take(&at, (size_t)n_descriptors * sizeof(struct tl_kept_descriptor));
	l.events = take(&at, ((size_t)n_events + 1) * sizeof(struct tl_kept_event));
	l.twins = take(&at, (size_t)n_twins * sizeof(struct tl_kept_twin));
	l.guard = take(&at, tl_guard_size(n_descriptors)); /* of which hooks are some */
	l.states[0] = take(&at, state);
	l.states[1] = take(&at, state);
	l.size = at;
	return l;
}

/* Without the places for holes that there are none of. */
static void copy_stream(struct tl_stream *to, const struct tl_stream *from)
{
	to->next = from->next;
	to->time = from->time;
	to->declared = from->declared;
	to->n_holes = MIN(from->n_holes, (size_t)TL_HOLES_MAX);
	memcpy(to->holes, from->holes, to->n_holes * sizeof(to->holes[0]));
}

void tl_kept_put(struct tl_session *s, struct tl_kept_state *state, const struct tl_kept_layout *layout)
{
	struct tl_kept_count *counts = (void *)((char *)state + layout->counts);
	struct tl_stream *streams = (void *)((char *)state + layout->streams);

	state->position = s->position;
	state->held = tl_ring_held(s);
	state->tick = s->tick;
	state->realtime_offset = s->realtime_offset;
	state->lost_before = s->lost_before;
	state->given_up = s->given_up;
	state->refused_declared = s->refused_declared;
	state->unplaced = s->unplaced;
	state->n_cgroups_refused = s->n_cgroups_refused;
	memcpy(state->unaudited_declared, s->unaudited_declared, sizeof(state->unaudited_declared));
	for (uint32_t id = 0; id <= s->n_events; id++) {
		const struct tl_loaded *e = &s->events[id];

		counts[id].received = e->received;
		counts[id].malformed = e->malformed;
		counts[id].internal = e->internal;
		memcpy(counts[id].fates, e->fates, sizeof(e->fates));
		memcpy(counts[id].tallied, e->tallied, sizeof(e->tallied));
	}
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++)
		copy_stream(&streams[cpu], &s->streams[cpu]);
}

void tl_kept_get(struct tl_session *s, const struct tl_kept_state *state, const struct tl_kept_layout *layout)
{
	const struct tl_kept_count *counts = (const void *)((const char *)state + layout->counts);
	const struct tl_stream *streams = (const void *)((const char *)state + layout->streams);

	s->position = state->position;
	s->held = state->held;
	s->holds = s->is_again = state->held < state->position;
	s->tick = state->tick;
	s->realtime_offset = state->realtime_offset;
	s->lost_before = state->lost_before;
	s->given_up = state->given_up;
	s->refused_declared = state->refused_declared;
	s->unplaced = state->unplaced;
	s->n_cgroups_refused = state->n_cgroups_refused;
	memcpy(s->unaudited_declared, state->unaudited_declared, sizeof(state->unaudited_declared));
	for (uint32_t id = 0; id <= s->n_events; id++) {
		struct tl_loaded *e = &s->events[id];

		e->received = counts[id].received;
		e->malformed = counts[id].malformed;
		e->internal = counts[id].internal;
		memcpy(e->fates, counts[id].fates, sizeof(e->fates));
		memcpy(e->tallied, counts[id].tallied, sizeof(e->tallied));
	}
	for (uint32_t cpu = 0; cpu < s->n_cpus; cpu++)
		copy_stream(&s->streams[cpu], &streams[cpu]);
}

static struct tl_kept_layout layout_of(const struct tl_kept_header *header)
{
	return tl_kept_layout(header->n_cpus, header->n_events, header->n_descriptors, header->n_twins);
}

struct tl_guard *tl_kept_guard(const struct tl_session *s)
{
	struct tl_kept_header *header = s->kept_memory;

	return header ? (void *)((char *)header + layout_of(header).guard) : NULL;
}

void *tl_session_note(struct tl_session *s)
{
	return s->kept_memory ? s->kept_memory->note : NULL;
}

/* The state that holds is never written: whenever the process ends, one of them is whole. */
void tl_session_settle(struct tl_session *s)
{
	struct tl_kept_header *header = s->kept_memory;
	struct tl_kept_layout layout;
	uint32_t next;

	if (!header)
		return;
	layout = layout_of(header);
	/* Whoever got past a record, or has nothing to read, does not fail for it. */
	if (s->position != s->adopted_at ||
	    s->position == __atomic_load_n((unsigned long *)s->producer, __ATOMIC_ACQUIRE))
		header->attempts = header->has_gap = 0;
	next = !header->current;
	tl_kept_put(s, (void *)((char *)header + layout.states[next]), &layout);
	__atomic_store_n(&header->current, next, __ATOMIC_RELEASE);
	tl_ring_release(s, tl_ring_held(s));
}

/* ---- The descriptors ---- */

struct list {
	struct tl_kept_descriptor what[TL_KEPT_DESCRIPTORS_MAX];
	int fds[TL_KEPT_DESCRIPTORS_MAX];
	uint32_t n;
	bool failed;
};

static void add(struct list *l, enum tl_kept_what what, size_t index, int fd)
{
	if (fd < 0)
		return;
	if (l->n == TL_KEPT_DESCRIPTORS_MAX) {
		l->failed = true;
		return;
	}
	l->what[l->n] = (struct tl_kept_descriptor){ what, (uint32_t)index };
	l->fds[l->n++] = fd;
}

static void gather(struct tl_session *s, struct list *l)
{
	struct bpf_program *program;
	struct bpf_map *map;
	size_t i = 0;

	bpf_object__for_each_map(map, s->object) add(l, TL_KEPT_MAP, i++, bpf_map__fd(map));
	i = 0;
	bpf_object__for_each_program(program, s->object) add(l, TL_KEPT_PROGRAM, i++, tl_program_fd_of(s, program));
	for (int kind = 0; kind < TL_KINDS; kind++)
		if (!tl_programs_are_originals(kind))
			add(l, TL_KEPT_ARRAY, (size_t)kind, s->programs[kind]);
	for (i = 0; i < s->n_loaded_programs; i++)
		add(l, TL_KEPT_COPY, i, s->loaded_programs[i]);
	for (i = 0; i < s->n_links; i++)
		add(l, TL_KEPT_LINK, i, s->links[i]);
	for (i = 0; i < TL_TALLY_TABLES && s->tallies.tables[i]; i++)
		add(l, TL_KEPT_TALLY, i, s->tallies.tables[i]);
}

static uint32_t place_of(const struct list *l, int fd)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->fds[i] == fd)
			return i;
	return 0;
}

/* Memory that says what is what. */
static int describe(struct tl_session *s, const struct list *l, int *ret_fd, struct tl_kept_header **ret)
{
	const struct tl_kept_layout layout = tl_kept_layout(s->n_cpus, s->n_events, l->n, (uint32_t)s->n_twins);
	_cleanup_close_ int fd = memfd_create("traceleft", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct tl_kept_header *header;
	struct tl_kept_event *events;
	struct tl_kept_twin *twins;

	if (fd < 0 || ftruncate(fd, (off_t)layout.size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	header = mmap(NULL, layout.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		return -errno;
	*header = (struct tl_kept_header){
		.magic = TL_KEPT_MAGIC,
		.version = TL_KEPT_VERSION,
		.fingerprint = s->fingerprint,
		.ring_size = s->ring_size,
		.n_cpus = s->n_cpus,
		.n_events = s->n_events,
		.n_descriptors = l->n,
		.n_twins = (uint32_t)s->n_twins,
		.number = s->number,
		.twice = s->twice,
		.reader = (uint32_t)getpid(),
	};
	memcpy((char *)header + layout.descriptors, l->what, l->n * sizeof(l->what[0]));
	events = (void *)((char *)header + layout.events);
	for (uint32_t id = 1; id <= s->n_events; id++) {
		for (int kind = 0; kind < TL_KINDS; kind++)
			events[id].kinds[kind] = s->events[id].kinds[kind];
		events[id].absent = s->events[id].absent;
	}
	twins = (void *)((char *)header + layout.twins);
	for (size_t i = 0; i < s->n_twins; i++)
		twins[i] = (struct tl_kept_twin){ place_of(l, s->twins[i].first), place_of(l, s->twins[i].again) };
	tl_kept_put(s, (void *)((char *)header + layout.states[0]), &layout);
	*ret_fd = TAKE_FD(fd);
	*ret = header;
	return 0;
}

static int send_some(int socket, const int *fds, size_t n)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(TL_KEPT_AT_ONCE * sizeof(int))];
	} control = {};
	uint32_t data = (uint32_t)n;
	struct iovec vector = { &data, sizeof(data) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* The memory comes first, by itself. */
static int send_all(int socket, int memory, const struct list *l)
{
	int r = send_some(socket, &memory, 1);

	for (uint32_t i = 0; r >= 0 && i < l->n; i += TL_KEPT_AT_ONCE)
		r = send_some(socket, &l->fds[i], MIN(l->n - i, TL_KEPT_AT_ONCE));
	return r;
}

static int keep(struct tl_session *s, struct list *l)
{
	_cleanup_close_ int memory = -1, near = -1, far = -1;
	int pair[2], r;

	gather(s, l);
	if (l->failed)
		return -E2BIG;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	near = pair[0];
	far = pair[1];
	r = describe(s, l, &memory, &s->kept_memory);
	if (r < 0)
		return r;
	s->kept_size = tl_kept_layout(s->n_cpus, s->n_events, l->n, (uint32_t)s->n_twins).size;
	r = send_all(near, memory, l);
	if (r < 0) {
		tl_keep_close(s);
		return r;
	}
	s->kept_socket = TAKE_FD(far);
	return 0;
}

int tl_session_keep(struct tl_session *s, int *ret_fd)
{
	_cleanup_free_ struct list *l = NULL;
	int r;

	if (!s->started || s->stopped || s->predecessor || s->successor)
		return tl_fail(s, -EINVAL, "the session does not run, or takes over");
	if (s->kept_socket < 0) {
		l = calloc(1, sizeof(*l));
		r = l ? keep(s, l) : -ENOMEM;
		if (r < 0)
			return tl_fail(s, r, "cannot keep the session: %s", strerror(-r));
	}
	*ret_fd = s->kept_socket;
	return 0;
}

/* ---- The end ---- */

int tl_kept_receive(int socket, int flags, struct tl_kept_message *ret)
{
	uint32_t data;
	struct iovec vector = { &data, sizeof(data) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &ret->control,
		.msg_controllen = sizeof(ret->control),
	};
	ssize_t n = recvmsg(socket, &message, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c;

	if (n <= 0)
		return n == 0 || errno == EAGAIN ? 0 : -errno;
	c = CMSG_FIRSTHDR(&message);
	ret->rights = c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS ? c : NULL;
	ret->is_cut = message.msg_flags & MSG_CTRUNC;
	return 1;
}

void tl_kept_empty(int socket)
{
	struct tl_kept_message m;

	while (tl_kept_receive(socket, 0, &m) > 0)
		for (size_t i = 0; m.rights && i < (m.rights->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(m.rights) + i * sizeof(fd), sizeof(fd));
			close(fd);
		}
}

bool tl_is_left(const struct tl_session *s)
{
	return s->kept_socket >= 0 && !s->stopped;
}

void tl_keep_close(struct tl_session *s)
{
	/* Whoever else has the socket finds nothing in it: the hooks are let go of here and not
	 * where the last copy of it is closed, which takes long. */
	if (s->kept_socket >= 0) {
		if (s->stopped)
			tl_kept_empty(s->kept_socket);
		close(s->kept_socket);
	}
	s->kept_socket = -1;
	if (s->kept_memory)
		munmap(s->kept_memory, s->kept_size);
	s->kept_memory = NULL;
}
