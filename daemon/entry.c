// SPDX-License-Identifier: GPL-2.0-or-later
/* An event as the fields of a journal entry. */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "encode-cache.h"
#include "entry.h"
#include "escape.h"
#include "journal.h"
#include "message-ids.h"
#include "put.h"
#include "sentence.h"
#include "util.h"
#include "values.h"

struct entry {
	struct tl_buffer *b;
	struct tl_buffer value; /* of the field under construction */
	const struct tl_event *event;
	const struct tl_annotation *annotation;
	bool escaped;
};

/* ---- Fields ---- */

/* Adds a field of what is in `value`, and empties that. */
static void put_value(struct entry *e, const char *name)
{
	tl_journal_field(e->b, name, e->value.data, e->value.size);
	e->value.size = 0;
}

static void put_bytes(struct entry *e, const char *name, const char *s, size_t n)
{
	e->escaped |= tl_escape_value(&e->value, s, n);
	put_value(e, name);
}

static void put_text(struct entry *e, const char *name, const char *s)
{
	if (s && *s)
		put_bytes(e, name, s, strlen(s));
}

static void put_number(struct entry *e, const char *name, uint64_t v)
{
	tl_put_u64(&e->value, v);
	put_value(e, name);
}

static void put_time(struct entry *e, const char *name, uint64_t ns)
{
	char text[TL_TIME_SIZE];

	if (!ns)
		return;
	tl_time_text(text, ns);
	tl_journal_field(e->b, name, text, sizeof(text));
}

/* ---- What all have ---- */

static const char *message_id(const struct tl_event *event)
{
	static const char *const by_kind[] = {
		[TL_EVENT_EXEC] = TL_MESSAGE_EXEC,     [TL_EVENT_FORK] = TL_MESSAGE_FORK,
		[TL_EVENT_EXIT] = TL_MESSAGE_EXIT,     [TL_EVENT_LOST] = TL_MESSAGE_LOST,
		[TL_EVENT_LEDGER] = TL_MESSAGE_LEDGER, [TL_EVENT_START] = TL_MESSAGE_START,
		[TL_EVENT_STOP] = TL_MESSAGE_STOP,     [TL_EVENT_RELOAD] = TL_MESSAGE_RELOAD,
	};

	if (event->kind < ARRAY_SIZE(by_kind) && by_kind[event->kind])
		return by_kind[event->kind];
	if (tl_event_type_in_group(event->type, "network"))
		return TL_MESSAGE_NETWORK;
	if (tl_event_type_in_group(event->type, "file"))
		return TL_MESSAGE_FILE;
	return TL_MESSAGE_CALL;
}

static int priority(const struct entry *e)
{
	static const char *const words[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };
	const char *severity = e->annotation ? e->annotation->severity : NULL;

	for (size_t i = 0; severity && i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], severity))
			return (int)i;
	switch (e->event->kind) {
	case TL_EVENT_LOST:
		return LOG_WARNING;
	case TL_EVENT_START:
	case TL_EVENT_STOP:
	case TL_EVENT_RELOAD:
		return LOG_NOTICE;
	default:
		return LOG_INFO;
	}
}

static void put_head(struct entry *e)
{
	const struct tl_event *event = e->event;
	char id[TL_EVENT_ID_MAX];

	tl_sentence(&e->value, event, e->annotation);
	put_value(e, "MESSAGE");
	put_text(e, "MESSAGE_ID", message_id(event));
	put_number(e, "PRIORITY", (uint64_t)priority(e));
	put_text(e, "SYSLOG_IDENTIFIER", "traceleft");
	put_bytes(e, "TRACELEFT_EVENT", event->type->name, strnlen(event->type->name, sizeof(event->type->name)));
	tl_journal_field(e->b, "TRACELEFT_EVENT_ID", id, tl_event_id(id, event));
	put_time(e, "TRACELEFT_TIME", event->time);
	put_number(e, "TRACELEFT_CPU", event->cpu);
	if (event->seq)
		put_number(e, "TRACELEFT_SEQ", event->seq);
}

