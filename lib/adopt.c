/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See kept.h: how a session is taken up that another process has kept. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kept.h"
#include "util.h"

struct kept {
	int *fds; /* n of them; -1: somebody else's by now */
	size_t n;
	struct tl_kept_header *header;
	size_t size;
	struct tl_kept_layout layout;
};

static void kept_done(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->fds[i] >= 0)
			close(k->fds[i]);
	free(k->fds);
	if (k->header)
		munmap(k->header, k->size);
}

/* ---- Copies of the descriptors ---- */

static int add_fds(struct kept *k, const struct cmsghdr *c)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int *grown = reallocarray(k->fds, k->n + n, sizeof(int));

	if (!grown)
		return -ENOMEM;
	k->fds = grown;
	memcpy(&k->fds[k->n], CMSG_DATA(c), n * sizeof(int));
	k->n += n;
	return 0;
}

static void close_fds(const struct cmsghdr *c)
{
	const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		close(fd);
	}
}

/* 0: there is no further message. */
static int receive_some(struct kept *k, int socket)
{
	struct tl_kept_message m;
	int r = tl_kept_receive(socket, MSG_PEEK, &m);

	if (r <= 0)
		return r;
	if (!m.rights)
		return -EBADMSG;
	/* Fewer than there are come where there is no room for more. */
	r = add_fds(k, m.rights);
	if (r < 0)
		close_fds(m.rights);
	return r < 0 ? r : m.is_cut ? -EMFILE : 1;
}

static int receive_all(struct kept *k, int socket)
{
	int begin = 0, r;

	if (setsockopt(socket, SOL_SOCKET, SO_PEEK_OFF, &begin, sizeof(begin)) < 0)
		return -errno;
	do
		r = receive_some(k, socket);
	while (r > 0 && k->n <= TL_KEPT_DESCRIPTORS_MAX);
	return r < 0 ? r : k->n ? 0 : -ENOENT;
}

static int map_description(struct kept *k)
{
	struct tl_kept_header *h;
	struct stat facts;

	if (fstat(k->fds[0], &facts) < 0)
		return -errno;
	if (!S_ISREG(facts.st_mode) || facts.st_size < (off_t)sizeof(*h))
		return -EBADMSG;
	k->size = (size_t)facts.st_size;
	h = mmap(NULL, k->size, PROT_READ | PROT_WRITE, MAP_SHARED, k->fds[0], 0);
	if (h == MAP_FAILED)
		return -errno;
	k->header = h;
	if (h->magic != TL_KEPT_MAGIC)
		return -EBADMSG;
	return h->version == TL_KEPT_VERSION ? 0 : -ESTALE;
}

static int read_description(struct kept *k)
{
	const struct tl_kept_header *h;
	int r = map_description(k);

	if (r < 0)
		return r;
	h = k->header;
	if (h->n_events >= TL_EVENTS_MAX || h->n_descriptors != k->n - 1 || h->n_twins > h->n_descriptors ||
	    h->n_cpus > UINT16_MAX || h->current > 1)
		return -EBADMSG;
	k->layout = tl_kept_layout(h->n_cpus, h->n_events, h->n_descriptors, h->n_twins);
	return k->layout.size == k->size ? 0 : -EBADMSG;
}

static int open_kept(struct kept *k, int socket)
{
	int r = receive_all(k, socket);

	return r < 0 ? r : read_description(k);
}

static bool is_tried_too_often(struct kept *k)
{
	return k->header->attempts++ >= TL_KEPT_ATTEMPTS;
}

/* Who has no room for all descriptors has the first one, of the description, and is counted there. */
static bool misses_descriptors_too_often(struct kept *k)
{
	return k->n && map_description(k) >= 0 && is_tried_too_often(k);
}

static const struct tl_kept_descriptor *what_is(const struct kept *k, size_t i)
{
	return (const struct tl_kept_descriptor *)((const char *)k->header + k->layout.descriptors) + i;
}

/* ---- Into the session ---- */

/* One that is the session's from now on. */
static int append(int **fds, size_t *n, int fd)
{
	int *grown = reallocarray(*fds, *n + 1, sizeof(int));

	if (!grown)
		return -ENOMEM;
	*fds = grown;
	grown[(*n)++] = fd;
	return 0;
}

static int reuse_map(struct tl_session *s, uint32_t index, int fd)
{
	struct bpf_map *map;
	uint32_t i = 0;

	bpf_object__for_each_map(map, s->object) if (i++ == index) return bpf_map__reuse_fd(map, fd); /* a copy of it */
	return -EBADMSG;
}

