/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process, its parent and its credentials decide: rendered when one of
 * them changes. A set-associative table, so that memory has a bound. */
#include <stdlib.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "users.h"

#define SETS 256 /* a power of two */
#define WAYS 4
#define LIFE_BYTES_KEPT (64U << 10) /* from one event that is not cached to the next */
#define BYTES_MAX (4U << 20) /* all fragments together; when there are more, begin anew */

struct process_key {
	const struct tl_process *process, *parent;
	uint64_t start, generation, parent_start, ancestry, users;
	uint32_t pid, uid, gid, euid, egid, loginuid;
};

struct process_slot {
	struct process_key key;
	uint64_t used; /* tick of the last use; 0: empty */
	struct tl_encode_process fragment;
};

static _Thread_local struct {
	struct process_slot *slots;
	uint64_t tick;
	size_t bytes;
	struct tl_encode_process life; /* of the last event that told of a process's life */
} cache;

static void put_member(struct tl_encode_process *f, const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	tl_put_text(&f->text, key);
	f->escaped |= tl_escape_json(&f->text, value, strlen(value));
	tl_put_char(&f->text, '"');
}

static void put_number(struct tl_encode_process *f, const char *key, uint64_t value)
{
	tl_put_text(&f->text, key);
	tl_put_u64(&f->text, value);
}