/* Fields as events have them, where a rule's `by` names them otherwise. */
static const char *field_of(const char *key)
{
	static const char *const names[][2] = {
		{ "path", "TRACELEFT_PATH" },	{ "target_path", "TRACELEFT_TARGET_PATH" },
		{ "executable", "TRACELEFT_EXECUTABLE" }, { "comm", "TRACELEFT_COMM" },
		{ "pid", "TRACELEFT_PID" },	{ "uid", "TRACELEFT_UID" },
		{ "saddr", "TRACELEFT_SADDR" }, { "daddr", "TRACELEFT_DADDR" },
		{ "sport", "TRACELEFT_SPORT" }, { "dport", "TRACELEFT_DPORT" },
		{ "unit", "TRACELEFT_UNIT" },	{ "cgroup", "TRACELEFT_CGROUP" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i][0], key))
			return names[i][1];
	return NULL;
}

/* Of a result: all of its key as a text; each field of it as an event has it. */
static void put_key(struct entry *e)
{
	const struct tl_annotation *a = e->annotation;

	put_text(e, "TRACELEFT_RESULT", a->result);
	for (size_t i = 0; i < a->n_key; i++) {
		const struct tl_key_value *value = &a->key[i];
		const char *name = field_of(value->name);

		if (e->event->flags & TL_EVENT_RESULT && name && !value->is_missing)
			put_bytes(e, name, value->text, value->size);
	}
	if (a->n_key) {
		tl_encode_key(&e->value, a);
		put_value(e, "TRACELEFT_KEY");
	}
}

static void put_annotation(struct entry *e)
{
	const struct tl_annotation *a = e->annotation;

	if (!a)
		return;
	put_text(e, "TRACELEFT_RULE", a->rule);
	put_text(e, "TRACELEFT_STREAM", a->stream);
	put_text(e, "TRACELEFT_GROUP", a->group);
	/* One field each: the journal finds any of them. */
	for (size_t i = 0; i < a->n_tags; i++)
		put_text(e, "TRACELEFT_TAGS", a->tags[i]);
	if (!a->count)
		return;
	put_key(e);
	put_number(e, "TRACELEFT_COUNT", a->count);
	put_time(e, "TRACELEFT_FIRST", a->first);
	put_time(e, "TRACELEFT_LAST", a->last);
	if (a->bytes)
		put_number(e, "TRACELEFT_BYTES", a->bytes);
}

static void put_targets(struct entry *e)
{
	const struct tl_annotation *a = e->annotation;

	for (size_t i = 0; a && a->target_names && i < a->n_target_names && i / 64 < e->event->n_target_words; i++)
		if (e->event->targets[i / 64] >> (i % 64) & 1)
			put_text(e, "TRACELEFT_TARGETS", a->target_names[i]);
}

/* ---- Who ---- */

/* With a space between the arguments. */
static void put_command_line(struct entry *e, const struct tl_process *p)
{
	for (size_t at = 0; at < p->args_size;) {
		size_t n = strnlen(p->args + at, p->args_size - at);

		if (at)
			tl_put_char(&e->value, ' ');
		e->escaped |= tl_escape_value(&e->value, p->args + at, n);
		at += n + 1;
	}
	if (p->args_size)
		put_value(e, "TRACELEFT_CMDLINE");
}

static void put_process(struct entry *e)
{
	const struct tl_event *event = e->event;
	const struct tl_process *p = event->process;
	const char *comm = event->comm[0] ? event->comm : p->comm;

	put_number(e, "OBJECT_PID", event->pid);
	put_number(e, "TRACELEFT_PID", event->pid);
	put_number(e, "TRACELEFT_TID", event->tid);
	put_number(e, "TRACELEFT_PPID", p->parent ? p->parent->pid : p->ppid);
	put_number(e, "TRACELEFT_UID", event->uid);
	put_number(e, "TRACELEFT_EUID", event->euid);
	put_number(e, "TRACELEFT_GID", event->gid);
	if (event->loginuid != UINT32_MAX)
		put_number(e, "TRACELEFT_LOGINUID", event->loginuid);
	if (event->audit_session != UINT32_MAX)
		put_number(e, "TRACELEFT_SESSION", event->audit_session);
	if (comm[0])
		put_bytes(e, "TRACELEFT_COMM", comm, strnlen(comm, 16));
	put_text(e, "TRACELEFT_ENTITY_ID", p->entity_id);
	put_text(e, "TRACELEFT_EXECUTABLE", p->executable);
	put_command_line(e, p);
	put_text(e, "TRACELEFT_CWD", p->working_directory);
	put_text(e, "TRACELEFT_CGROUP", p->cgroup);
	put_text(e, "TRACELEFT_UNIT", p->unit);
	put_text(e, "TRACELEFT_CONTAINER_ID", p->container_id);
	if (p->parent)
		put_text(e, "TRACELEFT_PARENT_EXECUTABLE", p->parent->executable);
	if (event->program_id)
		put_number(e, "TRACELEFT_PROGRAM_ID", event->program_id);
}

