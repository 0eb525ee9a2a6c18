/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "users.h"

#define TYPE_SLOTS_FIRST 64
#define PROCESS_SETS 256 /* a power of two */
#define PROCESS_WAYS 4
#define PROCESS_BYTES_MAX (4U << 20) /* all fragments together; a flush when there are more */

struct process_key {
	const struct tl_process *process, *parent;
	uint64_t start, generation, parent_start, parent_generation, users;
	uint32_t pid, uid, gid, euid, loginuid, pad;
};

struct process_slot {
	struct process_key key;
	uint64_t used; /* tick of the last use; 0: empty */
	struct tl_encode_process fragment;
};

struct type_slot {
	const struct tl_event_type *type;
	struct tl_encode_type *cached;
};

static _Thread_local struct {
	struct type_slot *types;
	size_t n_types, type_slots; /* slots: a power of two */
	struct process_slot *processes;
	uint64_t tick;
	size_t process_bytes;
	uint64_t second; /* of `clock` */
	uint64_t users;
	char clock[20]; /* 2026-11-26T04:00:00. */
	struct tl_buffer host;
	struct tl_buffer scratch;
} cache;

/* ---- Time ---- */

/* Civil date of days since 1970: see "chrono-Compatible Low-Level Date Algorithms". */
static void write_second(char *p, uint64_t second)
{
	uint64_t z = second / 86400 + 719468, rest = second % 86400;
	uint64_t era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (uint32_t)((5 * doy + 2) / 153);
	uint32_t day = (uint32_t)doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = (uint32_t)(yoe + era * 400 + (month <= 2));

	p = tl_w_pair(p, year / 100 % 100);
	p = tl_w_pair(p, year % 100);
	*p++ = '-';
	p = tl_w_pair(p, month);
	*p++ = '-';
	p = tl_w_pair(p, day);
	*p++ = 'T';
	p = tl_w_pair(p, (uint32_t)(rest / 3600));
	*p++ = ':';
	p = tl_w_pair(p, (uint32_t)(rest / 60 % 60));
	*p++ = ':';
	p = tl_w_pair(p, (uint32_t)(rest % 60));
	*p = '.';
}

char *tl_encode_time(char *p, uint64_t ns)
{
	uint64_t second = ns / 1000000000;
	uint32_t rest = (uint32_t)(ns % 1000000000);

	if (second != cache.second || !cache.clock[0]) {
		write_second(cache.clock, second);
		cache.second = second;
		cache.users = tl_users_check();
	}
	p = tl_w_bytes(p, cache.clock, sizeof(cache.clock));
	*p++ = (char)('0' + rest / 100000000);
	rest %= 100000000;
	p = tl_w_pair(p, rest / 1000000);
	p = tl_w_pair(p, rest / 10000 % 100);
	p = tl_w_pair(p, rest / 100 % 100);
	p = tl_w_pair(p, rest % 100);
	*p++ = 'Z';
	return p;
}

void tl_time_text(char ret[TL_TIME_SIZE], uint64_t ns)
{
	tl_encode_time(ret, ns);
}

/* ---- Event types ---- */