/* Bytes of the arguments that are shown; no character is divided. */
static size_t shown_args(struct tl_encode_process *f, const struct tl_process *p, bool whole)
{
	size_t n = p->args ? p->args_size : 0;

	if (whole || n <= TL_ENCODE_ARGS_MAX)
		return n;
	f->cut = true;
	for (n = TL_ENCODE_ARGS_MAX; n > TL_ENCODE_ARGS_MAX - 4 && (p->args[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

/* The string at *at of the arguments, which becomes the place of the next; NULL after the last. */
static const char *arg_at(const struct tl_process *p, size_t size, size_t *at, size_t *ret_n)
{
	const char *arg;

	if (*at >= size)
		return NULL;
	arg = p->args + *at;
	*ret_n = strnlen(arg, size - *at);
	*at += *ret_n + 1;
	return arg;
}

static void put_args(struct tl_encode_process *f, const struct tl_process *p, size_t size)
{
	const char *arg, *before = ",\"args\":[\"";
	size_t at = 0, n;

	while ((arg = arg_at(p, size, &at, &n))) {
		tl_put_text(&f->text, before);
		f->escaped |= tl_escape_json(&f->text, arg, n);
		tl_put_char(&f->text, '"');
		before = ",\"";
	}
	if (at)
		tl_put_char(&f->text, ']');
}

/* With a space between; an argument that is empty or has a space or a quote is quoted as a shell would. */
static void put_command_line(struct tl_encode_process *f, const struct tl_process *p, size_t size)
{
	const char *arg, *before = ",\"command_line\":\"";
	size_t at = 0, n;

	while ((arg = arg_at(p, size, &at, &n))) {
		tl_put_text(&f->text, before);
		before = " ";
		f->escaped |= tl_escape_json(&f->text, arg, n);
	}
	if (at)
		tl_put_char(&f->text, '"');
}

static void put_parent(struct tl_encode_process *f, const struct tl_process *p, bool whole)
{
	const struct tl_process *parent = p->parent;

	if (!parent && !p->ppid)
		return;
	put_number(f, ",\"parent\":{\"pid\":", parent ? parent->pid : p->ppid);
	if (parent) {
		put_member(f, ",\"entity_id\":\"", parent->entity_id);
		if (parent->comm[0]) {
			TL_PUT_LITERAL(&f->text, ",\"name\":\"");
			f->escaped |= tl_escape_json(&f->text, parent->comm,
						     strnlen(parent->comm, sizeof(parent->comm)));
			tl_put_char(&f->text, '"');
		}
		put_member(f, ",\"executable\":\"", parent->executable);
		put_command_line(f, parent, shown_args(f, parent, whole));
	}
	tl_put_char(&f->text, '}');
}

/* Those above the parent. */
static void put_ancestors(struct tl_encode_process *f, const struct tl_process *p, bool whole)
{
	const char *before = ",\"ancestors\":[{\"pid\":";
	unsigned n = 1;

	for (p = p->parent; p && p->parent && n < TL_ANCESTORS_MAX; p = p->parent, n++) {
		put_number(f, before, p->parent->pid);
		if (whole) {
			put_member(f, ",\"entity_id\":\"", p->parent->entity_id);
			put_member(f, ",\"executable\":\"", p->parent->executable);
		}
		before = "},{\"pid\":";
	}
	if (n > 1)
		TL_PUT_LITERAL(&f->text, "}]");
}

static void put_user_name(struct tl_encode_process *f, uint32_t uid)
{
	put_member(f, "\",\"name\":\"", tl_user_name(uid));
	if (!tl_user_name(uid) || !tl_user_name(uid)[0])
		tl_put_char(&f->text, '"');
}

static void put_user(struct tl_encode_process *f, const struct tl_event *event)
{
	put_number(f, ",\"user\":{\"id\":\"", event->uid);
	put_user_name(f, event->uid);
	put_number(f, ",\"effective\":{\"id\":\"", event->euid);
	put_user_name(f, event->euid);
	put_number(f, ",\"group\":{\"id\":\"", event->egid);
	TL_PUT_LITERAL(&f->text, "\"}}");
	if (event->loginuid != UINT32_MAX) {
		put_number(f, ",\"audit\":{\"id\":\"", event->loginuid);
		put_user_name(f, event->loginuid);
		tl_put_char(&f->text, '}');
	}
	put_number(f, "},\"group\":{\"id\":\"", event->gid);
	TL_PUT_LITERAL(&f->text, "\"}");
}

static void put_tail(struct tl_encode_process *f, const struct tl_process *p, bool whole)
{
	put_member(f, ",\"cgroup\":\"", p->cgroup);
	put_member(f, ",\"unit\":\"", p->unit);
	if (p->mntns)
		put_number(f, ",\"mntns\":", p->mntns);
	if (p->pidns)
		put_number(f, ",\"pidns\":", p->pidns);
	if (p->inner_pid && p->inner_pid != p->pid)
		put_number(f, ",\"inner_pid\":", p->inner_pid);
	put_ancestors(f, p, whole);
}

static void render_process(struct tl_encode_process *f, const struct tl_event *event, bool whole)
{
	const struct tl_process *p = event->process;
	char start[TL_TIME_SIZE];
	size_t args_size;

	f->text.size = 0;
	f->text.failed = false;
	f->escaped = f->cut = false;
	args_size = shown_args(f, p, whole);
	put_member(f, ",\"entity_id\":\"", p->entity_id);
	if (p->comm[0]) {
		TL_PUT_LITERAL(&f->text, ",\"name\":\"");
		f->escaped |= tl_escape_json(&f->text, p->comm, strnlen(p->comm, sizeof(p->comm)));
		tl_put_char(&f->text, '"');
	}
	put_member(f, ",\"executable\":\"", p->executable);
	put_args(f, p, args_size);
	put_command_line(f, p, args_size);
	put_member(f, ",\"working_directory\":\"", p->working_directory);
	if (p->start_time) {
		tl_time_text(start, p->start_time);
		TL_PUT_LITERAL(&f->text, ",\"start\":\"");
		tl_put(&f->text, start, sizeof(start));
		tl_put_char(&f->text, '"');
	}
	put_parent(f, p, whole);
	tl_put_char(&f->text, '}');
	put_user(f, event);
	if (p->container_id && p->container_id[0]) {
		put_member(f, ",\"container\":{\"id\":\"", p->container_id);
		tl_put_char(&f->text, '}');
	}
	f->head_size = f->text.size;
	put_tail(f, p, whole);
	f->tail_size = f->text.size - f->head_size;
}

static void flush_processes(void)
{
	for (size_t i = 0; cache.slots && i < SETS * WAYS; i++) {
		tl_buffer_done(&cache.slots[i].fragment.text);
		cache.slots[i].used = 0;
	}
	cache.bytes = 0;
}

/* Changes with any of them: no two changes of the table have the same number. */
static uint64_t ancestry_of(const struct tl_process *p)
{
	uint64_t ancestry = 0;

	for (unsigned n = 0; (p = p->parent) && n < TL_ANCESTORS_MAX; n++)
		ancestry = ancestry * 31 + p->generation + p->pid;
	return ancestry;
}

static void make_key(struct process_key *key, const struct tl_event *event)
{
	const struct tl_process *p = event->process, *parent = p->parent;

	key->process = p;
	key->parent = parent;
	key->start = p->start;
	key->generation = p->generation;
	key->parent_start = parent ? parent->start : 0;
	key->ancestry = ancestry_of(p);
	key->users = tl_encode_users();
	key->pid = p->pid;
	key->uid = event->uid;
	key->gid = event->gid;
	key->euid = event->euid;
	key->egid = event->egid;
	key->loginuid = event->loginuid;
}

static struct process_slot *fill_slot(struct process_slot *set, const struct process_key *key,
				      const struct tl_event *event)
{
	struct process_slot *slot = set;

	for (size_t i = 1; i < WAYS; i++)
		if (set[i].used < slot->used)
			slot = &set[i];
	if (cache.bytes > BYTES_MAX)
		flush_processes();
	cache.bytes -= slot->fragment.text.capacity;
	slot->used = 0;
	render_process(&slot->fragment, event, false);
	cache.bytes += slot->fragment.text.capacity;
	if (slot->fragment.text.failed)
		return NULL;
	slot->key = *key;
	return slot;
}

static bool is_of_life(const struct tl_event *event)
{
	return event->kind == TL_EVENT_EXEC || event->kind == TL_EVENT_FORK || event->kind == TL_EVENT_EXIT;
}

/* A process has few of these, and each may be large: none is kept. */
static const struct tl_encode_process *render_life(const struct tl_event *event)
{
	if (cache.life.text.capacity > LIFE_BYTES_KEPT)
		tl_buffer_done(&cache.life.text);
	render_process(&cache.life, event, true);
	return cache.life.text.failed ? NULL : &cache.life;
}

const struct tl_encode_process *tl_encode_process_get(const struct tl_event *event)
{
	uint64_t hash = (event->process->pid ^ event->process->start) * 0x9e3779b97f4a7c15ULL;
	struct process_slot *set, *slot = NULL;
	struct process_key key;

	if (is_of_life(event))
		return render_life(event);
	if (!cache.slots)
		cache.slots = calloc(SETS * WAYS, sizeof(*cache.slots));
	if (!cache.slots)
		return NULL;
	make_key(&key, event);
	set = &cache.slots[(hash >> 40) % SETS * WAYS];
	for (size_t i = 0; i < WAYS && !slot; i++)
		if (set[i].used && !memcmp(&set[i].key, &key, sizeof(key)))
			slot = &set[i];
	if (!slot)
		slot = fill_slot(set, &key, event);
	if (!slot)
		return NULL;
	slot->used = ++cache.tick;
	return &slot->fragment;
}

void tl_encode_processes_done(void)
{
	flush_processes();
	free(cache.slots);
	tl_buffer_done(&cache.life.text);
	memset(&cache, 0, sizeof(cache));
}