static int take_descriptor(struct tl_session *s, const struct tl_kept_descriptor *d, int *fd)
{
	int r = -EBADMSG;

	switch (d->what) {
	case TL_KEPT_MAP:
		return reuse_map(s, d->index, *fd);
	case TL_KEPT_PROGRAM:
		if (d->index >= s->n_adopted)
			return -EBADMSG;
		s->adopted[d->index] = TAKE_FD(*fd);
		return 0;
	case TL_KEPT_ARRAY:
		if (d->index >= TL_KINDS)
			return -EBADMSG;
		s->programs[d->index] = TAKE_FD(*fd);
		return 0;
	case TL_KEPT_TALLY:
		if (d->index >= TL_TALLY_TABLES)
			return -EBADMSG;
		s->tallies.tables[d->index] = TAKE_FD(*fd);
		return 0;
	case TL_KEPT_COPY:
		r = append(&s->loaded_programs, &s->n_loaded_programs, *fd);
		break;
	case TL_KEPT_LINK:
		r = append(&s->links, &s->n_links, *fd);
		break;
	}
	if (r >= 0)
		TAKE_FD(*fd);
	return r;
}

static int prepare_programs(struct tl_session *s)
{
	struct bpf_program *program;
	size_t n = 0;

	bpf_object__for_each_program(program, s->object) n++;
	s->adopted = calloc(n + 1, sizeof(int));
	if (!s->adopted)
		return -ENOMEM;
	s->n_adopted = n;
	memset(s->adopted, 0xff, n * sizeof(int)); /* -1 each */
	return 0;
}

/* Which of the programs of the kernel part there are. */
static void choose_programs(struct tl_session *s)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, s->object)
		bpf_program__set_autoload(program, tl_program_fd_of(s, program) >= 0);
}

static int take_twins(struct tl_session *s, const struct kept *k, const int *fds)
{
	const struct tl_kept_twin *twins = (const void *)((const char *)k->header + k->layout.twins);
	uint32_t n = k->header->n_twins;

	s->twins = calloc(n + 1, sizeof(*s->twins));
	if (!s->twins)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (twins[i].first >= k->header->n_descriptors || twins[i].again >= k->header->n_descriptors)
			return -EBADMSG;
		s->twins[s->n_twins++] = (struct tl_twin){ fds[twins[i].first], fds[twins[i].again] };
	}
	return 0;
}

static int take_descriptors(struct tl_session *s, struct kept *k)
{
	_cleanup_free_ int *fds = calloc(k->n, sizeof(int));
	int r = prepare_programs(s);

	if (!fds || r < 0)
		return -ENOMEM;
	memcpy(fds, k->fds + 1, (k->n - 1) * sizeof(int));
	for (size_t i = 0; r >= 0 && i + 1 < k->n; i++)
		r = take_descriptor(s, what_is(k, i), &k->fds[i + 1]);
	if (r < 0)
		return r;
	choose_programs(s);
	return take_twins(s, k, fds);
}

static void take_events(struct tl_session *s, const struct kept *k)
{
	const struct tl_kept_event *events = (const void *)((const char *)k->header + k->layout.events);

	for (uint32_t id = 1; id <= s->n_events; id++) {
		for (int kind = 0; kind < TL_KINDS; kind++)
			s->events[id].kinds[kind] = events[id].kinds[kind];
		s->events[id].absent = events[id].absent;
	}
	for (int kind = 0; kind < TL_KINDS; kind++)
		s->programs[kind] = tl_programs_are_originals(kind) ? -2 : -1;
}

/* What the one before knew when it last knew that all was well. */
static void go_on_reading(struct tl_session *s, struct kept *k)
{
	tl_kept_get(s, (const void *)((const char *)k->header + k->layout.states[k->header->current]), &k->layout);
	s->adopted_at = s->position;
	tl_processes_set_clock(s->processes, s->realtime_offset);
	tl_ring_release(s, tl_ring_held(s));
	s->kept_size = k->size;
	s->kept_memory = TAKE_PTR(k->header);
}

/* /proc says what a process is now, and in the ring it may still be something else. */
static int forget_program(struct tl_session *s, const struct tl_record *record, size_t size)
{
	char comm[TL_COMM_LEN + 1] = "";

	if (size < sizeof(*record) || record->kind != TL_RECORD_EXEC)
		return 0;
	return tl_processes_set_unknown(s->processes, record->pid, record->start, comm);
}

