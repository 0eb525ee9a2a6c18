// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events that the kernel part counts: see bpf/tally.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"
#include "tally.h"
#include "util.h"

#define BATCH 64 /* tallies that are fetched at a time */

bool tl_event_type_countable(const struct tl_event_type *type, bool objects)
{
	uint32_t never = TL_TYPE_EXEC | TL_TYPE_RETURNS_TWICE | TL_TYPE_NO_RETURN | TL_TYPE_IDENTITY;
	enum tl_path_source from = tl_object_source(type);

	if (!tl_event_type_filterable(type) || type->flags & never)
		return false;
	if (!objects)
		return true;
	if (type->target_from || type->flags & TL_TYPE_ENTRY)
		return false;
	return from == TL_FROM_RET || (from == TL_FROM_FD && (type->path_fd == 1 || type->flags & TL_TYPE_SOCKET));
}

int tl_session_set_counted(struct tl_session *s, const char *event, bool objects)
{
	struct tl_loaded *loaded = tl_wanted_event(s, event);

	if (s->started)
		return tl_fail(s, -EBUSY, "what is counted is said before the start");
	if (!loaded)
		return tl_fail(s, -ENOENT, "nobody asked for event %s", event);
	if (!tl_event_type_countable(&loaded->type, objects) || (objects && s->options.no_objects))
		return tl_fail(s, -EOPNOTSUPP, "events %s cannot be counted by the kernel part", event);
	loaded->tally = TL_TALLY_EVENTS | (objects ? TL_TALLY_OBJECTS : 0) |
			(loaded->type.flags & TL_TYPE_RETURNS_BYTES ? TL_TALLY_BYTES : 0);
	return 0;
}

/* ---- Tables ---- */

bool tl_tallies_wanted(const struct tl_session *s)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (s->events[id].tally)
			return true;
	return false;
}

int tl_tallies_choose(struct tl_session *s)
{
	bool wanted = tl_tallies_wanted(s);

	tl_choose_program(s, "tl_tally_begin", wanted);
	if (!wanted)
		bpf_map__set_autocreate(bpf_object__find_map_by_name(s->object, "tallies"), false);
	return tl_set_constant(s, "counts", &wanted, sizeof(wanted));
}

/* Puts table number `at` into use; returns when nobody uses another one any more: that is
 * what the kernel waits for when such a place changes hands. */
static int use_table(struct tl_session *s, unsigned at)
{
	static const struct tl_tally_key nothing;
	static const struct tl_tally not_full;
	uint32_t zero = 0;

	/* Without room for it there is none for others: these are told all the same. */
	bpf_map_update_elem(s->tallies.tables[at], &nothing, &not_full, BPF_NOEXIST);
	if (bpf_map_update_elem(tl_map_fd(s, "tallies"), &zero, &s->tallies.tables[at], BPF_ANY) < 0)
		return tl_fail(s, -errno, "cannot use a table of counts: %s", strerror(errno));
	s->tallies.used = at;
	return 0;
}

/* From now on no table is used: each event is told. */
static int use_none(struct tl_session *s)
{
	uint32_t zero = 0;

	if (bpf_map_delete_elem(tl_map_fd(s, "tallies"), &zero) < 0 && errno != ENOENT)
		return tl_fail(s, -errno, "cannot stop counting: %s", strerror(errno));
	s->tallies.paused = true;
	return 0;
}

/* The counts of the table in use become final. */
static int begin_collecting(struct tl_session *s, bool pause)
{
	int r = pause ? use_none(s) : use_table(s, !s->tallies.used);

	if (r < 0)
		return r;
	/* The records that say what the counts are of are in the ring by now. */
	s->tallies.end = __atomic_load_n((unsigned long *)s->producer, __ATOMIC_ACQUIRE);
	s->tallies.collecting = true;
	return 0;
}

int tl_tallies_install(struct tl_session *s)
{
	for (unsigned i = 0; i < ARRAY_SIZE(s->tallies.tables) && tl_tallies_wanted(s); i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "tally", sizeof(struct tl_tally_key),
					sizeof(struct tl_tally), TL_TALLIES_MAX, NULL);

		if (fd < 0)
			return tl_fail(s, fd, "cannot make a table of counts: %s", strerror(-fd));
		s->tallies.tables[i] = fd;
	}
	for (uint32_t id = 1; id <= s->n_events; id++)
		s->config->plan[id].tally = s->events[id].tally;
	return s->tallies.tables[0] ? use_table(s, 0) : 0;
}

/* Whether a table is in use, and the other one has nothing in it. */
static bool find_used(struct tl_session *s)
{
	uint32_t zero = 0, used = 0, size = sizeof(struct bpf_map_info);
	struct bpf_map_info info = {};
	struct tl_tally_key key;

	if (bpf_map_lookup_elem(tl_map_fd(s, "tallies"), &zero, &used) < 0 ||
	    bpf_obj_get_info_by_fd(s->tallies.tables[1], &info, &size) < 0)
		return false;
	s->tallies.used = info.id == used;
	return bpf_map_get_next_key(s->tallies.tables[!s->tallies.used], NULL, &key) < 0 && errno == ENOENT;
}

