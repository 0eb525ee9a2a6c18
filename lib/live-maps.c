// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live-maps.h"

#include <stdlib.h>
#include <string.h>

#include "fnv.h"
#include "map-content.h"
#include "util.h"
#include "word-sets.h"

struct entry {
	uint64_t key, hash; /* of the value */
	uint32_t at; /* in what was read */
};

struct entries {
	struct entry *entry; /* by key */
	size_t n, allocated;
};

struct live_map {
	const char *name;
	/* Whether the kernel part would have made that entry, and whether it would have removed one. */
	bool (*is_right)(struct tl_session *s, uint64_t key, const void *value);
	bool (*may_be_gone)(struct tl_session *s, uint64_t key);
	bool (*is_ready)(const void *value); /* NULL: all are */
	bool changes; /* values do, as long as they are right */
};

static bool cgroup_is_right(struct tl_session *s, uint64_t id, const void *value)
{
	return tl_targets_cgroup_is(s, id, value);
}

static bool cgroup_may_be_gone(struct tl_session *s, uint64_t id)
{
	return !tl_cgroups_exists(s->cgroups, id);
}

static bool set_is_right(struct tl_session *s, uint64_t hash, const void *value)
{
	return tl_set_is(s, hash, value);
}

static bool set_may_be_gone(struct tl_session *s, uint64_t hash)
{
	(void)s;
	(void)hash;
	return false;
}

static bool set_is_ready(const void *value)
{
	const struct tl_set *set = value;

	return set->ready;
}

enum {
	CGROUPS,
	SETS,
	LIVE_MAPS
};

static const struct live_map live_maps[LIVE_MAPS] = {
	[CGROUPS] = { .name = "cgroups", .is_right = cgroup_is_right, .may_be_gone = cgroup_may_be_gone },
	[SETS] = { .name = "sets",
		   .is_right = set_is_right,
		   .may_be_gone = set_may_be_gone,
		   .is_ready = set_is_ready,
		   .changes = true },
};

struct tl_live_maps {
	struct entries known[LIVE_MAPS];
	bool is_noted; /* control groups are known */
};

/* ---- Entries ---- */

static int add(struct entries *e, const struct entry *entry)
{
	if (tl_array_grow(&e->entry, &e->allocated, e->n + 1, sizeof(*e->entry)) < 0)
		return -ENOMEM;
	e->entry[e->n++] = *entry;
	return 0;
}

static void entries_done(struct entries *e)
{
	free(e->entry);
	*e = (struct entries){};
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* What is there now. */
static int list(const struct live_map *map, const struct tl_map_content *content, struct entries *ret)
{
	int r = 0;

	for (uint32_t i = 0; i < content->n && r >= 0; i++) {
		const void *value = tl_map_value(content, i);
		struct entry entry = { .at = i };

		if (map->is_ready && !map->is_ready(value))
			continue;
		memcpy(&entry.key, tl_map_key(content, i), sizeof(entry.key));
		entry.hash = tl_fnv1a(TL_FNV_BASIS, value, content->value_size);
		r = add(ret, &entry);
	}
	if (ret->n)
		qsort(ret->entry, ret->n, sizeof(*ret->entry), by_key);
	return r;
}

/* ---- Looking ---- */

struct look {
	struct tl_session *s;
	const struct live_map *map;
	const struct tl_map_content *content;
	bool is_first; /* what is there is right */
	bool is_wrong;
	struct entries next; /* what is to be there from now on */
};

/* before, now: NULL: it was not there, or is not. */
static int compare(struct look *l, const struct entry *before, const struct entry *now)
{
	bool is_right;

	if (!now)
		is_right = l->map->may_be_gone(l->s, before->key);
	else if (before && !l->map->changes)
		is_right = now->hash == before->hash;
	else
		is_right = l->is_first || l->map->is_right(l->s, now->key, tl_map_value(l->content, now->at));
	l->is_wrong |= !is_right;
	if (is_right)
		return now ? add(&l->next, now) : 0;
	return before ? add(&l->next, before) : 0; /* until it is as it was */
}

static int compare_all(struct look *l, const struct entries *before, const struct entries *now)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r >= 0 && (i < before->n || j < now->n)) {
		const struct entry *old = i < before->n ? &before->entry[i] : NULL;
		const struct entry *new = j < now->n ? &now->entry[j] : NULL;

		if (old && new && old->key != new->key)
			*(old->key < new->key ? &new : &old) = NULL;
		i += !!old;
		j += !!new;
		r = compare(l, old, new);
	}
	return r;
}

/* Negative: nothing is known. */
static int look(struct tl_live_maps *m, struct tl_session *s, int which, bool *ret_wrong)
{
	_cleanup_(tl_map_content_done) struct tl_map_content content = {};
	_cleanup_(entries_done) struct entries now = {};
	struct look l = {
		.s = s,
		.map = &live_maps[which],
		.content = &content,
		.is_first = which == CGROUPS && !m->is_noted && !s->adopted,
	};
	int r = tl_map_content_read(tl_map_fd(s, l.map->name), &content);

	if (r >= 0)
		r = list(l.map, &content, &now);
	if (r >= 0)
		r = compare_all(&l, &m->known[which], &now);
	if (r < 0) {
		entries_done(&l.next);
		return r;
	}
	entries_done(&m->known[which]);
	m->known[which] = l.next;
	*ret_wrong = l.is_wrong;
	return 0;
}

/* What was under way at the first look has been done at the second. */
static bool is_wrong(struct tl_live_maps *m, struct tl_session *s, int which)
{
	bool wrong = false;

	return look(m, s, which, &wrong) >= 0 && wrong && look(m, s, which, &wrong) >= 0 && wrong;
}

void tl_live_maps_check(struct tl_live_maps *m, struct tl_session *s, tl_damage_callback callback, void *userdata)
{
	for (int which = 0; which < LIVE_MAPS; which++)
		if (is_wrong(m, s, which))
			callback(TL_DAMAGE_MAP, live_maps[which].name, userdata);
}

/* ---- Life ---- */

struct tl_live_maps *tl_live_maps_free(struct tl_live_maps *m)
{
	if (!m)
		return NULL;
	for (int which = 0; which < LIVE_MAPS; which++)
		entries_done(&m->known[which]);
	free(m);
	return NULL;
}

struct tl_live_maps *tl_live_maps_new(struct tl_session *s)
{
	struct tl_live_maps *m = calloc(1, sizeof(*m));
	bool wrong;

	if (!m || look(m, s, CGROUPS, &wrong) < 0)
		return tl_live_maps_free(m);
	m->is_noted = true;
	return m;
}