/* Whom it follows, and what the kernel part has counted. */
static int go_on_following(struct tl_session *s)
{
	const uint64_t n_cgroups_refused = s->n_cgroups_refused;
	int r;

	if ((r = tl_ring_look(s, forget_program)) < 0 || (r = tl_targets_adopt(s, &s->kept_memory->reader)) < 0)
		return r;
	s->n_cgroups_refused = n_cgroups_refused; /* it has found them again */
	return tl_tallies_adopt(s);
}

/* 1: it was about to give way to another, which has ended with its process. */
static int adopt(struct tl_session *s, struct kept *k)
{
	int r = tl_targets_plan(s);

	if (r < 0)
		return r;
	s->number = k->header->number;
	s->twice = k->header->twice;
	s->ring_size = k->header->ring_size;
	take_events(s, k);
	if ((r = take_descriptors(s, k)) < 0 || (r = tl_kernel_map(s)) < 0 || (r = tl_ring_open(s)) < 0 ||
	    (r = tl_takeover_open_gate(s)) < 0)
		return r;
	/* Whoever tries again, if this process fails or is killed, is to say so, too. */
	k->header->has_gap |= __atomic_load_n(&s->config->telling, __ATOMIC_SEQ_CST) != TL_TELLS_ALL;
	__atomic_store_n(&s->config->telling, TL_TELLS_ALL, __ATOMIC_SEQ_CST);
	free(s->filters);
	s->filters = NULL;
	go_on_reading(s, k);
	r = go_on_following(s);
	return r < 0 ? r : (int)s->kept_memory->has_gap;
}

/* Who frees it leaves what is kept as it is: another may go on with it. */
static void unmap_state(struct tl_session *s)
{
	if (s->kept_memory)
		munmap(s->kept_memory, s->kept_size);
	s->kept_memory = NULL;
}

static int fail_for_good(struct tl_session *s)
{
	return tl_fail(s, -ESTALE, "%d processes that went on with what is kept have ended before they got on",
		       TL_KEPT_ATTEMPTS);
}

int tl_session_adopt(struct tl_session *s, int socket)
{
	_cleanup_(kept_done) struct kept k = {};
	int r;

	if (s->started || s->predecessor)
		return tl_fail(s, -EBUSY, "started already, or to take over");
	r = open_kept(&k, socket);
	if (r == -EMFILE && misses_descriptors_too_often(&k))
		return fail_for_good(s);
	if (r < 0)
		return tl_fail(s, r, "what is kept cannot be used: %s",
			       r == -ESTALE ? "another version has kept it, in another way" : strerror(-r));
	s->fingerprint = tl_fingerprint(s);
	if (k.header->fingerprint != s->fingerprint || k.header->n_events != s->n_events ||
	    k.header->n_cpus != s->n_cpus)
		return tl_fail(s, -ESTALE,
			       "what is kept is another session: made by another version or for other rules");
	if (is_tried_too_often(&k))
		return fail_for_good(s);
	s->kept_socket = fcntl(socket, F_DUPFD_CLOEXEC, 3);
	if (s->kept_socket < 0)
		return tl_fail(s, -errno, "no descriptor is left");
	r = adopt(s, &k);
	if (r < 0) {
		unmap_state(s);
		return s->error[0] ? r : tl_fail(s, r, "what is kept cannot be used: %s", strerror(-r));
	}
	s->started = true;
	return r;
}

int tl_session_read_note(int socket, void *ret)
{
	_cleanup_(kept_done) struct kept k = {};
	int r = open_kept(&k, socket);

	if (r >= 0)
		memcpy(ret, k.header->note, TL_SESSION_NOTE_SIZE);
	return r;
}

/* ---- Or to the end ---- */

static void empty_array(int fd)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || info.type != BPF_MAP_TYPE_PROG_ARRAY)
		return;
	tl_program_array_empty(fd, info.max_entries);
}

int tl_session_discard(int socket)
{
	_cleanup_(kept_done) struct kept k = {};
	int r = receive_all(&k, socket);

	/* Programs that are in arrays which they refer to would stay for ever. */
	for (size_t i = 0; i < k.n; i++)
		empty_array(k.fds[i]);
	tl_kept_empty(socket);
	return r == -ENOENT ? 0 : r;
}