/* ---- What ---- */

static void put_path(struct entry *e, const char *name, const struct tl_bytes *path)
{
	if ((path->flags & TL_VALUE_PRESENT) && path->data)
		put_bytes(e, name, path->data, strnlen(path->data, path->size));
}

static void put_endpoint(struct entry *e, const char *address, const char *port, const struct tl_endpoint *endpoint)
{
	char text[48];

	if (endpoint->family == AF_INET || endpoint->family == AF_INET6) {
		tl_journal_field(e->b, address, text, tl_address_text(text, endpoint->family, endpoint->address));
		put_number(e, port, endpoint->port);
	} else if (endpoint->family == AF_UNIX && (endpoint->path.flags & TL_VALUE_PRESENT) && endpoint->path.size) {
		const struct tl_bytes *path = &endpoint->path;
		bool abstract = !path->data[0];

		if (abstract)
			tl_put_char(&e->value, '@');
		put_bytes(e, address, path->data + abstract, abstract ? path->size - 1 : strnlen(path->data, path->size));
	}
}

static void put_result(struct entry *e)
{
	const struct tl_event *event = e->event;
	bool failed = event->ret < 0 && event->ret >= -4095;
	const char *name;

	tl_put_i64(&e->value, event->ret);
	put_value(e, "TRACELEFT_RET");
	if (!failed)
		return;
	name = tl_errno_name((int)-event->ret);
	if (name)
		put_text(e, "TRACELEFT_ERRNO", name);
	else
		put_number(e, "TRACELEFT_ERRNO", (uint64_t)-event->ret);
}

static void put_argument(struct entry *e, const struct tl_arg_type *arg, const struct tl_encode_arg *known)
{
	const struct tl_bytes *bytes = &e->event->captured[arg->position - 1];
	char name[sizeof("TRACELEFT_ARG_") + sizeof(arg->name)] = "TRACELEFT_ARG_";
	char *p = name + strlen(name);

	for (size_t i = 0; i < sizeof(arg->name) && arg->name[i]; i++)
		*p++ = isalnum((unsigned char)arg->name[i]) ? (char)toupper((unsigned char)arg->name[i]) : '_';
	*p = 0;
	if (known->form == TL_FORM_STRING && (bytes->flags & TL_VALUE_PRESENT) && !(bytes->flags & TL_VALUE_FAULT))
		put_bytes(e, name, bytes->data, strnlen(bytes->data, bytes->size));
	else {
		tl_argument_text(&e->value, e->event, arg, known->decoder);
		put_value(e, name);
	}
}

static void put_arguments(struct entry *e)
{
	struct tl_encode_type *type = tl_encode_type_get(e->event->type);

	if (!type) {
		e->b->failed = true;
		return;
	}
	for (unsigned i = 0; i < type->type.n_args && i < TL_ARGS_MAX; i++)
		if (type->args[i].form != TL_FORM_NONE && tl_argument_used(e->event, i))
			put_argument(e, &type->type.args[i], &type->args[i]);
	if (!type->type.n_args)
		return;
	tl_encode_arguments(&e->value, e->event, type, 0, NULL);
	put_value(e, "TRACELEFT_ARGS");
}

