// SPDX-License-Identifier: GPL-2.0-or-later
/* An event as the fields of a journal entry. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "encode-cache.h"
#include "entry-fields.h"
#include "entry.h"
#include "escape.h"
#include "journal.h"
#include "json-walk.h"
#include "message-ids.h"
#include "sentence.h"
#include "util.h"
#include "values.h"

struct entry {
	struct tl_buffer *b;
	struct tl_buffer value; /* of the field under construction */
	const struct tl_event *event;
	const struct tl_annotation *annotation;
	size_t hint; /* of the field that comes next */
};

/* ---- Fields ---- */

/* Adds a field of what is in `value`, and empties that. */
static void put_value(struct entry *e, const char *name)
{
	tl_journal_field(e->b, name, e->value.data, e->value.size);
	e->value.size = 0;
}

static void put_text(struct entry *e, const char *name, const char *s)
{
	tl_put_text(&e->value, s);
	put_value(e, name);
}

static void put_number(struct entry *e, const char *name, uint64_t v)
{
	tl_put_u64(&e->value, v);
	put_value(e, name);
}

/* ---- What all have ---- */

static const char *message_id(const struct tl_event *event)
{
	static const char *const by_kind[] = {
		[TL_EVENT_EXEC] = TL_MESSAGE_EXEC,     [TL_EVENT_FORK] = TL_MESSAGE_FORK,
		[TL_EVENT_EXIT] = TL_MESSAGE_EXIT,     [TL_EVENT_LOST] = TL_MESSAGE_LOST,
		[TL_EVENT_LEDGER] = TL_MESSAGE_LEDGER, [TL_EVENT_START] = TL_MESSAGE_START,
		[TL_EVENT_STOP] = TL_MESSAGE_STOP,     [TL_EVENT_RELOAD] = TL_MESSAGE_RELOAD,
		[TL_EVENT_TAMPER] = TL_MESSAGE_TAMPER, [TL_EVENT_SEAL] = TL_MESSAGE_SEAL,
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
	case TL_EVENT_TAMPER:
		return LOG_CRIT;
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

	tl_sentence(&e->value, event, e->annotation);
	put_value(e, "MESSAGE");
	put_text(e, "MESSAGE_ID", message_id(event));
	put_number(e, "PRIORITY", (uint64_t)priority(e));
	put_text(e, "SYSLOG_IDENTIFIER", "traceleft");
}

/* ---- What is said otherwise than in the line ---- */

/* Arguments are decoded. */
static void put_argument(struct entry *e, const struct tl_arg_type *arg, const struct tl_encode_arg *known,
			 const struct tl_variant *variant)
{
	const struct tl_bytes *bytes = &e->event->captured[arg->position - 1];
	char name[sizeof("TRACELEFT_ARG_") + sizeof(arg->name)] = "TRACELEFT_ARG_";
	char *p = name + strlen(name);

	for (size_t i = 0; i < sizeof(arg->name) && arg->name[i]; i++)
		*p++ = isalnum((unsigned char)arg->name[i]) ? (char)toupper((unsigned char)arg->name[i]) : '_';
	*p = 0;
	if (known->form == TL_FORM_STRING && (bytes->flags & TL_VALUE_PRESENT) && !(bytes->flags & TL_VALUE_FAULT))
		tl_escape_value(&e->value, bytes->data, strnlen(bytes->data, bytes->size));
	else
		tl_argument_text(&e->value, e->event, arg, tl_variant_decoder(variant, arg->position, known->decoder));
	put_value(e, name);
}

static void put_arguments(struct entry *e)
{
	struct tl_encode_type *type = tl_encode_type_get(e->event->type);
	const struct tl_variant *variant;

	if (!type) {
		e->b->failed = true;
		return;
	}
	variant = tl_encode_variant(type, e->event);
	for (unsigned i = 0; i < type->type.n_args && i < TL_ARGS_MAX; i++)
		if (tl_encode_has(&type->args[i], e->event, variant))
			put_argument(e, &type->type.args[i], &type->args[i], variant);
}

static void put_event(struct entry *e)
{
	const struct tl_event *event = e->event;

	put_number(e, "OBJECT_PID", event->pid);
	if (event->kind == TL_EVENT_SYSCALL)
		put_arguments(e);
	if (event->kind == TL_EVENT_EXIT)
		put_number(e, "TRACELEFT_STATUS", (uint64_t)event->exit_code);
}

/* Of a result: all of its key as a text. */
static void put_key(struct entry *e)
{
	if (!e->annotation || !e->annotation->count || !e->annotation->n_key)
		return;
	tl_encode_key(&e->value, e->annotation);
	put_value(e, "TRACELEFT_KEY");
}

/* ---- The members of the line ---- */

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* One field for each string: the journal finds any of them. But words of flags
 * stand in one, and lists of objects stay JSON. */
static bool put_list(struct entry *e, const char *name, struct tl_scan *scan)
{
	bool is_flags = strcmp(name, "TRACELEFT_FLAGS") == 0;
	struct tl_span text;

	while (tl_scan_peek(scan) != ']') {
		if (!tl_scan_string(scan, &text))
			return false;
		if (is_flags && e->value.size)
			tl_put_char(&e->value, ',');
		tl_scan_unescape(&e->value, text);
		if (!is_flags)
			put_value(e, name);
		if (!tl_scan_char(scan, ',') && tl_scan_peek(scan) != ']')
			return false;
	}
	if (is_flags)
		put_value(e, name);
	return tl_scan_char(scan, ']');
}

static bool put_member(const char *name, struct tl_scan *scan, void *userdata)
{
	struct entry *e = userdata;
	const struct tl_entry_field *field = NULL;
	const char *start = scan->at;
	struct tl_span text;

	if (!begins(name, "traceleft.args.") && !begins(name, "traceleft.key."))
		field = tl_entry_field_find(name, &e->hint);
	if (!field || !field->journal)
		return tl_scan_skip(scan);
	if (tl_scan_peek(scan) == '[' && start[1] != '{') {
		scan->at++;
		return put_list(e, field->journal, scan);
	}
	if (tl_scan_peek(scan) == '"') {
		if (!tl_scan_string(scan, &text))
			return false;
		tl_scan_unescape(&e->value, text);
	} else {
		if (!tl_scan_skip(scan))
			return false;
		tl_put(&e->value, start, (size_t)(scan->at - start));
	}
	put_value(e, field->journal);
	return true;
}

static int put_line(struct entry *e)
{
	struct tl_buffer *line = tl_encode_line();
	int r = tl_encode_json(line, e->event, e->annotation);

	return r < 0 ? r : tl_json_walk(line->data, line->size, put_member, e);
}

int tl_entry_encode(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct entry e = { .b = b, .event = event, .annotation = annotation };
	size_t start = b->size;
	bool failed;

	b->failed = false;
	put_head(&e);
	if (event->kind < TL_EVENT_LOST && !(event->flags & TL_EVENT_RESULT))
		put_event(&e);
	put_key(&e);
	failed = put_line(&e) < 0 || b->failed || e.value.failed;
	tl_buffer_done(&e.value);
	b->failed = false;
	if (!failed)
		return 0;
	b->size = start;
	return -ENOMEM;
}