static bool has_group(const struct tl_event_type *type, const char *group)
{
	size_t n = strlen(group);

	for (const char *p = type->groups; (p = strstr(p, group)); p += n)
		if ((p == type->groups || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static const char *category_of(const struct tl_event_type *type)
{
	static const struct {
		const char *group, *category;
	} by_group[] = {
		{ "module", "driver" },	 { "network", "network" }, { "exec", "process" }, { "process", "process" },
		{ "signal", "process" }, { "priv", "process" },	   { "mount", "configuration" }, { "file", "file" },
	};

	if (type->class == TL_CLASS_RECORD)
		return "host";
	if (type->class == TL_CLASS_NETWORK)
		return "network";
	if (type->class == TL_CLASS_PROCESS)
		return "process";
	for (size_t i = 0; i < sizeof(by_group) / sizeof(by_group[0]); i++)
		if (has_group(type, by_group[i].group))
			return by_group[i].category;
	return "api";
}

/* The inside of event.type's array. */
static const char *type_of(const struct tl_event_type *type, const char *category)
{
	/* By category and how the name begins; the first that fits. */
	static const struct {
		const char *category, *name, *type;
	} rules[] = {
		{ "file", "creat", "\"creation\"" },	   { "file", "mk", "\"creation\"" },
		{ "file", "symlink", "\"creation\"" },	   { "file", "link", "\"creation\"" },
		{ "file", "unlink", "\"deletion\"" },	   { "file", "rmdir", "\"deletion\"" },
		{ "file", "rename", "\"change\"" },	   { "file", "chmod", "\"change\"" },
		{ "file", "fchmod", "\"change\"" },	   { "file", "chown", "\"change\"" },
		{ "file", "fchown", "\"change\"" },	   { "file", "lchown", "\"change\"" },
		{ "file", "truncate", "\"change\"" },	   { "file", "ftruncate", "\"change\"" },
		{ "file", "fallocate", "\"change\"" },	   { "file", "write", "\"change\"" },
		{ "file", "pwrite", "\"change\"" },	   { "file", "copy_file_range", "\"change\"" },
		{ "file", "set", "\"change\"" },	   { "file", "lset", "\"change\"" },
		{ "file", "fset", "\"change\"" },	   { "file", "remove", "\"change\"" },
		{ "file", "lremove", "\"change\"" },	   { "file", "fremove", "\"change\"" },
		{ "file", "utime", "\"change\"" },	   { "file", "futime", "\"change\"" },
		{ "file", "", "\"access\"" },		   { "network", "connect", "\"connection\",\"start\"" },
		{ "network", "accept", "\"connection\",\"start\"" }, { "network", "close", "\"connection\",\"end\"" },
		{ "network", "shutdown", "\"connection\",\"end\"" }, { "network", "", "\"info\"" },
		{ "process", "exec", "\"start\"" },	   { "process", "fork", "\"start\"" },
		{ "process", "vfork", "\"start\"" },	   { "process", "clone", "\"start\"" },
		{ "process", "exit", "\"end\"" },	   { "process", "ptrace", "\"access\"" },
		{ "process", "process_vm", "\"access\"" }, { "process", "set", "\"change\"" },
		{ "process", "cap", "\"change\"" },	   { "process", "prctl", "\"change\"" },
		{ "process", "unshare", "\"change\"" },	   { "process", "", "\"info\"" },
		{ "driver", "delete", "\"end\"" },	   { "driver", "", "\"start\"" },
		{ "configuration", "", "\"change\"" },	   { "", "", "\"info\"" },
	};
	size_t i = 0;

	while ((rules[i].category[0] && strcmp(rules[i].category, category)) ||
	       strncmp(type->name, rules[i].name, strlen(rules[i].name)))
		i++;
	return rules[i].type;
}

static enum tl_encode_form form_of(const struct tl_arg_type *arg, struct tl_number number,
				   const struct tl_decoder *decoder)
{
	if (arg->position < 1 || arg->position > TL_ARGS_MAX)
		return TL_FORM_NONE;
	if (arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER)
		return TL_FORM_TEXT;
	if (arg->capture == TL_CAPTURE_ARGV)
		return TL_FORM_ARGV;
	if (arg->capture == TL_CAPTURE_STRING)
		return TL_FORM_STRING;
	if (arg->capture != TL_CAPTURE_NONE && decoder && decoder->kind == TL_DECODE_BYTES &&
	    decoder->bytes != tl_string_text)
		return TL_FORM_TEXT;
	if (arg->capture != TL_CAPTURE_NONE)
		return TL_FORM_BYTES;
	if (number.is_pointer)
		return TL_FORM_POINTER;
	return number.is_signed ? TL_FORM_SIGNED : TL_FORM_UNSIGNED;
}

static void fill_arg(struct tl_encode_type *cached, unsigned i, struct tl_buffer *scratch)
{
	const struct tl_arg_type *arg = &cached->type.args[i];
	struct tl_encode_arg *to = &cached->args[i];

	to->decoder = arg->decoder[0] ? tl_decoder_find(arg->decoder) : NULL;
	to->number = tl_number_of(arg);
	to->form = (uint8_t)form_of(arg, to->number, to->decoder);
	to->maybe_unused = i && !strcmp(arg->decoder, "mode") && !strcmp(arg[-1].decoder, "open_flags");
	scratch->size = 0;
	tl_put_char(scratch, '"');
	tl_escape_json(scratch, arg->name, strnlen(arg->name, sizeof(arg->name)));
	TL_PUT_LITERAL(scratch, "\":");
	if (scratch->size <= sizeof(to->key)) {
		memcpy(to->key, scratch->data, scratch->size);
		to->key_size = (uint8_t)scratch->size;
	}
}

static void fill_type(struct tl_encode_type *cached, const struct tl_event_type *type)
{
	const char *category = category_of(type);
	struct tl_buffer text = { 0 };

	cached->type = *type;
	TL_PUT_LITERAL(&text, "\"event\":{\"action\":\"");
	tl_escape_json(&text, type->name, strnlen(type->name, sizeof(type->name)));
	TL_PUT_LITERAL(&text, "\",\"category\":[\"");
	tl_put_text(&text, category);
	TL_PUT_LITERAL(&text, "\"],\"type\":[");
	tl_put_text(&text, type_of(type, category));
	TL_PUT_LITERAL(&text, "],\"outcome\":\"");
	if (!text.failed && text.size <= sizeof(cached->head)) {
		memcpy(cached->head, text.data, text.size);
		cached->head_size = text.size;
	}
	for (unsigned i = 0; i < type->n_args && i < TL_ARGS_MAX; i++)
		fill_arg(cached, i, &text);
	tl_buffer_done(&text);
}

static bool same_type(const struct tl_encode_type *cached, const struct tl_event_type *type)
{
	unsigned n = type->n_args < TL_ARGS_MAX ? type->n_args : TL_ARGS_MAX;

	return !memcmp(cached->type.name, type->name, sizeof(type->name)) && cached->type.n_args == type->n_args &&
	       cached->type.flags == type->flags && !memcmp(cached->type.args, type->args, n * sizeof(type->args[0]));
}

static struct type_slot *type_slot(const struct tl_event_type *type)
{
	size_t i = ((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15ULL >> 32;

	for (;; i++) {
		struct type_slot *slot = &cache.types[i & (cache.type_slots - 1)];

		if (slot->type == type || !slot->type)
			return slot;
	}
}

static bool grow_types(void)
{
	struct type_slot *old = cache.types;
	size_t n = cache.type_slots;
	struct type_slot *slots = calloc(n ? n * 2 : TYPE_SLOTS_FIRST, sizeof(*slots));

	if (!slots)
		return false;
	cache.types = slots;
	cache.type_slots = n ? n * 2 : TYPE_SLOTS_FIRST;
	for (size_t i = 0; i < n; i++)
		if (old[i].type)
			*type_slot(old[i].type) = old[i];
	free(old);
	return true;
}

struct tl_encode_type *tl_encode_type_get(const struct tl_event_type *type)
{
	struct type_slot *slot;

	if (cache.n_types * 2 >= cache.type_slots && !grow_types())
		return NULL;
	slot = type_slot(type);
	if (slot->type && same_type(slot->cached, type))
		return slot->cached;
	if (!slot->type) {
		slot->cached = malloc(sizeof(*slot->cached));
		if (!slot->cached)
			return NULL;
		slot->type = type;
		cache.n_types++;
	}
	memset(slot->cached, 0, sizeof(*slot->cached));
	fill_type(slot->cached, type);
	return slot->cached;
}

/* ---- Processes ---- */

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

/* Calls for the i-th of the strings in args; NULL after the last. */
static const char *arg_at(const struct tl_process *p, size_t *at, size_t *ret_n)
{
	const char *arg;

	if (!p->args || *at >= p->args_size)
		return NULL;
	arg = p->args + *at;
	*ret_n = strnlen(arg, p->args_size - *at);
	*at += *ret_n + 1;
	return arg;
}

static void put_args(struct tl_encode_process *f, const struct tl_process *p)
{
	const char *arg, *before = ",\"args\":[\"";
	size_t at = 0, n;

	while ((arg = arg_at(p, &at, &n))) {
		tl_put_text(&f->text, before);
		f->escaped |= tl_escape_json(&f->text, arg, n);
		tl_put_char(&f->text, '"');
		before = ",\"";
	}
	if (at)
		tl_put_char(&f->text, ']');
}

/* With a space between; an argument that is empty or has a space or a quote is quoted as a shell would. */
static void put_command_line(struct tl_encode_process *f, const struct tl_process *p)
{
	const char *arg, *before = ",\"command_line\":\"";
	size_t at = 0, n;

	while ((arg = arg_at(p, &at, &n))) {
		tl_put_text(&f->text, before);
		before = " ";
		f->escaped |= tl_escape_json(&f->text, arg, n);
	}
	if (at)
		tl_put_char(&f->text, '"');
}

static void put_parent(struct tl_encode_process *f, const struct tl_process *p)
{
	const struct tl_process *parent = p->parent;

	if (!parent && !p->ppid)
		return;
	put_number(f, ",\"parent\":{\"pid\":", parent ? parent->pid : p->ppid);
	if (parent) {
		put_member(f, ",\"entity_id\":\"", parent->entity_id);
		if (parent->comm[0]) {
			TL_PUT_LITERAL(&f->text, ",\"name\":\"");
			f->escaped |= tl_escape_json(&f->text, parent->comm, strnlen(parent->comm, sizeof(parent->comm)));
			tl_put_char(&f->text, '"');
		}
		put_member(f, ",\"executable\":\"", parent->executable);
		put_command_line(f, parent);
	}
	tl_put_char(&f->text, '}');
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
	tl_put_char(&f->text, '}');
	if (event->loginuid != UINT32_MAX) {
		put_number(f, ",\"audit\":{\"id\":\"", event->loginuid);
		put_user_name(f, event->loginuid);
		tl_put_char(&f->text, '}');
	}
	put_number(f, "},\"group\":{\"id\":\"", event->gid);
	TL_PUT_LITERAL(&f->text, "\"}");
}

static void put_tail(struct tl_encode_process *f, const struct tl_process *p)
{
	put_member(f, ",\"cgroup\":\"", p->cgroup);
	put_member(f, ",\"unit\":\"", p->unit);
	if (p->mntns)
		put_number(f, ",\"mntns\":", p->mntns);
	if (p->pidns)
		put_number(f, ",\"pidns\":", p->pidns);
	if (p->inner_pid && p->inner_pid != p->pid)
		put_number(f, ",\"inner_pid\":", p->inner_pid);
}

static void render_process(struct tl_encode_process *f, const struct tl_event *event)
{
	const struct tl_process *p = event->process;
	char start[TL_TIME_SIZE];

	f->text.size = 0;
	f->text.failed = false;
	f->escaped = false;
	put_member(f, ",\"entity_id\":\"", p->entity_id);
	if (p->comm[0]) {
		TL_PUT_LITERAL(&f->text, ",\"name\":\"");
		f->escaped |= tl_escape_json(&f->text, p->comm, strnlen(p->comm, sizeof(p->comm)));
		tl_put_char(&f->text, '"');
	}
	put_member(f, ",\"executable\":\"", p->executable);
	put_args(f, p);
	put_command_line(f, p);
	put_member(f, ",\"working_directory\":\"", p->working_directory);
	if (p->start_time) {
		tl_time_text(start, p->start_time);
		TL_PUT_LITERAL(&f->text, ",\"start\":\"");
		tl_put(&f->text, start, sizeof(start));
		tl_put_char(&f->text, '"');
	}
	put_parent(f, p);
	tl_put_char(&f->text, '}');
	put_user(f, event);
	if (p->container_id && p->container_id[0]) {
		put_member(f, ",\"container\":{\"id\":\"", p->container_id);
		tl_put_char(&f->text, '}');
	}
	f->head_size = f->text.size;
	put_tail(f, p);
	f->tail_size = f->text.size - f->head_size;
}

static void flush_processes(void)
{
	for (size_t i = 0; cache.processes && i < PROCESS_SETS * PROCESS_WAYS; i++) {
		tl_buffer_done(&cache.processes[i].fragment.text);
		cache.processes[i].used = 0;
	}
	cache.process_bytes = 0;
}

static void make_key(struct process_key *key, const struct tl_event *event)
{
	const struct tl_process *p = event->process, *parent = p->parent;

	key->process = p;
	key->parent = parent;
	key->start = p->start;
	key->generation = p->generation;
	key->parent_start = parent ? parent->start : 0;
	key->parent_generation = parent ? parent->generation : 0;
	key->users = cache.users;
	key->pid = p->pid;
	key->uid = event->uid;
	key->gid = event->gid;
	key->euid = event->euid;
	key->loginuid = event->loginuid;
	key->pad = 0;
}

static struct process_slot *fill_slot(struct process_slot *set, const struct process_key *key,
				      const struct tl_event *event)
{
	struct process_slot *slot = set;

	for (size_t i = 1; i < PROCESS_WAYS; i++)
		if (set[i].used < slot->used)
			slot = &set[i];
	if (cache.process_bytes > PROCESS_BYTES_MAX)
		flush_processes();
	cache.process_bytes -= slot->fragment.text.capacity;
	slot->used = 0;
	render_process(&slot->fragment, event);
	cache.process_bytes += slot->fragment.text.capacity;
	if (slot->fragment.text.failed)
		return NULL;
	slot->key = *key;
	return slot;
}

const struct tl_encode_process *tl_encode_process_get(const struct tl_event *event)
{
	uint64_t hash = (event->process->pid ^ event->process->start) * 0x9e3779b97f4a7c15ULL;
	struct process_slot *set, *slot = NULL;
	struct process_key key;

	if (!cache.processes)
		cache.processes = calloc(PROCESS_SETS * PROCESS_WAYS, sizeof(*cache.processes));
	if (!cache.processes)
		return NULL;
	make_key(&key, event);
	set = &cache.processes[(hash >> 40) % PROCESS_SETS * PROCESS_WAYS];
	for (size_t i = 0; i < PROCESS_WAYS && !slot; i++)
		if (set[i].used && !memcmp(&set[i].key, &key, sizeof(key)))
			slot = &set[i];
	if (!slot)
		slot = fill_slot(set, &key, event);
	if (!slot)
		return NULL;
	slot->used = ++cache.tick;
	return &slot->fragment;
}

void tl_process_cache_free(struct tl_process_cache *process_cache)
{
	(void)process_cache; /* the fragments are kept per thread */
}

/* ---- The rest ---- */

struct tl_buffer *tl_encode_scratch(void)
{
	cache.scratch.size = 0;
	cache.scratch.failed = false;
	return &cache.scratch;
}

const struct tl_buffer *tl_encode_host(void)
{
	const struct tl_host *host = tl_host();
	struct tl_buffer *b = &cache.host;

	if (b->size)
		return b;
	TL_PUT_LITERAL(b, "\"host\":{\"name\":\"");
	tl_escape_json(b, host->name, strlen(host->name));
	TL_PUT_LITERAL(b, "\",\"id\":\"");
	tl_escape_json(b, host->machine_id, strlen(host->machine_id));
	TL_PUT_LITERAL(b, "\"}");
	return b;
}

void tl_encode_done(void)
{
	for (size_t i = 0; i < cache.type_slots; i++)
		free(cache.types[i].cached);
	free(cache.types);
	flush_processes();
	free(cache.processes);
	tl_buffer_done(&cache.host);
	tl_buffer_done(&cache.scratch);
	memset(&cache, 0, sizeof(cache));
	tl_users_done();
}