static void put_exit(struct entry *e)
{
	put_number(e, "TRACELEFT_STATUS", (uint64_t)e->event->exit_code);
	put_number(e, "TRACELEFT_UTIME", e->event->utime);
	put_number(e, "TRACELEFT_STIME", e->event->stime);
}

static void put_flags(struct entry *e)
{
	char *p, *to;

	if (!tl_encode_flags(&e->value, e->event, e->escaped))
		return;
	/* The words without their quotes. */
	for (p = to = e->value.data; p < e->value.data + e->value.size; p++)
		if (*p != '"')
			*to++ = *p;
	e->value.size = (size_t)(to - e->value.data);
	put_value(e, "TRACELEFT_FLAGS");
}

static void put_event(struct entry *e)
{
	const struct tl_event *event = e->event;

	put_process(e);
	put_path(e, "TRACELEFT_PATH", &event->file.path);
	put_path(e, "TRACELEFT_TARGET_PATH", &event->target.path);
	put_endpoint(e, "TRACELEFT_SADDR", "TRACELEFT_SPORT", &event->source);
	put_endpoint(e, "TRACELEFT_DADDR", "TRACELEFT_DPORT", &event->destination);
	if (event->kind == TL_EVENT_SYSCALL) {
		put_arguments(e);
		put_result(e);
	} else if (event->kind == TL_EVENT_EXIT) {
		put_exit(e);
	} else if (event->kind == TL_EVENT_FORK && event->child) {
		put_number(e, "TRACELEFT_CHILD_PID", event->child->pid);
		put_text(e, "TRACELEFT_CHILD_ENTITY_ID", event->child->entity_id);
	}
	if (event->duration)
		put_number(e, "TRACELEFT_DURATION", event->duration);
	put_targets(e);
	put_flags(e);
}

/* ---- Records of our own ---- */

static void put_lost(struct entry *e, const struct tl_lost *lost)
{
	put_number(e, "TRACELEFT_COUNT", lost->count);
	put_number(e, "TRACELEFT_SEQ_FIRST", lost->seq_first);
	put_number(e, "TRACELEFT_SEQ_LAST", lost->seq_last);
	put_text(e, "TRACELEFT_STAGE", lost->stage);
	put_time(e, "TRACELEFT_FIRST", lost->time_first);
	put_time(e, "TRACELEFT_LAST", lost->time_last);
}

static void put_ledger(struct entry *e)
{
	struct tl_counters sum;
	struct tl_balance balance;

	if (!e->event->session || tl_session_counters(e->event->session, NULL, &sum) < 0)
		return;
	balance = tl_balance_of(&sum);
	put_number(e, "TRACELEFT_SEEN", balance.seen);
	put_number(e, "TRACELEFT_DELIVERED", balance.delivered);
	put_number(e, "TRACELEFT_FILTERED", balance.filtered);
	put_number(e, "TRACELEFT_AGGREGATED", balance.aggregated);
	put_number(e, "TRACELEFT_LOST", balance.lost);
	put_number(e, "TRACELEFT_EMITTED", sum.emitted);
	put_number(e, "TRACELEFT_RECEIVED", sum.received);
	put_number(e, "TRACELEFT_MALFORMED", sum.malformed);
	put_number(e, "TRACELEFT_UNAUDITED", tl_session_unaudited(e->event->session));
}

static void put_own(struct entry *e)
{
	if (e->event->kind == TL_EVENT_LOST && e->event->lost)
		put_lost(e, e->event->lost);
	else if (e->event->kind == TL_EVENT_LEDGER)
		put_ledger(e);
	put_text(e, "TRACELEFT_NOTE", e->event->note);
}

int tl_entry_encode(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct entry e = { .b = b, .event = event, .annotation = annotation };
	size_t start = b->size;
	bool failed;

	b->failed = false;
	put_head(&e);
	put_annotation(&e);
	if (event->kind >= TL_EVENT_LOST)
		put_own(&e);
	else if (!(event->flags & TL_EVENT_RESULT))
		put_event(&e);
	failed = b->failed || e.value.failed;
	tl_buffer_done(&e.value);
	b->failed = false;
	if (!failed)
		return 0;
	b->size = start;
	return -ENOMEM;
}