int tl_tallies_adopt(struct tl_session *s)
{
	int r;

	if (!tl_tallies_wanted(s))
		return 0;
	if (!s->tallies.tables[0] || !s->tallies.tables[1])
		return -EBADMSG;
	if (find_used(s)) {
		s->tallies.again = true;
		return begin_collecting(s, false);
	}
	r = begin_collecting(s, true);
	s->tallies.adopted = r >= 0;
	return r;
}

void tl_tallies_close(struct tl_session *s)
{
	for (unsigned i = 0; i < ARRAY_SIZE(s->tallies.tables); i++)
		if (s->tallies.tables[i])
			close(s->tallies.tables[i]);
	s->tallies = (struct tl_tallies){ 0 };
}

/* ---- Collecting ---- */

struct collection {
	struct tl_session *session;
	tl_count_callback callback;
	void *userdata;
	int error; /* the first one */
};

static void hand_on(struct collection *c, const struct tl_tally *tally)
{
	struct tl_session *s = c->session;
	struct tl_loaded *loaded = &s->events[tally->event < TL_EVENTS_MAX ? tally->event : 0];
	const struct tl_count count = {
		.type = &loaded->type,
		.cpu = tally->cpu,
		.seq = tally->seq,
		.events = tally->events,
		.bytes = tally->bytes,
		.last = tally->last + (uint64_t)s->realtime_offset,
	};
	int r, fate;

	if (!tally->events)
		return;
	r = c->callback ? c->callback(&count, c->userdata) : TL_FATE_AGGREGATED;
	fate = r < 0 || r >= TL_FATES ? TL_FATE_LOST : r;
	loaded->tallied[fate] += tally->events;
	if (fate == TL_FATE_LOST)
		fate = tl_ring_declare_counted(s, tally->cpu, tally->last, tally->events);
	if (!c->error)
		c->error = MIN(MIN(r, fate), 0);
}

/* Takes everything out of a table that nobody writes to. */
static int empty_table(struct collection *c, int fd)
{
	_cleanup_free_ struct tl_tally_key *keys = calloc(BATCH, sizeof(*keys));
	_cleanup_free_ struct tl_tally *tallies = calloc(BATCH, sizeof(*tallies));
	uint64_t in = 0, out = 0; /* where it stands: the kernel's */
	bool is_first = true;
	int r;

	if (!keys || !tallies)
		return -ENOMEM;
	do {
		uint32_t n = BATCH;

		r = bpf_map_lookup_and_delete_batch(fd, is_first ? NULL : &in, &out, keys, tallies, &n, NULL) < 0 ?
			    -errno :
			    0;
		if (r < 0 && r != -ENOENT)
			return r;
		for (uint32_t i = 0; i < n; i++)
			hand_on(c, &tallies[i]);
		in = out;
		is_first = false;
	} while (r == 0);
	return 0;
}

int tl_session_leave_counts(struct tl_session *s)
{
	unsigned long from;
	int r;

	if (!s->started || s->predecessor || !s->tallies.tables[0] || s->tallies.left)
		return 0;
	if (s->tallies.collecting)
		return tl_fail(s, -EBUSY, "counts are being collected");
	/* Programs that have put records before that place have ended when the table is changed: what they are the
	 * first of is in the table that this process reads. */
	from = __atomic_load_n((unsigned long *)s->producer, __ATOMIC_ACQUIRE);
	r = use_table(s, s->tallies.used);
	if (r >= 0)
		r = begin_collecting(s, false);
	if (r < 0)
		return r;
	s->tallies.left = s->holds = true;
	s->held = from;
	return 0;
}

bool tl_session_collects(const struct tl_session *s)
{
	return s->tallies.collecting;
}

static int finish_collecting(struct collection *c)
{
	struct tl_tallies *t = &c->session->tallies;
	int r;

	t->collecting = false;
	r = empty_table(c, t->tables[t->paused ? t->used : !t->used]);
	if (t->adopted && r >= 0) {
		t->adopted = t->paused = false;
		r = empty_table(c, t->tables[!t->used]);
		if (r >= 0 && !c->session->stopped)
			r = use_table(c->session, 0);
	}
	return r < 0 ? tl_fail(c->session, r, "cannot read a table of counts: %s", strerror(-r)) : c->error;
}

int tl_session_collect(struct tl_session *s, tl_count_callback callback, void *userdata)
{
	struct collection c = { .session = s, .callback = callback, .userdata = userdata };
	struct tl_tallies *t = &s->tallies;
	bool is_under_way = t->collecting;
	int r;

	if (!s->started || s->predecessor || !t->tables[0])
		return 0;
	if ((t->paused || t->left) && !t->collecting)
		return 0;
	if (!is_under_way && (r = begin_collecting(s, false)) < 0)
		return r;
	if (!s->stopped && s->position < t->end)
		return 1;
	r = finish_collecting(&c);
	if (r < 0 || !is_under_way || t->paused || !(s->stopped || t->again))
		return r;
	/* It is stopped in between, or was adopted: there are those of the other table, too. */
	t->again = false;
	r = begin_collecting(s, false);
	return r < 0 ? r : s->stopped ? finish_collecting(&c) : 1;
}
